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
        if (gindex == 0) revert IndexZero();
        uint256 depth = 0;
        while (gindex >> (depth + 1) != 0) ++depth;
        if (branch.length != depth) revert BranchLength(branch.length, depth);
        root = leaf;
        for (uint256 i = 0; i < depth; ++i) {
            root = (gindex >> i) & 1 == 0 ? pair(root, branch[i]) : pair(branch[i], root);
        }
    }

    /// @notice hash_tree_root(BeaconBlockHeader): five fields in a tree of eight leaves.
    function headerRoot(BeaconHeader calldata header) internal view returns (bytes32) {
        bytes32 left = pair(
            pair(little64(header.slot), little64(header.proposerIndex)), pair(header.parentRoot, header.stateRoot)
        );
        bytes32 right = pair(pair(header.bodyRoot, 0), pair(0, 0));
        return pair(left, right);
    }

    /// @notice A uint64 as a chunk: little endian, then zeros.
    function little64(uint64 value) internal pure returns (bytes32) {
        value = ((value & 0xFF00FF00FF00FF00) >> 8) | ((value & 0x00FF00FF00FF00FF) << 8);
        value = ((value & 0xFFFF0000FFFF0000) >> 16) | ((value & 0x0000FFFF0000FFFF) << 16);
        value = (value >> 32) | (value << 32);
        return bytes32(bytes8(value));
    }
}
