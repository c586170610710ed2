// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "butter/base/result.hpp"
#include "butter/crypto/bn254.hpp"
#include "chains/mapo/header.hpp"

/// IBFT with BLS on BN254, as the MAP relay chain has it: which validators sign, whether a header is theirs,
/// and who signs next. Pure; the Solidity twin is contracts/MapLightClient.sol.
namespace butter::mapo {

struct Validator {
    Address address;
    crypto::bn254::G2 g2_key;
    crypto::bn254::G1 g1_key;  ///< the same secret times the generator of G1

    friend bool operator==(const Validator&, const Validator&) = default;
};

/// The set that signs the blocks `last_epoch_block + 1` to `last_epoch_block + epoch_length`.
struct TrustedState {
    std::uint64_t epoch_length = 0;
    BlockNumber last_epoch_block;
    std::vector<Validator> validators;

    BlockNumber epoch_end() const noexcept { return BlockNumber{last_epoch_block.value + epoch_length}; }
};

struct LightClientError {
    enum class Kind {
        kOutsideEpoch = 1,      ///< a block that another set signs
        kProposerSeal = 2,      ///< the proposer seal is not the coinbase's
        kProposerUnknown = 3,   ///< the coinbase is no validator
        kBitmapOutOfRange = 4,  ///< a bit at or above the number of validators
        kQuorum = 5,            ///< fewer than two thirds signed
        kRound = 6,             ///< a round of 2^24 or more
        kSignaturePoint = 7,    ///< the signature is no point, or infinity
        kSeal = 8,              ///< the seal does not verify
        kNotEpochEnd = 9,       ///< a rotation from a block that does not end the epoch
        kValidatorLists = 10,   ///< lists of added validators of different lengths
        kValidatorKey = 11,     ///< an added key that is no point, or two keys that do not belong together
        kValidatorCount = 12,   ///< a set of 0 or more than 256
    };
    Kind kind{};
    std::uint64_t found = 0;
    std::uint64_t expected = 0;
};
std::string to_string(const LightClientError& error);

inline constexpr std::size_t kValidatorsMax = 256;
inline constexpr std::uint64_t kRoundMax = (1u << 24) - 1;

/// ceil(2n/3).
constexpr std::size_t quorum(std::size_t validators) noexcept { return validators - validators / 3; }

/// A header that passed `verify_header`.
struct VerifiedHeader {
    Header header;
    Hash32 hash;
    std::size_t signers = 0;
};

/// Everything that makes a header final: the proposer's seal, the quorum, the aggregated seal. What its roots
/// say is then true; its parent is not looked at.
Result<VerifiedHeader, LightClientError> verify_header(const TrustedState& state, const Header& header);

/// The state after the last block of the epoch.
Result<TrustedState, LightClientError> apply_rotation(const TrustedState& state,
                                                      const VerifiedHeader& header);

}  // namespace butter::mapo
