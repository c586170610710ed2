// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What the relay chain adds: messages in from every chain, an outbox towards every chain
interface IOmniServiceRelay {
    /// A message was appended to the outbox of `toChain` at `index`. `originOrderId` is the message it was made
    /// from: the same as `orderId` when it was forwarded as is, the incoming one when a relay executor made it.
    event MessageRelay(
        bytes32 indexed orderId, uint64 indexed toChain, bytes32 indexed originOrderId, uint64 index, bytes message
    );
    /// The outbox of `toChain` has this root over `count` messages. Proven to the destination.
    event OutboxRoot(uint64 indexed toChain, uint64 count, bytes32 root);
    event ServiceSet(uint64 indexed chainId, address service, bytes emitter);

    error UnknownOrigin(uint64 chainId);
    error OnwardGasLimitTooHigh(uint256 gasLimit, uint256 paid);

    /// @notice Takes messages that the services of other chains emitted, proven by `proof` for the light client
    /// of `fromChain`. Messages seen before are skipped. Open to everyone.
    function transferIn(uint64 fromChain, bytes calldata proof) external;

    /// @notice Emits `OutboxRoot` for `toChain`. Open to everyone; emits even if nothing is new.
    function publishRoot(uint64 toChain) external;

    /// @notice Number of messages ever appended for `toChain`, and the root over them (0 when none).
    function outbox(uint64 toChain) external view returns (uint64 count, bytes32 root);
}
