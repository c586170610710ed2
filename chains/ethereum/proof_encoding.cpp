// SPDX-License-Identifier: Apache-2.0
#include "chains/ethereum/proof_encoding.hpp"

#include <algorithm>

#include "butter/base/assert.hpp"

namespace butter::ethereum {
namespace {

using codec::AbiError;
using codec::AbiReader;
using codec::AbiValue;

// ---- writing
// -----------------------------------------------------------------------------------------------------

AbiValue words(const std::vector<Hash32>& values) {
    std::vector<AbiValue> out;
    out.reserve(values.size());
    for (const Hash32& value : values) out.push_back(AbiValue::word(value));
    return AbiValue::array(std::move(out));
}

AbiValue bytes_list(const std::vector<Bytes>& values) {
    std::vector<AbiValue> out;
    out.reserve(values.size());
    for (const Bytes& value : values) out.push_back(AbiValue::bytes(value));
    return AbiValue::array(std::move(out));
}

AbiValue header_value(const BeaconHeader& header) {
    return AbiValue::tuple({AbiValue::number(header.slot.value), AbiValue::number(header.proposer_index),
                            AbiValue::word(header.parent_root), AbiValue::word(header.state_root),
                            AbiValue::word(header.body_root)});
}

AbiValue receipt_value(const ReceiptProof& receipt) {
    std::vector<AbiValue> indexes;
    for (std::uint16_t index : receipt.log_indexes) indexes.push_back(AbiValue::number(index));
    return AbiValue::tuple({AbiValue::number(receipt.transaction_index), bytes_list(receipt.nodes),
                            AbiValue::array(std::move(indexes))});
}

AbiValue key_value(const bls::PublicKey& key) {
    const auto checked = bls::decode_public_key(key);
    BUTTER_ASSERT(checked.has_value());
    return AbiValue::bytes(bls::encode_eip2537(*checked));
}

AbiValue bits_value(const codec::SszBits& bits) {
    FixedBytes<64> padded;
    BUTTER_ASSERT(bits.bytes.size() <= padded.size());
    std::copy(bits.bytes.begin(), bits.bytes.end(), padded.begin());
    return AbiValue::tuple({AbiValue::fixed_bytes(BytesView(padded).first(32)),
                            AbiValue::fixed_bytes(BytesView(padded).subspan(32))});
}

AbiValue absent_value(const SyncCommittee& committee, const codec::SszBits& bits) {
    const std::vector<Hash32> leaves = key_roots(committee);
    std::vector<AbiValue> absent;
    for (std::size_t i = 0; i < committee.keys.size(); ++i) {
        if (bits[i]) continue;
        absent.push_back(AbiValue::tuple(
            {key_value(committee.keys[i]), words(codec::compute_branch(leaves, leaves.size(), i))}));
    }
    return AbiValue::array(std::move(absent));
}

// ---- reading
// -----------------------------------------------------------------------------------------------------

/// Reads tails. Offsets may point to one place many times, so what is copied is counted: an encoding without
/// sharing holds all of it.
class TailReader {
  public:
    explicit TailReader(std::size_t bytes_max) noexcept : left_(bytes_max) {}

    Result<Bytes, AbiError> next_bytes(AbiReader& reader) {
        TRY(const BytesView view, reader.next_bytes());
        TRY_VOID(spend(view.size()));
        return to_bytes(view);
    }

    Result<AbiReader::Array, AbiError> next_array(AbiReader& reader) {
        TRY(const AbiReader::Array array, reader.next_array(Hash32::kSize));
        TRY_VOID(spend(array.count * Hash32::kSize));
        return array;
    }

    Result<std::vector<Hash32>, AbiError> next_words(AbiReader& reader) {
        TRY(AbiReader::Array array, next_array(reader));
        std::vector<Hash32> out(array.count);
        for (Hash32& word : out) {
            TRY(word, array.elements.next_word());
        }
        return out;
    }

    Result<std::vector<Bytes>, AbiError> next_bytes_list(AbiReader& reader) {
        TRY(AbiReader::Array array, next_array(reader));
        std::vector<Bytes> out(array.count);
        for (Bytes& bytes : out) {
            TRY(bytes, next_bytes(array.elements));
        }
        return out;
    }

  private:
    Result<void, AbiError> spend(std::size_t bytes) noexcept {
        if (bytes > left_) return std::unexpected(AbiError::kLengthOutOfRange);
        left_ -= bytes;
        return {};
    }

