// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "butter/codec/abi.hpp"
#include "chains/ethereum/proof.hpp"

/// Updates and proofs of docs/proof-formats.md as they are read, before anything in them is checked.
namespace butter::ethereum::encoding {

/// A point's coordinates without padding, 48 bytes each, as updates hold them.
inline constexpr std::size_t kKeyBytes = 96;
inline constexpr std::size_t kSignatureBytes = 192;

/// The part of an update of fixed size. Roots that the branches lead to are not in it: `attested.state_root`
/// and `finalized.body_root` are zero.
struct SyncUpdateHead {
    Slot signature_slot;
    BeaconHeader attested;
    BeaconHeader finalized;
    Hash32 execution_block_hash;
    Hash32 next_committee_root;  ///< zero when it says nothing of the next committee
    /// Big-endian numbers: member i is bit i % 256 of number i / 256.
    std::array<Hash32, 2> participation;
    FixedBytes<kSignatureBytes> signature;
    FixedBytes<kKeyBytes> aggregate_key;

    bool has_signed(std::size_t member) const noexcept {
        return (participation[member / 256][31 - member % 256 / 8] >> (member % 8) & 1) != 0;
    }
};
inline constexpr std::size_t kSyncUpdateHeadBytes = 584;

/// What follows the head, as the fork schedule and the participation say it is divided.
struct SyncUpdateTail {
    std::vector<Hash32> execution_branch;
    std::vector<Hash32> finality_branch;
    std::vector<Hash32> next_committee_branch;
    std::vector<FixedBytes<kKeyBytes>> absent_keys;
    std::vector<Hash32> key_nodes;  ///< whatever is left; its number is not checked here
};

/// Nothing when `bytes` are too few.
std::optional<SyncUpdateHead> read_sync_update_head(BytesView bytes);
/// Nothing when a part is cut off, or the last one is no number of words. Bits beyond the committee count for
/// nobody.
std::optional<SyncUpdateTail> read_sync_update_tail(const BeaconNetwork& network, const SyncUpdateHead& head,
                                                    BytesView bytes);

// Canonical only, as the contract has it.
Result<ProofParts, codec::AbiError> read_proof(BytesView bytes);

}  // namespace butter::ethereum::encoding
