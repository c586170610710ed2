// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <vector>

#include "butter/codec/abi.hpp"
#include "chains/ethereum/proof.hpp"

/// The ABI structs of docs/proof-formats.md as they are read, before anything in them is checked.
namespace butter::ethereum::encoding {

struct AbsentMember {
    Bytes key;
    std::vector<Hash32> branch;
};

struct SyncUpdate {
    BeaconHeader attested;
    BeaconHeader finalized;
    std::vector<Hash32> finality_branch;
    Hash32 execution_block_hash;
    std::vector<Hash32> execution_branch;
    Hash32 next_committee_root;
    std::vector<Hash32> next_committee_branch;
    Slot signature_slot;
    std::array<Hash32, 2> bits;
    Bytes signature;
    Bytes aggregate_key;
    Hash32 pubkeys_root;
    std::vector<AbsentMember> absent;
};

// Canonical only, as the contract has it.
Result<SyncUpdate, codec::AbiError> read_sync_update(BytesView bytes);
Result<ProofParts, codec::AbiError> read_proof(BytesView bytes);

}  // namespace butter::ethereum::encoding
