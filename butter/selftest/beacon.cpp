// SPDX-License-Identifier: Apache-2.0
#include "butter/selftest/beacon.hpp"

#include <algorithm>
#include <cctype>

#include "butter/selftest/files.hpp"
#include "chains/ethereum/proof.hpp"

namespace butter::selftest::beacon {
namespace {

constexpr std::string_view kForkNames[] = {"phase0", "altair",  "bellatrix", "capella",
                                           "deneb",  "electra", "fulu"};
constexpr std::uint64_t kNever = ~std::uint64_t{0};
/// Far above those of any network; their products stay far below 64 bits.
constexpr std::uint64_t kConstantMax = 1u << 16;

bool is_fork_name(std::string_view name) {
    return std::find(std::begin(kForkNames), std::end(kForkNames), name) != std::end(kForkNames);
}

void add_fork(Case& judged, BeaconNetwork& network, std::string_view name, std::uint64_t epoch,
              const FixedBytes<4>& version) {
    if (epoch == kNever) return;
    const Fork* released = find_released_fork(name);
    if (released == nullptr) return judged.fail("network with the unknown fork " + std::string(name));
    judged.expect(network.forks.empty() ? epoch == 0 : epoch >= network.forks.back().epoch.value,
                  "network with forks out of order");
    Fork& fork = network.forks.emplace_back(*released);
    fork.epoch = Epoch{epoch};
    fork.version = version;
}

/// A network without forks has nothing to look up; the complaint is there already.
BeaconNetwork checked(Case& judged, BeaconNetwork network) {
    judged.expect(!network.forks.empty(), "network without forks");
    for (const std::uint64_t constant : {network.slots_per_epoch, network.epochs_per_period,
                                         network.committee_size, network.seconds_per_slot}) {
        judged.expect(constant != 0 && constant <= kConstantMax, "network with a constant out of range");
    }
    if (judged.is_ok()) return network;
    return mainnet();
}

void take_constant(Case& judged, const Json& json, std::string_view key, std::uint64_t& out) {
    if (has_members(json, {key})) out = judged.u64(json, key);
}

void take_constants(Case& judged, const Json& json, BeaconNetwork& network) {
    take_constant(judged, json, "SECONDS_PER_SLOT", network.seconds_per_slot);
    take_constant(judged, json, "SLOTS_PER_EPOCH", network.slots_per_epoch);
    take_constant(judged, json, "EPOCHS_PER_SYNC_COMMITTEE_PERIOD", network.epochs_per_period);
    take_constant(judged, json, "SYNC_COMMITTEE_SIZE", network.committee_size);
}

/// Bytes that differ only in the case of hex digits are the same: some servers write checksums.
Json in_lower_case(const Json& json) {
    std::string text = rpc::to_text(json);
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    return rpc::parse_json(text).value_or(Json());
}

bool is_final_for_contract(const BeaconNetwork& network, const Update& update) {
    return update.finalized && update.finalized->execution && update.finalized->beacon.slot.value != 0 &&
           update.aggregate.bits.count() >= quorum(network.committee_size);
}

/// The twin of the contract, which is given the committee that signed.
void expect_contract_update(Case& judged, const BeaconNetwork& network, const Update& update,
                            const CheckedCommittee& committee) {
    const std::uint64_t period = network.period_of(update.signature_slot);
    ClientState state;
    if (period == 0) {
        state.committee_root = committee.root;
    } else {
        state.finalized_slot = Slot{(period - 1) * network.slots_per_period()};
        state.next_committee_root = committee.root;
    }
    const Client client = make_client(state, network.slots_per_period());
    const auto applied = judged.take(
        "contract's update",
        apply_sync_update(network, client, encode_sync_update(network, update, committee.committee)));
    if (!applied) return;
    judged.expect(applied->participants == update.aggregate.bits.count(),
                  "contract's update: other participants");
    judged.expect(applied->client.state.finalized_block_hash == update.finalized->execution->block_hash,
                  "contract's update: another final block");
}

void expect_fact(Case& judged, const Json& facts, std::string_view key, BytesView found) {
    if (has_members(facts, {key})) judged.expect_equal(key, found, judged.bytes(facts, key));
}

void expect_number_fact(Case& judged, const Json& facts, std::string_view key, std::uint64_t found) {
    if (has_members(facts, {key})) judged.expect_equal(key, Uint256{found}, judged.number(facts, key));
}

/// {execRoot} where the header has execution.
void expect_execution_fact(Case& judged, const BeaconNetwork& network, const Json& facts,
                           std::string_view key, const LightClientHeader& header) {
    if (!has_members(facts, {key})) return;
    const Json* root = rpc::find_member(*rpc::find_member(facts, key), "execRoot");
    judged.expect(header.execution.has_value() == (root != nullptr),
                  std::string(key) + ": there and not there");
    if (!header.execution || root == nullptr) return;
    const ExecutionLayout layout = network.fork_at(header.beacon.slot).execution_layout;
    judged.expect_equal(key, root_of(*header.execution, layout), judged.bytes_of(*root, key));
}

BeaconNetwork make_mainnet() {
    struct Start {
        std::string_view name;
        std::uint64_t epoch;
        std::uint8_t version;
    };
    constexpr Start kStarts[] = {{"phase0", 0, 0},       {"altair", 74240, 1}, {"bellatrix", 144896, 2},
                                 {"capella", 194048, 3}, {"deneb", 269568, 4}, {"electra", 364032, 5},
                                 {"fulu", 411392, 6}};
    BeaconNetwork network;
    network.genesis_validators_root =
        hex_fixed<32>("0x4b363db94e286120d76eb905340fdd4e54bfe9f06bf33ff6cf5ad27f511bfe95");
    network.genesis_time = UnixSeconds{1606824023};
    for (const Start& start : kStarts) {
        Fork& fork = network.forks.emplace_back(*find_released_fork(start.name));
        fork.epoch = Epoch{start.epoch};
        fork.version = {{start.version, 0, 0, 0}};
    }
    return network;
}

}  // namespace

const BeaconNetwork& mainnet() {
    static const BeaconNetwork network = make_mainnet();
    return network;
}

BeaconNetwork network_of(Case& judged, const Json& json) {
    BeaconNetwork network;
    network.genesis_validators_root = judged.hash(json, "genesis_validators_root");
    if (has_members(json, {"genesis_time"}))
        network.genesis_time = UnixSeconds{judged.u64(json, "genesis_time")};
    take_constants(judged, json, network);
    const JsonObject& forks = judged.object(json, "forks");
    for (const std::string_view name : kForkNames) {
        const Json* fork = forks.if_contains(name);
        if (fork == nullptr) continue;
        add_fork(judged, network, name, judged.u64(*fork, "epoch"), judged.fixed<4>(*fork, "version"));
    }
    for (const auto& [name, fork] : forks) {
        if (!is_fork_name(name) && judged.u64(fork, "epoch") != kNever) {
            judged.fail("network with the unknown fork " + std::string(name));
        }
    }
    return checked(judged, std::move(network));
}

BeaconNetwork network_of_config(Case& judged, const Json& config, const Hash32& genesis_validators_root) {
    constexpr std::string_view kSuffix = "_FORK_EPOCH";
    BeaconNetwork network;
    network.genesis_validators_root = genesis_validators_root;
    if (rpc::find_text(config, "PRESET_BASE") == "minimal") {
        network.slots_per_epoch = 8;
        network.epochs_per_period = 8;
        network.committee_size = 32;
    }
    take_constants(judged, config, network);
    add_fork(judged, network, "phase0", 0, judged.fixed<4>(config, "GENESIS_FORK_VERSION"));
    for (const std::string_view name : kForkNames) {
        std::string upper(name);
        for (char& letter : upper)
            letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
        const std::string epoch = upper + std::string(kSuffix);
        if (!has_members(config, {epoch})) continue;
        add_fork(judged, network, name, judged.u64(config, epoch),
                 judged.fixed<4>(config, upper + "_FORK_VERSION"));
    }
    if (!config.is_object()) return checked(judged, std::move(network));
    for (const auto& [key, value] : config.get_object()) {
        const std::string_view name(key);
        if (!name.ends_with(kSuffix)) continue;
        std::string lower(name.substr(0, name.size() - kSuffix.size()));
        for (char& letter : lower)
            letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
        if (!is_fork_name(lower) && judged.u64_of(value, key) != kNever) {
            judged.fail("network with the unknown fork " + lower);
        }
    }
    return checked(judged, std::move(network));
}

BeaconNetwork network_of_client_state(Case& judged, const Json& state) {
    BeaconNetwork network;
    network.genesis_validators_root = judged.hash(state, "genesis_validators_root");
    network.genesis_time = UnixSeconds{judged.u64(state, "genesis_time")};
    network.seconds_per_slot = judged.u64(state, "seconds_per_slot");
    network.slots_per_epoch = judged.u64(state, "slots_per_epoch");
    network.epochs_per_period = judged.u64(state, "epochs_per_sync_committee_period");
    // Older clients do not say it; their presets do.
    network.committee_size = network.slots_per_epoch == 8 ? 32 : 512;
    take_constant(judged, state, "sync_committee_size", network.committee_size);
    const Json& parameters = judged.member(state, "fork_parameters");
    add_fork(judged, network, "phase0", 0, judged.fixed<4>(parameters, "genesis_fork_version"));
    for (const std::string_view name : kForkNames) {
        const Json* fork = rpc::find_member(parameters, name);
        if (fork == nullptr) continue;
        add_fork(judged, network, name, judged.u64(*fork, "epoch"), judged.fixed<4>(*fork, "version"));
    }
    return checked(judged, std::move(network));
}

std::optional<UpdateKind> kind_of(std::string_view name) noexcept {
    if (name == "LightClientUpdate") return UpdateKind::kFull;
    if (name == "LightClientFinalityUpdate") return UpdateKind::kFinality;
    if (name == "LightClientOptimisticUpdate") return UpdateKind::kOptimistic;
    return std::nullopt;
}

UpdateKind kind_of_update(const Json& data) noexcept {
    if (rpc::find_member(data, "next_sync_committee") != nullptr) return UpdateKind::kFull;
    if (rpc::find_member(data, "finalized_header") != nullptr) return UpdateKind::kFinality;
    return UpdateKind::kOptimistic;
}

std::optional<Bootstrap> take_bootstrap(Case& judged, const BeaconNetwork& network, const Json& data) {
    auto bootstrap = judged.take("bootstrap", decode_bootstrap_json(network, data));
    if (!bootstrap) return std::nullopt;
    const auto decoded =
        judged.take("bootstrap as SSZ", decode_bootstrap(network, encode_bootstrap(network, *bootstrap)));
    judged.expect(decoded == bootstrap, "bootstrap as SSZ: another one");
    judged.expect(in_lower_case(to_json(network, *bootstrap)) == in_lower_case(data),
                  "bootstrap: written again as other JSON");
    return bootstrap;
}

std::optional<Update> take_update(Case& judged, const BeaconNetwork& network, const Json& data,
                                  UpdateKind kind) {
    auto update = judged.take("update", decode_update_json(network, data, kind));
    if (!update) return std::nullopt;
    const auto decoded =
        judged.take("update as SSZ", decode_update(network, encode_update(network, *update, kind), kind));
    judged.expect(decoded == update, "update as SSZ: another one");
    judged.expect(in_lower_case(to_json(network, *update, kind)) == in_lower_case(data),
                  "update: written again as other JSON");
    return update;
}

Json as_beacon_api_has_it(Json data) {
    if (JsonObject* members = data.if_object()) {
        for (auto member = members->begin(); member != members->end();) {
            member = member->value().is_null() ? members->erase(member) : std::next(member);
        }
    }
    for (const std::string_view header : {"attested_header", "finalized_header"}) {
        JsonObject* object = data.if_object();
        for (const std::string_view key : {header, std::string_view("execution")}) {
            Json* member = object != nullptr ? object->if_contains(key) : nullptr;
            object = member != nullptr ? member->if_object() : nullptr;
        }
        Json* fee = object != nullptr ? object->if_contains("base_fee_per_gas") : nullptr;
        if (fee == nullptr || !fee->is_string()) continue;
        if (const auto number = from_quantity(std::string_view(fee->get_string())))
            *fee = to_decimal(*number);
    }
    return data;
}

std::optional<CheckedCommittee> take_committee(Case& judged, const BeaconNetwork& network, const Json& json) {
    SyncCommittee committee;
    for (const Json& key : judged.array(json, "pubkeys")) {
        committee.keys.push_back(judged.fixed_of<48>(key, "pubkeys"));
    }
    committee.aggregate_key = judged.fixed<48>(json, "aggregate_pubkey");
    judged.expect(committee.keys.size() == network.committee_size,
                  "pubkeys: another number than the network's");
    if (!judged.is_ok()) return std::nullopt;
    return judged.take("committee", check_committee(std::move(committee)));
}

void expect_update_facts(Case& judged, const BeaconNetwork& network, const Update& update,
                         const Json& facts) {
    const Slot attested = update.attested.beacon.slot;
    const Hash32 attested_root = root_of(update.attested.beacon);
    expect_number_fact(judged, facts, "attestedSlot", attested.value);
    expect_fact(judged, facts, "attestedRoot", attested_root);
    expect_execution_fact(judged, network, facts, "attestedExec", update.attested);
    expect_number_fact(judged, facts, "signatureSlot", update.signature_slot.value);
    expect_number_fact(judged, facts, "signaturePeriod", network.period_of(update.signature_slot));
    expect_number_fact(judged, facts, "participants", update.aggregate.bits.count());
    expect_number_fact(judged, facts, "committeeSize", update.aggregate.bits.size);
    if (has_members(facts, {"attestedFork"})) {
        judged.expect_equal("attestedFork", network.fork_at(attested).name,
                            judged.text(facts, "attestedFork"));
    }
    const Slot signed_at{update.signature_slot.value == 0 ? 0 : update.signature_slot.value - 1};
    const Fork& fork = network.fork_at(signed_at);
    expect_fact(judged, facts, "signingForkVersion", fork.version);
    expect_fact(judged, facts, "domain",
                sync_committee_domain(fork.version, network.genesis_validators_root));
    expect_fact(judged, facts, "signingRoot",
                sync_committee_signing_root(network, attested_root, update.signature_slot));
    if (update.finalized) {
        expect_number_fact(judged, facts, "finalizedSlot", update.finalized->beacon.slot.value);
        expect_fact(judged, facts, "finalizedRoot", root_of(update.finalized->beacon));
        expect_execution_fact(judged, network, facts, "finalizedExec", *update.finalized);
    }
    if (has_members(facts, {"finalityEmpty"})) {
        judged.expect(judged.boolean(facts, "finalityEmpty") != update.finalized.has_value(),
                      "finalityEmpty: not as it is");
    }
    if (update.next_committee) {
        expect_fact(judged, facts, "nextSyncCommitteeRoot", root_of(*update.next_committee));
    }
    if (has_members(facts, {"nextEmpty"})) {
        judged.expect(judged.boolean(facts, "nextEmpty") != update.next_committee.has_value(),
                      "nextEmpty: not as it is");
    }
}

void expect_bootstrap_facts(Case& judged, const BeaconNetwork& network, const Bootstrap& bootstrap,
                            const Json& facts) {
    const Slot slot = bootstrap.header.beacon.slot;
    expect_number_fact(judged, facts, "slot", slot.value);
    expect_number_fact(judged, facts, "period", network.period_of(slot));
    expect_fact(judged, facts, "blockRoot", root_of(bootstrap.header.beacon));
    expect_fact(judged, facts, "currentSyncCommitteeRoot", root_of(bootstrap.current_committee));
    if (has_members(facts, {"fork"})) {
        judged.expect_equal("fork", network.fork_at(slot).name, judged.text(facts, "fork"));
    }
}

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

void expect_verified(Case& judged, const BeaconNetwork& network, const Update& update,
                     const CheckedCommittee& committee) {
    const Store before = store_before(network, update.signature_slot, committee);
    Store store = before;
    if (!judged.expect_ok("update", process_update(network, store, update, update.signature_slot))) return;
    judged.expect(store.optimistic == update.attested, "optimistic header: not the attested one");

    Store strict = before;
    const auto applied = apply_finalized_update(network, strict, update, update.signature_slot);
    if (!is_final_for_contract(network, update)) {
        // A genesis that is "finalised" has a proof but nothing final in it.
        std::vector<Kind> lacks;
        if (!update.finalized) lacks = {Kind::kNoFinality};
        if (update.finalized) lacks = {Kind::kQuorum, Kind::kNoExecution};
        const Result<void, LightClientError> refused =
            applied ? Result<void, LightClientError>{} : std::unexpected(applied.error());
        judged.expect(!applied && std::find(lacks.begin(), lacks.end(), refused.error().kind) != lacks.end(),
                      applied ? "strict update: accepted, must be rejected"
                              : "strict update: " + to_string(applied.error()));
        judged.expect(strict == before, "strict update: rejected, but the store has changed");
        return;
    }
    if (!judged.expect_ok("strict update", applied)) return;
    judged.expect(strict.finalized == *update.finalized, "strict update: another final header");
    judged.expect(applied->participants() == update.aggregate.bits.count(),
                  "strict update: other participants");
    expect_contract_update(judged, network, update, committee);
}

void expect_all_but_signature(Case& judged, const BeaconNetwork& network, const Update& update,
                              const CheckedCommittee& any) {
    const auto validated = validate_update(network, store_before(network, update.signature_slot, any), update,
                                           update.signature_slot);
    // Consecutive committees can be the same, so that any may be the one that signed.
    if (validated || validated.error().kind == Kind::kSignature) return;
    judged.fail("all but the signature: " + to_string(validated.error()));
}

}  // namespace butter::selftest::beacon
