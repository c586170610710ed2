// SPDX-License-Identifier: Apache-2.0
#include "chains/ethereum/light_client.hpp"

#include <benchmark/benchmark.h>

#include "chains/ethereum/proof.hpp"
#include "test/json/vectors.hpp"

namespace butter::ethereum {
namespace {

/// Electra mainnet: the update of period 1422, which 508 of 512 signed, and the committee that did.
struct Mainnet {
    BeaconNetwork network;
    Update update;
    SyncCommittee committee;
    Store store;

    Mainnet() {
        const rpc::Json json = test::read_vectors("lc_mainnet/network.json");
        network.genesis_validators_root = test::hash_of(json.at("genesis_validators_root"));
        for (const char* name : {"phase0", "altair", "bellatrix", "capella", "deneb", "electra", "fulu"}) {
            Fork fork = *find_released_fork(name);
            fork.epoch = Epoch{test::u64_of(json.at("forks").at(name).at("epoch"))};
            fork.version = test::fixed_of<4>(json.at("forks").at(name).at("version"));
            network.forks.push_back(fork);
        }
        update = read("lc_mainnet/electra/update_period1422.json");
        committee = *read("lc_mainnet/deneb/update_period1421.json").next_committee;
        store.finalized.beacon.slot = Slot{1421 * network.slots_per_period()};
        store.current_committee = check_committee(committee).value();
        store.next_committee = store.current_committee;
    }
    Update read(std::string_view path) const {
        return decode_update_json(network, test::read_vectors(path).at("data"), UpdateKind::kFull).value();
    }
};

const Mainnet& mainnet() {
    static const Mainnet made;
    return made;
}

/// Every key of a new committee decompressed and checked, and their sum.
void load_committee(benchmark::State& state) {
    const Mainnet& chain = mainnet();
    for (auto _ : state) benchmark::DoNotOptimize(check_committee(chain.committee));
}
BENCHMARK(load_committee)->Unit(benchmark::kMillisecond);

void validate(benchmark::State& state) {
    const Mainnet& chain = mainnet();
    for (auto _ : state) {
        const auto valid =
            validate_update(chain.network, chain.store, chain.update, chain.update.signature_slot);
        if (!valid) state.SkipWithError("update refused");
    }
}
BENCHMARK(validate)->Unit(benchmark::kMillisecond);

/// With the next committee loaded.
void apply(benchmark::State& state) {
    const Mainnet& chain = mainnet();
    for (auto _ : state) {
        Store store = chain.store;
        const auto applied =
            apply_finalized_update(chain.network, store, chain.update, chain.update.signature_slot);
        if (!applied) state.SkipWithError("update refused");
    }
}
BENCHMARK(apply)->Unit(benchmark::kMillisecond);

void decode_ssz(benchmark::State& state) {
    const Mainnet& chain = mainnet();
    const Bytes ssz = encode_update(chain.network, chain.update, UpdateKind::kFull);
    for (auto _ : state) benchmark::DoNotOptimize(decode_update(chain.network, ssz, UpdateKind::kFull));
}
BENCHMARK(decode_ssz)->Unit(benchmark::kMicrosecond);

void decode_json(benchmark::State& state) {
    const Mainnet& chain = mainnet();
    const rpc::Json json = to_json(chain.network, chain.update, UpdateKind::kFull);
    for (auto _ : state) benchmark::DoNotOptimize(decode_update_json(chain.network, json, UpdateKind::kFull));
}
BENCHMARK(decode_json)->Unit(benchmark::kMicrosecond);

/// As the contract checks it, four absent members proven.
void apply_encoded(benchmark::State& state) {
    const Mainnet& chain = mainnet();
    const Client client = make_client({.finalized_slot = chain.store.finalized.beacon.slot,
                                       .finalized_block_hash = Hash32{{1}},
                                       .period = 1421,
                                       .committee_root = Hash32{{1}},
                                       .next_committee_root = root_of(chain.committee)},
                                      chain.network.slots_per_period());
    const Bytes encoded = encode_sync_update(chain.network, chain.update, chain.committee);
    for (auto _ : state) {
        if (!apply_sync_update(chain.network, client, encoded)) state.SkipWithError("update refused");
    }
    state.counters["bytes"] = static_cast<double>(encoded.size());
}
BENCHMARK(apply_encoded)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace butter::ethereum
