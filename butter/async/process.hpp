// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "butter/base/result.hpp"

namespace butter::async {

/// A child process of ours. Destroying it ends it: SIGTERM, and SIGKILL if it does not listen; the kernel
/// ends it when this process dies first.
class Process {
  public:
    struct Options {
        std::filesystem::path program;
        std::vector<std::string> arguments;
        /// Standard output and error are appended there; inherited when empty.
        std::filesystem::path output = {};
        /// Standard error goes there instead; where `output` goes when empty.
        std::filesystem::path errors = {};
        /// "NAME=value", added to this process's own.
        std::vector<std::string> environment = {};
    };

    /// Starts it. The error is a text for people.
    static Result<Process, std::string> start(const Options& options);

    Process(Process&& other) noexcept;
    Process& operator=(Process&& other) noexcept;
    ~Process();

    pid_t id() const noexcept { return id_; }
    /// Its exit status (128 + signal when a signal ended it), absent while it runs.
    std::optional<int> find_exit_status();
    /// Asks it to end and waits at most `patience` before killing it. Returns its exit status.
    int stop(std::chrono::milliseconds patience = kPatience);
    void signal(int number) const noexcept;

    static constexpr std::chrono::milliseconds kPatience{5'000};

  private:
    explicit Process(pid_t id) noexcept : id_(id) {}

    pid_t id_ = -1;
    std::optional<int> exit_status_;
};

/// A TCP port of 127.0.0.1 that was free a moment ago.
Result<std::uint16_t, std::string> find_free_port();

}  // namespace butter::async
