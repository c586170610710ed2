// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "chains/ethereum/objects.hpp"

/// What the SSZ and JSON decoders share: the step between an object as its fork lays it out, where everything
/// is present, and as a value, where what is all zeros is absent.
namespace butter::ethereum::layout {

inline constexpr std::size_t kExtraDataBytesMax = 32;

bool is_zero(const std::vector<Hash32>& branch) noexcept;
std::vector<Hash32> zero_branch(std::uint64_t gindex);

/// A header as it stands in an object of `fork`, of whose execution it has all parts when the fork has one,
/// to what the fork of its own slot knows. `kBranchLength` when its execution branch has another depth than
/// `fork` asks for, or than its own fork does below the zeros.
Result<LightClientHeader, ObjectError> reduce_header(const BeaconNetwork& network, const Fork& fork,
                                                     LightClientHeader header);
/// The reverse.
LightClientHeader expand_header(const Fork& fork, LightClientHeader header);

/// Absent becomes zeros.
LightClientHeader expand_finalized(const Fork& fork, const Update& update);
SyncCommittee expand_committee(const BeaconNetwork& network, const Update& update);
std::vector<Hash32> expand_branch(const std::vector<Hash32>& branch, std::uint64_t gindex);
/// Zeros become absent. `kBranchLength` when a branch has another depth than `fork` asks for.
Result<void, ObjectError> reduce_finalized(const Fork& fork, Update& update);
Result<void, ObjectError> reduce_committee(const Fork& fork, Update& update);

}  // namespace butter::ethereum::layout
