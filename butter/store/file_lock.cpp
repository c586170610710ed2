// SPDX-License-Identifier: Apache-2.0
#include "butter/store/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

namespace butter::store {

Result<FileLock, FileLockError> FileLock::take(const std::filesystem::path& file) {
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor < 0)
        return std::unexpected(
            FileLockError{false, file.string() + " cannot be opened: " + std::strerror(errno)});
    FileLock lock(descriptor);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return std::unexpected(
                FileLockError{false, file.string() + " cannot be locked: " + std::strerror(errno)});
        std::array<char, 20> owner{};
        const ssize_t size = ::pread(descriptor, owner.data(), owner.size(), 0);
        const std::string text(owner.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
        return std::unexpected(
            FileLockError{true, file.string() + " is held by process " + text.substr(0, text.find('\n'))});
    }
    const std::string id = std::to_string(::getpid()) + "\n";
    if (::ftruncate(descriptor, 0) != 0 ||
        ::pwrite(descriptor, id.data(), id.size(), 0) != static_cast<ssize_t>(id.size())) {
        return std::unexpected(
            FileLockError{false, file.string() + " cannot be written: " + std::strerror(errno)});
    }
    return lock;
}

FileLock::~FileLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace butter::store
