// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "butter/base/result.hpp"
#include "butter/crypto/bls12_381.hpp"
#include "chains/ethereum/fork.hpp"
#include "chains/ethereum/objects.hpp"

/// The light client of the beacon chain (consensus-specs v1.5, altair/light-client/sync-protocol.md with the
/// changes of capella, deneb and electra). Pure: the current slot is an argument. Two ways to follow a chain:
/// `apply_finalized_update` takes nothing but finality signed by two thirds, as
/// contracts/EthereumLightClient.sol does; `process_update` and `process_force_update` are the
/// specification's store, which also tracks what is not final.
///
/// The specification's upgrades of stores from fork to fork do nothing here: the objects of all forks have
/// one type.
namespace butter::ethereum {

struct LightClientError {
    enum class Kind {
        kSize = 1,                  ///< another number of keys or bits than the network's
        kTrustedRoot = 2,           ///< the bootstrap's block is not the trusted one
        kHeader = 3,                ///< the (attested) header's execution is not in its block, or out of form
        kCommitteeBranch = 4,       ///< the bootstrap's committee is not in its state
        kNoParticipants = 5,        ///< nobody signed
        kFutureSlot = 6,            ///< signed after the current slot
        kSlotOrder = 7,             ///< not signature > attested >= finalised slot
        kPeriod = 8,                ///< signed by a committee that is not known
        kNotRelevant = 9,           ///< says nothing that the store does not know
        kFinalizedHeader = 10,      ///< its execution is not in its block, or it is given without a proof
        kFinalityBranch = 11,       ///< not the finalised header of the attested state
        kNextCommittee = 12,        ///< not the known one, or given without a proof
        kNextCommitteeBranch = 13,  ///< not the next committee of the attested state
        kSignaturePoint = 14,       ///< the signature is no point, or infinity
        kSignature = 15,            ///< the signature does not verify
        kCommitteeKey = 16,         ///< key number `found` of a committee is no valid key
        kAggregateKey = 17,         ///< a committee's aggregate key is not the sum of its keys
        kNoFinality = 18,           ///< strict only: no finalised header
        kQuorum = 19,               ///< strict only: fewer than two thirds signed
        kNoExecution = 20,          ///< strict only: the finalised block is from before Capella
    };
    Kind kind{};
    std::uint64_t found = 0;  ///< slots, periods, participants or sizes, by kind
    std::uint64_t expected = 0;

    friend bool operator==(const LightClientError&, const LightClientError&) = default;
};
std::string to_string(const LightClientError& error);

/// A committee whose keys are all valid and make up the aggregate key, with what it took to find that out.
struct CheckedCommittee {
    SyncCommittee committee;
    Hash32 root;
    std::vector<bls::AffinePublicKey> keys;
    bls::AffinePublicKey aggregate_key;

    friend bool operator==(const CheckedCommittee&, const CheckedCommittee&) = default;
};
/// Decompresses and checks every key: tens of milliseconds for 512. Errors: kCommitteeKey, kAggregateKey.
/// Not checked: that it is any chain's committee.
Result<CheckedCommittee, LightClientError> check_committee(SyncCommittee committee);

/// LightClientStore. Whoever made one has checked its parts: `initialize_store` does.
struct Store {
    LightClientHeader finalized;
    CheckedCommittee current_committee;              ///< of the finalised header's period
    std::optional<CheckedCommittee> next_committee;  ///< absent while unknown
    std::optional<Update> best_valid_update;         ///< for `process_force_update`
    LightClientHeader optimistic;
    std::size_t previous_participants_max = 0;
    std::size_t current_participants_max = 0;

    friend bool operator==(const Store&, const Store&) = default;
};
/// The committee of `period`, when it is the current or the known next one.
const CheckedCommittee* find_committee(const BeaconNetwork& network, const Store& store,
                                       std::uint64_t period) noexcept;

/// ceil(2n/3).
constexpr std::size_t quorum(std::size_t committee_size) noexcept {
    return committee_size - committee_size / 3;
}

bool is_sync_committee_update(const Update& update) noexcept;
bool is_finality_update(const Update& update) noexcept;
/// is_valid_light_client_header: whether the execution stands as its fork wants it and is in the block.
bool is_valid_header(const BeaconNetwork& network, const LightClientHeader& header);

/// initialize_light_client_store. `trusted_root` is a block root that is known to be final.
/// Errors: kSize, kHeader, kTrustedRoot, kCommitteeBranch, kCommitteeKey, kAggregateKey.
Result<Store, LightClientError> initialize_store(const BeaconNetwork& network, const Hash32& trusted_root,
                                                 const Bootstrap& bootstrap);

/// validate_light_client_update, in its order. Errors: kSize to kSignature but for the bootstrap's. Not
/// checked: the keys of a next committee.
Result<void, LightClientError> validate_update(const BeaconNetwork& network, const Store& store,
                                               const Update& update, Slot current_slot);

// --- Finality only

/// What `verify_finalized_update` found out. Only that makes one.
class VerifiedUpdate {
  public:
    const Update& update() const noexcept { return update_; }
    /// The finalised header; it has an execution payload header.
    const LightClientHeader& finalized() const noexcept { return *update_.finalized; }
    std::size_t participants() const noexcept { return participants_; }
    /// Period of the committee that signed.
    std::uint64_t signature_period() const noexcept { return signature_period_; }

  private:
    friend Result<VerifiedUpdate, LightClientError> verify_finalized_update(const BeaconNetwork&,
                                                                            const Store&, const Update&,
                                                                            Slot);
    VerifiedUpdate(Update update, std::size_t participants, std::uint64_t signature_period)
        : update_(std::move(update)), participants_(participants), signature_period_(signature_period) {}

    Update update_;
    std::size_t participants_;
    std::uint64_t signature_period_;
};

/// A valid update (`validate_update`) with finality and execution, signed by two thirds, from which the store
/// learns a newer final header or its next committee. Does not check the keys of that committee.
Result<VerifiedUpdate, LightClientError> verify_finalized_update(const BeaconNetwork& network,
                                                                 const Store& store, const Update& update,
                                                                 Slot current_slot);
/// The same, and the store after it. It is unchanged on error, which may also be kCommitteeKey or
/// kAggregateKey. To prove the update elsewhere, take the committee that signed from the store before.
Result<VerifiedUpdate, LightClientError> apply_finalized_update(const BeaconNetwork& network, Store& store,
                                                                const Update& update, Slot current_slot);

// --- The specification's store

/// process_light_client_update, also for finality and optimistic updates. The store is unchanged on error.
Result<void, LightClientError> process_update(const BeaconNetwork& network, Store& store,
                                              const Update& update, Slot current_slot);
/// process_light_client_store_force_update: after a period without finality the best update is taken as
/// final, which it is not. For following only, never for proofs. Whether there was one to take.
Result<bool, LightClientError> process_force_update(const BeaconNetwork& network, Store& store,
                                                    Slot current_slot);
/// is_better_update
bool is_better_update(const BeaconNetwork& network, const Update& a, const Update& b);
/// get_safety_threshold: an optimistic header needs more participants.
std::size_t safety_threshold(const Store& store) noexcept;

}  // namespace butter::ethereum
