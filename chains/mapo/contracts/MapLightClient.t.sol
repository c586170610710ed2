// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILightClient, Passport} from "../../../contracts/interfaces/ILightClient.sol";
import {IOmniServiceRelay} from "../../../contracts/interfaces/IOmniServiceRelay.sol";
import {ReceiptProofs} from "../../../contracts/libraries/ReceiptProofs.sol";
import {TrieProof} from "../../../contracts/libraries/TrieProof.sol";
import {Vm} from "../../../contracts/test/Vm.sol";
import {Log, ReceiptProof} from "../../../contracts/types/ProofTypes.sol";
import {AtlasHeader} from "./AtlasHeader.sol";
import {AbsentKey, AtlasPacking, AtlasProof} from "./AtlasPacking.sol";
import {AtlasSeal} from "./AtlasSeal.sol";
import {Bn254} from "./Bn254.sol";
import {HashToG1} from "./HashToG1.sol";
import {MapLightClient} from "./MapLightClient.sol";
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
        bytes memory packed = AtlasPacking.pack(proof);
        vm.expectRevert(reason);
        client.verifyLogs(packed);
    }

    function refuse(AtlasProof memory proof, bytes4 selector) private {
        bytes memory packed = AtlasPacking.pack(proof);
        vm.expectPartialRevert(selector);
        client.verifyLogs(packed);
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
            try client.verifyLogs(AtlasPacking.pack(proof)) {
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
        refuseAt("oneShort", abi.encodeWithSelector(AtlasSeal.QuorumNotReached.selector, 19, 20));
    }

    /// T-40: valid blocks of another chain's validators.
    function test_anotherSet() public {
        refuseAt("otherSet", abi.encodePacked(MapLightClient.SetNotProven.selector));
    }

    /// T-22: indexes at and beyond the number of validators, out of order and twice.
    function test_absentIndexes() public {
        AtlasProof memory proof = proofAt(".absent3.proof");
        uint8[2] memory beyond = [30, 255];
        for (uint256 i = 0; i < beyond.length; ++i) {
            proof.seal.absent[2].index = beyond[i];
            refuse(proof, abi.encodeWithSelector(AtlasSeal.AbsentIndexWrong.selector, beyond[i]));
        }
        proof.seal.absent[2].index = 11;
        refuse(proof, abi.encodeWithSelector(AtlasSeal.AbsentIndexWrong.selector, 11));
        AbsentKey memory first = proofAt(".absent3.proof").seal.absent[0];
        proof.seal.absent[2] = first;
        refuse(proof, abi.encodeWithSelector(AtlasSeal.AbsentIndexWrong.selector, 4));
    }

    /// Who did not sign is counted as having signed: the siblings lead elsewhere, and with those that fit the sum is not
    /// the signature's.
    function test_absentOneLeftOut() public {
        AtlasProof memory proof = proofAt(".absent3.proof");
        AbsentKey[] memory absent = new AbsentKey[](2);
        (absent[0], absent[1]) = (proof.seal.absent[0], proof.seal.absent[1]);
        proof.seal.absent = absent;
        refuse(proof, abi.encodePacked(MapLightClient.SetNotProven.selector));
        AtlasProof memory full = proofAt(".full.proof");
        proof.seal.absent = new AbsentKey[](0);
        proof.siblings = full.siblings;
        refuse(proof, abi.encodePacked(AtlasSeal.SealInvalid.selector));
    }

    /// Who signed is counted as absent: the keys' sum is not the signature's.
    function test_signerSaidToBeAbsent() public {
        AtlasProof memory proof = proofAt(".full.proof");
        AtlasProof memory other = proofAt(".absent3.proof");
        proof.seal.absent = other.seal.absent;
        proof.siblings = other.siblings;
        refuse(proof, abi.encodePacked(AtlasSeal.SealInvalid.selector));
    }

    /// A key is that of its index only.
    function test_absentIndexMoved() public {
        AtlasProof memory proof = proofAt(".absent3.proof");
        proof.seal.absent[2].index = 27;
        refuse(proof, abi.encodePacked(MapLightClient.SetNotProven.selector));
    }

    function test_moreAbsentThanAQuorumLeaves() public {
        AtlasProof memory proof = proofAt(".absent3.proof");
        AbsentKey[] memory absent = new AbsentKey[](255);
        for (uint256 i = 0; i < 255; ++i) {
            absent[i] = AbsentKey({index: uint8(i), key: [uint256(1), 2]});
        }
        proof.seal.absent = absent;
        refuse(proof, abi.encodeWithSelector(AtlasSeal.QuorumNotReached.selector, 0, 20));
    }

    function test_absentKeyAltered() public {
        AtlasProof memory proof = proofAt(".absent3.proof");
        proof.seal.absent[1].key = proof.seal.absent[0].key;
        refuse(proof, abi.encodePacked(MapLightClient.SetNotProven.selector));
        proof = proofAt(".absent3.proof");
        proof.seal.absent[2].key[1] = Bn254.P - proof.seal.absent[2].key[1];
        refuse(proof, abi.encodePacked(MapLightClient.SetNotProven.selector));
        proof = proofAt(".absent3.proof");
        proof.seal.absent[2].key[0] ^= 1;
        refuse(proof, abi.encodePacked(Bn254.Bn254AddFailed.selector));
        proof.seal.absent[2].key = [uint256(0), 0];
        refuse(proof, abi.encodePacked(Bn254.Bn254AddFailed.selector));
    }

    /// T-19: the sum of all keys is the set's, not the prover's choice.
    function test_sumOfKeysAltered() public {
        AtlasProof memory proof = proofAt(".full.proof");
        uint256[2] memory sum = proof.seal.keySum;
        proof.seal.keySum = [uint256(1), 2];
        refuse(proof, abi.encodePacked(MapLightClient.SetNotProven.selector));
        proof.seal.keySum = [sum[0], Bn254.P - sum[1]];
        refuse(proof, abi.encodePacked(MapLightClient.SetNotProven.selector));
    }

    function test_siblingsAltered() public {
        AtlasProof memory proof = proofAt(".absent3.proof");
        for (uint256 i = 0; i < proof.siblings.length; ++i) {
            proof.siblings[i] ^= bytes32(uint256(1));
            refuse(proof, abi.encodePacked(MapLightClient.SetNotProven.selector));
            proof.siblings[i] ^= bytes32(uint256(1));
        }
        proof = proofAt(".full.proof");
        proof.siblings[0] ^= bytes32(uint256(1));
        refuse(proof, abi.encodePacked(MapLightClient.SetNotProven.selector));
    }

    function test_siblingsMissing() public {
        AtlasProof memory proof = proofAt(".absent3.proof");
        proof.receipts = new ReceiptProof[](0);
        for (uint256 n = proof.siblings.length; n > 0;) {
            bytes32[] memory fewer = new bytes32[](--n);
            for (uint256 i = 0; i < n; ++i) {
                fewer[i] = proof.siblings[i];
            }
            proof.siblings = fewer;
            refuse(proof, abi.encodePacked(MapLightClient.ProofTooShort.selector));
        }
    }

    /// T-04: the root as the only sibling belongs to a seal without absent ones; an inner node's children are no key.
    function test_innerNodeAsAKey() public {
        AtlasProof memory proof = proofAt(".absent3.proof");
        bytes32 leaf = keccak256(abi.encodePacked(proof.seal.absent[0].key));
        proof.seal.absent[0].key = [uint256(leaf), uint256(proof.siblings[0])];
        vm.expectRevert();
        client.verifyLogs(AtlasPacking.pack(proof));
    }

    // ---- the signature ---------------------------------------------------------------------------------------

    /// The round is signed: another one hashes to another point, for which the hints do not hold.
    function test_roundChanged() public {
        AtlasProof memory proof = proofAt(".round1.proof");
        proof.seal.round = 2;
        refuse(proof, HashToG1.HintMismatch.selector);
        proof.seal.round = 0;
        refuse(proof, HashToG1.HintMismatch.selector);
    }

    /// T-21, T-16: a valid signature of another block, and of the same block in another round.
    function test_signatureOfSomethingElse() public {
        AtlasProof memory proof = proofAt(".full.proof");
        proof.seal.signature = proofAt(".firstBlock.proof").seal.signature;
        refuse(proof, abi.encodePacked(AtlasSeal.SealInvalid.selector));
        proof.seal.signature = proofAt(".round1.proof").seal.signature;
        refuse(proof, abi.encodePacked(AtlasSeal.SealInvalid.selector));
    }

    function test_signatureNegated() public {
        AtlasProof memory proof = proofAt(".full.proof");
        proof.seal.signature[1] = Bn254.P - proof.seal.signature[1];
        refuse(proof, abi.encodePacked(AtlasSeal.SealInvalid.selector));
    }

    /// T-19: the aggregate key is bound to the set's own keys; another one's holder cannot sign for them.
    function test_aggregateKeyOfOthers() public {
        AtlasProof memory proof = proofAt(".full.proof");
        AtlasProof memory others = proofAt(".otherSet.proof");
        proof.seal.aggregateKey = others.seal.aggregateKey;
        refuse(proof, abi.encodePacked(AtlasSeal.SealInvalid.selector));
        proof.seal.signature = others.seal.signature;
        refuse(proof, abi.encodePacked(AtlasSeal.SealInvalid.selector));
    }

    /// T-20: infinity holds in every pairing.
    function test_infinity() public {
        AtlasProof memory proof = proofAt(".full.proof");
        uint256[2] memory signature = proof.seal.signature;
        proof.seal.signature = [uint256(0), 0];
        refuse(proof, abi.encodePacked(AtlasSeal.InfinityRefused.selector));
        proof.seal.signature = signature;
        proof.seal.aggregateKey = [uint256(0), 0, 0, 0];
        refuse(proof, abi.encodePacked(AtlasSeal.InfinityRefused.selector));
    }

    /// T-19: keys that cancel each other.
    function test_keysThatSumToInfinity() public {
        uint256[2][] memory keys = new uint256[2][](2);
        keys[0] = [uint256(1), 2];
        keys[1] = [uint256(1), Bn254.P - 2];
        client = deployClient(keys, LAST_EPOCH_BLOCK);
        AtlasProof memory proof = proofAt(".full.proof");
        bytes32 root = keccak256(
            bytes.concat(hex"01", keccak256(abi.encodePacked(keys[0])), keccak256(abi.encodePacked(keys[1])))
        );
        proof.seal.keySum = [uint256(0), 0];
        proof.siblings[0] = root;
        refuse(proof, abi.encodePacked(AtlasSeal.InfinityRefused.selector));
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

    // ---- equivocation ----------------------------------------------------------------------------------------

    function blockAt(string memory name) private view returns (bytes memory) {
        return AtlasPacking.packBlock(proofAt(string.concat(".", name, ".proof")));
    }

    /// Two blocks of one number with the seal of the set: nothing is verified from then on, whoever shows them.
    function test_equivocationFreezes() public {
        // The same number, other receipts.
        bytes memory first = blockAt("full");
        bytes memory second = blockAt("twin");
        vm.recordLogs();
        vm.prank(address(0x57a49e40000));
        client.submitMisbehaviour(first, second);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 1);
        assertEq(logs[0].topics[0], MapLightClient.MisbehaviourProven.selector);
        assertEq(logs[0].topics[1], bytes32(uint256(5_017)));
        assertTrue(client.frozen() && client.passport().frozen, "frozen");
        bytes memory proof = bytesAt(".full.proof");
        vm.expectRevert(MapLightClient.ClientFrozen.selector);
        client.verifyLogs(proof);
        bytes memory next = bytesAt(".rotation.update");
        vm.expectRevert(MapLightClient.ClientFrozen.selector);
        client.update(next);
        // Who comes second has no error for it.
        client.submitMisbehaviour("", "");
        assertTrue(client.frozen(), "still");
    }

    function test_whatIsNoEquivocation() public {
        bytes memory first = blockAt("full");
        bytes memory none = abi.encodePacked(MapLightClient.NoEquivocation.selector);
        refuseEvidence(first, first, none);
        refuseEvidence(first, blockAt("firstBlock"), none);
        // Sealed again by others of the set, it is the same block.
        refuseEvidence(first, blockAt("fullAgain"), none);
        refuseEvidence(first, blockAt("otherSet"), abi.encodePacked(MapLightClient.SetNotProven.selector));
        refuseEvidence(blockAt("otherSet"), first, abi.encodePacked(MapLightClient.SetNotProven.selector));
        refuseEvidence(first, blockAt("oneShort"), abi.encodeWithSelector(AtlasSeal.QuorumNotReached.selector, 19, 20));
        refuseEvidence(
            blockAt("blockAfter"),
            first,
            abi.encodeWithSelector(MapLightClient.BlockNotInEpoch.selector, 6_001, 5_001, 6_000)
        );
        bytes memory tooLong = abi.encodeWithSelector(MapLightClient.ProofTooLong.selector, 1);
        refuseEvidence(bytes.concat(first, hex"00"), blockAt("twin"), tooLong);
        refuseEvidence(first, bytes.concat(blockAt("twin"), hex"00"), tooLong);
        assertTrue(!client.frozen(), "not frozen");
    }

    function refuseEvidence(bytes memory first, bytes memory second, bytes memory reason) private {
        vm.expectRevert(reason);
        client.submitMisbehaviour(first, second);
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

    /// Cut anywhere, it is refused; so it is with anything behind it.
    function test_everyPrefixOfAProof() public {
        bytes memory proof = bytesAt(".absent3.proof");
        bytes memory longer = bytes.concat(proof, hex"00");
        vm.expectRevert();
        client.verifyLogs(longer);
        uint256 withinSeal = 0;
        for (uint256 length = proof.length - 1; length > 0; length = length * 15 / 16) {
            assembly ("memory-safe") {
                mstore(proof, length)
            }
            (bool success, bytes memory reason) =
                address(client).staticcall(abi.encodeCall(ILightClient.verifyLogs, (proof)));
            assertTrue(!success && reason.length >= 4, "by name");
            if (bytes4(reason) == AtlasSeal.SealTooShort.selector) ++withinSeal;
        }
        assertTrue(withinSeal > 1, "what stands behind the end is not looked at");
    }

    /// T-55: what stands in the calldata behind the bytes that it was given is none of theirs.
    function test_logIndexBehindTheEnd() public {
        bytes memory proof = bytesAt(".absent3.proof");
        refuseOneShorter(
            address(client), abi.encodeCall(ILightClient.verifyLogs, (proof)), ReceiptProofs.PackedProofMalformed.selector
        );
    }

    /// Receipts of another block, under a header that is valid.
    function test_receiptsOfAnotherBlock() public {
        AtlasProof memory proof = proofAt(".full.proof");
        proof.receipts = proofAt(".messages32.proof").receipts;
        refuse(proof, abi.encodeWithSelector(TrieProof.TrieHashMismatch.selector, 0));
    }

    function test_nothing() public {
        // Ends within the length of the header, and within the header.
        bytes[3] memory short = [bytes(""), hex"00", hex"000200"];
        for (uint256 i = 0; i < short.length; ++i) {
            vm.expectRevert(abi.encodePacked(MapLightClient.ProofTooShort.selector));
            client.verifyLogs(short[i]);
        }
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
        // There is no byte that does not count: of two square roots in a hint the other would do, but no bit makes it.
        assertEq(accepted, 0);
    }
}
