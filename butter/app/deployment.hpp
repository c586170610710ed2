// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "butter/app/config.hpp"
#include "butter/app/topology.hpp"
#include "butter/base/bytes.hpp"
#include "butter/base/named.hpp"
#include "butter/base/result.hpp"

/// What a deployment has made so far (docs/deployment-format.md), and the configuration that follows from it.
namespace butter::app {

struct DeployedContract {
    std::string contract;  ///< name of the artifact
    Address address;
    Hash32 code_hash;  ///< keccak256 of the code at the address
    Hash32 transaction;
    BlockNumber block;
    std::uint64_t gas_used = 0;

    friend bool operator==(const DeployedContract&, const DeployedContract&) = default;
};

/// The contracts of one chain by role: "timelock", "fee_service", "service", "client_manager",
/// "client.NAME" for the client that verifies chain NAME here, "implementation.ARTIFACT".
struct ChainDeployment {
    ChainId chain_id;
    std::map<std::string, DeployedContract, std::less<>> contracts;

    const DeployedContract* find(std::string_view role) const noexcept;

    friend bool operator==(const ChainDeployment&, const ChainDeployment&) = default;
};

struct Deployment {
    std::string relay;
    std::map<std::string, ChainDeployment, std::less<>> chains;

    friend bool operator==(const Deployment&, const Deployment&) = default;
};

std::string client_role(std::string_view verified_chain);
std::string implementation_role(std::string_view contract);

/// Readable JSON, two spaces of indentation, keys in order.
std::string encode_deployment(const Deployment& deployment);
/// One line, for other programs.
std::string encode_deployment_line(const Deployment& deployment);
/// Only what `encode_deployment` could have written, in any layout.
Result<Deployment, ConfigError> decode_deployment(std::string_view text, std::string file);
/// Absent when there is no such file.
Result<std::optional<Deployment>, ConfigError> load_deployment(const std::filesystem::path& file);

/// A configuration for `butter run`, to be put into folder `out`. Every contract that it names must be in
/// `deployment`. Key files inside `topology_folder` are named relative to `out`, other ones absolutely.
std::string make_config_text(const Topology& topology, const Deployment& deployment,
                             const std::filesystem::path& topology_folder, const std::filesystem::path& out);

}  // namespace butter::app
