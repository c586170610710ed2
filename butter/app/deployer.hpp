// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "butter/app/deployment.hpp"
#include "butter/app/open_chain.hpp"
#include "butter/app/topology.hpp"
#include "butter/async/task.hpp"
#include "butter/base/result.hpp"
#include "butter/chain/network.hpp"

/// Puts the contracts on the chains of a topology and registers them with each other.
///
/// On every chain: a timelock, the FeeService, and the service behind a proxy; on the relay chain also the
/// LightClientManager and a light client of every other chain, on the others a light client of the relay
/// chain, behind proxies as well. The deployer owns them while it registers them, then the timelock does,
/// which is read back from the chain.
///
/// What the record says and the chain confirms is not done again: code by its hash, settings by reading them.
/// The record is written after every creation, before anything else is sent on that chain. A crash between
/// the inclusion of a creation and that write leaves a contract that nothing refers to; the next run makes
/// another.
namespace butter::app {

/// A change that is needed, but that only the owner of `target` can make by now.
struct Proposal {
    std::string chain;
    std::string text;  ///< what it sets
    Address target;
    Bytes data;
};

struct DeployReport {
    Deployment deployment;
    std::size_t transactions = 0;  ///< sent by this run
    std::vector<Proposal> proposals;
};

struct DeployRequest {
    Topology topology;
    std::filesystem::path topology_folder;
    /// Folder, which exists, of deployment.json and butter.toml.
    std::filesystem::path out;
    /// Called with a line for people for each thing that happens.
    std::function<void(const std::string&)> print;
    /// How long a chain may take until its consensus gives a checkpoint. Ethereum's takes up to 20 minutes.
    std::chrono::milliseconds finality_patience = std::chrono::minutes{45};
};

/// Deploys all that is missing. The families outlive the task. Fails without having sent anything when a key,
/// an endpoint, a chain id, or the record does not fit the topology.
async::Task<Result<DeployReport, CommandError>> deploy_topology(
    DeployRequest request, const std::vector<std::unique_ptr<chain::Family>>& families);

}  // namespace butter::app
