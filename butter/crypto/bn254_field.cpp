// SPDX-License-Identifier: Apache-2.0
#include "butter/crypto/bn254_field.hpp"

namespace butter::crypto::bn254::field {
namespace {

Fp6 operator+(const Fp6& x, const Fp6& y) noexcept { return {x.a + y.a, x.b + y.b, x.c + y.c}; }
Fp6 operator-(const Fp6& x, const Fp6& y) noexcept { return {x.a - y.a, x.b - y.b, x.c - y.c}; }
Fp6 operator-(const Fp6& x) noexcept { return {-x.a, -x.b, -x.c}; }
/// Times v.
Fp6 times_v(const Fp6& x) noexcept { return {times_xi(x.c), x.a, x.b}; }

Fp6 operator*(const Fp6& x, const Fp6& y) noexcept {
    const Fp2 v0 = x.a * y.a;
    const Fp2 v1 = x.b * y.b;
    const Fp2 v2 = x.c * y.c;
    return {v0 + times_xi((x.b + x.c) * (y.b + y.c) - v1 - v2),
            (x.a + x.b) * (y.a + y.b) - v0 - v1 + times_xi(v2), (x.a + x.c) * (y.a + y.c) - v0 - v2 + v1};
}

/// Times y0 + y1 v.
Fp6 times_sparse(const Fp6& x, const Fp2& y0, const Fp2& y1) noexcept {
    const Fp2 v0 = x.a * y0;
    const Fp2 v1 = x.b * y1;
    return {v0 + times_xi((x.b + x.c) * y1 - v1), (x.a + x.b) * (y0 + y1) - v0 - v1,
            (x.a + x.c) * y0 - v0 + v1};
}

Fp6 inverse(const Fp6& x) noexcept {
    const Fp2 a = square(x.a) - times_xi(x.b * x.c);
    const Fp2 b = times_xi(square(x.c)) - x.a * x.b;
    const Fp2 c = square(x.b) - x.a * x.c;
    const Fp2 f = inverse(x.a * a + times_xi(x.c * b + x.b * c));
    return {a * f, b * f, c * f};
}

Uint256 modulus() noexcept { return Uint256{kModulus}; }

}  // namespace

Fp to_montgomery(const Uint256& value) noexcept {
    // 2^512 modulo the modulus, by doubling 1 as often.
    static const Fp r2 = [] {
        Fp out{{1, 0, 0, 0}};
        for (int i = 0; i < 512; ++i) out = out + out;
        return out;
    }();
    return Fp{value.limbs} * r2;
}

Uint256 from_montgomery(const Fp& value) noexcept { return Uint256{(value * Fp{{1, 0, 0, 0}}).limbs}; }

const Fp& one() noexcept {
    static const Fp value = to_montgomery(1);
    return value;
}

Fp power(const Fp& base, const Uint256& exponent) noexcept {
    Fp out = one();
    for (unsigned i = exponent.bit_length(); i-- > 0;) {
        out = square(out);
        if (exponent.bit(i)) out = out * base;
    }
    return out;
}

Fp inverse(const Fp& a) noexcept { return power(a, modulus() - 2); }

Fp2 operator*(const Fp2& a, const Fp2& b) noexcept {
    // Two sums of two products: as many limb products as Karatsuba's three, and none of its additions.
    const Fp minus_im = -b.im;
    return {{multiply_add(a.re.limbs, b.re.limbs, a.im.limbs, minus_im.limbs)},
            {multiply_add(a.re.limbs, b.im.limbs, a.im.limbs, b.re.limbs)}};
}

Fp2 square(const Fp2& a) noexcept { return {(a.re + a.im) * (a.re - a.im), twice(a.re * a.im)}; }

Fp2 inverse(const Fp2& a) noexcept {
    const Fp norm = inverse(square(a.re) + square(a.im));
    return {a.re * norm, -(a.im * norm)};
}

Fp2 power(const Fp2& base, const Uint256& exponent) noexcept {
    Fp2 out{one(), {}};
    for (unsigned i = exponent.bit_length(); i-- > 0;) {
        out = square(out);
        if (exponent.bit(i)) out = out * base;
    }
    return out;
}

Fp12 operator*(const Fp12& x, const Fp12& y) noexcept {
    const Fp6 v0 = x.a * y.a;
    const Fp6 v1 = x.b * y.b;
    return {v0 + times_v(v1), (x.a + x.b) * (y.a + y.b) - v0 - v1};
}

Fp12 square(const Fp12& x) noexcept {
    const Fp6 t = x.a * x.b;
    return {(x.a + x.b) * (x.a + times_v(x.b)) - t - times_v(t), t + t};
}

namespace {

struct Fp4 {
    Fp2 a, b;
};

/// (a + b t)^2 with t^2 = xi.
Fp4 square_fp4(const Fp2& a, const Fp2& b) noexcept {
    const Fp2 a2 = square(a);
    const Fp2 b2 = square(b);
    return {times_xi(b2) + a2, square(a + b) - a2 - b2};
}

/// 3t - 2x and 3t + 2x.
Fp2 three_less_two(const Fp2& t, const Fp2& x) noexcept { return twice(t - x) + t; }
Fp2 three_and_two(const Fp2& t, const Fp2& x) noexcept { return twice(t + x) + t; }

}  // namespace

Fp12 square_cyclotomic(const Fp12& x) noexcept {
    const Fp4 t0 = square_fp4(x.a.a, x.b.b);
    const Fp4 t1 = square_fp4(x.b.a, x.a.c);
    const Fp4 t2 = square_fp4(x.a.b, x.b.c);
    return {{three_less_two(t0.a, x.a.a), three_less_two(t1.a, x.a.b), three_less_two(t2.a, x.a.c)},
            {three_and_two(times_xi(t2.b), x.b.a), three_and_two(t0.b, x.b.b), three_and_two(t1.b, x.b.c)}};
}

Fp12 inverse(const Fp12& x) noexcept {
    const Fp6 t = inverse(x.a * x.a - times_v(x.b * x.b));
    return {x.a * t, -(x.b * t)};
}

Fp12 conjugate(const Fp12& x) noexcept { return {x.a, -x.b}; }

Fp12 one12() noexcept { return {{{one(), {}}, {}, {}}, {}}; }

Fp12 times_line(const Fp12& f, const Fp2& c0, const Fp2& c3, const Fp2& c4) noexcept {
    const Fp6 a{f.a.a * c0, f.a.b * c0, f.a.c * c0};
    const Fp6 b = times_sparse(f.b, c3, c4);
    const Fp6 c = times_sparse(f.a + f.b, c0 + c3, c4);
    return {a + times_v(b), c - a - b};
}

const std::array<Fp2, 6>& gamma() noexcept {
    static const std::array<Fp2, 6> values = [] {
        const Fp2 xi = times_xi({one(), {}});
        const Uint256 sixth = divide(modulus() - 1, 6).quotient;
        std::array<Fp2, 6> out;
        out[0] = {one(), {}};
        out[1] = power(xi, sixth);
        for (std::size_t i = 2; i < 6; ++i) out[i] = out[i - 1] * out[1];
        return out;
    }();
    return values;
}

Fp12 frobenius(const Fp12& x, unsigned n) noexcept {
    // In the basis w^0 ... w^5 the map conjugates each coefficient and multiplies that of w^i by gamma[i].
    Fp12 out = x;
    for (unsigned round = 0; round < n; ++round) {
        const auto& g = gamma();
        out = {{conjugate(out.a.a), conjugate(out.a.b) * g[2], conjugate(out.a.c) * g[4]},
               {conjugate(out.b.a) * g[1], conjugate(out.b.b) * g[3], conjugate(out.b.c) * g[5]}};
    }
    return out;
}

}  // namespace butter::crypto::bn254::field
