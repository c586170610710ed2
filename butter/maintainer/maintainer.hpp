// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "butter/async/task.hpp"
#include "butter/base/result.hpp"
#include "butter/chain/family.hpp"
#include "butter/evm/sender.hpp"
#include "butter/rpc/eth_api.hpp"

/// Keeps light-client contracts alive: brings each the updates (committees, validator sets) that its chain's
/// source says it lacks, before messages need them.
namespace butter::maintainer {

/// A client contract and what it verifies. The references outlive the maintainer.
struct Lane {
    std::string name;       ///< "A->R"
    chain::Source& source;  ///< of the verified chain
    rpc::EthApi& api;       ///< of the chain the client stands on
    evm::Sender& sender;    ///< on the same chain
    Address client;
};

class Maintainer {
  public:
    Maintainer(std::vector<Lane> lanes, std::chrono::milliseconds poll_interval)
        : lanes_(std::move(lanes)), poll_interval_(poll_interval) {}

    /// Runs until cancelled. What goes wrong with a lane is logged and tried again.
    async::Task<void> run();

  private:
    async::Task<void> maintain(const Lane& lane);
    /// The error is a text for people.
    async::Task<Result<void, std::string>> maintain_once(const Lane& lane);

    std::vector<Lane> lanes_;
    std::chrono::milliseconds poll_interval_;
};

}  // namespace butter::maintainer
