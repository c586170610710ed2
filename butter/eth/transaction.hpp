// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "butter/base/bytes.hpp"
#include "butter/base/named.hpp"
#include "butter/base/result.hpp"
#include "butter/base/uint256.hpp"
#include "butter/crypto/secp256k1.hpp"
#include "butter/eth/address.hpp"
#include "butter/eth/receipt.hpp"

namespace butter::eth {

struct AccessListEntry {
    Address address;
    std::vector<Hash32> storage_keys;

    friend bool operator==(const AccessListEntry&, const AccessListEntry&) = default;
};

/// Permission to run the code at `address` as the signer's (EIP-7702).
struct Authorization {
    Uint256 chain_id;  ///< 0 for any chain
    Address address;
    std::uint64_t nonce = 0;
    crypto::RecoverableSignature signature;

    friend bool operator==(const Authorization&, const Authorization&) = default;
};

/// A transaction of any type (EIP-2718). Fields that the type does not have stay as they are by default.
struct Transaction {
    EnvelopeType type = EnvelopeType::kDynamicFee;
    std::optional<ChainId> chain_id;  ///< absent only in legacy transactions before EIP-155
    std::uint64_t nonce = 0;
    Uint256 gas_price;                 ///< of kLegacy and kAccessList
    Uint256 max_priority_fee_per_gas;  ///< of kDynamicFee and later
    Uint256 max_fee_per_gas;           ///< of kDynamicFee and later
    std::uint64_t gas_limit = 0;
    std::optional<Address> to;  ///< absent to create a contract; never in kBlob and kSetCode
    Uint256 value;
    Bytes data;
    std::vector<AccessListEntry> access_list;
    Uint256 max_fee_per_blob_gas;               ///< of kBlob
    std::vector<Hash32> blob_versioned_hashes;  ///< of kBlob, at least one
    std::vector<Authorization> authorizations;  ///< of kSetCode, at least one

    friend bool operator==(const Transaction&, const Transaction&) = default;
};

/// An EIP-1559 transaction without access list: what the program sends.
struct DynamicFeeTransaction {
    ChainId chain_id;
    std::uint64_t nonce = 0;
    Uint256 max_priority_fee_per_gas;
    Uint256 max_fee_per_gas;
    std::uint64_t gas_limit = 0;
    std::optional<Address> to;  ///< absent to create a contract
    Uint256 value;
    Bytes data;
};
Transaction to_transaction(const DynamicFeeTransaction& transaction);

struct SignedTransaction {
    Bytes encoded;  ///< argument of eth_sendRawTransaction
    Hash32 hash;
};

enum class TransactionError {
    kRlp = 1,               ///< not canonical RLP of the type's shape
    kUnknownType = 2,       ///< envelope byte above 4, or none
    kBadSignature = 3,      ///< v unknown, r or s out of range, s in the upper half (EIP-2), or no key fits
    kNonceTooLarge = 4,     ///< 2^64-1 (EIP-2681)
    kFeeOrder = 5,          ///< a priority fee above the maximum fee
    kNoRecipient = 6,       ///< a blob or set-code transaction that creates a contract
    kBadBlobHashes = 7,     ///< no blob, or a hash of another version than 1 (EIP-4844)
    kNoAuthorizations = 8,  ///< a set-code transaction without any (EIP-7702)
};
std::string_view to_string(TransactionError error) noexcept;

/// What is signed: the envelope without signature.
Bytes encode_unsigned(const Transaction& transaction);
/// keccak256 of `encode_unsigned`.
Hash32 signing_hash(const Transaction& transaction);
Hash32 signing_hash(const DynamicFeeTransaction& transaction);

Bytes encode_transaction(const Transaction& transaction, const crypto::RecoverableSignature& signature);
Result<SignedTransaction, crypto::Secp256k1Error> sign_transaction(const Transaction& transaction,
                                                                   const crypto::PrivateKey& key);
Result<SignedTransaction, crypto::Secp256k1Error> sign_transaction(const DynamicFeeTransaction& transaction,
                                                                   const crypto::PrivateKey& key);

struct DecodedTransaction {
    Transaction transaction;
    crypto::RecoverableSignature signature;
    Hash32 hash;
    Address sender;
};
/// A transaction as it stands in a block (blobs themselves are not part of it), with its sender. Checks what
/// a transaction says by itself; not checked: the chain it is for, intrinsic gas, code size, any state.
Result<DecodedTransaction, TransactionError> decode_transaction(BytesView encoded);

/// The account that signed an authorization (EIP-7702).
Result<Address, crypto::Secp256k1Error> recover_authority(const Authorization& authorization);

}  // namespace butter::eth
