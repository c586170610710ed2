// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The service that dApps use on every chain
/// @notice The published v3 interface, followed by what relaying adds.
interface IOmniService {
    // ---- sending -------------------------------------------------------------------------------------------

    /// A message left. `message` is its encoding (docs/message-format.md) and `orderId` its keccak256.
    event MessageOut(bytes32 indexed orderId, uint64 indexed toChain, bytes message);
    /// Who sent it and what was paid, for `messageOut`: fields that are not part of the message.
    event MessageTransfer(
        bytes32 indexed orderId, bytes32 indexed transferId, address initiator, address referrer, address feeToken, uint256 fee
    );

    error UnknownDestination(uint256 toChain);
    error DestinationIsOwnChain(uint256 toChain);
    error TargetMalformed(uint256 length, uint256 expected);
    error PayloadTooLarge(uint256 size, uint256 maximum);
    error GasLimitOutOfRange(uint256 gasLimit, uint256 minimum, uint256 maximum);
    error ValueNotSupported(uint256 value);
    error FeeTooLow(uint256 paid, uint256 fee);
    error NativeSentWithTokenFee(uint256 sent);
    error RefundFailed(address sender, uint256 amount);
    error Paused(uint256 until);

    /// @notice Sends a message. Pays the fee of `getMessageFee` in `feeToken` (`address(0)` is the native coin,
    /// of which what is overpaid comes back in the same transaction).
    /// @param messageData `abi.encode(MessageData)`
    /// @return orderId id of the message, the same on every chain it passes
    function transferOut(uint256 toChain, bytes calldata messageData, address feeToken)
        external
        payable
        returns (bytes32 orderId);

    /// @notice `transferOut` with fields for the caller's own bookkeeping, which only appear in `MessageTransfer`.
    function messageOut(
        bytes32 transferId,
        address initiator,
        address referrer,
        uint256 toChain,
        bytes calldata messageData,
        address feeToken
    ) external payable returns (bytes32 orderId);

    /// @notice What `transferOut` will ask for, and who receives it.
    function getMessageFee(uint256 toChain, address feeToken, uint256 gasLimit)
        external
        view
        returns (uint256 fee, address receiver);

    /// @notice Sends the native fees collected so far (`address(0)`) to the fee receiver. Open to everyone.
    function collectFees() external;

    // ---- receiving -----------------------------------------------------------------------------------------

    /// A message was executed (`result`), or its execution failed and it waits for `retryMessageIn`: then
    /// `messageData` is what to retry with and `reason` the returned error, both empty on success. Outside the relay chain
    /// the first execution is told of by `IOmniServiceInbox.MessageExecuted` instead if it succeeds.
    event MessageIn(
        bytes32 indexed orderId,
        uint256 indexed fromChain,
        uint256 indexed toChain,
        bytes fromAddress,
        bytes messageData,
        bool result,
        bytes reason
    );
    /// A delivery named a message that was delivered before. Nothing happened.
    event AlreadyDelivered(bytes32 indexed orderId);
    event RemoteCallerSet(address indexed target, uint256 indexed fromChain, bytes fromAddress, bool allowed);

    /// Reasons of stored failures (the `reason` of `MessageIn`).
    error CallerNotAllowed(uint256 fromChain, bytes fromAddress);
    error TargetHasNoCode(address target);
    error TargetForbidden(address target);
    error TargetNotEvmAddress(bytes target);

    error WrongEmitter(address emitter, address expected);
    error WrongTopic(bytes32 topic, bytes32 expected);
    error WrongDestination(uint256 toChain, uint256 expected);
    error WrongOrigin(uint256 fromChain, uint256 expected);
    error WrongOrderId(bytes32 orderId, bytes32 expected);
    error NotEnoughGas(uint256 available, uint256 required);
    error NothingToRetry(bytes32 orderId);

    /// @notice Lets messages of type CALLDATA from `fromAddress` on `fromChain` call the calling contract.
    function addRemoteCaller(uint256 fromChain, bytes calldata fromAddress, bool allowed) external;

    function getExecutePermission(address target, uint256 fromChain, bytes calldata fromAddress)
        external
        view
        returns (bool);

    /// @notice Executes a stored failed message again, with all the gas of the transaction, which must be enough for its gas
    /// limit (`NotEnoughGas`). Open to everyone.
    /// Reverts if the execution fails again; the message stays stored.
    /// @param fromAddress and messageData exactly as in the failure's `MessageIn`
    function retryMessageIn(uint256 fromChain, bytes32 orderId, bytes calldata fromAddress, bytes calldata messageData)
        external;

    /// @return exists the order is known here: seen on the relay chain; stored as failed on another chain
    /// (executed ones are recorded by outbox index there, see `isDelivered`)
    /// @return verifiable whether this chain has a live light client for `chainId`
    /// @return nodeType 0 when there is none, 1 when the client checks consensus signatures on chain
    function getOrderStatus(uint256 chainId, uint256 blockNumber, bytes32 orderId)
        external
        view
        returns (bool exists, bool verifiable, uint256 nodeType);
}
