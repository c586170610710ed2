// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Governed} from "../../../contracts/governance/Governed.sol";
import {ILightClient, Passport} from "../../../contracts/interfaces/ILightClient.sol";
import {CanonicalAbi} from "../../../contracts/libraries/CanonicalAbi.sol";
import {ReceiptProofs} from "../../../contracts/libraries/ReceiptProofs.sol";
import {Log, ReceiptProof} from "../../../contracts/types/ProofTypes.sol";
import {Bls12381, BlsPrecompiles} from "./Bls12381.sol";
import {ExecutionHeader, ExecutionHeaderFields} from "./ExecutionHeader.sol";
import {HistoryProof} from "./HistoryProof.sol";
import {BeaconHeader, Ssz} from "./Ssz.sol";

/// A member of the sync committee that did not sign, with its place in the committee's keys.
struct AbsentMember {
    bytes key;
    bytes32[] branch;
}

/// A light-client update with finality (docs/proof-formats.md).
struct SyncUpdate {
    BeaconHeader attested;
    BeaconHeader finalized;
    bytes32[] finalityBranch;
    bytes32 executionBlockHash;
    bytes32[] executionBranch;
    bytes32 nextCommitteeRoot;
    bytes32[] nextCommitteeBranch;
    uint64 signatureSlot;
    bytes32[2] syncCommitteeBits;
    bytes signature;
    bytes aggregateKey;
    bytes32 pubkeysRoot;
    AbsentMember[] absent;
}

struct EthereumProof {
    bytes[] updates;
    bytes[] headers;
    bytes[] historyAccount;
    bytes[] historyStorage;
    ReceiptProof[] receipts;
}

struct EthereumState {
    uint64 finalizedSlot;
    bytes32 finalizedBlockHash;
    uint64 period;
    bytes32 committeeRoot;
    bytes32 nextCommitteeRoot;
}

/// What a fork changed: its signing version and where things stand in the trees.
/// @param blockHashGindex of the execution payload's block_hash below the beacon block body; 0 before Capella
struct Fork {
    uint64 epoch;
    bytes4 version;
    uint16 finalityGindex;
    uint16 nextCommitteeGindex;
    uint16 blockHashGindex;
}

/// The verified network.
struct EthereumNetwork {
    uint64 chainId;
    bytes32 genesisValidatorsRoot;
    uint64 slotsPerEpoch;
    uint64 slotsPerPeriod;
    uint16 committeeSize;
    Fork[] forks;
}

/// What is believed at the start.
/// @param nextCommitteeRoot 0 while it is not known
struct EthereumCheckpoint {
    uint64 finalizedSlot;
    bytes32 finalizedBlockHash;
    bytes32 committeeRoot;
    bytes32 nextCommitteeRoot;
}

