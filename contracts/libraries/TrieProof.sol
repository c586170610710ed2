// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RlpReader} from "./RlpReader.sol";

/// @title Inclusion proofs of Merkle-Patricia tries (yellow paper, appendix D)
/// @dev The C++ twin is butter/trie/trie.hpp. Nodes shorter than 32 bytes stand inside their parents only; every node
/// given must be used.
library TrieProof {
    using RlpReader for RlpReader.Cursor;

    uint256 private constant BRANCH_ITEMS = 17;
    uint256 private constant HASH_BYTES = 32;

    error TrieMissingNode();
    error TrieHashMismatch(uint256 node);
    error TrieMalformedNode();
    error TrieKeyMismatch();
    error TrieUnusedNodes(uint256 used, uint256 given);
    error TrieNoValue();
    error TrieInlineNodeRepeated(uint256 node);

    /// @param position and size of the node's list of items
    /// @param used nodes consumed
    /// @param keyAt nibbles of the key consumed
    struct Walk {
        RlpReader.Cursor node;
        uint256 used;
        uint256 keyAt;
    }

    /// @notice The value that `nodes` prove for `key` under `root`.
    function verify(bytes32 root, bytes memory key, bytes[] calldata nodes)
        internal
        pure
        returns (bytes calldata value)
    {
        if (nodes.length == 0) revert TrieMissingNode();
        if (keccak256(nodes[0]) != root) revert TrieHashMismatch(0);
        Walk memory walk = Walk({node: RlpReader.list(nodes[0]), used: 1, keyAt: 0});
        value = nodes[0][:0];
        while (true) {
            (bool found, bool isList, uint256 start, uint256 size) = _step(walk, key);
            if (found) {
                if (walk.used != nodes.length) revert TrieUnusedNodes(walk.used, nodes.length);
                return RlpReader.slice(start, size);
            }
            if (isList) {
                // A node inside its parent is shorter than the hash that would otherwise name it.
                if (size >= HASH_BYTES) revert TrieMalformedNode();
                walk.node = RlpReader.list(RlpReader.slice(start, size));
            } else {
                _follow(walk, nodes, start, size);
            }
        }
    }

    /// @dev Enters the node that the reference at `start` (with its prefix) names.
    function _follow(Walk memory walk, bytes[] calldata nodes, uint256 start, uint256 size) private pure {
        if (size == 1) revert TrieKeyMismatch(); // the empty string: nothing is there
        if (size != HASH_BYTES + 1) revert TrieMalformedNode();
        if (walk.used == nodes.length) revert TrieMissingNode();
        bytes calldata node = nodes[walk.used];
        if (node.length < HASH_BYTES) revert TrieInlineNodeRepeated(walk.used);
        if (keccak256(node) != bytes32(RlpReader.slice(start + 1, HASH_BYTES))) revert TrieHashMismatch(walk.used);
        ++walk.used;
        walk.node = RlpReader.list(node);
    }

    /// @dev What the current node says about the rest of the key: the value (`found`), or a reference to follow.
    function _step(Walk memory walk, bytes memory key)
        private
        pure
        returns (bool found, bool isList, uint256 start, uint256 size)
    {
        RlpReader.Cursor memory first = RlpReader.Cursor({position: walk.node.position, end: walk.node.end});
        uint256 count = 0;
        while (!first.isDone()) {
            if (++count > BRANCH_ITEMS) revert TrieMalformedNode();
            first.next();
        }
        if (count == BRANCH_ITEMS) return _stepBranch(walk, key);
        if (count != 2) revert TrieMalformedNode();
        return _stepPath(walk, key);
    }

    function _stepBranch(Walk memory walk, bytes memory key)
        private
        pure
        returns (bool found, bool isList, uint256 start, uint256 size)
    {
        bool isEnd = walk.keyAt == 2 * key.length;
        uint256 index = isEnd ? 16 : _nibble(key, walk.keyAt);
        for (uint256 i = 0; i < index; ++i) {
            walk.node.next();
        }
        if (!isEnd) {
            ++walk.keyAt;
            (isList, start, size) = walk.node.nextRaw();
            return (false, isList, start, size);
        }
        (isList, start, size) = walk.node.next();
        if (isList) revert TrieMalformedNode();
        if (size == 0) revert TrieNoValue();
        return (true, false, start, size);
    }

    function _stepPath(Walk memory walk, bytes memory key)
        private
        pure
        returns (bool found, bool isList, uint256 start, uint256 size)
    {
        (bool pathIsList, uint256 path, uint256 pathSize) = walk.node.next();
        if (pathIsList || pathSize == 0) revert TrieMalformedNode();
        bytes calldata encoded = RlpReader.slice(path, pathSize);
        uint8 flag = uint8(encoded[0]) >> 4;
        if (flag > 3 || (flag & 1 == 0 && uint8(encoded[0]) & 15 != 0)) revert TrieMalformedNode();
        found = flag & 2 != 0;
        uint256 nibbles = 2 * (pathSize - 1) + (flag & 1);
        if (!found && nibbles == 0) revert TrieMalformedNode();
        uint256 left = 2 * key.length - walk.keyAt;
        if (nibbles > left || (found && nibbles != left)) revert TrieKeyMismatch();
        for (uint256 i = 0; i < nibbles; ++i) {
            // Counted from the path's first nibble, which is the flag's low half when their number is odd.
            uint256 at = 2 - (flag & 1) + i;
            uint8 pair = uint8(encoded[at >> 1]);
            if ((at & 1 == 0 ? pair >> 4 : pair & 15) != _nibble(key, walk.keyAt + i)) revert TrieKeyMismatch();
        }
        walk.keyAt += nibbles;
        if (!found) {
            (isList, start, size) = walk.node.nextRaw();
        } else {
            (isList, start, size) = walk.node.next();
            if (isList) revert TrieMalformedNode();
            if (size == 0) revert TrieNoValue();
        }
    }

    function _nibble(bytes memory key, uint256 at) private pure returns (uint8) {
        uint8 pair = uint8(key[at >> 1]);
        return at & 1 == 0 ? pair >> 4 : pair & 15;
    }
}
