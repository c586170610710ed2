// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Governed} from "../../../contracts/governance/Governed.sol";
import {ILightClient, Passport} from "../../../contracts/interfaces/ILightClient.sol";
import {CanonicalAbi} from "../../../contracts/libraries/CanonicalAbi.sol";
import {ReceiptProofs} from "../../../contracts/libraries/ReceiptProofs.sol";
import {Log, ReceiptProof} from "../../../contracts/types/ProofTypes.sol";
import {Bls12381, BlsPrecompiles} from "./Bls12381.sol";
import {ClientHead, ClientHeads} from "./ClientHead.sol";
import {CommitteeProof} from "./CommitteeProof.sol";
import {ExecutionHeader, ExecutionHeaderFields} from "./ExecutionHeader.sol";
import {HistoryProof} from "./HistoryProof.sol";
import {BeaconHeader, Ssz} from "./Ssz.sol";
import {SyncUpdate} from "./SyncUpdate.sol";

/// A proof of receipts (docs/proof-formats.md).
/// @param updates packed as SyncUpdate says
/// @param anchorSlot of the finalised block that the first header is of
struct EthereumProof {
    bytes[] updates;
    uint64 anchorSlot;
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

/// The verified network, and how long a client of it is to be trusted without news.
/// @param genesisTime of the network, seconds
/// @param trustingPeriod age of the newest finalised header, seconds, above which no update is believed any more
struct EthereumNetwork {
    uint64 chainId;
    bytes32 genesisValidatorsRoot;
    uint64 genesisTime;
    uint64 secondsPerSlot;
    uint64 slotsPerEpoch;
    uint64 slotsPerPeriod;
    uint64 trustingPeriod;
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
/// @dev Trust: the checkpoint is right, and fewer than two thirds of each following committee collude while the client
/// trusts it. Unlike the specification's store, only updates with finality and two thirds of the committee are accepted
/// at all. Old committees have nothing to lose any more: a client whose newest finalised header is older than the
/// trusting period believes no update. Whoever shows two that contradict each other freezes it: it verifies nothing then.
/// @dev Warning: the owner (timelock) can upgrade it. Nothing else ends a freeze or gives an expired client new trust.
contract EthereumLightClient is ILightClient, Governed {
    using CanonicalAbi for CanonicalAbi.Tail;

    /// @param domain that is signed under the fork, compute_domain(DOMAIN_SYNC_COMMITTEE, ...)
    struct ForkRecord {
        Fork fork;
        bytes32 domain;
    }

    /// What an update proves.
    /// @param headerRoot of the finalised beacon block
    /// @param nextCommitteeRoot 0 when it says nothing of it
    struct Finality {
        uint64 slot;
        uint64 attestedPeriod;
        bytes32 headerRoot;
        bytes32 blockHash;
        bytes32 nextCommitteeRoot;
    }

    uint256 public constant HEADERS_MAX = 256;
    bytes4 private constant DOMAIN_SYNC_COMMITTEE = 0x07000000;
    uint256 private constant FORKS_MAX = 32;

    /// A ClientHead, packed.
    uint256 private _packedHead;
    /// Roots of the committees of even and odd periods: that of finalizedSlot's period, and the next one's if it is known.
    bytes32[2] private _committees;
    /// Hashes of the execution blocks that were verified to be final, by beacon slot.
    mapping(uint64 slot => bytes32) public finalizedBlocks;
    mapping(uint256 index => ForkRecord) private _forks;
    uint64 public chainId;
    bytes32 public genesisValidatorsRoot;

    /// Two verified updates contradict each other; the client is frozen.
    /// @param slot finalised in `first`
    event MisbehaviourProven(uint64 indexed slot, bytes32 firstRoot, bytes32 secondRoot, address submitter);

    error NetworkInvalid();
    error PrecompileWrong(address precompile);
    error ClientFrozen();
    error ClientExpired(uint64 trustedUntil);
    error NoMisbehaviour();
    error SlotsNotOrdered(uint64 signatureSlot, uint64 attestedSlot, uint64 finalizedSlot_);
    error CommitteeUnknown(uint64 period);
    error CommitteeMismatch(bytes32 computed, bytes32 expected);
    error CommitteeConflict(uint64 period);
    error NextCommitteeNotProven();
    error ForkWithoutExecution(uint64 epoch);
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
        _checkNetwork(network);
        if (checkpoint.committeeRoot == 0 || checkpoint.finalizedBlockHash == 0) revert NetworkInvalid();
        for (uint256 i = 0; i < network.forks.length; ++i) {
            bytes32 forkDataRoot = Ssz.pair(bytes32(network.forks[i].version), network.genesisValidatorsRoot);
            _forks[i].fork = network.forks[i];
            _forks[i].domain = bytes32(DOMAIN_SYNC_COMMITTEE) | (forkDataRoot >> 32);
        }
        chainId = network.chainId;
        genesisValidatorsRoot = network.genesisValidatorsRoot;
        uint8 depth = 0;
        while (uint256(1) << depth < network.committeeSize) ++depth;
        ClientHead memory head = ClientHead({
            finalizedSlot: checkpoint.finalizedSlot,
            lastUpdate: uint40(block.timestamp),
            expiryBase: uint40(network.genesisTime + network.trustingPeriod),
            secondsPerSlot: uint8(network.secondsPerSlot),
            slotsPerEpoch: uint16(network.slotsPerEpoch),
            slotsPerPeriod: uint24(network.slotsPerPeriod),
            committeeDepth: depth,
            forkCount: uint8(network.forks.length),
            knowsNext: checkpoint.nextCommitteeRoot != 0,
            frozen: false,
            g1Add: _byteOf(precompiles_.g1Add),
            g2Add: _byteOf(precompiles_.g2Add),
            pairing: _byteOf(precompiles_.pairing),
            mapFp2ToG2: _byteOf(precompiles_.mapFp2ToG2)
        });
        _checkNotExpired(head);
        address wrong = Bls12381.findWrongPrecompile(precompiles_);
        if (wrong != address(0)) revert PrecompileWrong(wrong);
        _packedHead = ClientHeads.pack(head);
        uint64 period = head.finalizedSlot / head.slotsPerPeriod;
        _committees[period & 1] = checkpoint.committeeRoot;
        _committees[(period + 1) & 1] = checkpoint.nextCommitteeRoot;
        finalizedBlocks[head.finalizedSlot] = checkpoint.finalizedBlockHash;
        emit ClientUpdated(head.finalizedSlot, _state(head));
    }

