// SPDX-License-Identifier: Apache-2.0
#include "butter/messenger/messenger.hpp"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
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
    Node(boost::asio::io_context& context, ChainId id)
        : id_(id),
          handler_(rpc::json_rpc_handler(
              [this](std::string method, Json params) -> async::Task<Result<Json, rpc::RpcFault>> {
                  co_return answer(method, params);
              })),
          server_(*rpc::HttpServer::listen(context.get_executor(), 0,
                                           [this](rpc::HttpRequest request) { return handler_(request); })),
          api(rpc::Endpoints(context.get_executor(),
                             {*rpc::decode_url("http://127.0.0.1:" + std::to_string(server_.port()))})),
          sender(context.get_executor(), api,
                 {.chain_id = id,
                  .key = kKey,
                  .caps = {.max_fee_per_gas = Uint256{1'000'000'000'000},
                           .max_priority_fee_per_gas = Uint256{1'000'000'000}},
                  .poll_interval = std::chrono::milliseconds(1)}) {
        boost::asio::co_spawn(context, server_.run(),
                              boost::asio::bind_cancellation_slot(
                                  stop_.slot(), [this](std::exception_ptr) { is_running = false; }));
    }
    void stop() { stop_.emit(boost::asio::cancellation_type::terminal); }

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
    bool is_running = true;

  private:
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

    Json answer(const std::string& method, const Json& params) {
        if (method == "eth_blockNumber") return text(encode_quantity(head));
        if (method == "eth_getLogs")
            return logs_between(*rpc::find_quantity(params.at(0), "fromBlock"),
                                *rpc::find_quantity(params.at(0), "toBlock"));
        if (method == "eth_call") {
            // Only the sender limits the gas of a call, to try a transaction before it is sent.
            if (rpc::find_quantity(params.at(0), "gas")) return "0x";
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

  public:
    rpc::EthApi api;
    evm::Sender sender;
};

/// Says what is final as the test wants it; its proofs are empty.
class Source final : public chain::Source {
  public:
    BlockNumber final_block;
    std::string held_up_by;

    std::string hold_up() const override { return held_up_by; }
    async::Task<Result<BlockNumber, chain::SourceError>> fetch_final_block() override {
        co_return final_block;
    }
    async::Task<Result<chain::Proof, chain::SourceError>> fetch_proof(std::vector<chain::LogPosition>,
                                                                      Bytes) override {
        co_return chain::Proof{.bytes = {1}, .logs = {}, .report = {"accepted", 0}};
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
    void SetUp() override {
        message_.from_chain = ChainId{5};
        message_.to_chain = kOuter;
        message_.gas_limit = 100'000;
        message_.service = {{0x09}};
        message_.sender = Bytes(20, 1);
        message_.target = Bytes(20, 2);
        encoded_ = message::encode_message(message_);
        order_id_ = message::order_id(encoded_);
        outbox_.append(order_id_);

        relay_.view = [](const Bytes&) { return word(1); };
        relay_.execute = [this](const Bytes& data) { return publish(data); };
        outer_.view = [this](const Bytes& data) { return view_of_outer(data); };
        outer_.execute = [this](const Bytes& data) { return deliver(data); };
        relay_.mine({{.address = kRelayService,
                      .topics = {service::message_relay_topic(), order_id_, topic(kOuter), order_id_},
                      .data = codec::encode_abi({AbiValue::number(0), AbiValue::bytes(encoded_)})}});
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
        run_until([&] { return !relay_.is_running && !outer_.is_running; });
    }

    /// Runs until `condition` holds; a test whose condition never does is ended by its time limit.
    void run_until(const std::function<bool()>& condition) {
        while (!condition()) context_.run_one();
    }
    HopProgress progress() { return (*store_->find_hop({kRelay, kOuter, order_id_}))->progress; }

    std::optional<std::vector<eth::Log>> publish(const Bytes& data) {
        EXPECT_EQ(data, service::encode_publish_root(kOuter));
        if (publications_to_revert_ != 0) {
            --publications_to_revert_;
            return std::nullopt;
        }
        return std::vector<eth::Log>{
            {.address = kRelayService,
             .topics = {service::outbox_root_topic(), topic(kOuter)},
             .data = codec::encode_abi({AbiValue::number(1), AbiValue::word(outbox_.root())})}};
    }
    std::optional<std::vector<eth::Log>> deliver(const Bytes& data) {
        const auto call = service::decode_transfer_in(data);
        EXPECT_TRUE(call.has_value());
        is_delivered_ = true;
        return std::vector<eth::Log>{
            {.address = kOuterService,
             .topics = {service::message_in_topic(), order_id_, topic(message_.from_chain), topic(kOuter)},
             .data = codec::encode_abi({AbiValue::bytes(message_.sender), AbiValue::bytes({}),
                                        AbiValue::boolean(true), AbiValue::bytes({})})}};
    }
    Bytes view_of_outer(const Bytes& data) {
        if (data == service::encode_is_delivered(0)) return word(is_delivered_ ? 1 : 0);
        if (data == service::encode_root_of(1)) return word(0);
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

    boost::asio::io_context context_{1};
    Source relay_source_;
    Source outer_source_;
    Node relay_{context_, kRelay};
    Node outer_{context_, kOuter};
    std::int64_t now_ms_ = 0;
    message::Message message_;
    Bytes encoded_;
    Hash32 order_id_;
    message::Outbox outbox_;
    std::size_t publications_to_revert_ = 0;
    bool is_delivered_ = false;
    bool is_running_ = true;
    boost::asio::cancellation_signal stop_;
    std::unique_ptr<HopStore> store_;
    std::unique_ptr<Messenger> messenger_;
};

TEST_F(Lane, publishes_one_root_and_waits_for_its_finality) {
    run_until([&] { return relay_.sent == 1; });
    // Everything else goes on while the root's block is not final.
    const std::int64_t asked = now_ms_;
    run_until([&] { return now_ms_ > asked + 300'000; });
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
    const std::int64_t asked = now_ms_;
    run_until([&] { return now_ms_ > asked + 300'000; });
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
    is_delivered_ = false;
    outer_source_.final_block = BlockNumber{outer_.head};
    run_until([&] { return outer_.sent == 2; });
    run_until([&] { return is_done(progress().state); });
    outer_source_.final_block = BlockNumber{outer_.head};
    run_until([&] { return progress().is_confirmed; });
    EXPECT_EQ(progress().state, HopState::kDelivered);
    EXPECT_EQ(outer_.sent, 2u);
}

TEST_F(Lane, notices_that_somebody_else_delivered) {
    is_delivered_ = true;
    run_until([&] { return relay_.sent == 1; });
    relay_source_.final_block = BlockNumber{relay_.head};
    run_until([&] { return is_done(progress().state); });
    EXPECT_EQ(outer_.sent, 0u);
    outer_source_.final_block = BlockNumber{outer_.head};
    run_until([&] { return progress().is_confirmed; });
}

TEST_F(Lane, notices_that_somebody_retried_a_failure) {
    outer_.execute = [this](const Bytes&) -> std::optional<std::vector<eth::Log>> {
        is_delivered_ = true;
        return std::vector<eth::Log>{
            {.address = kOuterService,
             .topics = {service::message_in_topic(), order_id_, topic(message_.from_chain), topic(kOuter)},
             .data = codec::encode_abi({AbiValue::bytes(message_.sender), AbiValue::bytes(Bytes{1}),
                                        AbiValue::boolean(false), AbiValue::bytes({})})}};
    };
    run_until([&] { return relay_.sent == 1; });
    relay_source_.final_block = BlockNumber{relay_.head};
    run_until([&] { return is_done(progress().state); });
    EXPECT_EQ(progress().state, HopState::kFailed);
    outer_.mine(*deliver(service::encode_transfer_in({}, {})));
    outer_source_.final_block = BlockNumber{outer_.head};
    run_until([&] { return progress().state == HopState::kDelivered; });
    EXPECT_EQ(outer_.sent, 1u);
}

}  // namespace
}  // namespace butter::messenger
