// SPDX-License-Identifier: Apache-2.0
#include "butter/service/events.hpp"

#include <gtest/gtest.h>

#include "butter/codec/abi.hpp"

namespace butter::service {
namespace {

using codec::AbiValue;

Hash32 word(std::uint64_t value) { return to_big_endian(Uint256{value}); }

eth::Log message_in_log(bool is_success) {
    return {.address = {},
            .topics = {message_in_topic(), word(7), word(1), word(2)},
            .data = codec::encode_abi({AbiValue::bytes(Bytes(20, 3)), AbiValue::bytes(Bytes(5, 4)),
                                       AbiValue::boolean(is_success), AbiValue::bytes(Bytes(4, 5))})};
}

TEST(events, a_failure_says_who_and_why) {
    const auto event = decode_message_in(message_in_log(false));
    ASSERT_TRUE(event.has_value());
    EXPECT_FALSE(event->is_success);
    EXPECT_EQ(event->order_id, word(7));
    ASSERT_TRUE(event->parties.has_value());
    EXPECT_EQ(event->parties->from_chain, ChainId{1});
    EXPECT_EQ(event->parties->to_chain, ChainId{2});
    EXPECT_EQ(event->parties->from_address, Bytes(20, 3));
    EXPECT_EQ(event->message_data, Bytes(5, 4));
    EXPECT_EQ(event->reason, Bytes(4, 5));
}

TEST(events, an_execution_says_its_id_alone) {
    eth::Log log{.address = {}, .topics = {message_executed_topic(), word(7)}, .data = {}};
    const auto event = decode_message_in(log);
    ASSERT_TRUE(event.has_value());
    EXPECT_TRUE(event->is_success);
    EXPECT_EQ(event->order_id, word(7));
    EXPECT_FALSE(event->parties.has_value());
    EXPECT_TRUE(event->message_data.empty() && event->reason.empty());
    log = {.address = {}, .topics = {message_executed_topic()}, .data = {}};
    EXPECT_EQ(decode_message_in(log).error(), EventError::kWrongTopic);
}

TEST(events, what_was_delivered_before_is_named_by_its_index) {
    eth::Log log{.address = {},
                 .topics = {delivered_before_topic()},
                 .data = codec::encode_abi({AbiValue::number(9)})};
    EXPECT_EQ(decode_delivered_before(log)->index, 9u);
    log.topics.push_back(word(1));
    EXPECT_EQ(decode_delivered_before(log).error(), EventError::kWrongTopic);
    log.topics = {already_delivered_topic()};
    EXPECT_EQ(decode_delivered_before(log).error(), EventError::kWrongTopic);
}

}  // namespace
}  // namespace butter::service
