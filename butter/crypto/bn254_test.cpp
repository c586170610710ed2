// SPDX-License-Identifier: Apache-2.0
#include "butter/crypto/bn254.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "butter/base/hex.hpp"
#include "butter/crypto/bn254_field.hpp"
#include "test/json/vectors.hpp"

namespace butter::crypto::bn254 {
namespace {

using test::read_vectors;

TEST(bn254, hash_to_g1_agrees_with_the_chain) {
    const auto vectors = read_vectors("map/hash_to_g1.json").at("cases");
    std::size_t count = 0;
    for (const auto& entry : vectors.as_array()) {
        const auto& object = entry.as_object();
        const Bytes message = hex_bytes(object.at("msg").as_string().c_str());
        const auto hash = hash_to_g1(message);
        ASSERT_TRUE(hash.has_value());
        const auto text = [](const Uint256& value) { return encode_hex(to_big_endian(value)); };
        EXPECT_EQ(text(hash->point.x), encode_hex(to_big_endian(*from_big_endian(
                                           hex_bytes(object.at("H").as_array()[0].as_string().c_str())))));
        EXPECT_EQ(text(hash->point.y), encode_hex(to_big_endian(*from_big_endian(
                                           hex_bytes(object.at("H").as_array()[1].as_string().c_str())))));
        EXPECT_EQ(hash->bases[0].roots.size(), hash->bases[0].candidate);
        ++count;
    }
    EXPECT_GE(count, 20u);
}

TEST(bn254, signatures_verify_and_tampered_ones_do_not) {
    const Uint256 secret = *from_decimal("123456789012345678901234567890");
    const G2 key = multiply(g2_generator(), secret);
    const G1 hash = hash_to_g1(as_bytes("message"))->point;
    const G1 signature = multiply(hash, secret);
    EXPECT_TRUE(validate(key).has_value());
    EXPECT_TRUE(verify_signature(signature, hash, key));
    EXPECT_FALSE(verify_signature(add(signature, g1_generator()), hash, key));
    EXPECT_FALSE(verify_signature(signature, hash_to_g1(as_bytes("massage"))->point, key));
    EXPECT_FALSE(verify_signature(signature, hash, add(key, g2_generator())));
    EXPECT_FALSE(verify_signature(G1{}, hash, G2{}));
}

TEST(bn254, refuses_points_that_are_none) {
    EXPECT_EQ(validate(G1{field_modulus(), 2}).error(), Bn254Error::kNotCanonical);
    EXPECT_EQ(validate(G1{1, 3}).error(), Bn254Error::kNotOnCurve);
    EXPECT_TRUE(validate(G1{}).has_value());
    EXPECT_EQ(validate(G2{field_modulus(), 0, 0, 0}).error(), Bn254Error::kNotCanonical);
    EXPECT_EQ(validate(G2{1, 2, 3, 4}).error(), Bn254Error::kNotOnCurve);
    EXPECT_TRUE(validate(g2_generator()).has_value());
}

TEST(bn254, pairing_agrees_with_the_precompile) {
    const auto vectors = read_vectors("bn254/geth_bn256Pairing.json");
    for (const auto& entry : vectors.as_array()) {
        const auto& object = entry.as_object();
        const Bytes input = hex_bytes(object.at("Input").as_string().c_str());
        std::vector<Pair> pairs;
        for (std::size_t at = 0; at + 192 <= input.size(); at += 192) {
            const BytesView view = BytesView(input).subspan(at, 192);
            pairs.push_back({decode_g1(to_fixed<64>(view.first(64))).value(),
                             decode_g2(to_fixed<128>(view.subspan(64))).value()});
        }
        const std::string expected = object.at("Expected").as_string().c_str();
        EXPECT_EQ(pairing_check(pairs), expected.back() == '1') << object.at("Name").as_string();
    }
}

/// A root of `a` in Fp2, when it has one (Adj and Rodriguez-Henriquez, 2012).
std::optional<field::Fp2> find_root(const field::Fp2& a) {
    const field::Fp2 minus_one = -field::Fp2{field::one(), {}};
    const field::Fp2 a1 = field::power(a, (field_modulus() - 3) >> 2);
    const field::Fp2 alpha = field::square(a1) * a;
    const field::Fp2 x0 = a1 * a;
    field::Fp2 root{-x0.im, x0.re};
    if (alpha != minus_one) root = field::power(alpha - minus_one, (field_modulus() - 1) >> 1) * x0;
    if (field::square(root) != a) return std::nullopt;
    return root;
}

/// The check by the Frobenius map against the one by the group's order.
TEST(bn254, subgroup_is_what_the_order_annihilates) {
    std::size_t outside = 0;
    for (std::uint64_t i = 1; i < 40; ++i) {
        const field::Fp2 x{field::to_montgomery(i), field::to_montgomery(i * i + 1)};
        const field::Fp2 b =
            field::Fp2{field::to_montgomery(3), {}} * field::inverse(field::times_xi({field::one(), {}}));
        const auto y = find_root(field::square(x) * x + b);
        if (!y) continue;
        const G2 point{field::from_montgomery(x.im), field::from_montgomery(x.re),
                       field::from_montgomery(y->im), field::from_montgomery(y->re)};
        const bool is_inside = multiply(point, group_order()).is_infinity();
        EXPECT_EQ(validate(point).has_value(), is_inside) << i;
        outside += is_inside ? 0 : 1;
        // The cofactor is 2p - r; times it, every point is inside.
        const G2 inside = multiply(point, field_modulus() + (field_modulus() - group_order()));
        EXPECT_TRUE(multiply(inside, group_order()).is_infinity());
        EXPECT_TRUE(validate(inside).has_value()) << i;
    }
    EXPECT_GT(outside, 5u);
    EXPECT_TRUE(validate(G2{}).has_value());
}

}  // namespace
}  // namespace butter::crypto::bn254
