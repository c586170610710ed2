// SPDX-License-Identifier: Apache-2.0
#include "butter/crypto/eip2537.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>

#include "butter/base/hex.hpp"
#include "test/json/vectors.hpp"

namespace butter::crypto::eip2537 {
namespace {

using Operation = std::function<Result<Bytes, Eip2537Error>(BytesView)>;

const std::map<std::string, Operation> kOperations = {
    {"G1Add", g1_add},       {"G1Mul", g1_msm},        {"G1MultiExp", g1_msm},
    {"G2Add", g2_add},       {"G2Mul", g2_msm},        {"G2MultiExp", g2_msm},
    {"MapG1", map_fp_to_g1}, {"MapG2", map_fp2_to_g2}, {"Pairing", pairing_check},
};

TEST(eip2537, answers_as_the_published_vectors) {
    std::size_t count = 0;
    for (const auto& [name, operation] : kOperations) {
        for (const auto& vector : test::read_vectors("eip2537/geth_bls" + name + ".json").as_array()) {
            const auto output = operation(test::bytes_of(vector.at("Input")));
            ASSERT_TRUE(output.has_value()) << test::text_of(vector.at("Name")) << to_string(output.error());
            EXPECT_EQ(encode_hex(*output), encode_hex(test::bytes_of(vector.at("Expected"))))
                << test::text_of(vector.at("Name"));
            ++count;
        }
    }
    EXPECT_GT(count, 250u);
}

TEST(eip2537, refuses_the_published_invalid_vectors_for_their_reason) {
    const std::map<std::string_view, Eip2537Error> reasons = {
        {"invalid input length", Eip2537Error::kInputLength},
        {"invalid field element top bytes", Eip2537Error::kTopBytes},
        {"invalid fp.Element encoding", Eip2537Error::kFieldElement},
        {"invalid point: not on curve", Eip2537Error::kNotOnCurve},
        {"g1 point is not on correct subgroup", Eip2537Error::kNotInSubgroup},
        {"g2 point is not on correct subgroup", Eip2537Error::kNotInSubgroup},
    };
    std::map<Eip2537Error, unsigned> seen;
    for (const auto& [name, operation] : kOperations) {
        for (const auto& vector : test::read_vectors("eip2537/geth_fail-bls" + name + ".json").as_array()) {
            const Bytes input = test::bytes_of(vector.at("Input"));
            const auto output = operation(input);
            ASSERT_FALSE(output.has_value()) << test::text_of(vector.at("Name"));
            EXPECT_EQ(output.error(), reasons.at(test::text_of(vector.at("ExpectedError"))))
                << test::text_of(vector.at("Name"));
            ++seen[output.error()];
        }
    }
    EXPECT_EQ(seen.size(), 5u);
}

Bytes pair_with_scalar(BytesView point, std::string_view scalar) {
    return concat({point, hex_bytes(scalar)});
}

TEST(eip2537, takes_any_scalar_and_infinity) {
    const Bytes point = map_fp_to_g1(Bytes(64)).value();
    const std::string order = "73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001";
    const std::string order_and_one = "73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000002";
    EXPECT_EQ(g1_msm(pair_with_scalar(point, order)).value(), Bytes(128));
    EXPECT_EQ(g1_msm(pair_with_scalar(point, order_and_one)).value(), point);
    // 2^256 - 1, and two scalars that add up to it.
    const std::string ones(64, 'f');
    const std::string half = "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
    const std::string rest = "8" + std::string(63, '0');
    const Bytes sum = concat({pair_with_scalar(point, half), pair_with_scalar(point, rest)});
    EXPECT_EQ(g1_msm(pair_with_scalar(point, ones)).value(), g1_msm(sum).value());
    EXPECT_EQ(g1_msm(pair_with_scalar(Bytes(128), ones)).value(), Bytes(128));
    EXPECT_EQ(g1_add(concat({point, Bytes(128)})).value(), point);
    EXPECT_EQ(g1_add(concat({point, point})).value(),
              g1_msm(pair_with_scalar(point, std::string(63, '0') + "2")).value());
    const Bytes twisted = map_fp2_to_g2(Bytes(128)).value();
    EXPECT_EQ(g2_msm(pair_with_scalar(twisted, order)).value(), Bytes(256));
    EXPECT_EQ(g2_add(concat({twisted, Bytes(256)})).value(), twisted);
    Bytes one(32);
    one.back() = 1;
    EXPECT_EQ(pairing_check(concat({point, Bytes(256)})).value(), one);
    EXPECT_EQ(pairing_check(concat({Bytes(128), twisted})).value(), one);
    EXPECT_EQ(pairing_check(concat({point, twisted})).value(), Bytes(32));
}

TEST(eip2537, every_error_has_a_text) {
    for (int i = 1; i <= 5; ++i) {
        EXPECT_NE(to_string(static_cast<Eip2537Error>(i)), "unknown eip-2537 error");
    }
}

}  // namespace
}  // namespace butter::crypto::eip2537
