// SPDX-License-Identifier: Apache-2.0
#include "butter/selftest/report.hpp"

#include <algorithm>

namespace butter::selftest {

void Report::fail(std::string file, std::string name, std::string reason) {
    ++sets_.back().failed;
    sets_.back().failures.push_back({std::move(file), std::move(name), std::move(reason)});
}

void Report::skip(std::string file, std::string name, std::string reason) {
    SetResult& set = sets_.back();
    ++set.skipped;
    const auto same = std::find_if(set.skips.begin(), set.skips.end(), [&](const Finding& finding) {
        return finding.file == file && finding.reason == reason;
    });
    if (same != set.skips.end()) {
        ++same->count;
    } else {
        set.skips.push_back({std::move(file), std::move(name), std::move(reason)});
    }
}

std::size_t Report::passed() const noexcept {
    std::size_t out = 0;
    for (const SetResult& set : sets_) out += set.passed;
    return out;
}

std::size_t Report::failed() const noexcept {
    std::size_t out = 0;
    for (const SetResult& set : sets_) out += set.failed;
    return out;
}

std::size_t Report::skipped() const noexcept {
    std::size_t out = 0;
    for (const SetResult& set : sets_) out += set.skipped;
    return out;
}

}  // namespace butter::selftest
