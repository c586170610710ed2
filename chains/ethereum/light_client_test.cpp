// SPDX-License-Identifier: Apache-2.0
#include "chains/ethereum/light_client.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "butter/base/assert.hpp"
#include "chains/ethereum/sample_chain_test.hpp"
#include "chains/ethereum/vectors_test.hpp"
#include "test/json/vectors.hpp"

namespace butter::ethereum {
namespace {

using test::hash_of;
using test::read_vectors;
using test::text_of;
using test::u64_of;
using namespace test_vectors;
using Kind = LightClientError::Kind;

constexpr Slot kFarFuture{~std::uint64_t{0}};

/// Committees of real sets, checked once.
const CheckedCommittee& committee_at(std::string_view set, const BeaconNetwork& network,
                                     const std::string& part) {
    static std::map<std::string, CheckedCommittee> checked;
    const std::string name = std::string(set) + "/" + part;
    if (!checked.contains(name)) {
        checked[name] = check_committee(read_committee(network, read_part(set, part))).value();
    }
    return checked.at(name);
}

/// A store of the period before the signature's, if there is one, with `committee` for the signature's.
Store store_before(const BeaconNetwork& network, Slot signature_slot, const CheckedCommittee& committee) {
    const std::uint64_t period = network.period_of(signature_slot);
    Store store;
    store.current_committee = committee;
    if (period > 0) {
        store.finalized.beacon.slot = Slot{(period - 1) * network.slots_per_period()};
        store.next_committee = committee;
    }
    store.optimistic = store.finalized;
    return store;
}

/// The updates of a set whose committee it has.
template <class Check>
std::size_t for_each_signed_update(std::string_view set, Check check) {
    const BeaconNetwork network = read_network(set);
    const rpc::Json expected = read_vectors(std::string(set) + "/expected.json");
    std::size_t count = 0;
    for (const std::string& path : object_paths(set)) {
        const rpc::Json& facts = expected.at(path);
        if (facts.at("signedBy").is_null()) continue;
        SCOPED_TRACE(path);
        const UpdateKind kind = kind_of(text_of(facts.at("kind")));
        const auto update = decode_update_json(network, read_part(set, path + "#/data"), kind);
        EXPECT_TRUE(update.has_value());
        const CheckedCommittee& committee =
            committee_at(set, network, std::string(text_of(facts.at("signedBy"))));
        EXPECT_EQ(committee.root, hash_of(facts.at("committeeRoot")));
        check(network, store_before(network, update->signature_slot, committee), *update, kind);
        ++count;
    }
    return count;
}

void expect_real_update(const BeaconNetwork& network, const Store& store, const Update& update,
                        UpdateKind kind) {
    const auto validated = validate_update(network, store, update, update.signature_slot);
    EXPECT_TRUE(validated.has_value()) << to_string(validated.error());
    Store after = store;
    EXPECT_TRUE(process_update(network, after, update, update.signature_slot).has_value());
    EXPECT_EQ(after.optimistic, update.attested);
    EXPECT_EQ(std::max(after.previous_participants_max, after.current_participants_max),
              update.aggregate.bits.count());
    if (kind != UpdateKind::kOptimistic) EXPECT_EQ(after.finalized, *update.finalized);

    Store strict = store;
    const auto applied = apply_finalized_update(network, strict, update, update.signature_slot);
    if (kind == UpdateKind::kOptimistic) {
        EXPECT_EQ(applied.error().kind, Kind::kNoFinality);
        EXPECT_EQ(strict, store);
    } else if (!update.finalized->execution) {
        EXPECT_EQ(applied.error().kind, Kind::kNoExecution);
        EXPECT_EQ(strict, store);
    } else {
        ASSERT_TRUE(applied.has_value()) << to_string(applied.error());
        EXPECT_EQ(applied->participants(), update.aggregate.bits.count());
        EXPECT_EQ(applied->finalized(), *update.finalized);
        EXPECT_EQ(applied->signature_period(), network.period_of(update.signature_slot));
        EXPECT_EQ(strict, after);
        EXPECT_EQ(strict.next_committee.has_value(), kind == UpdateKind::kFull);
    }
}

TEST(ethereum_light_client, real_mainnet_updates_of_six_forks) {
    EXPECT_EQ(for_each_signed_update("lc_mainnet", expect_real_update), 30u);
}

TEST(ethereum_light_client, real_sepolia_updates) {
    EXPECT_EQ(for_each_signed_update("lc_sepolia", expect_real_update), 2u);
}

TEST(ethereum_light_client, real_bootstraps_start_stores) {
    std::size_t count = 0;
    for (const char* set : {"lc_mainnet", "lc_sepolia"}) {
        const BeaconNetwork network = read_network(set);
        const rpc::Json expected = read_vectors(std::string(set) + "/expected.json");
        for (const std::string& path : object_paths(set)) {
            const rpc::Json& facts = expected.at(path);
            if (text_of(facts.at("kind")) != "LightClientBootstrap") continue;
            SCOPED_TRACE(path);
            const auto bootstrap = decode_bootstrap_json(network, read_part(set, path + "#/data"));
            const auto store = initialize_store(network, hash_of(facts.at("blockRoot")), *bootstrap);
            ASSERT_TRUE(store.has_value()) << to_string(store.error());
            EXPECT_EQ(store->current_committee.root, hash_of(facts.at("currentSyncCommitteeRoot")));
            EXPECT_EQ(network.period_of(store->finalized.beacon.slot), u64_of(facts.at("period")));
            EXPECT_FALSE(store->next_committee.has_value());
            EXPECT_EQ(initialize_store(network, Hash32{{1}}, *bootstrap).error().kind, Kind::kTrustedRoot);
            ++count;
        }
    }
    EXPECT_EQ(count, 11u);
}

/// From a bootstrap through updates of consecutive periods, strictly.
void follow(const std::string& bootstrap_path, const std::vector<std::string>& updates) {
    const std::string_view set = "lc_mainnet";
    const BeaconNetwork network = read_network(set);
    const auto bootstrap = decode_bootstrap_json(network, read_part(set, bootstrap_path + "#/data"));
    Store store = initialize_store(network, root_of(bootstrap->header.beacon), *bootstrap).value();
    for (const std::string& path : updates) {
        SCOPED_TRACE(path);
        const auto update = decode_update_json(network, read_part(set, path + "#/data"), UpdateKind::kFull);
        const std::uint64_t period = network.period_of(update->signature_slot);
        const CheckedCommittee* signers = find_committee(network, store, period);
        ASSERT_NE(signers, nullptr);
        const Hash32 root = signers->root;
        const auto applied = apply_finalized_update(network, store, *update, kFarFuture);
        ASSERT_TRUE(applied.has_value()) << to_string(applied.error());
        EXPECT_EQ(store.current_committee.root, root);
        ASSERT_TRUE(store.next_committee.has_value());
        EXPECT_EQ(store.next_committee->root, root_of(*update->next_committee));
        // A second time it says nothing.
        EXPECT_EQ(apply_finalized_update(network, store, *update, kFarFuture).error().kind,
                  Kind::kNotRelevant);
        EXPECT_EQ(find_committee(network, store, period + 2), nullptr);
    }
}

TEST(ethereum_light_client, follows_mainnet_from_period_to_period) {
    follow("capella/bootstrap_slot7069376.json",
           {"capella/update_period0862.json", "capella/update_period0863.json",
            "capella/update_period0864.json", "capella/update_period0865.json",
            "capella/update_period0866.json", "capella/update_period0867.json"});
    follow("fulu/bootstrap_slot14017856.json", {"fulu/update_period1711.json"});
}

// ---- what must fail
// ----------------------------------------------------------------------------------------------

/// What a mutation is refused for: by the decoder or the light client.
struct Refusal {
    std::optional<ObjectError> object;
    std::optional<Kind> kind;
};
const std::map<std::string_view, Refusal> kRefusals = {
    {"signature-bit-flip", {{}, Kind::kSignaturePoint}},
    {"signature-infinity", {{}, Kind::kSignaturePoint}},
    {"signature-infinity-no-bits", {{}, Kind::kNoParticipants}},
    {"participant-removed", {{}, Kind::kSignature}},
    {"participant-added", {{}, Kind::kSignature}},
    {"attested-slot-minus-1", {{}, Kind::kSignature}},
    {"attested-state-root", {{}, Kind::kFinalityBranch}},
    {"signature-slot-equals-attested", {{}, Kind::kSlotOrder}},
    {"finality-branch-node", {{}, Kind::kFinalityBranch}},
    {"finality-branch-short", {ObjectError::kBranchLength, {}}},
    {"finality-branch-long", {ObjectError::kBranchLength, {}}},
    {"finalized-newer-than-attested", {{}, Kind::kSlotOrder}},
    {"next-committee-swap", {{}, Kind::kNextCommitteeBranch}},
    {"next-committee-aggregate", {{}, Kind::kNextCommitteeBranch}},
    {"attested-exec-receipts-root", {{}, Kind::kHeader}},
    {"finalized-exec-block-number", {{}, Kind::kFinalizedHeader}},
    {"finalized-proposer", {{}, Kind::kFinalityBranch}},
    {"wrong-fork-version", {{}, Kind::kSignature}},
    {"wrong-genesis-validators-root", {{}, Kind::kSignature}},
    {"wrong-committee", {{}, Kind::kSignature}},
    {"state_root", {{}, Kind::kTrustedRoot}},
    {"committee-pubkey-swap", {{}, Kind::kCommitteeBranch}},
    {"branch-node", {{}, Kind::kCommitteeBranch}},
    {"branch-too-short", {ObjectError::kBranchLength, {}}},
    {"execution-receipts-root", {{}, Kind::kHeader}},
};

/// The network as a case's `context` changes it.
BeaconNetwork network_of_case(const rpc::Json& entry) {
    BeaconNetwork network = read_network("lc_mainnet");
    const auto* context = entry.as_object().if_contains("context");
    if (context == nullptr) return network;
    const std::string_view text = text_of(*context);
    if (text.starts_with("genesis_validators_root")) {
        network.genesis_validators_root.bytes.fill(0x11);
    } else if (text.starts_with("network.json forks.")) {
        const std::string_view name = text.substr(19, text.find(".version") - 19);
        const auto fork = std::find_if(network.forks.begin(), network.forks.end(),
                                       [&](const Fork& candidate) { return candidate.name == name; });
        BUTTER_ASSERT(fork != network.forks.end());
        fork->version = {{0x0f, 0, 0, 0}};
    } else {
        BUTTER_ASSERT(text == "use update.next_sync_committee as signing committee");
    }
    return network;
}

TEST(ethereum_light_client, mutations_of_real_objects_are_refused_for_the_right_reason) {
    const std::string_view set = "lc_mainnet";
    const rpc::Json expected = read_vectors("lc_mainnet/expected.json");
    std::size_t count = 0;
    for (const auto& entry : read_vectors("lc_mainnet/must_fail_mutations.json").as_array()) {
        const std::string base(text_of(entry.at("base")));
        const std::string_view name = text_of(entry.at("name"));
        SCOPED_TRACE(base + " " + std::string(name));
        ASSERT_TRUE(kRefusals.contains(name));
        const Refusal& refusal = kRefusals.at(name);
        const BeaconNetwork network = network_of_case(entry);
        rpc::Json data = read_part(set, base + "#/data");
        for (const auto& op : entry.at("ops").as_array())
            mutate(data, text_of(op.at("path")), op.at("value"));
        const rpc::Json& facts = expected.at(base);
        if (text_of(facts.at("kind")) == "LightClientBootstrap") {
            const auto bootstrap = decode_bootstrap_json(network, data);
            ASSERT_EQ(bootstrap.has_value(), !refusal.object);
            if (bootstrap) {
                const auto store = initialize_store(network, hash_of(facts.at("blockRoot")), *bootstrap);
                ASSERT_FALSE(store.has_value());
                EXPECT_EQ(store.error().kind, *refusal.kind) << to_string(store.error());
            } else {
                EXPECT_EQ(bootstrap.error(), *refusal.object);
            }
        } else {
            const auto update = decode_update_json(network, data, UpdateKind::kFull);
            ASSERT_EQ(update.has_value(), !refusal.object);
            if (update) {
                const std::string signers(name == "wrong-committee"
                                              ? base + "#/data/next_sync_committee"
                                              : std::string(text_of(facts.at("signedBy"))));
                const Store store = store_before(network, Slot{u64_of(facts.at("signatureSlot"))},
                                                 committee_at(set, network, signers));
                const auto validated = validate_update(network, store, *update, kFarFuture);
                ASSERT_FALSE(validated.has_value());
                EXPECT_EQ(validated.error().kind, *refusal.kind) << to_string(validated.error());
            } else {
                EXPECT_EQ(update.error(), *refusal.object);
            }
        }
        ++count;
    }
    EXPECT_EQ(count, 101u);
}

// ---- the specification's tests
// -------------------------------------------------------------------------------------

void expect_check(const BeaconNetwork& network, const LightClientHeader& header, const rpc::Json& check) {
    EXPECT_EQ(header.beacon.slot.value, u64_of(check.at("slot")));
    EXPECT_EQ(root_of(header.beacon), hash_of(check.at("beacon_root")));
    const auto* execution_root = check.as_object().if_contains("execution_root");
    ASSERT_NE(execution_root, nullptr);
    ASSERT_TRUE(header.execution.has_value());
    EXPECT_EQ(root_of(*header.execution, network.fork_at(header.beacon.slot).execution_layout),
              hash_of(*execution_root));
}

TEST(ethereum_light_client, specification_tests) {
    std::size_t steps = 0;
    for (const char* name : {"deneb__advance_finality_without_sync_committee",
                             "deneb__supply_sync_committee_from_past_update", "electra__light_client_sync"}) {
        const rpc::Json json = read_vectors("lc_spec_tests_minimal/" + std::string(name) + ".json");
        const BeaconNetwork network =
            network_of_config(json.at("config"), hash_of(json.at("genesis_validators_root")));
        const auto bootstrap = decode_bootstrap_json(network, json.at("bootstrap"));
        Store store = initialize_store(network, hash_of(json.at("trusted_block_root")), *bootstrap).value();
        for (const auto& step : json.at("steps").as_array()) {
            SCOPED_TRACE(std::string(name) + " slot " + std::string(rpc::to_text(step.at("current_slot"))));
            const Slot current{u64_of(step.at("current_slot"))};
            if (text_of(step.at("op")) == "force_update") {
                const auto forced = process_force_update(network, store, current);
                ASSERT_TRUE(forced.has_value());
            } else {
                const auto update = decode_update_json(network, step.at("update"), UpdateKind::kFull);
                const auto processed = process_update(network, store, *update, current);
                ASSERT_TRUE(processed.has_value()) << to_string(processed.error());
            }
            expect_check(network, store.finalized, step.at("checks").at("finalized_header"));
            expect_check(network, store.optimistic, step.at("checks").at("optimistic_header"));
            ++steps;
        }
    }
    EXPECT_EQ(steps, 16u);
}

// ---- devnets
// ----------------------------------------------------------------------------------------------------

/// The set has the base fee, and nothing else, in hex. The beacon API does not.
void use_decimal_base_fees(rpc::Json& data) {
    for (const char* header : {"/attested_header", "/finalized_header"}) {
        rpc::Json& fee = data.at_pointer(std::string(header) + "/execution/base_fee_per_gas");
        fee = to_decimal(from_quantity(text_of(fee)).value());
    }
}

TEST(ethereum_light_client, devnet_updates_across_the_electra_fork) {
    std::size_t count = 0;
    for (const char* name : {"Test_Electra_Fork", "Test_ICS20TransferNativeCosmosCoinsToEthereumAndBack"}) {
        const rpc::Json json = read_vectors("lc_devnet_minimal/" + std::string(name) + ".json");
        const BeaconNetwork network = network_of_client_state(json.at("client_state"));
        for (const auto& step : json.at("steps").as_array()) {
            const auto* kind = step.as_object().if_contains("kind");
            if (kind == nullptr || kind->is_null()) continue;
            rpc::Json data = step.at("update");
            use_decimal_base_fees(data);
            const auto update = decode_update_json(network, data, kind_of(text_of(*kind)));
            ASSERT_TRUE(update.has_value()) << to_string(update.error());
            const auto& active = step.at("active_sync_committee").as_object();
            const auto committee = check_committee(read_committee(network, active.begin()->value())).value();
            EXPECT_EQ(committee.root, hash_of(step.at("expected").at("committeeRoot")));
            Store store = store_before(network, update->signature_slot, committee);
            const auto applied = apply_finalized_update(network, store, *update, update->signature_slot);
            ASSERT_TRUE(applied.has_value()) << name << to_string(applied.error());
            EXPECT_EQ(store.finalized.beacon.slot.value, u64_of(step.at("expected").at("finalizedSlot")));
            ++count;
        }
    }
    EXPECT_EQ(count, 5u);
}

Store store_of_capture(const BeaconNetwork& network, const std::string& path) {
    const auto bootstrap = decode_bootstrap_json(network, read_part(path, "bootstrap.json#/data"));
    return initialize_store(network, root_of(bootstrap->header.beacon), *bootstrap).value();
}

TEST(ethereum_light_client, captured_devnets_with_finality) {
    for (const char* directory : {"mainnet-electra-n512", "minimal-electra-n64", "minimal-electra-to-fulu"}) {
        SCOPED_TRACE(directory);
        const std::string path = "devnet_captures/" + std::string(directory);
        const BeaconNetwork network = read_capture_network(directory);
        Store store = store_of_capture(network, path);
        const auto finality =
            decode_update_json(network, read_part(path, "finality_update.json#/data"), UpdateKind::kFinality);
        const auto full = decode_update_json(network, read_vectors(path + "/updates.json").at(0).at("data"),
                                             UpdateKind::kFull);
        const auto optimistic = decode_update_json(network, read_part(path, "optimistic_update.json#/data"),
                                                   UpdateKind::kOptimistic);
        // The bootstrap is the finalised block: only the committee is news.
        EXPECT_EQ(verify_finalized_update(network, store, *finality, kFarFuture).error().kind,
                  Kind::kNotRelevant);
        Store spec = store;
        EXPECT_TRUE(process_update(network, spec, *finality, kFarFuture).has_value());
        EXPECT_EQ(spec.optimistic, finality->attested);
        // From before the bootstrap.
        EXPECT_EQ(validate_update(network, spec, *optimistic, kFarFuture).error().kind, Kind::kNotRelevant);
        Store early = store_before(network, Slot{0}, spec.current_committee);
        EXPECT_TRUE(process_update(network, early, *optimistic, kFarFuture).has_value());
        EXPECT_EQ(early.optimistic, optimistic->attested);
        const auto applied = apply_finalized_update(network, store, *full, kFarFuture);
        ASSERT_TRUE(applied.has_value()) << to_string(applied.error());
        EXPECT_EQ(store.next_committee->committee, *full->next_committee);
    }
}

TEST(ethereum_light_client, captured_answers_of_a_capella_node) {
    const std::string path = "devnet_captures/lodestar-1.5.1-minimal-capella";
    const BeaconNetwork network = read_capture_network("lodestar-1.5.1-minimal-capella");
    Store store = store_of_capture(network, path);
    const auto update =
        decode_update_json(network, read_vectors(path + "/updates.json").at(0).at("data"), UpdateKind::kFull);
    // Of the period before the bootstrap's.
    EXPECT_EQ(validate_update(network, store, *update, kFarFuture).error().kind, Kind::kPeriod);
    const auto finality =
        decode_update_json(network, read_part(path, "finality_update.json#/data"), UpdateKind::kFinality);
    const auto optimistic =
        decode_update_json(network, read_part(path, "optimistic_update.json#/data"), UpdateKind::kOptimistic);
    EXPECT_TRUE(process_update(network, store, *finality, kFarFuture).has_value());
    EXPECT_TRUE(process_update(network, store, *optimistic, kFarFuture).has_value());
    EXPECT_EQ(store.optimistic, optimistic->attested);
}

TEST(ethereum_light_client, valid_signatures_of_too_few_change_nothing_final) {
    const std::string path = "devnet_captures/minimal-electra-lowparticipation";
    const BeaconNetwork network = read_capture_network("minimal-electra-lowparticipation");
    Store store = store_of_capture(network, path);
    const Store before = store;
    const auto update =
        decode_update_json(network, read_vectors(path + "/updates.json").at(0).at("data"), UpdateKind::kFull);
    const auto strict = apply_finalized_update(network, store, *update, kFarFuture);
    ASSERT_FALSE(strict.has_value());
    EXPECT_EQ(strict.error(), (LightClientError{Kind::kQuorum, update->aggregate.bits.count(), 22}));
    EXPECT_EQ(store, before);
    EXPECT_TRUE(process_update(network, store, *update, kFarFuture).has_value());
    EXPECT_EQ(store.finalized, before.finalized);
    EXPECT_FALSE(store.next_committee.has_value());
    EXPECT_EQ(store.best_valid_update, *update);
    const auto later =
        decode_update_json(network, read_vectors(path + "/updates.json").at(1).at("data"), UpdateKind::kFull);
    EXPECT_EQ(validate_update(network, store, *later, kFarFuture).error().kind, Kind::kPeriod);
}

TEST(ethereum_light_client, without_finality_there_is_nothing_to_prove) {
    const std::string path = "devnet_captures/minimal-electra-nofinality";
    const BeaconNetwork network = read_capture_network("minimal-electra-nofinality");
    // The bootstrap is newer than the update: start from its own block in front of it.
    const auto bootstrap = decode_bootstrap_json(network, read_part(path, "bootstrap.json#/data"));
    const auto update =
        decode_update_json(network, read_vectors(path + "/updates.json").at(0).at("data"), UpdateKind::kFull);
    Store store =
        store_before(network, update->signature_slot, check_committee(bootstrap->current_committee).value());
    ASSERT_TRUE(process_update(network, store, *update, kFarFuture).has_value());
    EXPECT_EQ(store.finalized.beacon.slot, Slot{0});
    EXPECT_EQ(store.optimistic, update->attested);
    EXPECT_EQ(verify_finalized_update(network, store, *update, kFarFuture).error().kind, Kind::kNoFinality);
    EXPECT_EQ(process_force_update(network, store, Slot{64}), false);
    EXPECT_EQ(process_force_update(network, store, Slot{65}), true);
    EXPECT_EQ(store.finalized, update->attested);
}

// ---- every check on a chain made for it
// ----------------------------------------------------------------------------

/// Sixteen slots a period. The store knows period 2's committee and, with `knows_next`, period 3's.
class EthereumChecks : public testing::Test {
  protected:
    static constexpr Slot kFinalized{33};

