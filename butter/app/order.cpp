// SPDX-License-Identifier: Apache-2.0
#include "butter/app/order.hpp"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>

#include "butter/app/families.hpp"
#include "butter/app/log_search.hpp"
#include "butter/app/terminal.hpp"
#include "butter/base/hex.hpp"
#include "butter/service/events.hpp"

namespace butter::app {

Result<Hash32, CommandError> parse_order(std::string_view text) {
    const auto id = decode_hex_fixed<32>(text);
    if (!id) {
        return std::unexpected(CommandError{
            ExitCode::kUsage,
            fmt::format("\"{}\" is no order id and no transaction hash: expected 0x and 64 hex digits",
                        text)});
    }
    return *id;
}

ExitCode run_on_order(const OrderOptions& options, const OrderBody& body) {
    const auto order = parse_order(options.order);
    if (!order) return fail(order.error());
    auto config = load_config(options.config);
    if (!config) return fail(ExitCode::kConfig, to_string(config.error()));
    boost::asio::io_context context(1);
    Progress progress(context);
    const auto families = make_families();
    auto chains = open_chains(*std::move(config), families, context.get_executor(), WithKey::kNo);
    if (!chains) return fail(chains.error());
    chains->on_progress = [&](std::string doing) { progress.say(std::move(doing)); };
    const auto done = run_to_end(context, body(*chains, *order));
    return done ? *done : fail(done.error());
}

async::Task<Result<std::vector<Hash32>, CommandError>> fetch_outbox(Chains& chains, ChainId to) {
    OpenChain& relay = chains.relay();
    chains.say("reading the outbox on " + relay.name());
    CO_TRY(const auto logs,
           co_await fetch_service_logs(
               relay,
               {.topics = {service::message_relay_topic()}, .third_topic = to_big_endian(Uint256{to.value})},
               relay.settings.start_block, [](const std::vector<rpc::PlacedLog>&) { return false; }));
    std::vector<Hash32> out;
    for (const rpc::PlacedLog& log : logs) {
        const auto event = service::decode_message_relay(log.log);
        if (!event || event->to_chain != to) continue;
        if (event->index != out.size()) {
            co_return std::unexpected(CommandError{
                ExitCode::kFailed,
                fmt::format(
                    "the logs of {} have number {} of the outbox towards {} where {} is next: the node "
                    "does not have all of them, or start_block is after the first",
                    relay.name(), event->index, chains.name_of(to), out.size())});
        }
        out.push_back(event->order_id);
    }
    co_return out;
}

namespace {

async::Task<Result<ExitCode, CommandError>> trace_order(Chains& chains, Hash32 order,
                                                        const OrderOptions& options) {
    CO_TRY_VOID(co_await check_chains(chains));
    CO_TRY(const MessageTrace trace, co_await fetch_trace(chains, order));
    if (options.json) {
        print_json(to_json(trace, chains));
    } else {
        print_line(to_text(trace, chains));
    }
    co_return ExitCode::kOk;
}

}  // namespace

ExitCode trace(const OrderOptions& options) {
    return run_on_order(options,
                        [&](Chains& chains, Hash32 order) { return trace_order(chains, order, options); });
}

}  // namespace butter::app
