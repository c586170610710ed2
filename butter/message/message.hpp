// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "butter/base/bytes.hpp"
#include "butter/base/named.hpp"
#include "butter/base/result.hpp"

/// Messages as they are stored, proven and executed: docs/message-format.md, held equal to
/// contracts/libraries by shared vectors.
namespace butter::message {

/// How a message is executed on its destination.
enum class MessageType : std::uint8_t {
    kCalldata = 0,  ///< the target is called with the payload; it must have allowed the remote caller
    kMessage = 1,   ///< the target's `mapoExecute` receives the payload and decides itself
};

struct Message {
    bool relay = false;  ///< the target is a contract on the relay chain that makes the onward message
    MessageType type = MessageType::kCalldata;
    ChainId from_chain;
    ChainId to_chain;
    std::uint64_t nonce = 0;
    std::uint32_t gas_limit = 0;
    Address service;  ///< that emitted the message on `from_chain`
    Bytes sender;     ///< 1 to kPartyBytesMax bytes
    Bytes target;     ///< 1 to kPartyBytesMax bytes
    Bytes payload;    ///< at most kPayloadBytesMax bytes

    friend bool operator==(const Message&, const Message&) = default;
};

inline constexpr std::uint8_t kMessageVersion = 3;
/// Size of what stands before the sender.
inline constexpr std::size_t kFixedPartBytes = 1 + 1 + 8 + 8 + 8 + 4 + 20;
/// Addresses of other kinds of chains are up to 32 bytes long.
inline constexpr std::size_t kPartyBytesMax = 32;
/// What a destination can store and hand over within its block's gas.
inline constexpr std::size_t kPayloadBytesMax = 16384;
inline constexpr std::size_t kMessageBytesMax = kFixedPartBytes + 2 * (1 + kPartyBytesMax) + kPayloadBytesMax;

enum class MessageError {
    kTooShort = 1,         ///< ends before the payload begins
    kBadVersion = 2,       ///< not `kMessageVersion`
    kBadFlags = 3,         ///< bits 2 to 7 are not zero
    kBadPartyLength = 4,   ///< sender or target of 0 or above `kPartyBytesMax` bytes
    kPayloadTooLarge = 5,  ///< above `kPayloadBytesMax`
};
std::string_view to_string(MessageError error) noexcept;

/// Sender, target and payload must be within their bounds.
Bytes encode_message(const Message& message);
Result<Message, MessageError> decode_message(BytesView encoded);

/// keccak256 of the encoding. Binds every field.
Hash32 order_id(BytesView encoded) noexcept;
Hash32 order_id(const Message& message);

}  // namespace butter::message
