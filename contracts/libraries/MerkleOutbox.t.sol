// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OutboxTree} from "../test/OutboxTree.sol";
import {Test} from "../test/Test.sol";
import {MerkleOutbox} from "./MerkleOutbox.sol";

contract OutboxHarness {
    using MerkleOutbox for MerkleOutbox.Outbox;

    MerkleOutbox.Outbox private outbox;

    function append(bytes32 orderId) external returns (uint64) {
        return outbox.append(orderId);
    }

    function root() external view returns (bytes32) {
        return outbox.root();
    }

    function node(bytes32 left, bytes32 right) external pure returns (bytes32) {
        return MerkleOutbox.node(left, right);
    }

    function computeRoot(uint64 count, uint256[] memory positions, bytes32[] memory hashes, bytes calldata siblings)
        external
        pure
        returns (bytes32)
    {
        return MerkleOutbox.computeRoot(count, positions, hashes, siblings);
    }
}

/// The buggy variant of T-04, kept to show that the attack below is real: no tags, and no count in the root.
library UntaggedOutbox {
    function node(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return keccak256(bytes.concat(left, right));
    }

    function computeRoot(bytes32 leaf, uint256 position, bytes32[] memory siblings)
        internal
        pure
        returns (bytes32 root)
    {
        root = leaf;
        for (uint256 i = 0; i < siblings.length; ++i) {
            root = position >> i & 1 == 0 ? node(root, siblings[i]) : node(siblings[i], root);
        }
    }
}

