// SPDX-License-Identifier: Apache-2.0
#include "butter/app/trace.hpp"

#include <gtest/gtest.h>

#include "butter/app/order.hpp"
#include "butter/base/hex.hpp"

namespace butter::app {
namespace {

TracedTransaction transaction_on(std::string chain, ChainId id, std::uint64_t block,
                                 std::optional<bool> is_final) {
    TracedTransaction out;
    out.chain = std::move(chain);
    out.chain_id = id;
    out.block = BlockNumber{block};
    out.time = UnixSeconds{1'700'000'000 + block};
    out.hash[31] = static_cast<std::uint8_t>(block);
    out.gas_used = 50'000 + block;
    out.is_final = is_final;
    return out;
}

/// From A through an executor on R to B, where it failed once and was retried.
MessageTrace whole_life() {
    MessageTrace trace;
    trace.message.relay = true;
    trace.message.type = message::MessageType::kMessage;
    trace.message.from_chain = ChainId{1};
    trace.message.to_chain = ChainId{3};
    trace.message.gas_limit = 200'000;
    trace.message.sender = Bytes(20, 0xaa);
    trace.message.target = Bytes(20, 0xbb);
    trace.message.payload = {1, 2, 3};
    trace.encoded_message = message::encode_message(trace.message);
    trace.order_id = message::order_id(trace.encoded_message);
    trace.sent = {transaction_on("A", ChainId{1}, 10, true), Uint256{12'345}};
    trace.relay_executions.push_back({.transaction = transaction_on("R", ChainId{2}, 20, true),
                                      .order_id = trace.order_id,
                                      .is_success = true,
                                      .is_retry = false,
                                      .reason = {},
                                      .from_chain = ChainId{1},
                                      .from_address = Bytes(20, 0xaa),
                                      .message_data = {}});
    trace.relayed = RelayedStep{transaction_on("R", ChainId{2}, 20, true), Hash32{{0x77}}, {9}, 4};
    trace.root = RootStep{transaction_on("R", ChainId{2}, 21, true), 5, Hash32{{0x66}}};
    trace.executions.push_back({.transaction = transaction_on("B", ChainId{3}, 30, false),
                                .order_id = Hash32{{0x77}},
                                .is_success = false,
                                .is_retry = false,
                                .reason = "CallerNotAllowed(0x1, 0x40)",
                                .from_chain = ChainId{2},
                                .from_address = Bytes(20, 0xbb),
                                .message_data = {8}});
    trace.executions.push_back({.transaction = transaction_on("B", ChainId{3}, 31, std::nullopt),
                                .order_id = Hash32{{0x77}},
                                .is_success = true,
                                .is_retry = true,
                                .reason = {},
                                .from_chain = ChainId{2},
                                .from_address = Bytes(20, 0xbb),
                                .message_data = {}});
    trace.verified = {"participation=512/512 period=3", "signers=4/4 epoch=12"};
    trace.status = TraceStatus::kDelivered;
    return trace;
}

TEST(trace, outcome_is_the_last_execution_on_the_destination) {
    MessageTrace trace = whole_life();
    ASSERT_NE(trace.find_outcome(), nullptr);
    EXPECT_TRUE(trace.find_outcome()->is_success);
    trace.executions.pop_back();
    EXPECT_FALSE(trace.find_outcome()->is_success);
    trace.executions.clear();
    EXPECT_EQ(trace.find_outcome(), nullptr) << "the executor's part is not the end";
    trace.relayed.reset();
    EXPECT_EQ(trace.find_outcome(), &trace.relay_executions.back());
    trace.relay_executions.clear();
    EXPECT_EQ(trace.find_outcome(), nullptr);
}

TEST(trace, json_has_every_step_with_its_numbers) {
    const rpc::Json json = to_json(whole_life(), Chains{});
    EXPECT_EQ(rpc::find_text(json, "status"), "delivered");
    EXPECT_EQ(rpc::find_text(json, "waits_for"), "none");
    EXPECT_EQ(json.at("message").at("type"), "MESSAGE");
    EXPECT_EQ(json.at("message").at("relay"), true);
    EXPECT_EQ(json.at("message").at("payload"), "0x010203");
    EXPECT_EQ(json.at("sent").at("chain"), "A");
    EXPECT_EQ(json.at("sent").at("block").to_number<int>(), 10);
    EXPECT_EQ(json.at("sent").at("gas_used").to_number<int>(), 50'010);
    EXPECT_EQ(json.at("sent").at("fee_wei"), "12345");
    EXPECT_EQ(json.at("sent").at("final"), true);
    EXPECT_EQ(json.at("accepted_by_relay_verified"), "participation=512/512 period=3");
    EXPECT_EQ(json.at("relay_executions").as_array().size(), 1u);
    EXPECT_EQ(json.at("relayed").at("index").to_number<int>(), 4);
    EXPECT_EQ(rpc::find_text(json.at("relayed"), "order_id"), encode_hex(Hash32{{0x77}}));
    EXPECT_EQ(json.at("root").at("count").to_number<int>(), 5);
    const auto& executions = json.at("executions").as_array();
    ASSERT_EQ(executions.size(), 2u);
    EXPECT_EQ(executions[0].at("success"), false);
    EXPECT_EQ(executions[0].at("reason"), "CallerNotAllowed(0x1, 0x40)");
    EXPECT_EQ(executions[0].at("message_data"), "0x08");
    EXPECT_EQ(executions[1].at("retry"), true);
    EXPECT_TRUE(executions[1].at("final").is_null());
}

TEST(trace, json_of_what_did_not_happen_is_null) {
    MessageTrace trace = whole_life();
    trace.relay_executions.clear();
    trace.relayed.reset();
    trace.root.reset();
    trace.executions.clear();
    trace.verified = {};
    trace.sent.fee.reset();
    trace.status = TraceStatus::kWaiting;
    trace.waits_for = WaitKind::kOriginFinality;
    trace.wait_text = "head 12, final 3";
    const rpc::Json json = to_json(trace, Chains{});
    for (const char* key : {"relayed", "root", "accepted_by_relay_verified", "root_by_destination_verified"})
        EXPECT_TRUE(json.at(key).is_null()) << key;
    EXPECT_TRUE(json.at("sent").at("fee_wei").is_null());
    EXPECT_TRUE(json.at("executions").as_array().empty());
    EXPECT_EQ(rpc::find_text(json, "waits_for"), "origin_finality");
    EXPECT_EQ(rpc::find_text(json, "wait_text"), "head 12, final 3");
}

TEST(trace, text_is_a_line_a_step_and_says_why_it_waits) {
    MessageTrace trace = whole_life();
    EXPECT_EQ(lines_of(trace).size(), 6u);
    trace.wait_text = "because";
    const std::string text = to_text(trace, Chains{});
    for (const char* fragment :
         {"relay executor ", "relayed ", "root published ", "execution failed ", "retry ", "12345 wei",
          "signers=4/4 epoch=12", "CallerNotAllowed(0x1, 0x40)", "status   delivered", "why      because"})
        EXPECT_NE(text.find(fragment), std::string::npos) << fragment << "\n" << text;
}

TEST(trace, order_must_be_32_bytes_of_hex) {
    const std::string good(64, 'a');
    EXPECT_TRUE(parse_order("0x" + good).has_value());
    for (const std::string& bad : {std::string(), std::string("0x"), "0x" + good + "aa", good.substr(1),
                                   "0x" + good.substr(1) + "g"}) {
        const auto order = parse_order(bad);
        ASSERT_FALSE(order.has_value()) << bad;
        EXPECT_EQ(order.error().code, ExitCode::kUsage);
    }
}

}  // namespace
}  // namespace butter::app
