// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include "butter/base/result.hpp"

namespace butter::store {

struct FileLockError {
    bool is_held = false;  ///< by another process; else the file cannot be used
    std::string text;
};

/// That no other process works on the same store: an advisory lock on a file beside it, which the kernel
/// releases when the process ends, however it ends. The file stays; it holds the owner's process id.
class FileLock {
  public:
    /// The error says which process holds it.
    static Result<FileLock, FileLockError> take(const std::filesystem::path& file);

    FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    FileLock& operator=(FileLock&&) = delete;
    ~FileLock();

  private:
    explicit FileLock(int descriptor) noexcept : descriptor_(descriptor) {}
    int descriptor_;
};

}  // namespace butter::store
