// SPDX-License-Identifier: Apache-2.0
#include "chains/ethereum/module.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <functional>
#include <string>
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "butter/rpc/json.hpp"
#include "test/json/vectors.hpp"

namespace butter::ethereum {
namespace {

using rpc::JsonArray;
using rpc::JsonObject;

const std::string kRoot = "0x" + std::string(63, '0') + "1";

JsonObject make_fork(const char* name, std::uint64_t epoch, const char* version) {
    return {{"name", name}, {"epoch", epoch}, {"version", version}};
}

JsonObject make_parameters() {
    return {
        {"preset", "mainnet"},
        {"genesis_time", 1'606'824'023},
        {"genesis_validators_root", kRoot},
        {"seconds_per_slot", 12},
        {"forks", JsonArray{make_fork("capella", 0, "0x03000000"), make_fork("electra", 9, "0x05000000")}},
        {"checkpoint", kRoot},
        {"bls_precompiles", "final"}};
}

/// The key that is complained about; empty when all is well.
std::string wrong_key(JsonObject parameters, std::vector<std::string> rpc = {"http://127.0.0.1:1"},
                      std::vector<std::string> consensus = {"http://127.0.0.1:2"}) {
    boost::asio::io_context io;
    const auto source = make_family()->make_source({.name = "test",
                                                    .family = "ethereum",
                                                    .chain_id = ChainId{1},
                                                    .rpc_urls = std::move(rpc),
                                                    .consensus_urls = std::move(consensus),
                                                    .parameters = std::move(parameters)},
                                                   io.get_executor());
    if (source) return "";
    EXPECT_FALSE(source.error().text.empty());
    return source.error().key;
}

JsonObject& fork(JsonObject& parameters, std::size_t index) {
    return parameters["forks"].as_array()[index].as_object();
}

TEST(ethereum_family, takes_a_complete_network) {
    EXPECT_EQ(make_family()->name(), "ethereum");
    EXPECT_EQ(make_family()->client_contract(), "EthereumLightClient");
    EXPECT_EQ(wrong_key(make_parameters()), "");
    JsonObject parameters = make_parameters();
    parameters.erase("preset");
    parameters["slots_per_epoch"] = 4;
    parameters["epochs_per_period"] = 8;
    parameters["committee_size"] = 512;
    parameters["bls_precompiles"] = "draft";
    parameters["trusting_period"] = 86'400;
    EXPECT_EQ(wrong_key(parameters), "");
    // The most that the client contract holds.
    parameters["slots_per_epoch"] = (1 << 16) - 1;
    parameters["epochs_per_period"] = 256;
    parameters["seconds_per_slot"] = 255;
    parameters["trusting_period"] = (std::int64_t{1} << 32) - 1;
    EXPECT_EQ(wrong_key(parameters), "");
    parameters["slots_per_epoch"] = 4;
    parameters["epochs_per_period"] = (1 << 22) - 1;
    EXPECT_EQ(wrong_key(parameters), "");
    // A fork that is not known here says where everything is.
    JsonObject future = make_fork("gloas", 20, "0x07000000");
    future["finalized_root_gindex"] = 300;
    future["current_committee_gindex"] = 150;
    future["next_committee_gindex"] = 151;
    future["execution_gindex"] = 25;
    future["execution_layout"] = "deneb";
    parameters["forks"].as_array().push_back(future);
    EXPECT_EQ(wrong_key(parameters), "");
    for (const char* key : {"finalized_root_gindex", "current_committee_gindex", "next_committee_gindex",
                            "execution_gindex", "execution_layout"}) {
        JsonObject lacking = parameters;
        fork(lacking, 2).erase(key);
        EXPECT_EQ(wrong_key(lacking), std::string("forks[2].") + key);
    }
}

TEST(ethereum_family, names_the_parameter_that_is_wrong) {
    const struct {
        std::string key;
        std::function<void(JsonObject&)> change;
    } cases[] = {
        {"colour", [](JsonObject& p) { p["colour"] = 1; }},
        {"preset", [](JsonObject& p) { p["preset"] = "gnosis"; }},
        {"preset", [](JsonObject& p) { p["preset"] = 1; }},
        {"slots_per_epoch", [](JsonObject& p) { p["slots_per_epoch"] = 32; }},
        {"preset", [](JsonObject& p) { p.erase("preset"); }},
        {"slots_per_epoch",
         [](JsonObject& p) {
             p.erase("preset");
             p["slots_per_epoch"] = 0;
         }},
        {"epochs_per_period",
         [](JsonObject& p) {
             p.erase("preset");
             p["slots_per_epoch"] = 8;
             p["epochs_per_period"] = 1 << 21;
         }},
        {"slots_per_epoch",
         [](JsonObject& p) {
             p.erase("preset");
             p["slots_per_epoch"] = 1 << 16;
         }},
        {"committee_size",
         [](JsonObject& p) {
             p.erase("preset");
             p["slots_per_epoch"] = 8;
             p["epochs_per_period"] = 8;
             p["committee_size"] = 48;
         }},
        {"committee_size",
         [](JsonObject& p) {
             p.erase("preset");
             p["slots_per_epoch"] = 8;
             p["epochs_per_period"] = 8;
             p["committee_size"] = 1'024;
         }},
        {"genesis_time", [](JsonObject& p) { p.erase("genesis_time"); }},
        {"genesis_time", [](JsonObject& p) { p["genesis_time"] = -1; }},
        {"genesis_validators_root", [](JsonObject& p) { p["genesis_validators_root"] = "0x12"; }},
        {"seconds_per_slot", [](JsonObject& p) { p["seconds_per_slot"] = 0; }},
        {"seconds_per_slot", [](JsonObject& p) { p["seconds_per_slot"] = "12"; }},
        {"seconds_per_slot", [](JsonObject& p) { p["seconds_per_slot"] = 256; }},
        {"genesis_time", [](JsonObject& p) { p["genesis_time"] = std::int64_t{1} << 32; }},
        {"trusting_period", [](JsonObject& p) { p["trusting_period"] = 0; }},
        {"trusting_period", [](JsonObject& p) { p["trusting_period"] = "14 days"; }},
        {"trusting_period", [](JsonObject& p) { p["trusting_period"] = std::int64_t{1} << 32; }},
        {"forks", [](JsonObject& p) { p.erase("forks"); }},
        {"forks", [](JsonObject& p) { p["forks"] = JsonArray(); }},
        {"forks",
         [](JsonObject& p) {
             for (int i = 0; i < 31; ++i)
                 p["forks"].as_array().push_back(make_fork("electra", 10, "0x05000000"));
         }},
        {"forks", [](JsonObject& p) { p["forks"] = JsonArray{make_fork("altair", 0, "0x01000000")}; }},
        {"forks[1]", [](JsonObject& p) { p["forks"].as_array()[1] = 5; }},
        {"forks[1].colour", [](JsonObject& p) { fork(p, 1)["colour"] = 1; }},
        {"forks[0].name", [](JsonObject& p) { fork(p, 0).erase("name"); }},
        {"forks[0].epoch", [](JsonObject& p) { fork(p, 0)["epoch"] = 1; }},
        {"forks[1].epoch",
         [](JsonObject& p) {
             p["forks"].as_array().insert(p["forks"].as_array().begin() + 1,
                                          make_fork("deneb", 10, "0x04000000"));
             fork(p, 1)["epoch"] = -1;
         }},
        {"forks[2].epoch",
         [](JsonObject& p) { p["forks"].as_array().push_back(make_fork("fulu", 8, "0x06000000")); }},
        {"forks[1].version", [](JsonObject& p) { fork(p, 1)["version"] = "0x050000"; }},
        {"forks[1].execution_layout", [](JsonObject& p) { fork(p, 1)["execution_layout"] = "eip7732"; }},
        {"forks[1].execution_gindex", [](JsonObject& p) { fork(p, 1)["execution_gindex"] = 1'024; }},
        {"forks[1].finalized_root_gindex",
         [](JsonObject& p) { fork(p, 1)["finalized_root_gindex"] = 65'536; }},
        {"forks[1].next_committee_gindex", [](JsonObject& p) { fork(p, 1)["next_committee_gindex"] = 1; }},
        {"checkpoint", [](JsonObject& p) { p.erase("checkpoint"); }},
        {"checkpoint", [](JsonObject& p) { p["checkpoint"] = "0x" + std::string(64, '0'); }},
        {"bls_precompiles", [](JsonObject& p) { p.erase("bls_precompiles"); }},
        {"bls_precompiles", [](JsonObject& p) { p["bls_precompiles"] = "none"; }},
    };
    for (const auto& entry : cases) {
        JsonObject parameters = make_parameters();
        entry.change(parameters);
        EXPECT_EQ(wrong_key(parameters), entry.key);
    }
    EXPECT_EQ(wrong_key(make_parameters(), {}), "rpc");
    EXPECT_EQ(wrong_key(make_parameters(), {"ftp://x"}), "rpc");
    EXPECT_EQ(wrong_key(make_parameters(), {"http://127.0.0.1:1"}, {}), "consensus");
}

TEST(ethereum_family, network_files_say_what_the_networks_are) {
    for (const std::string name : {"mainnet", "sepolia"}) {
        const auto file = toml::parse_file(BUTTER_SOURCE_DIR "/chains/ethereum/networks/" + name + ".toml");
        ASSERT_TRUE(static_cast<bool>(file)) << name;
        const toml::table& table = file.table();
        const auto network = test::read_vectors("lc_" + name + "/network.json");
        EXPECT_EQ(table["family"].value_or(""), std::string("ethereum"));
        const toml::table& given = *table["parameters"].as_table();
        JsonObject parameters;
        for (const char* key : {"preset", "genesis_validators_root", "bls_precompiles"})
            parameters[key] = given[key].value_or("");
        for (const char* key : {"genesis_time", "seconds_per_slot"})
            parameters[key] = given[key].value_or(std::int64_t{0});
        EXPECT_EQ(parameters["preset"], network.at("preset"));
        EXPECT_EQ(parameters["genesis_validators_root"], network.at("genesis_validators_root"));
        EXPECT_EQ(parameters["genesis_time"], network.at("genesis_time"));
        EXPECT_EQ(parameters["seconds_per_slot"], network.at("SECONDS_PER_SLOT"));
        JsonArray forks;
        for (const toml::node& entry : *given["forks"].as_array()) {
            const toml::table& one = *entry.as_table();
            const std::string fork_name = one["name"].value_or("");
            forks.push_back(JsonObject{{"name", fork_name},
                                       {"epoch", one["epoch"].value_or(std::int64_t{-1})},
                                       {"version", one["version"].value_or("")}});
            const auto& expected = network.at("forks").at(fork_name);
            EXPECT_EQ(forks.back().at("epoch"), expected.at("epoch")) << fork_name;
            EXPECT_EQ(forks.back().at("version"), expected.at("version")) << fork_name;
        }
        EXPECT_EQ(forks.size(), network.at("forks").as_object().size());
        parameters["forks"] = std::move(forks);
        // The only thing that is left to whoever runs it.
        EXPECT_EQ(wrong_key(parameters), "checkpoint");
        parameters["checkpoint"] = kRoot;
        EXPECT_EQ(wrong_key(parameters), "");
    }
}

}  // namespace
}  // namespace butter::ethereum
