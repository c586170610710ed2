// SPDX-License-Identifier: Apache-2.0
#include "butter/evm/sender.hpp"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <map>

#include "butter/base/hex.hpp"
#include "butter/crypto/keccak.hpp"
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
    /// `with_stale`: another endpoint, which takes transactions and passes nothing on, is asked first.
    explicit Sending(bool with_stale = false) : with_stale_(with_stale) {}
    void SetUp() override {
        boost::asio::co_spawn(context_, server_.run(),
                              boost::asio::bind_cancellation_slot(
                                  stop_.slot(), [this](std::exception_ptr) { is_running_ = false; }));
        boost::asio::co_spawn(
            context_, stale_.run(),
            boost::asio::bind_cancellation_slot(stop_stale_.slot(),
                                                [this](std::exception_ptr) { is_stale_running_ = false; }));
    }
    void TearDown() override {
        stop_.emit(boost::asio::cancellation_type::terminal);
        stop_stale_.emit(boost::asio::cancellation_type::terminal);
        while (is_running_ || is_stale_running_) context_.run_one();
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
        if (method == "eth_estimateGas") {
            if (estimate_error_) return std::unexpected(*estimate_error_);
            return Json(encode_quantity(estimate_));
        }
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
        if (counts_sent_) pending_ = std::max(pending_, transaction.nonce + 1);
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
    bool counts_sent_ = false;    ///< in `pending_`
    std::uint64_t estimate_ = kUsed;
    std::optional<rpc::RpcFault> estimate_error_;
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
    Result<Json, rpc::RpcFault> answer_stale(const std::string& method, const Json& params) {
        if (method == "eth_sendRawTransaction") {
            const Bytes raw = *decode_hex(std::string(params.at(0).as_string()));
            return Json(encode_hex(crypto::keccak256(raw)));
        }
        if (method == "eth_getTransactionReceipt") return Json(nullptr);
        if (method == "eth_getTransactionCount") return Json("0x0");
        return answer(method, params);
    }

    bool with_stale_;
    bool is_running_ = true;
    bool is_stale_running_ = true;
    boost::asio::cancellation_signal stop_;
    boost::asio::cancellation_signal stop_stale_;
    boost::asio::io_context context_{1};
    rpc::HttpServer::Handler handler_{rpc::json_rpc_handler(
        [this](std::string method, Json params) -> async::Task<Result<Json, rpc::RpcFault>> {
            co_return answer(method, params);
        })};
    rpc::HttpServer server_{*rpc::HttpServer::listen(
        context_.get_executor(), 0, [this](rpc::HttpRequest request) { return handler_(request); })};
    rpc::HttpServer::Handler stale_handler_{rpc::json_rpc_handler(
        [this](std::string method, Json params) -> async::Task<Result<Json, rpc::RpcFault>> {
            co_return answer_stale(method, params);
        })};
    rpc::HttpServer stale_{*rpc::HttpServer::listen(
        context_.get_executor(), 0, [this](rpc::HttpRequest request) { return stale_handler_(request); })};
    static rpc::Url url_of(const rpc::HttpServer& server) {
        return *rpc::decode_url("http://127.0.0.1:" + std::to_string(server.port()));
    }
    rpc::EthApi api_{
        rpc::Endpoints(context_.get_executor(), with_stale_ ? std::vector{url_of(stale_), url_of(server_)}
                                                            : std::vector{url_of(server_)})};
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

TEST_F(Sending, takes_the_place_of_a_transaction_of_before_that_holds_it_up) {
    included_ = 5;
    pending_ = 6;
    counts_sent_ = true;
    const auto outcome = send({.to = kTarget, .data = {0x01}, .value = {}});
    ASSERT_TRUE(outcome);
    EXPECT_EQ(pool_.at(6).to, kTarget);
    EXPECT_TRUE(pool_.at(5).data.empty());
    EXPECT_GE(pool_.at(5).max_fee_per_gas, Uint256{1'000'000'002});
    ASSERT_GE(delays_.size(), 2u);
    EXPECT_NE(delays_[1].find("a transaction of before holds up nonce 5 of 0x"), std::string::npos);
}

TEST_F(Sending, tells_what_a_node_cannot_do_now_from_what_would_revert) {
    const auto kind = [&](rpc::RpcFault fault) {
        estimate_error_ = std::move(fault);
        return send({.to = kTarget, .data = {}, .value = {}}).error().kind;
    };
    EXPECT_EQ(kind({-32005, "too much", {}}), SendError::Kind::kRpc);
    EXPECT_EQ(kind({-32000, "header not found", {}}), SendError::Kind::kRpc);
    EXPECT_EQ(kind({3, "execution reverted: timeout", {}}), SendError::Kind::kWouldRevert);
    EXPECT_EQ(kind({-32000, "gas required exceeds allowance", {}}), SendError::Kind::kWouldRevert);
}

TEST_F(Sending, believes_no_estimate_beyond_any_block) {
    estimate_ = ~std::uint64_t{0} / 2;
    const auto outcome = send({.to = kTarget, .data = {}, .value = {}});
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().kind, SendError::Kind::kRpc);
}

class SendingToStale : public Sending {
  protected:
    SendingToStale() : Sending(true) {}
};

TEST_F(SendingToStale, sends_to_another_endpoint_what_stays_out_of_blocks) {
    ASSERT_TRUE(send({.to = kTarget, .data = {0x01}, .value = {}}));
    EXPECT_EQ(pool_.at(0).to, kTarget);
}

}  // namespace
}  // namespace butter::evm
