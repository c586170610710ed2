// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Perfect binary trees of hashes
/// @notice A node is keccak256(0x01 ‖ left ‖ right), so that none passes for a leaf whose preimage has another size or tag.
library MerkleTree {
    function node(bytes32 left, bytes32 right) internal pure returns (bytes32 result) {
        // Same as keccak256(abi.encodePacked(uint8(1), left, right)) in scratch space.
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore8(0x1f, 1)
            mstore(0x20, left)
            mstore(0x40, right)
            result := keccak256(0x1f, 0x41)
            mstore(0x40, free)
        }
    }

    /// @notice Height of the smallest tree that holds `count` leaves, at least one.
    function heightOf(uint256 count) internal pure returns (uint256 height) {
        unchecked {
            while (1 << height < count) ++height;
        }
    }

    /// @notice Root of the smallest tree that holds `leaves`, at least one; the places left over are zero.
    function root(bytes32[] memory leaves) internal pure returns (bytes32 result) {
        uint256 height = heightOf(leaves.length);
        assembly ("memory-safe") {
            let level := mload(0x40)
            let size := shl(height, 1)
            // A node's input stands behind the level: 0x01 ‖ left ‖ right from `input + 0x1f`.
            let input := add(level, shl(5, size))
            mstore8(add(input, 0x1f), 1)
            for { let i := 0 } lt(i, size) { i := add(i, 1) } {
                let leaf := 0
                if lt(i, mload(leaves)) { leaf := mload(add(add(leaves, 0x20), shl(5, i))) }
                mstore(add(level, shl(5, i)), leaf)
            }
            for {} gt(size, 1) {} {
                size := shr(1, size)
                for { let i := 0 } lt(i, size) { i := add(i, 1) } {
                    let pair := add(level, shl(6, i))
                    mstore(add(input, 0x20), mload(pair))
                    mstore(add(input, 0x40), mload(add(pair, 0x20)))
                    mstore(add(level, shl(5, i)), keccak256(add(input, 0x1f), 0x41))
                }
            }
            result := mload(level)
        }
    }

    /// @notice Folds `n` leaves, at least one, whose positions (ascending) and hashes stand in memory at these places, to the
    /// root of their tree. Both are working space. Level by level, from left to right, the partner of each known node that
    /// is not known itself is taken from the calldata at `at`.
    /// @dev Siblings are read
    /// without looking at their end: beyond it are other bytes of the calldata or zeros, and the caller refuses what was
    /// read too far. Only the low `height` bits of a position count, so places of a larger tree will do.
    /// @return peak the root
    /// @return next position after the last sibling
    function fold(uint256 positions, uint256 hashes, uint256 n, uint256 height, uint256 at)
        internal
        pure
        returns (bytes32 peak, uint256 next)
    {
        assembly ("memory-safe") {
            // 0x01 ‖ left ‖ right, hashed from `tag`
            let left := add(mload(0x40), 0x20)
            let tag := sub(left, 1)
            mstore8(tag, 1)
            let toHash := sub(hashes, positions) // from the place of a position to that of its hash
            for {} and(gt(n, 1), gt(height, 0)) { height := sub(height, 1) } {
                let end := add(positions, shl(5, n))
                let out := positions
                for { let p := positions } lt(p, end) { p := add(p, 0x20) } {
                    let position := mload(p)
                    let partner := add(p, 0x20)
                    switch and(lt(partner, end), eq(mload(partner), or(position, 1)))
                    case 1 {
                        mstore(left, mload(add(p, toHash)))
                        mstore(add(left, 0x20), mload(add(partner, toHash)))
                        p := partner
                    }
                    default {
                        let side := shl(5, and(position, 1))
                        mstore(add(left, side), mload(add(p, toHash)))
                        mstore(add(left, xor(side, 0x20)), calldataload(at))
                        at := add(at, 0x20)
                    }
                    mstore(add(out, toHash), keccak256(tag, 0x41))
                    mstore(out, shr(1, position))
                    out := add(out, 0x20)
                }
                n := shr(5, sub(out, positions))
            }
            peak := mload(hashes)
            for { let position := mload(positions) } height { height := sub(height, 1) } {
                let side := shl(5, and(position, 1))
                mstore(add(left, side), peak)
                mstore(add(left, xor(side, 0x20)), calldataload(at))
                at := add(at, 0x20)
                peak := keccak256(tag, 0x41)
                position := shr(1, position)
            }
            next := at
        }
    }
}
