// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <set>
#include <utility>

#include "butter/app/chains.hpp"
#include "butter/app/commands.hpp"
#include "butter/app/families.hpp"
#include "butter/app/terminal.hpp"
#include "butter/app/trace.hpp"
#include "butter/async/sleep.hpp"
#include "butter/base/hex.hpp"
#include "butter/eth/address.hpp"
#include "butter/service/calls.hpp"
#include "butter/service/events.hpp"

namespace butter::app {
namespace {

/// What the flags say, checked.
struct Request {
    std::string from;
    ChainId to;
    service::MessageData data;
};

Result<Request, CommandError> parse_request(const SendOptions& options, const Config& config) {
    const auto usage = [](std::string text) {
        return std::unexpected(CommandError{ExitCode::kUsage, std::move(text)});
    };
    std::string names;
    for (const ChainSettings& chain : config.chains)
        names += (names.empty() ? "" : ", ") + chain.network.name;
    Request request;
    request.from = options.from;
    if (config.find_chain(options.from) == nullptr)
        return usage(
            fmt::format("--from {}: no such chain in the configuration, it has {}", options.from, names));
    if (const ChainSettings* to = config.find_chain(options.to)) {
        request.to = to->network.chain_id;
    } else if (const auto id = from_decimal(options.to); id && id->fits_u64()) {
        request.to = ChainId{id->limbs[0]};
    } else {
        return usage(
            fmt::format("--to {}: no such chain in the configuration, it has {}; a chain id may be given "
                        "instead",
                        options.to, names));
    }
    if (options.wait && config.find_chain(request.to) == nullptr) {
        return usage(fmt::format(
            "--wait needs chain id {} in the configuration: nobody else can be asked whether it arrived",
            request.to.value));
    }
    const auto target = eth::parse_address(options.target);
    if (!target) {
        return usage(fmt::format("--target {}: {}", options.target, to_string(target.error())));
    }
    auto payload = decode_hex(options.payload);
    if (!payload)
        return usage(fmt::format("--payload: {}; expected bytes as hex", to_string(payload.error())));
    request.data = {.relay = options.relay,
                    .is_message = options.message,
                    .target = to_bytes(*target),
                    .payload = *std::move(payload),
                    .gas_limit = options.gas_limit};
    return request;
}

struct Sent {
    Hash32 order_id;
    Hash32 transaction;
    BlockNumber block;
    std::uint64_t gas_used = 0;
    Uint256 fee;
};

CommandError refused(const OpenChain& chain, const std::string& text) {
    return {ExitCode::kFailed, fmt::format("chain {}: {}", chain.name(), text)};
}

async::Task<Result<Uint256, CommandError>> fetch_fee(OpenChain& chain, Request request) {
    const auto answer = co_await chain.api.call(
        {.from = {},
         .to = chain.settings.service,
         .data = service::encode_get_message_fee(request.to, Address{}, request.data.gas_limit),
         .value = {}});
    if (!answer) {
        if (answer.error().kind != rpc::RpcError::Kind::kNode)
            co_return std::unexpected(CommandError{ExitCode::kUnavailable, answer.error().text});
        const std::string reason =
            answer.error().data.empty() ? answer.error().text : service::describe_revert(answer.error().data);
        co_return std::unexpected(
            refused(chain, fmt::format("no fee to chain id {}: {}; its service does not send there for coins",
                                       request.to.value, reason)));
    }
    const auto fee = service::decode_first_word(*answer);
    if (!fee) {
        co_return std::unexpected(
            CommandError{ExitCode::kConfig, fmt::format("chain {}: there is no service at {}", chain.name(),
                                                        encode_hex(chain.settings.service))});
    }
    co_return *fee;
}

async::Task<Result<Sent, CommandError>> submit(OpenChain& chain, Request request) {
    CO_TRY(const Uint256 fee, co_await fetch_fee(chain, request));
    const auto balance = co_await chain.api.fetch_balance(chain.sender->address());
    if (!balance) co_return std::unexpected(CommandError{ExitCode::kUnavailable, balance.error().text});
    const std::string account = encode_hex(chain.sender->address());
    const auto poor = [&] {
        return refused(
            chain, fmt::format("{} has {} wei, needed are {} wei for the fee and what the gas costs", account,
                               to_decimal(*balance), to_decimal(fee)));
    };
    if (*balance <= fee) co_return std::unexpected(poor());
    // What the price falls by until it is included comes back; a rise makes it revert, and nothing is lost.
    const auto outcome = co_await chain.sender->send(
        {.to = chain.settings.service,
         .data = service::encode_transfer_out(request.to, request.data, Address{}),
         .value = fee});
    if (!outcome) {
        switch (outcome.error().kind) {
            case evm::SendError::Kind::kInsufficientFunds:
                co_return std::unexpected(poor());
            case evm::SendError::Kind::kRpc:
                co_return std::unexpected(CommandError{ExitCode::kUnavailable, outcome.error().text});
            default:
                break;
        }
        co_return std::unexpected(refused(
            chain,
            "not sent: " + (outcome.error().data.empty() ? outcome.error().text
                                                         : service::describe_revert(outcome.error().data))));
    }
    for (const eth::Log& log : outcome->logs) {
        if (log.address != chain.settings.service) continue;
        if (const auto event = service::decode_message_out(log))
            co_return Sent{event->order_id, outcome->hash, outcome->block, outcome->gas_used, fee};
    }
    co_return std::unexpected(
        refused(chain, fmt::format("transaction {} {} and sent no message", encode_hex(outcome->hash),
                                   outcome->is_success ? "was included" : "reverted")));
}

/// Follows the message until it is delivered or failed; each step is said on standard error when it shows.
async::Task<MessageTrace> follow(Chains& chains, Hash32 order_id) {
    // What each look at the chains does is of no interest, only what the message waits for.
    const auto say = std::exchange(chains.on_progress, nullptr);
    std::set<std::string> said;
    std::string waiting_for;
    for (;;) {
        auto trace = co_await fetch_trace(chains, order_id);
        if (trace) {
            for (const TraceLine& line : lines_of(*trace)) {
                if (said.insert(line.key).second) fmt::print(stderr, "butter: {}\n", line.text);
            }
            if (trace->status != TraceStatus::kWaiting) co_return *std::move(trace);
            if (say) say(fmt::format("waiting for {}", to_string(trace->waits_for)));
        } else if (trace.error().text != waiting_for) {
            waiting_for = trace.error().text;
            fmt::print(stderr, "butter: {}; trying again\n", waiting_for);
        }
        co_await async::sleep_for(chains.config.poll_interval);
    }
}

async::Task<Result<ExitCode, CommandError>> send_one(Chains& chains, Request request,
                                                     const SendOptions& options) {
    OpenChain& chain = *chains.find(request.from);
    CO_TRY_VOID(co_await check_chain(chain));
    chains.say("sending on " + chain.name());
    CO_TRY(const Sent sent, co_await submit(chain, std::move(request)));
    rpc::JsonObject json{{"order_id", encode_hex(sent.order_id)},
                         {"chain", chain.name()},
                         {"transaction", encode_hex(sent.transaction)},
                         {"block", sent.block.value},
                         {"gas_used", sent.gas_used},
                         {"fee_wei", to_decimal(sent.fee)}};
    if (!options.json) {
        print_line(
            fmt::format("order        {}\ntransaction  {} on {}, block {}, gas {}\nfee          {} wei",
                        encode_hex(sent.order_id), encode_hex(sent.transaction), chain.name(),
                        sent.block.value, sent.gas_used, to_decimal(sent.fee)));
    }
    ExitCode code = ExitCode::kOk;
    if (options.wait) {
        const MessageTrace trace = co_await follow(chains, sent.order_id);
        if (trace.status == TraceStatus::kFailed) code = ExitCode::kFailed;
        json["trace"] = to_json(trace, chains);
        if (!options.json) {
            print_line(fmt::format("status       {}{}{}", to_string(trace.status),
                                   trace.wait_text.empty() ? "" : ": ", trace.wait_text));
        }
    }
    if (options.json) print_json(json);
    co_return code;
}

}  // namespace

ExitCode send(const SendOptions& options) {
    auto config = load_config(options.config);
    if (!config) return fail(ExitCode::kConfig, to_string(config.error()));
    auto request = parse_request(options, *config);
    if (!request) return fail(request.error());
    boost::asio::io_context context(1);
    Progress progress(context);
    const auto families = make_families();
    auto chains = open_chains(*std::move(config), families, context.get_executor(), WithKey::kNo);
    if (!chains) return fail(chains.error());
    chains->on_progress = [&](std::string doing) { progress.say(std::move(doing)); };
    OpenChain& from = *chains->find(request->from);
    if (!options.private_key_env.empty()) {
        from.settings.key = {};
        from.settings.key.private_key_env = options.private_key_env;
    }
    const auto added = add_sender(from, context.get_executor(), chains->config.poll_interval);
    if (!added) return fail(added.error());
    const auto done = run_to_end(context, send_one(*chains, *std::move(request), options));
    return done ? *done : fail(done.error());
}

}  // namespace butter::app
