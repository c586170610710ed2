// SPDX-License-Identifier: Apache-2.0
#include "chains/ethereum/proof_encoding.hpp"

#include <algorithm>
#include <bit>

#include "butter/base/assert.hpp"
#include "chains/ethereum/key_tree.hpp"

namespace butter::ethereum {
namespace {

using codec::AbiError;
using codec::AbiReader;
using codec::AbiValue;

// ---- writing
// -----------------------------------------------------------------------------------------------------

AbiValue bytes_list(const std::vector<Bytes>& values) {
    std::vector<AbiValue> out;
    out.reserve(values.size());
    for (const Bytes& value : values) out.push_back(AbiValue::bytes(value));
    return AbiValue::array(std::move(out));
}

constexpr std::size_t kFieldBytes = 48;
constexpr std::size_t kPaddingBytes = 16;

void append_u64(Bytes& out, std::uint64_t value) {
    for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
}

void append_words(Bytes& out, const std::vector<Hash32>& words) {
    for (const Hash32& word : words) append(out, word);
}

/// A point in the encoding of EIP-2537, without its padding.
void append_point(Bytes& out, BytesView padded) {
    for (std::size_t at = 0; at < padded.size(); at += kPaddingBytes + kFieldBytes) {
        append(out, padded.subspan(at + kPaddingBytes, kFieldBytes));
    }
}

void append_key(Bytes& out, const bls::PublicKey& key) {
    const auto checked = bls::decode_public_key(key);
    BUTTER_ASSERT(checked.has_value());
    append_point(out, bls::encode_eip2537(*checked));
}

/// From the bits' order in SSZ, lowest first, to that of a number, lowest last.
void append_participation(Bytes& out, const codec::SszBits& bits) {
    FixedBytes<64> padded;
    BUTTER_ASSERT(bits.bytes.size() <= padded.size());
    std::copy(bits.bytes.begin(), bits.bytes.end(), padded.begin());
    std::reverse(padded.begin(), padded.begin() + 32);
    std::reverse(padded.begin() + 32, padded.end());
    append(out, padded);
}

// ---- reading
// -----------------------------------------------------------------------------------------------------

const codec::AbiType& proof_type() {
    static const codec::AbiType type = codec::parse_abi_type("(bytes[],uint64,bytes[],bytes[],bytes[]," +
                                                             std::string(proof::kReceiptProofType) + "[])")
                                           .value();
    return type;
}

std::vector<Bytes> bytes_of(const AbiValue& array) {
    std::vector<Bytes> out;
    for (std::size_t i = 0; i < array.size(); ++i) out.push_back(array[i].as_bytes());
    return out;
}

/// Bytes one after another.
class Reader {
  public:
    explicit Reader(BytesView bytes) noexcept : rest_(bytes) {}

    std::size_t left() const noexcept { return rest_.size(); }
    template <std::size_t N>
    FixedBytes<N> next() noexcept {
        BUTTER_ASSERT(rest_.size() >= N);
        const auto out = to_fixed<N>(rest_.first(N));
        rest_ = rest_.subspan(N);
        return out;
    }
    std::uint64_t next_u64() noexcept {
        std::uint64_t value = 0;
        for (const std::uint8_t byte : next<8>()) value = value << 8 | byte;
        return value;
    }

