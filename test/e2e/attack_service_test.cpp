// SPDX-License-Identifier: Apache-2.0
// What the services refuse: proofs of what is no message, deliveries that were altered, replays, false
// retries.
#include "butter/message/delivery.hpp"
#include "butter/message/outbox.hpp"
#include "test/e2e/attack.hpp"

namespace butter::e2e {
namespace {

using codec::AbiValue;
using message::Delivery;

/// A message that the relay service has taken, and where.
struct Relayed {
    SentMessage sent;
    service::MessageRelay relayed;
};
Relayed relay_message(std::string_view from, std::string_view to, const service::MessageData& data) {
    Relayed out;
    out.sent = world().send(from, to, data);
    const chain::Proof proof = prove_inbound(from, out.sent.position);
    const auto outcome = world().transact("R", world().service("R"),
                                          service::encode_relay_transfer_in(world().id(from), proof.bytes));
    const chain::LogPosition position =
        world().position_of("R", outcome.hash, world().service("R"), service::message_relay_topic());
    out.relayed = *service::decode_message_relay(position.log);
    return out;
}

/// The outbox of `to` as the relay chain's logs have it.
message::Outbox outbox_of(std::string_view to) {
    message::Outbox outbox;
    for (const rpc::PlacedLog& placed :
         world().logs("R", world().service("R"), service::message_relay_topic())) {
        const auto relayed = service::decode_message_relay(placed.log);
        if (relayed && relayed->to_chain == world().id(to)) outbox.append(relayed->order_id);
    }
    return outbox;
}

/// A root proof with a delivery of one message under it.
struct Ready {
    Bytes root_proof;
    Delivery delivery;
};
Ready make_ready(std::string_view to, const Relayed& message) {
    const chain::LogPosition position = publish_root(to);
    const auto root = service::decode_outbox_root(position.log);
    return {prove_outbound(to, position).bytes,
            message::make_delivery(outbox_of(to), root->count,
                                   {{message.relayed.index, message.relayed.message}})};
}
Bytes transfer_in(const Ready& ready) {
    return service::encode_transfer_in(ready.root_proof, message::encode_delivery(ready.delivery));
}

std::size_t count_logs(const evm::TransactionOutcome& outcome, const Hash32& topic) {
    std::size_t count = 0;
    for (const eth::Log& log : outcome.logs) count += !log.topics.empty() && log.topics[0] == topic ? 1 : 0;
    return count;
}

Address create_counter(std::string_view name, std::string_view from) {
    const AbiValue user = AbiValue::address(devnet::make_test_account(devnet::kUserAccount).address);
    const Address counter =
        world().create(name, "RemoteCounter", {AbiValue::address(world().service(name)), user});
    world().transact(
        name, counter,
        codec::encode_call("addRemoteCaller(uint256,bytes,bool)",
                           {AbiValue::number(world().id(from).value),
                            AbiValue::bytes(devnet::make_test_account(devnet::kUserAccount).address),
                            AbiValue::boolean(true)}));
    return counter;
}

TEST(attack_service, every_alteration_of_a_delivery_is_refused) {
    const Address counter = create_counter("B", "A");
    // Enough neighbours that a proof has siblings.
    relay_message("A", "B", calldata(counter, encode_increment()));
    const Relayed message = relay_message("A", "B", calldata(counter, encode_increment()));
    relay_message("A", "B", calldata(counter, encode_increment()));
    const Ready ready = make_ready("B", message);
    ASSERT_FALSE(ready.delivery.siblings.empty());
    ASSERT_FALSE(world().try_call("B", world().service("B"), transfer_in(ready)).is_refused);

    const auto offer = [&](const std::function<void(Delivery&)>& change) {
        Ready altered = ready;
        change(altered.delivery);
        return world().try_call("B", world().service("B"), transfer_in(altered));
    };
    constexpr std::string_view kUnknownRoot = "UnknownRoot(uint64,bytes32)";
    // An outbox of another count, also of one that falls into the slot of the kept root, has another shape,
    // and another index another way to the root.
    for (const Refusal& moved :
         {offer([](Delivery& it) { it.count += 1; }), offer([](Delivery& it) { it.count += 64; }),
          offer([](Delivery& it) { it.messages[0].index ^= 1; })}) {
        EXPECT_TRUE(is_error(moved, kUnknownRoot) || is_error(moved, "ProofTooShort()") ||
                    is_error(moved, "ProofTooLong(uint256)"))
            << service::describe_revert(moved.data);
    }
    EXPECT_TRUE(is_error(offer([](Delivery& it) { it.messages[0].index = it.count; }),
                         "IndexOutOfRange(uint64,uint64)"));
    // Every byte of the message is bound by its id.
    for (std::size_t i = 0; i < message.relayed.message.size(); ++i) {
        SCOPED_TRACE(i);
        EXPECT_TRUE(is_error(offer([i](Delivery& it) { it.messages[0].encoded[i] ^= 1; }), kUnknownRoot));
    }
    for (std::size_t i = 0; i < ready.delivery.siblings.size(); ++i) {
        SCOPED_TRACE(i);
        EXPECT_TRUE(is_error(offer([i](Delivery& it) { it.siblings[i][0] ^= 1; }), kUnknownRoot));
    }
    EXPECT_TRUE(is_error(offer([](Delivery& it) { it.siblings.pop_back(); }), "ProofTooShort()"));
    EXPECT_TRUE(
        is_error(offer([](Delivery& it) { it.siblings.push_back(Hash32{}); }), "ProofTooLong(uint256)"));
    EXPECT_TRUE(is_error(offer([](Delivery& it) { it.messages.push_back(it.messages[0]); }),
                         "IndexNotAscending(uint64,uint64)"));
    const Bytes cut = service::encode_transfer_in(ready.root_proof, Bytes(8));
    EXPECT_TRUE(is_error(world().try_call("B", world().service("B"), cut), "DeliveryMalformed()"));
    // Without the proof of its root.
    EXPECT_TRUE(
        is_error(world().try_call("B", world().service("B"),
                                  service::encode_transfer_in({}, message::encode_delivery(ready.delivery))),
                 kUnknownRoot));
    EXPECT_EQ(world().read_number("B", counter, "count()"), 0);
}

TEST(attack_service, a_message_is_executed_once) {
    const Address counter = create_counter("B", "A");
    const Relayed message = relay_message("A", "B", calldata(counter, encode_increment()));
    const Bytes relay_again =
        service::encode_relay_transfer_in(world().id("A"), prove_inbound("A", message.sent.position).bytes);
    const Uint256 outbox_before = *service::decode_first_word(
        world().call("R", world().service("R"), service::encode_outbox(world().id("B"))));
    const auto second = world().transact("R", world().service("R"), relay_again);
    EXPECT_EQ(count_logs(second, service::already_delivered_topic()), 1u);
    EXPECT_EQ(count_logs(second, service::message_relay_topic()), 0u);
    EXPECT_EQ(*service::decode_first_word(
                  world().call("R", world().service("R"), service::encode_outbox(world().id("B")))),
              outbox_before);

    const Ready ready = make_ready("B", message);
    const auto delivered = world().transact("B", world().service("B"), transfer_in(ready));
    EXPECT_EQ(count_logs(delivered, service::message_executed_topic()), 1u);
    EXPECT_EQ(world().read_number("B", counter, "count()"), 1);
    // With its proof again, and under the root that is kept by now.
    for (const Bytes& call :
         {transfer_in(ready), service::encode_transfer_in({}, message::encode_delivery(ready.delivery))}) {
        const auto again = world().transact("B", world().service("B"), call);
        EXPECT_EQ(count_logs(again, service::delivered_before_topic()), 1u);
        EXPECT_EQ(count_logs(again, service::message_executed_topic()), 0u);
    }
    EXPECT_EQ(world().read_number("B", counter, "count()"), 1);

    // On another chain, whose service has the same address and whose client follows the same validators.
    ASSERT_EQ(world().service("A"), world().service("B"));
    const Relayed other = relay_message("A", "B", calldata(counter, encode_increment()));
    const chain::LogPosition position = publish_root("B");
    const auto root = service::decode_outbox_root(position.log);
    const Ready abroad{
        prove_outbound("A", position).bytes,
        message::make_delivery(outbox_of("B"), root->count, {{other.relayed.index, other.relayed.message}})};
    EXPECT_TRUE(is_error(world().try_call("A", world().service("A"), transfer_in(abroad)),
                         "WrongDestination(uint256,uint256)"));
    EXPECT_TRUE(
        is_error(world().try_call("A", world().service("A"),
                                  service::encode_transfer_in({}, message::encode_delivery(abroad.delivery))),
                 "UnknownRoot(uint64,bytes32)"));
    EXPECT_EQ(world().read_number("B", counter, "count()"), 1);
}

TEST(attack_service, a_root_for_another_chain_is_refused) {
    const chain::LogPosition position = publish_root("A");
    EXPECT_TRUE(
        is_error(offer_root("B", prove_outbound("B", position).bytes), "WrongDestination(uint256,uint256)"));
}

TEST(attack_service, a_log_of_another_contract_is_refused) {
    // The very log that the service would emit, out of another contract.
    const SentMessage genuine = world().send("A", "B", calldata(Address{{1, 2, 3}}, encode_increment()));
    const eth::Log& log = genuine.position.log;
    ASSERT_EQ(log.topics.size(), 3u);
    const auto emit = [&](std::string_view name) {
        const Address emitter = create_log_emitter(name);
        return world().transact(name, emitter,
                                concat({log.topics[0], log.topics[1], log.topics[2], log.data}));
    };
    const auto on_a = emit("A");
    ASSERT_EQ(on_a.logs.size(), 1u);
    ASSERT_EQ(on_a.logs[0].topics, log.topics);
    ASSERT_EQ(on_a.logs[0].data, log.data);
    const auto position =
        world().position_of("A", on_a.hash, on_a.logs[0].address, service::message_out_topic());
    EXPECT_TRUE(
        is_error(offer_inbound("A", prove_inbound("A", position).bytes), "WrongEmitter(address,address)"));

    const auto on_r = emit("R");
    const auto relay_position =
        world().position_of("R", on_r.hash, on_r.logs[0].address, service::message_out_topic());
    EXPECT_TRUE(is_error(offer_root("B", prove_outbound("B", relay_position).bytes),
                         "WrongEmitter(address,address)"));
}

TEST(attack_service, another_log_of_the_service_is_refused) {
    const service::MessageData data = calldata(Address{{1, 2, 3}}, encode_increment());
    const Uint256 fee = *service::decode_first_word(world().call(
        "A", world().service("A"), service::encode_get_message_fee(world().id("B"), {}, data.gas_limit)));
    const AbiValue user = AbiValue::address(devnet::make_test_account(devnet::kUserAccount).address);
    const auto outcome = world().transact(
        "A", devnet::kUserAccount,
        {.to = world().service("A"),
         .data = codec::encode_call(
             "messageOut(bytes32,address,address,uint256,bytes,address)",
             {AbiValue::word(Hash32{}), user, user, AbiValue::number(world().id("B").value),
              AbiValue::bytes(service::encode_message_data(data)), AbiValue::address(Address{})}),
         .value = fee});
    const Hash32 transfer_topic =
        codec::event_topic("MessageTransfer(bytes32,bytes32,address,address,address,uint256)");
    const auto position = world().position_of("A", outcome.hash, world().service("A"), transfer_topic);
    EXPECT_TRUE(
        is_error(offer_inbound("A", prove_inbound("A", position).bytes), "WrongTopic(bytes32,bytes32)"));

    // A message that the relay service took is no root.
    const Relayed relayed = relay_message("A", "B", data);
    for (const rpc::PlacedLog& placed :
         world().logs("R", world().service("R"), service::message_relay_topic())) {
        const auto event = service::decode_message_relay(placed.log);
        if (!event || event->order_id != relayed.sent.order_id) continue;
        const auto relay_position = world().position_of("R", placed.transaction_hash, world().service("R"),
                                                        service::message_relay_topic());
        EXPECT_TRUE(is_error(offer_root("B", prove_outbound("B", relay_position).bytes),
                             "WrongTopic(bytes32,bytes32)"));
    }
}

TEST(attack_service, a_stranger_cannot_accept_or_make_messages) {
    const Bytes accept =
        codec::encode_call("accept(uint64,address,bytes32,bytes32,bytes)",
                           {AbiValue::number(world().id("A").value), AbiValue::address(world().service("A")),
                            AbiValue::word(Hash32{}), AbiValue::word(Hash32{}), AbiValue::bytes({})});
    EXPECT_TRUE(is_error(world().try_call("R", world().service("R"), accept), "TargetForbidden(address)"));
}

TEST(attack_service, only_what_failed_can_be_retried) {
    const Address receiver = world().create("B", "FaultyReceiver", {AbiValue::address(world().service("B"))});
    const Relayed message = relay_message("A", "B", message_to(receiver, to_bytes(as_bytes("mend me"))));
    const auto outcome = world().transact("B", world().service("B"), transfer_in(make_ready("B", message)));
    ASSERT_EQ(count_logs(outcome, service::message_in_topic()), 1u);
    const auto failure = service::decode_message_in(
        world().position_of("B", outcome.hash, world().service("B"), service::message_in_topic()).log);
    ASSERT_TRUE(failure.has_value());
    ASSERT_FALSE(failure->is_success);
    ASSERT_TRUE(failure->parties.has_value());
    world().transact("B", receiver, codec::encode_call("setMode(uint8)", {AbiValue::number(1)}));

    const auto retry = [](ChainId from, Hash32 order, BytesView sender, BytesView data) {
        return service::encode_retry_message_in(from, order, sender, data);
    };
    const auto offer = [](const Bytes& call) { return world().try_call("B", world().service("B"), call); };
    constexpr std::string_view kNothing = "NothingToRetry(bytes32)";
    Hash32 other_order = failure->order_id;
    other_order[0] ^= 1;
    EXPECT_TRUE(is_error(offer(retry(world().id("R"), failure->order_id, failure->parties->from_address,
                                     failure->message_data)),
                         kNothing));
    EXPECT_TRUE(is_error(offer(retry(failure->parties->from_chain, other_order,
                                     failure->parties->from_address, failure->message_data)),
                         kNothing));
    Bytes other_sender = failure->parties->from_address;
    other_sender[0] ^= 1;
    EXPECT_TRUE(is_error(
        offer(retry(failure->parties->from_chain, failure->order_id, other_sender, failure->message_data)),
        kNothing));
    for (std::size_t i = 0; i < failure->message_data.size(); ++i) {
        SCOPED_TRACE(i);
        Bytes other_data = failure->message_data;
        other_data[i] ^= 1;
        EXPECT_TRUE(is_error(offer(retry(failure->parties->from_chain, failure->order_id,
                                         failure->parties->from_address, other_data)),
                             kNothing));
    }
    const Bytes honest = retry(failure->parties->from_chain, failure->order_id,
                               failure->parties->from_address, failure->message_data);
    world().transact("B", world().service("B"), honest);
    EXPECT_EQ(world().read_number("B", receiver, "received()"), 1);
    EXPECT_TRUE(is_error(offer(honest), kNothing));
    EXPECT_EQ(world().read_number("B", receiver, "received()"), 1);
}

}  // namespace
}  // namespace butter::e2e
