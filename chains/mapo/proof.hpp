// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "butter/base/bytes.hpp"
#include "butter/base/result.hpp"
#include "butter/eth/receipt.hpp"
#include "butter/proof/receipt_proof.hpp"
#include "chains/mapo/light_client.hpp"

/// Proofs, updates and states as contracts/MapLightClient.sol reads and writes them (docs/proof-formats.md),
/// and the check of proofs and updates against a state with the same verdict.
namespace butter::mapo {

using proof::ReceiptProof;

/// What the client contract keeps.
struct ClientState {
    std::uint64_t epoch_length = 0;
    BlockNumber last_epoch_block;
    std::uint32_t validators = 0;
    Hash32 key_root;
    crypto::bn254::G1 key_sum;
    std::uint64_t height = 0;
};

enum class ProofError {
    kAbi = 1,     ///< not the canonical ABI encoding of its struct
    kHeader = 2,  ///< the header does not decode, or its aggregated seal is not empty
    kOutsideEpoch = 3,
    kProposerSeal = 4,
    kBitmapOutOfRange = 5,
    kQuorum = 6,
    kAbsentKeys = 7,  ///< too many, too few, or not in the tree at their index
    kRound = 8,
    kPoint = 9,  ///< a coordinate or point that is none, or infinity
    kHint = 10,  ///< a hint of the hash to G1 does not hold
    kSeal = 11,
    kReceipt = 12,         ///< a receipt's trie proof does not hold, or the receipt is malformed or failed
    kLogIndex = 13,        ///< log indexes not ascending, none, or beyond the receipt's logs
    kEpochSkipped = 14,    ///< an update by another block than the one that ends the epoch
    kKeys = 15,            ///< keys that are not those of the active set
    kValidatorLists = 16,  ///< lists of added validators of different lengths
    kValidatorKey = 17,    ///< an added key that is no point, or infinity
    kValidatorCount = 18,  ///< a set of 0 or more than 256
};
std::string_view to_string(ProofError error) noexcept;

/// Root of the tree over the validators' G1 keys.
Hash32 key_root(const std::vector<Validator>& validators);
ClientState make_client_state(const TrustedState& state);

Bytes encode_proof(const TrustedState& state, const Header& header,
                   const std::vector<ReceiptProof>& receipts);
Bytes encode_update(const TrustedState& state, const Header& header);
Bytes encode_state(const ClientState& state);
Result<ClientState, ProofError> decode_state(BytesView bytes);

/// Whether `proof` is the one encoding of what it says, down to the hints: `verify_proof`, like the contract,
/// also takes tails in another order, and hints that are equal only modulo the field or up to sign.
bool is_canonical_proof(BytesView proof);

struct VerifiedProof {
    std::vector<eth::Log> logs;
    BlockNumber number;
    std::size_t signers = 0;
};
/// The twin of `MapLightClient.verifyLogs`.
Result<VerifiedProof, ProofError> verify_proof(const ClientState& state, BytesView proof);
/// The twin of `MapLightClient.update`: the state after it. A header that the client is past changes nothing
/// and is not checked further than its proposer's seal. As the contract, looks at the G1 keys of added
/// validators alone; `apply_rotation` also checks that their G2 keys belong to them.
Result<ClientState, ProofError> apply_update(const ClientState& state, BytesView update);

}  // namespace butter::mapo
