// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/multiple_exceptions.hpp>
#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <csignal>
#include <exception>

#include "butter/app/chains.hpp"
#include "butter/app/commands.hpp"
#include "butter/app/families.hpp"
#include "butter/app/terminal.hpp"
#include "butter/async/sleep.hpp"
#include "butter/base/hex.hpp"
#include "butter/maintainer/maintainer.hpp"
#include "butter/messenger/hop_store.hpp"
#include "butter/messenger/messenger.hpp"
#include "butter/store/file_lock.hpp"

namespace butter::app {
namespace {

/// How often a chain that does not answer is tried at the start, and its key's balance is looked at.
constexpr std::chrono::seconds kStartRetryInterval{5};

messenger::UnixMillis now() {
    using namespace std::chrono;
    return messenger::UnixMillis{duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count()};
}

/// What was thrown first: services that run side by side throw theirs in one bundle.
std::string describe_exception(const std::exception_ptr& thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (const boost::asio::multiple_exceptions& bundle) {
        return describe_exception(bundle.first_exception());
    } catch (const std::exception& error) {
        return error.what();
    }
}

/// Waits for a chain that is down; the error is a wrong chain id.
async::Task<Result<void, CommandError>> wait_for_chain(OpenChain& chain) {
    for (;;) {
        const auto checked = co_await check_chain(chain);
        if (checked) break;
        if (checked.error().code != ExitCode::kUnavailable) co_return std::unexpected(checked.error());
        spdlog::warn("run: {}; trying again in {} s", checked.error().text, kStartRetryInterval.count());
        co_await async::sleep_for(kStartRetryInterval);
    }
    const auto balance = co_await chain.api.fetch_balance(chain.sender->address());
    if (balance && balance->is_zero()) {
        spdlog::warn("run: {} has no coins on {}; nothing can be sent there until it has",
                     encode_hex(chain.sender->address()), chain.name());
    }
    spdlog::info("run: {} is chain {} family={} account={}", chain.name(), chain.id().value,
                 chain.settings.network.family, encode_hex(chain.sender->address()));
    co_return Result<void, CommandError>();
}

Result<messenger::Chain, CommandError> make_messenger_chain(const Chains& chains, OpenChain& chain) {
    messenger::Chain out{.name = chain.name(),
                         .id = chain.id(),
                         .source = *chain.source,
                         .api = chain.api,
                         .sender = *chain.sender,
                         .service = chain.settings.service,
                         .start_block = chain.settings.start_block,
                         .relay_client = {},
                         .client_on_relay = {}};
    OpenChain& relay = chains.relay();
    if (&chain != &relay) {
        TRY(out.relay_client, chains.client_of(relay, chain));
        TRY(out.client_on_relay, chains.client_of(chain, relay));
    }
    return out;
}

struct Services {
    messenger::Messenger messenger;
    maintainer::Maintainer maintainer;
};

Result<Services, CommandError> make_services(const Chains& chains, messenger::HopStore& store) {
    TRY(messenger::Chain relay, make_messenger_chain(chains, chains.relay()));
    std::vector<messenger::Chain> outer;
    for (const auto& chain : chains.all) {
        if (chain.get() == &chains.relay()) continue;
        TRY(messenger::Chain one, make_messenger_chain(chains, *chain));
        outer.push_back(std::move(one));
    }
    std::vector<maintainer::Lane> lanes;
    for (const LaneSettings& lane : chains.config.lanes) {
        OpenChain& to = *chains.find(lane.to);
        lanes.push_back({.name = lane.from + "->" + lane.to,
                         .source = *chains.find(lane.from)->source,
                         .api = to.api,
                         .sender = *to.sender,
                         .client = lane.client});
    }
    return Services{messenger::Messenger(store, std::move(relay), std::move(outer),
                                         {.poll_interval = chains.config.poll_interval,
                                          .batch_messages_max = chains.config.batch_messages_max,
                                          .now = now}),
                    maintainer::Maintainer(std::move(lanes), chains.config.poll_interval)};
}

async::Task<Result<void, CommandError>> serve(const Chains& chains, messenger::HopStore& store) {
    using namespace boost::asio::experimental::awaitable_operators;
    // Before anything is waited for: what is wrong with the configuration shows at once.
    CO_TRY(Services services, make_services(chains, store));
    for (const auto& chain : chains.all) CO_TRY_VOID(co_await wait_for_chain(*chain));
    const auto counts = store.load_counts();
    if (!counts) co_return std::unexpected(CommandError{ExitCode::kFailed, "store: " + counts.error().text});
    spdlog::info("run: started store={} open={} delivered={} failed={}", chains.config.store.string(),
                 counts->open, counts->delivered, counts->failed);
    co_await (services.messenger.run() && services.maintainer.run());
    co_return Result<void, CommandError>();
}

}  // namespace

ExitCode run(const RunOptions& options) {
    auto config = load_config(options.config);
    if (!config) return fail(ExitCode::kConfig, to_string(config.error()));
    // Elsewhere the log goes beside the output; here it is the output.
    spdlog::set_default_logger(spdlog::stdout_color_st("run"));
    spdlog::set_level(spdlog::level::from_str(config->log_level));
    spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);

    // Before anything is written: what is wrong with the configuration shows at once.
    const std::filesystem::path store_file = config->store;
    boost::asio::io_context context(1);
    const auto families = make_families();
    auto chains = open_chains(*std::move(config), families, context.get_executor(), WithKey::kYes);
    if (!chains) return fail(chains.error());
    if (const auto checked = chains->check_clients(); !checked) return fail(checked.error());

    std::filesystem::path lock_file = store_file;
    lock_file += ".lock";
    const auto lock = store::FileLock::take(lock_file);
    if (!lock) {
        return fail(
            lock.error().is_held ? ExitCode::kFailed : ExitCode::kConfig,
            fmt::format("store {} {}", store_file.string(),
                        lock.error().is_held
                            ? fmt::format("is not free: {}; one `butter run` works on a store at a time",
                                          lock.error().text)
                            : "cannot be used: " + lock.error().text));
    }
    auto store = messenger::HopStore::open(store_file);
    if (!store) {
        return fail(ExitCode::kFailed,
                    fmt::format("store {} cannot be used: {}; a store of `butter run` may be deleted: it is "
                                "made again from the chains",
                                store_file.string(), store.error().text));
    }

    boost::asio::cancellation_signal stop;
    bool is_stopping = false;
    boost::asio::signal_set signals(context, SIGINT, SIGTERM);
    signals.async_wait([&](const boost::system::error_code& error, int number) {
        if (error) return;
        spdlog::info("run: stopping on signal {}", number);
        is_stopping = true;
        // A second signal ends the process at once.
        signals.clear();
        stop.emit(boost::asio::cancellation_type::terminal);
    });
    std::exception_ptr thrown;
    Result<void, CommandError> served;
    boost::asio::co_spawn(context, serve(*chains, *store),
                          boost::asio::bind_cancellation_slot(
                              stop.slot(), [&](std::exception_ptr error, Result<void, CommandError> result) {
                                  thrown = error;
                                  served = std::move(result);
                                  signals.cancel();
                              }));
    context.run();
    if (is_stopping) {
        spdlog::info("run: stopped");
        return ExitCode::kOk;
    }
    if (thrown) {
        return fail(ExitCode::kFailed,
                    fmt::format("stopped: {}; nothing is lost, start it again when that is repaired",
                                describe_exception(thrown)));
    }
    return fail(served.error());
}

}  // namespace butter::app
