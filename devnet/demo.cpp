// SPDX-License-Identifier: Apache-2.0
#include "devnet/demo.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "butter/app/chains.hpp"
#include "butter/app/families.hpp"
#include "butter/app/trace.hpp"
#include "butter/artifacts/artifacts.hpp"
#include "butter/async/process.hpp"
#include "butter/async/sleep.hpp"
#include "butter/base/assert.hpp"
#include "butter/base/hex.hpp"
#include "butter/codec/abi.hpp"
#include "butter/evm/sender.hpp"
#include "butter/rpc/json.hpp"
#include "butter/service/calls.hpp"
#include "butter/service/events.hpp"

namespace butter::devnet {
namespace {

using app::ExecutionStep;
using app::MessageTrace;
using codec::AbiValue;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPollInterval{100};
/// A message takes some ten seconds here; one that takes this long never arrives.
constexpr std::chrono::minutes kPatience{5};
/// The receivers store what they get, at 22,100 gas for each new word.
constexpr std::uint64_t kGasLimit = 500'000;
constexpr std::uint64_t kMirroredValue = 42;
constexpr std::uint64_t kFeeCapWei = 1'000'000'000'000;
/// More than the fee: the rest must come back.
constexpr std::uint64_t kOverpaidWei = 10'000'000'000'000'000;

std::filesystem::path own_program() { return std::filesystem::read_symlink("/proc/self/exe"); }

void print(std::string_view line) {
    fmt::print("{}\n", line);
    std::fflush(stdout);
}

/// Its exit status; output and errors go to these files, or where ours go.
async::Task<Result<int, std::string>> run_command(std::vector<std::string> arguments,
                                                  std::filesystem::path output, std::filesystem::path errors,
                                                  std::vector<std::string> environment) {
    CO_TRY(async::Process process, async::Process::start({.program = own_program(),
                                                          .arguments = std::move(arguments),
                                                          .output = std::move(output),
                                                          .errors = std::move(errors),
                                                          .environment = std::move(environment)}));
    for (;;) {
        if (const auto status = process.find_exit_status()) co_return *status;
        co_await async::sleep_for(std::chrono::milliseconds{20});
    }
}

/// What one message is to show.
enum class Expectation {
    kExecuted = 1,
    kRefused = 2,  ///< delivered, and its execution refused for `reason`
    kRetried = 3,  ///< fails at first; a stranger mends the receiver and retries
};

struct DemoMessage {
    std::string title{};
    Expectation expectation = Expectation::kExecuted;
    std::string reason{};  ///< part of what a failure must say
    std::string effect{};  ///< what is read back, for people
    std::function<async::Task<Result<bool, std::string>>()> has_effect{};

    Hash32 order_id{};
    steady_clock::time_point sent_at{};
    std::set<std::string> printed{};  ///< keys of the steps printed so far
    bool is_retry_sent = false;
    std::optional<double> seconds{};  ///< from sending to the end, once it ended
    std::optional<MessageTrace> trace{};
    bool is_good = false;
};

class Demo {
  public:
    Demo(boost::asio::any_io_executor executor, Devnet& devnet, app::Chains& chains)
        : devnet_(devnet), chains_(chains) {
        for (const auto& chain : chains.all) {
            for (const std::size_t account : {kUserAccount, kStrangerAccount}) {
                senders_[{chain->name(), account}] =
                    std::make_unique<evm::Sender>(executor, chain->api,
                                                  evm::Sender::Options{.chain_id = chain->id(),
                                                                       .key = make_test_account(account).key,
                                                                       .caps = {kFeeCapWei, kFeeCapWei},
                                                                       .poll_interval = kPollInterval});
            }
        }
    }

    async::Task<Result<bool, std::string>> run() {
        CO_TRY_VOID(co_await deploy_dapps());
        CO_TRY_VOID(co_await send_all());
        CO_TRY_VOID(co_await follow_all());
        co_return co_await conclude();
    }

