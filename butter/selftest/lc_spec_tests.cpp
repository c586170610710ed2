// SPDX-License-Identifier: Apache-2.0
#include "butter/selftest/beacon.hpp"
#include "butter/selftest/files.hpp"
#include "butter/selftest/sets.hpp"

// The sets lc_spec_tests_<preset>: the specification's tests light_client/sync.

namespace butter::selftest {
namespace {

using namespace beacon;

/// {slot, beacon_root, execution_root}
void expect_check(Case& judged, const BeaconNetwork& network, std::string_view what,
                  const LightClientHeader& header, const Json& check) {
    const std::string place(what);
    judged.expect_equal(place + " slot", Uint256{header.beacon.slot.value}, judged.number(check, "slot"));
    judged.expect_equal(place + " beacon_root", root_of(header.beacon), judged.bytes(check, "beacon_root"));
    if (!has_members(check, {"execution_root"})) return;
    const ExecutionLayout layout = network.fork_at(header.beacon.slot).execution_layout;
    Hash32 root;  // before Capella there is nothing to have a root
    if (header.execution) root = root_of(*header.execution, layout);
    judged.expect_equal(place + " execution_root", root, judged.bytes(check, "execution_root"));
}

void expect_same_ssz(Case& judged, const Json& vector, std::string_view key, BytesView encoded) {
    if (has_members(vector, {key})) judged.expect_equal(key, encoded, judged.bytes(vector, key));
}

void judge_step(Case& judged, const BeaconNetwork& network, Store& store, const Json& step) {
    const std::string op = judged.text(step, "op");
    if (op == "process_update") {
        const Slot current{judged.u64(step, "current_slot")};
        const auto update = take_update(judged, network, judged.member(step, "update"), UpdateKind::kFull);
        if (!update) return;
        expect_same_ssz(judged, step, "update_ssz", encode_update(network, *update, UpdateKind::kFull));
        judged.expect_ok("process_update", process_update(network, store, *update, current));
    } else if (op == "force_update") {
        const Slot current{judged.u64(step, "current_slot")};
        judged.expect_ok("force_update", process_force_update(network, store, current));
    } else if (op != "upgrade_store") {
        // Of stores, the one type serves all forks, so an upgrade changes nothing.
        return judged.skip("unknown operation " + op);
    }
    if (!has_members(step, {"checks"})) return;
    const Json& checks = judged.member(step, "checks");
    expect_check(judged, network, "finalized_header", store.finalized,
                 judged.member(checks, "finalized_header"));
    expect_check(judged, network, "optimistic_header", store.optimistic,
                 judged.member(checks, "optimistic_header"));
}

void judge_test(Report& report, const VectorFile& file) {
    std::optional<Store> store;
    BeaconNetwork network;
    {
        Case judged(report, file.name, "bootstrap");
        network = network_of_config(judged, judged.member(file.json, "config"),
                                    judged.hash(file.json, "genesis_validators_root"));
        if (!judged.is_ok()) return;
        const auto bootstrap = take_bootstrap(judged, network, judged.member(file.json, "bootstrap"));
        if (!bootstrap) return;
        expect_same_ssz(judged, file.json, "bootstrap_ssz", encode_bootstrap(network, *bootstrap));
        store = judged.take(
            "bootstrap", initialize_store(network, judged.hash(file.json, "trusted_block_root"), *bootstrap));
    }
    const JsonArray* steps = rpc::find_array(file.json, "steps");
    if (!store || steps == nullptr) return;
    for (std::size_t i = 0; i < steps->size(); ++i) {
        const auto op = rpc::find_text((*steps)[i], "op");
        Case judged(report, file.name, "step " + std::to_string(i) + " " + std::string(op.value_or("")));
        judge_step(judged, network, *store, (*steps)[i]);
    }
}

}  // namespace

void run_lc_spec_tests(const std::filesystem::path& folder, Report& report) {
    judge_files(folder, report, [&](const VectorFile& file) {
        if (!has_members(file.json, {"config", "bootstrap", "trusted_block_root", "steps"})) return false;
        judge_test(report, file);
        return true;
    });
}

}  // namespace butter::selftest