/// @title Light client of an Ethereum chain (consensus-specs light client, Capella to Fulu)
/// @notice Follows finality by the signatures of the sync committee, committee by committee from a checkpoint, and
/// verifies receipts of any block that a finalised one descends from.
/// @dev Trust: the checkpoint is right, and fewer than two thirds of each following committee collude. Unlike the
/// specification's store, only updates with finality and two thirds of the committee are accepted at all.
/// @dev Warning: the owner (timelock) can upgrade it.
contract EthereumLightClient is ILightClient, Governed {
    using CanonicalAbi for CanonicalAbi.Tail;

    uint256 private constant BITS_MAX = 512;
    uint256 public constant HEADERS_MAX = 256;
    bytes4 private constant DOMAIN_SYNC_COMMITTEE = 0x07000000;
    uint256 private constant FORKS_MAX = 32;
    /// keccak256 of hash_to_curve(32 zero bytes), in the encoding of EIP-2537.
    bytes32 private constant HASH_OF_ZERO = 0xe8ed1eeb1cb5050c1c752cd4f384e6f9cfd264c50584d22d6129f8b1a3683ee0;

    uint64 public chainId;
    uint64 public slotsPerEpoch;
    uint64 public slotsPerPeriod;
    uint16 public committeeSize;
    uint64 public finalizedSlot;
    uint64 public lastUpdate;
    bytes32 public genesisValidatorsRoot;
    bytes32 public finalizedBlockHash;
    BlsPrecompiles public precompiles;
    Fork[] public forks;
    /// Roots of the sync committees by period.
    mapping(uint64 period => bytes32) public committees;
    /// Execution blocks that were verified to be final.
    mapping(bytes32 blockHash => bool) public isFinalized;

    error NetworkInvalid();
    error PrecompileWrong(address precompile);
    error SlotsNotOrdered(uint64 signatureSlot, uint64 attestedSlot, uint64 finalizedSlot_);
    error CommitteeUnknown(uint64 period);
    error CommitteeMismatch(bytes32 computed, bytes32 expected);
    error CommitteeConflict(uint64 period);
    error FinalityNotProven();
    error ExecutionNotProven();
    error NextCommitteeNotProven();
    error ForkWithoutExecution(uint64 epoch);
    error BitsOutOfRange();
    error AbsentMembersWrong(uint256 given, uint256 required);
    error AbsentMemberNotProven(uint256 index);
    error ParticipationTooLow(uint256 participants, uint256 committeeSize_);
    error SignatureInvalid();
    error NoHeaders();
    error TooManyHeaders(uint256 count);
    error BlockNotFinalized(bytes32 blockHash);
    error ParentMismatch(uint256 header);
    error HistoryMismatch(bytes32 found, bytes32 expected);

    function initialize(
        address owner_,
        EthereumNetwork calldata network,
        BlsPrecompiles calldata precompiles_,
        EthereumCheckpoint calldata checkpoint
    ) external initializer {
        __Ownable_init(owner_);
        if (
            network.slotsPerEpoch == 0 || network.slotsPerPeriod % network.slotsPerEpoch != 0
                || network.slotsPerPeriod == 0 || network.committeeSize == 0 || network.committeeSize > BITS_MAX
                || network.committeeSize & (network.committeeSize - 1) != 0 || network.forks.length == 0
                || network.forks.length > FORKS_MAX || network.forks[0].epoch != 0
                || checkpoint.committeeRoot == 0 || checkpoint.finalizedBlockHash == 0
        ) revert NetworkInvalid();
        for (uint256 i = 0; i < network.forks.length; ++i) {
            if (i != 0 && network.forks[i].epoch < network.forks[i - 1].epoch) revert NetworkInvalid();
            forks.push(network.forks[i]);
        }
        chainId = network.chainId;
        genesisValidatorsRoot = network.genesisValidatorsRoot;
        slotsPerEpoch = network.slotsPerEpoch;
        slotsPerPeriod = network.slotsPerPeriod;
        committeeSize = network.committeeSize;
        precompiles = precompiles_;
        _checkPrecompiles(precompiles_);
        uint64 period = checkpoint.finalizedSlot / network.slotsPerPeriod;
        committees[period] = checkpoint.committeeRoot;
        committees[period + 1] = checkpoint.nextCommitteeRoot;
        _finalize(checkpoint.finalizedSlot, checkpoint.finalizedBlockHash);
        emit ClientUpdated(finalizedSlot, clientState());
    }

    /// @inheritdoc ILightClient
    function verifyLogs(bytes calldata proof) external returns (Log[] memory logs) {
        EthereumProof calldata ethereum;
        _checkProofForm(proof);
        assembly ("memory-safe") {
            ethereum := add(proof.offset, 0x20)
        }
        for (uint256 i = 0; i < ethereum.updates.length; ++i) {
            _update(ethereum.updates[i]);
        }
        return ReceiptProofs.verifyAll(_receiptsRoot(ethereum), ethereum.receipts);
    }

    /// @inheritdoc ILightClient
    function update(bytes calldata data) external {
        _update(data);
    }

    /// @inheritdoc ILightClient
    function clientState() public view returns (bytes memory) {
        uint64 period = finalizedSlot / slotsPerPeriod;
        return abi.encode(
            EthereumState({
                finalizedSlot: finalizedSlot,
                finalizedBlockHash: finalizedBlockHash,
                period: period,
                committeeRoot: committees[period],
                nextCommitteeRoot: committees[period + 1]
            })
        );
    }

    /// @inheritdoc ILightClient
    function passport() external view returns (Passport memory) {
        return Passport({
            kind: "ethereum",
            chainId: chainId,
            forgingKeys: (2 * uint32(committeeSize) + 2) / 3,
            totalKeys: committeeSize,
            lastUpdate: lastUpdate,
            height: finalizedSlot,
            frozen: false
        });
    }

    // ---- blocks ----------------------------------------------------------------------------------------------

    /// @dev Receipts root of the last header, which the first, finalised one descends from.
    function _receiptsRoot(EthereumProof calldata proof) private view returns (bytes32) {
        uint256 count = proof.headers.length;
        if (count == 0) revert NoHeaders();
        if (count > HEADERS_MAX) revert TooManyHeaders(count);
        ExecutionHeaderFields memory fields = ExecutionHeader.decode(proof.headers[0]);
        if (!isFinalized[fields.hash]) revert BlockNotFinalized(fields.hash);
        if (proof.historyAccount.length != 0 || proof.historyStorage.length != 0) {
            if (count != 2) revert TooManyHeaders(count);
            ExecutionHeaderFields memory target = ExecutionHeader.decode(proof.headers[1]);
            bytes32 expected = HistoryProof.blockHash(
                fields.stateRoot, fields.number, target.number, proof.historyAccount, proof.historyStorage
            );
            if (target.hash != expected) revert HistoryMismatch(target.hash, expected);
            return target.receiptsRoot;
        }
        for (uint256 i = 1; i < count; ++i) {
            bytes32 parentHash = fields.parentHash;
            fields = ExecutionHeader.decode(proof.headers[i]);
            if (fields.hash != parentHash) revert ParentMismatch(i);
        }
        return fields.receiptsRoot;
    }

    // ---- updates ---------------------------------------------------------------------------------------------

    /// @dev consensus-specs altair/light-client/sync-protocol validate_light_client_update, in its order, and
    /// apply_light_client_update.
    function _update(bytes calldata data) private {
        SyncUpdate calldata sync;
        _checkUpdateForm(data);
        assembly ("memory-safe") {
            sync := add(data.offset, 0x20)
        }
        uint64 finalizedPeriod = sync.finalized.slot / slotsPerPeriod;
        // The next committee is learned only when the finalised header is in the attesting state's period: otherwise the
        // committee is not final.
        bool hasNext = sync.nextCommitteeRoot != 0 || sync.nextCommitteeBranch.length != 0;
        bool learnsNext = hasNext && sync.attested.slot / slotsPerPeriod == finalizedPeriod
            && committees[finalizedPeriod + 1] == 0;
        bool isNewer = sync.finalized.slot > finalizedSlot;
        if (!isNewer && !learnsNext) return; // somebody was here before
        if (sync.finalized.slot / slotsPerPeriod < finalizedSlot / slotsPerPeriod) return;

        if (
            sync.signatureSlot <= sync.attested.slot || sync.attested.slot < sync.finalized.slot
        ) revert SlotsNotOrdered(sync.signatureSlot, sync.attested.slot, sync.finalized.slot);
        uint64 signaturePeriod = sync.signatureSlot / slotsPerPeriod;
        uint64 storePeriod = finalizedSlot / slotsPerPeriod;
        // Only the current committee or, once known, the next: older ones may have sold their keys.
        if (signaturePeriod < storePeriod || signaturePeriod > storePeriod + 1 || committees[signaturePeriod] == 0) {
            revert CommitteeUnknown(signaturePeriod);
        }

        Fork memory attestedFork = _forkAt(sync.attested.slot / slotsPerEpoch);
        if (
            Ssz.computeRoot(Ssz.headerRoot(sync.finalized), sync.finalityBranch, attestedFork.finalityGindex)
                != sync.attested.stateRoot
        ) revert FinalityNotProven();
        Fork memory finalizedFork = _forkAt(sync.finalized.slot / slotsPerEpoch);
        if (finalizedFork.blockHashGindex == 0) revert ForkWithoutExecution(sync.finalized.slot / slotsPerEpoch);
        if (
            Ssz.computeRoot(sync.executionBlockHash, sync.executionBranch, finalizedFork.blockHashGindex)
                != sync.finalized.bodyRoot
        ) revert ExecutionNotProven();
        if (hasNext) {
            if (
                Ssz.computeRoot(sync.nextCommitteeRoot, sync.nextCommitteeBranch, attestedFork.nextCommitteeGindex)
                    != sync.attested.stateRoot
            ) revert NextCommitteeNotProven();
            bytes32 known = committees[sync.attested.slot / slotsPerPeriod + 1];
            if (known != 0 && known != sync.nextCommitteeRoot) {
                revert CommitteeConflict(sync.attested.slot / slotsPerPeriod + 1);
            }
        }
        _verifySignature(sync, committees[signaturePeriod]);

        if (learnsNext) committees[finalizedPeriod + 1] = sync.nextCommitteeRoot;
        if (isNewer) _finalize(sync.finalized.slot, sync.executionBlockHash);
        emit ClientUpdated(finalizedSlot, clientState());
    }

    /// @dev That `proof` is `abi.encode(EthereumProof)`.
    function _checkProofForm(bytes calldata proof) private pure {
        (CanonicalAbi.Tail memory tail, uint256 start) = CanonicalAbi.open(proof, 5);
        for (uint256 member = 0; member < 4; ++member) tail.nextBytesArray(start, member);
        tail.nextReceipts(start, 4);
        tail.close();
    }

    /// @dev That `data` is `abi.encode(SyncUpdate)`. Head words: attested 0 to 4, finalized 5 to 9, finalityBranch 10,
    /// executionBlockHash 11, executionBranch 12, nextCommitteeRoot 13, nextCommitteeBranch 14, signatureSlot 15,
    /// syncCommitteeBits 16 and 17, signature 18, aggregateKey 19, pubkeysRoot 20, absent 21. An update that is known
    /// already is not read as a whole, so the numbers are checked here.
    function _checkUpdateForm(bytes calldata data) private pure {
        (CanonicalAbi.Tail memory tail, uint256 start) = CanonicalAbi.open(data, 22);
        CanonicalAbi.checkUint64(start, 0);
        CanonicalAbi.checkUint64(start, 1);
        CanonicalAbi.checkUint64(start, 5);
        CanonicalAbi.checkUint64(start, 6);
        CanonicalAbi.checkUint64(start, 15);
        tail.nextArray(start, 10, 1);
        tail.nextArray(start, 12, 1);
        tail.nextArray(start, 14, 1);
        tail.nextBytes(start, 18);
        tail.nextBytes(start, 19);
        (uint256 elements, uint256 count) = tail.nextArray(start, 21, 1);
        for (uint256 i = 0; i < count; ++i) {
            uint256 member = tail.next(elements, i, 2);
            tail.nextBytes(member, 0);
            tail.nextArray(member, 1, 1);
        }
        tail.close();
    }

    function _finalize(uint64 slot, bytes32 blockHash) private {
        finalizedSlot = slot;
        finalizedBlockHash = blockHash;
        isFinalized[blockHash] = true;
        lastUpdate = uint64(block.timestamp);
    }

    function _verifySignature(SyncUpdate calldata sync, bytes32 committeeRoot) private view {
        // The aggregate key and the keys' root are the committee's: together they hash to its root.
        bytes32 computed = Ssz.pair(sync.pubkeysRoot, Bls12381.keyRoot(sync.aggregateKey));
        if (computed != committeeRoot) revert CommitteeMismatch(computed, committeeRoot);
        BlsPrecompiles memory at = precompiles;
        bytes memory key = _sumOfSigners(sync, at);
        bytes32 signingRoot = Ssz.pair(Ssz.headerRoot(sync.attested), _domain(sync.signatureSlot));
        if (!Bls12381.verify(at, key, signingRoot, sync.signature)) revert SignatureInvalid();
    }

    /// @dev compute_domain(DOMAIN_SYNC_COMMITTEE, the fork of the slot before the signature's, genesis_validators_root)
    function _domain(uint64 signatureSlot) private view returns (bytes32) {
        uint64 previous = signatureSlot == 0 ? 0 : signatureSlot - 1;
        bytes4 version = _forkAt(previous / slotsPerEpoch).version;
        bytes32 forkDataRoot = Ssz.pair(bytes32(version), genesisValidatorsRoot);
        return bytes32(DOMAIN_SYNC_COMMITTEE) | (forkDataRoot >> 32);
    }

    /// @dev The committee's aggregate key less those of the members whose bit is clear, each proven at its index.
    function _sumOfSigners(SyncUpdate calldata sync, BlsPrecompiles memory at) private view returns (bytes memory key) {
        uint256 size = committeeSize;
        key = sync.aggregateKey;
        uint256 used = 0;
        for (uint256 index = 0; index < BITS_MAX; ++index) {
            // Bit i is bit i % 8 of byte i / 8.
            uint256 word = uint256(sync.syncCommitteeBits[index >> 8]);
            bool isSet = (word >> (248 - (index & 0xf8) + (index & 7))) & 1 != 0;
            if (index >= size) {
                if (isSet) revert BitsOutOfRange();
            } else if (!isSet) {
                if (used == sync.absent.length) revert AbsentMembersWrong(used, used + 1);
                AbsentMember calldata member = sync.absent[used++];
                bytes32 root = Ssz.computeRoot(Bls12381.keyRoot(member.key), member.branch, size + index);
                if (root != sync.pubkeysRoot) revert AbsentMemberNotProven(index);
                key = Bls12381.addG1(at, key, Bls12381.negateG1(member.key));
            }
        }
        if (used != sync.absent.length) revert AbsentMembersWrong(sync.absent.length, used);
        uint256 participants = size - used;
        if (participants == 0 || participants * 3 < size * 2) revert ParticipationTooLow(participants, size);
    }

    function _forkAt(uint64 epoch) private view returns (Fork memory fork) {
        for (uint256 i = forks.length; i-- > 0;) {
            if (forks[i].epoch <= epoch) return forks[i];
        }
    }

    /// @dev Known answers, right and wrong: a chain whose precompiles answer otherwise cannot carry this client.
    function _checkPrecompiles(BlsPrecompiles memory at) private view {
        bytes memory g = Bls12381.negateG1(Bls12381.NEGATIVE_G1);
        bytes memory zero = new bytes(Bls12381.G1_BYTES);
        if (keccak256(Bls12381.addG1(at, g, Bls12381.NEGATIVE_G1)) != keccak256(zero)) revert PrecompileWrong(at.g1Add);
        if (keccak256(Bls12381.addG1(at, g, zero)) != keccak256(g)) revert PrecompileWrong(at.g1Add);
        if (keccak256(Bls12381.hashToG2(at, 0)) != HASH_OF_ZERO) revert PrecompileWrong(at.mapFp2ToG2);
        // e(g, h) * e(-g, h) is 1; with another second point it is not.
        if (!Bls12381.pairingIsOne(at, g, 0, 0)) revert PrecompileWrong(at.pairing);
        if (Bls12381.pairingIsOne(at, g, 0, bytes32(uint256(1)))) revert PrecompileWrong(at.pairing);
    }
}
