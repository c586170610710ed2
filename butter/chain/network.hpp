// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/json/object.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "butter/base/named.hpp"
#include "butter/base/result.hpp"
#include "butter/chain/family.hpp"

namespace butter::chain {

/// One chain as the configuration describes it. `parameters` are the family's own keys (fork schedule,
/// checkpoint, epoch length, ...); the family refuses ones it does not know.
struct NetworkSettings {
    std::string name;
    std::string family;
    ChainId chain_id;
    std::vector<std::string> rpc_urls;        ///< execution JSON-RPC, best first
    std::vector<std::string> consensus_urls;  ///< consensus API where the family has one
    boost::json::object parameters;
};

/// What was wrong with a network's settings: the key, what was found, what was expected.
struct SettingsError {
    std::string key;
    std::string text;
};

/// A consensus family. Each folder of chains/ provides one by `std::unique_ptr<chain::Family> make_family()`
/// in its namespace; cmake/butter_family.cmake collects them for the program.
class Family {
  public:
    virtual ~Family() = default;

    virtual std::string_view name() const noexcept = 0;
    /// Name of the client contract's artifact, for deployment.
    virtual std::string_view client_contract() const noexcept = 0;
    /// Checks `settings` completely before anything is started. The source runs on `executor`.
    virtual Result<std::unique_ptr<Source>, SettingsError> make_source(
        NetworkSettings settings, boost::asio::any_io_executor executor) const = 0;
};

}  // namespace butter::chain
