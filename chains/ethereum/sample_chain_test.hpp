// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "chains/ethereum/objects.hpp"

/// A beacon chain as far as a light client sees it, with the keys of its committees: states hold only what is
/// proven out of them. For the cases that no real chain offers.
namespace butter::ethereum::test_chain {

/// Eight members, four slots an epoch, four epochs a period; Altair to Fulu in its first periods.
BeaconNetwork make_network();

struct UpdateOptions {
    Slot attested{};
    Slot finalized{};
    Slot signature{};
    std::size_t participants = 8;
    bool has_finality = true;
    bool has_next_committee = true;
    /// Finalises another block of the same slot, or tells of another next committee: what only a committee
    /// that contradicts itself signs.
    bool is_finality_rival = false;
    bool is_next_rival = false;
};

bls::SecretKey secret_key(std::uint64_t period, std::size_t member);
SyncCommittee make_committee(const BeaconNetwork& network, std::uint64_t period);
/// The block of `slot`, whose state has the committees of its period and `finalized_root`.
LightClientHeader make_header(const BeaconNetwork& network, Slot slot, const Hash32& finalized_root = {});
Bootstrap make_bootstrap(const BeaconNetwork& network, Slot slot);
Update make_update(const BeaconNetwork& network, const UpdateOptions& options);
/// Signs anew, by the first `participants` of the committee of the signature slot's period.
void sign(const BeaconNetwork& network, Update& update, std::size_t participants);
/// By those whose bit is set.
void sign(const BeaconNetwork& network, Update& update, const codec::SszBits& bits);

}  // namespace butter::ethereum::test_chain
