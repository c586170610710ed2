// SPDX-License-Identifier: Apache-2.0
#include "butter/message/delivery.hpp"

#include "butter/base/assert.hpp"

namespace butter::message {
namespace {

constexpr std::size_t kHeadBytes = 8 + 1;
constexpr std::size_t kMessageHeadBytes = 8 + 3;
static_assert(kMessageBytesMax < 1 << 24);

DeliveryError to_delivery_error(OutboxError error) noexcept {
    switch (error) {
        case OutboxError::kNoLeaves:
            return DeliveryError::kNoMessages;
        case OutboxError::kIndexesNotAscending:
            return DeliveryError::kIndexesNotAscending;
        case OutboxError::kIndexOutOfRange:
            return DeliveryError::kIndexOutOfRange;
        case OutboxError::kMissingSibling:
            return DeliveryError::kMissingSibling;
        case OutboxError::kUnusedSibling:
            return DeliveryError::kUnusedSibling;
        case OutboxError::kRootMismatch:
            break;
    }
    return DeliveryError::kRootMismatch;
}

}  // namespace

std::string_view to_string(DeliveryError error) noexcept {
    switch (error) {
        case DeliveryError::kTooShort:
            return "delivery ends early";
        case DeliveryError::kNoMessages:
            return "delivery without messages";
        case DeliveryError::kMessageTooLarge:
            return "delivery with a message above the size limit";
        case DeliveryError::kPartialSibling:
            return "delivery whose siblings are not whole words";
        case DeliveryError::kIndexesNotAscending:
            return "delivery indexes not ascending";
        case DeliveryError::kIndexOutOfRange:
            return "delivery index not below the count";
        case DeliveryError::kBadMessage:
            return "delivery with bytes that are no message";
        case DeliveryError::kMissingSibling:
            return "delivery proof ends early";
        case DeliveryError::kUnusedSibling:
            return "delivery proof with siblings left over";
        case DeliveryError::kRootMismatch:
            return "delivery proof leads to another root";
    }
    return "unknown delivery error";
}

Bytes encode_delivery(const Delivery& delivery) {
    BUTTER_ASSERT(!delivery.messages.empty());
    BUTTER_ASSERT(delivery.messages.size() <= kDeliveryMessagesMax);
    Bytes out;
    append_u64(out, delivery.count);
    out.push_back(static_cast<std::uint8_t>(delivery.messages.size()));
    for (const DeliveredMessage& message : delivery.messages) {
        const std::size_t size = message.encoded.size();
        BUTTER_ASSERT(size <= kMessageBytesMax);
        append_u64(out, message.index);
        for (unsigned shift : {16u, 8u, 0u}) out.push_back(static_cast<std::uint8_t>(size >> shift));
        append(out, message.encoded);
    }
    for (const Hash32& sibling : delivery.siblings) append(out, sibling);
    return out;
}

Result<Delivery, DeliveryError> decode_delivery(BytesView encoded) {
    if (encoded.size() < kHeadBytes) return std::unexpected(DeliveryError::kTooShort);
    Delivery out;
    out.count = load_u64(encoded.first(8));
    const std::size_t messages = encoded[kHeadBytes - 1];
    if (messages == 0) return std::unexpected(DeliveryError::kNoMessages);

    BytesView rest = encoded.subspan(kHeadBytes);
    for (std::size_t i = 0; i < messages; ++i) {
        if (rest.size() < kMessageHeadBytes) return std::unexpected(DeliveryError::kTooShort);
        const std::uint64_t index = load_u64(rest.first(8));
        const std::size_t size = load_u64(rest.subspan(8, 3));
        rest = rest.subspan(kMessageHeadBytes);
        if (index >= out.count) return std::unexpected(DeliveryError::kIndexOutOfRange);
        if (i > 0 && index <= out.messages.back().index) {
            return std::unexpected(DeliveryError::kIndexesNotAscending);
        }
        if (size > kMessageBytesMax) return std::unexpected(DeliveryError::kMessageTooLarge);
        if (size > rest.size()) return std::unexpected(DeliveryError::kTooShort);
        out.messages.push_back({index, to_bytes(rest.first(size))});
        rest = rest.subspan(size);
    }
    if (rest.size() % Hash32::kSize != 0) return std::unexpected(DeliveryError::kPartialSibling);
    out.siblings.reserve(rest.size() / Hash32::kSize);
    for (; !rest.empty(); rest = rest.subspan(Hash32::kSize)) {
        out.siblings.push_back(to_fixed<Hash32::kSize>(rest.first(Hash32::kSize)));
    }
    return out;
}

Result<std::vector<VerifiedMessage>, DeliveryError> verify_delivery(const Delivery& delivery,
                                                                    const Hash32& root) {
    std::vector<VerifiedMessage> out;
    std::vector<OutboxLeaf> leaves;
    for (const DeliveredMessage& delivered : delivery.messages) {
        auto message = decode_message(delivered.encoded);
        if (!message) return std::unexpected(DeliveryError::kBadMessage);
        const Hash32 id = order_id(delivered.encoded);
        leaves.push_back({delivered.index, id});
        out.push_back({delivered.index, id, *std::move(message)});
    }
    const auto verified = verify_outbox_proof(root, delivery.count, leaves, delivery.siblings);
    if (!verified) return std::unexpected(to_delivery_error(verified.error()));
    return out;
}

Delivery make_delivery(const Outbox& outbox, std::uint64_t count, std::vector<DeliveredMessage> messages) {
    std::vector<std::uint64_t> indexes;
    indexes.reserve(messages.size());
    for (const DeliveredMessage& message : messages) indexes.push_back(message.index);
    return Delivery{
        .count = count, .messages = std::move(messages), .siblings = outbox.siblings(count, indexes)};
}

}  // namespace butter::message
