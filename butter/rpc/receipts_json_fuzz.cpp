// SPDX-License-Identifier: Apache-2.0
#include "butter/rpc/receipts_json.hpp"

#include "butter/base/assert.hpp"
#include "butter/rpc/json.hpp"

namespace {

using namespace butter;
using namespace butter::rpc;

/// The slow twin: through a tree of JSON values.
std::optional<std::vector<PlacedReceipt>> decode_by_tree(std::string_view text) {
    const auto answer = parse_json(text);
    if (!answer || !answer->is_object()) return std::nullopt;
    const Json* const error = find_member(*answer, "error");
    if (error != nullptr && !error->is_null()) return std::nullopt;
    const JsonArray* const receipts = find_array(*answer, "result");
    if (receipts == nullptr) return std::nullopt;
    std::vector<PlacedReceipt> out;
    for (const Json& receipt : *receipts) {
        const auto placed = decode_placed_receipt(receipt);
        if (!placed) return std::nullopt;
        out.push_back(*placed);
    }
    return out;
}

}  // namespace

/// Both decoders take the same texts and make the same receipts of them.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    const auto fast = decode_receipts_answer(text);
    const auto slow = decode_by_tree(text);
    BUTTER_ASSERT(fast == slow);
    return 0;
}
