// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "butter/async/process.hpp"
#include "butter/async/sleep.hpp"
#include "butter/base/hex.hpp"
#include "butter/chain/family.hpp"
#include "butter/rpc/eth_api.hpp"
#include "chains/ethereum/sealer.hpp"

/// For tests: an anvil with a sealer behind it and its beacon API on a port, on one thread.
namespace butter::ethereum {

/// Runs `task` on `io` to its end.
template <class T>
T run_on(boost::asio::io_context& io, async::Task<T> task) {
    std::optional<T> out;
    boost::asio::co_spawn(io, std::move(task), [&](std::exception_ptr error, T value) {
        if (error) std::rethrow_exception(error);
        out.emplace(std::move(value));
    });
    io.restart();
    while (!out && io.run_one() > 0) {
    }
    return *std::move(out);
}

/// The value, or the test ends with the error.
template <class T, class E>
T must(Result<T, E> result) {
    if (!result) {
        if constexpr (std::is_same_v<E, std::string>) {
            throw std::runtime_error(result.error());
        } else {
            throw std::runtime_error(result.error().text);
        }
    }
    if constexpr (!std::is_void_v<T>) return *std::move(result);
}

/// An anvil of the test's own, ended with it.
class Anvil {
  public:
    /// Waits until it answers.
    explicit Anvil(boost::asio::io_context& io, const char* hardfork = "prague")
        : port_(must(async::find_free_port())) {
        process_.emplace(must(async::Process::start(
            {.program = std::filesystem::path(BUTTER_SOURCE_DIR) /
                        "node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil",
             .arguments = {"--no-mining", "--hardfork", hardfork, "--port", std::to_string(port_), "--silent",
                           "--timestamp", "1700000000"},
             .output = {},
             .errors = {},
             .environment = {}})));
        if (!run_on(io, wait_for_answer(*this, io.get_executor())))
            throw std::runtime_error("anvil ended at once");
    }

    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  private:
    static async::Task<bool> wait_for_answer(Anvil& anvil, boost::asio::any_io_executor executor) {
        rpc::HttpClient client(executor, *rpc::decode_url(anvil.url()));
        while (!anvil.process_->find_exit_status()) {
            const auto answer = co_await client.request(
                {"POST", "", R"({"jsonrpc":"2.0","id":1,"method":"eth_blockNumber","params":[]})"});
            if (answer) co_return true;
            co_await async::sleep_for(std::chrono::milliseconds(10));
        }
        co_return false;
    }

    std::uint16_t port_;
    std::optional<async::Process> process_;
};

/// A beacon API (or what looks like one) on a port of its own, as long as this lives.
class Server {
  public:
    Server(boost::asio::io_context& io, rpc::HttpServer::Handler handler)
        : server_(must(rpc::HttpServer::listen(io.get_executor(), 0, std::move(handler)))) {
        boost::asio::co_spawn(io, server_.run(), [](std::exception_ptr) {});
    }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }

  private:
    rpc::HttpServer server_;
};

/// The chain.
class Devnet {
  public:
    explicit Devnet(SealerOptions options)
        : anvil_(io_),
          sealer_(io_.get_executor(), *rpc::decode_url(anvil_.url()), options),
          api_(rpc::Endpoints(io_.get_executor(), {*rpc::decode_url(anvil_.url())})) {
        must(run(sealer_.start()));
        beacon_.emplace(io_, [this](rpc::HttpRequest request) { return sealer_.handle(std::move(request)); });
    }

    template <class T>
    T run(async::Task<T> task) {
        return run_on(io_, std::move(task));
    }
    void step(std::uint64_t count) { must(run(sealer_.step(count))); }
    rpc::HttpResponse get(std::string path) {
        return run(sealer_.handle({.method = "GET", .path = std::move(path), .body = {}}));
    }

    /// Puts a contract on the chain that logs its call data with the caller as topic.
    void deploy_logger() {
        must(run(
            api_.endpoints().call("eth_sendTransaction", {rpc::JsonObject{{"from", kSender},
                                                                          {"data",
                                                                           "0x600c80600b6000396000f3"
                                                                           "36600060003733366000a100"}}})));
        step(1);
        const auto receipts = must(run(api_.fetch_block_receipts(head())));
        logger_ = receipts.at(0).contract_address.value();
    }
    /// One block with a transaction for each of `data`; the places of their logs.
    std::vector<chain::LogPosition> log(const std::vector<std::string>& data) {
        for (const std::string& text : data)
            must(run(api_.endpoints().call(
                "eth_sendTransaction",
                {rpc::JsonObject{{"from", kSender}, {"to", encode_hex(logger_)}, {"data", text}}})));
        step(1);
        std::vector<chain::LogPosition> out;
        for (const rpc::PlacedReceipt& receipt : must(run(api_.fetch_block_receipts(head())))) {
            for (const rpc::PlacedLog& placed : receipt.logs)
                out.push_back({placed.block, placed.block_hash, placed.transaction_index, placed.log_index,
                               placed.transaction_hash, placed.log});
        }
        return out;
    }

    boost::asio::io_context& io() noexcept { return io_; }
    Sealer& sealer() noexcept { return sealer_; }
    rpc::EthApi& api() noexcept { return api_; }
    std::string rpc_url() const { return anvil_.url(); }
    std::string beacon_url() const { return beacon_->url(); }
    BlockNumber head() const noexcept { return sealer_.head().payload.block_number; }

  private:
    static constexpr const char* kSender = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266";

    boost::asio::io_context io_;
    Anvil anvil_;
    Sealer sealer_;
    rpc::EthApi api_;
    std::optional<Server> beacon_;
    Address logger_;
};

}  // namespace butter::ethereum
