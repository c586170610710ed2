// SPDX-License-Identifier: Apache-2.0
#include <string_view>

#include "butter/base/assert.hpp"
#include "butter/base/hex.hpp"
#include "butter/base/uint256.hpp"

/// Hex, quantities and decimals: numbers are taken in their one form, and both readers of quantities agree.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace butter;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto bytes = decode_hex(text)) {
        const std::string again =
            text.starts_with("0x") || text.starts_with("0X") ? encode_hex(*bytes) : encode_hex_bare(*bytes);
        BUTTER_ASSERT(again.size() == text.size());
        BUTTER_ASSERT(decode_hex(again) == *bytes);
    }
    const auto large = from_quantity(text);
    const auto small = decode_quantity(text);
    if (large) BUTTER_ASSERT(to_quantity(*large).size() == text.size());
    if (small) BUTTER_ASSERT(large && *large == Uint256{*small});
    if (large && large->fits_u64()) BUTTER_ASSERT(small.has_value());
    if (const auto number = from_decimal(text)) {
        BUTTER_ASSERT(from_decimal(to_decimal(*number)) == *number);
        BUTTER_ASSERT(from_big_endian(to_minimal_big_endian(*number)) == *number);
    }
    return 0;
}
