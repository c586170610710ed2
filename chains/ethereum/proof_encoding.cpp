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

constexpr std::string_view kHeaderType = "(uint64,uint64,bytes32,bytes32,bytes32)";

const codec::AbiType& sync_update_type() {
    static const codec::AbiType type =
        codec::parse_abi_type("(" + std::string(kHeaderType) + "," + std::string(kHeaderType) +
                              ",bytes32[],bytes32,bytes32[],bytes32,bytes32[],uint64,bytes32[2],bytes,bytes,"
                              "bytes32,(bytes,bytes32[])[])")
            .value();
    return type;
}

const codec::AbiType& proof_type() {
    static const codec::AbiType type = codec::parse_abi_type("(bytes[],bytes[],bytes[],bytes[]," +
                                                             std::string(proof::kReceiptProofType) + "[])")
                                           .value();
    return type;
}

std::vector<Hash32> words_of(const AbiValue& array) {
    std::vector<Hash32> out;
    for (std::size_t i = 0; i < array.size(); ++i) out.push_back(array[i].as_word());
    return out;
}

std::vector<Bytes> bytes_of(const AbiValue& array) {
    std::vector<Bytes> out;
    for (std::size_t i = 0; i < array.size(); ++i) out.push_back(array[i].as_bytes());
    return out;
}

BeaconHeader header_of(const AbiValue& value) {
    return {Slot{value[0].as_u64()}, value[1].as_u64(), value[2].as_word(), value[3].as_word(),
            value[4].as_word()};
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
    TRY(const AbiValue value, codec::decode_abi(sync_update_type(), bytes));
    SyncUpdate update{.attested = header_of(value[0]),
                      .finalized = header_of(value[1]),
                      .finality_branch = words_of(value[2]),
                      .execution_block_hash = value[3].as_word(),
                      .execution_branch = words_of(value[4]),
                      .next_committee_root = value[5].as_word(),
                      .next_committee_branch = words_of(value[6]),
                      .signature_slot = Slot{value[7].as_u64()},
                      .bits = {value[8][0].as_word(), value[8][1].as_word()},
                      .signature = value[9].as_bytes(),
                      .aggregate_key = value[10].as_bytes(),
                      .pubkeys_root = value[11].as_word(),
                      .absent = {}};
    for (std::size_t i = 0; i < value[12].size(); ++i) {
        update.absent.push_back({value[12][i][0].as_bytes(), words_of(value[12][i][1])});
    }
    return update;
}

Result<ProofParts, AbiError> read_proof(BytesView bytes) {
    TRY(const AbiValue value, codec::decode_abi(proof_type(), bytes));
    ProofParts parts{.updates = bytes_of(value[0]),
                     .headers = bytes_of(value[1]),
                     .history_account = bytes_of(value[2]),
                     .history_storage = bytes_of(value[3]),
                     .receipts = {}};
    for (std::size_t i = 0; i < value[4].size(); ++i) parts.receipts.push_back(proof::from_abi(value[4][i]));
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
    for (const ReceiptProof& receipt : parts.receipts) receipts.push_back(proof::to_abi(receipt));
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
