// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "butter/base/bytes.hpp"
#include "butter/base/result.hpp"

/// ECDSA over secp256k1 as Ethereum uses it (SEC 2, RFC 6979), on libsecp256k1.
namespace butter::crypto {

enum class Secp256k1Error {
    kInvalidPrivateKey = 1,  ///< zero, or not below the group order
    kInvalidSignature = 2,   ///< r or s out of range, a recovery id above 3, or no key fits
    kInvalidPublicKey = 3,   ///< not on the curve
};
std::string_view to_string(Secp256k1Error error) noexcept;

using PrivateKey = FixedBytes<32>;
using PublicKey = FixedBytes<64>;  ///< x and y, big endian

struct RecoverableSignature {
    Hash32 r;
    Hash32 s;
    std::uint8_t recovery_id = 0;  ///< 0 to 3; v of a typed transaction, v - 27 of a legacy one

    friend bool operator==(const RecoverableSignature&, const RecoverableSignature&) = default;
};

/// Deterministic (RFC 6979), with s in the lower half.
Result<RecoverableSignature, Secp256k1Error> sign(const Hash32& digest, const PrivateKey& key);

/// Address of the key that signed. Accepts s in either half, as the EVM's ecrecover does.
Result<Address, Secp256k1Error> recover_address(const Hash32& digest, const RecoverableSignature& signature);

/// Whether `key` made the signature (`recovery_id` is not read). Accepts s in either half.
Result<void, Secp256k1Error> verify(const Hash32& digest, const RecoverableSignature& signature,
                                    const PublicKey& key);

Result<PublicKey, Secp256k1Error> public_key_of(const PrivateKey& key);
/// Address of a private key.
Result<Address, Secp256k1Error> address_of(const PrivateKey& key);

}  // namespace butter::crypto
