// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "butter/chain/network.hpp"

namespace butter::ethereum {

/// The family "ethereum". Its parameters are listed in README.md.
std::unique_ptr<chain::Family> make_family();

}  // namespace butter::ethereum
