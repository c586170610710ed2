// SPDX-License-Identifier: Apache-2.0
#include "butter/base/uint256.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <boost/multiprecision/cpp_int.hpp>

namespace butter {
namespace {

using Oracle = boost::multiprecision::uint256_t;

Oracle to_oracle(const Uint256& value) {
    Oracle out = 0;
    for (unsigned i = 4; i-- > 0;) out = (out << 64) | value.limbs[i];
    return out;
}

/// Numbers of every length: uniform limbs alone would almost never be short.
Uint256 any_number() {
    const auto limbs = *rc::gen::container<std::array<std::uint64_t, 4>>(rc::gen::arbitrary<std::uint64_t>());
    return Uint256{limbs} >> *rc::gen::inRange(0u, 256u);
}

void check(void (*property)()) { EXPECT_TRUE(rc::check("agrees with Boost.Multiprecision", property)); }

TEST(uint256, arithmetic_agrees_with_oracle) {
    check([] {
        const Uint256 a = any_number();
        const Uint256 b = any_number();
        const Oracle x = to_oracle(a);
        const Oracle y = to_oracle(b);
        RC_ASSERT(to_oracle(a + b) == x + y);
        RC_ASSERT(to_oracle(a - b) == x - y);
        RC_ASSERT(to_oracle(a * b) == x * y);
        RC_ASSERT((a < b) == (x < y));
        const unsigned shift = *rc::gen::inRange(0u, 300u);
        RC_ASSERT(to_oracle(a << shift) == (shift < 256 ? Oracle(x << shift) : Oracle(0)));
        RC_ASSERT(to_oracle(a >> shift) == (x >> shift));
        if (!b.is_zero()) {
            const auto [quotient, remainder] = divide(a, b);
            RC_ASSERT(to_oracle(quotient) == x / y);
            RC_ASSERT(to_oracle(remainder) == x % y);
        }
        RC_ASSERT(to_decimal(a) == x.str());
        RC_ASSERT(from_decimal(to_decimal(a)) == a);
        RC_ASSERT(from_big_endian(to_big_endian(a)) == a);
        RC_ASSERT(from_big_endian(to_minimal_big_endian(a)) == a);
        RC_ASSERT(from_quantity(to_quantity(a)) == a);
    });
}

TEST(uint256, checked_operations_report_overflow) {
    const Uint256 max = Uint256{} - 1;
    EXPECT_EQ(add_checked(max, 0), max);
    EXPECT_EQ(add_checked(max, 1), std::nullopt);
    EXPECT_EQ(mul_checked(max, 1), max);
    EXPECT_EQ(mul_checked(Uint256{1} << 128, Uint256{1} << 128), std::nullopt);
}

TEST(uint256, refuses_malformed_text) {
    EXPECT_EQ(from_decimal(""), std::nullopt);
    EXPECT_EQ(from_decimal("1x"), std::nullopt);
    EXPECT_EQ(from_decimal(to_decimal(Uint256{} - 1) + "0"), std::nullopt);
    EXPECT_EQ(from_quantity("0x"), std::nullopt);
    EXPECT_EQ(from_quantity("0x00"), std::nullopt);
    EXPECT_EQ(from_quantity("0xx00"), std::nullopt);  // a second prefix after an even number of digits
    EXPECT_EQ(from_quantity("0x1g"), std::nullopt);
    EXPECT_EQ(from_quantity("0x" + std::string(65, '1')), std::nullopt);
    EXPECT_EQ(from_quantity("12"), std::nullopt);
    EXPECT_EQ(from_big_endian(Bytes(33)), std::nullopt);
}

}  // namespace
}  // namespace butter
