// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "butter/base/bytes.hpp"
#include "butter/base/result.hpp"
#include "butter/chain/family.hpp"
#include "chains/ethereum/fork.hpp"
#include "chains/ethereum/proof.hpp"

/// Proofs that lead from the root of a trusted beacon block to a log, without a client contract. In a
/// chain::CheckpointProof of this family the opening is the SSZ of the block's LightClientBootstrap, the
/// updates are those that `EthereumLightClient.update` takes, and the proof carries none.
namespace butter::ethereum {

/// The client that knows what the block with root `checkpoint` says. The error is a text for people.
Result<Client, std::string> open_checkpoint(const BeaconNetwork& network, const Hash32& checkpoint,
                                            BytesView opening);

/// A signature does not say in which slot it was put into a block, only what period's committee made it under
/// what fork. Of the slots that say the same, evidence names the earliest, so that it cannot be altered.
Slot earliest_signature_slot(const BeaconNetwork& network, Slot attested, Slot signature);

/// Everything is checked and needed: see chain::Source::verify_checkpoint_proof. The error is a text for
/// people.
Result<VerifiedProof, std::string> verify_checkpoint_proof(const BeaconNetwork& network,
                                                           const Hash32& checkpoint,
                                                           const chain::CheckpointProof& proof);

}  // namespace butter::ethereum
