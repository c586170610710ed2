// SPDX-License-Identifier: Apache-2.0
#include "butter/message/outbox.hpp"

#include <optional>

#include "butter/base/assert.hpp"
#include "butter/crypto/keccak.hpp"

namespace butter::message {
namespace {

constexpr std::uint8_t kLeafTag = 0;
constexpr std::uint8_t kNodeTag = 1;
constexpr std::uint8_t kRootTag = 2;

Hash32 hash_of_indexed(std::uint8_t tag, std::uint64_t number, const Hash32& hash) noexcept {
    std::array<std::uint8_t, 1 + 8 + 32> input{};
    input[0] = tag;
    for (unsigned i = 0; i < 8; ++i) input[1 + i] = static_cast<std::uint8_t>(number >> (56 - 8 * i));
    std::copy(hash.begin(), hash.end(), input.begin() + 9);
    return crypto::keccak256(input);
}

Hash32 leaf_of(const OutboxLeaf& leaf) noexcept {
    return hash_of_indexed(kLeafTag, leaf.index, leaf.order_id);
}

Hash32 root_of(std::uint64_t count, const Hash32& bag) noexcept {
    return hash_of_indexed(kRootTag, count, bag);
}

Hash32 node_of(const Hash32& left, const Hash32& right) noexcept {
    std::array<std::uint8_t, 1 + 32 + 32> input{};
    input[0] = kNodeTag;
    std::copy(left.begin(), left.end(), input.begin() + 1);
    std::copy(right.begin(), right.end(), input.begin() + 33);
    return crypto::keccak256(input);
}

/// The perfect tree over leaves `first` to `first + (1 << height)`.
struct Mountain {
    std::uint64_t first = 0;
    unsigned height = 0;

    std::uint64_t last() const noexcept { return first + ((std::uint64_t{1} << height) - 1); }
    /// Its place among the perfect trees of its height.
    std::uint64_t position() const noexcept { return first >> height; }
};

/// Mountains of an outbox of `count` messages, the largest first.
std::vector<Mountain> mountains_of(std::uint64_t count) {
    std::vector<Mountain> out;
    std::uint64_t first = 0;
    for (unsigned height = 64; height-- > 0;) {
        if ((count >> height & 1) == 0) continue;
        out.push_back({first, height});
        first += std::uint64_t{1} << height;
    }
    return out;
}

struct PlacedNode {
    std::uint64_t position = 0;
    Hash32 hash;
};

Result<void, OutboxError> check_indexes(std::uint64_t count,
                                        std::span<const std::uint64_t> indexes) noexcept {
    if (indexes.empty()) return std::unexpected(OutboxError::kNoLeaves);
    for (std::size_t i = 0; i < indexes.size(); ++i) {
        if (indexes[i] >= count) return std::unexpected(OutboxError::kIndexOutOfRange);
        if (i > 0 && indexes[i] <= indexes[i - 1]) return std::unexpected(OutboxError::kIndexesNotAscending);
    }
    return {};
}

/// Folds the leaves of one mountain up to its peak. `Siblings` has
/// `Result<Hash32, OutboxError> node(unsigned height, std::uint64_t position)`.
template <class Siblings>
Result<Hash32, OutboxError> fold_mountain(unsigned height, std::vector<PlacedNode> nodes,
                                          Siblings& siblings) {
    for (unsigned level = 0; level < height; ++level) {
        std::size_t written = 0;
        for (std::size_t i = 0; i < nodes.size(); ++i) {
            const PlacedNode node = nodes[i];
            Hash32 parent;
            if (node.position % 2 == 0 && i + 1 < nodes.size() &&
                nodes[i + 1].position == node.position + 1) {
                parent = node_of(node.hash, nodes[i + 1].hash);
                ++i;
            } else {
                TRY(const Hash32 partner, siblings.node(level, node.position ^ 1));
                parent = node.position % 2 == 0 ? node_of(node.hash, partner) : node_of(partner, node.hash);
            }
            nodes[written++] = {node.position / 2, parent};
        }
        nodes.resize(written);
    }
    return nodes[0].hash;
}

/// The bag of all mountains, from checked `leaves` and siblings in the order of the format. `Siblings` also
/// has `Result<Hash32, OutboxError> bag(std::span<const Mountain>)`.
template <class Siblings>
Result<Hash32, OutboxError> fold(std::uint64_t count, std::span<const OutboxLeaf> leaves,
                                 Siblings& siblings) {
    const std::vector<Mountain> mountains = mountains_of(count);
    std::size_t first = 0;
    while (mountains[first].last() < leaves[0].index) ++first;

    std::optional<Hash32> bag;
    if (first > 0) {
        TRY(bag, siblings.bag(std::span(mountains).first(first)));
    }
    for (const Mountain& mountain : std::span(mountains).subspan(first)) {
        std::vector<PlacedNode> nodes;
        while (!leaves.empty() && leaves[0].index <= mountain.last()) {
            nodes.push_back({leaves[0].index, leaf_of(leaves[0])});
            leaves = leaves.subspan(1);
        }
        auto peak = nodes.empty() ? siblings.node(mountain.height, mountain.position())
                                  : fold_mountain(mountain.height, std::move(nodes), siblings);
        if (!peak) return peak;
        bag = bag ? node_of(*bag, *peak) : *peak;
    }
    return *bag;
}

/// Takes siblings from a proof, whatever they stand for.
class GivenSiblings {
  public:
    explicit GivenSiblings(std::span<const Hash32> rest) noexcept : rest_(rest) {}

