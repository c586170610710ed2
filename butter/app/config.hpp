// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "butter/base/bytes.hpp"
#include "butter/base/named.hpp"
#include "butter/base/result.hpp"
#include "butter/chain/network.hpp"

/// The configuration of `butter run` and of the commands that read chains: one TOML file. `config_example()`
/// is its documentation; a test keeps the two together.
namespace butter::app {

/// Where a signing key comes from. Either a keystore with its password, or an environment variable.
struct KeySettings {
    std::filesystem::path keystore;       ///< Ethereum v3 keystore
    std::filesystem::path password_file;  ///< first line is the password
    std::string password_env;             ///< name of the variable that holds the password
    std::string private_key_env;          ///< name of the variable that holds the key as hex

    bool is_set() const noexcept { return !keystore.empty() || !private_key_env.empty(); }
};

struct FeeSettings {
    std::uint64_t max_fee_gwei = 0;
    std::uint64_t max_priority_fee_gwei = 0;
};

struct ChainSettings {
    chain::NetworkSettings network;
    Address service;
    BlockNumber start_block;
    KeySettings key;
    FeeSettings fees;
};

/// A client contract on `to` that verifies `from`.
struct LaneSettings {
    std::string from;
    std::string to;
    Address client;
};

struct Config {
    std::string relay;
    std::filesystem::path store;
    std::string log_level;
    std::chrono::milliseconds poll_interval{};
    std::uint64_t batch_messages_max = 0;
    std::vector<ChainSettings> chains;
    std::vector<LaneSettings> lanes;

    const ChainSettings* find_chain(std::string_view name) const noexcept;
    const ChainSettings* find_chain(ChainId id) const noexcept;
    const ChainSettings& relay_chain() const noexcept;
};

/// What is wrong with the file, where, and what was expected, for a person.
struct ConfigError {
    std::string file;
    std::uint32_t line = 0;  ///< 0 when it is about the whole file
    std::string text;
};
/// `file:line: text`.
std::string to_string(const ConfigError& error);

/// Reads and checks the whole file. Relative paths in it are relative to the file's folder. Unknown keys,
/// missing ones, wrong types and values out of range are errors.
Result<Config, ConfigError> load_config(const std::filesystem::path& file);
/// The same for text; `folder` is what relative paths start from.
Result<Config, ConfigError> decode_config(std::string_view text, std::string file,
                                          const std::filesystem::path& folder);

/// A commented configuration with every key.
std::string config_example();

}  // namespace butter::app
