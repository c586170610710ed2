// SPDX-License-Identifier: Apache-2.0
#include "butter/evm/sender.hpp"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <map>

#include "butter/base/hex.hpp"
#include "butter/eth/transaction.hpp"
#include "butter/rpc/json_rpc.hpp"

namespace butter::evm {
namespace {

using rpc::Json;
using rpc::JsonArray;
using rpc::JsonObject;

constexpr Address kTarget{{0x01}};
constexpr std::uint64_t kUsed = 100'000;
constexpr std::uint64_t kGasMax = 16'777'216;

/// A node whose estimate is what a call with plenty of gas uses, and whose calls revert with less than
/// `needed`.
class Sending : public testing::Test {
  protected:
    void SetUp() override {
        boost::asio::co_spawn(context_, server_.run(),
                              boost::asio::bind_cancellation_slot(
                                  stop_.slot(), [this](std::exception_ptr) { is_running_ = false; }));
    }
    void TearDown() override {
        stop_.emit(boost::asio::cancellation_type::terminal);
        while (is_running_) context_.run_one();
    }

    Result<TransactionOutcome, SendError> send(TransactionRequest request) {
        std::optional<Result<TransactionOutcome, SendError>> outcome;
        boost::asio::co_spawn(
            context_, sender_.send(std::move(request)),
            [&](std::exception_ptr exception, Result<TransactionOutcome, SendError> result) {
                if (exception) std::rethrow_exception(exception);
                outcome = std::move(result);
            });
        while (!outcome) context_.run_one();
        return *std::move(outcome);
    }

    Result<Json, rpc::RpcFault> answer(const std::string& method, const Json& params) {
        if (method == "eth_estimateGas") return Json(encode_quantity(kUsed));
        if (method == "eth_call") {
            ++calls_;
            if (*rpc::find_quantity(params.at(0), "gas") >= needed_) return Json("0x");
            return std::unexpected(rpc::RpcFault{3, "execution reverted", Json("0xabcd")});
        }
        if (method == "eth_getTransactionCount")
            return Json(encode_quantity(params.at(1).as_string() == "pending" ? pending_ : count_included()));
        if (method == "eth_getBlockByNumber") return Json(JsonObject{{"baseFeePerGas", "0x1"}});
        if (method == "eth_getTransactionReceipt") {
            const auto sent = receipts_.find(std::string(params.at(0).as_string()));
            if (sent == receipts_.end() || sent->second.nonce >= count_included()) return Json(nullptr);
            return Json(sent->second.receipt);
        }
        EXPECT_EQ(method, "eth_sendRawTransaction");
        const auto decoded = eth::decode_transaction(*decode_hex(std::string(params.at(0).as_string())));
        EXPECT_TRUE(decoded.has_value());
        const eth::Transaction& transaction = decoded->transaction;
        gas_limit_ = transaction.gas_limit;
        pool_.insert_or_assign(transaction.nonce, transaction);
        receipts_[encode_hex(decoded->hash)] = {transaction.nonce,
                                                {{"transactionHash", encode_hex(decoded->hash)},
                                                 {"transactionIndex", "0x0"},
                                                 {"blockNumber", "0x1"},
                                                 {"blockHash", encode_hex(Hash32{})},
                                                 {"gasUsed", encode_quantity(kUsed)},
                                                 {"cumulativeGasUsed", encode_quantity(kUsed)},
                                                 {"logsBloom", encode_hex(eth::bloom_of({}))},
                                                 {"status", "0x1"},
                                                 {"type", "0x2"},
                                                 {"logs", JsonArray{}}}};
        return Json(encode_hex(decoded->hash));
    }

    /// Blocks take the transactions whose nonces follow one another.
    std::uint64_t count_included() const {
        std::uint64_t next = included_;
        while (pool_.contains(next)) ++next;
        return next;
    }

    std::uint64_t included_ = 0;  ///< nonces used before
    std::uint64_t pending_ = 0;   ///< what the node says of nonces in use
    std::map<std::uint64_t, eth::Transaction> pool_;
    std::vector<std::string> delays_;
    std::uint64_t needed_ = kUsed;
    std::uint64_t gas_limit_ = 0;  ///< of the transaction that was sent
    int calls_ = 0;

