// SPDX-License-Identifier: Apache-2.0
#include "butter/evm/keystore.hpp"

#include <openssl/evp.h>
#include <sodium.h>

#include <memory>
#include <optional>

#include "butter/base/assert.hpp"
#include "butter/base/hex.hpp"
#include "butter/crypto/keccak.hpp"
#include "butter/rpc/json.hpp"

namespace butter::evm {
namespace {

constexpr std::uint64_t kScryptN = 1u << 17;
constexpr std::uint32_t kScryptR = 8;
constexpr std::uint32_t kScryptP = 1;
constexpr std::size_t kDerivedBytes = 32;

/// Bytes that are wiped when they go.
struct Secret {
    Bytes bytes;
    explicit Secret(std::size_t size) : bytes(size) {}
    Secret(const Secret&) = delete;
    Secret(Secret&&) = default;
    Secret& operator=(const Secret&) = delete;
    Secret& operator=(Secret&&) = delete;
    ~Secret() { sodium_memzero(bytes.data(), bytes.size()); }
};

const rpc::Json* find_crypto(const rpc::Json& keystore) {
    const rpc::Json* crypto = rpc::find_member(keystore, "crypto");
    return crypto != nullptr ? crypto : rpc::find_member(keystore, "Crypto");
}

std::optional<std::uint64_t> find_number(const rpc::Json& object, std::string_view key) {
    const rpc::Json* member = rpc::find_member(object, key);
    if (member == nullptr || !member->is_int64() || member->get_int64() < 0) return std::nullopt;
    return static_cast<std::uint64_t>(member->get_int64());
}

std::optional<Bytes> find_hex(const rpc::Json& object, std::string_view key) {
    const auto text = rpc::find_text(object, key);
    if (!text) return std::nullopt;
    auto bytes = decode_hex(*text);
    if (!bytes) return std::nullopt;
    return *std::move(bytes);
}

Result<Secret, KeystoreError> derive_scrypt(const rpc::Json& parameters, std::string_view password) {
    const auto n = find_number(parameters, "n");
    const auto r = find_number(parameters, "r");
    const auto p = find_number(parameters, "p");
    const auto salt = find_hex(parameters, "salt");
    if (!n || !r || !p || !salt || find_number(parameters, "dklen") != kDerivedBytes || *n < 2 || *r == 0 ||
        *p == 0) {
        return std::unexpected(KeystoreError::kMalformed);
    }
    if (*n > kScryptMemoryBytesMax || *r > 1024 || *p > 1024 || *n * *r * 128 > kScryptMemoryBytesMax) {
        return std::unexpected(KeystoreError::kTooCostly);
    }
    Secret key(kDerivedBytes);
    if (crypto_pwhash_scryptsalsa208sha256_ll(reinterpret_cast<const std::uint8_t*>(password.data()),
                                              password.size(), salt->data(), salt->size(), *n,
                                              static_cast<std::uint32_t>(*r), static_cast<std::uint32_t>(*p),
                                              key.bytes.data(), key.bytes.size()) != 0) {
        return std::unexpected(KeystoreError::kMalformed);
    }
    return key;
}

Result<Secret, KeystoreError> derive_pbkdf2(const rpc::Json& parameters, std::string_view password) {
    const auto rounds = find_number(parameters, "c");
    const auto salt = find_hex(parameters, "salt");
    if (!rounds || *rounds == 0 || !salt || find_number(parameters, "dklen") != kDerivedBytes) {
        return std::unexpected(KeystoreError::kMalformed);
    }
    if (rpc::find_text(parameters, "prf") != "hmac-sha256")
        return std::unexpected(KeystoreError::kUnsupported);
    if (*rounds > kPbkdf2RoundsMax) return std::unexpected(KeystoreError::kTooCostly);
    Secret key(kDerivedBytes);
    if (PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), salt->data(),
                          static_cast<int>(salt->size()), static_cast<int>(*rounds), EVP_sha256(),
                          static_cast<int>(key.bytes.size()), key.bytes.data()) != 1) {
        return std::unexpected(KeystoreError::kMalformed);
    }
    return key;
}

/// AES-128-CTR is its own inverse.
Bytes apply_aes_128_ctr(BytesView key, BytesView iv, BytesView input) {
    struct Free {
        void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
    };
    const std::unique_ptr<EVP_CIPHER_CTX, Free> context(EVP_CIPHER_CTX_new());
    Bytes out(input.size());
    int size = 0;
    BUTTER_ASSERT(context != nullptr);
    BUTTER_ASSERT(EVP_EncryptInit_ex(context.get(), EVP_aes_128_ctr(), nullptr, key.data(), iv.data()) == 1);
    BUTTER_ASSERT(EVP_EncryptUpdate(context.get(), out.data(), &size, input.data(),
                                    static_cast<int>(input.size())) == 1);
    BUTTER_ASSERT(static_cast<std::size_t>(size) == input.size());
    return out;
}

Hash32 mac_of(const Secret& derived, BytesView cipher_text) {
    return crypto::keccak256(concat({BytesView(derived.bytes).subspan(16, 16), cipher_text}));
}

