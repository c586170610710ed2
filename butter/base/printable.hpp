// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace butter {

/// What a stranger says (a node, a contract), for one line of a log: of at most `shown_max` bytes, without
/// anything that ends the line or steers a terminal.
std::string printable(std::string_view text, std::size_t shown_max = 200);

}  // namespace butter
