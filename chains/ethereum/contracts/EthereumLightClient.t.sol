// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Initializable} from "@openzeppelin/contracts-upgradeable/proxy/utils/Initializable.sol";

import {Passport} from "../../../contracts/interfaces/ILightClient.sol";
import {Bls12381, BlsPrecompiles} from "./Bls12381.sol";
import {
    AbsentMember,
    EthereumCheckpoint,
    EthereumLightClient,
    EthereumNetwork,
    EthereumState,
    Fork,
    SyncUpdate
} from "./EthereumLightClient.sol";
import {EthereumTest} from "./EthereumTest.sol";
import {Ssz} from "./Ssz.sol";

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

    function refuse(SyncUpdate memory update, bytes memory reason) private {
        vm.expectRevert(reason);
        client.update(abi.encode(update));
    }

    function refuse(SyncUpdate memory update, bytes4 selector) private {
        vm.expectPartialRevert(selector);
        client.update(abi.encode(update));
    }

    function refuseAt(string memory name, bytes memory reason) private {
        bytes memory update = bytesAt(string.concat(".small.", name, ".update"));
        vm.expectRevert(reason);
        client.update(update);
    }

    function small(string memory name) private view returns (SyncUpdate memory) {
        return updateAt(string.concat(".small.", name, ".update"));
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
            assertTrue(client.isFinalized(hashAt(string.concat(at, ".finalizedBlockHash"))), "finalised");
        }
        // What was final stays so.
        assertTrue(client.isFinalized(hashAt(".small.learn.finalizedBlockHash")), "still");
        assertTrue(client.isFinalized(keccak256("checkpoint")), "still");
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
        SyncUpdate memory old = small("learn");
        SyncUpdate memory update = small("rotate");
        (update.pubkeysRoot, update.aggregateKey) = (old.pubkeysRoot, old.aggregateKey);
        refuse(update, EthereumLightClient.CommitteeMismatch.selector);
    }

    function test_anotherCommittee() public {
        SyncUpdate memory update = small("learn");
        update.pubkeysRoot ^= bytes32(uint256(1));
        refuse(update, EthereumLightClient.CommitteeMismatch.selector);
        update = small("learn");
        update.aggregateKey = small("rotate").aggregateKey;
        refuse(update, EthereumLightClient.CommitteeMismatch.selector);
    }

    /// T-24: a next committee that contradicts the known one.
    function test_conflictingNextCommittee() public {
        client = deployClient(networkAt(".small.network"), checkpoint(keccak256("another")));
        refuseAt("learn", abi.encodeWithSelector(EthereumLightClient.CommitteeConflict.selector, 2));
    }

    // ---- slots and branches ----------------------------------------------------------------------------------

    function test_slotOrder() public {
        SyncUpdate memory update = small("learn");
        update.signatureSlot = 26;
        refuse(update, abi.encodeWithSelector(EthereumLightClient.SlotsNotOrdered.selector, 26, 26, 24));
        update.signatureSlot = 27;
        update.finalized.slot = 27;
        refuse(update, abi.encodeWithSelector(EthereumLightClient.SlotsNotOrdered.selector, 27, 26, 27));
    }

    function test_finality() public {
        bytes memory reason = abi.encodePacked(EthereumLightClient.FinalityNotProven.selector);
        SyncUpdate memory update = small("learn");
        update.finalized.slot = 25;
        refuse(update, reason);
        update.finalized.slot = 24;
        update.finalized.stateRoot ^= bytes32(uint256(1));
        refuse(update, reason);
        update.finalized.stateRoot ^= bytes32(uint256(1));
        update.attested.stateRoot ^= bytes32(uint256(1));
        refuse(update, reason);
        update.attested.stateRoot ^= bytes32(uint256(1));
        for (uint256 i = 0; i < update.finalityBranch.length; ++i) {
            update.finalityBranch[i] ^= bytes32(uint256(1));
            refuse(update, reason);
            update.finalityBranch[i] ^= bytes32(uint256(1));
        }
        client.update(abi.encode(update));
    }

    function test_execution() public {
        bytes memory reason = abi.encodePacked(EthereumLightClient.ExecutionNotProven.selector);
        SyncUpdate memory update = small("learn");
        update.executionBlockHash ^= bytes32(uint256(1));
        refuse(update, reason);
        update.executionBlockHash ^= bytes32(uint256(1));
        for (uint256 i = 0; i < update.executionBranch.length; ++i) {
            update.executionBranch[i] ^= bytes32(uint256(1));
            refuse(update, reason);
            update.executionBranch[i] ^= bytes32(uint256(1));
        }
    }

    function test_nextCommittee() public {
        bytes memory reason = abi.encodePacked(EthereumLightClient.NextCommitteeNotProven.selector);
        SyncUpdate memory update = small("learn");
        update.nextCommitteeRoot ^= bytes32(uint256(1));
        refuse(update, reason);
        update.nextCommitteeRoot = 0;
        refuse(update, reason);
        update.nextCommitteeRoot = small("learn").nextCommitteeRoot;
        for (uint256 i = 0; i < update.nextCommitteeBranch.length; ++i) {
            update.nextCommitteeBranch[i] ^= bytes32(uint256(1));
            refuse(update, reason);
            update.nextCommitteeBranch[i] ^= bytes32(uint256(1));
        }
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
            SyncUpdate memory update = small("learn");
            uint256 size = update.finalityBranch.length;
            update.finalityBranch = resized(update.finalityBranch, i == 0 ? size - 1 : size + 1);
            refuse(update, abi.encodeWithSelector(Ssz.BranchLength.selector, update.finalityBranch.length, size));
            update = small("learn");
            size = update.executionBranch.length;
            update.executionBranch = resized(update.executionBranch, i == 0 ? size - 1 : size + 1);
            refuse(update, abi.encodeWithSelector(Ssz.BranchLength.selector, update.executionBranch.length, size));
            update = small("learn");
            size = update.nextCommitteeBranch.length;
            update.nextCommitteeBranch = resized(update.nextCommitteeBranch, i == 0 ? size - 1 : size + 1);
            refuse(update, abi.encodeWithSelector(Ssz.BranchLength.selector, update.nextCommitteeBranch.length, size));
        }
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
        refuseAt("fiveOfEight", abi.encodeWithSelector(EthereumLightClient.ParticipationTooLow.selector, 5, 8));
    }

    function bit(uint256 i) private pure returns (bytes32) {
        return bytes32(1 << (248 - (i & 0xf8) + (i & 7)));
    }

    /// T-22, T-26: bits beyond the committee, in the same word and in the next.
    function test_bitsBeyondTheCommittee() public {
        SyncUpdate memory update = small("learn");
        bytes memory reason = abi.encodePacked(EthereumLightClient.BitsOutOfRange.selector);
        update.syncCommitteeBits[0] |= bit(8);
        refuse(update, reason);
        update.syncCommitteeBits[0] ^= bit(8) | bit(255);
        refuse(update, reason);
        update.syncCommitteeBits[0] ^= bit(255);
        update.syncCommitteeBits[1] = bit(255);
        refuse(update, reason);
    }

    function test_absentMembers() public {
        SyncUpdate memory update = small("sixOfEight");
        bytes4 wrong = EthereumLightClient.AbsentMembersWrong.selector;
        update.syncCommitteeBits[0] ^= bit(0);
        refuse(update, abi.encodeWithSelector(EthereumLightClient.AbsentMemberNotProven.selector, 0));
        update.syncCommitteeBits[0] ^= bit(0) | bit(7);
        refuse(update, abi.encodeWithSelector(wrong, 2, 1));
        update.syncCommitteeBits[0] ^= bit(7);
        AbsentMember[] memory both = update.absent;
        update.absent = new AbsentMember[](1);
        update.absent[0] = both[0];
        refuse(update, abi.encodeWithSelector(wrong, 1, 2));
        update.absent = new AbsentMember[](3);
        for (uint256 i = 0; i < 3; ++i) {
            update.absent[i] = both[i % 2];
        }
        refuse(update, abi.encodeWithSelector(wrong, 3, 2));
        update.absent = both;
        update.absent[0].branch[1] ^= bytes32(uint256(1));
        refuse(update, abi.encodeWithSelector(EthereumLightClient.AbsentMemberNotProven.selector, 6));
        update.absent[0].branch[1] ^= bytes32(uint256(1));
        (both[0], both[1]) = (both[1], both[0]);
        refuse(update, abi.encodeWithSelector(EthereumLightClient.AbsentMemberNotProven.selector, 6));
        (both[0], both[1]) = (both[1], both[0]);
        both[1].branch = resized(both[1].branch, 4);
        refuse(update, abi.encodeWithSelector(Ssz.BranchLength.selector, 4, 3));
    }

    /// T-20: keys that are none, of another size, at infinity, with the other y, with padding that is not zero.
    function test_keys() public {
        SyncUpdate memory update = small("sixOfEight");
        bytes memory key = update.absent[1].key;
        update.absent[1].key = new bytes(128);
        refuse(update, abi.encodePacked(Bls12381.BlsInfinity.selector));
        update.absent[1].key = new bytes(48);
        refuse(update, abi.encodeWithSelector(Bls12381.BlsWrongSize.selector, 48, 128));
        update.absent[1].key = key;
        // The key's root knows x and which half y is in; that x and y are a point is the addition's to see.
        key[127] ^= 0x01;
        refuse(update, abi.encodeWithSelector(Bls12381.BlsPrecompileFailed.selector, address(0x0b)));
        key[127] ^= 0x01;
        key[70] = 0x01;
        refuse(update, abi.encodeWithSelector(Bls12381.BlsWrongSize.selector, 128, 128));
        key[70] = 0x00;
        update.absent[1].key = Bls12381.negateG1(key);
        refuse(update, abi.encodeWithSelector(EthereumLightClient.AbsentMemberNotProven.selector, 7));
        update.absent[1].key = key;
        update.aggregateKey = Bls12381.negateG1(update.aggregateKey);
        refuse(update, EthereumLightClient.CommitteeMismatch.selector);
        update.aggregateKey = new bytes(128);
        refuse(update, abi.encodePacked(Bls12381.BlsInfinity.selector));
        update.aggregateKey = new bytes(96);
        refuse(update, abi.encodeWithSelector(Bls12381.BlsWrongSize.selector, 96, 128));
    }

    // ---- the signature ---------------------------------------------------------------------------------------

    function test_signature() public {
        SyncUpdate memory update = small("learn");
        bytes memory signature = update.signature;
        update.signature = small("learnAgain").signature;
        refuse(update, abi.encodePacked(EthereumLightClient.SignatureInvalid.selector));
        update.signature = new bytes(256);
        refuse(update, abi.encodePacked(Bls12381.BlsInfinity.selector));
        update.signature = new bytes(255);
        refuse(update, abi.encodeWithSelector(Bls12381.BlsWrongSize.selector, 255, 256));
        update.signature = signature;
        signature[255] ^= 0x01;
        refuse(update, abi.encodeWithSelector(Bls12381.BlsPrecompileFailed.selector, address(0x0f)));
    }

    /// What the signature covers: every field of the attested header.
    function test_attestedHeader() public {
        bytes memory reason = abi.encodePacked(EthereumLightClient.SignatureInvalid.selector);
        SyncUpdate memory update = small("learn");
        update.attested.slot -= 1;
        refuse(update, reason);
        update = small("learn");
        update.attested.proposerIndex += 1;
        refuse(update, reason);
        update = small("learn");
        update.attested.parentRoot ^= bytes32(uint256(1));
        refuse(update, reason);
        update = small("learn");
        update.attested.bodyRoot ^= bytes32(uint256(1));
        refuse(update, reason);
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
        address[3] memory wrong = [address(0xdead0000), address(4), address(2)];
        for (uint256 i = 0; i < wrong.length; ++i) {
            bytes memory reason = abi.encodeWithSelector(Bls12381.BlsPrecompileFailed.selector, wrong[i]);
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
