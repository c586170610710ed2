// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "butter/async/task.hpp"

namespace butter::async {

/// Waits; throws `boost::system::system_error(operation_aborted)` when cancelled.
Task<void> sleep_for(std::chrono::steady_clock::duration duration);

}  // namespace butter::async