  private:
    app::OpenChain& chain(std::string_view name) const {
        app::OpenChain* found = chains_.find(name);
        BUTTER_ASSERT(found != nullptr);
        return *found;
    }
    evm::Sender& sender(std::string_view name, std::size_t account) const {
        return *senders_.at({std::string(name), account});
    }

    async::Task<Result<evm::TransactionOutcome, std::string>> transact(std::string name, std::size_t account,
                                                                       evm::TransactionRequest request) {
        const auto outcome = co_await sender(name, account).send(std::move(request));
        if (!outcome) {
            co_return std::unexpected(fmt::format("transaction on {}: {}", name,
                                                  outcome.error().data.empty()
                                                      ? outcome.error().text
                                                      : service::describe_revert(outcome.error().data)));
        }
        if (!outcome->is_success)
            co_return std::unexpected(
                fmt::format("transaction {} on {} reverted", encode_hex(outcome->hash), name));
        co_return *outcome;
    }

    async::Task<Result<Address, std::string>> create(std::string name, std::string contract,
                                                     std::vector<AbiValue> arguments) {
        const auto code = artifacts::find_creation_code(contract);
        BUTTER_ASSERT(code.has_value());
        const Bytes data = concat({*code, codec::encode_abi(arguments)});
        CO_TRY(const evm::TransactionOutcome outcome,
               co_await transact(name, kUserAccount, {.to = std::nullopt, .data = data, .value = {}}));
        if (!outcome.created) co_return std::unexpected(contract + " on " + name + " was not created");
        print(fmt::format("  {:<15} on {} at {}", contract, name, encode_hex(*outcome.created)));
        co_return *outcome.created;
    }

    async::Task<Result<void, std::string>> call(std::string name, std::size_t account, Address to,
                                                Bytes data) {
        const auto outcome =
            co_await transact(std::move(name), account, {.to = to, .data = std::move(data), .value = {}});
        if (!outcome) co_return std::unexpected(outcome.error());
        co_return Result<void, std::string>();
    }

    async::Task<Result<Uint256, std::string>> read_word(std::string name, Address contract,
                                                        std::string signature) {
        const auto answer = co_await chain(name).api.call(
            {.from = {}, .to = contract, .data = codec::encode_call(signature, {}), .value = {}});
        if (!answer) co_return std::unexpected(answer.error().text);
        const auto word = service::decode_first_word(*answer);
        if (!word) co_return std::unexpected(signature + " on " + name + " answers with no word");
        co_return *word;
    }

    /// Whether a view of a contract gives `expected`.
    std::function<async::Task<Result<bool, std::string>>()> reads(std::string name, Address contract,
                                                                  std::string signature, Uint256 expected) {
        return [this, name, contract, signature, expected] {
            return this->is_word(name, contract, signature, expected);
        };
    }
    async::Task<Result<bool, std::string>> is_word(std::string name, Address contract, std::string signature,
                                                   Uint256 expected) {
        CO_TRY(const Uint256 found, co_await read_word(name, contract, signature));
        co_return found == expected;
    }

    async::Task<Result<void, std::string>> deploy_dapps();
    async::Task<Result<void, std::string>> send_all();
    /// Calls a dApp that sends, paying more than the fee; notes the order id.
    async::Task<Result<void, std::string>> send(DemoMessage message, std::string name, std::string to,
                                                Address dapp, Bytes data);
    async::Task<Result<void, std::string>> send_by_command(DemoMessage message, std::string to,
                                                           Address target, Bytes payload,
                                                           std::vector<std::string> flags);
    void note(DemoMessage message, const Hash32& order_id);
    async::Task<Result<void, std::string>> follow_all();
    async::Task<Result<bool, std::string>> follow(DemoMessage& message);
    void print_steps(DemoMessage& message, const MessageTrace& trace);
    async::Task<Result<void, std::string>> retry(DemoMessage& message, const ExecutionStep& failure);
    async::Task<Result<bool, std::string>> conclude();

    Devnet& devnet_;
    app::Chains& chains_;
    std::map<std::pair<std::string, std::size_t>, std::unique_ptr<evm::Sender>> senders_;
    std::vector<DemoMessage> messages_;

