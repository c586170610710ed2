// SPDX-License-Identifier: Apache-2.0
#include "chains/ethereum/light_client.hpp"

#include <benchmark/benchmark.h>

#include "butter/base/assert.hpp"
#include "chains/ethereum/proof.hpp"
#include "chains/ethereum/sample_chain_test.hpp"

namespace butter::ethereum {
namespace {

BeaconNetwork full_size_network() {
    BeaconNetwork network = test_chain::make_network();
    network.committee_size = 512;
    return network;
}

Update make_full_size_update(const BeaconNetwork& network) {
    return test_chain::make_update(
        network, {.attested = Slot{70}, .finalized = Slot{66}, .signature = Slot{71}, .participants = 500});
}

/// A committee of 512 from its compressed keys: what a new period costs once.
void sync_committee_check(benchmark::State& state) {
    const BeaconNetwork network = full_size_network();
    const SyncCommittee committee = test_chain::make_committee(network, 4);
    for (auto _ : state) BUTTER_ASSERT(check_committee(committee).has_value());
}
BENCHMARK(sync_committee_check)->Unit(benchmark::kMicrosecond);

/// The contract's view of an update with twelve absent members: branches, keys, signature.
void sync_update_as_the_contract(benchmark::State& state) {
    const BeaconNetwork network = full_size_network();
    const Client client = make_client({.finalized_slot = Slot{64},
                                       .finalized_block_hash = Hash32{{1}},
                                       .period = 4,
                                       .committee_root = root_of(test_chain::make_committee(network, 4)),
                                       .next_committee_root = {}},
                                      network.slots_per_period());
    const Bytes update =
        encode_sync_update(network, make_full_size_update(network), test_chain::make_committee(network, 4));
    for (auto _ : state) BUTTER_ASSERT(apply_sync_update(network, client, update).has_value());
}
BENCHMARK(sync_update_as_the_contract)->Unit(benchmark::kMicrosecond);

/// The program's own light client: every check of the specification, with a new committee of 512 keys in it.
void sync_update(benchmark::State& state) {
    const BeaconNetwork network = full_size_network();
    const Bootstrap bootstrap = test_chain::make_bootstrap(network, Slot{64});
    const auto store = initialize_store(network, root_of(bootstrap.header.beacon), bootstrap);
    BUTTER_ASSERT(store.has_value());
    const Update update = make_full_size_update(network);
    for (auto _ : state) {
        BUTTER_ASSERT(verify_finalized_update(network, *store, update, Slot{80}).has_value());
    }
}
BENCHMARK(sync_update)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace butter::ethereum
