// SPDX-License-Identifier: Apache-2.0
// The low-level functions: those of EVP take four times as long for a tree node, in bookkeeping. Both choose
// the processor's SHA instructions at run time.
#define OPENSSL_API_COMPAT 10100
#include "butter/crypto/sha256.hpp"

#include <openssl/sha.h>

#include <algorithm>

#include "butter/base/assert.hpp"

namespace butter::crypto {

Hash32 sha256(BytesView input) noexcept {
    SHA256_CTX context;
    Hash32 out;
    BUTTER_ASSERT(SHA256_Init(&context) == 1);
    BUTTER_ASSERT(SHA256_Update(&context, input.data(), input.size()) == 1);
    BUTTER_ASSERT(SHA256_Final(out.data(), &context) == 1);
    return out;
}

Hash32 sha256_pair(const Hash32& left, const Hash32& right) noexcept {
    std::uint8_t node[64];
    std::copy(left.begin(), left.end(), node);
    std::copy(right.begin(), right.end(), node + 32);
    return sha256(node);
}

}  // namespace butter::crypto
