// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Bls12381} from "./Bls12381.sol";
import {Ssz} from "./Ssz.sol";

/// @title Who of a sync committee signed
/// @notice The committee is known by hash_tree_root(SyncCommittee) alone, which holds the keys and their sum. A proof gives
/// the sum and the keys of the members that did not sign, with one Merkle proof for all of those.
library CommitteeProof {
    uint256 internal constant SIZE_MAX = 512;
    uint256 private constant WORD_BITS = 256;
    uint256 private constant NODE_BYTES = 64;

    error BitsOutOfRange();
    error ParticipationTooLow(uint256 participants, uint256 committeeSize);

    /// @notice The committee's root as the proof has it, and its signers' keys. A proof that names other keys than the
    /// committee's leads to another root: the caller compares.
    /// @param buffer receives the negative sum of the signers' keys (Bls12381)
    /// @param depth of the tree of keys: the committee has 2^depth members
    /// @param first bit i: member i signed
    /// @param second bit i: member 256 + i signed
    /// @param sumPosition of the sum of all keys in the calldata
    /// @param position of what proves the absent members: their keys by ascending index; then the nodes that are missing to
    /// compute the tree of keys from them, level by level from the leaves, left to right (the root when nobody is absent)
    /// @return root the committee's
    /// @return end behind the last node
    function read(
        address g1Add,
        uint256 buffer,
        uint256 depth,
        uint256 first,
        uint256 second,
        uint256 sumPosition,
        uint256 position
    ) internal view returns (bytes32 root, uint256 end) {
        uint256 size = 1 << depth;
        // Bits of absent members.
        if (size == SIZE_MAX) {
            (first, second) = (~first, ~second);
        } else {
            // Shifts by 256 give zero.
            if (second != 0 || first >> size != 0) revert BitsOutOfRange();
            first = ~first & ((1 << size) - 1);
        }
        bytes32 sumRoot = Bls12381.loadKey(sumPosition, buffer);
        Bls12381.negate(buffer);
        uint256 nodes;
        assembly ("memory-safe") {
            nodes := mload(0x40)
        }
        uint256 nodesEnd = _addAbsent(g1Add, buffer, first, second, position, nodes);
        unchecked {
            uint256 participants = size - (nodesEnd - nodes) / NODE_BYTES;
            if (participants == 0 || participants * 3 < size * 2) revert ParticipationTooLow(participants, size);
            uint256 keysEnd = position + (nodesEnd - nodes) / NODE_BYTES * Bls12381.KEY_BYTES;
            (root, end) = computeRoot(nodes, nodesEnd, depth, keysEnd);
        }
        root = Ssz.pair(root, sumRoot);
    }

    /// @notice The root of a tree of which some leaves are known.
    /// @param nodes memory of the known leaves by ascending index, each with its index in front; overwritten
    /// @param position of the missing nodes in the calldata
    function computeRoot(uint256 nodes, uint256 nodesEnd, uint256 depth, uint256 position)
        internal
        view
        returns (bytes32 root, uint256 end)
    {
        bool ok = true;
        assembly ("memory-safe") {
            switch eq(nodes, nodesEnd)
            case 1 {
                root := calldataload(position)
                position := add(position, 32)
            }
            default {
                for {} depth { depth := sub(depth, 1) } {
                    // A level becomes the one above it, in place: no node is written before it was read.
                    let parent := nodes
                    for { let node := nodes } lt(node, nodesEnd) {} {
                        let index := mload(node)
                        let hash := mload(add(node, 32))
                        node := add(node, 64)
                        switch and(index, 1)
                        case 1 {
                            mstore(0x00, calldataload(position))
                            mstore(0x20, hash)
                            position := add(position, 32)
                        }
                        default {
                            mstore(0x00, hash)
                            switch and(lt(node, nodesEnd), eq(mload(node), add(index, 1)))
                            case 1 {
                                mstore(0x20, mload(add(node, 32)))
                                node := add(node, 64)
                            }
                            default {
                                mstore(0x20, calldataload(position))
                                position := add(position, 32)
                            }
                        }
                        mstore(parent, shr(1, index))
                        ok := and(ok, staticcall(gas(), 2, 0x00, 0x40, add(parent, 32), 0x20))
                        ok := and(ok, eq(returndatasize(), 0x20))
                        parent := add(parent, 64)
                    }
                    nodesEnd := parent
                }
                root := mload(add(nodes, 32))
            }
            end := position
        }
        if (!ok) revert Ssz.Sha256Failed();
    }

    /// @dev Adds the keys of the members whose bit is set to the point in the buffer, and their leaves to the nodes.
    function _addAbsent(
        address g1Add,
        uint256 buffer,
        uint256 absent,
        uint256 second,
        uint256 position,
        uint256 nodes
    ) private view returns (uint256 nodesEnd) {
        nodesEnd = nodes;
        unchecked {
            uint256 index = 0;
            while (absent | second != 0) {
                if (absent == 0) (absent, second, index) = (second, 0, WORD_BITS);
                if (absent & 1 == 0) {
                    uint256 skipped = trailingZeros(absent);
                    absent >>= skipped;
                    index += skipped;
                }
                bytes32 leaf = Bls12381.loadKey(position, buffer + Bls12381.G1_BYTES);
                Bls12381.add(g1Add, buffer);
                assembly ("memory-safe") {
                    mstore(nodesEnd, index)
                    mstore(add(nodesEnd, 32), leaf)
                    nodesEnd := add(nodesEnd, 64)
                    mstore(0x40, nodesEnd)
                }
                position += Bls12381.KEY_BYTES;
                absent >>= 1;
                ++index;
            }
        }
    }

    /// @notice The index of the lowest bit that is set. `word` must not be zero.
    function trailingZeros(uint256 word) internal pure returns (uint256 count) {
        assembly ("memory-safe") {
            count := shl(7, iszero(and(word, 0xffffffffffffffffffffffffffffffff)))
            count := or(count, shl(6, iszero(and(shr(count, word), 0xffffffffffffffff))))
            count := or(count, shl(5, iszero(and(shr(count, word), 0xffffffff))))
            count := or(count, shl(4, iszero(and(shr(count, word), 0xffff))))
            count := or(count, shl(3, iszero(and(shr(count, word), 0xff))))
            count := or(count, shl(2, iszero(and(shr(count, word), 0xf))))
            count := or(count, shl(1, iszero(and(shr(count, word), 0x3))))
            count := or(count, iszero(and(shr(count, word), 0x1)))
        }
    }
}
