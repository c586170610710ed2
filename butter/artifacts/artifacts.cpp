// SPDX-License-Identifier: Apache-2.0
#include "butter/artifacts/artifacts.hpp"

#include <string>

#include "butter/base/assert.hpp"
#include "butter/base/hex.hpp"

// contracts.S
extern "C" {
extern const char butter_contracts_begin[];
extern const char butter_contracts_end[];
}

namespace butter::artifacts {

namespace {

/// The value of `key`, empty when there is none. One entry a line, `"KEY": "VALUE",` as
/// tools/embed_contracts.py writes it; the file is ours, so a search does where a parser would.
std::string_view find_value(std::string_view key) {
    const std::string_view all(butter_contracts_begin,
                               static_cast<std::size_t>(butter_contracts_end - butter_contracts_begin));
    const std::string start = "\n\"" + std::string(key) + "\": \"";
    const std::size_t at = all.find(start);
    if (at == std::string_view::npos) return {};
    const std::size_t begin = at + start.size();
    const std::size_t end = all.find('"', begin);
    BUTTER_ASSERT(end != std::string_view::npos);
    return all.substr(begin, end - begin);
}

}  // namespace

std::optional<Bytes> find_creation_code(std::string_view name) {
    const std::string_view code = find_value(name);
    if (!code.starts_with("0x")) return std::nullopt;
    return hex_bytes(code);
}

std::string_view error_signatures() noexcept { return find_value("*errors"); }

}  // namespace butter::artifacts
