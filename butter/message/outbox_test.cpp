// SPDX-License-Identifier: Apache-2.0
#include "butter/message/outbox.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "butter/crypto/keccak.hpp"

namespace butter::message {
namespace {

constexpr std::uint64_t kExhaustiveCount = 9;

Hash32 id_of(std::uint64_t index) {
    Bytes seed;
    append_u64(seed, index);
    return crypto::keccak256(seed);
}

Outbox outbox_of(std::uint64_t count) {
    Outbox outbox;
    for (std::uint64_t i = 0; i < count; ++i) outbox.append(id_of(i));
    return outbox;
}

// The document's definition, word for word and slow.
Hash32 slow_tree(std::uint64_t first, std::uint64_t size) {
    if (size == 1) {
        Bytes input{0x00};
        append_u64(input, first);
        append(input, id_of(first));
        return crypto::keccak256(input);
    }
    return crypto::keccak256(
        concat({Bytes{0x01}, slow_tree(first, size / 2), slow_tree(first + size / 2, size / 2)}));
}

Hash32 slow_root(std::uint64_t count) {
    if (count == 0) return {};
    std::vector<Hash32> mountains;
    std::uint64_t first = 0;
    for (std::uint64_t size = std::uint64_t{1} << 40; size > 0; size /= 2) {
        if ((count & size) == 0) continue;
        mountains.push_back(slow_tree(first, size));
        first += size;
    }
    Hash32 bag = mountains[0];
    for (std::size_t i = 1; i < mountains.size(); ++i) {
        bag = crypto::keccak256(concat({Bytes{0x01}, bag, mountains[i]}));
    }
    Bytes input{0x02};
    append_u64(input, count);
    append(input, bag);
    return crypto::keccak256(input);
}

std::vector<OutboxLeaf> leaves_of(const std::vector<std::uint64_t>& indexes) {
    std::vector<OutboxLeaf> out;
    for (std::uint64_t index : indexes) out.push_back({index, id_of(index)});
    return out;
}

TEST(outbox, has_the_documented_root_at_every_count) {
    const Outbox outbox = outbox_of(70);
    for (std::uint64_t count = 0; count <= 70; ++count)
        EXPECT_EQ(outbox.root(count), slow_root(count)) << count;
}

TEST(outbox, proves_every_set_of_messages_of_a_small_outbox) {
    const Outbox outbox = outbox_of(kExhaustiveCount);
    for (std::uint64_t count = 1; count <= kExhaustiveCount; ++count) {
        for (std::uint64_t set = 1; set < std::uint64_t{1} << count; ++set) {
            std::vector<std::uint64_t> indexes;
            for (std::uint64_t i = 0; i < count; ++i) {
                if ((set >> i & 1) != 0) indexes.push_back(i);
            }
            const auto siblings = outbox.siblings(count, indexes);
            ASSERT_TRUE(
                verify_outbox_proof(slow_root(count), count, leaves_of(indexes), siblings).has_value());
            if (set == (std::uint64_t{1} << count) - 1) EXPECT_TRUE(siblings.empty());
        }
    }
}

TEST(outbox, proves_the_newest_message_with_one_sibling_for_everything_before_it) {
    const Outbox outbox = outbox_of(64 + 1);
    EXPECT_EQ(outbox.siblings(65, std::vector<std::uint64_t>{64}).size(), 1u);
    const Outbox larger = outbox_of(64 + 32 + 16 + 1);
    EXPECT_EQ(larger.siblings(113, std::vector<std::uint64_t>{112}).size(), 1u);
}

TEST(outbox, refuses_wrong_proofs) {
    const Outbox outbox = outbox_of(11);
    const std::vector<std::uint64_t> indexes{1, 9};
    const Hash32 root = outbox.root();
    const auto siblings = outbox.siblings(11, indexes);
    const auto leaves = leaves_of(indexes);
    ASSERT_TRUE(verify_outbox_proof(root, 11, leaves, siblings).has_value());

    const auto error = [&](const std::vector<OutboxLeaf>& l, const std::vector<Hash32>& s,
                           std::uint64_t count = 11) {
        return verify_outbox_proof(root, count, l, s).error();
    };
    EXPECT_EQ(error({}, siblings), OutboxError::kNoLeaves);
    EXPECT_EQ(error({leaves[1], leaves[0]}, siblings), OutboxError::kIndexesNotAscending);
    EXPECT_EQ(error({leaves[0], leaves[0]}, siblings), OutboxError::kIndexesNotAscending);
    EXPECT_EQ(error({{11, id_of(11)}}, siblings), OutboxError::kIndexOutOfRange);
    EXPECT_EQ(error({{0, id_of(0)}}, {}, 0), OutboxError::kIndexOutOfRange);
    EXPECT_EQ(error(leaves, {siblings.begin(), siblings.end() - 1}), OutboxError::kMissingSibling);
    auto longer = siblings;
    longer.emplace_back();
    EXPECT_EQ(error(leaves, longer), OutboxError::kUnusedSibling);
    EXPECT_EQ(error({{1, id_of(2)}, leaves[1]}, siblings), OutboxError::kRootMismatch);
    EXPECT_EQ(error({{0, id_of(1)}, leaves[1]}, siblings), OutboxError::kRootMismatch);
    for (std::size_t i = 0; i < siblings.size(); ++i) {
        auto changed = siblings;
        changed[i][31] ^= 1;
        EXPECT_EQ(error(leaves, changed), OutboxError::kRootMismatch) << i;
    }
}

TEST(outbox, refuses_a_node_passed_off_as_a_leaf) {
    // Tags keep leaves, nodes and roots apart: the parent of 0 and 1 is no leaf of a smaller outbox.
    const Outbox outbox = outbox_of(2);
    EXPECT_EQ(
        verify_outbox_proof(outbox.root(), 1, std::vector<OutboxLeaf>{{0, slow_tree(0, 2)}}, {}).error(),
        OutboxError::kRootMismatch);
}

TEST(outbox, follows_the_largest_count) {
    // 64 mountains, one message in the smallest: the rest is one bag.
    const std::uint64_t count = ~std::uint64_t{0};
    const std::vector<OutboxLeaf> leaves{{count - 1, id_of(0)}};
    EXPECT_TRUE(compute_outbox_root(count, leaves, std::vector<Hash32>(1)).has_value());
    EXPECT_EQ(compute_outbox_root(count, leaves, {}).error(), OutboxError::kMissingSibling);
    const std::vector<OutboxLeaf> oldest{{0, id_of(0)}};
    EXPECT_TRUE(compute_outbox_root(count, oldest, std::vector<Hash32>(63 + 63)).has_value());
    EXPECT_EQ(compute_outbox_root(count, oldest, std::vector<Hash32>(63 + 64)).error(),
              OutboxError::kUnusedSibling);
}

TEST(outbox, every_error_has_a_text) {
    for (int i = 1; i <= 6; ++i) EXPECT_NE(to_string(static_cast<OutboxError>(i)), "unknown outbox error");
}

TEST(outbox, proves_any_messages_of_any_count) {
    const Outbox outbox = outbox_of(300);
    EXPECT_TRUE(rc::check([&] {
        const auto count = *rc::gen::inRange<std::uint64_t>(1, 301);
        const auto set =
            *rc::gen::container<std::set<std::uint64_t>>(rc::gen::inRange<std::uint64_t>(0, count));
        const std::vector<std::uint64_t> indexes(set.begin(), set.end());
        RC_PRE(!indexes.empty());
        const auto siblings = outbox.siblings(count, indexes);
        RC_ASSERT(verify_outbox_proof(outbox.root(count), count, leaves_of(indexes), siblings).has_value());
    }));
}

}  // namespace
}  // namespace butter::message
