// SPDX-License-Identifier: Apache-2.0
#include "butter/app/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <initializer_list>
#include <limits>
#include <optional>
#include <sstream>
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "butter/base/assert.hpp"
#include "butter/base/hex.hpp"

namespace butter::app {
namespace {

constexpr std::uint64_t kFileBytesMax = 1 << 20;
constexpr std::uint64_t kPollIntervalMsMin = 10;
constexpr std::uint64_t kPollIntervalMsMax = 600'000;
/// A delivery counts its messages in one byte.
constexpr std::uint64_t kBatchMessagesMax = 255;
/// 18 * 10^9 gwei of fee per gas is beyond any use and still fits 64 bits in wei.
constexpr std::uint64_t kFeeGweiMax = 1'000'000'000;

/// Reads one table: hands out its values once, and complains about what is left.
class TableReader {
  public:
    TableReader(const toml::table& table, std::string path, const std::string& file)
        : table_(table), path_(std::move(path)), file_(file) {}

    ConfigError error(const toml::node& node, std::string text) const {
        return {file_, node.source().begin.line, std::move(text)};
    }
    ConfigError missing(std::string_view key, std::string_view expected) const {
        return {file_, table_.source().begin.line,
                fmt::format("{} is missing, expected {}", name(key), expected)};
    }
    std::string name(std::string_view key) const {
        return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
    }

    const toml::node* find(std::string_view key) {
        seen_.emplace_back(key);
        return table_.get(key);
    }

    Result<std::string, ConfigError> text(std::string_view key, std::optional<std::string> fallback) {
        const toml::node* node = find(key);
        if (node == nullptr) {
            if (fallback) return *std::move(fallback);
            return std::unexpected(missing(key, "a text"));
        }
        const auto value = node->value_exact<std::string>();
        if (!value) return std::unexpected(error(*node, fmt::format("{} must be a text", name(key))));
        return *value;
    }

    Result<std::uint64_t, ConfigError> number(std::string_view key, std::optional<std::uint64_t> fallback,
                                              std::uint64_t low, std::uint64_t high) {
        const toml::node* node = find(key);
        if (node == nullptr) {
            if (fallback) return *fallback;
            return std::unexpected(missing(key, fmt::format("a number from {} to {}", low, high)));
        }
        const auto value = node->value_exact<std::int64_t>();
        if (!value || *value < 0 || static_cast<std::uint64_t>(*value) < low ||
            static_cast<std::uint64_t>(*value) > high) {
            return std::unexpected(
                error(*node, fmt::format("{} must be a number from {} to {}", name(key), low, high)));
        }
        return static_cast<std::uint64_t>(*value);
    }

    Result<Address, ConfigError> address(std::string_view key) {
        const toml::node* node = find(key);
        if (node == nullptr) return std::unexpected(missing(key, "an address"));
        const auto value = node->value_exact<std::string>();
        const auto decoded = value ? decode_hex_fixed<20>(*value) : std::unexpected(HexError::kBadDigit);
        if (!decoded || decoded->is_zero()) {
            return std::unexpected(
                error(*node, fmt::format("{} must be an address, \"0x\" and 40 hex digits", name(key))));
        }
        return *decoded;
    }

    Result<std::vector<std::string>, ConfigError> urls(std::string_view key, bool required) {
        const toml::node* node = find(key);
        std::vector<std::string> out;
        if (node == nullptr) {
            if (required) return std::unexpected(missing(key, "a list of URLs"));
            return out;
        }
        const toml::array* list = node->as_array();
        if (list == nullptr)
            return std::unexpected(error(*node, fmt::format("{} must be a list of URLs", name(key))));
        for (const toml::node& entry : *list) {
            const auto url = entry.value_exact<std::string>();
            if (!url || !(url->starts_with("http://") || url->starts_with("https://"))) {
                return std::unexpected(error(
                    entry, fmt::format("{} must hold URLs that begin with http:// or https://", name(key))));
            }
            out.push_back(*url);
        }
        if (required && out.empty())
            return std::unexpected(error(*node, fmt::format("{} must not be empty", name(key))));
        return out;
    }

