// SPDX-License-Identifier: Apache-2.0
#include "butter/eth/receipt.hpp"

#include "butter/crypto/keccak.hpp"

namespace butter::eth {
namespace {

using codec::RlpReader;

constexpr std::uint8_t kListPrefix = 0xc0;

void append_log(Bytes& out, const Log& log) {
    Bytes topics;
    for (const Hash32& topic : log.topics) codec::append_rlp_bytes(topics, topic);
    Bytes fields;
    codec::append_rlp_bytes(fields, log.address);
    codec::append_rlp_list(fields, topics);
    codec::append_rlp_bytes(fields, log.data);
    codec::append_rlp_list(out, fields);
}

Result<Log, codec::RlpError> read_log(RlpReader& logs) {
    TRY(RlpReader fields, logs.next_list());
    Log log;
    TRY(log.address, fields.next_fixed<20>());
    TRY(RlpReader topics, fields.next_list());
    while (!topics.is_done()) {
        TRY(const Hash32 topic, topics.next_fixed<32>());
        log.topics.push_back(topic);
    }
    TRY(const BytesView data, fields.next_bytes());
    log.data = to_bytes(data);
    TRY_VOID(fields.finish());
    return log;
}

Result<void, ReceiptError> read_status(BytesView status, Receipt& receipt) {
    if (status.size() == Hash32::kSize) {
        receipt.post_state = to_fixed<32>(status);
        return {};
    }
    if (status.size() > 1 || (status.size() == 1 && status[0] != 1))
        return std::unexpected(ReceiptError::kBadStatus);
    receipt.is_success = !status.empty();
    return {};
}

void add_to_bloom(Bloom& bloom, BytesView entry) {
    const Hash32 hash = crypto::keccak256(entry);
    for (std::size_t i = 0; i < 6; i += 2) {
        const std::size_t bit = load_u64(BytesView(hash).subspan(i, 2)) % 2048;
        bloom[255 - bit / 8] |= static_cast<std::uint8_t>(1u << (bit % 8));
    }
}

}  // namespace

std::string_view to_string(ReceiptError error) noexcept {
    switch (error) {
        case ReceiptError::kRlp:
            return "receipt is not canonical rlp of its shape";
        case ReceiptError::kUnknownType:
            return "receipt of an unknown type";
        case ReceiptError::kBadStatus:
            return "receipt status is neither 0, 1 nor a root";
        case ReceiptError::kTooManyTopics:
            return "log with more than four topics";
        case ReceiptError::kEmpty:
            return "empty receipt";
    }
    return "unknown receipt error";
}

Bytes encode_receipt(const Receipt& receipt) {
    Bytes logs;
    for (const Log& log : receipt.logs) append_log(logs, log);
    Bytes fields;
    if (receipt.post_state) {
        codec::append_rlp_bytes(fields, *receipt.post_state);
    } else {
        codec::append_rlp_uint(fields, receipt.is_success ? std::uint64_t{1} : std::uint64_t{0});
    }
    codec::append_rlp_uint(fields, receipt.cumulative_gas_used);
    codec::append_rlp_bytes(fields, receipt.bloom);
    codec::append_rlp_list(fields, logs);
    Bytes out;
    if (receipt.type != EnvelopeType::kLegacy) out.push_back(static_cast<std::uint8_t>(receipt.type));
    codec::append_rlp_list(out, fields);
    return out;
}

Result<Receipt, ReceiptError> decode_receipt(BytesView bytes) {
    if (bytes.empty()) return std::unexpected(ReceiptError::kEmpty);
    Receipt receipt;
    if (bytes[0] < kListPrefix) {
        if (bytes[0] == 0 || bytes[0] > static_cast<std::uint8_t>(EnvelopeType::kSetCode)) {
            return std::unexpected(ReceiptError::kUnknownType);
        }
        receipt.type = static_cast<EnvelopeType>(bytes[0]);
        bytes = bytes.subspan(1);
    }
    const auto read = [&]() -> Result<BytesView, codec::RlpError> {
        TRY(RlpReader fields, codec::decode_rlp_list(bytes));
        TRY(const BytesView status, fields.next_bytes());
        TRY(receipt.cumulative_gas_used, fields.next_u64());
        TRY(receipt.bloom, fields.next_fixed<256>());
        TRY(RlpReader logs, fields.next_list());
        TRY_VOID(fields.finish());
        while (!logs.is_done()) {
            TRY(Log log, read_log(logs));
            receipt.logs.push_back(std::move(log));
        }
        return status;
    };
    const auto status = read();
    if (!status) return std::unexpected(ReceiptError::kRlp);
    for (const Log& log : receipt.logs) {
        if (log.topics.size() > kTopicsMax) return std::unexpected(ReceiptError::kTooManyTopics);
    }
    TRY_VOID(read_status(*status, receipt));
    return receipt;
}

Bloom bloom_of(const std::vector<Log>& logs) {
    Bloom bloom;
    for (const Log& log : logs) {
        add_to_bloom(bloom, log.address);
        for (const Hash32& topic : log.topics) add_to_bloom(bloom, topic);
    }
    return bloom;
}

}  // namespace butter::eth
