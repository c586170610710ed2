// SPDX-License-Identifier: Apache-2.0
#include "butter/eth/receipt.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "butter/base/hex.hpp"
#include "butter/eth/header.hpp"
#include "butter/trie/trie.hpp"
#include "test/json/vectors.hpp"

namespace butter::eth {
namespace {

/// Reads a receipt, writes it again and recomputes its bloom.
Receipt check_receipt(const Bytes& encoded) {
    const auto receipt = decode_receipt(encoded);
    EXPECT_TRUE(receipt.has_value());
    if (!receipt) return {};
    EXPECT_EQ(encode_receipt(*receipt), encoded);
    EXPECT_EQ(bloom_of(receipt->logs), receipt->bloom);
    return *receipt;
}

TEST(receipt, reads_receipts_of_real_blocks) {
    const auto blocks = test::read_vectors("blocks/mainnet_blocks_full.json");
    std::size_t logs = 0;
    for (const auto& block : blocks.as_array()) {
        Bloom bloom;
        std::uint64_t gas = 0;
        for (const auto& encoded : block.at("receipts").as_array()) {
            const Receipt receipt = check_receipt(test::bytes_of(encoded));
            logs += receipt.logs.size();
            gas = receipt.cumulative_gas_used;
            for (std::size_t i = 0; i < bloom.size(); ++i) bloom[i] |= receipt.bloom[i];
        }
        const Header header = decode_header(test::bytes_of(block.at("headerRlp"))).value();
        EXPECT_EQ(bloom, header.bloom);
        EXPECT_EQ(gas, header.gas_used);
    }
    EXPECT_GT(logs, 10u);
}

TEST(receipt, writes_receipts_that_json_tells_and_has_their_root) {
    const auto receipts = test::read_vectors("e2e/mainnet_deneb_receipts_11069311/receipts.json");
    std::vector<Bytes> encoded;
    for (const auto& json : receipts.as_array()) {
        Receipt receipt{.type = static_cast<EnvelopeType>(test::u64_of(json.at("type"))),
                        .is_success = test::u64_of(json.at("status")) == 1,
                        .post_state = std::nullopt,
                        .cumulative_gas_used = test::u64_of(json.at("cumulativeGasUsed")),
                        .bloom = test::fixed_of<256>(json.at("logsBloom")),
                        .logs = {}};
        for (const auto& log_json : json.at("logs").as_array()) {
            Log log{test::fixed_of<20>(log_json.at("address")), {}, test::bytes_of(log_json.at("data"))};
            for (const auto& topic : log_json.at("topics").as_array())
                log.topics.push_back(test::hash_of(topic));
            receipt.logs.push_back(std::move(log));
        }
        EXPECT_EQ(bloom_of(receipt.logs), receipt.bloom);
        encoded.push_back(encode_receipt(receipt));
        EXPECT_EQ(decode_receipt(encoded.back()).value(), receipt);
    }
    const auto expected = test::read_vectors("e2e/mainnet_deneb_receipts_11069311/expected.json");
    EXPECT_EQ(trie::make_list_trie(encoded).root(), test::hash_of(expected.at("receiptsRoot")));
}

TEST(receipt, finds_the_logs_of_event_proofs) {
    const auto vectors = test::read_vectors("blocks/goerli_receipt_event_proofs.json");
    for (const auto& vector : vectors.as_array()) {
        const Receipt receipt = check_receipt(test::bytes_of(vector.at("receipt")));
        EXPECT_EQ(static_cast<std::uint64_t>(receipt.type), test::u64_of(vector.at("receiptType")));
        const Log& log = receipt.logs.at(test::u64_of(vector.at("logIndex")));
        const bool emitter_ok = log.address == test::fixed_of<20>(vector.at("expectedEmitter"));
        EXPECT_EQ(emitter_ok, vector.at("emitterOk").as_bool());
        for (std::size_t i = 0; i < log.topics.size(); ++i) {
            EXPECT_EQ(log.topics[i], test::hash_of(vector.at("topics").at(i)));
        }
    }
    const auto map = test::read_vectors("map/receipt_proofs.json");
    for (const auto& vector : map.as_array()) {
        check_receipt(test::bytes_of(vector.at("receiptProof").at("receipt")));
    }
}

Receipt example() {
    Receipt receipt{.type = EnvelopeType::kDynamicFee,
                    .is_success = true,
                    .post_state = std::nullopt,
                    .cumulative_gas_used = 21000,
                    .bloom = {},
                    .logs = {{hex_fixed<20>("0x1111111111111111111111111111111111111111"),
                              std::vector<Hash32>(kTopicsMax),
                              {1, 2, 3}}}};
    receipt.bloom = bloom_of(receipt.logs);
    return receipt;
}

ReceiptError error_of(const Bytes& encoded) {
    const auto result = decode_receipt(encoded);
    return result ? ReceiptError{} : result.error();
}

TEST(receipt, keeps_the_state_root_of_old_receipts) {
    Receipt receipt = example();
    receipt.type = EnvelopeType::kLegacy;
    receipt.is_success = false;
    receipt.post_state = Hash32{{7}};
    EXPECT_EQ(decode_receipt(encode_receipt(receipt)).value(), receipt);
}

TEST(receipt, refuses_what_is_no_receipt) {
    const Bytes good = encode_receipt(example());
    EXPECT_EQ(error_of({}), ReceiptError::kEmpty);
    Bytes bad = good;
    bad[0] = 5;
    EXPECT_EQ(error_of(bad), ReceiptError::kUnknownType);
    bad[0] = 0;
    EXPECT_EQ(error_of(bad), ReceiptError::kUnknownType);
    bad = good;
    bad.push_back(0);
    EXPECT_EQ(error_of(bad), ReceiptError::kRlp);
    bad = good;
    bad.pop_back();
    EXPECT_EQ(error_of(bad), ReceiptError::kRlp);
    bad = good;
    ASSERT_EQ(bad[4], 0x01);  // type, list prefix of 3 bytes, status
    bad[4] = 0x02;
    EXPECT_EQ(error_of(bad), ReceiptError::kBadStatus);
    bad[4] = 0x00;
    EXPECT_EQ(error_of(bad), ReceiptError::kBadStatus);
    Receipt many = example();
    many.logs[0].topics.emplace_back();
    EXPECT_EQ(error_of(encode_receipt(many)), ReceiptError::kTooManyTopics);
}

TEST(receipt, every_error_has_a_text) {
    for (int i = 1; i <= 5; ++i) EXPECT_NE(to_string(static_cast<ReceiptError>(i)), "unknown receipt error");
}

TEST(receipt, accepts_only_what_it_would_write) {
    const Bytes good = encode_receipt(example());
    EXPECT_TRUE(rc::check([&] {
        Bytes bytes = good;
        bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] = *rc::gen::arbitrary<std::uint8_t>();
        if (const auto receipt = decode_receipt(bytes)) RC_ASSERT(encode_receipt(*receipt) == bytes);
    }));
}

}  // namespace
}  // namespace butter::eth
