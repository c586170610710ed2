// SPDX-License-Identifier: Apache-2.0
#include "butter/base/printable.hpp"

namespace butter {

std::string printable(std::string_view text, std::size_t shown_max) {
    std::string out;
    for (const char c : text.substr(0, shown_max)) out += c >= 0x20 && c < 0x7f ? c : '?';
    return text.size() > shown_max ? out + "..." : out;
}

}  // namespace butter