    /// @inheritdoc ILightClient
    function verifyLogs(bytes calldata proof) external returns (Log[] memory logs) {
        EthereumProof calldata ethereum;
        _checkProofForm(proof);
        assembly ("memory-safe") {
            ethereum := add(proof.offset, 0x20)
        }
        if (_head().frozen) revert ClientFrozen();
        for (uint256 i = 0; i < ethereum.updates.length; ++i) {
            _update(ethereum.updates[i]);
        }
        return ReceiptProofs.verifyAll(_receiptsRoot(ethereum), ethereum.receipts);
    }

    /// @inheritdoc ILightClient
    function update(bytes calldata data) external {
        _update(data);
    }

    /// @notice Freezes the client for good, given two updates that it would believe and that cannot both be true of one
    /// chain: two finalised headers of one slot, or two final next committees of one period. Open to everyone.
    /// @dev Both must be signed by the committee of the client's period or the next: keys of before prove nothing. Forks
    /// that finalise different slots only are not seen here, as nothing tells that one does not descend from the other.
    function submitMisbehaviour(bytes calldata first, bytes calldata second) external {
        ClientHead memory head = _head();
        if (head.frozen) revert ClientFrozen();
        _checkNotExpired(head);
        SyncUpdate.checkHead(first);
        SyncUpdate.checkHead(second);
        Finality memory a = _verify(first, head);
        Finality memory b = _verify(second, head);
        bool isForked = a.slot == b.slot && a.headerRoot != b.headerRoot;
        bool isSucceededTwice = a.attestedPeriod == b.attestedPeriod && a.nextCommitteeRoot != 0
            && b.nextCommitteeRoot != 0 && a.nextCommitteeRoot != b.nextCommitteeRoot
            && _isNextFinal(a, head) && _isNextFinal(b, head);
        if (!isForked && !isSucceededTwice) revert NoMisbehaviour();
        head.frozen = true;
        _packedHead = ClientHeads.pack(head);
        emit MisbehaviourProven(a.slot, a.headerRoot, b.headerRoot, msg.sender);
    }

    /// @inheritdoc ILightClient
    function clientState() public view returns (bytes memory) {
        return _state(_head());
    }

    /// @inheritdoc ILightClient
    function passport() external view returns (Passport memory) {
        ClientHead memory head = _head();
        uint32 size = uint32(1) << head.committeeDepth;
        return Passport({
            kind: "ethereum",
            chainId: chainId,
            forgingKeys: (2 * size + 2) / 3,
            totalKeys: size,
            lastUpdate: head.lastUpdate,
            height: head.finalizedSlot,
            frozen: head.frozen
        });
    }

