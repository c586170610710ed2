// SPDX-License-Identifier: Apache-2.0
#include "butter/app/log_search.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace butter::app {
namespace {

CommandError unavailable(const OpenChain& chain, const std::string& text) {
    return {ExitCode::kUnavailable, fmt::format("chain {}: {}", chain.name(), text)};
}

bool matches(const rpc::PlacedLog& log, const rpc::LogFilter& filter) {
    const std::vector<Hash32>& topics = log.log.topics;
    return log.block >= filter.from && log.block <= filter.to &&
           log.log.address == filter.addresses.front() && !topics.empty() &&
           std::find(filter.topics.begin(), filter.topics.end(), topics[0]) != filter.topics.end() &&
           (!filter.second_topic || (topics.size() > 1 && topics[1] == *filter.second_topic)) &&
           (!filter.third_topic || (topics.size() > 2 && topics[2] == *filter.third_topic));
}

}  // namespace

async::Task<Result<std::vector<rpc::PlacedLog>, CommandError>> fetch_service_logs(
    OpenChain& chain, ServiceLogFilter wanted, BlockNumber start,
    std::function<bool(const std::vector<rpc::PlacedLog>&)> is_enough) {
    const auto head = co_await chain.api.fetch_block_number();
    if (!head) co_return std::unexpected(unavailable(chain, head.error().text));
    std::vector<rpc::PlacedLog> out;
    std::uint64_t range = kSearchBlocksMax;
    for (BlockNumber from = start; from <= *head;) {
        const rpc::LogFilter filter{.from = from,
                                    .to = BlockNumber{std::min(head->value, from.value + range - 1)},
                                    .addresses = {chain.settings.service},
                                    .topics = wanted.topics,
                                    .second_topic = wanted.second_topic,
                                    .third_topic = wanted.third_topic};
        const auto logs = co_await chain.api.fetch_logs(filter);
        if (!logs) {
            // Nodes differ in how many blocks they search at once, and in how they say that these are too
            // many.
            if (logs.error().kind != rpc::RpcError::Kind::kNode || range == kSearchBlocksMin)
                co_return std::unexpected(unavailable(chain, logs.error().text));
            range = std::max(range / 4, kSearchBlocksMin);
            continue;
        }
        for (const rpc::PlacedLog& log : *logs) {
            if (matches(log, filter)) out.push_back(log);
        }
        if (is_enough(out)) break;
        from = BlockNumber{filter.to.value + 1};
    }
    co_return out;
}

async::Task<Result<BlockNumber, CommandError>> find_block_at(OpenChain& chain, UnixSeconds time) {
    const auto head = co_await chain.api.fetch_block_number();
    if (!head) co_return std::unexpected(unavailable(chain, head.error().text));
    std::uint64_t low = chain.settings.start_block.value;
    std::uint64_t high = std::max(head->value, low);
    if (high - low < kSearchBlocksMax) co_return chain.settings.start_block;
    while (low < high) {
        const std::uint64_t middle = low + (high - low) / 2;
        const auto block_time = co_await chain.api.fetch_block_time(BlockNumber{middle});
        if (!block_time) co_return std::unexpected(unavailable(chain, block_time.error().text));
        if (!*block_time)
            co_return std::unexpected(unavailable(chain, fmt::format("block {} is missing", middle)));
        if (**block_time >= time) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    co_return BlockNumber{low};
}

}  // namespace butter::app
