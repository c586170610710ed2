// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "butter/base/bytes.hpp"
#include "butter/base/result.hpp"
#include "butter/crypto/secp256k1.hpp"

/// Private keys at rest: Web3 Secret Storage, version 3.
namespace butter::evm {

enum class KeystoreError {
    kMalformed = 1,    ///< not JSON of a version 3 keystore
    kUnsupported = 2,  ///< another cipher or key derivation
    kTooCostly = 3,    ///< key derivation parameters beyond `kScryptMemoryBytesMax` or `kPbkdf2RoundsMax`
    kWrongPassword = 4,
    kInvalidKey = 5,  ///< what was stored is no private key
};
std::string_view to_string(KeystoreError error) noexcept;

/// scrypt of the usual strongest setting (N = 2^18, r = 8) takes 256 MiB.
inline constexpr std::uint64_t kScryptMemoryBytesMax = std::uint64_t{1} << 30;
inline constexpr std::uint64_t kPbkdf2RoundsMax = 10'000'000;

Result<crypto::PrivateKey, KeystoreError> decode_keystore(std::string_view json, std::string_view password);
/// scrypt with N = 2^17, r = 8, p = 1 and AES-128-CTR. `entropy` (salt, IV and id) must be random.
Result<std::string, KeystoreError> encode_keystore(const crypto::PrivateKey& key, std::string_view password,
                                                   const FixedBytes<64>& entropy);
/// The address field, which needs no password and is not protected by it.
Result<Address, KeystoreError> decode_keystore_address(std::string_view json);

}  // namespace butter::evm
