// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "test/e2e/abi_edit.hpp"
#include "test/e2e/world.hpp"

/// What the attacks share: one devnet, on which nothing runs but what a test does itself, so that the light
/// clients stand where the test has put them.
namespace butter::e2e {

inline constexpr std::size_t kValidators = 7;
inline constexpr std::size_t kAbsentValidators = 2;  ///< as many as the quorum allows
inline constexpr std::size_t kAbsentMembers = 3;

/// The devnet of this test program.
World& world();

/// One alteration of a good proof and the error it must be refused with.
struct Attack {
    std::string_view name;
    Path path;
    Edit edit;
    std::string_view error;
};

Bytes client_state(std::string_view from, std::string_view to);
/// Submits the updates that the client of `from` on `to` lacks; with a bound, only those from below that
/// height.
void catch_up(std::string_view from, std::string_view to, std::optional<std::uint64_t> below = {});

/// The honest program's proof of a log on A or B for the client on R. The client is brought up to date first.
chain::Proof prove_inbound(std::string_view from, const chain::LogPosition& position);
/// The same of a log on R for the client on `to`, which is brought to the block's epoch and no further.
chain::Proof prove_outbound(std::string_view to, const chain::LogPosition& position);

/// Publishes the outbox root for `to` and returns where its log is.
chain::LogPosition publish_root(std::string_view to);

/// Offers a proof to the relay service; to the service on `to`.
Refusal offer_inbound(std::string_view from, BytesView proof);
Refusal offer_root(std::string_view to, BytesView proof);

/// A contract that emits any log with three topics that it is told to: call data is topics and data.
Address create_log_emitter(std::string_view name);

}  // namespace butter::e2e
