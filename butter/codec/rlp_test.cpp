// SPDX-License-Identifier: Apache-2.0
#include "butter/codec/rlp.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "butter/base/hex.hpp"
#include "test/json/vectors.hpp"

namespace butter::codec {
namespace {

/// The encoding of a vector's `in`: text, "#" and a decimal number, a number, or a list of these.
Bytes encode_json(const boost::json::value& value) {
    if (value.is_array()) {
        Bytes items;
        for (const auto& item : value.get_array()) append(items, encode_json(item));
        return encode_rlp_list(items);
    }
    if (value.is_number()) return encode_rlp_uint(value.to_number<std::uint64_t>());
    const std::string_view text = test::text_of(value);
    if (text.starts_with('#')) {
        // Numbers above 256 bits are not what our integers are: their digits stand in the output already.
        const auto number = from_decimal(text.substr(1));
        if (!number) return {};
        Bytes out;
        append_rlp_uint(out, *number);
        return out;
    }
    return encode_rlp_bytes(as_bytes(text));
}

/// Reads an item all the way down and writes it again.
Bytes reencode(const RlpItem& item) {
    if (!item.is_list) return encode_rlp_bytes(item.payload);
    Bytes items;
    for (RlpReader reader(item.payload); !reader.is_done();) append(items, reencode(reader.next().value()));
    return encode_rlp_list(items);
}

TEST(rlp, writes_and_reads_the_published_vectors) {
    const auto vectors = test::read_vectors("rlp/rlptest.json");
    unsigned encoded = 0;
    for (const auto& [name, vector] : vectors.as_object()) {
        const Bytes expected = test::bytes_of(vector.at("out"));
        const Bytes written = encode_json(vector.at("in"));
        if (!written.empty()) {
            EXPECT_EQ(encode_hex(written), encode_hex(expected)) << name;
            ++encoded;
        }
        ASSERT_TRUE(validate_rlp(expected).has_value()) << name;
        EXPECT_EQ(encode_hex(reencode(decode_rlp(expected).value())), encode_hex(expected)) << name;
    }
    EXPECT_GE(encoded + 1, vectors.as_object().size());
}

TEST(rlp, refuses_the_published_invalid_vectors) {
    const std::pair<std::string_view, RlpError> expected[] = {
        {"int32Overflow", RlpError::kInputTooShort},
        {"wrongSizeList", RlpError::kNonCanonicalSize},
        {"incorrectLengthInArray", RlpError::kNonCanonicalSize},
        {"bytesShouldBeSingleByte00", RlpError::kNonCanonicalByte},
        {"bytesShouldBeSingleByte7F", RlpError::kNonCanonicalByte},
        {"leadingZerosInLongLengthArray2", RlpError::kNonCanonicalSize},
        {"leadingZerosInLongLengthList2", RlpError::kNonCanonicalSize},
        {"nonOptimalLongLengthArray2", RlpError::kNonCanonicalSize},
        {"nonOptimalLongLengthList2", RlpError::kNonCanonicalSize},
        {"lessThanShortLengthArray1", RlpError::kInputTooShort},
        {"lessThanShortLengthList1", RlpError::kInputTooShort},
        {"lessThanLongLengthArray1", RlpError::kInputTooShort},
        {"lessThanLongLengthList1", RlpError::kInputTooShort},
    };
    const auto vectors = test::read_vectors("rlp/invalidRLPTest.json");
    EXPECT_EQ(vectors.as_object().size(), std::size(expected));
    for (const auto& [name, error] : expected) {
        const Bytes input = test::bytes_of(vectors.at(name).at("out"));
        const auto result = validate_rlp(input);
        ASSERT_FALSE(result.has_value()) << name;
        EXPECT_EQ(result.error(), error) << name << ": " << to_string(result.error());
    }
}

RlpError list_error(std::string_view hex) { return decode_rlp_list(hex_bytes(hex)).error(); }
RlpError u64_error(std::string_view hex) {
    const Bytes input = hex_bytes(hex);
    return RlpReader(input).next_u64().error();
}

TEST(rlp, reports_what_is_wrong) {
    EXPECT_EQ(list_error(""), RlpError::kInputTooShort);
    EXPECT_EQ(list_error("c000"), RlpError::kTrailingBytes);
    EXPECT_EQ(list_error("83010203"), RlpError::kUnexpectedString);
    EXPECT_EQ(list_error("bfffffffffffffffff"), RlpError::kLengthTooLarge);
    EXPECT_EQ(u64_error("c0"), RlpError::kUnexpectedList);
    EXPECT_EQ(u64_error("00"), RlpError::kLeadingZero);
    EXPECT_EQ(u64_error("820001"), RlpError::kLeadingZero);
    EXPECT_EQ(u64_error("89010000000000000000"), RlpError::kIntegerTooLarge);
    const Bytes wide = concat({hex_bytes("a1"), Bytes(33, 1)});
    EXPECT_EQ(RlpReader(wide).next_uint256().error(), RlpError::kIntegerTooLarge);
    const Bytes address = concat({hex_bytes("94"), Bytes(20, 7)});
    EXPECT_EQ(RlpReader(address).next_fixed<20>().value(), to_fixed<20>(Bytes(20, 7)));
    EXPECT_EQ(RlpReader(address).next_fixed<32>().error(), RlpError::kWrongSize);
    EXPECT_EQ(RlpReader(address).finish().error(), RlpError::kTrailingBytes);
}

TEST(rlp, bounds_the_nesting) {
    Bytes nested = encode_rlp_list({});
    for (unsigned depth = 1; depth < kRlpDepthMax; ++depth) nested = encode_rlp_list(nested);
    EXPECT_TRUE(validate_rlp(nested).has_value());
    EXPECT_EQ(validate_rlp(encode_rlp_list(nested)).error(), RlpError::kTooDeep);
}

TEST(rlp, every_error_has_a_text) {
    for (int i = 1; i <= 11; ++i) EXPECT_NE(to_string(static_cast<RlpError>(i)), "unknown rlp error");
}

TEST(rlp, round_trips_strings_and_numbers) {
    EXPECT_TRUE(rc::check([](const Bytes& bytes, std::uint64_t number) {
        Bytes items;
        append_rlp_bytes(items, bytes);
        append_rlp_uint(items, number >> *rc::gen::inRange(0, 64));
        append_rlp_list(items, Bytes(items));
        RlpReader reader(items);
        RC_ASSERT(equal(reader.next_bytes().value(), bytes));
        RC_ASSERT(encode_rlp_uint(reader.next_u64().value()).size() <= 9);
        RC_ASSERT(reader.next_list().has_value());
        RC_ASSERT(reader.finish().has_value());
    }));
}

/// What is accepted is the only encoding of what was read.
TEST(rlp, accepts_only_what_it_would_write) {
    EXPECT_TRUE(rc::check([](std::vector<std::uint8_t> input) {
        if (!input.empty()) input[0] |= *rc::gen::element<std::uint8_t>(0, 0x80, 0xb8, 0xc0, 0xf8);
        if (validate_rlp(input)) RC_ASSERT(reencode(decode_rlp(input).value()) == input);
    }));
}

}  // namespace
}  // namespace butter::codec
