// SPDX-License-Identifier: Apache-2.0
#include "butter/base/hex.hpp"

#include "butter/base/assert.hpp"

namespace butter {
namespace {

constexpr char kDigits[] = "0123456789abcdef";

int digit_value(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

void append_hex(std::string& out, BytesView bytes) {
    for (std::uint8_t byte : bytes) {
        out.push_back(kDigits[byte >> 4]);
        out.push_back(kDigits[byte & 15]);
    }
}

}  // namespace

std::string_view to_string(HexError error) noexcept {
    switch (error) {
        case HexError::kOddLength:
            return "odd number of hex digits";
        case HexError::kBadDigit:
            return "character that is no hex digit";
        case HexError::kWrongSize:
            return "wrong number of bytes";
        case HexError::kMissingPrefix:
            return "missing 0x";
        case HexError::kNotMinimal:
            return "quantity with leading zeros";
        case HexError::kTooLarge:
            return "quantity above 64 bits";
    }
    return "unknown hex error";
}

std::string encode_hex(BytesView bytes) {
    std::string out = "0x";
    out.reserve(2 + 2 * bytes.size());
    append_hex(out, bytes);
    return out;
}

std::string encode_hex_bare(BytesView bytes) {
    std::string out;
    out.reserve(2 * bytes.size());
    append_hex(out, bytes);
    return out;
}

std::string encode_quantity(std::uint64_t value) {
    char digits[16];
    std::size_t count = 0;
    do {
        digits[count++] = kDigits[value & 15];
        value >>= 4;
    } while (value != 0);
    std::string out = "0x";
    while (count > 0) out.push_back(digits[--count]);
    return out;
}

Result<Bytes, HexError> decode_hex(std::string_view text) {
    if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
    if (text.size() % 2 != 0) return std::unexpected(HexError::kOddLength);
    Bytes out(text.size() / 2);
    for (std::size_t i = 0; i < out.size(); ++i) {
        const int high = digit_value(text[2 * i]);
        const int low = digit_value(text[2 * i + 1]);
        if (high < 0 || low < 0) return std::unexpected(HexError::kBadDigit);
        out[i] = static_cast<std::uint8_t>(high << 4 | low);
    }
    return out;
}

Result<std::uint64_t, HexError> decode_quantity(std::string_view text) {
    if (!text.starts_with("0x")) return std::unexpected(HexError::kMissingPrefix);
    text.remove_prefix(2);
    if (text.empty() || (text.size() > 1 && text[0] == '0')) return std::unexpected(HexError::kNotMinimal);
    if (text.size() > 16) return std::unexpected(HexError::kTooLarge);
    std::uint64_t value = 0;
    for (char c : text) {
        const int digit = digit_value(c);
        if (digit < 0) return std::unexpected(HexError::kBadDigit);
        value = value << 4 | static_cast<std::uint64_t>(digit);
    }
    return value;
}

Bytes hex_bytes(std::string_view literal) {
    auto bytes = decode_hex(literal);
    BUTTER_ASSERT(bytes.has_value());
    return *std::move(bytes);
}

}  // namespace butter