    Address sender_a_, counter_b_, counter_r_, mirror_a_, mirror_b_, router_r_, receiver_b_, faulty_b_;
};

AbiValue message_data(bool relay, bool is_message, const Address& target, BytesView payload) {
    return AbiValue::tuple({AbiValue::boolean(relay), AbiValue::number(is_message ? 1 : 0),
                            AbiValue::bytes(target), AbiValue::bytes(payload), AbiValue::number(kGasLimit),
                            AbiValue::number(0)});
}

Bytes encode_send(ChainId to, const AbiValue& data) {
    return codec::encode_call("send(uint256,(bool,uint8,bytes,bytes,uint256,uint256))",
                              {AbiValue::number(to.value), data});
}

Bytes encode_increment(const Address& caller) {
    return codec::encode_call("increment(address)", {AbiValue::address(caller)});
}

async::Task<Result<void, std::string>> Demo::deploy_dapps() {
    print("\nExample dApps");
    const AbiValue user = AbiValue::address(make_test_account(kUserAccount).address);
    const auto service_of = [&](std::string_view name) {
        return AbiValue::address(chain(name).settings.service);
    };
    CO_TRY(sender_a_, co_await create("A", "Sender", {service_of("A")}));
    CO_TRY(counter_b_, co_await create("B", "RemoteCounter", {service_of("B"), user}));
    CO_TRY(counter_r_, co_await create("R", "RemoteCounter", {service_of("R"), user}));
    CO_TRY(mirror_a_, co_await create("A", "MirroredValue", {service_of("A"), user}));
    CO_TRY(mirror_b_, co_await create("B", "MirroredValue", {service_of("B"), user}));
    CO_TRY(router_r_, co_await create("R", "RelayRouter", {service_of("R")}));
    CO_TRY(receiver_b_, co_await create("B", "FaultyReceiver", {service_of("B")}));
    CO_TRY(faulty_b_, co_await create("B", "FaultyReceiver", {service_of("B")}));

    const auto allow = [&](ChainId from, const Address& caller) {
        return codec::encode_call(
            "addRemoteCaller(uint256,bytes,bool)",
            {AbiValue::number(from.value), AbiValue::bytes(caller), AbiValue::boolean(true)});
    };
    const auto twin = [&](ChainId other, const Address& contract) {
        return codec::encode_call("setTwin(uint256,address)",
                                  {AbiValue::number(other.value), AbiValue::address(contract)});
    };
    const ChainId a = chain("A").id();
    const ChainId b = chain("B").id();
    CO_TRY_VOID(co_await call("B", kUserAccount, counter_b_, allow(a, sender_a_)));
    CO_TRY_VOID(co_await call("R", kUserAccount, counter_r_, allow(a, sender_a_)));
    CO_TRY_VOID(co_await call("A", kUserAccount, mirror_a_, twin(b, mirror_b_)));
    CO_TRY_VOID(co_await call("B", kUserAccount, mirror_b_, twin(a, mirror_a_)));
    CO_TRY_VOID(co_await call("B", kUserAccount, receiver_b_,
                              codec::encode_call("setMode(uint8)", {AbiValue::number(1)})));
    co_return Result<void, std::string>();
}

void Demo::note(DemoMessage message, const Hash32& order_id) {
    message.order_id = order_id;
    message.sent_at = steady_clock::now();
    print(fmt::format("#{} {}\n   order {}", messages_.size() + 1, message.title, encode_hex(order_id)));
    messages_.push_back(std::move(message));
}

async::Task<Result<void, std::string>> Demo::send(DemoMessage message, std::string name, std::string to,
                                                  Address dapp, Bytes data) {
    const app::OpenChain& origin = chain(name);
    const auto quote = co_await chain(name).api.call(
        {.from = {},
         .to = origin.settings.service,
         .data = service::encode_get_message_fee(chain(to).id(), Address{}, kGasLimit),
         .value = {}});
    if (!quote) co_return std::unexpected(quote.error().text);
    const auto fee = service::decode_first_word(*quote);
    if (!fee) co_return std::unexpected("the service on " + name + " quotes no fee");
    CO_TRY(const evm::TransactionOutcome outcome,
           co_await transact(name, kUserAccount,
                             {.to = dapp, .data = std::move(data), .value = *fee + kOverpaidWei}));
    for (const eth::Log& log : outcome.logs) {
        if (log.address != origin.settings.service) continue;
        if (const auto out = service::decode_message_out(log)) {
            note(std::move(message), out->order_id);
            co_return Result<void, std::string>();
        }
    }
    co_return std::unexpected("transaction " + encode_hex(outcome.hash) + " on " + name + " sent no message");
}

async::Task<Result<void, std::string>> Demo::send_by_command(DemoMessage message, std::string to,
                                                             Address target, Bytes payload,
                                                             std::vector<std::string> flags) {
    const std::filesystem::path output = devnet_.options().directory / "send.json";
    const std::filesystem::path errors = devnet_.options().directory / "send.log";
    std::filesystem::remove(output);
    std::vector<std::string> arguments{"send",
                                       "--config",
                                       (devnet_.options().directory / "butter.toml").string(),
                                       "--from",
                                       "A",
                                       "--to",
                                       std::move(to),
                                       "--target",
                                       encode_hex(target),
                                       "--payload",
                                       encode_hex(payload),
                                       "--gas-limit",
                                       std::to_string(kGasLimit),
                                       "--private-key-env",
                                       "BUTTER_DEVNET_KEY",
                                       "--json"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    // The stranger's account: the user's nonces belong to this process.
    const std::string key = encode_hex(make_test_account(kStrangerAccount).key);
    std::vector<std::string> environment{"BUTTER_DEVNET_KEY=" + key};
    CO_TRY(const int status,
           co_await run_command(std::move(arguments), output, errors, std::move(environment)));
    std::ifstream in(output);
    const std::string text((std::istreambuf_iterator<char>(in)), {});
    if (status != 0)
        co_return std::unexpected("butter send ended with status " + std::to_string(status) + "; see " +
                                  errors.string());
    const auto json = rpc::parse_json(text);
    const auto order_id = json ? rpc::find_fixed<32>(*json, "order_id") : std::nullopt;
    if (!order_id) co_return std::unexpected("butter send printed no order id: " + text);
    note(std::move(message), *order_id);
    co_return Result<void, std::string>();
}

async::Task<Result<void, std::string>> Demo::send_all() {
    print("\nMessages");
    const ChainId b = chain("B").id();
    const ChainId r = chain("R").id();
    const Bytes increment = encode_increment(sender_a_);
    CO_TRY_VOID(co_await send({.title = "CALLDATA A -> B: a contract calls a counter",
                               .effect = "RemoteCounter.count on B is 1",
                               .has_effect = reads("B", counter_b_, "count()", 1)},
                              "A", "B", sender_a_,
                              encode_send(b, message_data(false, false, counter_b_, increment))));
    CO_TRY_VOID(co_await send({.title = "MESSAGE B -> A: a value is written into its twin",
                               .effect = "MirroredValue.value on A is 42",
                               .has_effect = reads("A", mirror_a_, "value()", kMirroredValue)},
                              "B", "A", mirror_b_,
                              codec::encode_call("set(uint256,uint256)", {AbiValue::number(kMirroredValue),
                                                                          AbiValue::number(kGasLimit)})));
    const Bytes route =
        codec::encode_abi({AbiValue::tuple({AbiValue::address(receiver_b_), AbiValue::number(kGasLimit),
                                            AbiValue::bytes(as_bytes("by way of the router"))})});
    CO_TRY_VOID(co_await send({.title = "relay A -> R -> B: a contract on R makes another message of it",
                               .effect = "the receiver on B heard from R",
                               .has_effect = reads("B", receiver_b_, "lastFromChain()", r.value)},
                              "A", "B", sender_a_,
                              encode_send(b, message_data(true, true, router_r_, route))));
    CO_TRY_VOID(co_await send({.title = "CALLDATA A -> R: to the relay chain itself",
                               .effect = "RemoteCounter.count on R is 1",
                               .has_effect = reads("R", counter_r_, "count()", 1)},
                              "A", "R", sender_a_,
                              encode_send(r, message_data(false, false, counter_r_, increment))));
    CO_TRY_VOID(co_await send({.title = "MESSAGE A -> B: to a receiver that fails, retried by a stranger",
                               .expectation = Expectation::kRetried,
                               .effect = "FaultyReceiver.received on B is 1",
                               .has_effect = reads("B", faulty_b_, "received()", 1)},
                              "A", "B", sender_a_,
                              encode_send(b, message_data(false, true, faulty_b_, as_bytes("mend me")))));
    // `butter send` sends from an account, which the counter has not allowed.
    CO_TRY_VOID(
        co_await send_by_command({.title = "CALLDATA A -> B by `butter send`: the caller is not allowed",
                                  .expectation = Expectation::kRefused,
                                  .reason = "CallerNotAllowed",
                                  .effect = "RemoteCounter.count on B is still 1",
                                  .has_effect = reads("B", counter_b_, "count()", 1)},
                                 "B", counter_b_, increment, {}));
    co_return Result<void, std::string>();
}

// ---- following
// ----------------------------------------------------------------------------------------------

void Demo::print_steps(DemoMessage& message, const MessageTrace& trace) {
    const double seconds = std::chrono::duration<double>(steady_clock::now() - message.sent_at).count();
    const std::size_t number = static_cast<std::size_t>(&message - messages_.data()) + 1;
    for (const app::TraceLine& line : app::lines_of(trace)) {
        if (!message.printed.insert(line.key).second) continue;
        print(fmt::format("#{} {:>5.1f} s  {}", number, seconds, line.text));
    }
}

async::Task<Result<void, std::string>> Demo::retry(DemoMessage& message, const ExecutionStep& failure) {
    const std::string name = failure.transaction.chain;
    CO_TRY_VOID(co_await call(name, kStrangerAccount, faulty_b_,
                              codec::encode_call("setMode(uint8)", {AbiValue::number(1)})));
    CO_TRY_VOID(co_await call(name, kStrangerAccount, chain(name).settings.service,
                              service::encode_retry_message_in(failure.from_chain, failure.order_id,
                                                               failure.from_address, failure.message_data)));
    message.is_retry_sent = true;
    co_return Result<void, std::string>();
}

/// True when it came to an end, good or bad.
async::Task<Result<bool, std::string>> Demo::follow(DemoMessage& message) {
    auto trace = co_await app::fetch_trace(chains_, message.order_id);
    if (!trace) co_return std::unexpected(trace.error().text);
    print_steps(message, *trace);
    message.trace = *std::move(trace);
    const ExecutionStep* outcome = message.trace->find_outcome();
    if (outcome == nullptr) co_return false;
    switch (message.expectation) {
        case Expectation::kExecuted:
            message.is_good = outcome->is_success;
            co_return true;
        case Expectation::kRefused:
            message.is_good =
                !outcome->is_success && outcome->reason.find(message.reason) != std::string::npos;
            co_return true;
        case Expectation::kRetried:
            if (outcome->is_success) {
                message.is_good = outcome->is_retry && message.is_retry_sent;
                co_return true;
            }
            if (!message.is_retry_sent) CO_TRY_VOID(co_await retry(message, *outcome));
            co_return false;
    }
    co_return true;
}

async::Task<Result<void, std::string>> Demo::follow_all() {
    const auto deadline = steady_clock::now() + kPatience;
    for (std::size_t open = messages_.size(); open > 0;) {
        if (steady_clock::now() > deadline) break;
        co_await async::sleep_for(kPollInterval);
        for (DemoMessage& message : messages_) {
            if (message.seconds) continue;
            CO_TRY(const bool is_over, co_await follow(message));
            if (!is_over) continue;
            message.seconds = std::chrono::duration<double>(steady_clock::now() - message.sent_at).count();
            --open;
        }
    }
    co_return Result<void, std::string>();
}

/// Gas of each step's first transaction; "-" for a step that this message does not take.
struct GasTexts {
    std::string sent = "-";
    std::string accepted = "-";
    std::string root = "-";
    std::string delivered = "-";
};
GasTexts gas_of(const MessageTrace& trace) {
    GasTexts out;
    const auto text = [](const app::TracedTransaction& transaction) {
        return std::to_string(transaction.gas_used);
    };
    out.sent = text(trace.sent.transaction);
    if (!trace.relay_executions.empty()) {
        out.accepted = text(trace.relay_executions.front().transaction);
    } else if (trace.relayed) {
        out.accepted = text(trace.relayed->transaction);
    }
    if (trace.root) out.root = text(trace.root->transaction);
    if (!trace.executions.empty()) out.delivered = text(trace.executions.front().transaction);
    return out;
}

async::Task<Result<bool, std::string>> Demo::conclude() {
    print(fmt::format("\n{:<3}{:<70}{:>8}{:>10}{:>10}{:>10}{:>10}  {}", "", "message", "seconds", "gas sent",
                      "relayed", "root", "delivered", "effect read back"));
    std::size_t good = 0;
    for (std::size_t i = 0; i < messages_.size(); ++i) {
        DemoMessage& message = messages_[i];
        CO_TRY(const bool has_effect, co_await message.has_effect());
        const bool is_good = message.is_good && has_effect;
        good += is_good ? 1 : 0;
        const GasTexts gas = message.trace ? gas_of(*message.trace) : GasTexts{};
        print(fmt::format("{:<3}{:<70}{:>8}{:>10}{:>10}{:>10}{:>10}  {} {}", fmt::format("#{}", i + 1),
                          message.title, message.seconds ? fmt::format("{:.1f}", *message.seconds) : "-",
                          gas.sent, gas.accepted, gas.root, gas.delivered,
                          is_good ? "ok:" : "WRONG:", message.effect));
        if (!is_good && message.trace && !message.trace->wait_text.empty())
            print("   " + message.trace->wait_text);
    }
    print(fmt::format("\n{} of {} messages delivered", good, messages_.size()));
    co_return good == messages_.size();
}

}  // namespace

async::Task<Result<void, std::string>> deploy_contracts(const Devnet& devnet) {
    CO_TRY(const int status, co_await run_command({"deploy", "--topology", devnet.topology().string(),
                                                   "--out", devnet.options().directory.string()},
                                                  {}, {}, {}));
    if (status != 0) co_return std::unexpected("butter deploy ended with status " + std::to_string(status));
    co_return Result<void, std::string>();
}

async::Task<Result<bool, std::string>> run_demo(boost::asio::any_io_executor executor, Devnet& devnet) {
    const std::filesystem::path config_file = devnet.options().directory / "butter.toml";
    const std::filesystem::path log = devnet.options().directory / "run.log";
    auto config = app::load_config(config_file);
    if (!config) co_return std::unexpected(app::to_string(config.error()));
    const auto families = app::make_families();
    auto chains = app::open_chains(*std::move(config), families, executor, app::WithKey::kNo);
    if (!chains) co_return std::unexpected(chains.error().text);

    print(fmt::format("\nbutter run --config {} (its log is {})", config_file.string(), log.string()));
    CO_TRY(async::Process program,
           async::Process::start({.program = own_program(),
                                  .arguments = {"run", "--config", config_file.string()},
                                  .output = log,
                                  .errors = {},
                                  .environment = {}}));
    Demo demo(executor, devnet, *chains);
    auto result = co_await demo.run();
    if (const auto status = program.find_exit_status())
        co_return std::unexpected(
            fmt::format("butter run ended with status {}; its log is {}", *status, log.string()));
    program.signal(SIGTERM);
    while (!program.find_exit_status()) co_await async::sleep_for(kPollInterval);
    if (*program.find_exit_status() != 0)
        co_return std::unexpected(fmt::format("butter run did not end cleanly; its log is {}", log.string()));
    co_return result;
}

}  // namespace butter::devnet
