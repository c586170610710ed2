// SPDX-License-Identifier: Apache-2.0
#include "chains/ethereum/module.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <optional>
#include <span>

#include "butter/base/hex.hpp"
#include "butter/rpc/json.hpp"
#include "chains/ethereum/source.hpp"

namespace butter::ethereum {
namespace {

using chain::SettingsError;

constexpr std::string_view kKeys[] = {"preset",           "slots_per_epoch", "epochs_per_period",
                                      "committee_size",   "genesis_time",    "genesis_validators_root",
                                      "seconds_per_slot", "forks",           "checkpoint",
                                      "bls_precompiles",  "trusting_period"};
constexpr std::string_view kForkKeys[] = {"name",
                                          "epoch",
                                          "version",
                                          "finalized_root_gindex",
                                          "current_committee_gindex",
                                          "next_committee_gindex",
                                          "execution_gindex",
                                          "execution_layout"};

// What the client contract can hold.
constexpr std::size_t kForksMax = 32;
constexpr std::uint64_t kCommitteeSizeMax = 512;
constexpr std::uint64_t kGindexMax = std::numeric_limits<std::uint16_t>::max();
/// Of block_hash in the payload's tree.
constexpr std::uint64_t kExecutionGindexMax = kGindexMax / 64;
constexpr std::uint64_t kSlotsPerEpochMax = std::numeric_limits<std::uint16_t>::max();
constexpr std::uint64_t kSlotsPerPeriodMax = (1 << 24) - 1;
constexpr std::uint64_t kSecondsPerSlotMax = std::numeric_limits<std::uint8_t>::max();
constexpr std::uint64_t kSecondsMax = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint64_t kNumberMax = std::numeric_limits<std::int64_t>::max();

struct Preset {
    std::string_view name;
    std::uint64_t slots_per_epoch;
    std::uint64_t epochs_per_period;
    std::uint64_t committee_size;
};
constexpr Preset kPresets[] = {{"mainnet", 32, 256, 512}, {"minimal", 8, 8, 32}};

std::unexpected<SettingsError> fail(std::string key, std::string text) {
    return std::unexpected(SettingsError{std::move(key), std::move(text)});
}

Result<std::uint64_t, SettingsError> read_number(const boost::json::object& table, std::string_view key,
                                                 const std::string& prefix, std::uint64_t low,
                                                 std::uint64_t high) {
    const std::string name = prefix + std::string(key);
    const boost::json::value* value = table.if_contains(key);
    const auto bad = [&] {
        return fail(name, "must be a number from " + std::to_string(low) + " to " + std::to_string(high));
    };
    if (value == nullptr) return bad();
    std::uint64_t number = 0;
    if (value->is_int64() && value->get_int64() >= 0) {
        number = static_cast<std::uint64_t>(value->get_int64());
    } else if (value->is_uint64()) {
        number = value->get_uint64();
    } else {
        return bad();
    }
    if (number < low || number > high) return bad();
    return number;
}

template <std::size_t N>
Result<FixedBytes<N>, SettingsError> read_fixed(const boost::json::object& table, std::string_view key,
                                                const std::string& prefix) {
    const auto value = rpc::find_fixed<N>(table, key);
    if (!value)
        return fail(prefix + std::string(key), "must be \"0x\" and " + std::to_string(2 * N) + " hex digits");
    return *value;
}

Result<std::string, SettingsError> read_text(const boost::json::object& table, std::string_view key,
                                             const std::string& prefix, std::string_view expected) {
    const boost::json::value* value = table.if_contains(key);
    if (value == nullptr || !value->is_string() || value->get_string().empty())
        return fail(prefix + std::string(key), "must be a text: " + std::string(expected));
    return std::string(value->get_string());
}

Result<void, SettingsError> refuse_unknown(const boost::json::object& table,
                                           std::span<const std::string_view> known,
                                           const std::string& prefix) {
    for (const auto& member : table) {
        if (std::find(known.begin(), known.end(), std::string_view(member.key())) == known.end())
            return fail(prefix + std::string(member.key()), "is no parameter of family ethereum");
    }
    return {};
}

Result<void, SettingsError> read_preset(const boost::json::object& parameters, BeaconNetwork& network) {
    if (parameters.contains("preset")) {
        TRY(const std::string name, read_text(parameters, "preset", "", "\"mainnet\" or \"minimal\""));
        const auto preset = std::find_if(std::begin(kPresets), std::end(kPresets),
                                         [&](const Preset& p) { return p.name == name; });
        if (preset == std::end(kPresets))
            return fail("preset", "is \"" + name + "\", must be \"mainnet\" or \"minimal\"");
        for (const char* key : {"slots_per_epoch", "epochs_per_period", "committee_size"}) {
            if (parameters.contains(key)) return fail(key, "is part of the preset: give one or the other");
        }
        network.slots_per_epoch = preset->slots_per_epoch;
        network.epochs_per_period = preset->epochs_per_period;
        network.committee_size = preset->committee_size;
        return {};
    }
    if (!parameters.contains("slots_per_epoch")) {
        return fail("preset",
                    "is missing: \"mainnet\", \"minimal\", or slots_per_epoch, epochs_per_period and "
                    "committee_size; the files for `network` have all that public networks need");
    }
    TRY(network.slots_per_epoch, read_number(parameters, "slots_per_epoch", "", 1, kSlotsPerEpochMax));
    const std::uint64_t epochs_max = kSlotsPerPeriodMax / network.slots_per_epoch;
    TRY(network.epochs_per_period, read_number(parameters, "epochs_per_period", "", 1, epochs_max));
    TRY(network.committee_size, read_number(parameters, "committee_size", "", 1, kCommitteeSizeMax));
    if (!std::has_single_bit(network.committee_size))
        return fail("committee_size",
                    "is " + std::to_string(network.committee_size) + ", must be a power of two");
    return {};
}

/// The indices that are given, over those of a released fork.
Result<void, SettingsError> read_layout(const boost::json::object& table, const std::string& prefix,
                                        Fork& fork) {
    const struct {
        std::string_view key;
        std::uint64_t& target;
        std::uint64_t high;
    } indices[] = {{"finalized_root_gindex", fork.finalized_root_gindex, kGindexMax},
                   {"current_committee_gindex", fork.current_committee_gindex, kGindexMax},
                   {"next_committee_gindex", fork.next_committee_gindex, kGindexMax},
                   {"execution_gindex", fork.execution_gindex, kExecutionGindexMax}};
    for (const auto& index : indices) {
        if (table.contains(index.key)) {
            TRY(index.target, read_number(table, index.key, prefix, 2, index.high));
        }
    }
    if (table.contains("execution_layout")) {
        constexpr std::string_view kExpected = "\"none\", \"capella\" or \"deneb\"";
        TRY(const std::string layout, read_text(table, "execution_layout", prefix, kExpected));
        if (layout == "none") {
            fork.execution_layout = ExecutionLayout::kNone;
            fork.execution_gindex = 0;
        } else if (layout == "capella") {
            fork.execution_layout = ExecutionLayout::kCapella;
        } else if (layout == "deneb") {
            fork.execution_layout = ExecutionLayout::kDeneb;
        } else {
            return fail(prefix + "execution_layout",
                        "is \"" + layout + "\", must be " + std::string(kExpected));
        }
    }
    return {};
}

Result<Fork, SettingsError> read_fork(const boost::json::value& entry, const std::string& prefix) {
    if (!entry.is_object())
        return fail(prefix.substr(0, prefix.size() - 1), "must be a table with name, epoch and version");
    const boost::json::object& table = entry.get_object();
    TRY_VOID(refuse_unknown(table, kForkKeys, prefix));
    TRY(const std::string name, read_text(table, "name", prefix, "as the beacon API names the fork"));
    const Fork* released = find_released_fork(name);
    Fork fork;
    if (released != nullptr) {
        fork = *released;
    } else {
        for (const std::string_view key : std::span(kForkKeys).subspan(3)) {
            if (!table.contains(key))
                return fail(prefix + std::string(key),
                            "is missing: \"" + name + "\" is no fork whose layout is known here");
        }
    }
    fork.name = name;
    TRY(const std::uint64_t epoch, read_number(table, "epoch", prefix, 0, kNumberMax));
    fork.epoch = Epoch{epoch};
    TRY(fork.version, read_fixed<4>(table, "version", prefix));
    TRY_VOID(read_layout(table, prefix, fork));
    return fork;
}

Result<std::vector<Fork>, SettingsError> read_forks(const boost::json::object& parameters) {
    const boost::json::value* list = parameters.if_contains("forks");
    if (list == nullptr || !list->is_array() || list->get_array().empty() ||
        list->get_array().size() > kForksMax)
        return fail("forks", "must list 1 to " + std::to_string(kForksMax) + " forks, the first at epoch 0");
    std::vector<Fork> forks;
    for (const boost::json::value& entry : list->get_array()) {
        const std::string prefix = "forks[" + std::to_string(forks.size()) + "].";
        TRY(Fork fork, read_fork(entry, prefix));
        if (forks.empty() && fork.epoch.value != 0)
            return fail(prefix + "epoch",
                        "is " + std::to_string(fork.epoch.value) + ", the first fork begins at epoch 0");
        if (!forks.empty() && fork.epoch < forks.back().epoch)
            return fail(prefix + "epoch",
                        "is " + std::to_string(fork.epoch.value) + ", before the fork above it");
        forks.push_back(std::move(fork));
    }
    if (forks.back().execution_gindex == 0)
        return fail("forks", "end with \"" + forks.back().name +
                                 "\", whose light client says nothing of execution blocks; Capella is the "
                                 "first that does");
    return forks;
}

Result<BlsPrecompiles, SettingsError> read_precompiles(const boost::json::object& parameters) {
    constexpr std::string_view kExpected =
        "\"final\" or \"draft\", as the chain that carries the client has them";
    TRY(const std::string text, read_text(parameters, "bls_precompiles", "", kExpected));
    if (text == "final") return BlsPrecompiles::kFinal;
    if (text == "draft") return BlsPrecompiles::kDraft;
    return fail("bls_precompiles", "is \"" + text + "\", must be " + std::string(kExpected));
}

Result<SourceSettings, SettingsError> read_settings(const chain::NetworkSettings& network) {
    const boost::json::object& parameters = network.parameters;
    TRY_VOID(refuse_unknown(parameters, kKeys, ""));
    SourceSettings settings;
    settings.chain_id = network.chain_id;
    TRY_VOID(read_preset(parameters, settings.network));
    TRY(settings.network.genesis_validators_root, read_fixed<32>(parameters, "genesis_validators_root", ""));
    TRY(const std::uint64_t genesis_time, read_number(parameters, "genesis_time", "", 0, kSecondsMax));
    settings.network.genesis_time = UnixSeconds{genesis_time};
    TRY(settings.network.seconds_per_slot,
        read_number(parameters, "seconds_per_slot", "", 1, kSecondsPerSlotMax));
    TRY(settings.network.forks, read_forks(parameters));
    TRY(settings.checkpoint, read_fixed<32>(parameters, "checkpoint", ""));
    if (settings.checkpoint.is_zero())
        return fail("checkpoint", "must be the root of a finalised beacon block that you trust");
    TRY(settings.precompiles, read_precompiles(parameters));
    if (parameters.contains("trusting_period")) {
        TRY(settings.trusting_period_seconds, read_number(parameters, "trusting_period", "", 1, kSecondsMax));
    }
    return settings;
}

Result<std::vector<rpc::Url>, SettingsError> read_urls(const std::vector<std::string>& texts,
                                                       const char* key) {
    std::vector<rpc::Url> urls;
    for (const std::string& text : texts) {
        auto url = rpc::decode_url(text);
        if (!url) return fail(key, url.error());
        urls.push_back(*std::move(url));
    }
    if (urls.empty()) return fail(key, "must name at least one endpoint");
    return urls;
}

class EthereumFamily final : public chain::Family {
  public:
    std::string_view name() const noexcept override { return "ethereum"; }
    std::string_view client_contract() const noexcept override { return "EthereumLightClient"; }

    Result<std::unique_ptr<chain::Source>, SettingsError> make_source(
        chain::NetworkSettings network, boost::asio::any_io_executor executor) const override {
        TRY(SourceSettings settings, read_settings(network));
        TRY(std::vector<rpc::Url> rpc_urls, read_urls(network.rpc_urls, "rpc"));
        TRY(std::vector<rpc::Url> beacon_urls, read_urls(network.consensus_urls, "consensus"));
        return ethereum::make_source(executor, std::move(settings),
                                     rpc::EthApi(rpc::Endpoints(executor, std::move(rpc_urls))),
                                     rpc::Endpoints(executor, std::move(beacon_urls)));
    }
};

}  // namespace

std::unique_ptr<chain::Family> make_family() { return std::make_unique<EthereumFamily>(); }

}  // namespace butter::ethereum
