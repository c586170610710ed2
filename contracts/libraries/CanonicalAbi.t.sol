// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "../test/Test.sol";
import {CanonicalAbi} from "./CanonicalAbi.sol";

/// A struct with a static member and bytes, read as the light clients read theirs.
contract CanonicalReader {
    using CanonicalAbi for CanonicalAbi.Tail;

    struct Pair {
        uint256 number;
        bytes data;
    }

    function check(bytes calldata encoded) external pure {
        (CanonicalAbi.Tail memory tail, uint256 start) = CanonicalAbi.open(encoded, 2);
        tail.nextBytes(start, 1);
        tail.close();
    }
}

contract CanonicalListReader {
    struct List {
        uint256[] numbers;
    }

    function check(bytes calldata encoded) external pure returns (uint256 count) {
        (CanonicalAbi.Tail memory tail, uint256 start) = CanonicalAbi.open(encoded, 1);
        (, count) = CanonicalAbi.nextArray(tail, start, 0, 1);
        CanonicalAbi.close(tail);
    }
}

contract CanonicalAbiTest is Test {
    CanonicalReader private _reader = new CanonicalReader();

    function encode(uint256 number, bytes memory data) private pure returns (bytes memory) {
        return abi.encode(CanonicalReader.Pair({number: number, data: data}));
    }

    function refuses(bytes memory encoded) private {
        vm.expectPartialRevert(CanonicalAbi.NotCanonical.selector);
        _reader.check(encoded);
    }

    function testFuzz_acceptsWhatTheCompilerEncodes(uint256 number, bytes calldata data) public view {
        _reader.check(encode(number, data));
    }

    function testFuzz_refusesAnotherOffset(uint256 offset) public {
        bytes memory encoded = encode(1, hex"0102");
        vm.assume(offset != 0x40);
        assembly ("memory-safe") {
            mstore(add(encoded, 0x60), offset)
        }
        refuses(encoded);
    }

    function testFuzz_refusesAnotherStart(uint256 offset) public {
        bytes memory encoded = encode(1, hex"0102");
        vm.assume(offset != 0x20);
        assembly ("memory-safe") {
            mstore(add(encoded, 0x20), offset)
        }
        refuses(encoded);
    }

    function testFuzz_refusesALengthBeyondTheEnd(uint256 length) public {
        bytes memory encoded = encode(1, hex"0102");
        length = bound(length, 33, type(uint256).max);
        assembly ("memory-safe") {
            mstore(add(encoded, 0x80), length)
        }
        refuses(encoded);
    }

    function test_refusesDirtyPadding() public {
        bytes memory encoded = encode(1, hex"0102");
        encoded[encoded.length - 1] = 0x01;
        refuses(encoded);
    }

    function testFuzz_refusesBytesLeftOver(uint8 size) public {
        vm.assume(size != 0);
        refuses(bytes.concat(encode(1, hex"0102"), new bytes(size)));
    }

    function test_refusesTooShort() public {
        bytes memory encoded = encode(1, hex"0102");
        assembly ("memory-safe") {
            mstore(encoded, sub(mload(encoded), 32))
        }
        refuses(encoded);
    }

    /// A length behind the end, so large that what it adds brings the position back to the end.
    function test_refusesALengthThatWraps() public {
        bytes memory encoded = encode(1, "");
        assembly ("memory-safe") {
            mstore(encoded, 0x60) // without the length
        }
        bytes memory input = bytes.concat(abi.encodeCall(_reader.check, (encoded)), bytes32(type(uint256).max - 31));
        (bool success, bytes memory reason) = address(_reader).call(input);
        assertTrue(!success, "refused");
        assertEq(bytes32(bytes4(reason)), bytes32(CanonicalAbi.NotCanonical.selector));
    }

    /// Counts of which some are congruent to the right one when they are multiplied by the size of an element.
    function testFuzz_refusesAnotherCount(uint256 count) public {
        CanonicalListReader reader = new CanonicalListReader();
        bytes memory encoded = abi.encode(CanonicalListReader.List({numbers: new uint256[](2)}));
        assertEq(reader.check(encoded), 2);
        vm.assume(count != 2);
        uint256[3] memory counts = [count, 2 + (1 << 251), 2 + (1 << 255)];
        for (uint256 i = 0; i < counts.length; ++i) {
            uint256 other = counts[i];
            assembly ("memory-safe") {
                mstore(add(encoded, 0x60), other)
            }
            vm.expectPartialRevert(CanonicalAbi.NotCanonical.selector);
            reader.check(encoded);
        }
    }
}
