// SPDX-License-Identifier: Apache-2.0
#include "butter/chain/checkpoint_age.hpp"

#include <gtest/gtest.h>

namespace butter::chain {
namespace {

constexpr std::uint64_t kTime = 1'700'000'000;
constexpr std::uint64_t kDay = 86'400;

// T-24.
TEST(checkpoint_age, refuses_what_is_older_than_the_trusting_period) {
    EXPECT_TRUE(check_checkpoint_age(kTime, 14 * kDay, kTime + 14 * kDay).has_value());
    const auto old = check_checkpoint_age(kTime, 14 * kDay, kTime + 15 * kDay);
    ASSERT_FALSE(old.has_value());
    EXPECT_EQ(old.error().kind, SourceError::Kind::kUnsupported);
    EXPECT_NE(old.error().text.find("15.0 days old"), std::string::npos) << old.error().text;
    EXPECT_NE(old.error().text.find("14.0 days of trusting_period"), std::string::npos) << old.error().text;
    EXPECT_FALSE(check_checkpoint_age(kTime, 14 * kDay, kTime + 14 * kDay + 1).has_value());
}

TEST(checkpoint_age, takes_what_is_ahead_of_a_slow_clock) {
    EXPECT_TRUE(check_checkpoint_age(kTime, 1, kTime - 100).has_value());
    EXPECT_TRUE(
        check_checkpoint_age(kTime, (std::uint64_t{1} << 32) - 1, kTime + (std::uint64_t{1} << 32) - 1)
            .has_value());
}

}  // namespace
}  // namespace butter::chain