    Result<Hash32, OutboxError> node(unsigned, std::uint64_t) noexcept { return next(); }
    Result<Hash32, OutboxError> bag(std::span<const Mountain>) noexcept { return next(); }
    bool is_done() const noexcept { return rest_.empty(); }

  private:
    Result<Hash32, OutboxError> next() noexcept {
        if (rest_.empty()) return std::unexpected(OutboxError::kMissingSibling);
        const Hash32 out = rest_[0];
        rest_ = rest_.subspan(1);
        return out;
    }

    std::span<const Hash32> rest_;
};

using Levels = std::vector<std::vector<Hash32>>;

Hash32 bag_of(const Levels& levels, std::span<const Mountain> mountains) noexcept {
    std::optional<Hash32> bag;
    for (const Mountain& mountain : mountains) {
        const Hash32& peak = levels[mountain.height][mountain.position()];
        bag = bag ? node_of(*bag, peak) : peak;
    }
    return *bag;
}

/// Looks siblings up and writes down which ones were asked for: the proof is what its verifier asks.
class RecordedSiblings {
  public:
    explicit RecordedSiblings(const Levels& levels) noexcept : levels_(levels) {}

    Result<Hash32, OutboxError> node(unsigned height, std::uint64_t position) {
        return asked.emplace_back(levels_[height][position]);
    }
    Result<Hash32, OutboxError> bag(std::span<const Mountain> mountains) {
        return asked.emplace_back(bag_of(levels_, mountains));
    }

    std::vector<Hash32> asked;

  private:
    const Levels& levels_;
};

}  // namespace

std::string_view to_string(OutboxError error) noexcept {
    switch (error) {
        case OutboxError::kNoLeaves:
            return "outbox proof of no message";
        case OutboxError::kIndexesNotAscending:
            return "outbox indexes not ascending";
        case OutboxError::kIndexOutOfRange:
            return "outbox index not below the count";
        case OutboxError::kMissingSibling:
            return "outbox proof ends early";
        case OutboxError::kUnusedSibling:
            return "outbox proof with siblings left over";
        case OutboxError::kRootMismatch:
            return "outbox proof leads to another root";
    }
    return "unknown outbox error";
}

bool Outbox::holds(const OutboxLeaf& leaf) const noexcept {
    return leaf.index < count() && levels_[0][leaf.index] == leaf_of(leaf);
}

void Outbox::append(const Hash32& order_id) {
    std::uint64_t position = count();
    Hash32 hash = leaf_of({position, order_id});
    levels_[0].push_back(hash);
    for (std::size_t height = 0; position % 2 == 1; ++height, position /= 2) {
        hash = node_of(levels_[height][position - 1], hash);
        if (levels_.size() == height + 1) levels_.emplace_back();
        levels_[height + 1].push_back(hash);
    }
}

Hash32 Outbox::root(std::uint64_t of_count) const noexcept {
    BUTTER_ASSERT(of_count <= count());
    if (of_count == 0) return {};
    return root_of(of_count, bag_of(levels_, mountains_of(of_count)));
}

std::vector<Hash32> Outbox::siblings(std::uint64_t of_count, std::span<const std::uint64_t> indexes) const {
    BUTTER_ASSERT(of_count <= count());
    BUTTER_ASSERT(check_indexes(of_count, indexes).has_value());
    std::vector<OutboxLeaf> leaves;
    leaves.reserve(indexes.size());
    // Which siblings are asked for depends on the indexes alone, so no order ids are needed.
    for (std::uint64_t index : indexes) leaves.push_back({index, {}});
    RecordedSiblings siblings(levels_);
    BUTTER_ASSERT(fold(of_count, leaves, siblings).has_value());
    return std::move(siblings.asked);
}

Result<Hash32, OutboxError> compute_outbox_root(std::uint64_t count, std::span<const OutboxLeaf> leaves,
                                                std::span<const Hash32> siblings) {
    std::vector<std::uint64_t> indexes;
    indexes.reserve(leaves.size());
    for (const OutboxLeaf& leaf : leaves) indexes.push_back(leaf.index);
    TRY_VOID(check_indexes(count, indexes));
    GivenSiblings given(siblings);
    TRY(const Hash32 bag, fold(count, leaves, given));
    if (!given.is_done()) return std::unexpected(OutboxError::kUnusedSibling);
    return root_of(count, bag);
}

Result<void, OutboxError> verify_outbox_proof(const Hash32& root, std::uint64_t count,
                                              std::span<const OutboxLeaf> leaves,
                                              std::span<const Hash32> siblings) {
    TRY(const Hash32 computed, compute_outbox_root(count, leaves, siblings));
    if (computed != root) return std::unexpected(OutboxError::kRootMismatch);
    return {};
}

}  // namespace butter::message
