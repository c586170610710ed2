// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "butter/async/process.hpp"
#include "butter/async/sleep.hpp"
#include "chains/ethereum/sealer.hpp"

/// For tests: an anvil with a sealer behind it, on one thread.
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

/// An anvil of the test's own, ended with it.
class Anvil {
  public:
    /// Waits until it answers.
    explicit Anvil(boost::asio::io_context& io) {
        const auto free = async::find_free_port();
        if (!free) {
            ADD_FAILURE() << free.error();
            return;
        }
        url_ = "http://127.0.0.1:" + std::to_string(*free);
        auto process = async::Process::start(
            {.program = std::filesystem::path(BUTTER_SOURCE_DIR) /
                        "node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil",
             .arguments = {"--no-mining", "--hardfork", "prague", "--port", std::to_string(*free), "--silent",
                           "--timestamp", "1700000000"},
             .output = {},
             .environment = {}});
        if (!process) {
            ADD_FAILURE() << process.error();
            return;
        }
        process_.emplace(*std::move(process));
        if (!run_on(io, wait(*this, io.get_executor()))) ADD_FAILURE() << "anvil does not answer";
    }

    rpc::Url url() const { return *rpc::decode_url(url_); }
    const std::string& url_text() const noexcept { return url_; }

  private:
    static async::Task<bool> wait(Anvil& anvil, boost::asio::any_io_executor executor) {
        rpc::HttpClient client(executor, anvil.url());
        while (!anvil.process_->find_exit_status()) {
            const auto answer = co_await client.request(
                {"POST", "", R"({"jsonrpc":"2.0","id":1,"method":"eth_blockNumber","params":[]})"});
            if (answer) co_return true;
            co_await async::sleep_for(std::chrono::milliseconds(10));
        }
        co_return false;
    }

    std::string url_;
    std::optional<async::Process> process_;
};

}  // namespace butter::ethereum
