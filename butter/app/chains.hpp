// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
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

    OpenChain& relay() const noexcept;
    OpenChain* find(std::string_view name) const noexcept;
    OpenChain* find(ChainId id) const noexcept;
    /// The configured name, or the id as a number for a chain that is not configured.
    std::string name_of(ChainId id) const;
    /// Names of all, for a person who mistyped one.
    std::string names() const;
    /// The client contract on `to` that verifies `from`; an error that says what to add when no lane has it.
    Result<Address, CommandError> client_of(const OpenChain& from, const OpenChain& to) const;
};

/// Opens every chain; asks the network nothing. With `WithKey::kYes` every chain needs its key.
Result<Chains, CommandError> open_chains(Config config,
                                         const std::vector<std::unique_ptr<chain::Family>>& families,
                                         boost::asio::any_io_executor executor, WithKey with_key);

/// Whether a chain's answers may be waited for by a person: checks all of them, one after the other.
async::Task<Result<void, CommandError>> check_chains(const Chains& chains);

}  // namespace butter::app
