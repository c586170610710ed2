// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vectors} from "../../../contracts/test/Vectors.sol";
import {Bls12381} from "./Bls12381.sol";
import {CommitteeProof} from "./CommitteeProof.sol";
import {EthereumCheckpoint, EthereumLightClient, EthereumNetwork} from "./EthereumLightClient.sol";
import {EthereumTest} from "./EthereumTest.sol";
import {SyncUpdate} from "./SyncUpdate.sol";
import {SyncUpdateCodec, SyncUpdateParts} from "./SyncUpdateParts.sol";

/// Real updates of two networks from Capella to Fulu, with committees of 512, and their must-fail mutations.
/// forge-config: default.evm_version = "prague"
contract EthereumLightClientRealTest is EthereumTest {
    string private constant MUTATIONS = "test/vectors/lc_mainnet/must_fail_mutations.json";
    uint64 private constant SLOTS_PER_PERIOD = 8_192;

    function entry(string memory list, uint256 i) private pure returns (string memory) {
        return string.concat(".", list, "[", vm.toString(i), "]");
    }

    /// A client one period before, which knows the committee that signs.
    function clientBefore(EthereumNetwork memory network, uint256 signaturePeriod, bytes32 committeeRoot)
        private
        returns (EthereumLightClient)
    {
        return deployClient(
            network,
            EthereumCheckpoint({
                finalizedSlot: uint64(signaturePeriod - 1) * SLOTS_PER_PERIOD,
                finalizedBlockHash: keccak256("checkpoint"),
                committeeRoot: keccak256("committee"),
                nextCommitteeRoot: committeeRoot
            })
        );
    }

    function accept(string memory at, EthereumNetwork memory network) private {
        uint256 period = uintAt(string.concat(at, ".signaturePeriod"));
        EthereumLightClient client = clientBefore(network, period, hashAt(string.concat(at, ".committeeRoot")));
        bytes memory encoded = bytesAt(string.concat(at, ".update"));
        client.update(encoded);
        uint256 slot = uintAt(string.concat(at, ".finalizedSlot"));
        assertEq(client.finalizedSlot(), slot);
        bytes32 blockHash = hashAt(string.concat(at, ".finalizedBlockHash"));
        assertEq(client.finalizedBlockHash(), blockHash);
        assertEq(client.finalizedBlocks(uint64(slot)), blockHash);
        bytes32 next = SyncUpdateCodec.decode(network, encoded).nextCommitteeRoot;
        // A committee is learned only from the period that is final.
        bool isLearned = next != 0 && slot / SLOTS_PER_PERIOD == period;
        assertEq(client.committees(uint64(period + 1)), isLearned ? next : bytes32(0));
        bytes memory state = client.clientState();
        client.update(encoded);
        assertEq(client.clientState(), state);
    }

    function test_mainnet() public {
        EthereumNetwork memory network = networkAt(".mainnetNetwork");
        uint256 i = 0;
        for (; Vectors.exists(VECTORS, entry("mainnet", i)); ++i) {
            accept(entry("mainnet", i), network);
        }
        assertEq(i, 21);
    }

    function test_sepolia() public {
        EthereumNetwork memory network = networkAt(".sepoliaNetwork");
        uint256 i = 0;
        for (; Vectors.exists(VECTORS, entry("sepolia", i)); ++i) {
            accept(entry("sepolia", i), network);
        }
        assertEq(i, 2);
    }

    // ---- must-fail mutations ---------------------------------------------------------------------------------

    function find(string memory list, string memory path, string memory name) private view returns (string memory) {
        for (uint256 i = 0; Vectors.exists(VECTORS, entry(list, i)); ++i) {
            string memory at = entry(list, i);
            if (Vectors.textHashAt(VECTORS, string.concat(at, ".path")) != keccak256(bytes(path))) continue;
            if (bytes(name).length == 0) return at;
            if (Vectors.textHashAt(VECTORS, string.concat(at, ".name")) == keccak256(bytes(name))) return at;
        }
        revert NotTrue(path);
    }

    function same(string memory a, string memory b) private pure returns (bool) {
        return keccak256(bytes(a)) == keccak256(bytes(b));
    }

    struct Case {
        string at; // in the mutations
        string base;
        string name;
        EthereumNetwork network;
        bytes32 committeeRoot;
        SyncUpdateParts update;
    }

    /// What the cases of one base start from.
    struct Base {
        string path;
        bytes32 committeeRoot;
        uint256 period;
        bytes update;
    }

    function baseOf(string memory path) private view returns (Base memory base) {
        string memory at = find("mainnet", path, "");
        base = Base({
            path: path,
            committeeRoot: hashAt(string.concat(at, ".committeeRoot")),
            period: uintAt(string.concat(at, ".signaturePeriod")),
            update: bytesAt(string.concat(at, ".update"))
        });
    }

    /// Those of altair have no execution block and cannot be encoded; bootstraps are not what this contract reads.
    function test_mutationsOfCapella() public {
        refuseAll("capella/update_period0864.json", 19);
    }

    function test_mutationsOfDeneb() public {
        refuseAll("deneb/update_period1251.json", 18);
    }

    function test_mutationsOfElectra() public {
        refuseAll("electra/update_period1422.json", 19);
    }

    function test_mutationsOfFulu() public {
        refuseAll("fulu/update_period1711.json", 18);
    }

    function refuseAll(string memory path, uint256 expectedCount) private {
        bytes memory network = bytesAt(".mainnetNetwork");
        Base memory base = baseOf(path);
        uint256 refused = 0;
        uint256 i = 0;
        for (;; ++i) {
            Case memory c;
            c.at = string.concat("$[", vm.toString(i), "]");
            if (!Vectors.exists(MUTATIONS, c.at)) break;
            c.base = Vectors.textAt(MUTATIONS, string.concat(c.at, ".base"));
            c.name = Vectors.textAt(MUTATIONS, string.concat(c.at, ".name"));
            // The attested block's execution header is not part of what this contract reads.
            if (!same(c.base, path) || same(c.name, "attested-exec-receipts-root")) continue;
            c.network = abi.decode(network, (EthereumNetwork));
            c.committeeRoot = base.committeeRoot;
            c.update = SyncUpdateCodec.decode(c.network, base.update);
            bytes4 expected = mutate(c);
            refuse(c, base.period, expected);
            ++refused;
        }
        assertEq(i, 101);
        assertEq(refused, expectedCount);
    }

    function refuse(Case memory c, uint256 period, bytes4 expected) private {
        EthereumLightClient client = clientBefore(c.network, period, c.committeeRoot);
        try client.update(SyncUpdateCodec.encode(c.update)) {
            revert NotTrue(string.concat(c.base, " ", c.name));
        } catch (bytes memory reason) {
            if (bytes4(reason) != expected) revert NotTrue(string.concat(c.base, " ", c.name));
        }
        assertEq(client.finalizedBlockHash(), keccak256("checkpoint"));
    }

    function value(Case memory c) private view returns (string memory) {
        return string.concat(c.at, ".ops[0].value");
    }

    /// Changes what the case names, by its value, and returns the error that must follow.
    function mutate(Case memory c) private view returns (bytes4) {
        SyncUpdateParts memory update = c.update;
        string memory name = c.name;
        if (same(name, "signature-bit-flip")) {
            // In this encoding a flipped bit leaves no point at all.
            update.signature[150] ^= 0x01;
            return Bls12381.BlsPrecompileFailed.selector;
        }
        if (same(name, "signature-infinity")) {
            update.signature = new bytes(192);
            return Bls12381.BlsInfinity.selector;
        }
        if (same(name, "signature-infinity-no-bits")) {
            update.signature = new bytes(192);
            update.participation = [uint256(0), 0];
            // Everybody's key is asked for: any that is a point will do.
            bytes memory key = update.committeeSum;
            update.absentKeys = new bytes[](512);
            for (uint256 i = 0; i < 512; ++i) {
                update.absentKeys[i] = key;
            }
            return CommitteeProof.ParticipationTooLow.selector;
        }
        if (same(name, "participant-removed") || same(name, "participant-added")) {
            c.update = SyncUpdateCodec.decode(
                c.network, bytesAt(string.concat(find("mutatedBits", c.base, name), ".update"))
            );
            return EthereumLightClient.SignatureInvalid.selector;
        }
        if (same(name, "attested-slot-minus-1")) {
            update.attestedSlot = uint64(Vectors.uintAt(MUTATIONS, value(c)));
            return EthereumLightClient.SignatureInvalid.selector;
        }
        if (same(name, "attested-state-root")) {
            // The state's root is computed: this is the closest that can be given.
            update.finalityBranch[update.finalityBranch.length - 1] = Vectors.hashAt(MUTATIONS, value(c));
            return EthereumLightClient.NextCommitteeNotProven.selector;
        }
        if (same(name, "signature-slot-equals-attested")) {
            update.signatureSlot = uint64(Vectors.uintAt(MUTATIONS, value(c)));
            return EthereumLightClient.SlotsNotOrdered.selector;
        }
        if (same(name, "finality-branch-node")) {
            update.finalityBranch[1] = Vectors.hashAt(MUTATIONS, value(c));
            return EthereumLightClient.NextCommitteeNotProven.selector;
        }
        return mutateMore(c, update, name);
    }

    function resized(bytes32[] memory branch, uint256 size) private pure returns (bytes32[] memory result) {
        result = new bytes32[](size);
        for (uint256 i = 0; i < size && i < branch.length; ++i) {
            result[i] = branch[i];
        }
    }

    function mutateMore(Case memory c, SyncUpdateParts memory update, string memory name) private view returns (bytes4) {
        if (same(name, "finality-branch-short") || same(name, "finality-branch-long")) {
            uint256 length = update.finalityBranch.length;
            update.finalityBranch =
                resized(update.finalityBranch, same(name, "finality-branch-short") ? length - 1 : length + 1);
            return EthereumLightClient.NextCommitteeNotProven.selector;
        }
        if (same(name, "finalized-proposer")) {
            update.finalizedProposer = uint64(Vectors.uintAt(MUTATIONS, value(c)));
            return EthereumLightClient.NextCommitteeNotProven.selector;
        }
        if (same(name, "finalized-newer-than-attested")) {
            update.finalizedSlot = uint64(Vectors.uintAt(MUTATIONS, value(c)));
            return EthereumLightClient.SlotsNotOrdered.selector;
        }
        if (same(name, "next-committee-swap") || same(name, "next-committee-aggregate")) {
            update.nextCommitteeRoot ^= bytes32(uint256(1));
            return EthereumLightClient.NextCommitteeNotProven.selector;
        }
        if (same(name, "finalized-exec-block-number")) {
            // block_number is two pairs of leaves away from block_hash.
            update.executionBranch[1] ^= bytes32(uint256(1));
            return EthereumLightClient.NextCommitteeNotProven.selector;
        }
        if (same(name, "wrong-fork-version")) {
            for (uint256 i = 0; i < c.network.forks.length; ++i) {
                c.network.forks[i].version = 0x0f000000;
            }
            return EthereumLightClient.SignatureInvalid.selector;
        }
        if (same(name, "wrong-genesis-validators-root")) {
            c.network.genesisValidatorsRoot = bytes32(uint256(type(uint256).max) / 0xf);
            return EthereumLightClient.SignatureInvalid.selector;
        }
        if (same(name, "wrong-committee")) {
            c.committeeRoot = update.nextCommitteeRoot;
            return EthereumLightClient.CommitteeMismatch.selector;
        }
        revert NotTrue(name);
    }
}
