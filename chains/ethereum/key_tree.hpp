// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "butter/base/bytes.hpp"

/// One Merkle proof for several leaves of a tree, as CommitteeProof.computeRoot of the contracts reads it:
/// the nodes that cannot be computed from the leaves, level by level from the leaves up, left to right. For
/// no leaf at all that is the root.
namespace butter::ethereum {

/// `leaves` is the whole tree's, a power of two of them; `indexes` ascend.
std::vector<Hash32> make_multiproof(std::vector<Hash32> leaves, std::span<const std::size_t> indexes);

/// What some leaves and the missing nodes lead to.
struct FoldedTree {
    Hash32 root;
    std::size_t nodes_used = 0;  ///< more than were given: the root is not one then
};

/// `leaves` by ascending index below 2^depth. Not checked: that all `nodes` were used.
FoldedTree fold_multiproof(std::vector<std::pair<std::size_t, Hash32>> leaves, unsigned depth,
                           std::span<const Hash32> nodes);

}  // namespace butter::ethereum
