// SPDX-License-Identifier: Apache-2.0
#include "butter/crypto/bls12_381.hpp"

#include <blst.h>

#include <cstring>
#include <vector>

#include "butter/base/assert.hpp"

namespace butter::crypto::bls {
namespace {

constexpr std::string_view kDomain = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";
constexpr std::size_t kFpBytes = 48;
constexpr std::size_t kPaddedFpBytes = 64;
constexpr std::size_t kPadding = kPaddedFpBytes - kFpBytes;

const byte* domain() noexcept { return reinterpret_cast<const byte*>(kDomain.data()); }

BlsError from_blst(BLST_ERROR error) noexcept {
    return error == BLST_POINT_NOT_IN_GROUP ? BlsError::kNotInSubgroup : BlsError::kBadEncoding;
}

static_assert(sizeof(blst_p1_affine) == sizeof(AffinePublicKey), "keys are copied as they stand in memory");

/// For many keys, whose sum is `load`ed before it decides anything.
blst_p1_affine load_unchecked(const AffinePublicKey& key) noexcept {
    blst_p1_affine point;
    std::memcpy(&point, key.point.data(), sizeof point);
    return point;
}

/// A key that was checked before: one that is no point now was never a key.
blst_p1_affine load(const AffinePublicKey& key) noexcept {
    const blst_p1_affine point = load_unchecked(key);
    BUTTER_ASSERT(!blst_p1_affine_is_inf(&point));
    BUTTER_ASSERT(blst_p1_affine_on_curve(&point));
    return point;
}

AffinePublicKey store(const blst_p1_affine& point) noexcept {
    AffinePublicKey key;
    std::memcpy(key.point.data(), &point, sizeof point);
    return key;
}

Result<AffinePublicKey, BlsError> finish_sum(const blst_p1& sum) {
    if (blst_p1_is_inf(&sum)) return std::unexpected(BlsError::kInfinity);
    blst_p1_affine affine;
    blst_p1_to_affine(&affine, &sum);
    return store(affine);
}

Result<blst_p2_affine, BlsError> load(const Signature& signature) {
    blst_p2_affine point;
    if (const BLST_ERROR error = blst_p2_uncompress(&point, signature.data()); error != BLST_SUCCESS) {
        return std::unexpected(from_blst(error));
    }
    if (blst_p2_affine_is_inf(&point)) return std::unexpected(BlsError::kInfinity);
    if (!blst_p2_affine_in_g2(&point)) return std::unexpected(BlsError::kNotInSubgroup);
    return point;
}

Result<blst_scalar, BlsError> load_secret(const SecretKey& key) {
    blst_scalar scalar;
    blst_scalar_from_bendian(&scalar, key.data());
    if (!blst_sk_check(&scalar)) return std::unexpected(BlsError::kBadSecretKey);
    return scalar;
}

template <std::size_t N>
void put_padded(FixedBytes<N>& out, std::size_t index, const std::uint8_t* coordinate) noexcept {
    std::copy_n(coordinate, kFpBytes, out.data() + kPaddedFpBytes * index + kPadding);
}

FixedBytes<256> encode_point(const blst_p2_affine& point) noexcept {
    // Serialised with the imaginary part first; EIP-2537 has the real part first.
    std::array<std::uint8_t, 192> serialized{};
    blst_p2_affine_serialize(serialized.data(), &point);
    FixedBytes<256> out;
    put_padded(out, 0, serialized.data() + kFpBytes);
    put_padded(out, 1, serialized.data());
    put_padded(out, 2, serialized.data() + 3 * kFpBytes);
    put_padded(out, 3, serialized.data() + 2 * kFpBytes);
    return out;
}

/// The coordinate `index` of an EIP-2537 point, whose padding must be zero.
bool take_padded(BytesView bytes, std::size_t index, std::uint8_t* coordinate) noexcept {
    const BytesView field = bytes.subspan(kPaddedFpBytes * index, kPaddedFpBytes);
    for (std::uint8_t byte : field.first(kPadding)) {
        if (byte != 0) return false;
    }
    std::copy_n(field.data() + kPadding, kFpBytes, coordinate);
    // The top three bits carry flags in the serialised form; a canonical coordinate leaves them clear.
    return (field[kPadding] & 0xe0) == 0;
}

}  // namespace

std::string_view to_string(BlsError error) noexcept {
    switch (error) {
        case BlsError::kBadEncoding:
            return "not a canonical bls12-381 point";
        case BlsError::kNotInSubgroup:
            return "bls12-381 point not in the subgroup";
        case BlsError::kInfinity:
            return "bls12-381 point at infinity";
        case BlsError::kNoKeys:
            return "no bls keys";
        case BlsError::kWrongSignature:
            return "bls signature does not verify";
        case BlsError::kBadSecretKey:
            return "bls secret key out of range";
        case BlsError::kNoSignatures:
            return "no bls signatures";
        case BlsError::kCountMismatch:
            return "another number of messages than of bls keys";
    }
    return "unknown bls error";
}

Result<AffinePublicKey, BlsError> decode_public_key(const PublicKey& key) {
    blst_p1_affine point;
    if (const BLST_ERROR error = blst_p1_uncompress(&point, key.data()); error != BLST_SUCCESS) {
        return std::unexpected(from_blst(error));
    }
    if (blst_p1_affine_is_inf(&point)) return std::unexpected(BlsError::kInfinity);
    if (!blst_p1_affine_in_g1(&point)) return std::unexpected(BlsError::kNotInSubgroup);
    return store(point);
}

PublicKey encode_public_key(const AffinePublicKey& key) noexcept {
    const blst_p1_affine point = load(key);
    PublicKey out;
    blst_p1_affine_compress(out.data(), &point);
    return out;
}

Result<AffinePublicKey, BlsError> aggregate(std::span<const AffinePublicKey> keys) {
    if (keys.empty()) return std::unexpected(BlsError::kNoKeys);
    std::vector<blst_p1_affine> points;
    points.reserve(keys.size());
    for (const AffinePublicKey& key : keys) points.push_back(load_unchecked(key));
    // Added in affine coordinates, one inversion for many sums. A null ends the list: the points stand in a
    // row.
    const blst_p1_affine* const list[] = {points.data(), nullptr};
    blst_p1 sum;
    blst_p1s_add(&sum, list, points.size());
    return finish_sum(sum);
}

Result<AffinePublicKey, BlsError> subtract(const AffinePublicKey& key,
                                           std::span<const AffinePublicKey> absent) {
    if (absent.empty()) return key;
    const blst_p1_affine minuend = load(key);
    blst_p1 sum;
    blst_p1_from_affine(&sum, &minuend);
    for (const AffinePublicKey& other : absent) {
        const blst_p1_affine affine = load(other);
        blst_p1 point;
        blst_p1_from_affine(&point, &affine);
        blst_p1_cneg(&point, true);
        blst_p1_add_or_double(&sum, &sum, &point);
    }
    return finish_sum(sum);
}

Result<void, BlsError> verify(const AffinePublicKey& key, const Hash32& message, const Signature& signature) {
    TRY(const blst_p2_affine point, load(signature));
    const blst_p1_affine key_point = load(key);
    if (blst_core_verify_pk_in_g1(&key_point, &point, true, message.data(), message.size(), domain(),
                                  kDomain.size(), nullptr, 0) != BLST_SUCCESS) {
        return std::unexpected(BlsError::kWrongSignature);
    }
    return {};
}

Result<void, BlsError> fast_aggregate_verify(std::span<const AffinePublicKey> keys, const Hash32& message,
                                             const Signature& signature) {
    TRY(const AffinePublicKey sum, aggregate(keys));
    return verify(sum, message, signature);
}

Result<void, BlsError> aggregate_verify(std::span<const AffinePublicKey> keys,
                                        std::span<const Hash32> messages, const Signature& signature) {
    if (keys.empty()) return std::unexpected(BlsError::kNoKeys);
    if (keys.size() != messages.size()) return std::unexpected(BlsError::kCountMismatch);
    TRY(const blst_p2_affine point, load(signature));
    // e(key_1, H(message_1)) * ... == e(generator, signature)
    blst_fp12 product = *blst_fp12_one();
    for (std::size_t i = 0; i < keys.size(); ++i) {
        blst_p2 hash;
        blst_hash_to_g2(&hash, messages[i].data(), messages[i].size(), domain(), kDomain.size(), nullptr, 0);
        blst_p2_affine affine_hash;
        blst_p2_to_affine(&affine_hash, &hash);
        const blst_p1_affine key = load(keys[i]);
        blst_fp12 factor;
        blst_miller_loop(&factor, &affine_hash, &key);
        blst_fp12_mul(&product, &product, &factor);
    }
    blst_fp12 expected;
    blst_aggregated_in_g2(&expected, &point);
    if (!blst_fp12_finalverify(&product, &expected)) return std::unexpected(BlsError::kWrongSignature);
    return {};
}

Result<Signature, BlsError> aggregate_signatures(std::span<const Signature> signatures) {
    if (signatures.empty()) return std::unexpected(BlsError::kNoSignatures);
    blst_p2 sum{};
    for (const Signature& signature : signatures) {
        const auto affine = load(signature);
        if (!affine && affine.error() == BlsError::kInfinity) continue;
        if (!affine) return std::unexpected(affine.error());
        blst_p2 point;
        blst_p2_from_affine(&point, &*affine);
        blst_p2_add_or_double(&sum, &sum, &point);
    }
    Signature out;
    blst_p2_compress(out.data(), &sum);
    return out;
}

FixedBytes<128> encode_eip2537(const AffinePublicKey& key) noexcept {
    FixedBytes<128> out;
    const blst_p1_affine point = load(key);
    std::array<std::uint8_t, 96> serialized{};
    blst_p1_affine_serialize(serialized.data(), &point);
    put_padded(out, 0, serialized.data());
    put_padded(out, 1, serialized.data() + kFpBytes);
    return out;
}

Result<FixedBytes<256>, BlsError> encode_eip2537(const Signature& signature) {
    TRY(const blst_p2_affine point, load(signature));
    return encode_point(point);
}

Result<AffinePublicKey, BlsError> decode_eip2537_key(const FixedBytes<128>& bytes) {
    std::array<std::uint8_t, 96> serialized{};
    if (!take_padded(bytes, 0, serialized.data()) || !take_padded(bytes, 1, serialized.data() + kFpBytes)) {
        return std::unexpected(BlsError::kBadEncoding);
    }
    blst_p1_affine point;
    if (const BLST_ERROR error = blst_p1_deserialize(&point, serialized.data()); error != BLST_SUCCESS) {
        return std::unexpected(from_blst(error));
    }
    if (blst_p1_affine_is_inf(&point)) return std::unexpected(BlsError::kInfinity);
    if (!blst_p1_affine_in_g1(&point)) return std::unexpected(BlsError::kNotInSubgroup);
    return store(point);
}

Result<Signature, BlsError> decode_eip2537_signature(const FixedBytes<256>& bytes) {
    std::array<std::uint8_t, 192> serialized{};
    if (!take_padded(bytes, 0, serialized.data() + kFpBytes) || !take_padded(bytes, 1, serialized.data()) ||
        !take_padded(bytes, 2, serialized.data() + 3 * kFpBytes) ||
        !take_padded(bytes, 3, serialized.data() + 2 * kFpBytes)) {
        return std::unexpected(BlsError::kBadEncoding);
    }
    blst_p2_affine point;
    if (const BLST_ERROR error = blst_p2_deserialize(&point, serialized.data()); error != BLST_SUCCESS) {
        return std::unexpected(from_blst(error));
    }
    Signature out;
    blst_p2_affine_compress(out.data(), &point);
    TRY([[maybe_unused]] const blst_p2_affine checked, load(out));
    return out;
}

FixedBytes<256> hash_to_g2(BytesView message, std::string_view domain_tag) noexcept {
    blst_p2 point;
    blst_hash_to_g2(&point, message.data(), message.size(), reinterpret_cast<const byte*>(domain_tag.data()),
                    domain_tag.size(), nullptr, 0);
    blst_p2_affine affine;
    blst_p2_to_affine(&affine, &point);
    return encode_point(affine);
}

SecretKey derive_secret_key(BytesView seed) noexcept {
    BUTTER_ASSERT(seed.size() >= 32);
    blst_scalar scalar;
    blst_keygen(&scalar, seed.data(), seed.size(), nullptr, 0);
    SecretKey out;
    blst_bendian_from_scalar(out.data(), &scalar);
    return out;
}

Result<PublicKey, BlsError> public_key_of(const SecretKey& key) {
    TRY(const blst_scalar scalar, load_secret(key));
    blst_p1 point;
    blst_sk_to_pk_in_g1(&point, &scalar);
    PublicKey out;
    blst_p1_compress(out.data(), &point);
    return out;
}

Result<Signature, BlsError> sign(const SecretKey& key, const Hash32& message) {
    TRY(const blst_scalar scalar, load_secret(key));
    blst_p2 hash;
    blst_hash_to_g2(&hash, message.data(), message.size(), domain(), kDomain.size(), nullptr, 0);
    blst_p2 signature;
    blst_sign_pk_in_g1(&signature, &hash, &scalar);
    Signature out;
    blst_p2_compress(out.data(), &signature);
    return out;
}

Result<SecretKey, BlsError> add_secret_keys(std::span<const SecretKey> keys) {
    if (keys.empty()) return std::unexpected(BlsError::kNoKeys);
    TRY(blst_scalar sum, load_secret(keys[0]));
    for (const SecretKey& key : keys.subspan(1)) {
        TRY(const blst_scalar scalar, load_secret(key));
        if (!blst_sk_add_n_check(&sum, &sum, &scalar)) return std::unexpected(BlsError::kBadSecretKey);
    }
    SecretKey out;
    blst_bendian_from_scalar(out.data(), &sum);
    return out;
}

}  // namespace butter::crypto::bls
