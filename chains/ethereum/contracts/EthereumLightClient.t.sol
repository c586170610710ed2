// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Initializable} from "@openzeppelin/contracts-upgradeable/proxy/utils/Initializable.sol";

import {Passport} from "../../../contracts/interfaces/ILightClient.sol";
import {Bls12381, BlsPrecompiles} from "./Bls12381.sol";
import {CommitteeProof} from "./CommitteeProof.sol";
import {
    EthereumCheckpoint,
    EthereumLightClient,
    EthereumNetwork,
    EthereumState,
    Fork
} from "./EthereumLightClient.sol";
import {EthereumTest} from "./EthereumTest.sol";
import {SyncUpdate} from "./SyncUpdate.sol";
import {SyncUpdateCodec, SyncUpdateParts} from "./SyncUpdateParts.sol";

/// Updates on a chain with a committee of eight, four slots an epoch and sixteen a period; forks at slots 16, 32, 48, 64.
/// forge-config: default.evm_version = "prague"
contract EthereumLightClientTest is EthereumTest {
    EthereumLightClient private client;

    function setUp() public {
        vm.warp(1_700_000_000);
        client = deployClient(networkAt(".small.network"), checkpoint(0));
    }

    function checkpoint(bytes32 next) private view returns (EthereumCheckpoint memory) {
        return EthereumCheckpoint({
            finalizedSlot: 20,
            finalizedBlockHash: keccak256("checkpoint"),
            committeeRoot: hashAt(".small.committee1"),
            nextCommitteeRoot: next
        });
    }

    function take(string memory name) private {
        client.update(bytesAt(string.concat(".small.", name, ".update")));
    }

    function refuse(SyncUpdateParts memory update, bytes memory reason) private {
        bytes memory encoded = SyncUpdateCodec.encode(update);
        vm.expectRevert(reason);
        client.update(encoded);
    }

    function refuse(SyncUpdateParts memory update, bytes4 selector) private {
        bytes memory encoded = SyncUpdateCodec.encode(update);
        vm.expectPartialRevert(selector);
        client.update(encoded);
    }

    function refuseAt(string memory name, bytes memory reason) private {
        bytes memory update = bytesAt(string.concat(".small.", name, ".update"));
        vm.expectRevert(reason);
        client.update(update);
    }

    function encodedAt(string memory name) private view returns (bytes memory) {
        return bytesAt(string.concat(".small.", name, ".update"));
    }

    function small(string memory name) private view returns (SyncUpdateParts memory) {
        return SyncUpdateCodec.decode(networkAt(".small.network"), encodedAt(name));
    }

    function test_twinOfTheEncoding() public view {
        string[3] memory names = ["learn", "sixOfEight", "withoutNext"];
        for (uint256 i = 0; i < 3; ++i) {
            assertEq(SyncUpdateCodec.encode(small(names[i])), encodedAt(names[i]));
        }
    }

    // ---- what holds ------------------------------------------------------------------------------------------

    function test_checkpoint() public view {
        EthereumState memory state = abi.decode(client.clientState(), (EthereumState));
        assertEq(state.finalizedSlot, 20);
        assertEq(state.period, 1);
        assertEq(state.finalizedBlockHash, keccak256("checkpoint"));
        assertEq(state.committeeRoot, hashAt(".small.committee1"));
        assertEq(state.nextCommitteeRoot, 0);
        Passport memory passport = client.passport();
        assertEq(keccak256(bytes(passport.kind)), keccak256("ethereum"));
        assertEq(passport.chainId, 1_001);
        assertEq(passport.forgingKeys, 6);
        assertEq(passport.totalKeys, 8);
        assertEq(passport.height, 20);
        assertEq(passport.lastUpdate, 1_700_000_000);
        assertTrue(!passport.frozen, "not frozen");
    }

    /// Through four periods and three forks.
    function test_committeesFollowEachOther() public {
        string[4] memory names = ["learn", "rotate", "third", "fourth"];
        for (uint64 i = 0; i < 4; ++i) {
            take(names[i]);
            string memory at = string.concat(".small.", names[i]);
            EthereumState memory state = abi.decode(client.clientState(), (EthereumState));
            assertEq(state.finalizedSlot, uintAt(string.concat(at, ".finalizedSlot")));
            assertEq(state.period, i + 1);
            assertEq(client.committees(i + 2), hashAt(string.concat(".small.committee", vm.toString(i + 2))));
            assertEq(client.finalizedBlockHash(), hashAt(string.concat(at, ".finalizedBlockHash")));
            // Of before nothing is left to be believed, of later nothing is known.
            assertEq(client.committees(i), 0);
            assertEq(client.committees(i + 1), hashAt(string.concat(".small.committee", vm.toString(i + 1))));
            assertEq(client.committees(i + 3), 0);
        }
        // What was final stays so.
        assertEq(client.finalizedBlocks(24), hashAt(".small.learn.finalizedBlockHash"));
        assertEq(client.finalizedBlocks(20), keccak256("checkpoint"));
    }

    function test_sixOfEight() public {
        take("sixOfEight");
        assertEq(client.finalizedSlot(), 24);
    }

    function test_withoutNextCommittee() public {
        take("withoutNext");
        assertEq(client.finalizedSlot(), 24);
        assertEq(client.committees(2), 0);
        // It is learned later, from an update that finalises nothing newer.
        take("sameFinality");
        assertEq(client.finalizedSlot(), 24);
        assertEq(client.committees(2), hashAt(".small.committee2"));
    }

    /// T-25: the signing version is that of the slot before the signature's: the last of the old fork here.
    function test_signatureInTheFirstSlotOfAFork() public {
        client = deployClient(networkAt(".small.network"), checkpoint(hashAt(".small.committee2")));
        take("overTheFork");
        assertEq(client.finalizedSlot(), 28);
    }

    /// T-25: attested and signed in the next period, final in the one before: finality counts, the committee does not.
    function test_finalBeforeThePeriodEnds() public {
        client = deployClient(networkAt(".small.network"), checkpoint(hashAt(".small.committee2")));
        take("finalizedBeforePeriod");
        assertEq(client.finalizedSlot(), 30);
        assertEq(client.committees(3), 0);
    }

    /// T-54: known updates change nothing, and do not revert.
    function test_knownUpdates() public {
        take("learn");
        take("rotate");
        bytes memory state = client.clientState();
        vm.recordLogs();
        take("learn");
        take("rotate");
        take("learnAgain");
        assertEq(vm.getRecordedLogs().length, 0);
        assertEq(client.clientState(), state);
    }

    function test_newerFinalityAndKnownCommittee() public {
        take("learn");
        take("learnAgain");
        assertEq(client.finalizedSlot(), 25);
    }

    // ---- which committee -------------------------------------------------------------------------------------

    /// T-23: no period can be left out, and no committee of before comes back.
    function test_periodsCannotBeSkipped() public {
        refuseAt("rotate", abi.encodeWithSelector(EthereumLightClient.CommitteeUnknown.selector, 2));
        take("learn");
        refuseAt("third", abi.encodeWithSelector(EthereumLightClient.CommitteeUnknown.selector, 3));
    }

    /// T-23: the keys of a committee of before, for a slot of the present one.
    function test_committeeOfBefore() public {
        take("learn");
        SyncUpdateParts memory old = small("learn");
        SyncUpdateParts memory update = small("rotate");
        (update.keyNodes, update.committeeSum) = (old.keyNodes, old.committeeSum);
        refuse(update, EthereumLightClient.CommitteeMismatch.selector);
    }

    function test_anotherCommittee() public {
        SyncUpdateParts memory update = small("learn");
        update.keyNodes[0] ^= bytes32(uint256(1));
        refuse(update, EthereumLightClient.CommitteeMismatch.selector);
        update = small("learn");
        update.committeeSum = small("rotate").committeeSum;
        refuse(update, EthereumLightClient.CommitteeMismatch.selector);
    }

    /// T-24: a next committee that contradicts the known one.
    function test_conflictingNextCommittee() public {
        client = deployClient(networkAt(".small.network"), checkpoint(keccak256("another")));
        refuseAt("learn", abi.encodeWithSelector(EthereumLightClient.CommitteeConflict.selector, 2));
    }

    // ---- slots and branches ----------------------------------------------------------------------------------

    function test_slotOrder() public {
        SyncUpdateParts memory update = small("learn");
        update.signatureSlot = 26;
        refuse(update, abi.encodeWithSelector(EthereumLightClient.SlotsNotOrdered.selector, 26, 26, 24));
        update.signatureSlot = 27;
        update.finalizedSlot = 27;
        refuse(update, abi.encodeWithSelector(EthereumLightClient.SlotsNotOrdered.selector, 27, 26, 27));
    }

    /// T-12: every word of the finalised header, of its block and of their branches leads to another signed root.
    function test_finality() public {
        bytes memory reason = abi.encodePacked(EthereumLightClient.SignatureInvalid.selector);
        SyncUpdateParts memory update = small("withoutNext");
        update.finalizedSlot = 25;
        refuse(update, reason);
        update.finalizedSlot = 24;
        ++update.finalizedProposer;
        refuse(update, reason);
        --update.finalizedProposer;
        update.finalizedParent ^= bytes32(uint256(1));
        refuse(update, reason);
        update.finalizedParent ^= bytes32(uint256(1));
        update.finalizedState ^= bytes32(uint256(1));
        refuse(update, reason);
        update.finalizedState ^= bytes32(uint256(1));
        update.blockHash ^= bytes32(uint256(1));
        refuse(update, reason);
        update.blockHash ^= bytes32(uint256(1));
        for (uint256 i = 0; i < update.finalityBranch.length; ++i) {
            update.finalityBranch[i] ^= bytes32(uint256(1));
            refuse(update, reason);
            update.finalityBranch[i] ^= bytes32(uint256(1));
        }
        for (uint256 i = 0; i < update.executionBranch.length; ++i) {
            update.executionBranch[i] ^= bytes32(uint256(1));
            refuse(update, reason);
            update.executionBranch[i] ^= bytes32(uint256(1));
        }
        client.update(SyncUpdateCodec.encode(update));
    }

    function test_nextCommittee() public {
        bytes memory reason = abi.encodePacked(EthereumLightClient.NextCommitteeNotProven.selector);
        SyncUpdateParts memory update = small("learn");
        update.nextCommitteeRoot ^= bytes32(uint256(1));
        refuse(update, reason);
        // Without a root there is no branch: what was one is too much.
        update.nextCommitteeRoot = 0;
        refuse(update, SyncUpdate.UpdateLength.selector);
        update.nextCommitteeRoot = small("learn").nextCommitteeRoot;
        for (uint256 i = 0; i < update.nextCommitteeBranch.length; ++i) {
            update.nextCommitteeBranch[i] ^= bytes32(uint256(1));
            refuse(update, reason);
            update.nextCommitteeBranch[i] ^= bytes32(uint256(1));
        }
        client.update(SyncUpdateCodec.encode(update));
    }

    function resized(bytes32[] memory branch, uint256 size) private pure returns (bytes32[] memory result) {
        result = new bytes32[](size);
        for (uint256 i = 0; i < size && i < branch.length; ++i) {
            result[i] = branch[i];
        }
    }

    /// T-03, T-25: depth is that of the fork's index, neither more nor less.
    function test_branchLengths() public {
        for (uint256 i = 0; i < 2; ++i) {
            SyncUpdateParts memory update = small("learn");
            uint256 size = update.finalityBranch.length;
            update.finalityBranch = resized(update.finalityBranch, i == 0 ? size - 1 : size + 1);
            refuse(update, EthereumLightClient.NextCommitteeNotProven.selector);
            update = small("learn");
            size = update.executionBranch.length;
            update.executionBranch = resized(update.executionBranch, i == 0 ? size - 1 : size + 1);
            refuse(update, EthereumLightClient.NextCommitteeNotProven.selector);
            update = small("withoutNext");
            update.keyNodes = resized(update.keyNodes, 2 * i);
            refuse(update, SyncUpdate.UpdateLength.selector);
        }
    }

    /// T-03: neither a byte less nor one more, wherever it stands.
    function test_lengths() public {
        bytes memory update = encodedAt("sixOfEight");
        for (uint256 size = 0; size < update.length; ++size) {
            bytes memory cut = new bytes(size);
            for (uint256 i = 0; i < size; ++i) {
                cut[i] = update[i];
            }
            (bool success,) = address(client).call(abi.encodeCall(client.update, (cut)));
            assertTrue(!success, "cut");
        }
        vm.expectRevert(abi.encodeWithSelector(SyncUpdate.UpdateLength.selector, update.length + 1, update.length));
        client.update(bytes.concat(update, hex"00"));
        vm.expectRevert(abi.encodeWithSelector(SyncUpdate.UpdateLength.selector, 583, 584));
        client.update(new bytes(583));
        client.update(update);
    }

    function test_forkWithoutExecution() public {
        EthereumNetwork memory network = networkAt(".small.network");
        network.forks[1].blockHashGindex = 0;
        client = deployClient(network, checkpoint(0));
        refuseAt("learn", abi.encodeWithSelector(EthereumLightClient.ForkWithoutExecution.selector, 6));
    }

    // ---- who signed ------------------------------------------------------------------------------------------

    /// T-22, T-18: five of eight signed, validly.
    function test_fiveOfEight() public {
        refuseAt("fiveOfEight", abi.encodeWithSelector(CommitteeProof.ParticipationTooLow.selector, 5, 8));
    }

    /// T-18, T-22: nobody signed, with infinity for a signature.
    function test_nobody() public {
        SyncUpdateParts memory update = small("sixOfEight");
        update.participation[0] = 0;
        update.signature = new bytes(192);
        bytes memory key = update.absentKeys[0];
        update.absentKeys = new bytes[](8);
        for (uint256 i = 0; i < 8; ++i) {
            update.absentKeys[i] = key;
        }
        refuse(update, abi.encodeWithSelector(CommitteeProof.ParticipationTooLow.selector, 0, 8));
    }

    /// T-22, T-26: bits beyond the committee, in the same word and in the next.
    function test_bitsBeyondTheCommittee() public {
        SyncUpdateParts memory update = small("learn");
        bytes memory reason = abi.encodePacked(CommitteeProof.BitsOutOfRange.selector);
        update.participation[0] |= 1 << 8;
        refuse(update, reason);
        update.participation[0] ^= 1 << 8 | 1 << 255;
        refuse(update, reason);
        update.participation[0] ^= 1 << 255;
        update.participation[1] = 1;
        refuse(update, reason);
        update.participation[1] = 1 << 255;
        refuse(update, reason);
    }

    /// The two that did not sign are members 6 and 7. Every other division of the bits asks for other keys.
    function test_absentMembers() public {
        bytes4 mismatch = EthereumLightClient.CommitteeMismatch.selector;
        SyncUpdateParts memory update = small("sixOfEight");
        // Another member in the place of one of them.
        update.participation[0] ^= 1 | 1 << 7;
        refuse(update, SyncUpdate.UpdateLength.selector);
        update.participation[0] ^= 1 | 1 << 7 | 1 << 5 | 1 << 6;
        refuse(update, SyncUpdate.UpdateLength.selector);
        // One of them said to have signed.
        update.participation[0] = small("sixOfEight").participation[0] | 1 << 7;
        bytes[] memory both = update.absentKeys;
        update.absentKeys = new bytes[](1);
        update.absentKeys[0] = both[0];
        refuse(update, SyncUpdate.UpdateLength.selector);
        update.participation[0] ^= 1 << 7;
        (both[0], both[1]) = (both[1], both[0]);
        update.absentKeys = both;
        refuse(update, mismatch);
        (both[0], both[1]) = (both[1], both[0]);
        for (uint256 i = 0; i < update.keyNodes.length; ++i) {
            update.keyNodes[i] ^= bytes32(uint256(1));
            refuse(update, mismatch);
            update.keyNodes[i] ^= bytes32(uint256(1));
        }
        client.update(SyncUpdateCodec.encode(update));
    }

    /// T-19, T-20: keys that are none, at infinity, with the other y, above the modulus.
    function test_keys() public {
        SyncUpdateParts memory update = small("sixOfEight");
        bytes memory key = update.absentKeys[1];
        update.absentKeys[1] = new bytes(96);
        refuse(update, abi.encodePacked(Bls12381.BlsInfinity.selector));
        update.absentKeys[1] = key;
        // The key's root knows x and which half y is in; that x and y are a point is the addition's to see.
        key[95] ^= 0x01;
        refuse(update, abi.encodeWithSelector(Bls12381.BlsPrecompileFailed.selector, address(0x0b)));
        key[95] ^= 0x01;
        // Where the flags of a compressed key are.
        key[0] ^= 0x80;
        refuse(update, abi.encodeWithSelector(Bls12381.BlsPrecompileFailed.selector, address(0x0b)));
        key[0] ^= 0x80;
        update.absentKeys[1] = negated(key);
        refuse(update, EthereumLightClient.CommitteeMismatch.selector);
        update.absentKeys[1] = small("rotate").committeeSum;
        refuse(update, EthereumLightClient.CommitteeMismatch.selector);
        update = small("learn");
        bytes memory sum = update.committeeSum;
        update.committeeSum = negated(sum);
        refuse(update, EthereumLightClient.CommitteeMismatch.selector);
        update.committeeSum = new bytes(96);
        refuse(update, abi.encodePacked(Bls12381.BlsInfinity.selector));
        // With everybody there the pairing is the first to see it.
        update.committeeSum = sum;
        sum[95] ^= 0x01;
        refuse(update, abi.encodeWithSelector(Bls12381.BlsPrecompileFailed.selector, address(0x0f)));
        sum[95] ^= 0x01;
        sum[0] ^= 0x80;
        refuse(update, abi.encodeWithSelector(Bls12381.BlsPrecompileFailed.selector, address(0x0f)));
    }

    /// The point with the other y.
    function negated(bytes memory key) private pure returns (bytes memory) {
        uint256 pHigh = 0x1a0111ea397fe69a4b1ba7b6434bacd7;
        uint256 pLow = 0x64774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab;
        bytes memory x = new bytes(48);
        uint256 high = 0;
        uint256 low = 0;
        for (uint256 i = 0; i < 48; ++i) {
            x[i] = key[i];
            if (i < 16) high = (high << 8) | uint8(key[48 + i]);
            else low = (low << 8) | uint8(key[48 + i]);
        }
        unchecked {
            return abi.encodePacked(x, uint128(pHigh - high - (low > pLow ? 1 : 0)), pLow - low);
        }
    }

    // ---- the signature ---------------------------------------------------------------------------------------

    function test_signature() public {
        SyncUpdateParts memory update = small("learn");
        bytes memory signature = update.signature;
        update.signature = small("learnAgain").signature;
        refuse(update, abi.encodePacked(EthereumLightClient.SignatureInvalid.selector));
        update.signature = new bytes(192);
        refuse(update, abi.encodePacked(Bls12381.BlsInfinity.selector));
        update.signature = signature;
        signature[191] ^= 0x01;
        refuse(update, abi.encodeWithSelector(Bls12381.BlsPrecompileFailed.selector, address(0x0f)));
    }

    /// What the signature covers: every field of the attested header.
    function test_attestedHeader() public {
        bytes memory reason = abi.encodePacked(EthereumLightClient.SignatureInvalid.selector);
        SyncUpdateParts memory update = small("learn");
        update.attestedSlot -= 1;
        refuse(update, reason);
        update = small("learn");
        update.attestedProposer += 1;
        refuse(update, reason);
        update = small("learn");
        update.attestedParent ^= bytes32(uint256(1));
        refuse(update, reason);
        update = small("learn");
        update.attestedBody ^= bytes32(uint256(1));
        refuse(update, reason);
    }

    // ---- trust that ends -------------------------------------------------------------------------------------

    /// Genesis at 1,700,000,000 s, slots of 12 s, two weeks of trust.
    uint64 private constant TRUSTED_UNTIL = 1_700_000_000 + 20 * 12 + 14 days;

    /// T-24: a client that is older than its trusting period believes nobody, and what was final stays so.
    function test_expires() public {
        assertEq(client.trustedUntil(), TRUSTED_UNTIL);
        vm.warp(TRUSTED_UNTIL + 1);
        bytes memory reason = abi.encodeWithSelector(EthereumLightClient.ClientExpired.selector, TRUSTED_UNTIL);
        refuseAt("learn", reason);
        refuseMisbehaviour("learn", "rivalFinality", reason);
        assertEq(client.finalizedBlocks(20), keccak256("checkpoint"));
        vm.warp(TRUSTED_UNTIL);
        take("learn");
        // It lives from the newest finalised header on, not from the update.
        assertEq(client.trustedUntil(), TRUSTED_UNTIL + 4 * 12);
        vm.warp(TRUSTED_UNTIL + 4 * 12 + 1);
        take("learn"); // known: nothing is believed
        refuseAt("rotate", abi.encodeWithSelector(EthereumLightClient.ClientExpired.selector, TRUSTED_UNTIL + 4 * 12));
    }

    /// T-24: a checkpoint of before is none.
    function test_checkpointTooOld() public {
        EthereumNetwork memory network = networkAt(".small.network");
        EthereumCheckpoint memory at = checkpoint(0);
        vm.warp(TRUSTED_UNTIL);
        this.start(network, at, finalPrecompiles());
        vm.warp(TRUSTED_UNTIL + 1);
        vm.expectRevert(abi.encodeWithSelector(EthereumLightClient.ClientExpired.selector, TRUSTED_UNTIL));
        this.start(network, at, finalPrecompiles());
    }

    /// T-24: a client that slept through periods catches up one by one, each within its trust.
    function test_catchesUpStepByStep() public {
        vm.warp(TRUSTED_UNTIL - 1 days);
        refuseAt("fourth", abi.encodeWithSelector(EthereumLightClient.CommitteeUnknown.selector, 4));
        take("learn");
        refuseAt("fourth", abi.encodeWithSelector(EthereumLightClient.CommitteeUnknown.selector, 4));
        take("rotate");
        take("third");
        take("fourth");
        assertEq(client.finalizedSlot(), 72);
    }

    // ---- misbehaviour ----------------------------------------------------------------------------------------

    function submit(string memory first, string memory second) private {
        client.submitMisbehaviour(encodedAt(first), encodedAt(second));
    }

    function refuseMisbehaviour(string memory first, string memory second, bytes memory reason) private {
        bytes memory one = encodedAt(first);
        bytes memory other = encodedAt(second);
        vm.expectRevert(reason);
        client.submitMisbehaviour(one, other);
    }

    function expectFrozen() private {
        assertTrue(client.passport().frozen, "frozen");
        bytes memory reason = abi.encodePacked(EthereumLightClient.ClientFrozen.selector);
        refuseAt("learn", reason);
        refuseAt("rotate", reason);
        refuseMisbehaviour("learn", "rivalFinality", reason);
        bytes memory proof = bytesAt(".captures['minimal-electra-n64'].walk0.proof");
        vm.expectRevert(reason);
        client.verifyLogs(proof);
    }

    /// T-24: two finalised headers of one slot. Anybody can show them, to a client that knows neither of the two.
    function test_twoFinalHeadersFreeze() public {
        vm.prank(address(0xbeef));
        submit("learn", "rivalFinality");
        expectFrozen();
    }

    /// T-24: the same to one that believed the first, or the second.
    function test_freezesAfterEither() public {
        take("learn");
        submit("rivalFinality", "learn");
        expectFrozen();
        setUp();
        take("rivalFinality");
        submit("learn", "rivalFinality");
        expectFrozen();
    }

    /// T-24: two final next committees of one period.
    function test_twoNextCommitteesFreeze() public {
        take("learn");
        submit("learn", "rivalNext");
        expectFrozen();
    }

    function test_nothingThatContradicts() public {
        bytes memory reason = abi.encodePacked(EthereumLightClient.NoMisbehaviour.selector);
        refuseMisbehaviour("learn", "learn", reason);
        refuseMisbehaviour("learn", "learnAgain", reason);
        refuseMisbehaviour("learn", "withoutNext", reason);
        // What a header says of the committee after is not final when it is of another period than the final one.
        take("learn");
        refuseMisbehaviour("finalizedBeforePeriod", "rivalNextNotFinal", reason);
        assertTrue(!client.passport().frozen, "not frozen");
    }

    /// Evidence is checked as updates are: two thirds, and a committee that the client trusts now.
    function test_evidenceIsVerified() public {
        bytes memory tooFew = abi.encodeWithSelector(CommitteeProof.ParticipationTooLow.selector, 5, 8);
        refuseMisbehaviour("learn", "rivalFinalityOfFive", tooFew);
        refuseMisbehaviour("rivalFinalityOfFive", "learn", tooFew);
        SyncUpdateParts memory rival = small("rivalFinality");
        ++rival.finalizedProposer;
        bytes memory one = encodedAt("learn");
        bytes memory other = SyncUpdateCodec.encode(rival);
        vm.expectPartialRevert(EthereumLightClient.NextCommitteeNotProven.selector);
        client.submitMisbehaviour(one, other);
        vm.expectPartialRevert(SyncUpdate.UpdateLength.selector);
        client.submitMisbehaviour(one, hex"00");
        vm.expectPartialRevert(SyncUpdate.UpdateLength.selector);
        client.submitMisbehaviour("", one);
        // T-23, T-24: by keys of before nobody is frozen.
        take("learn");
        take("rotate");
        take("third");
        refuseMisbehaviour(
            "learn", "rivalFinality", abi.encodeWithSelector(EthereumLightClient.CommitteeUnknown.selector, 1)
        );
    }

    // ---- how it starts ---------------------------------------------------------------------------------------

    function start(EthereumNetwork memory network, EthereumCheckpoint memory at, BlsPrecompiles memory precompiles)
        external
    {
        deployClient(network, at, precompiles);
    }

    function refuseStart(EthereumNetwork memory network, EthereumCheckpoint memory at) private {
        vm.expectRevert(EthereumLightClient.NetworkInvalid.selector);
        this.start(network, at, finalPrecompiles());
    }

    /// T-18
    function test_networks() public {
        EthereumCheckpoint memory at = checkpoint(0);
        EthereumNetwork memory network = networkAt(".small.network");
        network.slotsPerEpoch = 0;
        refuseStart(network, at);
        network.slotsPerEpoch = 5;
        refuseStart(network, at);
        network.slotsPerEpoch = 4;
        network.slotsPerPeriod = 0;
        refuseStart(network, at);
        network.slotsPerPeriod = 16;
        network = networkAt(".small.network");
        network.slotsPerEpoch = 1 << 16;
        network.slotsPerPeriod = 1 << 16;
        refuseStart(network, at);
        network = networkAt(".small.network");
        network.slotsPerPeriod = 1 << 24;
        refuseStart(network, at);
        network = networkAt(".small.network");
        network.secondsPerSlot = 0;
        refuseStart(network, at);
        network.secondsPerSlot = 256;
        refuseStart(network, at);
        network = networkAt(".small.network");
        network.trustingPeriod = 0;
        refuseStart(network, at);
        network.trustingPeriod = 1 << 32;
        refuseStart(network, at);
        network = networkAt(".small.network");
        network.genesisTime = 1 << 32;
        refuseStart(network, at);
        network = networkAt(".small.network");
        uint16[4] memory sizes = [0, 7, 513, 1024];
        for (uint256 i = 0; i < 4; ++i) {
            network.committeeSize = sizes[i];
            refuseStart(network, at);
        }
        network.committeeSize = 8;
        network.forks[0].epoch = 1;
        refuseStart(network, at);
        network.forks[0].epoch = 0;
        network.forks[2].epoch = 3;
        refuseStart(network, at);
        network = networkAt(".small.network");
        at.committeeRoot = 0;
        refuseStart(network, at);
        at = checkpoint(0);
        at.finalizedBlockHash = 0;
        refuseStart(network, at);
    }

    function test_numberOfForks() public {
        EthereumNetwork memory network = networkAt(".small.network");
        Fork[] memory forks = network.forks;
        network.forks = new Fork[](0);
        refuseStart(network, checkpoint(0));
        network.forks = repeated(forks, 32);
        deployClient(network, checkpoint(0));
        network.forks = repeated(forks, 33);
        refuseStart(network, checkpoint(0));
    }

    /// `count` forks: the last one again and again.
    function repeated(Fork[] memory forks, uint256 count) private pure returns (Fork[] memory result) {
        result = new Fork[](count);
        for (uint256 i = 0; i < count; ++i) {
            result[i] = forks[i < forks.length ? i : forks.length - 1];
        }
    }

    function refusePrecompiles(BlsPrecompiles memory precompiles, bytes memory reason) private {
        EthereumNetwork memory network = networkAt(".small.network");
        EthereumCheckpoint memory at = checkpoint(0);
        vm.expectRevert(reason);
        this.start(network, at, precompiles);
    }

    /// The addresses of the older draft are other precompiles here.
    function test_draftAddresses() public {
        refusePrecompiles(
            BlsPrecompiles({
                g1Add: address(0x0a), g2Add: address(0x0d), pairing: address(0x10), mapFp2ToG2: address(0x12)
            }),
            abi.encodeWithSelector(Bls12381.BlsPrecompileFailed.selector, address(0x0a))
        );
    }

    /// T-14: each at an address without code, at the identity, and at each other's.
    function test_wrongAddresses() public {
        address[4] memory wrong = [address(0xdead0000), address(0xee), address(4), address(2)];
        for (uint256 i = 0; i < wrong.length; ++i) {
            bytes memory reason = abi.encodeWithSelector(
                i == 0 ? EthereumLightClient.PrecompileWrong.selector : Bls12381.BlsPrecompileFailed.selector, wrong[i]
            );
            BlsPrecompiles memory precompiles = finalPrecompiles();
            precompiles.g1Add = wrong[i];
            refusePrecompiles(precompiles, reason);
            precompiles = finalPrecompiles();
            precompiles.g2Add = wrong[i];
            refusePrecompiles(precompiles, reason);
            precompiles = finalPrecompiles();
            precompiles.mapFp2ToG2 = wrong[i];
            refusePrecompiles(precompiles, reason);
            precompiles = finalPrecompiles();
            precompiles.pairing = wrong[i];
            // sha256 answers with 32 bytes, too, but not with yes.
            bool isHash = wrong[i] == address(2);
            refusePrecompiles(
                precompiles,
                isHash ? abi.encodeWithSelector(EthereumLightClient.PrecompileWrong.selector, wrong[i]) : reason
            );
        }
    }

    /// T-15: precompiles that answer in the right size, but not the right thing.
    function test_wrongAnswers() public {
        bytes4 wrong = EthereumLightClient.PrecompileWrong.selector;
        BlsPrecompiles memory precompiles = finalPrecompiles();
        vm.mockCall(address(0x0b), "", new bytes(128));
        refusePrecompiles(precompiles, abi.encodeWithSelector(wrong, address(0x0b)));
        vm.clearMockedCalls();
        vm.mockCall(address(0x0d), "", new bytes(256));
        refusePrecompiles(precompiles, abi.encodeWithSelector(wrong, address(0x11)));
        vm.clearMockedCalls();
        vm.mockCall(address(0x11), "", new bytes(256));
        refusePrecompiles(precompiles, abi.encodeWithSelector(wrong, address(0x11)));
        vm.clearMockedCalls();
        // What would say yes to everything, and what would say no.
        vm.mockCall(address(0x0f), "", abi.encode(1));
        refusePrecompiles(precompiles, abi.encodeWithSelector(wrong, address(0x0f)));
        vm.mockCall(address(0x0f), "", abi.encode(0));
        refusePrecompiles(precompiles, abi.encodeWithSelector(wrong, address(0x0f)));
        vm.clearMockedCalls();
    }

    /// T-35
    function test_initialiserIsSealed() public {
        EthereumLightClient implementation = EthereumLightClient(deployCode("EthereumLightClient.sol"));
        EthereumNetwork memory network = networkAt(".small.network");
        EthereumCheckpoint memory at = checkpoint(0);
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        implementation.initialize(OWNER, network, finalPrecompiles(), at);
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        client.initialize(OWNER, network, finalPrecompiles(), at);
    }
}

/// Where the precompiles are not there at all, as on every chain before Prague.
contract EthereumLightClientWithoutPrecompilesTest is EthereumTest {
    function start() external {
        deployClient(
            networkAt(".small.network"),
            EthereumCheckpoint({
                finalizedSlot: 20,
                finalizedBlockHash: keccak256("checkpoint"),
                committeeRoot: hashAt(".small.committee1"),
                nextCommitteeRoot: 0
            })
        );
    }

    function test_refusesToStart() public {
        vm.expectRevert(abi.encodeWithSelector(Bls12381.BlsPrecompileFailed.selector, address(0x0b)));
        this.start();
    }
}
