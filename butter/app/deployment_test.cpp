// SPDX-License-Identifier: Apache-2.0
#include "butter/app/deployment.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "butter/base/hex.hpp"

namespace butter::app {
namespace {

DeployedContract contract_at(std::uint8_t last_byte) {
    DeployedContract contract{.contract = "ERC1967Proxy",
                              .address = hex_fixed<20>("5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
                              .code_hash = {},
                              .transaction = {},
                              .block = BlockNumber{7},
                              .gas_used = 123'456};
    contract.address[19] = last_byte;
    contract.code_hash[0] = 1;
    contract.transaction[31] = 2;
    return contract;
}

Deployment example() {
    Deployment deployment;
    deployment.relay = "R";
    deployment.chains["R"].chain_id = ChainId{22776};
    deployment.chains["R"].contracts["service"] = contract_at(1);
    deployment.chains["R"].contracts["client.A"] = contract_at(2);
    deployment.chains["A"].chain_id = ChainId{31337};
    deployment.chains["A"].contracts["service"] = contract_at(3);
    deployment.chains["A"].contracts["client.R"] = contract_at(4);
    return deployment;
}

void expect_error(std::string text, const std::string& from, const std::string& to,
                  const std::string& fragment) {
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    const auto deployment = decode_deployment(text.replace(at, from.size(), to), "d.json");
    ASSERT_FALSE(deployment.has_value()) << "expected: " << fragment;
    EXPECT_NE(to_string(deployment.error()).find(fragment), std::string::npos)
        << to_string(deployment.error());
}

TEST(deployment, reads_what_it_writes) {
    for (const Deployment& deployment : {Deployment{.relay = "R", .chains = {}}, example()}) {
        for (const std::string& text : {encode_deployment(deployment), encode_deployment_line(deployment)}) {
            const auto decoded = decode_deployment(text, "d.json");
            ASSERT_TRUE(decoded.has_value()) << to_string(decoded.error());
            EXPECT_EQ(*decoded, deployment);
        }
    }
}

TEST(deployment, names_what_is_wrong) {
    const std::string text = encode_deployment(example());
    expect_error(text, "{", "[", "d.json: is no JSON object");
    expect_error(text, "\"version\": 1", "\"version\": 2", "version must be 1");
    expect_error(text, "\"relay\"", "\"really\"", "relay and chains are needed");
    expect_error(text, "\"chain_id\": 31337", "\"chain_id\": -1", "chain A needs chain_id and contracts");
    expect_error(text, "\"block\": 7", "\"block\": \"7\"", "client.R of chain A must have");
    expect_error(text, "\"gas_used\"", "\"more\": 1, \"gas_used\"", "client.R of chain A must have");
    expect_error(text, "\"address\": \"0x", "\"address\": \"0x00", "client.R of chain A must have");
}

TEST(deployment, a_missing_file_is_no_error) {
    const auto deployment = load_deployment("/nowhere/deployment.json");
    ASSERT_TRUE(deployment.has_value());
    EXPECT_FALSE(deployment->has_value());
}

TEST(deployment, makes_a_configuration_that_means_the_same) {
    const auto topology = decode_topology(R"(
relay = "R"
poll_interval_ms = 250
[chains.A]
family = "ethereum"
chain_id = 31337
rpc = ["http://127.0.0.1:1", "http://127.0.0.1:2"]
consensus = ["http://127.0.0.1:3"]
key = { keystore = "keys/a.json", password_file = "/secrets/a \"quoted\"" }
fees = { max_fee_gwei = 7, max_priority_fee_gwei = 3 }
[chains.A.parameters]
checkpoint = "0x12"
depth = 3
flag = true
forks = [{ name = "deneb", epoch = 0 }, { name = "a\"b", epoch = -1 }]
[chains.R]
family = "mapo"
chain_id = 22776
rpc = ["http://127.0.0.1:4"]
key = { keystore = "/else/r.json", password_env = "P" }
)",
                                          "topology.toml", "/net/topology");
    ASSERT_TRUE(topology.has_value()) << to_string(topology.error());
    const std::string text =
        make_config_text(*topology, example(), "/net/topology", "/net/topology/out/deep");
    EXPECT_NE(text.find("keystore = \"../../keys/a.json\""), std::string::npos) << text;
    EXPECT_NE(text.find("keystore = \"/else/r.json\""), std::string::npos) << text;

    const auto config = decode_config(text, "butter.toml", "/net/topology/out/deep");
    ASSERT_TRUE(config.has_value()) << to_string(config.error()) << text;
    EXPECT_EQ(config->relay, "R");
    EXPECT_EQ(config->poll_interval, std::chrono::milliseconds(250));
    EXPECT_EQ(config->store, "/net/topology/out/deep/butter.sqlite");
    for (const TopologyChain& chain : topology->chains) {
        const ChainSettings& expected = chain.settings;
        const ChainSettings* found = config->find_chain(expected.network.name);
        ASSERT_NE(found, nullptr);
        EXPECT_EQ(found->network.family, expected.network.family);
        EXPECT_EQ(found->network.chain_id, expected.network.chain_id);
        EXPECT_EQ(found->network.rpc_urls, expected.network.rpc_urls);
        EXPECT_EQ(found->network.consensus_urls, expected.network.consensus_urls);
        EXPECT_EQ(found->network.parameters, expected.network.parameters);
        EXPECT_EQ(found->key.keystore.lexically_normal(), expected.key.keystore);
        EXPECT_EQ(found->key.password_file.lexically_normal(), expected.key.password_file);
        EXPECT_EQ(found->key.password_env, expected.key.password_env);
        EXPECT_EQ(found->fees.max_fee_gwei, expected.fees.max_fee_gwei);
        EXPECT_EQ(found->fees.max_priority_fee_gwei, expected.fees.max_priority_fee_gwei);
        EXPECT_EQ(found->start_block, BlockNumber{7});
    }
    EXPECT_EQ(config->find_chain("A")->service, contract_at(3).address);
    EXPECT_EQ(config->find_chain("R")->service, contract_at(1).address);
    ASSERT_EQ(config->lanes.size(), 2u);
    EXPECT_EQ(config->lanes[0].from, "A");
    EXPECT_EQ(config->lanes[0].to, "R");
    EXPECT_EQ(config->lanes[0].client, contract_at(2).address);
    EXPECT_EQ(config->lanes[1].to, "A");
    EXPECT_EQ(config->lanes[1].client, contract_at(4).address);
}

TEST(deployment, names_keys_right_when_all_paths_are_relative) {
    const std::string text = topology_example();
    for (const char* folder : {"", "."}) {
        const auto topology = decode_topology(text, "topology.toml", folder);
        ASSERT_TRUE(topology.has_value()) << to_string(topology.error());
        const std::string config = make_config_text(*topology, example(), folder, "out");
        EXPECT_NE(config.find("keystore = \"../keys/a.json\""), std::string::npos) << config;
    }
}

}  // namespace
}  // namespace butter::app
