// SPDX-License-Identifier: Apache-2.0
#include "butter/eth/header.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "butter/base/hex.hpp"
#include "test/json/vectors.hpp"

namespace butter::eth {
namespace {

Uint256 number_of(const boost::json::value& value) { return from_quantity(test::text_of(value)).value(); }

/// A header from the fields that JSON-RPC has.
Header header_of(const boost::json::object& fields) {
    Header header{.parent_hash = test::hash_of(fields.at("parentHash")),
                  .ommers_hash = test::hash_of(fields.at("sha3Uncles")),
                  .beneficiary = test::fixed_of<20>(fields.at("miner")),
                  .state_root = test::hash_of(fields.at("stateRoot")),
                  .transactions_root = test::hash_of(fields.at("transactionsRoot")),
                  .receipts_root = test::hash_of(fields.at("receiptsRoot")),
                  .bloom = test::fixed_of<256>(fields.at("logsBloom")),
                  .difficulty = number_of(fields.at("difficulty")),
                  .number = BlockNumber{test::u64_of(fields.at("number"))},
                  .gas_limit = test::u64_of(fields.at("gasLimit")),
                  .gas_used = test::u64_of(fields.at("gasUsed")),
                  .timestamp = UnixSeconds{test::u64_of(fields.at("timestamp"))},
                  .extra_data = test::bytes_of(fields.at("extraData")),
                  .mix_hash = test::hash_of(fields.at("mixHash")),
                  .nonce = test::fixed_of<8>(fields.at("nonce"))};
    const auto optional = [&](const char* name) -> const boost::json::value* {
        return fields.if_contains(name);
    };
    if (const auto* value = optional("baseFeePerGas")) header.base_fee = number_of(*value);
    if (const auto* value = optional("withdrawalsRoot")) header.withdrawals_root = test::hash_of(*value);
    if (const auto* value = optional("blobGasUsed")) header.blob_gas_used = test::u64_of(*value);
    if (const auto* value = optional("excessBlobGas")) header.excess_blob_gas = test::u64_of(*value);
    if (const auto* value = optional("parentBeaconBlockRoot")) {
        header.parent_beacon_block_root = test::hash_of(*value);
    }
    if (const auto* value = optional("requestsHash")) header.requests_hash = test::hash_of(*value);
    return header;
}

TEST(header, encodes_headers_of_every_fork) {
    const auto vectors = test::read_vectors("blocks/mainnet_headers_all_forks.json");
    for (const auto& vector : vectors.as_array()) {
        const std::string_view name = test::text_of(vector.at("name"));
        const Header header = header_of(vector.at("header").as_object());
        const Bytes expected = test::bytes_of(vector.at("headerRlp"));
        EXPECT_EQ(encode_header(header), expected) << name;
        EXPECT_EQ(hash_of(header), test::hash_of(vector.at("hash"))) << name;
        const auto decoded = decode_header(expected);
        ASSERT_TRUE(decoded.has_value()) << name << ": " << to_string(decoded.error());
        EXPECT_EQ(*decoded, header) << name;
    }
    EXPECT_EQ(vectors.as_array().size(), 14u);
}

TEST(header, fields_of_a_fork_need_those_of_the_forks_before) {
    Header header;
    EXPECT_TRUE(has_no_gaps(header));
    header.withdrawals_root = Hash32{};
    EXPECT_FALSE(has_no_gaps(header));
    header.base_fee = Uint256{1};
    EXPECT_TRUE(has_no_gaps(header));
    header.blob_gas_used = 0;
    header.excess_blob_gas = 0;
    EXPECT_FALSE(has_no_gaps(header));
    header.parent_beacon_block_root = Hash32{};
    EXPECT_TRUE(has_no_gaps(header));
    header.requests_hash = Hash32{};
    EXPECT_TRUE(has_no_gaps(header));
    header.withdrawals_root.reset();
    EXPECT_FALSE(has_no_gaps(header));
}

TEST(header, hash_tells_changed_roots) {
    const auto vectors = test::read_vectors("blocks/optimism_op-service_headers_good_and_bad.json");
    unsigned good = 0;
    for (const auto& [name, vector] : vectors.as_object()) {
        const auto& data = vector.at("data").as_object();
        const bool is_good = !vector.at("metadata").as_object().contains("fail");
        EXPECT_EQ(hash_of(header_of(data)) == test::hash_of(data.at("hash")), is_good) << name;
        good += is_good ? 1 : 0;
    }
    EXPECT_EQ(good, 2u);
}

TEST(header, decodes_what_nodes_send_raw) {
    for (const std::string directory : {"mainnet-electra-n512", "minimal-electra-n64"}) {
        const auto raw = test::read_vectors("devnet_captures/" + directory + "/el_raw_header.json");
        const auto block = test::read_vectors("devnet_captures/" + directory + "/el_block.json");
        const Header header = decode_header(test::bytes_of(raw)).value();
        EXPECT_EQ(header, header_of(block.as_object()));
        EXPECT_EQ(hash_of(header), test::hash_of(block.at("hash")));
    }
}

Bytes prague_fields() {
    const auto vectors = test::read_vectors("blocks/mainnet_headers_all_forks.json");
    const Bytes encoded = test::bytes_of(vectors.as_array().back().at("headerRlp"));
    return to_bytes(codec::decode_rlp(encoded).value().payload);
}

/// Its items, encoded, to put together anew.
std::vector<Bytes> prague_items() {
    const Bytes fields = prague_fields();
    std::vector<Bytes> out;
    for (codec::RlpReader reader(fields); !reader.is_done();)
        out.push_back(to_bytes(reader.next().value().encoded));
    return out;
}

Result<Header, codec::RlpError> decode_items(const std::vector<Bytes>& items) {
    Bytes fields;
    for (const Bytes& item : items) append(fields, item);
    return decode_header(codec::encode_rlp_list(fields));
}

TEST(header, accepts_the_forks_numbers_of_fields_only) {
    std::vector<Bytes> items = prague_items();
    ASSERT_EQ(items.size(), 21u);
    while (!items.empty()) {
        const auto result = decode_items(items);
        const std::size_t size = items.size();
        const bool is_fork = size == 15 || size == 16 || size == 17 || size == 20 || size == 21;
        EXPECT_EQ(result.has_value(), is_fork) << size;
        if (!result) EXPECT_EQ(result.error(), codec::RlpError::kInputTooShort) << size;
        items.pop_back();
    }
    items = prague_items();
    items.push_back({0x80});
    EXPECT_EQ(decode_items(items).error(), codec::RlpError::kTrailingBytes);
}

TEST(header, refuses_fields_of_wrong_shape) {
    using codec::RlpError;
    const auto error_with = [](std::size_t index, const Bytes& item) {
        std::vector<Bytes> items = prague_items();
        items[index] = item;
        const auto result = decode_items(items);
        return result ? RlpError{} : result.error();
    };
    EXPECT_EQ(error_with(0, codec::encode_rlp_bytes(Bytes(31))), RlpError::kWrongSize);
    EXPECT_EQ(error_with(2, codec::encode_rlp_bytes(Bytes(21))), RlpError::kWrongSize);
    EXPECT_EQ(error_with(6, codec::encode_rlp_bytes(Bytes(255))), RlpError::kWrongSize);
    EXPECT_EQ(error_with(8, {0x00}), RlpError::kLeadingZero);
    EXPECT_EQ(error_with(9, codec::encode_rlp_bytes(Bytes(9, 1))), RlpError::kIntegerTooLarge);
    EXPECT_EQ(error_with(12, codec::encode_rlp_list({})), RlpError::kUnexpectedList);
    EXPECT_EQ(error_with(14, codec::encode_rlp_bytes(Bytes(7, 1))), RlpError::kWrongSize);
    EXPECT_EQ(decode_header(Bytes{0x80}).error(), RlpError::kUnexpectedString);
}

TEST(header, accepts_only_what_it_would_write) {
    const Bytes good = codec::encode_rlp_list(prague_fields());
    EXPECT_TRUE(rc::check([&] {
        Bytes bytes = good;
        bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] = *rc::gen::arbitrary<std::uint8_t>();
        if (const auto header = decode_header(bytes)) RC_ASSERT(encode_header(*header) == bytes);
    }));
}

}  // namespace
}  // namespace butter::eth
