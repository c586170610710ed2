// SPDX-License-Identifier: Apache-2.0
#include "butter/crypto/bn254_limbs.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "butter/base/uint256.hpp"

namespace butter::crypto::bn254::field {
namespace {

/// Values about the ends of the range and of limbs, and random ones.
std::vector<Limbs> operands() {
    const Uint256 modulus{kModulus};
    std::vector<Limbs> out;
    for (std::uint64_t i = 0; i < 3; ++i) {
        out.push_back(Uint256{i}.limbs);
        out.push_back((modulus - (i + 1)).limbs);
        out.push_back(((modulus >> 1) - i).limbs);
    }
    const std::uint64_t ones = ~std::uint64_t{0};
    out.push_back({ones, 0, 0, 0});
    out.push_back({ones, ones, 0, 0});
    out.push_back({ones, ones, ones, 0});
    out.push_back({ones, ones, ones, kModulus[3] - 1});
    out.push_back({0, 0, 0, kModulus[3]});
    out.push_back({kModulus[0], kModulus[1], kModulus[2], 0});
    out.push_back({0, ones, 0, 1});
    std::mt19937_64 random(11);  // NOLINT: the same inputs every time
    while (out.size() < 60) {
        Limbs limbs;
        for (std::uint64_t& limb : limbs) limb = random();
        limbs[3] %= kModulus[3];
        out.push_back(limbs);
    }
    return out;
}

/// a b, by doubling and adding.
Limbs slow_product(const Limbs& a, const Limbs& b) {
    Limbs out{};
    for (unsigned i = 256; i-- > 0;) {
        out = portable::add(out, out);
        if (Uint256{b}.bit(i)) out = portable::add(out, a);
    }
    return out;
}

TEST(bn254_limbs, sums_and_differences_are_those_of_large_numbers) {
    const Uint256 modulus{kModulus};
    for (const Limbs& a : operands()) {
        for (const Limbs& b : operands()) {
            const Uint256 sum = Uint256{a} + Uint256{b};  // two bits are free
            EXPECT_EQ(portable::add(a, b), (sum < modulus ? sum : sum - modulus).limbs);
            const Uint256 lifted = Uint256{a} < Uint256{b} ? Uint256{a} + modulus : Uint256{a};
            EXPECT_EQ(portable::subtract(a, b), (lifted - Uint256{b}).limbs);
        }
    }
}

TEST(bn254_limbs, products_are_those_of_doubling_and_adding) {
    Limbs r2 = {1, 0, 0, 0};
    for (int i = 0; i < 512; ++i) r2 = portable::add(r2, r2);
    for (const Limbs& a : operands()) {
        const Limbs lifted = portable::multiply(a, r2);
        for (const Limbs& b : operands()) ASSERT_EQ(portable::multiply(lifted, b), slow_product(a, b));
    }
}

TEST(bn254_limbs, sum_of_two_products_is_reduced_once) {
    const std::vector<Limbs> all = operands();
    for (const Limbs& a : all) {
        for (const Limbs& b : all) {
            const Limbs& c = all[(a[0] ^ b[1]) % all.size()];
            for (const Limbs& d : {all[1], all[(a[2] ^ b[0]) % all.size()]}) {
                ASSERT_EQ(portable::multiply_add(a, b, c, d),
                          portable::add(portable::multiply(a, b), portable::multiply(c, d)));
            }
        }
    }
    // The largest there is.
    const Limbs most = (Uint256{kModulus} - 1).limbs;
    EXPECT_EQ(portable::multiply_add(most, most, most, most),
              portable::add(portable::multiply(most, most), portable::multiply(most, most)));
}

#ifdef BUTTER_BN254_X86

TEST(bn254_limbs, assembly_agrees_with_the_portable_path) {
    const std::vector<Limbs> all = operands();
    for (const Limbs& a : all) {
        for (const Limbs& b : all) {
            ASSERT_EQ(x86::add(a, b), portable::add(a, b));
            ASSERT_EQ(x86::subtract(a, b), portable::subtract(a, b));
            if (!kHasAdx) continue;
            ASSERT_EQ(x86::multiply(a, b), portable::multiply(a, b));
            for (const Limbs& c : {all[0], all[1], all[4], all[(a[0] ^ b[3]) % all.size()]})
                ASSERT_EQ(x86::multiply_add(a, b, c, a), portable::multiply_add(a, b, c, a));
        }
    }
}

TEST(bn254_limbs, long_chains_agree_too) {
    if (!kHasAdx) GTEST_SKIP() << "the processor has no adx";
    Limbs a = {1, 2, 3, 4};
    Limbs b = {5, 6, 7, 8};
    Limbs c = a;
    Limbs d = b;
    for (int i = 0; i < 200'000; ++i) {
        const Limbs fast = x86::subtract(x86::multiply_add(a, b, b, b), x86::add(a, x86::multiply(a, a)));
        const Limbs slow = portable::subtract(portable::multiply_add(c, d, d, d),
                                              portable::add(c, portable::multiply(c, c)));
        a = b;
        b = fast;
        c = d;
        d = slow;
        ASSERT_EQ(fast, slow) << i;
    }
}

#endif

}  // namespace
}  // namespace butter::crypto::bn254::field
