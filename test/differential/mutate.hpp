// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "butter/base/bytes.hpp"
#include "butter/codec/abi.hpp"
#include "test/differential/random.hpp"

/// Small faults in valid objects: in their bytes, and in the structure that the bytes encode.
namespace butter::differential {

/// One or a few of: bits flipped, bytes inserted, deleted, repeated or set to a boundary, a number of 1 to 8
/// bytes set to a boundary, the end cut off or grown.
void mutate_bytes(Bytes& bytes, Random& random);

/// A value that RLP encodes, with the freedom to encode it wrongly.
struct RlpTree {
    bool is_list = false;
    Bytes payload;               ///< of a string
    std::vector<RlpTree> items;  ///< of a list
    /// Written instead of the canonical prefix when set.
    std::optional<Bytes> prefix;

    static RlpTree string(BytesView payload) { return {false, to_bytes(payload), {}, {}}; }
    static RlpTree list(std::vector<RlpTree> items) { return {true, {}, std::move(items), {}}; }
};
/// `encoded` is canonical.
RlpTree read_rlp_tree(BytesView encoded);
Bytes write_rlp_tree(const RlpTree& tree);
/// A fault somewhere in the tree: in a payload, an item too many or too few, a list for a string, a prefix of
/// another form or length.
void mutate_rlp(RlpTree& tree, Random& random);

/// A fault somewhere in a value of `type`: a word, bytes, the number or order of an array's elements. What
/// comes out is still of that type, unless a word leaves its range.
codec::AbiValue mutate_abi(const codec::AbiValue& value, Random& random);

/// `abi.encode(value)` with a fault in the encoding, or none: in a word of it that is an offset, a length or
/// a value, or in any bytes.
Bytes mutated_encoding(const codec::AbiValue& value, Random& random);

/// The nodes of a proof after a fault in one of them, with the hashes above corrected, so that it is the
/// fault that decides. Returns the new root.
Hash32 mutate_trie_nodes(std::vector<Bytes>& nodes, Random& random);

}  // namespace butter::differential
