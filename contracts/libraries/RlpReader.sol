// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Strict recursive length prefix over calldata
/// @notice Accepts the one canonical encoding of a value and nothing else. A `Cursor` walks items that stand one after
/// another; its bounds are absolute calldata positions. The functions named `...At` do the same without one, for code that
/// reads much: they take the position of an item and the end of the items.
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
        (items.position, items.end) = listOf(encoded);
    }

    /// @notice Bounds of the items of `encoded`, which must be exactly one list.
    function listOf(bytes calldata encoded) internal pure returns (uint256 position, uint256 end) {
        uint256 start;
        assembly ("memory-safe") {
            start := encoded.offset
        }
        (position, end) = listAt(start, start + encoded.length);
        if (end != start + encoded.length) revert RlpTrailingBytes(end);
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

    /// @notice The item at `at`.
    /// @return isList whether it is a list
    /// @return payload its position without the prefix; the next item is at `payload + size`
    /// @return size of the payload in bytes
    function itemAt(uint256 at, uint256 end) internal pure returns (bool isList, uint256 payload, uint256 size) {
        bool isWrong;
        assembly ("memory-safe") {
            // One byte of prefix and up to 8 of length are in the word. A length of 8 bytes is far from overflowing a
            // position.
            let word := calldataload(at)
            let prefix := byte(0, word)
            switch lt(prefix, 0x80)
            case 1 {
                payload := at
                size := 1
                isWrong := iszero(lt(at, end))
            }
            default {
                isList := gt(prefix, 0xbf)
                payload := add(at, 1)
                size := and(prefix, 0x3f)
                switch gt(size, 55)
                case 0 { isWrong := and(eq(prefix, 0x81), lt(byte(1, word), 0x80)) }
                default {
                    payload := add(at, sub(size, 54))
                    size := shr(sub(696, shl(3, size)), shl(8, word)) // 256 - 8 (size - 55)
                    isWrong := or(iszero(byte(1, word)), lt(size, 56))
                }
                isWrong := or(isWrong, gt(add(payload, size), end))
            }
        }
        if (isWrong) _refuse(at, end);
    }

    function bytesAt(uint256 at, uint256 end) internal pure returns (uint256 payload, uint256 size) {
        bool isList;
        (isList, payload, size) = itemAt(at, end);
        if (isList) revert RlpUnexpectedList(at);
    }

    /// @notice Bounds of the items of the list at `at`.
    function listAt(uint256 at, uint256 end) internal pure returns (uint256 position, uint256 listEnd) {
        bool isList;
        (isList, position, listEnd) = itemAt(at, end);
        if (!isList) revert RlpUnexpectedString(at);
        unchecked {
            listEnd += position;
        }
    }

    /// @notice Position of the string at `at`, which must be of `size` bytes.
    function fixedAt(uint256 at, uint256 end, uint256 size) internal pure returns (uint256 payload) {
        unchecked {
            // The usual case has one prefix; everything else goes the long way, which says what is wrong with it.
            if (size > 1 && size <= 55 && _byte(at) == 0x80 + size && at + 1 + size <= end) return at + 1;
        }
        uint256 found;
        (payload, found) = bytesAt(at, end);
        if (found != size) revert RlpWrongSize(found, size);
    }

    /// @notice The integer at `at`, without leading zeros and of at most `sizeMax` bytes (1 to 32), and the position after it.
    function uintAt(uint256 at, uint256 end, uint256 sizeMax) internal pure returns (uint256 value, uint256 next_) {
        unchecked {
            (uint256 payload, uint256 size) = bytesAt(at, end);
            next_ = payload + size;
            if (size == 0) return (0, next_);
            if (size > sizeMax) revert RlpIntegerTooLarge(size);
            if (_byte(payload) == 0) revert RlpNonCanonical(at);
            value = _word(payload) >> (256 - 8 * size);
        }
    }

    /// @notice Steps over the next item.
    /// @return isList whether it is a list
    /// @return payload its position without the prefix
    /// @return size of the payload in bytes
    function next(Cursor memory self) internal pure returns (bool isList, uint256 payload, uint256 size) {
        (isList, payload, size) = itemAt(self.position, self.end);
        unchecked {
            self.position = payload + size;
        }
    }

    /// @notice Steps over the next item and returns it with its prefix.
    function nextRaw(Cursor memory self) internal pure returns (bool isList, uint256 start, uint256 size) {
        start = self.position;
        (isList,,) = next(self);
        size = self.position - start;
    }

    function nextBytes(Cursor memory self) internal pure returns (uint256 payload, uint256 size) {
        (payload, size) = bytesAt(self.position, self.end);
        unchecked {
            self.position = payload + size;
        }
    }

    function nextList(Cursor memory self) internal pure returns (Cursor memory items) {
        (items.position, items.end) = listAt(self.position, self.end);
        self.position = items.end;
    }

    /// @notice The next item as a string of exactly `size` bytes; returns its position.
    function nextFixed(Cursor memory self, uint256 size) internal pure returns (uint256 payload) {
        payload = fixedAt(self.position, self.end, size);
        unchecked {
            self.position = payload + size;
        }
    }

    function nextBytes32(Cursor memory self) internal pure returns (bytes32) {
        return bytes32(_word(nextFixed(self, 32)));
    }

    function nextAddress(Cursor memory self) internal pure returns (address) {
        return address(uint160(_word(nextFixed(self, 20)) >> 96));
    }

    /// @notice The next item as an integer without leading zeros, at most `sizeMax` bytes (1 to 32).
    function nextUint(Cursor memory self, uint256 sizeMax) internal pure returns (uint256 value) {
        (value, self.position) = uintAt(self.position, self.end, sizeMax);
    }

    /// @notice A slice of calldata by position.
    function slice(uint256 start, uint256 size) internal pure returns (bytes calldata result) {
        assembly ("memory-safe") {
            result.offset := start
            result.length := size
        }
    }

    function wordAt(uint256 position) internal pure returns (bytes32) {
        return bytes32(_word(position));
    }

    /// @dev Says what is wrong with the item at `at`.
    function _refuse(uint256 at, uint256 end) private pure {
        unchecked {
            uint256 prefix = _byte(at);
            uint256 lengthSize = prefix & 0x3f > 55 ? (prefix & 0x3f) - 55 : 0;
            if (at >= end || at + 1 + lengthSize > end) revert RlpTooShort(at);
            // All but this are wrong in their first two bytes, or too long, which says less.
            if (lengthSize != 0 && (_byte(at + 1) == 0 || (_word(at) << 8) >> (256 - 8 * lengthSize) <= 55)) {
                revert RlpNonCanonical(at);
            }
            if (prefix == 0x81 && at + 1 < end && _byte(at + 1) < 0x80) revert RlpNonCanonical(at);
            revert RlpTooShort(at);
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
