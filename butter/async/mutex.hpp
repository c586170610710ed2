// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>

#include "butter/async/task.hpp"

namespace butter::async {

/// Lets one coroutine at a time past, in no particular order. All on one thread.
class Mutex {
  public:
    /// Held until it is destroyed.
    class Lock {
      public:
        explicit Lock(Mutex& mutex) noexcept : mutex_(&mutex) {}
        Lock(Lock&& other) noexcept : mutex_(std::exchange(other.mutex_, nullptr)) {}
        Lock& operator=(Lock&&) = delete;
        ~Lock() {
            if (mutex_ != nullptr) mutex_->unlock();
        }

      private:
        Mutex* mutex_;
    };

    explicit Mutex(const boost::asio::any_io_executor& executor) : released_(executor) {
        released_.expires_at(boost::asio::steady_timer::time_point::max());
    }
    Task<Lock> lock();

  private:
    void unlock() noexcept {
        is_locked_ = false;
        released_.cancel_one();
    }

    boost::asio::steady_timer released_;
    bool is_locked_ = false;
};

}  // namespace butter::async
