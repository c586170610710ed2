// SPDX-License-Identifier: Apache-2.0
#include "butter/app/order.hpp"

#include <boost/asio/io_context.hpp>

#include "butter/app/families.hpp"
#include "butter/app/terminal.hpp"

namespace butter::app {

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
