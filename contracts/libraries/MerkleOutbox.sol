// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

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

    function leaf(uint64 index, bytes32 orderId) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(0), index, orderId));
    }

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

    /// @dev Leaves on their way to the root; both arrays are working space.
    /// @param positions indexes of the leaves, strictly ascending and below the count (checked by the caller)
    /// @param taken leaves already folded
    /// @param at bytes of siblings already used
    struct Folding {
        uint256[] positions;
        bytes32[] hashes;
        uint256 taken;
        uint256 at;
    }

    /// @notice The root that the leaves and siblings make for `count`.
    /// @param siblings 32 bytes each, all of them used, in the order of docs/message-format.md
    function computeRoot(uint64 count, uint256[] memory positions, bytes32[] memory hashes, bytes calldata siblings)
        internal
        pure
        returns (bytes32)
    {
        if (positions.length == 0) revert NothingToProve();
        Folding memory folding = Folding({positions: positions, hashes: hashes, taken: 0, at: 0});
        bytes32 bag;
        uint256 offset = 0; // first index of the mountain
        for (uint256 height = 64; height > 0;) {
            --height;
            if (count >> height & 1 == 0) continue;
            uint256 end = offset + (1 << height);
            if (folding.taken == 0 && positions[0] >= end) {
                // Before the first leaf: part of the bag that is the first sibling.
                offset = end;
                continue;
            }
            if (folding.taken == 0 && offset != 0) bag = _take(folding, siblings);
            bytes32 peak = _peak(folding, offset, end, height, siblings);
            bag = bag == 0 ? peak : node(bag, peak);
            offset = end;
        }
        if (folding.at != siblings.length) revert ProofTooLong(siblings.length - folding.at);
        return rootOf(count, bag);
    }

    /// @dev Root of the mountain over indexes `offset..end`: a sibling if it holds none of the leaves, else folded from
    /// them.
    function _peak(Folding memory folding, uint256 offset, uint256 end, uint256 height, bytes calldata siblings)
        private
        pure
        returns (bytes32)
    {
        uint256[] memory positions = folding.positions;
        bytes32[] memory hashes = folding.hashes;
        uint256 from = folding.taken;
        uint256 to = from;
        while (to < positions.length && positions[to] < end) positions[to++] -= offset;
        if (to == from) return _take(folding, siblings);
        folding.taken = to;
        for (uint256 level = 0; level < height; ++level) {
            uint256 out = from;
            for (uint256 i = from; i < to; ++i) {
                uint256 position = positions[i];
                bytes32 hash = hashes[i];
                if (position & 1 != 0) {
                    hash = node(_take(folding, siblings), hash);
                } else if (i + 1 < to && positions[i + 1] == position + 1) {
                    hash = node(hash, hashes[++i]);
                } else {
                    hash = node(hash, _take(folding, siblings));
                }
                hashes[out] = hash;
                positions[out++] = position >> 1;
            }
            to = out;
        }
        return hashes[from];
    }

    function _take(Folding memory folding, bytes calldata siblings) private pure returns (bytes32) {
        uint256 at = folding.at;
        if (at + 32 > siblings.length) revert ProofTooShort();
        folding.at = at + 32;
        return bytes32(siblings[at:]);
    }
}
