// SPDX-License-Identifier: Apache-2.0
#include "butter/crypto/bn254.hpp"

#include <array>

#include "butter/base/assert.hpp"
#include "butter/base/hex.hpp"
#include "butter/crypto/bn254_field.hpp"
#include "butter/crypto/keccak.hpp"

namespace butter::crypto::bn254 {
namespace {

using field::Fp;
using field::Fp12;
using field::Fp2;

/// The curve's parameter x; the Miller loop runs over 6x + 2 and the final exponentiation over powers of x.
constexpr std::uint64_t kCurveX = 4965661367192848881;

/// Signed digits of `value`, lowest first, each zero or odd and below 2^(width - 1): of `width` neighbours at
/// most one is not zero.
constexpr auto windowed_form(unsigned __int128 value, unsigned width) noexcept {
    struct {
        std::array<std::int8_t, 68> digits{};
        std::size_t size = 0;
    } out;
    const int window = 1 << width;
    for (; value != 0; value >>= 1) {
        int digit = 0;
        if ((value & 1) != 0) {
            digit = static_cast<int>(value & static_cast<unsigned>(window - 1));
            if (digit >= window / 2) digit -= window;
            value -= static_cast<unsigned __int128>(digit);
        }
        out.digits[out.size++] = static_cast<std::int8_t>(digit);
    }
    return out;
}
constexpr auto kCurveXForm = windowed_form(kCurveX, 2);
constexpr auto kCurveXWideForm = windowed_form(kCurveX, 4);
constexpr auto kLoopForm = windowed_form(static_cast<unsigned __int128>(kCurveX) * 6 + 2, 2);

Uint256 parse(std::string_view hex) { return *from_big_endian(hex_bytes(hex)); }

Fp curve_b() noexcept { return field::to_montgomery(3); }
/// b / xi, of the twist.
const Fp2& twist_b() noexcept {
    static const Fp2 value = Fp2{curve_b(), {}} * field::inverse(field::times_xi({field::one(), {}}));
    return value;
}

template <class F>
struct Affine {
    F x, y;
    bool is_infinity() const noexcept { return x.is_zero() && y.is_zero(); }
};

/// Jacobian: x = X / Z^2, y = Y / Z^3; infinity has Z = 0.
template <class F>
struct Jacobian {
    F x, y, z;
};

Affine<Fp> load(const G1& point) noexcept {
    return {field::to_montgomery(point.x), field::to_montgomery(point.y)};
}
Affine<Fp2> load(const G2& point) noexcept {
    return {{field::to_montgomery(point.x_re), field::to_montgomery(point.x_im)},
            {field::to_montgomery(point.y_re), field::to_montgomery(point.y_im)}};
}
G1 store(const Affine<Fp>& point) noexcept {
    return {field::from_montgomery(point.x), field::from_montgomery(point.y)};
}
G2 store(const Affine<Fp2>& point) noexcept {
    return {field::from_montgomery(point.x.im), field::from_montgomery(point.x.re),
            field::from_montgomery(point.y.im), field::from_montgomery(point.y.re)};
}

Fp unit(const Fp*) noexcept { return field::one(); }
Fp2 unit(const Fp2*) noexcept { return {field::one(), {}}; }

template <class F>
Jacobian<F> to_jacobian(const Affine<F>& point) noexcept {
    if (point.is_infinity()) return {};
    return {point.x, point.y, unit(static_cast<const F*>(nullptr))};
}

template <class F>
Affine<F> to_affine(const Jacobian<F>& point) noexcept {
    if (point.z.is_zero()) return {};
    const F inverse = field::inverse(point.z);
    const F inverse2 = field::square(inverse);
    return {point.x * inverse2, point.y * inverse2 * inverse};
}

template <class F>
Jacobian<F> twice(const Jacobian<F>& point) noexcept {
    const F a = field::square(point.x);
    const F b = field::square(point.y);
    const F c = field::square(b);
    const F d = field::twice(field::square(point.x + b) - a - c);
    const F e = field::twice(a) + a;
    const F x = field::square(e) - field::twice(d);
    return {x, e * (d - x) - field::twice(field::twice(field::twice(c))), field::twice(point.y * point.z)};
}

template <class F>
Jacobian<F> sum(const Jacobian<F>& p, const Jacobian<F>& q) noexcept {
    if (p.z.is_zero()) return q;
    if (q.z.is_zero()) return p;
    const F z1 = field::square(p.z);
    const F z2 = field::square(q.z);
    const F u1 = p.x * z2;
    const F s1 = p.y * q.z * z2;
    const F h = q.x * z1 - u1;
    const F r = q.y * p.z * z1 - s1;
    if (h.is_zero()) return r.is_zero() ? twice(p) : Jacobian<F>{};
    const F hh = field::square(h);
    const F hhh = h * hh;
    const F v = u1 * hh;
    const F x = field::square(r) - hhh - field::twice(v);
    return {x, r * (v - x) - s1 * hhh, p.z * q.z * h};
}

/// The same for an affine `q`, which is not infinity.
template <class F>
Jacobian<F> sum(const Jacobian<F>& p, const Affine<F>& q) noexcept {
    if (p.z.is_zero()) return to_jacobian(q);
    const F z1 = field::square(p.z);
    const F h = q.x * z1 - p.x;
    const F r = q.y * p.z * z1 - p.y;
    if (h.is_zero()) return r.is_zero() ? twice(p) : Jacobian<F>{};
    const F hh = field::square(h);
    const F hhh = h * hh;
    const F v = p.x * hh;
    const F x = field::square(r) - hhh - field::twice(v);
    return {x, r * (v - x) - p.y * hhh, p.z * h};
}

template <class F>
Jacobian<F> multiple(const Affine<F>& point, const Uint256& scalar) noexcept {
    Jacobian<F> out{};
    if (point.is_infinity()) return out;
    for (unsigned i = scalar.bit_length(); i-- > 0;) {
        out = twice(out);
        if (scalar.bit(i)) out = sum(out, point);
    }
    return out;
}

template <class F>
bool is_on_curve(const Affine<F>& point, const F& b) noexcept {
    return point.is_infinity() || field::square(point.y) == field::square(point.x) * point.x + b;
}

/// The untwisted Frobenius map, on the twist.
Jacobian<Fp2> frobenius(const Jacobian<Fp2>& point) noexcept {
    const auto& gamma = field::gamma();
    return {field::conjugate(point.x) * gamma[2], field::conjugate(point.y) * gamma[3],
            field::conjugate(point.z)};
}

bool is_same(const Jacobian<Fp2>& p, const Jacobian<Fp2>& q) noexcept {
    if (p.z.is_zero() || q.z.is_zero()) return p.z.is_zero() && q.z.is_zero();
    const Fp2 z1 = field::square(p.z);
    const Fp2 z2 = field::square(q.z);
    return p.x * z2 == q.x * z1 && p.y * z2 * q.z == q.y * z1 * p.z;
}

/// `point`, not infinity, times the curve's parameter.
Jacobian<Fp2> times_curve_x(const Affine<Fp2>& point) noexcept {
    const Affine<Fp2> minus{point.x, -point.y};
    Jacobian<Fp2> out = to_jacobian(point);
    for (std::size_t at = kCurveXForm.size - 1; at-- > 0;) {
        out = twice(out);
        if (const int digit = kCurveXForm.digits[at]; digit != 0) out = sum(out, digit == 1 ? point : minus);
    }
    return out;
}

/// Whether a point of the twist is in the group of prime order, by the map instead of the order:
/// [x+1]Q + f([x]Q) + f^2([x]Q) = f^3([2x]Q) (El Housni, Guillevic, Piellard, 2022).
bool is_in_subgroup(const Affine<Fp2>& point) noexcept {
    if (point.is_infinity()) return true;
    const Jacobian<Fp2> times_x = times_curve_x(point);
    const Jacobian<Fp2> once = frobenius(times_x);
    const Jacobian<Fp2> again = frobenius(once);
    return is_same(sum(sum(sum(times_x, point), once), again), twice(frobenius(again)));
}

// ---- pairing

/// A line through points of G2, before it is evaluated at a point of G1.
struct Line {
    Fp2 y, x, constant;
};

/// A point of G2 in homogeneous coordinates on its way through the Miller loop.
struct MillerPoint {
    Fp2 x, y, z;
};

/// Doubling, and the tangent (Costello, Lange, Naehrig, 2010, for a twist of type D).
Line double_step(MillerPoint& t) noexcept {
    const Fp2 a = field::half(t.x * t.y);
    const Fp2 b = field::square(t.y);
    const Fp2 c = field::square(t.z);
    const Fp2 e = twist_b() * (field::twice(c) + c);
    const Fp2 f = field::twice(e) + e;
    const Fp2 g = field::half(b + f);
    const Fp2 h = field::square(t.y + t.z) - (b + c);
    const Fp2 j = field::square(t.x);
    const Fp2 ee = field::square(e);
    t.x = a * (b - f);
    t.y = field::square(g) - (field::twice(ee) + ee);
    t.z = b * h;
    return {-h, field::twice(j) + j, e - b};
}

/// Addition of the affine `q`, and the line through both.
Line add_step(MillerPoint& t, const Affine<Fp2>& q) noexcept {
    const Fp2 theta = t.y - q.y * t.z;
    const Fp2 lambda = t.x - q.x * t.z;
    const Fp2 c = field::square(theta);
    const Fp2 d = field::square(lambda);
    const Fp2 e = lambda * d;
    const Fp2 f = t.z * c;
    const Fp2 g = t.x * d;
    const Fp2 h = e + f - field::twice(g);
    const Fp2 y = e * t.y;
    t.x = lambda * h;
    t.y = theta * (g - h) - y;
    t.z = t.z * e;
    return {lambda, -theta, theta * q.x - lambda * q.y};
}

constexpr std::size_t kLines = [] {
    std::size_t out = 2;
    for (std::size_t at = kLoopForm.size - 1; at-- > 0;) out += kLoopForm.digits[at] == 0 ? 1 : 2;
    return out;
}();
using Lines = std::array<Line, kLines>;

/// All lines of a Miller loop over `q`, in the order in which it takes them.
Lines lines_of(const Affine<Fp2>& q) noexcept {
    Lines out;
    std::size_t next = 0;
    MillerPoint t{q.x, q.y, {field::one(), {}}};
    const Affine<Fp2> minus{q.x, -q.y};
    for (std::size_t at = kLoopForm.size - 1; at-- > 0;) {
        out[next++] = double_step(t);
        if (const int digit = kLoopForm.digits[at]; digit != 0)
            out[next++] = add_step(t, digit == 1 ? q : minus);
    }
    // The two last additions, of pi(Q) and -pi^2(Q).
    const auto& gamma = field::gamma();
    const Affine<Fp2> q1{field::conjugate(q.x) * gamma[2], field::conjugate(q.y) * gamma[3]};
    const Affine<Fp2> q2{field::conjugate(q1.x) * gamma[2], -(field::conjugate(q1.y) * gamma[3])};
    out[next++] = add_step(t, q1);
    out[next++] = add_step(t, q2);
    return out;
}

/// Every signature is checked against the generator.
const Lines& generator_lines() noexcept {
    static const Lines lines = lines_of(load(g2_generator()));
    return lines;
}

struct MillerPair {
    Affine<Fp> p;
    Lines lines;
};

/// One loop for the product of all pairings, which shares the squarings.
Fp12 miller_loop(std::span<const MillerPair> pairs) noexcept {
    Fp12 f = field::one12();
    std::size_t next = 0;
    const auto apply_lines = [&] {
        for (const MillerPair& pair : pairs) {
            const Line& line = pair.lines[next];
            f = field::times_line(f, line.y * pair.p.y, line.x * pair.p.x, line.constant);
        }
        ++next;
    };
    for (std::size_t at = kLoopForm.size - 1; at-- > 0;) {
        f = field::square(f);
        apply_lines();
        if (kLoopForm.digits[at] != 0) apply_lines();
    }
    apply_lines();
    apply_lines();
    return f;
}

/// `base`, of the cyclotomic subgroup, to the curve's parameter.
Fp12 power_x(const Fp12& base) noexcept {
    std::array<Fp12, 4> odd{base};  // powers 1, 3, 5, 7
    const Fp12 squared = field::square_cyclotomic(base);
    for (std::size_t i = 1; i < odd.size(); ++i) odd[i] = odd[i - 1] * squared;
    const auto power = [&](int digit) {
        const Fp12& out = odd[static_cast<std::size_t>(digit < 0 ? -digit : digit) / 2];
        return digit < 0 ? field::conjugate(out) : out;
    };
    std::size_t at = kCurveXWideForm.size - 1;
    Fp12 out = power(kCurveXWideForm.digits[at]);
    while (at-- > 0) {
        out = field::square_cyclotomic(out);
        if (const int digit = kCurveXWideForm.digits[at]; digit != 0) out = out * power(digit);
    }
    return out;
}

/// f^((p^12 - 1) / r), the hard part after Scott et al. (2009).
Fp12 final_exponentiation(const Fp12& f) noexcept {
    Fp12 r = field::conjugate(f) * field::inverse(f);
    r = field::frobenius(r, 2) * r;
    const Fp12 x1 = power_x(r);
    const Fp12 x2 = power_x(x1);
    const Fp12 x3 = power_x(x2);
    const Fp12 y0 = field::frobenius(r, 1) * field::frobenius(r, 2) * field::frobenius(r, 3);
    const Fp12 y1 = field::conjugate(r);
    const Fp12 y2 = field::frobenius(x2, 2);
    const Fp12 y3 = field::conjugate(field::frobenius(x1, 1));
    const Fp12 y4 = field::conjugate(x1 * field::frobenius(x2, 1));
    const Fp12 y5 = field::conjugate(x2);
    const Fp12 y6 = field::conjugate(x3 * field::frobenius(x3, 1));
    Fp12 t0 = field::square_cyclotomic(y6) * y4 * y5;
    Fp12 t1 = y3 * y5 * t0;
    t0 = t0 * y2;
    t1 = field::square_cyclotomic(field::square_cyclotomic(t1) * t0);
    t0 = t1 * y1;
    t1 = t1 * y0;
    return field::square_cyclotomic(t0) * t1;
}

// ---- hash to G1

Fp curve_value(const Fp& x) noexcept { return field::square(x) * x + curve_b(); }

bool is_square(const Fp& a) noexcept {
    return a.is_zero() || field::power(a, (field_modulus() - 1) >> 1) == field::one();
}

/// The root that is itself a square, of a square.
Fp square_root(const Fp& a) noexcept { return field::power(a, (field_modulus() + 1) >> 2); }

/// keccak256 of tag and message, and of the next tag and message, as one 512-bit number modulo p.
Uint256 hash_to_field(BytesView message, std::uint8_t tag) {
    static const Fp two_256 =
        field::to_montgomery(divide(Uint256{} - field_modulus(), field_modulus()).remainder);
    const auto half = [&](std::uint8_t t) {
        const Hash32 hash = keccak256(concat({BytesView(&t, 1), message}));
        return field::to_montgomery(divide(*from_big_endian(hash), field_modulus()).remainder);
    };
    return field::from_montgomery(half(tag) * two_256 + half(static_cast<std::uint8_t>(tag + 1)));
}

Result<BasePoint, Bn254Error> map_to_base(const Uint256& t) {
    static const Fp h1 =
        field::to_montgomery(*from_decimal("2203960485148121921418603742825762020974279258880205651966"));
    static const Fp h2 =
        field::to_montgomery(*from_decimal("4407920970296243842837207485651524041948558517760411303933"));
    static const Fp third = field::inverse(field::to_montgomery(3));
    BasePoint base;
    base.t = t;
    const Fp t2 = field::square(field::to_montgomery(t));
    const Fp s = t2 + field::to_montgomery(4);
    const Fp inverse = field::inverse(t2 * s);
    if (inverse.is_zero()) return std::unexpected(Bn254Error::kDegenerateHash);
    base.inverse = field::from_montgomery(inverse);
    const Fp x1 = h1 - h2 * field::square(t2) * inverse;
    const Fp x2 = -field::one() - x1;
    const Fp x3 = field::one() - third * s * field::square(s) * inverse;
    for (const Fp& x : {x1, x2, x3}) {
        ++base.candidate;
        const Fp value = curve_value(x);
        if (!is_square(value) && base.candidate < 3) {
            base.roots.push_back(field::from_montgomery(square_root(-value)));
            continue;
        }
        Fp y = square_root(value);
        base.roots.push_back(field::from_montgomery(square_root(y)));
        if (t > (field_modulus() - 1) >> 1) y = -y;
        base.point = store(Affine<Fp>{x, y});
        break;
    }
    return base;
}

}  // namespace

std::string_view to_string(Bn254Error error) noexcept {
    switch (error) {
        case Bn254Error::kNotCanonical:
            return "bn254 coordinate not below the field modulus";
        case Bn254Error::kNotOnCurve:
            return "bn254 point not on the curve";
        case Bn254Error::kNotInSubgroup:
            return "bn254 point not in the subgroup";
        case Bn254Error::kDegenerateHash:
            return "bn254 hash with a known discrete logarithm";
    }
    return "unknown bn254 error";
}

const Uint256& field_modulus() noexcept {
    static const Uint256 value{field::kModulus};
    return value;
}

const Uint256& group_order() noexcept {
    static const Uint256 value = parse("30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001");
    return value;
}

G1 g1_generator() noexcept { return {1, 2}; }

G2 g2_generator() noexcept {
    static const G2 value{parse("198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2"),
                          parse("1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed"),
                          parse("090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b"),
                          parse("12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa")};
    return value;
}

Result<void, Bn254Error> validate(const G1& point) {
    if (point.x >= field_modulus() || point.y >= field_modulus())
        return std::unexpected(Bn254Error::kNotCanonical);
    if (!is_on_curve(load(point), curve_b())) return std::unexpected(Bn254Error::kNotOnCurve);
    return {};
}

Result<void, Bn254Error> validate(const G2& point) {
    for (const Uint256& part : {point.x_im, point.x_re, point.y_im, point.y_re}) {
        if (part >= field_modulus()) return std::unexpected(Bn254Error::kNotCanonical);
    }
    const Affine<Fp2> loaded = load(point);
    if (!is_on_curve(loaded, twist_b())) return std::unexpected(Bn254Error::kNotOnCurve);
    if (!is_in_subgroup(loaded)) return std::unexpected(Bn254Error::kNotInSubgroup);
    return {};
}

FixedBytes<64> encode_g1(const G1& point) noexcept {
    return to_fixed<64>(concat({to_big_endian(point.x), to_big_endian(point.y)}));
}

FixedBytes<128> encode_g2(const G2& point) noexcept {
    return to_fixed<128>(concat({to_big_endian(point.x_im), to_big_endian(point.x_re),
                                 to_big_endian(point.y_im), to_big_endian(point.y_re)}));
}

Result<G1, Bn254Error> decode_g1(const FixedBytes<64>& bytes) {
    const BytesView view(bytes);
    const G1 point{*from_big_endian(view.first(32)), *from_big_endian(view.subspan(32))};
    TRY_VOID(validate(point));
    return point;
}

Result<G2, Bn254Error> decode_g2(const FixedBytes<128>& bytes) {
    const BytesView view(bytes);
    const G2 point{*from_big_endian(view.first(32)), *from_big_endian(view.subspan(32, 32)),
                   *from_big_endian(view.subspan(64, 32)), *from_big_endian(view.subspan(96))};
    TRY_VOID(validate(point));
    return point;
}

G1 add(const G1& a, const G1& b) noexcept {
    return store(to_affine(sum(to_jacobian(load(a)), to_jacobian(load(b)))));
}
G2 add(const G2& a, const G2& b) noexcept {
    return store(to_affine(sum(to_jacobian(load(a)), to_jacobian(load(b)))));
}

G1 negate(const G1& point) noexcept {
    return {point.x, point.y.is_zero() ? Uint256{} : field_modulus() - point.y};
}

G1 multiply(const G1& point, const Uint256& scalar) noexcept {
    return store(to_affine(multiple(load(point), scalar)));
}
G2 multiply(const G2& point, const Uint256& scalar) noexcept {
    return store(to_affine(multiple(load(point), scalar)));
}

bool pairing_check(std::span<const Pair> pairs) {
    std::vector<MillerPair> loaded;
    loaded.reserve(pairs.size());
    for (const Pair& pair : pairs) {
        // A pairing with infinity is one.
        if (pair.g1.is_infinity() || pair.g2.is_infinity()) continue;
        loaded.push_back(
            {load(pair.g1), pair.g2 == g2_generator() ? generator_lines() : lines_of(load(pair.g2))});
    }
    return final_exponentiation(miller_loop(loaded)) == field::one12();
}

Result<HashToG1, Bn254Error> hash_to_g1(BytesView message) {
    HashToG1 out;
    TRY(out.bases[0], map_to_base(hash_to_field(message, 0)));
    TRY(out.bases[1], map_to_base(hash_to_field(message, 2)));
    out.point = add(out.bases[0].point, out.bases[1].point);
    // Infinity has x = 0, the generator and its negative x = 1.
    if (out.point.x < Uint256{2}) return std::unexpected(Bn254Error::kDegenerateHash);
    return out;
}

G1 hash_to_g1_legacy(BytesView message) noexcept {
    return multiply(g1_generator(), *from_big_endian(keccak256(message)));
}

bool verify_signature(const G1& signature, const G1& hash, const G2& key) {
    if (signature.is_infinity() || key.is_infinity()) return false;
    const std::array<Pair, 2> pairs = {Pair{negate(signature), g2_generator()}, Pair{hash, key}};
    return pairing_check(pairs);
}

}  // namespace butter::crypto::bn254