std::string uuid_of(BytesView bytes) {
    Bytes id = to_bytes(bytes);
    id[6] = static_cast<std::uint8_t>((id[6] & 0x0f) | 0x40);  // version 4, random
    id[8] = static_cast<std::uint8_t>((id[8] & 0x3f) | 0x80);
    std::string text = encode_hex_bare(id);
    for (std::size_t at : {20u, 16u, 12u, 8u}) text.insert(at, "-");
    return text;
}

}  // namespace

std::string_view to_string(KeystoreError error) noexcept {
    switch (error) {
        case KeystoreError::kMalformed:
            return "not a version 3 keystore";
        case KeystoreError::kUnsupported:
            return "keystore with a cipher or key derivation that is not supported";
        case KeystoreError::kTooCostly:
            return "keystore whose key derivation takes too much memory or time";
        case KeystoreError::kWrongPassword:
            return "wrong password";
        case KeystoreError::kInvalidKey:
            return "keystore holds no valid private key";
    }
    return "unknown keystore error";
}

Result<crypto::PrivateKey, KeystoreError> decode_keystore(std::string_view json, std::string_view password) {
    const auto document = rpc::parse_json(json);
    if (!document || find_number(*document, "version") != 3)
        return std::unexpected(KeystoreError::kMalformed);
    const rpc::Json* crypto = find_crypto(*document);
    if (crypto == nullptr) return std::unexpected(KeystoreError::kMalformed);
    const rpc::Json* kdf_parameters = rpc::find_member(*crypto, "kdfparams");
    const rpc::Json* cipher_parameters = rpc::find_member(*crypto, "cipherparams");
    const auto cipher_text = find_hex(*crypto, "ciphertext");
    const auto mac = find_hex(*crypto, "mac");
    if (kdf_parameters == nullptr || cipher_parameters == nullptr || !cipher_text || !mac ||
        mac->size() != 32) {
        return std::unexpected(KeystoreError::kMalformed);
    }
    const auto iv = find_hex(*cipher_parameters, "iv");
    if (!iv || iv->size() != 16) return std::unexpected(KeystoreError::kMalformed);
    if (rpc::find_text(*crypto, "cipher") != "aes-128-ctr")
        return std::unexpected(KeystoreError::kUnsupported);
    const auto kdf = rpc::find_text(*crypto, "kdf");
    if (kdf != "scrypt" && kdf != "pbkdf2") return std::unexpected(KeystoreError::kUnsupported);
    TRY(const Secret derived, kdf == "scrypt" ? derive_scrypt(*kdf_parameters, password)
                                              : derive_pbkdf2(*kdf_parameters, password));
    if (!equal(mac_of(derived, *cipher_text), *mac)) return std::unexpected(KeystoreError::kWrongPassword);
    if (cipher_text->size() != 32) return std::unexpected(KeystoreError::kInvalidKey);
    Secret plain(0);
    plain.bytes = apply_aes_128_ctr(BytesView(derived.bytes).first(16), *iv, *cipher_text);
    const auto key = to_fixed<32>(plain.bytes);
    if (!crypto::address_of(key)) return std::unexpected(KeystoreError::kInvalidKey);
    return key;
}

Result<std::string, KeystoreError> encode_keystore(const crypto::PrivateKey& key, std::string_view password,
                                                   const FixedBytes<64>& entropy) {
    const auto address = crypto::address_of(key);
    if (!address) return std::unexpected(KeystoreError::kInvalidKey);
    const BytesView random(entropy);
    rpc::JsonObject kdf_parameters{{"dklen", kDerivedBytes},
                                   {"n", kScryptN},
                                   {"p", kScryptP},
                                   {"r", kScryptR},
                                   {"salt", encode_hex_bare(random.first(32))}};
    // The numbers are read back as signed, as from a parsed file.
    const auto parameters = rpc::parse_json(rpc::to_text(kdf_parameters));
    BUTTER_ASSERT(parameters.has_value());
    TRY(const Secret derived, derive_scrypt(*parameters, password));
    const BytesView iv = random.subspan(32, 16);
    const Bytes cipher_text = apply_aes_128_ctr(BytesView(derived.bytes).first(16), iv, key);
    rpc::JsonObject crypto{{"cipher", "aes-128-ctr"},
                           {"cipherparams", rpc::JsonObject{{"iv", encode_hex_bare(iv)}}},
                           {"ciphertext", encode_hex_bare(cipher_text)},
                           {"kdf", "scrypt"},
                           {"kdfparams", std::move(kdf_parameters)},
                           {"mac", encode_hex_bare(mac_of(derived, cipher_text))}};
    const rpc::JsonObject keystore{{"address", encode_hex_bare(*address)},
                                   {"crypto", std::move(crypto)},
                                   {"id", uuid_of(random.subspan(48, 16))},
                                   {"version", 3}};
    return rpc::to_text(keystore);
}

Result<Address, KeystoreError> decode_keystore_address(std::string_view json) {
    const auto document = rpc::parse_json(json);
    if (!document) return std::unexpected(KeystoreError::kMalformed);
    const auto address = find_hex(*document, "address");
    if (!address || address->size() != Address::kSize) return std::unexpected(KeystoreError::kMalformed);
    return to_fixed<20>(*address);
}

}  // namespace butter::evm
