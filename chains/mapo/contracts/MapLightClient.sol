// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Governed} from "../../../contracts/governance/Governed.sol";
import {ILightClient, Passport} from "../../../contracts/interfaces/ILightClient.sol";
import {MerkleTree} from "../../../contracts/libraries/MerkleTree.sol";
import {ReceiptProofs} from "../../../contracts/libraries/ReceiptProofs.sol";
import {RlpReader} from "../../../contracts/libraries/RlpReader.sol";
import {Log} from "../../../contracts/types/ProofTypes.sol";
import {AtlasHeader, AtlasHeaderFields} from "./AtlasHeader.sol";
import {AtlasSeal, Seal} from "./AtlasSeal.sol";
import {Bn254} from "./Bn254.sol";

/// @param setHash keccak256(root of the tree of keys ‖ sum of the keys)
struct AtlasState {
    uint64 epochLength;
    uint64 lastEpochBlock;
    uint32 validators;
    bytes32 setHash;
    uint64 height;
}

/// @title Light client of the MAP relay chain (IBFT with BLS on BN254)
/// @notice Follows the validator set from a checkpoint, epoch by epoch, and verifies any block of the current epoch by
/// the seal of two thirds of it. The bytes it takes are described in docs/proof-formats.md.
/// @dev Trust: the checkpoint's validator set is right, and fewer than a third of each following set collude. The set
/// is never read from unsigned input: `update` takes changes from the header that the old set signed.
/// Keys of a set that is over have nothing to lose any more: the set is believed for the trusting period, counted from
/// the block that named it, and only a rotation gives new trust. A proof is held against the set itself, so an expired
/// client verifies nothing, however old the block.
/// @dev The set is kept as one hash, and a seal brings what it needs of it: storage is what verifying pays most for after
/// the pairing.
/// @dev Warning: the owner (timelock) can upgrade it. Nothing else ends a freeze or gives an expired client new trust.
contract MapLightClient is ILightClient, Governed {
    /// An index in the set has one byte, its bit one place in a 256-bit word.
    uint256 public constant VALIDATORS_MAX = 256;
    uint256 private constant KEY_BYTES = 64;
    uint256 private constant HEADER_AT = 2;

    uint64 public lastEpochBlock;
    uint64 public epochLength;
    uint32 public validators;
    bool public frozen;
    uint40 private _lastUpdate;
    uint40 private _trustedUntil;
    bytes32 public setHash;
    uint64 public chainId;
    /// Age of the newest epoch's end, seconds, above which its set is believed no more.
    uint32 public trustingPeriod;

    /// Two blocks of one number were sealed by the set: it cannot be trusted any more.
    event MisbehaviourProven(uint64 indexed number, bytes32 first, bytes32 second);

    error CheckpointBelowHashFork(uint64 block_, uint64 hashFork);
    error CheckpointNotEpochEnd(uint64 block_, uint64 epochLength_);
    error ValidatorCountOutOfRange(uint256 count);
    error ValidatorKeyInvalid(uint256 index);
    error PrecompileWrong();
    error ClientFrozen();
    error ClientExpired(uint64 trustedUntil);
    error TrustingPeriodOutOfRange(uint64 trustingPeriod);
    error NoEquivocation();
    error ProofTooShort();
    error ProofTooLong(uint256 left);
    error BlockNotInEpoch(uint64 number, uint64 first, uint64 last);
    error EpochSkipped(uint64 number, uint64 expected);
    error RemovedOutOfRange(uint256 removed, uint256 validators_);
    /// The seal's absent keys and sum of keys are not those of the set.
    error SetNotProven();
    error AbsentKeyNotProven(uint256 index);
    error RemovedKeyWrong(uint256 index);
    error ValidatorListsDiffer(uint256 addresses, uint256 g2Keys, uint256 g1Keys);

    /// @notice Starts from the block that ended an epoch and the keys that sign the next one.
    /// @param hashFork first block whose seals use the sound hash to G1; older ones can be forged
    /// @param checkpointTime a time at which the keys were the validators', seconds, from which on they are trusted: that
    /// of the block that ended the epoch or of one soon after it
    /// @param trustingPeriod_ for how long they are, and each later set, seconds; longer than an epoch takes, below 2^32
    function initialize(
        address owner_,
        uint64 chainId_,
        uint64 epochLength_,
        uint64 hashFork,
        uint64 checkpointBlock,
        uint64 checkpointTime,
        uint64 trustingPeriod_,
        uint256[2][] calldata keys
    ) external initializer {
        __Ownable_init(owner_);
        if (trustingPeriod_ == 0 || trustingPeriod_ > type(uint32).max) {
            revert TrustingPeriodOutOfRange(trustingPeriod_);
        }
        trustingPeriod = uint32(trustingPeriod_);
        if (checkpointBlock < hashFork) revert CheckpointBelowHashFork(checkpointBlock, hashFork);
        if (epochLength_ == 0 || checkpointBlock % epochLength_ != 0) {
            revert CheckpointNotEpochEnd(checkpointBlock, epochLength_);
        }
        _checkPrecompiles();
        chainId = chainId_;
        epochLength = epochLength_;
        if (keys.length > VALIDATORS_MAX) revert ValidatorCountOutOfRange(keys.length);
        bytes32[] memory leaves = new bytes32[](keys.length);
        uint256 x = 0;
        uint256 y = 0;
        for (uint256 i = 0; i < keys.length; ++i) {
            leaves[i] = keccak256(abi.encodePacked(keys[i][0], keys[i][1]));
            (x, y) = _addKey(x, y, keys[i][0], keys[i][1], i);
        }
        _setValidators(leaves, x, y, checkpointBlock, checkpointTime);
        _checkNotExpired();
    }

    /// @inheritdoc ILightClient
    function verifyLogs(bytes calldata proof) external view returns (Log[] memory logs) {
        (AtlasHeaderFields memory header, bytes calldata receipts) = _verifyBlock(proof);
        return ReceiptProofs.verifyPacked(header.receiptsRoot, receipts);
    }

    /// @inheritdoc ILightClient
    function update(bytes calldata data) external {
        (bytes calldata headerBytes, uint256 at, uint256 end) = _open(data);
        uint64 last = lastEpochBlock;
        if (AtlasHeader.peekNumber(headerBytes) <= last) return;
        if (frozen) revert ClientFrozen();
        _checkNotExpired();
        AtlasHeaderFields memory header = AtlasHeader.decode(headerBytes);
        if (header.number != last + epochLength) revert EpochSkipped(header.number, last + epochLength);
        uint256 count = validators;
        Seal memory seal = AtlasSeal.read(at, end, count);

        at = seal.end;
        bytes32[] memory leaves = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            leaves[i] = RlpReader.wordAt(at);
            at += 32;
        }
        if (at > end) revert ProofTooShort();
        _bindSet(seal, MerkleTree.root(leaves));
        for (uint256 i = 0; i < seal.absent.length; ++i) {
            if (seal.leaves[i] != leaves[seal.absent[i]]) revert AbsentKeyNotProven(seal.absent[i]);
        }
        AtlasSeal.check(seal, header.blockHash);
        _rotate(header, seal, leaves, at, end);
    }

    /// @notice Stops this client for good if the set sealed two different blocks of one number: at least a third of it
    /// signed both. Open to everyone, until the client expires: whoever has the keys of an old set could freeze it with
    /// them. Nothing is verified from then on; a service's deliveries under roots that it has stop when anyone calls its
    /// `stopDeliveries`. The rest waits for the governance's next step.
    /// @param first and `second` each a proof without receipts
    function submitMisbehaviour(bytes calldata first, bytes calldata second) external {
        if (frozen) return;
        (AtlasHeaderFields memory a, bytes calldata restOfFirst) = _verifyBlock(first);
        (AtlasHeaderFields memory b, bytes calldata restOfSecond) = _verifyBlock(second);
        if (restOfFirst.length != 0) revert ProofTooLong(restOfFirst.length);
        if (restOfSecond.length != 0) revert ProofTooLong(restOfSecond.length);
        if (a.number != b.number || a.blockHash == b.blockHash) revert NoEquivocation();
        frozen = true;
        emit MisbehaviourProven(a.number, a.blockHash, b.blockHash);
    }

    /// @inheritdoc ILightClient
    function clientState() public view returns (bytes memory) {
        return abi.encode(
            AtlasState({
                epochLength: epochLength,
                lastEpochBlock: lastEpochBlock,
                validators: validators,
                setHash: setHash,
                height: lastEpochBlock
            })
        );
    }

    /// @inheritdoc ILightClient
    function passport() external view returns (Passport memory) {
        return Passport({
            kind: "mapo",
            chainId: chainId,
            forgingKeys: uint32(AtlasSeal.quorum(validators)),
            totalKeys: validators,
            lastUpdate: _lastUpdate,
            height: lastEpochBlock,
            frozen: frozen
        });
    }

    /// @notice Time of this chain's block in which the set last changed, seconds.
    function lastUpdate() external view returns (uint64) {
        return _lastUpdate;
    }

    /// @inheritdoc ILightClient
    function trustedUntil() external view returns (uint64) {
        return _trustedUntil;
    }

    function _checkNotExpired() private view {
        uint64 until = _trustedUntil;
        if (block.timestamp > until) revert ClientExpired(until);
    }

    /// @dev A block of the current epoch with its seal, and what stands behind them in `proof`.
    function _verifyBlock(bytes calldata proof)
        private
        view
        returns (AtlasHeaderFields memory header, bytes calldata rest)
    {
        rest = proof;
        if (frozen) revert ClientFrozen();
        _checkNotExpired();
        (bytes calldata headerBytes, uint256 at, uint256 end) = _open(proof);
        header = AtlasHeader.decode(headerBytes);
        uint64 last = lastEpochBlock;
        uint64 length = epochLength;
        if (header.number <= last || header.number > last + length) {
            revert BlockNotInEpoch(header.number, last + 1, last + length);
        }
        uint256 count = validators;
        Seal memory seal = AtlasSeal.read(at, end, count);
        bytes32 root;
        (root, at) = _rootOfAbsent(seal, count);
        if (at > end) revert ProofTooShort();
        _bindSet(seal, root);
        AtlasSeal.check(seal, header.blockHash);
        rest = RlpReader.slice(at, end - at);
    }

    /// @dev Bytes that begin with a header: that, and where the rest of them begins and ends.
    function _open(bytes calldata data) private pure returns (bytes calldata header, uint256 at, uint256 end) {
        unchecked {
            header = data;
            assembly ("memory-safe") {
                header.offset := add(data.offset, HEADER_AT)
                header.length := shr(240, calldataload(data.offset))
                at := add(header.offset, header.length)
                end := add(data.offset, data.length)
            }
            if (at > end) revert ProofTooShort();
        }
    }

    /// @dev The root of the tree of keys, from the absent keys and the siblings after the seal; the root itself is the only
    /// sibling if nobody is absent. Also returns the position after them.
    function _rootOfAbsent(Seal memory seal, uint256 count) private pure returns (bytes32, uint256) {
        uint256 absent = seal.absent.length;
        if (absent == 0) return (RlpReader.wordAt(seal.end), seal.end + 32);
        uint256[] memory indexes = seal.absent;
        bytes32[] memory leaves = seal.leaves;
        uint256 firstIndex;
        uint256 firstLeaf;
        assembly ("memory-safe") {
            firstIndex := add(indexes, 0x20)
            firstLeaf := add(leaves, 0x20)
        }
        return MerkleTree.fold(firstIndex, firstLeaf, absent, MerkleTree.heightOf(count), seal.end);
    }

    /// @dev That the seal speaks of this client's set.
    function _bindSet(Seal memory seal, bytes32 root) private view {
        if (keccak256(abi.encodePacked(root, seal.sumX, seal.sumY)) != setHash) revert SetNotProven();
    }

    /// @dev The set that follows: the old one without the removed, then the added, as the signed header has them.
    /// @param at position of the keys of the removed
    function _rotate(AtlasHeaderFields memory header, Seal memory seal, bytes32[] memory old, uint256 at, uint256 end)
        private
    {
        uint256 count = old.length;
        if (header.removed > type(uint256).max >> (256 - count)) revert RemovedOutOfRange(header.removed, count);
        uint256 added = _countAdded(header);
        bytes32[] memory next = new bytes32[](count + added);
        uint256 filled = 0;
        (uint256 x, uint256 y) = (seal.sumX, seal.sumY);
        for (uint256 i = 0; i < count; ++i) {
            if ((header.removed >> i) & 1 == 0) {
                next[filled++] = old[i];
                continue;
            }
            if (AtlasSeal.leafAt(at) != old[i]) revert RemovedKeyWrong(i);
            (x, y) = Bn254.subtract(x, y, uint256(RlpReader.wordAt(at)), uint256(RlpReader.wordAt(at + 32)));
            at += KEY_BYTES;
        }
        if (at > end) revert ProofTooShort();
        if (at != end) revert ProofTooLong(end - at);
        uint256 item = header.addedG1Keys.position;
        for (uint256 i = 0; i < added; ++i) {
            uint256 key = item + AtlasHeader.G1_ITEM_BYTES - KEY_BYTES;
            (x, y) = _addKey(x, y, uint256(RlpReader.wordAt(key)), uint256(RlpReader.wordAt(key + 32)), filled);
            next[filled++] = AtlasSeal.leafAt(key);
            item += AtlasHeader.G1_ITEM_BYTES;
        }
        assembly ("memory-safe") {
            mstore(next, filled)
        }
        _setValidators(next, x, y, header.number, header.time);
    }

    /// @dev The three lists must be of one length. G2 keys are not needed here: the aggregate key is checked against the
    /// sum of the G1 keys.
    function _countAdded(AtlasHeaderFields memory header) private pure returns (uint256 added) {
        added = _span(header.addedG1Keys) / AtlasHeader.G1_ITEM_BYTES;
        uint256 g2Keys = _span(header.addedG2Keys) / AtlasHeader.G2_ITEM_BYTES;
        uint256 addresses = _span(header.addedAddresses) / AtlasHeader.ADDRESS_ITEM_BYTES;
        if (added != g2Keys || added != addresses) revert ValidatorListsDiffer(addresses, g2Keys, added);
    }

    function _span(RlpReader.Cursor memory list) private pure returns (uint256) {
        return list.end - list.position;
    }

    /// @dev The sum with one more key. The addition refuses points off the curve; infinity is on it for the precompile, but
    /// is no key.
    function _addKey(uint256 x, uint256 y, uint256 keyX, uint256 keyY, uint256 index)
        private
        view
        returns (uint256, uint256)
    {
        if (keyX | keyY == 0) revert ValidatorKeyInvalid(index);
        return Bn254.add(x, y, keyX, keyY);
    }

    /// @param time of `epochBlock`, from which on the set is trusted
    function _setValidators(bytes32[] memory leaves, uint256 sumX, uint256 sumY, uint64 epochBlock, uint64 time)
        private
    {
        uint256 count = leaves.length;
        if (count == 0 || count > VALIDATORS_MAX) revert ValidatorCountOutOfRange(count);
        setHash = keccak256(abi.encodePacked(MerkleTree.root(leaves), sumX, sumY));
        validators = uint32(count);
        lastEpochBlock = epochBlock;
        _lastUpdate = uint40(block.timestamp);
        // A time to come gives no more trust than now does.
        uint256 since = time < block.timestamp ? time : block.timestamp;
        _trustedUntil = uint40(since + trustingPeriod);
        emit ClientUpdated(epochBlock, clientState());
    }

    /// @dev Known answers, right and wrong: a chain whose precompiles answer otherwise cannot carry this client.
    function _checkPrecompiles() private view {
        uint256[4] memory g2 =
            [Bn254.NEG_G2_X_IM, Bn254.NEG_G2_X_RE, Bn254.P - Bn254.NEG_G2_Y_IM, Bn254.P - Bn254.NEG_G2_Y_RE];
        (uint256 x, uint256 y) = Bn254.mul(1, 2, 3);
        (uint256 sumX, uint256 sumY) = Bn254.add(1, 2, 1, 2);
        (sumX, sumY) = Bn254.add(sumX, sumY, 1, 2);
        if (x != sumX || y != sumY || !Bn254.pairingEquals(x, y, g2, sumX, sumY)) revert PrecompileWrong();
        if (Bn254.pairingEquals(x, y, g2, 1, 2)) revert PrecompileWrong();
    }
}
