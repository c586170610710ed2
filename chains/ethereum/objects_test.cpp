// SPDX-License-Identifier: Apache-2.0
#include "chains/ethereum/objects.hpp"

#include <gtest/gtest.h>

#include "butter/base/hex.hpp"
#include "chains/ethereum/sample_chain_test.hpp"
#include "chains/ethereum/vectors_test.hpp"
#include "test/json/vectors.hpp"

namespace butter::ethereum {
namespace {

using test::bytes_of;
using test::hash_of;
using test::read_vectors;
using test::text_of;
using test::u64_of;
using namespace test_vectors;

constexpr std::string_view kBootstrap = "LightClientBootstrap";

/// Whether JSON is the same but for the case of hex digits, which some servers use for checksums.
bool is_same_json(const rpc::Json& a, const rpc::Json& b) {
    const auto lower = [](const rpc::Json& json) {
        std::string text = rpc::to_text(json);
        for (char& letter : text) letter = static_cast<char>(std::tolower(letter));
        return rpc::parse_json(text);
    };
    return lower(a) == lower(b);
}

void expect_header(const BeaconNetwork& network, const LightClientHeader& header, const rpc::Json& expected,
                   std::string_view slot, std::string_view root, std::string_view execution) {
    EXPECT_EQ(header.beacon.slot.value, u64_of(expected.at(slot)));
    EXPECT_EQ(root_of(header.beacon), hash_of(expected.at(root)));
    const Fork& fork = network.fork_at(header.beacon.slot);
    const auto* execution_root = expected.at(execution).as_object().if_contains("execRoot");
    ASSERT_EQ(header.execution.has_value(), execution_root != nullptr);
    if (execution_root == nullptr) return;
    EXPECT_EQ(root_of(*header.execution, fork.execution_layout), hash_of(*execution_root));
    // The block hash is in the body at the index that contracts are deployed with.
    auto branch = block_hash_branch(*header.execution, fork.execution_layout);
    branch.insert(branch.end(), header.execution_branch.begin(), header.execution_branch.end());
    EXPECT_TRUE(codec::verify_branch(header.execution->block_hash, branch, block_hash_gindex(fork),
                                     header.beacon.body_root)
                    .has_value());
}

void expect_bootstrap(const BeaconNetwork& network, const rpc::Json& data, const rpc::Json& expected,
                      const std::optional<Bytes>& ssz) {
    const auto bootstrap = decode_bootstrap_json(network, data);
    ASSERT_TRUE(bootstrap.has_value()) << to_string(bootstrap.error());
    EXPECT_EQ(root_of(bootstrap->header.beacon), hash_of(expected.at("blockRoot")));
    EXPECT_EQ(root_of(bootstrap->current_committee), hash_of(expected.at("currentSyncCommitteeRoot")));
    const Bytes encoded = encode_bootstrap(network, *bootstrap);
    EXPECT_EQ(decode_bootstrap(network, encoded), *bootstrap);
    if (ssz) EXPECT_EQ(encoded, *ssz);
    EXPECT_EQ(decode_bootstrap_json(network, to_json(network, *bootstrap)), *bootstrap);
    EXPECT_TRUE(is_same_json(to_json(network, *bootstrap), data));
}

void expect_update(const BeaconNetwork& network, const rpc::Json& data, const rpc::Json& expected,
                   const std::optional<Bytes>& ssz, UpdateKind kind) {
    const auto update = decode_update_json(network, data, kind);
    ASSERT_TRUE(update.has_value()) << to_string(update.error());
    expect_header(network, update->attested, expected, "attestedSlot", "attestedRoot", "attestedExec");
    EXPECT_EQ(update->signature_slot.value, u64_of(expected.at("signatureSlot")));
    EXPECT_EQ(network.fork_at(update->attested.beacon.slot).name, text_of(expected.at("attestedFork")));
    EXPECT_EQ(update->aggregate.bits.count(), u64_of(expected.at("participants")));
    EXPECT_EQ(sync_committee_signing_root(network, root_of(update->attested.beacon), update->signature_slot),
              hash_of(expected.at("signingRoot")));
    EXPECT_EQ(sync_committee_domain(test::fixed_of<4>(expected.at("signingForkVersion")),
                                    network.genesis_validators_root),
              hash_of(expected.at("domain")));
    EXPECT_EQ(update->finalized.has_value(), kind != UpdateKind::kOptimistic);
    if (update->finalized) {
        expect_header(network, *update->finalized, expected, "finalizedSlot", "finalizedRoot",
                      "finalizedExec");
    }
    EXPECT_EQ(update->next_committee.has_value(), kind == UpdateKind::kFull);
    if (update->next_committee) {
        EXPECT_EQ(root_of(*update->next_committee), hash_of(expected.at("nextSyncCommitteeRoot")));
    }
    const Bytes encoded = encode_update(network, *update, kind);
    EXPECT_EQ(decode_update(network, encoded, kind), *update);
    if (ssz) EXPECT_EQ(encoded, *ssz);
    EXPECT_EQ(decode_update_json(network, to_json(network, *update, kind), kind), *update);
    EXPECT_TRUE(is_same_json(to_json(network, *update, kind), data));
}

/// Every object of a set of real ones. Returns how many came as SSZ too.
std::size_t expect_objects(std::string_view set) {
    const BeaconNetwork network = read_network(set);
    const rpc::Json expected = read_vectors(std::string(set) + "/expected.json");
    std::size_t with_ssz = 0;
    for (const std::string& path : object_paths(set)) {
        SCOPED_TRACE(path);
        const rpc::Json data = read_part(set, path + "#/data");
        const rpc::Json& facts = expected.at(path);
        const auto ssz = find_file(std::string(set) + "/" + path.substr(0, path.size() - 4) + "ssz");
        if (ssz) ++with_ssz;
        if (text_of(facts.at("kind")) == kBootstrap) {
            expect_bootstrap(network, data, facts, ssz);
        } else {
            expect_update(network, data, facts, ssz, kind_of(text_of(facts.at("kind"))));
        }
    }
    return with_ssz;
}

TEST(ethereum_objects, real_mainnet_objects_of_six_forks) { EXPECT_EQ(expect_objects("lc_mainnet"), 11u); }

TEST(ethereum_objects, real_sepolia_objects) { EXPECT_EQ(expect_objects("lc_sepolia"), 0u); }

TEST(ethereum_objects, specification_tests_have_the_same_ssz_and_json) {
    std::size_t updates = 0;
    for (const char* name : {"deneb__advance_finality_without_sync_committee",
                             "deneb__supply_sync_committee_from_past_update", "electra__light_client_sync"}) {
        SCOPED_TRACE(name);
        const rpc::Json json = read_vectors("lc_spec_tests_minimal/" + std::string(name) + ".json");
        const BeaconNetwork network =
            network_of_config(json.at("config"), hash_of(json.at("genesis_validators_root")));
        const auto bootstrap = decode_bootstrap_json(network, json.at("bootstrap"));
        ASSERT_TRUE(bootstrap.has_value());
        EXPECT_EQ(encode_bootstrap(network, *bootstrap), bytes_of(json.at("bootstrap_ssz")));
        EXPECT_TRUE(is_same_json(to_json(network, *bootstrap), json.at("bootstrap")));
        for (const auto& step : json.at("steps").as_array()) {
            if (step.as_object().if_contains("update") == nullptr) continue;
            const auto update = decode_update_json(network, step.at("update"), UpdateKind::kFull);
            ASSERT_TRUE(update.has_value());
            const Bytes ssz = bytes_of(step.at("update_ssz"));
            EXPECT_EQ(encode_update(network, *update, UpdateKind::kFull), ssz);
            EXPECT_EQ(decode_update(network, ssz, UpdateKind::kFull), *update);
            EXPECT_TRUE(is_same_json(to_json(network, *update, UpdateKind::kFull), step.at("update")));
            ++updates;
        }
    }
    EXPECT_EQ(updates, 14u);
}

TEST(ethereum_objects, captured_answers_of_nodes) {
    for (const char* directory :
         {"lodestar-1.5.1-minimal-capella", "mainnet-electra-n512", "minimal-electra-lowparticipation",
          "minimal-electra-n64", "minimal-electra-nofinality", "minimal-electra-to-fulu"}) {
        SCOPED_TRACE(directory);
        const std::string path = "devnet_captures/" + std::string(directory);
        const BeaconNetwork network = read_capture_network(directory);
        EXPECT_TRUE(decode_bootstrap_json(network, read_part(path, "bootstrap.json#/data")).has_value());
        const rpc::Json updates = read_vectors(path + "/updates.json");
        const bool is_final = std::string_view(directory) != "minimal-electra-nofinality";
        for (const auto& entry : updates.as_array()) {
            const auto update = decode_update_json(network, entry.at("data"), UpdateKind::kFull);
            ASSERT_TRUE(update.has_value());
            EXPECT_EQ(update->finalized.has_value(), is_final);
            EXPECT_EQ(
                decode_update(network, encode_update(network, *update, UpdateKind::kFull), UpdateKind::kFull),
                *update);
        }
        const rpc::Json finality = read_vectors(path + "/finality_update.json");
        if (is_final) {
            EXPECT_TRUE(decode_update_json(network, finality.at("data"), UpdateKind::kFinality).has_value());
        } else {
            EXPECT_EQ(decode_update_json(network, finality, UpdateKind::kFinality).error(),
                      ObjectError::kJson);
        }
        EXPECT_TRUE(decode_update_json(network, read_part(path, "optimistic_update.json#/data"),
                                       UpdateKind::kOptimistic)
                        .has_value());
    }
}

TEST(ethereum_objects, beacon_headers_of_a_real_chain_link) {
    const rpc::Json chain = read_vectors("ssz/beacon_header_chain_6632737_6632790.json");
    std::optional<Hash32> parent;
    std::size_t count = 0;
    for (const auto& entry : chain.as_array()) {
        const auto header = decode_beacon_header_json(entry);
        ASSERT_TRUE(header.has_value());
        EXPECT_EQ(root_of(*header), hash_of(entry.at("root")));
        if (parent) EXPECT_EQ(header->parent_root, *parent);
        parent = root_of(*header);
        rpc::JsonObject without_root = entry.as_object();
        without_root.erase("root");
        EXPECT_EQ(to_json(*header), rpc::Json(without_root));
        ++count;
    }
    EXPECT_EQ(count, 51u);
}

// ---- what the types say that no real object does
// --------------------------------------------------------------------

struct Sample {
    BeaconNetwork network = test_chain::make_network();
    Slot slot_of(std::string_view fork) const {
        for (const Fork& candidate : network.forks) {
            if (candidate.name == fork) return Slot{candidate.epoch.value * network.slots_per_epoch};
        }
        return Slot{~std::uint64_t{0}};
    }
    Update update(std::string_view fork) const {
        const std::uint64_t first = slot_of(fork).value;
        return test_chain::make_update(
            network,
            {.attested = Slot{first + 6}, .finalized = Slot{first + 1}, .signature = Slot{first + 7}});
    }
};

TEST(ethereum_objects, every_kind_in_every_fork_survives_ssz_and_json) {
    const Sample sample;
    for (const Fork& fork : sample.network.forks) {
        for (const UpdateKind kind : {UpdateKind::kFull, UpdateKind::kFinality, UpdateKind::kOptimistic}) {
            Update update = sample.update(fork.name);
            if (kind != UpdateKind::kFull) {
                update.next_committee.reset();
                update.next_committee_branch.clear();
            }
            if (kind == UpdateKind::kOptimistic) {
                update.finalized.reset();
                update.finality_branch.clear();
            }
            const Bytes ssz = encode_update(sample.network, update, kind);
            EXPECT_EQ(decode_update(sample.network, ssz, kind), update) << fork.name;
            EXPECT_EQ(decode_update_json(sample.network, to_json(sample.network, update, kind), kind), update)
                << fork.name;
        }
    }
}

TEST(ethereum_objects, an_offset_is_not_taken_for_a_slot) {
    // The first four bytes of an optimistic update are an offset; absent members make what follows zeros, and
    // both together a small slot of a fork that has no offset.
    BeaconNetwork network = test_chain::make_network();
    network.committee_size = 64;
    Update update;
    update.attested = test_chain::make_header(test_chain::make_network(), Slot{40});
    update.aggregate.bits = {Bytes(8), 64};
    update.aggregate.bits.bytes[7] = 0x80;
    update.signature_slot = Slot{41};
    const Bytes ssz = encode_update(network, update, UpdateKind::kOptimistic);
    EXPECT_EQ(decode_update(network, ssz, UpdateKind::kOptimistic), update);
}

TEST(ethereum_objects, finalized_header_of_an_earlier_fork) {
    const Sample sample;
    for (const auto& [fork, earlier] : std::vector<std::pair<std::string_view, std::string_view>>{
             {"capella", "altair"}, {"deneb", "altair"}, {"deneb", "capella"}, {"electra", "deneb"}}) {
        Update update = sample.update(fork);
        update.finalized = test_chain::make_header(sample.network, sample.slot_of(earlier));
        EXPECT_EQ(update.finalized->execution.has_value(), earlier != "altair");
        const Bytes ssz = encode_update(sample.network, update, UpdateKind::kFull);
        EXPECT_EQ(decode_update(sample.network, ssz, UpdateKind::kFull), update) << fork;
        const rpc::Json json = to_json(sample.network, update, UpdateKind::kFull);
        EXPECT_NE(rpc::find_member(json.at("finalized_header"), "execution"), nullptr);
        EXPECT_EQ(decode_update_json(sample.network, json, UpdateKind::kFull), update) << fork;
    }
}

TEST(ethereum_objects, shorter_execution_branch_of_an_earlier_fork_stands_behind_zeros) {
    Sample sample;
    sample.network.forks.back().execution_gindex = 51;
    Update update = sample.update("fulu");
    ASSERT_EQ(update.attested.execution_branch.size(), 5u);
    update.finalized = test_chain::make_header(sample.network, sample.slot_of("electra"));
    ASSERT_EQ(update.finalized->execution_branch.size(), 4u);
    rpc::Json json = to_json(sample.network, update, UpdateKind::kFull);
    EXPECT_EQ(text_of(json.at_pointer("/finalized_header/execution_branch/0")), encode_hex(Hash32{}));
    EXPECT_EQ(decode_update_json(sample.network, json, UpdateKind::kFull), update);
    const Bytes ssz = encode_update(sample.network, update, UpdateKind::kFull);
    EXPECT_EQ(decode_update(sample.network, ssz, UpdateKind::kFull), update);
    mutate(json, "/finalized_header/execution_branch/0", rpc::Json(encode_hex(Hash32{{1}})));
    EXPECT_EQ(decode_update_json(sample.network, json, UpdateKind::kFull).error(),
              ObjectError::kBranchLength);
}

TEST(ethereum_objects, only_all_zeros_are_absent) {
    const Sample sample;
    Update update = sample.update("deneb");
    update.next_committee.reset();
    update.next_committee_branch.clear();
    update.finalized.reset();
    update.finality_branch.clear();
    const Bytes ssz = encode_update(sample.network, update, UpdateKind::kFull);
    EXPECT_EQ(decode_update(sample.network, ssz, UpdateKind::kFull), update);
    const rpc::Json json = to_json(sample.network, update, UpdateKind::kFull);
    EXPECT_EQ(decode_update_json(sample.network, json, UpdateKind::kFull), update);
    for (const auto& [pointer, value] : std::vector<std::pair<std::string_view, std::string>>{
             {"/finalized_header/beacon/slot", "1"},
             {"/finalized_header/execution/gas_used", "1"},
             {"/finality_branch/2", encode_hex(Hash32{{1}})},
             {"/next_sync_committee/pubkeys/3", encode_hex(FixedBytes<48>{{1}})},
             {"/next_sync_committee/aggregate_pubkey", encode_hex(FixedBytes<48>{{1}})},
             {"/next_sync_committee_branch/0", encode_hex(Hash32{{1}})}}) {
        rpc::Json changed = json;
        mutate(changed, pointer, rpc::Json(value));
        const auto decoded = decode_update_json(sample.network, changed, UpdateKind::kFull);
        ASSERT_TRUE(decoded.has_value()) << pointer;
        EXPECT_TRUE(decoded->finalized.has_value() || decoded->next_committee.has_value()) << pointer;
        EXPECT_EQ(decode_update(sample.network, encode_update(sample.network, *decoded, UpdateKind::kFull),
                                UpdateKind::kFull),
                  *decoded)
            << pointer;
    }
}

TEST(ethereum_objects, ssz_cut_short_or_with_more_behind_is_refused) {
    const Sample sample;
    for (const Fork& fork : sample.network.forks) {
        const Bytes ssz = encode_update(sample.network, sample.update(fork.name), UpdateKind::kFull);
        for (std::size_t size = 0; size < ssz.size(); ++size) {
            const auto decoded = decode_update(sample.network, BytesView(ssz).first(size), UpdateKind::kFull);
            ASSERT_FALSE(decoded.has_value()) << fork.name << " " << size;
            // What ends in the extra data of the last header is well formed with less of it.
            ASSERT_EQ(decoded.error(), ObjectError::kSsz);
            if (fork.execution_layout != ExecutionLayout::kNone && size + 3 == ssz.size()) break;
        }
        const auto bootstrap = test_chain::make_bootstrap(sample.network, sample.slot_of(fork.name));
        Bytes longer = encode_bootstrap(sample.network, bootstrap);
        longer.resize(longer.size() + 40);
        const auto decoded = decode_bootstrap(sample.network, longer);
        ASSERT_FALSE(decoded.has_value());
        EXPECT_EQ(decoded.error(), fork.execution_layout == ExecutionLayout::kNone ? ObjectError::kSsz
                                                                                   : ObjectError::kExtraData);
    }
}

TEST(ethereum_objects, ssz_bits_and_offsets_out_of_form_are_refused) {
    Sample sample;
    Bytes ssz = encode_update(sample.network, sample.update("deneb"), UpdateKind::kFull);
    ++ssz[0];
    EXPECT_EQ(decode_update(sample.network, ssz, UpdateKind::kFull).error(), ObjectError::kSsz);
    // Bits of one byte for a committee of seven: the eighth is none.
    sample.network.committee_size = 7;
    Update update;
    update.attested = test_chain::make_header(test_chain::make_network(), Slot{3});
    update.aggregate.bits = {Bytes{0x80}, 7};
    const Bytes optimistic = encode_update(sample.network, update, UpdateKind::kOptimistic);
    EXPECT_EQ(decode_update(sample.network, optimistic, UpdateKind::kOptimistic).error(), ObjectError::kSsz);
}

TEST(ethereum_objects, extra_data_has_at_most_32_bytes) {
    const Sample sample;
    Update update = sample.update("electra");
    update.attested.execution->extra_data = Bytes(32, 0xee);
    Bytes ssz = encode_update(sample.network, update, UpdateKind::kFull);
    rpc::Json json = to_json(sample.network, update, UpdateKind::kFull);
    EXPECT_EQ(decode_update(sample.network, ssz, UpdateKind::kFull), update);
    EXPECT_EQ(decode_update_json(sample.network, json, UpdateKind::kFull), update);
    update.attested.execution->extra_data.push_back(0xee);
    ssz = encode_update(sample.network, update, UpdateKind::kFull);
    json = to_json(sample.network, update, UpdateKind::kFull);
    EXPECT_EQ(decode_update(sample.network, ssz, UpdateKind::kFull).error(), ObjectError::kExtraData);
    EXPECT_EQ(decode_update_json(sample.network, json, UpdateKind::kFull).error(), ObjectError::kExtraData);
}

/// Pointers to all leaves and members of objects, elements of arrays left out.
void collect_members(const rpc::Json& value, const std::string& at, std::vector<std::string>& out) {
    if (!value.is_object()) return;
    for (const auto& entry : value.get_object()) {
        const std::string pointer = at + "/" + std::string(entry.key());
        out.push_back(pointer);
        collect_members(entry.value(), pointer, out);
    }
}

TEST(ethereum_objects, json_needs_every_member_in_its_form) {
    const Sample sample;
    const rpc::Json json = to_json(sample.network, sample.update("fulu"), UpdateKind::kFull);
    std::vector<std::string> members;
    collect_members(json, "", members);
    EXPECT_GT(members.size(), 60u);
    for (const std::string& pointer : members) {
        for (const rpc::Json& value : {rpc::Json(), rpc::Json(17), rpc::Json("zz")}) {
            rpc::Json changed = json;
            mutate(changed, pointer, value);
            const auto decoded = decode_update_json(sample.network, changed, UpdateKind::kFull);
            ASSERT_FALSE(decoded.has_value()) << pointer;
            EXPECT_EQ(decoded.error(), ObjectError::kJson) << pointer;
        }
    }
    for (const char* pointer : {"/finality_branch/0", "/next_sync_committee/pubkeys/0"}) {
        rpc::Json changed = json;
        mutate(changed, pointer, rpc::Json("0x12"));
        EXPECT_EQ(decode_update_json(sample.network, changed, UpdateKind::kFull).error(), ObjectError::kJson);
    }
}

TEST(ethereum_objects, json_lists_of_another_length_are_refused) {
    const Sample sample;
    const rpc::Json json = to_json(sample.network, sample.update("electra"), UpdateKind::kFull);
    for (const auto& [pointer, error] : std::vector<std::pair<std::string, ObjectError>>{
             {"/finality_branch/", ObjectError::kBranchLength},
             {"/next_sync_committee_branch/", ObjectError::kBranchLength},
             {"/attested_header/execution_branch/", ObjectError::kBranchLength},
             {"/finalized_header/execution_branch/", ObjectError::kBranchLength},
             {"/next_sync_committee/pubkeys/", ObjectError::kCommitteeSize}}) {
        rpc::Json shorter = json;
        mutate(shorter, pointer + "0", rpc::Json());
        EXPECT_EQ(decode_update_json(sample.network, shorter, UpdateKind::kFull).error(), error) << pointer;
        rpc::Json longer = json;
        mutate(longer, pointer + "-", json.at_pointer(pointer + "0"));
        EXPECT_EQ(decode_update_json(sample.network, longer, UpdateKind::kFull).error(), error) << pointer;
    }
    rpc::Json bits = json;
    mutate(bits, "/sync_aggregate/sync_committee_bits", rpc::Json("0xffff"));
    EXPECT_EQ(decode_update_json(sample.network, bits, UpdateKind::kFull).error(),
              ObjectError::kCommitteeSize);
}

TEST(ethereum_objects, json_addresses_may_carry_a_checksum) {
    const Sample sample;
    rpc::Json json = to_json(sample.network, sample.update("electra"), UpdateKind::kFull);
    mutate(json, "/attested_header/execution/fee_recipient",
           rpc::Json("0x8943545177806ED17B9F23F0a21ee5948eCaa776"));
    const auto update = decode_update_json(sample.network, json, UpdateKind::kFull);
    ASSERT_TRUE(update.has_value());
    EXPECT_EQ(update->attested.execution->fee_recipient,
              hex_fixed<20>("0x8943545177806ed17b9f23f0a21ee5948ecaa776"));
}

}  // namespace
}  // namespace butter::ethereum
