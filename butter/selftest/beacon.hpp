// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>

#include "butter/selftest/case.hpp"
#include "chains/ethereum/light_client.hpp"

/// What the sets of beacon chains have in common.
namespace butter::selftest::beacon {

using namespace ethereum;
using Kind = LightClientError::Kind;

/// Later than any slot of a vector.
inline constexpr Slot kFarFuture{~std::uint64_t{0}};

// Networks, in the forms that the sets have them. Forks are those that are released, with their indices; a
// network with another fork is a complaint, unless that never begins.

/// {genesis_validators_root, forks: {name: {version, epoch}}} and constants by the names of the
/// specification.
BeaconNetwork network_of(Case& judged, const Json& json);
/// The specification's `config`: GENESIS_FORK_VERSION, ALTAIR_FORK_EPOCH, ... and constants, or PRESET_BASE
/// for those of the preset.
BeaconNetwork network_of_config(Case& judged, const Json& config, const Hash32& genesis_validators_root);
/// {genesis_validators_root, fork_parameters, slots_per_epoch, ..}, of an IBC client.
BeaconNetwork network_of_client_state(Case& judged, const Json& state);
/// Ethereum's own network up to Fulu, for vectors that only name it.
const BeaconNetwork& mainnet();

/// "LightClientUpdate" and the like; absent for another name.
std::optional<UpdateKind> kind_of(std::string_view name) noexcept;
/// By the members that it has.
UpdateKind kind_of_update(const Json& data) noexcept;

/// The object in JSON, with a complaint when it does not decode. It must survive JSON and SSZ.
std::optional<Bootstrap> take_bootstrap(Case& judged, const BeaconNetwork& network, const Json& data);
std::optional<Update> take_update(Case& judged, const BeaconNetwork& network, const Json& data,
                                  UpdateKind kind);
/// Other programs write the base fee in hex where the beacon API has decimal, and null for what an update
/// lacks.
Json as_beacon_api_has_it(Json data);

/// {pubkeys, aggregate_pubkey}, every key checked.
std::optional<CheckedCommittee> take_committee(Case& judged, const BeaconNetwork& network, const Json& json);

/// Compares an update or a bootstrap with facts that others computed: slots, roots, participants, domain, ...
/// Members that are absent are not compared.
void expect_update_facts(Case& judged, const BeaconNetwork& network, const Update& update, const Json& facts);
void expect_bootstrap_facts(Case& judged, const BeaconNetwork& network, const Bootstrap& bootstrap,
                            const Json& facts);

/// A store of the period before the signature's, if there is one, with `committee` for the signature's.
Store store_before(const BeaconNetwork& network, Slot signature_slot, const CheckedCommittee& committee);
/// The update verifies under `committee`: the specification's store takes it, and so does the strict one and
/// the contract's twin where it is final, signed by two thirds and has execution; else they say what it
/// lacks.
void expect_verified(Case& judged, const BeaconNetwork& network, const Update& update,
                     const CheckedCommittee& committee);
/// Where the signing committee is not known: all but the signature holds, under any committee.
void expect_all_but_signature(Case& judged, const BeaconNetwork& network, const Update& update,
                              const CheckedCommittee& any);

/// Committees by period, as objects prove them.
using Committees = std::map<std::uint64_t, CheckedCommittee>;

}  // namespace butter::selftest::beacon
