// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

#include "butter/base/result.hpp"
#include "butter/chain/family.hpp"

namespace butter::chain {

/// Refuses (`kUnsupported`) a checkpoint whose keys may have been sold since: weak subjectivity. A client
/// deployed from it would be pinned at the newest block that those keys lead to, and look fresh.
/// @param checkpoint_time of the checkpoint, seconds since 1970. Only as good as where it comes from: the
/// hash of an Ethereum checkpoint binds it, on the relay chain it is the word of the checkpoint's own set
/// @param trusting_period seconds
/// @param now of this machine's clock, seconds since 1970
Result<void, SourceError> check_checkpoint_age(std::uint64_t checkpoint_time, std::uint64_t trusting_period,
                                               std::uint64_t now);

/// This machine's clock, in seconds since 1970.
inline std::uint64_t unix_now() {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
            .count());
}

}  // namespace butter::chain
