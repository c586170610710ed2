// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILightClient, Passport} from "../../../contracts/interfaces/ILightClient.sol";
import {IOmniServiceRelay} from "../../../contracts/interfaces/IOmniServiceRelay.sol";
import {ReceiptProofs} from "../../../contracts/libraries/ReceiptProofs.sol";
import {TrieProof} from "../../../contracts/libraries/TrieProof.sol";
import {Log, ReceiptProof} from "../../../contracts/types/ProofTypes.sol";
import {AtlasHeader} from "./AtlasHeader.sol";
import {Bn254} from "./Bn254.sol";
import {HashToG1} from "./HashToG1.sol";
import {AbsentKey, AtlasProof, MapLightClient} from "./MapLightClient.sol";
import {MapTest} from "./MapTest.sol";

/// Proofs of blocks. Changes of the set are in MapLightClientUpdate.t.sol.
contract MapLightClientTest is MapTest {
    MapLightClient private client;

    function setUp() public {
        client = deployClient(keysAt(".keys"), LAST_EPOCH_BLOCK);
    }

    function expectVerified(string memory name) private view {
        Log[] memory logs = client.verifyLogs(bytesAt(string.concat(".", name, ".proof")));
        assertEq(logs.length, 1);
        assertEq(logs[0].topics[0], IOmniServiceRelay.OutboxRoot.selector);
        assertEq(logs[0].topics[1], bytes32(uint256(1_002)));
        assertEq(logs[0].data, abi.encode(uint64(9), keccak256("outbox")));
    }

    // ---- what holds ------------------------------------------------------------------------------------------

    function test_stateIsThatOfTheTwin() public view {
        assertEq(client.clientState(), bytesAt(".state"));
    }

    function test_everybodySigned() public view {
        expectVerified("full");
    }

    function test_absentValidators() public view {
        expectVerified("absent3");
        expectVerified("absentEnds");
    }

    function test_quorumExactly() public view {
        expectVerified("quorum");
    }

    /// Rounds of every width in the message that is signed.
    function test_rounds() public view {
        expectVerified("round1");
        expectVerified("round255");
        expectVerified("round256");
        expectVerified("round65536");
        expectVerified("roundMax");
    }

    function test_firstAndLastBlockOfTheEpoch() public view {
        expectVerified("firstBlock");
        expectVerified("lastBlock");
    }

    function test_smallestAndLargestSet() public {
        client = deployClient(keysAt(".loneKeys"), LAST_EPOCH_BLOCK);
        expectVerified("lone");
        client = deployClient(keysAt(".mostKeys"), LAST_EPOCH_BLOCK);
        expectVerified("most");
    }

    function test_passport() public view {
        Passport memory passport = client.passport();
        assertEq(keccak256(bytes(passport.kind)), keccak256("mapo"));
        assertEq(passport.chainId, CHAIN_R);
        assertEq(passport.forgingKeys, 20);
        assertEq(passport.totalKeys, 30);
        assertEq(passport.lastUpdate, block.timestamp);
        assertEq(passport.height, LAST_EPOCH_BLOCK);
        assertTrue(!passport.frozen, "not frozen");
    }

    // ---- the header ------------------------------------------------------------------------------------------

    function refuse(AtlasProof memory proof, bytes memory reason) private {
        vm.expectRevert(reason);
        client.verifyLogs(abi.encode(proof));
    }

    function refuse(AtlasProof memory proof, bytes4 selector) private {
        vm.expectPartialRevert(selector);
        client.verifyLogs(abi.encode(proof));
    }

    function refuseAt(string memory name, bytes memory reason) private {
        bytes memory proof = bytesAt(string.concat(".", name, ".proof"));
        vm.expectRevert(reason);
        client.verifyLogs(proof);
    }

    /// T-02, T-12: no byte of the header can be changed.
    function test_everyByteOfTheHeaderCounts() public view {
        AtlasProof memory proof = proofAt(".full.proof");
        for (uint256 i = 0; i < proof.header.length; ++i) {
            bytes1 original = proof.header[i];
            proof.header[i] = original ^ bytes1(uint8(1 << (i % 8)));
            try client.verifyLogs(abi.encode(proof)) {
                revert NotTrue(vm.toString(i));
            } catch (bytes memory reason) {
                assertTrue(reason.length >= 4, "by name");
            }
            proof.header[i] = original;
        }
    }

    function test_stateRootChanged() public {
        AtlasProof memory proof = proofAt(".full.proof");
        proof.header[60] ^= 0x01;
        refuse(proof, AtlasHeader.ProposerMismatch.selector);
    }

    function test_blocksOutsideOfTheEpoch() public {
        refuseAt("blockBefore", abi.encodeWithSelector(MapLightClient.BlockNotInEpoch.selector, 5_000, 5_001, 6_000));
        refuseAt("blockAfter", abi.encodeWithSelector(MapLightClient.BlockNotInEpoch.selector, 6_001, 5_001, 6_000));
    }

    // ---- who signed ------------------------------------------------------------------------------------------

    /// T-17, T-22: nineteen of thirty, with valid signatures, are not enough.
    function test_quorumOneShort() public {
        refuseAt("oneShort", abi.encodeWithSelector(MapLightClient.QuorumNotReached.selector, 19, 20));
    }

    /// T-40: valid blocks of another chain's validators.
    function test_anotherSet() public {
        refuseAt("otherSet", abi.encodePacked(MapLightClient.SealInvalid.selector));
    }

    /// T-22: bits at and beyond the number of validators.
    function test_bitsBeyondTheSet() public {
        AtlasProof memory proof = proofAt(".full.proof");
        uint256 bitmap = proof.seal.bitmap;
        uint8[2] memory bits = [30, 255];
        for (uint256 i = 0; i < bits.length; ++i) {
            proof.seal.bitmap = bitmap | 1 << bits[i];
            refuse(proof, abi.encodeWithSelector(MapLightClient.BitmapOutOfRange.selector, proof.seal.bitmap, 30));
        }
    }

    function test_bitClearedWithoutItsKey() public {
        AtlasProof memory proof = proofAt(".absent3.proof");
        proof.seal.bitmap ^= 1 << 29;
        refuse(proof, abi.encodeWithSelector(MapLightClient.AbsentKeysWrong.selector, 3, 4));
    }

    /// Who did not sign is counted as having signed: a key too many is given, or the sum is not the signature's.
    function test_bitSetForWhoWasAbsent() public {
        AtlasProof memory proof = proofAt(".absent3.proof");
        proof.seal.bitmap |= 1 << 26;
        refuse(proof, abi.encodeWithSelector(MapLightClient.AbsentKeysWrong.selector, 3, 2));
        AbsentKey[] memory absent = new AbsentKey[](2);
        (absent[0], absent[1]) = (proof.seal.absent[0], proof.seal.absent[1]);
        proof.seal.absent = absent;
        refuse(proof, abi.encodePacked(MapLightClient.SealInvalid.selector));
    }

    /// A key is that of its index only.
    function test_bitMoved() public {
        AtlasProof memory proof = proofAt(".absent3.proof");
        proof.seal.bitmap ^= 1 << 26 | 1 << 27;
        refuse(proof, abi.encodeWithSelector(MapLightClient.AbsentKeyNotProven.selector, 27));
    }

    function test_moreAbsentKeysThanValidators() public {
        AtlasProof memory proof = proofAt(".absent3.proof");
        AbsentKey[] memory absent = new AbsentKey[](31);
        for (uint256 i = 0; i < 31; ++i) {
            absent[i] = proof.seal.absent[i < 3 ? i : 2];
        }
        proof.seal.absent = absent;
        refuse(proof, abi.encodeWithSelector(MapLightClient.AbsentKeysWrong.selector, 31, 3));
    }

    function test_absentKeyAltered() public {
        AtlasProof memory proof = proofAt(".absent3.proof");
        proof.seal.absent[1].key[0] ^= 1;
        refuse(proof, abi.encodeWithSelector(MapLightClient.AbsentKeyNotProven.selector, 11));
        proof.seal.absent[1].key[0] ^= 1;
        proof.seal.absent[2].key[1] = Bn254.P - proof.seal.absent[2].key[1];
        refuse(proof, abi.encodeWithSelector(MapLightClient.AbsentKeyNotProven.selector, 26));
    }

    function test_absentBranchAltered() public {
        AtlasProof memory proof = proofAt(".absent3.proof");
        for (uint256 i = 0; i < 5; ++i) {
            proof.seal.absent[0].branch[i] ^= bytes32(uint256(1));
            refuse(proof, abi.encodeWithSelector(MapLightClient.AbsentKeyNotProven.selector, 4));
            proof.seal.absent[0].branch[i] ^= bytes32(uint256(1));
        }
    }

    function test_absentBranchOfAnotherLength() public {
        AtlasProof memory proof = proofAt(".absent3.proof");
        bytes32[] memory branch = proof.seal.absent[0].branch;
        uint16[5] memory lengths = [0, 4, 6, 256, 257];
        for (uint256 i = 0; i < lengths.length; ++i) {
            proof.seal.absent[0].branch = new bytes32[](lengths[i]);
            for (uint256 k = 0; k < lengths[i] && k < 5; ++k) {
                proof.seal.absent[0].branch[k] = branch[k];
            }
            refuse(proof, abi.encodeWithSelector(MapLightClient.AbsentKeyNotProven.selector, 4));
        }
    }

    /// T-04: an inner node of the key tree, whose two halves could pass for a key's coordinates, at a branch one shorter.
    function test_innerNodeAsAKey() public {
        AtlasProof memory proof = proofAt(".absent3.proof");
        AbsentKey memory entry = proof.seal.absent[0];
        bytes32 leaf = keccak256(abi.encodePacked(entry.key));
        bytes32[] memory branch = new bytes32[](4);
        for (uint256 i = 0; i < 4; ++i) {
            branch[i] = entry.branch[i + 1];
        }
        proof.seal.absent[0] = AbsentKey({key: [uint256(leaf), uint256(entry.branch[0])], branch: branch});
        refuse(proof, abi.encodeWithSelector(MapLightClient.AbsentKeyNotProven.selector, 4));
    }

    // ---- the signature ---------------------------------------------------------------------------------------

    function test_roundTooLarge() public {
        refuseAt("roundTooLarge", abi.encodeWithSelector(MapLightClient.RoundTooLarge.selector, 1 << 24));
    }

    /// The round is signed: another one hashes to another point, for which the hints do not hold.
    function test_roundChanged() public {
        AtlasProof memory proof = proofAt(".round1.proof");
        proof.seal.round = 2;
        refuse(proof, HashToG1.HintMismatch.selector);
        proof.seal.round = 0;
        refuse(proof, HashToG1.HintMismatch.selector);
    }

    /// T-21: a valid signature of another block, and of the same block in another round.
    function test_signatureOfSomethingElse() public {
        AtlasProof memory proof = proofAt(".full.proof");
        proof.seal.signature = proofAt(".firstBlock.proof").seal.signature;
        refuse(proof, abi.encodePacked(MapLightClient.SealInvalid.selector));
        proof.seal.signature = proofAt(".round1.proof").seal.signature;
        refuse(proof, abi.encodePacked(MapLightClient.SealInvalid.selector));
    }

    function test_signatureNegated() public {
        AtlasProof memory proof = proofAt(".full.proof");
        proof.seal.signature[1] = Bn254.P - proof.seal.signature[1];
        refuse(proof, abi.encodePacked(MapLightClient.SealInvalid.selector));
    }

    /// T-19: the aggregate key is bound to the set's own keys; another one's holder cannot sign for them.
    function test_aggregateKeyOfOthers() public {
        AtlasProof memory proof = proofAt(".full.proof");
        AtlasProof memory others = proofAt(".otherSet.proof");
        proof.seal.aggregateKey = others.seal.aggregateKey;
        refuse(proof, abi.encodePacked(MapLightClient.SealInvalid.selector));
        proof.seal.signature = others.seal.signature;
        refuse(proof, abi.encodePacked(MapLightClient.SealInvalid.selector));
    }

    /// T-20: infinity holds in every pairing.
    function test_infinity() public {
        AtlasProof memory proof = proofAt(".full.proof");
        uint256[2] memory signature = proof.seal.signature;
        proof.seal.signature = [uint256(0), 0];
        refuse(proof, abi.encodePacked(MapLightClient.InfinityRefused.selector));
        proof.seal.signature = signature;
        proof.seal.aggregateKey = [uint256(0), 0, 0, 0];
        refuse(proof, abi.encodePacked(MapLightClient.InfinityRefused.selector));
    }

    /// T-19: keys that cancel each other.
    function test_keysThatSumToInfinity() public {
        uint256[2][] memory keys = new uint256[2][](2);
        keys[0] = [uint256(1), 2];
        keys[1] = [uint256(1), Bn254.P - 2];
        client = deployClient(keys, LAST_EPOCH_BLOCK);
        AtlasProof memory proof = proofAt(".full.proof");
        proof.seal.bitmap = 3;
        refuse(proof, abi.encodePacked(MapLightClient.InfinityRefused.selector));
    }

    /// T-20: points off the curve and coordinates that are not reduced.
    function test_pointsThatAreNone() public {
        AtlasProof memory proof = proofAt(".full.proof");
        proof.seal.signature[0] ^= 1;
        refuse(proof, abi.encodePacked(Bn254.Bn254AddFailed.selector));
        proof.seal.signature[0] ^= 1;
        proof.seal.signature[1] += Bn254.P;
        refuse(proof, abi.encodePacked(Bn254.Bn254AddFailed.selector));
        proof.seal.signature[1] -= Bn254.P;
        for (uint256 i = 0; i < 4; ++i) {
            proof.seal.aggregateKey[i] ^= 1;
            refuse(proof, abi.encodePacked(Bn254.Bn254PairingFailed.selector));
            proof.seal.aggregateKey[i] ^= 1;
        }
        proof.seal.aggregateKey[0] += Bn254.P;
        refuse(proof, abi.encodePacked(Bn254.Bn254PairingFailed.selector));
    }

    function test_hints() public {
        AtlasProof memory proof = proofAt(".full.proof");
        for (uint256 i = 0; i < 2; ++i) {
            bytes memory mismatch = abi.encodeWithSelector(HashToG1.HintMismatch.selector, i);
            proof.seal.hints[i].inverse ^= 1;
            refuse(proof, mismatch);
            proof.seal.hints[i].inverse ^= 1;
            uint256[] memory roots = proof.seal.hints[i].roots;
            for (uint256 k = 0; k < roots.length; ++k) {
                roots[k] ^= 1;
                refuse(proof, mismatch);
                roots[k] ^= 1;
            }
            proof.seal.hints[i].roots = new uint256[](0);
            refuse(proof, mismatch);
            proof.seal.hints[i].roots = new uint256[](4);
            refuse(proof, mismatch);
            proof.seal.hints[i].roots = roots;
        }
    }

    // ---- the receipts ----------------------------------------------------------------------------------------

    function test_receipts() public {
        AtlasProof memory proof = proofAt(".full.proof");
        ReceiptProof memory receipt = proof.receipts[0];
        uint256 last = receipt.nodes.length - 1;
        receipt.nodes[last][40] ^= 0x01;
        refuse(proof, abi.encodeWithSelector(TrieProof.TrieHashMismatch.selector, last));
        receipt.nodes[last][40] ^= 0x01;
        receipt.txIndex += 1;
        refuse(proof, TrieProof.TrieHashMismatch.selector);
        receipt.txIndex -= 1;
        receipt.logIndexes[0] = 1;
        refuse(proof, abi.encodeWithSelector(ReceiptProofs.LogIndexOutOfRange.selector, 1, 1));
        proof.receipts = new ReceiptProof[](0);
        refuse(proof, abi.encodePacked(ReceiptProofs.NoReceipts.selector));
    }

    /// Receipts of another block, under a header that is valid.
    function test_receiptsOfAnotherBlock() public {
        AtlasProof memory proof = proofAt(".full.proof");
        proof.receipts = proofAt(".messages32.proof").receipts;
        refuse(proof, abi.encodeWithSelector(TrieProof.TrieHashMismatch.selector, 0));
    }

    function test_nothing() public {
        vm.expectRevert();
        client.verifyLogs("");
        vm.expectRevert();
        client.verifyLogs(new bytes(2_000));
    }

    /// T-02: whatever bit of the bytes is changed, what comes back is the same logs, or nothing.
    function test_everyByteOfTheProofCounts() public view {
        bytes memory proof = bytesAt(".absent3.proof");
        bytes32 expected = keccak256(abi.encode(client.verifyLogs(proof)));
        uint256 accepted = 0;
        uint256 free;
        assembly ("memory-safe") {
            free := mload(0x40)
        }
        for (uint256 i = 0; i < proof.length; ++i) {
            bytes1 original = proof[i];
            proof[i] = original ^ bytes1(uint8(1 << (i % 8)));
            (bool success, bytes memory answer) =
                address(client).staticcall{gas: 3_000_000}(abi.encodeCall(ILightClient.verifyLogs, (proof)));
            if (success) {
                assertEq(keccak256(abi.encode(abi.decode(answer, (Log[])))), expected);
                ++accepted;
            }
            proof[i] = original;
            // What the round left in memory is not needed again.
            assembly {
                mstore(0x40, free)
            }
        }
        // Padding after byte strings is not looked at, and two words of slack at most.
        assertTrue(accepted < 160, "padding only");
    }
}
