// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What a contract implements to receive messages of type MESSAGE
interface IMapoExecutor {
    /// @notice Called by the service with a verified message. The receiver checks `msg.sender` (the service),
    /// `fromChain` and `fromAddress` itself.
    /// @param fromChain chain the message came from
    /// @param toChain chain the message is for: this one, or the final one when this is the relay chain
    /// @param fromAddress the sender's address in its chain's own form, 20 bytes on EVM chains
    /// @param orderId id of the message
    /// @param message the payload
    /// @return newMessage with `relay = true` on the relay chain: `abi.encode(MessageData)` of the onward
    /// message, whose sender is then this contract; ignored otherwise
    function mapoExecute(
        uint256 fromChain,
        uint256 toChain,
        bytes calldata fromAddress,
        bytes32 orderId,
        bytes calldata message
    ) external returns (bytes memory newMessage);
}
