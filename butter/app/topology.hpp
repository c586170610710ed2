// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "butter/app/config.hpp"
#include "butter/base/result.hpp"

/// What `butter deploy` is asked to build: the chains, who governs the contracts, and the first prices. One
/// TOML file; `topology_example()` is its documentation, and a test keeps the two together.
namespace butter::app {

/// What a message towards a chain costs on every other chain: (base_gas + its gas limit) * gas_price, in the
/// coin of the chain it is sent from.
struct PriceSettings {
    std::uint64_t base_gas = 0;          ///< gas of the delivery itself; 0 closes the lanes towards the chain
    std::uint64_t gas_price_wei = 0;     ///< 0 closes them too
    std::uint64_t base_gas_ceiling = 0;  ///< the pricer can go up to this; at least `base_gas`
    std::uint64_t gas_price_ceiling_wei = 0;  ///< the same; at least `gas_price_wei`
};

/// Who has which power. What is absent is the deployer's own address on each chain.
struct GovernanceSettings {
    std::uint64_t timelock_delay_s = 0;
    std::optional<Address>
        proposer;  ///< proposes and cancels changes; anyone may execute them after the delay
    std::optional<Address> guardian;      ///< may pause a service for a bounded time
    std::optional<Address> pricer;        ///< sets prices
    std::optional<Address> fee_receiver;  ///< fees are sent there
};

struct TopologyChain {
    ChainSettings settings;  ///< without service and start block
    PriceSettings prices;
};

struct Topology {
    std::string relay;
    std::chrono::milliseconds poll_interval{};
    GovernanceSettings governance;
    std::vector<TopologyChain> chains;

    const TopologyChain* find_chain(std::string_view name) const noexcept;
};

/// A week: long enough for users to leave before a change that they do not like takes effect.
inline constexpr std::uint64_t kTimelockDelaySecondsDefault = 604'800;
inline constexpr std::uint64_t kTimelockDelaySecondsMax = 31'536'000;
/// FeeService.BASE_GAS_MAX
inline constexpr std::uint64_t kBaseGasMax = 100'000'000;
/// A delivery of one message with its proof, rounded up.
inline constexpr std::uint64_t kBaseGasDefault = 1'000'000;
inline constexpr std::uint64_t kGasPriceWeiDefault = 1'000'000'000;
/// Room for a larger proof and for a chain in demand, without a wait for the timelock.
inline constexpr std::uint64_t kBaseGasCeilingDefault = 2'000'000;
inline constexpr std::uint64_t kGasPriceCeilingWeiDefault = 100'000'000'000;

/// Reads and checks the whole file. Relative paths in it are relative to the file's folder. Unknown keys,
/// missing ones, wrong types and values out of range are errors. Does not check that addresses exist.
Result<Topology, ConfigError> load_topology(const std::filesystem::path& file);
/// The same for text; `folder` is what relative paths start from.
Result<Topology, ConfigError> decode_topology(std::string_view text, std::string file,
                                              const std::filesystem::path& folder);

/// A commented topology with every key.
std::string topology_example();

}  // namespace butter::app
