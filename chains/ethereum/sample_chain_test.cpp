// SPDX-License-Identifier: Apache-2.0
#include "chains/ethereum/sample_chain_test.hpp"

#include <map>

#include "butter/crypto/sha256.hpp"
#include "chains/ethereum/light_client.hpp"

namespace butter::ethereum::test_chain {
namespace {

/// A tree of which only some nodes are known; a subtree without any is zero.
class SparseTree {
  public:
    explicit SparseTree(std::map<std::uint64_t, Hash32> nodes) : nodes_(std::move(nodes)) {}

    Hash32 node(std::uint64_t gindex) const {
        if (const auto found = nodes_.find(gindex); found != nodes_.end()) return found->second;
        if (!has_below(gindex)) return {};
        return crypto::sha256_pair(node(2 * gindex), node(2 * gindex + 1));
    }
    Hash32 root() const { return node(1); }
    std::vector<Hash32> branch(std::uint64_t gindex) const {
        std::vector<Hash32> out;
        for (; gindex > 1; gindex /= 2) out.push_back(node(gindex ^ 1));
        return out;
    }

  private:
    bool has_below(std::uint64_t gindex) const {
        for (const auto& [index, hash] : nodes_) {
            if (branch_depth(index) > branch_depth(gindex) &&
                index >> (branch_depth(index) - branch_depth(gindex)) == gindex) {
                return true;
            }
        }
        return false;
    }

    std::map<std::uint64_t, Hash32> nodes_;
};

/// How much later the committee serves that an update lies about.
constexpr std::uint64_t kRivalPeriods = 50;

SparseTree state_tree(const BeaconNetwork& network, Slot slot, const Hash32& finalized_root,
                      std::uint64_t next_period) {
    const Fork& fork = network.fork_at(slot);
    const std::uint64_t period = network.period_of(slot);
    return SparseTree({{fork.finalized_root_gindex, finalized_root},
                       {fork.current_committee_gindex, root_of(make_committee(network, period))},
                       {fork.next_committee_gindex, root_of(make_committee(network, next_period))}});
}

SparseTree state_tree(const BeaconNetwork& network, Slot slot, const Hash32& finalized_root) {
    return state_tree(network, slot, finalized_root, network.period_of(slot) + 1);
}

PayloadHeader make_payload(Slot slot, ExecutionLayout layout) {
    PayloadHeader payload;
    payload.block_number = BlockNumber{1000 + slot.value};
    payload.timestamp = UnixSeconds{12 * slot.value};
    payload.extra_data = {0x62, 0x75};
    payload.base_fee_per_gas = Uint256{7};
    payload.block_hash = crypto::sha256(codec::chunk_of(slot.value));
    if (layout == ExecutionLayout::kDeneb) payload.blob_gas_used = 131072;
    return payload;
}

}  // namespace

BeaconNetwork make_network() {
    BeaconNetwork network{.genesis_validators_root = crypto::sha256(as_bytes("validators")),
                          .genesis_time = UnixSeconds{1'700'000'000},
                          .seconds_per_slot = 12,
                          .slots_per_epoch = 4,
                          .epochs_per_period = 4,
                          .committee_size = 8,
                          .forks = {}};
    std::uint8_t number = 0;
    for (const auto& [name, epoch] : std::vector<std::pair<std::string_view, std::uint64_t>>{
             {"altair", 0}, {"capella", 4}, {"deneb", 8}, {"electra", 12}, {"fulu", 16}}) {
        Fork fork = *find_released_fork(name);
        fork.epoch = Epoch{epoch};
        fork.version = {{++number, 0, 0, 1}};
        network.forks.push_back(fork);
    }
    return network;
}

bls::SecretKey secret_key(std::uint64_t period, std::size_t member) {
    return bls::derive_secret_key(crypto::sha256_pair(codec::chunk_of(period), codec::chunk_of(member)));
}

SyncCommittee make_committee(const BeaconNetwork& network, std::uint64_t period) {
    static std::map<std::pair<std::uint64_t, std::uint64_t>, SyncCommittee> made;
    SyncCommittee& committee = made[{network.committee_size, period}];
    if (!committee.keys.empty()) return committee;
    std::vector<bls::AffinePublicKey> keys;
    for (std::size_t i = 0; i < network.committee_size; ++i) {
        committee.keys.push_back(bls::public_key_of(secret_key(period, i)).value());
        keys.push_back(bls::decode_public_key(committee.keys.back()).value());
    }
    committee.aggregate_key = bls::encode_public_key(bls::aggregate(keys).value());
    return committee;
}

LightClientHeader make_header(const BeaconNetwork& network, Slot slot, const Hash32& finalized_root) {
    const Fork& fork = network.fork_at(slot);
    LightClientHeader header;
    header.beacon = {slot,
                     slot.value % 5,
                     crypto::sha256(codec::chunk_of(slot.value + 1)),
                     state_tree(network, slot, finalized_root).root(),
                     {}};
    if (fork.execution_layout == ExecutionLayout::kNone) return header;
    header.execution = make_payload(slot, fork.execution_layout);
    const SparseTree body({{fork.execution_gindex, root_of(*header.execution, fork.execution_layout)}});
    header.execution_branch = body.branch(fork.execution_gindex);
    header.beacon.body_root = body.root();
    return header;
}

Bootstrap make_bootstrap(const BeaconNetwork& network, Slot slot) {
    return {make_header(network, slot), make_committee(network, network.period_of(slot)),
            state_tree(network, slot, {}).branch(network.fork_at(slot).current_committee_gindex)};
}

Update make_update(const BeaconNetwork& network, const UpdateOptions& options) {
    const Fork& fork = network.fork_at(options.attested);
    Update update;
    Hash32 finalized_root;
    if (options.has_finality) {
        update.finalized = make_header(network, options.finalized);
        if (options.is_finality_rival) ++update.finalized->beacon.proposer_index;
        finalized_root = root_of(update.finalized->beacon);
    }
    const std::uint64_t next_period =
        network.period_of(options.attested) + (options.is_next_rival ? kRivalPeriods : 1);
    const SparseTree state = state_tree(network, options.attested, finalized_root, next_period);
    update.attested = make_header(network, options.attested, finalized_root);
    update.attested.beacon.state_root = state.root();
    if (options.has_finality) update.finality_branch = state.branch(fork.finalized_root_gindex);
    if (options.has_next_committee) {
        update.next_committee = make_committee(network, next_period);
        update.next_committee_branch = state.branch(fork.next_committee_gindex);
    }
    update.signature_slot = options.signature;
    sign(network, update, options.participants);
    return update;
}

void sign(const BeaconNetwork& network, Update& update, std::size_t participants) {
    codec::SszBits bits{Bytes((network.committee_size + 7) / 8), network.committee_size};
    for (std::size_t i = 0; i < participants; ++i) {
        bits.bytes[i / 8] = static_cast<std::uint8_t>(bits.bytes[i / 8] | 1u << (i % 8));
    }
    sign(network, update, bits);
}

void sign(const BeaconNetwork& network, Update& update, const codec::SszBits& bits) {
    std::vector<bls::SecretKey> keys;
    for (std::size_t i = 0; i < bits.size; ++i) {
        if (bits[i]) keys.push_back(secret_key(network.period_of(update.signature_slot), i));
    }
    update.aggregate.bits = bits;
    update.aggregate.signature = {};
    if (keys.empty()) return;
    update.aggregate.signature =
        bls::sign(
            bls::add_secret_keys(keys).value(),
            sync_committee_signing_root(network, root_of(update.attested.beacon), update.signature_slot))
            .value();
}

}  // namespace butter::ethereum::test_chain