contract MerkleOutboxTest is Test {
    uint256 private constant SIZE_MAX = 260;

    OutboxHarness private immutable outbox = new OutboxHarness();
    bytes32[] private leaves;

    function setUp() public {
        for (uint256 i = 0; i < 64; ++i) {
            leaves.push(OutboxTree.leaf(i, orderId(i)));
        }
    }

    function orderId(uint256 index) private pure returns (bytes32) {
        return keccak256(abi.encode("order", index));
    }

    function single(uint256 position) private pure returns (uint256[] memory positions) {
        positions = new uint256[](1);
        positions[0] = position;
    }

    function one(bytes32 hash) private pure returns (bytes32[] memory hashes) {
        hashes = new bytes32[](1);
        hashes[0] = hash;
    }

    /// The positions below `count` whose bit is set, and their leaves.
    function choose(uint256 bits, uint256 count)
        private
        view
        returns (uint256[] memory positions, bytes32[] memory hashes)
    {
        positions = new uint256[](count);
        hashes = new bytes32[](count);
        uint256 chosen = 0;
        for (uint256 i = 0; i < count; ++i) {
            if (bits >> i & 1 == 0) continue;
            positions[chosen] = i;
            hashes[chosen++] = leaves[i];
        }
        assembly ("memory-safe") {
            mstore(positions, chosen)
            mstore(hashes, chosen)
        }
    }

    /// T-04: roots of all sizes, against the plain definition.
    function test_rootsOfAllSizes() public {
        bytes32[] memory list = new bytes32[](SIZE_MAX);
        assertEq(outbox.root(), 0);
        for (uint256 i = 0; i < SIZE_MAX; ++i) {
            list[i] = OutboxTree.leaf(i, orderId(i));
            assertEq(outbox.append(orderId(i)), i);
            uint256 free;
            assembly ("memory-safe") {
                free := mload(0x40)
            }
            assertEq(outbox.root(), OutboxTree.root(list, i + 1));
            // What was computed is not needed again; thrown away, memory stays small.
            assembly {
                mstore(0x40, free)
            }
        }
    }

    function test_everySingleLeafOfEverySize() public view {
        bytes32[] memory list = leaves;
        for (uint256 count = 1; count <= 33; ++count) {
            bytes32 root = OutboxTree.root(list, count);
            for (uint256 i = 0; i < count; ++i) {
                bytes memory siblings = OutboxTree.prove(list, count, single(i));
                assertEq(outbox.computeRoot(uint64(count), single(i), one(list[i]), siblings), root);
            }
        }
    }

    function testFuzz_anySetOfLeaves(uint64 bits, uint8 size) public view {
        uint256 count = bound(size, 1, 64);
        (uint256[] memory positions, bytes32[] memory hashes) = choose(bits, count);
        vm.assume(positions.length != 0);
        bytes memory siblings = OutboxTree.prove(leaves, count, positions);
        assertEq(outbox.computeRoot(uint64(count), positions, hashes, siblings), OutboxTree.root(leaves, count));
    }

    /// Everything the proof consists of is bound: leaf, position, count and each sibling.
    function testFuzz_anythingElseMakesAnotherRoot(uint64 bits, uint8 size, uint256 what, uint256 change) public view {
        uint256 count = bound(size, 1, 64);
        (uint256[] memory positions, bytes32[] memory hashes) = choose(bits, count);
        vm.assume(positions.length != 0);
        bytes memory siblings = OutboxTree.prove(leaves, count, positions);
        uint256 i = change % positions.length;
        uint256 kind = what % 4;
        if (kind == 0) {
            hashes[i] ^= bytes32(1 << (change % 256));
        } else if (kind == 1) {
            // Another place that is still ascending; the same siblings may then be too many or too few.
            uint256 moved = positions[i] ^ 1;
            vm.assume(moved < count);
            vm.assume(i == 0 || positions[i - 1] < moved);
            vm.assume(i + 1 == positions.length || positions[i + 1] > moved);
            positions[i] = moved;
        } else if (kind == 2) {
            vm.assume(siblings.length != 0);
            siblings[change % siblings.length] ^= bytes1(uint8(1 << (change % 8)));
        } else {
            uint256 other = bound(change, positions[positions.length - 1] + 1, 64);
            vm.assume(other != count);
            count = other;
        }
        bytes32 root = OutboxTree.root(leaves, bound(size, 1, 64));
        try outbox.computeRoot(uint64(count), positions, hashes, siblings) returns (bytes32 computed) {
            assertTrue(computed != root, "bound");
        } catch (bytes memory reason) {
            bool isNamed = bytes4(reason) == MerkleOutbox.ProofTooShort.selector
                || bytes4(reason) == MerkleOutbox.ProofTooLong.selector;
            assertTrue(isNamed, "named");
        }
    }

    /// T-03
    function test_siblingsLeftOver() public {
        bytes memory siblings = OutboxTree.prove(leaves, 8, single(3));
        vm.expectRevert(abi.encodeWithSelector(MerkleOutbox.ProofTooLong.selector, 32));
        outbox.computeRoot(8, single(3), one(leaves[3]), bytes.concat(siblings, bytes32(0)));
        vm.expectRevert(abi.encodeWithSelector(MerkleOutbox.ProofTooLong.selector, 1));
        outbox.computeRoot(8, single(3), one(leaves[3]), bytes.concat(siblings, hex"00"));
    }

    function test_siblingsMissing() public {
        bytes memory siblings = OutboxTree.prove(leaves, 8, single(3));
        assembly ("memory-safe") {
            mstore(siblings, sub(mload(siblings), 1))
        }
        vm.expectRevert(MerkleOutbox.ProofTooShort.selector);
        outbox.computeRoot(8, single(3), one(leaves[3]), siblings);
        vm.expectRevert(MerkleOutbox.ProofTooShort.selector);
        outbox.computeRoot(8, single(3), one(leaves[3]), "");
    }

    function test_noLeaf() public {
        vm.expectRevert(MerkleOutbox.NothingToProve.selector);
        outbox.computeRoot(8, new uint256[](0), new bytes32[](0), abi.encodePacked(leaves[0]));
    }

    /// T-04: no inner node of any tree passes for a leaf, whatever count is claimed for it.
    function test_innerNodesAreNoLeaves() public view {
        bytes32[] memory list = leaves;
        for (uint256 count = 2; count <= 17; ++count) {
            bytes32 root = OutboxTree.root(list, count);
            for (uint256 offset = 0; offset + 2 <= count; offset += 2) {
                bytes32 inner = OutboxTree.node(list[offset], list[offset + 1]);
                // The proof of the leaf without its lowest sibling is what the inner node's would be.
                bytes memory siblings = OutboxTree.prove(list, count, single(offset));
                bytes memory above = new bytes(0);
                bool isPartnerFirst = siblings.length >= 32;
                for (uint256 i = 0; isPartnerFirst && i < siblings.length; ++i) {
                    bool isPartner = i / 32 == partnerAt(count, offset);
                    if (!isPartner) above = bytes.concat(above, siblings[i]);
                }
                for (uint256 claimed = 1; claimed <= count; ++claimed) {
                    for (uint256 position = 0; position < claimed; ++position) {
                        try outbox.computeRoot(uint64(claimed), single(position), one(inner), above) returns (
                            bytes32 computed
                        ) {
                            assertTrue(computed != root, "inner node as a leaf");
                        } catch {}
                    }
                }
            }
        }
        // Against the buggy variant the attack succeeds.
        bytes32 forged = UntaggedOutbox.node(list[0], list[1]);
        bytes32 sibling = UntaggedOutbox.node(list[2], list[3]);
        assertEq(UntaggedOutbox.computeRoot(forged, 0, one(sibling)), UntaggedOutbox.node(forged, sibling));
        bytes32[] memory honest = new bytes32[](2);
        (honest[0], honest[1]) = (list[1], sibling);
        assertEq(UntaggedOutbox.computeRoot(forged, 0, one(sibling)), UntaggedOutbox.computeRoot(list[0], 0, honest));
    }

    /// Which sibling is the leaf's partner: the first of its mountain, after the bag of those before.
    function partnerAt(uint256 count, uint256 position) private pure returns (uint256) {
        uint256 offset = 0;
        for (uint256 size = 1 << 63; size != 0; size >>= 1) {
            if (count & size == 0) continue;
            if (position < offset + size) return offset == 0 ? 0 : 1;
            offset += size;
        }
        return 0;
    }

    /// T-03: over the full range of counts, a leaf proven for one count never proves under another.
    function testFuzz_countIsBound(uint64 count, uint64 other) public view {
        vm.assume(count != other && count != 0 && other != 0);
        bytes32 bag = keccak256("bag");
        assertTrue(OutboxTree.rootOf(count, bag) != OutboxTree.rootOf(other, bag), "count");
        // The newest leaf when it is a mountain of its own: one sibling, the bag before it.
        count |= 1;
        if (count == 1) count = 3;
        uint256 position = count - 1;
        assertEq(
            outbox.computeRoot(count, single(position), one(bag), abi.encodePacked(bag)),
            OutboxTree.rootOf(count, OutboxTree.node(bag, bag))
        );
    }

    function testFuzz_nodeIsThePlainHash(bytes32 left, bytes32 right) public view {
        assertEq(outbox.node(left, right), OutboxTree.node(left, right));
    }
}
