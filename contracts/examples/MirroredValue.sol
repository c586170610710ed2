// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMapoExecutor} from "../interfaces/IMapoExecutor.sol";
import {IOmniService} from "../interfaces/IOmniService.sol";
import {MessageData, MessageType} from "../types/MessageTypes.sol";
import {MessageSender} from "./MessageSender.sol";

/// @title A value that lives on two chains: setting it on one sends it to the other, by messages of type MESSAGE
/// @notice Messages may arrive in any order, or late. Each carries a version, and an older one changes nothing, so the
/// twins agree once everything has arrived. Only when both are set before either hears of the other do they keep
/// different values of one version, until one of them is set again.
contract MirroredValue is IMapoExecutor, MessageSender {
    address public immutable owner;

    uint256 public value;
    uint64 public version;
    uint256 public twinChain;
    address public twin;

    event ValueSet(uint256 value, uint64 version);
    event ValueReceived(bytes32 indexed orderId, uint256 value, uint64 version, bool taken);
    event TwinSet(uint256 indexed chain, address twin);

    error NotOwner(address caller);
    error NotTwin(uint256 fromChain, bytes fromAddress);

    constructor(IOmniService service_, address owner_) MessageSender(service_) {
        owner = owner_;
    }

    /// @notice Registers the twin, whose messages this contract believes. Needed before the first value.
    function setTwin(uint256 chain, address twin_) external {
        if (msg.sender != owner) revert NotOwner(msg.sender);
        twinChain = chain;
        twin = twin_;
        emit TwinSet(chain, twin_);
    }

    /// @notice Sets the value here and sends it to the twin. Open to everyone who pays; what the fee leaves of the
    /// coins sent comes back.
    /// @param gasLimit for `mapoExecute` of the twin
    function set(uint256 value_, uint256 gasLimit) external payable returns (bytes32 orderId) {
        value = value_;
        ++version;
        emit ValueSet(value_, version);
        return _send(
            twinChain,
            MessageData({
                relay: false,
                msgType: MessageType.MESSAGE,
                target: abi.encodePacked(twin),
                payload: abi.encode(value_, version),
                gasLimit: gasLimit,
                value: 0
            })
        );
    }

    /// @inheritdoc IMapoExecutor
    function mapoExecute(
        uint256 fromChain,
        uint256,
        bytes calldata fromAddress,
        bytes32 orderId,
        bytes calldata message
    ) external onlyService returns (bytes memory) {
        if (fromChain != twinChain || keccak256(fromAddress) != keccak256(abi.encodePacked(twin))) {
            revert NotTwin(fromChain, fromAddress);
        }
        (uint256 value_, uint64 version_) = abi.decode(message, (uint256, uint64));
        bool isNewer = version_ > version;
        if (isNewer) {
            value = value_;
            version = version_;
        }
        emit ValueReceived(orderId, value_, version_, isNewer);
        return "";
    }
}
