// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <utility>

namespace butter {

/// A value or the error that prevented it. `E` is the error type of the library that returns it.
template <class T, class E>
using Result = std::expected<T, E>;

}  // namespace butter

#define BUTTER_CONCAT_INNER(a, b) a##b
#define BUTTER_CONCAT(a, b) BUTTER_CONCAT_INNER(a, b)
#define BUTTER_TRY_AS(result, return_keyword, declaration, expression)      \
    auto result = (expression);                                             \
    if (!result) return_keyword std::unexpected(std::move(result).error()); \
    declaration = std::move(*result)

/// `TRY(auto x, f());` binds the value of `f()` to `x`, or returns its error from this function.
#define TRY(declaration, expression) \
    BUTTER_TRY_AS(BUTTER_CONCAT(try_result_, __LINE__), return, declaration, expression)
/// The same in a coroutine.
#define CO_TRY(declaration, expression) \
    BUTTER_TRY_AS(BUTTER_CONCAT(try_result_, __LINE__), co_return, declaration, expression)

/// `TRY_VOID(f());` for `Result<void, E>`: returns the error, or goes on.
#define TRY_VOID(expression)                                                    \
    do {                                                                        \
        auto try_result = (expression);                                         \
        if (!try_result) return std::unexpected(std::move(try_result).error()); \
    } while (false)
/// The same in a coroutine.
#define CO_TRY_VOID(expression)                                                    \
    do {                                                                           \
        auto try_result = (expression);                                            \
        if (!try_result) co_return std::unexpected(std::move(try_result).error()); \
    } while (false)
