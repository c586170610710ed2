// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "butter/async/process.hpp"

/// The program under test as a child process.
namespace butter::e2e {

std::string read_text(const std::filesystem::path& file);

/// What a sub-command that ends by itself left.
struct Finished {
    int status = 0;
    std::string output;
    std::string errors;
};
/// Runs `butter` with `arguments` to its end; its output goes through files in `folder`.
Finished run_butter(const std::filesystem::path& folder, std::vector<std::string> arguments,
                    std::vector<std::string> environment = {});

/// `butter run`. Ends with this object.
class Program {
  public:
    /// Its log is appended to `log`.
    Program(const std::filesystem::path& config, const std::filesystem::path& log);

    /// What it logged since it started.
    std::string log() const;
    bool has_logged(std::string_view text) const { return log().find(text) != std::string::npos; }
    std::optional<int> find_exit_status() { return process_.find_exit_status(); }
    /// As `kill -9` does; waits until it is gone.
    void kill();
    /// SIGTERM, and its exit status; 128 + 9 when it did not listen.
    int stop();

  private:
    std::filesystem::path log_;
    std::uintmax_t log_start_ = 0;
    async::Process process_;
};

}  // namespace butter::e2e