    BeaconNetwork network = test_chain::make_network();
    Store store = make_store();

    Store make_store() const {
        const Bootstrap bootstrap = test_chain::make_bootstrap(network, kFinalized);
        return initialize_store(network, root_of(bootstrap.header.beacon), bootstrap).value();
    }
    void learn_next() {
        store.next_committee =
            check_committee(test_chain::make_committee(network, network.period_of(kFinalized) + 1)).value();
    }
    Update make(std::uint64_t finalized, std::uint64_t attested, std::uint64_t signature) const {
        return test_chain::make_update(
            network,
            {.attested = Slot{attested}, .finalized = Slot{finalized}, .signature = Slot{signature}});
    }
    /// Why an update is not valid; signed anew when asked, so that only the changed part is wrong.
    LightClientError refusal(const Update& update, Slot current = kFarFuture) const {
        const auto validated = validate_update(network, store, update, current);
        EXPECT_FALSE(validated.has_value());
        return validated ? LightClientError{} : validated.error();
    }
};

TEST_F(EthereumChecks, sizes_are_the_networks) {
    Update update = make(36, 40, 41);
    ASSERT_TRUE(validate_update(network, store, update, Slot{41}).has_value());
    update.aggregate.bits = {Bytes(2, 0xff), 16};
    EXPECT_EQ(refusal(update), (LightClientError{Kind::kSize, 16, 8}));
    update = make(36, 40, 41);
    update.next_committee->keys.pop_back();
    EXPECT_EQ(refusal(update), (LightClientError{Kind::kSize, 7, 8}));
    Bootstrap bootstrap = test_chain::make_bootstrap(network, Slot{33});
    bootstrap.current_committee.keys.pop_back();
    EXPECT_EQ(initialize_store(network, root_of(bootstrap.header.beacon), bootstrap).error(),
              (LightClientError{Kind::kSize, 7, 8}));
}

TEST_F(EthereumChecks, one_participant_is_enough_to_be_valid) {
    Update update = make(36, 40, 41);
    test_chain::sign(network, update, 1);
    EXPECT_TRUE(validate_update(network, store, update, Slot{41}).has_value());
    test_chain::sign(network, update, 0);
    EXPECT_EQ(refusal(update), (LightClientError{Kind::kNoParticipants, 0, 1}));
}

TEST_F(EthereumChecks, attested_header_has_the_execution_of_its_fork) {
    Update update = make(36, 40, 41);
    update.attested.execution->gas_used ^= 1;
    EXPECT_EQ(refusal(update), (LightClientError{Kind::kHeader, 40, 0}));
    update = make(36, 40, 41);
    update.attested.execution.reset();
    EXPECT_EQ(refusal(update).kind, Kind::kHeader);
    update = make(36, 40, 41);
    update.attested.execution->extra_data = Bytes(33);
    EXPECT_EQ(refusal(update).kind, Kind::kHeader);
    update = make(36, 40, 41);
    update.attested.execution_branch.pop_back();
    EXPECT_EQ(refusal(update).kind, Kind::kHeader);
}

TEST_F(EthereumChecks, execution_before_its_fork_is_refused) {
    LightClientHeader altair = test_chain::make_header(network, Slot{3});
    EXPECT_TRUE(is_valid_header(network, altair));
    altair.execution.emplace();
    EXPECT_FALSE(is_valid_header(network, altair));
    altair.execution.reset();
    altair.execution_branch.resize(4);
    EXPECT_FALSE(is_valid_header(network, altair));
    LightClientHeader capella = test_chain::make_header(network, Slot{17});
    EXPECT_TRUE(is_valid_header(network, capella));
    // Not part of Capella's root, so nothing else would see them.
    capella.execution->blob_gas_used = 1;
    EXPECT_FALSE(is_valid_header(network, capella));
    capella.execution->blob_gas_used = 0;
    capella.execution->excess_blob_gas = 1;
    EXPECT_FALSE(is_valid_header(network, capella));
}

TEST_F(EthereumChecks, slots_are_in_order_and_not_in_the_future) {
    EXPECT_EQ(refusal(make(36, 40, 41), Slot{40}), (LightClientError{Kind::kFutureSlot, 41, 40}));
    EXPECT_EQ(refusal(make(36, 40, 40)), (LightClientError{Kind::kSlotOrder, 40, 40}));
    EXPECT_EQ(refusal(make(41, 40, 42)), (LightClientError{Kind::kSlotOrder, 41, 40}));
    EXPECT_TRUE(validate_update(network, store, make(40, 40, 41), Slot{41}).has_value());
}

TEST_F(EthereumChecks, only_known_committees_sign) {
    EXPECT_EQ(refusal(make(36, 40, 48)), (LightClientError{Kind::kPeriod, 3, 2}));
    learn_next();
    EXPECT_TRUE(validate_update(network, store, make(36, 40, 48), Slot{48}).has_value());
    EXPECT_EQ(refusal(make(36, 40, 64)), (LightClientError{Kind::kPeriod, 4, 2}));
    EXPECT_EQ(refusal(make(20, 22, 31)), (LightClientError{Kind::kPeriod, 1, 2}));
}

TEST_F(EthereumChecks, an_update_says_something_new) {
    // The attested block is not newer, but the next committee is.
    EXPECT_TRUE(validate_update(network, store, make(32, 33, 34), kFarFuture).has_value());
    learn_next();
    EXPECT_EQ(refusal(make(32, 33, 34)), (LightClientError{Kind::kNotRelevant, 33, 33}));
    EXPECT_TRUE(validate_update(network, store, make(32, 34, 35), kFarFuture).has_value());
}

TEST_F(EthereumChecks, finalized_header_is_proven_or_not_there) {
    Update update = make(36, 40, 41);
    update.finality_branch.clear();
    EXPECT_EQ(refusal(update), (LightClientError{Kind::kFinalizedHeader, 36, 0}));
    update = make(36, 40, 41);
    update.finalized.reset();
    EXPECT_EQ(refusal(update).kind, Kind::kFinalizedHeader);
    update = make(36, 40, 41);
    update.finalized->execution->block_hash.bytes[0] ^= 1;
    EXPECT_EQ(refusal(update), (LightClientError{Kind::kFinalizedHeader, 36, 0}));
    update = make(36, 40, 41);
    update.finality_branch[2].bytes[0] ^= 1;
    EXPECT_EQ(refusal(update).kind, Kind::kFinalityBranch);
    update = make(36, 40, 41);
    update.finality_branch.push_back({});
    EXPECT_EQ(refusal(update).kind, Kind::kFinalityBranch);
}

TEST_F(EthereumChecks, before_the_first_finality_the_finalized_root_is_zero) {
    Update update = test_chain::make_update(
        network, {.attested = Slot{40}, .signature = Slot{41}, .has_finality = false});
    EXPECT_FALSE(is_finality_update(update));
    ASSERT_TRUE(validate_update(network, store, update, kFarFuture).has_value());
    // The branch of the zero root.
    update.finality_branch =
        test_chain::make_update(network, {.attested = Slot{40}, .finalized = Slot{0}, .signature = Slot{41}})
            .finality_branch;
    update.finalized.emplace();
    EXPECT_TRUE(validate_update(network, store, update, kFarFuture).has_value());
    EXPECT_EQ(verify_finalized_update(network, store, update, kFarFuture).error().kind, Kind::kNoExecution);
    update.finalized->beacon.proposer_index = 1;
    EXPECT_EQ(refusal(update).kind, Kind::kFinalizedHeader);
}

TEST_F(EthereumChecks, next_committee_is_proven_and_the_known_one) {
    Update update = make(36, 40, 41);
    update.next_committee_branch.clear();
    EXPECT_EQ(refusal(update).kind, Kind::kNextCommittee);
    update = make(36, 40, 41);
    update.next_committee.reset();
    EXPECT_EQ(refusal(update).kind, Kind::kNextCommittee);
    update = make(36, 40, 41);
    update.next_committee_branch[0].bytes[0] ^= 1;
    EXPECT_EQ(refusal(update).kind, Kind::kNextCommitteeBranch);
    update = make(36, 40, 41);
    store.next_committee = check_committee(test_chain::make_committee(network, 7)).value();
    EXPECT_EQ(refusal(update).kind, Kind::kNextCommittee);
}

TEST_F(EthereumChecks, signature_is_a_point_and_the_committees) {
    Update update = make(36, 40, 41);
    update.aggregate.signature = {};
    EXPECT_EQ(refusal(update).kind, Kind::kSignaturePoint);
    update.aggregate.signature.bytes[0] = 0xc0;
    EXPECT_EQ(refusal(update).kind, Kind::kSignaturePoint);
    // Every number of signers, so both ways to add up their keys.
    for (std::size_t participants = 1; participants <= 8; ++participants) {
        test_chain::sign(network, update, participants);
        EXPECT_TRUE(validate_update(network, store, update, kFarFuture).has_value()) << participants;
        update.aggregate.bits.bytes[0] ^= 0x80;
        EXPECT_EQ(refusal(update).kind, Kind::kSignature);
    }
    update = make(36, 40, 41);
    update.signature_slot = Slot{42};
    // The same fork signed it: the slot itself is not part of what is signed.
    EXPECT_TRUE(validate_update(network, store, update, kFarFuture).has_value());
}

TEST_F(EthereumChecks, committees_are_checked_key_by_key) {
    SyncCommittee committee = test_chain::make_committee(network, 5);
    EXPECT_TRUE(check_committee(committee).has_value());
    committee.keys[6] = {};
    EXPECT_EQ(check_committee(committee).error(), (LightClientError{Kind::kCommitteeKey, 6, 0}));
    committee.keys[6] = {{0xc0}};
    EXPECT_EQ(check_committee(committee).error(), (LightClientError{Kind::kCommitteeKey, 6, 0}));
    committee = test_chain::make_committee(network, 5);
    committee.aggregate_key = committee.keys[0];
    EXPECT_EQ(check_committee(committee).error().kind, Kind::kAggregateKey);
}

TEST_F(EthereumChecks, a_committee_with_a_bad_key_is_not_adopted) {
    // A state that holds one: nothing else is wrong with the update.
    Update update = make(36, 40, 41);
    update.next_committee->keys[1] = {};
    const Fork& fork = network.fork_at(Slot{40});
    const Hash32 before = root_of(*make(36, 40, 41).next_committee);
    ASSERT_NE(root_of(*update.next_committee), before);
    const auto root = codec::compute_branch_root(root_of(*update.next_committee),
                                                 update.next_committee_branch, fork.next_committee_gindex);
    update.attested.beacon.state_root = *root;
    // The other proof of that state: the sibling under the common ancestor changes.
    update.finality_branch.clear();
    update.finalized.reset();
    test_chain::sign(network, update, 8);
    ASSERT_TRUE(process_update(network, store, update, Slot{41}).has_value());
    EXPECT_FALSE(store.next_committee.has_value());
    const Store kept = store;
    EXPECT_EQ(process_force_update(network, store, Slot{50}).error(),
              (LightClientError{Kind::kCommitteeKey, 1, 0}));
    EXPECT_EQ(store, kept);
}

TEST_F(EthereumChecks, strict_updates_need_two_thirds) {
    Update update = make(36, 40, 41);
    test_chain::sign(network, update, 6);
    EXPECT_TRUE(verify_finalized_update(network, store, update, kFarFuture).has_value());
    test_chain::sign(network, update, 5);
    EXPECT_EQ(verify_finalized_update(network, store, update, kFarFuture).error(),
              (LightClientError{Kind::kQuorum, 5, 6}));
    for (std::size_t n = 1; n <= 1024; ++n) {
        EXPECT_GE(quorum(n) * 3, n * 2);
        EXPECT_LT((quorum(n) - 1) * 3, n * 2);
    }
}

TEST_F(EthereumChecks, strict_updates_need_finality_with_execution) {
    Update update = test_chain::make_update(
        network, {.attested = Slot{40}, .signature = Slot{41}, .has_finality = false});
    EXPECT_EQ(verify_finalized_update(network, store, update, kFarFuture).error().kind, Kind::kNoFinality);
    const Bootstrap bootstrap = test_chain::make_bootstrap(network, Slot{1});
    store = initialize_store(network, root_of(bootstrap.header.beacon), bootstrap).value();
    EXPECT_EQ(verify_finalized_update(network, store, make(3, 8, 9), kFarFuture).error(),
              (LightClientError{Kind::kNoExecution, 3, 0}));
    // Attested in Capella, finalised in Altair.
    store.next_committee = check_committee(test_chain::make_committee(network, 1)).value();
    EXPECT_EQ(verify_finalized_update(network, store, make(15, 17, 18), kFarFuture).error(),
              (LightClientError{Kind::kNoExecution, 15, 0}));
    EXPECT_TRUE(apply_finalized_update(network, store, make(17, 18, 19), kFarFuture).has_value());
}

TEST_F(EthereumChecks, strict_updates_bring_something_final) {
    learn_next();
    // Valid, as it attests a newer block, but finalises nothing new.
    const Update update = make(33, 40, 41);
    EXPECT_TRUE(validate_update(network, store, update, kFarFuture).has_value());
    EXPECT_EQ(verify_finalized_update(network, store, update, kFarFuture).error(),
              (LightClientError{Kind::kNotRelevant, 33, 33}));
}

TEST_F(EthereumChecks, committees_rotate_when_finality_reaches_the_next_period) {
    ASSERT_TRUE(apply_finalized_update(network, store, make(36, 40, 41), Slot{41}).has_value());
    EXPECT_EQ(store.next_committee->committee, test_chain::make_committee(network, 3));
    // Signed by the next committee, final in the current period: no rotation.
    ASSERT_TRUE(apply_finalized_update(network, store, make(44, 48, 49), Slot{49}).has_value());
    EXPECT_EQ(store.current_committee.committee, test_chain::make_committee(network, 2));
    ASSERT_TRUE(apply_finalized_update(network, store, make(49, 52, 53), Slot{53}).has_value());
    EXPECT_EQ(store.current_committee.committee, test_chain::make_committee(network, 3));
    EXPECT_EQ(store.next_committee->committee, test_chain::make_committee(network, 4));
    EXPECT_EQ(store.previous_participants_max, 8u);
    EXPECT_EQ(store.current_participants_max, 0u);
    EXPECT_EQ(find_committee(network, store, 2), nullptr);
    // A rotation by an update without a committee leaves the next unknown until one supplies it.
    Update without = test_chain::make_update(
        network,
        {.attested = Slot{66}, .finalized = Slot{64}, .signature = Slot{67}, .has_next_committee = false});
    ASSERT_TRUE(apply_finalized_update(network, store, without, Slot{67}).has_value());
    EXPECT_FALSE(store.next_committee.has_value());
    ASSERT_TRUE(apply_finalized_update(network, store, make(64, 65, 66), Slot{67}).has_value());
    EXPECT_EQ(store.finalized.beacon.slot, Slot{64});
    EXPECT_EQ(store.next_committee->committee, test_chain::make_committee(network, 5));
}

TEST_F(EthereumChecks, optimistic_headers_need_more_than_half_of_the_best_participation) {
    Update update = make(33, 40, 41);
    update.finalized.reset();
    update.finality_branch.clear();
    update.next_committee.reset();
    update.next_committee_branch.clear();
    ASSERT_TRUE(process_update(network, store, update, Slot{41}).has_value());
    EXPECT_EQ(store.optimistic, update.attested);
    EXPECT_EQ(safety_threshold(store), 4u);
    update.attested = make(33, 41, 42).attested;
    update.signature_slot = Slot{42};
    test_chain::sign(network, update, 4);
    ASSERT_TRUE(process_update(network, store, update, Slot{42}).has_value());
    EXPECT_EQ(store.optimistic.beacon.slot, Slot{40});
    test_chain::sign(network, update, 5);
    ASSERT_TRUE(process_update(network, store, update, Slot{42}).has_value());
    EXPECT_EQ(store.optimistic.beacon.slot, Slot{41});
}

TEST_F(EthereumChecks, better_updates_in_the_order_of_the_specification) {
    const auto with = [&](test_chain::UpdateOptions options) {
        return test_chain::make_update(network, options);
    };
    const test_chain::UpdateOptions base{.attested = Slot{40}, .finalized = Slot{36}, .signature = Slot{41}};
    const auto changed = [&](auto change) {
        test_chain::UpdateOptions options = base;
        change(options);
        return with(options);
    };
    const auto fewer = changed([](auto& o) { o.participants = 5; });
    const auto fewest = changed([](auto& o) { o.participants = 4; });
    const auto no_committee = changed([](auto& o) { o.has_next_committee = false; });
    const auto other_period = changed([](auto& o) { o.signature = Slot{48}; });
    const auto no_finality = changed([](auto& o) { o.has_finality = false; });
    const auto old_finality = changed([](auto& o) { o.finalized = Slot{31}; });
    const auto seven = changed([](auto& o) { o.participants = 7; });
    const auto newer = changed([](auto& o) { o.attested = Slot{39}, o.signature = Slot{41}; });
    const auto later = changed([](auto& o) { o.signature = Slot{42}; });
    const std::vector<std::pair<Update, Update>> better{
        {with(base), fewer},   {no_finality, fewer}, {fewer, fewest},       {seven, no_committee},
        {seven, other_period}, {seven, no_finality}, {seven, old_finality}, {with(base), seven},
        {newer, with(base)},   {with(base), later},
    };
    for (std::size_t i = 0; i < better.size(); ++i) {
        EXPECT_TRUE(is_better_update(network, better[i].first, better[i].second)) << i;
        EXPECT_FALSE(is_better_update(network, better[i].second, better[i].first)) << i;
    }
    EXPECT_FALSE(is_better_update(network, with(base), with(base)));
}

TEST_F(EthereumChecks, every_error_has_a_text) {
    for (int kind = 1; kind <= static_cast<int>(Kind::kNoExecution); ++kind) {
        EXPECT_NE(to_string(LightClientError{static_cast<Kind>(kind), 1, 2}), "unknown light client error");
    }
}

// ---- a fork that does not exist yet
// -------------------------------------------------------------------------------

TEST_F(EthereumChecks, a_new_fork_with_other_indices_is_data) {
    Fork next{.name = "next",
              .epoch = Epoch{20},
              .version = {{9, 9, 9, 9}},
              .finalized_root_gindex = 339,
              .current_committee_gindex = 170,
              .next_committee_gindex = 171,
              .execution_gindex = 51,
              .execution_layout = ExecutionLayout::kDeneb};
    const BeaconNetwork old = network;
    network.forks.push_back(next);
    const Bootstrap bootstrap = test_chain::make_bootstrap(network, Slot{66});
    store = initialize_store(network, root_of(bootstrap.header.beacon), bootstrap).value();
    // Up to the fork, over it with a finalised block of before, and after.
    for (const Update& update : {make(68, 72, 73), make(79, 82, 83), make(84, 88, 89), make(97, 99, 100)}) {
        const Bytes ssz = encode_update(network, update, UpdateKind::kFull);
        const auto decoded = decode_update(network, ssz, UpdateKind::kFull);
        ASSERT_EQ(decoded, update);
        const auto applied = apply_finalized_update(network, store, *decoded, kFarFuture);
        ASSERT_TRUE(applied.has_value()) << to_string(applied.error());
        EXPECT_EQ(store.finalized, *update.finalized);
    }
    EXPECT_EQ(block_hash_gindex(next), 51u * 32 + 12);
    // Without the entry the same update is refused.
    store = initialize_store(network, root_of(bootstrap.header.beacon), bootstrap).value();
    store.next_committee = check_committee(test_chain::make_committee(network, 5)).value();
    const Update after = make(84, 88, 89);
    EXPECT_TRUE(validate_update(network, store, after, kFarFuture).has_value());
    EXPECT_EQ(validate_update(old, store, after, kFarFuture).error().kind, Kind::kHeader);
}

}  // namespace
}  // namespace butter::ethereum
