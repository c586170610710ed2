// SPDX-License-Identifier: Apache-2.0
#include "butter/rpc/eth_api.hpp"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <optional>

#include "butter/rpc/json_rpc.hpp"

namespace butter::rpc {
namespace {

constexpr BlockNumber kBlock{16};

Hash32 hash_of(std::uint8_t index) {
    Hash32 out;
    out.bytes.fill(0xa0);
    out.bytes[31] = index;
    return out;
}

/// A receipt with one log more than its index.
Json make_receipt(std::uint8_t index) {
    const JsonObject place{{"transactionHash", encode_hex(hash_of(index))},
                           {"transactionIndex", "0x" + std::to_string(index)},
                           {"blockNumber", "0x10"},
                           {"blockHash", encode_hex(hash_of(99))}};
    JsonArray logs;
    for (std::uint8_t i = 0; i <= index; ++i) {
        JsonObject log = place;
        log["address"] = encode_hex(Bytes(20, index));
        log["topics"] = JsonArray{encode_hex(hash_of(i))};
        log["data"] = "0x01";
        log["logIndex"] = "0x" + std::to_string(i);
        logs.push_back(log);
    }
    JsonObject receipt = place;
    receipt["type"] = "0x2";
    receipt["status"] = "0x1";
    receipt["gasUsed"] = "0x5208";
    receipt["cumulativeGasUsed"] = "0x5208";
    receipt["contractAddress"] = nullptr;
    receipt["logsBloom"] = encode_hex(Bytes(256));
    receipt["logs"] = logs;
    return receipt;
}

/// A node with a block of three transactions, whose methods a test may take away or replace.
class EthApiTest : public testing::Test {
  protected:
    using Answer = Result<Json, RpcFault>;

    EthApiTest()
        : server_(*HttpServer::listen(context_.get_executor(), 0,
                                      json_rpc_handler([this](std::string method, Json params) {
                                          return this->answer(std::move(method), std::move(params));
                                      }))) {
        boost::asio::co_spawn(context_, server_.run(),
                              boost::asio::bind_cancellation_slot(stop_.slot(), [](std::exception_ptr) {}));
        methods_["eth_getBlockReceipts"] = [](const Json&) {
            return Answer(JsonArray{make_receipt(0), make_receipt(1), make_receipt(2)});
        };
        methods_["eth_getBlockByNumber"] = [](const Json&) {
            return Answer(
                JsonObject{{"transactions", JsonArray{encode_hex(hash_of(0)), encode_hex(hash_of(1)),
                                                      encode_hex(hash_of(2))}}});
        };
        methods_["eth_getTransactionReceipt"] = [](const Json& params) -> Answer {
            for (std::uint8_t i = 0; i < 3; ++i)
                if (params.as_array()[0] == Json(encode_hex(hash_of(i)))) return make_receipt(i);
            return Json(nullptr);
        };
    }

    Result<std::vector<PlacedReceipt>, RpcError> fetch_receipts() {
        std::optional<Result<std::vector<PlacedReceipt>, RpcError>> out;
        boost::asio::co_spawn(context_, api_.fetch_block_receipts(kBlock),
                              [&](std::exception_ptr, Result<std::vector<PlacedReceipt>, RpcError> result) {
                                  out = std::move(result);
                                  stop_.emit(boost::asio::cancellation_type::terminal);
                              });
        while (!out) context_.run_one();
        return *std::move(out);
    }

    std::map<std::string, std::function<Answer(const Json& params)>> methods_;
    std::map<std::string, int> asked_;

  private:
    async::Task<Answer> answer(std::string method, Json params) {
        ++asked_[method];
        const auto found = methods_.find(method);
        if (found == methods_.end())
            co_return std::unexpected(RpcFault{.code = -32601, .message = "method not found", .data = {}});
        co_return found->second(params);
    }

