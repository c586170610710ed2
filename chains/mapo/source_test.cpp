// SPDX-License-Identifier: Apache-2.0
// The source over what the relay chain's own node answered (test/vectors/atlas_node), and over the same node
// when it lies.
#include "chains/mapo/source.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <optional>

#include "butter/base/hex.hpp"
#include "butter/rpc/http.hpp"
#include "butter/rpc/json_rpc.hpp"
#include "chains/mapo/proof.hpp"
#include "chains/mapo/recorded_test.hpp"

namespace butter::mapo {
namespace {

using chain::SourceError;
using test::u64_of;

/// More than the chain of 2026 will ever be old.
constexpr std::uint64_t kForEver = (std::uint64_t{1} << 32) - 1;

/// State of a client that trusts the set of epoch `index`.
Bytes client_state(std::size_t index) {
    return encode_state(
        make_client_state({epoch_length(), BlockNumber{index * epoch_length()}, snapshot(index)}));
}

/// Answers on loopback what the node answered, to the methods that were recorded; `spoil` may change a block.
class RecordedNode {
  public:
    RecordedNode() : server_(listen(last_block())), boaster_(listen(last_block() + 5)) {
        boost::asio::co_spawn(io_, server_.run(), [](std::exception_ptr) {});
        boost::asio::co_spawn(io_, boaster_.run(), [](std::exception_ptr) {});
    }

    rpc::EthApi api() { return rpc::EthApi(rpc::Endpoints(io_.get_executor(), {url_of(server_)})); }
    /// The first endpoint announces a head that it does not have.
    rpc::EthApi api_with_boaster() {
        return rpc::EthApi(rpc::Endpoints(io_.get_executor(), {url_of(boaster_), url_of(server_)}));
    }
    template <class T>
    T run(async::Task<T> task) {
        std::optional<T> out;
        boost::asio::co_spawn(io_, std::move(task), [&](std::exception_ptr error, T value) {
            if (error) std::rethrow_exception(error);
            out.emplace(std::move(value));
        });
        io_.restart();
        while (!out && io_.run_one() > 0) {
        }
        return std::move(out).value();
    }

    std::function<void(std::uint64_t number, rpc::JsonObject& block)> spoil;

  private:
    static rpc::Url url_of(const rpc::HttpServer& server) {
        return *rpc::decode_url("http://127.0.0.1:" + std::to_string(server.port()));
    }
    rpc::HttpServer listen(std::uint64_t head) {
        return *rpc::HttpServer::listen(
            io_.get_executor(), 0, rpc::json_rpc_handler([this, head](std::string method, rpc::Json params) {
                return answer(head, std::move(method), std::move(params));
            }));
    }
    async::Task<Result<rpc::Json, rpc::RpcFault>> answer(std::uint64_t head, std::string method,
                                                         rpc::Json params) {
        const rpc::JsonArray& arguments = params.as_array();
        if (method == "eth_blockNumber") co_return rpc::Json(encode_quantity(head));
        if (method == "eth_getBlockByNumber") {
            const std::uint64_t number = u64_of(arguments.at(0));
            if (number == 0 || number > last_block()) co_return rpc::Json(nullptr);
            rpc::JsonObject block = recorded().at("blocks").as_array().at(number - 1).as_object();
            if (spoil) spoil(number, block);
            co_return rpc::Json(std::move(block));
        }
        if (method == "eth_getTransactionReceipt") {
            for (const auto& [number, receipts] : recorded().at("receipts").as_object()) {
                for (const auto& receipt : receipts.as_array()) {
                    if (receipt.at("transactionHash") == arguments.at(0)) co_return receipt;
                }
            }
            co_return rpc::Json(nullptr);
        }
        if (method == "eth_getLogs") {
            const std::string number = std::to_string(u64_of(arguments.at(0).at("fromBlock")));
            const auto* logs = recorded().at("system_logs").as_object().if_contains(number);
            co_return logs == nullptr ? rpc::Json(rpc::JsonArray()) : *logs;
        }
        co_return std::unexpected(rpc::RpcFault{-32601, "the method " + method + " does not exist", {}});
    }

