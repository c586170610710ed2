// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Log, ReceiptProof} from "../types/ProofTypes.sol";
import {RlpReader} from "./RlpReader.sol";
import {TrieProof} from "./TrieProof.sol";

/// @title Logs out of proven receipts
/// @notice Receipts of legacy transactions and of types 1 to 4 (EIP-2718); others are refused, as are receipts of
/// transactions that failed.
library ReceiptProofs {
    using RlpReader for RlpReader.Cursor;

    uint256 private constant TOPICS_MAX = 4;
    uint256 private constant TOPIC_ITEM_BYTES = 33;
    uint256 private constant BLOOM_BYTES = 256;
    uint8 private constant TYPE_MAX = 4;
    uint8 private constant LIST_PREFIX = 0xc0;

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
        uint256 count = 0;
        for (uint256 i = 0; i < proofs.length; ++i) {
            count += proofs[i].logIndexes.length;
        }
        logs = new Log[](count);
        uint256 filled = 0;
        for (uint256 i = 0; i < proofs.length; ++i) {
            filled = _verify(receiptsRoot, proofs[i], logs, filled);
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

    function _verify(bytes32 receiptsRoot, ReceiptProof calldata proof, Log[] memory logs, uint256 filled)
        private
        pure
        returns (uint256)
    {
        bytes calldata receipt = TrieProof.verify(receiptsRoot, listKey(proof.txIndex), proof.nodes);
        uint8 first = uint8(receipt[0]); // the trie holds no empty values
        if (first < LIST_PREFIX) {
            if (first == 0 || first > TYPE_MAX) revert ReceiptTypeUnknown(first);
            receipt = receipt[1:];
        }
        RlpReader.Cursor memory fields = RlpReader.list(receipt);
        // Status 1. An empty string means failure, 32 bytes the state root of before Byzantium, which says nothing.
        (uint256 status, uint256 statusSize) = fields.nextBytes();
        if (statusSize != 1 || uint8(bytes1(RlpReader.slice(status, 1))) != 1) revert TransactionFailed(proof.txIndex);
        fields.nextUint(8);
        fields.nextFixed(BLOOM_BYTES);
        RlpReader.Cursor memory list = fields.nextList();
        fields.finish();
        return _pick(list, proof.logIndexes, logs, filled);
    }

    function _pick(RlpReader.Cursor memory list, uint16[] calldata wanted, Log[] memory logs, uint256 filled)
        private
        pure
        returns (uint256)
    {
        if (wanted.length == 0) revert NoLogIndexes();
        uint256 position = 0;
        for (uint256 i = 0; i < wanted.length; ++i) {
            if (i != 0 && wanted[i] <= wanted[i - 1]) revert LogIndexesNotAscending(wanted[i]);
            for (; position < wanted[i]; ++position) {
                if (list.isDone()) revert LogIndexOutOfRange(wanted[i], position);
                _skipLog(list.nextList());
            }
            if (list.isDone()) revert LogIndexOutOfRange(wanted[i], position);
            logs[filled++] = _log(list.nextList());
            ++position;
        }
        while (!list.isDone()) _skipLog(list.nextList());
        return filled;
    }

    /// @dev A log that nobody wants must be well-formed too: a receipt is accepted as a whole or not at all.
    function _skipLog(RlpReader.Cursor memory fields) private pure {
        fields.nextAddress();
        RlpReader.Cursor memory topics = fields.nextList();
        for (uint256 i = _topicCount(topics); i > 0; --i) topics.nextBytes32();
        topics.finish();
        fields.nextBytes();
        fields.finish();
    }

    function _topicCount(RlpReader.Cursor memory topics) private pure returns (uint256) {
        uint256 size = topics.end - topics.position;
        if (size > TOPICS_MAX * TOPIC_ITEM_BYTES) revert TooManyTopics();
        return size / TOPIC_ITEM_BYTES;
    }

    function _log(RlpReader.Cursor memory fields) private pure returns (Log memory log) {
        log.emitter = fields.nextAddress();
        RlpReader.Cursor memory topics = fields.nextList();
        log.topics = new bytes32[](_topicCount(topics));
        for (uint256 i = 0; i < log.topics.length; ++i) {
            log.topics[i] = topics.nextBytes32();
        }
        topics.finish();
        (uint256 data, uint256 dataSize) = fields.nextBytes();
        log.data = RlpReader.slice(data, dataSize);
        fields.finish();
    }
}
