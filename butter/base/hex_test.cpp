// SPDX-License-Identifier: Apache-2.0
#include "butter/base/hex.hpp"

#include <gtest/gtest.h>

namespace butter {
namespace {

TEST(hex, round_trips_every_byte) {
    Bytes all;
    for (int i = 0; i < 256; ++i) all.push_back(static_cast<std::uint8_t>(i));
    EXPECT_EQ(decode_hex(encode_hex(all)).value(), all);
    EXPECT_EQ(decode_hex(encode_hex_bare(all)).value(), all);
}

TEST(hex, refuses_malformed_text) {
    EXPECT_EQ(decode_hex("0x123").error(), HexError::kOddLength);
    EXPECT_EQ(decode_hex("0xzz").error(), HexError::kBadDigit);
    EXPECT_EQ(decode_hex_fixed<2>("0x010203").error(), HexError::kWrongSize);
}

TEST(hex, quantities_are_minimal) {
    EXPECT_EQ(encode_quantity(0), "0x0");
    EXPECT_EQ(encode_quantity(0x1a2b), "0x1a2b");
    EXPECT_EQ(decode_quantity("0xffffffffffffffff").value(), ~std::uint64_t{0});
    EXPECT_EQ(decode_quantity("0x10000000000000000").error(), HexError::kTooLarge);
    EXPECT_EQ(decode_quantity("0x").error(), HexError::kNotMinimal);
    EXPECT_EQ(decode_quantity("0x01").error(), HexError::kNotMinimal);
    EXPECT_EQ(decode_quantity("17").error(), HexError::kMissingPrefix);
    EXPECT_EQ(decode_quantity("0xg").error(), HexError::kBadDigit);
}

}  // namespace
}  // namespace butter
