// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// A log of a proven receipt.
struct Log {
    address emitter;
    bytes32[] topics;
    bytes data;
}

/// Proof that a receipt is in a block, and which of its logs are wanted.
/// @param txIndex index of the transaction; the key of the trie is `rlp(txIndex)`, computed by the verifier
/// @param nodes RLP nodes of the receipts trie from the root to the leaf, inlined nodes not repeated
/// @param logIndexes indexes within the receipt's list of logs, strictly ascending, at least one
struct ReceiptProof {
    uint64 txIndex;
    bytes[] nodes;
    uint16[] logIndexes;
}
