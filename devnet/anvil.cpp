// SPDX-License-Identifier: Apache-2.0
#include "devnet/anvil.hpp"

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <sstream>

#include "butter/async/sleep.hpp"
#include "butter/rpc/json_rpc.hpp"

namespace butter::devnet {
namespace {

constexpr std::chrono::milliseconds kReadyPollInterval{20};
/// Anvil is ready within 100 ms; a machine that is busy compiling needs longer.
constexpr int kReadyPollsMax = 1'000;
/// EIP-2537 and EIP-2935 are there from Prague on.
constexpr const char* kHardfork = "prague";

}  // namespace

std::filesystem::path find_anvil() {
    const char* path = std::getenv("PATH");
    std::istringstream folders(path == nullptr ? "" : path);
    for (std::string folder; std::getline(folders, folder, ':');) {
        const std::filesystem::path candidate = std::filesystem::path(folder) / "anvil";
        if (access(candidate.c_str(), X_OK) == 0) return candidate;
    }
    const std::filesystem::path installed =
        std::filesystem::path(BUTTER_SOURCE_DIR) / "node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil";
    if (access(installed.c_str(), X_OK) == 0) return installed;
    return {};
}

async::Task<Result<Anvil, std::string>> start_anvil(boost::asio::any_io_executor executor,
                                                    AnvilOptions options) {
    const std::filesystem::path program = find_anvil();
    if (program.empty())
        co_return std::unexpected(
            "anvil is not installed; run `make setup` in the project's folder, or put Foundry's anvil in the "
            "PATH");
    if (options.port == 0) {
        CO_TRY(options.port, async::find_free_port());
    }
    CO_TRY(async::Process process,
           async::Process::start(
               {.program = program,
                .arguments = {"--port", std::to_string(options.port), "--chain-id",
                              std::to_string(options.chain_id.value), "--hardfork", kHardfork, "--gas-limit",
                              std::to_string(options.gas_limit), "--no-mining", "--no-request-size-limit"},
                .output = options.log,
                .errors = {},
                .environment = {}}));
    Anvil anvil{std::move(process), options.port};
    CO_TRY(rpc::Url url, rpc::decode_url(anvil.url()));
    rpc::HttpClient client(executor, std::move(url));
    for (int poll = 0; poll < kReadyPollsMax; ++poll) {
        if (const auto status = anvil.process.find_exit_status()) {
            co_return std::unexpected("anvil ended with status " + std::to_string(*status) + "; is port " +
                                      std::to_string(options.port) + " in use? Its output is in " +
                                      options.log.string());
        }
        const auto answer = co_await client.request(
            {.method = "POST",
             .path = "",
             .body = R"({"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]})"});
        if (answer && answer->status == 200) co_return anvil;
        co_await async::sleep_for(kReadyPollInterval);
    }
    co_return std::unexpected("anvil on port " + std::to_string(options.port) +
                              " does not answer; its output is in " + options.log.string());
}

}  // namespace butter::devnet
