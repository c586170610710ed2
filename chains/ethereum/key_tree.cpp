// SPDX-License-Identifier: Apache-2.0
#include "chains/ethereum/key_tree.hpp"

#include <bit>

#include "butter/base/assert.hpp"
#include "butter/crypto/sha256.hpp"

namespace butter::ethereum {

std::vector<Hash32> make_multiproof(std::vector<Hash32> leaves, std::span<const std::size_t> indexes) {
    BUTTER_ASSERT(std::has_single_bit(leaves.size()));
    std::vector<bool> is_known(leaves.size());
    for (const std::size_t index : indexes) is_known.at(index) = true;
    std::vector<Hash32> nodes;
    while (leaves.size() > 1) {
        std::vector<Hash32> parents;
        std::vector<bool> is_parent_known;
        for (std::size_t i = 0; i < leaves.size(); i += 2) {
            if (is_known[i] != is_known[i + 1]) nodes.push_back(leaves[is_known[i] ? i + 1 : i]);
            is_parent_known.push_back(is_known[i] || is_known[i + 1]);
            parents.push_back(crypto::sha256_pair(leaves[i], leaves[i + 1]));
        }
        leaves = std::move(parents);
        is_known = std::move(is_parent_known);
    }
    if (indexes.empty()) nodes.push_back(leaves[0]);
    return nodes;
}

FoldedTree fold_multiproof(std::vector<std::pair<std::size_t, Hash32>> leaves, unsigned depth,
                           std::span<const Hash32> nodes) {
    FoldedTree out;
    const auto next_node = [&] {
        const std::size_t at = out.nodes_used++;
        return at < nodes.size() ? nodes[at] : Hash32{};
    };
    if (leaves.empty()) {
        out.root = next_node();
        return out;
    }
    for (; depth > 0; --depth) {
        std::vector<std::pair<std::size_t, Hash32>> parents;
        for (std::size_t i = 0; i < leaves.size(); ++i) {
            const auto& [index, hash] = leaves[i];
            Hash32 parent;
            if (index % 2 == 1) {
                parent = crypto::sha256_pair(next_node(), hash);
            } else if (i + 1 < leaves.size() && leaves[i + 1].first == index + 1) {
                parent = crypto::sha256_pair(hash, leaves[++i].second);
            } else {
                parent = crypto::sha256_pair(hash, next_node());
            }
            parents.emplace_back(index / 2, parent);
        }
        leaves = std::move(parents);
    }
    out.root = leaves[0].second;
    return out;
}

}  // namespace butter::ethereum
