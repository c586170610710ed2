// SPDX-License-Identifier: Apache-2.0
#include "butter/crypto/bls12_381.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "butter/base/hex.hpp"

namespace butter::crypto::bls {
namespace {

std::vector<SecretKey> secrets(std::size_t count) {
    std::vector<SecretKey> out;
    for (std::size_t i = 0; i < count; ++i) {
        Bytes seed(32);
        seed[0] = static_cast<std::uint8_t>(i);
        out.push_back(derive_secret_key(seed));
    }
    return out;
}

AffinePublicKey key_of(const SecretKey& secret) {
    return decode_public_key(public_key_of(secret).value()).value();
}

TEST(bls, one_signature_under_the_sum_is_the_aggregate) {
    const auto all = secrets(5);
    const Hash32 message{{1, 2, 3}};
    const Signature signature = sign(add_secret_keys(all).value(), message).value();
    std::vector<AffinePublicKey> keys;
    for (const SecretKey& secret : all) keys.push_back(key_of(secret));
    EXPECT_TRUE(fast_aggregate_verify(keys, message, signature).has_value());
    EXPECT_EQ(fast_aggregate_verify(keys, Hash32{}, signature).error(), BlsError::kWrongSignature);
    const std::vector<AffinePublicKey> fewer(keys.begin() + 1, keys.end());
    EXPECT_EQ(fast_aggregate_verify(fewer, message, signature).error(), BlsError::kWrongSignature);
    EXPECT_EQ(fast_aggregate_verify({}, message, signature).error(), BlsError::kNoKeys);
    // Subtracting is the inverse of adding.
    const AffinePublicKey sum = aggregate(keys).value();
    EXPECT_EQ(subtract(sum, std::span(keys).first(1)).value(), aggregate(fewer).value());
    EXPECT_EQ(subtract(keys[0], std::span(keys).first(1)).error(), BlsError::kInfinity);
}

TEST(bls, signatures_of_several_messages_verify_together) {
    const auto all = secrets(3);
    const std::vector<Hash32> messages = {Hash32{{1}}, Hash32{{2}}, Hash32{{3}}};
    std::vector<AffinePublicKey> keys;
    std::vector<Signature> signatures;
    for (std::size_t i = 0; i < all.size(); ++i) {
        keys.push_back(key_of(all[i]));
        signatures.push_back(sign(all[i], messages[i]).value());
    }
    const Signature sum = aggregate_signatures(signatures).value();
    EXPECT_TRUE(aggregate_verify(keys, messages, sum).has_value());
    const std::vector<Hash32> swapped = {messages[1], messages[0], messages[2]};
    EXPECT_EQ(aggregate_verify(keys, swapped, sum).error(), BlsError::kWrongSignature);
    EXPECT_EQ(aggregate_verify(keys, std::span(messages).first(2), sum).error(), BlsError::kCountMismatch);
    EXPECT_EQ(aggregate_verify({}, {}, sum).error(), BlsError::kNoKeys);
    EXPECT_EQ(aggregate_signatures({}).error(), BlsError::kNoSignatures);
    Signature infinity;
    infinity[0] = 0xc0;
    EXPECT_EQ(aggregate_signatures(std::vector{infinity}).value(), infinity);
    EXPECT_EQ(aggregate_signatures(std::vector{infinity, sum}).value(), sum);
    EXPECT_EQ(aggregate_signatures(std::vector{sum, Signature{}}).error(), BlsError::kBadEncoding);
}

TEST(bls, encodings_round_trip) {
    const SecretKey secret = secrets(1)[0];
    const AffinePublicKey key = key_of(secret);
    EXPECT_EQ(decode_public_key(encode_public_key(key)).value(), key);
    EXPECT_EQ(decode_eip2537_key(encode_eip2537(key)).value(), key);
    const Signature signature = sign(secret, Hash32{}).value();
    EXPECT_EQ(decode_eip2537_signature(encode_eip2537(signature).value()).value(), signature);
}

TEST(bls, refuses_what_is_no_key_or_signature) {
    PublicKey infinity_key;
    infinity_key[0] = 0xc0;
    EXPECT_EQ(decode_public_key(infinity_key).error(), BlsError::kInfinity);
    EXPECT_EQ(decode_public_key(PublicKey{}).error(), BlsError::kBadEncoding);
    Signature infinity;
    infinity[0] = 0xc0;
    const AffinePublicKey key = key_of(secrets(1)[0]);
    EXPECT_EQ(verify(key, Hash32{}, infinity).error(), BlsError::kInfinity);
    EXPECT_EQ(verify(key, Hash32{}, Signature{}).error(), BlsError::kBadEncoding);
    EXPECT_EQ(sign(SecretKey{}, Hash32{}).error(), BlsError::kBadSecretKey);
    auto padded = encode_eip2537(key);
    padded[0] = 1;
    EXPECT_EQ(decode_eip2537_key(padded).error(), BlsError::kBadEncoding);
    // On the curve with x = 4, but of another order.
    PublicKey other;
    other[0] = 0x80;
    other[47] = 4;
    EXPECT_EQ(decode_public_key(other).error(), BlsError::kNotInSubgroup);
}

}  // namespace
}  // namespace butter::crypto::bls
