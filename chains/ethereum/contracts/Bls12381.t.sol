// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "../../../contracts/test/Test.sol";
import {Bls12381, BlsPrecompiles} from "./Bls12381.sol";

/// Keys in calldata, as the library reads them.
contract Bls12381Reader {
    function loadKey(bytes calldata key) external view returns (bytes32 root, bytes memory point) {
        uint256 position;
        assembly {
            position := key.offset
        }
        point = new bytes(128);
        uint256 at;
        assembly {
            at := add(point, 0x20)
        }
        root = Bls12381.loadKey(position, at);
    }

    function negate(bytes memory point) external pure returns (bytes memory) {
        uint256 at;
        assembly {
            at := add(point, 0x20)
        }
        Bls12381.negate(at);
        return point;
    }

    function hashToG2(BlsPrecompiles memory at, bytes32 message) external view returns (bytes memory point) {
        point = new bytes(256);
        uint256 output;
        assembly {
            output := add(point, 0x20)
        }
        Bls12381.hashToG2(at, message, output);
    }
}

/// The assembly against plain twins.
/// forge-config: default.evm_version = "prague"
contract Bls12381Test is Test {
    Bls12381Reader private _reader = new Bls12381Reader();

    bytes private constant P =
        hex"000000000000000000000000000000001a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab";
    bytes private constant HALF_P =
        hex"0d0088f51cbff34d258dd3db21a5d66bb23ba5c279c2895fb39869507b587b120f55ffff58a9ffffdcff7fffffffd555";
    string private constant DOMAIN = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

    function finalPrecompiles() private pure returns (BlsPrecompiles memory) {
        return BlsPrecompiles(address(0x0b), address(0x0d), address(0x0f), address(0x11));
    }

    /// Whether a > b, byte by byte.
    function greater(bytes memory a, bytes memory b) private pure returns (bool) {
        for (uint256 i = 0; i < a.length; ++i) {
            if (a[i] != b[i]) return a[i] > b[i];
        }
        return false;
    }

    function plainKeyRoot(bytes memory x, bytes memory y) private pure returns (bytes32) {
        bytes memory compressed = bytes.concat(x);
        compressed[0] |= greater(y, HALF_P) ? bytes1(0xa0) : bytes1(0x80);
        return sha256(bytes.concat(compressed, new bytes(16)));
    }

    function checkKey(bytes memory x, bytes memory y) private view {
        (bytes32 root, bytes memory point) = _reader.loadKey(bytes.concat(x, y));
        assertEq(root, plainKeyRoot(x, y));
        assertEq(point, bytes.concat(new bytes(16), x, new bytes(16), y));
    }

    function testFuzz_keyRoots(bytes32 xHigh, bytes16 xLow, bytes32 yHigh, bytes16 yLow) public view {
        checkKey(bytes.concat(xHigh, xLow), bytes.concat(yHigh, yLow));
    }

    /// Around half the modulus, where the sign turns: by 1 to 2^376, up and down.
    function test_signsOfKeys() public view {
        bytes memory x = bytes.concat(bytes32(uint256(5)), bytes16(0));
        checkKey(x, HALF_P);
        for (uint256 i = 0; i < 48; ++i) {
            bytes memory y = bytes.concat(HALF_P);
            y[i] = bytes1(uint8(y[i]) == 255 ? 254 : uint8(y[i]) + 1);
            checkKey(x, y);
            y[i] = bytes1(uint8(HALF_P[i]) == 0 ? 1 : uint8(HALF_P[i]) - 1);
            checkKey(x, y);
        }
    }

    /// T-20
    function test_infinityIsNoKey() public {
        vm.expectRevert(Bls12381.BlsInfinity.selector);
        _reader.loadKey(new bytes(96));
    }

    /// -y + y is the modulus, and x stays.
    function testFuzz_negatives(uint256 yHigh, bytes32 xHigh, bytes32 xLow, uint256 yLow) public view {
        yHigh %= 0x1a0111ea397fe69a4b1ba7b6434bacd7;
        bytes memory point = abi.encodePacked(xHigh, xLow, yHigh, yLow);
        bytes memory negative = _reader.negate(point);
        (bytes32 sameHigh, bytes32 sameLow, uint256 high, uint256 low) =
            abi.decode(negative, (bytes32, bytes32, uint256, uint256));
        assertEq(sameHigh, xHigh);
        assertEq(sameLow, xLow);
        uint256 sumLow;
        unchecked {
            sumLow = low + yLow;
        }
        uint256 carry = sumLow < low ? 1 : 0;
        assertEq(abi.encode(high + yHigh + carry, sumLow), P);
        assertEq(_reader.negate(negative), point);
    }

    function call(uint160 precompile, bytes memory input) private view returns (bytes memory output) {
        bool success;
        (success, output) = address(precompile).staticcall(input);
        assertTrue(success, "precompile");
    }

    /// RFC 9380, section by section.
    function plainHashToG2(bytes32 message) private view returns (bytes memory) {
        bytes memory domain = abi.encodePacked(DOMAIN, uint8(bytes(DOMAIN).length));
        bytes32 first = sha256(bytes.concat(new bytes(64), message, hex"010000", domain));
        bytes32[8] memory blocks;
        for (uint256 i = 0; i < 8; ++i) {
            bytes32 before = i == 0 ? bytes32(0) : blocks[i - 1];
            blocks[i] = sha256(abi.encodePacked(first ^ before, uint8(i + 1), domain));
        }
        bytes memory points;
        for (uint256 i = 0; i < 2; ++i) {
            bytes memory u;
            for (uint256 k = 0; k < 2; ++k) {
                bytes32 high = blocks[4 * i + 2 * k];
                bytes32 low = blocks[4 * i + 2 * k + 1];
                u = bytes.concat(u, call(5, abi.encodePacked(uint256(64), uint256(1), uint256(64), high, low, uint8(1), P)));
            }
            points = bytes.concat(points, call(0x11, u));
        }
        return call(0x0d, points);
    }

    function testFuzz_hashToG2(bytes32 message) public view {
        assertEq(_reader.hashToG2(finalPrecompiles(), message), plainHashToG2(message));
    }

    function test_hashOfZero() public view {
        assertEq(
            keccak256(_reader.hashToG2(finalPrecompiles(), 0)),
            bytes32(0xe8ed1eeb1cb5050c1c752cd4f384e6f9cfd264c50584d22d6129f8b1a3683ee0)
        );
    }

    /// T-14: each precompile that answers in another size, or not at all.
    function test_answersOfAnotherSize() public {
        address[4] memory used = [address(2), address(5), address(0x11), address(0x0d)];
        for (uint256 i = 0; i < 4; ++i) {
            vm.mockCall(used[i], "", hex"01");
            vm.expectRevert(abi.encodeWithSelector(Bls12381.BlsPrecompileFailed.selector, used[i]));
            _reader.hashToG2(finalPrecompiles(), 0);
            vm.clearMockedCalls();
        }
    }
}
