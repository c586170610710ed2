// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RlpReader} from "../../../contracts/libraries/RlpReader.sol";

/// What a client needs of an execution header.
struct ExecutionHeaderFields {
    bytes32 hash;
    bytes32 parentHash;
    bytes32 stateRoot;
    bytes32 receiptsRoot;
    uint64 number;
}

/// @title Ethereum block headers of every fork
/// @notice The first 15 fields are parsed one by one; what later forks appended must be well-formed strings. A header is
/// only believed because its hash is known, so an unknown later field changes nothing.
library ExecutionHeader {
    using RlpReader for RlpReader.Cursor;

    function decode(bytes calldata header) internal pure returns (ExecutionHeaderFields memory fields) {
        fields.hash = keccak256(header);
        RlpReader.Cursor memory items = RlpReader.list(header);
        fields.parentHash = items.nextBytes32();
        items.nextBytes32(); // ommersHash
        items.nextAddress(); // beneficiary
        fields.stateRoot = items.nextBytes32();
        items.nextBytes32(); // transactionsRoot
        fields.receiptsRoot = items.nextBytes32();
        items.nextFixed(256); // logsBloom
        items.nextUint(32); // difficulty
        fields.number = uint64(items.nextUint(8));
        items.nextUint(8); // gasLimit
        items.nextUint(8); // gasUsed
        items.nextUint(8); // timestamp
        items.nextBytes(); // extraData
        items.nextBytes32(); // mixHash
        items.nextFixed(8); // nonce
        while (!items.isDone()) items.nextBytes();
    }
}
