// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
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
    Hash32 set_hash;  ///< keccak256(root of the key tree ‖ sum of the keys)
    std::uint64_t height = 0;
};

// What a proof and an update consist of, for the tests to change. Numbers are as they stand in the bytes:
// nothing is checked.
struct Hint {
    Uint256 inverse;
    std::vector<Uint256> roots;  ///< at most 255; 1 to 3 in a valid one

    friend bool operator==(const Hint&, const Hint&) = default;
};
struct AbsentKey {
    std::uint8_t index = 0;
    crypto::bn254::G1 key;

    friend bool operator==(const AbsentKey&, const AbsentKey&) = default;
};
struct ProofSeal {
    std::uint32_t round = 0;  ///< below 2^24
    crypto::bn254::G1 signature;
    crypto::bn254::G2 aggregate_key;
    std::array<Hint, 2> hints;
    crypto::bn254::G1 key_sum;      ///< of the whole set
    std::vector<AbsentKey> absent;  ///< at most 255; ascending in a valid one

    friend bool operator==(const ProofSeal&, const ProofSeal&) = default;
};
struct Proof {
    Bytes header;
    ProofSeal seal;
    std::vector<Hash32> siblings;  ///< of the absent in the key tree, or its root if there are none
    std::vector<ReceiptProof> receipts;

    friend bool operator==(const Proof&, const Proof&) = default;
};
struct Update {
    Bytes header;
    ProofSeal seal;
    std::vector<Hash32> leaves;  ///< of the key tree, for each validator of the set that signs
    std::vector<crypto::bn254::G1> removed;

    friend bool operator==(const Update&, const Update&) = default;
};
Bytes encode_proof(const Proof& proof);
Bytes encode_update(const Update& update);

enum class ProofError {
    kEncoding = 1,  ///< ends early or late, or (a state) not the canonical ABI encoding
    kHeader = 2,    ///< the header does not decode, or its aggregated seal is not empty
    kOutsideEpoch = 3,
    kProposerSeal = 4,
    kRemovedOutOfRange = 5,  ///< removes validators that the set does not have
    kQuorum = 6,
    kAbsentKeys = 7,    ///< indexes not ascending or beyond the set
    kSetNotProven = 8,  ///< keys of absent ones, leaves or sum that are not those of the client's set
    kPoint = 9,         ///< a coordinate or point that is none, or infinity
    kHint = 10,         ///< a hint of the hash to G1 does not hold
    kSeal = 11,
    kReceipt = 12,         ///< a receipt's trie proof does not hold, or the receipt is malformed or failed
    kLogIndex = 13,        ///< log indexes not ascending, none, or beyond the receipt's logs
    kEpochSkipped = 14,    ///< an update by another block than the one that ends the epoch
    kRemovedKey = 15,      ///< a removed validator's key that is not the one in the set
    kValidatorLists = 16,  ///< lists of added validators of different lengths
    kValidatorKey = 17,    ///< an added key that is no point, or infinity
    kValidatorCount = 18,  ///< a set of 0 or more than 256
};
std::string_view to_string(ProofError error) noexcept;

/// What the client contract would keep of `state`.
ClientState make_client_state(const TrustedState& state);
Hash32 set_hash(const std::vector<Validator>& validators);

/// `header` has passed `verify_header` against `state`.
Bytes encode_proof(const TrustedState& state, const Header& header,
                   const std::vector<ReceiptProof>& receipts);
Bytes encode_update(const TrustedState& state, const Header& header);
Bytes encode_state(const ClientState& state);
Result<ClientState, ProofError> decode_state(BytesView bytes);

/// How a set of `validators` reads the bytes of a proof; for an update, how many are removed follows from
/// what is left.
Result<Proof, ProofError> decode_proof(BytesView bytes, std::size_t validators);
Result<Update, ProofError> decode_update(BytesView bytes, std::size_t validators);

/// Whether `proof` is the one encoding of what it says, down to the hints: `verify_proof`, like the contract,
/// also takes hints that are equal only modulo the field or up to sign.
bool is_canonical_proof(BytesView proof);

struct VerifiedProof {
    std::vector<eth::Log> logs;
    BlockNumber number;
    std::size_t signers = 0;
};
/// The twin of `MapLightClient.verifyLogs`.
Result<VerifiedProof, ProofError> verify_proof(const ClientState& state, BytesView proof);
/// The twin of `MapLightClient.update`: the state after it. A header that the client is past changes nothing
/// and nothing of it but its number is looked at. As the contract, looks at the G1 keys of added
/// validators alone; `apply_rotation` also checks that their G2 keys belong to them.
Result<ClientState, ProofError> apply_update(const ClientState& state, BytesView update);

}  // namespace butter::mapo
