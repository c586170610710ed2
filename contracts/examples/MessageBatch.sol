// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IOmniService} from "../interfaces/IOmniService.sol";
import {MessageData} from "../types/MessageTypes.sol";

/// @title Sends several messages in one transaction
/// @notice Paid in the native coin by the caller: each message gets its fee, and what is sent must be their sum.
/// @dev Warning: anyone can send anything as this contract. A receiver that trusts it trusts everybody.
contract MessageBatch {
    IOmniService public immutable service;

    error FeesUnequal(uint256 paid, uint256 fees);

    constructor(IOmniService service_) {
        service = service_;
    }

    /// @notice Sends `messages` in their order, all or none.
    /// @param toChain chain that all are for
    function send(uint256 toChain, MessageData[] calldata messages)
        external
        payable
        returns (bytes32[] memory orderIds)
    {
        orderIds = new bytes32[](messages.length);
        uint256 fees;
        for (uint256 i = 0; i < messages.length; ++i) {
            (uint256 fee,) = service.getMessageFee(toChain, address(0), messages[i].gasLimit);
            fees += fee;
            orderIds[i] = service.transferOut{value: fee}(toChain, abi.encode(messages[i]), address(0));
        }
        if (fees != msg.value) revert FeesUnequal(msg.value, fees);
    }
}
