// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Message, MessageType} from "../types/MessageTypes.sol";

/// @title The encoding of messages (docs/message-format.md)
/// @dev The C++ twin is butter/message/message.hpp; shared vectors hold the two equal.
library MessageCodec {
    uint8 internal constant VERSION = 3;
    /// version, flags, fromChain, toChain, nonce, gasLimit, service
    uint256 internal constant FIXED_BYTES = 1 + 1 + 8 + 8 + 8 + 4 + 20;
    uint256 internal constant PARTY_BYTES_MAX = 32;
    uint256 internal constant PAYLOAD_BYTES_MAX = 16384;

    // Where the fields end in the first word, in bits from its right.
    uint256 private constant VERSION_SHIFT = 8 * (32 - 1);
    uint256 private constant FLAGS_SHIFT = 8 * (32 - 2);
    uint256 private constant FROM_CHAIN_SHIFT = 8 * (32 - 10);
    uint256 private constant TO_CHAIN_SHIFT = 8 * (32 - 18);
    uint256 private constant NONCE_SHIFT = 8 * (32 - 26);
    uint256 private constant GAS_LIMIT_SHIFT = 8 * (32 - 30);
    uint256 private constant SERVICE_AT = 30;
    uint8 private constant FLAG_RELAY = 1;
    uint8 private constant FLAG_MESSAGE = 2;

    error MessageTooShort(uint256 size);
    error MessageVersion(uint8 version);
    error MessageFlags(uint8 flags);
    error MessagePartyLength(uint256 length);
    error MessagePayloadTooLarge(uint256 size);

    /// @dev The caller has checked the bounds of sender, target and payload.
    function encode(Message memory message) internal pure returns (bytes memory) {
        uint8 flags = (message.relay ? FLAG_RELAY : 0) | (message.msgType == MessageType.MESSAGE ? FLAG_MESSAGE : 0);
        return abi.encodePacked(
            VERSION,
            flags,
            message.fromChain,
            message.toChain,
            message.nonce,
            message.gasLimit,
            message.service,
            uint8(message.sender.length),
            message.sender,
            uint8(message.target.length),
            message.target,
            message.payload
        );
    }

    /// @notice Accepts exactly what `encode` makes.
    function decode(bytes calldata encoded) internal pure returns (Message memory message) {
        (uint256 head, bytes calldata sender, bytes calldata target, bytes calldata payload) = split(encoded);
        message.relay = uint8(head >> FLAGS_SHIFT) & FLAG_RELAY != 0;
        message.msgType = isMessage(head) ? MessageType.MESSAGE : MessageType.CALLDATA;
        message.fromChain = fromChainOf(head);
        message.toChain = toChainOf(head);
        message.nonce = uint64(head >> NONCE_SHIFT);
        message.gasLimit = gasLimitOf(head);
        message.service = address(bytes20(encoded[SERVICE_AT:]));
        message.sender = sender;
        message.target = target;
        message.payload = payload;
    }

    /// @notice The parts of a message where they stand, with the same checks as `decode`.
    /// @return head its first 32 bytes, for the functions below
    function split(bytes calldata encoded)
        internal
        pure
        returns (uint256 head, bytes calldata sender, bytes calldata target, bytes calldata payload)
    {
        if (encoded.length < FIXED_BYTES) revert MessageTooShort(encoded.length);
        assembly ("memory-safe") {
            head := calldataload(encoded.offset)
        }
        uint8 version = uint8(head >> VERSION_SHIFT);
        if (version != VERSION) revert MessageVersion(version);
        uint8 flags = uint8(head >> FLAGS_SHIFT);
        if (flags > (FLAG_RELAY | FLAG_MESSAGE)) revert MessageFlags(flags);
        uint256 at = FIXED_BYTES;
        (sender, at) = _party(encoded, at);
        (target, at) = _party(encoded, at);
        uint256 size = encoded.length - at;
        if (size > PAYLOAD_BYTES_MAX) revert MessagePayloadTooLarge(size);
        assembly ("memory-safe") {
            payload.offset := add(encoded.offset, at)
            payload.length := size
        }
    }

    function isMessage(uint256 head) internal pure returns (bool) {
        return (head >> FLAGS_SHIFT) & FLAG_MESSAGE != 0;
    }

    function fromChainOf(uint256 head) internal pure returns (uint64) {
        return uint64(head >> FROM_CHAIN_SHIFT);
    }

    function toChainOf(uint256 head) internal pure returns (uint64) {
        return uint64(head >> TO_CHAIN_SHIFT);
    }

    function gasLimitOf(uint256 head) internal pure returns (uint32) {
        return uint32(head >> GAS_LIMIT_SHIFT);
    }

    function _party(bytes calldata encoded, uint256 at) private pure returns (bytes calldata party, uint256 end) {
        unchecked {
            if (at >= encoded.length) revert MessageTooShort(encoded.length);
            uint256 length;
            assembly ("memory-safe") {
                length := byte(0, calldataload(add(encoded.offset, at)))
            }
            if (length == 0 || length > PARTY_BYTES_MAX) revert MessagePartyLength(length);
            end = at + 1 + length;
            if (end > encoded.length) revert MessageTooShort(encoded.length);
            assembly ("memory-safe") {
                party.offset := add(add(encoded.offset, at), 1)
                party.length := length
            }
        }
    }
}
