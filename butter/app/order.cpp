// SPDX-License-Identifier: Apache-2.0
#include "butter/app/order.hpp"

#include <fmt/format.h>

#include "butter/app/log_search.hpp"
#include "butter/base/hex.hpp"
#include "butter/service/events.hpp"

namespace butter::app {

Result<Hash32, CommandError> parse_order(std::string_view text) {
    const auto id = decode_hex_fixed<32>(text);
    if (!id) {
        return std::unexpected(CommandError{
            ExitCode::kUsage,
            fmt::format("\"{}\" is no order id and no transaction hash: expected 0x and 64 hex digits",
                        text)});
    }
    return *id;
}

async::Task<Result<std::vector<Hash32>, CommandError>> fetch_outbox(Chains& chains, ChainId to) {
    OpenChain& relay = chains.relay();
    chains.say("reading the outbox on " + relay.name());
    CO_TRY(const auto logs,
           co_await fetch_service_logs(
               relay,
               {.topics = {service::message_relay_topic()}, .third_topic = to_big_endian(Uint256{to.value})},
               relay.settings.start_block, [](const std::vector<rpc::PlacedLog>&) { return false; }));
    std::vector<Hash32> out;
    for (const rpc::PlacedLog& log : logs) {
        const auto event = service::decode_message_relay(log.log);
        if (!event || event->to_chain != to) continue;
        if (event->index != out.size()) {
            co_return std::unexpected(CommandError{
                ExitCode::kFailed,
                fmt::format(
                    "the logs of {} have number {} of the outbox towards {} where {} is next: the node "
                    "does not have all of them, or start_block is after the first",
                    relay.name(), event->index, chains.name_of(to), out.size())});
        }
        out.push_back(event->order_id);
    }
    co_return out;
}

}  // namespace butter::app
