// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Governed} from "../../../contracts/governance/Governed.sol";
import {ILightClient, Passport} from "../../../contracts/interfaces/ILightClient.sol";
import {CanonicalAbi} from "../../../contracts/libraries/CanonicalAbi.sol";
import {ReceiptProofs} from "../../../contracts/libraries/ReceiptProofs.sol";
import {RlpReader} from "../../../contracts/libraries/RlpReader.sol";
import {Log, ReceiptProof} from "../../../contracts/types/ProofTypes.sol";
import {AtlasHeader, AtlasHeaderFields} from "./AtlasHeader.sol";
import {Bn254} from "./Bn254.sol";
import {HashToG1, MapToCurveHint} from "./HashToG1.sol";

/// The validators' seal of a block and what makes it cheap to check (docs/proof-formats.md).
struct AggregatedSeal {
    uint256 bitmap;
    uint256[2] signature;
    uint256 round;
    uint256[4] aggregateKey;
    MapToCurveHint[2] hints;
    AbsentKey[] absent;
}

/// A validator that did not sign, with its place in the key tree.
struct AbsentKey {
    uint256[2] key;
    bytes32[] branch;
}

struct AtlasProof {
    bytes header;
    AggregatedSeal seal;
    ReceiptProof[] receipts;
}

struct AtlasUpdate {
    bytes header;
    AggregatedSeal seal;
    uint256[2][] keys;
}

struct AtlasState {
    uint64 epochLength;
    uint64 lastEpochBlock;
    uint32 validators;
    bytes32 keyRoot;
    uint256[2] keySum;
    uint64 height;
}

