// SPDX-License-Identifier: Apache-2.0
#include "butter/eth/header.hpp"

#include "butter/base/assert.hpp"
#include "butter/crypto/keccak.hpp"

namespace butter::eth {

bool has_no_gaps(const Header& header) noexcept {
    const bool present[] = {header.base_fee.has_value(), header.withdrawals_root.has_value(),
                            header.blob_gas_used.has_value(), header.requests_hash.has_value()};
    return std::is_sorted(std::rbegin(present), std::rend(present)) &&
           header.blob_gas_used.has_value() == header.excess_blob_gas.has_value() &&
           header.blob_gas_used.has_value() == header.parent_beacon_block_root.has_value();
}

Bytes encode_header(const Header& header) {
    BUTTER_ASSERT(has_no_gaps(header));
    Bytes fields;
    fields.reserve(700);
    codec::append_rlp_bytes(fields, header.parent_hash);
    codec::append_rlp_bytes(fields, header.ommers_hash);
    codec::append_rlp_bytes(fields, header.beneficiary);
    codec::append_rlp_bytes(fields, header.state_root);
    codec::append_rlp_bytes(fields, header.transactions_root);
    codec::append_rlp_bytes(fields, header.receipts_root);
    codec::append_rlp_bytes(fields, header.bloom);
    codec::append_rlp_uint(fields, header.difficulty);
    codec::append_rlp_uint(fields, header.number.value);
    codec::append_rlp_uint(fields, header.gas_limit);
    codec::append_rlp_uint(fields, header.gas_used);
    codec::append_rlp_uint(fields, header.timestamp.value);
    codec::append_rlp_bytes(fields, header.extra_data);
    codec::append_rlp_bytes(fields, header.mix_hash);
    codec::append_rlp_bytes(fields, header.nonce);
    if (header.base_fee) codec::append_rlp_uint(fields, *header.base_fee);
    if (header.withdrawals_root) codec::append_rlp_bytes(fields, *header.withdrawals_root);
    if (header.blob_gas_used) codec::append_rlp_uint(fields, *header.blob_gas_used);
    if (header.excess_blob_gas) codec::append_rlp_uint(fields, *header.excess_blob_gas);
    if (header.parent_beacon_block_root) codec::append_rlp_bytes(fields, *header.parent_beacon_block_root);
    if (header.requests_hash) codec::append_rlp_bytes(fields, *header.requests_hash);
    return codec::encode_rlp_list(fields);
}

Result<Header, codec::RlpError> decode_header(BytesView bytes) {
    TRY(codec::RlpReader fields, codec::decode_rlp_list(bytes));
    Header header;
    TRY(header.parent_hash, fields.next_fixed<32>());
    TRY(header.ommers_hash, fields.next_fixed<32>());
    TRY(header.beneficiary, fields.next_fixed<20>());
    TRY(header.state_root, fields.next_fixed<32>());
    TRY(header.transactions_root, fields.next_fixed<32>());
    TRY(header.receipts_root, fields.next_fixed<32>());
    TRY(header.bloom, fields.next_fixed<256>());
    TRY(header.difficulty, fields.next_uint256());
    TRY(const std::uint64_t number, fields.next_u64());
    header.number = BlockNumber{number};
    TRY(header.gas_limit, fields.next_u64());
    TRY(header.gas_used, fields.next_u64());
    TRY(const std::uint64_t timestamp, fields.next_u64());
    header.timestamp = UnixSeconds{timestamp};
    TRY(const BytesView extra_data, fields.next_bytes());
    header.extra_data = to_bytes(extra_data);
    TRY(header.mix_hash, fields.next_fixed<32>());
    TRY(header.nonce, fields.next_fixed<8>());
    if (!fields.is_done()) {
        TRY(header.base_fee, fields.next_uint256());
    }
    if (!fields.is_done()) {
        TRY(header.withdrawals_root, fields.next_fixed<32>());
    }
    if (!fields.is_done()) {
        TRY(header.blob_gas_used, fields.next_u64());
        TRY(header.excess_blob_gas, fields.next_u64());
        TRY(header.parent_beacon_block_root, fields.next_fixed<32>());
    }
    if (!fields.is_done()) {
        TRY(header.requests_hash, fields.next_fixed<32>());
    }
    TRY_VOID(fields.finish());
    return header;
}

Hash32 hash_of(const Header& header) { return crypto::keccak256(encode_header(header)); }

}  // namespace butter::eth
