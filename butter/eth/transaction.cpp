// SPDX-License-Identifier: Apache-2.0
#include "butter/eth/transaction.hpp"

#include "butter/base/assert.hpp"
#include "butter/codec/rlp.hpp"
#include "butter/crypto/keccak.hpp"

namespace butter::eth {
namespace {

using codec::RlpError;
using codec::RlpReader;
using crypto::RecoverableSignature;

constexpr std::uint8_t kListPrefix = 0xc0;
constexpr std::uint8_t kAuthorizationMagic = 0x05;
constexpr std::uint8_t kBlobHashVersion = 1;
constexpr std::uint64_t kUnprotectedV = 27;
constexpr std::uint64_t kProtectedV = 35;
/// Half the order of the group: EIP-2 allows no s above it.
constexpr Uint256 kLargestS{std::array<std::uint64_t, 4>{0xdfe92f46681b20a0, 0x5d576e7357a4501d,
                                                         0xffffffffffffffff, 0x7fffffffffffffff}};

bool has_dynamic_fee(EnvelopeType type) noexcept { return type >= EnvelopeType::kDynamicFee; }

// --- Writing

void append_signature(Bytes& out, const RecoverableSignature& signature) {
    codec::append_rlp_uint(out, *from_big_endian(signature.r));
    codec::append_rlp_uint(out, *from_big_endian(signature.s));
}

void append_access_list(Bytes& out, const std::vector<AccessListEntry>& access_list) {
    Bytes entries;
    for (const AccessListEntry& entry : access_list) {
        Bytes keys;
        for (const Hash32& key : entry.storage_keys) codec::append_rlp_bytes(keys, key);
        Bytes fields;
        codec::append_rlp_bytes(fields, entry.address);
        codec::append_rlp_list(fields, keys);
        codec::append_rlp_list(entries, fields);
    }
    codec::append_rlp_list(out, entries);
}

Bytes authorization_fields(const Authorization& authorization) {
    Bytes out;
    codec::append_rlp_uint(out, authorization.chain_id);
    codec::append_rlp_bytes(out, authorization.address);
    codec::append_rlp_uint(out, authorization.nonce);
    return out;
}

void append_authorizations(Bytes& out, const std::vector<Authorization>& authorizations) {
    Bytes entries;
    for (const Authorization& authorization : authorizations) {
        Bytes fields = authorization_fields(authorization);
        codec::append_rlp_uint(fields, authorization.signature.recovery_id);
        append_signature(fields, authorization.signature);
        codec::append_rlp_list(entries, fields);
    }
    codec::append_rlp_list(out, entries);
}

/// Everything but the signature.
Bytes unsigned_fields(const Transaction& transaction) {
    const EnvelopeType type = transaction.type;
    Bytes out;
    if (type != EnvelopeType::kLegacy) {
        BUTTER_ASSERT(transaction.chain_id.has_value());
        codec::append_rlp_uint(out, transaction.chain_id->value);
    }
    codec::append_rlp_uint(out, transaction.nonce);
    if (has_dynamic_fee(type)) {
        codec::append_rlp_uint(out, transaction.max_priority_fee_per_gas);
        codec::append_rlp_uint(out, transaction.max_fee_per_gas);
    } else {
        codec::append_rlp_uint(out, transaction.gas_price);
    }
    codec::append_rlp_uint(out, transaction.gas_limit);
    codec::append_rlp_bytes(out, transaction.to ? BytesView(*transaction.to) : BytesView());
    codec::append_rlp_uint(out, transaction.value);
    codec::append_rlp_bytes(out, transaction.data);
    if (type != EnvelopeType::kLegacy) append_access_list(out, transaction.access_list);
    if (type == EnvelopeType::kBlob) {
        codec::append_rlp_uint(out, transaction.max_fee_per_blob_gas);
        Bytes hashes;
        for (const Hash32& hash : transaction.blob_versioned_hashes) codec::append_rlp_bytes(hashes, hash);
        codec::append_rlp_list(out, hashes);
    }
    if (type == EnvelopeType::kSetCode) append_authorizations(out, transaction.authorizations);
    return out;
}

Bytes encode_envelope(EnvelopeType type, BytesView fields) {
    Bytes out;
    if (type != EnvelopeType::kLegacy) out.push_back(static_cast<std::uint8_t>(type));
    codec::append_rlp_list(out, fields);
    return out;
}

Uint256 protected_v(ChainId chain_id, std::uint8_t recovery_id) noexcept {
    return Uint256{chain_id.value} + Uint256{chain_id.value} + Uint256{kProtectedV + recovery_id};
}

// --- Reading

Result<std::vector<Hash32>, RlpError> read_hashes(RlpReader& fields) {
    TRY(RlpReader list, fields.next_list());
    std::vector<Hash32> out;
    while (!list.is_done()) {
        TRY(const Hash32 hash, list.next_fixed<32>());
        out.push_back(hash);
    }
    return out;
}

Result<std::vector<AccessListEntry>, RlpError> read_access_list(RlpReader& fields) {
    TRY(RlpReader list, fields.next_list());
    std::vector<AccessListEntry> out;
    while (!list.is_done()) {
        TRY(RlpReader entry_fields, list.next_list());
        AccessListEntry entry;
        TRY(entry.address, entry_fields.next_fixed<20>());
        TRY(entry.storage_keys, read_hashes(entry_fields));
        TRY_VOID(entry_fields.finish());
        out.push_back(std::move(entry));
    }
    return out;
}

Result<void, RlpError> read_scalars(RlpReader& fields, RecoverableSignature& signature) {
    TRY(const Uint256 r, fields.next_uint256());
    TRY(const Uint256 s, fields.next_uint256());
    signature.r = to_big_endian(r);
    signature.s = to_big_endian(s);
    return {};
}

/// y parity of a typed transaction or an authorization, as one byte.
Result<void, RlpError> read_signature(RlpReader& fields, RecoverableSignature& signature) {
    TRY(const std::uint64_t parity, fields.next_u64());
    if (parity > 0xff) return std::unexpected(RlpError::kIntegerTooLarge);
    signature.recovery_id = static_cast<std::uint8_t>(parity);
    return read_scalars(fields, signature);
}

Result<std::vector<Authorization>, RlpError> read_authorizations(RlpReader& fields) {
    TRY(RlpReader list, fields.next_list());
    std::vector<Authorization> out;
    while (!list.is_done()) {
        TRY(RlpReader entry, list.next_list());
        Authorization authorization;
        TRY(authorization.chain_id, entry.next_uint256());
        TRY(authorization.address, entry.next_fixed<20>());
        TRY(authorization.nonce, entry.next_u64());
        TRY_VOID(read_signature(entry, authorization.signature));
        TRY_VOID(entry.finish());
        out.push_back(std::move(authorization));
    }
    return out;
}

Result<void, RlpError> read_recipient(RlpReader& fields, std::optional<Address>& to) {
    RlpReader after = fields;
    TRY(const BytesView bytes, after.next_bytes());
    if (bytes.empty()) {
        fields = after;
        return {};
    }
    TRY(to, fields.next_fixed<20>());
    return {};
}

Result<void, RlpError> read_unsigned(RlpReader& fields, Transaction& transaction) {
    const EnvelopeType type = transaction.type;
    if (type != EnvelopeType::kLegacy) {
        TRY(const std::uint64_t chain_id, fields.next_u64());
        transaction.chain_id = ChainId{chain_id};
    }
    TRY(transaction.nonce, fields.next_u64());
    if (has_dynamic_fee(type)) {
        TRY(transaction.max_priority_fee_per_gas, fields.next_uint256());
        TRY(transaction.max_fee_per_gas, fields.next_uint256());
    } else {
        TRY(transaction.gas_price, fields.next_uint256());
    }
    TRY(transaction.gas_limit, fields.next_u64());
    TRY_VOID(read_recipient(fields, transaction.to));
    TRY(transaction.value, fields.next_uint256());
    TRY(const BytesView data, fields.next_bytes());
    transaction.data = to_bytes(data);
    if (type != EnvelopeType::kLegacy) {
        TRY(transaction.access_list, read_access_list(fields));
    }
    if (type == EnvelopeType::kBlob) {
        TRY(transaction.max_fee_per_blob_gas, fields.next_uint256());
        TRY(transaction.blob_versioned_hashes, read_hashes(fields));
    }
    if (type == EnvelopeType::kSetCode) {
        TRY(transaction.authorizations, read_authorizations(fields));
    }
    return {};
}

struct Read {
    Transaction transaction;
    RecoverableSignature signature;
    Uint256 v;  ///< of kLegacy
};

Result<Read, RlpError> read_fields(EnvelopeType type, BytesView list) {
    TRY(RlpReader fields, codec::decode_rlp_list(list));
    Read out;
    out.transaction.type = type;
    TRY_VOID(read_unsigned(fields, out.transaction));
    if (type == EnvelopeType::kLegacy) {
        TRY(out.v, fields.next_uint256());
        TRY_VOID(read_scalars(fields, out.signature));
    } else {
        TRY_VOID(read_signature(fields, out.signature));
    }
    TRY_VOID(fields.finish());
    return out;
}

/// Splits a legacy v into chain id and parity (EIP-155).
Result<void, TransactionError> take_v(Read& read) {
    const Uint256& v = read.v;
    if (v == Uint256{kUnprotectedV} || v == Uint256{kUnprotectedV + 1}) {
        read.signature.recovery_id = static_cast<std::uint8_t>(v.limbs[0] - kUnprotectedV);
        return {};
    }
    if (v < Uint256{kProtectedV}) return std::unexpected(TransactionError::kBadSignature);
    const Uint256 chain_id = (v - Uint256{kProtectedV}) >> 1;
    if (chain_id.is_zero() || !chain_id.fits_u64()) return std::unexpected(TransactionError::kBadSignature);
    read.transaction.chain_id = ChainId{chain_id.limbs[0]};
    read.signature.recovery_id = (v.limbs[0] & 1) != 0 ? 0 : 1;
    return {};
}

Result<void, TransactionError> check(const Transaction& transaction) {
    if (transaction.nonce == ~std::uint64_t{0}) return std::unexpected(TransactionError::kNonceTooLarge);
    if (transaction.max_priority_fee_per_gas > transaction.max_fee_per_gas) {
        return std::unexpected(TransactionError::kFeeOrder);
    }
    const bool is_blob = transaction.type == EnvelopeType::kBlob;
    const bool is_set_code = transaction.type == EnvelopeType::kSetCode;
    if ((is_blob || is_set_code) && !transaction.to) return std::unexpected(TransactionError::kNoRecipient);
    if (is_blob) {
        const auto& hashes = transaction.blob_versioned_hashes;
        const bool all_known = std::all_of(hashes.begin(), hashes.end(),
                                           [](const Hash32& hash) { return hash[0] == kBlobHashVersion; });
        if (hashes.empty() || !all_known) return std::unexpected(TransactionError::kBadBlobHashes);
    }
    if (is_set_code && transaction.authorizations.empty()) {
        return std::unexpected(TransactionError::kNoAuthorizations);
    }
    return {};
}

Result<Address, TransactionError> recover_sender(const Transaction& transaction,
                                                 const RecoverableSignature& signature) {
    if (signature.recovery_id > 1 || *from_big_endian(signature.s) > kLargestS) {
        return std::unexpected(TransactionError::kBadSignature);
    }
    const auto sender = crypto::recover_address(signing_hash(transaction), signature);
    if (!sender) return std::unexpected(TransactionError::kBadSignature);
    return *sender;
}

}  // namespace

std::string_view to_string(TransactionError error) noexcept {
    switch (error) {
        case TransactionError::kRlp:
            return "transaction is not canonical rlp of its type";
        case TransactionError::kUnknownType:
            return "transaction of an unknown type";
        case TransactionError::kBadSignature:
            return "transaction with an invalid signature";
        case TransactionError::kNonceTooLarge:
            return "transaction nonce too large";
        case TransactionError::kFeeOrder:
            return "priority fee above the maximum fee";
        case TransactionError::kNoRecipient:
            return "transaction of a type that needs a recipient has none";
        case TransactionError::kBadBlobHashes:
            return "blob transaction without blobs of version 1";
        case TransactionError::kNoAuthorizations:
            return "set-code transaction without authorizations";
    }
    return "unknown transaction error";
}

Transaction to_transaction(const DynamicFeeTransaction& transaction) {
    Transaction out;
    out.chain_id = transaction.chain_id;
    out.nonce = transaction.nonce;
    out.max_priority_fee_per_gas = transaction.max_priority_fee_per_gas;
    out.max_fee_per_gas = transaction.max_fee_per_gas;
    out.gas_limit = transaction.gas_limit;
    out.to = transaction.to;
    out.value = transaction.value;
    out.data = transaction.data;
    return out;
}

Bytes encode_unsigned(const Transaction& transaction) {
    Bytes fields = unsigned_fields(transaction);
    if (transaction.type == EnvelopeType::kLegacy && transaction.chain_id) {
        codec::append_rlp_uint(fields, transaction.chain_id->value);
        codec::append_rlp_uint(fields, std::uint64_t{0});
        codec::append_rlp_uint(fields, std::uint64_t{0});
    }
    return encode_envelope(transaction.type, fields);
}

Hash32 signing_hash(const Transaction& transaction) {
    return crypto::keccak256(encode_unsigned(transaction));
}

Hash32 signing_hash(const DynamicFeeTransaction& transaction) {
    return signing_hash(to_transaction(transaction));
}

Bytes encode_transaction(const Transaction& transaction, const RecoverableSignature& signature) {
    Bytes fields = unsigned_fields(transaction);
    if (transaction.type != EnvelopeType::kLegacy) {
        codec::append_rlp_uint(fields, signature.recovery_id);
    } else if (transaction.chain_id) {
        codec::append_rlp_uint(fields, protected_v(*transaction.chain_id, signature.recovery_id));
    } else {
        codec::append_rlp_uint(fields, kUnprotectedV + signature.recovery_id);
    }
    append_signature(fields, signature);
    return encode_envelope(transaction.type, fields);
}

Result<SignedTransaction, crypto::Secp256k1Error> sign_transaction(const Transaction& transaction,
                                                                   const crypto::PrivateKey& key) {
    TRY(const RecoverableSignature signature, crypto::sign(signing_hash(transaction), key));
    SignedTransaction out{encode_transaction(transaction, signature), {}};
    out.hash = crypto::keccak256(out.encoded);
    return out;
}

Result<SignedTransaction, crypto::Secp256k1Error> sign_transaction(const DynamicFeeTransaction& transaction,
                                                                   const crypto::PrivateKey& key) {
    return sign_transaction(to_transaction(transaction), key);
}

Result<DecodedTransaction, TransactionError> decode_transaction(BytesView encoded) {
    if (encoded.empty()) return std::unexpected(TransactionError::kUnknownType);
    auto type = EnvelopeType::kLegacy;
    BytesView list = encoded;
    if (encoded[0] < kListPrefix) {
        if (encoded[0] == 0 || encoded[0] > static_cast<std::uint8_t>(EnvelopeType::kSetCode)) {
            return std::unexpected(TransactionError::kUnknownType);
        }
        type = static_cast<EnvelopeType>(encoded[0]);
        list = encoded.subspan(1);
    }
    auto read = read_fields(type, list);
    if (!read) return std::unexpected(TransactionError::kRlp);
    if (type == EnvelopeType::kLegacy) TRY_VOID(take_v(*read));
    TRY_VOID(check(read->transaction));
    TRY(const Address sender, recover_sender(read->transaction, read->signature));
    return DecodedTransaction{.transaction = std::move(read->transaction),
                              .signature = read->signature,
                              .hash = crypto::keccak256(encoded),
                              .sender = sender};
}

Result<Address, crypto::Secp256k1Error> recover_authority(const Authorization& authorization) {
    if (authorization.signature.recovery_id > 1 || *from_big_endian(authorization.signature.s) > kLargestS) {
        return std::unexpected(crypto::Secp256k1Error::kInvalidSignature);
    }
    Bytes signed_bytes{kAuthorizationMagic};
    codec::append_rlp_list(signed_bytes, authorization_fields(authorization));
    return crypto::recover_address(crypto::keccak256(signed_bytes), authorization.signature);
}

}  // namespace butter::eth
