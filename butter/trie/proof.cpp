// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "butter/codec/rlp.hpp"
#include "butter/crypto/keccak.hpp"
#include "butter/trie/nibbles.hpp"
#include "butter/trie/trie.hpp"

namespace butter::trie {
namespace {

using codec::RlpItem;
using codec::RlpReader;

constexpr std::size_t kBranchItems = 17;
constexpr std::uint8_t kEmptyNode[] = {0x80};

struct Node {
    std::array<RlpItem, kBranchItems> items;
    std::size_t count = 0;
};

Result<Node, TrieError> decode_node(BytesView encoded) noexcept {
    auto reader = codec::decode_rlp_list(encoded);
    if (!reader) return std::unexpected(TrieError::kMalformedNode);
    Node node;
    while (!reader->is_done()) {
        if (node.count == kBranchItems) return std::unexpected(TrieError::kMalformedNode);
        const auto item = reader->next();
        if (!item) return std::unexpected(TrieError::kMalformedNode);
        node.items[node.count++] = *item;
    }
    if (node.count != 2 && node.count != kBranchItems) return std::unexpected(TrieError::kMalformedNode);
    return node;
}

/// Where a node leads the rest of a key.
struct Step {
    enum class Kind { kValue, kChild, kAbsent };
    Kind kind = Kind::kAbsent;
    RlpItem item;  ///< the value, or the reference to the child
    std::size_t consumed = 0;
    TrieError absence = TrieError::kKeyMismatch;  ///< how `verify_proof` names it
};

Result<Step, TrieError> value_step(const RlpItem& value) noexcept {
    if (value.is_list) return std::unexpected(TrieError::kMalformedNode);
    if (value.payload.empty()) return Step{.item = {}, .absence = TrieError::kNoValue};
    return Step{.kind = Step::Kind::kValue, .item = value};
}

Result<Step, TrieError> child_step(const RlpItem& child, std::size_t consumed) noexcept {
    if (child.is_list) {
        // A node inside its parent is shorter than the hash that would otherwise name it.
        if (child.encoded.size() >= Hash32::kSize) return std::unexpected(TrieError::kMalformedNode);
    } else if (child.payload.size() != Hash32::kSize) {
        return std::unexpected(TrieError::kMalformedNode);
    }
    return Step{.kind = Step::Kind::kChild, .item = child, .consumed = consumed};
}

Result<Step, TrieError> step(const Node& node, const Nibbles& rest) noexcept {
    if (node.count == kBranchItems) {
        if (rest.empty()) return value_step(node.items[kBranchItems - 1]);
        const RlpItem& child = node.items[rest[0]];
        if (!child.is_list && child.payload.empty()) return Step{};
        return child_step(child, 1);
    }
    if (node.items[0].is_list) return std::unexpected(TrieError::kMalformedNode);
    const auto path = decode_path(node.items[0].payload);
    if (!path) return std::unexpected(TrieError::kMalformedNode);
    const std::size_t shared = rest.common_prefix(path->nibbles);
    if (path->is_leaf) {
        if (shared != path->nibbles.size() || shared != rest.size()) return Step{};
        return value_step(node.items[1]);
    }
    if (path->nibbles.empty()) return std::unexpected(TrieError::kMalformedNode);
    if (shared != path->nibbles.size()) return Step{};
    return child_step(node.items[1], path->nibbles.size());
}

Result<Step, TrieError> step_at(BytesView encoded, const Nibbles& rest) noexcept {
    // Only as the root: elsewhere nothing refers to a node that is no list.
    if (equal(encoded, kEmptyNode)) return Step{};
    TRY(const Node node, decode_node(encoded));
    return step(node, rest);
}

/// The step that decides: a value or an absence.
Result<Step, TrieError> walk(const Hash32& root, BytesView key, std::span<const Bytes> nodes) noexcept {
    if (key.size() > kKeyBytesMax) return std::unexpected(TrieError::kKeyMismatch);
    if (nodes.empty()) {
        if (root == kEmptyRoot) return Step{};
        return std::unexpected(TrieError::kMissingNode);
    }
    if (crypto::keccak256(nodes[0]) != root) return std::unexpected(TrieError::kHashMismatch);
    Nibbles rest(key);
    BytesView encoded = nodes[0];
    nodes = nodes.subspan(1);
    // Every child that is followed consumes at least one nibble, so the key's size bounds the loop.
    for (;;) {
        TRY(const Step next, step_at(encoded, rest));
        if (next.kind != Step::Kind::kChild) {
            if (!nodes.empty()) return std::unexpected(TrieError::kUnusedNodes);
            return next;
        }
        rest = rest.after(next.consumed);
        if (next.item.is_list) {
            encoded = next.item.encoded;
            continue;
        }
        if (nodes.empty()) return std::unexpected(TrieError::kMissingNode);
        encoded = nodes[0];
        nodes = nodes.subspan(1);
        if (encoded.size() < Hash32::kSize) return std::unexpected(TrieError::kInlineNodeRepeated);
        if (!equal(crypto::keccak256(encoded), next.item.payload)) {
            return std::unexpected(TrieError::kHashMismatch);
        }
    }
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

Result<Bytes, TrieError> verify_proof(const Hash32& root, BytesView key, std::span<const Bytes> nodes) {
    if (nodes.empty()) return std::unexpected(TrieError::kMissingNode);
    TRY(const Step end, walk(root, key, nodes));
    if (end.kind != Step::Kind::kValue) return std::unexpected(end.absence);
    return to_bytes(end.item.payload);
}

Result<std::optional<Bytes>, TrieError> verify_proof_or_absence(const Hash32& root, BytesView key,
                                                                std::span<const Bytes> nodes) {
    TRY(const Step end, walk(root, key, nodes));
    if (end.kind != Step::Kind::kValue) return std::optional<Bytes>();
    return std::optional<Bytes>(to_bytes(end.item.payload));
}

}  // namespace butter::trie
