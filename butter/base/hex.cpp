// SPDX-License-Identifier: Apache-2.0
#include "butter/base/hex.hpp"

#include <bit>
#include <cstring>

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

// Vectors of the compiler's, which every processor has in some form.
using Block = std::uint8_t __attribute__((vector_size(16)));
using Pairs = std::uint16_t __attribute__((vector_size(16)));
using Half = std::uint8_t __attribute__((vector_size(8)));
constexpr std::size_t kBlockBytes = sizeof(Half);
static_assert(std::endian::native == std::endian::little);

/// 16 digits into 8 bytes.
bool decode_block(const char* digits, std::uint8_t* out) noexcept {
    Block text;
    std::memcpy(&text, digits, sizeof text);
    const Block number = text - '0';
    const Block letter = (text | 0x20) - 'a';
    const Block is_number = reinterpret_cast<Block>(number < 10);
    const Block is_letter = reinterpret_cast<Block>(letter < 6);
    const Block bad = ~(is_number | is_letter);
    std::uint64_t any_bad[2];
    std::memcpy(any_bad, &bad, sizeof bad);
    if ((any_bad[0] | any_bad[1]) != 0) return false;
    // The first digit of two, the high one, is the low half of its pair.
    const Pairs pairs = reinterpret_cast<Pairs>((number & is_number) | ((letter + 10) & is_letter));
    const Half bytes = __builtin_convertvector((pairs << 4 | pairs >> 8) & 0xff, Half);
    std::memcpy(out, &bytes, sizeof bytes);
    return true;
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

bool decode_hex_digits(std::string_view digits, std::span<std::uint8_t> out) noexcept {
    BUTTER_ASSERT(digits.size() == 2 * out.size());
    std::size_t done = 0;
    for (; out.size() - done >= kBlockBytes; done += kBlockBytes) {
        if (!decode_block(digits.data() + 2 * done, out.data() + done)) return false;
    }
    for (; done < out.size(); ++done) {
        const int high = digit_value(digits[2 * done]);
        const int low = digit_value(digits[2 * done + 1]);
        if (high < 0 || low < 0) return false;
        out[done] = static_cast<std::uint8_t>(high << 4 | low);
    }
    return true;
}

Result<Bytes, HexError> decode_hex(std::string_view text) {
    if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
    if (text.size() % 2 != 0) return std::unexpected(HexError::kOddLength);
    Bytes out(text.size() / 2);
    if (!decode_hex_digits(text, out)) return std::unexpected(HexError::kBadDigit);
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
