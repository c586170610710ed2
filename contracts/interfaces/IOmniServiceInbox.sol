// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Delivery on a chain that is not the relay chain
interface IOmniServiceInbox {
    /// An outbox root of the relay chain was verified and may be delivered under. Not emitted for one that is so old that
    /// its place is a newer one's.
    event RootVerified(uint64 indexed count, bytes32 root);
    /// A delivered message was executed at once. One whose execution failed is told of by `MessageIn`, and so is its retry.
    event MessageExecuted(bytes32 indexed orderId);
    /// A delivery named an index of the outbox that was delivered before. Nothing happened.
    event DeliveredBefore(uint64 index);

    /// The delivery leads to a root that is not, or no longer, kept.
    error UnknownRoot(uint64 count, bytes32 root);
    error DeliveryMalformed();
    error IndexNotAscending(uint64 index, uint64 previous);
    error IndexOutOfRange(uint64 index, uint64 count);
    error ProofTooShort();
    error ProofTooLong(uint256 left);

    /// @notice Verifies an outbox root, if `rootProof` is not empty, and delivers messages under it.
    /// Messages that were delivered before are skipped. Open to everyone. With a delivery, the proof of its root is looked
    /// at only if it is needed: not if all messages were delivered before, nor if the root is known.
    /// @param rootProof proof of an `OutboxRoot` log for the relay chain's light client, or empty
    /// @param delivery messages and their Merkle proof (docs/message-format.md), or empty
    function transferIn(bytes calldata rootProof, bytes calldata delivery) external;

    /// @notice Whether the message at this index of the relay chain's outbox was delivered here.
    function isDelivered(uint64 index) external view returns (bool);

    /// @notice The verified root that is kept in the place of `count`; 0 if there is none. Counts share places modulo the
    /// number of roots kept, so it may be that of another one: a root proves messages for its own count only.
    function rootOf(uint64 count) external view returns (bytes32);
}
