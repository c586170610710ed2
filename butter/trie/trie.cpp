// SPDX-License-Identifier: Apache-2.0
#include "butter/trie/trie.hpp"

#include "butter/base/assert.hpp"
#include "butter/codec/rlp.hpp"
#include "butter/crypto/keccak.hpp"
#include "butter/trie/nibbles.hpp"

namespace butter::trie {
namespace {

constexpr std::size_t kBranchChildren = 16;
constexpr std::uint8_t kEmptyString = 0x80;
constexpr std::uint8_t kHashPrefix = 0x80 + Hash32::kSize;

}  // namespace

const Hash32 kEmptyRoot = {{0x56, 0xe8, 0x1f, 0x17, 0x1b, 0xcc, 0x55, 0xa6, 0xff, 0x83, 0x45,
                            0xe6, 0x92, 0xc0, 0xf8, 0x6e, 0x5b, 0x48, 0xe0, 0x1b, 0x99, 0x6c,
                            0xad, 0xc0, 0x01, 0x62, 0x2f, 0xb5, 0xe3, 0x63, 0xb4, 0x21}};

/// Lays out the nodes first, then encodes and hashes them level by level from the leaves, so that the hashes
/// of a level are independent of each other.
class Builder {
  public:
    explicit Builder(Trie& trie) : trie_(trie) {}

    void build() {
        const auto count = static_cast<std::uint32_t>(trie_.entries_.size());
        trie_.nodes_.reserve(2 * count);
        trie_.root_node_ = place(0, count, 0).node;
        for (const std::vector<std::uint32_t>& level : levels_) {
            for (std::uint32_t index : level) encode(trie_.nodes_[index]);
            hash(level);
        }
        trie_.root_ = crypto::keccak256(trie_.encoding_of(trie_.nodes_[trie_.root_node_]));
    }

  private:
    struct Placed {
        std::uint32_t node = 0;
        std::size_t height = 0;
    };

    Nibbles key_of(std::uint32_t entry) const noexcept { return Nibbles(trie_.entries_[entry].key); }

    Placed add(const Trie::Node& node, std::size_t height) {
        const auto index = static_cast<std::uint32_t>(trie_.nodes_.size());
        trie_.nodes_.push_back(node);
        if (levels_.size() <= height) levels_.resize(height + 1);
        levels_[height].push_back(index);
        return {index, height};
    }

    std::uint32_t add_children(std::span<const std::uint32_t> children) {
        const auto first = static_cast<std::uint32_t>(trie_.children_.size());
        trie_.children_.insert(trie_.children_.end(), children.begin(), children.end());
        return first;
    }

    /// The node over the entries `first` to `end`, of whose keys `depth` nibbles are consumed.
    Placed place(std::uint32_t first, std::uint32_t end, std::size_t depth) {
        const Nibbles key = key_of(first).after(depth);
        Trie::Node node{.entry = first, .depth = static_cast<std::uint16_t>(depth)};
        if (end - first == 1) {
            node.path_size = static_cast<std::uint16_t>(key.size());
            return add(node, 0);
        }
        // Sorted, so the first and the last share what all share.
        const std::size_t shared = key.common_prefix(key_of(end - 1).after(depth));
        const Placed branch = place_branch(first, end, depth + shared);
        if (shared == 0) return branch;
        node.path_size = static_cast<std::uint16_t>(shared);
        node.first_child = add_children(std::span(&branch.node, 1));
        return add(node, branch.height + 1);
    }

    Placed place_branch(std::uint32_t first, std::uint32_t end, std::size_t depth) {
        Trie::Node node{.depth = static_cast<std::uint16_t>(depth)};
        if (key_of(first).size() == depth) node.entry = first++;
        std::array<std::uint32_t, kBranchChildren> children{};
        children.fill(Trie::kNone);
        std::size_t height = 0;
        while (first < end) {
            const std::uint8_t nibble = key_of(first)[depth];
            std::uint32_t next = first + 1;
            while (next < end && key_of(next)[depth] == nibble) ++next;
            const Placed child = place(first, next, depth + 1);
            children[nibble] = child.node;
            height = std::max(height, child.height + 1);
            first = next;
        }
        node.first_child = add_children(children);
        return add(node, height);
    }