  private:
    BytesView rest_;
};

/// Nothing when there are not so many.
template <std::size_t N>
std::optional<std::vector<FixedBytes<N>>> read_many(Reader& reader, std::size_t count) {
    if (reader.left() / N < count) return std::nullopt;
    std::vector<FixedBytes<N>> out;
    out.reserve(count);
    for (; count > 0; --count) out.push_back(reader.next<N>());
    return out;
}

std::size_t depth_of(std::uint64_t gindex) noexcept {
    return gindex == 0 ? 0 : static_cast<std::size_t>(std::bit_width(gindex)) - 1;
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

std::optional<SyncUpdateHead> read_sync_update_head(BytesView bytes) {
    if (bytes.size() < kSyncUpdateHeadBytes) return std::nullopt;
    Reader reader(bytes);
    SyncUpdateHead head;
    head.signature_slot = Slot{reader.next_u64()};
    head.attested.slot = Slot{reader.next_u64()};
    head.attested.proposer_index = reader.next_u64();
    head.finalized.slot = Slot{reader.next_u64()};
    head.finalized.proposer_index = reader.next_u64();
    head.attested.parent_root = reader.next<32>();
    head.attested.body_root = reader.next<32>();
    head.finalized.parent_root = reader.next<32>();
    head.finalized.state_root = reader.next<32>();
    head.execution_block_hash = reader.next<32>();
    head.next_committee_root = reader.next<32>();
    head.participation[0] = reader.next<32>();
    head.participation[1] = reader.next<32>();
    head.signature = reader.next<kSignatureBytes>();
    head.aggregate_key = reader.next<kKeyBytes>();
    BUTTER_ASSERT(reader.left() == bytes.size() - kSyncUpdateHeadBytes);
    return head;
}

std::optional<SyncUpdateTail> read_sync_update_tail(const BeaconNetwork& network, const SyncUpdateHead& head,
                                                    BytesView bytes) {
    BUTTER_ASSERT(bytes.size() >= kSyncUpdateHeadBytes);
    Reader reader(bytes.subspan(kSyncUpdateHeadBytes));
    const Fork& attested_fork = network.fork_at(head.attested.slot);
    SyncUpdateTail tail;
    const auto read_branch = [&](std::uint64_t gindex, std::vector<Hash32>& branch) {
        auto words = read_many<32>(reader, depth_of(gindex));
        if (!words) return false;
        branch = *std::move(words);
        return true;
    };
    if (!read_branch(block_hash_gindex(network.fork_at(head.finalized.slot)), tail.execution_branch))
        return {};
    if (!read_branch(attested_fork.finalized_root_gindex, tail.finality_branch)) return {};
    if (!head.next_committee_root.is_zero() &&
        !read_branch(attested_fork.next_committee_gindex, tail.next_committee_branch)) {
        return {};
    }
    std::size_t absent = 0;
    for (std::size_t i = 0; i < network.committee_size; ++i) absent += head.has_signed(i) ? 0 : 1;
    auto keys = read_many<kKeyBytes>(reader, absent);
    if (!keys || reader.left() % Hash32::kSize != 0) return {};
    tail.absent_keys = *std::move(keys);
    tail.key_nodes = read_many<32>(reader, reader.left() / Hash32::kSize).value();
    return tail;
}

Result<ProofParts, AbiError> read_proof(BytesView bytes) {
    TRY(const AbiValue value, codec::decode_abi(proof_type(), bytes));
    ProofParts parts{.updates = bytes_of(value[0]),
                     .anchor_slot = Slot{value[1].as_u64()},
                     .headers = bytes_of(value[2]),
                     .history_account = bytes_of(value[3]),
                     .history_storage = bytes_of(value[4]),
                     .receipts = {}};
    for (std::size_t i = 0; i < value[5].size(); ++i) parts.receipts.push_back(proof::from_abi(value[5][i]));
    return parts;
}

}  // namespace encoding

Bytes encode_sync_update(const BeaconNetwork& network, const Update& update, const SyncCommittee& committee) {
    BUTTER_ASSERT(update.finalized.has_value());
    const LightClientHeader& finalized = *update.finalized;
    const BeaconHeader& attested = update.attested.beacon;
    BUTTER_ASSERT(finalized.execution.has_value());
    BUTTER_ASSERT(committee.keys.size() == update.aggregate.bits.size);
    const auto signature = bls::encode_eip2537(update.aggregate.signature);
    BUTTER_ASSERT(signature.has_value());
    Bytes out;
    append_u64(out, update.signature_slot.value);
    append_u64(out, attested.slot.value);
    append_u64(out, attested.proposer_index);
    append_u64(out, finalized.beacon.slot.value);
    append_u64(out, finalized.beacon.proposer_index);
    append_words(out, {attested.parent_root, attested.body_root, finalized.beacon.parent_root,
                       finalized.beacon.state_root, finalized.execution->block_hash,
                       update.next_committee ? root_of(*update.next_committee) : Hash32{}});
    append_participation(out, update.aggregate.bits);
    append_point(out, *signature);
    append_key(out, committee.aggregate_key);
    BUTTER_ASSERT(out.size() == encoding::kSyncUpdateHeadBytes);
    append_words(out, block_hash_branch(*finalized.execution,
                                        network.fork_at(finalized.beacon.slot).execution_layout));
    append_words(out, finalized.execution_branch);
    append_words(out, update.finality_branch);
    if (update.next_committee) append_words(out, update.next_committee_branch);
    std::vector<std::size_t> absent;
    for (std::size_t i = 0; i < committee.keys.size(); ++i) {
        if (update.aggregate.bits[i]) continue;
        absent.push_back(i);
        append_key(out, committee.keys[i]);
    }
    append_words(out, make_multiproof(key_roots(committee), absent));
    return out;
}

Bytes encode_proof(const ProofParts& parts) {
    std::vector<AbiValue> receipts;
    for (const ReceiptProof& receipt : parts.receipts) receipts.push_back(proof::to_abi(receipt));
    return codec::encode_abi(
        {AbiValue::tuple({bytes_list(parts.updates), AbiValue::number(parts.anchor_slot.value),
                          bytes_list(parts.headers), bytes_list(parts.history_account),
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
