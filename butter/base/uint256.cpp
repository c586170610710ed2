// SPDX-License-Identifier: Apache-2.0
#include "butter/base/uint256.hpp"

#include <algorithm>
#include <array>

#include "butter/base/assert.hpp"
#include "butter/base/hex.hpp"

namespace butter {
namespace {

using Wide = unsigned __int128;

/// Low 256 bits of the product; `overflow` tells whether higher bits were lost.
Uint256 multiply(const Uint256& a, const Uint256& b, bool& overflow) noexcept {
    std::array<std::uint64_t, 8> product{};
    for (unsigned i = 0; i < 4; ++i) {
        std::uint64_t carry = 0;
        for (unsigned j = 0; j < 4; ++j) {
            const Wide sum = Wide{a.limbs[i]} * b.limbs[j] + product[i + j] + carry;
            product[i + j] = static_cast<std::uint64_t>(sum);
            carry = static_cast<std::uint64_t>(sum >> 64);
        }
        product[i + 4] = carry;
    }
    overflow = (product[4] | product[5] | product[6] | product[7]) != 0;
    return Uint256{std::array<std::uint64_t, 4>{product[0], product[1], product[2], product[3]}};
}

Uint256 add(const Uint256& a, const Uint256& b, bool& overflow) noexcept {
    Uint256 out;
    Wide carry = 0;
    for (unsigned i = 0; i < 4; ++i) {
        carry += Wide{a.limbs[i]} + b.limbs[i];
        out.limbs[i] = static_cast<std::uint64_t>(carry);
        carry >>= 64;
    }
    overflow = carry != 0;
    return out;
}

}  // namespace

Uint256 operator+(const Uint256& a, const Uint256& b) noexcept {
    bool overflow = false;
    return add(a, b, overflow);
}

Uint256 operator-(const Uint256& a, const Uint256& b) noexcept {
    Uint256 out;
    std::uint64_t borrow = 0;
    for (unsigned i = 0; i < 4; ++i) {
        const Wide difference = Wide{a.limbs[i]} - b.limbs[i] - borrow;
        out.limbs[i] = static_cast<std::uint64_t>(difference);
        borrow = static_cast<std::uint64_t>(difference >> 64) & 1;
    }
    return out;
}

Uint256 operator*(const Uint256& a, const Uint256& b) noexcept {
    bool overflow = false;
    return multiply(a, b, overflow);
}

Uint256 operator<<(const Uint256& a, unsigned bits) noexcept {
    Uint256 out;
    if (bits >= 256) return out;
    const unsigned words = bits / 64;
    const unsigned rest = bits % 64;
    for (unsigned i = words; i < 4; ++i) {
        out.limbs[i] = a.limbs[i - words] << rest;
        if (rest != 0 && i > words) out.limbs[i] |= a.limbs[i - words - 1] >> (64 - rest);
    }
    return out;
}

Uint256 operator>>(const Uint256& a, unsigned bits) noexcept {
    Uint256 out;
    if (bits >= 256) return out;
    const unsigned words = bits / 64;
    const unsigned rest = bits % 64;
    for (unsigned i = 0; i + words < 4; ++i) {
        out.limbs[i] = a.limbs[i + words] >> rest;
        if (rest != 0 && i + words + 1 < 4) out.limbs[i] |= a.limbs[i + words + 1] << (64 - rest);
    }
    return out;
}

Uint256 operator|(const Uint256& a, const Uint256& b) noexcept {
    Uint256 out;
    for (unsigned i = 0; i < 4; ++i) out.limbs[i] = a.limbs[i] | b.limbs[i];
    return out;
}

Uint256 operator&(const Uint256& a, const Uint256& b) noexcept {
    Uint256 out;
    for (unsigned i = 0; i < 4; ++i) out.limbs[i] = a.limbs[i] & b.limbs[i];
    return out;
}

Uint256Division divide(const Uint256& dividend, const Uint256& divisor) noexcept {
    BUTTER_ASSERT(!divisor.is_zero());
    if (dividend.fits_u64() && divisor.fits_u64()) {
        return {dividend.limbs[0] / divisor.limbs[0], dividend.limbs[0] % divisor.limbs[0]};
    }
    Uint256Division out;
    for (unsigned i = dividend.bit_length(); i-- > 0;) {
        // The remainder stays below the divisor, but doubling it may pass 2^256.
        const bool carried = out.remainder.bit(255);
        out.remainder = out.remainder << 1;
        if (dividend.bit(i)) out.remainder.limbs[0] |= 1;
        if (carried || out.remainder >= divisor) {
            out.remainder = out.remainder - divisor;
            out.quotient.limbs[i / 64] |= std::uint64_t{1} << (i % 64);
        }
    }
    return out;
}

std::optional<Uint256> add_checked(const Uint256& a, const Uint256& b) noexcept {
    bool overflow = false;
    const Uint256 sum = add(a, b, overflow);
    if (overflow) return std::nullopt;
    return sum;
}

std::optional<Uint256> mul_checked(const Uint256& a, const Uint256& b) noexcept {
    bool overflow = false;
    const Uint256 product = multiply(a, b, overflow);
    if (overflow) return std::nullopt;
    return product;
}

Hash32 to_big_endian(const Uint256& value) noexcept {
    Hash32 out;
    for (unsigned i = 0; i < 32; ++i) {
        out[31 - i] = static_cast<std::uint8_t>(value.limbs[i / 8] >> (8 * (i % 8)));
    }
    return out;
}

Bytes to_minimal_big_endian(const Uint256& value) {
    const Hash32 full = to_big_endian(value);
    const auto first = std::find_if(full.begin(), full.end(), [](std::uint8_t b) { return b != 0; });
    return {first, full.end()};
}

std::optional<Uint256> from_big_endian(BytesView bytes) noexcept {
    if (bytes.size() > 32) return std::nullopt;
    Uint256 out;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const std::size_t place = bytes.size() - 1 - i;
        out.limbs[place / 8] |= std::uint64_t{bytes[i]} << (8 * (place % 8));
    }
    return out;
}

