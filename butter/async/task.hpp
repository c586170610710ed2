// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

namespace butter::async {

/// A coroutine. It starts when awaited, runs on the executor of whoever awaits it, and is destroyed when that
/// one is cancelled.
template <class T>
using Task = boost::asio::awaitable<T>;

}  // namespace butter::async
