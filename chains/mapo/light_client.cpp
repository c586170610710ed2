// SPDX-License-Identifier: Apache-2.0
#include "chains/mapo/light_client.hpp"

#include <algorithm>
#include <array>

namespace butter::mapo {
namespace {

namespace bn254 = crypto::bn254;
using Kind = LightClientError::Kind;

std::unexpected<LightClientError> fail(Kind kind, std::uint64_t found = 0, std::uint64_t expected = 0) {
    return std::unexpected(LightClientError{kind, found, expected});
}

Result<void, LightClientError> verify_seal(const TrustedState& state, const AggregatedSeal& seal,
                                           const Hash32& hash, std::size_t& signers) {
    const std::size_t count = state.validators.size();
    if (seal.bitmap.bit_length() > count)
        return fail(Kind::kBitmapOutOfRange, seal.bitmap.bit_length(), count);
    bn254::G2 key;
    signers = 0;
    for (unsigned i = 0; i < count; ++i) {
        if (!seal.bitmap.bit(i)) continue;
        key = bn254::add(key, state.validators[i].g2_key);
        ++signers;
    }
    if (signers < quorum(count)) return fail(Kind::kQuorum, signers, quorum(count));
    if (seal.round > Uint256{kRoundMax}) return fail(Kind::kRound, seal.round.limbs[0], kRoundMax);
    if (seal.signature.size() != 64) return fail(Kind::kSignaturePoint, seal.signature.size(), 64);
    const auto signature = bn254::decode_g1(to_fixed<64>(seal.signature));
    if (!signature || signature->is_infinity()) return fail(Kind::kSignaturePoint);
    const auto point = bn254::hash_to_g1(seal_message(hash, seal.round));
    if (!point || !bn254::verify_signature(*signature, point->point, key)) return fail(Kind::kSeal);
    return {};
}

}  // namespace

std::string to_string(const LightClientError& error) {
    const auto numbers = [&](const char* text) {
        return std::string(text) + ": found " + std::to_string(error.found) + ", expected " +
               std::to_string(error.expected);
    };
    switch (error.kind) {
        case Kind::kOutsideEpoch:
            return numbers("block outside the epoch of the known validators");
        case Kind::kProposerSeal:
            return "proposer seal is not the coinbase's";
        case Kind::kProposerUnknown:
            return "proposer is no validator";
        case Kind::kBitmapOutOfRange:
            return numbers("seal bitmap longer than the validator set");
        case Kind::kQuorum:
            return numbers("too few validators signed");
        case Kind::kRound:
            return numbers("round too large");
        case Kind::kSignaturePoint:
            return "aggregated signature is no point";
        case Kind::kSeal:
            return "aggregated seal does not verify";
        case Kind::kNotEpochEnd:
            return numbers("not the last block of the epoch");
        case Kind::kValidatorLists:
            return numbers("lists of added validators differ in length");
        case Kind::kValidatorKey:
            return "keys of an added validator do not belong together";
        case Kind::kValidatorCount:
            return numbers("validator set out of bounds");
    }
    return "unknown light client error";
}

Result<VerifiedHeader, LightClientError> verify_header(const TrustedState& state, const Header& header) {
    if (header.number <= state.last_epoch_block || header.number > state.epoch_end()) {
        return fail(Kind::kOutsideEpoch, header.number.value, state.epoch_end().value);
    }
    if (find_proposer(header) != header.coinbase) return fail(Kind::kProposerSeal);
    if (std::none_of(state.validators.begin(), state.validators.end(),
                     [&](const Validator& validator) { return validator.address == header.coinbase; })) {
        return fail(Kind::kProposerUnknown);
    }
    VerifiedHeader verified{header, block_hash(header), 0};
    TRY_VOID(verify_seal(state, header.extra.aggregated_seal, verified.hash, verified.signers));
    return verified;
}

Result<TrustedState, LightClientError> apply_rotation(const TrustedState& state,
                                                      const VerifiedHeader& verified) {
    const Header& header = verified.header;
    if (header.number != state.epoch_end()) {
        return fail(Kind::kNotEpochEnd, header.number.value, state.epoch_end().value);
    }
    const Extra& extra = header.extra;
    if (extra.removed.bit_length() > state.validators.size()) {
        return fail(Kind::kBitmapOutOfRange, extra.removed.bit_length(), state.validators.size());
    }
    if (extra.added_addresses.size() != extra.added_g1_keys.size() ||
        extra.added_addresses.size() != extra.added_g2_keys.size()) {
        return fail(Kind::kValidatorLists, extra.added_g1_keys.size(), extra.added_addresses.size());
    }
    TrustedState next{state.epoch_length, header.number, {}};
    for (unsigned i = 0; i < state.validators.size(); ++i) {
        if (!extra.removed.bit(i)) next.validators.push_back(state.validators[i]);
    }
    for (std::size_t i = 0; i < extra.added_addresses.size(); ++i) {
        const auto g1_key = bn254::decode_g1(extra.added_g1_keys[i]);
        const auto g2_key = bn254::decode_g2(extra.added_g2_keys[i]);
        if (!g1_key || !g2_key || g1_key->is_infinity()) return fail(Kind::kValidatorKey, i);
        // e(g1_key, g2) == e(g1, g2_key)
        if (!bn254::verify_signature(*g1_key, bn254::g1_generator(), *g2_key))
            return fail(Kind::kValidatorKey, i);
        next.validators.push_back({extra.added_addresses[i], *g2_key, *g1_key});
    }
    if (next.validators.empty() || next.validators.size() > kValidatorsMax) {
        return fail(Kind::kValidatorCount, next.validators.size(), kValidatorsMax);
    }
    return next;
}

}  // namespace butter::mapo
