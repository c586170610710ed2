// SPDX-License-Identifier: Apache-2.0
#include "chains/mapo/proof.hpp"

#include <array>

#include "butter/codec/abi.hpp"
#include "butter/crypto/keccak.hpp"

namespace butter::mapo {
namespace {

namespace bn254 = crypto::bn254;
using codec::AbiValue;

Hash32 key_leaf(const bn254::G1& key) { return crypto::keccak256(bn254::encode_g1(key)); }
Hash32 key_node(const Hash32& left, const Hash32& right) { return crypto::keccak256(concat({left, right})); }

std::size_t leaves_of(std::size_t count) noexcept {
    std::size_t size = 1;
    while (size < count) size *= 2;
    return size;
}

/// All levels of the key tree, leaves first.
std::vector<std::vector<Hash32>> key_tree(const std::vector<bn254::G1>& keys) {
    std::vector<std::vector<Hash32>> levels(1, std::vector<Hash32>(leaves_of(keys.size())));
    for (std::size_t i = 0; i < keys.size(); ++i) levels[0][i] = key_leaf(keys[i]);
    while (levels.back().size() > 1) {
        const std::vector<Hash32>& below = levels.back();
        std::vector<Hash32> level(below.size() / 2);
        for (std::size_t i = 0; i < level.size(); ++i) level[i] = key_node(below[2 * i], below[2 * i + 1]);
        levels.push_back(std::move(level));
    }
    return levels;
}

Hash32 root_of_keys(const std::vector<bn254::G1>& keys) { return key_tree(keys).back()[0]; }

std::vector<bn254::G1> g1_keys_of(const std::vector<Validator>& validators) {
    std::vector<bn254::G1> keys;
    for (const Validator& validator : validators) keys.push_back(validator.g1_key);
    return keys;
}

AbiValue numbers(std::initializer_list<Uint256> values) {
    std::vector<AbiValue> words;
    for (const Uint256& value : values) words.push_back(AbiValue::number(value));
    return AbiValue::tuple(std::move(words));
}

AbiValue hint_value(const bn254::BasePoint& base) {
    std::vector<AbiValue> roots;
    for (const Uint256& root : base.roots) roots.push_back(AbiValue::number(root));
    return AbiValue::tuple({AbiValue::number(base.inverse), AbiValue::array(std::move(roots))});
}

/// The header must have passed `verify_header`, so the points and the hash exist.
AbiValue seal_value(const TrustedState& state, const Header& header) {
    const AggregatedSeal& seal = header.extra.aggregated_seal;
    const BytesView signature(seal.signature);
    bn254::G2 key;
    const auto tree = key_tree(g1_keys_of(state.validators));
    std::vector<AbiValue> absent;
    for (unsigned i = 0; i < state.validators.size(); ++i) {
        const Validator& validator = state.validators[i];
        if (seal.bitmap.bit(i)) {
            key = bn254::add(key, validator.g2_key);
            continue;
        }
        std::vector<AbiValue> branch;
        for (std::size_t level = 0; level + 1 < tree.size(); ++level) {
            branch.push_back(AbiValue::word(tree[level][(i >> level) ^ 1]));
        }
        absent.push_back(AbiValue::tuple(
            {numbers({validator.g1_key.x, validator.g1_key.y}), AbiValue::array(std::move(branch))}));
    }
    const auto hash = bn254::hash_to_g1(seal_message(block_hash(header), seal.round));
    return AbiValue::tuple(
        {AbiValue::number(seal.bitmap),
         numbers({*from_big_endian(signature.first(32)), *from_big_endian(signature.subspan(32))}),
         AbiValue::number(seal.round), numbers({key.x_im, key.x_re, key.y_im, key.y_re}),
         AbiValue::tuple({hint_value(hash->bases[0]), hint_value(hash->bases[1])}),
         AbiValue::array(std::move(absent))});
}

// ---- reading
// -----------------------------------------------------------------------------------------------------

constexpr std::string_view kSealType =
    "(uint256,uint256[2],uint256,uint256[4],(uint256,uint256[])[2],(uint256[2],bytes32[])[])";

const codec::AbiType& proof_type() {
    static const codec::AbiType type = codec::parse_abi_type("(bytes," + std::string(kSealType) + "," +
                                                             std::string(proof::kReceiptProofType) + "[])")
                                           .value();
    return type;
}

const codec::AbiType& update_type() {
    static const codec::AbiType type =
        codec::parse_abi_type("(bytes," + std::string(kSealType) + ",uint256[2][])").value();
    return type;
}

bn254::G1 g1_of(const AbiValue& value) { return {value[0].as_uint256(), value[1].as_uint256()}; }

struct Hint {
    Uint256 inverse;
    std::vector<Uint256> roots;
};
struct AbsentKey {
    bn254::G1 key;
    std::vector<Hash32> branch;
};
struct SealFields {
    Uint256 bitmap;
    bn254::G1 signature;
    Uint256 round;
    bn254::G2 aggregate_key;
    std::array<Hint, 2> hints;
    std::vector<AbsentKey> absent;
};

/// `value` is of `kSealType`.
SealFields read_seal(const AbiValue& value) {
    SealFields seal;
    seal.bitmap = value[0].as_uint256();
    seal.signature = g1_of(value[1]);
    seal.round = value[2].as_uint256();
    const AbiValue& key = value[3];
    seal.aggregate_key = {key[0].as_uint256(), key[1].as_uint256(), key[2].as_uint256(), key[3].as_uint256()};
    for (std::size_t i = 0; i < seal.hints.size(); ++i) {
        const AbiValue& hint = value[4][i];
        seal.hints[i].inverse = hint[0].as_uint256();
        for (std::size_t j = 0; j < hint[1].size(); ++j) {
            seal.hints[i].roots.push_back(hint[1][j].as_uint256());
        }
    }
    for (std::size_t i = 0; i < value[5].size(); ++i) {
        const AbiValue& entry = value[5][i];
        AbsentKey absent{g1_of(entry[0]), {}};
        for (std::size_t j = 0; j < entry[1].size(); ++j) absent.branch.push_back(entry[1][j].as_word());
        seal.absent.push_back(std::move(absent));
    }
    return seal;
}

// ---- verification
// ------------------------------------------------------------------------------------------------

Result<bn254::G1, ProofError> sum_of_signers(const ClientState& state, const SealFields& seal,
                                             std::size_t& signers) {
    const std::size_t count = state.validators;
    if (seal.bitmap.bit_length() > count) return std::unexpected(ProofError::kBitmapOutOfRange);
    bn254::G1 sum = state.key_sum;
    std::size_t used = 0;
    for (unsigned i = 0; i < count; ++i) {
        if (seal.bitmap.bit(i)) continue;
        if (used == seal.absent.size()) return std::unexpected(ProofError::kAbsentKeys);
        const AbsentKey& absent = seal.absent[used++];
        if (absent.branch.size() > 8 || std::size_t{1} << absent.branch.size() != leaves_of(count)) {
            return std::unexpected(ProofError::kAbsentKeys);
        }
        Hash32 hash = key_leaf(absent.key);
        for (std::size_t level = 0; level < absent.branch.size(); ++level) {
            const Hash32& sibling = absent.branch[level];
            hash = (i >> level & 1) == 0 ? key_node(hash, sibling) : key_node(sibling, hash);
        }
        if (hash != state.key_root) return std::unexpected(ProofError::kAbsentKeys);
        sum = bn254::add(sum, bn254::negate(absent.key));
    }
    if (used != seal.absent.size()) return std::unexpected(ProofError::kAbsentKeys);
    signers = count - used;
    if (signers < quorum(count)) return std::unexpected(ProofError::kQuorum);
    return sum;
}

/// Hints are taken as the contract takes them: any root that satisfies the check will do.
bool is_hint_valid(const Hint& hint, const bn254::BasePoint& base) {
    if (hint.inverse >= bn254::field_modulus() && hint.inverse != base.inverse) {
        // The contract reduces modulo the field; so an unreduced hint stands for its residue.
        if (divide(hint.inverse, bn254::field_modulus()).remainder != base.inverse) return false;
    } else if (hint.inverse != base.inverse) {
        return false;
    }
    if (hint.roots.size() != base.roots.size()) return false;
    for (std::size_t i = 0; i < hint.roots.size(); ++i) {
        const Uint256 root = divide(hint.roots[i], bn254::field_modulus()).remainder;
        if (root != base.roots[i] && root != bn254::field_modulus() - base.roots[i]) return false;
    }
    return true;
}

Result<void, ProofError> verify_seal(const ClientState& state, const SealFields& seal, const Hash32& hash,
                                     std::size_t& signers) {
    if (seal.round > Uint256{kRoundMax}) return std::unexpected(ProofError::kRound);
    TRY(const bn254::G1 sum, sum_of_signers(state, seal, signers));
    if (!bn254::validate(seal.signature) || !bn254::validate(seal.aggregate_key) ||
        seal.signature.is_infinity() || seal.aggregate_key.is_infinity() || sum.is_infinity()) {
        return std::unexpected(ProofError::kPoint);
    }
    const auto point = bn254::hash_to_g1(seal_message(hash, seal.round));
    if (!point || !is_hint_valid(seal.hints[0], point->bases[0]) ||
        !is_hint_valid(seal.hints[1], point->bases[1])) {
        return std::unexpected(ProofError::kHint);
    }
    // The key is the signers' sum, and the signature the key's: the contract folds both into one equation.
    if (!bn254::verify_signature(sum, bn254::g1_generator(), seal.aggregate_key) ||
        !bn254::verify_signature(seal.signature, point->point, seal.aggregate_key)) {
        return std::unexpected(ProofError::kSeal);
    }
    return {};
}

/// The header of a proof or update, its proposer's seal checked.
Result<Header, ProofError> read_header(const AbiValue& value) {
    auto header = decode_header(value.as_bytes());
    if (!header || header->extra.aggregated_seal != AggregatedSeal{})
        return std::unexpected(ProofError::kHeader);
    if (find_proposer(*header) != header->coinbase) return std::unexpected(ProofError::kProposerSeal);
    return *std::move(header);
}

ProofError to_proof_error(proof::ReceiptProofError error) noexcept {
    switch (error) {
        case proof::ReceiptProofError::kNoLogIndexes:
        case proof::ReceiptProofError::kNotAscending:
        case proof::ReceiptProofError::kOutOfRange:
            return ProofError::kLogIndex;
        default:
            return ProofError::kReceipt;
    }
}

/// The keys that sign after `header`.
Result<std::vector<bn254::G1>, ProofError> next_keys(const ClientState& state, const Extra& extra,
                                                     std::vector<bn254::G1> keys) {
    if (keys.size() != state.validators || root_of_keys(keys) != state.key_root) {
        return std::unexpected(ProofError::kKeys);
    }
    if (extra.removed.bit_length() > keys.size()) return std::unexpected(ProofError::kBitmapOutOfRange);
    if (extra.added_g1_keys.size() != extra.added_g2_keys.size() ||
        extra.added_g1_keys.size() != extra.added_addresses.size()) {
        return std::unexpected(ProofError::kValidatorLists);
    }
    std::vector<bn254::G1> next;
    for (unsigned i = 0; i < keys.size(); ++i) {
        if (!extra.removed.bit(i)) next.push_back(keys[i]);
    }
    for (const FixedBytes<64>& added : extra.added_g1_keys) {
        const auto key = bn254::decode_g1(added);
        if (!key || key->is_infinity()) return std::unexpected(ProofError::kValidatorKey);
        next.push_back(*key);
    }
    if (next.empty() || next.size() > kValidatorsMax) return std::unexpected(ProofError::kValidatorCount);
    return next;
}

}  // namespace

std::string_view to_string(ProofError error) noexcept {
    switch (error) {
        case ProofError::kAbi:
            return "proof is not abi-encoded";
        case ProofError::kHeader:
            return "header of the proof is malformed";
        case ProofError::kOutsideEpoch:
            return "block outside the client's epoch";
        case ProofError::kProposerSeal:
            return "proposer seal is not the coinbase's";
        case ProofError::kBitmapOutOfRange:
            return "seal bitmap longer than the validator set";
        case ProofError::kQuorum:
            return "too few validators signed";
        case ProofError::kAbsentKeys:
            return "keys of absent validators are not proven";
        case ProofError::kRound:
            return "round too large";
        case ProofError::kPoint:
            return "key or signature is no point";
        case ProofError::kHint:
            return "hint of the hash to the curve does not hold";
        case ProofError::kSeal:
            return "aggregated seal does not verify";
        case ProofError::kReceipt:
            return "receipt is not proven";
        case ProofError::kLogIndex:
            return "log indexes out of order or range";
        case ProofError::kEpochSkipped:
            return "update by a block that does not end the client's epoch";
        case ProofError::kKeys:
            return "keys are not those of the active validators";
        case ProofError::kValidatorLists:
            return "lists of added validators differ in length";
        case ProofError::kValidatorKey:
            return "key of an added validator is no point";
        case ProofError::kValidatorCount:
            return "validator set out of bounds";
    }
    return "unknown proof error";
}

Hash32 key_root(const std::vector<Validator>& validators) { return root_of_keys(g1_keys_of(validators)); }

ClientState make_client_state(const TrustedState& state) {
    ClientState out{state.epoch_length,
                    state.last_epoch_block,
                    static_cast<std::uint32_t>(state.validators.size()),
                    key_root(state.validators),
                    {},
                    state.last_epoch_block.value};
    for (const Validator& validator : state.validators)
        out.key_sum = bn254::add(out.key_sum, validator.g1_key);
    return out;
}

Bytes encode_proof(const TrustedState& state, const Header& header,
                   const std::vector<ReceiptProof>& receipts) {
    std::vector<AbiValue> list;
    for (const ReceiptProof& receipt : receipts) list.push_back(proof::to_abi(receipt));
    return codec::encode_abi(
        {AbiValue::tuple({AbiValue::bytes(encode_header(header, Seals::kProposer)), seal_value(state, header),
                          AbiValue::array(std::move(list))})});
}

Bytes encode_update(const TrustedState& state, const Header& header) {
    std::vector<AbiValue> keys;
    for (const Validator& validator : state.validators)
        keys.push_back(numbers({validator.g1_key.x, validator.g1_key.y}));
    return codec::encode_abi(
        {AbiValue::tuple({AbiValue::bytes(encode_header(header, Seals::kProposer)), seal_value(state, header),
                          AbiValue::array(std::move(keys))})});
}

Bytes encode_state(const ClientState& state) {
    return codec::encode_abi({AbiValue::number(state.epoch_length),
                              AbiValue::number(state.last_epoch_block.value),
                              AbiValue::number(state.validators), AbiValue::word(state.key_root),
                              numbers({state.key_sum.x, state.key_sum.y}), AbiValue::number(state.height)});
}

Result<ClientState, ProofError> decode_state(BytesView bytes) {
    static const std::vector<codec::AbiType> types =
        codec::parse_abi_types("uint64,uint64,uint32,bytes32,uint256[2],uint64").value();
    const auto values = codec::decode_abi(types, bytes);
    if (!values) return std::unexpected(ProofError::kAbi);
    const auto& fields = *values;
    const ClientState state{fields[0].as_u64(),
                            BlockNumber{fields[1].as_u64()},
                            static_cast<std::uint32_t>(fields[2].as_u64()),
                            fields[3].as_word(),
                            g1_of(fields[4]),
                            fields[5].as_u64()};
    if (state.epoch_length == 0 || state.validators == 0 || state.validators > kValidatorsMax) {
        return std::unexpected(ProofError::kAbi);
    }
    return state;
}

bool is_canonical_proof(BytesView bytes) {
    const auto proof = codec::decode_abi(proof_type(), bytes);
    if (!proof) return false;
    const auto header = read_header((*proof)[0]);
    if (!header) return false;
    const SealFields seal = read_seal((*proof)[1]);
    const auto point = bn254::hash_to_g1(seal_message(block_hash(*header), seal.round));
    if (!point) return false;
    for (std::size_t i = 0; i < seal.hints.size(); ++i) {
        if (seal.hints[i].inverse != point->bases[i].inverse ||
            seal.hints[i].roots != point->bases[i].roots) {
            return false;
        }
    }
    return true;
}

Result<VerifiedProof, ProofError> verify_proof(const ClientState& state, BytesView bytes) {
    const auto proof = codec::decode_abi(proof_type(), bytes);
    if (!proof) return std::unexpected(ProofError::kAbi);
    TRY(const Header header, read_header((*proof)[0]));
    if (header.number <= state.last_epoch_block ||
        header.number.value - state.last_epoch_block.value > state.epoch_length) {
        return std::unexpected(ProofError::kOutsideEpoch);
    }
    VerifiedProof out;
    out.number = header.number;
    TRY_VOID(verify_seal(state, read_seal((*proof)[1]), block_hash(header), out.signers));
    std::vector<ReceiptProof> receipts;
    for (std::size_t i = 0; i < (*proof)[2].size(); ++i) receipts.push_back(proof::from_abi((*proof)[2][i]));
    auto logs = proof::verify_receipts(header.receipts_root, receipts);
    if (!logs) return std::unexpected(to_proof_error(logs.error()));
    out.logs = *std::move(logs);
    return out;
}

Result<ClientState, ProofError> apply_update(const ClientState& state, BytesView bytes) {
    const auto update = codec::decode_abi(update_type(), bytes);
    if (!update) return std::unexpected(ProofError::kAbi);
    TRY(const Header header, read_header((*update)[0]));
    if (header.number <= state.last_epoch_block) return state;
    if (header.number.value - state.last_epoch_block.value != state.epoch_length) {
        return std::unexpected(ProofError::kEpochSkipped);
    }
    std::size_t signers = 0;
    TRY_VOID(verify_seal(state, read_seal((*update)[1]), block_hash(header), signers));
    std::vector<bn254::G1> keys;
    for (std::size_t i = 0; i < (*update)[2].size(); ++i) keys.push_back(g1_of((*update)[2][i]));
    TRY(keys, next_keys(state, header.extra, std::move(keys)));
    ClientState next{
        state.epoch_length, header.number, static_cast<std::uint32_t>(keys.size()), root_of_keys(keys), {},
        header.number.value};
    for (const bn254::G1& key : keys) next.key_sum = bn254::add(next.key_sum, key);
    return next;
}

}  // namespace butter::mapo
