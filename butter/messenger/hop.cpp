// SPDX-License-Identifier: Apache-2.0
#include "butter/messenger/hop.hpp"

#include <algorithm>

namespace butter::messenger {
namespace {

void accept(HopProgress& progress, const AcceptedOnChain& accepted, HopState state) {
    progress.state = state;
    progress.attempts = 0;
    progress.reason.clear();
    progress.transaction = accepted.transaction;
    progress.block = accepted.block;
    progress.gas_used = accepted.gas_used;
}

void park(HopProgress& progress, const std::string& reason, UnixMillis now, std::int64_t delay_ms) {
    progress.state = HopState::kParked;
    progress.reason = reason;
    progress.next_try = UnixMillis{now.value + delay_ms};
}

/// Applies `event` to `progress`; false when it cannot happen in this state.
struct Transition {
    HopProgress& progress;

    bool is(std::initializer_list<HopState> states) const {
        return std::find(states.begin(), states.end(), progress.state) != states.end();
    }
    bool is_open() const { return !is_done(progress.state); }

    bool operator()(const ProofVerified& event) const {
        if (!is({HopState::kFinal, HopState::kProved})) return false;
        progress.state = HopState::kProved;
        progress.report = event.report;
        return true;
    }
    bool operator()(const TransactionWritten&) const {
        if (!is({HopState::kProved})) return false;
        progress.state = HopState::kSubmitted;
        return true;
    }
    bool operator()(const AcceptedOnChain& event) const {
        if (!is_open()) return false;
        accept(progress, event, HopState::kDelivered);
        return true;
    }
    bool operator()(const ExecutionFailed& event) const {
        if (!is_open()) return false;
        accept(progress, event.accepted, HopState::kFailed);
        progress.reason = event.reason;
        return true;
    }
    bool operator()(const FoundDelivered& event) const {
        if (!is_open()) return false;
        progress.state = HopState::kDelivered;
        progress.block = event.block;
        progress.attempts = 0;
        progress.reason.clear();
        return true;
    }
    bool operator()(const Obstructed& event) const {
        if (!is_open()) return false;
        ++progress.attempts;
        park(progress, event.reason, event.now, retry_delay_ms(progress.attempts));
        return true;
    }
    bool operator()(const Waiting& event) const {
        if (!is_open()) return false;
        park(progress, event.reason, event.now, kWaitDelayMs);
        return true;
    }
    bool operator()(const WaitOver&) const {
        if (!is({HopState::kParked})) return false;
        progress.state = HopState::kFinal;
        return true;
    }
    bool operator()(const Restarted&) const {
        if (is_open()) progress.state = HopState::kFinal;
        return true;
    }
    bool operator()(const RetriedOnChain& event) const {
        if (!is({HopState::kFailed})) return false;
        accept(progress, event.accepted, HopState::kDelivered);
        return true;
    }
    bool is_unconfirmed() const { return is_done(progress.state) && !progress.is_confirmed; }
    bool operator()(const Confirmed&) const {
        if (!is_unconfirmed()) return false;
        progress.is_confirmed = true;
        return true;
    }
    bool operator()(const Moved& event) const {
        if (!is_unconfirmed()) return false;
        progress.block = event.block;
        return true;
    }
    bool operator()(const Undone&) const {
        if (!is_unconfirmed()) return false;
        progress = HopProgress{};
        return true;
    }
};

}  // namespace

std::string_view to_string(HopState state) noexcept {
    switch (state) {
        case HopState::kFinal:
            return "final";
        case HopState::kProved:
            return "proved";
        case HopState::kSubmitted:
            return "submitted";
        case HopState::kDelivered:
            return "delivered";
        case HopState::kFailed:
            return "failed";
        case HopState::kParked:
            return "parked";
    }
    return "unknown";
}

std::optional<HopState> find_hop_state(std::int64_t number) noexcept {
    if (number < static_cast<std::int64_t>(HopState::kFinal) ||
        number > static_cast<std::int64_t>(HopState::kParked))
        return std::nullopt;
    return static_cast<HopState>(number);
}

std::int64_t retry_delay_ms(std::uint32_t attempts) noexcept {
    // 2^9 seconds already pass the cap, so the shift stays small.
    const std::uint32_t doublings = std::min(attempts == 0 ? 0 : attempts - 1, 9u);
    return std::min(kRetryDelayMsMin << doublings, kRetryDelayMsMax);
}

Result<HopProgress, HopEventRefused> next(HopProgress progress, const HopEvent& event) {
    const HopState before = progress.state;
    if (!std::visit(Transition{progress}, event))
        return std::unexpected(HopEventRefused{before, event.index()});
    return progress;
}

}  // namespace butter::messenger
