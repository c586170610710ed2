// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "butter/app/config.hpp"
#include "butter/app/open_chain.hpp"
#include "butter/base/result.hpp"

namespace butter::app {

/// All chains of a configuration, ready for use.
struct Chains {
    Config config;
    std::vector<std::unique_ptr<OpenChain>> all;
    /// Told what is being done, where that may take long; may be empty.
    std::function<void(std::string)> on_progress;

    OpenChain& relay() const noexcept;
    OpenChain* find(std::string_view name) const noexcept;
    OpenChain* find(ChainId id) const noexcept;
    void say(std::string doing) const {
        if (on_progress) on_progress(std::move(doing));
    }
    /// The configured name, or the id as a number for a chain that is not configured.
    std::string name_of(ChainId id) const;
    /// Names of all, for a person who mistyped one.
    std::string names() const;
    /// Whether the configuration names the clients of both lanes of every outer chain.
    Result<void, CommandError> check_clients() const;
    /// The client contract on `to` that verifies `from`; an error that says what to add when no lane has it.
    Result<Address, CommandError> client_of(const OpenChain& from, const OpenChain& to) const;
};

/// Opens every chain; asks the network nothing. With `WithKey::kYes` every chain needs its key.
Result<Chains, CommandError> open_chains(Config config,
                                         const std::vector<std::unique_ptr<chain::Family>>& families,
                                         boost::asio::any_io_executor executor, WithKey with_key);

/// `check_chain` for each; the first error.
async::Task<Result<void, CommandError>> check_chains(const Chains& chains);

}  // namespace butter::app
