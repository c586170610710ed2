// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "butter/base/bytes.hpp"
#include "butter/base/result.hpp"

namespace butter {

enum class HexError {
    kOddLength = 1,
    kBadDigit = 2,
    kWrongSize = 3,      ///< a fixed-size value of another size
    kMissingPrefix = 4,  ///< no leading 0x
    kNotMinimal = 5,     ///< a quantity with leading zeros, or "0x"
    kTooLarge = 6,       ///< a quantity above 2^64-1
};
std::string_view to_string(HexError error) noexcept;

/// Lower-case hex with a leading `0x`.
std::string encode_hex(BytesView bytes);
/// Lower-case hex without prefix.
std::string encode_hex_bare(BytesView bytes);
/// A JSON-RPC quantity: minimal hex with `0x` ("0x0" for zero).
std::string encode_quantity(std::uint64_t value);

/// Hex with or without `0x`, both cases, an even number of digits.
Result<Bytes, HexError> decode_hex(std::string_view text);
/// Digits alone, exactly two for each byte of `out`; false when one is none. What is in `out` then is of no
/// meaning.
bool decode_hex_digits(std::string_view digits, std::span<std::uint8_t> out) noexcept;
/// A JSON-RPC quantity: `0x` required, no leading zeros, at most 64 bits.
Result<std::uint64_t, HexError> decode_quantity(std::string_view text);

/// Exactly `N` bytes of hex.
template <std::size_t N>
Result<FixedBytes<N>, HexError> decode_hex_fixed(std::string_view text) {
    if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
    if (text.size() % 2 != 0) return std::unexpected(HexError::kOddLength);
    FixedBytes<N> out;
    if (text.size() != 2 * N) return std::unexpected(HexError::kWrongSize);
    if (!decode_hex_digits(text, out.bytes)) return std::unexpected(HexError::kBadDigit);
    return out;
}

/// Hex literals of programs and tests; aborts on malformed input, so never for input.
Bytes hex_bytes(std::string_view literal);
template <std::size_t N>
FixedBytes<N> hex_fixed(std::string_view literal) {
    return to_fixed<N>(hex_bytes(literal));
}

}  // namespace butter
