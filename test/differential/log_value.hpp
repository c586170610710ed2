// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "butter/codec/abi.hpp"
#include "butter/eth/receipt.hpp"

namespace butter::differential {

/// `Log[]` of contracts/types/ProofTypes.sol.
codec::AbiValue value_of_logs(const std::vector<eth::Log>& logs);

}  // namespace butter::differential
