// SPDX-License-Identifier: Apache-2.0
#include "butter/app/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "butter/app/toml_reader.hpp"
#include "butter/base/assert.hpp"

namespace butter::app {
namespace {

constexpr std::string_view kExampleCommand = "butter config example";
/// A delivery counts its messages in one byte.
constexpr std::uint64_t kBatchMessagesMax = 255;

}  // namespace

std::string to_string(const ConfigError& error) {
    if (error.file.empty()) return error.text;
    if (error.line == 0) return fmt::format("{}: {}", error.file, error.text);
    return fmt::format("{}:{}: {}", error.file, error.line, error.text);
}

const ChainSettings* Config::find_chain(std::string_view name) const noexcept {
    const auto it = std::find_if(chains.begin(), chains.end(),
                                 [&](const ChainSettings& c) { return c.network.name == name; });
    return it == chains.end() ? nullptr : &*it;
}

const ChainSettings* Config::find_chain(ChainId id) const noexcept {
    const auto it = std::find_if(chains.begin(), chains.end(),
                                 [&](const ChainSettings& c) { return c.network.chain_id == id; });
    return it == chains.end() ? nullptr : &*it;
}

const ChainSettings& Config::relay_chain() const noexcept {
    const ChainSettings* chain = find_chain(relay);
    BUTTER_ASSERT(chain != nullptr);
    return *chain;
}

Result<Config, ConfigError> load_config(const std::filesystem::path& file) {
    TRY(const std::string text, read_toml_file(file, kExampleCommand));
    return decode_config(text, file.string(), file.parent_path());
}

Result<Config, ConfigError> decode_config(std::string_view text, std::string file,
                                          const std::filesystem::path& folder) {
    const TomlSource source{std::move(file), kExampleCommand};
    TRY(const toml::table root, parse_toml(text, source));
    TableReader reader(root, "", source);
    Config config;
    TRY(config.relay, reader.text("relay", std::nullopt));
    TRY(const std::string store, reader.text("store", "butter.sqlite"));
    if (store.empty() || store.ends_with('/')) {
        return std::unexpected(
            reader.error(*root.get("store"), fmt::format("store is \"{}\", expected a file", store)));
    }
    config.store = folder / store;
    TRY(config.log_level, reader.text("log_level", "info"));
    constexpr std::array<std::string_view, 4> kLevels = {"debug", "info", "warn", "error"};
    if (std::find(kLevels.begin(), kLevels.end(), config.log_level) == kLevels.end()) {
        return std::unexpected(reader.error(
            *root.get("log_level"),
            fmt::format("log_level is \"{}\", expected debug, info, warn or error", config.log_level)));
    }
    TRY(const std::uint64_t poll_interval_ms,
        reader.number("poll_interval_ms", kPollIntervalMsDefault, kPollIntervalMsMin, kPollIntervalMsMax));
    config.poll_interval = std::chrono::milliseconds(poll_interval_ms);
    TRY(config.batch_messages_max, reader.number("batch_messages_max", 50, 1, kBatchMessagesMax));

    TRY(const toml::table* chains, reader.table("chains"));
    if (chains == nullptr || chains->size() < 2) {
        return std::unexpected(ConfigError{
            source.file, 0, "at least two [chains.NAME] tables are needed, the relay chain's and another"});
    }
    for (const auto& [name, node] : *chains) {
        if (!node.is_table())
            return std::unexpected(reader.error(node, fmt::format("chains.{} must be a table", name.str())));
        TableReader chain_reader(*node.as_table(), "chains." + std::string(name.str()), source);
        TRY(ChainSettings chain, read_chain(std::string(name.str()), chain_reader, folder));
        TRY(chain.service, chain_reader.address("service"));
        TRY(const std::uint64_t start_block,
            chain_reader.number("start_block", 0, 0, std::numeric_limits<std::int64_t>::max()));
        chain.start_block = BlockNumber{start_block};
        TRY_VOID(chain_reader.finish());
        if (const ChainSettings* same = config.find_chain(chain.network.chain_id)) {
            return std::unexpected(reader.error(
                node, fmt::format("chains.{} and chains.{} have the same chain_id {}", same->network.name,
                                  chain.network.name, chain.network.chain_id.value)));
        }
        config.chains.push_back(std::move(chain));
    }
    if (config.find_chain(config.relay) == nullptr) {
        return std::unexpected(reader.error(
            *root.get("relay"),
            fmt::format("relay is \"{}\", but there is no [chains.{}]", config.relay, config.relay)));
    }

    if (const toml::node* lanes = reader.find("lanes")) {
        if (!lanes->is_array_of_tables())
            return std::unexpected(reader.error(*lanes, "lanes must be written as [[lanes]]"));
        for (const toml::node& node : *lanes->as_array()) {
            TableReader lane_reader(*node.as_table(), "lanes", source);
            LaneSettings lane;
            TRY(lane.from, lane_reader.text("from", std::nullopt));
            TRY(lane.to, lane_reader.text("to", std::nullopt));
            TRY(lane.client, lane_reader.address("client"));
            TRY_VOID(lane_reader.finish());
            for (const std::string& end : {lane.from, lane.to}) {
                if (config.find_chain(end) == nullptr)
                    return std::unexpected(reader.error(
                        node, fmt::format("lane names chain \"{}\", but there is no [chains.{}]", end, end)));
            }
            if ((lane.from == config.relay) == (lane.to == config.relay)) {
                return std::unexpected(reader.error(
                    node,
                    fmt::format(
                        "a lane goes from or to the relay chain \"{}\", this one goes from \"{}\" to \"{}\"",
                        config.relay, lane.from, lane.to)));
            }
            for (const LaneSettings& other : config.lanes) {
                if (other.from == lane.from && other.to == lane.to)
                    return std::unexpected(reader.error(
                        node,
                        fmt::format("there is a lane from \"{}\" to \"{}\" already", lane.from, lane.to)));
            }
            config.lanes.push_back(std::move(lane));
        }
    }
    TRY_VOID(reader.finish());
    return config;
}

std::string config_example() {
    return R"(# Configuration of `butter run`. Paths are relative to this file.

# The chain that all messages pass through: one of [chains.*] below.
relay = "R"
# Where the state of the messages is kept (SQLite). Losing it loses nothing: it is made again from the chains.
store = "butter.sqlite"
# debug, info, warn or error.
log_level = "info"
# How often each chain is asked for news. Shorter means faster and more requests.
poll_interval_ms = 1000
# Most messages in one transaction, 1 to 255.
batch_messages_max = 50

[chains.A]
# Keys that are the same for everybody on a network can come from a file: family, chain_id, parameters.
# network = "chains/ethereum/networks/mainnet.toml"
# Which light client verifies this chain: "ethereum" or "mapo".
family = "ethereum"
chain_id = 31337
# Execution JSON-RPC, best first. Answers are checked, so a second one from somebody else adds safety.
rpc = ["http://127.0.0.1:8545"]
# Consensus (beacon) API, for families that have one.
consensus = ["http://127.0.0.1:5052"]
# The OmniService (on the relay chain the OmniServiceRelay) that messages leave from and arrive at.
service = "0x00000000000000000000000000000000000000a1"
# First block to look at: the one the service was deployed in.
start_block = 0

# The key that pays for transactions on this chain. It has no other power. Secrets are named here, never written:
# either a v3 keystore with password_file or password_env, or private_key_env.
[chains.A.key]
keystore = "keys/a.json"
password_file = "keys/a.password"
# password_env = "BUTTER_PASSWORD_A"
# private_key_env = "BUTTER_KEY_A"

# Fees rise by themselves when a transaction is stuck, up to these.
[chains.A.fees]
max_fee_gwei = 500
max_priority_fee_gwei = 50

# The family's own keys; its README lists them. The checkpoint is what you trust: take it from several sources.
[chains.A.parameters]
# checkpoint = "0x..."

[chains.R]
family = "mapo"
chain_id = 22776
rpc = ["http://127.0.0.1:8546"]
service = "0x00000000000000000000000000000000000000a2"

[chains.R.key]
private_key_env = "BUTTER_KEY_R"

# The client contracts that the maintainer keeps alive: `client` stands on chain `to` and verifies chain `from`.
[[lanes]]
from = "A"
to = "R"
client = "0x00000000000000000000000000000000000000b1"

[[lanes]]
from = "R"
to = "A"
client = "0x00000000000000000000000000000000000000b2"
)";
}

}  // namespace butter::app
