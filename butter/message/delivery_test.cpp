// SPDX-License-Identifier: Apache-2.0
#include "butter/message/delivery.hpp"

#include <gtest/gtest.h>

namespace butter::message {
namespace {

Bytes message_of(std::uint64_t index) {
    return encode_message(Message{.relay = false,
                                  .type = MessageType::kCalldata,
                                  .from_chain = ChainId{1},
                                  .to_chain = ChainId{2},
                                  .nonce = index,
                                  .gas_limit = 100'000,
                                  .service = {},
                                  .sender = Bytes(20, 1),
                                  .target = Bytes(20, 2),
                                  .payload = Bytes(index, 3)});
}

Outbox outbox_of(std::uint64_t count) {
    Outbox outbox;
    for (std::uint64_t i = 0; i < count; ++i) outbox.append(order_id(message_of(i)));
    return outbox;
}

Hash32 example_root() { return outbox_of(13).root(); }

Delivery example() {
    return make_delivery(outbox_of(13), 13, {{2, message_of(2)}, {3, message_of(3)}, {12, message_of(12)}});
}

template <class T>
DeliveryError error_of(const Result<T, DeliveryError>& result) {
    return result ? DeliveryError{} : result.error();
}

TEST(delivery, round_trips_and_verifies) {
    const Delivery delivery = example();
    const Delivery decoded = decode_delivery(encode_delivery(delivery)).value();
    EXPECT_EQ(decoded, delivery);
    const auto verified = verify_delivery(decoded, example_root()).value();
    ASSERT_EQ(verified.size(), 3u);
    EXPECT_EQ(verified[1].index, 3u);
    EXPECT_EQ(verified[1].order_id, order_id(message_of(3)));
    EXPECT_EQ(verified[2].message.nonce, 12u);
}

TEST(delivery, refuses_a_bad_layout) {
    const Bytes good = encode_delivery(example());
    for (std::size_t size = 0; size < good.size(); ++size) {
        const auto result = decode_delivery(BytesView(good).first(size));
        // Cut at whole siblings it is a delivery whose proof is short.
        if (result) {
            EXPECT_EQ(error_of(verify_delivery(*result, example_root())), DeliveryError::kMissingSibling)
                << size;
        } else {
            EXPECT_TRUE(result.error() == DeliveryError::kTooShort ||
                        result.error() == DeliveryError::kPartialSibling)
                << size;
        }
    }
    Bytes bad = good;
    bad[8] = 0;
    EXPECT_EQ(error_of(decode_delivery(bad)), DeliveryError::kNoMessages);
    bad = good;
    bad[7] = 12;  // the count
    EXPECT_EQ(error_of(decode_delivery(bad)), DeliveryError::kIndexOutOfRange);
    bad = good;
    bad[16] = 3;  // the first index
    EXPECT_EQ(error_of(decode_delivery(bad)), DeliveryError::kIndexesNotAscending);
    bad = good;
    bad[17] = 1;  // the first length
    EXPECT_EQ(error_of(decode_delivery(bad)), DeliveryError::kMessageTooLarge);
    bad = good;
    bad.push_back(0);
    EXPECT_EQ(error_of(decode_delivery(bad)), DeliveryError::kPartialSibling);
}

TEST(delivery, bounds_messages) {
    const Outbox outbox = outbox_of(kDeliveryMessagesMax);
    std::vector<DeliveredMessage> messages;
    for (std::uint64_t i = 0; i < kDeliveryMessagesMax; ++i) messages.push_back({i, message_of(i)});
    const Delivery delivery = make_delivery(outbox, kDeliveryMessagesMax, messages);
    EXPECT_TRUE(delivery.siblings.empty());
    EXPECT_TRUE(
        verify_delivery(decode_delivery(encode_delivery(delivery)).value(), outbox.root()).has_value());

    Delivery large{.count = 1, .messages = {{0, Bytes(kMessageBytesMax)}}, .siblings = {}};
    Bytes encoded = encode_delivery(large);
    EXPECT_EQ(decode_delivery(encoded).value(), large);
    const std::size_t size = kMessageBytesMax + 1;
    encoded.push_back(0);
    encoded[18] = static_cast<std::uint8_t>(size >> 8);
    encoded[19] = static_cast<std::uint8_t>(size);
    EXPECT_EQ(error_of(decode_delivery(encoded)), DeliveryError::kMessageTooLarge);
}

TEST(delivery, refuses_what_the_outbox_does_not_hold) {
    Delivery delivery = example();
    delivery.messages[0].encoded = message_of(4);
    EXPECT_EQ(error_of(verify_delivery(delivery, example_root())), DeliveryError::kRootMismatch);
    delivery = example();
    delivery.messages[0].encoded[0] = 9;
    EXPECT_EQ(error_of(verify_delivery(delivery, example_root())), DeliveryError::kBadMessage);
    delivery = example();
    Hash32 other = example_root();
    other[0] ^= 1;
    EXPECT_EQ(error_of(verify_delivery(delivery, other)), DeliveryError::kRootMismatch);
    delivery = example();
    delivery.siblings.emplace_back();
    EXPECT_EQ(error_of(verify_delivery(delivery, example_root())), DeliveryError::kUnusedSibling);
    delivery = example();
    delivery.messages.clear();
    EXPECT_EQ(error_of(verify_delivery(delivery, example_root())), DeliveryError::kNoMessages);
    delivery = example();
    delivery.count = 3;
    EXPECT_EQ(error_of(verify_delivery(delivery, example_root())), DeliveryError::kIndexOutOfRange);
    delivery = example();
    std::swap(delivery.messages[0], delivery.messages[1]);
    EXPECT_EQ(error_of(verify_delivery(delivery, example_root())), DeliveryError::kIndexesNotAscending);
}

TEST(delivery, every_error_has_a_text) {
    for (int i = 1; i <= 10; ++i)
        EXPECT_NE(to_string(static_cast<DeliveryError>(i)), "unknown delivery error");
}

}  // namespace
}  // namespace butter::message
