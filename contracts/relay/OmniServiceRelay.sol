// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFeeService} from "../interfaces/IFeeService.sol";
import {ILightClientManager} from "../interfaces/ILightClientManager.sol";
import {IOmniService} from "../interfaces/IOmniService.sol";
import {IOmniServiceRelay} from "../interfaces/IOmniServiceRelay.sol";
import {MerkleOutbox} from "../libraries/MerkleOutbox.sol";
import {MessageCodec} from "../libraries/MessageCodec.sol";
import {OmniServiceCore} from "../service/OmniServiceCore.sol";
import {Message, MessageData, MessageType} from "../types/MessageTypes.sol";
import {Log} from "../types/ProofTypes.sol";

/// @title The service of the relay chain: takes messages from every chain and keeps an outbox towards every chain
/// @dev Trusts what each origin's light client verifies, and of that only logs of that origin's registered service.
contract OmniServiceRelay is IOmniServiceRelay, OmniServiceCore {
    using MerkleOutbox for MerkleOutbox.Outbox;

    /// What a relay executor may return: a message with the largest payload.
    uint256 private constant ONWARD_BYTES_MAX = MessageCodec.PAYLOAD_BYTES_MAX + 1024;
    /// Gas for decoding, encoding, appending and logging an onward message, whose size is bounded by what
    /// `ONWARD_BYTES_MAX` allows.
    uint256 private constant ONWARD_GAS = 1_500_000;

    ILightClientManager public clients;
    /// The service of a chain, which is also the only emitter believed there.
    mapping(uint64 chainId => address) public services;
    mapping(bytes32 orderId => bool) public seen;
    mapping(uint64 toChain => MerkleOutbox.Outbox) private _outboxes;
    /// Where the onward message of a relay execution goes, while it is executed or stored as failed.
    mapping(bytes32 orderId => uint64) private _onwardChain;

    function initialize(address owner_, IFeeService feeService_, address guardian_, ILightClientManager clients_)
        external
        initializer
    {
        __OmniServiceCore_init(owner_, feeService_, guardian_);
        clients = clients_;
    }

    /// @notice Registers the service of a chain; the zero address closes it.
    function setService(uint64 chainId, address service) external onlyOwner {
        services[chainId] = service;
        emit ServiceSet(chainId, service, abi.encodePacked(service));
    }

    /// @inheritdoc IOmniServiceRelay
    function transferIn(uint64 fromChain, bytes calldata proof) external whenNotPaused {
        address service = services[fromChain];
        if (service == address(0)) revert UnknownOrigin(fromChain);
        Log[] memory logs = clients.clientOf(fromChain).verifyLogs(proof);
        for (uint256 i = 0; i < logs.length; ++i) {
            Log memory log = logs[i];
            if (log.emitter != service) revert WrongEmitter(log.emitter, service);
            if (log.topics.length != 3 || log.topics[0] != IOmniService.MessageOut.selector) {
                revert WrongTopic(log.topics.length == 0 ? bytes32(0) : log.topics[0], IOmniService.MessageOut.selector);
            }
            this.accept(fromChain, service, log.topics[1], log.topics[2], abi.decode(log.data, (bytes)));
        }
    }

    /// @dev One proven message. External only so that the message can be read as calldata; callable by this contract.
    function accept(uint64 fromChain, address service, bytes32 orderId, bytes32 toChain, bytes calldata encoded)
        external
    {
        if (msg.sender != address(this)) revert TargetForbidden(msg.sender);
        bytes32 hash = keccak256(encoded);
        if (hash != orderId) revert WrongOrderId(orderId, hash);
        Message memory message = MessageCodec.decode(encoded);
        if (message.fromChain != fromChain) revert WrongOrigin(message.fromChain, fromChain);
        if (message.service != service) revert WrongEmitter(message.service, service);
        if (uint256(toChain) != message.toChain) revert WrongDestination(uint256(toChain), message.toChain);
        if (seen[orderId]) {
            emit AlreadyDelivered(orderId);
            return;
        }
        seen[orderId] = true;
        if (message.relay) {
            // Executed here; what it returns goes on.
            _onwardChain[orderId] = message.toChain;
            _execute(orderId, message);
        } else if (message.toChain == block.chainid) {
            _execute(orderId, message);
        } else {
            _forward(orderId, message.toChain, orderId, encoded);
        }
    }

    /// @inheritdoc IOmniServiceRelay
    function publishRoot(uint64 toChain) external {
        MerkleOutbox.Outbox storage box = _outboxes[toChain];
        emit OutboxRoot(toChain, box.count, box.root());
    }

    /// @inheritdoc IOmniServiceRelay
    function outbox(uint64 toChain) external view returns (uint64 count, bytes32 root) {
        MerkleOutbox.Outbox storage box = _outboxes[toChain];
        return (box.count, box.root());
    }

    /// @inheritdoc IOmniService
    function getOrderStatus(uint256 chainId, uint256, bytes32 orderId)
        external
        view
        returns (bool exists, bool verifiable, uint256 nodeType)
    {
        exists = seen[orderId];
        if (chainId <= type(uint64).max && services[uint64(chainId)] != address(0)) {
            verifiable = _isLive(clients.clientOf(uint64(chainId)));
        }
        nodeType = verifiable ? 1 : 0;
    }

    /// @dev A message of this chain needs no proof: it goes straight into the outbox.
    function _onSent(bytes32 orderId, uint64 toChain, bytes memory message) internal override {
        if (services[toChain] == address(0)) revert UnknownDestination(toChain);
        _forward(orderId, toChain, orderId, message);
    }

    function _checkRelaying(uint256, bool relay) internal pure override {
        if (relay) revert RelayNotAllowed();
    }

    function _isForbidden(address target) internal view override returns (bool) {
        return target == address(clients) || super._isForbidden(target);
    }

    function _finalChain(bytes32 orderId) internal view override returns (uint256) {
        uint64 onward = _onwardChain[orderId];
        return onward == 0 ? block.chainid : onward;
    }

    function _returnBytesMax(MessageData memory data) internal pure override returns (uint256) {
        return data.relay ? ONWARD_BYTES_MAX : REASON_BYTES_MAX;
    }

    /// @dev `executeOnward` is one more call between, which also leaves 63/64.
    function _resultGas(MessageData memory data) internal pure override returns (uint256) {
        return data.relay ? _onwardGas(data.gasLimit) * 64 / 63 - data.gasLimit * 64 / 63 : 0;
    }

    /// @dev Gas of executing with `gasLimit` and sending on what comes back.
    function _onwardGas(uint256 gasLimit) private pure returns (uint256) {
        return gasLimit * 64 / 63 + ONWARD_GAS;
    }

    /// @dev An execution and its onward message stand or fall together: were the executor's effects kept while the
    /// message is stored as failed, each retry would repeat them.
    function _attempt(
        bytes32 orderId,
        uint64 fromChain,
        bytes memory fromAddress,
        MessageData memory data,
        uint256 gasLimit
    ) internal override returns (bool success, bytes memory result) {
        if (!data.relay) return super._attempt(orderId, fromChain, fromAddress, data, gasLimit);
        try this.executeOnward{gas: _onwardGas(gasLimit)}(orderId, fromChain, fromAddress, data, gasLimit) {
            return (true, "");
        } catch (bytes memory reason) {
            return (false, reason);
        }
    }

    /// @dev Callable by this contract only. The target returns `abi.encode(bytes)` of `abi.encode(MessageData)`: the
    /// onward message, which is sent by the target. Reverts with at most `REASON_BYTES_MAX` bytes.
    function executeOnward(
        bytes32 orderId,
        uint64 fromChain,
        bytes calldata fromAddress,
        MessageData calldata data,
        uint256 gasLimit
    ) external {
        if (msg.sender != address(this)) revert TargetForbidden(msg.sender);
        (bool success, bytes memory result) = super._attempt(orderId, fromChain, fromAddress, data, gasLimit);
        if (!success) {
            uint256 size = result.length < REASON_BYTES_MAX ? result.length : REASON_BYTES_MAX;
            assembly ("memory-safe") {
                revert(add(result, 0x20), size)
            }
        }
        MessageData memory onward = abi.decode(abi.decode(result, (bytes)), (MessageData));
        uint64 toChain = _onwardChain[orderId];
        _checkRelaying(toChain, onward.relay);
        _checkData(
            bytes20(onward.target), onward.target.length, onward.payload.length, onward.gasLimit, onward.value
        );
        if (onward.gasLimit > data.gasLimit) revert OnwardGasLimitTooHigh(onward.gasLimit, data.gasLimit);
        if (services[toChain] == address(0)) revert UnknownDestination(toChain);
        delete _onwardChain[orderId];
        (bytes32 onwardId, bytes memory message) = _makeMessage(toChain, onward, data.target);
        _forward(onwardId, toChain, orderId, message);
    }

    /// @dev What an executor sends on. Takes the next nonce.
    function _makeMessage(uint64 toChain, MessageData memory data, bytes memory sender)
        private
        returns (bytes32 orderId, bytes memory message)
    {
        message = MessageCodec.encode(
            Message({
                relay: data.relay,
                msgType: data.msgType,
                fromChain: uint64(block.chainid),
                toChain: toChain,
                nonce: nonce++,
                gasLimit: uint32(data.gasLimit),
                service: address(this),
                sender: sender,
                target: data.target,
                payload: data.payload
            })
        );
        orderId = keccak256(message);
    }

    function _forward(bytes32 orderId, uint64 toChain, bytes32 originOrderId, bytes memory message) private {
        uint64 index = _outboxes[toChain].append(orderId);
        emit MessageRelay(orderId, toChain, originOrderId, index, message);
    }
}
