// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IOmniService} from "../interfaces/IOmniService.sol";
import {MessageData} from "../types/MessageTypes.sol";
import {MessageSender} from "./MessageSender.sol";

/// @title The smallest dApp that sends: whatever it is given, for whoever pays
/// @dev Warning: anyone can send anything as this contract. A receiver that trusts it trusts everybody.
contract Sender is MessageSender {
    constructor(IOmniService service_) MessageSender(service_) {}

    /// @notice Sends a message, paid in the native coin by the caller, who gets back what the fee leaves.
    /// @param toChain chain the message is for
    /// @param data the message
    /// @return orderId id of the message on every chain it passes
    function send(uint256 toChain, MessageData calldata data) external payable returns (bytes32 orderId) {
        return _send(toChain, data);
    }
}
