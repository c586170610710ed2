// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RlpReader} from "../../../contracts/libraries/RlpReader.sol";
import {TrieProof} from "../../../contracts/libraries/TrieProof.sol";

/// @title Older block hashes out of the history contract's storage (EIP-2935)
library HistoryProof {
    using RlpReader for RlpReader.Cursor;

    address internal constant HISTORY_CONTRACT = 0x0000F90827F1C53a10cb7A02335B175320002935;
    /// The contract keeps the hashes of the last 8191 blocks, block n in slot n % 8191.
    uint64 internal constant HISTORY_SERVE_WINDOW = 8191;

    error HistoryOutOfWindow(uint64 number, uint64 anchor);

    /// @notice The hash of block `number` as the state of block `anchor` has it.
    function blockHash(
        bytes32 stateRoot,
        uint64 anchor,
        uint64 number,
        bytes[] calldata accountNodes,
        bytes[] calldata storageNodes
    ) internal pure returns (bytes32) {
        if (number >= anchor || anchor - number > HISTORY_SERVE_WINDOW) revert HistoryOutOfWindow(number, anchor);
        bytes calldata account = TrieProof.verify(
            stateRoot, abi.encodePacked(keccak256(abi.encodePacked(HISTORY_CONTRACT))), accountNodes
        );
        RlpReader.Cursor memory fields = RlpReader.list(account);
        fields.nextUint(8); // nonce
        fields.nextUint(32); // balance
        bytes32 storageRoot = fields.nextBytes32();
        fields.nextBytes32(); // codeHash
        fields.finish();
        bytes32 slot = keccak256(abi.encodePacked(uint256(number % HISTORY_SERVE_WINDOW)));
        bytes calldata value = TrieProof.verify(storageRoot, abi.encodePacked(slot), storageNodes);
        // Storage values are integers: a hash with leading zeros is shorter.
        RlpReader.Cursor memory item = RlpReader.over(value);
        uint256 hash = item.nextUint(32);
        item.finish();
        return bytes32(hash);
    }
}