  private:
    struct Receipt {
        std::uint64_t nonce = 0;
        JsonObject receipt;
    };
    std::map<std::string, Receipt> receipts_;
    bool is_running_ = true;
    boost::asio::cancellation_signal stop_;
    boost::asio::io_context context_{1};
    rpc::HttpServer::Handler handler_{rpc::json_rpc_handler(
        [this](std::string method, Json params) -> async::Task<Result<Json, rpc::RpcFault>> {
            co_return answer(method, params);
        })};
    rpc::HttpServer server_{*rpc::HttpServer::listen(
        context_.get_executor(), 0, [this](rpc::HttpRequest request) { return handler_(request); })};
    rpc::EthApi api_{rpc::Endpoints(
        context_.get_executor(), {*rpc::decode_url("http://127.0.0.1:" + std::to_string(server_.port()))})};
    Sender sender_{context_.get_executor(),
                   api_,
                   {.chain_id = ChainId{1},
                    .key = {{0x07}},
                    .caps = {.max_fee_per_gas = Uint256{1'000'000'000'000},
                             .max_priority_fee_per_gas = Uint256{1'000'000'000}},
                    .poll_interval = std::chrono::milliseconds(1),
                    .replace_after = std::chrono::milliseconds(5),
                    .on_delay = [this](const std::string& what) { delays_.push_back(what); }}};
};

TEST_F(Sending, adds_a_margin_to_an_estimate_that_suffices) {
    ASSERT_TRUE(send({.to = kTarget, .data = {}, .value = {}}));
    EXPECT_EQ(gas_limit_, kUsed * 12 / 10);
    EXPECT_EQ(calls_, 1);
}

TEST_F(Sending, gives_more_gas_than_an_estimate_with_which_the_call_reverts) {
    needed_ = 3 * kUsed;
    ASSERT_TRUE(send({.to = kTarget, .data = {}, .value = {}}));
    EXPECT_EQ(gas_limit_, kUsed * 12 / 10 * 4);
    EXPECT_EQ(calls_, 3);
}

TEST_F(Sending, gives_as_much_as_a_transaction_may_have_and_no_more) {
    needed_ = kGasMax;
    ASSERT_TRUE(send({.to = kTarget, .data = {}, .value = {}}));
    EXPECT_EQ(gas_limit_, kGasMax);
}

TEST_F(Sending, sends_nothing_that_reverts_with_the_most_gas_too) {
    needed_ = kGasMax + 1;
    const auto outcome = send({.to = kTarget, .data = {}, .value = {}});
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().kind, SendError::Kind::kWouldRevert);
    EXPECT_EQ(outcome.error().data, (Bytes{0xab, 0xcd}));
    EXPECT_EQ(gas_limit_, 0u);
}

TEST_F(Sending, takes_the_estimate_for_a_creation) {
    needed_ = kGasMax;
    ASSERT_TRUE(send({.to = {}, .data = {0x60}, .value = {}}));
    EXPECT_EQ(gas_limit_, kUsed * 12 / 10);
    EXPECT_EQ(calls_, 0);
}

TEST_F(Sending, fills_the_nonce_that_a_node_counted_too_many) {
    included_ = 5;
    pending_ = 6;
    const auto outcome = send({.to = kTarget, .data = {0x01}, .value = {}});
    ASSERT_TRUE(outcome);
    ASSERT_EQ(pool_.size(), 2u);
    EXPECT_EQ(pool_.at(6).to, kTarget);
    // Nothing to nobody else.
    EXPECT_NE(pool_.at(5).to, kTarget);
    EXPECT_TRUE(pool_.at(5).data.empty());
    EXPECT_EQ(pool_.at(5).value, Uint256{});
    EXPECT_EQ(pool_.at(5).gas_limit, 21'000u);
    ASSERT_GE(delays_.size(), 2u);
    EXPECT_NE(delays_[0].find("nonce 6 is in no block yet"), std::string::npos);
    EXPECT_NE(delays_[1].find("nobody uses nonce 5 of 0x"), std::string::npos);
}

}  // namespace
}  // namespace butter::evm
