// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RlpReader} from "./RlpReader.sol";

/// @title Inclusion proofs of Merkle-Patricia tries (yellow paper, appendix D)
/// @dev The C++ twin is butter/trie/trie.hpp. Nodes shorter than 32 bytes stand inside their parents only; every node
/// given must be used.
library TrieProof {
    uint256 private constant BRANCH_ITEMS = 17;
    uint256 private constant HASH_BYTES = 32;
    uint256 private constant SPAN_SIZE_MASK = type(uint128).max;

    error TrieMissingNode();
    error TrieHashMismatch(uint256 node);
    error TrieMalformedNode();
    error TrieKeyMismatch();
    error TrieUnusedNodes(uint256 used, uint256 given);
    error TrieNoValue();
    error TrieInlineNodeRepeated(uint256 node);

    /// @notice The value that `nodes` prove for `key` under `root`.
    function verify(bytes32 root, bytes memory key, bytes[] calldata nodes)
        internal
        pure
        returns (bytes calldata value)
    {
        return verifySpans(root, key, spansOf(nodes));
    }

    /// @notice Where nodes stand in the calldata, as `verifySpans` takes them.
    function spansOf(bytes[] calldata nodes) internal pure returns (uint256[] memory spans) {
        spans = new uint256[](nodes.length);
        for (uint256 i = 0; i < nodes.length; ++i) {
            bytes calldata node = nodes[i];
            uint256 start;
            assembly ("memory-safe") {
                start := node.offset
            }
            spans[i] = span(start, node.length);
        }
    }

    /// @notice A piece of calldata in one word: its position in the high half, its size in the low.
    function span(uint256 start, uint256 size) internal pure returns (uint256) {
        return start << 128 | size;
    }

    /// @notice `verify` with nodes that stand anywhere in the calldata.
    function verifySpans(bytes32 root, bytes memory key, uint256[] memory spans)
        internal
        pure
        returns (bytes calldata value)
    {
        unchecked {
            value = RlpReader.slice(0, 0);
            uint256 used = 0;
            uint256 keyAt = 0; // nibbles of the key consumed
            (uint256 at, uint256 end) = _enter(spans, used++, root);
            while (true) {
                uint256 index = keyAt == 2 * key.length ? BRANCH_ITEMS - 1 : _nibble(key, keyAt);
                (uint256 items, uint256 child) = _scan(at, end, index);
                bool isValue;
                if (items == BRANCH_ITEMS) {
                    isValue = index == BRANCH_ITEMS - 1;
                    ++keyAt;
                } else if (items == 2) {
                    (isValue, keyAt, child) = _walkPath(at, end, key, keyAt);
                } else {
                    revert TrieMalformedNode();
                }
                (bool isList, uint256 payload, uint256 size) = RlpReader.itemAt(child, end);
                if (isValue) {
                    if (isList) revert TrieMalformedNode();
                    if (size == 0) revert TrieNoValue();
                    if (used != spans.length) revert TrieUnusedNodes(used, spans.length);
                    value = RlpReader.slice(payload, size);
                    break;
                }
                if (isList) {
                    // A node inside its parent is shorter than the hash that would otherwise name it.
                    if (payload + size - child >= HASH_BYTES) revert TrieMalformedNode();
                    (at, end) = (payload, payload + size);
                } else {
                    if (payload + size - child == 1) revert TrieKeyMismatch(); // nothing is there
                    if (size != HASH_BYTES) revert TrieMalformedNode();
                    (at, end) = _enter(spans, used++, RlpReader.wordAt(payload));
                }
            }
        }
    }

    /// @dev Bounds of the items of node `index`, whose hash is given.
    function _enter(uint256[] memory spans, uint256 index, bytes32 hash)
        private
        pure
        returns (uint256 at, uint256 end)
    {
        if (index == spans.length) revert TrieMissingNode();
        uint256 start = spans[index] >> 128;
        uint256 size = spans[index] & SPAN_SIZE_MASK;
        if (index != 0 && size < HASH_BYTES) revert TrieInlineNodeRepeated(index);
        bytes32 found;
        assembly ("memory-safe") {
            let free := mload(0x40)
            calldatacopy(free, start, size)
            found := keccak256(free, size)
        }
        if (found != hash) revert TrieHashMismatch(index);
        return RlpReader.listOf(RlpReader.slice(start, size));
    }

    /// @dev Reads all items of a node. Returns how many there are and where number `index` stands, if there is one.
    function _scan(uint256 at, uint256 end, uint256 index) private pure returns (uint256 items, uint256 child) {
        unchecked {
            while (at != end) {
                // Empty items and hashes, of which most of a branch consists.
                assembly ("memory-safe") {
                    for {} lt(at, end) {} {
                        let prefix := byte(0, calldataload(at))
                        let size := add(1, shl(5, eq(prefix, 0xa0)))
                        if iszero(or(eq(prefix, 0x80), eq(prefix, 0xa0))) { break }
                        if gt(add(at, size), end) { break }
                        if eq(items, index) { child := at }
                        items := add(items, 1)
                        at := add(at, size)
                    }
                }
                if (at != end) {
                    if (items == index) child = at;
                    ++items;
                    (, uint256 payload, uint256 size) = RlpReader.itemAt(at, end);
                    at = payload + size;
                }
                if (items > BRANCH_ITEMS) revert TrieMalformedNode();
            }
        }
    }

    /// @dev Follows the path of an extension or leaf. Returns whether it is a leaf, and where its second item stands.
    function _walkPath(uint256 at, uint256 end, bytes memory key, uint256 keyAt)
        private
        pure
        returns (bool isLeaf, uint256 keyAfter, uint256 second)
    {
        unchecked {
            (bool isList, uint256 path, uint256 size) = RlpReader.itemAt(at, end);
            if (isList || size == 0) revert TrieMalformedNode();
            second = path + size;
            uint256 first = _byte(path);
            uint256 flag = first >> 4;
            if (flag > 3 || (flag & 1 == 0 && first & 15 != 0)) revert TrieMalformedNode();
            isLeaf = flag & 2 != 0;
            uint256 nibbles = 2 * (size - 1) + (flag & 1);
            if (!isLeaf && nibbles == 0) revert TrieMalformedNode();
            uint256 left = 2 * key.length - keyAt;
            if (nibbles > left || (isLeaf && nibbles != left)) revert TrieKeyMismatch();
            keyAfter = keyAt + nibbles;
            // Counted from the path's first nibble, which is the flag's low half when their number is odd.
            for (uint256 i = 2 - (flag & 1); keyAt != keyAfter; ++i) {
                uint256 pair = _byte(path + (i >> 1));
                if ((i & 1 == 0 ? pair >> 4 : pair & 15) != _nibble(key, keyAt++)) revert TrieKeyMismatch();
            }
        }
    }

    /// @dev `at` is within the key.
    function _nibble(bytes memory key, uint256 at) private pure returns (uint256) {
        uint256 pair;
        assembly ("memory-safe") {
            pair := byte(0, mload(add(add(key, 0x20), shr(1, at))))
        }
        return at & 1 == 0 ? pair >> 4 : pair & 15;
    }

    function _byte(uint256 position) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := byte(0, calldataload(position))
        }
    }
}
