// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Log, ReceiptProof} from "../types/ProofTypes.sol";
import {RlpReader} from "./RlpReader.sol";
import {TrieProof} from "./TrieProof.sol";

/// @title Logs out of proven receipts
/// @notice Receipts of legacy transactions and of types 1 to 4 (EIP-2718); others are refused, as are receipts of
/// transactions that failed.
/// @dev The C++ twin is butter/proof/receipt_proof.hpp.
library ReceiptProofs {
    uint256 private constant TOPICS_MAX = 4;
    uint256 private constant TOPIC_ITEM_BYTES = 33;
    uint256 private constant BLOOM_BYTES = 256;
    uint8 private constant TYPE_MAX = 4;
    uint8 private constant LIST_PREFIX = 0xc0;

    // Layout of packed proofs (docs/proof-formats.md).
    uint256 private constant PACKED_HEAD_BYTES = 8 + 1; // transaction index, number of nodes
    uint256 private constant PACKED_NODE_HEAD_BYTES = 3;
    uint256 private constant PACKED_LOG_INDEX_BYTES = 2;

    error PackedProofMalformed();
    error NoReceipts();
    error ReceiptTypeUnknown(uint8 receiptType);
    error TransactionFailed(uint64 txIndex);
    error LogIndexesNotAscending(uint16 logIndex);
    error NoLogIndexes();
    error LogIndexOutOfRange(uint16 logIndex, uint256 logs);
    error TooManyTopics();

    /// @notice The logs that `proofs` name, all under one receipts root, in their order.
    function verifyAll(bytes32 receiptsRoot, ReceiptProof[] calldata proofs) internal pure returns (Log[] memory logs) {
        if (proofs.length == 0) revert NoReceipts();
        for (uint256 i = 0; i < proofs.length; ++i) {
            ReceiptProof calldata proof = proofs[i];
            uint256[] memory wanted = new uint256[](proof.logIndexes.length);
            for (uint256 k = 0; k < wanted.length; ++k) {
                wanted[k] = proof.logIndexes[k];
            }
            logs = _verify(receiptsRoot, proof.txIndex, TrieProof.spansOf(proof.nodes), wanted, logs);
        }
    }

    /// @notice The same for proofs in the packed form, `encoded` being all of them and nothing else.
    function verifyPacked(bytes32 receiptsRoot, bytes calldata encoded) internal pure returns (Log[] memory logs) {
        unchecked {
            uint256 at;
            assembly ("memory-safe") {
                at := encoded.offset
            }
            uint256 end = at + encoded.length;
            if (at == end) revert NoReceipts();
            while (at != end) {
                uint256 head = uint256(RlpReader.wordAt(at));
                uint64 txIndex = uint64(head >> 192);
                uint256[] memory spans = new uint256[](uint8(head >> 184));
                at += PACKED_HEAD_BYTES;
                for (uint256 i = 0; i < spans.length; ++i) {
                    uint256 size = uint256(RlpReader.wordAt(at)) >> 232;
                    at += PACKED_NODE_HEAD_BYTES;
                    spans[i] = TrieProof.span(at, size);
                    at += size;
                }
                uint256[] memory wanted = new uint256[](uint256(RlpReader.wordAt(at)) >> 248);
                ++at;
                for (uint256 i = 0; i < wanted.length; ++i) {
                    wanted[i] = uint256(RlpReader.wordAt(at)) >> 240;
                    at += PACKED_LOG_INDEX_BYTES;
                }
                // Nothing that was read so far has been looked at.
                if (at > end) revert PackedProofMalformed();
                logs = _verify(receiptsRoot, txIndex, spans, wanted, logs);
            }
        }
    }

    /// @notice The key of an entry in a trie of a block's list.
    function listKey(uint64 index) internal pure returns (bytes memory key) {
        // rlp(index), at most 9 bytes.
        assembly ("memory-safe") {
            key := mload(0x40)
            mstore(0x40, add(key, 0x40))
            index := and(index, 0xffffffffffffffff)
            switch lt(sub(index, 1), 0x7f)
            case 1 {
                mstore(key, 1)
                mstore(add(key, 0x20), shl(248, index))
            }
            default {
                let size := 0
                for { let rest := index } rest { rest := shr(8, rest) } { size := add(size, 1) }
                mstore(key, add(size, 1))
                mstore(add(key, 0x20), or(shl(248, add(0x80, size)), shl(sub(248, shl(3, size)), index)))
            }
        }
    }

    /// @dev `before` with the logs of one more receipt.
    function _verify(
        bytes32 receiptsRoot,
        uint64 txIndex,
        uint256[] memory spans,
        uint256[] memory wanted,
        Log[] memory before
    ) private pure returns (Log[] memory logs) {
        (uint256 at, uint256 end) =
            _openReceipt(TrieProof.verifySpans(receiptsRoot, listKey(txIndex), spans), txIndex);
        uint256 filled = before.length;
        uint256 size = filled + wanted.length;
        // Every place is filled below.
        assembly ("memory-safe") {
            logs := mload(0x40)
            mstore(logs, size)
            let to := add(logs, 0x20)
            mstore(0x40, add(to, shl(5, size)))
            for { let i := 0 } lt(i, filled) { i := add(i, 1) } {
                mstore(add(to, shl(5, i)), mload(add(add(before, 0x20), shl(5, i))))
            }
        }
        _pick(at, end, wanted, logs, filled);
    }

    /// @dev Bounds of the logs of a receipt.
    function _openReceipt(bytes calldata receipt, uint64 txIndex) private pure returns (uint256 logsAt, uint256 logsEnd) {
        unchecked {
            uint8 first = uint8(receipt[0]); // the trie holds no empty values
            if (first < LIST_PREFIX) {
                if (first == 0 || first > TYPE_MAX) revert ReceiptTypeUnknown(first);
                receipt = receipt[1:];
            }
            (uint256 at, uint256 end) = RlpReader.listOf(receipt);
            // Status 1. An empty string means failure, 32 bytes the state root of before Byzantium, which says nothing.
            (uint256 status, uint256 size) = RlpReader.bytesAt(at, end);
            if (size != 1 || uint256(RlpReader.wordAt(status)) >> 248 != 1) revert TransactionFailed(txIndex);
            (, at) = RlpReader.uintAt(status + 1, end, 8); // gas
            at = RlpReader.fixedAt(at, end, BLOOM_BYTES) + BLOOM_BYTES;
            (logsAt, logsEnd) = RlpReader.listAt(at, end);
            if (logsEnd != end) revert RlpReader.RlpTrailingBytes(logsEnd);
        }
    }

    /// @dev A log that nobody wants must be well-formed too: a receipt is accepted as a whole or not at all.
    function _pick(uint256 at, uint256 end, uint256[] memory wanted, Log[] memory logs, uint256 filled) private pure {
        unchecked {
            if (wanted.length == 0) revert NoLogIndexes();
            uint256 position = 0;
            uint256 next = 0; // least index that may follow
            for (uint256 i = 0; i < wanted.length; ++i) {
                uint256 index = wanted[i];
                if (index < next) revert LogIndexesNotAscending(uint16(index));
                next = index + 1;
                for (; position < index; ++position) {
                    if (at == end) revert LogIndexOutOfRange(uint16(index), position);
                    (,,,,, at) = _openLog(at, end);
                }
                if (at == end) revert LogIndexOutOfRange(uint16(index), position);
                uint256 log;
                (log, at) = _readLog(at, end);
                assembly ("memory-safe") {
                    mstore(add(add(logs, 0x20), shl(5, filled)), log)
                }
                ++filled;
                ++position;
            }
            while (at != end) (,,,,, at) = _openLog(at, end);
        }
    }

    /// @dev Checks the log at `at`.
    /// @return emitter position of the address
    /// @return topics position of the first topic's prefix
    /// @return count of topics
    /// @return data its position
    /// @return dataSize of the data, bytes
    /// @return next the position after the log
    function _openLog(uint256 at, uint256 end)
        private
        pure
        returns (uint256 emitter, uint256 topics, uint256 count, uint256 data, uint256 dataSize, uint256 next)
    {
        unchecked {
            uint256 start;
            (start, next) = RlpReader.listAt(at, end);
            bool isUsual;
            // One pass for logs whose data has at most 55 bytes, or a length of one byte or two. Positions only grow, and the
            // last must be the log's end.
            assembly ("memory-safe") {
                let word := calldataload(start)
                let wrong := xor(byte(0, word), 0x94)
                emitter := add(start, 1)
                topics := add(start, 22)
                let size := sub(byte(21, word), 0xc0)
                if eq(size, 56) {
                    size := byte(22, word)
                    topics := add(start, 23)
                    wrong := or(wrong, lt(size, 56))
                }
                count := div(size, TOPIC_ITEM_BYTES)
                wrong := or(wrong, or(gt(count, TOPICS_MAX), xor(mul(count, TOPIC_ITEM_BYTES), size)))
                if iszero(wrong) {
                    data := topics
                    for { let i := count } i { i := sub(i, 1) } {
                        wrong := or(wrong, xor(byte(0, calldataload(data)), 0xa0))
                        data := add(data, TOPIC_ITEM_BYTES)
                    }
                    word := calldataload(data)
                    dataSize := sub(byte(0, word), 0x80)
                    data := add(data, 1)
                    switch dataSize
                    case 56 {
                        data := add(data, 1)
                        dataSize := byte(1, word)
                        wrong := or(wrong, lt(dataSize, 56))
                    }
                    case 57 {
                        data := add(data, 2)
                        dataSize := and(shr(232, word), 0xffff)
                        wrong := or(wrong, lt(dataSize, 0x100))
                    }
                    // Of single bytes some have no prefix.
                    default { wrong := or(wrong, or(gt(dataSize, 55), eq(dataSize, 1))) }
                    isUsual := iszero(or(wrong, xor(add(data, dataSize), next)))
                }
            }
            if (!isUsual) (emitter, topics, count, data, dataSize) = _openOtherLog(start, next);
        }
    }

    /// @dev Any log: says what is wrong with those that are refused.
    function _openOtherLog(uint256 at, uint256 end)
        private
        pure
        returns (uint256 emitter, uint256 topics, uint256 count, uint256 data, uint256 dataSize)
    {
        unchecked {
            emitter = RlpReader.fixedAt(at, end, 20);
            uint256 topicsEnd;
            (topics, topicsEnd) = RlpReader.listAt(emitter + 20, end);
            if (topicsEnd - topics > TOPICS_MAX * TOPIC_ITEM_BYTES) revert TooManyTopics();
            for (at = topics; at != topicsEnd; ++count) at = RlpReader.fixedAt(at, topicsEnd, 32) + 32;
            (data, dataSize) = RlpReader.bytesAt(topicsEnd, end);
            if (data + dataSize != end) revert RlpReader.RlpTrailingBytes(data + dataSize);
        }
    }

    /// @return log a `Log` in memory
    function _readLog(uint256 at, uint256 end) private pure returns (uint256 log, uint256 next) {
        uint256 emitter;
        uint256 topics;
        uint256 count;
        uint256 data;
        uint256 dataSize;
        (emitter, topics, count, data, dataSize, next) = _openLog(at, end);
        // address ‖ reference to topics ‖ reference to data, then the topics, then the data: each array begins with its
        // length and stands in whole words, of which the last ends in zeros.
        assembly ("memory-safe") {
            log := mload(0x40)
            mstore(log, shr(96, calldataload(emitter)))
            let to := add(log, 0x60)
            mstore(add(log, 0x20), to)
            mstore(to, count)
            to := add(to, 0x20)
            for {} count { count := sub(count, 1) } {
                mstore(to, calldataload(add(topics, 1)))
                topics := add(topics, TOPIC_ITEM_BYTES)
                to := add(to, 0x20)
            }
            mstore(add(log, 0x40), to)
            mstore(to, dataSize)
            to := add(to, 0x20)
            calldatacopy(to, data, dataSize)
            to := add(to, dataSize)
            mstore(to, 0)
            mstore(0x40, and(add(to, 0x1f), not(0x1f)))
        }
    }
}
