// SPDX-License-Identifier: Apache-2.0
#include "butter/eth/transaction.hpp"

#include "butter/codec/rlp.hpp"
#include "butter/crypto/keccak.hpp"
#include "butter/eth/receipt.hpp"

namespace butter::eth {
namespace {

Bytes encode_fields(const DynamicFeeTransaction& transaction) {
    Bytes fields;
    codec::append_rlp_uint(fields, transaction.chain_id.value);
    codec::append_rlp_uint(fields, transaction.nonce);
    codec::append_rlp_uint(fields, transaction.max_priority_fee_per_gas);
    codec::append_rlp_uint(fields, transaction.max_fee_per_gas);
    codec::append_rlp_uint(fields, transaction.gas_limit);
    codec::append_rlp_bytes(fields, transaction.to ? BytesView(*transaction.to) : BytesView());
    codec::append_rlp_uint(fields, transaction.value);
    codec::append_rlp_bytes(fields, transaction.data);
    codec::append_rlp_list(fields, {});
    return fields;
}

Bytes encode_envelope(BytesView fields) {
    Bytes out{static_cast<std::uint8_t>(EnvelopeType::kDynamicFee)};
    codec::append_rlp_list(out, fields);
    return out;
}

}  // namespace

Hash32 signing_hash(const DynamicFeeTransaction& transaction) {
    return crypto::keccak256(encode_envelope(encode_fields(transaction)));
}

Result<SignedTransaction, crypto::Secp256k1Error> sign_transaction(const DynamicFeeTransaction& transaction,
                                                                   const crypto::PrivateKey& key) {
    Bytes fields = encode_fields(transaction);
    TRY(const crypto::RecoverableSignature signature,
        crypto::sign(crypto::keccak256(encode_envelope(fields)), key));
    codec::append_rlp_uint(fields, signature.recovery_id);
    codec::append_rlp_uint(fields, *from_big_endian(signature.r));
    codec::append_rlp_uint(fields, *from_big_endian(signature.s));
    SignedTransaction out{encode_envelope(fields), {}};
    out.hash = crypto::keccak256(out.encoded);
    return out;
}

Address create_address(const Address& sender, std::uint64_t nonce) {
    Bytes fields;
    codec::append_rlp_bytes(fields, sender);
    codec::append_rlp_uint(fields, nonce);
    const Hash32 hash = crypto::keccak256(codec::encode_rlp_list(fields));
    return to_fixed<20>(BytesView(hash).subspan(12));
}

}  // namespace butter::eth
