// SPDX-License-Identifier: Apache-2.0
#include "butter/service/calls.hpp"

#include <algorithm>
#include <string_view>

#include "butter/artifacts/artifacts.hpp"
#include "butter/base/hex.hpp"
#include "butter/base/printable.hpp"
#include "butter/codec/abi.hpp"

namespace butter::service {
namespace {

using codec::AbiReader;
using codec::AbiValue;

AbiValue chain(ChainId id) { return AbiValue::number(id.value); }

AbiValue message_data_value(const MessageData& data) {
    return AbiValue::tuple({AbiValue::boolean(data.relay), AbiValue::number(data.is_message ? 1 : 0),
                            AbiValue::bytes(data.target), AbiValue::bytes(data.payload),
                            AbiValue::number(data.gas_limit), AbiValue::number(0)});
}

/// Longest part printed of a reason that has no name of ours.
constexpr std::size_t kReasonBytesShown = 132;

}  // namespace

Bytes encode_message_data(const MessageData& data) { return codec::encode_abi({message_data_value(data)}); }

Bytes encode_transfer_out(ChainId to_chain, const MessageData& data, const Address& fee_token) {
    return codec::encode_call(
        "transferOut(uint256,bytes,address)",
        {chain(to_chain), AbiValue::bytes(encode_message_data(data)), AbiValue::address(fee_token)});
}

Bytes encode_get_message_fee(ChainId to_chain, const Address& fee_token, std::uint64_t gas_limit) {
    return codec::encode_call("getMessageFee(uint256,address,uint256)",
                              {chain(to_chain), AbiValue::address(fee_token), AbiValue::number(gas_limit)});
}

Bytes encode_retry_message_in(ChainId from_chain, const Hash32& order_id, BytesView from_address,
                              BytesView message_data) {
    return codec::encode_call("retryMessageIn(uint256,bytes32,bytes,bytes)",
                              {chain(from_chain), AbiValue::word(order_id), AbiValue::bytes(from_address),
                               AbiValue::bytes(message_data)});
}

Bytes encode_relay_transfer_in(ChainId from_chain, BytesView proof) {
    return codec::encode_call("transferIn(uint64,bytes)", {chain(from_chain), AbiValue::bytes(proof)});
}

Bytes encode_publish_root(ChainId to_chain) {
    return codec::encode_call("publishRoot(uint64)", {chain(to_chain)});
}

Bytes encode_outbox(ChainId to_chain) { return codec::encode_call("outbox(uint64)", {chain(to_chain)}); }

Bytes encode_transfer_in(BytesView root_proof, BytesView delivery) {
    return codec::encode_call("transferIn(bytes,bytes)",
                              {AbiValue::bytes(root_proof), AbiValue::bytes(delivery)});
}

Bytes encode_is_delivered(std::uint64_t index) {
    return codec::encode_call("isDelivered(uint64)", {AbiValue::number(index)});
}

Bytes encode_root_of(std::uint64_t count) {
    return codec::encode_call("rootOf(uint64)", {AbiValue::number(count)});
}

Bytes encode_get_order_status(ChainId chain_id, const Hash32& order_id) {
    return codec::encode_call("getOrderStatus(uint256,uint256,bytes32)",
                              {chain(chain_id), AbiValue::number(0), AbiValue::word(order_id)});
}

Bytes encode_client_state() { return codec::encode_call("clientState()", {}); }

Bytes encode_passport() { return codec::encode_call("passport()", {}); }

Bytes encode_clients() { return codec::encode_call("clients()", {}); }

Bytes encode_client_of(ChainId chain_id) { return codec::encode_call("clientOf(uint64)", {chain(chain_id)}); }

Bytes encode_relay_client() { return codec::encode_call("relayClient()", {}); }

Bytes encode_owner() { return codec::encode_call("owner()", {}); }

Bytes encode_min_delay() { return codec::encode_call("getMinDelay()", {}); }

Bytes encode_trusted_until() { return codec::encode_call("trustedUntil()", {}); }

Bytes encode_paused_until() { return codec::encode_call("pausedUntil()", {}); }

Bytes encode_client_update(BytesView update) {
    return codec::encode_call("update(bytes)", {AbiValue::bytes(update)});
}

std::optional<Uint256> decode_first_word(BytesView result) noexcept {
    const auto word = AbiReader(result).next_uint256();
    if (!word) return std::nullopt;
    return *word;
}

std::optional<Bytes> decode_bytes(BytesView result) {
    const auto bytes = AbiReader(result).next_bytes();
    if (!bytes) return std::nullopt;
    return to_bytes(*bytes);
}

std::optional<Passport> decode_passport(BytesView result) {
    AbiReader outer(result);
    auto reader = outer.next_tuple();
    if (!reader) return std::nullopt;
    const auto kind = reader->next_bytes();
    const auto chain_id = reader->next_uint(64);
    const auto forging_keys = reader->next_uint(32);
    const auto total_keys = reader->next_uint(32);
    const auto last_update = reader->next_uint(64);
    const auto height = reader->next_uint(64);
    const auto is_frozen = reader->next_bool();
    if (!kind || !chain_id || !forging_keys || !total_keys || !last_update || !height || !is_frozen)
        return std::nullopt;
    return Passport{.kind = {kind->begin(), kind->end()},
                    .chain_id = ChainId{*chain_id},
                    .forging_keys = *forging_keys,
                    .total_keys = *total_keys,
                    .last_update = UnixSeconds{*last_update},
                    .height = *height,
                    .is_frozen = *is_frozen};
}

std::optional<Address> decode_address(BytesView result) noexcept {
    const auto address = AbiReader(result).next_address();
    if (!address) return std::nullopt;
    return *address;
}

std::optional<RelayTransferIn> decode_relay_transfer_in(BytesView call_data) {
    if (call_data.size() < 4 ||
        to_fixed<4>(call_data.first(4)) != codec::selector("transferIn(uint64,bytes)"))
        return std::nullopt;
    AbiReader reader(call_data.subspan(4));
    const auto from_chain = reader.next_uint(64);
    const auto proof = reader.next_bytes();
    if (!from_chain || !proof) return std::nullopt;
    return RelayTransferIn{ChainId{*from_chain}, to_bytes(*proof)};
}

std::optional<TransferIn> decode_transfer_in(BytesView call_data) {
    if (call_data.size() < 4 || to_fixed<4>(call_data.first(4)) != codec::selector("transferIn(bytes,bytes)"))
        return std::nullopt;
    AbiReader reader(call_data.subspan(4));
    const auto root_proof = reader.next_bytes();
    const auto delivery = reader.next_bytes();
    if (!root_proof || !delivery) return std::nullopt;
    return TransferIn{to_bytes(*root_proof), to_bytes(*delivery)};
}

std::string describe_revert(BytesView data) {
    if (data.size() < 4) return data.empty() ? "no reason given" : encode_hex(data);
    const auto code = to_fixed<4>(data.first(4));
    const BytesView arguments = data.subspan(4);
    if (code == codec::selector("Error(string)")) {
        const auto text = AbiReader(arguments).next_bytes();
        if (text)
            return text->empty() ? "an empty reason"
                                 : printable(std::string(text->begin(), text->end()), kReasonBytesShown);
    }
    if (code == codec::selector("Panic(uint256)")) {
        const auto number = AbiReader(arguments).next_uint256();
        if (number) return "panic " + to_quantity(*number);
    }
    for (std::string_view left = artifacts::error_signatures(); !left.empty();) {
        const std::string_view signature = left.substr(0, left.find(';'));
        left.remove_prefix(std::min(left.size(), signature.size() + 1));
        if (code != codec::selector(signature)) continue;
        std::string out(signature.substr(0, signature.find('(')));
        out += '(';
        for (std::size_t at = 0; at + 32 <= arguments.size(); at += 32) {
            if (at != 0) out += ", ";
            out += to_quantity(*from_big_endian(arguments.subspan(at, 32)));
        }
        return out + ')';
    }
    const bool is_cut = data.size() > kReasonBytesShown;
    return encode_hex(is_cut ? data.first(kReasonBytesShown) : data) + (is_cut ? "..." : "");
}

}  // namespace butter::service
