// SPDX-License-Identifier: Apache-2.0
#include "chains/ethereum/checkpoint.hpp"

#include <algorithm>
#include <string_view>

#include "butter/base/assert.hpp"
#include "butter/base/hex.hpp"
#include "butter/codec/abi.hpp"
#include "chains/ethereum/light_client.hpp"
#include "chains/ethereum/proof_encoding.hpp"

namespace butter::ethereum {
namespace {

constexpr std::string_view kProofType =
    "(bytes[],uint64,bytes[],bytes[],bytes[],(uint64,bytes[],uint16[])[])";

/// The contract and its twin follow offsets wherever they lead; here there is one encoding.
bool is_canonical(std::string_view type_text, BytesView bytes) {
    const auto type = codec::parse_abi_type(type_text);
    BUTTER_ASSERT(type.has_value());
    return codec::decode_abi(*type, bytes).has_value();
}

Result<Client, std::string> apply_needed(const BeaconNetwork& network, const Client& client, BytesView update,
                                         std::size_t& participants) {
    const auto read = encoding::read_sync_update_head(update);
    if (!read) return std::unexpected(std::string(to_string(ProofError::kUpdateLength)));
    if (read->signature_slot <= read->attested.slot)
        return std::unexpected(std::string(to_string(ProofError::kSlotOrder)));
    const Slot earliest = earliest_signature_slot(network, read->attested.slot, read->signature_slot);
    if (read->signature_slot != earliest) {
        return std::unexpected("names signature slot " + std::to_string(read->signature_slot.value) +
                               " where " + std::to_string(earliest.value) + " says the same");
    }
    auto applied = apply_sync_update(network, client, update);
    if (!applied) return std::unexpected(std::string(to_string(applied.error())));
    if (applied->participants == 0) return std::unexpected("says nothing new");
    participants = applied->participants;
    return std::move(applied->client);
}

}  // namespace

Slot earliest_signature_slot(const BeaconNetwork& network, Slot attested, Slot signature) {
    const std::uint64_t period_start = network.period_of(signature) * network.slots_per_period();
    // Signed under the fork of the slot before.
    const std::uint64_t fork_start =
        network.fork_at(Slot{signature.value - 1}).epoch.value * network.slots_per_epoch + 1;
    return Slot{std::max({attested.value + 1, period_start, fork_start})};
}

Result<Client, std::string> open_checkpoint(const BeaconNetwork& network, const Hash32& checkpoint,
                                            BytesView opening) {
    const auto bootstrap = decode_bootstrap(network, opening);
    if (!bootstrap) return std::unexpected("opening: " + std::string(to_string(bootstrap.error())));
    if (!equal(encode_bootstrap(network, *bootstrap), opening))
        return std::unexpected("opening is not canonical");
    const auto store = initialize_store(network, checkpoint, *bootstrap);
    if (!store) return std::unexpected("opening: " + to_string(store.error()));
    const LightClientHeader& header = store->finalized;
    return make_client({.finalized_slot = header.beacon.slot,
                        .finalized_block_hash = header.execution ? header.execution->block_hash : Hash32{},
                        .period = network.period_of(header.beacon.slot),
                        .committee_root = store->current_committee.root,
                        .next_committee_root = {}},
                       network.slots_per_period());
}

Result<VerifiedProof, std::string> verify_checkpoint_proof(const BeaconNetwork& network,
                                                           const Hash32& checkpoint,
                                                           const chain::CheckpointProof& proof) {
    TRY(Client client, open_checkpoint(network, checkpoint, proof.opening));
    std::size_t participants = 0;
    for (std::size_t i = 0; i < proof.updates.size(); ++i) {
        auto next = apply_needed(network, client, proof.updates[i], participants);
        if (!next) return std::unexpected("update " + std::to_string(i) + ": " + next.error());
        client = *std::move(next);
    }
    const auto parts = encoding::read_proof(proof.proof);
    if (!parts || !is_canonical(kProofType, proof.proof)) return std::unexpected("proof is not canonical");
    if (!parts->updates.empty()) return std::unexpected("proof carries updates, which stand beside it here");
    auto verified = verify_proof(network, client, proof.proof);
    if (!verified) return std::unexpected(std::string(to_string(verified.error())));
    verified->participants = participants;
    return *std::move(verified);
}

}  // namespace butter::ethereum