    /// @notice Root of the sync committee of `period`; 0 unless that is the period of the newest finalised header, or the
    /// next one and its committee is known.
    function committees(uint64 period) public view returns (bytes32) {
        return _committee(_head(), period);
    }

    function finalizedSlot() external view returns (uint64) {
        return _head().finalizedSlot;
    }

    function finalizedBlockHash() external view returns (bytes32) {
        return finalizedBlocks[_head().finalizedSlot];
    }

    /// @inheritdoc ILightClient
    function trustedUntil() external view returns (uint64) {
        return _trustedUntil(_head());
    }

    function forks(uint256 index) external view returns (Fork memory) {
        return _forks[index].fork;
    }

    // ---- blocks ----------------------------------------------------------------------------------------------

    /// @dev Receipts root of the last header, which the first, finalised one descends from.
    function _receiptsRoot(EthereumProof calldata proof) private view returns (bytes32) {
        uint256 count = proof.headers.length;
        if (count == 0) revert NoHeaders();
        if (count > HEADERS_MAX) revert TooManyHeaders(count);
        bool isHistory = proof.historyAccount.length != 0 || proof.historyStorage.length != 0;
        if (isHistory && count != 2) revert TooManyHeaders(count);
        ExecutionHeaderFields memory fields;
        for (uint256 i = 0; i < count; ++i) {
            ExecutionHeaderFields memory child = fields;
            fields = ExecutionHeader.decode(proof.headers[i]);
            if (i == 0) {
                if (finalizedBlocks[proof.anchorSlot] != fields.hash) revert BlockNotFinalized(fields.hash);
            } else if (isHistory) {
                bytes32 expected = HistoryProof.blockHash(
                    child.stateRoot, child.number, fields.number, proof.historyAccount, proof.historyStorage
                );
                if (fields.hash != expected) revert HistoryMismatch(fields.hash, expected);
            } else if (fields.hash != child.parentHash) {
                revert ParentMismatch(i);
            }
        }
        return fields.receiptsRoot;
    }

    /// @dev That `proof` is `abi.encode(EthereumProof)`.
    function _checkProofForm(bytes calldata proof) private pure {
        (CanonicalAbi.Tail memory tail, uint256 start) = CanonicalAbi.open(proof, 6);
        CanonicalAbi.checkUint64(start, 1);
        tail.nextBytesArray(start, 0);
        for (uint256 member = 2; member < 5; ++member) tail.nextBytesArray(start, member);
        tail.nextReceipts(start, 5);
        tail.close();
    }

    // ---- updates ---------------------------------------------------------------------------------------------

    /// @dev An update that is known already is not read beyond its slots.
    function _update(bytes calldata data) private {
        SyncUpdate.checkHead(data);
        ClientHead memory head = _head();
        if (head.frozen) revert ClientFrozen();
        uint64 slot = SyncUpdate.uint64At(data, SyncUpdate.FINALIZED_SLOT);
        uint64 period = slot / head.slotsPerPeriod;
        uint64 attestedPeriod = SyncUpdate.uint64At(data, SyncUpdate.ATTESTED_SLOT) / head.slotsPerPeriod;
        // The next committee is learned only when the finalised header is in the attesting state's period: otherwise the
        // committee is not final.
        bool learnsNext = SyncUpdate.wordAt(data, SyncUpdate.NEXT_COMMITTEE) != 0 && attestedPeriod == period
            && _committee(head, period + 1) == 0;
        bool isNewer = slot > head.finalizedSlot;
        if (!isNewer && !learnsNext) return; // somebody was here before
        uint64 trustedPeriod = head.finalizedSlot / head.slotsPerPeriod;
        if (period < trustedPeriod) return;

        _checkNotExpired(head);
        Finality memory finality = _verify(data, head);
        bytes32 known = _committee(head, attestedPeriod + 1);
        if (finality.nextCommitteeRoot != 0 && known != 0 && known != finality.nextCommitteeRoot) {
            revert CommitteeConflict(attestedPeriod + 1);
        }

        if (learnsNext) {
            _committees[(period + 1) & 1] = finality.nextCommitteeRoot;
            head.knowsNext = true;
        } else if (period != trustedPeriod) {
            head.knowsNext = false;
        }
        if (isNewer) {
            head.finalizedSlot = slot;
            head.lastUpdate = uint40(block.timestamp);
            finalizedBlocks[slot] = finality.blockHash;
        }
        _packedHead = ClientHeads.pack(head);
        emit ClientUpdated(head.finalizedSlot, _state(head));
    }

