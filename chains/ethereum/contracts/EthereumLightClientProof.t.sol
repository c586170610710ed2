// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CanonicalAbi} from "../../../contracts/libraries/CanonicalAbi.sol";
import {ReceiptProofs} from "../../../contracts/libraries/ReceiptProofs.sol";
import {RlpReader} from "../../../contracts/libraries/RlpReader.sol";
import {TrieProof} from "../../../contracts/libraries/TrieProof.sol";
import {RlpWriter} from "../../../contracts/test/RlpWriter.sol";
import {TrieWriter} from "../../../contracts/test/TrieWriter.sol";
import {Log, ReceiptProof} from "../../../contracts/types/ProofTypes.sol";
import {EthereumCheckpoint, EthereumLightClient, EthereumProof} from "./EthereumLightClient.sol";
import {EthereumTest} from "./EthereumTest.sol";
import {HistoryProof} from "./HistoryProof.sol";

/// Receipts below a finalised block: through its ancestors' headers, or out of the history contract.
/// forge-config: default.evm_version = "prague"
contract EthereumLightClientProofTest is EthereumTest {
    EthereumLightClient private client;

    function path(string memory name) private pure returns (string memory) {
        return string.concat(".captures['minimal-electra-n64'].", name);
    }

    function clientOf(string memory capture, bytes32 finalizedBlockHash) private returns (EthereumLightClient) {
        string memory at = string.concat(".captures['", capture, "'].");
        return deployClient(
            networkAt(string.concat(at, "network")),
            EthereumCheckpoint({
                finalizedSlot: 1,
                finalizedBlockHash: finalizedBlockHash,
                committeeRoot: hashAt(string.concat(at, "committeeRoot")),
                nextCommitteeRoot: 0
            })
        );
    }

    /// The client that believes the first header of the proof.
    function start(string memory name) private {
        client = clientOf("minimal-electra-n64", hashAt(path(string.concat(name, ".finalizedBlockHash"))));
    }

    function proofAt(string memory name) private view returns (EthereumProof memory) {
        return abi.decode(bytesAt(path(string.concat(name, ".proof"))), (EthereumProof));
    }

    function accept(string memory name) private {
        start(name);
        assertEq(client.verifyLogs(bytesAt(path(string.concat(name, ".proof")))).length, 1);
    }

    function refuse(EthereumProof memory proof, bytes memory reason) private {
        vm.expectRevert(reason);
        client.verifyLogs(abi.encode(proof));
    }

    function refuse(EthereumProof memory proof, bytes4 selector) private {
        vm.expectPartialRevert(selector);
        client.verifyLogs(abi.encode(proof));
    }

    // ---- form ------------------------------------------------------------------------------------------------

    /// T-05: what would be read the same, but is not what `abi.encode` makes.
    function test_proofOfAnotherForm() public {
        start("walk1");
        bytes memory proof = bytesAt(path("walk1.proof"));
        vm.expectPartialRevert(CanonicalAbi.NotCanonical.selector);
        client.verifyLogs(bytes.concat(proof, bytes32(0)));
        // The anchor's slot is the struct's second word; this is the bit above its range.
        bytes memory wide = bytes.concat(proof);
        wide[0x40 + 23] = 0x01;
        vm.expectPartialRevert(CanonicalAbi.NotCanonical.selector);
        client.verifyLogs(wide);
        assertEq(client.verifyLogs(proof).length, 1);
    }

    // ---- headers ---------------------------------------------------------------------------------------------

    function test_headerWalks() public {
        string[3] memory captures = ["mainnet-electra-n512", "minimal-electra-n64", "minimal-electra-to-fulu"];
        string[3] memory walks = ["walk0", "walk1", "walk8"];
        for (uint256 i = 0; i < 3; ++i) {
            for (uint256 k = 0; k < 3; ++k) {
                string memory at = string.concat(".captures['", captures[i], "'].", walks[k]);
                client = clientOf(captures[i], hashAt(string.concat(at, ".finalizedBlockHash")));
                Log[] memory logs = client.verifyLogs(bytesAt(string.concat(at, ".proof")));
                assertEq(logs.length, 1);
                assertTrue(logs[0].emitter != address(0), "a log");
            }
        }
    }

    /// The updates that a proof carries are applied first; known ones are skipped.
    function test_updatesFirst() public {
        start("updatesFirst");
        EthereumProof memory proof = proofAt("updatesFirst");
        assertEq(client.verifyLogs(abi.encode(proof)).length, 1);
        assertEq(client.finalizedSlot(), uintAt(path("finalizedSlot")));
        bytes memory state = client.clientState();
        assertEq(client.verifyLogs(abi.encode(proof)).length, 1);
        assertEq(client.clientState(), state);
    }

    /// T-28: a block that nobody finalised.
    function test_blockThatIsNotFinal() public {
        start("walk8");
        EthereumProof memory proof = proofAt("walk1");
        refuse(
            proof, abi.encodeWithSelector(EthereumLightClient.BlockNotFinalized.selector, keccak256(proof.headers[0]))
        );
    }

    /// T-12: the slot that the proof names is that of the block's finality.
    function test_anchorOfAnotherSlot() public {
        start("walk1");
        EthereumProof memory proof = proofAt("walk1");
        bytes memory reason =
            abi.encodeWithSelector(EthereumLightClient.BlockNotFinalized.selector, keccak256(proof.headers[0]));
        proof.anchorSlot = 0;
        refuse(proof, reason);
        proof.anchorSlot = 2;
        refuse(proof, reason);
        proof.anchorSlot = 1;
        assertEq(client.verifyLogs(abi.encode(proof)).length, 1);
    }

    function test_headersThatDoNotFollow() public {
        start("walk8");
        EthereumProof memory proof = proofAt("walk8");
        bytes[] memory headers = proof.headers;
        (headers[4], headers[5]) = (headers[5], headers[4]);
        refuse(proof, abi.encodeWithSelector(EthereumLightClient.ParentMismatch.selector, 4));
        (headers[4], headers[5]) = (headers[5], headers[4]);
        // One left out.
        proof.headers = new bytes[](8);
        for (uint256 i = 0; i < 8; ++i) {
            proof.headers[i] = headers[i < 3 ? i : i + 1];
        }
        refuse(proof, abi.encodeWithSelector(EthereumLightClient.ParentMismatch.selector, 3));
    }

    /// T-02: any bit of any header.
    function test_everyHeaderCounts() public {
        start("walk1");
        EthereumProof memory proof = proofAt("walk1");
        for (uint256 i = 0; i < 2; ++i) {
            bytes memory header = proof.headers[i];
            for (uint256 k = 0; k < header.length; k += 5) {
                header[k] ^= bytes1(uint8(1 << (k % 8)));
                (bool success,) = address(client).call(abi.encodeCall(client.verifyLogs, (abi.encode(proof))));
                assertTrue(!success, "refused");
                header[k] ^= bytes1(uint8(1 << (k % 8)));
            }
        }
        assertEq(client.verifyLogs(abi.encode(proof)).length, 1);
    }

    /// A header of its own kind, with `parent`.
    function headerOn(bytes32 parent, uint256 number, bytes32 receiptsRoot) private pure returns (bytes memory) {
        bytes memory word = RlpWriter.str(abi.encodePacked(keccak256("word")));
        bytes memory start_ =
            bytes.concat(RlpWriter.str(abi.encodePacked(parent)), word, RlpWriter.str(new bytes(20)), word, word);
        bytes memory middle = bytes.concat(
            RlpWriter.str(abi.encodePacked(receiptsRoot)),
            RlpWriter.str(new bytes(256)),
            hex"80",
            RlpWriter.num(number),
            hex"808080",
            hex"80"
        );
        return RlpWriter.list(bytes.concat(start_, middle, word, RlpWriter.str(new bytes(8)), RlpWriter.num(7)));
    }

    function test_mostHeaders() public {
        EthereumProof memory proof;
        bytes32[] memory topics = new bytes32[](1);
        bytes memory receipt = TrieWriter.receipt(2, hex"01", TrieWriter.log(address(0xe0000), topics, "data"));
        bytes32 root;
        proof.receipts = new ReceiptProof[](1);
        (root, proof.receipts[0].nodes) = TrieWriter.single(receipt);
        proof.receipts[0].logIndexes = new uint16[](1);
        proof.anchorSlot = 1;
        proof.headers = new bytes[](256);
        bytes32 parent = keccak256("genesis");
        for (uint256 i = 0; i < 256; ++i) {
            proof.headers[255 - i] = headerOn(parent, i, i == 0 ? root : keccak256("empty"));
            parent = keccak256(proof.headers[255 - i]);
        }
        client = clientOf("minimal-electra-n64", parent);
        assertEq(client.verifyLogs(abi.encode(proof)).length, 1);
        proof.headers = new bytes[](257);
        refuse(proof, abi.encodeWithSelector(EthereumLightClient.TooManyHeaders.selector, 257));
        proof.headers = new bytes[](0);
        refuse(proof, abi.encodePacked(EthereumLightClient.NoHeaders.selector));
    }

    /// T-10: fields that a fork to come appends are strings of any length; a list among them is malformed.
    function test_headerOfAForkToCome() public {
        EthereumProof memory proof = proofAt("walk0");
        bytes memory base = headerOn(keccak256("parent"), 5, keccak256("receipts"));
        bytes memory content = new bytes(base.length - 3);
        for (uint256 i = 0; i < content.length; ++i) {
            content[i] = base[i + 3];
        }
        proof.headers[0] = RlpWriter.list(bytes.concat(content, hex"8401020304", hex"80"));
        client = clientOf("minimal-electra-n64", keccak256(proof.headers[0]));
        refuse(proof, abi.encodeWithSelector(TrieProof.TrieHashMismatch.selector, 0));
        proof.headers[0] = RlpWriter.list(bytes.concat(content, hex"c0"));
        client = clientOf("minimal-electra-n64", keccak256(proof.headers[0]));
        refuse(proof, RlpReader.RlpUnexpectedList.selector);
    }

    // ---- receipts --------------------------------------------------------------------------------------------

    function test_receipts() public {
        start("walk1");
        EthereumProof memory proof = proofAt("walk1");
        uint256 last = proof.receipts[0].nodes.length - 1;
        proof.receipts[0].nodes[last][60] ^= 0x01;
        refuse(proof, abi.encodeWithSelector(TrieProof.TrieHashMismatch.selector, last));
        proof.receipts[0].nodes[last][60] ^= 0x01;
        proof.receipts[0].logIndexes[0] = 500;
        refuse(proof, ReceiptProofs.LogIndexOutOfRange.selector);
        proof.receipts = new ReceiptProof[](0);
        refuse(proof, abi.encodePacked(ReceiptProofs.NoReceipts.selector));
        // Receipts of another block of the same chain.
        proof = proofAt("walk1");
        bytes[] memory headers = new bytes[](1);
        headers[0] = proof.headers[0];
        proof.headers = headers;
        refuse(proof, abi.encodeWithSelector(TrieProof.TrieHashMismatch.selector, 0));
    }

    // ---- the history contract --------------------------------------------------------------------------------

    function test_historyWithinItsWindow() public {
        accept("history1");
        accept("history256");
        accept("history8190");
        accept("history8191");
    }

    function refuseHistory(string memory name, bytes4 selector) private {
        start(name);
        refuse(proofAt(name), selector);
    }

    function test_historyOutsideOfItsWindow() public {
        bytes4 outside = HistoryProof.HistoryOutOfWindow.selector;
        refuseHistory("history8192", outside);
        refuseHistory("history0", outside);
        refuseHistory("historyMinus1", outside);
    }

    function test_historyOfAnotherBlock() public {
        refuseHistory("historyOther", EthereumLightClient.HistoryMismatch.selector);
        // A stored hash with leading zeros is a short integer; it is read as such.
        start("historyShort");
        EthereumProof memory proof = proofAt("historyShort");
        refuse(
            proof,
            abi.encodeWithSelector(
                EthereumLightClient.HistoryMismatch.selector, keccak256(proof.headers[1]), bytes32(uint256(9))
            )
        );
    }

    function test_historyNodes() public {
        start("history256");
        EthereumProof memory proof = proofAt("history256");
        proof.historyAccount[0][10] ^= 0x01;
        refuse(proof, abi.encodeWithSelector(TrieProof.TrieHashMismatch.selector, 0));
        proof = proofAt("history256");
        proof.historyStorage[0][10] ^= 0x01;
        refuse(proof, abi.encodeWithSelector(TrieProof.TrieHashMismatch.selector, 0));
        proof = proofAt("history256");
        proof.historyStorage = new bytes[](0);
        refuse(proof, abi.encodePacked(TrieProof.TrieMissingNode.selector));
        proof = proofAt("history256");
        proof.historyAccount = new bytes[](0);
        refuse(proof, abi.encodePacked(TrieProof.TrieMissingNode.selector));
        // The storage of another contract's account, by its own root.
        proof = proofAt("history256");
        proof.historyAccount = proof.historyStorage;
        refuse(proof, abi.encodeWithSelector(TrieProof.TrieHashMismatch.selector, 0));
    }

    /// T-13: what proves an old block by the history proves one, and not what would be proven by parents.
    function test_historyWithAnotherNumberOfHeaders() public {
        start("history256");
        EthereumProof memory proof = proofAt("history256");
        bytes[] memory headers = new bytes[](3);
        (headers[0], headers[1], headers[2]) = (proof.headers[0], proof.headers[1], proof.headers[1]);
        proof.headers = headers;
        refuse(proof, abi.encodeWithSelector(EthereumLightClient.TooManyHeaders.selector, 3));
        headers = new bytes[](1);
        headers[0] = proof.headers[0];
        proof.headers = headers;
        refuse(proof, abi.encodeWithSelector(EthereumLightClient.TooManyHeaders.selector, 1));
    }
}
