// SPDX-License-Identifier: Apache-2.0
#include "butter/eth/typed_data.hpp"

#include <gtest/gtest.h>

#include "butter/base/hex.hpp"

namespace butter::eth {
namespace {

using codec::AbiValue;

const TypedStructs kMail = {{"Person", {{"name", "string"}, {"wallet", "address"}}},
                            {"Mail", {{"from", "Person"}, {"to", "Person"}, {"contents", "string"}}}};

AbiValue person(std::string_view name, std::string_view wallet) {
    return AbiValue::tuple({AbiValue::string(name), AbiValue::address(hex_fixed<20>(wallet))});
}

AbiValue mail() {
    return AbiValue::tuple({person("Cow", "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"),
                            person("Bob", "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB"),
                            AbiValue::string("Hello, Bob!")});
}

/// The example of the EIP.
TEST(typed_data, hashes_the_example) {
    EXPECT_EQ(encode_type(kMail, "Mail").value(),
              "Mail(Person from,Person to,string contents)Person(string name,address wallet)");
    const TypedDomain domain{
        .name = "Ether Mail",
        .version = "1",
        .chain_id = Uint256{1},
        .verifying_contract = hex_fixed<20>("0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC"),
        .salt = std::nullopt};
    EXPECT_EQ(encode_hex(domain_separator(domain)),
              "0xf2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f");
    const Hash32 hash = hash_struct(kMail, "Mail", mail()).value();
    EXPECT_EQ(encode_hex(hash), "0xc52c0ee5d84264471806290a3f2c4cecfc5490626bf912d01f240d7a274b371e");
    EXPECT_EQ(encode_hex(typed_data_digest(domain_separator(domain), hash)),
              "0xbe609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2");
}

TypedDataError error_of(std::string_view type, const AbiValue& value) {
    TypedStructs structs = kMail;
    structs["Example"] = {{"member", std::string(type)}};
    const auto hash = hash_struct(structs, "Example", AbiValue::tuple({value}));
    return hash ? TypedDataError{} : hash.error();
}

TEST(typed_data, refuses_values_that_a_type_does_not_have) {
    const AbiValue number = AbiValue::number(256);
    EXPECT_EQ(error_of("uint16", number), TypedDataError{});
    EXPECT_EQ(error_of("uint8", number), TypedDataError::kWrongValue);
    EXPECT_EQ(error_of("string", number), TypedDataError::kWrongValue);
    EXPECT_EQ(error_of("uint16", AbiValue::string("1")), TypedDataError::kWrongValue);
    EXPECT_EQ(error_of("uint16[]", AbiValue::array({number, number})), TypedDataError{});
    EXPECT_EQ(error_of("uint16[2]", AbiValue::array({number, number})), TypedDataError{});
    EXPECT_EQ(error_of("uint16[3]", AbiValue::array({number, number})), TypedDataError::kWrongValue);
    EXPECT_EQ(error_of("uint16[]", number), TypedDataError::kWrongValue);
    EXPECT_EQ(error_of("Person", number), TypedDataError::kWrongValue);
    EXPECT_EQ(error_of("Person", AbiValue::tuple({number})), TypedDataError::kWrongValue);
    EXPECT_EQ(error_of("Persons", number), TypedDataError::kUnknownType);
    EXPECT_EQ(error_of("uint7", number), TypedDataError::kUnknownType);
    EXPECT_EQ(error_of("(uint16)", number), TypedDataError::kUnknownType);
    EXPECT_EQ(error_of("uint16[x]", AbiValue::array({number})), TypedDataError::kUnknownType);
    EXPECT_EQ(error_of("]", number), TypedDataError::kUnknownType);
    EXPECT_EQ(hash_struct(kMail, "Nothing", number).error(), TypedDataError::kUnknownType);
    const TypedStructs twice{{"Twice", {{"a", "bool"}, {"a", "bool"}}}};
    EXPECT_EQ(encode_type(twice, "Twice").error(), TypedDataError::kDuplicateName);
}

TEST(typed_data, bounds_the_nesting) {
    const TypedStructs list{{"List", {{"next", "List[]"}}}};
    AbiValue value = AbiValue::tuple({AbiValue::array({})});
    // Each level is a struct in an array.
    for (unsigned depth = 0; depth < kTypedDataDepthMax / 2; ++depth) {
        EXPECT_TRUE(hash_struct(list, "List", value).has_value()) << depth;
        value = AbiValue::tuple({AbiValue::array({value})});
    }
    value = AbiValue::tuple({AbiValue::array({value})});
    EXPECT_EQ(hash_struct(list, "List", value).error(), TypedDataError::kTooDeep);
}

TEST(typed_data, every_error_has_a_text) {
    for (int i = 1; i <= 4; ++i) {
        EXPECT_NE(to_string(static_cast<TypedDataError>(i)), "unknown typed data error");
    }
}

}  // namespace
}  // namespace butter::eth
