// SPDX-License-Identifier: Apache-2.0
#include <boost/asio/io_context.hpp>

#include "butter/app/commands.hpp"
#include "butter/app/families.hpp"
#include "butter/app/lanes.hpp"
#include "butter/app/terminal.hpp"

namespace butter::app {
namespace {

async::Task<Result<ExitCode, CommandError>> print_lanes(Chains& chains, bool json) {
    CO_TRY_VOID(co_await check_chains(chains));
    CO_TRY(const std::vector<LaneView> lanes, co_await fetch_lanes(chains));
    if (json) {
        print_json(to_json(lanes));
    } else {
        print_line(to_text(lanes));
    }
    for (const LaneView& lane : lanes) {
        if (!lane.warnings.empty()) co_return ExitCode::kFailed;
    }
    co_return ExitCode::kOk;
}

}  // namespace

ExitCode lanes(const LanesOptions& options) {
    auto config = load_config(options.config);
    if (!config) return fail(ExitCode::kConfig, to_string(config.error()));
    boost::asio::io_context context(1);
    Progress progress(context);
    const auto families = make_families();
    auto chains = open_chains(*std::move(config), families, context.get_executor(), WithKey::kNo);
    if (!chains) return fail(chains.error());
    chains->on_progress = [&](std::string doing) { progress.say(std::move(doing)); };
    const auto done = run_to_end(context, print_lanes(*chains, options.json));
    return done ? *done : fail(done.error());
}

}  // namespace butter::app
