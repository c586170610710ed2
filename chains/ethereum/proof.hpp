// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "butter/base/bytes.hpp"
#include "butter/base/result.hpp"
#include "butter/eth/receipt.hpp"
#include "butter/proof/receipt_proof.hpp"
#include "chains/ethereum/objects.hpp"

/// Proofs, updates and states as contracts/EthereumLightClient.sol reads and writes them
/// (docs/proof-formats.md), and the check of a proof against a state with the same verdict.
namespace butter::ethereum {

using proof::ReceiptProof;

/// What the client contract keeps and shows (`EthereumState`).
struct ClientState {
    Slot finalized_slot;
    Hash32 finalized_block_hash;
    std::uint64_t period = 0;
    Hash32 committee_root;
    Hash32 next_committee_root;  ///< zero while unknown

    friend bool operator==(const ClientState&, const ClientState&) = default;
};

/// A proof in parts. Either `headers` is a chain of parents, or `history_account` and `history_storage` are
/// given and `headers` has two entries.
struct ProofParts {
    std::vector<Bytes> updates;
    Slot anchor_slot;  ///< of the finalised block that the first header is of
    std::vector<Bytes> headers;
    std::vector<Bytes> history_account;
    std::vector<Bytes> history_storage;
    std::vector<ReceiptProof> receipts;
};

enum class ProofError {
    kAbi = 1,               ///< not the canonical ABI encoding of its struct
    kUpdateLength = 2,      ///< an update that is not as long as its parts
    kSlotOrder = 3,         ///< signature, attested and finalised slots not in order
    kCommitteeUnknown = 4,  ///< signed in a period whose committee the client does not hold
    kExecution = 5,         ///< the finalised block's fork has no execution
    kNextCommittee = 6,     ///< the next committee is not in the attested state, or not the known one
    kCommittee = 7,         ///< sum of keys and absent members' keys are not the committee's
    kBits = 8,              ///< a participation bit beyond the committee's size
    kParticipation = 9,     ///< fewer than two thirds
    kPoint = 10,            ///< a key or signature that is no point, or infinity
    kSignature = 11,        ///< not the committee's on what the update leads to
    kHeaders = 12,          ///< none, too many, malformed, or not linked by parent hashes
    kNotFinalized = 13,     ///< the first header is no finalised block of this client
    kHistory = 14,          ///< the history proof does not hold, or is out of its window
    kReceipt = 15,          ///< a receipt's trie proof does not hold, or the receipt is malformed or failed
    kLogIndex = 16,         ///< log indexes not ascending, none, or beyond the receipt's logs
    kNoMisbehaviour = 17,   ///< two updates that do not contradict each other
};
std::string_view to_string(ProofError error) noexcept;

inline constexpr std::size_t kHeadersMax = 256;

/// `committee` is the one that signed: its absent members are proven by one multiproof. Needs an update with
/// a finalised header with execution. Keys must be valid, which whoever verified the update has checked.
Bytes encode_sync_update(const BeaconNetwork& network, const Update& update, const SyncCommittee& committee);
Bytes encode_proof(const ProofParts& parts);
Bytes encode_state(const ClientState& state);
Result<ClientState, ProofError> decode_state(BytesView bytes);

/// What the contract's storage holds beside its state: more than one finalised block can anchor a proof, and
/// older committees stay. `make_client` knows what a state shows.
struct Client {
    ClientState state;
    std::unordered_map<std::uint64_t, Hash32> committees;  ///< root by period
    std::map<Slot, Hash32> finalized_blocks;               ///< execution block by beacon slot

    friend bool operator==(const Client&, const Client&) = default;
};
Client make_client(const ClientState& state, std::uint64_t slots_per_period);

/// The twin of `EthereumLightClient._update`: the client after it. `participants` is 0 when the update was
/// known already and nothing was checked.
struct AppliedUpdate {
    Client client;
    std::size_t participants = 0;
};
Result<AppliedUpdate, ProofError> apply_sync_update(const BeaconNetwork& network, const Client& client,
                                                    BytesView update);

/// The twin of `EthereumLightClient.submitMisbehaviour`: whether two updates that `client` would believe
/// contradict each other, so that whoever submits them freezes it. Not checked, here as everywhere: the
/// clock.
Result<void, ProofError> verify_misbehaviour(const BeaconNetwork& network, const Client& client,
                                             BytesView first, BytesView second);

struct VerifiedProof {
    std::vector<eth::Log> logs;
    BlockNumber number;            ///< of the block that holds the receipts
    Client client;                 ///< after the proof's updates
    std::size_t participants = 0;  ///< in the last update that was checked, 0 when there was none
};
/// The twin of `EthereumLightClient.verifyLogs`.
Result<VerifiedProof, ProofError> verify_proof(const BeaconNetwork& network, const Client& client,
                                               BytesView proof);

}  // namespace butter::ethereum
