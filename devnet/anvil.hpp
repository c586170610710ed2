// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <filesystem>
#include <string>

#include "butter/async/process.hpp"
#include "butter/async/task.hpp"
#include "butter/base/named.hpp"
#include "butter/base/result.hpp"
#include "butter/rpc/http.hpp"

/// `anvil` (Foundry) as the execution node of a devnet chain.
namespace butter::devnet {

struct AnvilOptions {
    ChainId chain_id;
    std::uint16_t port = 0;                ///< 0 for any free one
    std::uint64_t gas_limit = 30'000'000;  ///< of a block
    std::filesystem::path log;             ///< its output is appended there
};

/// A running anvil that makes blocks only when told to (`evm_mine`). Ends with this object.
struct Anvil {
    async::Process process;
    std::uint16_t port = 0;

    std::string url() const { return "http://127.0.0.1:" + std::to_string(port); }
};

/// Starts it and waits until it answers. The error is a text for people.
async::Task<Result<Anvil, std::string>> start_anvil(boost::asio::any_io_executor executor,
                                                    AnvilOptions options);

/// `anvil` of the PATH, else the one that npm installed for this project; empty when there is neither.
std::filesystem::path find_anvil();

}  // namespace butter::devnet