    /// @dev What `data` proves by a committee that is trusted now: consensus-specs altair/light-client/sync-protocol
    /// validate_light_client_update, and two thirds of the committee. Roots that the proof leads to are not in it but
    /// computed, up to what is signed: whatever else stands in it, the signature is on something else.
    function _verify(bytes calldata data, ClientHead memory head) private view returns (Finality memory finality) {
        uint64 signatureSlot = SyncUpdate.uint64At(data, SyncUpdate.SIGNATURE_SLOT);
        uint64 attestedSlot = SyncUpdate.uint64At(data, SyncUpdate.ATTESTED_SLOT);
        finality.slot = SyncUpdate.uint64At(data, SyncUpdate.FINALIZED_SLOT);
        if (signatureSlot <= attestedSlot || attestedSlot < finality.slot) {
            revert SlotsNotOrdered(signatureSlot, attestedSlot, finality.slot);
        }
        // Only the current committee or, once known, the next: older ones may have sold their keys.
        bytes32 committee = _committee(head, signatureSlot / head.slotsPerPeriod);
        if (committee == 0) revert CommitteeUnknown(signatureSlot / head.slotsPerPeriod);

        uint256 position;
        (finality.headerRoot, position) = _finalizedRoot(data, head, finality.slot);
        finality.blockHash = SyncUpdate.wordAt(data, SyncUpdate.BLOCK_HASH);
        finality.nextCommitteeRoot = SyncUpdate.wordAt(data, SyncUpdate.NEXT_COMMITTEE);
        finality.attestedPeriod = attestedSlot / head.slotsPerPeriod;
        bytes32 attestedRoot;
        (attestedRoot, position) = _attestedRoot(data, head, finality, attestedSlot, position);

        BlsPrecompiles memory at = _precompiles(head);
        uint256 buffer = Bls12381.open();
        bytes32 computed;
        (computed, position) = CommitteeProof.read(
            at.g1Add,
            buffer,
            head.committeeDepth,
            uint256(SyncUpdate.wordAt(data, SyncUpdate.PARTICIPATION)),
            uint256(SyncUpdate.wordAt(data, SyncUpdate.PARTICIPATION + 32)),
            SyncUpdate.positionOf(data, SyncUpdate.COMMITTEE_SUM),
            position
        );
        SyncUpdate.checkEnd(data, position);
        if (computed != committee) revert CommitteeMismatch(computed, committee);
        // Signed under the fork of the slot before.
        uint256 fork = _forkAt(head, (signatureSlot - 1) / head.slotsPerEpoch);
        bytes32 signingRoot = Ssz.pair(attestedRoot, _forks[fork].domain);
        if (!Bls12381.verify(at, buffer, signingRoot, SyncUpdate.positionOf(data, SyncUpdate.SIGNATURE))) {
            revert SignatureInvalid();
        }
    }

    /// @return root of the finalised header, with the execution block in its body
    /// @return end behind the block's branch
    function _finalizedRoot(bytes calldata data, ClientHead memory head, uint64 slot)
        private
        view
        returns (bytes32 root, uint256 end)
    {
        uint256 gindex = _forks[_forkAt(head, slot / head.slotsPerEpoch)].fork.blockHashGindex;
        if (gindex == 0) revert ForkWithoutExecution(slot / head.slotsPerEpoch);
        bytes32 bodyRoot;
        (bodyRoot, end) = Ssz.fold(
            SyncUpdate.wordAt(data, SyncUpdate.BLOCK_HASH),
            SyncUpdate.positionOf(data, SyncUpdate.HEAD_BYTES),
            gindex
        );
        root = Ssz.headerRoot(
            BeaconHeader({
                slot: slot,
                proposerIndex: SyncUpdate.uint64At(data, SyncUpdate.FINALIZED_PROPOSER),
                parentRoot: SyncUpdate.wordAt(data, SyncUpdate.FINALIZED_PARENT),
                stateRoot: SyncUpdate.wordAt(data, SyncUpdate.FINALIZED_STATE),
                bodyRoot: bodyRoot
            })
        );
    }

