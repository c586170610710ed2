// SPDX-License-Identifier: Apache-2.0
#include "butter/async/process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>

extern char** environ;

namespace butter::async {
namespace {

constexpr std::chrono::milliseconds kExitPollInterval{5};

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> out;
    for (std::string& text : texts) out.push_back(text.data());
    out.push_back(nullptr);
    return out;
}

/// -1 for the empty path.
Result<int, std::string> open_for_appending(const std::filesystem::path& file) {
    if (file.empty()) return -1;
    const int id = open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (id < 0) return std::unexpected("cannot write " + file.string() + ": " + std::strerror(errno));
    return id;
}

int to_exit_status(int wait_status) noexcept {
    return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

}  // namespace

Result<Process, std::string> Process::start(const Options& options) {
    std::vector<std::string> arguments{options.program.string()};
    arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
    std::vector<std::string> environment = options.environment;
    for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
    const std::vector<char*> argument_pointers = pointers(arguments);
    const std::vector<char*> environment_pointers = pointers(environment);

    TRY(const int output, open_for_appending(options.output));
    const auto errors = open_for_appending(options.errors);
    if (!errors) {
        if (output >= 0) close(output);
        return std::unexpected(errors.error());
    }
    // The child reports a failed exec through this pipe, which a successful one closes.
    int failure[2];
    if (pipe2(failure, O_CLOEXEC) != 0) {
        const int error = errno;
        if (output >= 0) close(output);
        if (*errors >= 0) close(*errors);
        return std::unexpected(std::string("pipe: ") + std::strerror(error));
    }
    const pid_t parent = getpid();
    const pid_t id = fork();
    if (id == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) _exit(127);  // the parent died before the line above
        setpgid(0, 0);
        if (output >= 0) {
            dup2(output, STDOUT_FILENO);
            dup2(output, STDERR_FILENO);
        }
        if (*errors >= 0) dup2(*errors, STDERR_FILENO);
        execve(options.program.c_str(), argument_pointers.data(), environment_pointers.data());
        const int error = errno;
        [[maybe_unused]] const ssize_t written = write(failure[1], &error, sizeof error);
        _exit(127);
    }
    close(failure[1]);
    if (output >= 0) close(output);
    if (*errors >= 0) close(*errors);
    int error = id < 0 ? errno : 0;
    if (id > 0 && read(failure[0], &error, sizeof error) == sizeof error) waitpid(id, nullptr, 0);
    close(failure[0]);
    if (error != 0)
        return std::unexpected("cannot start " + options.program.string() + ": " + std::strerror(error));
    return Process(id);
}

Process::Process(Process&& other) noexcept
    : id_(std::exchange(other.id_, -1)), exit_status_(std::exchange(other.exit_status_, std::nullopt)) {}

Process& Process::operator=(Process&& other) noexcept {
    if (this != &other) {
        if (id_ > 0) stop();
        id_ = std::exchange(other.id_, -1);
        exit_status_ = std::exchange(other.exit_status_, std::nullopt);
    }
    return *this;
}

Process::~Process() {
    if (id_ > 0) stop();
}

std::optional<int> Process::find_exit_status() {
    if (exit_status_ || id_ <= 0) return exit_status_;
    int status = 0;
    if (waitpid(id_, &status, WNOHANG) == id_) exit_status_ = to_exit_status(status);
    return exit_status_;
}

void Process::signal(int number) const noexcept {
    if (id_ > 0 && !exit_status_) kill(id_, number);
}

int Process::stop(std::chrono::milliseconds patience) {
    signal(SIGTERM);
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!find_exit_status() && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(kExitPollInterval);
    }
    if (!exit_status_) {
        signal(SIGKILL);
        int status = 0;
        if (waitpid(id_, &status, 0) == id_) exit_status_ = to_exit_status(status);
    }
    id_ = -1;
    return exit_status_.value_or(-1);
}

Result<std::uint16_t, std::string> find_free_port() {
    const int socket_id = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket_id < 0) return std::unexpected(std::string("socket: ") + std::strerror(errno));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    const bool ok = bind(socket_id, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                    getsockname(socket_id, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    const int error = errno;
    close(socket_id);
    if (!ok) return std::unexpected(std::string("no free port: ") + std::strerror(error));
    return ntohs(address.sin_port);
}

}  // namespace butter::async