    Result<const toml::table*, ConfigError> table(std::string_view key) {
        const toml::node* node = find(key);
        if (node == nullptr) return nullptr;
        if (!node->is_table())
            return std::unexpected(error(*node, fmt::format("{} must be a table", name(key))));
        return node->as_table();
    }

    /// Fails on the first key nobody asked for.
    Result<void, ConfigError> finish() const {
        for (const auto& [key, node] : table_) {
            if (std::find(seen_.begin(), seen_.end(), key.str()) == seen_.end()) {
                return std::unexpected(error(
                    node, fmt::format("unknown key {}; `butter config example` lists all", name(key.str()))));
            }
        }
        return {};
    }

  private:
    const toml::table& table_;
    std::string path_;
    const std::string& file_;
    std::vector<std::string> seen_;
};

boost::json::value to_json(const toml::node& node) {
    if (const auto* table = node.as_table()) {
        boost::json::object object;
        for (const auto& [key, value] : *table) object[std::string(key.str())] = to_json(value);
        return object;
    }
    if (const auto* array = node.as_array()) {
        boost::json::array out;
        for (const toml::node& entry : *array) out.push_back(to_json(entry));
        return out;
    }
    if (const auto value = node.value_exact<std::string>()) return boost::json::string(*value);
    if (const auto value = node.value_exact<std::int64_t>()) return *value;
    if (const auto value = node.value_exact<bool>()) return *value;
    if (const auto value = node.value_exact<double>()) return *value;
    return nullptr;  // dates: no family has such a parameter, so it refuses the null
}

Result<std::string, ConfigError> read_file(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in)
        return std::unexpected(ConfigError{
            file.string(), 0, "cannot be read; `butter config example` prints one to start from"});
    std::ostringstream out;
    out << in.rdbuf();
    if (out.str().size() > kFileBytesMax)
        return std::unexpected(
            ConfigError{file.string(), 0, fmt::format("is larger than {} bytes", kFileBytesMax)});
    return out.str();
}

Result<toml::table, ConfigError> parse(std::string_view text, const std::string& file) {
    toml::parse_result parsed = toml::parse(text);
    if (!parsed) {
        return std::unexpected(
            ConfigError{file, parsed.error().source().begin.line, std::string(parsed.error().description())});
    }
    return std::move(parsed).table();
}

std::filesystem::path resolve(const std::filesystem::path& folder, const std::string& path) {
    if (path.empty()) return {};
    return folder / path;
}

Result<KeySettings, ConfigError> decode_key(const toml::table& table, const std::string& path,
                                            const std::string& file, const std::filesystem::path& folder) {
    TableReader reader(table, path, file);
    KeySettings key;
    TRY(const std::string keystore, reader.text("keystore", ""));
    TRY(const std::string password_file, reader.text("password_file", ""));
    TRY(key.password_env, reader.text("password_env", ""));
    TRY(key.private_key_env, reader.text("private_key_env", ""));
    TRY_VOID(reader.finish());
    key.keystore = resolve(folder, keystore);
    key.password_file = resolve(folder, password_file);
    if (keystore.empty() == key.private_key_env.empty()) {
        return std::unexpected(reader.error(table, path + " must have either keystore or private_key_env"));
    }
    if (!keystore.empty() && password_file.empty() == key.password_env.empty()) {
        return std::unexpected(
            reader.error(table, path + " must have either password_file or password_env beside keystore"));
    }
    return key;
}

Result<FeeSettings, ConfigError> decode_fees(const toml::table* table, const std::string& path,
                                             const std::string& file) {
    static const toml::table kEmpty;
    TableReader reader(table == nullptr ? kEmpty : *table, path, file);
    FeeSettings fees;
    TRY(fees.max_fee_gwei, reader.number("max_fee_gwei", 500, 1, kFeeGweiMax));
    TRY(fees.max_priority_fee_gwei, reader.number("max_priority_fee_gwei", 50, 0, kFeeGweiMax));
    TRY_VOID(reader.finish());
    return fees;
}

Result<ChainSettings, ConfigError> decode_chain(std::string name, const toml::table& table,
                                                const std::string& file,
                                                const std::filesystem::path& folder) {
    const std::string path = "chains." + name;
    TableReader reader(table, path, file);
    ChainSettings chain;
    chain.network.name = std::move(name);

    // A network file holds what is the same for everybody on that network; keys given here win.
    std::optional<std::string> family;
    std::optional<std::uint64_t> chain_id;
    TRY(const std::string network_file, reader.text("network", ""));
    if (!network_file.empty()) {
        const std::filesystem::path network_path = resolve(folder, network_file);
        TRY(const std::string network_text, read_file(network_path));
        TRY(const toml::table network, parse(network_text, network_path.string()));
        const std::string network_name = network_path.string();
        TableReader network_reader(network, "", network_name);
        TRY(family, network_reader.text("family", std::nullopt));
        TRY(chain_id,
            network_reader.number("chain_id", std::nullopt, 1, std::numeric_limits<std::int64_t>::max()));
        TRY(const toml::table* parameters, network_reader.table("parameters"));
        TRY_VOID(network_reader.finish());
        if (parameters != nullptr) chain.network.parameters = to_json(*parameters).as_object();
    }
    TRY(chain.network.family, reader.text("family", family));
    TRY(const std::uint64_t id,
        reader.number("chain_id", chain_id, 1, std::numeric_limits<std::int64_t>::max()));
    chain.network.chain_id = ChainId{id};
    TRY(chain.network.rpc_urls, reader.urls("rpc", true));
    TRY(chain.network.consensus_urls, reader.urls("consensus", false));
    TRY(chain.service, reader.address("service"));
    TRY(const std::uint64_t start_block,
        reader.number("start_block", 0, 0, std::numeric_limits<std::int64_t>::max()));
    chain.start_block = BlockNumber{start_block};
    TRY(const toml::table* key, reader.table("key"));
    if (key != nullptr) {
        TRY(chain.key, decode_key(*key, path + ".key", file, folder));
    }
    TRY(const toml::table* fees, reader.table("fees"));
    TRY(chain.fees, decode_fees(fees, path + ".fees", file));
    TRY(const toml::table* parameters, reader.table("parameters"));
    if (parameters != nullptr) {
        for (auto& [key_name, value] : to_json(*parameters).as_object())
            chain.network.parameters[key_name] = std::move(value);
    }
    TRY_VOID(reader.finish());
    return chain;
}

}  // namespace

