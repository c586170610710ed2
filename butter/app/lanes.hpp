// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "butter/app/chains.hpp"
#include "butter/async/task.hpp"
#include "butter/service/calls.hpp"

/// What verifies each direction of a deployment, as the contracts themselves say it.
namespace butter::app {

/// One direction: the client on `to` that verifies `from`, and who may change what is believed there.
struct LaneView {
    std::string from;
    std::string to;
    Address client;
    service::Passport passport;
    UnixSeconds trusted_until;             ///< of `to`'s time, after which the client believes nothing more
    UnixSeconds now;                       ///< time of `to`'s newest block
    Address owner;                         ///< may replace the client's code
    std::optional<std::uint64_t> delay_s;  ///< of a change, when the owner is a timelock
    UnixSeconds paused_until;              ///< of `to`'s service; in the past when it is not paused
    std::vector<std::string> warnings;     ///< what a person should look into, one sentence each
};

/// Changes of what is believed should wait for so long.
inline constexpr std::uint64_t kTimelockDelaySecondsExpected = 7 * 24 * 3600;
/// A client is brought forward at least this often: the longest epoch and sync-committee period are shorter.
inline constexpr std::uint64_t kUpdateAgeSecondsExpected = 4 * 24 * 3600;
/// So long before it expires a client is to be brought forward by hand, if the program does not do so.
inline constexpr std::uint64_t kTrustSecondsExpected = 3 * 24 * 3600;

/// Reads every configured lane. The error names the lane that cannot be read.
async::Task<Result<std::vector<LaneView>, CommandError>> fetch_lanes(Chains& chains);

/// What is to be warned of in what was read; `believed` is the client that the service on `to` uses, absent
/// when it uses none.
std::vector<std::string> lane_warnings(const LaneView& lane, ChainId from, std::optional<Address> believed);

std::string to_text(const std::vector<LaneView>& lanes);
rpc::Json to_json(const std::vector<LaneView>& lanes);

}  // namespace butter::app
