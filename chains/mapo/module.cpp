// SPDX-License-Identifier: Apache-2.0
#include "chains/mapo/module.hpp"

#include <algorithm>
#include <optional>

#include "butter/base/hex.hpp"
#include "chains/mapo/source.hpp"

namespace butter::mapo {
namespace {

namespace bn254 = crypto::bn254;
using chain::SettingsError;

constexpr std::string_view kKeys[] = {"epoch_length", "hash_fork_block", "checkpoint_block",
                                      "checkpoint_validators", "trusting_period"};
/// As the contract keeps it.
constexpr std::uint64_t kSecondsMax = 0xffffffff;

Result<std::uint64_t, SettingsError> read_number(const boost::json::object& parameters, const char* key,
                                                 std::uint64_t low) {
    const boost::json::value* value = parameters.if_contains(key);
    if (value == nullptr || !value->is_int64() || value->get_int64() < static_cast<std::int64_t>(low)) {
        return std::unexpected(SettingsError{key, "must be a number of at least " + std::to_string(low)});
    }
    return static_cast<std::uint64_t>(value->get_int64());
}

Result<Validator, SettingsError> read_validator(const boost::json::value& entry) {
    const auto fail = [](std::string text) {
        return std::unexpected(SettingsError{"checkpoint_validators", std::move(text)});
    };
    const auto address = rpc::find_fixed<20>(entry, "address");
    const auto g1 = rpc::find_fixed<64>(entry, "g1");
    const auto g2 = rpc::find_fixed<128>(entry, "g2");
    if (!address || !g1 || !g2)
        return fail("each entry needs address (20 bytes), g1 (64 bytes) and g2 (128 bytes) as hex");
    const auto g1_key = bn254::decode_g1(*g1);
    const auto g2_key = bn254::decode_g2(*g2);
    if (!g1_key || !g2_key || g1_key->is_infinity() ||
        !bn254::verify_signature(*g1_key, bn254::g1_generator(), *g2_key)) {
        return fail("the keys of " + encode_hex(*address) + " are no points or do not belong together");
    }
    return Validator{*address, *g2_key, *g1_key};
}

class MapoFamily final : public chain::Family {
  public:
    std::string_view name() const noexcept override { return "mapo"; }
    std::string_view client_contract() const noexcept override { return "MapLightClient"; }

    Result<std::unique_ptr<chain::Source>, SettingsError> make_source(
        chain::NetworkSettings network, boost::asio::any_io_executor executor) const override {
        const boost::json::object& parameters = network.parameters;
        for (const auto& member : parameters) {
            if (std::find(std::begin(kKeys), std::end(kKeys), std::string_view(member.key())) ==
                std::end(kKeys)) {
                return std::unexpected(
                    SettingsError{std::string(member.key()), "is no parameter of family mapo"});
            }
        }
        SourceSettings settings;
        settings.chain_id = network.chain_id;
        TRY(settings.checkpoint.epoch_length, read_number(parameters, "epoch_length", 1));
        TRY(settings.hash_fork_block, read_number(parameters, "hash_fork_block", 0));
        TRY(const std::uint64_t block, read_number(parameters, "checkpoint_block", 0));
        settings.checkpoint.last_epoch_block = BlockNumber{block};
        if (block % settings.checkpoint.epoch_length != 0) {
            return std::unexpected(SettingsError{
                "checkpoint_block", "must be the last block of an epoch, a multiple of epoch_length"});
        }
        if (block < settings.hash_fork_block) {
            return std::unexpected(SettingsError{
                "checkpoint_block", "is before hash_fork_block: seals of that time can be forged"});
        }
        if (parameters.contains("trusting_period")) {
            TRY(settings.trusting_period_seconds, read_number(parameters, "trusting_period", 1));
            if (settings.trusting_period_seconds > kSecondsMax) {
                return std::unexpected(SettingsError{"trusting_period", "must be below 2^32 seconds"});
            }
        }
        const boost::json::value* validators = parameters.if_contains("checkpoint_validators");
        if (validators == nullptr || !validators->is_array() || validators->get_array().empty() ||
            validators->get_array().size() > kValidatorsMax) {
            return std::unexpected(SettingsError{"checkpoint_validators", "must list 1 to 256 validators"});
        }
        for (const boost::json::value& entry : validators->get_array()) {
            TRY(Validator validator, read_validator(entry));
            settings.checkpoint.validators.push_back(std::move(validator));
        }
        std::vector<rpc::Url> urls;
        for (const std::string& text : network.rpc_urls) {
            auto url = rpc::decode_url(text);
            if (!url) return std::unexpected(SettingsError{"rpc", url.error()});
            urls.push_back(*std::move(url));
        }
        return mapo::make_source(std::move(settings), rpc::EthApi(rpc::Endpoints(executor, std::move(urls))));
    }
};

}  // namespace

std::unique_ptr<chain::Family> make_family() { return std::make_unique<MapoFamily>(); }

}  // namespace butter::mapo
