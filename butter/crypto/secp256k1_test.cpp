// SPDX-License-Identifier: Apache-2.0
#include "butter/crypto/secp256k1.hpp"

#include <gtest/gtest.h>

#include "butter/base/hex.hpp"
#include "butter/base/uint256.hpp"
#include "butter/crypto/sha256.hpp"
#include "test/json/vectors.hpp"

namespace butter::crypto {
namespace {

constexpr std::string_view kOrder = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";

TEST(secp256k1, judges_the_wycheproof_signatures) {
    const auto vectors = test::read_vectors("secp256k1/wycheproof_ecdsa_secp256k1_sha256_p1363_test.json");
    unsigned good = 0;
    unsigned refused = 0;
    for (const auto& group : vectors.at("testGroups").as_array()) {
        const Bytes key = test::bytes_of(group.at("publicKey").at("uncompressed"));
        for (const auto& vector : group.at("tests").as_array()) {
            const Bytes given = test::bytes_of(vector.at("sig"));
            const bool is_valid = test::text_of(vector.at("result")) == "valid";
            if (given.size() != 64) {
                EXPECT_FALSE(is_valid);
                continue;
            }
            const RecoverableSignature signature{to_fixed<32>(BytesView(given).first(32)),
                                                 to_fixed<32>(BytesView(given).subspan(32)), 0};
            const auto result = verify(sha256(test::bytes_of(vector.at("msg"))), signature,
                                       to_fixed<64>(BytesView(key).subspan(1)));
            EXPECT_EQ(result.has_value(), is_valid) << vector.at("tcId");
            if (!result) EXPECT_EQ(result.error(), Secp256k1Error::kInvalidSignature);
            ++(is_valid ? good : refused);
        }
    }
    EXPECT_GT(good, 100u);
    EXPECT_GT(refused, 50u);
}

TEST(secp256k1, signs_recovers_and_verifies) {
    const PrivateKey key{{1, 2, 3}};
    const Hash32 digest{{9}};
    RecoverableSignature signature = sign(digest, key).value();
    EXPECT_EQ(recover_address(digest, signature).value(), address_of(key).value());
    const PublicKey public_key = public_key_of(key).value();
    EXPECT_TRUE(verify(digest, signature, public_key).has_value());
    // The other signature of the pair.
    signature.s = to_big_endian(*from_big_endian(hex_bytes(kOrder)) - *from_big_endian(signature.s));
    EXPECT_TRUE(verify(digest, signature, public_key).has_value());
    EXPECT_EQ(verify(Hash32{}, signature, public_key).error(), Secp256k1Error::kInvalidSignature);
    signature.r = hex_fixed<32>(kOrder);
    EXPECT_EQ(verify(digest, signature, public_key).error(), Secp256k1Error::kInvalidSignature);
    EXPECT_EQ(verify(digest, signature, PublicKey{}).error(), Secp256k1Error::kInvalidPublicKey);
}

TEST(secp256k1, refuses_keys_and_ids_out_of_range) {
    for (const PrivateKey& key : {PrivateKey{}, hex_fixed<32>(kOrder)}) {
        EXPECT_EQ(sign(Hash32{}, key).error(), Secp256k1Error::kInvalidPrivateKey);
        EXPECT_EQ(address_of(key).error(), Secp256k1Error::kInvalidPrivateKey);
        EXPECT_EQ(public_key_of(key).error(), Secp256k1Error::kInvalidPrivateKey);
    }
    RecoverableSignature signature = sign(Hash32{}, PrivateKey{{7}}).value();
    signature.recovery_id = 4;
    EXPECT_EQ(recover_address(Hash32{}, signature).error(), Secp256k1Error::kInvalidSignature);
}

TEST(secp256k1, every_error_has_a_text) {
    for (int i = 1; i <= 3; ++i) {
        EXPECT_NE(to_string(static_cast<Secp256k1Error>(i)), "unknown secp256k1 error");
    }
}

}  // namespace
}  // namespace butter::crypto
