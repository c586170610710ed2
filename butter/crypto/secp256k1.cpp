// SPDX-License-Identifier: Apache-2.0
#include "butter/crypto/secp256k1.hpp"

#include <secp256k1.h>
#include <secp256k1_recovery.h>

#include "butter/base/assert.hpp"
#include "butter/crypto/keccak.hpp"

namespace butter::crypto {
namespace {

/// Never written after it is made, so threads share it.
const secp256k1_context* context() noexcept {
    static const secp256k1_context* const shared =
        secp256k1_context_create(SECP256K1_CONTEXT_SIGN | SECP256K1_CONTEXT_VERIFY);
    return shared;
}

PublicKey serialize(const secp256k1_pubkey& key) noexcept {
    std::array<std::uint8_t, 65> serialized{};
    std::size_t size = serialized.size();
    secp256k1_ec_pubkey_serialize(context(), serialized.data(), &size, &key, SECP256K1_EC_UNCOMPRESSED);
    BUTTER_ASSERT(size == serialized.size());
    // Without the leading 0x04.
    return to_fixed<64>(BytesView(serialized).subspan(1));
}

Address address_of_public_key(const secp256k1_pubkey& key) noexcept {
    // The last 20 bytes of the hash.
    const Hash32 hash = keccak256(serialize(key));
    return to_fixed<20>(BytesView(hash).subspan(12));
}

std::array<std::uint8_t, 64> compact_of(const RecoverableSignature& signature) noexcept {
    std::array<std::uint8_t, 64> compact{};
    std::copy(signature.r.begin(), signature.r.end(), compact.begin());
    std::copy(signature.s.begin(), signature.s.end(), compact.begin() + 32);
    return compact;
}

}  // namespace

std::string_view to_string(Secp256k1Error error) noexcept {
    switch (error) {
        case Secp256k1Error::kInvalidPrivateKey:
            return "private key is zero or not below the group order";
        case Secp256k1Error::kInvalidSignature:
            return "no key fits the signature";
        case Secp256k1Error::kInvalidPublicKey:
            return "public key is not on the curve";
    }
    return "unknown secp256k1 error";
}

Result<RecoverableSignature, Secp256k1Error> sign(const Hash32& digest, const PrivateKey& key) {
    secp256k1_ecdsa_recoverable_signature signature;
    if (secp256k1_ecdsa_sign_recoverable(context(), &signature, digest.data(), key.data(), nullptr,
                                         nullptr) != 1) {
        return std::unexpected(Secp256k1Error::kInvalidPrivateKey);
    }
    std::array<std::uint8_t, 64> compact{};
    int recovery_id = 0;
    secp256k1_ecdsa_recoverable_signature_serialize_compact(context(), compact.data(), &recovery_id,
                                                            &signature);
    const BytesView view(compact);
    return RecoverableSignature{to_fixed<32>(view.first(32)), to_fixed<32>(view.subspan(32)),
                                static_cast<std::uint8_t>(recovery_id)};
}

Result<Address, Secp256k1Error> recover_address(const Hash32& digest, const RecoverableSignature& signature) {
    const auto compact = compact_of(signature);
    secp256k1_ecdsa_recoverable_signature parsed;
    secp256k1_pubkey key;
    if (signature.recovery_id > 3 ||
        secp256k1_ecdsa_recoverable_signature_parse_compact(context(), &parsed, compact.data(),
                                                            signature.recovery_id) != 1 ||
        secp256k1_ecdsa_recover(context(), &key, &parsed, digest.data()) != 1) {
        return std::unexpected(Secp256k1Error::kInvalidSignature);
    }
    return address_of_public_key(key);
}

Result<void, Secp256k1Error> verify(const Hash32& digest, const RecoverableSignature& signature,
                                    const PublicKey& key) {
    std::array<std::uint8_t, 65> serialized{};
    serialized[0] = 0x04;
    std::copy(key.begin(), key.end(), serialized.begin() + 1);
    secp256k1_pubkey parsed_key;
    if (secp256k1_ec_pubkey_parse(context(), &parsed_key, serialized.data(), serialized.size()) != 1) {
        return std::unexpected(Secp256k1Error::kInvalidPublicKey);
    }
    const auto compact = compact_of(signature);
    secp256k1_ecdsa_signature parsed;
    if (secp256k1_ecdsa_signature_parse_compact(context(), &parsed, compact.data()) != 1) {
        return std::unexpected(Secp256k1Error::kInvalidSignature);
    }
    // The library verifies only s in the lower half.
    secp256k1_ecdsa_signature_normalize(context(), &parsed, &parsed);
    if (secp256k1_ecdsa_verify(context(), &parsed, digest.data(), &parsed_key) != 1) {
        return std::unexpected(Secp256k1Error::kInvalidSignature);
    }
    return {};
}

Result<PublicKey, Secp256k1Error> public_key_of(const PrivateKey& key) {
    secp256k1_pubkey public_key;
    if (secp256k1_ec_pubkey_create(context(), &public_key, key.data()) != 1) {
        return std::unexpected(Secp256k1Error::kInvalidPrivateKey);
    }
    return serialize(public_key);
}

Result<Address, Secp256k1Error> address_of(const PrivateKey& key) {
    secp256k1_pubkey public_key;
    if (secp256k1_ec_pubkey_create(context(), &public_key, key.data()) != 1) {
        return std::unexpected(Secp256k1Error::kInvalidPrivateKey);
    }
    return address_of_public_key(public_key);
}

}  // namespace butter::crypto
