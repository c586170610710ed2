// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Message, MessageData, MessageType} from "../types/MessageTypes.sol";

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
    // Where the rest is if sender and target are addresses, each with its length before it.
    uint256 private constant ADDRESS_BYTES = 20;
    uint256 private constant SENT_SENDER_AT = 50;
    uint256 private constant SENT_TARGET_AT = 71;
    uint256 private constant SENT_PAYLOAD_AT = 92;
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

    /// @notice `encode` of what `msg.sender` sends from here, from where it stands. The caller has checked the bounds of
    /// payload and gas limit, and that the target has 20 bytes.
    /// @return message with 0x20 in the word before its length and zeros behind its end: `abi.encode(message)`
    function encodeSent(
        MessageData calldata data,
        bytes calldata target,
        bytes calldata payload,
        uint64 toChain,
        uint64 nonce
    ) internal view returns (bytes memory message) {
        uint256 head = uint256(VERSION) << VERSION_SHIFT
            | uint256((data.relay ? FLAG_RELAY : 0) | (data.msgType == MessageType.MESSAGE ? FLAG_MESSAGE : 0))
                << FLAGS_SHIFT | uint256(uint64(block.chainid)) << FROM_CHAIN_SHIFT
            | uint256(toChain) << TO_CHAIN_SHIFT | uint256(nonce) << NONCE_SHIFT
            | uint256(uint32(data.gasLimit)) << GAS_LIMIT_SHIFT;
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, 0x20)
            message := add(free, 0x20)
            let size := add(SENT_PAYLOAD_AT, payload.length)
            mstore(message, size)
            // Each field's word overwrites the zeros behind the one before.
            let at := add(message, 0x20)
            mstore(at, head)
            mstore(add(at, SERVICE_AT), shl(96, address()))
            let party := shl(248, ADDRESS_BYTES)
            mstore(add(at, SENT_SENDER_AT), or(party, shl(88, caller())))
            mstore(add(at, SENT_TARGET_AT), or(party, shr(8, calldataload(target.offset))))
            calldatacopy(add(at, SENT_PAYLOAD_AT), payload.offset, payload.length)
            let end := add(at, size)
            mstore(end, 0)
            mstore(0x40, and(add(end, 0x1f), not(0x1f)))
        }
    }

    /// @notice `abi.decode(messageData, (MessageData))` without copying: accepts exactly what that does, and reverts without
    /// a reason otherwise.
    /// @return data where it stands
    /// @return target and payload of it
    function dataIn(bytes calldata messageData)
        internal
        pure
        returns (MessageData calldata data, bytes calldata target, bytes calldata payload)
    {
        bool isValid;
        assembly ("memory-safe") {
            let end := add(messageData.offset, messageData.length)
            let offset := calldataload(messageData.offset)
            data := add(messageData.offset, offset)
            // Six words: relay, msgType, target's offset, payload's offset, gasLimit, value.
            let targetOffset := calldataload(add(data, 0x40))
            let payloadOffset := calldataload(add(data, 0x60))
            target.offset := add(add(data, targetOffset), 0x20)
            payload.offset := add(add(data, payloadOffset), 0x20)
            target.length := calldataload(sub(target.offset, 0x20))
            payload.length := calldataload(sub(payload.offset, 0x20))
            isValid := lt(or(calldataload(data), calldataload(add(data, 0x20))), 2)
            // With all below 2^64 no sum overflows.
            let all := or(offset, or(or(targetOffset, payloadOffset), or(target.length, payload.length)))
            isValid := and(isValid, iszero(shr(64, all)))
            let isOutside := or(lt(messageData.length, 0x20), gt(add(data, 0xc0), end))
            isOutside := or(isOutside, gt(add(target.offset, target.length), end))
            isOutside := or(isOutside, gt(add(payload.offset, payload.length), end))
            isValid := and(isValid, iszero(isOutside))
        }
        if (!isValid) revert();
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

    /// @notice The parts of a message as most are, without finding out what is wrong with another.
    /// @return isUsual exactly when `split` accepts it and its target has 20 bytes; the rest is of use only then
    function glance(bytes calldata encoded)
        internal
        pure
        returns (bool isUsual, uint256 head, bytes calldata sender, address target, bytes calldata payload)
    {
        assembly ("memory-safe") {
            head := calldataload(encoded.offset)
            // The sender's size is the last byte of a word, the target's and the target are the last 21 of another.
            sender.offset := add(encoded.offset, add(FIXED_BYTES, 1))
            sender.length := and(calldataload(sub(sender.offset, 0x20)), 0xff)
            payload.offset := add(add(sender.offset, sender.length), 21)
            let word := calldataload(sub(payload.offset, 0x20))
            target := and(word, 0xffffffffffffffffffffffffffffffffffffffff)
            // Below 0 if the message ends before; then it is too large.
            payload.length := sub(add(encoded.offset, encoded.length), payload.offset)
            isUsual := and(
                and(lt(sub(shr(FLAGS_SHIFT, head), shl(8, VERSION)), 4), lt(sub(sender.length, 1), PARTY_BYTES_MAX)),
                and(eq(byte(11, word), 20), iszero(gt(payload.length, PAYLOAD_BYTES_MAX)))
            )
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
