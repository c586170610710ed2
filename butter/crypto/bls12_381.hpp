// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

#include "butter/base/bytes.hpp"
#include "butter/base/result.hpp"

/// BLS signatures of the beacon chain: minimal public keys in G1, signatures in G2, proof-of-possession
/// scheme (draft-irtf-cfrg-bls-signature-04, consensus-specs phase0 "BLS signatures"), on blst.
namespace butter::crypto::bls {

enum class BlsError {
    kBadEncoding = 1,  ///< not a canonical compressed point on the curve
    kNotInSubgroup = 2,
    kInfinity = 3,  ///< infinity as a key or a signature
    kNoKeys = 4,
    kWrongSignature = 5,
    kBadSecretKey = 6,  ///< zero, or not below the group order
    kNoSignatures = 7,
    kCountMismatch = 8,  ///< another number of messages than of keys
};
std::string_view to_string(BlsError error) noexcept;

using PublicKey = FixedBytes<48>;  ///< compressed, as beacon objects carry it
using Signature = FixedBytes<96>;  ///< compressed
using SecretKey = FixedBytes<32>;  ///< big endian

/// A checked key, as blst has it in memory: for this process, not for files. `encode_public_key` and
/// `encode_eip2537` are its forms for others.
struct AffinePublicKey {
    FixedBytes<96> point;

    friend bool operator==(const AffinePublicKey&, const AffinePublicKey&) = default;
};

/// Checks everything: encoding, curve, subgroup, not infinity.
Result<AffinePublicKey, BlsError> decode_public_key(const PublicKey& key);
PublicKey encode_public_key(const AffinePublicKey& key) noexcept;
/// Sum of checked keys. The sum may be infinity; then the error is `kInfinity`.
Result<AffinePublicKey, BlsError> aggregate(std::span<const AffinePublicKey> keys);
/// `key` less the sum of `absent`.
Result<AffinePublicKey, BlsError> subtract(const AffinePublicKey& key,
                                           std::span<const AffinePublicKey> absent);

/// Whether all `keys` signed `message` (32 bytes: a signing root).
Result<void, BlsError> fast_aggregate_verify(std::span<const AffinePublicKey> keys, const Hash32& message,
                                             const Signature& signature);
/// The same with the keys' sum.
Result<void, BlsError> verify(const AffinePublicKey& key, const Hash32& message, const Signature& signature);
/// Whether each of `keys` signed the message at its place.
Result<void, BlsError> aggregate_verify(std::span<const AffinePublicKey> keys,
                                        std::span<const Hash32> messages, const Signature& signature);
/// Sum of signatures, each of them checked to be a point of the subgroup. Infinity is one, and may come out.
Result<Signature, BlsError> aggregate_signatures(std::span<const Signature> signatures);

// The encodings of EIP-2537: coordinates in 64 bytes each.
FixedBytes<128> encode_eip2537(const AffinePublicKey& key) noexcept;
Result<FixedBytes<256>, BlsError> encode_eip2537(const Signature& signature);
/// Coordinates must be padded with zeros and make a valid key.
Result<AffinePublicKey, BlsError> decode_eip2537_key(const FixedBytes<128>& bytes);
Result<Signature, BlsError> decode_eip2537_signature(const FixedBytes<256>& bytes);

/// hash_to_curve of RFC 9380, suite BLS12381G2_XMD:SHA-256_SSWU_RO_, with the domain separation tag
/// `domain_tag`.
FixedBytes<256> hash_to_g2(BytesView message, std::string_view domain_tag) noexcept;

/// KeyGen of the draft; `seed` of at least 32 bytes.
SecretKey derive_secret_key(BytesView seed) noexcept;
Result<PublicKey, BlsError> public_key_of(const SecretKey& key);
Result<Signature, BlsError> sign(const SecretKey& key, const Hash32& message);
/// A signature under the sum of keys is the aggregate of their signatures: for a sealer that has them all.
Result<SecretKey, BlsError> add_secret_keys(std::span<const SecretKey> keys);

}  // namespace butter::crypto::bls
