// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "butter/base/bytes.hpp"
#include "butter/base/named.hpp"

/// What differs between the beacon chain's networks and forks, as data: a new fork with other generalized
/// indices is one more entry, no code.
namespace butter::ethereum {

/// How a light-client header carries its execution payload header (consensus-specs capella and deneb,
/// light-client/sync-protocol).
enum class ExecutionLayout {
    kNone = 0,     ///< Altair, Bellatrix: the beacon header alone
    kCapella = 1,  ///< 15 fields
    kDeneb = 2,    ///< 17 fields: with blob_gas_used and excess_blob_gas
};

struct Fork {
    std::string name;  ///< as the beacon API names it: "electra"
    Epoch epoch;
    FixedBytes<4> version;
    /// Generalized indices in the beacon state.
    std::uint64_t finalized_root_gindex = 0;
    std::uint64_t current_committee_gindex = 0;
    std::uint64_t next_committee_gindex = 0;
    /// Of the execution payload in the beacon block body; 0 without one.
    std::uint64_t execution_gindex = 0;
    ExecutionLayout execution_layout = ExecutionLayout::kNone;

    friend bool operator==(const Fork&, const Fork&) = default;
};

/// Constants of a network (consensus-specs presets and configs).
struct BeaconNetwork {
    Hash32 genesis_validators_root;
    UnixSeconds genesis_time;
    std::uint64_t seconds_per_slot = 12;
    std::uint64_t slots_per_epoch = 32;
    std::uint64_t epochs_per_period = 256;
    std::uint64_t committee_size = 512;
    /// Ascending epochs, the first 0. Of several forks at one epoch the last one rules.
    std::vector<Fork> forks;

    std::uint64_t slots_per_period() const noexcept { return slots_per_epoch * epochs_per_period; }
    Epoch epoch_of(Slot slot) const noexcept { return Epoch{slot.value / slots_per_epoch}; }
    std::uint64_t period_of(Slot slot) const noexcept { return slot.value / slots_per_period(); }
    /// The fork that rules at `epoch`. `forks` must not be empty.
    const Fork& fork_at(Epoch epoch) const noexcept;
    const Fork& fork_at(Slot slot) const noexcept { return fork_at(epoch_of(slot)); }

    friend bool operator==(const BeaconNetwork&, const BeaconNetwork&) = default;
};

/// The released forks with their indices, Altair to Fulu, for networks that only say when each began: by
/// name; `epoch` and `version` are the caller's. Null for a name that is none of them. "phase0" has no light
/// client but a version: its indices are 0.
const Fork* find_released_fork(std::string_view name) noexcept;

/// Generalized index of the payload's block_hash below the beacon block body, for one branch from it to
/// `body_root`; 0 without execution.
std::uint64_t block_hash_gindex(const Fork& fork) noexcept;

/// compute_domain(DOMAIN_SYNC_COMMITTEE, version, genesis_validators_root).
Hash32 sync_committee_domain(const FixedBytes<4>& version, const Hash32& genesis_validators_root) noexcept;
/// What the committee signs: compute_signing_root of the attested header's root, under the fork of the slot
/// before `signature_slot`.
Hash32 sync_committee_signing_root(const BeaconNetwork& network, const Hash32& attested_root,
                                   Slot signature_slot) noexcept;

}  // namespace butter::ethereum
