// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RlpReader} from "./RlpReader.sol";

/// @title Inclusion proofs of Merkle-Patricia tries (yellow paper, appendix D)
/// @dev The C++ twin is butter/trie/trie.hpp. Nodes shorter than 32 bytes stand inside their parents only; every node
/// given must be used.
library TrieProof {
    uint256 private constant BRANCH_ITEMS = 17;
    uint256 private constant HASH_BYTES = 32;
    uint256 private constant HASH_PREFIX = 0xa0;
    uint256 private constant SPAN_SIZE_MASK = 0xffffffffffffffffffffffffffffffff;

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
            (uint256 used, bytes32 hash) = _walkBranches(root, key, spans);
            uint256 keyAt = used; // nibbles of the key consumed
            (uint256 at, uint256 end) = _enter(spans, used++, hash);
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
                if (items == index) child = at;
                (, uint256 payload, uint256 size) = RlpReader.itemAt(at, end);
                at = payload + size;
                if (++items > BRANCH_ITEMS) revert TrieMalformedNode();
            }
        }
    }

    /// @dev Walks from `root` through the branches above all other nodes, as far as they look as nearly all do: children
    /// are hashes or nothing, there is no value, and the key's way leads to a hash. Of a node that looks different, or
    /// whose hash is not the one it should have, nothing is taken: the caller goes on with it and says what is wrong.
    /// @return used nodes walked through, each of which took one nibble of the key
    /// @return hash of the node that follows
    function _walkBranches(bytes32 root, bytes memory key, uint256[] memory spans)
        private
        pure
        returns (uint256 used, bytes32 hash)
    {
        assembly ("memory-safe") {
            // The position after the empty item or hash at `at`; what else stands there shows in the words.
            function step(at, word) -> next {
                next := add(at, add(1, and(shr(248, word), 0x20)))
            }
            hash := root
            let free := mload(0x40)
            let steps := mload(spans)
            if lt(shl(1, mload(key)), steps) { steps := shl(1, mload(key)) }
            for {} lt(used, steps) { used := add(used, 1) } {
                let start := mload(add(add(spans, 0x20), shl(5, used)))
                let size := and(start, SPAN_SIZE_MASK)
                start := shr(128, start)
                // A list with a length of one byte or two.
                let word := calldataload(start)
                let at := add(start, 2)
                let least := 56
                let listSize := byte(1, word)
                switch byte(0, word)
                case 0xf8 {}
                case 0xf9 {
                    at := add(start, 3)
                    least := 0x100
                    listSize := and(shr(232, word), 0xffff)
                }
                default { break }
                let end := add(start, size)
                if or(lt(listSize, least), xor(add(at, listSize), end)) { break }

                let nibble := byte(0, mload(add(add(key, 0x20), shr(1, used))))
                nibble := and(shr(shl(2, iszero(and(used, 1))), nibble), 0x0f)
                let child := 0
                let any := 0
                let all := not(0)
                for { let group := 0 } lt(group, 16) { group := add(group, 4) } {
                    if eq(group, and(nibble, 12)) { child := at }
                    word := calldataload(at)
                    at := step(at, word)
                    any := or(any, word)
                    all := and(all, word)
                    word := calldataload(at)
                    at := step(at, word)
                    any := or(any, word)
                    all := and(all, word)
                    word := calldataload(at)
                    at := step(at, word)
                    any := or(any, word)
                    all := and(all, word)
                    word := calldataload(at)
                    at := step(at, word)
                    any := or(any, word)
                    all := and(all, word)
                }
                for { let left := and(nibble, 3) } left { left := sub(left, 1) } { child := step(child, calldataload(child)) }
                // Prefixes were 0x80 and 0xa0 only, then there is no value, and that is all.
                let wrong := or(and(byte(0, any), 0x5f), iszero(shr(255, all)))
                wrong := or(wrong, xor(byte(0, calldataload(at)), 0x80))
                wrong := or(wrong, xor(add(at, 1), end))
                if or(wrong, xor(byte(0, calldataload(child)), HASH_PREFIX)) { break }
                calldatacopy(free, start, size)
                if xor(keccak256(free, size), hash) { break }
                hash := calldataload(add(child, 1))
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
