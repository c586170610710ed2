// SPDX-License-Identifier: Apache-2.0
#include "butter/messenger/hop.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace butter::messenger {
namespace {

HopProgress in_state(HopState state) {
    HopProgress progress;
    progress.state = state;
    return progress;
}

const std::vector<HopState> kAllStates = {HopState::kFinal,     HopState::kProved, HopState::kSubmitted,
                                          HopState::kDelivered, HopState::kFailed, HopState::kParked};

TEST(hop, goes_the_whole_way) {
    auto progress = in_state(HopState::kFinal);
    progress = next(progress, ProofVerified{"signers=4/4"}).value();
    EXPECT_EQ(progress.state, HopState::kProved);
    EXPECT_EQ(progress.report, "signers=4/4");
    progress = next(progress, TransactionWritten{}).value();
    EXPECT_EQ(progress.state, HopState::kSubmitted);
    const AcceptedOnChain accepted{.transaction = Hash32{{1}}, .block = BlockNumber{7}, .gas_used = 50'000};
    progress = next(progress, accepted).value();
    EXPECT_EQ(progress.state, HopState::kDelivered);
    EXPECT_EQ(progress.transaction, accepted.transaction);
    EXPECT_EQ(progress.gas_used, 50'000u);
}

TEST(hop, every_pair_of_state_and_event_is_decided) {
    struct Row {
        HopEvent event;
        std::vector<HopState> allowed;
    };
    const std::vector<HopState> open = {HopState::kFinal, HopState::kProved, HopState::kSubmitted,
                                        HopState::kParked};
    const std::vector<Row> table = {
        {ProofVerified{}, {HopState::kFinal, HopState::kProved}},
        {TransactionWritten{}, {HopState::kProved}},
        {AcceptedOnChain{}, open},
        {ExecutionFailed{}, open},
        {FoundDelivered{}, open},
        {Obstructed{}, open},
        {Waiting{}, open},
        {WaitOver{}, {HopState::kParked}},
        {Restarted{}, kAllStates},
        {RetriedOnChain{}, {HopState::kFailed}},
        {Confirmed{}, {HopState::kDelivered, HopState::kFailed}},
        {Moved{}, {HopState::kDelivered, HopState::kFailed}},
        {Undone{}, {HopState::kDelivered, HopState::kFailed}},
    };
    ASSERT_EQ(table.size(), std::variant_size_v<HopEvent>);
    for (const Row& row : table) {
        for (HopState state : kAllStates) {
            const bool allowed =
                std::find(row.allowed.begin(), row.allowed.end(), state) != row.allowed.end();
            const auto result = next(in_state(state), row.event);
            EXPECT_EQ(result.has_value(), allowed) << to_string(state) << " event " << row.event.index();
            if (!result) {
                EXPECT_EQ(result.error().state, state);
                EXPECT_EQ(result.error().event, row.event.index());
            }
        }
    }
}

TEST(hop, restart_forgets_what_was_under_way_but_not_what_is_done) {
    for (HopState state : kAllStates) {
        const HopState after = next(in_state(state), Restarted{}).value().state;
        EXPECT_EQ(after, is_done(state) ? state : HopState::kFinal);
    }
}

TEST(hop, obstructions_wait_longer_each_time_up_to_the_cap) {
    auto progress = in_state(HopState::kProved);
    std::int64_t last = 0;
    for (int i = 0; i < 20; ++i) {
        progress = next(progress, Obstructed{"reverted", UnixMillis{1'000}}).value();
        const std::int64_t delay = progress.next_try.value - 1'000;
        EXPECT_GE(delay, last);
        EXPECT_LE(delay, kRetryDelayMsMax);
        last = delay;
        progress = next(progress, WaitOver{}).value();
    }
    EXPECT_EQ(last, kRetryDelayMsMax);
    EXPECT_EQ(progress.attempts, 20u);
}

TEST(hop, waiting_for_a_chain_is_no_attempt) {
    auto progress = next(in_state(HopState::kFinal), Waiting{"not final", UnixMillis{5}}).value();
    EXPECT_EQ(progress.attempts, 0u);
    EXPECT_EQ(progress.next_try.value, 5 + kWaitDelayMs);
    EXPECT_EQ(progress.reason, "not final");
}

TEST(hop, a_failed_execution_can_be_retried_to_delivered) {
    auto progress = next(in_state(HopState::kSubmitted), ExecutionFailed{{}, "target reverted"}).value();
    EXPECT_EQ(progress.state, HopState::kFailed);
    EXPECT_EQ(progress.reason, "target reverted");
    progress = next(progress, RetriedOnChain{}).value();
    EXPECT_EQ(progress.state, HopState::kDelivered);
    EXPECT_TRUE(progress.reason.empty());
}

TEST(hop, stored_numbers_are_fixed) {
    for (std::int64_t number = -1; number < 9; ++number) {
        const auto state = find_hop_state(number);
        EXPECT_EQ(state.has_value(), number >= 1 && number <= 6);
        if (state) EXPECT_EQ(static_cast<std::int64_t>(*state), number);
    }
}

}  // namespace
}  // namespace butter::messenger
