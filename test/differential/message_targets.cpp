// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "butter/message/delivery.hpp"
#include "butter/message/message.hpp"
#include "butter/message/outbox.hpp"
#include "test/differential/mutate.hpp"
#include "test/differential/target.hpp"

namespace butter::differential {
namespace {

using message::Message;

constexpr std::uint64_t kOriginChain = 97;

Message random_message(Random& random, std::uint64_t chain_id) {
    const std::size_t payload_sizes[] = {0, 4, 32, 100};
    Message out{.relay = random.one_in(2),
                .type = random.one_in(2) ? message::MessageType::kMessage : message::MessageType::kCalldata,
                .from_chain = ChainId{kOriginChain},
                .to_chain = ChainId{chain_id},
                .nonce = random.next() >> random.below(64),
                .gas_limit = static_cast<std::uint32_t>(random.next() >> random.below(64)),
                .service = random.fixed<20>(),
                .sender = random.bytes(random.one_in(2) ? 20 : 1 + random.below(message::kPartyBytesMax)),
                .target = random.bytes(random.one_in(2) ? 20 : 1 + random.below(message::kPartyBytesMax)),
                .payload = random.bytes(random.pick(std::span(payload_sizes)))};
    if (random.one_in(30)) out.payload = Bytes(message::kPayloadBytesMax);
    return out;
}

Bytes mutated_message(Random& random) {
    Bytes encoded = message::encode_message(random_message(random, kOriginChain + 1));
    // Most faults are wanted in the part that is not payload.
    if (random.one_in(3)) encoded.resize(std::min<std::size_t>(encoded.size(), 90));
    if (!random.one_in(5)) mutate_bytes(encoded, random);
    return encoded;
}

/// Struct Message of contracts/types/MessageTypes.sol.
AbiValue value_of(const Message& message) {
    return AbiValue::tuple(
        {AbiValue::boolean(message.relay), AbiValue::number(static_cast<std::uint64_t>(message.type)),
         AbiValue::number(message.from_chain.value), AbiValue::number(message.to_chain.value),
         AbiValue::number(message.nonce), AbiValue::number(message.gas_limit),
         AbiValue::address(message.service), AbiValue::bytes(message.sender), AbiValue::bytes(message.target),
         AbiValue::bytes(message.payload)});
}

Outcome evaluate_message(BytesView encoded) {
    const auto message = message::decode_message(encoded);
    if (!message) return std::nullopt;
    return hash_of_values({value_of(*message)});
}

/// What `OmniServiceCore` keeps of a message that could not be executed.
Hash32 failure_of(const Message& message) {
    const Bytes data = codec::encode_abi({AbiValue::tuple(
        {AbiValue::boolean(message.relay), AbiValue::number(static_cast<std::uint64_t>(message.type)),
         AbiValue::bytes(message.target), AbiValue::bytes(message.payload),
         AbiValue::number(message.gas_limit), AbiValue::number(0)})});
    return hash_of_values(
        {AbiValue::number(message.from_chain.value), AbiValue::bytes(message.sender), AbiValue::bytes(data)});
}

Values generate_delivery(Random& random, std::uint64_t chain_id) {
    message::Outbox outbox;
    const std::uint64_t count = 1 + random.below(40);
    std::vector<Bytes> messages;
    for (std::uint64_t i = 0; i < count; ++i) {
        messages.push_back(message::encode_message(random_message(random, chain_id)));
        if (random.one_in(30)) mutate_bytes(messages.back(), random);
        if (messages.back().size() > message::kMessageBytesMax)
            messages.back().resize(message::kMessageBytesMax);
        outbox.append(message::order_id(messages.back()));
    }
    std::vector<message::DeliveredMessage> delivered;
    for (std::uint64_t i = 0; i < count; ++i) {
        if (random.one_in(1 + count / 3)) delivered.push_back({i, messages[i]});
    }
    if (delivered.empty()) delivered.push_back({count - 1, messages.back()});
    const message::Delivery delivery = message::make_delivery(outbox, count, delivered);
    Bytes encoded = message::encode_delivery(delivery);
    // What the count is proven to be stands outside; the delivery repeats it.
    if (!random.one_in(3)) {
        if (random.one_in(2)) {
            mutate_bytes(encoded, random);
        } else {
            Bytes tail(encoded.begin() + 8, encoded.end());
            mutate_bytes(tail, random);
            encoded.resize(8);
            append(encoded, tail);
        }
    }
    return {AbiValue::number(delivery.count), AbiValue::word(outbox.root(delivery.count)),
            AbiValue::bytes(encoded)};
}

/// `OmniService.transferIn` after a root was proven: the delivery must be under it, and of this chain.
Outcome evaluate_delivery(const Values& in, Values& claims, std::uint64_t chain_id) {
    claims = {AbiValue::array({}), AbiValue::array({})};
    // The service takes no bytes at all for no delivery.
    if (in[2].as_bytes().empty()) return Hash32{};
    const auto delivery = message::decode_delivery(in[2].as_bytes());
    if (!delivery || delivery->count != in[0].as_u64()) return std::nullopt;
    const auto messages = message::verify_delivery(*delivery, in[1].as_word());
    if (!messages) return std::nullopt;
    Hash32 value;
    std::vector<AbiValue> indexes;
    std::vector<AbiValue> order_ids;
    for (const message::VerifiedMessage& entry : *messages) {
        if (entry.message.to_chain.value != chain_id || entry.message.from_chain.value == chain_id) {
            return std::nullopt;
        }
        indexes.push_back(AbiValue::number(entry.index));
        order_ids.push_back(AbiValue::word(entry.order_id));
        value = hash_of_values(
            {AbiValue::word(value), AbiValue::boolean(true), AbiValue::word(failure_of(entry.message))});
    }
    claims = {AbiValue::array(std::move(indexes)), AbiValue::array(std::move(order_ids))};
    return value;
}

}  // namespace

void add_message_targets(std::vector<Target>& targets, std::uint64_t chain_id) {
    targets.push_back(
        {.signature = "message(bytes)",
         .weight = 4,
         .generate = [](Random& random) { return Values{AbiValue::bytes(mutated_message(random))}; },
         .evaluate = [](const Values& in, Values&) { return evaluate_message(in[0].as_bytes()); }});
    targets.push_back(
        {.signature = "delivery(uint64,bytes32,bytes,uint64[],bytes32[])",
         .weight = 4,
         .generate = [chain_id](Random& random) { return generate_delivery(random, chain_id); },
         .evaluate = [chain_id](const Values& in,
                                Values& claims) { return evaluate_delivery(in, claims, chain_id); },
         .claims = 2});
}

}  // namespace butter::differential
