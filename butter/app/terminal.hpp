// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

#include "butter/app/open_chain.hpp"
#include "butter/async/task.hpp"
#include "butter/base/result.hpp"
#include "butter/rpc/json.hpp"

/// What the commands share of talking to a person: results on standard output, everything else on standard
/// error.
namespace butter::app {

/// Prints `butter: text` on standard error and returns the code.
ExitCode fail(const CommandError& error);
ExitCode fail(ExitCode code, std::string text);

/// Prints text and a line end on standard output.
void print_line(std::string_view text);
/// Prints one JSON value and a line end on standard output.
void print_json(const rpc::Json& value);

/// Says on standard error what a command is doing, once it has taken longer than a second and whenever that
/// changes.
class Progress {
  public:
    explicit Progress(boost::asio::io_context& context) : timer_(context) { wait(); }
    void say(std::string doing) { doing_ = std::move(doing); }

  private:
    void wait();

    boost::asio::steady_timer timer_;
    std::string doing_;
    std::string said_;
};

/// Runs `task` on `context` until it ends; what else runs there is stopped with it.
template <class T>
T run_to_end(boost::asio::io_context& context, async::Task<T> task) {
    std::optional<T> out;
    std::exception_ptr thrown;
    boost::asio::co_spawn(context, std::move(task), [&](std::exception_ptr error, T value) {
        thrown = error;
        if (!error) out.emplace(std::move(value));
        context.stop();
    });
    context.run();
    if (thrown) std::rethrow_exception(thrown);
    return *std::move(out);
}

}  // namespace butter::app
