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

std::optional<Bytes> find_creation_code(std::string_view name) {
    // One contract a line, `"NAME": "0x...",` as tools/embed_contracts.py writes it; the file is ours, so a
    // search does where a parser would.
    const std::string_view all(butter_contracts_begin,
                               static_cast<std::size_t>(butter_contracts_end - butter_contracts_begin));
    const std::string key = "\n\"" + std::string(name) + "\": \"";
    const std::size_t at = all.find(key);
    if (at == std::string_view::npos) return std::nullopt;
    const std::size_t begin = at + key.size();
    const std::size_t end = all.find('"', begin);
    BUTTER_ASSERT(end != std::string_view::npos);
    return hex_bytes(all.substr(begin, end - begin));
}

}  // namespace butter::artifacts
