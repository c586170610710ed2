// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "butter/base/bytes.hpp"
#include "butter/base/result.hpp"

namespace butter::differential {

inline constexpr std::uint64_t kChainId = 31337;

/// An anvil of its own with the harness on it. Ended with the object. Errors are texts for people.
class Chain {
  public:
    static Result<Chain, std::string> start();
    Chain(Chain&&) noexcept;
    ~Chain();

    /// A transaction to the harness.
    Result<void, std::string> transact(Bytes call_data);
    /// `Harness.run`: zero for what was rejected. The next call may be started before this one has answered.
    std::future<Result<std::vector<Hash32>, std::string>> run(const std::vector<Bytes>& calls);

  private:
    struct Impl;
    explicit Chain(std::unique_ptr<Impl> impl) noexcept;
    std::unique_ptr<Impl> impl_;
};

}  // namespace butter::differential
