// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMapoExecutor} from "../interfaces/IMapoExecutor.sol";
import {IOmniService} from "../interfaces/IOmniService.sol";

/// @title A receiver that fails until somebody switches it on
/// @notice For tests of failed executions and of retries, and to see in a devnet what a dApp's own fault looks like.
/// Takes messages of both types. Everything but the messages themselves is open to everyone.
contract FaultyReceiver is IMapoExecutor {
    enum Mode {
        REVERTS,
        WORKS,
        BURNS_GAS,
        // Fails with `BOMB_BYTES` of data, which a careless caller would copy and pay for.
        REVERTS_WITH_BOMB,
        // Succeeds with as much.
        RETURNS_BOMB
    }

    uint256 public constant BOMB_BYTES = 100_000;

    IOmniService public immutable service;

    Mode public mode;
    uint256 public received;
    uint256 public lastFromChain;
    bytes public lastFromAddress;
    bytes public lastMessage;

    event Received(bytes32 indexed orderId, uint256 indexed fromChain, bytes fromAddress, bytes message);
    event ModeSet(Mode mode);

    error NotService(address caller);
    error SwitchedOff();

    constructor(IOmniService service_) {
        service = service_;
    }

    function setMode(Mode mode_) external {
        mode = mode_;
        emit ModeSet(mode_);
    }

    /// @notice Allows a remote caller of `receiveCall`.
    function addRemoteCaller(uint256 fromChain, bytes calldata fromAddress, bool allowed) external {
        service.addRemoteCaller(fromChain, fromAddress, allowed);
    }

    /// @notice Target of messages of type CALLDATA, which do not say where they came from.
    function receiveCall(bytes calldata message) external {
        _receive(0, 0, "", message);
    }

    /// @inheritdoc IMapoExecutor
    function mapoExecute(
        uint256 fromChain,
        uint256,
        bytes calldata fromAddress,
        bytes32 orderId,
        bytes calldata message
    ) external returns (bytes memory) {
        _receive(orderId, fromChain, fromAddress, message);
        return "";
    }

    function _receive(bytes32 orderId, uint256 fromChain, bytes memory fromAddress, bytes calldata message) private {
        if (msg.sender != address(service)) revert NotService(msg.sender);
        Mode mode_ = mode;
        if (mode_ == Mode.REVERTS) revert SwitchedOff();
        if (mode_ == Mode.BURNS_GAS) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        uint256 size = BOMB_BYTES;
        if (mode_ == Mode.REVERTS_WITH_BOMB) {
            assembly ("memory-safe") {
                revert(0, size)
            }
        }
        ++received;
        lastFromChain = fromChain;
        lastFromAddress = fromAddress;
        lastMessage = message;
        emit Received(orderId, fromChain, fromAddress, message);
        if (mode_ == Mode.RETURNS_BOMB) {
            assembly ("memory-safe") {
                return(0, size)
            }
        }
    }
}
