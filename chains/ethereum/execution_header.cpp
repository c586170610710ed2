// SPDX-License-Identifier: Apache-2.0
#include "chains/ethereum/execution_header.hpp"

#include "butter/base/uint256.hpp"
#include "butter/codec/rlp.hpp"
#include "butter/crypto/keccak.hpp"
#include "butter/trie/trie.hpp"

namespace butter::ethereum {
namespace {

using codec::RlpError;
using codec::RlpReader;

Result<ExecutionHeader, RlpError> read_header(BytesView bytes) {
    ExecutionHeader header;
    header.hash = crypto::keccak256(bytes);
    TRY(RlpReader fields, codec::decode_rlp_list(bytes));
    TRY(header.parent_hash, fields.next_fixed<32>());
    TRY([[maybe_unused]] const Hash32 ommers_hash, fields.next_fixed<32>());
    TRY([[maybe_unused]] const Address beneficiary, fields.next_fixed<20>());
    TRY(header.state_root, fields.next_fixed<32>());
    TRY([[maybe_unused]] const Hash32 transactions_root, fields.next_fixed<32>());
    TRY(header.receipts_root, fields.next_fixed<32>());
    TRY([[maybe_unused]] const auto bloom, fields.next_fixed<256>());
    TRY([[maybe_unused]] const Uint256 difficulty, fields.next_uint256());
    TRY(header.number, fields.next_u64());
    TRY([[maybe_unused]] const std::uint64_t gas_limit, fields.next_u64());
    TRY([[maybe_unused]] const std::uint64_t gas_used, fields.next_u64());
    TRY([[maybe_unused]] const std::uint64_t timestamp, fields.next_u64());
    TRY([[maybe_unused]] const BytesView extra_data, fields.next_bytes());
    TRY([[maybe_unused]] const Hash32 mix_hash, fields.next_fixed<32>());
    TRY([[maybe_unused]] const auto nonce, fields.next_fixed<8>());
    while (!fields.is_done()) {
        TRY([[maybe_unused]] const BytesView later, fields.next_bytes());
    }
    return header;
}

Result<Hash32, RlpError> read_storage_root(BytesView account) {
    TRY(RlpReader fields, codec::decode_rlp_list(account));
    TRY([[maybe_unused]] const std::uint64_t nonce, fields.next_u64());
    TRY([[maybe_unused]] const Uint256 balance, fields.next_uint256());
    TRY(const Hash32 storage_root, fields.next_fixed<32>());
    TRY([[maybe_unused]] const Hash32 code_hash, fields.next_fixed<32>());
    TRY_VOID(fields.finish());
    return storage_root;
}

/// Storage values are integers: a hash with leading zeros is shorter.
Result<Hash32, RlpError> read_storage_hash(BytesView value) {
    RlpReader reader(value);
    TRY(const Uint256 hash, reader.next_uint256());
    TRY_VOID(reader.finish());
    return to_big_endian(hash);
}

}  // namespace

std::string_view to_string(ExecutionError error) noexcept {
    switch (error) {
        case ExecutionError::kRlp:
            return "execution header is not canonical rlp of its shape";
        case ExecutionError::kOutOfWindow:
            return "block is not in the history of the anchor";
        case ExecutionError::kAccount:
            return "account of the history contract is not proven";
        case ExecutionError::kStorage:
            return "slot of the history contract is not proven";
    }
    return "unknown execution error";
}

Result<ExecutionHeader, ExecutionError> decode_execution_header(BytesView bytes) {
    const auto header = read_header(bytes);
    if (!header) return std::unexpected(ExecutionError::kRlp);
    return *header;
}

Result<Hash32, ExecutionError> verify_history(const ExecutionHeader& anchor, std::uint64_t number,
                                              std::span<const Bytes> account_nodes,
                                              std::span<const Bytes> storage_nodes) {
    if (number >= anchor.number || anchor.number - number > kHistoryServeWindow) {
        return std::unexpected(ExecutionError::kOutOfWindow);
    }
    const auto account =
        trie::verify_proof(anchor.state_root, crypto::keccak256(kHistoryContract), account_nodes);
    if (!account) return std::unexpected(ExecutionError::kAccount);
    const auto storage_root = read_storage_root(*account);
    if (!storage_root) return std::unexpected(ExecutionError::kAccount);
    const Hash32 slot = crypto::keccak256(to_big_endian(Uint256{number % kHistoryServeWindow}));
    const auto value = trie::verify_proof(*storage_root, slot, storage_nodes);
    if (!value) return std::unexpected(ExecutionError::kStorage);
    const auto hash = read_storage_hash(*value);
    if (!hash) return std::unexpected(ExecutionError::kStorage);
    return *hash;
}

}  // namespace butter::ethereum