    boost::asio::io_context io_{1};
    rpc::HttpServer server_;
    rpc::HttpServer boaster_;
};

std::unique_ptr<chain::Source> open_source(rpc::EthApi api, std::uint64_t trusting_period = kForEver) {
    return make_source({.chain_id = ChainId{u64_of(recorded().at("chain_id"))},
                        .hash_fork_block = 0,
                        .trusting_period_seconds = trusting_period,
                        .checkpoint = first_state()},
                       std::move(api));
}

/// Every log of the transactions of block `number`.
std::vector<chain::LogPosition> positions(std::uint64_t number) {
    std::vector<chain::LogPosition> out;
    for (const auto& json : recorded().at("receipts").at(std::to_string(number)).as_array()) {
        const rpc::PlacedReceipt receipt = rpc::decode_placed_receipt(json).value();
        for (const rpc::PlacedLog& placed : receipt.logs) {
            out.push_back({.block = placed.block,
                           .block_hash = placed.block_hash,
                           .transaction_index = placed.transaction_index,
                           .log_index = placed.log_index,
                           .transaction_hash = placed.transaction_hash,
                           .log = placed.log});
        }
    }
    return out;
}

TEST(mapo_source, follows_the_set_to_the_newest_block) {
    RecordedNode node;
    const auto source = open_source(node.api());
    const auto newest = node.run(source->fetch_final_block());
    ASSERT_TRUE(newest.has_value()) << newest.error().text;
    EXPECT_EQ(newest->value, last_block());
}

TEST(mapo_source, takes_the_next_endpoint_when_one_has_not_the_head_it_announces) {
    RecordedNode node;
    const auto source = open_source(node.api_with_boaster());
    const auto newest = node.run(source->fetch_final_block());
    ASSERT_TRUE(newest.has_value()) << newest.error().text;
    EXPECT_EQ(newest->value, last_block());
}

TEST(mapo_source, believes_no_header_that_was_changed) {
    for (const std::uint64_t changed : {epoch_length(), 2 * epoch_length(), last_block()}) {
        RecordedNode node;
        node.spoil = [&](std::uint64_t number, rpc::JsonObject& block) {
            if (number == changed) block["stateRoot"] = encode_hex(Hash32{});
        };
        const auto source = open_source(node.api());
        const auto newest = node.run(source->fetch_final_block());
        ASSERT_FALSE(newest.has_value()) << changed;
        EXPECT_EQ(newest.error().kind, SourceError::Kind::kInvalid);
        EXPECT_NE(newest.error().text.find("block " + std::to_string(changed)), std::string::npos)
            << newest.error().text;
    }
}

TEST(mapo_source, brings_a_client_from_set_to_set) {
    RecordedNode node;
    const auto source = open_source(node.api());
    const auto updates = node.run(source->fetch_updates(client_state(0)));
    ASSERT_TRUE(updates.has_value()) << updates.error().text;
    ASSERT_EQ(updates->size(), 3u);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ((*updates)[i].report.height, (i + 1) * epoch_length());
    EXPECT_TRUE(node.run(source->fetch_updates(client_state(3))).value().empty());
}

TEST(mapo_source, proves_logs_of_transactions) {
    RecordedNode node;
    const auto source = open_source(node.api());
    std::size_t count = 0;
    // One among several transactions, one alone, one in the block that ends an epoch with system calls.
    for (const std::uint64_t number : {4u, 11u, 20u}) {
        const auto logs = positions(number);
        const auto state = client_state((number - 1) / epoch_length());
        const auto proof = node.run(source->fetch_proof(logs, state));
        ASSERT_TRUE(proof.has_value()) << number << ": " << proof.error().text;
        ASSERT_EQ(proof->logs.size(), logs.size());
        for (std::size_t i = 0; i < logs.size(); ++i) EXPECT_EQ(proof->logs[i], logs[i].log);
        EXPECT_EQ(proof->report.height, number);
        EXPECT_EQ(source->verify_proof(proof->bytes, state)->logs, proof->logs);
        count += logs.size();
    }
    EXPECT_EQ(count, 9u);
}

TEST(mapo_source, a_log_that_is_not_there_is_refuted) {
    RecordedNode node;
    const auto source = open_source(node.api());
    auto logs = positions(11);
    logs[0].log.data.push_back(1);
    const auto proof = node.run(source->fetch_proof(logs, client_state(1)));
    ASSERT_FALSE(proof.has_value());
    EXPECT_EQ(proof.error().kind, SourceError::Kind::kRefuted) << proof.error().text;
}

TEST(mapo_source, says_when_the_client_is_in_another_epoch) {
    RecordedNode node;
    const auto source = open_source(node.api());
    EXPECT_EQ(node.run(source->fetch_proof(positions(11), client_state(0))).error().kind,
              SourceError::Kind::kNotReady);
    EXPECT_EQ(node.run(source->fetch_proof(positions(11), client_state(2))).error().kind,
              SourceError::Kind::kOutdated);
}

TEST(mapo_source, a_client_begins_with_the_newest_set) {
    RecordedNode node;
    const auto source = open_source(node.api());
    const Address owner = decode_hex_fixed<20>("0x00000000000000000000000000000000000000aa").value();
    const auto call = node.run(source->fetch_client_initializer(owner));
    ASSERT_TRUE(call.has_value()) << call.error().text;
    const auto word = [&](std::size_t index) {
        return from_big_endian(BytesView(*call).subspan(4 + 32 * index, 32)).value();
    };
    EXPECT_EQ(word(1), u64_of(recorded().at("chain_id")));
    EXPECT_EQ(word(2), epoch_length());
    EXPECT_EQ(word(4), 3 * epoch_length());
    // Of the block after the rotation: the set that is trusted signed it.
    EXPECT_EQ(word(5), u64_of(recorded().at("blocks").as_array().back().at("timestamp")));
    EXPECT_EQ(word(6), kForEver);
    const std::vector<Validator> set = snapshot(3);
    ASSERT_EQ(word(8), set.size());
    for (std::size_t i = 0; i < set.size(); ++i) {
        EXPECT_EQ(word(9 + 2 * i), set[i].g1_key.x);
        EXPECT_EQ(word(10 + 2 * i), set[i].g1_key.y);
    }
}

TEST(mapo_source, no_client_begins_at_an_old_checkpoint) {
    RecordedNode node;
    const auto source = open_source(node.api(), 3600);
    const auto call = node.run(source->fetch_client_initializer(Address{}));
    ASSERT_FALSE(call.has_value());
    EXPECT_EQ(call.error().kind, SourceError::Kind::kUnsupported);
    EXPECT_NE(call.error().text.find("days old by this machine's clock"), std::string::npos)
        << call.error().text;
}

}  // namespace
}  // namespace butter::mapo
