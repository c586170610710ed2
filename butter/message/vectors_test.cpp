// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <map>

#include "butter/message/delivery.hpp"
#include "butter/message/message.hpp"
#include "butter/message/outbox.hpp"
#include "test/json/vectors.hpp"

namespace butter::message {
namespace {

boost::json::value vectors() { return test::read_vectors("message/message_vectors.json"); }

Message message_of(const boost::json::value& vector) {
    return Message{.relay = vector.at("relay").as_bool(),
                   .type = vector.at("isMessage").as_bool() ? MessageType::kMessage : MessageType::kCalldata,
                   .from_chain = ChainId{test::u64_of(vector.at("fromChain"))},
                   .to_chain = ChainId{test::u64_of(vector.at("toChain"))},
                   .nonce = test::u64_of(vector.at("nonce")),
                   .gas_limit = static_cast<std::uint32_t>(test::u64_of(vector.at("gasLimit"))),
                   .service = test::fixed_of<20>(vector.at("service")),
                   .sender = test::bytes_of(vector.at("sender")),
                   .target = test::bytes_of(vector.at("target")),
                   .payload = test::bytes_of(vector.at("payload"))};
}

TEST(message_vectors, messages) {
    const auto all = vectors();
    for (const auto& vector : all.at("messages").as_array()) {
        const Message message = message_of(vector);
        const Bytes encoded = test::bytes_of(vector.at("encoded"));
        EXPECT_EQ(encode_message(message), encoded);
        EXPECT_EQ(decode_message(encoded).value(), message);
        EXPECT_EQ(order_id(encoded), test::hash_of(vector.at("orderId")));
    }
}

TEST(message_vectors, invalid_messages) {
    const std::map<std::string_view, MessageError> errors = {{"TooShort", MessageError::kTooShort},
                                                             {"Version", MessageError::kBadVersion},
                                                             {"Flags", MessageError::kBadFlags},
                                                             {"PartyLength", MessageError::kBadPartyLength}};
    const auto all = vectors();
    for (const auto& vector : all.at("invalidMessages").as_array()) {
        const auto result = decode_message(test::bytes_of(vector.at("encoded")));
        ASSERT_FALSE(result.has_value()) << vector.at("name");
        EXPECT_EQ(result.error(), errors.at(test::text_of(vector.at("error")))) << vector.at("name");
    }
}

TEST(message_vectors, outbox) {
    const auto all = vectors();
    Outbox outbox;
    for (const auto& id : all.at("outbox").at("orderIds").as_array()) outbox.append(test::hash_of(id));
    const auto& roots = all.at("outbox").at("roots").as_array();
    ASSERT_EQ(roots.size(), outbox.count() + 1);
    for (std::size_t count = 0; count < roots.size(); ++count) {
        EXPECT_EQ(outbox.root(count), test::hash_of(roots[count])) << count;
    }
    for (const auto& vector : all.at("proofs").as_array()) {
        std::vector<std::uint64_t> indexes;
        for (const auto& index : vector.at("indexes").as_array()) indexes.push_back(test::u64_of(index));
        Bytes siblings;
        for (const Hash32& sibling : outbox.siblings(test::u64_of(vector.at("count")), indexes)) {
            append(siblings, sibling);
        }
        EXPECT_EQ(siblings, test::bytes_of(vector.at("siblings")));
    }
}

TEST(message_vectors, deliveries) {
    const auto all = vectors();
    Outbox outbox;
    for (const auto& vector : all.at("messages").as_array())
        outbox.append(test::hash_of(vector.at("orderId")));
    for (const auto& vector : all.at("deliveries").as_array()) {
        std::vector<DeliveredMessage> messages;
        for (const auto& index : vector.at("indexes").as_array()) {
            const std::uint64_t i = test::u64_of(index);
            messages.push_back({i, test::bytes_of(all.at("messages").at(i).at("encoded"))});
        }
        const Delivery delivery =
            make_delivery(outbox, test::u64_of(vector.at("count")), std::move(messages));
        EXPECT_EQ(encode_delivery(delivery), test::bytes_of(vector.at("encoded")));
        EXPECT_EQ(decode_delivery(test::bytes_of(vector.at("encoded"))).value(), delivery);
        EXPECT_TRUE(verify_delivery(delivery, test::hash_of(vector.at("root"))).has_value());
    }
}

}  // namespace
}  // namespace butter::message