/// @title Light client of the MAP relay chain (IBFT with BLS on BN254)
/// @notice Follows the validator set from a checkpoint, epoch by epoch, and verifies any block of the current epoch by
/// the seal of two thirds of it.
/// @dev Trust: the checkpoint's validator set is right, and fewer than a third of each following set collude. The set
/// is never read from unsigned input: `update` takes changes from the header that the old set signed.
/// @dev Warning: the owner (timelock) can upgrade it.
contract MapLightClient is ILightClient, Governed {
    using RlpReader for RlpReader.Cursor;
    using CanonicalAbi for CanonicalAbi.Tail;

    /// Validators have one bit each in a 256-bit word.
    uint256 public constant VALIDATORS_MAX = 256;
    uint256 private constant ROUND_MAX = (1 << 24) - 1;
    uint8 private constant COMMIT_CODE = 2;

    uint64 public chainId;
    uint64 public epochLength;
    uint64 public lastEpochBlock;
    uint32 public validators;
    uint64 public lastUpdate;
    bytes32 public keyRoot;
    uint256 public keySumX;
    uint256 public keySumY;

    error CheckpointBelowHashFork(uint64 block_, uint64 hashFork);
    error CheckpointNotEpochEnd(uint64 block_, uint64 epochLength_);
    error ValidatorCountOutOfRange(uint256 count);
    error ValidatorKeyInvalid(uint256 index);
    error PrecompileWrong();
    error BlockNotInEpoch(uint64 number, uint64 first, uint64 last);
    error EpochSkipped(uint64 number, uint64 expected);
    error RoundTooLarge(uint256 round);
    error BitmapOutOfRange(uint256 bitmap, uint256 validators_);
    error QuorumNotReached(uint256 signers, uint256 required);
    error AbsentKeysWrong(uint256 given, uint256 required);
    error AbsentKeyNotProven(uint256 index);
    error InfinityRefused();
    error SealInvalid();
    error KeysWrong();
    error ValidatorListsDiffer(uint256 addresses, uint256 g2Keys, uint256 g1Keys);

    /// @notice Starts from the block that ended an epoch and the keys that sign the next one.
    /// @param hashFork first block whose seals use the sound hash to G1; older ones can be forged
    function initialize(
        address owner_,
        uint64 chainId_,
        uint64 epochLength_,
        uint64 hashFork,
        uint64 checkpointBlock,
        uint256[2][] calldata keys
    ) external initializer {
        __Ownable_init(owner_);
        if (checkpointBlock < hashFork) revert CheckpointBelowHashFork(checkpointBlock, hashFork);
        if (epochLength_ == 0 || checkpointBlock % epochLength_ != 0) {
            revert CheckpointNotEpochEnd(checkpointBlock, epochLength_);
        }
        _checkPrecompiles();
        chainId = chainId_;
        epochLength = epochLength_;
        uint256[2][] memory copy = keys;
        _setValidators(copy, checkpointBlock);
    }

    /// @inheritdoc ILightClient
    function verifyLogs(bytes calldata proof) external view returns (Log[] memory logs) {
        AtlasProof calldata atlas;
        _checkProofForm(proof);
        assembly ("memory-safe") {
            atlas := add(proof.offset, 0x20)
        }
        AtlasHeaderFields memory header = AtlasHeader.decode(atlas.header);
        uint64 last = lastEpochBlock;
        if (header.number <= last || header.number > last + epochLength) {
            revert BlockNotInEpoch(header.number, last + 1, last + epochLength);
        }
        _verifySeal(header.blockHash, atlas.seal);
        return ReceiptProofs.verifyAll(header.receiptsRoot, atlas.receipts);
    }

    /// @inheritdoc ILightClient
    function update(bytes calldata data) external {
        AtlasUpdate calldata atlas;
        _checkUpdateForm(data);
        assembly ("memory-safe") {
            atlas := add(data.offset, 0x20)
        }
        AtlasHeaderFields memory header = AtlasHeader.decode(atlas.header);
        if (header.number <= lastEpochBlock) return;
        if (header.number != lastEpochBlock + epochLength) {
            revert EpochSkipped(header.number, lastEpochBlock + epochLength);
        }
        _verifySeal(header.blockHash, atlas.seal);
        _setValidators(_nextKeys(header, atlas.keys), header.number);
    }

    /// @inheritdoc ILightClient
    function clientState() public view returns (bytes memory) {
        return abi.encode(
            AtlasState({
                epochLength: epochLength,
                lastEpochBlock: lastEpochBlock,
                validators: validators,
                keyRoot: keyRoot,
                keySum: [keySumX, keySumY],
                height: lastEpochBlock
            })
        );
    }

    /// @inheritdoc ILightClient
    function passport() external view returns (Passport memory) {
        return Passport({
            kind: "mapo",
            chainId: chainId,
            forgingKeys: uint32(_quorum(validators)),
            totalKeys: validators,
            lastUpdate: lastUpdate,
            height: lastEpochBlock,
            frozen: false
        });
    }

    /// @dev That `proof` is `abi.encode(AtlasProof)`.
    function _checkProofForm(bytes calldata proof) private pure {
        (CanonicalAbi.Tail memory tail, uint256 start) = CanonicalAbi.open(proof, 3);
        tail.nextBytes(start, 0);
        _checkSealForm(tail, start, 1);
        tail.nextReceipts(start, 2);
        tail.close();
    }

    /// @dev That `data` is `abi.encode(AtlasUpdate)`.
    function _checkUpdateForm(bytes calldata data) private pure {
        (CanonicalAbi.Tail memory tail, uint256 start) = CanonicalAbi.open(data, 3);
        tail.nextBytes(start, 0);
        _checkSealForm(tail, start, 1);
        tail.nextArray(start, 2, 2);
        tail.close();
    }

    /// @dev The same for the `AggregatedSeal` that is the head word `member`. Head words of the seal: bitmap 0, signature
    /// 1 and 2, round 3, key 4 to 7, hints 8, absent 9.
    function _checkSealForm(CanonicalAbi.Tail memory tail, uint256 start, uint256 member) private pure {
        uint256 seal = tail.next(start, member, 10);
        uint256 hints = tail.next(seal, 8, 2);
        tail.nextArray(tail.next(hints, 0, 2), 1, 1);
        tail.nextArray(tail.next(hints, 1, 2), 1, 1);
        (uint256 elements, uint256 count) = tail.nextArray(seal, 9, 1);
        for (uint256 i = 0; i < count; ++i) {
            tail.nextArray(tail.next(elements, i, 3), 2, 1);
        }
    }

    /// @dev The seal's message is blockHash ‖ round (minimal, empty for 0) ‖ 2.
    function _verifySeal(bytes32 blockHash, AggregatedSeal calldata seal) private view {
        if (seal.round > ROUND_MAX) revert RoundTooLarge(seal.round);
        Bn254.G1 memory signers = _sumOfSigners(seal);
        Bn254.G1 memory signature = Bn254.G1({x: seal.signature[0], y: seal.signature[1]});
        uint256[4] memory aggregateKey = seal.aggregateKey;
        if (
            signature.x | signature.y == 0 || signers.x | signers.y == 0
                || aggregateKey[0] | aggregateKey[1] | aggregateKey[2] | aggregateKey[3] == 0
        ) revert InfinityRefused();
        Bn254.G1 memory hash = HashToG1.hash(_sealMessage(blockHash, seal.round), seal.hints);

        // Two equations in one: e(hash, K) = e(signature, g2) says that the seal is K's, and e(g1, K) = e(signers, g2) that
        // K is the signers' sum. With a factor that is only known once all of it is fixed, the folded equation
        // e(hash + r g1, K) = e(signature + r signers, g2) holds only if both do.
        uint256 factor = uint256(
            keccak256(
                abi.encodePacked(hash.x, hash.y, signers.x, signers.y, signature.x, signature.y, aggregateKey)
            )
        ) >> 128;
        Bn254.G1 memory left = Bn254.add(Bn254.mul(Bn254.G1({x: 1, y: 2}), factor), hash);
        Bn254.G1 memory right = Bn254.add(Bn254.mul(signers, factor), signature);
        if (!Bn254.pairingEquals(left, aggregateKey, right)) revert SealInvalid();
    }

    function _sealMessage(bytes32 blockHash, uint256 round) private pure returns (bytes memory) {
        if (round == 0) return abi.encodePacked(blockHash, COMMIT_CODE);
        if (round < 1 << 8) return abi.encodePacked(blockHash, uint8(round), COMMIT_CODE);
        if (round < 1 << 16) return abi.encodePacked(blockHash, uint16(round), COMMIT_CODE);
        return abi.encodePacked(blockHash, uint24(round), COMMIT_CODE);
    }

    /// @dev The sum of all keys less those of the absent validators, each proven to be in the set at its index.
    function _sumOfSigners(AggregatedSeal calldata seal) private view returns (Bn254.G1 memory sum) {
        uint256 count = validators;
        uint256 all = type(uint256).max >> (256 - count);
        if (seal.bitmap > all) revert BitmapOutOfRange(seal.bitmap, count);
        uint256 missing = all & ~seal.bitmap;
        uint256 signers = count - seal.absent.length;
        sum = Bn254.G1({x: keySumX, y: keySumY});
        bytes32 root = keyRoot;
        uint256 used = 0;
        for (uint256 index = 0; missing != 0; ++index) {
            if (missing & 1 != 0) {
                if (used == seal.absent.length) revert AbsentKeysWrong(used, used + 1);
                AbsentKey calldata entry = seal.absent[used++];
                if (!_isInTree(root, index, count, entry)) revert AbsentKeyNotProven(index);
                sum = Bn254.add(sum, Bn254.negate(Bn254.G1({x: entry.key[0], y: entry.key[1]})));
            }
            missing >>= 1;
        }
        if (used != seal.absent.length) revert AbsentKeysWrong(seal.absent.length, used);
        if (signers < _quorum(count)) revert QuorumNotReached(signers, _quorum(count));
    }

    function _isInTree(bytes32 root, uint256 index, uint256 count, AbsentKey calldata entry)
        private
        pure
        returns (bool)
    {
        if (1 << entry.branch.length != _leaves(count)) return false;
        bytes32 hash = keccak256(abi.encodePacked(entry.key[0], entry.key[1]));
        for (uint256 level = 0; level < entry.branch.length; ++level) {
            bytes32 sibling = entry.branch[level];
            hash = (index >> level) & 1 == 0 ? _node(hash, sibling) : _node(sibling, hash);
        }
        return hash == root;
    }

    /// @dev The set that follows: the old one without the removed, then the added, as the signed header has them.
    function _nextKeys(AtlasHeaderFields memory header, uint256[2][] calldata keys)
        private
        view
        returns (uint256[2][] memory next)
    {
        uint256 count = validators;
        uint256[2][] memory copy = keys;
        if (keys.length != count || _treeRoot(copy) != keyRoot) revert KeysWrong();
        if (header.removed > type(uint256).max >> (256 - count)) revert BitmapOutOfRange(header.removed, count);
        uint256 added = _countAdded(header);
        uint256 kept = 0;
        for (uint256 i = 0; i < count; ++i) {
            if ((header.removed >> i) & 1 == 0) ++kept;
        }
        next = new uint256[2][](kept + added);
        uint256 filled = 0;
        for (uint256 i = 0; i < count; ++i) {
            if ((header.removed >> i) & 1 == 0) next[filled++] = copy[i];
        }
        while (filled < next.length) {
            uint256 position = header.addedG1Keys.nextFixed(64);
            next[filled][0] = uint256(bytes32(RlpReader.slice(position, 32)));
            next[filled][1] = uint256(bytes32(RlpReader.slice(position + 32, 32)));
            ++filled;
        }
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

    function _setValidators(uint256[2][] memory keys, uint64 epochBlock) private {
        uint256 count = keys.length;
        if (count == 0 || count > VALIDATORS_MAX) revert ValidatorCountOutOfRange(count);
        Bn254.G1 memory sum;
        for (uint256 i = 0; i < count; ++i) {
            // The addition refuses points off the curve; infinity is on it for the precompile, but is no key.
            if (keys[i][0] | keys[i][1] == 0) revert ValidatorKeyInvalid(i);
            sum = Bn254.add(sum, Bn254.G1({x: keys[i][0], y: keys[i][1]}));
        }
        keySumX = sum.x;
        keySumY = sum.y;
        keyRoot = _treeRoot(keys);
        validators = uint32(count);
        lastEpochBlock = epochBlock;
        lastUpdate = uint64(block.timestamp);
        emit ClientUpdated(epochBlock, clientState());
    }

    /// @dev keccak256(x ‖ y) at the leaves, padded with zeros to a power of two.
    function _treeRoot(uint256[2][] memory keys) private pure returns (bytes32) {
        uint256 size = _leaves(keys.length);
        bytes32[] memory level = new bytes32[](size);
        for (uint256 i = 0; i < keys.length; ++i) {
            level[i] = keccak256(abi.encodePacked(keys[i][0], keys[i][1]));
        }
        for (; size > 1; size >>= 1) {
            for (uint256 i = 0; i < size; i += 2) {
                level[i >> 1] = _node(level[i], level[i + 1]);
            }
        }
        return level[0];
    }

    function _leaves(uint256 count) private pure returns (uint256 size) {
        size = 1;
        while (size < count) size <<= 1;
    }

    function _node(bytes32 left, bytes32 right) private pure returns (bytes32 result) {
        // Same as keccak256(abi.encodePacked(left, right)) in scratch space.
        assembly ("memory-safe") {
            mstore(0x00, left)
            mstore(0x20, right)
            result := keccak256(0x00, 0x40)
        }
    }

    /// @dev ceil(2n/3), which is n - floor(n/3).
    function _quorum(uint256 count) private pure returns (uint256) {
        return count - count / 3;
    }

    /// @dev Known answers, right and wrong: a chain whose precompiles answer otherwise cannot carry this client.
    function _checkPrecompiles() private view {
        Bn254.G1 memory g = Bn254.G1({x: 1, y: 2});
        uint256[4] memory g2 =
            [Bn254.NEG_G2_X_IM, Bn254.NEG_G2_X_RE, Bn254.P - Bn254.NEG_G2_Y_IM, Bn254.P - Bn254.NEG_G2_Y_RE];
        Bn254.G1 memory three = Bn254.mul(g, 3);
        Bn254.G1 memory sum = Bn254.add(Bn254.add(g, g), g);
        if (three.x != sum.x || three.y != sum.y || !Bn254.pairingEquals(three, g2, sum)) revert PrecompileWrong();
        if (Bn254.pairingEquals(three, g2, g)) revert PrecompileWrong();
    }
}
