// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <string>

#include "butter/async/task.hpp"
#include "butter/base/result.hpp"
#include "devnet/devnet.hpp"

namespace butter::devnet {

/// Deploys the contracts and example dApps on a running devnet, runs the interchain program, sends messages
/// of every kind, prints each hop as it happens and reads every effect back from its destination. True when
/// all are as they should be. Uses this program's own sub-commands as child processes, as an operator would.
/// `devnet` is being run by somebody else meanwhile. The error is a text for people.
async::Task<Result<bool, std::string>> run_demo(boost::asio::any_io_executor executor, Devnet& devnet);

/// `butter deploy` for the devnet's topology into its directory, as a child process. The error is a text.
async::Task<Result<void, std::string>> deploy_contracts(const Devnet& devnet);

}  // namespace butter::devnet