std::string to_string(const ConfigError& error) {
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
    TRY(const std::string text, read_file(file));
    return decode_config(text, file.string(), file.parent_path());
}

Result<Config, ConfigError> decode_config(std::string_view text, std::string file,
                                          const std::filesystem::path& folder) {
    TRY(const toml::table root, parse(text, file));
    TableReader reader(root, "", file);
    Config config;
    TRY(config.relay, reader.text("relay", std::nullopt));
    TRY(const std::string store, reader.text("store", "butter.sqlite"));
    config.store = resolve(folder, store);
    TRY(config.log_level, reader.text("log_level", "info"));
    constexpr std::array<std::string_view, 4> kLevels = {"debug", "info", "warn", "error"};
    if (std::find(kLevels.begin(), kLevels.end(), config.log_level) == kLevels.end()) {
        return std::unexpected(reader.error(
            *root.get("log_level"),
            fmt::format("log_level is \"{}\", expected debug, info, warn or error", config.log_level)));
    }
    TRY(const std::uint64_t poll_interval_ms,
        reader.number("poll_interval_ms", 1'000, kPollIntervalMsMin, kPollIntervalMsMax));
    config.poll_interval = std::chrono::milliseconds(poll_interval_ms);
    TRY(config.batch_messages_max, reader.number("batch_messages_max", 50, 1, kBatchMessagesMax));

    TRY(const toml::table* chains, reader.table("chains"));
    if (chains == nullptr || chains->size() < 2) {
        return std::unexpected(ConfigError{
            file, 0, "at least two [chains.NAME] tables are needed, the relay chain's and another"});
    }
    for (const auto& [name, node] : *chains) {
        if (!node.is_table())
            return std::unexpected(reader.error(node, fmt::format("chains.{} must be a table", name.str())));
        TRY(ChainSettings chain, decode_chain(std::string(name.str()), *node.as_table(), file, folder));
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
            TableReader lane_reader(*node.as_table(), "lanes", file);
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
