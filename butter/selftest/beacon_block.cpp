// SPDX-License-Identifier: Apache-2.0
#include "butter/selftest/beacon_block.hpp"

#include <algorithm>
#include <utility>

#include "butter/selftest/files.hpp"

namespace butter::selftest::beacon {
namespace {

using codec::SszType;
using Form = NamedType::Form;

NamedType number() { return {Form::kNumber, codec::ssz_uint(64), {}, {}}; }
NamedType big_number() { return {Form::kNumber, codec::ssz_uint(256), {}, {}}; }
NamedType bytes(std::uint64_t size) { return {Form::kBytes, codec::ssz_bytes(size), {}, {}}; }
NamedType byte_list(std::uint64_t limit) { return {Form::kBytes, codec::ssz_byte_list(limit), {}, {}}; }
NamedType bitvector(std::uint64_t size) { return {Form::kBytes, codec::ssz_bitvector(size), {}, {}}; }
NamedType bitlist(std::uint64_t limit) { return {Form::kBytes, codec::ssz_bitlist(limit), {}, {}}; }

NamedType list(NamedType element, std::uint64_t limit) {
    SszType type = codec::ssz_list(element.type, limit);
    return {Form::kList, std::move(type), {}, {std::move(element)}};
}
NamedType vector(NamedType element, std::uint64_t size) {
    SszType type = codec::ssz_vector(element.type, size);
    return {Form::kList, std::move(type), {}, {std::move(element)}};
}

using Fields = std::vector<std::pair<std::string, NamedType>>;
NamedType container(Fields fields) {
    NamedType out{Form::kContainer, {}, {}, {}};
    std::vector<SszType> types;
    for (auto& [name, type] : fields) {
        types.push_back(type.type);
        out.names.push_back(name);
        out.elements.push_back(std::move(type));
    }
    out.type = codec::ssz_container(std::move(types));
    return out;
}

NamedType signed_by(NamedType message) {
    return container({{"message", std::move(message)}, {"signature", bytes(96)}});
}

/// Limits by the names of the specification; those of mainnet where an older node does not say.
struct Limits {
    std::uint64_t committee_size = 0;
    std::uint64_t validators_per_committee = 2048;
    std::uint64_t committees_per_slot = 64;
    std::uint64_t proposer_slashings = 16;
    std::uint64_t attester_slashings = 2;
    std::uint64_t attester_slashings_electra = 1;
    std::uint64_t attestations = 128;
    std::uint64_t attestations_electra = 8;
    std::uint64_t deposits = 16;
    std::uint64_t voluntary_exits = 16;
    std::uint64_t bls_changes = 16;
    std::uint64_t withdrawals = 16;
    std::uint64_t blob_commitments = 4096;
    std::uint64_t deposit_requests = 8192;
    std::uint64_t withdrawal_requests = 16;
    std::uint64_t consolidation_requests = 2;
};

/// Far above any limit of a network; products of two stay below what a tree holds.
constexpr std::uint64_t kLimitMax = 1u << 24;

Limits limits_of(Case& judged, const BeaconNetwork& network, const Json& spec) {
    Limits out;
    out.committee_size = network.committee_size;
    const std::pair<std::string_view, std::uint64_t*> names[] = {
        {"MAX_VALIDATORS_PER_COMMITTEE", &out.validators_per_committee},
        {"MAX_COMMITTEES_PER_SLOT", &out.committees_per_slot},
        {"MAX_PROPOSER_SLASHINGS", &out.proposer_slashings},
        {"MAX_ATTESTER_SLASHINGS", &out.attester_slashings},
        {"MAX_ATTESTER_SLASHINGS_ELECTRA", &out.attester_slashings_electra},
        {"MAX_ATTESTATIONS", &out.attestations},
        {"MAX_ATTESTATIONS_ELECTRA", &out.attestations_electra},
        {"MAX_DEPOSITS", &out.deposits},
        {"MAX_VOLUNTARY_EXITS", &out.voluntary_exits},
        {"MAX_BLS_TO_EXECUTION_CHANGES", &out.bls_changes},
        {"MAX_WITHDRAWALS_PER_PAYLOAD", &out.withdrawals},
        {"MAX_BLOB_COMMITMENTS_PER_BLOCK", &out.blob_commitments},
        {"MAX_DEPOSIT_REQUESTS_PER_PAYLOAD", &out.deposit_requests},
        {"MAX_WITHDRAWAL_REQUESTS_PER_PAYLOAD", &out.withdrawal_requests},
        {"MAX_CONSOLIDATION_REQUESTS_PER_PAYLOAD", &out.consolidation_requests},
    };
    for (const auto& [name, limit] : names) {
        if (!has_members(spec, {name})) continue;
        const std::uint64_t value = judged.u64(spec, name);
        judged.expect(value != 0 && value <= kLimitMax, std::string(name) + ": out of range");
        if (judged.is_ok()) *limit = value;
    }
    return out;
}

NamedType header_type() {
    return container({{"slot", number()},
                      {"proposer_index", number()},
                      {"parent_root", bytes(32)},
                      {"state_root", bytes(32)},
                      {"body_root", bytes(32)}});
}

NamedType attestation_data() {
    const NamedType checkpoint = container({{"epoch", number()}, {"root", bytes(32)}});
    return container({{"slot", number()},
                      {"index", number()},
                      {"beacon_block_root", bytes(32)},
                      {"source", checkpoint},
                      {"target", checkpoint}});
}

NamedType attestation(const Limits& limits, bool is_electra) {
    if (!is_electra) {
        return container({{"aggregation_bits", bitlist(limits.validators_per_committee)},
                          {"data", attestation_data()},
                          {"signature", bytes(96)}});
    }
    return container(
        {{"aggregation_bits", bitlist(limits.validators_per_committee * limits.committees_per_slot)},
         {"data", attestation_data()},
         {"signature", bytes(96)},
         {"committee_bits", bitvector(limits.committees_per_slot)}});
}

NamedType attester_slashing(const Limits& limits, bool is_electra) {
    const std::uint64_t committees = is_electra ? limits.committees_per_slot : 1;
    const NamedType indexed =
        container({{"attesting_indices", list(number(), limits.validators_per_committee * committees)},
                   {"data", attestation_data()},
                   {"signature", bytes(96)}});
    return container({{"attestation_1", indexed}, {"attestation_2", indexed}});
}

NamedType payload_type(const Limits& limits, ExecutionLayout layout) {
    constexpr std::uint64_t kTransactionBytesMax = 1u << 30;
    constexpr std::uint64_t kTransactionsMax = 1u << 20;
    const NamedType withdrawal = container(
        {{"index", number()}, {"validator_index", number()}, {"address", bytes(20)}, {"amount", number()}});
    Fields fields = {{"parent_hash", bytes(32)},
                     {"fee_recipient", bytes(20)},
                     {"state_root", bytes(32)},
                     {"receipts_root", bytes(32)},
                     {"logs_bloom", bytes(256)},
                     {"prev_randao", bytes(32)},
                     {"block_number", number()},
                     {"gas_limit", number()},
                     {"gas_used", number()},
                     {"timestamp", number()},
                     {"extra_data", byte_list(32)},
                     {"base_fee_per_gas", big_number()},
                     {"block_hash", bytes(32)},
                     {"transactions", list(byte_list(kTransactionBytesMax), kTransactionsMax)},
                     {"withdrawals", list(withdrawal, limits.withdrawals)}};
    if (layout == ExecutionLayout::kDeneb) {
        fields.emplace_back("blob_gas_used", number());
        fields.emplace_back("excess_blob_gas", number());
    }
    return container(std::move(fields));
}

NamedType execution_requests(const Limits& limits) {
    const NamedType deposit = container({{"pubkey", bytes(48)},
                                         {"withdrawal_credentials", bytes(32)},
                                         {"amount", number()},
                                         {"signature", bytes(96)},
                                         {"index", number()}});
    const NamedType withdrawal =
        container({{"source_address", bytes(20)}, {"validator_pubkey", bytes(48)}, {"amount", number()}});
    const NamedType consolidation = container(
        {{"source_address", bytes(20)}, {"source_pubkey", bytes(48)}, {"target_pubkey", bytes(48)}});
    return container({{"deposits", list(deposit, limits.deposit_requests)},
                      {"withdrawals", list(withdrawal, limits.withdrawal_requests)},
                      {"consolidations", list(consolidation, limits.consolidation_requests)}});
}

NamedType body_type(const Limits& limits, ExecutionLayout layout, bool is_electra) {
    constexpr std::uint64_t kDepositProofNodes = 33;
    const NamedType eth1 =
        container({{"deposit_root", bytes(32)}, {"deposit_count", number()}, {"block_hash", bytes(32)}});
    const NamedType proposer_slashing = container(
        {{"signed_header_1", signed_by(header_type())}, {"signed_header_2", signed_by(header_type())}});
    const NamedType deposit_data = container({{"pubkey", bytes(48)},
                                              {"withdrawal_credentials", bytes(32)},
                                              {"amount", number()},
                                              {"signature", bytes(96)}});
    const NamedType deposit =
        container({{"proof", vector(bytes(32), kDepositProofNodes)}, {"data", deposit_data}});
    const NamedType exit = signed_by(container({{"epoch", number()}, {"validator_index", number()}}));
    const NamedType bls_change = signed_by(container({{"validator_index", number()},
                                                      {"from_bls_pubkey", bytes(48)},
                                                      {"to_execution_address", bytes(20)}}));
    const std::uint64_t slashings =
        is_electra ? limits.attester_slashings_electra : limits.attester_slashings;
    const std::uint64_t attestations = is_electra ? limits.attestations_electra : limits.attestations;
    Fields fields = {{"randao_reveal", bytes(96)},
                     {"eth1_data", eth1},
                     {"graffiti", bytes(32)},
                     {"proposer_slashings", list(proposer_slashing, limits.proposer_slashings)},
                     {"attester_slashings", list(attester_slashing(limits, is_electra), slashings)},
                     {"attestations", list(attestation(limits, is_electra), attestations)},
                     {"deposits", list(deposit, limits.deposits)},
                     {"voluntary_exits", list(exit, limits.voluntary_exits)},
                     {"sync_aggregate", container({{"sync_committee_bits", bitvector(limits.committee_size)},
                                                   {"sync_committee_signature", bytes(96)}})},
                     {"execution_payload", payload_type(limits, layout)},
                     {"bls_to_execution_changes", list(bls_change, limits.bls_changes)}};
    if (layout == ExecutionLayout::kDeneb) {
        fields.emplace_back("blob_kzg_commitments", list(bytes(48), limits.blob_commitments));
    }
    if (is_electra) fields.emplace_back("execution_requests", execution_requests(limits));
    return container(std::move(fields));
}

/// Parts one after another; those of variable size behind offsets.
Bytes join(const std::vector<Bytes>& parts, const std::vector<bool>& is_fixed) {
    constexpr std::size_t kOffsetBytes = 4;
    std::size_t head = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) head += is_fixed[i] ? parts[i].size() : kOffsetBytes;
    Bytes out;
    Bytes tail;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (is_fixed[i]) {
            append(out, parts[i]);
        } else {
            codec::append_ssz_uint(out, head + tail.size(), kOffsetBytes);
            append(tail, parts[i]);
        }
    }
    append(out, tail);
    return out;
}

