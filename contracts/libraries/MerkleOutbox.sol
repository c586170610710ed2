// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MerkleTree} from "./MerkleTree.sol";

/// @title Append-only Merkle mountain range of order ids (docs/message-format.md)
/// @dev The C++ twin is butter/message/outbox.hpp; shared vectors hold the two equal.
library MerkleOutbox {
    /// @param count number of leaves ever appended
    /// @param peaks roots of the mountains; `peaks[h]` is the one of 2^h leaves and is live when bit h of `count` is set
    struct Outbox {
        uint64 count;
        mapping(uint256 height => bytes32) peaks;
    }

    error ProofTooShort();
    error ProofTooLong(uint256 left);
    error NothingToProve();

    function leaf(uint64 index, bytes32 orderId) internal pure returns (bytes32 result) {
        // Same as keccak256(abi.encodePacked(uint8(0), index, orderId)) in scratch space.
        assembly ("memory-safe") {
            mstore(0x00, shl(184, index))
            mstore(0x09, orderId)
            result := keccak256(0x00, 0x29)
        }
    }

    function node(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return MerkleTree.node(left, right);
    }

    function rootOf(uint64 count, bytes32 bag) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(2), count, bag));
    }

    /// @return index of the new leaf
    function append(Outbox storage self, bytes32 orderId) internal returns (uint64 index) {
        index = self.count;
        bytes32 peak = leaf(index, orderId);
        uint256 height = 0;
        for (uint256 bits = index; bits & 1 != 0; bits >>= 1) {
            peak = node(self.peaks[height], peak);
            ++height;
        }
        self.peaks[height] = peak;
        self.count = index + 1;
    }

    /// @notice Root over all leaves; 0 when there is none.
    function root(Outbox storage self) internal view returns (bytes32) {
        uint64 count = self.count;
        if (count == 0) return 0;
        bytes32 bag;
        for (uint256 height = 64; height > 0;) {
            --height;
            if (count >> height & 1 == 0) continue;
            bag = bag == 0 ? self.peaks[height] : node(bag, self.peaks[height]);
        }
        return rootOf(count, bag);
    }

    /// @notice The root that the leaves and siblings make for `count`.
    /// @dev Plain twin: contracts/test/OutboxTree.sol.
    /// @param positions indexes of the leaves, strictly ascending and below the count (checked by the caller); working
    /// space, as are the hashes
    /// @param siblings 32 bytes each, all of them used, in the order of docs/message-format.md
    function computeRoot(uint64 count, uint256[] memory positions, bytes32[] memory hashes, bytes calldata siblings)
        internal
        pure
        returns (bytes32)
    {
        uint256 n = positions.length;
        if (n == 0) revert NothingToProve();
        uint256 at;
        uint256 position;
        uint256 hash;
        assembly ("memory-safe") {
            at := siblings.offset
            position := add(positions, 0x20)
            hash := add(hashes, 0x20)
        }
        uint256 endOfSiblings = at + siblings.length;
        bytes32 bag;
        unchecked {
            // The highest bit in which the first leaf's index differs from the count is the one of its mountain.
            uint256 height = _log2(_load(position) ^ count);
            uint256 offset = uint256(count) >> (height + 1) << (height + 1); // first index of the mountain
            if (offset != 0) (bag, at) = (_sibling(at), at + 32); // all mountains before it
            while (true) {
                uint256 end = offset + (1 << height);
                uint256 inside = _countBelow(end, position, n);
                bytes32 peak;
                if (inside == 0) {
                    (peak, at) = (_sibling(at), at + 32);
                } else {
                    (peak, at) = MerkleTree.fold(position, hash, inside, height, at);
                    n -= inside;
                    position += 32 * inside;
                    hash += 32 * inside;
                }
                bag = bag == 0 ? peak : node(bag, peak);
                offset = end;
                uint256 rest = count - offset;
                if (rest == 0) break;
                while (rest >> (height - 1) == 0) --height;
                --height;
            }
            if (at > endOfSiblings) revert ProofTooShort();
            if (at != endOfSiblings) revert ProofTooLong(endOfSiblings - at);
        }
        return rootOf(count, bag);
    }

    /// @dev How many of `n` ascending numbers at `position` are below `end`.
    function _countBelow(uint256 end, uint256 position, uint256 n) private pure returns (uint256 count) {
        unchecked {
            uint256 first = _load(position);
            if (n == 0 || first >= end) return 0;
            // So many fit in between: all of them are there if the last one of so many is.
            uint256 most = end - first < n ? end - first : n;
            if (_load(position + 32 * (most - 1)) < end) return most;
            count = 1;
            while (_load(position + 32 * count) < end) ++count;
        }
    }

    function _load(uint256 position) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := mload(position)
        }
    }

    function _sibling(uint256 position) private pure returns (bytes32 value) {
        assembly ("memory-safe") {
            value := calldataload(position)
        }
    }

    /// @dev Index of the highest bit of a value of at most 64 bits, which is not 0.
    function _log2(uint256 value) private pure returns (uint256 result) {
        unchecked {
            if (value >> 32 != 0) (result, value) = (32, value >> 32);
            if (value >> 16 != 0) (result, value) = (result + 16, value >> 16);
            if (value >> 8 != 0) (result, value) = (result + 8, value >> 8);
            if (value >> 4 != 0) (result, value) = (result + 4, value >> 4);
            if (value >> 2 != 0) (result, value) = (result + 2, value >> 2);
            if (value >> 1 != 0) result += 1;
        }
    }
}
