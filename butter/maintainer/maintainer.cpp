// SPDX-License-Identifier: Apache-2.0
#include "butter/maintainer/maintainer.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "butter/async/sleep.hpp"
#include "butter/base/hex.hpp"
#include "butter/service/calls.hpp"

namespace butter::maintainer {
namespace {

/// The same obstacle is said again after this long.
constexpr std::chrono::minutes kRepeatAfter{1};

}  // namespace

async::Task<void> Maintainer::run() {
    using namespace boost::asio::experimental::awaitable_operators;
    if (lanes_.empty()) co_return;
    async::Task<void> all = maintain(lanes_.front());
    for (std::size_t i = 1; i < lanes_.size(); ++i) all = (std::move(all) && maintain(lanes_[i]));
    co_await std::move(all);
}

async::Task<void> Maintainer::maintain(const Lane& lane) {
    std::string said;
    std::chrono::steady_clock::time_point said_at;
    for (;;) {
        const auto done = co_await maintain_once(lane);
        const auto now = std::chrono::steady_clock::now();
        if (done) {
            said.clear();
        } else if (done.error() != said || now - said_at >= kRepeatAfter) {
            said = done.error();
            said_at = now;
            spdlog::warn("maintainer: {} {}", lane.name, said);
        }
        co_await async::sleep_for(poll_interval_);
    }
}

async::Task<Result<void, std::string>> Maintainer::maintain_once(const Lane& lane) {
    const auto answer = co_await lane.api.call(
        {.from = {}, .to = lane.client, .data = service::encode_client_state(), .value = {}});
    if (!answer) co_return std::unexpected("cannot read the client's state: " + answer.error().text);
    const auto state = service::decode_bytes(*answer);
    if (!state) co_return std::unexpected("there is no light client at " + encode_hex(lane.client));
    const auto updates = co_await lane.source.fetch_updates(*state);
    if (!updates) {
        if (updates.error().kind != chain::SourceError::Kind::kNotReady)
            co_return std::unexpected(updates.error().text);
        spdlog::debug("maintainer: {} {}", lane.name, updates.error().text);
        co_return Result<void, std::string>();
    }
    for (const chain::Update& update : *updates) {
        const auto outcome = co_await lane.sender.send(
            {.to = lane.client, .data = service::encode_client_update(update.bytes), .value = {}});
        if (!outcome) {
            co_return std::unexpected("cannot update: " +
                                      (outcome.error().data.empty()
                                           ? outcome.error().text
                                           : service::describe_revert(outcome.error().data)));
        }
        if (!outcome->is_success) {
            co_return std::unexpected("the update in transaction " + encode_hex(outcome->hash) +
                                      " reverted; somebody else's came first, or its gas did not do");
        }
        spdlog::info("maintainer: updated {} height={} {} transaction={} gas={}", lane.name,
                     update.report.height, update.report.summary, encode_hex(outcome->hash),
                     outcome->gas_used);
    }
    co_return Result<void, std::string>();
}

}  // namespace butter::maintainer
