// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <boost/asio/io_context.hpp>

#include "butter/app/chains.hpp"
#include "butter/app/commands.hpp"
#include "butter/app/families.hpp"
#include "butter/app/terminal.hpp"

namespace butter::app {

ExitCode print_config_example() {
    fmt::print("{}", config_example());
    return ExitCode::kOk;
}

ExitCode check_config(const std::filesystem::path& file) {
    auto config = load_config(file);
    if (!config) return fail(ExitCode::kConfig, to_string(config.error()));
    boost::asio::io_context context(1);
    const auto families = make_families();
    const auto chains = open_chains(*std::move(config), families, context.get_executor(), WithKey::kNo);
    if (!chains) return fail(chains.error());
    if (const auto checked = chains->check_clients(); !checked) return fail(checked.error());
    for (const auto& chain : chains->all) {
        const std::string_view lanes = chain.get() == &chains->relay() ? "the relay chain" : "both lanes";
        print_line(fmt::format("{}: chain id {}, family {}, {}, {} endpoint{}, {}", chain->name(),
                               chain->id().value, chain->settings.network.family, lanes,
                               chain->settings.network.rpc_urls.size(),
                               chain->settings.network.rpc_urls.size() == 1 ? "" : "s",
                               chain->settings.key.is_set() ? "with a key" : "without a key: cannot send"));
    }
    return ExitCode::kOk;
}

}  // namespace butter::app
