// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RlpWriter} from "../test/RlpWriter.sol";
import {Test} from "../test/Test.sol";
import {TrieWriter} from "../test/TrieWriter.sol";
import {RlpReader} from "./RlpReader.sol";
import {TrieProof} from "./TrieProof.sol";

contract TrieHarness {
    function verify(bytes32 root, bytes memory key, bytes[] calldata nodes) external pure returns (bytes memory) {
        return TrieProof.verify(root, key, nodes);
    }
}

contract TrieProofTest is Test {
    bytes32 private constant LONG = keccak256("a value that makes its leaf longer than a hash");

    TrieHarness private immutable trie = new TrieHarness();
    bytes[] private nodes;

    function value() private pure returns (bytes memory) {
        return abi.encodePacked(LONG, LONG);
    }

    /// Proves `key` by one node, which is the root.
    function one(bytes memory key, bytes memory node) private returns (bytes memory) {
        delete nodes;
        nodes.push(node);
        return trie.verify(keccak256(node), key, nodes);
    }

    /// Proves `key` by a root and one child.
    function two(bytes memory key, bytes memory root, bytes memory child) private returns (bytes memory) {
        delete nodes;
        nodes.push(root);
        nodes.push(child);
        return trie.verify(keccak256(root), key, nodes);
    }

    // ---- published vectors -----------------------------------------------------------------------------------

    function vectorAt(uint256 i, string memory field) private pure returns (string memory) {
        return string.concat("$[", vm.toString(i), "].", field);
    }

    /// As given, the published proofs repeat inlined nodes; without those, the good ones hold.
    function test_publishedProofs() public view {
        string memory json = vm.readFile("test/vectors/trie/optimism_MerkleTrie_vectors.json");
        uint256 accepted = 0;
        uint256 i = 0;
        for (; vm.keyExistsJson(json, vectorAt(i, "name")); ++i) {
            bytes32 root = vm.parseJsonBytes32(json, vectorAt(i, "root"));
            bytes memory key = vm.parseJsonBytes(json, vectorAt(i, "key"));
            bytes[] memory given = vm.parseJsonBytesArray(json, vectorAt(i, "proof"));
            string memory name = vm.parseJsonString(json, vectorAt(i, "name"));
            string memory expected = vm.parseJsonString(json, vectorAt(i, "expect"));
            bytes[] memory strict = withoutInlined(given);
            bool isGood = keccak256(bytes(expected)) != keccak256("reject");
            if (isGood) {
                assertEq(trie.verify(root, key, strict), vm.parseBytes(expected));
                ++accepted;
            } else {
                assertSelector(judge(root, key, strict), withoutInlinedError(name));
            }
            if (!isGood || strict.length != given.length) {
                assertSelector(judge(root, key, given), asGivenError(name));
            }
        }
        assertEq(i, 11);
        assertEq(accepted, 5);
    }

    /// 0 where only what was repeated is wrong.
    function withoutInlinedError(string memory name) private pure returns (bytes4) {
        bytes32 hash = keccak256(bytes(name));
        if (hash == keccak256("wrongKeyProof_reverts")) return TrieProof.TrieMissingNode.selector;
        if (hash == keccak256("zeroBranchValueLength_reverts")) return TrieProof.TrieNoValue.selector;
        if (hash == keccak256("nonexistentKey1_reverts")) return TrieProof.TrieKeyMismatch.selector;
        if (hash == keccak256("smallerPathThanKey1_reverts")) return TrieProof.TrieKeyMismatch.selector;
        return 0;
    }

    function asGivenError(string memory name) private pure returns (bytes4) {
        bytes4 error = withoutInlinedError(name);
        if (error == TrieProof.TrieMissingNode.selector) return TrieProof.TrieInlineNodeRepeated.selector;
        return error == 0 ? TrieProof.TrieUnusedNodes.selector : error;
    }

    function judge(bytes32 root, bytes memory key, bytes[] memory given) private view returns (bytes memory) {
        try trie.verify(root, key, given) {
            return "";
        } catch (bytes memory reason) {
            return reason;
        }
    }

    function withoutInlined(bytes[] memory given) private pure returns (bytes[] memory strict) {
        strict = new bytes[](given.length);
        uint256 count = 0;
        for (uint256 i = 0; i < given.length; ++i) {
            if (i == 0 || given[i].length >= 32) strict[count++] = given[i];
        }
        assembly ("memory-safe") {
            mstore(strict, count)
        }
    }

    /// T-02: every byte of every node of a real proof is bound by the root.
    function test_everyByteOfAProofCounts() public view {
        string memory json = vm.readFile("test/vectors/blocks/goerli_receipt_event_proofs.json");
        bytes32 root = vm.parseJsonBytes32(json, "$[0].receiptsRoot");
        bytes memory key = vm.parseJsonBytes(json, "$[0].key");
        bytes[] memory proof = vm.parseJsonBytesArray(json, "$[0].proof");
        assertEq(trie.verify(root, key, proof), vm.parseJsonBytes(json, "$[0].receipt"));
        for (uint256 i = 0; i < proof.length; ++i) {
            for (uint256 k = 0; k < proof[i].length; ++k) {
                bytes1 original = proof[i][k];
                proof[i][k] = original ^ bytes1(uint8(1 << (k % 8)));
                bytes memory reason = judge(root, key, proof);
                if (reason.length != 36) revert UnequalBytes(reason, "");
                assertSelector(reason, TrieProof.TrieHashMismatch.selector);
                proof[i][k] = original;
            }
        }
    }

    // ---- what holds ------------------------------------------------------------------------------------------

    function test_leafAtTheRoot() public {
        assertEq(one(hex"12ab", TrieWriter.leaf(hex"2012ab", value())), value());
    }

    function test_leafWithOddPathBelowABranch() public {
        bytes memory leaf = TrieWriter.leaf(hex"32ab", value());
        assertEq(two(hex"12ab", TrieWriter.branch(1, leaf, 2, leaf, ""), leaf), value());
    }

    function test_extensionOfOddAndEvenLength() public {
        bytes memory leaf = TrieWriter.leaf(hex"3b", value());
        bytes memory branch = TrieWriter.branch(0xa, leaf, 0, leaf, "");
        bytes memory root = TrieWriter.extension(hex"0012", branch);
        delete nodes;
        nodes.push(root);
        nodes.push(branch);
        nodes.push(leaf);
        assertEq(trie.verify(keccak256(root), hex"12ab", nodes), value());
        // The same with one nibble more in the extension and one less in the leaf.
        bytes memory below = TrieWriter.branch(0xb, TrieWriter.leaf(hex"20", value()), 0, leaf, "");
        root = TrieWriter.extension(hex"112a", below);
        delete nodes;
        nodes.push(root);
        nodes.push(below);
        nodes.push(TrieWriter.leaf(hex"20", value()));
        assertEq(trie.verify(keccak256(root), hex"12ab", nodes), value());
    }

    function test_valueOfABranch() public {
        bytes memory leaf = TrieWriter.leaf(hex"3b", value());
        bytes memory branch = TrieWriter.branch(0xa, leaf, 0, leaf, hex"c0ffee");
        assertEq(two(hex"12", TrieWriter.extension(hex"0012", branch), branch), hex"c0ffee");
    }

    function test_inlinedNodesStandInTheirParent() public {
        bytes memory small = TrieWriter.leaf(hex"32ab", hex"beef");
        assertTrue(small.length < 32, "short");
        assertEq(one(hex"12ab", TrieWriter.branch(1, small, 2, small, "")), hex"beef");
    }

    function testFuzz_leafOfAnyKeyAndValue(bytes calldata key, bytes calldata content) public {
        vm.assume(content.length != 0);
        bytes memory node = TrieWriter.leaf(bytes.concat(hex"20", key), content);
        assertEq(one(key, node), content);
    }

    function testFuzz_anotherKeyIsNotProven(bytes calldata key, bytes calldata other) public {
        vm.assume(keccak256(key) != keccak256(other));
        bytes memory node = TrieWriter.leaf(bytes.concat(hex"20", key), value());
        vm.expectRevert(TrieProof.TrieKeyMismatch.selector);
        this.oneAgain(other, node);
    }

    function oneAgain(bytes memory key, bytes memory node) external returns (bytes memory) {
        return one(key, node);
    }

    function twoAgain(bytes memory key, bytes memory root, bytes memory child) external returns (bytes memory) {
        return two(key, root, child);
    }

    // ---- one test for each error -----------------------------------------------------------------------------

    function test_noNodes() public {
        vm.expectRevert(TrieProof.TrieMissingNode.selector);
        trie.verify(keccak256(""), hex"00", new bytes[](0));
    }

    function test_nodeIsMissing() public {
        bytes memory leaf = TrieWriter.leaf(hex"32ab", value());
        vm.expectRevert(TrieProof.TrieMissingNode.selector);
        this.oneAgain(hex"12ab", TrieWriter.branch(1, leaf, 2, leaf, ""));
    }

    function test_anotherRoot() public {
        bytes memory node = TrieWriter.leaf(hex"2012ab", value());
        nodes.push(node);
        vm.expectRevert(abi.encodeWithSelector(TrieProof.TrieHashMismatch.selector, 0));
        trie.verify(keccak256("another"), hex"12ab", nodes);
    }

    /// T-01: a root of zero proves nothing.
    function test_rootOfZero() public {
        nodes.push(TrieWriter.leaf(hex"2012ab", value()));
        vm.expectRevert(abi.encodeWithSelector(TrieProof.TrieHashMismatch.selector, 0));
        trie.verify(0, hex"12ab", nodes);
    }

    function test_anotherChild() public {
        bytes memory leaf = TrieWriter.leaf(hex"32ab", value());
        bytes memory other = TrieWriter.leaf(hex"32ab", abi.encodePacked(value(), LONG));
        vm.expectRevert(abi.encodeWithSelector(TrieProof.TrieHashMismatch.selector, 1));
        this.twoAgain(hex"12ab", TrieWriter.branch(1, leaf, 2, leaf, ""), other);
    }

    function expectMalformed(bytes memory key, bytes memory node) private {
        vm.expectRevert(TrieProof.TrieMalformedNode.selector);
        this.oneAgain(key, node);
    }

    function test_nodeOfThreeItems() public {
        expectMalformed(hex"12", RlpWriter.list(hex"201280"));
    }

    function test_nodeOf18Items() public {
        expectMalformed(hex"12", RlpWriter.list(hex"808080808080808080808080808080808080"));
    }

    function test_emptyNode() public {
        expectMalformed(hex"12", hex"c0");
    }

    function test_emptyPath() public {
        expectMalformed(hex"12", TrieWriter.leaf("", value()));
    }

    function test_pathThatIsAList() public {
        expectMalformed(hex"12", RlpWriter.list(hex"c22012820102"));
    }

    /// T-07
    function test_flagAboveThree() public {
        expectMalformed(hex"12", TrieWriter.leaf(hex"4012", value()));
        expectMalformed(hex"12", TrieWriter.leaf(hex"f012", value()));
    }

    /// The unused nibble of an even path must be zero, or one leaf had sixteen encodings.
    function test_paddingNibbleSet() public {
        expectMalformed(hex"12", TrieWriter.leaf(hex"2112", value()));
        expectMalformed(hex"12", TrieWriter.leaf(hex"0112", value()));
    }

    function test_extensionWithoutNibbles() public {
        bytes memory leaf = TrieWriter.leaf(hex"2012", value());
        expectMalformed(hex"12", TrieWriter.extension(hex"00", leaf));
    }

    function test_leafWhoseValueIsAList() public {
        expectMalformed(hex"12", RlpWriter.list(hex"822012c101"));
    }

    function test_branchWhoseValueIsAList() public {
        expectMalformed("", RlpWriter.list(hex"80808080808080808080808080808080c101"));
    }

    /// A child of 32 bytes or more is named by its hash and never stands in its parent.
    function test_inlinedNodeThatIsTooLong() public {
        bytes memory leaf = TrieWriter.leaf(hex"32ab", value());
        bytes memory items = bytes.concat(hex"80", leaf, hex"808080808080808080808080808080");
        expectMalformed(hex"12ab", RlpWriter.list(items));
    }

    function test_referenceOfAnotherSize() public {
        expectMalformed(
            hex"12ab",
            RlpWriter.list(bytes.concat(hex"80", RlpWriter.str(new bytes(31)), hex"808080808080808080808080808080"))
        );
        expectMalformed(
            hex"12ab",
            RlpWriter.list(bytes.concat(hex"80", RlpWriter.str(new bytes(33)), hex"808080808080808080808080808080"))
        );
    }

    /// T-07
    function test_leafForAShorterKey() public {
        vm.expectRevert(TrieProof.TrieKeyMismatch.selector);
        this.oneAgain(hex"12ab", TrieWriter.leaf(hex"2012", value()));
    }

    function test_leafForALongerKey() public {
        vm.expectRevert(TrieProof.TrieKeyMismatch.selector);
        this.oneAgain(hex"12", TrieWriter.leaf(hex"2012ab", value()));
    }

    function test_extensionBeyondTheKey() public {
        bytes memory leaf = TrieWriter.leaf(hex"3b", value());
        vm.expectRevert(TrieProof.TrieKeyMismatch.selector);
        this.twoAgain(hex"12", TrieWriter.extension(hex"001234", leaf), leaf);
    }

    function test_emptyChild() public {
        bytes memory leaf = TrieWriter.leaf(hex"32ab", value());
        vm.expectRevert(TrieProof.TrieKeyMismatch.selector);
        this.oneAgain(hex"72ab", TrieWriter.branch(1, leaf, 2, leaf, ""));
    }

    function test_unusedNodes() public {
        bytes memory node = TrieWriter.leaf(hex"2012ab", value());
        vm.expectRevert(abi.encodeWithSelector(TrieProof.TrieUnusedNodes.selector, 1, 2));
        this.twoAgain(hex"12ab", node, node);
    }

    function test_leafWithoutValue() public {
        vm.expectRevert(TrieProof.TrieNoValue.selector);
        this.oneAgain(hex"12", TrieWriter.leaf(hex"2012", ""));
    }

    function test_branchWithoutValue() public {
        bytes memory leaf = TrieWriter.leaf(hex"32ab", value());
        vm.expectRevert(TrieProof.TrieNoValue.selector);
        this.oneAgain("", TrieWriter.branch(1, leaf, 2, leaf, ""));
    }

    /// Where the key ends there is no way on, whatever stands behind it in memory.
    function test_branchBelowTheKey() public {
        bytes memory leaf = TrieWriter.leaf(hex"2012", value());
        vm.expectRevert(TrieProof.TrieNoValue.selector);
        this.twoAgain("", TrieWriter.branch(0, leaf, 2, leaf, ""), leaf);
    }

    /// T-02: of a branch with 16 children, each stands for its nibble only.
    function test_everyChildOfABranch() public {
        bytes[16] memory leaves;
        bytes memory items;
        for (uint256 i = 0; i < 16; ++i) {
            leaves[i] = TrieWriter.leaf(hex"3b", abi.encodePacked(LONG, i));
            items = bytes.concat(items, TrieWriter.ref(leaves[i]));
        }
        bytes memory branch = RlpWriter.list(bytes.concat(items, hex"80"));
        for (uint256 i = 0; i < 16; ++i) {
            for (uint256 k = 0; k < 16; ++k) {
                bytes memory key = abi.encodePacked(uint8(i << 4 | 0xb));
                if (k != i) {
                    vm.expectRevert(abi.encodeWithSelector(TrieProof.TrieHashMismatch.selector, 1));
                    this.twoAgain(key, branch, leaves[k]);
                } else {
                    assertEq(two(key, branch, leaves[k]), abi.encodePacked(LONG, i));
                }
            }
        }
    }

    /// T-09: a branch whose length has more bytes than it needs is none, even with the hash that its parent has.
    function test_branchesOfOtherEncodings() public {
        bytes memory leaf = TrieWriter.leaf(hex"32ab", value());
        // One child: 16 + 33 bytes; six: 11 + 6 * 33.
        for (uint256 children = 1; children <= 6; children += 5) {
            bytes memory items;
            for (uint256 i = 0; i < 17; ++i) {
                items = bytes.concat(items, i >= 1 && i <= children ? TrieWriter.ref(leaf) : bytes(hex"80"));
            }
            assertEq(two(hex"12ab", RlpWriter.list(items), leaf), value());
            bytes memory wider = children == 1
                ? abi.encodePacked(uint8(0xf8), uint8(items.length), items)
                : abi.encodePacked(uint8(0xf9), uint16(items.length), items);
            vm.expectPartialRevert(RlpReader.RlpNonCanonical.selector);
            this.twoAgain(hex"12ab", wider, leaf);
        }
    }

    /// A byte below 0x80 is an item by itself, not the prefix of the bytes behind it.
    function test_branchWithAByteLikeAPrefix() public {
        bytes memory leaf = TrieWriter.leaf(hex"32ab", value());
        bytes memory items = hex"80";
        for (uint256 i = 1; i < 17; ++i) {
            bytes memory item = i == 1 ? TrieWriter.ref(leaf) : i == 2 ? abi.encodePacked(uint8(0x20), LONG) : bytes(hex"80");
            items = bytes.concat(items, item);
        }
        vm.expectRevert();
        this.twoAgain(hex"12ab", RlpWriter.list(items), leaf);
    }

    /// A node below 32 bytes that is named by its hash all the same.
    function test_shortNodeByHash() public {
        bytes memory leaf = TrieWriter.leaf(hex"32ab", hex"beef");
        bytes memory byHash = RlpWriter.str(abi.encodePacked(keccak256(leaf)));
        vm.expectRevert(abi.encodeWithSelector(TrieProof.TrieInlineNodeRepeated.selector, 1));
        this.twoAgain(
            hex"12ab", RlpWriter.list(bytes.concat(hex"80", byHash, hex"808080808080808080808080808080")), leaf
        );
    }

    function test_nodeThatIsAString() public {
        vm.expectPartialRevert(RlpReader.RlpUnexpectedString.selector);
        this.oneAgain(hex"12", RlpWriter.str(value()));
    }

    function test_nodeWithTrailingBytes() public {
        vm.expectPartialRevert(RlpReader.RlpTrailingBytes.selector);
        this.oneAgain(hex"12", bytes.concat(TrieWriter.leaf(hex"2012", value()), hex"00"));
    }
}
