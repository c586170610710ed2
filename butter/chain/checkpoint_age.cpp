// SPDX-License-Identifier: Apache-2.0
#include "butter/chain/checkpoint_age.hpp"

#include <fmt/format.h>

namespace butter::chain {
namespace {

constexpr double kSecondsPerDay = 86'400;

double days(std::uint64_t seconds) { return static_cast<double>(seconds) / kSecondsPerDay; }

}  // namespace

Result<void, SourceError> check_checkpoint_age(std::uint64_t checkpoint_time, std::uint64_t trusting_period,
                                               std::uint64_t now) {
    if (now <= checkpoint_time || now - checkpoint_time <= trusting_period) return {};
    return std::unexpected(SourceError{
        SourceError::Kind::kUnsupported,
        fmt::format(
            "the checkpoint is {:.1f} days old by this machine's clock, more than the {:.1f} days of "
            "trusting_period; who had its keys may have sold them since. Take a newer one: tools/checkpoint",
            days(now - checkpoint_time), days(trusting_period))});
}

}  // namespace butter::chain
