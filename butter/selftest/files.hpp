// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

#include "butter/selftest/case.hpp"

namespace butter::selftest {

/// A file of a set.
struct VectorFile {
    std::string name;  ///< relative to the set's folder
    std::string text;
    bool is_json = false;  ///< by its name; then `json` is what is in it
    Json json;

    /// `name` without folders, in lower case.
    std::string plain_name() const;
};

/// Vectors are small; a larger file is none of them.
inline constexpr std::uintmax_t kVectorFileBytesMax = 64u << 20;

/// Reads the files below `folder` in the order of their names and gives each to `judge`, which says whether
/// it knows its shape; if not, the file is skipped. A file that cannot be read or is no JSON by content but
/// is by name fails. PROVENANCE.md and README.md say where vectors come from and are passed over.
void judge_files(const std::filesystem::path& folder, Report& report,
                 const std::function<bool(const VectorFile&)>& judge);

/// One file, for sets that know their way; absent, with a failure in the report, when it is broken.
std::optional<VectorFile> read_file(const std::filesystem::path& folder, const std::string& name,
                                    Report& report);
/// Names of the files below `folder`, relative to it, in order, without documents.
std::vector<std::string> list_files(const std::filesystem::path& folder);

/// Whether `value` is an object with all of `keys`.
bool has_members(const Json& value, std::initializer_list<std::string_view> keys);
/// Whether `value` is a list with an element that has all of `keys`.
bool is_list_of(const Json& value, std::initializer_list<std::string_view> keys);
/// Whether `value` is an object with a member that has all of `keys`.
bool is_map_of(const Json& value, std::initializer_list<std::string_view> keys);

/// "name", "Name", "label" or "description" of a vector, or its place in the list.
std::string name_of(const Json& vector, std::size_t index);

}  // namespace butter::selftest
