// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "butter/base/bytes.hpp"
#include "butter/base/named.hpp"
#include "butter/base/result.hpp"

/// One hop of a message, from the chain where its log appeared to the chain that must accept the proof: from
/// an origin to the relay chain, or from the relay chain to a destination. A message between two outer chains
/// is two hops. The state machine is pure: `next` says what follows from what happened; whoever calls it
/// writes the result down before acting on it.
namespace butter::messenger {

/// Milliseconds since the Unix epoch.
using UnixMillis = Named<std::int64_t, struct UnixMillisTag>;

/// Stored in the database; numbers are never reused.
enum class HopState {
    kFinal = 1,      ///< the log is in a finalised block and waits to be proven
    kProved = 2,     ///< a proof of it passed our own light client
    kSubmitted = 3,  ///< a transaction carrying the proof was written down and sent
    kDelivered = 4,  ///< the other chain accepted it and what it asked for was done
    kFailed = 5,     ///< accepted, but its execution failed there: stored, anyone can retry it
    kParked = 6,     ///< not possible now; tried again at `next_try`
};
std::string_view to_string(HopState state) noexcept;
/// Absent for a number that is no state.
std::optional<HopState> find_hop_state(std::int64_t number) noexcept;

/// No further work: the other chain has the message.
constexpr bool is_done(HopState state) noexcept {
    return state == HopState::kDelivered || state == HopState::kFailed;
}

/// The changing part of a hop.
struct HopProgress {
    HopState state = HopState::kFinal;
    std::uint32_t attempts = 0;  ///< submissions and proofs that did not work out, since the last success
    UnixMillis next_try;         ///< meaningful while parked
    std::string reason;          ///< why it is parked or failed
    std::string report;          ///< what was verified, for people
    Hash32 transaction;          ///< last transaction that carried it
    std::uint64_t gas_used = 0;  ///< its share of that transaction's gas
    BlockNumber block;           ///< of that transaction, or by which the other chain had the message
    /// That block is final and the message is there: nothing can undo it any more.
    bool is_confirmed = false;

    friend bool operator==(const HopProgress&, const HopProgress&) = default;
};

// What can happen to a hop.
struct ProofVerified {
    std::string report;
};
struct TransactionWritten {};
struct AcceptedOnChain {
    Hash32 transaction;
    BlockNumber block;
    std::uint64_t gas_used = 0;
};
struct ExecutionFailed {
    AcceptedOnChain accepted;
    std::string reason;
};
/// The chain says it has the message already, by a transaction we did not see, in this block or before.
struct FoundDelivered {
    BlockNumber block;
};
struct Obstructed {
    std::string reason;
    UnixMillis now;
};
/// A chain or light client is not there yet: nobody's fault, so it does not count as an attempt.
struct Waiting {
    std::string reason;
    UnixMillis now;
};
/// The wait of a parked hop is over.
struct WaitOver {};
/// The program started; what was under way is known no more.
struct Restarted {};
/// A failed execution was retried successfully by somebody.
struct RetriedOnChain {
    AcceptedOnChain accepted;
};
/// The block that brought it is final, and the message is there.
struct Confirmed {};
/// The chain took back the block that brought it, and has the message only since this block.
struct Moved {
    BlockNumber block;
};
/// The chain took back the block that brought it, and does not have the message.
struct Undone {};

using HopEvent =
    std::variant<ProofVerified, TransactionWritten, AcceptedOnChain, ExecutionFailed, FoundDelivered,
                 Obstructed, Waiting, WaitOver, Restarted, RetriedOnChain, Confirmed, Moved, Undone>;

/// The event cannot happen in that state: a bug of the caller, or of this table.
struct HopEventRefused {
    HopState state{};
    std::size_t event = 0;  ///< index in `HopEvent`
};

/// First wait after an obstruction, doubled with each further one up to the cap.
inline constexpr std::int64_t kRetryDelayMsMin = 1'000;
inline constexpr std::int64_t kRetryDelayMsMax = 300'000;
/// How soon a hop that only waits for a chain is looked at again.
inline constexpr std::int64_t kWaitDelayMs = 1'000;

/// How long to wait after the `attempts`-th obstruction (from 1).
std::int64_t retry_delay_ms(std::uint32_t attempts) noexcept;

Result<HopProgress, HopEventRefused> next(HopProgress progress, const HopEvent& event);

}  // namespace butter::messenger