    /// How a parent names a node: its RLP when that is shorter than a hash, else the hash.
    void append_reference(Bytes& out, std::uint32_t child) const {
        if (child == Trie::kNone) {
            out.push_back(kEmptyString);
            return;
        }
        const Trie::Node& node = trie_.nodes_[child];
        if (node.size < Hash32::kSize) {
            append(out, trie_.encoding_of(node));
        } else {
            out.push_back(kHashPrefix);
            append(out, node.hash);
        }
    }

    void encode(Trie::Node& node) {
        fields_.clear();
        if (node.path_size > 0 || node.is_leaf()) {
            const Nibbles path = key_of(node.entry).after(node.depth).first(node.path_size);
            codec::append_rlp_bytes(fields_, encode_path(path, node.is_leaf()));
            if (node.is_leaf()) {
                codec::append_rlp_bytes(fields_, trie_.entries_[node.entry].value);
            } else {
                append_reference(fields_, trie_.children_[node.first_child]);
            }
        } else {
            for (std::size_t i = 0; i < kBranchChildren; ++i) {
                append_reference(fields_, trie_.children_[node.first_child + i]);
            }
            if (node.entry == Trie::kNone) {
                fields_.push_back(kEmptyString);
            } else {
                codec::append_rlp_bytes(fields_, trie_.entries_[node.entry].value);
            }
        }
        node.offset = trie_.encoded_.size();
        codec::append_rlp_list(trie_.encoded_, fields_);
        node.size = static_cast<std::uint32_t>(trie_.encoded_.size() - node.offset);
    }

    void hash(const std::vector<std::uint32_t>& level) {
        inputs_.clear();
        for (std::uint32_t index : level) {
            const Trie::Node& node = trie_.nodes_[index];
            if (node.size >= Hash32::kSize) inputs_.push_back(trie_.encoding_of(node));
        }
        outputs_.resize(inputs_.size());
        crypto::keccak256_many(inputs_, outputs_);
        auto next = outputs_.begin();
        for (std::uint32_t index : level) {
            Trie::Node& node = trie_.nodes_[index];
            if (node.size >= Hash32::kSize) node.hash = *next++;
        }
    }

    Trie& trie_;
    std::vector<std::vector<std::uint32_t>> levels_;
    Bytes fields_;
    std::vector<BytesView> inputs_;
    std::vector<Hash32> outputs_;
};

Trie::Trie(std::vector<Entry> entries) : root_(kEmptyRoot), entries_(std::move(entries)) {
    if (entries_.empty()) return;
    std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) { return a.key < b.key; });
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        BUTTER_ASSERT(entries_[i].key.size() <= kKeyBytesMax);
        BUTTER_ASSERT(!entries_[i].value.empty());
        BUTTER_ASSERT(i == 0 || entries_[i - 1].key != entries_[i].key);
    }
    Builder(*this).build();
}

std::vector<Bytes> Trie::proof(BytesView key) const {
    std::vector<Bytes> out;
    Nibbles rest(key);
    for (std::uint32_t index = root_node_; index != kNone;) {
        const Node& node = nodes_[index];
        if (index == root_node_ || node.size >= Hash32::kSize) out.push_back(to_bytes(encoding_of(node)));
        if (node.is_leaf()) break;
        if (node.path_size > 0) {
            const Nibbles path = Nibbles(entries_[node.entry].key).after(node.depth).first(node.path_size);
            if (rest.common_prefix(path) < path.size()) break;
            rest = rest.after(path.size());
            index = children_[node.first_child];
        } else {
            if (rest.empty()) break;
            index = children_[node.first_child + rest[0]];
            rest = rest.after(1);
        }
    }
    return out;
}

Trie make_list_trie(std::span<const Bytes> values) {
    std::vector<Entry> entries;
    entries.reserve(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) entries.push_back({list_key(i), values[i]});
    return Trie(std::move(entries));
}

Bytes list_key(std::uint64_t index) { return codec::encode_rlp_uint(index); }

}  // namespace butter::trie
