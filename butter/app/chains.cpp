// SPDX-License-Identifier: Apache-2.0
#include "butter/app/chains.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "butter/base/assert.hpp"

namespace butter::app {

OpenChain& Chains::relay() const noexcept {
    OpenChain* chain = find(config.relay);
    BUTTER_ASSERT(chain != nullptr);
    return *chain;
}

OpenChain* Chains::find(std::string_view name) const noexcept {
    const auto it = std::find_if(all.begin(), all.end(), [&](const auto& c) { return c->name() == name; });
    return it == all.end() ? nullptr : it->get();
}

OpenChain* Chains::find(ChainId id) const noexcept {
    const auto it = std::find_if(all.begin(), all.end(), [&](const auto& c) { return c->id() == id; });
    return it == all.end() ? nullptr : it->get();
}

std::string Chains::name_of(ChainId id) const {
    const OpenChain* chain = find(id);
    return chain == nullptr ? std::to_string(id.value) : chain->name();
}

std::string Chains::names() const {
    std::string out;
    for (const auto& chain : all) out += (out.empty() ? "" : ", ") + chain->name();
    return out;
}

Result<void, CommandError> Chains::check_clients() const {
    for (const auto& chain : all) {
        if (chain.get() == &relay()) continue;
        TRY_VOID(client_of(relay(), *chain));
        TRY_VOID(client_of(*chain, relay()));
    }
    return {};
}

Result<Address, CommandError> Chains::client_of(const OpenChain& from, const OpenChain& to) const {
    for (const LaneSettings& lane : config.lanes) {
        if (lane.from == from.name() && lane.to == to.name()) return lane.client;
    }
    return std::unexpected(CommandError{
        ExitCode::kConfig,
        fmt::format(
            "there is no [[lanes]] with from = \"{}\" and to = \"{}\": add one that names the light client "
            "on {} that verifies {}",
            from.name(), to.name(), to.name(), from.name())});
}

Result<Chains, CommandError> open_chains(Config config,
                                         const std::vector<std::unique_ptr<chain::Family>>& families,
                                         boost::asio::any_io_executor executor, WithKey with_key) {
    Chains chains;
    for (const ChainSettings& settings : config.chains) {
        TRY(auto chain, open_chain(settings, families, executor, with_key, config.poll_interval));
        chains.all.push_back(std::move(chain));
    }
    chains.config = std::move(config);
    return chains;
}

async::Task<Result<void, CommandError>> check_chains(const Chains& chains) {
    for (const auto& chain : chains.all) CO_TRY_VOID(co_await check_chain(*chain));
    co_return Result<void, CommandError>();
}

}  // namespace butter::app
