// SPDX-License-Identifier: Apache-2.0
#include "butter/trie/trie.hpp"

#include <array>
#include <optional>

#include "butter/base/assert.hpp"
#include "butter/codec/rlp.hpp"
#include "butter/crypto/keccak.hpp"

namespace butter::trie {
namespace {

using codec::RlpItem;
using codec::RlpReader;

/// One nibble a byte.
using Nibbles = Bytes;

constexpr std::uint8_t kLeafFlag = 2;
constexpr std::uint8_t kOddFlag = 1;
constexpr std::size_t kBranchItems = 17;

Nibbles to_nibbles(BytesView key) {
    Nibbles out;
    out.reserve(2 * key.size());
    for (std::uint8_t byte : key) {
        out.push_back(byte >> 4);
        out.push_back(byte & 15);
    }
    return out;
}

/// Hex-prefix encoding of a path.
Bytes encode_path(BytesView nibbles, bool is_leaf) {
    std::uint8_t flag = is_leaf ? kLeafFlag : 0;
    Bytes out;
    if (nibbles.size() % 2 != 0) {
        out.push_back(static_cast<std::uint8_t>((flag | kOddFlag) << 4 | nibbles[0]));
        nibbles = nibbles.subspan(1);
    } else {
        out.push_back(static_cast<std::uint8_t>(flag << 4));
    }
    for (std::size_t i = 0; i < nibbles.size(); i += 2) {
        out.push_back(static_cast<std::uint8_t>(nibbles[i] << 4 | nibbles[i + 1]));
    }
    return out;
}

struct Path {
    bool is_leaf = false;
    Nibbles nibbles;
};

std::optional<Path> decode_path(BytesView encoded) {
    if (encoded.empty() || encoded[0] >> 4 > (kLeafFlag | kOddFlag)) return std::nullopt;
    const bool is_odd = (encoded[0] >> 4 & kOddFlag) != 0;
    if (!is_odd && (encoded[0] & 15) != 0) return std::nullopt;
    Path path{(encoded[0] >> 4 & kLeafFlag) != 0, to_nibbles(encoded)};
    path.nibbles.erase(path.nibbles.begin(), path.nibbles.begin() + (is_odd ? 1 : 2));
    return path;
}

/// How a parent names a node: its RLP when that is shorter than a hash, else the hash.
Bytes reference_to(const Bytes& node) {
    if (node.size() < Hash32::kSize) return node;
    return codec::encode_rlp_bytes(crypto::keccak256(node));
}

struct Entry {
    Nibbles key;
    const Bytes* value = nullptr;
};

std::size_t common_prefix(BytesView a, BytesView b) noexcept {
    std::size_t size = 0;
    while (size < a.size() && size < b.size() && a[size] == b[size]) ++size;
    return size;
}

class Builder {
  public:
    explicit Builder(std::map<Hash32, Bytes>& nodes) : nodes_(nodes) {}

    /// The node for sorted `entries`, of whose keys the first `depth` nibbles are already consumed.
    Bytes build(std::span<const Entry> entries, std::size_t depth) {
        Bytes fields;
        if (entries.size() == 1) {
            const Entry& entry = entries[0];
            codec::append_rlp_bytes(fields, encode_path(BytesView(entry.key).subspan(depth), true));
            codec::append_rlp_bytes(fields, *entry.value);
            return keep(fields);
        }
        // Sorted, so the first and the last share what all share.
        const std::size_t shared = common_prefix(BytesView(entries.front().key).subspan(depth),
                                                 BytesView(entries.back().key).subspan(depth));
        if (shared > 0) {
            codec::append_rlp_bytes(
                fields, encode_path(BytesView(entries.front().key).subspan(depth, shared), false));
            append(fields, reference_to(build_branch(entries, depth + shared)));
            return keep(fields);
        }
        return build_branch(entries, depth);
    }

  private:
    Bytes build_branch(std::span<const Entry> entries, std::size_t depth) {
        const Bytes* value = nullptr;
        if (entries[0].key.size() == depth) {
            value = entries[0].value;
            entries = entries.subspan(1);
        }
        Bytes fields;
        for (std::uint8_t nibble = 0; nibble < 16; ++nibble) {
            std::size_t count = 0;
            while (count < entries.size() && entries[count].key[depth] == nibble) ++count;
            if (count == 0) {
                codec::append_rlp_bytes(fields, {});
            } else {
                append(fields, reference_to(build(entries.first(count), depth + 1)));
                entries = entries.subspan(count);
            }
        }
        codec::append_rlp_bytes(fields, value != nullptr ? BytesView(*value) : BytesView());
        return keep(fields);
    }

    Bytes keep(const Bytes& fields) {
        Bytes node = codec::encode_rlp_list(fields);
        if (node.size() >= Hash32::kSize) nodes_.emplace(crypto::keccak256(node), node);
        return node;
    }

