// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {Governed} from "../governance/Governed.sol";
import {IFeeService} from "../interfaces/IFeeService.sol";
import {ILightClient} from "../interfaces/ILightClient.sol";
import {IMapoExecutor} from "../interfaces/IMapoExecutor.sol";
import {IOmniService} from "../interfaces/IOmniService.sol";
import {BoundedCall} from "../libraries/BoundedCall.sol";
import {MessageCodec} from "../libraries/MessageCodec.sol";
import {Message, MessageData, MessageType} from "../types/MessageTypes.sol";

/// @title What the service does on every chain: send, execute, keep failures, retry
/// @dev Holds no approvals and no role anywhere. Native fees stay here until `collectFees` sends them to the fee
/// receiver; executions carry no value, so they cannot be spent.
/// @dev Warning: the guardian can stop sending and delivering for `PAUSE_MAX` at a time, with as long a break after
/// it; never retries, refunds or the collection of fees. The owner (timelock) can change the rest.
abstract contract OmniServiceCore is IOmniService, Governed {
    using SafeERC20 for IERC20;

    uint256 public constant GAS_LIMIT_MIN = 21_000;
    uint256 public constant GAS_LIMIT_MAX = 5_000_000;
    uint256 public constant PAUSE_MAX = 3 days;
    /// Returned data kept of a call. Enough for a reason; a relay executor returns a whole message.
    uint256 internal constant REASON_BYTES_MAX = 256;
    /// Gas kept for storing a failure, beside what the message's own size costs.
    uint256 internal constant FAILURE_GAS = 60_000;
    uint256 internal constant FAILURE_GAS_PER_BYTE = 24;
    /// Addresses up to here are precompiles, of this chain or of one to come.
    uint160 internal constant PRECOMPILE_MAX = 0xffff;
    uint256 internal constant EVM_ADDRESS_BYTES = 20;

    IFeeService public feeService;
    uint64 public nonce;
    uint32 public pausedUntil;
    address public guardian;
    mapping(address target => mapping(uint256 fromChain => mapping(bytes32 senderHash => bool))) private _allowed;
    /// What a stored failure must be retried with: keccak256(abi.encode(fromChain, fromAddress, messageData)).
    mapping(bytes32 orderId => bytes32) public failures;
    uint256[44] private __gap;

    event PausedFor(address indexed guardian, uint256 until);
    event Unpaused();
    event GuardianSet(address indexed guardian);
    event FeeServiceSet(address indexed feeService);
    event FeesCollected(address indexed receiver, uint256 amount);

    error NotGuardian(address caller);
    error PauseTooSoon(uint256 allowedAt);
    error RelayNotAllowed();
    error ExecutionFailed(bytes reason);
    error FeeTransferFailed(address receiver, uint256 amount);

    modifier whenNotPaused() {
        _checkPause(pausedUntil);
        _;
    }

    function __OmniServiceCore_init(address owner_, IFeeService feeService_, address guardian_)
        internal
        onlyInitializing
    {
        __Ownable_init(owner_);
        _setFeeService(feeService_);
        guardian = guardian_;
        emit GuardianSet(guardian_);
    }

    // ---- sending -------------------------------------------------------------------------------------------

    /// @inheritdoc IOmniService
    function transferOut(uint256 toChain, bytes calldata messageData, address feeToken)
        external
        payable
        returns (bytes32 orderId)
    {
        (orderId,) = _send(toChain, messageData, feeToken);
    }

    /// @inheritdoc IOmniService
    function messageOut(
        bytes32 transferId,
        address initiator,
        address referrer,
        uint256 toChain,
        bytes calldata messageData,
        address feeToken
    ) external payable returns (bytes32 orderId) {
        uint256 fee;
        (orderId, fee) = _send(toChain, messageData, feeToken);
        emit MessageTransfer(orderId, transferId, initiator, referrer, feeToken, fee);
    }

    /// @inheritdoc IOmniService
    function getMessageFee(uint256 toChain, address feeToken, uint256 gasLimit)
        external
        view
        returns (uint256 fee, address receiver)
    {
        return feeService.getMessageFee(toChain, feeToken, gasLimit);
    }

    /// @inheritdoc IOmniService
    function collectFees() external {
        address receiver = _feeReceiver();
        uint256 amount = address(this).balance;
        emit FeesCollected(receiver, amount);
        (bool success,) = receiver.call{value: amount}("");
        if (!success) revert FeeTransferFailed(receiver, amount);
    }

    function _feeReceiver() private view returns (address) {
        return IFeeReceiver(address(feeService)).receiver();
    }

    function _send(uint256 toChain, bytes calldata messageData, address feeToken)
        private
        returns (bytes32 orderId, uint256 fee)
    {
        // Together, as they stand in one slot.
        (IFeeService fees, uint64 number, uint32 until) = (feeService, nonce, pausedUntil);
        nonce = number + 1;
        _checkPause(until);
        if (toChain == block.chainid) revert DestinationIsOwnChain(toChain);
        if (toChain > type(uint64).max) revert UnknownDestination(toChain);
        (MessageData calldata data, bytes calldata target, bytes calldata payload) = MessageCodec.dataIn(messageData);
        uint256 gasLimit = data.gasLimit;
        _checkRelaying(toChain, data.relay);
        _checkData(bytes20(target), target.length, payload.length, gasLimit, data.value);
        bool isNative = feeToken == address(0);
        address receiver;
        if (isNative) fee = fees.getNativeFee(toChain, gasLimit);
        else (fee, receiver) = fees.getMessageFee(toChain, feeToken, gasLimit);

        bytes memory message = MessageCodec.encodeSent(data, target, payload, uint64(toChain), number);
        orderId = keccak256(message);
        _emitMessageOut(orderId, toChain, message);
        _onSent(orderId, uint64(toChain), message);

        // The message is out before any foreign code runs.
        if (isNative) {
            if (msg.value < fee) revert FeeTooLow(msg.value, fee);
            uint256 refund = msg.value - fee;
            if (refund != 0) {
                (bool success,) = msg.sender.call{value: refund}("");
                if (!success) revert RefundFailed(msg.sender, refund);
            }
        } else {
            if (msg.value != 0) revert NativeSentWithTokenFee(msg.value);
            IERC20(feeToken).safeTransferFrom(msg.sender, receiver, fee);
        }
    }

    /// @dev `emit MessageOut` without copying.
    /// @param message as `MessageCodec.encodeSent` leaves it
    function _emitMessageOut(bytes32 orderId, uint256 toChain, bytes memory message) private {
        bytes32 topic = MessageOut.selector;
        assembly ("memory-safe") {
            let padded := and(add(mload(message), 0x1f), not(0x1f))
            log3(sub(message, 0x20), add(0x40, padded), topic, orderId, toChain)
        }
    }

    /// @dev What could not be delivered is not accepted: here what could not be relayed.
    function _checkRelaying(uint256 toChain, bool relay) internal view virtual;

    /// @dev The rest of it, of `MessageData` in calldata or memory.
    /// @param target what stands first in the target, zeros where that is shorter
    function _checkData(bytes20 target, uint256 targetBytes, uint256 payloadBytes, uint256 gasLimit, uint256 value)
        internal
        pure
    {
        if (targetBytes != EVM_ADDRESS_BYTES || target == 0) revert TargetMalformed(targetBytes, EVM_ADDRESS_BYTES);
        if (payloadBytes > MessageCodec.PAYLOAD_BYTES_MAX) {
            revert PayloadTooLarge(payloadBytes, MessageCodec.PAYLOAD_BYTES_MAX);
        }
        if (gasLimit < GAS_LIMIT_MIN || gasLimit > GAS_LIMIT_MAX) {
            revert GasLimitOutOfRange(gasLimit, GAS_LIMIT_MIN, GAS_LIMIT_MAX);
        }
        if (value != 0) revert ValueNotSupported(value);
    }

    /// @dev The relay chain appends what it sends itself to the outbox.
    function _onSent(bytes32 orderId, uint64 toChain, bytes memory message) internal virtual {}

    /// @dev Whether it believes anything new: neither frozen nor expired.
    function _isLive(ILightClient client) internal view returns (bool) {
        return !client.passport().frozen && block.timestamp <= client.trustedUntil();
    }

    // ---- receiving -----------------------------------------------------------------------------------------

    /// @inheritdoc IOmniService
    function addRemoteCaller(uint256 fromChain, bytes calldata fromAddress, bool allowed) external {
        _allowed[msg.sender][fromChain][keccak256(fromAddress)] = allowed;
        emit RemoteCallerSet(msg.sender, fromChain, fromAddress, allowed);
    }

    /// @inheritdoc IOmniService
    function getExecutePermission(address target, uint256 fromChain, bytes calldata fromAddress)
        external
        view
        returns (bool)
    {
        return _isAllowed(target, fromChain, keccak256(fromAddress));
    }

    function _isAllowed(address target, uint256 fromChain, bytes32 senderHash) internal view returns (bool) {
        return _allowed[target][fromChain][senderHash];
    }

    /// @inheritdoc IOmniService
    function retryMessageIn(uint256 fromChain, bytes32 orderId, bytes calldata fromAddress, bytes calldata messageData)
        external
    {
        bytes32 stored = failures[orderId];
        if (stored == 0 || stored != keccak256(abi.encode(fromChain, fromAddress, messageData))) {
            revert NothingToRetry(orderId);
        }
        delete failures[orderId];
        MessageData memory data = abi.decode(messageData, (MessageData));
        // A receiver that copes with too little gas in its own way would use the message up.
        _requireGas(data.gasLimit, data.payload.length, _resultGas(data));
        (bool success, bytes memory result) = _attempt(orderId, uint64(fromChain), fromAddress, data, gasleft());
        if (!success) revert ExecutionFailed(result);
        emit MessageIn(orderId, fromChain, block.chainid, fromAddress, "", true, "");
    }

    /// @dev Executes a message for the first time, with exactly its gas limit, and keeps it if that fails. The caller
    /// has marked it as delivered.
    function _execute(bytes32 orderId, Message memory message) internal {
        MessageData memory data = _dataOf(message);
        _requireGas(data.gasLimit, data.payload.length, _resultGas(data));
        (bool success, bytes memory result) =
            _attempt(orderId, message.fromChain, message.sender, data, data.gasLimit);
        if (success) {
            emit MessageIn(orderId, message.fromChain, block.chainid, message.sender, "", true, "");
        } else {
            _storeFailure(orderId, message, data, result);
        }
    }

    function _dataOf(Message memory message) internal pure returns (MessageData memory) {
        return MessageData({
            relay: message.relay,
            msgType: message.msgType,
            target: message.target,
            payload: message.payload,
            gasLimit: message.gasLimit,
            value: 0
        });
    }

    /// @dev EIP-150 leaves 63/64 to the call: so much must be here that the target gets its full limit and a failure can
    /// still be stored. Whoever sends less gains nothing: all of it reverts. The gas limit has 32 bits, or was stored
    /// with a message whose had.
    function _requireGas(uint256 gasLimit, uint256 payloadBytes, uint256 resultGas) internal view {
        unchecked {
            uint256 required = gasLimit * 64 / 63 + FAILURE_GAS + FAILURE_GAS_PER_BYTE * payloadBytes + resultGas;
            if (gasleft() < required) revert NotEnoughGas(gasleft(), required);
        }
    }

    function _storeFailure(bytes32 orderId, Message memory message, MessageData memory data, bytes memory reason)
        internal
    {
        bytes memory messageData = abi.encode(data);
        failures[orderId] = keccak256(abi.encode(uint256(message.fromChain), message.sender, messageData));
        emit MessageIn(orderId, message.fromChain, block.chainid, message.sender, messageData, false, reason);
    }

    /// @dev Gas that using a result may take, kept back before the call.
    function _resultGas(MessageData memory) internal view virtual returns (uint256) {
        return 0;
    }

    /// @dev The chain that the receiver is told the message is for.
    function _finalChain(bytes32) internal view virtual returns (uint256) {
        return block.chainid;
    }

    function _returnBytesMax(MessageData memory) internal view virtual returns (uint256) {
        return REASON_BYTES_MAX;
    }

    /// @dev Light clients and the like, which messages may never call.
    function _isForbidden(address target) internal view virtual returns (bool) {
        return target == address(this) || uint160(target) <= PRECOMPILE_MAX || target == address(feeService);
    }

    /// @dev One call of the target. `result` is what it returned, or the reason why it failed or was not made.
    function _attempt(
        bytes32 orderId,
        uint64 fromChain,
        bytes memory fromAddress,
        MessageData memory data,
        uint256 gasLimit
    ) internal virtual returns (bool success, bytes memory result) {
        if (data.target.length != EVM_ADDRESS_BYTES) {
            return (false, abi.encodeWithSelector(TargetNotEvmAddress.selector, data.target));
        }
        address target = address(bytes20(data.target));
        if (_isForbidden(target)) return (false, abi.encodeWithSelector(TargetForbidden.selector, target));
        if (target.code.length == 0) return (false, abi.encodeWithSelector(TargetHasNoCode.selector, target));
        bytes memory callData = data.payload;
        if (data.msgType == MessageType.CALLDATA) {
            if (!_isAllowed(target, fromChain, keccak256(fromAddress))) {
                return (false, abi.encodeWithSelector(CallerNotAllowed.selector, uint256(fromChain), fromAddress));
            }
        } else {
            callData = abi.encodeCall(
                IMapoExecutor.mapoExecute, (fromChain, _finalChain(orderId), fromAddress, orderId, data.payload)
            );
        }
        return BoundedCall.call(target, gasLimit, callData, _returnBytesMax(data));
    }

    // ---- administration ------------------------------------------------------------------------------------

    /// @notice Stops sending and delivering for `PAUSE_MAX`. It ends by itself; the next one can start no sooner than
    /// `PAUSE_MAX` after that.
    function pause() external {
        if (msg.sender != guardian) revert NotGuardian(msg.sender);
        uint256 allowedAt = pausedUntil == 0 ? 0 : pausedUntil + PAUSE_MAX;
        if (block.timestamp < allowedAt) revert PauseTooSoon(allowedAt);
        _setPause(uint32(block.timestamp + PAUSE_MAX));
        emit PausedFor(msg.sender, pausedUntil);
    }

    /// @notice Ends a pause early.
    function unpause() external {
        if (msg.sender != guardian && msg.sender != owner()) revert NotGuardian(msg.sender);
        if (block.timestamp < pausedUntil) _setPause(uint32(block.timestamp));
        emit Unpaused();
    }

    function _setPause(uint32 until) internal virtual {
        pausedUntil = until;
    }

    function _checkPause(uint32 until) internal view {
        if (block.timestamp < until) revert Paused(until);
    }

    function setGuardian(address guardian_) external onlyOwner {
        guardian = guardian_;
        emit GuardianSet(guardian_);
    }

    function setFeeService(IFeeService feeService_) external onlyOwner {
        _setFeeService(feeService_);
    }

    function _setFeeService(IFeeService feeService_) internal virtual {
        feeService = feeService_;
        emit FeeServiceSet(address(feeService_));
    }
}

/// The part of the fee service that names who receives fees.
interface IFeeReceiver {
    function receiver() external view returns (address);
}
