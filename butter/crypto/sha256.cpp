// SPDX-License-Identifier: Apache-2.0
#include "butter/crypto/sha256.hpp"

#include <openssl/evp.h>

#include <memory>

#include "butter/base/assert.hpp"

namespace butter::crypto {
namespace {

struct FreeContext {
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};

/// A context for each thread: making one costs more than hashing a tree node.
EVP_MD_CTX* context() noexcept {
    thread_local const std::unique_ptr<EVP_MD_CTX, FreeContext> owned(EVP_MD_CTX_new());
    BUTTER_ASSERT(owned != nullptr);
    return owned.get();
}

}  // namespace

Hash32 sha256(BytesView input) noexcept {
    EVP_MD_CTX* const hash = context();
    Hash32 out;
    BUTTER_ASSERT(EVP_DigestInit_ex(hash, EVP_sha256(), nullptr) == 1);
    BUTTER_ASSERT(EVP_DigestUpdate(hash, input.data(), input.size()) == 1);
    BUTTER_ASSERT(EVP_DigestFinal_ex(hash, out.data(), nullptr) == 1);
    return out;
}

Hash32 sha256_pair(const Hash32& left, const Hash32& right) noexcept {
    std::uint8_t node[64];
    std::copy(left.begin(), left.end(), node);
    std::copy(right.begin(), right.end(), node + 32);
    return sha256(node);
}

}  // namespace butter::crypto
