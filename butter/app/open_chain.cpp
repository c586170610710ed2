// SPDX-License-Identifier: Apache-2.0
#include "butter/app/open_chain.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "butter/app/keys.hpp"

namespace butter::app {
namespace {

constexpr std::uint64_t kWeiPerGwei = 1'000'000'000;

CommandError config_error(const ChainSettings& settings, std::string text) {
    return {ExitCode::kConfig, fmt::format("chain {}: {}", settings.network.name, text)};
}

}  // namespace

Result<std::unique_ptr<OpenChain>, CommandError> open_chain(
    ChainSettings settings, const std::vector<std::unique_ptr<chain::Family>>& families,
    boost::asio::any_io_executor executor, WithKey with_key, std::chrono::milliseconds poll_interval) {
    const auto family = std::find_if(families.begin(), families.end(), [&](const auto& candidate) {
        return candidate->name() == settings.network.family;
    });
    if (family == families.end()) {
        std::string known;
        for (const auto& candidate : families) known += fmt::format(" \"{}\"", candidate->name());
        return std::unexpected(config_error(
            settings, fmt::format("family \"{}\" is not one of{}", settings.network.family, known)));
    }
    std::vector<rpc::Url> urls;
    for (const std::string& text : settings.network.rpc_urls) {
        auto url = rpc::decode_url(text);
        if (!url) return std::unexpected(config_error(settings, "rpc: " + url.error()));
        urls.push_back(*std::move(url));
    }
    auto source = (*family)->make_source(settings.network, executor);
    if (!source) {
        return std::unexpected(
            config_error(settings, fmt::format("{} {}", source.error().key, source.error().text)));
    }
    auto chain =
        std::make_unique<OpenChain>(OpenChain{.settings = std::move(settings),
                                              .client_contract = (*family)->client_contract(),
                                              .api = rpc::EthApi(rpc::Endpoints(executor, std::move(urls))),
                                              .source = *std::move(source),
                                              .sender = nullptr});
    if (with_key == WithKey::kYes) TRY_VOID(add_sender(*chain, executor, poll_interval));
    return chain;
}

Result<void, CommandError> add_sender(OpenChain& chain, boost::asio::any_io_executor executor,
                                      std::chrono::milliseconds poll_interval) {
    const ChainSettings& settings = chain.settings;
    if (!settings.key.is_set()) {
        return std::unexpected(config_error(
            settings,
            fmt::format("needs [chains.{}.key] with keystore or private_key_env to send transactions",
                        chain.name())));
    }
    const auto key = load_key(settings.key);
    if (!key) return std::unexpected(config_error(settings, key.error()));
    chain.sender = std::make_unique<evm::Sender>(
        executor, chain.api,
        evm::Sender::Options{
            .chain_id = chain.id(),
            .key = *key,
            .caps = {.max_fee_per_gas = Uint256{settings.fees.max_fee_gwei} * kWeiPerGwei,
                     .max_priority_fee_per_gas = Uint256{settings.fees.max_priority_fee_gwei} * kWeiPerGwei},
            .poll_interval = poll_interval,
            .on_delay = [name = settings.network.name](const std::string& what) {
                spdlog::warn("{}: {}", name, what);
            }});
    return {};
}

async::Task<Result<void, CommandError>> check_chain(OpenChain& chain) {
    const auto ids = co_await chain.api.fetch_chain_ids();
    CommandError error{ExitCode::kUnavailable, fmt::format("chain {}: no endpoint configured", chain.name())};
    bool is_served = false;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        if (!ids[i]) {
            if (error.code == ExitCode::kUnavailable)
                error.text = fmt::format("chain {}: {}", chain.name(), ids[i].error().text);
            continue;
        }
        if (*ids[i] == chain.id()) {
            is_served = true;
            continue;
        }
        error = {ExitCode::kConfig,
                 fmt::format("chain {}: endpoint {} serves chain id {}, the configuration says {}",
                             chain.name(), i + 1, ids[i]->value, chain.id().value)};
        // Its silence about our blocks would look like blocks without messages.
        chain.api.endpoints().exclude(i);
        if (ids.size() > 1) spdlog::warn("{}; it is not used", error.text);
    }
    if (!is_served) co_return std::unexpected(std::move(error));
    co_return Result<void, CommandError>();
}

}  // namespace butter::app
