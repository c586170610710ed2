// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "butter/app/config.hpp"
#include "butter/app/exit_code.hpp"
#include "butter/async/task.hpp"
#include "butter/base/result.hpp"
#include "butter/chain/network.hpp"
#include "butter/evm/sender.hpp"
#include "butter/rpc/eth_api.hpp"

/// From a chain's settings to the objects that read it and write to it.
namespace butter::app {

/// Why a command ended: for the person and for the exit status.
struct CommandError {
    ExitCode code = ExitCode::kFailed;
    std::string text;  ///< what was found, what was expected, what to do
};

/// A chain in use. Does not move: its parts refer to each other.
struct OpenChain {
    ChainSettings settings;
    std::string_view client_contract;  ///< artifact of the light client that verifies this chain
    rpc::EthApi api;
    std::unique_ptr<chain::Source> source;
    std::unique_ptr<evm::Sender> sender;  ///< null when it was opened without its key

    const std::string& name() const noexcept { return settings.network.name; }
    ChainId id() const noexcept { return settings.network.chain_id; }
};

enum class WithKey { kNo, kYes };

/// Checks the family's parameters and, when asked for, loads the key. Asks the network nothing.
Result<std::unique_ptr<OpenChain>, CommandError> open_chain(
    ChainSettings settings, const std::vector<std::unique_ptr<chain::Family>>& families,
    boost::asio::any_io_executor executor, WithKey with_key, std::chrono::milliseconds poll_interval);

/// Loads the key of the chain's settings and gives it its sender. Asks the network nothing.
Result<void, CommandError> add_sender(OpenChain& chain, boost::asio::any_io_executor executor,
                                      std::chrono::milliseconds poll_interval);

/// That an endpoint answers and serves the configured chain id. One that serves another is used no more, with
/// a warning when there are others.
async::Task<Result<void, CommandError>> check_chain(OpenChain& chain);

}  // namespace butter::app
