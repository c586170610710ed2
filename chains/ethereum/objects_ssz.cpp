// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "butter/base/assert.hpp"
#include "chains/ethereum/object_layout.hpp"
#include "chains/ethereum/objects.hpp"

namespace butter::ethereum {
namespace {

using codec::SszError;
using codec::SszReader;

constexpr std::size_t kOffsetSize = 4;
constexpr std::size_t kSlotSize = 8;
constexpr std::size_t kBeaconHeaderSize = 112;

/// Which object: its parts come in the order of this struct.
struct Parts {
    bool has_committee = false;  ///< next_sync_committee and its branch
    bool has_finalized = false;  ///< finalized_header and its branch
};
Parts parts_of(UpdateKind kind) noexcept {
    return {.has_committee = kind == UpdateKind::kFull, .has_finalized = kind != UpdateKind::kOptimistic};
}

std::size_t committee_bytes(const BeaconNetwork& network) noexcept {
    return (network.committee_size + 1) * bls::PublicKey::kSize;
}
std::size_t bits_bytes(const BeaconNetwork& network) noexcept { return (network.committee_size + 7) / 8; }
std::size_t branch_bytes(std::uint64_t gindex) noexcept { return branch_depth(gindex) * Hash32::kSize; }
std::size_t header_bytes(const Fork& fork) noexcept {
    return fork.execution_layout == ExecutionLayout::kNone ? kBeaconHeaderSize : kOffsetSize;
}

/// Of the part with the fixed-size fields and offsets.
std::size_t bootstrap_bytes(const BeaconNetwork& network, const Fork& fork) noexcept {
    return header_bytes(fork) + committee_bytes(network) + branch_bytes(fork.current_committee_gindex);
}
std::size_t update_bytes(const BeaconNetwork& network, const Fork& fork, UpdateKind kind) noexcept {
    const Parts parts = parts_of(kind);
    std::size_t size = header_bytes(fork) + bits_bytes(network) + bls::Signature::kSize + kSlotSize;
    if (parts.has_committee) size += committee_bytes(network) + branch_bytes(fork.next_committee_gindex);
    if (parts.has_finalized) size += header_bytes(fork) + branch_bytes(fork.finalized_root_gindex);
    return size;
}

/// The fork that lays out an object that begins with a header. Without execution an object has one size and
/// begins with the slot. With it, it is longer, begins with the offset of the header, and that with the slot.
template <class FixedBytesOf>
Result<const Fork*, SszError> find_layout(const BeaconNetwork& network, BytesView ssz,
                                          FixedBytesOf fixed_bytes_of) {
    SszReader as_slot(ssz);
    TRY(const std::uint64_t first_slot, as_slot.next_u64());
    const Fork& plain = network.fork_at(Slot{first_slot});
    if (plain.execution_layout == ExecutionLayout::kNone && ssz.size() == fixed_bytes_of(plain))
        return &plain;
    SszReader as_offset(ssz);
    TRY(const std::uint64_t offset, as_offset.next_uint(kOffsetSize));
    if (offset > ssz.size()) return std::unexpected(SszError::kTooShort);
    SszReader header(ssz.subspan(offset));
    TRY(const std::uint64_t slot, header.next_u64());
    const Fork& fork = network.fork_at(Slot{slot});
    if (fork.execution_layout == ExecutionLayout::kNone || offset != fixed_bytes_of(fork)) {
        return std::unexpected(SszError::kBadOffset);
    }
    return &fork;
}

// ---- reading
// -----------------------------------------------------------------------------------------------------

/// The libraries' errors on the way to ours.
template <class T>
Result<T, ObjectError> as_object(Result<T, SszError> result) {
    if (!result) return std::unexpected(ObjectError::kSsz);
    return *std::move(result);
}

Result<std::vector<Hash32>, SszError> next_branch(SszReader& reader, std::uint64_t gindex) {
    std::vector<Hash32> branch(branch_depth(gindex));
    for (Hash32& node : branch) {
        TRY(node, reader.next_fixed<32>());
    }
    return branch;
}

Result<BeaconHeader, SszError> next_beacon_header(SszReader& reader) {
    BeaconHeader header;
    TRY(const std::uint64_t slot, reader.next_u64());
    header.slot = Slot{slot};
    TRY(header.proposer_index, reader.next_u64());
    TRY(header.parent_root, reader.next_fixed<32>());
    TRY(header.state_root, reader.next_fixed<32>());
    TRY(header.body_root, reader.next_fixed<32>());
    return header;
}

Result<PayloadHeader, SszError> read_payload_header(BytesView ssz, ExecutionLayout layout) {
    SszReader reader(ssz);
    PayloadHeader header;
    TRY(header.parent_hash, reader.next_fixed<32>());
    TRY(header.fee_recipient, reader.next_fixed<20>());
    TRY(header.state_root, reader.next_fixed<32>());
    TRY(header.receipts_root, reader.next_fixed<32>());
    TRY(header.logs_bloom, reader.next_fixed<256>());
    TRY(header.prev_randao, reader.next_fixed<32>());
    TRY(header.block_number.value, reader.next_u64());
    TRY(header.gas_limit, reader.next_u64());
    TRY(header.gas_used, reader.next_u64());
    TRY(header.timestamp.value, reader.next_u64());
    TRY_VOID(reader.next_offset());
    TRY(header.base_fee_per_gas, reader.next_uint256());
    TRY(header.block_hash, reader.next_fixed<32>());
    TRY(header.transactions_root, reader.next_fixed<32>());
    TRY(header.withdrawals_root, reader.next_fixed<32>());
    if (layout == ExecutionLayout::kDeneb) {
        TRY(header.blob_gas_used, reader.next_u64());
        TRY(header.excess_blob_gas, reader.next_u64());
    }
    TRY(const auto variable, reader.finish_variable());
    header.extra_data = to_bytes(variable[0]);
    return header;
}

Result<LightClientHeader, SszError> read_header(BytesView ssz, const Fork& fork) {
    SszReader reader(ssz);
    LightClientHeader header;
    TRY(header.beacon, next_beacon_header(reader));
    TRY_VOID(reader.next_offset());
    TRY(header.execution_branch, next_branch(reader, fork.execution_gindex));
    TRY(const auto variable, reader.finish_variable());
    TRY(header.execution, read_payload_header(variable[0], fork.execution_layout));
    return header;
}

/// Reads a header where it stands, or notes where it will.
Result<LightClientHeader, SszError> next_header(SszReader& reader, const Fork& fork) {
    LightClientHeader header;
    if (fork.execution_layout == ExecutionLayout::kNone) {
        TRY(header.beacon, next_beacon_header(reader));
    } else {
        TRY_VOID(reader.next_offset());
    }
    return header;
}

/// After the last field: the headers that stand behind the fixed part replace what `next_header` left empty.
Result<void, ObjectError> finish_headers(const BeaconNetwork& network, const Fork& fork,
                                         const SszReader& reader,
                                         const std::vector<LightClientHeader*>& headers) {
    if (fork.execution_layout == ExecutionLayout::kNone) {
        if (!reader.finish()) return std::unexpected(ObjectError::kSsz);
        return {};
    }
    TRY(const auto variable, as_object(reader.finish_variable()));
    for (std::size_t i = 0; i < headers.size(); ++i) {
        TRY(LightClientHeader header, as_object(read_header(variable[i], fork)));
        if (header.execution->extra_data.size() > layout::kExtraDataBytesMax) {
            return std::unexpected(ObjectError::kExtraData);
        }
        TRY(*headers[i], layout::reduce_header(network, fork, std::move(header)));
    }
    return {};
}

Result<SyncCommittee, SszError> next_committee(SszReader& reader, const BeaconNetwork& network) {
    // Read first, so that the memory is there only for bytes that are.
    TRY(const BytesView keys, reader.next_bytes(network.committee_size * bls::PublicKey::kSize));
    SyncCommittee committee;
    committee.keys.reserve(network.committee_size);
    for (std::size_t i = 0; i < network.committee_size; ++i) {
        committee.keys.push_back(
            to_fixed<bls::PublicKey::kSize>(keys.subspan(i * bls::PublicKey::kSize, bls::PublicKey::kSize)));
    }
    TRY(committee.aggregate_key, reader.next_fixed<bls::PublicKey::kSize>());
    return committee;
}

Result<SyncAggregate, SszError> next_aggregate(SszReader& reader, const BeaconNetwork& network) {
    SyncAggregate aggregate;
    TRY(const BytesView bits, reader.next_bytes(bits_bytes(network)));
    TRY(aggregate.bits, codec::decode_bitvector(bits, network.committee_size));
    TRY(aggregate.signature, reader.next_fixed<bls::Signature::kSize>());
    return aggregate;
}

/// All fields of an update but the headers of variable size.
Result<Update, SszError> next_update(SszReader& reader, const BeaconNetwork& network, const Fork& fork,
                                     UpdateKind kind) {
    const Parts parts = parts_of(kind);
    Update update;
    TRY(update.attested, next_header(reader, fork));
    if (parts.has_committee) {
        TRY(update.next_committee, next_committee(reader, network));
        TRY(update.next_committee_branch, next_branch(reader, fork.next_committee_gindex));
    }
    if (parts.has_finalized) {
        TRY(update.finalized, next_header(reader, fork));
        TRY(update.finality_branch, next_branch(reader, fork.finalized_root_gindex));
    }
    TRY(update.aggregate, next_aggregate(reader, network));
    TRY(update.signature_slot.value, reader.next_u64());
    return update;
}

// ---- writing
// -----------------------------------------------------------------------------------------------------

void append_offset(Bytes& out, std::size_t offset) { codec::append_ssz_uint(out, offset, kOffsetSize); }

void append_branch(Bytes& out, const std::vector<Hash32>& branch) {
    for (const Hash32& node : branch) append(out, node);
}

void append_committee(Bytes& out, const SyncCommittee& committee) {
    for (const bls::PublicKey& key : committee.keys) append(out, key);
    append(out, committee.aggregate_key);
}

Bytes encode_payload_header(const PayloadHeader& header, ExecutionLayout layout) {
    const std::size_t fixed = layout == ExecutionLayout::kDeneb ? 584 : 568;
    Bytes out;
    append(out, header.parent_hash);
    append(out, header.fee_recipient);
    append(out, header.state_root);
    append(out, header.receipts_root);
    append(out, header.logs_bloom);
    append(out, header.prev_randao);
    codec::append_ssz_uint(out, header.block_number.value, 8);
    codec::append_ssz_uint(out, header.gas_limit, 8);
    codec::append_ssz_uint(out, header.gas_used, 8);
    codec::append_ssz_uint(out, header.timestamp.value, 8);
    append_offset(out, fixed);
    Hash32 base_fee = to_big_endian(header.base_fee_per_gas);
    std::reverse(base_fee.begin(), base_fee.end());
    append(out, base_fee);
    append(out, header.block_hash);
    append(out, header.transactions_root);
    append(out, header.withdrawals_root);
    if (layout == ExecutionLayout::kDeneb) {
        codec::append_ssz_uint(out, header.blob_gas_used, 8);
        codec::append_ssz_uint(out, header.excess_blob_gas, 8);
    }
    BUTTER_ASSERT(out.size() == fixed);
    append(out, header.extra_data);
    return out;
}

void append_beacon_header(Bytes& out, const BeaconHeader& header) {
    codec::append_ssz_uint(out, header.slot.value, 8);
    codec::append_ssz_uint(out, header.proposer_index, 8);
    append(out, header.parent_root);
    append(out, header.state_root);
    append(out, header.body_root);
}

/// Fixed and variable part of an object, which has headers in both.
class ObjectWriter {
  public:
    ObjectWriter(const Fork& fork, std::size_t fixed_size) : fork_(fork), fixed_size_(fixed_size) {}

