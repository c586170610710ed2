// SPDX-License-Identifier: Apache-2.0
#include "devnet/command.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>

#include "butter/app/terminal.hpp"
#include "butter/base/hex.hpp"
#include "devnet/demo.hpp"

namespace butter::devnet {
namespace {

using app::CommandError;
using app::ExitCode;

void print(const std::string& line) {
    fmt::print("{}\n", line);
    std::fflush(stdout);
}

async::Task<void> wait_for_signal() {
    boost::asio::signal_set signals(co_await boost::asio::this_coro::executor, SIGINT, SIGTERM);
    co_await signals.async_wait(boost::asio::use_awaitable);
}

void print_chains(const Devnet& devnet) {
    for (const Endpoint& endpoint : devnet.endpoints()) {
        print(fmt::format("  {}  chain id {:<6} rpc {}{}", endpoint.name, endpoint.chain_id.value,
                          endpoint.rpc_url,
                          endpoint.beacon_url.empty() ? "" : "   beacon API " + endpoint.beacon_url));
    }
}

void print_next_steps(const Devnet& devnet) {
    const std::string folder = devnet.options().directory.string();
    print(fmt::format(R"(
Test accounts with funds on every chain (TEST KEYS: everybody has them)
  operator {}   {}/operator.json, password in {}/password
  user     {}   BUTTER_KEY=0x{}

Next, in another terminal
  build/release/cmd/butter/butter run --config {}/butter.toml
and in a third
  export BUTTER_KEY=0x{}
  build/release/cmd/butter/butter send --help
Ctrl-C ends the devnet.)",
                      encode_hex(make_test_account(kOperatorAccount).address), folder, folder,
                      encode_hex(make_test_account(kUserAccount).address),
                      encode_hex_bare(make_test_account(kUserAccount).key), folder,
                      encode_hex_bare(make_test_account(kUserAccount).key)));
}

async::Task<Result<void, std::string>> stay(const Devnet& devnet, Mode mode) {
    if (mode == Mode::kStay) {
        CO_TRY_VOID(co_await deploy_contracts(devnet));
        print_next_steps(devnet);
    }
    // Until the signal that ends the command.
    boost::asio::steady_timer never(co_await boost::asio::this_coro::executor,
                                    boost::asio::steady_timer::time_point::max());
    co_await never.async_wait(boost::asio::use_awaitable);
    co_return Result<void, std::string>();
}

async::Task<Result<void, std::string>> show_demo(Devnet& devnet) {
    CO_TRY_VOID(co_await deploy_contracts(devnet));
    CO_TRY(const bool is_good, co_await run_demo(co_await boost::asio::this_coro::executor, devnet));
    if (!is_good) co_return std::unexpected("not every message did what it should");
    co_return Result<void, std::string>();
}

async::Task<ExitCode> serve(Options options, Mode mode) {
    using namespace boost::asio::experimental::awaitable_operators;
    const auto executor = co_await boost::asio::this_coro::executor;
    const auto started = std::chrono::steady_clock::now();
    auto devnet = co_await Devnet::start(executor, std::move(options));
    if (!devnet) co_return app::fail(ExitCode::kUnavailable, devnet.error());
    print(fmt::format("Three chains are up after {:.1f} s; their files are in {}",
                      std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count(),
                      (*devnet)->options().directory.string()));
    print_chains(**devnet);
    print("");
    auto task = mode == Mode::kDemo ? show_demo(**devnet) : stay(**devnet, mode);
    const auto ended = co_await (std::move(task) || (*devnet)->run() || wait_for_signal());
    const auto* outcome = std::get_if<0>(&ended);
    if (outcome != nullptr && !*outcome) co_return app::fail(ExitCode::kFailed, outcome->error());
    if (mode == Mode::kDemo && outcome == nullptr)
        co_return app::fail(ExitCode::kFailed, "ended before the demo did");
    if (mode == Mode::kDemo) {
        print(fmt::format("The whole demo took {:.1f} s",
                          std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count()));
    }
    co_return ExitCode::kOk;
}

}  // namespace

ExitCode run(const Options& options, Mode mode) {
    if (const auto prepared = prepare_directory(options.directory); !prepared)
        return app::fail(app::ExitCode::kConfig, prepared.error());
    spdlog::set_level(spdlog::level::warn);
    boost::asio::io_context context;
    return app::run_to_end(context, serve(options, mode));
}

}  // namespace butter::devnet
