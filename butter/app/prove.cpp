// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "butter/app/order.hpp"
#include "butter/app/terminal.hpp"
#include "butter/base/assert.hpp"
#include "butter/base/hex.hpp"
#include "butter/messenger/step.hpp"
#include "butter/rpc/http.hpp"
#include "butter/service/calls.hpp"

namespace butter::app {
namespace {

using messenger::Step;
using messenger::StepError;

/// A transaction that anyone can send.
struct Call {
    OpenChain* chain = nullptr;
    Address contract;
    Bytes data;
    std::string what;
    /// With a margin; absent when the node does not say.
    std::optional<std::uint64_t> gas_limit = std::nullopt;
};

/// The state at inclusion differs a little from the one estimated on.
constexpr std::uint64_t kGasMarginPercent = 20;

/// The next transactions of a message, in order, and what to do after them.
struct Plan {
    std::vector<Call> calls;
    std::string note;
};

Call publish_root(OpenChain& relay, const MessageTrace& trace) {
    return {&relay, relay.settings.service, service::encode_publish_root(trace.message.to_chain),
            "publishRoot: emits the outbox root, so that it can be proven"};
}

/// What the client of `from` on `to` needs before it can take the proof.
async::Task<Result<Plan, CommandError>> plan_updates(Chains& chains, OpenChain& from, OpenChain& to,
                                                     std::string why) {
    CO_TRY(const Address client, chains.client_of(from, to));
    auto state = co_await messenger::fetch_client_state(to.api, client);
    if (!state) co_return std::unexpected(CommandError{ExitCode::kUnavailable, state.error()});
    const auto updates = co_await from.source->fetch_updates(*std::move(state));
    Plan plan;
    if (updates) {
        for (const chain::Update& update : *updates) {
            plan.calls.push_back({&to, client, service::encode_client_update(update.bytes),
                                  "update of the light client: " + update.report.summary});
        }
    }
    if (plan.calls.empty()) co_return std::unexpected(CommandError{ExitCode::kFailed, "not yet: " + why});
    plan.note = why + "; after these updates, run `butter prove` again";
    co_return plan;
}

async::Task<Result<Plan, CommandError>> plan_inbound(Chains& chains, const MessageTrace& trace) {
    OpenChain& origin = *chains.find(trace.sent.transaction.chain_id);
    OpenChain& relay = chains.relay();
    CO_TRY(const Address client, chains.client_of(origin, relay));
    chains.say("proving the message's log on " + origin.name());
    std::vector<chain::LogPosition> positions;
    positions.push_back(trace.sent.transaction.log);
    const auto step = co_await messenger::build_inbound({.origin = origin.id(),
                                                         .source = *origin.source,
                                                         .relay = relay.api,
                                                         .client = client,
                                                         .client_since = relay.settings.start_block},
                                                        std::move(positions));
    if (!step) {
        if (step.error().kind == StepError::Kind::kWaiting)
            co_return co_await plan_updates(chains, origin, relay, step.error().text);
        co_return std::unexpected(CommandError{ExitCode::kFailed, step.error().text});
    }
    Plan plan;
    plan.calls.push_back(
        {&relay, relay.settings.service, step->call_data, "transferIn, verified: " + step->report});
    co_return plan;
}

async::Task<Result<Plan, CommandError>> plan_outbound(Chains& chains, const MessageTrace& trace) {
    OpenChain& relay = chains.relay();
    OpenChain* destination = chains.find(trace.message.to_chain);
    if (destination == nullptr) co_return std::unexpected(CommandError{ExitCode::kConfig, trace.wait_text});
    CO_TRY(const Address client, chains.client_of(relay, *destination));
    CO_TRY(const std::vector<Hash32> order_ids, co_await fetch_outbox(chains, destination->id()));
    message::Outbox outbox;
    for (const Hash32& order_id : order_ids) outbox.append(order_id);
    chains.say("proving the outbox root on " + relay.name());
    std::vector<message::DeliveredMessage> messages;
    messages.push_back({trace.relayed->index, trace.relayed->message});
    messenger::PublishedRoot root{trace.root->count, trace.root->root, trace.root->transaction.log};
    auto delivery = messenger::make_outbound_delivery(outbox, root, std::move(messages));
    if (!delivery) co_return std::unexpected(CommandError{ExitCode::kFailed, std::move(delivery).error()});
    const auto step = co_await messenger::build_outbound({.source = *relay.source,
                                                          .destination = destination->api,
                                                          .service = destination->settings.service,
                                                          .client = client},
                                                         std::move(root), *std::move(delivery));
    Plan plan;
    if (!step) {
        switch (step.error().kind) {
            case StepError::Kind::kWaiting:
                co_return co_await plan_updates(chains, relay, *destination, step.error().text);
            case StepError::Kind::kOutdated:
                plan.calls.push_back(publish_root(relay, trace));
                plan.note = step.error().text + "; once this root is final, run `butter prove` again";
                co_return plan;
            case StepError::Kind::kObstructed:
            case StepError::Kind::kRefuted:
                co_return std::unexpected(CommandError{ExitCode::kFailed, step.error().text});
        }
    }
    plan.calls.push_back({destination, destination->settings.service, step->call_data,
                          "transferIn, verified: " + step->report});
    co_return plan;
}

async::Task<Result<Plan, CommandError>> make_plan(Chains& chains, const MessageTrace& trace) {
    Plan plan;
    switch (trace.waits_for) {
        case WaitKind::kNone:
            plan.note = "delivered and executed: there is nothing left to do";
            co_return plan;
        case WaitKind::kOriginFinality:
        case WaitKind::kRootFinality:
            co_return std::unexpected(CommandError{ExitCode::kFailed, "not yet: " + trace.wait_text});
        case WaitKind::kInboundProof:
            co_return co_await plan_inbound(chains, trace);
        case WaitKind::kRootPublication:
            plan.calls.push_back(publish_root(chains.relay(), trace));
            plan.note = "once its block is final, run `butter prove` again for the delivery";
            co_return plan;
        case WaitKind::kOutboundProof:
            co_return co_await plan_outbound(chains, trace);
        case WaitKind::kRetry:
        case WaitKind::kRelayRetry:
            break;
    }
    const ExecutionStep& failure = *trace.find_outcome();
    OpenChain& chain = *chains.find(failure.transaction.chain_id);
    plan.calls.push_back(
        {&chain, chain.settings.service,
         service::encode_retry_message_in(failure.from_chain, failure.order_id, failure.from_address,
                                          failure.message_data),
         "retryMessageIn with all the gas of the transaction; it failed with: " + failure.reason});
    co_return plan;
}

/// What cannot be estimated before the calls ahead of it are made is another update like them: it is given
/// twice their gas, of which the rest comes back.
async::Task<void> estimate(Plan& plan) {
    std::optional<std::uint64_t> last;
    for (Call& call : plan.calls) {
        const auto gas = co_await call.chain->api.estimate_gas(
            {.from = {}, .to = call.contract, .data = call.data, .value = {}});
        if (gas) {
            last = *gas;
            call.gas_limit = *gas + *gas * kGasMarginPercent / 100;
        } else if (last) {
            call.gas_limit = 2 * *last;
        }
    }
}

constexpr std::string_view kPathLeftOut = "/...";

/// For output that may be handed on: an endpoint's path may hold a key and is left out.
std::string endpoint_of(const OpenChain& chain) {
    const std::string& text = chain.settings.network.rpc_urls.front();
    const auto url = rpc::decode_url(text);
    BUTTER_ASSERT(url.has_value());  // the configuration was checked
    return url->path == "/" ? text : rpc::display_name(*url) + std::string(kPathLeftOut);
}

rpc::Json to_json(const MessageTrace& trace, const Plan& plan) {
    rpc::JsonArray calls;
    for (const Call& call : plan.calls) {
        calls.push_back(
            rpc::JsonObject{{"gas_limit", call.gas_limit ? rpc::Json(*call.gas_limit) : rpc::Json(nullptr)},
                            {"chain", call.chain->name()},
                            {"chain_id", call.chain->id().value},
                            {"rpc", endpoint_of(*call.chain)},
                            {"contract", encode_hex(call.contract)},
                            {"data", encode_hex(call.data)},
                            {"what", call.what}});
    }
    return rpc::JsonObject{{"order_id", encode_hex(trace.order_id)},
                           {"waits_for", boost::json::string(to_string(trace.waits_for))},
                           {"calls", std::move(calls)},
                           {"note", boost::json::string(plan.note)}};
}

async::Task<Result<ExitCode, CommandError>> prove_order(Chains& chains, Hash32 order,
                                                        const OrderOptions& options) {
    CO_TRY_VOID(co_await check_chains(chains));
    CO_TRY(const MessageTrace trace, co_await fetch_trace(chains, order));
    CO_TRY(Plan plan, co_await make_plan(chains, trace));
    co_await estimate(plan);
    if (options.json) {
        print_json(to_json(trace, plan));
        co_return ExitCode::kOk;
    }
    const bool is_left_out = std::any_of(plan.calls.begin(), plan.calls.end(), [](const Call& call) {
        return endpoint_of(*call.chain).ends_with(kPathLeftOut);
    });
    if (is_left_out)
        print_line("# The path of an endpoint may hold a key and is left out: put yours for the dots.");
    for (const Call& call : plan.calls) {
        print_line(fmt::format("# {} on {} (chain id {})\ncast send --rpc-url {}{} {} {}", call.what,
                               call.chain->name(), call.chain->id().value, endpoint_of(*call.chain),
                               call.gas_limit ? fmt::format(" --gas-limit {}", *call.gas_limit) : "",
                               encode_hex(call.contract), encode_hex(call.data)));
    }
    if (!plan.note.empty()) print_line("# " + plan.note);
    co_return ExitCode::kOk;
}

}  // namespace

ExitCode prove(const OrderOptions& options) {
    return run_on_order(options,
                        [&](Chains& chains, Hash32 order) { return prove_order(chains, order, options); });
}

}  // namespace butter::app
