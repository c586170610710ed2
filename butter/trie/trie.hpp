// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <span>
#include <string_view>
#include <vector>

#include "butter/base/bytes.hpp"
#include "butter/base/result.hpp"

/// Merkle-Patricia tries (yellow paper, appendix D): a trie built once from all its entries, proofs of any of
/// them, and the strict verification of such proofs.
namespace butter::trie {

enum class TrieError {
    kMissingNode = 1,   ///< the proof ends before the key does
    kHashMismatch = 2,  ///< a node is not the one its parent (or the root) names
    kMalformedNode =
        3,  ///< not canonical RLP, not 2 or 17 items, a bad path flag, an empty path where none may be
    kKeyMismatch = 4,         ///< the path leads elsewhere: another key, or nothing, is there
    kUnusedNodes = 5,         ///< nodes after the one that holds the value
    kNoValue = 6,             ///< the key ends at a branch without a value
    kInlineNodeRepeated = 7,  ///< a node below 32 bytes given on its own, not inside its parent
};
std::string_view to_string(TrieError error) noexcept;

/// Longest key a proof is followed for, in bytes: keys of our tries are hashes or short indexes.
inline constexpr std::size_t kKeyBytesMax = 64;

/// All nodes of a trie. Entries with an empty value are not allowed (they mean deletion elsewhere).
class Trie {
  public:
    using Entries = std::map<Bytes, Bytes>;
    explicit Trie(const Entries& entries);

    /// keccak256 of the root node; of the empty string's RLP for the empty trie.
    const Hash32& root() const noexcept { return root_; }
    /// Nodes from the root to the entry, those inlined in their parents left out. The key must be one of the
    /// entries'.
    std::vector<Bytes> proof(BytesView key) const;

  private:
    Hash32 root_;
    std::map<Hash32, Bytes> nodes_;
};

/// Trie of a block's list, such as its receipts: keys are `rlp(index)`.
Trie make_list_trie(std::span<const Bytes> values);
/// Key of the entry `index` of such a trie.
Bytes list_key(std::uint64_t index);

/// The value that `nodes` prove for `key` under `root`. Every node must be used; inlined nodes stand in their
/// parents only.
Result<Bytes, TrieError> verify_proof(const Hash32& root, BytesView key, std::span<const Bytes> nodes);

}  // namespace butter::trie
