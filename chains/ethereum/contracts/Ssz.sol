// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// A beacon block header (consensus-specs phase0).
struct BeaconHeader {
    uint64 slot;
    uint64 proposerIndex;
    bytes32 parentRoot;
    bytes32 stateRoot;
    bytes32 bodyRoot;
}

/// @title Simple serialize: roots and Merkle branches by generalized index (consensus-specs ssz/merkle-proofs)
library Ssz {
    /// sha256 of 64 zero bytes.
    bytes32 private constant PAIR_OF_ZEROS = 0xf5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b;

    error BranchLength(uint256 given, uint256 expected);
    error Sha256Failed();
    /// No node has this generalized index.
    error IndexZero();

    function pair(bytes32 left, bytes32 right) internal view returns (bytes32 result) {
        bool ok;
        assembly ("memory-safe") {
            mstore(0x00, left)
            mstore(0x20, right)
            ok := staticcall(gas(), 2, 0x00, 0x40, 0x00, 0x20)
            ok := and(ok, eq(returndatasize(), 0x20))
            result := mload(0x00)
        }
        if (!ok) revert Sha256Failed();
    }

    /// @notice The root that `leaf` has with `branch`, siblings from the leaf up, at generalized index `gindex`.
    function computeRoot(bytes32 leaf, bytes32[] calldata branch, uint256 gindex)
        internal
        view
        returns (bytes32 root)
    {
        uint256 position;
        uint256 end;
        assembly ("memory-safe") {
            position := branch.offset
        }
        (root, end) = fold(leaf, position, gindex);
        unchecked {
            uint256 expected = (end - position) / 32;
            if (branch.length != expected) revert BranchLength(branch.length, expected);
        }
    }

    /// @notice The same with the siblings at `position` of the calldata, as many as the index is deep.
    /// @return root of the tree
    /// @return end behind the last sibling; not checked to be within what the caller was given
    function fold(bytes32 leaf, uint256 position, uint256 gindex) internal view returns (bytes32 root, uint256 end) {
        if (gindex == 0) revert IndexZero();
        bool ok = true;
        root = leaf;
        end = position;
        assembly ("memory-safe") {
            for {} gt(gindex, 1) { gindex := shr(1, gindex) } {
                // The node is the right one of the two when its index is odd.
                let side := shl(5, and(gindex, 1))
                mstore(side, root)
                mstore(xor(side, 0x20), calldataload(end))
                end := add(end, 0x20)
                ok := and(ok, staticcall(gas(), 2, 0x00, 0x40, 0x00, 0x20))
                ok := and(ok, eq(returndatasize(), 0x20))
                root := mload(0x00)
            }
        }
        if (!ok) revert Sha256Failed();
    }

    /// @notice hash_tree_root(BeaconBlockHeader): five fields in a tree of eight leaves.
    function headerRoot(BeaconHeader memory header) internal view returns (bytes32) {
        bytes32 left = pair(
            pair(little64(header.slot), little64(header.proposerIndex)), pair(header.parentRoot, header.stateRoot)
        );
        return pair(left, pair(pair(header.bodyRoot, 0), PAIR_OF_ZEROS));
    }

    /// @notice A uint64 as a chunk: little endian, then zeros.
    function little64(uint64 value) internal pure returns (bytes32) {
        value = ((value & 0xFF00FF00FF00FF00) >> 8) | ((value & 0x00FF00FF00FF00FF) << 8);
        value = ((value & 0xFFFF0000FFFF0000) >> 16) | ((value & 0x0000FFFF0000FFFF) << 16);
        value = (value >> 32) | (value << 32);
        return bytes32(bytes8(value));
    }
}
