// SPDX-License-Identifier: Apache-2.0
#include "butter/service/events.hpp"

#include "butter/base/assert.hpp"
#include "butter/crypto/keccak.hpp"
#include "butter/service/calls.hpp"

namespace {

using namespace butter;

/// A log with the event's topic, up to three more from the input, and the rest as data.
eth::Log make_log(const Hash32& topic, std::uint8_t indexed_count, BytesView input) {
    eth::Log log{.address = {}, .topics = {topic}, .data = {}};
    for (std::size_t i = 0; i < indexed_count % 4u && input.size() >= 32; ++i) {
        log.topics.push_back(to_fixed<32>(input.first(32)));
        input = input.subspan(32);
    }
    log.data = to_bytes(input);
    return log;
}

}  // namespace

/// The first byte says which event, call or answer follows and how many topics are indexed.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace butter::service;
    if (size == 0) return 0;
    const BytesView input(data + 1, size - 1);
    const auto log = [&](const Hash32& topic) {
        return make_log(topic, static_cast<std::uint8_t>(data[0] / 8), input);
    };
    switch (data[0] % 8) {
        case 0:
            if (const auto out = decode_message_out(log(message_out_topic())))
                BUTTER_ASSERT(crypto::keccak256(out->message) == out->order_id);
            break;
        case 1:
            if (const auto relayed = decode_message_relay(log(message_relay_topic())))
                BUTTER_ASSERT(crypto::keccak256(relayed->message) == relayed->order_id);
            break;
        case 2:
            (void)decode_outbox_root(log(outbox_root_topic()));
            break;
        case 3:
            (void)decode_message_in(log(message_in_topic()));
            break;
        case 4:
            (void)decode_already_delivered(log(already_delivered_topic()));
            break;
        case 5:
            // Contracts take other encodings than the canonical one too.
            if (const auto call = decode_relay_transfer_in(input)) {
                const auto again =
                    decode_relay_transfer_in(encode_relay_transfer_in(call->from_chain, call->proof));
                BUTTER_ASSERT(again && again->from_chain == call->from_chain && again->proof == call->proof);
            }
            break;
        case 6:
            if (const auto call = decode_transfer_in(input)) {
                const auto again = decode_transfer_in(encode_transfer_in(call->root_proof, call->delivery));
                BUTTER_ASSERT(again && again->root_proof == call->root_proof &&
                              again->delivery == call->delivery);
            }
            break;
        default:
            (void)decode_first_word(input);
            (void)decode_bytes(input);
            BUTTER_ASSERT(!describe_revert(input).empty());
    }
    return 0;
}
