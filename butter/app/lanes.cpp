// SPDX-License-Identifier: Apache-2.0
#include "butter/app/lanes.hpp"

#include <fmt/format.h>

#include "butter/base/hex.hpp"
#include "butter/eth/address.hpp"

namespace butter::app {
namespace {

std::uint64_t age_of(const LaneView& lane) {
    return lane.now > lane.passport.last_update ? lane.now.value - lane.passport.last_update.value : 0;
}

/// Seconds that the client is still trusted for without news.
std::uint64_t left_of(const LaneView& lane) {
    return lane.trusted_until > lane.now ? lane.trusted_until.value - lane.now.value : 0;
}

/// "3 d 4 h", "12 min", "5 s": the two largest units.
std::string duration_text(std::uint64_t seconds) {
    if (seconds >= 86'400) return fmt::format("{} d {} h", seconds / 86'400, seconds % 86'400 / 3'600);
    if (seconds >= 3'600) return fmt::format("{} h {} min", seconds / 3'600, seconds % 3'600 / 60);
    if (seconds >= 60) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
    return fmt::format("{} s", seconds);
}

CommandError unreadable(const LaneSettings& lane, std::string_view text) {
    return {ExitCode::kUnavailable, fmt::format("lane {} -> {}: {}", lane.from, lane.to, text)};
}

rpc::CallRequest view(const Address& contract, Bytes data) {
    return {.from = {}, .to = contract, .data = std::move(data), .value = {}};
}

/// The client that the service on `to` believes about `from`; absent when it has none.
async::Task<std::optional<Address>> fetch_believed(Chains& chains, OpenChain& from, OpenChain& to) {
    const bool is_relay = &to == &chains.relay();
    const auto first = co_await to.api.call(
        view(to.settings.service, is_relay ? service::encode_clients() : service::encode_relay_client()));
    if (!first) co_return std::nullopt;
    const auto address = service::decode_address(*first);
    if (!address || !is_relay) co_return address;
    const auto client = co_await to.api.call(view(*address, service::encode_client_of(from.id())));
    if (!client) co_return std::nullopt;
    co_return service::decode_address(*client);
}

async::Task<Result<LaneView, CommandError>> fetch_lane(Chains& chains, LaneSettings settings) {
    OpenChain& from = *chains.find(settings.from);
    OpenChain& to = *chains.find(settings.to);
    std::vector<rpc::CallRequest> requests;
    requests.push_back(view(settings.client, service::encode_passport()));
    requests.push_back(view(settings.client, service::encode_owner()));
    requests.push_back(view(to.settings.service, service::encode_paused_until()));
    requests.push_back(view(settings.client, service::encode_trusted_until()));
    const auto answers = co_await to.api.call_all(std::move(requests));
    if (!answers) co_return std::unexpected(unreadable(settings, answers.error().text));
    for (const auto& answer : *answers) {
        if (!answer) co_return std::unexpected(unreadable(settings, answer.error().text));
    }
    const auto passport = service::decode_passport(*(*answers)[0]);
    const auto owner = service::decode_address(*(*answers)[1]);
    const auto paused_until = service::decode_first_word(*(*answers)[2]);
    const auto trusted_until = service::decode_first_word(*(*answers)[3]);
    if (!passport || !owner || !trusted_until)
        co_return std::unexpected(
            unreadable(settings, "there is no light client at " + eth::to_checksum_text(settings.client)));
    if (!paused_until)
        co_return std::unexpected(
            unreadable(settings, "there is no service at " + eth::to_checksum_text(to.settings.service)));
    const auto head = co_await to.api.fetch_block_number();
    if (!head) co_return std::unexpected(unreadable(settings, head.error().text));
    const auto time = co_await to.api.fetch_block_time(*head);
    if (!time || !*time)
        co_return std::unexpected(
            unreadable(settings, time ? "the node does not give its newest block" : time.error().text));
    LaneView lane{.from = settings.from,
                  .to = settings.to,
                  .client = settings.client,
                  .passport = *passport,
                  .trusted_until = UnixSeconds{trusted_until->limbs[0]},
                  .now = **time,
                  .owner = *owner,
                  .delay_s = {},
                  .paused_until = UnixSeconds{paused_until->limbs[0]},
                  .warnings = {}};
    // An owner that is no timelock does not know this view.
    const auto delay = co_await to.api.call(view(*owner, service::encode_min_delay()));
    if (delay) {
        if (const auto seconds = service::decode_first_word(*delay)) lane.delay_s = seconds->limbs[0];
    }
    const std::optional<Address> believed = co_await fetch_believed(chains, from, to);
    lane.warnings = lane_warnings(lane, from.id(), believed);
    co_return lane;
}

}  // namespace

std::vector<std::string> lane_warnings(const LaneView& lane, ChainId from, std::optional<Address> believed) {
    std::vector<std::string> out;
    const service::Passport& passport = lane.passport;
    if (passport.is_frozen)
        out.push_back("the client is frozen: it was shown two conflicting headers and verifies nothing more");
    if (passport.chain_id != from)
        out.push_back(fmt::format("the client verifies chain {}, the configuration says {}",
                                  passport.chain_id.value, from.value));
    if (!believed) {
        out.push_back("the service believes no client here: nothing can be delivered");
    } else if (*believed != lane.client) {
        out.push_back(
            fmt::format("the service believes another client, {}", eth::to_checksum_text(*believed)));
    }
    if (!lane.delay_s) {
        out.push_back("the client's owner is no timelock: it can change what is believed at once");
    } else if (*lane.delay_s < kTimelockDelaySecondsExpected) {
        out.push_back(fmt::format("a change waits only {}, {} are usual", duration_text(*lane.delay_s),
                                  duration_text(kTimelockDelaySecondsExpected)));
    }
    if (lane.paused_until > lane.now)
        out.push_back(fmt::format("the service is paused for another {}",
                                  duration_text(lane.paused_until.value - lane.now.value)));
    if (lane.now > lane.trusted_until) {
        out.push_back(
            "the client has expired and believes nothing more: its owner must give it a new checkpoint");
    } else if (left_of(lane) < kTrustSecondsExpected) {
        out.push_back(
            fmt::format("the client expires in {} unless it is brought forward: is `butter run` running?",
                        duration_text(left_of(lane))));
    }
    if (age_of(lane) > kUpdateAgeSecondsExpected)
        out.push_back(fmt::format("the client was brought forward {} ago: is `butter run` running?",
                                  duration_text(age_of(lane))));
    return out;
}

async::Task<Result<std::vector<LaneView>, CommandError>> fetch_lanes(Chains& chains) {
    std::vector<LaneView> out;
    for (const LaneSettings& settings : chains.config.lanes) {
        chains.say("reading the lane " + settings.from + " -> " + settings.to);
        CO_TRY(LaneView lane, co_await fetch_lane(chains, settings));
        out.push_back(std::move(lane));
    }
    co_return out;
}

std::string to_text(const std::vector<LaneView>& lanes) {
    std::string out;
    for (const LaneView& lane : lanes) {
        const service::Passport& passport = lane.passport;
        if (!out.empty()) out += "\n\n";
        out += fmt::format("{} -> {}\n", lane.from, lane.to);
        out += fmt::format("  verified by   {} client {} of chain {}\n", passport.kind,
                           eth::to_checksum_text(lane.client), passport.chain_id.value);
        out += fmt::format("  to forge      {} of {} keys must collude\n", passport.forging_keys,
                           passport.total_keys);
        out += fmt::format("  last update   {} ago, at height {}\n", duration_text(age_of(lane)),
                           passport.height);
        out += lane.now > lane.trusted_until ? "  trusted       no more\n"
                                             : fmt::format("  trusted       for another {} without news\n",
                                                           duration_text(left_of(lane)));
        out += fmt::format("  changed by    {}{}\n", eth::to_checksum_text(lane.owner),
                           lane.delay_s ? " after " + duration_text(*lane.delay_s) : " at once");
        out += fmt::format("  state         {}", passport.is_frozen              ? "frozen"
                                                 : lane.now > lane.trusted_until ? "expired"
                                                 : lane.paused_until > lane.now  ? "paused"
                                                                                 : "open");
        for (const std::string& warning : lane.warnings) out += "\n  warning: " + warning;
    }
    return out.empty() ? "the configuration has no lanes" : out;
}

rpc::Json to_json(const std::vector<LaneView>& lanes) {
    rpc::JsonArray out;
    for (const LaneView& lane : lanes) {
        rpc::JsonArray warnings;
        for (const std::string& warning : lane.warnings) warnings.push_back(rpc::Json(warning));
        rpc::JsonObject object{{"from", lane.from},
                               {"to", lane.to},
                               {"client", encode_hex(lane.client)},
                               {"kind", lane.passport.kind},
                               {"chain_id", lane.passport.chain_id.value},
                               {"forging_keys", lane.passport.forging_keys},
                               {"total_keys", lane.passport.total_keys},
                               {"last_update", lane.passport.last_update.value},
                               {"age_s", age_of(lane)},
                               {"height", lane.passport.height},
                               {"trusted_until", lane.trusted_until.value},
                               {"frozen", lane.passport.is_frozen},
                               {"owner", encode_hex(lane.owner)},
                               {"delay_s", nullptr},
                               {"paused_until", lane.paused_until.value},
                               {"warnings", std::move(warnings)}};
        if (lane.delay_s) object["delay_s"] = *lane.delay_s;
        out.push_back(std::move(object));
    }
    return out;
}

}  // namespace butter::app
