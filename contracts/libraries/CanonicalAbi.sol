// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The one encoding that `abi.encode` makes of a value
/// @notice Solidity reads structs in calldata by whatever offsets they hold: tails may be shared, out of order, padded with
/// anything, or even lie outside the bytes that are read. The program's decoder accepts the canonical encoding alone; so do
/// the light clients, by walking over the offsets and lengths before they read. Tails must stand in the order of their
/// members, without gaps, and the last one must end where the bytes do.
/// @dev Positions only grow, by lengths that are bounded first, and `close` holds the last one against the end: until then
/// what was walked over may lie outside. Does not check that words are in the range of their type, which Solidity does when
/// it reads them. The C++ twin is `decode_abi` of butter/codec/abi.hpp.
library CanonicalAbi {
    /// @param at where the next tail must begin
    /// @param end of the bytes
    struct Tail {
        uint256 at;
        uint256 end;
    }

    uint256 private constant WORD = 32;

    /// The encoding is not the canonical one at this position of the calldata.
    error NotCanonical(uint256 position);

    /// @notice Begins with `abi.encode(struct)` whose head is `headWords` long.
    /// @return tail where its first dynamic member must be
    /// @return start of the struct
    function open(bytes calldata data, uint256 headWords) internal pure returns (Tail memory tail, uint256 start) {
        uint256 offset;
        assembly ("memory-safe") {
            offset := data.offset
        }
        start = offset + WORD;
        tail = Tail({at: start + headWords * WORD, end: offset + data.length});
        if (_word(offset) != WORD) revert NotCanonical(offset);
    }

    /// @notice Fails when bytes are left.
    function close(Tail memory self) internal pure {
        if (self.at != self.end) revert NotCanonical(self.at);
    }

    /// @notice The tail of head word `member` of the sequence at `start`, which begins with `headWords` words.
    function next(Tail memory self, uint256 start, uint256 member, uint256 headWords)
        internal
        pure
        returns (uint256 position)
    {
        unchecked {
            position = self.at;
            uint256 head = start + WORD * member;
            if (_word(head) != position - start) revert NotCanonical(head);
            self.at = position + WORD * headWords;
        }
    }

    /// @notice The same for bytes.
    function nextBytes(Tail memory self, uint256 start, uint256 member) internal pure {
        unchecked {
            uint256 position = next(self, start, member, 1);
            uint256 size = _word(position);
            if (size > self.end) revert NotCanonical(position);
            self.at += (size + WORD - 1) & ~(WORD - 1);
            uint256 used = size & (WORD - 1);
            if (used != 0 && _word(self.at - WORD) << (8 * used) != 0) revert NotCanonical(self.at);
        }
    }

    /// @notice The same for an array whose elements take `elementWords` words each in the array's head.
    /// @return elements position of the first one
    /// @return count how many there are
    function nextArray(Tail memory self, uint256 start, uint256 member, uint256 elementWords)
        internal
        pure
        returns (uint256 elements, uint256 count)
    {
        unchecked {
            uint256 position = next(self, start, member, 1);
            elements = position + WORD;
            count = _word(position);
            if (count > self.end) revert NotCanonical(position);
            self.at += WORD * elementWords * count;
        }
    }

    function nextBytesArray(Tail memory self, uint256 start, uint256 member) internal pure {
        unchecked {
            (uint256 elements, uint256 count) = nextArray(self, start, member, 1);
            for (uint256 i = 0; i < count; ++i) nextBytes(self, elements, i);
        }
    }

    /// @notice The same for `ReceiptProof[]`.
    function nextReceipts(Tail memory self, uint256 start, uint256 member) internal pure {
        unchecked {
            (uint256 elements, uint256 count) = nextArray(self, start, member, 1);
            for (uint256 i = 0; i < count; ++i) {
                uint256 receipt = next(self, elements, i, 3);
                nextBytesArray(self, receipt, 1);
                nextArray(self, receipt, 2, 1);
            }
        }
    }

    /// @notice Fails unless head word `member` of the sequence at `start` is a uint64.
    function checkUint64(uint256 start, uint256 member) internal pure {
        if (_word(start + WORD * member) >> 64 != 0) revert NotCanonical(start + WORD * member);
    }

    function _word(uint256 position) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := calldataload(position)
        }
    }
}
