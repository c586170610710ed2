// SPDX-License-Identifier: Apache-2.0
#include "chains/mapo/module.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <string>
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "butter/base/hex.hpp"
#include "butter/crypto/bn254.hpp"
#include "butter/rpc/json.hpp"
#include "chains/mapo/sealer.hpp"

namespace butter::mapo {
namespace {

using rpc::JsonArray;
using rpc::JsonObject;

/// The key that is complained about; empty when all is well.
std::string wrong_key(const JsonObject& parameters) {
    boost::asio::io_context io;
    const auto source = make_family()->make_source({.name = "test",
                                                    .family = "mapo",
                                                    .chain_id = ChainId{22776},
                                                    .rpc_urls = {"http://127.0.0.1:1"},
                                                    .consensus_urls = {},
                                                    .parameters = parameters},
                                                   io.get_executor());
    if (source) return "";
    EXPECT_FALSE(source.error().text.empty());
    return source.error().key;
}

TEST(mapo_family, network_files_leave_only_the_checkpoint) {
    struct Network {
        std::string name;
        std::int64_t chain_id;
        std::int64_t epoch_length;
        std::int64_t hash_fork_block;
    };
    // From params/config.go of github.com/mapprotocol/atlas v1.1.5.
    for (const Network& network :
         {Network{"mainnet", 22'776, 50'000, 2'350'001}, Network{"makalu", 212, 4'000, 20'000}}) {
        const auto file =
            toml::parse_file(BUTTER_SOURCE_DIR "/chains/mapo/networks/" + network.name + ".toml");
        ASSERT_TRUE(static_cast<bool>(file)) << network.name;
        const toml::table& table = file.table();
        EXPECT_EQ(table["family"].value_or(""), std::string("mapo"));
        EXPECT_EQ(table["chain_id"].value_or(std::int64_t{0}), network.chain_id);
        const toml::table& given = *table["parameters"].as_table();
        EXPECT_EQ(given.size(), 2u);
        const std::int64_t epoch_length = given["epoch_length"].value_or(std::int64_t{0});
        const std::int64_t hash_fork_block = given["hash_fork_block"].value_or(std::int64_t{0});
        EXPECT_EQ(epoch_length, network.epoch_length);
        EXPECT_EQ(hash_fork_block, network.hash_fork_block);
        JsonObject parameters{{"epoch_length", epoch_length}, {"hash_fork_block", hash_fork_block}};
        EXPECT_EQ(wrong_key(parameters), "checkpoint_block");
        const Validator validator = make_devnet_validator(0).validator;
        parameters["checkpoint_validators"] =
            JsonArray{JsonObject{{"address", encode_hex(validator.address)},
                                 {"g1", encode_hex(crypto::bn254::encode_g1(validator.g1_key))},
                                 {"g2", encode_hex(crypto::bn254::encode_g2(validator.g2_key))}}};
        // Seals before the fork can be forged by anybody.
        parameters["checkpoint_block"] = (hash_fork_block - 1) / epoch_length * epoch_length;
        EXPECT_EQ(wrong_key(parameters), "checkpoint_block");
        parameters["checkpoint_block"] = (hash_fork_block / epoch_length + 1) * epoch_length;
        EXPECT_EQ(wrong_key(parameters), "");
        for (const rpc::Json& wrong :
             {rpc::Json(0), rpc::Json(std::int64_t{1} << 32), rpc::Json("14 days")}) {
            parameters["trusting_period"] = wrong;
            EXPECT_EQ(wrong_key(parameters), "trusting_period");
        }
        for (const std::int64_t right : {std::int64_t{1}, (std::int64_t{1} << 32) - 1}) {
            parameters["trusting_period"] = right;
            EXPECT_EQ(wrong_key(parameters), "");
        }
    }
}

}  // namespace
}  // namespace butter::mapo
