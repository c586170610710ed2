// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Initializable} from "@openzeppelin/contracts-upgradeable/proxy/utils/Initializable.sol";

import {ILightClient} from "../../../contracts/interfaces/ILightClient.sol";
import {ReceiptProofs} from "../../../contracts/libraries/ReceiptProofs.sol";
import {Vectors} from "../../../contracts/test/Vectors.sol";
import {AtlasHeader} from "./AtlasHeader.sol";
import {AtlasPacking, AtlasProof, AtlasUpdate} from "./AtlasPacking.sol";
import {AtlasSeal} from "./AtlasSeal.sol";
import {Bn254} from "./Bn254.sol";
import {MapLightClient} from "./MapLightClient.sol";
import {MapTest} from "./MapTest.sol";

/// How the client starts and follows the set of validators, and the real chain's headers.
contract MapLightClientUpdateTest is MapTest {
    MapLightClient private client;

    function setUp() public {
        vm.warp(1_700_000_000);
        client = deployClient(keysAt(".keys"), LAST_EPOCH_BLOCK);
    }

    // ---- rotation --------------------------------------------------------------------------------------------

    /// One leaves, two come; then two leave, at both ends. The state is the twin's each time.
    function test_rotations() public {
        vm.expectEmit(address(client));
        emit ILightClient.ClientUpdated(6_000, bytesAt(".rotation.state"));
        client.update(bytesAt(".rotation.update"));
        assertEq(client.clientState(), bytesAt(".rotation.state"));
        assertEq(client.validators(), 31);
        assertEq(client.verifyLogs(bytesAt(".rotation.proofAfter.proof")).length, 1);
        client.update(bytesAt(".rotation.next.update"));
        assertEq(client.clientState(), bytesAt(".rotation.next.state"));
        assertEq(client.validators(), 29);
        assertEq(client.lastEpochBlock(), 7_000);
    }

    function test_setThatStaysTheSame() public {
        bytes32 setHash = client.setHash();
        client.update(bytesAt(".unchanged.update"));
        assertEq(client.clientState(), bytesAt(".unchanged.state"));
        assertEq(client.setHash(), setHash);
        assertEq(client.lastEpochBlock(), 6_000);
    }

    /// T-23: blocks of the new epoch sealed by the old set.
    function test_oldSetInTheNewEpoch() public {
        client.update(bytesAt(".rotation.update"));
        bytes memory proof = bytesAt(".rotation.proofOfOldSet.proof");
        vm.expectRevert(abi.encodePacked(MapLightClient.SetNotProven.selector));
        client.verifyLogs(proof);
    }

    /// The same before the client knows: the block is not of its epoch yet.
    function test_newEpochBeforeTheUpdate() public {
        bytes memory proof = bytesAt(".rotation.proofAfter.proof");
        vm.expectRevert(abi.encodeWithSelector(MapLightClient.BlockNotInEpoch.selector, 6_017, 5_001, 6_000));
        client.verifyLogs(proof);
    }

    /// T-24: a block of the old epoch, after the set has changed.
    function test_oldEpochAfterTheUpdate() public {
        client.update(bytesAt(".rotation.update"));
        bytes memory proof = bytesAt(".full.proof");
        vm.expectRevert(abi.encodeWithSelector(MapLightClient.BlockNotInEpoch.selector, 5_017, 6_001, 7_000));
        client.verifyLogs(proof);
    }

    /// T-54: who comes second changes nothing, and does not revert.
    function test_knownUpdate() public {
        client.update(bytesAt(".rotation.update"));
        bytes memory state = client.clientState();
        vm.recordLogs();
        client.update(bytesAt(".rotation.update"));
        client.update(bytesAt(".unchanged.update"));
        assertEq(vm.getRecordedLogs().length, 0);
        assertEq(client.clientState(), state);
    }

    function refuse(bytes memory update, bytes memory reason) private {
        vm.expectRevert(reason);
        client.update(update);
    }

    function refuse(AtlasUpdate memory update, bytes memory reason) private {
        refuse(AtlasPacking.pack(update), reason);
    }

    /// T-23: no epoch can be left out.
    function test_skippedEpoch() public {
        refuse(
            bytesAt(".secondEpochSkipped.update"),
            abi.encodeWithSelector(MapLightClient.EpochSkipped.selector, 7_000, 6_000)
        );
    }

    function test_blockWithinTheEpoch() public {
        AtlasUpdate memory update = updateAt(".unchanged.update");
        AtlasProof memory proof = proofAt(".full.proof");
        update.header = proof.header;
        update.seal = proof.seal;
        refuse(update, abi.encodeWithSelector(MapLightClient.EpochSkipped.selector, 5_017, 6_000));
    }

    function test_updateOfAnotherSet() public {
        refuse(bytesAt(".updateOfOthers.update"), abi.encodePacked(MapLightClient.SetNotProven.selector));
    }

    /// The changes stand in the header that was signed: altered, they are nobody's.
    function test_alteredChanges() public {
        AtlasUpdate memory update = updateAt(".rotation.update");
        uint256 altered = 0;
        for (uint256 i = 0; i < update.header.length; i += 7) {
            update.header[i] ^= 0x04;
            (bool success,) = address(client).call(abi.encodeCall(ILightClient.update, (AtlasPacking.pack(update))));
            // A smaller number makes it an old block, which changes nothing.
            if (success) assertEq(client.lastEpochBlock(), LAST_EPOCH_BLOCK);
            else ++altered;
            update.header[i] ^= 0x04;
        }
        assertTrue(altered > 100, "refused");
        assertEq(client.clientState(), bytesAt(".state"));
    }

    function test_leavesOfTheOldSetAreBound() public {
        AtlasUpdate memory update = updateAt(".rotation.update");
        bytes memory wrong = abi.encodePacked(MapLightClient.SetNotProven.selector);
        update.leaves[29] ^= bytes32(uint256(1));
        refuse(update, wrong);
        update.leaves[29] ^= bytes32(uint256(1));
        (update.leaves[0], update.leaves[1]) = (update.leaves[1], update.leaves[0]);
        refuse(update, wrong);
        (update.leaves[0], update.leaves[1]) = (update.leaves[1], update.leaves[0]);
        update.seal.keySum = [uint256(1), 2];
        refuse(update, wrong);
    }

    function test_numberOfLeaves() public {
        AtlasUpdate memory update = updateAt(".unchanged.update");
        bytes32[] memory leaves = update.leaves;
        update.leaves = new bytes32[](0);
        refuse(update, abi.encodePacked(MapLightClient.ProofTooShort.selector));
        update.leaves = new bytes32[](29);
        for (uint256 i = 0; i < 29; ++i) {
            update.leaves[i] = leaves[i];
        }
        refuse(update, abi.encodePacked(MapLightClient.ProofTooShort.selector));
        update.leaves = new bytes32[](31);
        for (uint256 i = 0; i < 30; ++i) {
            update.leaves[i] = leaves[i];
        }
        refuse(update, abi.encodeWithSelector(MapLightClient.ProofTooLong.selector, 32));
    }

    /// The absent of an update are proven by its leaves.
    function test_absentKeysOfAnUpdate() public {
        AtlasUpdate memory update = updateAt(".rotation.update");
        uint256[2] memory key = update.seal.absent[1].key;
        update.seal.absent[1].key = update.seal.absent[0].key;
        refuse(update, abi.encodeWithSelector(MapLightClient.AbsentKeyNotProven.selector, 21));
        update.seal.absent[1].key = key;
        update.seal.absent[1].index = 22;
        refuse(update, abi.encodeWithSelector(MapLightClient.AbsentKeyNotProven.selector, 22));
    }

    /// What leaves the sum is the key that leaves the set.
    function test_keysOfTheRemoved() public {
        AtlasUpdate memory update = updateAt(".rotation.update");
        assertEq(update.removed.length, 1);
        uint256[2] memory key = update.removed[0];
        update.removed[0] = [uint256(1), 2];
        refuse(update, abi.encodeWithSelector(MapLightClient.RemovedKeyWrong.selector, 3));
        update.removed = new uint256[2][](0);
        vm.expectRevert();
        client.update(AtlasPacking.pack(update));
        update.removed = new uint256[2][](2);
        (update.removed[0], update.removed[1]) = (key, key);
        refuse(update, abi.encodeWithSelector(MapLightClient.ProofTooLong.selector, 64));
    }

    /// T-55: what stands in the calldata behind the bytes that it was given is none of theirs.
    function test_keyBehindTheEnd() public {
        bytes memory packed = bytesAt(".rotation.update");
        refuseOneShorter(
            address(client), abi.encodeCall(ILightClient.update, (packed)), MapLightClient.ProofTooShort.selector
        );
    }

    function test_listsOfDifferentLengths() public {
        bytes4 differ = MapLightClient.ValidatorListsDiffer.selector;
        refuse(bytesAt(".bad.moreAddresses.update"), abi.encodeWithSelector(differ, 2, 1, 1));
        refuse(bytesAt(".bad.fewerG2Keys.update"), abi.encodeWithSelector(differ, 1, 0, 1));
        refuse(bytesAt(".bad.fewerG1Keys.update"), abi.encodeWithSelector(differ, 1, 1, 0));
    }

    /// T-20
    function test_addedKeysThatAreNone() public {
        refuse(bytesAt(".bad.keyOffTheCurve.update"), abi.encodePacked(Bn254.Bn254AddFailed.selector));
        refuse(
            bytesAt(".bad.keyAtInfinity.update"),
            abi.encodeWithSelector(MapLightClient.ValidatorKeyInvalid.selector, 30)
        );
    }

    function test_removedBeyondTheSet() public {
        refuse(
            bytesAt(".bad.removedBeyondTheSet.update"),
            abi.encodeWithSelector(MapLightClient.RemovedOutOfRange.selector, 1 << 30, 30)
        );
    }

    /// T-18
    function test_setOfNobodyAndOfTooMany() public {
        bytes4 outOfRange = MapLightClient.ValidatorCountOutOfRange.selector;
        refuse(bytesAt(".bad.allRemoved.update"), abi.encodeWithSelector(outOfRange, 0));
        client = deployClient(keysAt(".mostKeys"), LAST_EPOCH_BLOCK);
        refuse(bytesAt(".bad.tooMany.update"), abi.encodeWithSelector(outOfRange, 257));
    }

    // ---- how it starts ---------------------------------------------------------------------------------------

    function start(uint256[2][] memory keys, uint64 block_, uint64 epochLength, uint64 hashFork) external {
        deployClient(keys, block_, epochLength, hashFork);
    }

    function refuseStart(
        uint256[2][] memory keys,
        uint64 block_,
        uint64 epochLength,
        uint64 hashFork,
        bytes memory reason
    ) private {
        vm.expectRevert(reason);
        this.start(keys, block_, epochLength, hashFork);
    }

    function test_checkpoints() public {
        uint256[2][] memory keys = keysAt(".loneKeys");
        deployClient(keys, 5_000, 1_000, 5_000);
        refuseStart(
            keys,
            5_000,
            1_000,
            5_001,
            abi.encodeWithSelector(MapLightClient.CheckpointBelowHashFork.selector, 5_000, 5_001)
        );
        refuseStart(
            keys, 5_001, 1_000, 0, abi.encodeWithSelector(MapLightClient.CheckpointNotEpochEnd.selector, 5_001, 1_000)
        );
        refuseStart(keys, 5_000, 0, 0, abi.encodeWithSelector(MapLightClient.CheckpointNotEpochEnd.selector, 5_000, 0));
    }

    function test_firstSets() public {
        bytes4 outOfRange = MapLightClient.ValidatorCountOutOfRange.selector;
        refuseStart(new uint256[2][](0), 5_000, 1_000, 0, abi.encodeWithSelector(outOfRange, 0));
        refuseStart(new uint256[2][](257), 5_000, 1_000, 0, abi.encodeWithSelector(outOfRange, 257));
        uint256[2][] memory keys = keysAt(".keys");
        keys[3] = [uint256(0), 0];
        refuseStart(keys, 5_000, 1_000, 0, abi.encodeWithSelector(MapLightClient.ValidatorKeyInvalid.selector, 3));
        keys[3] = [uint256(1), 1];
        refuseStart(keys, 5_000, 1_000, 0, abi.encodePacked(Bn254.Bn254AddFailed.selector));
    }

    /// T-14, T-15: a chain whose pairing says yes, or no, to everything; one that multiplies wrong; one without any.
    function test_precompilesThatAnswerOtherwise() public {
        uint256[2][] memory keys = keysAt(".loneKeys");
        bytes memory wrong = abi.encodePacked(MapLightClient.PrecompileWrong.selector);
        vm.mockCall(address(8), "", abi.encode(1));
        refuseStart(keys, 5_000, 1_000, 0, wrong);
        vm.mockCall(address(8), "", abi.encode(0));
        refuseStart(keys, 5_000, 1_000, 0, wrong);
        vm.mockCall(address(8), "", "");
        refuseStart(keys, 5_000, 1_000, 0, abi.encodePacked(Bn254.Bn254PairingFailed.selector));
        vm.clearMockedCalls();
        vm.mockCall(address(7), "", abi.encode(1, 2));
        refuseStart(keys, 5_000, 1_000, 0, wrong);
        vm.mockCall(address(7), "", "");
        refuseStart(keys, 5_000, 1_000, 0, abi.encodePacked(Bn254.Bn254MulFailed.selector));
        vm.clearMockedCalls();
        vm.mockCall(address(6), "", "");
        refuseStart(keys, 5_000, 1_000, 0, abi.encodePacked(Bn254.Bn254AddFailed.selector));
        vm.clearMockedCalls();
        deployClient(keys, 5_000);
    }

    /// T-35
    function test_initialiserIsSealed() public {
        MapLightClient implementation = MapLightClient(deployCode("MapLightClient.sol"));
        uint256[2][] memory keys = keysAt(".loneKeys");
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        implementation.initialize(OWNER, CHAIN_R, 1_000, 0, 5_000, CHECKPOINT_TIME, TRUSTING_PERIOD, keys);
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        client.initialize(OWNER, CHAIN_R, 1_000, 0, 5_000, CHECKPOINT_TIME, TRUSTING_PERIOD, keys);
    }

    // ---- trust that ends -------------------------------------------------------------------------------------

    uint64 private constant ROTATION_TIME = 1_700_030_000; // of the vectors' header
    uint64 private constant TRUSTED_UNTIL = CHECKPOINT_TIME + TRUSTING_PERIOD;

    function expectExpired(uint64 until) private {
        vm.expectRevert(abi.encodeWithSelector(MapLightClient.ClientExpired.selector, until));
    }

    /// T-24: a set that is older than the trusting period proves nothing, takes nothing and frozen it cannot be.
    function test_expires() public {
        assertEq(client.trustedUntil(), TRUSTED_UNTIL);
        bytes memory proof = bytesAt(".full.proof");
        bytes memory update = bytesAt(".rotation.update");
        bytes memory first = AtlasPacking.packBlock(proofAt(".full.proof"));
        bytes memory twin = AtlasPacking.packBlock(proofAt(".twin.proof"));
        vm.warp(TRUSTED_UNTIL + 1);
        expectExpired(TRUSTED_UNTIL);
        client.verifyLogs(proof);
        expectExpired(TRUSTED_UNTIL);
        client.update(update);
        expectExpired(TRUSTED_UNTIL);
        client.submitMisbehaviour(first, twin);
        assertTrue(!client.frozen(), "not frozen");
        assertEq(client.clientState(), bytesAt(".state"));
        vm.warp(TRUSTED_UNTIL);
        assertEq(client.verifyLogs(proof).length, 1);
        client.submitMisbehaviour(first, twin);
        assertTrue(client.frozen(), "frozen");
    }

    /// T-24: trust counts from the block that ended the epoch, not from the update, and a known update gives none.
    function test_rotationExtendsTrust() public {
        bytes memory update = bytesAt(".rotation.update");
        bytes memory proof = bytesAt(".rotation.proofAfter.proof");
        vm.warp(TRUSTED_UNTIL);
        client.update(update);
        uint64 until = ROTATION_TIME + TRUSTING_PERIOD;
        assertTrue(until > TRUSTED_UNTIL, "later");
        assertEq(client.trustedUntil(), until);
        assertEq(client.lastUpdate(), TRUSTED_UNTIL);
        vm.warp(until);
        assertEq(client.verifyLogs(proof).length, 1);
        vm.warp(until + 1);
        client.update(update); // known: nothing is believed
        assertEq(client.trustedUntil(), until);
        expectExpired(until);
        client.verifyLogs(proof);
        update = bytesAt(".rotation.next.update");
        expectExpired(until);
        client.update(update);
    }

    function startFor(uint64 trustingPeriod) external {
        deployClient(keysAt(".loneKeys"), 5_000, 1_000, 0, trustingPeriod);
    }

    /// T-24: a checkpoint of before is none, and trust without an end neither.
    function test_checkpointTooOld() public {
        vm.warp(CHECKPOINT_TIME + 1 days);
        this.startFor(1 days);
        vm.warp(CHECKPOINT_TIME + 1 days + 1);
        expectExpired(CHECKPOINT_TIME + 1 days);
        this.startFor(1 days);
        uint64[2] memory wrong = [uint64(0), 1 << 32];
        for (uint256 i = 0; i < 2; ++i) {
            vm.expectRevert(abi.encodeWithSelector(MapLightClient.TrustingPeriodOutOfRange.selector, wrong[i]));
            this.startFor(wrong[i]);
        }
        this.startFor((1 << 32) - 1);
    }

    /// T-24: a time that is yet to come, or given in another unit, gives no more trust than now does.
    function test_trustBeginsNowAtTheLatest() public {
        vm.warp(CHECKPOINT_TIME - 1 hours);
        MapLightClient early = deployClient(keysAt(".loneKeys"), 5_000, 1_000, 0, 1 days);
        assertEq(early.trustedUntil(), CHECKPOINT_TIME - 1 hours + 1 days);
    }

    // ---- the real chain --------------------------------------------------------------------------------------

    function entry(string memory list, uint256 i) private pure returns (string memory) {
        return string.concat(".", list, "[", vm.toString(i), "]");
    }

    function realClient(string memory at) private returns (MapLightClient) {
        uint64 lastEpochBlock = uint64(Vectors.uintAt(VECTORS, string.concat(at, ".lastEpochBlock")));
        return deployClient(keysAt(string.concat(at, ".keys")), lastEpochBlock);
    }

    /// Thirteen headers of the test chain: rounds 0 and 1, full and partial sets. Without receipts, that is what is missing.
    function test_realHeaders() public {
        uint256 i = 0;
        for (; Vectors.exists(VECTORS, entry("real", i)); ++i) {
            client = realClient(entry("real", i));
            bytes memory proof = bytesAt(string.concat(entry("real", i), ".proof"));
            vm.expectRevert(ReceiptProofs.NoReceipts.selector);
            client.verifyLogs(proof);
        }
        assertEq(i, 13);
    }

    function test_realReceipts() public {
        uint256 i = 0;
        for (; Vectors.exists(VECTORS, entry("realReceipts", i)); ++i) {
            client = realClient(entry("realReceipts", i));
            assertEq(client.verifyLogs(bytesAt(string.concat(entry("realReceipts", i), ".proof"))).length, 1);
        }
        assertEq(i, 2);
    }

    function test_realHeadersTampered() public {
        uint256 i = 0;
        for (; Vectors.exists(VECTORS, entry("realTampered", i)); ++i) {
            string memory at = entry("realTampered", i);
            client = realClient(at);
            bytes4 expected = tamperedError(Vectors.textHashAt(VECTORS, string.concat(at, ".label")));
            try client.verifyLogs(bytesAt(string.concat(at, ".proof"))) {
                revert NotTrue(at);
            } catch (bytes memory reason) {
                assertSelector(reason, expected);
            }
        }
        assertEq(i, 8);
    }

    function tamperedError(bytes32 hash) private pure returns (bytes4) {
        if (hash == keccak256("state-root-changed")) return AtlasHeader.ProposerMismatch.selector;
        if (hash == keccak256("receipt-root-changed")) return AtlasHeader.ProposerMismatch.selector;
        if (hash == keccak256("number-changed")) return AtlasHeader.ProposerMismatch.selector;
        if (hash == keccak256("proposer-seal-bit-flip")) return AtlasHeader.ProposerMismatch.selector;
        if (hash == keccak256("round-changed")) return AtlasSeal.SealInvalid.selector;
        if (hash == keccak256("bitmap-changed")) return AtlasSeal.QuorumNotReached.selector;
        if (hash == keccak256("aggregated-signature-replaced-by-parent-seal")) {
            return AtlasSeal.SealInvalid.selector;
        }
        if (hash == keccak256("wrong-aggregate-pk")) return AtlasSeal.SealInvalid.selector;
        revert NotTrue("an unknown label");
    }
}
