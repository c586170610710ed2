// SPDX-License-Identifier: Apache-2.0
#include "butter/app/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace butter::app {
namespace {

/// A file descriptor that is closed at the end.
struct File {
    int descriptor = -1;
    ~File() {
        if (descriptor >= 0) ::close(descriptor);
    }
};

std::string failure(const std::filesystem::path& file, const char* what) {
    return fmt::format("{} cannot be {}: {}", file.string(), what, std::strerror(errno));
}

}  // namespace

Result<std::string, std::string> load_file(const std::filesystem::path& file, std::size_t bytes_max) {
    const File in{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
    if (in.descriptor < 0) return std::unexpected(failure(file, "read"));
    struct stat status{};
    if (::fstat(in.descriptor, &status) == 0 && S_ISDIR(status.st_mode)) {
        errno = EISDIR;
        return std::unexpected(failure(file, "read"));
    }
    std::string text;
    std::array<char, 1 << 16> part;
    for (;;) {
        const ssize_t size = ::read(in.descriptor, part.data(), part.size());
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return std::unexpected(failure(file, "read"));
        if (size == 0) return text;
        text.append(part.data(), static_cast<std::size_t>(size));
        if (text.size() > bytes_max)
            return std::unexpected(fmt::format("{} is larger than {} bytes", file.string(), bytes_max));
    }
}

Result<void, std::string> save_file(const std::filesystem::path& file, std::string_view text) {
    const std::filesystem::path temporary = file.string() + ".tmp";
    {
        const File out{::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)};
        if (out.descriptor < 0) return std::unexpected(failure(temporary, "opened"));
        while (!text.empty()) {
            const ssize_t written = ::write(out.descriptor, text.data(), text.size());
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) return std::unexpected(failure(temporary, "written"));
            text.remove_prefix(static_cast<std::size_t>(written));
        }
        if (::fsync(out.descriptor) != 0) return std::unexpected(failure(temporary, "written to disk"));
    }
    if (std::rename(temporary.c_str(), file.c_str()) != 0) {
        return std::unexpected(failure(file, "replaced"));
    }
    // The new name is on disk only when its folder is.
    const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
    const File directory{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (directory.descriptor < 0 || ::fsync(directory.descriptor) != 0) {
        return std::unexpected(failure(folder, "written to disk"));
    }
    return {};
}

}  // namespace butter::app