    /// @return root of the attested header, with the finalised one and the next committee in its state
    /// @return end behind their branches, the first of which is at `position`
    function _attestedRoot(
        bytes calldata data,
        ClientHead memory head,
        Finality memory finality,
        uint64 slot,
        uint256 position
    ) private view returns (bytes32 root, uint256 end) {
        Fork storage fork = _forks[_forkAt(head, slot / head.slotsPerEpoch)].fork;
        bytes32 stateRoot;
        (stateRoot, end) = Ssz.fold(finality.headerRoot, position, fork.finalityGindex);
        if (finality.nextCommitteeRoot != 0) {
            bytes32 other;
            (other, end) = Ssz.fold(finality.nextCommitteeRoot, end, fork.nextCommitteeGindex);
            if (other != stateRoot) revert NextCommitteeNotProven();
        }
        root = Ssz.headerRoot(
            BeaconHeader({
                slot: slot,
                proposerIndex: SyncUpdate.uint64At(data, SyncUpdate.ATTESTED_PROPOSER),
                parentRoot: SyncUpdate.wordAt(data, SyncUpdate.ATTESTED_PARENT),
                stateRoot: stateRoot,
                bodyRoot: SyncUpdate.wordAt(data, SyncUpdate.ATTESTED_BODY)
            })
        );
    }

    // ---- the head --------------------------------------------------------------------------------------------

    function _head() private view returns (ClientHead memory) {
        return ClientHeads.unpack(_packedHead);
    }

    function _state(ClientHead memory head) private view returns (bytes memory) {
        uint64 period = head.finalizedSlot / head.slotsPerPeriod;
        return abi.encode(
            EthereumState({
                finalizedSlot: head.finalizedSlot,
                finalizedBlockHash: finalizedBlocks[head.finalizedSlot],
                period: period,
                committeeRoot: _committees[period & 1],
                nextCommitteeRoot: head.knowsNext ? _committees[(period + 1) & 1] : bytes32(0)
            })
        );
    }

    function _committee(ClientHead memory head, uint64 period) private view returns (bytes32) {
        uint64 trustedPeriod = head.finalizedSlot / head.slotsPerPeriod;
        if (period == trustedPeriod || (head.knowsNext && period == trustedPeriod + 1)) return _committees[period & 1];
        return 0;
    }

    /// @dev Whether the next committee that an update tells of is final: it is that of the finalised header's own period.
    function _isNextFinal(Finality memory finality, ClientHead memory head) private pure returns (bool) {
        return finality.slot / head.slotsPerPeriod == finality.attestedPeriod;
    }

    /// @dev Index of the fork that rules at `epoch`: of several at one epoch the last one. The first begins with epoch 0.
    function _forkAt(ClientHead memory head, uint64 epoch) private view returns (uint256 index) {
        unchecked {
            index = head.forkCount - 1;
            while (_forks[index].fork.epoch > epoch) --index;
        }
    }

    function _trustedUntil(ClientHead memory head) private pure returns (uint64) {
        // A slot that was finalised is far below 2^56; the checkpoint's is what the deployer says.
        return head.expiryBase + head.finalizedSlot * head.secondsPerSlot;
    }

    function _checkNotExpired(ClientHead memory head) private view {
        uint64 until = _trustedUntil(head);
        if (block.timestamp > until) revert ClientExpired(until);
    }

    function _precompiles(ClientHead memory head) private pure returns (BlsPrecompiles memory) {
        return BlsPrecompiles({
            g1Add: address(uint160(head.g1Add)),
            g2Add: address(uint160(head.g2Add)),
            pairing: address(uint160(head.pairing)),
            mapFp2ToG2: address(uint160(head.mapFp2ToG2))
        });
    }

    /// @dev Precompiles of either draft have addresses of one byte.
    function _byteOf(address precompile) private pure returns (uint8) {
        if (uint160(precompile) > type(uint8).max) revert PrecompileWrong(precompile);
        return uint8(uint160(precompile));
    }

    /// @dev Everything fits the head, and a trusting period there is.
    function _checkNetwork(EthereumNetwork calldata network) private pure {
        uint256 size = network.committeeSize;
        if (
            network.slotsPerEpoch == 0 || network.slotsPerEpoch > type(uint16).max || network.slotsPerPeriod == 0
                || network.slotsPerPeriod > type(uint24).max || network.slotsPerPeriod % network.slotsPerEpoch != 0
                || network.secondsPerSlot == 0 || network.secondsPerSlot > type(uint8).max
                || network.trustingPeriod == 0 || network.trustingPeriod > type(uint32).max
                || network.genesisTime > type(uint32).max || size == 0 || size > CommitteeProof.SIZE_MAX
                || size & (size - 1) != 0 || network.forks.length == 0 || network.forks.length > FORKS_MAX
                || network.forks[0].epoch != 0
        ) revert NetworkInvalid();
        for (uint256 i = 1; i < network.forks.length; ++i) {
            if (network.forks[i].epoch < network.forks[i - 1].epoch) revert NetworkInvalid();
        }
    }
}
