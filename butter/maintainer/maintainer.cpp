// SPDX-License-Identifier: Apache-2.0
#include "butter/maintainer/maintainer.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "butter/async/sleep.hpp"
#include "butter/base/hex.hpp"
#include "butter/service/calls.hpp"

namespace butter::maintainer {

async::Task<void> Maintainer::run() {
    using namespace boost::asio::experimental::awaitable_operators;
    if (lanes_.empty()) co_return;
    async::Task<void> all = maintain(lanes_.front());
    for (std::size_t i = 1; i < lanes_.size(); ++i) all = (std::move(all) && maintain(lanes_[i]));
    co_await std::move(all);
}

async::Task<void> Maintainer::maintain(const Lane& lane) {
    for (;;) {
        co_await maintain_once(lane);
        co_await async::sleep_for(poll_interval_);
    }
}

async::Task<void> Maintainer::maintain_once(const Lane& lane) {
    const auto answer = co_await lane.api.call(
        {.from = {}, .to = lane.client, .data = service::encode_client_state(), .value = {}});
    if (!answer) {
        spdlog::warn("maintainer: {} cannot read the client's state: {}", lane.name, answer.error().text);
        co_return;
    }
    const auto state = service::decode_bytes(*answer);
    if (!state) {
        spdlog::warn("maintainer: {} there is no light client at {}", lane.name, encode_hex(lane.client));
        co_return;
    }
    const auto updates = co_await lane.source.fetch_updates(*state);
    if (!updates) {
        const bool is_waiting = updates.error().kind == chain::SourceError::Kind::kNotReady;
        spdlog::log(is_waiting ? spdlog::level::debug : spdlog::level::warn, "maintainer: {} {}", lane.name,
                    updates.error().text);
        co_return;
    }
    for (const chain::Update& update : *updates) {
        const auto outcome = co_await lane.sender.send(
            {.to = lane.client, .data = service::encode_client_update(update.bytes), .value = {}});
        if (!outcome) {
            spdlog::warn("maintainer: {} cannot update: {}", lane.name,
                         outcome.error().data.empty() ? outcome.error().text
                                                      : service::describe_revert(outcome.error().data));
            co_return;
        }
        spdlog::info("maintainer: updated {} height={} {} transaction={} gas={}", lane.name,
                     update.report.height, update.report.summary, encode_hex(outcome->hash),
                     outcome->gas_used);
    }
}

}  // namespace butter::maintainer
