// SPDX-License-Identifier: Apache-2.0
#include "chains/ethereum/fork.hpp"

#include <algorithm>
#include <array>

#include "butter/base/assert.hpp"
#include "butter/codec/ssz.hpp"
#include "butter/crypto/sha256.hpp"

namespace butter::ethereum {
namespace {

/// DOMAIN_SYNC_COMMITTEE (consensus-specs altair/beacon-chain).
constexpr FixedBytes<4> kDomainSyncCommittee{{0x07, 0x00, 0x00, 0x00}};
/// Of block_hash among the fields of ExecutionPayloadHeader.
constexpr std::uint64_t kBlockHashField = 12;

/// Where the trees of one state layout have their nodes.
struct StateIndices {
    std::uint64_t finalized_root;
    std::uint64_t current_committee;
    std::uint64_t next_committee;
};
constexpr StateIndices kAltairState{105, 54, 55};
constexpr StateIndices kElectraState{169, 86, 87};
constexpr std::uint64_t kExecutionPayloadGindex = 25;

Fork make_fork(std::string name, const StateIndices& state, ExecutionLayout layout) {
    return {.name = std::move(name),
            .epoch = {},
            .version = {},
            .finalized_root_gindex = state.finalized_root,
            .current_committee_gindex = state.current_committee,
            .next_committee_gindex = state.next_committee,
            .execution_gindex = layout == ExecutionLayout::kNone ? 0 : kExecutionPayloadGindex,
            .execution_layout = layout};
}

}  // namespace

const Fork& BeaconNetwork::fork_at(Epoch epoch) const noexcept {
    BUTTER_ASSERT(!forks.empty());
    const auto next = std::upper_bound(forks.begin(), forks.end(), epoch,
                                       [](Epoch at, const Fork& fork) { return at < fork.epoch; });
    return next == forks.begin() ? forks.front() : *std::prev(next);
}

const Fork* find_released_fork(std::string_view name) noexcept {
    static const std::array<Fork, 7> forks{
        make_fork("phase0", {}, ExecutionLayout::kNone),
        make_fork("altair", kAltairState, ExecutionLayout::kNone),
        make_fork("bellatrix", kAltairState, ExecutionLayout::kNone),
        make_fork("capella", kAltairState, ExecutionLayout::kCapella),
        make_fork("deneb", kAltairState, ExecutionLayout::kDeneb),
        make_fork("electra", kElectraState, ExecutionLayout::kDeneb),
        make_fork("fulu", kElectraState, ExecutionLayout::kDeneb),
    };
    const auto found =
        std::find_if(forks.begin(), forks.end(), [&](const Fork& fork) { return fork.name == name; });
    return found == forks.end() ? nullptr : &*found;
}

std::uint64_t block_hash_gindex(const Fork& fork) noexcept {
    switch (fork.execution_layout) {
        case ExecutionLayout::kNone:
            return 0;
        case ExecutionLayout::kCapella:
            return codec::concat_gindex(fork.execution_gindex, 16 + kBlockHashField);
        case ExecutionLayout::kDeneb:
            return codec::concat_gindex(fork.execution_gindex, 32 + kBlockHashField);
    }
    return 0;
}

Hash32 sync_committee_domain(const FixedBytes<4>& version, const Hash32& genesis_validators_root) noexcept {
    Hash32 version_chunk;
    std::copy(version.begin(), version.end(), version_chunk.begin());
    const Hash32 fork_data_root = crypto::sha256_pair(version_chunk, genesis_validators_root);
    Hash32 domain;
    std::copy(kDomainSyncCommittee.begin(), kDomainSyncCommittee.end(), domain.begin());
    std::copy_n(fork_data_root.begin(), Hash32::kSize - kDomainSyncCommittee.size(),
                domain.begin() + kDomainSyncCommittee.size());
    return domain;
}

Hash32 sync_committee_signing_root(const BeaconNetwork& network, const Hash32& attested_root,
                                   Slot signature_slot) noexcept {
    const Slot previous{std::max<std::uint64_t>(signature_slot.value, 1) - 1};
    return crypto::sha256_pair(attested_root, sync_committee_domain(network.fork_at(previous).version,
                                                                    network.genesis_validators_root));
}

}  // namespace butter::ethereum
