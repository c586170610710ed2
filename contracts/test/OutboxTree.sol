// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// The outbox of docs/message-format.md over a list in memory, written the plain way, and its proofs.
library OutboxTree {
    function leaf(uint256 index, bytes32 orderId) internal pure returns (bytes32) {
        return keccak256(bytes.concat(hex"00", bytes8(uint64(index)), orderId));
    }

    function node(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return keccak256(bytes.concat(hex"01", left, right));
    }

    function rootOf(uint256 count, bytes32 bagged) internal pure returns (bytes32) {
        return keccak256(bytes.concat(hex"02", bytes8(uint64(count)), bagged));
    }

    /// Root of the perfect tree over `size` leaves from `offset`.
    function mountain(bytes32[] memory leaves, uint256 offset, uint256 size) internal pure returns (bytes32) {
        if (size == 1) return leaves[offset];
        return node(mountain(leaves, offset, size / 2), mountain(leaves, offset + size / 2, size / 2));
    }

    function bag(bytes32[] memory leaves, uint256 count) internal pure returns (bytes32 result) {
        uint256 offset = 0;
        for (uint256 size = 1 << 63; size != 0; size >>= 1) {
            if (count & size == 0) continue;
            bytes32 peak = mountain(leaves, offset, size);
            result = offset == 0 ? peak : node(result, peak);
            offset += size;
        }
    }

    function root(bytes32[] memory leaves, uint256 count) internal pure returns (bytes32) {
        return count == 0 ? bytes32(0) : rootOf(count, bag(leaves, count));
    }

    /// Siblings for the leaves at `positions`, ascending.
    function prove(bytes32[] memory leaves, uint256 count, uint256[] memory positions)
        internal
        pure
        returns (bytes memory siblings)
    {
        uint256 offset = 0;
        bool isStarted = false;
        for (uint256 size = 1 << 63; size != 0; size >>= 1) {
            if (count & size == 0) continue;
            bool[] memory known = new bool[](size);
            bool hasAny = false;
            for (uint256 i = 0; i < positions.length; ++i) {
                if (positions[i] < offset || positions[i] >= offset + size) continue;
                known[positions[i] - offset] = true;
                hasAny = true;
            }
            if (hasAny) {
                if (!isStarted && offset != 0) siblings = bytes.concat(siblings, bag(leaves, offset));
                isStarted = true;
                siblings = bytes.concat(siblings, fold(leaves, offset, size, known));
            } else if (isStarted) {
                siblings = bytes.concat(siblings, mountain(leaves, offset, size));
            }
            offset += size;
        }
    }

    /// Level by level, from left to right: the partner of each known node that is not known itself.
    function fold(bytes32[] memory leaves, uint256 offset, uint256 size, bool[] memory known)
        private
        pure
        returns (bytes memory siblings)
    {
        for (uint256 width = 1; width < size; width *= 2) {
            uint256 nodes = size / width;
            bool[] memory above = new bool[](nodes / 2);
            for (uint256 i = 0; i < nodes; i += 2) {
                if (!known[i] && !known[i + 1]) continue;
                above[i / 2] = true;
                if (known[i] && known[i + 1]) continue;
                uint256 partner = known[i] ? i + 1 : i;
                siblings = bytes.concat(siblings, mountain(leaves, offset + partner * width, width));
            }
            known = above;
        }
    }
}
