// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "butter/base/bytes.hpp"
#include "butter/base/result.hpp"
#include "butter/message/message.hpp"
#include "butter/message/outbox.hpp"

/// What `OmniService.transferIn` takes beside the root proof: messages and one proof for all of them
/// (docs/message-format.md).
namespace butter::message {

/// `n` is one byte and not zero.
inline constexpr std::size_t kDeliveryMessagesMax = 255;

struct DeliveredMessage {
    std::uint64_t index = 0;
    Bytes encoded;  ///< at most kMessageBytesMax bytes

    friend bool operator==(const DeliveredMessage&, const DeliveredMessage&) = default;
};

struct Delivery {
    std::uint64_t count = 0;                 ///< of the root that it is under
    std::vector<DeliveredMessage> messages;  ///< 1 to kDeliveryMessagesMax, indexes strictly ascending
    std::vector<Hash32> siblings;

    friend bool operator==(const Delivery&, const Delivery&) = default;
};

enum class DeliveryError {
    kTooShort = 1,
    kNoMessages = 2,
    kMessageTooLarge = 3,      ///< a length above `kMessageBytesMax`
    kPartialSibling = 4,       ///< the rest is not a multiple of 32 bytes
    kIndexesNotAscending = 5,  ///< indexes not strictly ascending
    kIndexOutOfRange = 6,      ///< an index not below the count
    kBadMessage = 7,           ///< bytes that are no message
    kMissingSibling = 8,
    kUnusedSibling = 9,
    kRootMismatch = 10,  ///< the proof leads to another root than the given one
};
std::string_view to_string(DeliveryError error) noexcept;

Bytes encode_delivery(const Delivery& delivery);
/// The layout, and that indexes ascend below the count. Messages and the proof are checked by
/// `verify_delivery`.
Result<Delivery, DeliveryError> decode_delivery(BytesView encoded);

struct VerifiedMessage {
    std::uint64_t index = 0;
    Hash32 order_id;
    Message message;
};
/// The messages, if all are well formed and in the outbox with `root`, which the caller knows for the
/// delivery's count from a light client.
Result<std::vector<VerifiedMessage>, DeliveryError> verify_delivery(const Delivery& delivery,
                                                                    const Hash32& root);

/// A delivery of `messages` (strictly ascending indexes below `count`) under `outbox.root(count)`. Does not
/// check that they are the ones in the outbox: `verify_delivery` does.
Delivery make_delivery(const Outbox& outbox, std::uint64_t count, std::vector<DeliveredMessage> messages);

}  // namespace butter::message
