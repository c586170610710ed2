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
                    if (at >= end) revert PackedProofMalformed();
                }
                uint256[] memory wanted = new uint256[](uint256(RlpReader.wordAt(at)) >> 248);
                ++at;
                for (uint256 i = 0; i < wanted.length; ++i) {
                    wanted[i] = uint256(RlpReader.wordAt(at)) >> 240;
                    at += PACKED_LOG_INDEX_BYTES;
                }
                if (at > end) revert PackedProofMalformed();
                logs = _verify(receiptsRoot, txIndex, spans, wanted, logs);
            }
        }
    }

    /// @notice The key of an entry in a trie of a block's list.
    function listKey(uint64 index) internal pure returns (bytes memory) {
        if (index == 0) return hex"80";
        if (index < 0x80) return abi.encodePacked(uint8(index));
        uint256 size = 1;
        while (index >> (8 * size) != 0) ++size;
        bytes memory key = new bytes(1 + size);
        key[0] = bytes1(uint8(0x80 + size));
        for (uint256 i = 0; i < size; ++i) {
            key[size - i] = bytes1(uint8(index >> (8 * i)));
        }
        return key;
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
        logs = new Log[](before.length + wanted.length);
        for (uint256 i = 0; i < before.length; ++i) {
            logs[i] = before[i];
        }
        _pick(at, end, wanted, logs, before.length);
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
            for (uint256 i = 0; i < wanted.length; ++i) {
                if (i != 0 && wanted[i] <= wanted[i - 1]) revert LogIndexesNotAscending(uint16(wanted[i]));
                for (; position < wanted[i]; ++position) {
                    if (at == end) revert LogIndexOutOfRange(uint16(wanted[i]), position);
                    (,,,,, at) = _openLog(at, end);
                }
                if (at == end) revert LogIndexOutOfRange(uint16(wanted[i]), position);
                (logs[filled++], at) = _readLog(at, end);
                ++position;
            }
            while (at != end) (,,,,, at) = _openLog(at, end);
        }
    }

    /// @dev Checks the log at `at`. Returns where its parts stand and the position after it.
    function _openLog(uint256 at, uint256 end)
        private
        pure
        returns (uint256 emitter, uint256 topics, uint256 topicsEnd, uint256 data, uint256 dataSize, uint256 next)
    {
        unchecked {
            (at, next) = RlpReader.listAt(at, end);
            emitter = RlpReader.fixedAt(at, next, 20);
            (topics, topicsEnd) = RlpReader.listAt(emitter + 20, next);
            if (topicsEnd - topics > TOPICS_MAX * TOPIC_ITEM_BYTES) revert TooManyTopics();
            for (at = topics; at != topicsEnd;) at = RlpReader.fixedAt(at, topicsEnd, 32) + 32;
            (data, dataSize) = RlpReader.bytesAt(topicsEnd, next);
            if (data + dataSize != next) revert RlpReader.RlpTrailingBytes(data + dataSize);
        }
    }

    function _readLog(uint256 at, uint256 end) private pure returns (Log memory log, uint256 next) {
        unchecked {
            uint256 emitter;
            uint256 topics;
            uint256 topicsEnd;
            uint256 data;
            uint256 dataSize;
            (emitter, topics, topicsEnd, data, dataSize, next) = _openLog(at, end);
            log.emitter = address(bytes20(RlpReader.wordAt(emitter)));
            log.topics = new bytes32[]((topicsEnd - topics) / TOPIC_ITEM_BYTES);
            for (uint256 i = 0; i < log.topics.length; ++i) {
                log.topics[i] = RlpReader.wordAt(topics + TOPIC_ITEM_BYTES * i + 1);
            }
            log.data = RlpReader.slice(data, dataSize);
        }
    }
}
