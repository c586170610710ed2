// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "butter/base/result.hpp"

/// Whole files. Errors are texts for people that name the file and what the system said.
namespace butter::app {

/// The whole text of a regular file of at most `bytes_max` bytes, or of a pipe that ends before.
Result<std::string, std::string> load_file(const std::filesystem::path& file, std::size_t bytes_max);

/// Writes `text` so that after a crash at any time the file holds either the old text or the new one.
Result<void, std::string> save_file(const std::filesystem::path& file, std::string_view text);

}  // namespace butter::app
