// SPDX-License-Identifier: Apache-2.0
#include "butter/eth/address.hpp"

#include <gtest/gtest.h>

#include "butter/base/hex.hpp"
#include "butter/crypto/keccak.hpp"
#include "test/json/vectors.hpp"

namespace butter::eth {
namespace {

TEST(address, of_created_contracts) {
    const auto vectors = test::read_vectors("create_address/create.json");
    unsigned count = 0;
    for (const auto& vector : vectors.as_array()) {
        const Address sender = parse_address(test::text_of(vector.at("sender"))).value();
        for (const auto& create : vector.at("creates").as_array()) {
            const Address created = create_address(sender, test::u64_of(create.at("nonce")));
            EXPECT_EQ(to_checksum_text(created), test::text_of(create.at("address")));
            ++count;
        }
    }
    EXPECT_GT(count, 20u);
}

TEST(address, of_contracts_created_with_a_salt) {
    const auto vectors = test::read_vectors("create_address/create2.json");
    unsigned count = 0;
    for (const auto& vector : vectors.as_array()) {
        const Address sender = parse_address(test::text_of(vector.at("sender"))).value();
        for (const auto& create : vector.at("creates").as_array()) {
            const Hash32 hash = crypto::keccak256(test::bytes_of(create.at("initCode")));
            EXPECT_EQ(hash, test::hash_of(create.at("initCodeHash")));
            const Address created = create2_address(sender, test::hash_of(create.at("salt")), hash);
            EXPECT_EQ(to_checksum_text(created), test::text_of(create.at("address")));
            ++count;
        }
    }
    EXPECT_GT(count, 10u);
}

TEST(address, text_has_a_checksum) {
    // The examples of EIP-55.
    for (std::string_view text :
         {"0x52908400098527886E0F7030069857D2E4169EE7", "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
          "0xde709f2102306220921060314715629080e2fb77", "0x27b1fdb04752bbc536007a920d24acb045561c26",
          "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
          "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb"}) {
        EXPECT_EQ(to_checksum_text(parse_address(text).value()), text);
    }
    EXPECT_TRUE(parse_address("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed").has_value());
    EXPECT_TRUE(parse_address("0x5AAEB6053F3E94C9B9A09F33669435E7EF1BEAED").has_value());
}

TEST(address, refuses_mistyped_text) {
    EXPECT_EQ(parse_address("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed").error(), AddressError::kChecksum);
    for (std::string_view text :
         {"", "0x", "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe",
          "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed0", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeg",
          "0X5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0x0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeA"}) {
        EXPECT_EQ(parse_address(text).error(), AddressError::kMalformed) << text;
    }
}

TEST(address, every_error_has_a_text) {
    for (int i = 1; i <= 2; ++i) EXPECT_NE(to_string(static_cast<AddressError>(i)), "unknown address error");
}

}  // namespace
}  // namespace butter::eth
