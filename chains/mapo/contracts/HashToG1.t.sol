// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AtlasPacking, MapToCurveHint} from "./AtlasPacking.sol";
import {Bn254} from "./Bn254.sol";
import {HashToG1} from "./HashToG1.sol";
import {MapTest} from "./MapTest.sol";

contract HashHarness {
    function hash(bytes memory message, bytes calldata hints) external view returns (uint256, uint256) {
        uint256 position;
        assembly ("memory-safe") {
            position := hints.offset
        }
        // Hashing leaves the message as it was.
        bytes32 before = keccak256(message);
        (uint256 x, uint256 y) = HashToG1.hash(message, position);
        require(keccak256(message) == before && HashToG1.skipHints(position) == position + hints.length);
        return (x, y);
    }
}

contract HashToG1Test is MapTest {
    uint256 private constant COUNT = 26;

    HashHarness private immutable harness = new HashHarness();
    bytes[] private messages;
    bytes[] private encodedHints;

    function roots(bytes memory packed) private pure returns (uint256[] memory list) {
        list = new uint256[](packed.length / 32);
        for (uint256 i = 0; i < list.length; ++i) {
            uint256 root;
            assembly ("memory-safe") {
                root := mload(add(add(packed, 0x20), mul(i, 0x20)))
            }
            list[i] = root;
        }
    }

    function setUp() public {
        for (uint256 i = 0; i < COUNT; ++i) {
            string memory at = string.concat(".hashes[", vm.toString(i), "]");
            messages.push(bytesAt(string.concat(at, ".message")));
            MapToCurveHint[2] memory hints;
            for (uint256 k = 0; k < 2; ++k) {
                hints[k].inverse = uint256(bytes32(bytesAt(string.concat(at, ".inverse", vm.toString(k)))));
                hints[k].roots = roots(bytesAt(string.concat(at, ".roots", vm.toString(k))));
            }
            encodedHints.push(abi.encode(hints));
        }
    }

    function hintsAt(uint256 i) private view returns (MapToCurveHint[2] memory) {
        return abi.decode(encodedHints[i], (MapToCurveHint[2]));
    }

    /// T-21: the points of the published vectors, made by an independent implementation; all three candidates occur.
    function test_publishedPoints() public view {
        string memory json = vm.readFile("test/vectors/map/hash_to_g1.json");
        uint256 candidates = 0;
        uint256 i = 0;
        for (; vm.keyExistsJson(json, string.concat(".cases[", vm.toString(i), "]")); ++i) {
            string memory at = string.concat(".cases[", vm.toString(i), "]");
            MapToCurveHint[2] memory hints = hintsAt(i);
            candidates |= 1 << hints[0].roots.length | 1 << (4 + hints[1].roots.length);
            (uint256 x, uint256 y) = harness.hash(vm.parseJsonBytes(json, string.concat(at, ".msg")), AtlasPacking.packHints(hints));
            assertEq(x, uint256(vm.parseJsonBytes32(json, string.concat(at, ".H[0]"))));
            assertEq(y, uint256(vm.parseJsonBytes32(json, string.concat(at, ".H[1]"))));
        }
        assertEq(i, COUNT);
        assertEq(candidates, 0xee);
    }

    function refuse(bytes memory message, MapToCurveHint[2] memory hints, uint256 base) private {
        bytes memory packed = AtlasPacking.packHints(hints);
        vm.expectRevert(abi.encodeWithSelector(HashToG1.HintMismatch.selector, base));
        harness.hash(message, packed);
    }

    /// A prover cannot choose another candidate: of three, the first that is a square is the point.
    function test_skippedCandidates() public {
        for (uint256 i = 0; i < COUNT; ++i) {
            bytes memory message = messages[i];
            for (uint256 base = 0; base < 2; ++base) {
                MapToCurveHint[2] memory hints = hintsAt(i);
                uint256[] memory right = hints[base].roots;
                // One candidate fewer, and one more with any root for the one that is a square.
                if (right.length > 1) {
                    hints[base].roots = new uint256[](right.length - 1);
                    for (uint256 k = 0; k + 1 < right.length; ++k) {
                        hints[base].roots[k] = right[k + 1];
                    }
                    refuse(message, hints, base);
                }
                hints[base].roots = new uint256[](right.length + 1);
                for (uint256 k = 0; k < right.length; ++k) {
                    hints[base].roots[k] = right[k];
                }
                hints[base].roots[right.length] = right[right.length - 1];
                refuse(message, hints, base);
            }
        }
    }

    function testFuzz_alteredHints(uint256 which, uint256 base, uint256 change) public {
        uint256 i = which % COUNT;
        base = base % 2;
        MapToCurveHint[2] memory hints = hintsAt(i);
        uint256 at = change % (hints[base].roots.length + 1);
        uint256 bit = 1 << (change % 256);
        if (at == hints[base].roots.length) hints[base].inverse ^= bit;
        else hints[base].roots[at] ^= bit;
        refuse(messages[i], hints, base);
    }

    /// The other root of a square, and roots that are not reduced, lead to the same point or to none.
    function test_otherRoots() public view {
        MapToCurveHint[2] memory hints = hintsAt(0);
        bytes memory message = messages[0];
        (uint256 x, uint256 y) = harness.hash(message, AtlasPacking.packHints(hints));
        for (uint256 k = 0; k < hints[0].roots.length; ++k) {
            hints[0].roots[k] = Bn254.P - hints[0].roots[k];
            (uint256 otherX, uint256 otherY) = harness.hash(message, AtlasPacking.packHints(hints));
            assertEq(otherX, x);
            assertEq(otherY, y);
        }
        hints[0].inverse += Bn254.P;
        (uint256 lastX, uint256 lastY) = harness.hash(message, AtlasPacking.packHints(hints));
        assertEq(lastX, x);
        assertEq(lastY, y);
    }

    function power(uint256 value, uint256 exponent) private pure returns (uint256 result) {
        result = 1;
        for (; exponent != 0; exponent >>= 1) {
            if (exponent & 1 != 0) result = mulmod(result, value, Bn254.P);
            value = mulmod(value, value, Bn254.P);
        }
    }

    /// T-21: an inverse that is none would let the prover choose the point, and with one whose logarithm is known, sign.
    function test_inverseThatChoosesThePoint() public {
        uint256 p = Bn254.P;
        MapToCurveHint[2] memory hints = hintsAt(0);
        bytes memory message = messages[0];
        uint256 t = addmod(
            mulmod(uint256(keccak256(abi.encodePacked(uint8(0), message))), power(2, 256), p),
            uint256(keccak256(abi.encodePacked(uint8(1), message))),
            p
        );
        // x = h1 - h2 t^4 inverse, with h2 = 2 h1 + 1; wanted: x = 1, so that x^3 + 3 = 4, whose root is 2 or -2.
        uint256 h1 = 2203960485148121921418603742825762020974279258880205651966;
        uint256 divisor = mulmod(2 * h1 + 1, power(t, 4), p);
        hints[0].inverse = mulmod(h1 - 1, power(divisor, p - 2), p);
        uint256 square = power(2, (p - 1) / 2) == 1 ? 2 : p - 2;
        hints[0].roots = new uint256[](1);
        hints[0].roots[0] = power(square, (p + 1) / 4);
        refuse(message, hints, 0);
    }

    /// T-15: an addition that answers with a point whose logarithm is known.
    function test_degenerateSum() public {
        bytes memory packed = AtlasPacking.packHints(hintsAt(0));
        for (uint256 x = 0; x < 2; ++x) {
            vm.mockCall(address(6), "", abi.encode(x, 2 * x));
            vm.expectRevert(HashToG1.HashDegenerate.selector);
            harness.hash(messages[0], packed);
        }
        vm.mockCall(address(6), "", abi.encode(2, 5));
        (uint256 other,) = harness.hash(messages[0], packed);
        assertEq(other, 2);
    }

    function test_hintsOfAnotherMessage() public {
        refuse("another message", hintsAt(0), 0);
    }
}