Bytes encode_number(Case& judged, const NamedType& type, const Json& json) {
    const Hash32 big_endian = to_big_endian(judged.number_of(json, "number"));
    Bytes out(big_endian.begin(), big_endian.end());
    std::reverse(out.begin(), out.end());
    out.resize(type.type.size);
    return out;
}

}  // namespace

NamedType block_type(Case& judged, const BeaconNetwork& network, Slot slot, const Json& spec) {
    const Fork& fork = network.fork_at(slot);
    const Limits limits = limits_of(judged, network, spec);
    // Fulu changed nothing of the block.
    const bool is_electra = fork.name == "electra" || fork.name == "fulu";
    judged.expect(fork.execution_layout != ExecutionLayout::kNone, "block of a fork before Capella");
    return container({{"slot", number()},
                      {"proposer_index", number()},
                      {"parent_root", bytes(32)},
                      {"state_root", bytes(32)},
                      {"body", body_type(limits, fork.execution_layout, is_electra)}});
}

Bytes encode_json(Case& judged, const NamedType& type, const Json& json) {
    switch (type.form) {
        case Form::kNumber:
            return encode_number(judged, type, json);
        case Form::kBytes:
            return judged.bytes_of(json, "bytes");
        case Form::kList:
        case Form::kContainer:
            break;
    }
    std::vector<Bytes> parts;
    std::vector<bool> is_fixed;
    const auto add = [&](const NamedType& part, const Json& value) {
        parts.push_back(encode_json(judged, part, value));
        is_fixed.push_back(codec::fixed_size(part.type).has_value());
    };
    if (type.form == Form::kList) {
        for (const Json& element : judged.array_of(json, "list")) add(type.elements[0], element);
    } else {
        for (std::size_t i = 0; i < type.names.size(); ++i) {
            add(type.elements[i], judged.member(json, type.names[i]));
        }
    }
    return join(parts, is_fixed);
}

}  // namespace butter::selftest::beacon
