// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IOmniService} from "../interfaces/IOmniService.sol";
import {MessageData} from "../types/MessageTypes.sol";

/// @title Base of the examples that send: pays the fee out of `msg.value` and gives back what is left
/// @dev Holds no coins between transactions.
abstract contract MessageSender {
    IOmniService public immutable service;

    error NotService(address caller);
    error RefundFailed(address sender, uint256 amount);

    modifier onlyService() {
        if (msg.sender != address(service)) revert NotService(msg.sender);
        _;
    }

    constructor(IOmniService service_) {
        service = service_;
    }

    /// @dev The service refunds to who called it, which is this contract.
    receive() external payable onlyService {}

    /// @dev Sends with all of `msg.value`, and passes the refund on to `msg.sender`. To be called once per transaction,
    /// last: it ends with a call of the sender.
    function _send(uint256 toChain, MessageData memory data) internal returns (bytes32 orderId) {
        uint256 before = address(this).balance - msg.value;
        orderId = service.transferOut{value: msg.value}(toChain, abi.encode(data), address(0));
        uint256 refund = address(this).balance - before;
        if (refund != 0) {
            (bool success,) = msg.sender.call{value: refund}("");
            if (!success) revert RefundFailed(msg.sender, refund);
        }
    }
}
