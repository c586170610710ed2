// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RlpWriter} from "../test/RlpWriter.sol";
import {Test} from "../test/Test.sol";
import {TrieWriter} from "../test/TrieWriter.sol";
import {Log, ReceiptProof} from "../types/ProofTypes.sol";
import {ReceiptProofs} from "./ReceiptProofs.sol";
import {RlpReader} from "./RlpReader.sol";
import {TrieProof} from "./TrieProof.sol";

contract ReceiptHarness {
    function verifyAll(bytes32 root, ReceiptProof[] calldata proofs) external pure returns (Log[] memory) {
        return ReceiptProofs.verifyAll(root, proofs);
    }

    function listKey(uint64 index) external pure returns (bytes memory) {
        return ReceiptProofs.listKey(index);
    }
}

contract ReceiptProofsTest is Test {
    bytes private constant SUCCESS = hex"01";

    ReceiptHarness private immutable receipts = new ReceiptHarness();

    function topics(uint256 count) private pure returns (bytes32[] memory list) {
        list = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            list[i] = keccak256(abi.encode("topic", i));
        }
    }

    function emitter(uint256 i) private pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode("emitter", i)))));
    }

    /// `count` logs, log i with i % 5 topics and i bytes of data.
    function logs(uint256 count) private pure returns (bytes memory list) {
        for (uint256 i = 0; i < count; ++i) {
            list = bytes.concat(list, TrieWriter.log(emitter(i), topics(i % 5), new bytes(i)));
        }
    }

    function indexes(uint256 count) private pure returns (uint16[] memory list) {
        list = new uint16[](count);
        for (uint256 i = 0; i < count; ++i) {
            list[i] = uint16(i);
        }
    }

    function two(uint16 a, uint16 b) private pure returns (uint16[] memory list) {
        list = new uint16[](2);
        (list[0], list[1]) = (a, b);
    }

    function one(uint16 a) private pure returns (uint16[] memory list) {
        list = new uint16[](1);
        list[0] = a;
    }

    /// The logs of a block's only transaction.
    function verify(bytes memory receipt, uint16[] memory wanted) private view returns (Log[] memory) {
        ReceiptProof[] memory proofs = new ReceiptProof[](1);
        bytes32 root;
        (root, proofs[0].nodes) = TrieWriter.single(receipt);
        proofs[0].logIndexes = wanted;
        return receipts.verifyAll(root, proofs);
    }

    function tryVerify(bytes memory receipt, uint16[] memory wanted) external view returns (Log[] memory) {
        return verify(receipt, wanted);
    }

    // ---- real receipts ---------------------------------------------------------------------------------------

    function vectorAt(uint256 i, string memory field) private pure returns (string memory) {
        return string.concat("$[", vm.toString(i), "].", field);
    }

    /// T-08: of types 0, 1 and 2, from a public chain.
    function test_realReceipts() public view {
        string memory json = vm.readFile("test/vectors/blocks/goerli_receipt_event_proofs.json");
        uint256 i = 0;
        for (; vm.keyExistsJson(json, vectorAt(i, "key")); ++i) {
            ReceiptProof[] memory proofs = new ReceiptProof[](1);
            bytes memory key = vm.parseJsonBytes(json, vectorAt(i, "key"));
            assertEq(key.length, 1);
            proofs[0] = ReceiptProof({
                txIndex: uint8(key[0]),
                nodes: vm.parseJsonBytesArray(json, vectorAt(i, "proof")),
                logIndexes: one(uint16(vm.parseJsonUint(json, vectorAt(i, "logIndex"))))
            });
            Log[] memory found = receipts.verifyAll(vm.parseJsonBytes32(json, vectorAt(i, "receiptsRoot")), proofs);
            assertEq(found.length, 1);
            assertEq(found[0].emitter, vm.parseJsonAddress(json, vectorAt(i, "expectedEmitter")));
            bytes32[] memory expected = vm.parseJsonBytes32Array(json, vectorAt(i, "topics"));
            assertEq(abi.encode(found[0].topics), abi.encode(expected));
        }
        assertEq(i, 3);
    }

    function test_capturedReceipt() public view {
        string memory json = vm.readFile("test/vectors/devnet_captures/mainnet-electra-n512/receipt_proof.json");
        ReceiptProof[] memory proofs = new ReceiptProof[](1);
        proofs[0] = ReceiptProof({
            txIndex: uint64(vm.parseJsonUint(json, ".txIndex")),
            nodes: vm.parseJsonBytesArray(json, ".proof"),
            logIndexes: one(0)
        });
        Log[] memory found = receipts.verifyAll(vm.parseJsonBytes32(json, ".receiptsRoot"), proofs);
        assertEq(found.length, 1);
        assertTrue(found[0].topics.length != 0 && found[0].emitter != address(0), "a log");
    }

    // ---- what holds ------------------------------------------------------------------------------------------

    function test_everyKnownType() public view {
        for (uint8 kind = 0; kind <= 4; ++kind) {
            Log[] memory found = verify(TrieWriter.receipt(kind, SUCCESS, logs(2)), one(1));
            assertEq(found.length, 1);
            assertEq(found[0].emitter, emitter(1));
        }
    }

    function testFuzz_picksExactlyTheLogsNamed(uint16 chosen) public view {
        bytes memory receipt = TrieWriter.receipt(2, SUCCESS, logs(16));
        uint16[] memory wanted = new uint16[](16);
        uint256 count = 0;
        for (uint16 i = 0; i < 16; ++i) {
            if (chosen >> i & 1 != 0) wanted[count++] = i;
        }
        vm.assume(count != 0);
        assembly ("memory-safe") {
            mstore(wanted, count)
        }
        Log[] memory found = verify(receipt, wanted);
        assertEq(found.length, count);
        for (uint256 i = 0; i < count; ++i) {
            uint256 index = wanted[i];
            assertEq(found[i].emitter, emitter(index));
            assertEq(abi.encode(found[i].topics), abi.encode(topics(index % 5)));
            assertEq(found[i].data, new bytes(index));
        }
    }

    function test_severalReceiptsOfABlock() public view {
        bytes memory first = TrieWriter.leaf(hex"30", TrieWriter.receipt(2, SUCCESS, logs(2)));
        bytes memory second = TrieWriter.leaf(hex"31", TrieWriter.receipt(0, SUCCESS, logs(3)));
        // The keys are 0x80 for transaction 0 and 0x01 for transaction 1.
        bytes memory root = TrieWriter.branch(8, first, 0, second, "");
        ReceiptProof[] memory proofs = new ReceiptProof[](2);
        proofs[0] = ReceiptProof({txIndex: 0, nodes: pair(root, first), logIndexes: one(1)});
        proofs[1] = ReceiptProof({txIndex: 1, nodes: pair(root, second), logIndexes: two(0, 2)});
        Log[] memory found = receipts.verifyAll(keccak256(root), proofs);
        assertEq(found.length, 3);
        assertEq(found[0].emitter, emitter(1));
        assertEq(found[1].emitter, emitter(0));
        assertEq(found[2].emitter, emitter(2));
    }

    function pair(bytes memory a, bytes memory b) private pure returns (bytes[] memory nodes) {
        nodes = new bytes[](2);
        (nodes[0], nodes[1]) = (a, b);
    }

    /// T-07: the path is the key that the verifier computes, not one that the prover names.
    function test_anotherTransaction() public {
        ReceiptProof[] memory proofs = new ReceiptProof[](1);
        bytes32 root;
        (root, proofs[0].nodes) = TrieWriter.single(TrieWriter.receipt(2, SUCCESS, logs(1)));
        proofs[0].logIndexes = one(0);
        proofs[0].txIndex = 1;
        vm.expectRevert(TrieProof.TrieKeyMismatch.selector);
        receipts.verifyAll(root, proofs);
    }

    function testFuzz_keysAreRlpOfTheIndex(uint64 index) public view {
        assertEq(receipts.listKey(index), RlpWriter.num(index));
        assertEq(receipts.listKey(index & 0xffff), RlpWriter.num(index & 0xffff));
    }

    function test_keysAtEveryChangeOfSize() public view {
        uint64[9] memory numbers = [0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x10000, type(uint64).max];
        for (uint256 i = 0; i < numbers.length; ++i) {
            assertEq(receipts.listKey(numbers[i]), RlpWriter.num(numbers[i]));
        }
    }

    // ---- one test for each error -----------------------------------------------------------------------------

    function test_noReceipts() public {
        vm.expectRevert(ReceiptProofs.NoReceipts.selector);
        receipts.verifyAll(keccak256("root"), new ReceiptProof[](0));
    }

    function test_noLogIndexes() public {
        vm.expectRevert(ReceiptProofs.NoLogIndexes.selector);
        this.tryVerify(TrieWriter.receipt(2, SUCCESS, logs(1)), new uint16[](0));
    }

    /// T-08: every type byte that is not one of the known.
    function test_unknownTypes() public {
        for (uint256 kind = 0; kind < 0xc0; ++kind) {
            if (kind >= 1 && kind <= 4) continue;
            bytes memory receipt = abi.encodePacked(uint8(kind), TrieWriter.receipt(0, SUCCESS, logs(1)));
            vm.expectRevert(abi.encodeWithSelector(ReceiptProofs.ReceiptTypeUnknown.selector, uint8(kind)));
            this.tryVerify(receipt, one(0));
        }
    }

    function expectFailed(bytes memory status) private {
        for (uint8 kind = 0; kind <= 4; ++kind) {
            vm.expectRevert(abi.encodeWithSelector(ReceiptProofs.TransactionFailed.selector, uint64(0)));
            this.tryVerify(TrieWriter.receipt(kind, status, logs(1)), one(0));
        }
    }

    /// T-08: the logs of a failed transaction never happened.
    function test_statusZero() public {
        expectFailed(hex"80");
    }

    /// T-08
    function test_statusTwo() public {
        expectFailed(hex"02");
    }

    function test_stateRootInPlaceOfStatus() public {
        expectFailed(RlpWriter.str(abi.encodePacked(keccak256("state"))));
    }

    function test_statusOfTwoBytes() public {
        expectFailed(hex"820101");
    }

    function test_indexesRepeated() public {
        vm.expectRevert(abi.encodeWithSelector(ReceiptProofs.LogIndexesNotAscending.selector, uint16(1)));
        this.tryVerify(TrieWriter.receipt(2, SUCCESS, logs(3)), two(1, 1));
    }

    function test_indexesDescending() public {
        vm.expectRevert(abi.encodeWithSelector(ReceiptProofs.LogIndexesNotAscending.selector, uint16(0)));
        this.tryVerify(TrieWriter.receipt(2, SUCCESS, logs(3)), two(2, 0));
    }

    function test_indexJustBeyondTheLogs() public {
        bytes memory receipt = TrieWriter.receipt(2, SUCCESS, logs(3));
        assertEq(verify(receipt, one(2)).length, 1);
        vm.expectRevert(abi.encodeWithSelector(ReceiptProofs.LogIndexOutOfRange.selector, uint16(3), 3));
        this.tryVerify(receipt, one(3));
        vm.expectRevert(abi.encodeWithSelector(ReceiptProofs.LogIndexOutOfRange.selector, type(uint16).max, 3));
        this.tryVerify(receipt, one(type(uint16).max));
    }

    function test_fourTopicsAreTheMost() public {
        bytes memory four = TrieWriter.log(emitter(0), topics(4), "");
        assertEq(verify(TrieWriter.receipt(2, SUCCESS, four), one(0))[0].topics.length, 4);
        vm.expectRevert(ReceiptProofs.TooManyTopics.selector);
        this.tryVerify(TrieWriter.receipt(2, SUCCESS, TrieWriter.log(emitter(0), topics(5), "")), one(0));
    }

    function test_topicsOfAnotherSize() public {
        bytes memory log = RlpWriter.list(
            bytes.concat(
                RlpWriter.str(abi.encodePacked(emitter(0))),
                RlpWriter.list(bytes.concat(RlpWriter.str(new bytes(31)), RlpWriter.num(1))),
                hex"80"
            )
        );
        vm.expectRevert(abi.encodeWithSelector(RlpReader.RlpWrongSize.selector, 31, 32));
        this.tryVerify(TrieWriter.receipt(2, SUCCESS, log), one(0));
    }

    function test_topicsWithTrailingBytes() public {
        bytes memory log = RlpWriter.list(
            bytes.concat(
                RlpWriter.str(abi.encodePacked(emitter(0))),
                RlpWriter.list(bytes.concat(RlpWriter.str(new bytes(32)), RlpWriter.num(1))),
                hex"80"
            )
        );
        vm.expectRevert(abi.encodeWithSelector(RlpReader.RlpWrongSize.selector, 1, 32));
        this.tryVerify(TrieWriter.receipt(2, SUCCESS, log), one(0));
    }

    function test_logWithAFourthField() public {
        bytes memory log =
            RlpWriter.list(bytes.concat(RlpWriter.str(abi.encodePacked(emitter(0))), RlpWriter.list(""), hex"8080"));
        vm.expectPartialRevert(RlpReader.RlpTrailingBytes.selector);
        this.tryVerify(TrieWriter.receipt(2, SUCCESS, log), one(0));
    }

    function logOf(bytes memory topicList, bytes memory data) private pure returns (bytes memory) {
        return RlpWriter.list(bytes.concat(RlpWriter.str(abi.encodePacked(emitter(0))), topicList, data));
    }

    /// T-09: lengths in more bytes than they need, or of another item than what stands there. Each is refused for what it is,
    /// whichever way the log is read.
    function test_logsOfOtherEncodings() public {
        bytes memory topic = RlpWriter.str(new bytes(32));
        bytes memory noTopics = hex"c0";
        bytes[7] memory encodings = [
            logOf(bytes.concat(hex"f821", topic), hex"80"),
            logOf(bytes.concat(hex"f90042", topic, topic), hex"80"),
            logOf(noTopics, bytes.concat(hex"b837", new bytes(55))),
            logOf(noTopics, bytes.concat(hex"b900ff", new bytes(255))),
            logOf(noTopics, bytes.concat(hex"ba000100", new bytes(256))),
            logOf(noTopics, hex"8105"),
            logOf(noTopics, hex"b80105")
        ];
        for (uint256 i = 0; i < encodings.length; ++i) {
            vm.expectPartialRevert(RlpReader.RlpNonCanonical.selector);
            this.tryVerify(TrieWriter.receipt(2, SUCCESS, encodings[i]), one(0));
        }
        // A prefix of four bytes whose first, read alone, would fit.
        vm.expectRevert();
        this.tryVerify(TrieWriter.receipt(2, SUCCESS, logOf(noTopics, bytes.concat(hex"ba", new bytes(58)))), one(0));
        vm.expectPartialRevert(RlpReader.RlpUnexpectedList.selector);
        this.tryVerify(TrieWriter.receipt(2, SUCCESS, logOf(noTopics, hex"c0")), one(0));
    }

    /// What the quick way leaves to the other one: data of 64 KiB and more, and bytes that are their own encoding.
    function test_logsOfOtherSizes() public view {
        uint24[8] memory sizes = [0, 1, 55, 56, 255, 256, 65_535, 65_536];
        for (uint256 i = 0; i < sizes.length; ++i) {
            bytes memory data = new bytes(sizes[i]);
            Log[] memory found =
                verify(TrieWriter.receipt(2, SUCCESS, TrieWriter.log(emitter(0), topics(i % 5), data)), one(0));
            assertEq(found[0].data, data);
            assertEq(found[0].topics.length, i % 5);
        }
        assertEq(verify(TrieWriter.receipt(2, SUCCESS, logOf(hex"c0", hex"8180")), one(0))[0].data, hex"80");
    }

    function test_receiptWithAFifthField() public {
        bytes memory body = RlpWriter.list(
            bytes.concat(
                SUCCESS, RlpWriter.num(21_000), RlpWriter.str(new bytes(256)), RlpWriter.list(logs(1)), hex"80"
            )
        );
        vm.expectPartialRevert(RlpReader.RlpTrailingBytes.selector);
        this.tryVerify(abi.encodePacked(uint8(2), body), one(0));
    }

    /// T-08: a receipt without its bloom.
    function test_receiptWithoutBloom() public {
        bytes memory body = RlpWriter.list(bytes.concat(SUCCESS, RlpWriter.num(21_000), RlpWriter.list(logs(1))));
        vm.expectPartialRevert(RlpReader.RlpUnexpectedList.selector);
        this.tryVerify(abi.encodePacked(uint8(2), body), one(0));
    }

    function test_bloomOfAnotherSize() public {
        bytes memory body = RlpWriter.list(
            bytes.concat(SUCCESS, RlpWriter.num(21_000), RlpWriter.str(new bytes(255)), RlpWriter.list(logs(1)))
        );
        vm.expectRevert(abi.encodeWithSelector(RlpReader.RlpWrongSize.selector, 255, 256));
        this.tryVerify(abi.encodePacked(uint8(2), body), one(0));
    }

    function test_trailingBytesAfterTheReceipt() public {
        vm.expectPartialRevert(RlpReader.RlpTrailingBytes.selector);
        this.tryVerify(bytes.concat(TrieWriter.receipt(2, SUCCESS, logs(1)), hex"00"), one(0));
    }

    function test_typeWithoutReceipt() public {
        vm.expectPartialRevert(RlpReader.RlpTooShort.selector);
        this.tryVerify(hex"02", one(0));
    }

    /// The trie never holds an empty value, so this is refused before a receipt is looked for.
    function test_emptyReceipt() public {
        vm.expectRevert(TrieProof.TrieNoValue.selector);
        this.tryVerify("", one(0));
    }
}
