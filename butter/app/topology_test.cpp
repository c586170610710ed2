// SPDX-License-Identifier: Apache-2.0
#include "butter/app/topology.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "butter/base/hex.hpp"

namespace butter::app {
namespace {

Result<Topology, ConfigError> decode(const std::string& text) {
    return decode_topology(text, "test.toml", "/folder");
}

/// The example with one piece replaced; the piece must be there.
std::string example_with(const std::string& from, const std::string& to) {
    std::string text = topology_example();
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
}

/// The line of the example on which `fragment` begins.
std::uint32_t line_of(const std::string& fragment) {
    const std::string text = topology_example();
    const std::size_t at = text.find(fragment);
    EXPECT_NE(at, std::string::npos) << fragment;
    return 1 +
           static_cast<std::uint32_t>(std::count(text.begin(), text.begin() + static_cast<long>(at), '\n'));
}

void expect_error(const std::string& text, const std::string& fragment, std::uint32_t line) {
    const auto topology = decode(text);
    ASSERT_FALSE(topology.has_value()) << "expected: " << fragment;
    EXPECT_NE(topology.error().text.find(fragment), std::string::npos) << topology.error().text;
    EXPECT_EQ(topology.error().line, line) << topology.error().text;
}

TEST(topology, example_is_valid_and_complete) {
    const auto topology = decode(topology_example());
    ASSERT_TRUE(topology.has_value()) << to_string(topology.error());
    EXPECT_EQ(topology->relay, "R");
    EXPECT_EQ(topology->poll_interval, std::chrono::milliseconds(1000));
    EXPECT_EQ(topology->governance.timelock_delay_s, kTimelockDelaySecondsDefault);
    // Nobody's address: what is copied as it is must not hand the contracts to one.
    EXPECT_FALSE(topology->governance.proposer.has_value());
    EXPECT_FALSE(topology->governance.guardian.has_value());
    EXPECT_FALSE(topology->governance.pricer.has_value());
    EXPECT_FALSE(topology->governance.fee_receiver.has_value());
    const auto given = decode(
        example_with("# guardian = \"0x...\"", "guardian = \"0x00000000000000000000000000000000000000c2\""));
    EXPECT_EQ(given->governance.guardian, hex_fixed<20>("00000000000000000000000000000000000000c2"));
    const TopologyChain* a = topology->find_chain("A");
    ASSERT_NE(a, nullptr);
    EXPECT_EQ(a->settings.network.chain_id, ChainId{31337});
    EXPECT_EQ(a->settings.key.keystore, "/folder/keys/a.json");
    EXPECT_EQ(a->prices.base_gas, kBaseGasDefault);
    EXPECT_EQ(a->prices.gas_price_wei, kGasPriceWeiDefault);
    EXPECT_EQ(a->prices.base_gas_ceiling, kBaseGasCeilingDefault);
    EXPECT_EQ(a->prices.gas_price_ceiling_wei, kGasPriceCeilingWeiDefault);
}

TEST(topology, missing_parts_have_defaults) {
    const auto topology = decode(R"(
relay = "R"
[chains.R]
family = "mapo"
chain_id = 1
rpc = ["http://x"]
key = { private_key_env = "K" }
[chains.A]
family = "mapo"
chain_id = 2
rpc = ["http://x"]
key = { private_key_env = "K" }
)");
    ASSERT_TRUE(topology.has_value()) << to_string(topology.error());
    EXPECT_EQ(topology->governance.timelock_delay_s, kTimelockDelaySecondsDefault);
    EXPECT_FALSE(topology->governance.proposer.has_value());
    EXPECT_FALSE(topology->governance.fee_receiver.has_value());
    EXPECT_EQ(topology->find_chain("A")->prices.base_gas, kBaseGasDefault);
    EXPECT_EQ(topology->find_chain("B"), nullptr);
}

TEST(topology, names_what_is_wrong_and_where) {
    expect_error("relay = ", "", 1);
    expect_error(example_with("relay = \"R\"", ""), "relay is missing, expected a text", 1);
    expect_error(example_with("relay = \"R\"", "relay = \"X\""), "no [chains.X]", line_of("relay = "));
    expect_error(example_with("poll_interval_ms = 1000", "poll_interval_ms = 9"),
                 "poll_interval_ms must be a number from 10", line_of("poll_interval_ms ="));
    expect_error(example_with("poll_interval_ms = 1000", "store = \"x\""),
                 "unknown key store; `butter deploy --example` lists all", line_of("poll_interval_ms ="));
    expect_error(example_with("timelock_delay_s = 604800", "timelock_delay_s = 31536001"),
                 "governance.timelock_delay_s must be a number from 0 to 31536000",
                 line_of("timelock_delay_s ="));
    expect_error(example_with("timelock_delay_s = 604800", "delay = 1"), "unknown key governance.delay",
                 line_of("timelock_delay_s ="));
    for (const std::string name : {"proposer", "guardian", "pricer", "fee_receiver"}) {
        expect_error(example_with("# " + name + " = \"0x...\"", name + " = \"0x00c1\""),
                     "governance." + name + " must be an address", line_of("# " + name + " ="));
    }
    // The last letter's case is not what EIP-55 says.
    expect_error(
        example_with("# proposer = \"0x...\"", "proposer = \"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD\""),
        "governance.proposer has letters in both cases", line_of("# proposer ="));
    expect_error(example_with("base_gas = 1000000", "base_gas = 100000001"),
                 "chains.A.prices.base_gas must be a number from 0 to 100000000", line_of("base_gas = "));
    expect_error(example_with("base_gas_ceiling = 2000000", "base_gas_ceiling = 999999"),
                 "chains.A.prices.base_gas is 1000000, above its ceiling 999999",
                 line_of("[chains.A.prices]"));
    expect_error(example_with("gas_price_ceiling_wei = 100000000000", "gas_price_ceiling_wei = 999999999"),
                 "chains.A.prices.gas_price_wei is 1000000000, above its ceiling 999999999",
                 line_of("[chains.A.prices]"));
    expect_error(example_with("gas_price_wei = 1000000000", "gas_price_wei = -1"),
                 "chains.A.prices.gas_price_wei must be a number", line_of("gas_price_wei = "));
    expect_error(example_with("gas_price_wei = 1000000000", "price = 1"), "unknown key chains.A.prices.price",
                 line_of("gas_price_wei = "));
    expect_error(example_with("chain_id = 31337", "chain_id = 22776"), "the same chain_id 22776",
                 line_of("[chains.R]"));
    expect_error(example_with("chain_id = 31337", "service = 1\nchain_id = 31337"),
                 "unknown key chains.A.service", line_of("chain_id = 31337"));
    expect_error(example_with("rpc = [\"http://127.0.0.1:8545\"]", ""), "chains.A.rpc is missing",
                 line_of("[chains.A]"));
    expect_error(example_with("[chains.R.key]\nprivate_key_env = \"BUTTER_KEY_R\"", ""),
                 "chains.R.key is missing", line_of("[chains.R]"));
    expect_error(example_with("private_key_env = \"BUTTER_KEY_R\"", ""), "either keystore or private_key_env",
                 line_of("[chains.R.key]"));
    expect_error("relay = \"R\"\n[chains.R]\nfamily = \"mapo\"", "at least two", 0);
    expect_error("relay = \"R\"\n[chains]\nR = 1\nA = 2", "must be a table", 4);
}

TEST(topology, missing_file_says_how_to_make_one) {
    const auto topology = load_topology("/nowhere/topology.toml");
    ASSERT_FALSE(topology.has_value());
    EXPECT_EQ(to_string(topology.error()),
              "/nowhere/topology.toml cannot be read: No such file or directory; `butter deploy --example` "
              "prints one to start from");
}

}  // namespace
}  // namespace butter::app
