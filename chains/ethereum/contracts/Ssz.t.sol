// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "../../../contracts/test/Test.sol";
import {Ssz} from "./Ssz.sol";

contract SszReader {
    function pair(bytes32 left, bytes32 right) external view returns (bytes32) {
        return Ssz.pair(left, right);
    }

    function computeRoot(bytes32 leaf, bytes32[] calldata branch, uint256 gindex) external view returns (bytes32) {
        return Ssz.computeRoot(leaf, branch, gindex);
    }
}

contract SszTest is Test {
    SszReader private _reader = new SszReader();

    function testFuzz_pairIsSha256(bytes32 left, bytes32 right) public view {
        assertEq(Ssz.pair(left, right), sha256(abi.encodePacked(left, right)));
    }

    function testFuzz_littleEndian(uint64 value) public pure {
        uint256 chunk = uint256(Ssz.little64(value));
        for (uint256 i = 0; i < 32; ++i) {
            assertEq((chunk >> (8 * (31 - i))) & 0xff, i < 8 ? (value >> (8 * i)) & 0xff : 0);
        }
    }

    function testFuzz_foldsByTheIndexBits(bytes32 leaf, bytes32 a, bytes32 b) public view {
        bytes32[] memory branch = new bytes32[](2);
        (branch[0], branch[1]) = (a, b);
        // Index 6 = 0b110: left child of a right child.
        bytes32 expected = sha256(abi.encodePacked(b, sha256(abi.encodePacked(leaf, a))));
        assertEq(_reader.computeRoot(leaf, branch, 6), expected);
        assertEq(_reader.computeRoot(leaf, new bytes32[](0), 1), leaf);
    }

    function test_refusesIndexZero() public {
        vm.expectRevert(Ssz.IndexZero.selector);
        _reader.computeRoot(0, new bytes32[](0), 0);
    }

    function test_refusesAnotherDepth() public {
        vm.expectRevert(abi.encodeWithSelector(Ssz.BranchLength.selector, 1, 2));
        _reader.computeRoot(0, new bytes32[](1), 6);
    }

    /// T-15: a chain whose precompile fails, or that has none and takes the call as one of an empty account.
    function test_sha256ThatFails() public {
        bytes32[] memory branch = new bytes32[](1);
        vm.mockCallRevert(address(2), "", abi.encode(1));
        vm.expectRevert(Ssz.Sha256Failed.selector);
        _reader.computeRoot(0, branch, 2);
        vm.expectRevert(Ssz.Sha256Failed.selector);
        _reader.pair(0, 0);
        vm.clearMockedCalls();
        vm.mockCall(address(2), "", "");
        vm.expectRevert(Ssz.Sha256Failed.selector);
        _reader.computeRoot(0, branch, 2);
        vm.expectRevert(Ssz.Sha256Failed.selector);
        _reader.pair(0, 0);
        vm.clearMockedCalls();
        assertEq(_reader.computeRoot(0, branch, 2), _reader.pair(0, 0));
    }
}
