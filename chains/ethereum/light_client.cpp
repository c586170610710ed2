// SPDX-License-Identifier: Apache-2.0
#include "chains/ethereum/light_client.hpp"

#include <algorithm>

#include "butter/base/assert.hpp"
#include "butter/codec/ssz.hpp"
#include "chains/ethereum/object_layout.hpp"

namespace butter::ethereum {
namespace {

using Kind = LightClientError::Kind;

constexpr Slot kGenesisSlot{0};

std::unexpected<LightClientError> fail(Kind kind, std::uint64_t found = 0, std::uint64_t expected = 0) {
    return std::unexpected(LightClientError{kind, found, expected});
}

Slot finalized_slot(const Update& update) noexcept {
    return update.finalized ? update.finalized->beacon.slot : kGenesisSlot;
}

Result<void, LightClientError> check_size(const BeaconNetwork& network, std::size_t found) {
    if (found != network.committee_size) return fail(Kind::kSize, found, network.committee_size);
    return {};
}

/// The sum of the participants' keys, by the shorter way.
Result<bls::AffinePublicKey, bls::BlsError> participants_key(const CheckedCommittee& committee,
                                                             const codec::SszBits& bits) {
    const bool subtracts = bits.count() * 2 > bits.size;
    std::vector<bls::AffinePublicKey> keys;
    for (std::size_t i = 0; i < bits.size; ++i) {
        if (bits[i] != subtracts) keys.push_back(committee.keys[i]);
    }
    return subtracts ? bls::subtract(committee.aggregate_key, keys) : bls::aggregate(keys);
}

Result<void, LightClientError> check_signature(const BeaconNetwork& network, const Store& store,
                                               const Update& update) {
    const CheckedCommittee* committee =
        find_committee(network, store, network.period_of(update.signature_slot));
    BUTTER_ASSERT(committee != nullptr);
    const auto key = participants_key(*committee, update.aggregate.bits);
    if (!key) return fail(Kind::kSignature);
    const auto verified = bls::verify(
        *key, sync_committee_signing_root(network, root_of(update.attested.beacon), update.signature_slot),
        update.aggregate.signature);
    if (verified) return {};
    return fail(verified.error() == bls::BlsError::kWrongSignature ? Kind::kSignature
                                                                   : Kind::kSignaturePoint);
}

/// Whether the final next committee comes with the update, to a store that lacks it.
bool has_finalized_next_committee(const BeaconNetwork& network, const Store& store, const Update& update) {
    return !store.next_committee && is_sync_committee_update(update) && is_finality_update(update) &&
           network.period_of(finalized_slot(update)) == network.period_of(update.attested.beacon.slot);
}

/// The next committee that the store would have after `update`, checked; absent when it would keep its own or
/// have none.
Result<std::optional<CheckedCommittee>, LightClientError> find_learned_committee(const BeaconNetwork& network,
                                                                                 const Store& store,
                                                                                 const Update& update) {
    const bool rotates =
        network.period_of(finalized_slot(update)) == network.period_of(store.finalized.beacon.slot) + 1;
    if (!update.next_committee || (store.next_committee && !rotates)) return std::nullopt;
    TRY(CheckedCommittee committee, check_committee(*update.next_committee));
    return committee;
}

/// apply_light_client_update. The update is valid and has a finalised header, final or forced.
void apply_update(const BeaconNetwork& network, Store& store, const Update& update,
                  std::optional<CheckedCommittee> learned) {
    const std::uint64_t store_period = network.period_of(store.finalized.beacon.slot);
    const std::uint64_t finalized_period = network.period_of(finalized_slot(update));
    if (!store.next_committee) {
        // Only the current committee could have signed, so nothing newer can be final.
        BUTTER_ASSERT(finalized_period == store_period);
        store.next_committee = std::move(learned);
    } else if (finalized_period == store_period + 1) {
        store.current_committee = *std::move(store.next_committee);
        store.next_committee = std::move(learned);
        store.previous_participants_max = store.current_participants_max;
        store.current_participants_max = 0;
    }
    if (finalized_slot(update) > store.finalized.beacon.slot) {
        store.finalized = *update.finalized;
        if (store.finalized.beacon.slot > store.optimistic.beacon.slot) store.optimistic = store.finalized;
    }
}

/// process_light_client_update once the update is found valid. The store is unchanged on error.
Result<void, LightClientError> take_valid_update(const BeaconNetwork& network, Store& store,
                                                 const Update& update) {
    const std::size_t participants = update.aggregate.bits.count();
    const bool is_applied = participants >= quorum(network.committee_size) &&
                            (finalized_slot(update) > store.finalized.beacon.slot ||
                             has_finalized_next_committee(network, store, update));
    std::optional<CheckedCommittee> learned;
    if (is_applied) {
        TRY(learned, find_learned_committee(network, store, update));
    }

    // Nothing fails from here on.
    if (!store.best_valid_update || is_better_update(network, update, *store.best_valid_update)) {
        store.best_valid_update = update;
    }
    store.current_participants_max = std::max(store.current_participants_max, participants);
    if (participants > safety_threshold(store) &&
        update.attested.beacon.slot > store.optimistic.beacon.slot) {
        store.optimistic = update.attested;
    }
    if (is_applied) {
        apply_update(network, store, update, std::move(learned));
        store.best_valid_update.reset();
    }
    return {};
}

}  // namespace

std::string to_string(const LightClientError& error) {
    const auto numbers = [&](const char* text) {
        return std::string(text) + ": found " + std::to_string(error.found) + ", expected " +
               std::to_string(error.expected);
    };
    switch (error.kind) {
        case Kind::kSize:
            return numbers("sync committee of another size than the network's");
        case Kind::kTrustedRoot:
            return "bootstrap of another block than the trusted one";
        case Kind::kHeader:
            return "execution payload is not in block of slot " + std::to_string(error.found);
        case Kind::kCommitteeBranch:
            return "current sync committee is not in the bootstrap's state";
        case Kind::kNoParticipants:
            return "nobody signed the update";
        case Kind::kFutureSlot:
            return numbers("signature slot is not reached");
        case Kind::kSlotOrder:
            return numbers("slots not in order");
        case Kind::kPeriod:
            return numbers("sync committee of the period is not known");
        case Kind::kNotRelevant:
            return numbers("update says nothing new");
        case Kind::kFinalizedHeader:
            return "finalised header of slot " + std::to_string(error.found) + " is not proven or malformed";
        case Kind::kFinalityBranch:
            return "finalised header is not in the attested state";
        case Kind::kNextCommittee:
            return "next sync committee is not proven or not the known one";
        case Kind::kNextCommitteeBranch:
            return "next sync committee is not in the attested state";
        case Kind::kSignaturePoint:
            return "sync committee signature is no point";
        case Kind::kSignature:
            return "sync committee signature does not verify";
        case Kind::kCommitteeKey:
            return "key " + std::to_string(error.found) + " of the sync committee is not valid";
        case Kind::kAggregateKey:
            return "aggregate key of the sync committee is not the sum of its keys";
        case Kind::kNoFinality:
            return "update without finality";
        case Kind::kQuorum:
            return numbers("too few of the sync committee signed");
        case Kind::kNoExecution:
            return "finalised block of slot " + std::to_string(error.found) + " has no execution payload";
    }
    return "unknown light client error";
}

Result<CheckedCommittee, LightClientError> check_committee(SyncCommittee committee) {
    CheckedCommittee checked;
    checked.keys.reserve(committee.keys.size());
    for (std::size_t i = 0; i < committee.keys.size(); ++i) {
        const auto key = bls::decode_public_key(committee.keys[i]);
        if (!key) return fail(Kind::kCommitteeKey, i);
        checked.keys.push_back(*key);
    }
    const auto sum = bls::aggregate(checked.keys);
    if (!sum || bls::encode_public_key(*sum) != committee.aggregate_key) return fail(Kind::kAggregateKey);
    checked.aggregate_key = *sum;
    checked.root = root_of(committee);
    checked.committee = std::move(committee);
    return checked;
}

const CheckedCommittee* find_committee(const BeaconNetwork& network, const Store& store,
                                       std::uint64_t period) noexcept {
    const std::uint64_t current = network.period_of(store.finalized.beacon.slot);
    if (period == current) return &store.current_committee;
    if (period == current + 1 && store.next_committee) return &*store.next_committee;
    return nullptr;
}

bool is_sync_committee_update(const Update& update) noexcept {
    return !layout::is_zero(update.next_committee_branch);
}

bool is_finality_update(const Update& update) noexcept { return !layout::is_zero(update.finality_branch); }

bool is_valid_header(const BeaconNetwork& network, const LightClientHeader& header) {
    const Fork& fork = network.fork_at(header.beacon.slot);
    if (fork.execution_layout == ExecutionLayout::kNone) {
        return !header.execution && header.execution_branch.empty();
    }
    if (!header.execution || header.execution->extra_data.size() > layout::kExtraDataBytesMax) return false;
    const PayloadHeader& execution = *header.execution;
    if (fork.execution_layout == ExecutionLayout::kCapella &&
        (execution.blob_gas_used != 0 || execution.excess_blob_gas != 0)) {
        return false;
    }
    return codec::verify_branch(root_of(execution, fork.execution_layout), header.execution_branch,
                                fork.execution_gindex, header.beacon.body_root)
        .has_value();
}

Result<Store, LightClientError> initialize_store(const BeaconNetwork& network, const Hash32& trusted_root,
                                                 const Bootstrap& bootstrap) {
    TRY_VOID(check_size(network, bootstrap.current_committee.keys.size()));
    const BeaconHeader& beacon = bootstrap.header.beacon;
    if (!is_valid_header(network, bootstrap.header)) return fail(Kind::kHeader, beacon.slot.value);
    if (root_of(beacon) != trusted_root) return fail(Kind::kTrustedRoot, beacon.slot.value);
    if (!codec::verify_branch(root_of(bootstrap.current_committee), bootstrap.current_committee_branch,
                              network.fork_at(beacon.slot).current_committee_gindex, beacon.state_root)) {
        return fail(Kind::kCommitteeBranch);
    }
    TRY(CheckedCommittee committee, check_committee(bootstrap.current_committee));
    Store store;
    store.finalized = bootstrap.header;
    store.current_committee = std::move(committee);
    store.optimistic = bootstrap.header;
    return store;
}

Result<void, LightClientError> validate_update(const BeaconNetwork& network, const Store& store,
                                               const Update& update, Slot current_slot) {
    TRY_VOID(check_size(network, update.aggregate.bits.size));
    if (update.next_committee) TRY_VOID(check_size(network, update.next_committee->keys.size()));

    if (update.aggregate.bits.count() == 0) return fail(Kind::kNoParticipants, 0, 1);

    const Slot attested = update.attested.beacon.slot;
    const Slot finalized = finalized_slot(update);
    if (!is_valid_header(network, update.attested)) return fail(Kind::kHeader, attested.value);
    if (current_slot < update.signature_slot) {
        return fail(Kind::kFutureSlot, update.signature_slot.value, current_slot.value);
    }
    if (update.signature_slot <= attested) {
        return fail(Kind::kSlotOrder, attested.value, update.signature_slot.value);
    }
    if (attested < finalized) return fail(Kind::kSlotOrder, finalized.value, attested.value);
    const std::uint64_t store_period = network.period_of(store.finalized.beacon.slot);
    const std::uint64_t signature_period = network.period_of(update.signature_slot);
    if (find_committee(network, store, signature_period) == nullptr) {
        return fail(Kind::kPeriod, signature_period, store_period);
    }

    const std::uint64_t attested_period = network.period_of(attested);
    const bool has_next_committee =
        !store.next_committee && is_sync_committee_update(update) && attested_period == store_period;
    if (attested <= store.finalized.beacon.slot && !has_next_committee) {
        return fail(Kind::kNotRelevant, attested.value, store.finalized.beacon.slot.value);
    }

    const Fork& fork = network.fork_at(attested);
    const Hash32& state_root = update.attested.beacon.state_root;
    if (!is_finality_update(update)) {
        if (update.finalized) return fail(Kind::kFinalizedHeader, finalized.value);
    } else {
        if (!update.finalized) return fail(Kind::kFinalizedHeader);
        // The finalised root of a state before the first finality is zero.
        Hash32 finalized_root;
        if (finalized == kGenesisSlot) {
            if (!is_empty(*update.finalized)) return fail(Kind::kFinalizedHeader);
        } else {
            if (!is_valid_header(network, *update.finalized)) {
                return fail(Kind::kFinalizedHeader, finalized.value);
            }
            finalized_root = root_of(update.finalized->beacon);
        }
        if (!codec::verify_branch(finalized_root, update.finality_branch, fork.finalized_root_gindex,
                                  state_root)) {
            return fail(Kind::kFinalityBranch);
        }
    }

    if (!is_sync_committee_update(update)) {
        if (update.next_committee) return fail(Kind::kNextCommittee);
    } else {
        if (!update.next_committee) return fail(Kind::kNextCommittee);
        if (attested_period == store_period && store.next_committee &&
            *update.next_committee != store.next_committee->committee) {
            return fail(Kind::kNextCommittee);
        }
        if (!codec::verify_branch(root_of(*update.next_committee), update.next_committee_branch,
                                  fork.next_committee_gindex, state_root)) {
            return fail(Kind::kNextCommitteeBranch);
        }
    }

    return check_signature(network, store, update);
}

Result<VerifiedUpdate, LightClientError> verify_finalized_update(const BeaconNetwork& network,
                                                                 const Store& store, const Update& update,
                                                                 Slot current_slot) {
    TRY_VOID(validate_update(network, store, update, current_slot));
    if (!is_finality_update(update)) return fail(Kind::kNoFinality, update.attested.beacon.slot.value);
    const std::size_t participants = update.aggregate.bits.count();
    if (participants < quorum(network.committee_size)) {
        return fail(Kind::kQuorum, participants, quorum(network.committee_size));
    }
    const Slot finalized = finalized_slot(update);
    if (!update.finalized->execution || finalized == kGenesisSlot) {
        return fail(Kind::kNoExecution, finalized.value);
    }
    const Slot known = store.finalized.beacon.slot;
    if (finalized <= known && !has_finalized_next_committee(network, store, update)) {
        return fail(Kind::kNotRelevant, finalized.value, known.value);
    }
    return VerifiedUpdate(update, participants, network.period_of(update.signature_slot));
}

Result<VerifiedUpdate, LightClientError> apply_finalized_update(const BeaconNetwork& network, Store& store,
                                                                const Update& update, Slot current_slot) {
    TRY(VerifiedUpdate verified, verify_finalized_update(network, store, update, current_slot));
    TRY_VOID(take_valid_update(network, store, update));
    return verified;
}

Result<void, LightClientError> process_update(const BeaconNetwork& network, Store& store,
                                              const Update& update, Slot current_slot) {
    TRY_VOID(validate_update(network, store, update, current_slot));
    return take_valid_update(network, store, update);
}

Result<bool, LightClientError> process_force_update(const BeaconNetwork& network, Store& store,
                                                    Slot current_slot) {
    // UPDATE_TIMEOUT
    const std::uint64_t timeout_slots = network.slots_per_period();
    const Slot known = store.finalized.beacon.slot;
    if (!store.best_valid_update || current_slot <= known ||
        current_slot.value - known.value <= timeout_slots) {
        return false;
    }
    Update update = *store.best_valid_update;
    if (finalized_slot(update) <= known) update.finalized = update.attested;
    TRY(auto learned, find_learned_committee(network, store, update));
    apply_update(network, store, update, std::move(learned));
    store.best_valid_update.reset();
    return true;
}

bool is_better_update(const BeaconNetwork& network, const Update& a, const Update& b) {
    const auto participants = [](const Update& update) { return update.aggregate.bits.count(); };
    const auto has_supermajority = [&](const Update& update) {
        return participants(update) >= quorum(update.aggregate.bits.size);
    };
    const auto period_of_attested = [&](const Update& update) {
        return network.period_of(update.attested.beacon.slot);
    };
    if (has_supermajority(a) != has_supermajority(b)) return has_supermajority(a);
    if (!has_supermajority(a) && participants(a) != participants(b)) return participants(a) > participants(b);

    const auto has_relevant_committee = [&](const Update& update) {
        return is_sync_committee_update(update) &&
               period_of_attested(update) == network.period_of(update.signature_slot);
    };
    if (has_relevant_committee(a) != has_relevant_committee(b)) return has_relevant_committee(a);

    if (is_finality_update(a) != is_finality_update(b)) return is_finality_update(a);
    if (is_finality_update(a)) {
        const auto has_committee_finality = [&](const Update& update) {
            return network.period_of(finalized_slot(update)) == period_of_attested(update);
        };
        if (has_committee_finality(a) != has_committee_finality(b)) return has_committee_finality(a);
    }

    if (participants(a) != participants(b)) return participants(a) > participants(b);
    if (a.attested.beacon.slot != b.attested.beacon.slot) {
        return a.attested.beacon.slot < b.attested.beacon.slot;
    }
    return a.signature_slot < b.signature_slot;
}

std::size_t safety_threshold(const Store& store) noexcept {
    return std::max(store.previous_participants_max, store.current_participants_max) / 2;
}

}  // namespace butter::ethereum
