// SPDX-License-Identifier: Apache-2.0
#include "butter/async/mutex.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace butter::async {

Task<Mutex::Lock> Mutex::lock() {
    while (is_locked_) {
        // Ends by the cancellation of the timer, or throws at the next await when the coroutine is cancelled.
        co_await released_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
        const auto state = co_await boost::asio::this_coro::cancellation_state;
        if (state.cancelled() != boost::asio::cancellation_type::none) {
            // Another waiter takes the turn that this one was given.
            released_.cancel_one();
            throw boost::system::system_error(boost::asio::error::operation_aborted);
        }
    }
    is_locked_ = true;
    co_return Lock(*this);
}

}  // namespace butter::async
