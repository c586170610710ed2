// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "butter/selftest/beacon.hpp"
#include "butter/selftest/chain_json.hpp"
#include "butter/selftest/files.hpp"
#include "butter/selftest/sets.hpp"

// The sets lc_devnet_<preset>: what relayers of IBC sent to an Ethereum light client, step by step.

namespace butter::selftest {
namespace {

using namespace beacon;

/// A flow under way: what its steps so far have made known.
struct Flow {
    BeaconNetwork network;
    std::set<bls::PublicKey> committees;          ///< aggregate keys of those that are trusted
    std::map<std::uint64_t, Hash32> state_roots;  ///< of the execution, by finalised slot
};

/// `current_sync_committee` of a consensus state: the aggregate key, alone or with others.
void trust_committee(Case& judged, Flow& flow, const Json& state, std::string_view key) {
    const Json* committee = rpc::find_member(state, key);
    if (committee == nullptr || committee->is_null()) return;
    flow.committees.insert(committee->is_object() ? judged.fixed<48>(*committee, "aggregate_pubkey")
                                                  : judged.fixed_of<48>(*committee, key));
}

/// {Current: committee} or {Next: committee}: the relayer's word, which must be about a known one.
std::optional<CheckedCommittee> active_committee(Case& judged, const Flow& flow, const Json& step) {
    const JsonObject& active = judged.object(step, "active_sync_committee");
    if (active.size() != 1) {
        judged.fail("active_sync_committee: not one");
        return std::nullopt;
    }
    auto committee = take_committee(judged, flow.network, active.begin()->value());
    if (!committee) return std::nullopt;
    judged.expect(flow.committees.contains(committee->committee.aggregate_key),
                  "active_sync_committee: not one that is trusted by now");
    return committee;
}

void judge_update(Case& judged, Flow& flow, const Json& step) {
    const Json data = as_beacon_api_has_it(judged.member(step, "update"));
    const auto kind =
        rpc::find_text(step, "kind").transform([](std::string_view name) { return kind_of(name); });
    const auto update =
        take_update(judged, flow.network, data, kind && *kind ? **kind : kind_of_update(data));
    const auto committee = active_committee(judged, flow, step);
    if (!update || !committee) return;
    if (const Json* facts = rpc::find_member(step, "expected")) {
        expect_update_facts(judged, flow.network, *update, *facts);
        if (has_members(*facts, {"committeeRoot"})) {
            judged.expect_equal("committeeRoot", committee->root, judged.bytes(*facts, "committeeRoot"));
        }
    }
    expect_verified(judged, flow.network, *update, *committee);
    if (!judged.is_ok()) return;
    if (update->next_committee) flow.committees.insert(update->next_committee->aggregate_key);
    if (update->finalized && update->finalized->execution) {
        flow.state_roots[update->finalized->beacon.slot.value] = update->finalized->execution->state_root;
    }
}

/// An account and a slot of it in a finalised state.
void judge_membership(Case& judged, const Flow& flow, const Json& step) {
    const Json& expected = judged.member(step, "expected");
    const auto known = flow.state_roots.find(judged.u64(expected, "verifiesAgainstFinalizedSlot"));
    if (!judged.is_ok()) return;
    if (known == flow.state_roots.end()) return judged.fail("no state of that slot is final by now");
    if (has_members(expected, {"stateRoot"})) {
        judged.expect_equal("stateRoot", known->second, judged.bytes(expected, "stateRoot"));
    }
    const Json& proof = judged.member(step, "proof");
    const Json& account_proof = judged.member(proof, "account_proof");
    const auto account = expect_account(judged, known->second, judged.fixed<20>(expected, "contract"),
                                        judged.bytes_list(account_proof, "proof"));
    if (!account) return;
    judged.expect_equal("storage_root", account->storage_root, judged.bytes(account_proof, "storage_root"));
    const Json& slot = judged.member(proof, "storage_proof");
    const Json& value = judged.member(expected, "value");
    const Uint256 number = value.is_null() ? Uint256{} : judged.number_of(value, "value");
    if (has_members(expected, {"exists"})) {
        judged.expect(judged.boolean(expected, "exists") != number.is_zero(),
                      "value and exists do not agree");
    }
    expect_slot(judged, account->storage_root, judged.hash(slot, "key"), judged.bytes_list(slot, "proof"),
                number);
}

void judge_flow(Report& report, const VectorFile& file) {
    Flow flow;
    {
        Case judged(report, file.name, "client_state");
        flow.network = network_of_client_state(judged, judged.member(file.json, "client_state"));
        const Json& state = judged.member(file.json, "initial_consensus_state");
        trust_committee(judged, flow, state, "current_sync_committee");
        trust_committee(judged, flow, state, "next_sync_committee");
        if (!judged.is_ok()) return;
    }
    const JsonArray* steps = rpc::find_array(file.json, "steps");
    for (std::size_t i = 0; steps != nullptr && i < steps->size(); ++i) {
        const Json& step = (*steps)[i];
        const auto name = rpc::find_text(step, "step");
        Case judged(report, file.name, "step " + std::to_string(i) + " " + std::string(name.value_or("")));
        if (has_members(step, {"update", "active_sync_committee"})) {
            judge_update(judged, flow, step);
        } else if (has_members(step, {"proof"})) {
            judge_membership(judged, flow, step);
        } else {
            judged.skip("step of an unknown type");
        }
    }
}

}  // namespace

void run_lc_devnet(const std::filesystem::path& folder, Report& report) {
    judge_files(folder, report, [&](const VectorFile& file) {
        if (!has_members(file.json, {"client_state", "initial_consensus_state", "steps"})) return false;
        judge_flow(report, file);
        return true;
    });
}

}  // namespace butter::selftest
