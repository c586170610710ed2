// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// Recursive length prefix, written the plain way: what the tests build their proofs with.
library RlpWriter {
    function str(bytes memory value) internal pure returns (bytes memory) {
        if (value.length == 1 && uint8(value[0]) < 0x80) return value;
        return bytes.concat(prefix(value.length, 0x80), value);
    }

    function num(uint256 value) internal pure returns (bytes memory) {
        return str(minimal(value));
    }

    /// A list of items that are encoded already.
    function list(bytes memory items) internal pure returns (bytes memory) {
        return bytes.concat(prefix(items.length, 0xc0), items);
    }

    function minimal(uint256 value) internal pure returns (bytes memory result) {
        uint256 size = 0;
        while (size < 32 && value >> (8 * size) != 0) ++size;
        result = new bytes(size);
        for (uint256 i = 0; i < size; ++i) {
            result[size - 1 - i] = bytes1(uint8(value >> (8 * i)));
        }
    }

    function prefix(uint256 size, uint8 base) internal pure returns (bytes memory) {
        if (size <= 55) return abi.encodePacked(uint8(base + size));
        bytes memory length = minimal(size);
        return abi.encodePacked(uint8(base + 55 + length.length), length);
    }
}
