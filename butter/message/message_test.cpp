// SPDX-License-Identifier: Apache-2.0
#include "butter/message/message.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "butter/base/hex.hpp"
#include "butter/crypto/keccak.hpp"

namespace butter::message {
namespace {

Message example() {
    return Message{.relay = true,
                   .type = MessageType::kMessage,
                   .from_chain = ChainId{0x0102030405060708},
                   .to_chain = ChainId{97},
                   .nonce = 5,
                   .gas_limit = 0x01020304,
                   .service = hex_fixed<20>("0x1111111111111111111111111111111111111111"),
                   .sender = Bytes(20, 0x22),
                   .target = hex_bytes("0x33"),
                   .payload = hex_bytes("0x4455")};
}

TEST(message, has_the_documented_layout) {
    EXPECT_EQ(encode_hex(encode_message(example())),
              "0x03"
              "03"
              "0102030405060708"
              "0000000000000061"
              "0000000000000005"
              "01020304"
              "1111111111111111111111111111111111111111"
              "14"
              "2222222222222222222222222222222222222222"
              "01"
              "33"
              "4455");
    EXPECT_EQ(order_id(example()), crypto::keccak256(encode_message(example())));
}

TEST(message, refuses_what_is_no_message) {
    const Bytes good = encode_message(example());
    const auto error_after = [&](std::size_t offset, std::uint8_t value) {
        Bytes bad = good;
        bad[offset] = value;
        const auto result = decode_message(bad);
        return result ? MessageError{} : result.error();
    };
    EXPECT_EQ(error_after(0, 2), MessageError::kBadVersion);
    EXPECT_EQ(error_after(1, 4), MessageError::kBadFlags);
    EXPECT_EQ(error_after(1, 0x80), MessageError::kBadFlags);
    EXPECT_EQ(error_after(kFixedPartBytes, 0), MessageError::kBadPartyLength);
    EXPECT_EQ(error_after(kFixedPartBytes, 33), MessageError::kBadPartyLength);
    EXPECT_EQ(error_after(kFixedPartBytes + 21, 0), MessageError::kBadPartyLength);
    EXPECT_EQ(error_after(kFixedPartBytes + 21, 33), MessageError::kBadPartyLength);
    EXPECT_EQ(error_after(kFixedPartBytes + 21, 4), MessageError::kTooShort);
    // Everything before the payload is needed.
    for (std::size_t size = 0; size < good.size() - 2; ++size) {
        const auto result = decode_message(BytesView(good).first(size));
        ASSERT_FALSE(result.has_value()) << size;
        EXPECT_EQ(result.error(), MessageError::kTooShort) << size;
    }
}

TEST(message, bounds_the_payload) {
    Message message = example();
    message.sender = Bytes(kPartyBytesMax, 1);
    message.target = Bytes(kPartyBytesMax, 2);
    message.payload = Bytes(kPayloadBytesMax, 3);
    Bytes encoded = encode_message(message);
    EXPECT_EQ(encoded.size(), kMessageBytesMax);
    EXPECT_EQ(decode_message(encoded).value(), message);
    encoded.push_back(3);
    EXPECT_EQ(decode_message(encoded).error(), MessageError::kPayloadTooLarge);
}

TEST(message, every_error_has_a_text) {
    for (int i = 1; i <= 5; ++i) EXPECT_NE(to_string(static_cast<MessageError>(i)), "unknown message error");
}

TEST(message, round_trips) {
    EXPECT_TRUE(rc::check([](bool relay, bool type, std::uint64_t from, std::uint64_t to, std::uint64_t nonce,
                             std::uint32_t gas_limit, const Bytes& payload) {
        const auto party = [] {
            const auto size = *rc::gen::inRange<std::size_t>(1, kPartyBytesMax + 1);
            return *rc::gen::container<Bytes>(size, rc::gen::arbitrary<std::uint8_t>());
        };
        Message message{.relay = relay,
                        .type = type ? MessageType::kMessage : MessageType::kCalldata,
                        .from_chain = ChainId{from},
                        .to_chain = ChainId{to},
                        .nonce = nonce,
                        .gas_limit = gas_limit,
                        .service = {},
                        .sender = party(),
                        .target = party(),
                        .payload = payload};
        message.service[7] = static_cast<std::uint8_t>(nonce);
        RC_ASSERT(decode_message(encode_message(message)).value() == message);
    }));
}

TEST(message, accepts_only_what_it_would_write) {
    EXPECT_TRUE(rc::check([] {
        Bytes bytes = encode_message(example());
        bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] = *rc::gen::arbitrary<std::uint8_t>();
        if (const auto message = decode_message(bytes)) RC_ASSERT(encode_message(*message) == bytes);
    }));
}

}  // namespace
}  // namespace butter::message
