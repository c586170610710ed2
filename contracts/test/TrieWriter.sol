// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Log, ReceiptProof} from "../types/ProofTypes.sol";
import {RlpWriter} from "./RlpWriter.sol";

/// Nodes of Merkle-Patricia tries and the receipts in them, as the tests need them.
library TrieWriter {
    function leaf(bytes memory path, bytes memory value) internal pure returns (bytes memory) {
        return RlpWriter.list(bytes.concat(RlpWriter.str(path), RlpWriter.str(value)));
    }

    /// How a node is named in its parent: itself when it is short, else its hash.
    function ref(bytes memory node) internal pure returns (bytes memory) {
        return node.length < 32 ? node : RlpWriter.str(abi.encodePacked(keccak256(node)));
    }

    function extension(bytes memory path, bytes memory child) internal pure returns (bytes memory) {
        return RlpWriter.list(bytes.concat(RlpWriter.str(path), ref(child)));
    }

    /// A branch with two children and a value.
    function branch(uint256 a, bytes memory childA, uint256 b, bytes memory childB, bytes memory value)
        internal
        pure
        returns (bytes memory)
    {
        bytes memory items;
        for (uint256 i = 0; i < 16; ++i) {
            items = bytes.concat(items, i == a ? ref(childA) : i == b ? ref(childB) : bytes(hex"80"));
        }
        return RlpWriter.list(bytes.concat(items, RlpWriter.str(value)));
    }

    function log(address emitter, bytes32[] memory topics, bytes memory data) internal pure returns (bytes memory) {
        bytes memory items;
        for (uint256 i = 0; i < topics.length; ++i) {
            items = bytes.concat(items, RlpWriter.str(abi.encodePacked(topics[i])));
        }
        return RlpWriter.list(
            bytes.concat(RlpWriter.str(abi.encodePacked(emitter)), RlpWriter.list(items), RlpWriter.str(data))
        );
    }

    /// @param status as it stands in the receipt, encoded
    /// @param logs encoded, one after another
    function receipt(uint8 kind, bytes memory status, bytes memory logs) internal pure returns (bytes memory) {
        bytes memory body = RlpWriter.list(
            bytes.concat(status, RlpWriter.num(21_000), RlpWriter.str(new bytes(256)), RlpWriter.list(logs))
        );
        return kind == 0 ? body : abi.encodePacked(kind, body);
    }

    /// The trie of a block with one transaction, whose root is its only node.
    function single(bytes memory value) internal pure returns (bytes32 root, bytes[] memory nodes) {
        nodes = new bytes[](1);
        nodes[0] = leaf(hex"2080", value);
        root = keccak256(nodes[0]);
    }
}
