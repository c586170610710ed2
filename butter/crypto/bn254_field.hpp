// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "butter/base/uint256.hpp"
#include "butter/crypto/bn254_limbs.hpp"

/// The tower of fields below BN254: Fp in Montgomery form, Fp2 = Fp[u]/(u^2+1), Fp6 = Fp2[v]/(v^3-xi) and
/// Fp12 = Fp6[w]/(w^2-v) with xi = 9+u. For bn254.cpp alone.
namespace butter::crypto::bn254::field {

struct Fp {
    Limbs limbs{};

    bool is_zero() const noexcept { return (limbs[0] | limbs[1] | limbs[2] | limbs[3]) == 0; }
    friend bool operator==(const Fp&, const Fp&) = default;
};

inline Fp operator+(const Fp& a, const Fp& b) noexcept { return {add(a.limbs, b.limbs)}; }
inline Fp operator-(const Fp& a, const Fp& b) noexcept { return {subtract(a.limbs, b.limbs)}; }
/// Half of it.
inline Fp half(const Fp& a) noexcept {
    const std::uint64_t mask = 0 - (a.limbs[0] & 1);
    Limbs even;
    unsigned long long carry = 0;
    for (unsigned i = 0; i < 4; ++i)
        even[i] = __builtin_addcll(a.limbs[i], kModulus[i] & mask, carry, &carry);
    return {{even[0] >> 1 | even[1] << 63, even[1] >> 1 | even[2] << 63, even[2] >> 1 | even[3] << 63,
             even[3] >> 1}};
}

inline Fp operator*(const Fp& a, const Fp& b) noexcept { return {multiply(a.limbs, b.limbs)}; }
inline Fp operator-(const Fp& a) noexcept { return Fp{} - a; }
inline Fp square(const Fp& a) noexcept { return a * a; }
inline Fp twice(const Fp& a) noexcept { return a + a; }

Fp to_montgomery(const Uint256& value) noexcept;  // value below the modulus
Uint256 from_montgomery(const Fp& value) noexcept;
const Fp& one() noexcept;
Fp power(const Fp& base, const Uint256& exponent) noexcept;
/// 0 for 0.
Fp inverse(const Fp& a) noexcept;

struct Fp2 {
    Fp re;
    Fp im;

    bool is_zero() const noexcept { return re.is_zero() && im.is_zero(); }
    friend bool operator==(const Fp2&, const Fp2&) = default;
};
inline Fp2 operator+(const Fp2& a, const Fp2& b) noexcept { return {a.re + b.re, a.im + b.im}; }
inline Fp2 operator-(const Fp2& a, const Fp2& b) noexcept { return {a.re - b.re, a.im - b.im}; }
inline Fp2 operator-(const Fp2& a) noexcept { return {-a.re, -a.im}; }
// Not inlined: what is built of them would not fit the instruction cache.
Fp2 operator*(const Fp2& a, const Fp2& b) noexcept;
Fp2 square(const Fp2& a) noexcept;
inline Fp2 operator*(const Fp2& a, const Fp& b) noexcept { return {a.re * b, a.im * b}; }
inline Fp2 twice(const Fp2& a) noexcept { return a + a; }
inline Fp2 half(const Fp2& a) noexcept { return {half(a.re), half(a.im)}; }
inline Fp2 conjugate(const Fp2& a) noexcept { return {a.re, -a.im}; }
/// Times xi = 9 + u.
inline Fp2 times_xi(const Fp2& a) noexcept {
    const Fp2 eight = twice(twice(twice(a)));
    return {eight.re + a.re - a.im, eight.im + a.im + a.re};
}
Fp2 inverse(const Fp2& a) noexcept;
Fp2 power(const Fp2& base, const Uint256& exponent) noexcept;

struct Fp6 {
    Fp2 a, b, c;  ///< a + b v + c v^2

    friend bool operator==(const Fp6&, const Fp6&) = default;
};
struct Fp12 {
    Fp6 a, b;  ///< a + b w

    friend bool operator==(const Fp12&, const Fp12&) = default;
};

Fp12 operator*(const Fp12& a, const Fp12& b) noexcept;
Fp12 square(const Fp12& a) noexcept;
/// The square of an element of the cyclotomic subgroup, which is what the easy part of the final
/// exponentiation leaves (Granger and Scott, 2010).
Fp12 square_cyclotomic(const Fp12& a) noexcept;
Fp12 inverse(const Fp12& a) noexcept;
/// a^(p^6): the inverse, for elements of the cyclotomic subgroup.
Fp12 conjugate(const Fp12& a) noexcept;
/// a^(p^n) for n = 1, 2, 3.
Fp12 frobenius(const Fp12& a, unsigned n) noexcept;
Fp12 one12() noexcept;
/// Times c0 + c3 w + c4 w v, the shape of a line of the Miller loop.
Fp12 times_line(const Fp12& f, const Fp2& c0, const Fp2& c3, const Fp2& c4) noexcept;
/// xi^(i (p-1) / 6), the factors of the Frobenius map.
const std::array<Fp2, 6>& gamma() noexcept;

}  // namespace butter::crypto::bn254::field
