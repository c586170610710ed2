// SPDX-License-Identifier: Apache-2.0
#include "butter/rpc/receipts_json.hpp"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <random>
#include <string>

namespace butter::rpc {
namespace {

const char* const kReceipts =
    R"({"jsonrpc":"2.0","id":1,"result":[{"transactionHash":"0x%H","transactionIndex":"0x0","blockNumber":"0x10",)"
    R"("blockHash":"0x%H","gasUsed":"0x5208","cumulativeGasUsed":"0x5208","logsBloom":"0x%B","type":"0x2",)"
    R"("status":"0x1","contractAddress":null,"from":"0x00","logs":[{"address":"0x%A","topics":["0x%H","0x%H"],)"
    R"("data":"0x0102","blockNumber":"0x10","blockHash":"0x%H","transactionHash":"0x%H","transactionIndex":"0x0",)"
    R"("logIndex":"0x0","removed":false}]},{"transactionHash":"0x%H","transactionIndex":"0x1","blockNumber":)"
    R"("0x10","blockHash":"0x%H","gasUsed":"0x1","cumulativeGasUsed":"0x2","logsBloom":"0x%B","root":"0x%H",)"
    R"("contractAddress":"0x%A","logs":[]}]})";

std::string sample() {
    std::string out;
    unsigned count = 0;
    for (const char* at = kReceipts; *at != 0; ++at) {
        if (*at != '%') {
            out += *at;
            continue;
        }
        ++at;
        const std::size_t size = *at == 'H' ? 64 : *at == 'A' ? 40 : 512;
        for (std::size_t i = 0; i < size; ++i) out += "0123456789abcdef"[(i * 7 + ++count) % 16];
    }
    return out;
}

/// The way through a tree of JSON values.
std::optional<std::vector<PlacedReceipt>> decode_slowly(const std::string& text) {
    const auto answer = parse_json(text);
    if (!answer) return std::nullopt;
    if (const Json* error = find_member(*answer, "error"); error != nullptr && !error->is_null()) {
        return std::nullopt;
    }
    const JsonArray* receipts = find_array(*answer, "result");
    if (receipts == nullptr) return std::nullopt;
    std::vector<PlacedReceipt> out;
    for (const Json& receipt : *receipts) {
        auto placed = decode_placed_receipt(receipt);
        if (!placed) return std::nullopt;
        out.push_back(*std::move(placed));
    }
    return out;
}

void expect_same(const std::string& text) {
    const auto fast = decode_receipts_answer(text);
    const auto slow = decode_slowly(text);
    ASSERT_EQ(fast.has_value(), slow.has_value()) << text;
    if (!fast) return;
    ASSERT_EQ(fast->size(), slow->size()) << text;
    for (std::size_t i = 0; i < fast->size(); ++i) {
        const PlacedReceipt& a = (*fast)[i];
        const PlacedReceipt& b = (*slow)[i];
        EXPECT_EQ(a.receipt, b.receipt) << text;
        EXPECT_EQ(a.transaction_hash, b.transaction_hash);
        EXPECT_EQ(a.transaction_index, b.transaction_index);
        EXPECT_EQ(a.block, b.block);
        EXPECT_EQ(a.block_hash, b.block_hash);
        EXPECT_EQ(a.gas_used, b.gas_used);
        EXPECT_EQ(a.contract_address, b.contract_address);
        ASSERT_EQ(a.logs.size(), b.logs.size());
        for (std::size_t j = 0; j < a.logs.size(); ++j) {
            EXPECT_EQ(a.logs[j].log, b.logs[j].log);
            EXPECT_EQ(a.logs[j].block, b.logs[j].block);
            EXPECT_EQ(a.logs[j].block_hash, b.logs[j].block_hash);
            EXPECT_EQ(a.logs[j].transaction_hash, b.logs[j].transaction_hash);
            EXPECT_EQ(a.logs[j].transaction_index, b.logs[j].transaction_index);
            EXPECT_EQ(a.logs[j].log_index, b.logs[j].log_index);
        }
    }
}

TEST(receipts_json, reads_an_answer) {
    const auto receipts = decode_receipts_answer(sample());
    ASSERT_TRUE(receipts.has_value());
    ASSERT_EQ(receipts->size(), 2u);
    EXPECT_TRUE((*receipts)[0].receipt.is_success);
    EXPECT_EQ((*receipts)[0].receipt.logs.size(), 1u);
    EXPECT_EQ((*receipts)[0].logs[0].log.data, (Bytes{1, 2}));
    EXPECT_TRUE((*receipts)[1].receipt.post_state.has_value());
    EXPECT_TRUE((*receipts)[1].contract_address.has_value());
    expect_same(sample());
}

TEST(receipts_json, agrees_with_the_decoder_of_values_on_faulty_answers) {
    const std::string good = sample();
    std::mt19937_64 random(1);
    constexpr std::string_view kCharacters = "0123456789abcdefABxX\"{}[]:,n -";
    for (int i = 0; i < 5'000; ++i) {
        std::string text = good;
        const std::size_t at = random() % text.size();
        switch (random() % 4) {
            case 0:
                text.erase(at, 1 + random() % 3);
                break;
            case 1:
                text.insert(at, 1, kCharacters[random() % kCharacters.size()]);
                break;
            case 2:
                text[at] = kCharacters[random() % kCharacters.size()];
                break;
            default: {
                // A member's name that is none.
                const std::size_t quote = text.find('"', at);
                if (quote != std::string::npos && quote + 1 < text.size()) text[quote + 1] = 'z';
                break;
            }
        }
        expect_same(text);
    }
}

TEST(receipts_json, agrees_without_the_processor_extensions) {
    const auto* chosen = simdjson::get_active_implementation().operator->();
    simdjson::get_active_implementation() = simdjson::get_available_implementations()["fallback"];
    expect_same(sample());
    simdjson::get_active_implementation() = chosen;
}

}  // namespace
}  // namespace butter::rpc
