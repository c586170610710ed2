// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// How a message is executed on its destination.
enum MessageType {
    CALLDATA, // the target is called with the payload; it must have allowed the remote caller
    MESSAGE // the target's `mapoExecute` receives the payload and decides itself
}

/// What a dApp sends. Passed to `transferOut` as `abi.encode(MessageData)`.
/// @param relay when true, `target` is a contract on the relay chain that turns the message into the onward one
/// @param msgType how the message is executed
/// @param target address of the contract to execute, 1 to 32 bytes; 20 on EVM chains
/// @param payload calldata, or the argument of `mapoExecute`
/// @param gasLimit gas the execution gets on the destination
/// @param value reserved, must be 0
struct MessageData {
    bool relay;
    MessageType msgType;
    bytes target;
    bytes payload;
    uint256 gasLimit;
    uint256 value;
}

/// A message on its way, as `contracts/libraries/MessageCodec.sol` encodes it (docs/message-format.md).
/// `orderId = keccak256(encoded message)` binds every field, so equal ids mean equal messages.
struct Message {
    bool relay;
    MessageType msgType;
    uint64 fromChain;
    uint64 toChain;
    uint64 nonce;
    uint32 gasLimit;
    address service;
    bytes sender;
    bytes target;
    bytes payload;
}
