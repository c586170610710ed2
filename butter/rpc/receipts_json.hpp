// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "butter/rpc/eth_api.hpp"

namespace butter::rpc {

/// The receipts of an answer to eth_getBlockReceipts, straight from its text: a block's receipts are the
/// largest answers there are, and a tree of JSON values would cost many times what reading them does. Accepts
/// what `parse_json` and `decode_placed_receipt` accept. Absent for anything else than a JSON-RPC answer
/// whose result is a list of receipts: an error, null, or something malformed. Text with a few bytes of
/// capacity to spare is read in place, other text copied.
std::optional<std::vector<PlacedReceipt>> decode_receipts_answer(const std::string& text);

}  // namespace butter::rpc
