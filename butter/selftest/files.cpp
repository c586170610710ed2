// SPDX-License-Identifier: Apache-2.0
#include "butter/selftest/files.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <cctype>
#include <fstream>
#include <iterator>

namespace butter::selftest {
namespace {

/// Deeper than any vector; bounds the recursion of those who read them.
constexpr std::size_t kJsonDepthMax = 128;

std::optional<Json> parse(std::string_view text) {
    boost::json::parse_options options;
    options.max_depth = kJsonDepthMax;
    // Some suites test encoders with text that is no UTF-8.
    options.allow_invalid_utf8 = true;
    boost::system::error_code error;
    Json value = boost::json::parse(boost::json::string_view(text.data(), text.size()), error, {}, options);
    if (error) return std::nullopt;
    return value;
}

bool is_document(const std::filesystem::path& path) {
    return path.filename() == "PROVENANCE.md" || path.filename() == "README.md";
}

}  // namespace

std::string VectorFile::plain_name() const {
    std::string out = std::filesystem::path(name).filename().string();
    std::transform(out.begin(), out.end(), out.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    return out;
}

std::vector<std::string> list_files(const std::filesystem::path& folder) {
    std::vector<std::string> out;
    std::error_code error;
    for (auto entry = std::filesystem::recursive_directory_iterator(folder, error);
         !error && entry != std::filesystem::recursive_directory_iterator(); entry.increment(error)) {
        if (!entry->is_regular_file(error) || is_document(entry->path())) continue;
        out.push_back(entry->path().lexically_relative(folder).string());
    }
    std::sort(out.begin(), out.end());
    return out;
}

std::optional<VectorFile> read_file(const std::filesystem::path& folder, const std::string& name,
                                    Report& report) {
    VectorFile file{.name = name, .text = {}, .json = {}};
    const std::filesystem::path path = folder / name;
    std::error_code error;
    const std::uintmax_t size = std::filesystem::file_size(path, error);
    std::ifstream stream(path, std::ios::binary);
    if (error || !stream.good() || size > kVectorFileBytesMax) {
        report.fail(name, "", "cannot be read");
        return std::nullopt;
    }
    file.text.assign(std::istreambuf_iterator<char>(stream), {});
    file.is_json = path.extension() == ".json";
    if (file.is_json) {
        auto json = parse(file.text);
        if (!json) {
            report.fail(name, "", "not JSON");
            return std::nullopt;
        }
        file.json = std::move(*json);
    }
    return file;
}

void judge_files(const std::filesystem::path& folder, Report& report,
                 const std::function<bool(const VectorFile&)>& judge) {
    for (const std::string& name : list_files(folder)) {
        const auto file = read_file(folder, name, report);
        if (file && !judge(*file)) report.skip(name, "", "file of no shape that this set knows");
    }
}

bool has_members(const Json& value, std::initializer_list<std::string_view> keys) {
    return std::all_of(keys.begin(), keys.end(),
                       [&](std::string_view key) { return rpc::find_member(value, key) != nullptr; });
}

bool is_list_of(const Json& value, std::initializer_list<std::string_view> keys) {
    const JsonArray* list = value.if_array();
    return list != nullptr && std::any_of(list->begin(), list->end(),
                                          [&](const Json& element) { return has_members(element, keys); });
}

bool is_map_of(const Json& value, std::initializer_list<std::string_view> keys) {
    const JsonObject* map = value.if_object();
    return map != nullptr && std::any_of(map->begin(), map->end(), [&](const auto& member) {
               return has_members(member.value(), keys);
           });
}

std::string name_of(const Json& vector, std::size_t index) {
    for (const std::string_view key : {"name", "Name", "label", "description"}) {
        if (const auto name = rpc::find_text(vector, key)) return std::string(*name);
    }
    return "#" + std::to_string(index);
}

}  // namespace butter::selftest
