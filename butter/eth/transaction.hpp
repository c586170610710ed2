// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "butter/base/bytes.hpp"
#include "butter/base/named.hpp"
#include "butter/base/result.hpp"
#include "butter/base/uint256.hpp"
#include "butter/crypto/secp256k1.hpp"

namespace butter::eth {

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

struct SignedTransaction {
    Bytes encoded;  ///< argument of eth_sendRawTransaction
    Hash32 hash;
};

/// keccak256 of the unsigned envelope (EIP-1559).
Hash32 signing_hash(const DynamicFeeTransaction& transaction);
Result<SignedTransaction, crypto::Secp256k1Error> sign_transaction(const DynamicFeeTransaction& transaction,
                                                                   const crypto::PrivateKey& key);

/// Address of a contract that `sender` creates with its transaction number `nonce`.
Address create_address(const Address& sender, std::uint64_t nonce);

}  // namespace butter::eth
