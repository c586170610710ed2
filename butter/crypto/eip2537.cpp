// SPDX-License-Identifier: Apache-2.0
#include "butter/crypto/eip2537.hpp"

#include <blst.h>

#include <algorithm>

namespace butter::crypto::eip2537 {
namespace {

constexpr std::size_t kFpBytes = 48;
constexpr std::size_t kPaddedFpBytes = 64;
constexpr std::size_t kScalarBytes = 32;

constexpr FixedBytes<kFpBytes> kModulus = {
    {0x1a, 0x01, 0x11, 0xea, 0x39, 0x7f, 0xe6, 0x9a, 0x4b, 0x1b, 0xa7, 0xb6, 0x43, 0x4b, 0xac, 0xd7,
     0x64, 0x77, 0x4b, 0x84, 0xf3, 0x85, 0x12, 0xbf, 0x67, 0x30, 0xd2, 0xa0, 0xf6, 0xb0, 0xf6, 0x24,
     0x1e, 0xab, 0xff, 0xfe, 0xb1, 0x53, 0xff, 0xff, 0xb9, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xaa, 0xab}};

std::unexpected<Eip2537Error> fail(Eip2537Error error) { return std::unexpected(error); }

Result<blst_fp, Eip2537Error> decode_fp(BytesView padded) {
    constexpr std::size_t kPadding = kPaddedFpBytes - kFpBytes;
    const BytesView top = padded.first(kPadding);
    if (std::any_of(top.begin(), top.end(), [](std::uint8_t byte) { return byte != 0; })) {
        return fail(Eip2537Error::kTopBytes);
    }
    const auto value = to_fixed<kFpBytes>(padded.subspan(kPadding, kFpBytes));
    if (value >= kModulus) return fail(Eip2537Error::kFieldElement);
    blst_fp out;
    blst_fp_from_bendian(&out, value.data());
    return out;
}

Result<blst_fp2, Eip2537Error> decode_fp2(BytesView padded) {
    blst_fp2 out;
    TRY(out.fp[0], decode_fp(padded.first(kPaddedFpBytes)));
    TRY(out.fp[1], decode_fp(padded.subspan(kPaddedFpBytes, kPaddedFpBytes)));
    return out;
}

void append_fp(Bytes& out, const blst_fp& value) {
    out.insert(out.end(), kPaddedFpBytes - kFpBytes, 0);
    std::uint8_t bytes[kFpBytes];
    blst_bendian_from_fp(bytes, &value);
    append(out, bytes);
}

/// The two groups, as far as blst names their operations alike.
struct G1 {
    using Affine = blst_p1_affine;
    using Point = blst_p1;
    static constexpr std::size_t kBytes = 2 * kPaddedFpBytes;

    static Result<Affine, Eip2537Error> decode_coordinates(BytesView bytes) {
        Affine out;
        TRY(out.x, decode_fp(bytes.first(kPaddedFpBytes)));
        TRY(out.y, decode_fp(bytes.subspan(kPaddedFpBytes)));
        return out;
    }
    static bool is_infinity(const Affine& point) { return blst_p1_affine_is_inf(&point); }
    static bool is_on_curve(const Affine& point) { return blst_p1_affine_on_curve(&point); }
    static bool is_in_subgroup(const Affine& point) { return blst_p1_affine_in_g1(&point); }
    static void add(Point& sum, const Point& other) { blst_p1_add_or_double(&sum, &sum, &other); }
    static Point from_affine(const Affine& point) {
        Point out;
        blst_p1_from_affine(&out, &point);
        return out;
    }
    static Point multiply(const Affine& point, const std::uint8_t* scalar) {
        const Point in = from_affine(point);
        Point out;
        blst_p1_mult(&out, &in, scalar, 8 * kScalarBytes);
        return out;
    }
    static Bytes encode(const Point& point) {
        // The affine form of infinity is defined by the EIP, not left to the inversion of zero.
        if (blst_p1_is_inf(&point)) return Bytes(kBytes);
        Affine affine;
        blst_p1_to_affine(&affine, &point);
        Bytes out;
        append_fp(out, affine.x);
        append_fp(out, affine.y);
        return out;
    }
};

struct G2 {
    using Affine = blst_p2_affine;
    using Point = blst_p2;
    static constexpr std::size_t kBytes = 4 * kPaddedFpBytes;

