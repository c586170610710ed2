// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Bn254} from "./Bn254.sol";
import {HashToG1} from "./HashToG1.sol";

/// A seal as it was read, with what it claims of the validator set.
/// @param hints their position in the calldata
/// @param sumX `sumY`: the claimed sum of the keys of the whole set
/// @param signersX `signersY`: that sum without the keys of the absent
/// @param absent indexes of the absent, ascending
/// @param leaves of the absent in the tree of keys
/// @param end position after the seal
struct Seal {
    uint256 round;
    uint256 signatureX;
    uint256 signatureY;
    uint256[4] aggregateKey;
    uint256 hints;
    uint256 sumX;
    uint256 sumY;
    uint256 signersX;
    uint256 signersY;
    uint256[] absent;
    bytes32[] leaves;
    uint256 end;
}

/// @title The validators' seal of a block, and what makes it cheap to check
/// @notice Packed (docs/proof-formats.md); all numbers are big endian:
///
///     round 3 ‖ signature 64 ‖ aggregateKey 128 ‖ hint ‖ hint ‖ keySum 64 ‖ absentCount 1
///     absentCount x ( index 1 ‖ key 64 )
///
/// @dev `read` only takes claims; they are bound when the caller has checked `sumX`, `sumY`, `absent` and `leaves` against
/// what it knows of the set.
library AtlasSeal {
    uint256 private constant SIGNATURE_AT = 3;
    uint256 private constant AGGREGATE_KEY_AT = SIGNATURE_AT + 64;
    uint256 private constant HINTS_AT = AGGREGATE_KEY_AT + 128;
    uint256 private constant ABSENT_COUNT_AT = 64; // after the hints
    uint256 private constant ABSENT_BYTES = 1 + 64;
    uint256 private constant COMMIT_CODE = 2;

    error SealTooShort();
    error AbsentIndexWrong(uint256 index);
    error QuorumNotReached(uint256 signers, uint256 required);
    error InfinityRefused();
    error SealInvalid();

    /// @notice Reads the seal at `at` of a set of `count`.
    /// @param end of the bytes it stands in
    function read(uint256 at, uint256 end, uint256 count) internal view returns (Seal memory seal) {
        unchecked {
            seal.round = _word(at) >> 232;
            seal.signatureX = _word(at + SIGNATURE_AT);
            seal.signatureY = _word(at + SIGNATURE_AT + 32);
            uint256[4] memory key = seal.aggregateKey;
            uint256 keyAt = at + AGGREGATE_KEY_AT;
            assembly ("memory-safe") {
                calldatacopy(key, keyAt, 0x80)
            }
            seal.hints = at + HINTS_AT;
            at = HashToG1.skipHints(seal.hints);
            (uint256 x, uint256 y) = (_word(at), _word(at + 32));
            (seal.sumX, seal.sumY) = (x, y);
            uint256 absentCount = _word(at + ABSENT_COUNT_AT) >> 248;
            at += ABSENT_COUNT_AT + 1;
            seal.end = at + ABSENT_BYTES * absentCount;
            if (seal.end > end) revert SealTooShort();
            uint256 required = quorum(count);
            if (absentCount + required > count) {
                revert QuorumNotReached(count < absentCount ? 0 : count - absentCount, required);
            }
            uint256[] memory absent = new uint256[](absentCount);
            bytes32[] memory leaves = new bytes32[](absentCount);
            (seal.absent, seal.leaves) = (absent, leaves);
            uint256 least = 0;
            for (uint256 i = 0; i < absentCount; ++i) {
                uint256 index = _word(at) >> 248;
                if (index < least || index >= count) revert AbsentIndexWrong(index);
                least = index + 1;
                bytes32 leaf = leafAt(at + 1);
                assembly ("memory-safe") {
                    let place := shl(5, add(i, 1))
                    mstore(add(absent, place), index)
                    mstore(add(leaves, place), leaf)
                }
                (x, y) = Bn254.subtract(x, y, _word(at + 1), _word(at + 33));
                at += ABSENT_BYTES;
            }
            (seal.signersX, seal.signersY) = (x, y);
        }
    }

    /// @notice Checks the signature: that the keys of all but the absent signed the block, if the seal's claims are true.
    function check(Seal memory seal, bytes32 blockHash) internal view {
        if (
            seal.signatureX | seal.signatureY == 0 || seal.signersX | seal.signersY == 0
                || seal.aggregateKey[0] | seal.aggregateKey[1] | seal.aggregateKey[2] | seal.aggregateKey[3] == 0
        ) revert InfinityRefused();
        (uint256 hashX, uint256 hashY) = HashToG1.hash(_message(blockHash, seal.round), seal.hints);

        // Two equations in one: e(hash, K) = e(signature, g2) says that the seal is K's, and e(g1, K) = e(signers, g2) that
        // K is the signers' sum. With a factor that is only known once all of it is fixed, the folded equation
        // e(hash + r g1, K) = e(signature + r signers, g2) holds only if both do.
        uint256 factor = _factor(seal, hashX, hashY);
        (uint256 leftX, uint256 leftY) = Bn254.mul(1, 2, factor);
        (leftX, leftY) = Bn254.add(leftX, leftY, hashX, hashY);
        (uint256 rightX, uint256 rightY) = Bn254.mul(seal.signersX, seal.signersY, factor);
        (rightX, rightY) = Bn254.add(rightX, rightY, seal.signatureX, seal.signatureY);
        if (!Bn254.pairingEquals(leftX, leftY, seal.aggregateKey, rightX, rightY)) revert SealInvalid();
    }

    /// @dev The upper half of keccak256(hash ‖ signers ‖ signature ‖ key).
    function _factor(Seal memory seal, uint256 hashX, uint256 hashY) private pure returns (uint256 factor) {
        (uint256 signersX, uint256 signersY) = (seal.signersX, seal.signersY);
        (uint256 signatureX, uint256 signatureY) = (seal.signatureX, seal.signatureY);
        uint256[4] memory key = seal.aggregateKey;
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, hashX)
            mstore(add(free, 0x20), hashY)
            mstore(add(free, 0x40), signersX)
            mstore(add(free, 0x60), signersY)
            mstore(add(free, 0x80), signatureX)
            mstore(add(free, 0xa0), signatureY)
            mstore(add(free, 0xc0), mload(key))
            mstore(add(free, 0xe0), mload(add(key, 0x20)))
            mstore(add(free, 0x100), mload(add(key, 0x40)))
            mstore(add(free, 0x120), mload(add(key, 0x60)))
            factor := shr(128, keccak256(free, 0x140))
        }
    }

    /// @notice ceil(2n/3), which is n - floor(n/3).
    function quorum(uint256 count) internal pure returns (uint256) {
        return count - count / 3;
    }

    /// @notice The leaf of a key that stands in the calldata.
    function leafAt(uint256 position) internal pure returns (bytes32 leaf) {
        assembly ("memory-safe") {
            calldatacopy(0x00, position, 0x40)
            leaf := keccak256(0x00, 0x40)
        }
    }

    /// @dev blockHash ‖ round (minimal, empty for 0) ‖ 2.
    function _message(bytes32 blockHash, uint256 round) private pure returns (bytes memory message) {
        assembly ("memory-safe") {
            message := mload(0x40)
            mstore(0x40, add(message, 0x60))
            let size := add(add(gt(round, 0), gt(round, 0xff)), gt(round, 0xffff))
            mstore(message, add(size, 0x21))
            mstore(add(message, 0x20), blockHash)
            mstore(add(message, 0x40), shl(sub(248, shl(3, size)), or(shl(8, round), COMMIT_CODE)))
        }
    }

    function _word(uint256 position) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := calldataload(position)
        }
    }
}
