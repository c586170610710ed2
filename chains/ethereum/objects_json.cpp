// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "chains/ethereum/object_layout.hpp"
#include "chains/ethereum/objects.hpp"

namespace butter::ethereum {
namespace {

using rpc::Json;
using rpc::JsonArray;
using rpc::JsonObject;

// ---- reading
// -----------------------------------------------------------------------------------------------------

template <class T>
Result<T, ObjectError> require(std::optional<T> value) {
    if (!value) return std::unexpected(ObjectError::kJson);
    return *std::move(value);
}

Result<const Json*, ObjectError> member(const Json& object, std::string_view key) {
    const Json* value = rpc::find_member(object, key);
    if (value == nullptr) return std::unexpected(ObjectError::kJson);
    return value;
}

Result<std::uint64_t, ObjectError> number(const Json& object, std::string_view key) {
    return require(rpc::find_decimal(object, key));
}

template <std::size_t N>
Result<FixedBytes<N>, ObjectError> fixed(const Json& object, std::string_view key) {
    return require(rpc::find_fixed<N>(object, key));
}

template <std::size_t N>
Result<std::vector<FixedBytes<N>>, ObjectError> fixed_list(const Json& object, std::string_view key,
                                                           std::size_t size, ObjectError wrong_size) {
    const JsonArray* array = rpc::find_array(object, key);
    if (array == nullptr) return std::unexpected(ObjectError::kJson);
    if (array->size() != size) return std::unexpected(wrong_size);
    std::vector<FixedBytes<N>> out;
    out.reserve(size);
    for (const Json& element : *array) {
        const auto* text = element.if_string();
        if (text == nullptr || !text->starts_with("0x")) return std::unexpected(ObjectError::kJson);
        const auto bytes = decode_hex_fixed<N>(std::string_view(text->data(), text->size()));
        if (!bytes) return std::unexpected(ObjectError::kJson);
        out.push_back(*bytes);
    }
    return out;
}

Result<std::vector<Hash32>, ObjectError> branch(const Json& object, std::string_view key,
                                                std::uint64_t gindex) {
    return fixed_list<32>(object, key, branch_depth(gindex), ObjectError::kBranchLength);
}

Result<PayloadHeader, ObjectError> read_payload_header(const Json& json, ExecutionLayout layout) {
    PayloadHeader header;
    TRY(header.parent_hash, fixed<32>(json, "parent_hash"));
    TRY(header.fee_recipient, fixed<20>(json, "fee_recipient"));
    TRY(header.state_root, fixed<32>(json, "state_root"));
    TRY(header.receipts_root, fixed<32>(json, "receipts_root"));
    TRY(header.logs_bloom, fixed<256>(json, "logs_bloom"));
    TRY(header.prev_randao, fixed<32>(json, "prev_randao"));
    TRY(header.block_number.value, number(json, "block_number"));
    TRY(header.gas_limit, number(json, "gas_limit"));
    TRY(header.gas_used, number(json, "gas_used"));
    TRY(header.timestamp.value, number(json, "timestamp"));
    TRY(header.extra_data, require(rpc::find_bytes(json, "extra_data")));
    if (header.extra_data.size() > layout::kExtraDataBytesMax) {
        return std::unexpected(ObjectError::kExtraData);
    }
    TRY(const std::string_view base_fee, require(rpc::find_text(json, "base_fee_per_gas")));
    TRY(header.base_fee_per_gas, require(from_decimal(base_fee)));
    TRY(header.block_hash, fixed<32>(json, "block_hash"));
    TRY(header.transactions_root, fixed<32>(json, "transactions_root"));
    TRY(header.withdrawals_root, fixed<32>(json, "withdrawals_root"));
    if (layout == ExecutionLayout::kDeneb) {
        TRY(header.blob_gas_used, number(json, "blob_gas_used"));
        TRY(header.excess_blob_gas, number(json, "excess_blob_gas"));
    }
    return header;
}

Result<BeaconHeader, ObjectError> read_beacon(const Json& json, std::string_view key) {
    TRY(const Json* header, member(json, key));
    TRY(const Json* beacon, member(*header, "beacon"));
    return decode_beacon_header_json(*beacon);
}

Result<LightClientHeader, ObjectError> read_header(const BeaconNetwork& network, const Fork& fork,
                                                   const Json& json, std::string_view key) {
    LightClientHeader header;
    TRY(header.beacon, read_beacon(json, key));
    if (fork.execution_layout == ExecutionLayout::kNone) return header;
    TRY(const Json* object, member(json, key));
    TRY(const Json* execution, member(*object, "execution"));
    TRY(header.execution, read_payload_header(*execution, fork.execution_layout));
    TRY(header.execution_branch, branch(*object, "execution_branch", fork.execution_gindex));
    return layout::reduce_header(network, fork, std::move(header));
}

Result<SyncCommittee, ObjectError> read_committee(const BeaconNetwork& network, const Json& json,
                                                  std::string_view key) {
    TRY(const Json* object, member(json, key));
    SyncCommittee committee;
    TRY(committee.keys, fixed_list<bls::PublicKey::kSize>(*object, "pubkeys", network.committee_size,
                                                          ObjectError::kCommitteeSize));
    TRY(committee.aggregate_key, fixed<bls::PublicKey::kSize>(*object, "aggregate_pubkey"));
    return committee;
}

Result<SyncAggregate, ObjectError> read_aggregate(const BeaconNetwork& network, const Json& json) {
    TRY(const Json* object, member(json, "sync_aggregate"));
    SyncAggregate aggregate;
    TRY(const Bytes bits, require(rpc::find_bytes(*object, "sync_committee_bits")));
    auto decoded = codec::decode_bitvector(bits, network.committee_size);
    if (!decoded) return std::unexpected(ObjectError::kCommitteeSize);
    aggregate.bits = *std::move(decoded);
    TRY(aggregate.signature, fixed<bls::Signature::kSize>(*object, "sync_committee_signature"));
    return aggregate;
}

// ---- writing
// -----------------------------------------------------------------------------------------------------

std::string decimal(std::uint64_t value) { return std::to_string(value); }

template <std::size_t N>
JsonArray hex_list(const std::vector<FixedBytes<N>>& values) {
    JsonArray out;
    out.reserve(values.size());
    for (const FixedBytes<N>& value : values) out.emplace_back(encode_hex(value));
    return out;
}

Json payload_json(const PayloadHeader& header, ExecutionLayout layout) {
    JsonObject out{
        {"parent_hash", encode_hex(header.parent_hash)},
        {"fee_recipient", encode_hex(header.fee_recipient)},
        {"state_root", encode_hex(header.state_root)},
        {"receipts_root", encode_hex(header.receipts_root)},
        {"logs_bloom", encode_hex(header.logs_bloom)},
        {"prev_randao", encode_hex(header.prev_randao)},
        {"block_number", decimal(header.block_number.value)},
        {"gas_limit", decimal(header.gas_limit)},
        {"gas_used", decimal(header.gas_used)},
        {"timestamp", decimal(header.timestamp.value)},
        {"extra_data", encode_hex(header.extra_data)},
        {"base_fee_per_gas", to_decimal(header.base_fee_per_gas)},
        {"block_hash", encode_hex(header.block_hash)},
        {"transactions_root", encode_hex(header.transactions_root)},
        {"withdrawals_root", encode_hex(header.withdrawals_root)},
    };
    if (layout == ExecutionLayout::kDeneb) {
        out["blob_gas_used"] = decimal(header.blob_gas_used);
        out["excess_blob_gas"] = decimal(header.excess_blob_gas);
    }
    return out;
}

Json header_json(const Fork& fork, const LightClientHeader& header) {
    const LightClientHeader full = layout::expand_header(fork, header);
    JsonObject out{{"beacon", to_json(full.beacon)}};
    if (full.execution) {
        out["execution"] = payload_json(*full.execution, fork.execution_layout);
        out["execution_branch"] = hex_list(full.execution_branch);
    }
    return out;
}

Json committee_json(const SyncCommittee& committee) {
    return JsonObject{{"pubkeys", hex_list(committee.keys)},
                      {"aggregate_pubkey", encode_hex(committee.aggregate_key)}};
}

}  // namespace

Result<BeaconHeader, ObjectError> decode_beacon_header_json(const Json& json) {
    BeaconHeader header;
    TRY(header.slot.value, number(json, "slot"));
    TRY(header.proposer_index, number(json, "proposer_index"));
    TRY(header.parent_root, fixed<32>(json, "parent_root"));
    TRY(header.state_root, fixed<32>(json, "state_root"));
    TRY(header.body_root, fixed<32>(json, "body_root"));
    return header;
}

Result<Bootstrap, ObjectError> decode_bootstrap_json(const BeaconNetwork& network, const Json& data) {
    TRY(const BeaconHeader beacon, read_beacon(data, "header"));
    const Fork& fork = network.fork_at(beacon.slot);
    Bootstrap bootstrap;
    TRY(bootstrap.header, read_header(network, fork, data, "header"));
    TRY(bootstrap.current_committee, read_committee(network, data, "current_sync_committee"));
    TRY(bootstrap.current_committee_branch,
        branch(data, "current_sync_committee_branch", fork.current_committee_gindex));
    return bootstrap;
}

Result<Update, ObjectError> decode_update_json(const BeaconNetwork& network, const Json& data,
                                               UpdateKind kind) {
    TRY(const BeaconHeader beacon, read_beacon(data, "attested_header"));
    const Fork& fork = network.fork_at(beacon.slot);
    Update update;
    TRY(update.attested, read_header(network, fork, data, "attested_header"));
    if (kind == UpdateKind::kFull) {
        TRY(update.next_committee, read_committee(network, data, "next_sync_committee"));
        TRY(update.next_committee_branch,
            branch(data, "next_sync_committee_branch", fork.next_committee_gindex));
        TRY_VOID(layout::reduce_committee(fork, update));
    }
    if (kind != UpdateKind::kOptimistic) {
        TRY(update.finalized, read_header(network, fork, data, "finalized_header"));
        TRY(update.finality_branch, branch(data, "finality_branch", fork.finalized_root_gindex));
        TRY_VOID(layout::reduce_finalized(fork, update));
    }
    TRY(update.aggregate, read_aggregate(network, data));
    TRY(update.signature_slot.value, number(data, "signature_slot"));
    return update;
}

Json to_json(const BeaconHeader& header) {
    return JsonObject{{"slot", decimal(header.slot.value)},
                      {"proposer_index", decimal(header.proposer_index)},
                      {"parent_root", encode_hex(header.parent_root)},
                      {"state_root", encode_hex(header.state_root)},
                      {"body_root", encode_hex(header.body_root)}};
}

Json to_json(const BeaconNetwork& network, const Bootstrap& bootstrap) {
    const Fork& fork = network.fork_at(bootstrap.header.beacon.slot);
    return JsonObject{{"header", header_json(fork, bootstrap.header)},
                      {"current_sync_committee", committee_json(bootstrap.current_committee)},
                      {"current_sync_committee_branch", hex_list(bootstrap.current_committee_branch)}};
}

Json to_json(const BeaconNetwork& network, const Update& update, UpdateKind kind) {
    const Fork& fork = network.fork_at(update.attested.beacon.slot);
    JsonObject out{{"attested_header", header_json(fork, update.attested)}};
    if (kind == UpdateKind::kFull) {
        out["next_sync_committee"] = committee_json(layout::expand_committee(network, update));
        out["next_sync_committee_branch"] =
            hex_list(layout::expand_branch(update.next_committee_branch, fork.next_committee_gindex));
    }
    if (kind != UpdateKind::kOptimistic) {
        out["finalized_header"] = header_json(fork, layout::expand_finalized(fork, update));
        out["finality_branch"] =
            hex_list(layout::expand_branch(update.finality_branch, fork.finalized_root_gindex));
    }
    out["sync_aggregate"] = JsonObject{{"sync_committee_bits", encode_hex(update.aggregate.bits.bytes)},
                                       {"sync_committee_signature", encode_hex(update.aggregate.signature)}};
    out["signature_slot"] = decimal(update.signature_slot.value);
    return out;
}

}  // namespace butter::ethereum
