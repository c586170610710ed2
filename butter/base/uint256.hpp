// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "butter/base/bytes.hpp"

namespace butter {

/// An unsigned 256-bit number. Arithmetic wraps modulo 2^256, as in the EVM; `add_checked` and
/// `mul_checked` report overflow instead. `limbs[0]` is the least significant.
struct Uint256 {
    std::array<std::uint64_t, 4> limbs{};

    constexpr Uint256() = default;
    constexpr Uint256(std::uint64_t value) noexcept
        : limbs{value, 0, 0, 0} {}  // NOLINT: a number is a number
    constexpr explicit Uint256(std::array<std::uint64_t, 4> l) noexcept : limbs(l) {}

    constexpr bool is_zero() const noexcept { return (limbs[0] | limbs[1] | limbs[2] | limbs[3]) == 0; }
    constexpr bool fits_u64() const noexcept { return (limbs[1] | limbs[2] | limbs[3]) == 0; }
    constexpr bool bit(unsigned index) const noexcept {
        return index < 256 && (limbs[index / 64] >> (index % 64) & 1) != 0;
    }
    /// The number of bits up to the highest one set; 0 for zero.
    constexpr unsigned bit_length() const noexcept {
        for (unsigned i = 4; i-- > 0;) {
            if (limbs[i] != 0) return 64 * i + 64 - static_cast<unsigned>(__builtin_clzll(limbs[i]));
        }
        return 0;
    }

    friend constexpr bool operator==(const Uint256&, const Uint256&) = default;
    friend constexpr std::strong_ordering operator<=>(const Uint256& a, const Uint256& b) noexcept {
        for (unsigned i = 4; i-- > 0;) {
            if (a.limbs[i] != b.limbs[i]) return a.limbs[i] <=> b.limbs[i];
        }
        return std::strong_ordering::equal;
    }
};

Uint256 operator+(const Uint256& a, const Uint256& b) noexcept;
Uint256 operator-(const Uint256& a, const Uint256& b) noexcept;
Uint256 operator*(const Uint256& a, const Uint256& b) noexcept;
Uint256 operator<<(const Uint256& a, unsigned bits) noexcept;
Uint256 operator>>(const Uint256& a, unsigned bits) noexcept;
Uint256 operator|(const Uint256& a, const Uint256& b) noexcept;
Uint256 operator&(const Uint256& a, const Uint256& b) noexcept;

struct Uint256Division {
    Uint256 quotient;
    Uint256 remainder;
};
/// `divisor` must not be zero.
Uint256Division divide(const Uint256& dividend, const Uint256& divisor) noexcept;

std::optional<Uint256> add_checked(const Uint256& a, const Uint256& b) noexcept;
std::optional<Uint256> mul_checked(const Uint256& a, const Uint256& b) noexcept;

/// 32 bytes, most significant first.
Hash32 to_big_endian(const Uint256& value) noexcept;
/// Without leading zeros; empty for zero. The integer form of RLP.
Bytes to_minimal_big_endian(const Uint256& value);
/// At most 32 bytes, most significant first; absent when longer.
std::optional<Uint256> from_big_endian(BytesView bytes) noexcept;

std::string to_decimal(const Uint256& value);
/// Digits only; absent for anything else, for the empty text and above 2^256-1.
std::optional<Uint256> from_decimal(std::string_view text) noexcept;
/// A JSON-RPC quantity: minimal hex with 0x.
std::string to_quantity(const Uint256& value);
/// `0x` and minimal digits; absent for anything else.
std::optional<Uint256> from_quantity(std::string_view text) noexcept;

}  // namespace butter
