// SPDX-License-Identifier: Apache-2.0
#include "butter/app/terminal.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace butter::app {

ExitCode fail(const CommandError& error) { return fail(error.code, error.text); }

ExitCode fail(ExitCode code, std::string text) {
    fmt::print(stderr, "butter: {}\n", text);
    return code;
}

void print_line(std::string_view text) { fmt::print("{}\n", text); }
void print_json(const rpc::Json& value) { print_line(rpc::to_text(value)); }

void Progress::wait() {
    timer_.expires_after(std::chrono::seconds(1));
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        if (doing_ != said_) {
            said_ = doing_;
            fmt::print(stderr, "butter: {} ...\n", said_);
        }
        wait();
    });
}

}  // namespace butter::app
