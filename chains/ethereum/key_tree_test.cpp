// SPDX-License-Identifier: Apache-2.0
#include "chains/ethereum/key_tree.hpp"

#include <gtest/gtest.h>

#include "butter/codec/ssz.hpp"
#include "butter/crypto/sha256.hpp"

namespace butter::ethereum {
namespace {

std::vector<Hash32> make_leaves(std::size_t size) {
    std::vector<Hash32> leaves;
    for (std::size_t i = 0; i < size; ++i) leaves.push_back(crypto::sha256(codec::chunk_of(i)));
    return leaves;
}

std::vector<std::pair<std::size_t, Hash32>> pick(const std::vector<Hash32>& leaves,
                                                 const std::vector<std::size_t>& indexes) {
    std::vector<std::pair<std::size_t, Hash32>> out;
    for (const std::size_t index : indexes) out.emplace_back(index, leaves[index]);
    return out;
}

TEST(key_tree, every_set_of_leaves_leads_to_the_root) {
    const std::vector<Hash32> leaves = make_leaves(8);
    const Hash32 root = codec::merkleize(leaves);
    for (unsigned set = 0; set < 256; ++set) {
        std::vector<std::size_t> indexes;
        for (std::size_t i = 0; i < 8; ++i) {
            if ((set >> i & 1) != 0) indexes.push_back(i);
        }
        const std::vector<Hash32> nodes = make_multiproof(leaves, indexes);
        const FoldedTree folded = fold_multiproof(pick(leaves, indexes), 3, nodes);
        EXPECT_EQ(folded.root, root) << set;
        EXPECT_EQ(folded.nodes_used, nodes.size()) << set;
    }
}

TEST(key_tree, one_leaf_has_the_branch_of_ssz) {
    const std::vector<Hash32> leaves = make_leaves(512);
    for (const std::size_t index : {0u, 1u, 255u, 300u, 511u}) {
        EXPECT_EQ(make_multiproof(leaves, std::vector<std::size_t>{index}),
                  codec::compute_branch(leaves, 512, index));
    }
    EXPECT_EQ(make_multiproof(leaves, {}), std::vector<Hash32>{codec::merkleize(leaves)});
}

TEST(key_tree, every_leaf_place_and_node_counts) {
    const std::vector<Hash32> leaves = make_leaves(64);
    const Hash32 root = codec::merkleize(leaves);
    const std::vector<std::size_t> indexes{3, 4, 5, 40, 63};
    const std::vector<Hash32> nodes = make_multiproof(leaves, indexes);
    const auto picked = pick(leaves, indexes);
    for (std::size_t i = 0; i < picked.size(); ++i) {
        auto other = picked;
        other[i].second[0] ^= 1;
        EXPECT_NE(fold_multiproof(other, 6, nodes).root, root);
        other = picked;
        other[i].first ^= i == 0 ? 2 : 8;
        EXPECT_NE(fold_multiproof(other, 6, nodes).root, root);
    }
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        auto other = nodes;
        other[i][31] ^= 1;
        EXPECT_NE(fold_multiproof(picked, 6, other).root, root);
    }
    auto fewer = nodes;
    fewer.pop_back();
    EXPECT_EQ(fold_multiproof(picked, 6, fewer).nodes_used, nodes.size()) << "more than there are";
}

TEST(key_tree, a_tree_of_one_leaf) {
    const std::vector<Hash32> leaf = make_leaves(1);
    EXPECT_EQ(fold_multiproof(pick(leaf, {0}), 0, {}).root, leaf[0]);
    EXPECT_TRUE(make_multiproof(leaf, std::vector<std::size_t>{0}).empty());
}

}  // namespace
}  // namespace butter::ethereum
