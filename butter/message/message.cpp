// SPDX-License-Identifier: Apache-2.0
#include "butter/message/message.hpp"

#include "butter/base/assert.hpp"
#include "butter/crypto/keccak.hpp"

namespace butter::message {
namespace {

constexpr std::uint8_t kRelayFlag = 1;
constexpr std::uint8_t kTypeFlag = 2;

void append_party(Bytes& out, const Bytes& party) {
    BUTTER_ASSERT(!party.empty());
    BUTTER_ASSERT(party.size() <= kPartyBytesMax);
    out.push_back(static_cast<std::uint8_t>(party.size()));
    append(out, party);
}

/// The first `size` bytes of `rest`, which must be there.
BytesView take(BytesView& rest, std::size_t size) noexcept {
    const BytesView out = rest.first(size);
    rest = rest.subspan(size);
    return out;
}

Result<Bytes, MessageError> take_party(BytesView& rest) {
    if (rest.empty()) return std::unexpected(MessageError::kTooShort);
    const std::size_t size = take(rest, 1)[0];
    if (size == 0 || size > kPartyBytesMax) return std::unexpected(MessageError::kBadPartyLength);
    if (size > rest.size()) return std::unexpected(MessageError::kTooShort);
    return to_bytes(take(rest, size));
}

}  // namespace

std::string_view to_string(MessageError error) noexcept {
    switch (error) {
        case MessageError::kTooShort:
            return "message ends before its payload begins";
        case MessageError::kBadVersion:
            return "message of another version than 3";
        case MessageError::kBadFlags:
            return "message with unknown flags";
        case MessageError::kBadPartyLength:
            return "message sender or target not of 1 to 32 bytes";
        case MessageError::kPayloadTooLarge:
            return "message payload above 16384 bytes";
    }
    return "unknown message error";
}

Bytes encode_message(const Message& message) {
    BUTTER_ASSERT(message.payload.size() <= kPayloadBytesMax);
    Bytes out;
    out.reserve(kFixedPartBytes + 2 + message.sender.size() + message.target.size() + message.payload.size());
    out.push_back(kMessageVersion);
    out.push_back(static_cast<std::uint8_t>((message.relay ? kRelayFlag : 0) |
                                            (message.type == MessageType::kMessage ? kTypeFlag : 0)));
    append_u64(out, message.from_chain.value);
    append_u64(out, message.to_chain.value);
    append_u64(out, message.nonce);
    for (unsigned shift = 32; shift > 0; shift -= 8) {
        out.push_back(static_cast<std::uint8_t>(message.gas_limit >> (shift - 8)));
    }
    append(out, message.service);
    append_party(out, message.sender);
    append_party(out, message.target);
    append(out, message.payload);
    return out;
}

Result<Message, MessageError> decode_message(BytesView encoded) {
    if (encoded.size() < kFixedPartBytes) return std::unexpected(MessageError::kTooShort);
    BytesView rest = encoded;
    if (take(rest, 1)[0] != kMessageVersion) return std::unexpected(MessageError::kBadVersion);
    const std::uint8_t flags = take(rest, 1)[0];
    if (flags > (kRelayFlag | kTypeFlag)) return std::unexpected(MessageError::kBadFlags);

    Message message;
    message.relay = (flags & kRelayFlag) != 0;
    message.type = (flags & kTypeFlag) != 0 ? MessageType::kMessage : MessageType::kCalldata;
    message.from_chain = ChainId{load_u64(take(rest, 8))};
    message.to_chain = ChainId{load_u64(take(rest, 8))};
    message.nonce = load_u64(take(rest, 8));
    message.gas_limit = static_cast<std::uint32_t>(load_u64(take(rest, 4)));
    message.service = to_fixed<20>(take(rest, 20));
    TRY(message.sender, take_party(rest));
    TRY(message.target, take_party(rest));
    if (rest.size() > kPayloadBytesMax) return std::unexpected(MessageError::kPayloadTooLarge);
    message.payload = to_bytes(rest);
    return message;
}

Hash32 order_id(BytesView encoded) noexcept { return crypto::keccak256(encoded); }

Hash32 order_id(const Message& message) { return order_id(encode_message(message)); }

}  // namespace butter::message
