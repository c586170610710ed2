// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMapoExecutor} from "../interfaces/IMapoExecutor.sol";
import {IOmniServiceRelay} from "../interfaces/IOmniServiceRelay.sol";
import {MessageData, MessageType} from "../types/MessageTypes.sol";

/// What a sender asks of the router, as `abi.encode(Route)` in the payload of a message with `relay = true`.
/// @param target receiver on the message's destination, which implements `IMapoExecutor`
/// @param gasLimit gas of the receiver, at most the message's own gas limit
/// @param payload what the receiver gets
struct Route {
    address target;
    uint256 gasLimit;
    bytes payload;
}

/// What the receiver gets, as `abi.encode(Routed)`. Its sender is the router, on the relay chain.
/// @param fromChain chain on which the route was asked for
/// @param fromAddress who asked for it there
/// @param number how many messages the router had passed on, this one included
/// @param payload of the route
struct Routed {
    uint256 fromChain;
    bytes fromAddress;
    uint256 number;
    bytes payload;
}

/// @title An executor on the relay chain: turns a message into another one for the same destination
/// @notice Adds what the relay chain knows: where the message came from, and a number that counts the messages of all
/// chains.
contract RelayRouter is IMapoExecutor {
    IOmniServiceRelay public immutable service;

    uint256 public passed;

    event Passed(bytes32 indexed orderId, uint256 indexed toChain, uint256 number);

    error NotService(address caller);

    constructor(IOmniServiceRelay service_) {
        service = service_;
    }

    /// @inheritdoc IMapoExecutor
    function mapoExecute(
        uint256 fromChain,
        uint256 toChain,
        bytes calldata fromAddress,
        bytes32 orderId,
        bytes calldata message
    ) external returns (bytes memory newMessage) {
        if (msg.sender != address(service)) revert NotService(msg.sender);
        Route memory route = abi.decode(message, (Route));
        uint256 number = ++passed;
        emit Passed(orderId, toChain, number);
        return abi.encode(
            MessageData({
                relay: false,
                msgType: MessageType.MESSAGE,
                target: abi.encodePacked(route.target),
                payload: abi.encode(
                    Routed({fromChain: fromChain, fromAddress: fromAddress, number: number, payload: route.payload})
                ),
                gasLimit: route.gasLimit,
                value: 0
            })
        );
    }
}
