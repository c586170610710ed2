// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace butter::selftest {

/// Cases of one file with one outcome, for one reason.
struct Finding {
    std::string file;
    std::string name;  ///< of the first of them; empty when it is the file as a whole
    std::string reason;
    std::size_t count = 1;
};

struct SetResult {
    std::string name;
    std::size_t passed = 0;
    std::size_t failed = 0;
    std::size_t skipped = 0;
    std::vector<Finding> failures;
    std::vector<Finding> skips;
};

/// Collects the outcomes of cases, set by set.
class Report {
  public:
    void begin_set(std::string name) {
        sets_.push_back({.name = std::move(name), .failures = {}, .skips = {}});
    }
    void pass() { ++sets_.back().passed; }
    void fail(std::string file, std::string name, std::string reason);
    /// Cases of one file that are skipped for one reason make one finding.
    void skip(std::string file, std::string name, std::string reason);

    const std::vector<SetResult>& sets() const noexcept { return sets_; }
    std::size_t passed() const noexcept;
    std::size_t failed() const noexcept;
    std::size_t skipped() const noexcept;

  private:
    std::vector<SetResult> sets_;
};

}  // namespace butter::selftest
