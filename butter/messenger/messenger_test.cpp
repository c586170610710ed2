// SPDX-License-Identifier: Apache-2.0
#include "butter/messenger/messenger.hpp"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <sstream>

#include "butter/base/hex.hpp"
#include "butter/codec/abi.hpp"
#include "butter/eth/transaction.hpp"
#include "butter/message/delivery.hpp"
#include "butter/rpc/json_rpc.hpp"
#include "butter/service/calls.hpp"
#include "butter/service/events.hpp"

/// The messenger against two nodes in memory: what it sends when chains are slow, refuse or take blocks back.
/// The light clients are not the matter here and accept everything.
namespace butter::messenger {
namespace {

using codec::AbiValue;
using rpc::Json;
using rpc::JsonArray;
using rpc::JsonObject;

constexpr ChainId kRelay{213};
constexpr ChainId kOuter{31337};
constexpr ChainId kOrigin{5};
constexpr Address kRelayService{{0x01}};
constexpr Address kOuterService{{0x02}};
constexpr crypto::PrivateKey kKey{{0x07}};

struct Transaction {
    Hash32 hash;
    std::uint64_t block = 0;
    bool is_success = true;
    std::vector<eth::Log> logs;
};

/// A node whose blocks are what the test and the messenger's transactions make them.
class Node {
  public:
    /// `with_liar`: another endpoint, which hides all logs, is asked first.
    Node(boost::asio::io_context& context, ChainId id, bool with_liar = false)
        : id_(id),
          handler_(rpc::json_rpc_handler(
              [this](std::string method, Json params) -> async::Task<Result<Json, rpc::RpcFault>> {
                  co_return answer(method, params);
              })),
          server_(*rpc::HttpServer::listen(context.get_executor(), 0,
                                           [this](rpc::HttpRequest request) { return handler_(request); })),
          liar_handler_(rpc::json_rpc_handler(
              [this](std::string method, Json params) -> async::Task<Result<Json, rpc::RpcFault>> {
                  if (method == "eth_getLogs") co_return JsonArray();
                  co_return answer(method, params);
              })),
          liar_(
              *rpc::HttpServer::listen(context.get_executor(), 0,
                                       [this](rpc::HttpRequest request) { return liar_handler_(request); })),
          api(rpc::Endpoints(context.get_executor(), with_liar ? std::vector{url_of(liar_), url_of(server_)}
                                                               : std::vector{url_of(server_)})),
          sender(context.get_executor(), api,
                 {.chain_id = id,
                  .key = kKey,
                  .caps = {.max_fee_per_gas = Uint256{1'000'000'000'000},
                           .max_priority_fee_per_gas = Uint256{1'000'000'000}},
                  .poll_interval = std::chrono::milliseconds(1)}) {
        boost::asio::co_spawn(
            context, server_.run(),
            boost::asio::bind_cancellation_slot(stop_.slot(), [this](std::exception_ptr) { --running; }));
        boost::asio::co_spawn(context, liar_.run(),
                              boost::asio::bind_cancellation_slot(stop_liar_.slot(),
                                                                  [this](std::exception_ptr) { --running; }));
    }
    void stop() {
        stop_.emit(boost::asio::cancellation_type::terminal);
        stop_liar_.emit(boost::asio::cancellation_type::terminal);
    }

    void mine(std::vector<eth::Log> logs) {
        ++head;
        ++transactions_made_;
        Hash32 hash;
        hash[0] = static_cast<std::uint8_t>(id_.value);
        hash[31] = static_cast<std::uint8_t>(transactions_made_);
        transactions.push_back({hash, head, true, std::move(logs)});
    }

    std::uint64_t head = 0;
    std::vector<Transaction> transactions;
    /// What a transaction with this call data does: its logs, or absent when it reverts although the estimate
    /// did not.
    std::function<std::optional<std::vector<eth::Log>>(const Bytes&)> execute;
    std::function<Bytes(const Bytes&)> view;
    std::size_t sent = 0;  ///< transactions taken
    std::uint64_t log_blocks_max = 10'000;
    int running = 2;  ///< servers

  private:
    static rpc::Url url_of(const rpc::HttpServer& server) {
        return *rpc::decode_url("http://127.0.0.1:" + std::to_string(server.port()));
    }
    static Json text(const std::string& value) { return boost::json::string(value); }
    static Json block_hash(std::uint64_t block) {
        Hash32 hash;
        hash[31] = static_cast<std::uint8_t>(block);
        return text(encode_hex(hash));
    }

    Json to_json(const eth::Log& log, const Transaction& transaction, std::size_t index) const {
        JsonArray topics;
        for (const Hash32& topic : log.topics) topics.push_back(text(encode_hex(topic)));
        return JsonObject{{"address", encode_hex(log.address)},
                          {"topics", topics},
                          {"data", encode_hex(log.data)},
                          {"blockNumber", encode_quantity(transaction.block)},
                          {"blockHash", block_hash(transaction.block)},
                          {"transactionHash", encode_hex(transaction.hash)},
                          {"transactionIndex", "0x0"},
                          {"logIndex", encode_quantity(index)}};
    }

    Json logs_between(std::uint64_t from, std::uint64_t to) const {
        JsonArray out;
        for (const Transaction& transaction : transactions) {
            if (transaction.block < from || transaction.block > to) continue;
            for (std::size_t i = 0; i < transaction.logs.size(); ++i)
                out.push_back(to_json(transaction.logs[i], transaction, i));
        }
        return out;
    }

    Json receipt(const Hash32& hash) const {
        for (const Transaction& transaction : transactions) {
            if (transaction.hash != hash) continue;
            return JsonObject{{"transactionHash", encode_hex(hash)},
                              {"transactionIndex", "0x0"},
                              {"blockNumber", encode_quantity(transaction.block)},
                              {"blockHash", block_hash(transaction.block)},
                              {"gasUsed", "0x5208"},
                              {"cumulativeGasUsed", "0x5208"},
                              {"logsBloom", encode_hex(eth::bloom_of(transaction.logs))},
                              {"status", transaction.is_success ? "0x1" : "0x0"},
                              {"type", "0x2"},
                              {"logs", logs_between(transaction.block, transaction.block)}};
        }
        return nullptr;
    }

    Result<Json, rpc::RpcFault> answer(const std::string& method, const Json& params) {
        if (method == "eth_blockNumber") return text(encode_quantity(head));
        if (method == "eth_getLogs") {
            const std::uint64_t from = *rpc::find_quantity(params.at(0), "fromBlock");
            const std::uint64_t to = *rpc::find_quantity(params.at(0), "toBlock");
            if (to - from >= log_blocks_max)
                return std::unexpected(rpc::RpcFault{.message = "range too wide", .data = nullptr});
            return logs_between(from, to);
        }
        if (method == "eth_call") {
            // Only the sender limits the gas of a call, to try a transaction before it is sent.
            if (rpc::find_quantity(params.at(0), "gas")) return Json("0x");
            return text(encode_hex(view(*rpc::find_bytes(params.at(0), "data"))));
        }
        if (method == "eth_estimateGas") return "0x5208";
        if (method == "eth_getTransactionCount") return text(encode_quantity(sent));
        if (method == "eth_getBlockByNumber") return JsonObject{{"baseFeePerGas", "0x1"}};
        if (method == "eth_getTransactionReceipt")
            return receipt(*decode_hex_fixed<32>(std::string(params.at(0).as_string())));
        EXPECT_EQ(method, "eth_sendRawTransaction");
        const Bytes raw = *decode_hex(std::string(params.at(0).as_string()));
        const auto decoded = eth::decode_transaction(raw);
        ++sent;
        ++head;
        const auto logs = execute(decoded->transaction.data);
        transactions.push_back(
            {decoded->hash, head, logs.has_value(), logs.value_or(std::vector<eth::Log>())});
        return text(encode_hex(decoded->hash));
    }

    ChainId id_;
    std::size_t transactions_made_ = 0;
    boost::asio::cancellation_signal stop_;
    rpc::HttpServer::Handler handler_;
    rpc::HttpServer server_;
    boost::asio::cancellation_signal stop_liar_;
    rpc::HttpServer::Handler liar_handler_;
    rpc::HttpServer liar_;

  public:
    rpc::EthApi api;
    evm::Sender sender;
};

/// Says what is final as the test wants it; its proofs are empty.
class Source final : public chain::Source {
  public:
    BlockNumber final_block;
    /// Blocks in which consensus shows that no log is what was announced.
    std::set<BlockNumber> refuted;
    /// The client's states under which it proves; any, when absent.
    std::optional<Bytes> provable_state;
    std::string held_up_by;

    std::string hold_up() const override { return held_up_by; }
    async::Task<Result<BlockNumber, chain::SourceError>> fetch_final_block() override {
        co_return final_block;
    }
    async::Task<Result<chain::Proof, chain::SourceError>> fetch_proof(
        std::vector<chain::LogPosition> positions, Bytes client_state) override {
        if (refuted.contains(positions.front().block))
            co_return std::unexpected(chain::SourceError{chain::SourceError::Kind::kRefuted, "another log"});
        if (provable_state && client_state != *provable_state)
            co_return std::unexpected(chain::SourceError{chain::SourceError::Kind::kOutdated, "too old"});
        co_return chain::Proof{
            .bytes = {static_cast<std::uint8_t>(positions.size())}, .logs = {}, .report = {"accepted", 0}};
    }
    async::Task<Result<chain::Proof, chain::SourceError>> fetch_past_proof(
        std::vector<chain::LogPosition>, std::vector<Bytes> states) override {
        for (const Bytes& state : states) {
            if (state == provable_state)
                co_return chain::Proof{.bytes = {2}, .logs = {}, .report = {"in the past", 0}};
        }
        co_return std::unexpected(chain::SourceError{chain::SourceError::Kind::kOutdated, "too old"});
    }
    async::Task<Result<std::vector<chain::Update>, chain::SourceError>> fetch_updates(Bytes) override {
        co_return std::vector<chain::Update>();
    }
    async::Task<Result<Bytes, chain::SourceError>> fetch_client_initializer(Address) override {
        co_return Bytes();
    }
    Result<chain::Proof, chain::SourceError> verify_proof(BytesView, BytesView) const override {
        return chain::Proof{};
    }
    async::Task<Result<chain::CheckpointProof, chain::SourceError>> fetch_checkpoint_proof(
        std::vector<chain::LogPosition>) override {
        co_return chain::CheckpointProof{};
    }
    Result<chain::Proof, chain::SourceError> verify_checkpoint_proof(
        const chain::CheckpointProof&) const override {
        return chain::Proof{};
    }
};

Bytes word(std::uint64_t value) { return to_bytes(to_big_endian(Uint256{value})); }
Hash32 topic(ChainId id) { return to_big_endian(Uint256{id.value}); }

/// One relay chain and one other, with a message in the outbox towards it.
class Lane : public testing::Test {
  protected:
    explicit Lane(bool with_liar = false) : with_liar_(with_liar) {}
    void SetUp() override {
        order_id_ = add_message();
        relay_.view = [](const Bytes&) { return word(1); };
        relay_.execute = [this](const Bytes& data) { return publish(data); };
        outer_.view = [this](const Bytes& data) { return view_of_outer(data); };
        outer_.execute = [this](const Bytes& data) { return deliver(data); };
        relay_source_.final_block = BlockNumber{relay_.head};

        store_ = std::make_unique<HopStore>(*HopStore::open(":memory:"));
        messenger_ = std::make_unique<Messenger>(
            *store_, chain_of("R", kRelay, relay_source_, relay_, kRelayService),
            std::vector<Chain>{chain_of("B", kOuter, outer_source_, outer_, kOuterService)},
            Options{.poll_interval = std::chrono::milliseconds(1), .batch_messages_max = 10, .now = [this] {
                        return UnixMillis{now_ms_ += 10'000};
                    }});
        boost::asio::co_spawn(context_, messenger_->run(),
                              boost::asio::bind_cancellation_slot(
                                  stop_.slot(), [this](std::exception_ptr) { is_running_ = false; }));
    }
    void TearDown() override {
        stop_.emit(boost::asio::cancellation_type::terminal);
        run_until([&] { return !is_running_; });
        relay_.stop();
        outer_.stop();
        run_until([&] { return relay_.running == 0 && outer_.running == 0; });
    }

    /// Runs until `condition` holds; a test whose condition never does is ended by its time limit.
    void run_until(const std::function<bool()>& condition) {
        while (!condition()) context_.run_one();
    }
    HopProgress progress() {
        const auto hop = *store_->find_hop({kRelay, kOuter, order_id_});
        return hop ? hop->progress : HopProgress{};
    }
    bool is_there(const Hash32& order_id) {
        return (*store_->find_hop({kRelay, kOuter, order_id})).has_value();
    }
    void wait_ms(std::int64_t duration) {
        const std::int64_t started = now_ms_;
        run_until([&] { return now_ms_ > started + duration; });
    }

    /// Another message in the outbox, and a block of the relay chain with its log.
    Hash32 add_message() {
        message::Message message;
        message.from_chain = kOrigin;
        message.to_chain = kOuter;
        message.nonce = messages_.size();
        message.gas_limit = 100'000;
        message.service = {{0x09}};
        message.sender = Bytes(20, 1);
        message.target = Bytes(20, 2);
        messages_.push_back(message::encode_message(message));
        const Hash32 id = message::order_id(messages_.back());
        relay_.mine({relay_log(messages_.size() - 1, messages_.back())});
        relay_source_.final_block = BlockNumber{relay_.head};
        outbox_.append(id);
        return id;
    }
    static eth::Log relay_log(std::uint64_t index, const Bytes& message) {
        const Hash32 id = message::order_id(message);
        return {.address = kRelayService,
                .topics = {service::message_relay_topic(), id, topic(kOuter), id},
                .data = codec::encode_abi({AbiValue::number(index), AbiValue::bytes(message)})};
    }

    std::optional<std::vector<eth::Log>> publish(const Bytes& data) {
        EXPECT_EQ(data, service::encode_publish_root(kOuter));
        if (publications_to_revert_ != 0) {
            --publications_to_revert_;
            return std::nullopt;
        }
        return std::vector<eth::Log>{
            {.address = kRelayService,
             .topics = {service::outbox_root_topic(), topic(kOuter)},
             .data = codec::encode_abi({AbiValue::number(outbox_.count()), AbiValue::word(outbox_.root())})}};
    }
    std::optional<std::vector<eth::Log>> deliver(const Bytes& data) {
        const auto call = service::decode_transfer_in(data);
        EXPECT_TRUE(call.has_value());
        const auto delivery = message::decode_delivery(call->delivery);
        EXPECT_TRUE(delivery.has_value());
        std::vector<eth::Log> logs;
        for (const message::DeliveredMessage& delivered : delivery->messages) {
            delivered_.insert(delivered.index);
            logs.push_back(message_in(message::order_id(delivered.encoded), true));
        }
        return logs;
    }
    static eth::Log message_in(const Hash32& order_id, bool is_success) {
        return {.address = kOuterService,
                .topics = {service::message_in_topic(), order_id, topic(kOrigin), topic(kOuter)},
                .data = codec::encode_abi({AbiValue::bytes(Bytes(20, 1)),
                                           AbiValue::bytes(is_success ? Bytes{} : Bytes{1}),
                                           AbiValue::boolean(is_success), AbiValue::bytes({})})};
    }
    Bytes view_of_outer(const Bytes& data) {
        for (std::uint64_t index = 0; index < messages_.size(); ++index) {
            if (data == service::encode_is_delivered(index)) return word(delivered_.contains(index) ? 1 : 0);
            if (data == service::encode_root_of(index + 1)) return word(0);
        }
        EXPECT_EQ(data, service::encode_client_state());
        return codec::encode_abi({AbiValue::bytes({})});
    }

    static Chain chain_of(std::string name, ChainId id, Source& source, Node& node, Address service) {
        return {.name = std::move(name),
                .id = id,
                .source = source,
                .api = node.api,
                .sender = node.sender,
                .service = service,
                .start_block = {},
                .relay_client = {},
                .client_on_relay = {}};
    }

    bool with_liar_;
    boost::asio::io_context context_{1};
    Source relay_source_;
    Source outer_source_;
    Node relay_{context_, kRelay, with_liar_};
    Node outer_{context_, kOuter, with_liar_};
    std::int64_t now_ms_ = 0;
    std::vector<Bytes> messages_;
    Hash32 order_id_;  ///< of the first
    message::Outbox outbox_;
    std::size_t publications_to_revert_ = 0;
    std::set<std::uint64_t> delivered_;  ///< indexes
    bool is_running_ = true;
    boost::asio::cancellation_signal stop_;
    std::unique_ptr<HopStore> store_;
    std::unique_ptr<Messenger> messenger_;
};

TEST_F(Lane, publishes_one_root_and_waits_for_its_finality) {
    run_until([&] { return relay_.sent == 1; });
    // Everything else goes on while the root's block is not final.
    wait_ms(300'000);
    EXPECT_EQ(relay_.sent, 1u);
    EXPECT_EQ(outer_.sent, 0u);
    relay_source_.final_block = BlockNumber{relay_.head};
    run_until([&] { return outer_.sent == 1; });
    run_until([&] { return is_done(progress().state); });
    EXPECT_EQ(relay_.sent, 1u);
}

TEST_F(Lane, says_what_keeps_blocks_from_becoming_final_and_when_they_do_again) {
    std::ostringstream log;
    const auto logger = spdlog::default_logger();
    spdlog::set_default_logger(
        std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_st>(log)));
    const auto count = [&](std::string_view words) {
        const std::string text = log.str();
        std::size_t found = 0;
        for (std::size_t at = 0; (at = text.find(words, at)) != std::string::npos; ++at) ++found;
        return found;
    };
    outer_source_.held_up_by = "too few have signed";
    run_until([&] { return count("waiting for final blocks of B: too few have signed") == 1; });
    // Not with every look at the chain.
    const std::int64_t said = now_ms_;
    run_until([&] { return now_ms_ > said + 250'000; });
    EXPECT_EQ(count("too few have signed"), 1u);
    run_until([&] { return count("too few have signed") == 2; });
    outer_source_.held_up_by.clear();
    run_until([&] { return count("blocks of B become final again") == 1; });
    EXPECT_EQ(count("too few have signed"), 2u);
    spdlog::set_default_logger(logger);
}

TEST_F(Lane, outlasts_a_log_that_holds_no_message) {
    // Its id is the hash of its bytes, as it should be, but the bytes are no message: only a liar shows such
    // a log.
    const Bytes garbage{1, 2, 3};
    const Hash32 id = message::order_id(garbage);
    relay_.mine({{.address = kRelayService,
                  .topics = {service::message_relay_topic(), id, topic(kOuter), id},
                  .data = codec::encode_abi({AbiValue::number(1), AbiValue::bytes(garbage)})}});
    relay_source_.final_block = BlockNumber{relay_.head};
    wait_ms(300'000);
    EXPECT_FALSE((*store_->find_hop({kRelay, kOuter, id})).has_value());
    // The endpoint, or the next one, tells the truth.
    relay_.transactions.pop_back();
    run_until([&] { return relay_.sent == 1; });
    relay_source_.final_block = BlockNumber{relay_.head};
    run_until([&] { return is_done(progress().state); });
}

TEST_F(Lane, publishes_again_when_a_publication_reverts) {
    publications_to_revert_ = 1;
    run_until([&] { return relay_.sent == 2; });
    relay_source_.final_block = BlockNumber{relay_.head};
    run_until([&] { return is_done(progress().state); });
    EXPECT_EQ(outer_.sent, 1u);
}

TEST_F(Lane, publishes_less_often_while_publications_revert) {
    publications_to_revert_ = 1'000'000;
    wait_ms(20'000'000);
    // Every five minutes at last.
    EXPECT_LT(relay_.sent, 100u);
    EXPECT_GT(relay_.sent, 10u);
    publications_to_revert_ = 0;
    const std::size_t sent = relay_.sent;
    run_until([&] { return relay_.sent == sent + 1; });
    relay_source_.final_block = BlockNumber{relay_.head};
    run_until([&] { return is_done(progress().state); });
}

TEST_F(Lane, delivers_one_by_one_what_reverts_together_only_when_it_is_mined) {
    add_message();
    outer_.execute = [this](const Bytes& data) -> std::optional<std::vector<eth::Log>> {
        const auto call = service::decode_transfer_in(data);
        if (message::decode_delivery(call->delivery)->messages.size() > 1) return std::nullopt;
        return deliver(data);
    };
    run_until([&] { return relay_.sent == 1; });
    relay_source_.final_block = BlockNumber{relay_.head};
    run_until([&] { return delivered_.size() == 2; });
    EXPECT_EQ(outer_.sent, 3u);
}

TEST_F(Lane, publishes_again_when_the_chain_takes_a_publication_back) {
    run_until([&] { return relay_.sent == 1; });
    relay_.transactions.pop_back();
    relay_source_.final_block = BlockNumber{relay_.head};
    run_until([&] { return relay_.sent == 2; });
    relay_source_.final_block = BlockNumber{relay_.head};
    run_until([&] { return is_done(progress().state); });
    EXPECT_EQ(outer_.sent, 1u);
}

TEST_F(Lane, delivers_again_what_the_destination_took_back) {
    run_until([&] { return relay_.sent == 1; });
    relay_source_.final_block = BlockNumber{relay_.head};
    run_until([&] { return is_done(progress().state); });
    EXPECT_FALSE(progress().is_confirmed);
    // The block is replaced by an empty one, which becomes final.
    outer_.transactions.pop_back();
    delivered_.clear();
    outer_source_.final_block = BlockNumber{outer_.head};
    run_until([&] { return outer_.sent == 2; });
    run_until([&] { return is_done(progress().state); });
    outer_source_.final_block = BlockNumber{outer_.head};
    run_until([&] { return progress().is_confirmed; });
    EXPECT_EQ(progress().state, HopState::kDelivered);
    EXPECT_EQ(outer_.sent, 2u);
}

TEST_F(Lane, notices_that_somebody_else_delivered) {
    delivered_.insert(0);
    run_until([&] { return relay_.sent == 1; });
    relay_source_.final_block = BlockNumber{relay_.head};
    run_until([&] { return is_done(progress().state); });
    EXPECT_EQ(outer_.sent, 0u);
    outer_source_.final_block = BlockNumber{outer_.head};
    run_until([&] { return progress().is_confirmed; });
}

TEST_F(Lane, notices_that_somebody_retried_a_failure) {
    outer_.execute = [this](const Bytes&) -> std::optional<std::vector<eth::Log>> {
        delivered_.insert(0);
        return std::vector<eth::Log>{message_in(order_id_, false)};
    };
    run_until([&] { return relay_.sent == 1; });
    relay_source_.final_block = BlockNumber{relay_.head};
    run_until([&] { return is_done(progress().state); });
    EXPECT_EQ(progress().state, HopState::kFailed);
    outer_.mine({message_in(order_id_, true)});
    outer_source_.final_block = BlockNumber{outer_.head};
    run_until([&] { return progress().state == HopState::kDelivered; });
    EXPECT_EQ(outer_.sent, 1u);
}

TEST_F(Lane, notices_that_a_message_was_hidden) {
    add_message();
    const Hash32 last = add_message();
    const Transaction hidden = relay_.transactions[1];
    relay_.transactions.erase(relay_.transactions.begin() + 1);
    wait_ms(300'000);
    EXPECT_FALSE(is_there(last));
    EXPECT_EQ(relay_.sent, 0u);
    relay_.transactions.insert(relay_.transactions.begin() + 1, hidden);
    run_until([&] { return relay_.sent == 1; });
    relay_source_.final_block = BlockNumber{relay_.head};
    run_until([&] { return delivered_.size() == 3; });
}

TEST_F(Lane, believes_no_second_message_at_a_place_of_the_outbox) {
    run_until([&] { return is_there(order_id_); });
    message::Message other = *message::decode_message(messages_[0]);
    other.payload = {1};
    const std::size_t forged = relay_.transactions.size();
    relay_.mine({relay_log(0, message::encode_message(other))});
    relay_source_.final_block = BlockNumber{relay_.head};
    wait_ms(300'000);
    EXPECT_FALSE(is_there(message::order_id(other)));
    relay_.transactions.erase(relay_.transactions.begin() + static_cast<std::ptrdiff_t>(forged));
    run_until([&] { return relay_.sent == 1; });
    relay_source_.final_block = BlockNumber{relay_.head};
    run_until([&] { return is_done(progress().state); });
}

TEST_F(Lane, believes_no_root_to_which_the_messages_do_not_lead) {
    relay_.mine({{.address = kRelayService,
                  .topics = {service::outbox_root_topic(), topic(kOuter)},
                  .data = codec::encode_abi({AbiValue::number(1), AbiValue::word(Hash32{{1}})})}});
    relay_source_.final_block = BlockNumber{relay_.head};
    wait_ms(300'000);
    EXPECT_FALSE((*store_->find_newest_root(kOuter)).has_value());
    relay_.transactions.pop_back();
    run_until([&] { return relay_.sent == 1; });
    relay_source_.final_block = BlockNumber{relay_.head};
    run_until([&] { return is_done(progress().state); });
}

/// A liar who is consistent is found out only when what he said is to be proven.
TEST_F(Lane, reads_again_what_consensus_refutes) {
    message::Message other = *message::decode_message(messages_[0]);
    other.payload = {1};
    const Bytes forged = message::encode_message(other);
    message::Outbox forged_outbox;
    forged_outbox.append(message::order_id(forged));
    const std::vector<Transaction> truth = relay_.transactions;
    relay_.transactions.clear();
    relay_.mine({relay_log(0, forged)});
    relay_.mine({{.address = kRelayService,
                  .topics = {service::outbox_root_topic(), topic(kOuter)},
                  .data = codec::encode_abi({AbiValue::number(1), AbiValue::word(forged_outbox.root())})}});
    relay_source_.refuted.insert(BlockNumber{relay_.head});
    relay_source_.final_block = BlockNumber{relay_.head};
    run_until([&] { return is_there(message::order_id(forged)); });
    run_until([&] { return !is_there(message::order_id(forged)); });
    relay_.transactions = truth;
    run_until([&] { return is_there(order_id_); });
    run_until([&] { return relay_.sent == 1; });
    relay_source_.final_block = BlockNumber{relay_.head};
    run_until([&] { return is_done(progress().state); });
    EXPECT_FALSE(is_there(message::order_id(forged)));
}

/// When everybody contradicts what one endpoint said once, that is what is forgotten.
TEST_F(Lane, forgets_what_all_endpoints_contradict) {
    message::Message other = *message::decode_message(messages_[0]);
    other.payload = {1};
    const Bytes forged = message::encode_message(other);
    const std::vector<Transaction> truth = relay_.transactions;
    relay_.transactions[0].logs = {relay_log(0, forged)};
    run_until([&] { return is_there(message::order_id(forged)); });
    relay_.transactions = truth;
    add_message();
    relay_.mine(*publish(service::encode_publish_root(kOuter)));
    relay_source_.final_block = BlockNumber{relay_.head};
    run_until([&] { return delivered_.size() == 2; });
    EXPECT_FALSE(is_there(message::order_id(forged)));
}

TEST_F(Lane, asks_for_fewer_blocks_where_a_node_limits_them) {
    for (int i = 0; i < 40; ++i) relay_.mine({});
    relay_.log_blocks_max = 3;
    relay_source_.final_block = BlockNumber{relay_.head};
    run_until([&] { return relay_.sent == 1; });
    relay_source_.final_block = BlockNumber{relay_.head};
    run_until([&] { return is_done(progress().state); });
}

class LiarLane : public Lane {
  protected:
    LiarLane() : Lane(true) {}
};

TEST_F(LiarLane, learns_from_another_endpoint_what_the_first_hides) {
    run_until([&] { return relay_.sent == 1; });
    relay_source_.final_block = BlockNumber{relay_.head};
    run_until([&] { return is_done(progress().state); });
    EXPECT_EQ(outer_.sent, 1u);
}

/// Messages of the other chain into the relay chain.
class InboundLane : public Lane {
  protected:
    void SetUp() override {
        Lane::SetUp();
        relay_.view = [this](const Bytes& data) {
            if (data == service::encode_client_state()) return codec::encode_abi({AbiValue::bytes(state_)});
            for (const Bytes& message : sent_) {
                const Hash32 id = message::order_id(message);
                if (data == service::encode_get_order_status(kOuter, id))
                    return word(arrived_.contains(id) ? 1 : 0);
            }
            return word(0);
        };
        relay_.execute = [this](const Bytes& data) -> std::optional<std::vector<eth::Log>> {
            const auto call = service::decode_relay_transfer_in(data);
            if (!call) return publish(data);
            proofs_.push_back(call->proof);
            std::vector<eth::Log> logs;
            for (const Bytes& message : sent_) {
                const Hash32 id = message::order_id(message);
                if (!arrived_.insert(id).second) continue;
                logs.push_back({.address = kRelayService,
                                .topics = {service::message_in_topic(), id, topic(kOuter), topic(kRelay)},
                                .data = codec::encode_abi({AbiValue::bytes(Bytes(20, 1)), AbiValue::bytes({}),
                                                           AbiValue::boolean(true), AbiValue::bytes({})})});
            }
            return logs;
        };
    }

    static Bytes message_with(std::uint64_t nonce, Bytes payload = {}) {
        message::Message message;
        message.from_chain = kOuter;
        message.to_chain = kRelay;
        message.nonce = nonce;
        message.gas_limit = 100'000;
        message.service = kOuterService;
        message.sender = Bytes(20, 1);
        message.target = Bytes(20, 2);
        message.payload = std::move(payload);
        return message::encode_message(message);
    }
    /// A block of the other chain with the log of this message.
    void show(const Bytes& message) {
        const Hash32 id = message::order_id(message);
        outer_.mine({{.address = kOuterService,
                      .topics = {service::message_out_topic(), id, topic(kRelay)},
                      .data = codec::encode_abi({AbiValue::bytes(message)})}});
        outer_source_.final_block = BlockNumber{outer_.head};
    }
    Hash32 send_message() {
        sent_.push_back(message_with(sent_.size()));
        show(sent_.back());
        return message::order_id(sent_.back());
    }
    bool is_known(const Hash32& id) { return (*store_->find_hop({kOuter, kRelay, id})).has_value(); }

    Bytes state_;
    std::vector<Bytes> sent_;
    std::set<Hash32> arrived_;
    std::vector<Bytes> proofs_;
};

TEST_F(InboundLane, notices_that_a_message_was_hidden) {
    const Hash32 first = send_message();
    run_until([&] { return arrived_.contains(first); });
    const Hash32 second = send_message();
    const Hash32 third = send_message();
    const Transaction hidden = outer_.transactions[1];
    outer_.transactions.erase(outer_.transactions.begin() + 1);
    wait_ms(300'000);
    EXPECT_FALSE(is_known(third));
    outer_.transactions.insert(outer_.transactions.begin() + 1, hidden);
    run_until([&] { return is_known(second) && is_known(third); });
    run_until([&] { return arrived_.size() == 3; });
}

TEST_F(InboundLane, reads_again_what_consensus_refutes) {
    const Bytes forged = message_with(0, {1});
    show(forged);
    outer_source_.refuted.insert(BlockNumber{outer_.head});
    run_until([&] { return is_known(message::order_id(forged)); });
    run_until([&] { return !is_known(message::order_id(forged)); });
    outer_.transactions.clear();
    const Hash32 first = send_message();
    run_until([&] { return arrived_.contains(first); });
    EXPECT_FALSE(is_known(message::order_id(forged)));
}

TEST_F(InboundLane, proves_under_what_the_client_knew_before) {
    const Bytes past{7};
    const auto update_to = [&](const Bytes& state) {
        state_ = state;
        relay_.mine({{.address = Address{},
                      .topics = {service::client_updated_topic(), Hash32{}},
                      .data = codec::encode_abi({AbiValue::bytes(state)})}});
    };
    update_to(past);
    for (int i = 0; i < 1'500; ++i) relay_.mine({});
    update_to({8});
    outer_source_.provable_state = past;
    const Hash32 id = send_message();
    run_until([&] { return arrived_.contains(id); });
    EXPECT_EQ(proofs_, std::vector<Bytes>{{2}});
}

TEST_F(InboundLane, brings_one_by_one_what_reverts_together_only_when_it_is_mined) {
    const auto accept = relay_.execute;
    relay_.execute = [this, accept](const Bytes& data) -> std::optional<std::vector<eth::Log>> {
        const auto call = service::decode_relay_transfer_in(data);
        if (!call || call->proof != Bytes{2}) return accept(data);
        proofs_.push_back(call->proof);
        return std::nullopt;
    };
    std::vector<eth::Log> logs;
    for (std::uint64_t nonce = 0; nonce < 2; ++nonce) {
        sent_.push_back(message_with(nonce));
        logs.push_back(
            {.address = kOuterService,
             .topics = {service::message_out_topic(), message::order_id(sent_.back()), topic(kRelay)},
             .data = codec::encode_abi({AbiValue::bytes(sent_.back())})});
    }
    outer_.mine(std::move(logs));
    outer_source_.final_block = BlockNumber{outer_.head};
    run_until([&] { return arrived_.size() == 2; });
    EXPECT_EQ(proofs_, (std::vector<Bytes>{{2}, {1}}));
}

TEST_F(InboundLane, tries_less_often_what_no_state_of_the_client_proves) {
    outer_source_.provable_state = Bytes{9};
    const Hash32 id = send_message();
    run_until([&] {
        const auto hop = *store_->find_hop({kOuter, kRelay, id});
        return hop && hop->progress.attempts >= 3;
    });
    EXPECT_TRUE(proofs_.empty());
}

TEST_F(InboundLane, spends_no_gas_on_what_somebody_else_brought) {
    sent_.push_back(message_with(0));
    const Hash32 id = message::order_id(sent_.back());
    arrived_.insert(id);
    show(sent_.back());
    run_until([&] {
        const auto hop = *store_->find_hop({kOuter, kRelay, id});
        return hop && is_done(hop->progress.state);
    });
    EXPECT_TRUE(proofs_.empty());
}

}  // namespace
}  // namespace butter::messenger