    std::size_t left_;
};

Result<BeaconHeader, AbiError> next_header(AbiReader& reader) {
    BeaconHeader header;
    TRY(header.slot.value, reader.next_uint(64));
    TRY(header.proposer_index, reader.next_uint(64));
    TRY(header.parent_root, reader.next_word());
    TRY(header.state_root, reader.next_word());
    TRY(header.body_root, reader.next_word());
    return header;
}

Result<ReceiptProof, AbiError> next_receipt(AbiReader& reader, TailReader& tails) {
    TRY(AbiReader fields, reader.next_tuple());
    ReceiptProof receipt;
    TRY(receipt.transaction_index, fields.next_uint(64));
    TRY(receipt.nodes, tails.next_bytes_list(fields));
    TRY(AbiReader::Array indexes, tails.next_array(fields));
    for (std::size_t i = 0; i < indexes.count; ++i) {
        TRY(const std::uint64_t index, indexes.elements.next_uint(16));
        receipt.log_indexes.push_back(static_cast<std::uint16_t>(index));
    }
    return receipt;
}

Result<ClientState, AbiError> read_state(BytesView bytes) {
    AbiReader reader(bytes);
    ClientState state;
    TRY(state.finalized_slot.value, reader.next_uint(64));
    TRY(state.finalized_block_hash, reader.next_word());
    TRY(state.period, reader.next_uint(64));
    TRY(state.committee_root, reader.next_word());
    TRY(state.next_committee_root, reader.next_word());
    return state;
}

constexpr std::size_t kStateBytes = 5 * Hash32::kSize;

}  // namespace

namespace encoding {

Result<SyncUpdate, AbiError> read_sync_update(BytesView bytes) {
    AbiReader outer(bytes);
    TailReader tails(bytes.size());
    TRY(AbiReader fields, outer.next_tuple());
    SyncUpdate update;
    TRY(update.attested, next_header(fields));
    TRY(update.finalized, next_header(fields));
    TRY(update.finality_branch, tails.next_words(fields));
    TRY(update.execution_block_hash, fields.next_word());
    TRY(update.execution_branch, tails.next_words(fields));
    TRY(update.next_committee_root, fields.next_word());
    TRY(update.next_committee_branch, tails.next_words(fields));
    TRY(update.signature_slot.value, fields.next_uint(64));
    TRY(update.bits[0], fields.next_word());
    TRY(update.bits[1], fields.next_word());
    TRY(update.signature, tails.next_bytes(fields));
    TRY(update.aggregate_key, tails.next_bytes(fields));
    TRY(update.pubkeys_root, fields.next_word());
    TRY(AbiReader::Array absent, tails.next_array(fields));
    for (std::size_t i = 0; i < absent.count; ++i) {
        TRY(AbiReader entry, absent.elements.next_tuple());
        AbsentMember member;
        TRY(member.key, tails.next_bytes(entry));
        TRY(member.branch, tails.next_words(entry));
        update.absent.push_back(std::move(member));
    }
    return update;
}

Result<ProofParts, AbiError> read_proof(BytesView bytes) {
    AbiReader outer(bytes);
    TailReader tails(bytes.size());
    TRY(AbiReader fields, outer.next_tuple());
    ProofParts parts;
    TRY(parts.updates, tails.next_bytes_list(fields));
    TRY(parts.headers, tails.next_bytes_list(fields));
    TRY(parts.history_account, tails.next_bytes_list(fields));
    TRY(parts.history_storage, tails.next_bytes_list(fields));
    TRY(AbiReader::Array receipts, tails.next_array(fields));
    for (std::size_t i = 0; i < receipts.count; ++i) {
        TRY(ReceiptProof receipt, next_receipt(receipts.elements, tails));
        parts.receipts.push_back(std::move(receipt));
    }
    return parts;
}

}  // namespace encoding

Bytes encode_sync_update(const BeaconNetwork& network, const Update& update, const SyncCommittee& committee) {
    BUTTER_ASSERT(update.finalized.has_value());
    const LightClientHeader& finalized = *update.finalized;
    BUTTER_ASSERT(finalized.execution.has_value());
    BUTTER_ASSERT(committee.keys.size() == update.aggregate.bits.size);
    std::vector<Hash32> execution_branch =
        block_hash_branch(*finalized.execution, network.fork_at(finalized.beacon.slot).execution_layout);
    execution_branch.insert(execution_branch.end(), finalized.execution_branch.begin(),
                            finalized.execution_branch.end());
    const auto signature = bls::encode_eip2537(update.aggregate.signature);
    BUTTER_ASSERT(signature.has_value());
    return codec::encode_abi({AbiValue::tuple({
        header_value(update.attested.beacon),
        header_value(finalized.beacon),
        words(update.finality_branch),
        AbiValue::word(finalized.execution->block_hash),
        words(execution_branch),
        AbiValue::word(update.next_committee ? root_of(*update.next_committee) : Hash32{}),
        words(update.next_committee_branch),
        AbiValue::number(update.signature_slot.value),
        bits_value(update.aggregate.bits),
        AbiValue::bytes(*signature),
        key_value(committee.aggregate_key),
        AbiValue::word(pubkeys_root(committee)),
        absent_value(committee, update.aggregate.bits),
    })});
}

Bytes encode_proof(const ProofParts& parts) {
    std::vector<AbiValue> receipts;
    for (const ReceiptProof& receipt : parts.receipts) receipts.push_back(receipt_value(receipt));
    return codec::encode_abi({AbiValue::tuple(
        {bytes_list(parts.updates), bytes_list(parts.headers), bytes_list(parts.history_account),
         bytes_list(parts.history_storage), AbiValue::array(std::move(receipts))})});
}

Bytes encode_state(const ClientState& state) {
    return codec::encode_abi({AbiValue::number(state.finalized_slot.value),
                              AbiValue::word(state.finalized_block_hash), AbiValue::number(state.period),
                              AbiValue::word(state.committee_root),
                              AbiValue::word(state.next_committee_root)});
}

Result<ClientState, ProofError> decode_state(BytesView bytes) {
    const auto state = read_state(bytes);
    // The contract starts with a block and a committee and keeps both.
    if (!state || bytes.size() != kStateBytes || state->finalized_block_hash.is_zero() ||
        state->committee_root.is_zero()) {
        return std::unexpected(ProofError::kAbi);
    }
    return *state;
}

}  // namespace butter::ethereum
