// SPDX-License-Identifier: Apache-2.0
#include "butter/app/config.hpp"

#include <gtest/gtest.h>

namespace butter::app {
namespace {

Result<Config, ConfigError> decode(const std::string& text) {
    return decode_config(text, "test.toml", "/folder");
}

/// The example with one piece replaced; the piece must be there.
std::string example_with(const std::string& from, const std::string& to) {
    std::string text = config_example();
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
}

void expect_error(const std::string& text, const std::string& fragment, bool with_line = true) {
    const auto config = decode(text);
    ASSERT_FALSE(config.has_value()) << "expected: " << fragment;
    EXPECT_NE(to_string(config.error()).find(fragment), std::string::npos) << to_string(config.error());
    EXPECT_EQ(config.error().line != 0, with_line) << to_string(config.error());
}

TEST(config, example_is_valid_and_complete) {
    const auto config = decode(config_example());
    ASSERT_TRUE(config.has_value()) << to_string(config.error());
    EXPECT_EQ(config->relay_chain().network.chain_id, ChainId{22776});
    const ChainSettings* a = config->find_chain("A");
    ASSERT_NE(a, nullptr);
    EXPECT_EQ(config->find_chain(ChainId{31337}), a);
    EXPECT_EQ(a->network.family, "ethereum");
    EXPECT_EQ(a->key.keystore, "/folder/keys/a.json");
    EXPECT_EQ(a->key.password_file, "/folder/keys/a.password");
    EXPECT_EQ(config->store, "/folder/butter.sqlite");
    EXPECT_EQ(config->lanes.size(), 2u);
    EXPECT_EQ(config->poll_interval, std::chrono::milliseconds(1000));
}

TEST(config, names_what_is_wrong_and_where) {
    expect_error("relay = ", "test.toml:1");
    expect_error(example_with("relay = \"R\"", "relay = \"X\""), "no [chains.X]");
    expect_error(example_with("relay = \"R\"", ""), "relay is missing");
    expect_error(example_with("log_level = \"info\"", "log_level = \"loud\""), "log_level is \"loud\"");
    expect_error(example_with("poll_interval_ms = 1000", "poll_interval_ms = 9"),
                 "poll_interval_ms must be a number from 10");
    expect_error(example_with("poll_interval_ms = 1000", "poll_interval = 9"), "unknown key poll_interval");
    expect_error(example_with("batch_messages_max = 50", "batch_messages_max = 256"), "from 1 to 255");
    expect_error(example_with("chain_id = 31337", "chain_id = -1"), "chains.A.chain_id must be a number");
    expect_error(example_with("chain_id = 31337", "chain_id = 22776"), "the same chain_id 22776");
    expect_error(example_with("rpc = [\"http://127.0.0.1:8545\"]", "rpc = []"),
                 "chains.A.rpc must not be empty");
    expect_error(example_with("rpc = [\"http://127.0.0.1:8545\"]", "rpc = [\"ws://x\"]"),
                 "http:// or https://");
    expect_error(example_with("rpc = [\"http://127.0.0.1:8545\"]", ""), "chains.A.rpc is missing");
    expect_error(example_with("0x00000000000000000000000000000000000000a1", "0x01"),
                 "chains.A.service must be an address");
    expect_error(
        example_with("00000000000000000000000000000000000000a1", "0000000000000000000000000000000000000000"),
        "must be an address");
    expect_error(example_with("password_file = \"keys/a.password\"", ""),
                 "either password_file or password_env");
    expect_error(
        example_with("keystore = \"keys/a.json\"", "private_key_env = \"K\"\nkeystore = \"keys/a.json\""),
        "either keystore or private_key_env");
    expect_error(example_with("max_fee_gwei = 500", "max_fee_gwei = 0"), "chains.A.fees.max_fee_gwei");
    expect_error(example_with("from = \"A\"", "from = \"Q\""), "no [chains.Q]");
    expect_error(example_with("from = \"A\"", "from = \"R\""), "goes from or to the relay chain");
    expect_error(example_with("client = \"0x00000000000000000000000000000000000000b1\"", ""),
                 "lanes.client is missing");
    expect_error("relay = \"R\"\n[chains.R]\nfamily = \"mapo\"", "at least two", false);
    expect_error(example_with("store = \"butter.sqlite\"", "store = \"\""), "store is \"\", expected a file");
    expect_error(example_with("from = \"R\"\nto = \"A\"", "from = \"A\"\nto = \"R\""),
                 "there is a lane from \"A\" to \"R\" already");
    expect_error(example_with("max_priority_fee_gwei = 50", "max_priority_fee_gwei = 501"),
                 "max_priority_fee_gwei is 501, more than max_fee_gwei, 500");
    expect_error(example_with("private_key_env = \"BUTTER_KEY_R\"",
                              "private_key_env = \"K\"\npassword_env = \"BUTTER_PASSWORD\""),
                 "has a password, but no keystore");
    expect_error(
        example_with("# network = \"chains/ethereum/networks/mainnet.toml\"", "network = \"nowhere.toml\""),
        "cannot be read", false);
}

TEST(config, repeats_no_secret_that_stands_where_a_name_should) {
    const std::string key = "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";  // a TEST KEY
    for (const std::string& secret : {key, "0x" + key, "a" + key.substr(1), std::string("correct horse")}) {
        const auto config = decode_config(
            example_with("private_key_env = \"BUTTER_KEY_R\"", "private_key_env = \"" + secret + "\""),
            "x.toml", {});
        ASSERT_FALSE(config.has_value());
        const std::string text = to_string(config.error());
        EXPECT_NE(text.find("chains.R.key.private_key_env must be the name of an environment variable"),
                  std::string::npos)
            << text;
        EXPECT_EQ(text.find(secret), std::string::npos) << text;
    }
}

TEST(config, missing_file_says_how_to_make_one) {
    const auto config = load_config("/nonexistent/butter.toml");
    ASSERT_FALSE(config.has_value());
    EXPECT_NE(to_string(config.error()).find("butter config example"), std::string::npos);
}

}  // namespace
}  // namespace butter::app
