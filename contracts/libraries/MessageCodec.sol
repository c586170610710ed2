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

    uint256 private constant FROM_CHAIN_AT = 2;
    uint256 private constant TO_CHAIN_AT = 10;
    uint256 private constant NONCE_AT = 18;
    uint256 private constant GAS_LIMIT_AT = 26;
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
        return bytes.concat(
            abi.encodePacked(
                VERSION, flags, message.fromChain, message.toChain, message.nonce, message.gasLimit, message.service
            ),
            abi.encodePacked(uint8(message.sender.length), message.sender),
            abi.encodePacked(uint8(message.target.length), message.target),
            message.payload
        );
    }

    /// @notice Accepts exactly what `encode` makes.
    function decode(bytes calldata encoded) internal pure returns (Message memory message) {
        if (encoded.length < FIXED_BYTES) revert MessageTooShort(encoded.length);
        if (uint8(encoded[0]) != VERSION) revert MessageVersion(uint8(encoded[0]));
        uint8 flags = uint8(encoded[1]);
        if (flags > (FLAG_RELAY | FLAG_MESSAGE)) revert MessageFlags(flags);
        message.relay = flags & FLAG_RELAY != 0;
        message.msgType = flags & FLAG_MESSAGE != 0 ? MessageType.MESSAGE : MessageType.CALLDATA;
        message.fromChain = uint64(bytes8(encoded[FROM_CHAIN_AT:]));
        message.toChain = uint64(bytes8(encoded[TO_CHAIN_AT:]));
        message.nonce = uint64(bytes8(encoded[NONCE_AT:]));
        message.gasLimit = uint32(bytes4(encoded[GAS_LIMIT_AT:]));
        message.service = address(bytes20(encoded[SERVICE_AT:]));
        uint256 at = FIXED_BYTES;
        (message.sender, at) = _party(encoded, at);
        (message.target, at) = _party(encoded, at);
        if (encoded.length - at > PAYLOAD_BYTES_MAX) revert MessagePayloadTooLarge(encoded.length - at);
        message.payload = encoded[at:];
    }

    function _party(bytes calldata encoded, uint256 at) private pure returns (bytes calldata party, uint256 end) {
        if (at >= encoded.length) revert MessageTooShort(encoded.length);
        uint256 length = uint8(encoded[at]);
        if (length == 0 || length > PARTY_BYTES_MAX) revert MessagePartyLength(length);
        end = at + 1 + length;
        if (end > encoded.length) revert MessageTooShort(encoded.length);
        party = encoded[at + 1:end];
    }
}
