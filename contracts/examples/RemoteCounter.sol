// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IOmniService} from "../interfaces/IOmniService.sol";

/// @title A method that contracts of other chains call: the target of messages of type CALLDATA
/// @notice The service calls `increment` only for remote callers that this contract has allowed, so the method needs to
/// check nothing but that its caller is the service.
/// @dev Warning: the service does not tell the target who the remote caller is. What `caller` says is the word of a
/// contract that the owner has allowed.
contract RemoteCounter {
    IOmniService public immutable service;
    address public immutable owner;

    uint256 public count;
    mapping(address caller => uint256) public countOf;
    address public lastCaller;

    event Incremented(address indexed caller, uint256 count);

    error NotService(address caller);
    error NotOwner(address caller);

    constructor(IOmniService service_, address owner_) {
        service = service_;
        owner = owner_;
    }

    /// @notice Counts one call of `caller`. Only by message.
    function increment(address caller) external {
        if (msg.sender != address(service)) revert NotService(msg.sender);
        ++count;
        ++countOf[caller];
        lastCaller = caller;
        emit Incremented(caller, count);
    }

    /// @notice Lets a contract of another chain call this one, or no longer.
    /// @param fromChain the other chain
    /// @param fromAddress the contract there, 20 bytes on EVM chains
    function addRemoteCaller(uint256 fromChain, bytes calldata fromAddress, bool allowed) external {
        if (msg.sender != owner) revert NotOwner(msg.sender);
        service.addRemoteCaller(fromChain, fromAddress, allowed);
    }
}
