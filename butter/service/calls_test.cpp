// SPDX-License-Identifier: Apache-2.0
#include "butter/service/calls.hpp"

#include <gtest/gtest.h>

#include "butter/base/hex.hpp"
#include "butter/codec/abi.hpp"

namespace butter::service {
namespace {

using codec::AbiValue;

TEST(describe_revert, names_errors_of_services_and_light_clients) {
    EXPECT_EQ(describe_revert(codec::encode_call("FeeTooLow(uint256,uint256)",
                                                 {AbiValue::number(1), AbiValue::number(255)})),
              "FeeTooLow(0x1, 0xff)");
    EXPECT_EQ(describe_revert(codec::encode_call("SignatureInvalid()", {})), "SignatureInvalid()");
    EXPECT_EQ(
        describe_revert(codec::encode_call("OwnableUnauthorizedAccount(address)", {AbiValue::number(7)})),
        "OwnableUnauthorizedAccount(0x7)");
}

TEST(describe_revert, reads_the_compilers_own) {
    EXPECT_EQ(describe_revert(codec::encode_call("Error(string)", {AbiValue::string("too late")})),
              "too late");
    EXPECT_EQ(describe_revert(codec::encode_call("Panic(uint256)", {AbiValue::number(0x11)})), "panic 0x11");
}

TEST(describe_revert, keeps_strangers_texts_to_one_short_line) {
    const auto describe = [](std::string_view text) {
        return describe_revert(codec::encode_call("Error(string)", {AbiValue::string(text)}));
    };
    EXPECT_EQ(describe(""), "an empty reason");
    EXPECT_EQ(describe("two\nlines \x1b[2J\x7f\xc2\x9b"), "two?lines ?[2J???");
    EXPECT_EQ(describe(std::string(132, 'a')), std::string(132, 'a'));
    EXPECT_EQ(describe(std::string(133, 'a')), std::string(132, 'a') + "...");
}

TEST(describe_revert, shows_what_it_does_not_know_as_hex) {
    EXPECT_EQ(describe_revert({}), "no reason given");
    EXPECT_EQ(describe_revert(hex_bytes("0x0102")), "0x0102");
    EXPECT_EQ(describe_revert(hex_bytes("0xdeadbeef01")), "0xdeadbeef01");
}

}  // namespace
}  // namespace butter::service
