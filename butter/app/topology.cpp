// SPDX-License-Identifier: Apache-2.0
#include "butter/app/topology.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "butter/app/toml_reader.hpp"

namespace butter::app {
namespace {

constexpr std::string_view kExampleCommand = "butter deploy --example";

Result<GovernanceSettings, ConfigError> decode_governance(const toml::table* table,
                                                          const TomlSource& source) {
    static const toml::table kEmpty;
    TableReader reader(table == nullptr ? kEmpty : *table, "governance", source);
    GovernanceSettings governance;
    TRY(governance.timelock_delay_s,
        reader.number("timelock_delay_s", kTimelockDelaySecondsDefault, 0, kTimelockDelaySecondsMax));
    TRY(governance.proposer, reader.find_address("proposer"));
    TRY(governance.guardian, reader.find_address("guardian"));
    TRY(governance.pricer, reader.find_address("pricer"));
    TRY(governance.fee_receiver, reader.find_address("fee_receiver"));
    TRY_VOID(reader.finish());
    return governance;
}

Result<PriceSettings, ConfigError> decode_prices(const toml::table* table, const std::string& path,
                                                 const TomlSource& source) {
    static const toml::table kEmpty;
    TableReader reader(table == nullptr ? kEmpty : *table, path, source);
    PriceSettings prices;
    TRY(prices.base_gas, reader.number("base_gas", kBaseGasDefault, 0, kBaseGasMax));
    TRY(prices.gas_price_wei,
        reader.number("gas_price_wei", kGasPriceWeiDefault, 0, std::numeric_limits<std::int64_t>::max()));
    TRY(prices.base_gas_ceiling, reader.number("base_gas_ceiling", kBaseGasCeilingDefault, 0, kBaseGasMax));
    TRY(prices.gas_price_ceiling_wei, reader.number("gas_price_ceiling_wei", kGasPriceCeilingWeiDefault, 0,
                                                    std::numeric_limits<std::int64_t>::max()));
    if (prices.base_gas > prices.base_gas_ceiling) {
        return std::unexpected(reader.error(fmt::format("{}.base_gas is {}, above its ceiling {}", path,
                                                        prices.base_gas, prices.base_gas_ceiling)));
    }
    if (prices.gas_price_wei > prices.gas_price_ceiling_wei) {
        return std::unexpected(reader.error(fmt::format("{}.gas_price_wei is {}, above its ceiling {}", path,
                                                        prices.gas_price_wei, prices.gas_price_ceiling_wei)));
    }
    TRY_VOID(reader.finish());
    return prices;
}

Result<TopologyChain, ConfigError> decode_chain(std::string name, const toml::table& table,
                                                const TomlSource& source,
                                                const std::filesystem::path& folder) {
    const std::string path = "chains." + name;
    TableReader reader(table, path, source);
    TopologyChain chain;
    TRY(chain.settings, read_chain(std::move(name), reader, folder));
    if (!chain.settings.key.is_set()) {
        return std::unexpected(
            reader.error(fmt::format("{}.key is missing: the contracts are deployed with it", path)));
    }
    TRY(const toml::table* prices, reader.table("prices"));
    TRY(chain.prices, decode_prices(prices, path + ".prices", source));
    TRY_VOID(reader.finish());
    return chain;
}

}  // namespace

const TopologyChain* Topology::find_chain(std::string_view name) const noexcept {
    const auto it = std::find_if(chains.begin(), chains.end(), [&](const TopologyChain& chain) {
        return chain.settings.network.name == name;
    });
    return it == chains.end() ? nullptr : &*it;
}

Result<Topology, ConfigError> load_topology(const std::filesystem::path& file) {
    TRY(const std::string text, read_toml_file(file, kExampleCommand));
    return decode_topology(text, file.string(), file.parent_path());
}

Result<Topology, ConfigError> decode_topology(std::string_view text, std::string file,
                                              const std::filesystem::path& folder) {
    const TomlSource source{std::move(file), kExampleCommand};
    TRY(const toml::table root, parse_toml(text, source));
    TableReader reader(root, "", source);
    Topology topology;
    TRY(topology.relay, reader.text("relay", std::nullopt));
    TRY(const std::uint64_t poll_interval_ms,
        reader.number("poll_interval_ms", kPollIntervalMsDefault, kPollIntervalMsMin, kPollIntervalMsMax));
    topology.poll_interval = std::chrono::milliseconds(poll_interval_ms);
    TRY(const toml::table* governance, reader.table("governance"));
    TRY(topology.governance, decode_governance(governance, source));

    TRY(const toml::table* chains, reader.table("chains"));
    if (chains == nullptr || chains->size() < 2) {
        return std::unexpected(ConfigError{
            source.file, 0, "at least two [chains.NAME] tables are needed, the relay chain's and another"});
    }
    for (const auto& [name, node] : *chains) {
        if (!node.is_table()) {
            return std::unexpected(reader.error(node, fmt::format("chains.{} must be a table", name.str())));
        }
        TRY(TopologyChain chain, decode_chain(std::string(name.str()), *node.as_table(), source, folder));
        for (const TopologyChain& other : topology.chains) {
            if (other.settings.network.chain_id == chain.settings.network.chain_id) {
                return std::unexpected(
                    reader.error(node, fmt::format("chains.{} and chains.{} have the same chain_id {}",
                                                   other.settings.network.name, chain.settings.network.name,
                                                   chain.settings.network.chain_id.value)));
            }
        }
        topology.chains.push_back(std::move(chain));
    }
    if (topology.find_chain(topology.relay) == nullptr) {
        return std::unexpected(reader.error(
            *root.get("relay"),
            fmt::format("relay is \"{}\", but there is no [chains.{}]", topology.relay, topology.relay)));
    }
    TRY_VOID(reader.finish());
    return topology;
}

std::string topology_example() {
    return R"(# Topology for `butter deploy`: the chains to connect. Paths are relative to this file.

# The chain that all messages pass through: one of [chains.*] below.
relay = "R"
# How often a sent transaction and a chain's finality are asked for. `butter run` takes it over.
poll_interval_ms = 1000

[governance]
# Every change of the contracts waits this long in the open before it takes effect, 0 to 31536000.
timelock_delay_s = 604800
# Proposes and cancels such changes (anyone may execute one when its time has come): a multi-signature wallet.
# For each address that is missing, the deployer's own is taken, with a warning.
# proposer = "0x..."
# May stop sending and delivering for three days at a time.
# guardian = "0x..."
# Sets prices. When it is not the deployer, later changes of the prices below are not taken over.
# pricer = "0x..."
# The fees of all chains are sent here.
# fee_receiver = "0x..."

[chains.A]
# Keys that are the same for everybody on a network can come from a file: family, chain_id, parameters.
# network = "chains/ethereum/networks/mainnet.toml"
# Which light client verifies this chain: "ethereum" or "mapo".
family = "ethereum"
chain_id = 31337
# Execution JSON-RPC, best first.
rpc = ["http://127.0.0.1:8545"]
# Consensus (beacon) API, for families that have one.
consensus = ["http://127.0.0.1:5052"]

# The deployer's key on this chain. It owns the contracts until they are registered with each other, and nothing
# afterwards. `butter run` takes it over as the key that pays for deliveries. Secrets are named here, never written:
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

# What messages towards this chain cost on each other chain, in that chain's coin:
# (base_gas + gas limit of the message) * gas_price_wei. A 0 closes the lanes towards this chain.
[chains.A.prices]
base_gas = 1000000
gas_price_wei = 1000000000
# The pricer can go up to these; they rise only through the timelock. What a sender can be made to pay at most.
base_gas_ceiling = 2000000
gas_price_ceiling_wei = 100000000000

# The family's own keys; its README lists them. The light clients of this chain start from what the checkpoint proves.
[chains.A.parameters]
# checkpoint = "0x..."

[chains.R]
family = "mapo"
chain_id = 22776
rpc = ["http://127.0.0.1:8546"]

[chains.R.key]
private_key_env = "BUTTER_KEY_R"
)";
}

}  // namespace butter::app
