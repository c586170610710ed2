// SPDX-License-Identifier: Apache-2.0
#include "butter/rpc/receipts_json.hpp"

#include <simdjson.h>

#include <cstring>

#include "butter/base/hex.hpp"

namespace butter::rpc {
namespace {

using simdjson::dom::element;

/// As `parse_json`.
constexpr std::size_t kDepthMax = 64;

/// `key == name`, as a comparison of words instead of a call.
template <std::size_t N>
bool is(std::string_view key, const char (&name)[N]) noexcept {
    return key.size() == N - 1 && std::memcmp(key.data(), name, N - 1) == 0;
}

std::optional<std::string_view> text_of(const element& value) {
    std::string_view text;
    if (value.get_string().get(text) != simdjson::SUCCESS) return std::nullopt;
    return text;
}

template <std::size_t N>
bool read_fixed(const element& value, FixedBytes<N>& out) {
    const auto text = text_of(value);
    return text && text->size() == 2 + 2 * N && text->starts_with("0x") &&
           decode_hex_digits(text->substr(2), out.bytes);
}

bool read_bytes(const element& value, Bytes& out) {
    const auto text = text_of(value);
    if (!text || !text->starts_with("0x") || text->size() % 2 != 0) return false;
    out.resize((text->size() - 2) / 2);
    return decode_hex_digits(text->substr(2), out);
}

std::optional<std::uint64_t> find_quantity(const element& value) {
    const auto text = text_of(value);
    if (!text) return std::nullopt;
    const auto number = decode_quantity(*text);
    if (!number) return std::nullopt;
    return *number;
}

bool read_quantity(const element& value, std::uint64_t& out) {
    const auto number = find_quantity(value);
    out = number.value_or(0);
    return number.has_value();
}

bool read_topics(const element& value, std::vector<Hash32>& out) {
    simdjson::dom::array topics;
    if (value.get_array().get(topics) != simdjson::SUCCESS || topics.size() > eth::kTopicsMax) return false;
    out.clear();
    out.reserve(topics.size());
    for (const element& topic : topics) {
        // Topics are taken with or without the prefix, as `decode_placed_log` does.
        auto text = text_of(topic);
        if (!text) return false;
        if (text->starts_with("0x") || text->starts_with("0X")) text->remove_prefix(2);
        if (text->size() != 2 * 32 || !decode_hex_digits(*text, out.emplace_back().bytes)) return false;
    }
    return true;
}

// Which required members were there; a member that comes again replaces the one before.
enum LogMember : unsigned {
    kAddress = 1,
    kData = 2,
    kBlockNumber = 4,
    kBlockHash = 8,
    kTransactionHash = 16,
    kTransactionIndex = 32,
    kLogIndex = 64,
    kTopics = 128,
    kWholeLog = 255,
};

bool read_log(const element& value, PlacedLog& out) {
    simdjson::dom::object members;
    if (value.get_object().get(members) != simdjson::SUCCESS) return false;
    unsigned good = 0;
    const auto note = [&](unsigned member, bool is_good) { good = is_good ? good | member : good & ~member; };
    for (const auto& [key, member] : members) {
        if (is(key, "address"))
            note(kAddress, read_fixed(member, out.log.address));
        else if (is(key, "data"))
            note(kData, read_bytes(member, out.log.data));
        else if (is(key, "blockNumber"))
            note(kBlockNumber, read_quantity(member, out.block.value));
        else if (is(key, "blockHash"))
            note(kBlockHash, read_fixed(member, out.block_hash));
        else if (is(key, "transactionHash"))
            note(kTransactionHash, read_fixed(member, out.transaction_hash));
        else if (is(key, "transactionIndex"))
            note(kTransactionIndex, read_quantity(member, out.transaction_index));
        else if (is(key, "logIndex"))
            note(kLogIndex, read_quantity(member, out.log_index));
        else if (is(key, "topics"))
            note(kTopics, read_topics(member, out.log.topics));
    }
    return good == kWholeLog;
}

enum ReceiptMember : unsigned {
    kHash = 1,
    kIndex = 2,
    kBlock = 4,
    kOfBlock = 8,
    kGasUsed = 16,
    kCumulativeGasUsed = 32,
    kBloom = 64,
    kLogs = 128,
    kWholeReceipt = 255,
};

bool read_logs(const element& value, PlacedReceipt& out) {
    simdjson::dom::array logs;
    if (value.get_array().get(logs) != simdjson::SUCCESS) return false;
    out.logs.clear();
    out.receipt.logs.clear();
    out.logs.reserve(logs.size());
    out.receipt.logs.reserve(logs.size());
    for (const element& log : logs) {
        PlacedLog& placed = out.logs.emplace_back();
        if (!read_log(log, placed)) return false;
        out.receipt.logs.push_back(placed.log);
    }
    return true;
}

bool read_receipt(const element& value, PlacedReceipt& out) {
    simdjson::dom::object members;
    if (value.get_object().get(members) != simdjson::SUCCESS) return false;
    std::optional<std::uint64_t> status;
    std::optional<Hash32> root;
    unsigned good = 0;
    bool is_type_good = true;
    bool is_contract_good = true;
    const auto note = [&](unsigned member, bool is_good) { good = is_good ? good | member : good & ~member; };
    for (const auto& [key, member] : members) {
        if (is(key, "transactionHash")) note(kHash, read_fixed(member, out.transaction_hash));
        if (is(key, "transactionIndex")) note(kIndex, read_quantity(member, out.transaction_index));
        if (is(key, "blockNumber")) note(kBlock, read_quantity(member, out.block.value));
        if (is(key, "blockHash")) note(kOfBlock, read_fixed(member, out.block_hash));
        if (is(key, "gasUsed")) note(kGasUsed, read_quantity(member, out.gas_used));
        if (is(key, "cumulativeGasUsed"))
            note(kCumulativeGasUsed, read_quantity(member, out.receipt.cumulative_gas_used));
        if (is(key, "logsBloom")) note(kBloom, read_fixed(member, out.receipt.bloom));
        if (is(key, "logs")) note(kLogs, read_logs(member, out));
        if (is(key, "status")) status = find_quantity(member);
        if (is(key, "root")) {
            root.emplace();
            if (!read_fixed(member, *root)) root.reset();
        }
        if (is(key, "type")) {
            const auto type = member.is_null() ? std::optional<std::uint64_t>(0) : find_quantity(member);
            is_type_good = type && *type <= static_cast<std::uint64_t>(eth::EnvelopeType::kSetCode);
            if (is_type_good) out.receipt.type = static_cast<eth::EnvelopeType>(*type);
        }
        if (is(key, "contractAddress")) {
            out.contract_address.reset();
            Address address;
            is_contract_good = member.is_null();
            if (read_fixed(member, address)) {
                is_contract_good = true;
                out.contract_address = address;
            }
        }
    }
    if (good != kWholeReceipt || !is_type_good || !is_contract_good) return false;
    if (status && *status <= 1) {
        out.receipt.is_success = *status == 1;
    } else if (root) {
        out.receipt.post_state = *root;
    } else {
        return false;
    }
    return true;
}

}  // namespace

std::optional<std::vector<PlacedReceipt>> decode_receipts_answer(const std::string& text) {
    simdjson::dom::parser parser;
    if (parser.allocate(text.size(), kDepthMax) != simdjson::SUCCESS) return std::nullopt;
    element answer;
    if (parser.parse(text).get(answer) != simdjson::SUCCESS) return std::nullopt;
    simdjson::dom::object members;
    if (answer.get_object().get(members) != simdjson::SUCCESS) return std::nullopt;
    std::optional<element> result;
    for (const auto& [key, member] : members) {
        if (key == "error" && !member.is_null()) return std::nullopt;
        if (is(key, "result")) result = member;
    }
    simdjson::dom::array receipts;
    if (!result || result->get_array().get(receipts) != simdjson::SUCCESS) return std::nullopt;
    std::vector<PlacedReceipt> out;
    out.reserve(receipts.size());
    for (const element& receipt : receipts) {
        if (!read_receipt(receipt, out.emplace_back())) return std::nullopt;
    }
    return out;
}

}  // namespace butter::rpc
