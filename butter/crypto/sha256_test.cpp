// SPDX-License-Identifier: Apache-2.0
#include "butter/crypto/sha256.hpp"

#include <gtest/gtest.h>
#include <sodium.h>

#include "butter/base/hex.hpp"

namespace butter::crypto {
namespace {

/// FIPS 180-4, examples of NIST.
TEST(sha256, agrees_with_the_standard) {
    const auto text_of = [](std::string_view text) { return encode_hex_bare(sha256(as_bytes(text))); };
    EXPECT_EQ(text_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(text_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(text_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    EXPECT_EQ(text_of(std::string(1'000'000, 'a')),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/// libsodium has it in plain C: what the processor's instructions give is the same.
TEST(sha256, agrees_with_portable_code_for_every_size) {
    Bytes input;
    for (std::size_t size = 0; size < 300; ++size) {
        Hash32 expected;
        ASSERT_EQ(crypto_hash_sha256(expected.data(), input.data(), input.size()), 0);
        ASSERT_EQ(sha256(input), expected) << size;
        input.push_back(static_cast<std::uint8_t>(size * 37 + 11));
    }
}

TEST(sha256, pair_is_the_hash_of_both) {
    const Hash32 left = sha256(as_bytes("left"));
    const Hash32 right = sha256(as_bytes("right"));
    EXPECT_EQ(sha256_pair(left, right), sha256(concat({left, right})));
    EXPECT_NE(sha256_pair(left, right), sha256_pair(right, left));
}

}  // namespace
}  // namespace butter::crypto
