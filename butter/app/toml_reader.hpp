// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "butter/app/config.hpp"
#include "butter/base/bytes.hpp"
#include "butter/base/result.hpp"

/// What the readers of configurations and topologies share. Internal to this folder: toml++ is included by
/// no other header.
namespace butter::app {

/// A file that is being read, for the texts of errors.
struct TomlSource {
    std::string file;
    std::string_view example_command;  ///< what prints an example of such a file; empty for a network file
};

/// Reads one table: hands out its values once, and complains about what is left. `table` and `source` outlive
/// the reader. A value of another type or out of range is an error that says what was expected.
class TableReader {
  public:
    TableReader(const toml::table& table, std::string path, const TomlSource& source)
        : table_(table), path_(std::move(path)), source_(source) {}

    ConfigError error(const toml::node& node, std::string text) const;
    /// About the whole table.
    ConfigError error(std::string text) const { return error(table_, std::move(text)); }
    ConfigError missing(std::string_view key, std::string_view expected) const;
    /// `key` with the path of its table.
    std::string name(std::string_view key) const;
    const TomlSource& source() const noexcept { return source_; }

    /// Null when there is no such key.
    const toml::node* find(std::string_view key);
    // Where there is a fallback the key may be missing.
    Result<std::string, ConfigError> text(std::string_view key, std::optional<std::string> fallback);
    Result<std::uint64_t, ConfigError> number(std::string_view key, std::optional<std::uint64_t> fallback,
                                              std::uint64_t low, std::uint64_t high);
    /// Not zero.
    Result<Address, ConfigError> address(std::string_view key);
    /// Absent when the key is missing.
    Result<std::optional<Address>, ConfigError> find_address(std::string_view key);
    Result<std::vector<std::string>, ConfigError> urls(std::string_view key, bool required);
    /// Null when there is no such table.
    Result<const toml::table*, ConfigError> table(std::string_view key);

    /// Fails on the first key nobody asked for.
    Result<void, ConfigError> finish() const;

  private:
    const toml::table& table_;
    std::string path_;
    const TomlSource& source_;
    std::vector<std::string> seen_;
};

/// The whole text of a file, at most 1 MiB. `example_command` as in TomlSource.
Result<std::string, ConfigError> read_toml_file(const std::filesystem::path& file,
                                                std::string_view example_command);
Result<toml::table, ConfigError> parse_toml(std::string_view text, const TomlSource& source);

/// The keys that [chains.NAME] has in configurations and topologies alike: all but the service and its block.
/// The caller reads what else the table may have and calls `finish`. Relative paths start from `folder`.
Result<ChainSettings, ConfigError> read_chain(std::string name, TableReader& reader,
                                              const std::filesystem::path& folder);

inline constexpr std::uint64_t kPollIntervalMsMin = 10;
inline constexpr std::uint64_t kPollIntervalMsMax = 600'000;
inline constexpr std::uint64_t kPollIntervalMsDefault = 1'000;

}  // namespace butter::app