    std::map<Hash32, Bytes>& nodes_;
};

struct Node {
    std::array<RlpItem, kBranchItems> items;
    std::size_t count = 0;
};

std::optional<Node> decode_node(BytesView encoded) {
    auto reader = codec::decode_rlp_list(encoded);
    if (!reader) return std::nullopt;
    Node node;
    while (!reader->is_done()) {
        if (node.count == kBranchItems) return std::nullopt;
        const auto item = reader->next();
        if (!item) return std::nullopt;
        node.items[node.count++] = *item;
    }
    if (node.count != 2 && node.count != kBranchItems) return std::nullopt;
    return node;
}

/// What a node says about the rest of a key.
struct Step {
    std::optional<BytesView> value;
    RlpItem child;             ///< reference to follow when there is no value
    std::size_t consumed = 0;  ///< nibbles of the key
};

Result<Step, TrieError> step(const Node& node, BytesView rest) {
    if (node.count == kBranchItems) {
        if (rest.empty()) {
            const RlpItem& value = node.items[kBranchItems - 1];
            if (value.is_list) return std::unexpected(TrieError::kMalformedNode);
            if (value.payload.empty()) return std::unexpected(TrieError::kNoValue);
            return Step{value.payload, {}, 0};
        }
        return Step{std::nullopt, node.items[rest[0]], 1};
    }
    if (node.items[0].is_list) return std::unexpected(TrieError::kMalformedNode);
    const auto path = decode_path(node.items[0].payload);
    if (!path || (!path->is_leaf && path->nibbles.empty())) return std::unexpected(TrieError::kMalformedNode);
    if (path->is_leaf) {
        if (node.items[1].is_list) return std::unexpected(TrieError::kMalformedNode);
        if (!equal(path->nibbles, rest)) return std::unexpected(TrieError::kKeyMismatch);
        if (node.items[1].payload.empty()) return std::unexpected(TrieError::kNoValue);
        return Step{node.items[1].payload, {}, rest.size()};
    }
    if (path->nibbles.size() > rest.size() || !equal(path->nibbles, rest.first(path->nibbles.size()))) {
        return std::unexpected(TrieError::kKeyMismatch);
    }
    return Step{std::nullopt, node.items[1], path->nibbles.size()};
}

}  // namespace

std::string_view to_string(TrieError error) noexcept {
    switch (error) {
        case TrieError::kMissingNode:
            return "trie proof ends before the key";
        case TrieError::kHashMismatch:
            return "trie node is not the one its parent names";
        case TrieError::kMalformedNode:
            return "malformed trie node";
        case TrieError::kKeyMismatch:
            return "trie proof is of another key";
        case TrieError::kUnusedNodes:
            return "trie proof has nodes left over";
        case TrieError::kNoValue:
            return "trie proof leads to no value";
        case TrieError::kInlineNodeRepeated:
            return "inlined trie node given on its own";
    }
    return "unknown trie error";
}

Trie::Trie(const Entries& entries) {
    if (entries.empty()) {
        root_ = crypto::keccak256(codec::encode_rlp_bytes({}));
        return;
    }
    std::vector<Entry> sorted;
    sorted.reserve(entries.size());
    for (const auto& [key, value] : entries) {
        BUTTER_ASSERT(!value.empty());
        sorted.push_back({to_nibbles(key), &value});
    }
    const Bytes root = Builder(nodes_).build(sorted, 0);
    root_ = crypto::keccak256(root);
    nodes_.emplace(root_, root);
}

std::vector<Bytes> Trie::proof(BytesView key) const {
    std::vector<Bytes> out;
    const Nibbles nibbles = to_nibbles(key);
    BytesView rest = nibbles;
    const auto first = nodes_.find(root_);
    BUTTER_ASSERT(first != nodes_.end());
    out.push_back(first->second);
    BytesView encoded = first->second;
    for (;;) {
        const auto node = decode_node(encoded);
        BUTTER_ASSERT(node.has_value());
        const auto next = step(*node, rest);
        BUTTER_ASSERT(next.has_value());
        if (next->value) return out;
        rest = rest.subspan(next->consumed);
        if (next->child.is_list) {
            encoded = next->child.encoded;
            continue;
        }
        const auto child = nodes_.find(to_fixed<32>(next->child.payload));
        BUTTER_ASSERT(child != nodes_.end());
        out.push_back(child->second);
        encoded = child->second;
    }
}

Trie make_list_trie(std::span<const Bytes> values) {
    Trie::Entries entries;
    for (std::size_t i = 0; i < values.size(); ++i) entries.emplace(list_key(i), values[i]);
    return Trie(entries);
}

Bytes list_key(std::uint64_t index) { return codec::encode_rlp_uint(index); }

Result<Bytes, TrieError> verify_proof(const Hash32& root, BytesView key, std::span<const Bytes> nodes) {
    if (key.size() > kKeyBytesMax) return std::unexpected(TrieError::kKeyMismatch);
    const Nibbles nibbles = to_nibbles(key);
    BytesView rest = nibbles;
    if (nodes.empty()) return std::unexpected(TrieError::kMissingNode);
    if (crypto::keccak256(nodes[0]) != root) return std::unexpected(TrieError::kHashMismatch);
    BytesView encoded = nodes[0];
    std::size_t used = 1;
    for (;;) {
        const auto node = decode_node(encoded);
        if (!node) return std::unexpected(TrieError::kMalformedNode);
        TRY(const Step next, step(*node, rest));
        if (next.value) {
            if (used != nodes.size()) return std::unexpected(TrieError::kUnusedNodes);
            return to_bytes(*next.value);
        }
        rest = rest.subspan(next.consumed);
        if (next.child.is_list) {
            // A node inside its parent is shorter than the hash that would otherwise name it.
            if (next.child.encoded.size() >= Hash32::kSize) return std::unexpected(TrieError::kMalformedNode);
            encoded = next.child.encoded;
            continue;
        }
        if (next.child.payload.empty()) return std::unexpected(TrieError::kKeyMismatch);
        if (next.child.payload.size() != Hash32::kSize) return std::unexpected(TrieError::kMalformedNode);
        if (used == nodes.size()) return std::unexpected(TrieError::kMissingNode);
        encoded = nodes[used++];
        if (encoded.size() < Hash32::kSize) return std::unexpected(TrieError::kInlineNodeRepeated);
        if (!equal(crypto::keccak256(encoded), next.child.payload))
            return std::unexpected(TrieError::kHashMismatch);
    }
}

}  // namespace butter::trie
