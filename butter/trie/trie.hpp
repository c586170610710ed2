// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "butter/base/bytes.hpp"
#include "butter/base/result.hpp"

/// Merkle-Patricia tries (yellow paper, appendix D): a trie built once from all its entries, proofs of any of
/// them, and the strict verification of such proofs.
namespace butter::trie {

enum class TrieError {
    kMissingNode = 1,         ///< the proof ends before the key does
    kHashMismatch = 2,        ///< a node is not the one its parent (or the root) names
    kMalformedNode = 3,       ///< not canonical RLP, not 2 or 17 items, a bad path flag, an empty path or a
                              ///< reference of another size than allowed
    kKeyMismatch = 4,         ///< the path leads elsewhere: another key, or nothing, is there
    kUnusedNodes = 5,         ///< nodes after the one that decides
    kNoValue = 6,             ///< the key ends at a branch or leaf without a value
    kInlineNodeRepeated = 7,  ///< a node below 32 bytes given on its own, not inside its parent
};
std::string_view to_string(TrieError error) noexcept;

/// Longest key, in bytes: keys of our tries are hashes or short indexes. Bounds the depth of a trie.
inline constexpr std::size_t kKeyBytesMax = 64;

/// Root of the trie without entries: keccak256 of 0x80.
extern const Hash32 kEmptyRoot;

struct Entry {
    Bytes key;
    Bytes value;
};

/// All nodes of a trie.
class Trie {
  public:
    /// Keys are distinct and at most `kKeyBytesMax` long; values are not empty (that means deletion
    /// elsewhere).
    explicit Trie(std::vector<Entry> entries);

    const Hash32& root() const noexcept { return root_; }
    /// Nodes from the root towards `key`, those inlined in their parents left out. For a key that is not in
    /// the trie they prove its absence. None for the empty trie.
    std::vector<Bytes> proof(BytesView key) const;

  private:
    friend class Builder;
    static constexpr std::uint32_t kNone = ~std::uint32_t{0};

    /// Leaf: an entry and the rest of its key. Extension: `path_size` nibbles, then one child. Branch:
    /// `path_size` 0, sixteen children and perhaps the value of an entry that ends here.
    struct Node {
        std::uint32_t entry = kNone;        ///< the leaf's or branch's value; of an extension, one below it
        std::uint32_t first_child = kNone;  ///< place in `children_`; kNone for a leaf
        std::uint16_t depth = 0;            ///< nibbles of the key before this node's path
        std::uint16_t path_size = 0;
        std::uint32_t size = 0;  ///< of the encoding
        std::size_t offset = 0;  ///< of the encoding in `encoded_`
        Hash32 hash{};           ///< unless inlined

        bool is_leaf() const noexcept { return first_child == kNone; }
    };

    BytesView encoding_of(const Node& node) const noexcept {
        return BytesView(encoded_).subspan(node.offset, node.size);
    }

    Hash32 root_;
    std::vector<Entry> entries_;
    std::vector<Node> nodes_;
    std::vector<std::uint32_t> children_;
    std::uint32_t root_node_ = kNone;
    Bytes encoded_;
};

/// Trie of a block's list, such as its receipts: keys are `rlp(index)`.
Trie make_list_trie(std::span<const Bytes> values);
/// Key of the entry `index` of such a trie.
Bytes list_key(std::uint64_t index);

/// The value that `nodes` prove for `key` under `root`. Every node must be used; inlined nodes stand in their
/// parents only. Does not check that the trie as a whole has its canonical shape: the root commits to it.
Result<Bytes, TrieError> verify_proof(const Hash32& root, BytesView key, std::span<const Bytes> nodes);

/// The same, and absent where `nodes` prove that there is no such key (as eth_getProof does for accounts and
/// slots that do not exist). The empty trie is proven by no node, or by its one node 0x80.
Result<std::optional<Bytes>, TrieError> verify_proof_or_absence(const Hash32& root, BytesView key,
                                                                std::span<const Bytes> nodes);

}  // namespace butter::trie
