// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "../../../contracts/test/Test.sol";
import {CommitteeProof} from "./CommitteeProof.sol";
import {Ssz} from "./Ssz.sol";

contract CommitteeProofReader {
    /// @return root of the tree
    /// @return used how many of `nodes`
    function computeRoot(uint256[] calldata indexes, bytes32[] calldata leaves, uint256 depth, bytes32[] calldata nodes)
        external
        view
        returns (bytes32 root, uint256 used)
    {
        uint256 start;
        uint256 end;
        uint256 position;
        assembly {
            start := mload(0x40)
            end := start
            position := nodes.offset
            for { let i := 0 } lt(i, leaves.length) { i := add(i, 1) } {
                mstore(end, calldataload(add(indexes.offset, shl(5, i))))
                mstore(add(end, 0x20), calldataload(add(leaves.offset, shl(5, i))))
                end := add(end, 0x40)
            }
            mstore(0x40, end)
        }
        uint256 last;
        (root, last) = CommitteeProof.computeRoot(start, end, depth, position);
        used = (last - position) / 32;
    }

    function trailingZeros(uint256 word) external pure returns (uint256) {
        return CommitteeProof.trailingZeros(word);
    }
}

/// The assembly against plain twins.
contract CommitteeProofTest is Test {
    CommitteeProofReader private _reader = new CommitteeProofReader();

    function testFuzz_trailingZeros(uint256 word, uint8 shift) public view {
        word = (word | 1) << shift;
        uint256 count = 0;
        while ((word >> count) & 1 == 0) ++count;
        assertEq(_reader.trailingZeros(word), count);
    }

    struct Tree {
        uint256 depth;
        bytes32[] leaves;
        uint256 known; // bits
        bytes32[] nodes;
        uint256 used;
    }

    /// The root, and on the way the nodes that the known leaves do not give, by levels.
    function fold(Tree memory tree) private pure returns (bytes32) {
        bytes32[] memory level = tree.leaves;
        uint256 known = tree.known;
        tree.nodes = new bytes32[](level.length);
        tree.used = 0;
        while (level.length > 1) {
            bytes32[] memory above = new bytes32[](level.length / 2);
            uint256 knownAbove = 0;
            for (uint256 i = 0; i < above.length; ++i) {
                bool left = (known >> (2 * i)) & 1 != 0;
                bool right = (known >> (2 * i + 1)) & 1 != 0;
                if (left && !right) tree.nodes[tree.used++] = level[2 * i + 1];
                if (right && !left) tree.nodes[tree.used++] = level[2 * i];
                if (left || right) knownAbove |= 1 << i;
                above[i] = sha256(bytes.concat(level[2 * i], level[2 * i + 1]));
            }
            (level, known) = (above, knownAbove);
        }
        if (tree.known == 0) tree.nodes[tree.used++] = level[0];
        return level[0];
    }

    function check(bytes32 seed, uint256 depth, uint256 known) private view {
        uint256 size = 1 << depth;
        known &= type(uint256).max >> (256 - size);
        Tree memory tree = Tree({depth: depth, leaves: new bytes32[](size), known: known, nodes: new bytes32[](0), used: 0});
        uint256 count = 0;
        for (uint256 i = 0; i < size; ++i) {
            tree.leaves[i] = keccak256(abi.encode(seed, i));
            if ((known >> i) & 1 != 0) ++count;
        }
        uint256[] memory indexes = new uint256[](count);
        bytes32[] memory leaves = new bytes32[](count);
        uint256 next = 0;
        for (uint256 i = 0; i < size; ++i) {
            if ((known >> i) & 1 == 0) continue;
            (indexes[next], leaves[next]) = (i, tree.leaves[i]);
            ++next;
        }
        bytes32 expected = fold(tree);
        (bytes32 root, uint256 used) = _reader.computeRoot(indexes, leaves, depth, tree.nodes);
        assertEq(root, expected);
        assertEq(used, tree.used);
        // T-02: every leaf, its place, and every node counts.
        for (uint256 i = 0; i < count; ++i) {
            leaves[i] ^= bytes32(uint256(1));
            (root,) = _reader.computeRoot(indexes, leaves, depth, tree.nodes);
            assertTrue(root != expected, "leaf");
            leaves[i] ^= bytes32(uint256(1));
        }
        for (uint256 i = 0; i < used; ++i) {
            tree.nodes[i] ^= bytes32(uint256(1));
            (root,) = _reader.computeRoot(indexes, leaves, depth, tree.nodes);
            assertTrue(root != expected, "node");
            tree.nodes[i] ^= bytes32(uint256(1));
        }
    }

    function testFuzz_anyLeaves(bytes32 seed, uint8 depth, uint256 known) public view {
        check(seed, depth % 6, known);
    }

    /// All sets of leaves of a small tree.
    function test_everySetOfLeaves() public view {
        for (uint256 known = 0; known < 256; ++known) {
            check(bytes32(known), 3, known);
        }
    }

    function test_aHundredOfLeaves() public view {
        check("seed", 8, uint256(keccak256("some")) & uint256(keccak256("of them")));
    }

    /// T-15: a chain whose precompile fails, or that has none and takes the call as one of an empty account.
    function test_sha256ThatFails() public {
        uint256[] memory indexes = new uint256[](1);
        bytes32[] memory leaves = new bytes32[](1);
        bytes32[] memory nodes = new bytes32[](1);
        vm.mockCallRevert(address(2), "", abi.encode(1));
        vm.expectRevert(Ssz.Sha256Failed.selector);
        _reader.computeRoot(indexes, leaves, 1, nodes);
        vm.clearMockedCalls();
        vm.mockCall(address(2), "", "");
        vm.expectRevert(Ssz.Sha256Failed.selector);
        _reader.computeRoot(indexes, leaves, 1, nodes);
        vm.clearMockedCalls();
        _reader.computeRoot(indexes, leaves, 1, nodes);
    }
}
