// SPDX-License-Identifier: Apache-2.0
#include "chains/mapo/proof.hpp"

#include <array>

#include "butter/codec/abi.hpp"
#include "butter/crypto/keccak.hpp"
#include "butter/trie/trie.hpp"

namespace butter::mapo {
namespace {

namespace bn254 = crypto::bn254;
using codec::AbiReader;
using codec::AbiValue;

Hash32 key_leaf(const bn254::G1& key) { return crypto::keccak256(bn254::encode_g1(key)); }
Hash32 key_node(const Hash32& left, const Hash32& right) { return crypto::keccak256(concat({left, right})); }

std::size_t leaves_of(std::size_t count) noexcept {
    std::size_t size = 1;
    while (size < count) size *= 2;
    return size;
}

/// All levels of the key tree, leaves first.
std::vector<std::vector<Hash32>> key_tree(const std::vector<Validator>& validators) {
    std::vector<std::vector<Hash32>> levels(1, std::vector<Hash32>(leaves_of(validators.size())));
    for (std::size_t i = 0; i < validators.size(); ++i) levels[0][i] = key_leaf(validators[i].g1_key);
    while (levels.back().size() > 1) {
        const std::vector<Hash32>& below = levels.back();
        std::vector<Hash32> level(below.size() / 2);
        for (std::size_t i = 0; i < level.size(); ++i) level[i] = key_node(below[2 * i], below[2 * i + 1]);
        levels.push_back(std::move(level));
    }
    return levels;
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
    const auto tree = key_tree(state.validators);
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

template <std::size_t N>
Result<std::array<Uint256, N>, codec::AbiError> read_numbers(AbiReader& reader) {
    std::array<Uint256, N> out;
    for (Uint256& value : out) {
        TRY(value, reader.next_uint256());
    }
    return out;
}

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
struct ProofFields {
    Bytes header;
    SealFields seal;
    std::vector<ReceiptProof> receipts;
};

Result<Hint, codec::AbiError> read_hint(AbiReader& reader) {
    TRY(AbiReader fields, reader.next_tuple());
    Hint hint;
    TRY(hint.inverse, fields.next_uint256());
    TRY(auto roots, fields.next_array(32));
    for (std::size_t i = 0; i < roots.count; ++i) {
        TRY(const Uint256 root, roots.elements.next_uint256());
        hint.roots.push_back(root);
    }
    return hint;
}

Result<SealFields, codec::AbiError> read_seal(AbiReader fields) {
    SealFields seal;
    TRY(seal.bitmap, fields.next_uint256());
    TRY(const auto signature, read_numbers<2>(fields));
    seal.signature = {signature[0], signature[1]};
    TRY(seal.round, fields.next_uint256());
    TRY(const auto key, read_numbers<4>(fields));
    seal.aggregate_key = {key[0], key[1], key[2], key[3]};
    TRY(AbiReader hints, fields.next_tuple());
    for (Hint& hint : seal.hints) {
        TRY(hint, read_hint(hints));
    }
    TRY(auto absent, fields.next_array(32));
    for (std::size_t i = 0; i < absent.count; ++i) {
        TRY(AbiReader entry, absent.elements.next_tuple());
        TRY(const auto coordinates, read_numbers<2>(entry));
        AbsentKey out{{coordinates[0], coordinates[1]}, {}};
        TRY(auto branch, entry.next_array(32));
        for (std::size_t level = 0; level < branch.count; ++level) {
            TRY(const Hash32 sibling, branch.elements.next_word());
            out.branch.push_back(sibling);
        }
        seal.absent.push_back(std::move(out));
    }
    return seal;
}

Result<ReceiptProof, codec::AbiError> read_receipt(AbiReader fields) {
    ReceiptProof receipt;
    TRY(receipt.transaction_index, fields.next_uint(64));
    TRY(auto nodes, fields.next_array(32));
    for (std::size_t i = 0; i < nodes.count; ++i) {
        TRY(const BytesView node, nodes.elements.next_bytes());
        receipt.nodes.push_back(to_bytes(node));
    }
    TRY(auto indexes, fields.next_array(32));
    for (std::size_t i = 0; i < indexes.count; ++i) {
        TRY(const std::uint64_t index, indexes.elements.next_uint(16));
        receipt.log_indexes.push_back(static_cast<std::uint16_t>(index));
    }
    return receipt;
}

Result<ProofFields, codec::AbiError> read_proof(BytesView bytes) {
    AbiReader outer(bytes);
    TRY(AbiReader fields, outer.next_tuple());
    ProofFields proof;
    TRY(const BytesView header, fields.next_bytes());
    proof.header = to_bytes(header);
    TRY(AbiReader seal, fields.next_tuple());
    TRY(proof.seal, read_seal(seal));
    TRY(auto receipts, fields.next_array(32));
    for (std::size_t i = 0; i < receipts.count; ++i) {
        TRY(AbiReader entry, receipts.elements.next_tuple());
        TRY(ReceiptProof receipt, read_receipt(entry));
        proof.receipts.push_back(std::move(receipt));
    }
    return proof;
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

Result<void, ProofError> take_logs(const Hash32& receipts_root, const ReceiptProof& proof,
                                   std::vector<eth::Log>& logs) {
    const auto value =
        trie::verify_proof(receipts_root, trie::list_key(proof.transaction_index), proof.nodes);
    if (!value) return std::unexpected(ProofError::kReceipt);
    const auto receipt = eth::decode_receipt(*value);
    if (!receipt || !receipt->is_success) return std::unexpected(ProofError::kReceipt);
    if (proof.log_indexes.empty()) return std::unexpected(ProofError::kLogIndex);
    for (std::size_t i = 0; i < proof.log_indexes.size(); ++i) {
        const std::uint16_t index = proof.log_indexes[i];
        if ((i != 0 && index <= proof.log_indexes[i - 1]) || index >= receipt->logs.size()) {
            return std::unexpected(ProofError::kLogIndex);
        }
        logs.push_back(receipt->logs[index]);
    }
    return {};
}

AbiValue receipt_value(const ReceiptProof& receipt) {
    std::vector<AbiValue> nodes;
    for (const Bytes& node : receipt.nodes) nodes.push_back(AbiValue::bytes(node));
    std::vector<AbiValue> indexes;
    for (std::uint16_t index : receipt.log_indexes) indexes.push_back(AbiValue::number(index));
    return AbiValue::tuple({AbiValue::number(receipt.transaction_index), AbiValue::array(std::move(nodes)),
                            AbiValue::array(std::move(indexes))});
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
    }
    return "unknown proof error";
}

Hash32 key_root(const std::vector<Validator>& validators) { return key_tree(validators).back()[0]; }

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
    for (const ReceiptProof& receipt : receipts) list.push_back(receipt_value(receipt));
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
    const auto read = [&]() -> Result<ClientState, codec::AbiError> {
        AbiReader reader(bytes);
        ClientState state;
        TRY(state.epoch_length, reader.next_uint(64));
        TRY(const std::uint64_t last, reader.next_uint(64));
        state.last_epoch_block = BlockNumber{last};
        TRY(const std::uint64_t validators, reader.next_uint(32));
        state.validators = static_cast<std::uint32_t>(validators);
        TRY(state.key_root, reader.next_word());
        TRY(const auto sum, read_numbers<2>(reader));
        state.key_sum = {sum[0], sum[1]};
        TRY(state.height, reader.next_uint(64));
        return state;
    };
    const auto state = read();
    if (!state || state->epoch_length == 0 || state->validators == 0 || state->validators > kValidatorsMax) {
        return std::unexpected(ProofError::kAbi);
    }
    return *state;
}

bool is_canonical_proof(BytesView bytes) {
    static const auto type = codec::parse_abi_type(
        "(bytes,(uint256,uint256[2],uint256,uint256[4],(uint256,uint256[])[2],(uint256[2],bytes32[])[]),"
        "(uint64,bytes[],uint16[])[])");
    if (!codec::decode_abi(*type, bytes)) return false;
    const auto proof = read_proof(bytes);
    const auto header = proof ? decode_header(proof->header) : std::unexpected(HeaderError::kRlp);
    if (!header) return false;
    const auto point = bn254::hash_to_g1(seal_message(block_hash(*header), proof->seal.round));
    if (!point) return false;
    for (std::size_t i = 0; i < proof->seal.hints.size(); ++i) {
        if (proof->seal.hints[i].inverse != point->bases[i].inverse ||
            proof->seal.hints[i].roots != point->bases[i].roots) {
            return false;
        }
    }
    return true;
}

Result<VerifiedProof, ProofError> verify_proof(const ClientState& state, BytesView bytes) {
    const auto proof = read_proof(bytes);
    if (!proof) return std::unexpected(ProofError::kAbi);
    const auto header = decode_header(proof->header);
    if (!header || header->extra.aggregated_seal != AggregatedSeal{})
        return std::unexpected(ProofError::kHeader);
    if (header->number <= state.last_epoch_block ||
        header->number.value > state.last_epoch_block.value + state.epoch_length) {
        return std::unexpected(ProofError::kOutsideEpoch);
    }
    if (find_proposer(*header) != header->coinbase) return std::unexpected(ProofError::kProposerSeal);
    VerifiedProof out;
    out.number = header->number;
    TRY_VOID(verify_seal(state, proof->seal, block_hash(*header), out.signers));
    if (proof->receipts.empty()) return std::unexpected(ProofError::kReceipt);
    for (const ReceiptProof& receipt : proof->receipts)
        TRY_VOID(take_logs(header->receipts_root, receipt, out.logs));
    return out;
}

}  // namespace butter::mapo
