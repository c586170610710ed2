// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "butter/chain/network.hpp"

namespace butter::app {

/// All consensus families of the program. Written by cmake/butter_family.cmake from the folders of chains/.
std::vector<std::unique_ptr<chain::Family>> make_families();

}  // namespace butter::app
