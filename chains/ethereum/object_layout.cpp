// SPDX-License-Identifier: Apache-2.0
#include "chains/ethereum/object_layout.hpp"

#include <algorithm>

namespace butter::ethereum::layout {
namespace {

bool is_zero(const SyncCommittee& committee) noexcept {
    return committee.aggregate_key.is_zero() &&
           std::all_of(committee.keys.begin(), committee.keys.end(),
                       [](const bls::PublicKey& key) { return key.is_zero(); });
}

}  // namespace

bool is_zero(const std::vector<Hash32>& branch) noexcept {
    return std::all_of(branch.begin(), branch.end(), [](const Hash32& node) { return node.is_zero(); });
}

std::vector<Hash32> zero_branch(std::uint64_t gindex) { return std::vector<Hash32>(branch_depth(gindex)); }

Result<LightClientHeader, ObjectError> reduce_header(const BeaconNetwork& network, const Fork& fork,
                                                     LightClientHeader header) {
    const std::size_t depth = branch_depth(fork.execution_gindex);
    if (header.execution_branch.size() != depth) return std::unexpected(ObjectError::kBranchLength);
    const Fork& own = network.fork_at(header.beacon.slot);
    if (own.execution_layout == ExecutionLayout::kNone) {
        // What is not zero though it should be stays, for the light client to refuse.
        if (header.execution == PayloadHeader{} && is_zero(header.execution_branch)) {
            header.execution.reset();
            header.execution_branch.clear();
        }
        return header;
    }
    const std::size_t own_depth = branch_depth(own.execution_gindex);
    if (own_depth > depth) return std::unexpected(ObjectError::kBranchLength);
    const auto begin = header.execution_branch.begin();
    const auto end = begin + static_cast<std::ptrdiff_t>(depth - own_depth);
    if (!std::all_of(begin, end, [](const Hash32& node) { return node.is_zero(); })) {
        return std::unexpected(ObjectError::kBranchLength);
    }
    header.execution_branch.erase(begin, end);
    return header;
}

LightClientHeader expand_header(const Fork& fork, LightClientHeader header) {
    if (fork.execution_layout == ExecutionLayout::kNone) {
        header.execution.reset();
        header.execution_branch.clear();
        return header;
    }
    if (!header.execution) header.execution.emplace();
    header.execution_branch = expand_branch(header.execution_branch, fork.execution_gindex);
    return header;
}

LightClientHeader expand_finalized(const Fork& fork, const Update& update) {
    return expand_header(fork, update.finalized.value_or(LightClientHeader{}));
}

SyncCommittee expand_committee(const BeaconNetwork& network, const Update& update) {
    if (update.next_committee) return *update.next_committee;
    return {std::vector<bls::PublicKey>(network.committee_size), {}};
}

std::vector<Hash32> expand_branch(const std::vector<Hash32>& branch, std::uint64_t gindex) {
    std::vector<Hash32> out = zero_branch(gindex);
    const std::size_t size = std::min(branch.size(), out.size());
    std::copy_n(branch.end() - static_cast<std::ptrdiff_t>(size), size,
                out.end() - static_cast<std::ptrdiff_t>(size));
    return out;
}

Result<void, ObjectError> reduce_finalized(const Fork& fork, Update& update) {
    if (update.finality_branch.size() != branch_depth(fork.finalized_root_gindex)) {
        return std::unexpected(ObjectError::kBranchLength);
    }
    if (is_zero(update.finality_branch) && update.finalized && is_empty(*update.finalized)) {
        update.finalized.reset();
        update.finality_branch.clear();
    }
    return {};
}

Result<void, ObjectError> reduce_committee(const Fork& fork, Update& update) {
    if (update.next_committee_branch.size() != branch_depth(fork.next_committee_gindex)) {
        return std::unexpected(ObjectError::kBranchLength);
    }
    if (is_zero(update.next_committee_branch) && update.next_committee && is_zero(*update.next_committee)) {
        update.next_committee.reset();
        update.next_committee_branch.clear();
    }
    return {};
}

}  // namespace butter::ethereum::layout
