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

/// Every byte at every place of a text longer than two blocks: digits are read many at a time.
TEST(hex, reads_every_character_at_every_place_alike) {
    const std::string good = "0123456789abcdefABCDEF0123456789fedcba98765432100f";
    for (std::size_t at = 0; at < good.size(); ++at) {
        for (int c = 0; c < 256; ++c) {
            std::string text = good;
            text[at] = static_cast<char>(c);
            std::string one(2, '0');
            one[at % 2] = text[at];
            Bytes byte(1);
            const bool is_digit = decode_hex_digits(one, byte);  // so few are read one by one
            Bytes out(text.size() / 2);
            ASSERT_EQ(decode_hex_digits(text, out), is_digit) << at << ' ' << c;
            if (is_digit) {
                const std::uint8_t mask = at % 2 == 0 ? 0xf0 : 0x0f;
                ASSERT_EQ(out[at / 2] & mask, byte[0]) << at << ' ' << c;
            }
        }
    }
}

}  // namespace
}  // namespace butter