std::string to_decimal(const Uint256& value) {
    std::string out;
    Uint256 rest = value;
    do {
        const auto [quotient, remainder] = divide(rest, 10);
        out.push_back(static_cast<char>('0' + remainder.limbs[0]));
        rest = quotient;
    } while (!rest.is_zero());
    std::reverse(out.begin(), out.end());
    return out;
}

std::optional<Uint256> from_decimal(std::string_view text) noexcept {
    if (text.empty()) return std::nullopt;
    Uint256 out;
    for (char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        const auto tens = mul_checked(out, 10);
        if (!tens) return std::nullopt;
        const auto sum = add_checked(*tens, static_cast<std::uint64_t>(c - '0'));
        if (!sum) return std::nullopt;
        out = *sum;
    }
    return out;
}

std::string to_quantity(const Uint256& value) {
    if (value.is_zero()) return "0x0";
    const std::string digits = encode_hex_bare(to_minimal_big_endian(value));
    return "0x" + (digits[0] == '0' ? digits.substr(1) : digits);
}

std::optional<Uint256> from_quantity(std::string_view text) noexcept {
    if (!text.starts_with("0x")) return std::nullopt;
    text.remove_prefix(2);
    if (text.empty() || text.size() > 64 || (text.size() > 1 && text[0] == '0')) return std::nullopt;
    std::array<char, 64> digits;
    digits.fill('0');
    std::copy(text.begin(), text.end(), digits.end() - static_cast<std::ptrdiff_t>(text.size()));
    Hash32 bytes;
    if (!decode_hex_digits(std::string_view(digits.data(), digits.size()), bytes.bytes)) return std::nullopt;
    return from_big_endian(bytes);
}

}  // namespace butter
