// SPDX-License-Identifier: Apache-2.0
#include "butter/codec/abi.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "butter/base/hex.hpp"
#include "butter/crypto/keccak.hpp"
#include "test/json/vectors.hpp"

namespace butter::codec {
namespace {

AbiType type_of(std::string_view text) { return parse_abi_type(text).value(); }

Uint256 number_of(std::string_view text) {
    if (text.starts_with('-')) return Uint256{} - from_decimal(text.substr(1)).value();
    return from_decimal(text).value();
}

/// The value of a vector's `verbose` tree.
AbiValue value_of(const AbiType& type, const boost::json::value& verbose) {
    const auto& value = verbose.at("value");
    const auto components = [&] {
        std::vector<AbiValue> out;
        const bool is_tuple = type.kind == AbiType::Kind::kTuple;
        for (std::size_t i = 0; i < value.as_array().size(); ++i) {
            out.push_back(value_of(type.components[is_tuple ? i : 0], value.as_array()[i]));
        }
        return out;
    };
    switch (type.kind) {
        case AbiType::Kind::kUint:
        case AbiType::Kind::kInt:
            return AbiValue::number(number_of(test::text_of(value)));
        case AbiType::Kind::kAddress:
            return AbiValue::address(test::fixed_of<20>(value));
        case AbiType::Kind::kBool:
            return AbiValue::boolean(value.as_bool());
        case AbiType::Kind::kFixedBytes:
            return AbiValue::fixed_bytes(test::bytes_of(value));
        case AbiType::Kind::kBytes:
            return AbiValue::bytes(test::bytes_of(value));
        case AbiType::Kind::kString:
            return AbiValue::string(test::text_of(value));
        case AbiType::Kind::kArray:
            return AbiValue::array(components());
        case AbiType::Kind::kFixedArray:
        case AbiType::Kind::kTuple:
            return AbiValue::tuple(components());
    }
    return {};
}

/// The value of plain JSON: numbers as decimal or 0x text, perhaps with a sign.
AbiValue plain_value_of(const AbiType& type, const boost::json::value& value) {
    switch (type.kind) {
        case AbiType::Kind::kUint:
        case AbiType::Kind::kInt: {
            std::string_view text = test::text_of(value);
            const bool is_negative = text.starts_with('-');
            text.remove_prefix(is_negative ? 1 : 0);
            const std::string digits(text.substr(2));
            const Uint256 number =
                *from_big_endian(hex_bytes(digits.size() % 2 != 0 ? "0" + digits : digits));
            return AbiValue::number(is_negative ? Uint256{} - number : number);
        }
        case AbiType::Kind::kAddress:
            return AbiValue::address(test::fixed_of<20>(value));
        case AbiType::Kind::kBool:
            return AbiValue::boolean(value.as_bool());
        case AbiType::Kind::kFixedBytes:
            return AbiValue::fixed_bytes(test::bytes_of(value));
        case AbiType::Kind::kBytes:
            return AbiValue::bytes(test::bytes_of(value));
        case AbiType::Kind::kString:
            return AbiValue::string(test::text_of(value));
        case AbiType::Kind::kArray:
        case AbiType::Kind::kFixedArray:
        case AbiType::Kind::kTuple:
            break;
    }
    std::vector<AbiValue> out;
    for (const auto& element : value.as_array()) out.push_back(plain_value_of(type.components[0], element));
    return type.kind == AbiType::Kind::kArray ? AbiValue::array(out) : AbiValue::tuple(out);
}

TEST(abi, writes_and_reads_the_published_vectors) {
    const auto vectors = test::read_vectors("abi/ethers_abi.json");
    EXPECT_GT(vectors.as_array().size(), 100u);
    for (const auto& vector : vectors.as_array()) {
        const std::string name(test::text_of(vector.at("name")));
        const AbiType type = type_of(test::text_of(vector.at("type")));
        const AbiValue value = value_of(type, vector.at("verbose"));
        const Bytes expected = test::bytes_of(vector.at("encoded"));
        EXPECT_EQ(encode_hex(encode_abi({value})), encode_hex(expected)) << name;
        const auto decoded = decode_abi(type, expected);
        ASSERT_TRUE(decoded.has_value()) << name << ": " << to_string(decoded.error());
        EXPECT_EQ(*decoded, value) << name;
        EXPECT_EQ(parse_abi_type(to_string(type)).value(), type) << name;
    }
}

TEST(abi, reads_several_parameters) {
    const auto vector = test::read_vectors("abi/basic_abi_tests.json").at("GithubWikiTest");
    const Bytes data = test::bytes_of(vector.at("result"));
    const auto values = decode_abi(parse_abi_types("uint256,uint32[],bytes10,bytes").value(), data).value();
    EXPECT_EQ(values[0].as_u64(), 291u);
    EXPECT_EQ(values[1][1].as_u64(), 1929u);
    EXPECT_EQ(values[2].as_fixed<10>(), to_fixed<10>(as_bytes("1234567890")));
    EXPECT_EQ(values[3].as_string(), "Hello, world!");
    EXPECT_EQ(encode_abi(values), data);

    AbiReader reader(data);
    EXPECT_EQ(reader.next_uint(64).value(), 291u);
    auto array = reader.next_array(32).value();
    EXPECT_EQ(array.count, 2u);
    EXPECT_EQ(array.elements.next_uint(32).value(), 1110u);
    EXPECT_EQ(reader.next_fixed<10>().value(), to_fixed<10>(as_bytes("1234567890")));
    EXPECT_TRUE(equal(reader.next_bytes().value(), as_bytes("Hello, world!")));
}

TEST(abi, packs_as_the_published_vectors) {
    const auto vectors = test::read_vectors("abi/ethers_solidity_packed_hashes.json");
    EXPECT_GT(vectors.as_array().size(), 100u);
    for (const auto& vector : vectors.as_array()) {
        std::vector<AbiType> types;
        std::vector<AbiValue> values;
        for (std::size_t i = 0; i < vector.at("types").as_array().size(); ++i) {
            types.push_back(type_of(test::text_of(vector.at("types").at(i))));
            values.push_back(plain_value_of(types.back(), vector.at("values").at(i)));
        }
        const auto packed = encode_abi_packed(types, values);
        ASSERT_TRUE(packed.has_value()) << test::text_of(vector.at("name"));
        EXPECT_EQ(crypto::keccak256(*packed), test::hash_of(vector.at("keccak256")))
            << test::text_of(vector.at("name"));
    }
}

TEST(abi, packs_only_what_the_mode_defines) {
    const auto error_of = [](std::string_view types, const std::vector<AbiValue>& values) {
        const auto packed = encode_abi_packed(parse_abi_types(types).value(), values);
        return packed ? AbiError{} : packed.error();
    };
    const AbiValue number = AbiValue::number(1);
    const AbiValue text = AbiValue::string("a");
    EXPECT_EQ(
        encode_hex(encode_abi_packed(parse_abi_types("uint8,string,bytes2[1]").value(),
                                     {number, text, AbiValue::tuple({AbiValue::fixed_bytes(Bytes{7, 8})})})
                       .value()),
        "0x01610708" + std::string(60, '0'));
    EXPECT_EQ(error_of("(uint8)", {AbiValue::tuple({number})}), AbiError::kBadType);
    EXPECT_EQ(error_of("string[]", {AbiValue::array({text})}), AbiError::kBadType);
    EXPECT_EQ(error_of("uint8", {text}), AbiError::kBadType);
    EXPECT_EQ(error_of("string", {number}), AbiError::kBadType);
    EXPECT_EQ(error_of("uint8[2]", {AbiValue::tuple({number})}), AbiError::kBadType);
    EXPECT_EQ(error_of("uint8", {}), AbiError::kBadType);
    EXPECT_EQ(error_of("uint8", {AbiValue::number(256)}), AbiError::kDirtyPadding);
}

std::string word(std::string_view digits) { return std::string(64 - digits.size(), '0').append(digits); }

/// The error of `types` in words of hex, each filled up from the left.
AbiError decode_error(std::string_view types, std::initializer_list<std::string_view> words) {
    std::string hex;
    for (std::string_view digits : words) hex += word(digits);
    const auto result = decode_abi(parse_abi_types(types).value(), hex_bytes(hex));
    EXPECT_FALSE(result.has_value()) << types;
    return result ? AbiError{} : result.error();
}

TEST(abi, refuses_what_the_encoder_would_not_write) {
    const std::string ones(64, 'f');
    EXPECT_EQ(decode_error("uint256", {}), AbiError::kInputTooShort);
    EXPECT_EQ(decode_error("uint256", {"1", "2"}), AbiError::kTrailingBytes);
    EXPECT_EQ(decode_error("bool", {"2"}), AbiError::kDirtyPadding);
    EXPECT_EQ(decode_error("address", {"10000000000000000000000000000000000000000"}),
              AbiError::kDirtyPadding);
    EXPECT_EQ(decode_error("uint8", {"100"}), AbiError::kDirtyPadding);
    EXPECT_EQ(decode_error("int8", {"80"}), AbiError::kDirtyPadding);
    EXPECT_EQ(decode_error("bytes4", {"1"}), AbiError::kDirtyPadding);
    // An offset into the head, one that leaves a gap, one past the end.
    EXPECT_EQ(decode_error("bytes", {"0", "0"}), AbiError::kOffsetOutOfRange);
    EXPECT_EQ(decode_error("bytes", {"40", "0", "0"}), AbiError::kOffsetOutOfRange);
    EXPECT_EQ(decode_error("bytes", {ones, "0"}), AbiError::kOffsetOutOfRange);
    // Two parameters that share a tail.
    EXPECT_EQ(decode_error("bytes,bytes", {"40", "40", "0"}), AbiError::kOffsetOutOfRange);
    EXPECT_EQ(decode_error("bytes", {"20"}), AbiError::kInputTooShort);
    EXPECT_EQ(decode_error("bytes", {"20", "1"}), AbiError::kLengthOutOfRange);
    EXPECT_EQ(decode_error("bytes", {"20", ones}), AbiError::kLengthOutOfRange);
    EXPECT_EQ(decode_error("bytes", {"20", "1", ones}), AbiError::kDirtyPadding);
    EXPECT_EQ(decode_error("uint256[]", {"20", "2", "1"}), AbiError::kLengthOutOfRange);
    EXPECT_EQ(decode_error("uint256[]", {"20", ones, "1"}), AbiError::kLengthOutOfRange);
    EXPECT_EQ(decode_error("(uint8,bytes)", {"20", "100", "40", "0"}), AbiError::kDirtyPadding);
    Bytes unpadded = hex_bytes(word("20") + word("1") + "aa");
    EXPECT_EQ(decode_abi(type_of("bytes"), unpadded).error(), AbiError::kInputTooShort);
}

TEST(abi, reader_checks_bounds) {
    const auto reader_of = [](std::string_view hex) {
        static Bytes input;
        input = hex_bytes(hex);
        return AbiReader(input);
    };
    const std::string ones(64, 'f');
    EXPECT_EQ(reader_of("").next_word().error(), AbiError::kInputTooShort);
    EXPECT_EQ(reader_of(word("10000000000000000")).next_uint(64).error(), AbiError::kDirtyPadding);
    EXPECT_EQ(reader_of(word("2")).next_bool().error(), AbiError::kDirtyPadding);
    EXPECT_EQ(reader_of(ones).next_address().error(), AbiError::kDirtyPadding);
    EXPECT_EQ(reader_of(ones).next_fixed<31>().error(), AbiError::kDirtyPadding);
    EXPECT_EQ(reader_of(ones).next_bytes().error(), AbiError::kOffsetOutOfRange);
    EXPECT_EQ(reader_of(word("40")).next_tuple().error(), AbiError::kOffsetOutOfRange);
    EXPECT_EQ(reader_of(word("20")).next_bytes().error(), AbiError::kInputTooShort);
    EXPECT_EQ(reader_of(word("20") + word("21") + ones).next_bytes().error(), AbiError::kLengthOutOfRange);
    EXPECT_EQ(reader_of(word("20") + word("1") + "aa").next_bytes().error(), AbiError::kInputTooShort);
    EXPECT_EQ(reader_of(word("20") + word("1") + ones).next_bytes().error(), AbiError::kDirtyPadding);
    EXPECT_EQ(reader_of(word("20") + word("2") + word("1")).next_array(32).error(),
              AbiError::kLengthOutOfRange);
    // A tuple that contains itself.
    const Bytes zeros(32);
    AbiReader reader(zeros);
    for (unsigned depth = 0; depth < kAbiDepthMax; ++depth) reader = reader.next_tuple().value();
    EXPECT_EQ(reader.next_tuple().error(), AbiError::kTooDeep);
}

TEST(abi, parses_types) {
    EXPECT_EQ(to_string(type_of("uint")), "uint256");
    EXPECT_EQ(to_string(type_of("tuple(int,bytes[2][])[3]")), "(int256,bytes[2][])[3]");
    EXPECT_EQ(type_of("(uint8[2],bool)[3]").head_words(), 9u);
    EXPECT_EQ(type_of("string[3]").head_words(), 1u);
    const AbiSignature signature = parse_abi_signature("transfer(address,uint)").value();
    EXPECT_EQ(to_string(signature), "transfer(address,uint256)");
    EXPECT_EQ(encode_hex(selector(to_string(signature))), "0xa9059cbb");
    EXPECT_EQ(parse_abi_signature("f()").value().parameters.size(), 0u);
}

TEST(abi, refuses_text_that_is_no_type) {
    for (std::string_view text :
         {"",           "uint7",         "uint264",    "uint08",   "uint0",
          "int-8",      "bytes33",       "bytes0",     "bytes01",  "byte",
          "()",         "tuple",         "tuple()",    "(uint256", "uint256)",
          "(uint256,)", "uint256[0]",    "uint256[",   "uint256]", "uint256[-1]",
          "uint256 ",   "uint256[4097]", "(uint256))", ")(",       "address payable"}) {
        const auto type = parse_abi_type(text);
        ASSERT_FALSE(type.has_value()) << text;
        EXPECT_EQ(type.error(), AbiError::kBadType) << text;
    }
    for (std::string_view text : {"", "f", "f(", "(uint256)", "1f()", "f(uint256", "f(uint256),", "f g()"}) {
        ASSERT_FALSE(parse_abi_signature(text).has_value()) << text;
        EXPECT_EQ(parse_abi_signature(text).error(), AbiError::kBadType) << text;
    }
}

TEST(abi, bounds_types) {
    std::string nested = "uint8";
    for (unsigned depth = 1; depth < kAbiDepthMax; ++depth) nested += "[]";
    EXPECT_TRUE(parse_abi_type(nested).has_value());
    EXPECT_EQ(parse_abi_type(nested + "[]").error(), AbiError::kTooDeep);
    EXPECT_TRUE(parse_abi_type("uint8[64][64]").has_value());
    EXPECT_EQ(parse_abi_type("uint8[64][65]").error(), AbiError::kTooDeep);
}

TEST(abi, every_error_has_a_text) {
    for (int i = 1; i <= 7; ++i) EXPECT_NE(to_string(static_cast<AbiError>(i)), "unknown abi error");
}

rc::Gen<AbiType> any_type(int depth) {
    using Kind = AbiType::Kind;
    const auto elementary = rc::gen::map(rc::gen::inRange(0, 32), [](int n) {
        const auto size = static_cast<std::size_t>(n) + 1;
        switch (n % 7) {
            case 0:
                return AbiType{Kind::kUint, 8 * size, {}};
            case 1:
                return AbiType{Kind::kInt, 8 * size, {}};
            case 2:
                return AbiType{Kind::kFixedBytes, size, {}};
            case 3:
                return AbiType{Kind::kBool, 0, {}};
            case 4:
                return AbiType{Kind::kAddress, 0, {}};
            case 5:
                return AbiType{Kind::kBytes, 0, {}};
            default:
                return AbiType{Kind::kString, 0, {}};
        }
    });
    if (depth == 0) return elementary;
    return rc::gen::exec([=] {
        const int shape = *rc::gen::inRange(0, 4);
        if (shape == 0) return AbiType{Kind::kArray, 0, {*any_type(depth - 1)}};
        if (shape == 1)
            return AbiType{Kind::kFixedArray, *rc::gen::inRange<std::size_t>(1, 4), {*any_type(depth - 1)}};
        if (shape == 2) return *elementary;
        AbiType out{Kind::kTuple, 0, {}};
        for (int i = *rc::gen::inRange(1, 4); i > 0; --i) out.components.push_back(*any_type(depth - 1));
        return out;
    });
}

AbiValue any_value(const AbiType& type) {
    using Kind = AbiType::Kind;
    const auto word = [] {
        return to_fixed<32>(*rc::gen::container<Bytes>(32, rc::gen::arbitrary<std::uint8_t>()));
    };
    const auto several = [&](std::size_t count) {
        std::vector<AbiValue> out;
        for (std::size_t i = 0; i < count; ++i) {
            out.push_back(any_value(type.components[type.kind == Kind::kTuple ? i : 0]));
        }
        return out;
    };
    switch (type.kind) {
        case Kind::kUint:
            return AbiValue::number(from_big_endian(word()).value() >>
                                    static_cast<unsigned>(256 - type.size));
        case Kind::kInt: {
            const Uint256 number = from_big_endian(word()).value() >> static_cast<unsigned>(257 - type.size);
            return AbiValue::number(*rc::gen::arbitrary<bool>() ? number : Uint256{} - 1 - number);
        }
        case Kind::kAddress:
            return AbiValue::address(to_fixed<20>(BytesView(word()).first(20)));
        case Kind::kBool:
            return AbiValue::boolean(*rc::gen::arbitrary<bool>());
        case Kind::kFixedBytes:
            return AbiValue::fixed_bytes(BytesView(word()).first(type.size));
        case Kind::kBytes:
        case Kind::kString:
            return AbiValue::bytes(*rc::gen::arbitrary<Bytes>());
        case Kind::kArray:
            return AbiValue::array(several(*rc::gen::inRange<std::size_t>(0, 4)));
        case Kind::kFixedArray:
            return AbiValue::tuple(several(type.size));
        case Kind::kTuple:
            return AbiValue::tuple(several(type.components.size()));
    }
    return {};
}

TEST(abi, round_trips_any_value_and_refuses_any_changed_length) {
    EXPECT_TRUE(rc::check([] {
        const AbiType type = *any_type(3);
        const AbiValue value = any_value(type);
        const Bytes data = encode_abi({value});
        RC_ASSERT(decode_abi(type, data).value() == value);
        RC_ASSERT(parse_abi_type(to_string(type)).value() == type);
        Bytes longer = data;
        longer.insert(longer.end(), 32, 0);
        RC_ASSERT(!decode_abi(type, longer).has_value());
        RC_ASSERT(!decode_abi(type, BytesView(data).first(data.size() - 1)).has_value());
    }));
}

TEST(abi, accepts_only_what_it_would_write) {
    EXPECT_TRUE(rc::check([] {
        const AbiType type = *any_type(3);
        Bytes data = encode_abi({any_value(type)});
        data[*rc::gen::inRange<std::size_t>(0, data.size())] = *rc::gen::arbitrary<std::uint8_t>();
        if (const auto value = decode_abi(type, data)) RC_ASSERT(encode_abi({*value}) == data);
    }));
}

}  // namespace
}  // namespace butter::codec