    Bytes& fixed() noexcept { return fixed_; }

    void put_header(const LightClientHeader& header) {
        const LightClientHeader full = layout::expand_header(fork_, header);
        if (!full.execution) return append_beacon_header(fixed_, full.beacon);
        append_offset(fixed_, fixed_size_ + variable_.size());
        append_beacon_header(variable_, full.beacon);
        append_offset(variable_,
                      kBeaconHeaderSize + kOffsetSize + full.execution_branch.size() * Hash32::kSize);
        append_branch(variable_, full.execution_branch);
        append(variable_, encode_payload_header(*full.execution, fork_.execution_layout));
    }

    Bytes finish() {
        BUTTER_ASSERT(fixed_.size() == fixed_size_);
        append(fixed_, variable_);
        return std::move(fixed_);
    }

  private:
    const Fork& fork_;
    std::size_t fixed_size_;
    Bytes fixed_;
    Bytes variable_;
};

}  // namespace

Result<Bootstrap, ObjectError> decode_bootstrap(const BeaconNetwork& network, BytesView ssz) {
    TRY(const Fork* fork, as_object(find_layout(network, ssz, [&](const Fork& candidate) {
            return bootstrap_bytes(network, candidate);
        })));
    SszReader reader(ssz);
    Bootstrap bootstrap;
    TRY(bootstrap.header, as_object(next_header(reader, *fork)));
    TRY(bootstrap.current_committee, as_object(next_committee(reader, network)));
    TRY(bootstrap.current_committee_branch, as_object(next_branch(reader, fork->current_committee_gindex)));
    TRY_VOID(finish_headers(network, *fork, reader, {&bootstrap.header}));
    return bootstrap;
}

Result<Update, ObjectError> decode_update(const BeaconNetwork& network, BytesView ssz, UpdateKind kind) {
    TRY(const Fork* fork, as_object(find_layout(network, ssz, [&](const Fork& candidate) {
            return update_bytes(network, candidate, kind);
        })));
    SszReader reader(ssz);
    TRY(Update update, as_object(next_update(reader, network, *fork, kind)));
    std::vector<LightClientHeader*> headers{&update.attested};
    if (update.finalized) headers.push_back(&*update.finalized);
    TRY_VOID(finish_headers(network, *fork, reader, headers));
    if (update.next_committee) TRY_VOID(layout::reduce_committee(*fork, update));
    if (update.finalized) TRY_VOID(layout::reduce_finalized(*fork, update));
    return update;
}

Bytes encode_bootstrap(const BeaconNetwork& network, const Bootstrap& bootstrap) {
    const Fork& fork = network.fork_at(bootstrap.header.beacon.slot);
    ObjectWriter writer(fork, bootstrap_bytes(network, fork));
    writer.put_header(bootstrap.header);
    append_committee(writer.fixed(), bootstrap.current_committee);
    append_branch(writer.fixed(), bootstrap.current_committee_branch);
    return writer.finish();
}

Bytes encode_update(const BeaconNetwork& network, const Update& update, UpdateKind kind) {
    const Fork& fork = network.fork_at(update.attested.beacon.slot);
    const Parts parts = parts_of(kind);
    ObjectWriter writer(fork, update_bytes(network, fork, kind));
    writer.put_header(update.attested);
    if (parts.has_committee) {
        append_committee(writer.fixed(), layout::expand_committee(network, update));
        append_branch(writer.fixed(),
                      layout::expand_branch(update.next_committee_branch, fork.next_committee_gindex));
    }
    if (parts.has_finalized) {
        writer.put_header(layout::expand_finalized(fork, update));
        append_branch(writer.fixed(),
                      layout::expand_branch(update.finality_branch, fork.finalized_root_gindex));
    }
    append(writer.fixed(), update.aggregate.bits.bytes);
    append(writer.fixed(), update.aggregate.signature);
    codec::append_ssz_uint(writer.fixed(), update.signature_slot.value, 8);
    return writer.finish();
}

}  // namespace butter::ethereum