    boost::asio::io_context context_{1};
    boost::asio::cancellation_signal stop_;
    HttpServer server_;
    EthApi api_{Endpoints(context_.get_executor(),
                          {*decode_url("http://127.0.0.1:" + std::to_string(server_.port()))})};
};

/// A header that no fork has cannot be hashed.
TEST(eth_api, refuses_a_header_with_gaps) {
    const std::string zero = encode_hex(Hash32{});
    JsonObject block{{"hash", zero},         {"parentHash", zero},
                     {"sha3Uncles", zero},   {"miner", encode_hex(Bytes(20))},
                     {"stateRoot", zero},    {"transactionsRoot", zero},
                     {"receiptsRoot", zero}, {"logsBloom", encode_hex(Bytes(256))},
                     {"difficulty", "0x0"},  {"number", "0x1"},
                     {"gasLimit", "0x1"},    {"gasUsed", "0x1"},
                     {"timestamp", "0x1"},   {"extraData", "0x"},
                     {"mixHash", zero},      {"nonce", "0x0000000000000000"}};
    EXPECT_TRUE(decode_block_header(block).has_value());
    block["withdrawalsRoot"] = zero;
    EXPECT_FALSE(decode_block_header(block).has_value());
    block["baseFeePerGas"] = "0x7";
    const auto header = decode_block_header(block);
    ASSERT_TRUE(header.has_value());
    EXPECT_EQ(eth::decode_header(eth::encode_header(header->header)).value(), header->header);
}

TEST_F(EthApiTest, takes_a_blocks_receipts_in_one_answer) {
    const auto receipts = fetch_receipts();
    ASSERT_TRUE(receipts.has_value()) << receipts.error().text;
    EXPECT_EQ(receipts->size(), 3u);
    EXPECT_FALSE(asked_.contains("eth_getTransactionReceipt"));
}

TEST_F(EthApiTest, asks_a_node_without_that_method_for_each_receipt) {
    methods_.erase("eth_getBlockReceipts");
    const auto receipts = fetch_receipts();
    ASSERT_TRUE(receipts.has_value()) << receipts.error().text;
    ASSERT_EQ(receipts->size(), 3u);
    for (std::uint8_t i = 0; i < 3; ++i) EXPECT_EQ((*receipts)[i], decode_placed_receipt(make_receipt(i)));
    EXPECT_EQ(asked_["eth_getBlockReceipts"], 1);
    EXPECT_EQ(asked_["eth_getTransactionReceipt"], 3);
}

TEST_F(EthApiTest, asks_for_each_receipt_where_the_whole_is_null) {
    methods_["eth_getBlockReceipts"] = [](const Json&) { return Answer(Json(nullptr)); };
    const auto receipts = fetch_receipts();
    ASSERT_TRUE(receipts.has_value()) << receipts.error().text;
    ASSERT_EQ(receipts->size(), 3u);
    EXPECT_EQ((*receipts)[2].transaction_hash, hash_of(2));
}

TEST_F(EthApiTest, takes_an_empty_block_from_such_a_node) {
    methods_.erase("eth_getBlockReceipts");
    methods_["eth_getBlockByNumber"] = [](const Json&) {
        return Answer(JsonObject{{"transactions", JsonArray{}}});
    };
    const auto receipts = fetch_receipts();
    ASSERT_TRUE(receipts.has_value()) << receipts.error().text;
    EXPECT_TRUE(receipts->empty());
}

TEST_F(EthApiTest, refuses_a_block_of_which_a_receipt_is_missing) {
    methods_.erase("eth_getBlockReceipts");
    methods_["eth_getTransactionReceipt"] = [](const Json& params) -> Answer {
        if (params.as_array()[0] == Json(encode_hex(hash_of(1)))) return Json(nullptr);
        return make_receipt(0);
    };
    const auto receipts = fetch_receipts();
    ASSERT_FALSE(receipts.has_value());
    EXPECT_EQ(receipts.error().kind, RpcError::Kind::kMalformed);
}

TEST_F(EthApiTest, refuses_receipts_in_another_order) {
    methods_.erase("eth_getBlockReceipts");
    methods_["eth_getTransactionReceipt"] = [](const Json& params) -> Answer {
        return make_receipt(params.as_array()[0] == Json(encode_hex(hash_of(0))) ? 1 : 0);
    };
    const auto swapped = fetch_receipts();
    ASSERT_FALSE(swapped.has_value());
    EXPECT_EQ(swapped.error().kind, RpcError::Kind::kMalformed);
}

TEST_F(EthApiTest, refuses_a_list_of_something_else_without_asking_again) {
    methods_["eth_getBlockReceipts"] = [](const Json&) { return Answer(JsonArray{1, 2, 3}); };
    const auto receipts = fetch_receipts();
    ASSERT_FALSE(receipts.has_value());
    EXPECT_EQ(receipts.error().kind, RpcError::Kind::kMalformed);
    EXPECT_FALSE(asked_.contains("eth_getTransactionReceipt"));
}

TEST_F(EthApiTest, says_what_a_node_without_the_block_says) {
    methods_.erase("eth_getBlockReceipts");
    methods_["eth_getBlockByNumber"] = [](const Json&) { return Answer(Json(nullptr)); };
    const auto receipts = fetch_receipts();
    ASSERT_FALSE(receipts.has_value());
    EXPECT_EQ(receipts.error().kind, RpcError::Kind::kMalformed);
    EXPECT_NE(receipts.error().text.find("a block with transactions"), std::string::npos);
}

}  // namespace
}  // namespace butter::rpc
