// SPDX-License-Identifier: Apache-2.0
#include "test/differential/chain.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/json/object.hpp>
#include <thread>

#include "butter/async/process.hpp"
#include "butter/async/sleep.hpp"
#include "butter/base/hex.hpp"
#include "butter/codec/abi.hpp"
#include "butter/rpc/eth_api.hpp"
#include "butter/rpc/json_rpc.hpp"
#include "test/json/vectors.hpp"

namespace butter::differential {
namespace {

using codec::AbiValue;

/// A message may ask for more than 4 * 10^9 gas; each input gets well above that.
constexpr std::uint64_t kGasPerInput = std::uint64_t{1} << 36;
constexpr std::uint64_t kGas = std::uint64_t{1} << 50;
constexpr std::chrono::milliseconds kStartPollInterval{20};
constexpr int kStartPollsMax = 1'000;

std::string source_path(std::string_view path) {
    return std::string(BUTTER_SOURCE_DIR) + "/" + std::string(path);
}

}  // namespace

struct Chain::Impl {
    async::Process anvil;
    boost::asio::io_context io;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard{io.get_executor()};
    rpc::Endpoints endpoints;
    std::string account;
    std::string harness;
    /// Last, so that it is joined first.
    std::jthread thread;

    Impl(async::Process process, rpc::Url url)
        : anvil(std::move(process)),
          endpoints(io.get_executor(), {std::move(url)}),
          thread([this] { io.run(); }) {}
    ~Impl() {
        guard.reset();
        io.stop();
    }

    template <class T>
    std::future<T> spawn(async::Task<T> task) {
        return boost::asio::co_spawn(io, std::move(task), boost::asio::use_future);
    }

    async::Task<Result<rpc::Json, std::string>> call(std::string method, rpc::JsonArray params) {
        auto answer = co_await endpoints.call(std::move(method), std::move(params));
        if (!answer) co_return std::unexpected(answer.error().text);
        co_return *std::move(answer);
    }

    /// Waits until anvil answers, as it has no other way to say that it does.
    async::Task<Result<void, std::string>> await_start() {
        for (int i = 0; i < kStartPollsMax; ++i) {
            const auto accounts = co_await endpoints.call("eth_accounts", {});
            if (accounts && accounts->is_array() && !accounts->get_array().empty()) {
                account = accounts->get_array()[0].get_string().c_str();
                co_return Result<void, std::string>();
            }
            if (const auto status = anvil.find_exit_status()) {
                co_return std::unexpected("anvil ended with status " + std::to_string(*status));
            }
            co_await async::sleep_for(kStartPollInterval);
        }
        co_return std::unexpected("anvil does not answer");
    }

    /// The receipt's contract address, empty when there is none.
    async::Task<Result<std::string, std::string>> transact(std::string to, std::string data) {
        rpc::JsonObject request{
            {"from", account}, {"data", data}, {"gas", encode_quantity(kGas)}, {"gasPrice", "0x0"}};
        if (!to.empty()) request["to"] = to;
        CO_TRY(const rpc::Json receipt, co_await call("eth_sendTransactionSync", {std::move(request)}));
        if (rpc::find_quantity(receipt, "status") != 1)
            co_return std::unexpected("a set-up transaction failed");
        co_return std::string(rpc::find_text(receipt, "contractAddress").value_or(""));
    }

    async::Task<Result<std::vector<Hash32>, std::string>> run_calls(Bytes data, std::size_t count) {
        rpc::JsonObject request{{"from", account},
                                {"to", harness},
                                {"data", encode_hex(data)},
                                {"gas", encode_quantity(kGas)},
                                {"gasPrice", "0x0"}};
        CO_TRY(const rpc::Json answer, co_await call("eth_call", {std::move(request), "latest"}));
        static const codec::AbiType type = codec::parse_abi_type("bytes32[]").value();
        const auto bytes = answer.is_string() ? decode_hex(answer.get_string().c_str())
                                              : Result<Bytes, HexError>(std::unexpected(HexError::kBadDigit));
        if (!bytes) co_return std::unexpected("eth_call did not answer with bytes");
        const auto outcomes = codec::decode_abi(type, *bytes);
        if (!outcomes || outcomes->size() != count)
            co_return std::unexpected("the harness did not answer bytes32[]");
        std::vector<Hash32> out;
        for (std::size_t i = 0; i < count; ++i) out.push_back((*outcomes)[i].as_word());
        co_return out;
    }
};

Chain::Chain(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Chain::Chain(Chain&&) noexcept = default;
Chain::~Chain() = default;

Result<Chain, std::string> Chain::start() {
    TRY(const std::uint16_t port, async::find_free_port());
    TRY(async::Process process,
        async::Process::start(
            {.program = source_path("node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil"),
             .arguments = {"--quiet", "--hardfork", "prague", "--port", std::to_string(port), "--chain-id",
                           std::to_string(kChainId), "--gas-limit", std::to_string(kGas),
                           "--no-request-size-limit", "--disable-code-size-limit", "--base-fee", "0"},
             .output = "/dev/null",
             .environment = {}}));
    TRY(rpc::Url url, rpc::decode_url("http://127.0.0.1:" + std::to_string(port)));
    Chain chain(std::make_unique<Impl>(std::move(process), std::move(url)));
    TRY_VOID(chain.impl_->spawn(chain.impl_->await_start()).get());
    const auto artifact = test::read_json_file(source_path("out/Harness.sol/Harness.json"));
    const std::string code(test::text_of(artifact.at("bytecode").at("object")));
    TRY(chain.impl_->harness, chain.impl_->spawn(chain.impl_->transact("", code)).get());
    return chain;
}

Result<void, std::string> Chain::transact(Bytes call_data) {
    const auto done = impl_->spawn(impl_->transact(impl_->harness, encode_hex(call_data))).get();
    if (!done) return std::unexpected(done.error());
    return {};
}

std::future<Result<std::vector<Hash32>, std::string>> Chain::run(const std::vector<Bytes>& calls) {
    std::vector<AbiValue> list;
    for (const Bytes& call : calls) list.push_back(AbiValue::bytes(call));
    return impl_->spawn(impl_->run_calls(
        codec::encode_call("run(bytes[],uint256)",
                           {AbiValue::array(std::move(list)), AbiValue::number(kGasPerInput)}),
        calls.size()));
}

}  // namespace butter::differential
