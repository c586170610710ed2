// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "butter/app/open_chain.hpp"
#include "butter/async/task.hpp"
#include "butter/rpc/eth_api.hpp"

/// Finding logs of a service without knowing their block.
namespace butter::app {

struct ServiceLogFilter {
    std::vector<Hash32> topics;  ///< first topics, any of which may match
    std::optional<Hash32> second_topic = std::nullopt;
    std::optional<Hash32> third_topic = std::nullopt;
};

/// Blocks asked for at once; fewer when a node refuses so many, down to the minimum.
inline constexpr std::uint64_t kSearchBlocksMax = 10'000;
inline constexpr std::uint64_t kSearchBlocksMin = 16;

/// Logs that the configured service of `chain` emitted from `start` on, in order, until `is_enough` says so
/// of what was found or the head is reached. What a node answers beyond what was asked for is left out.
async::Task<Result<std::vector<rpc::PlacedLog>, CommandError>> fetch_service_logs(
    OpenChain& chain, ServiceLogFilter filter, BlockNumber start,
    std::function<bool(const std::vector<rpc::PlacedLog>&)> is_enough);

/// First block of `chain`, not before its start block, whose time is `time` or later; the head when there is
/// none. Short ranges, which one request covers anyway, are not searched: then it is the start block.
async::Task<Result<BlockNumber, CommandError>> find_block_at(OpenChain& chain, UnixSeconds time);

}  // namespace butter::app