    static Result<Affine, Eip2537Error> decode_coordinates(BytesView bytes) {
        Affine out;
        TRY(out.x, decode_fp2(bytes.first(2 * kPaddedFpBytes)));
        TRY(out.y, decode_fp2(bytes.subspan(2 * kPaddedFpBytes)));
        return out;
    }
    static bool is_infinity(const Affine& point) { return blst_p2_affine_is_inf(&point); }
    static bool is_on_curve(const Affine& point) { return blst_p2_affine_on_curve(&point); }
    static bool is_in_subgroup(const Affine& point) { return blst_p2_affine_in_g2(&point); }
    static void add(Point& sum, const Point& other) { blst_p2_add_or_double(&sum, &sum, &other); }
    static Point from_affine(const Affine& point) {
        Point out;
        blst_p2_from_affine(&out, &point);
        return out;
    }
    static Point multiply(const Affine& point, const std::uint8_t* scalar) {
        const Point in = from_affine(point);
        Point out;
        blst_p2_mult(&out, &in, scalar, 8 * kScalarBytes);
        return out;
    }
    static Bytes encode(const Point& point) {
        if (blst_p2_is_inf(&point)) return Bytes(kBytes);
        Affine affine;
        blst_p2_to_affine(&affine, &point);
        Bytes out;
        for (const blst_fp2* coordinate : {&affine.x, &affine.y}) {
            append_fp(out, coordinate->fp[0]);
            append_fp(out, coordinate->fp[1]);
        }
        return out;
    }
};

enum class Subgroup { kCheck = 1, kIgnore = 2 };

template <class Group>
Result<typename Group::Affine, Eip2537Error> decode_point(BytesView bytes, Subgroup subgroup) {
    TRY(const typename Group::Affine point, Group::decode_coordinates(bytes));
    if (Group::is_infinity(point)) return point;
    if (!Group::is_on_curve(point)) return fail(Eip2537Error::kNotOnCurve);
    if (subgroup == Subgroup::kCheck && !Group::is_in_subgroup(point)) {
        return fail(Eip2537Error::kNotInSubgroup);
    }
    return point;
}

template <class Group>
Result<Bytes, Eip2537Error> add(BytesView input) {
    if (input.size() != 2 * Group::kBytes) return fail(Eip2537Error::kInputLength);
    TRY(const auto a, decode_point<Group>(input.first(Group::kBytes), Subgroup::kIgnore));
    TRY(const auto b, decode_point<Group>(input.subspan(Group::kBytes), Subgroup::kIgnore));
    auto sum = Group::from_affine(a);
    Group::add(sum, Group::from_affine(b));
    return Group::encode(sum);
}

template <class Group>
Result<Bytes, Eip2537Error> multiply_and_sum(BytesView input) {
    constexpr std::size_t kPair = Group::kBytes + kScalarBytes;
    if (input.empty() || input.size() % kPair != 0) return fail(Eip2537Error::kInputLength);
    typename Group::Point sum{};
    for (; !input.empty(); input = input.subspan(kPair)) {
        TRY(const auto point, decode_point<Group>(input.first(Group::kBytes), Subgroup::kCheck));
        const BytesView big_endian = input.subspan(Group::kBytes, kScalarBytes);
        // Reduced modulo the group order, which blst's multiplication by endomorphism expects of 256 bits.
        blst_scalar scalar;
        blst_scalar_from_be_bytes(&scalar, big_endian.data(), big_endian.size());
        std::uint8_t little_endian[kScalarBytes];
        blst_lendian_from_scalar(little_endian, &scalar);
        const bool is_zero = std::all_of(std::begin(little_endian), std::end(little_endian),
                                         [](auto byte) { return byte == 0; });
        if (!is_zero && !Group::is_infinity(point)) Group::add(sum, Group::multiply(point, little_endian));
    }
    return Group::encode(sum);
}

}  // namespace

std::string_view to_string(Eip2537Error error) noexcept {
    switch (error) {
        case Eip2537Error::kInputLength:
            return "eip-2537 input of another length";
        case Eip2537Error::kTopBytes:
            return "eip-2537 field element with bytes above its 48";
        case Eip2537Error::kFieldElement:
            return "eip-2537 field element not below the modulus";
        case Eip2537Error::kNotOnCurve:
            return "eip-2537 point not on the curve";
        case Eip2537Error::kNotInSubgroup:
            return "eip-2537 point not in the subgroup";
    }
    return "unknown eip-2537 error";
}

Result<Bytes, Eip2537Error> g1_add(BytesView input) { return add<G1>(input); }
Result<Bytes, Eip2537Error> g1_msm(BytesView input) { return multiply_and_sum<G1>(input); }
Result<Bytes, Eip2537Error> g2_add(BytesView input) { return add<G2>(input); }
Result<Bytes, Eip2537Error> g2_msm(BytesView input) { return multiply_and_sum<G2>(input); }

Result<Bytes, Eip2537Error> pairing_check(BytesView input) {
    constexpr std::size_t kPair = G1::kBytes + G2::kBytes;
    if (input.empty() || input.size() % kPair != 0) return fail(Eip2537Error::kInputLength);
    blst_fp12 product = *blst_fp12_one();
    for (; !input.empty(); input = input.subspan(kPair)) {
        TRY(const auto g1, decode_point<G1>(input.first(G1::kBytes), Subgroup::kCheck));
        TRY(const auto g2, decode_point<G2>(input.subspan(G1::kBytes, G2::kBytes), Subgroup::kCheck));
        // The pairing with infinity is one.
        if (G1::is_infinity(g1) || G2::is_infinity(g2)) continue;
        blst_fp12 factor;
        blst_miller_loop(&factor, &g2, &g1);
        blst_fp12_mul(&product, &product, &factor);
    }
    blst_fp12 result;
    blst_final_exp(&result, &product);
    Bytes out(32);
    out.back() = blst_fp12_is_one(&result) ? 1 : 0;
    return out;
}

Result<Bytes, Eip2537Error> map_fp_to_g1(BytesView input) {
    if (input.size() != kPaddedFpBytes) return fail(Eip2537Error::kInputLength);
    TRY(const blst_fp element, decode_fp(input));
    blst_p1 point;
    blst_map_to_g1(&point, &element, nullptr);
    return G1::encode(point);
}

Result<Bytes, Eip2537Error> map_fp2_to_g2(BytesView input) {
    if (input.size() != 2 * kPaddedFpBytes) return fail(Eip2537Error::kInputLength);
    TRY(const blst_fp2 element, decode_fp2(input));
    blst_p2 point;
    blst_map_to_g2(&point, &element, nullptr);
    return G2::encode(point);
}

}  // namespace butter::crypto::eip2537
