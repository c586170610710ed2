// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "butter/app/exit_code.hpp"

/// What each sub-command does, without the parsing of flags (cmd/butter/main.cpp). Results go to standard
/// output, everything else to standard error; with `json` standard output is one JSON value.
namespace butter::app {

struct RunOptions {
    std::filesystem::path config;
};
/// Runs maintainer and messenger until SIGINT or SIGTERM; a second signal ends it at once. A chain that is
/// down at the start is waited for.
ExitCode run(const RunOptions& options);

struct DeployOptions {
    std::filesystem::path topology;
    std::filesystem::path out;  ///< folder of deployment.json and butter.toml
    bool json = false;
};
/// Deploys the contracts of a topology and registers them with each other. What `out`/deployment.json records
/// and the chain confirms is not deployed again.
ExitCode deploy(const DeployOptions& options);

struct SendOptions {
    std::filesystem::path config;
    std::string from;      ///< name of a configured chain
    std::string to;        ///< name of a configured chain, or a chain id
    std::string target;    ///< hex address
    std::string payload;   ///< hex bytes
    bool message = false;  ///< MESSAGE instead of CALLDATA
    bool relay = false;    ///< the target is an executor on the relay chain, which makes the onward message
    std::uint64_t gas_limit = 200'000;
    std::string private_key_env;  ///< the sender's key; the chain's own key when empty
    bool wait = false;            ///< until it is delivered or failed
    bool json = false;
};
/// Sends a message with exactly the fee that the service asks for.
ExitCode send(const SendOptions& options);

struct OrderOptions {
    std::filesystem::path config;
    std::string order;  ///< order id, or hash of the transaction that sent it
    bool json = false;
};
/// Prints the whole life of a message and, if it waits, why.
ExitCode trace(const OrderOptions& options);
/// Prints the call data with which anyone can deliver the next step.
ExitCode prove(const OrderOptions& options);

struct VerifyOptions {
    OrderOptions order;
    std::filesystem::path save;    ///< writes the evidence there
    std::filesystem::path bundle;  ///< checks this evidence instead of fetching it
};
/// Rebuilds and checks the chain of proof of a delivered message, trusting only the configured checkpoints.
ExitCode verify(const VerifyOptions& options);

struct LanesOptions {
    std::filesystem::path config;
    bool json = false;
};
/// Prints what verifies each lane, how many keys could forge it and who may change it; `kFailed` when there
/// is anything to warn of.
ExitCode lanes(const LanesOptions& options);

struct KeyOptions {
    std::filesystem::path keystore;
    std::filesystem::path password_file;
    std::string password_env;
    std::string private_key_env;  ///< import: the key to store
};
/// Makes a new key, or stores one from the environment, as a v3 keystore, and prints its address. Never
/// writes over a file.
ExitCode create_key(const KeyOptions& options);
/// Prints the address of a keystore without needing its password.
ExitCode print_key_address(const KeyOptions& options);

ExitCode print_config_example();
ExitCode check_config(const std::filesystem::path& config);

}  // namespace butter::app
