// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <cstdlib>

namespace butter {

[[noreturn]] inline void assert_failed(const char* condition, const char* file, int line) noexcept {
    std::fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, condition);
    std::abort();
}

}  // namespace butter

/// Aborts, in every build, when `condition` is false. For broken invariants, never for input.
#define BUTTER_ASSERT(condition) \
    ((condition) ? static_cast<void>(0) : ::butter::assert_failed(#condition, __FILE__, __LINE__))
