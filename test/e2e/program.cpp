// SPDX-License-Identifier: Apache-2.0
#include "test/e2e/program.hpp"

#include <csignal>
#include <fstream>
#include <iterator>
#include <thread>

#include "test/e2e/world.hpp"

namespace butter::e2e {
namespace {

constexpr std::chrono::milliseconds kPollInterval{10};
/// A loaded machine may take long to end a process that listens.
constexpr std::chrono::seconds kStopPatience{60};

std::uintmax_t size_of(const std::filesystem::path& file) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    return error ? 0 : size;
}

}  // namespace

std::string read_text(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

Finished run_butter(const std::filesystem::path& folder, std::vector<std::string> arguments,
                    std::vector<std::string> environment) {
    const std::filesystem::path output = folder / "command.out";
    const std::filesystem::path errors = folder / "command.err";
    std::filesystem::remove(output);
    std::filesystem::remove(errors);
    async::Process process = must(async::Process::start({.program = butter_program(),
                                                         .arguments = std::move(arguments),
                                                         .output = output,
                                                         .errors = errors,
                                                         .environment = std::move(environment)}));
    while (!process.find_exit_status()) std::this_thread::sleep_for(kPollInterval);
    return {*process.find_exit_status(), read_text(output), read_text(errors)};
}

Program::Program(const std::filesystem::path& config, const std::filesystem::path& log)
    : log_(log),
      log_start_(size_of(log)),
      process_(must(async::Process::start({.program = butter_program(),
                                           .arguments = {"run", "--config", config.string()},
                                           .output = log,
                                           .errors = {},
                                           .environment = {}}))) {}

std::string Program::log() const { return read_text(log_).substr(log_start_); }

void Program::kill() {
    process_.signal(SIGKILL);
    while (!process_.find_exit_status()) std::this_thread::sleep_for(kPollInterval);
}

int Program::stop() { return process_.stop(kStopPatience); }

}  // namespace butter::e2e
