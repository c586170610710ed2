// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string_view>

#include "butter/app/commands.hpp"
#include "butter/app/trace.hpp"

/// What the commands about one order share.
namespace butter::app {

/// 64 hex digits. The error is `kUsage`.
Result<Hash32, CommandError> parse_order(std::string_view text);

/// Opens the chains of the configuration without keys and runs the task that `body` makes, which may refer to
/// the chains and to what outlives this call.
using OrderBody = std::function<async::Task<Result<ExitCode, CommandError>>(Chains& chains, Hash32 order)>;
ExitCode run_on_order(const OrderOptions& options, const OrderBody& body);

/// All order ids of the relay chain's outbox towards `to`, from index 0 without gaps, as its logs have them.
async::Task<Result<std::vector<Hash32>, CommandError>> fetch_outbox(Chains& chains, ChainId to);

}  // namespace butter::app
