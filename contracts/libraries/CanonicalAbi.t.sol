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
}
