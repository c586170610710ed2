// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Strict recursive length prefix over calldata
/// @notice Accepts the one canonical encoding of a value and nothing else. A `Cursor` walks items that stand one after
/// another; its bounds are absolute calldata positions.
/// @dev The C++ twin is butter/codec/rlp.hpp.
library RlpReader {
    /// @param position of the next item
    /// @param end position after the last item
    struct Cursor {
        uint256 position;
        uint256 end;
    }

    error RlpTooShort(uint256 position);
    error RlpTrailingBytes(uint256 position);
    error RlpNonCanonical(uint256 position);
    error RlpUnexpectedList(uint256 position);
    error RlpUnexpectedString(uint256 position);
    error RlpWrongSize(uint256 size, uint256 expected);
    error RlpIntegerTooLarge(uint256 size);

    /// @notice A cursor over the items of `encoded`, which must be exactly one list.
    function list(bytes calldata encoded) internal pure returns (Cursor memory items) {
        Cursor memory outer = over(encoded);
        items = nextList(outer);
        finish(outer);
    }

    /// @notice A cursor over the items that `items` consists of.
    function over(bytes calldata items) internal pure returns (Cursor memory cursor) {
        uint256 start;
        assembly ("memory-safe") {
            start := items.offset
        }
        cursor.position = start;
        cursor.end = start + items.length;
    }

    function isDone(Cursor memory self) internal pure returns (bool) {
        return self.position == self.end;
    }

    /// @notice Fails when items are left.
    function finish(Cursor memory self) internal pure {
        if (self.position != self.end) revert RlpTrailingBytes(self.position);
    }

    /// @notice Steps over the next item.
    /// @return isList whether it is a list
    /// @return payload its position without the prefix
    /// @return size of the payload in bytes
    function next(Cursor memory self) internal pure returns (bool isList, uint256 payload, uint256 size) {
        uint256 at = self.position;
        uint256 end = self.end;
        if (at >= end) revert RlpTooShort(at);
        uint256 prefix = _byte(at);
        if (prefix < 0x80) {
            (payload, size) = (at, 1);
        } else {
            isList = prefix >= 0xc0;
            uint256 short = isList ? prefix - 0xc0 : prefix - 0x80;
            payload = at + 1;
            if (short <= 55) {
                size = short;
                if (!isList && size == 1) {
                    if (payload >= end) revert RlpTooShort(at);
                    if (_byte(payload) < 0x80) revert RlpNonCanonical(at);
                }
            } else {
                uint256 lengthSize = short - 55;
                payload += lengthSize;
                if (payload > end) revert RlpTooShort(at);
                size = _word(at + 1) >> (256 - 8 * lengthSize);
                if (_byte(at + 1) == 0 || size <= 55) revert RlpNonCanonical(at);
            }
        }
        if (size > end - payload) revert RlpTooShort(at);
        self.position = payload + size;
    }

    /// @notice Steps over the next item and returns it with its prefix.
    function nextRaw(Cursor memory self) internal pure returns (bool isList, uint256 start, uint256 size) {
        start = self.position;
        (isList,,) = next(self);
        size = self.position - start;
    }

    function nextBytes(Cursor memory self) internal pure returns (uint256 payload, uint256 size) {
        bool isList;
        uint256 at = self.position;
        (isList, payload, size) = next(self);
        if (isList) revert RlpUnexpectedList(at);
    }

    function nextList(Cursor memory self) internal pure returns (Cursor memory items) {
        uint256 at = self.position;
        (bool isList, uint256 payload, uint256 size) = next(self);
        if (!isList) revert RlpUnexpectedString(at);
        items.position = payload;
        items.end = payload + size;
    }

    /// @notice The next item as a string of exactly `size` bytes; returns its position.
    function nextFixed(Cursor memory self, uint256 size) internal pure returns (uint256 payload) {
        uint256 found;
        (payload, found) = nextBytes(self);
        if (found != size) revert RlpWrongSize(found, size);
    }

    function nextBytes32(Cursor memory self) internal pure returns (bytes32) {
        return bytes32(_word(nextFixed(self, 32)));
    }

    function nextAddress(Cursor memory self) internal pure returns (address) {
        return address(uint160(_word(nextFixed(self, 20)) >> 96));
    }

    /// @notice The next item as an integer without leading zeros, at most `sizeMax` bytes (1 to 32).
    function nextUint(Cursor memory self, uint256 sizeMax) internal pure returns (uint256 value) {
        uint256 at = self.position;
        (uint256 payload, uint256 size) = nextBytes(self);
        if (size == 0) return 0;
        if (size > sizeMax) revert RlpIntegerTooLarge(size);
        if (_byte(payload) == 0) revert RlpNonCanonical(at);
        value = _word(payload) >> (256 - 8 * size);
    }

    /// @notice A slice of calldata by position.
    function slice(uint256 start, uint256 size) internal pure returns (bytes calldata result) {
        assembly ("memory-safe") {
            result.offset := start
            result.length := size
        }
    }

    function _byte(uint256 position) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := byte(0, calldataload(position))
        }
    }

    function _word(uint256 position) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := calldataload(position)
        }
    }
}
