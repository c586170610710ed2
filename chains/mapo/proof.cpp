// SPDX-License-Identifier: Apache-2.0
#include "chains/mapo/proof.hpp"

#include <utility>

#include "butter/base/assert.hpp"
#include "butter/codec/abi.hpp"
#include "butter/crypto/keccak.hpp"
#include "butter/proof/packed.hpp"

namespace butter::mapo {
namespace {

namespace bn254 = crypto::bn254;
using codec::AbiValue;
using proof::PackedReader;

constexpr std::size_t kHeaderLengthBytes = 2;
constexpr std::size_t kHeaderBytesMax = 0xffff;
/// Absent ones and roots have one byte for their number.
constexpr std::size_t kPackedListMax = 255;

// ---- the key tree
// ------------------------------------------------------------------------------------------------

constexpr std::uint8_t kNodeTag = 1;

Hash32 key_leaf(const bn254::G1& key) { return crypto::keccak256(bn254::encode_g1(key)); }
Hash32 key_node(const Hash32& left, const Hash32& right) {
    return crypto::keccak256(concat({BytesView(&kNodeTag, 1), left, right}));
}

std::size_t leaves_of(std::size_t count) noexcept {
    std::size_t size = 1;
    while (size < count) size *= 2;
    return size;
}

/// All levels, leaves first; the places left over are zero.
std::vector<std::vector<Hash32>> tree_of(std::vector<Hash32> leaves) {
    leaves.resize(leaves_of(leaves.size()));
    std::vector<std::vector<Hash32>> levels{std::move(leaves)};
    while (levels.back().size() > 1) {
        const std::vector<Hash32>& below = levels.back();
        std::vector<Hash32> level(below.size() / 2);
        for (std::size_t i = 0; i < level.size(); ++i) level[i] = key_node(below[2 * i], below[2 * i + 1]);
        levels.push_back(std::move(level));
    }
    return levels;
}

struct PlacedNode {
    std::size_t position = 0;
    Hash32 hash;
};

/// The root of the tree over `count` leaves from some of them, ascending. `sibling(level, position)` is asked
/// for each partner that is not known, level by level from left to right; with none to begin with, for the
/// root.
template <class Sibling>
Hash32 fold_tree(std::size_t count, std::vector<PlacedNode> nodes, Sibling sibling) {
    std::size_t height = 0;
    while (std::size_t{1} << height < count) ++height;
    if (nodes.empty()) return sibling(height, std::size_t{0});
    for (std::size_t level = 0; level < height; ++level) {
        std::size_t written = 0;
        for (std::size_t i = 0; i < nodes.size(); ++i) {
            const PlacedNode node = nodes[i];
            Hash32 parent;
            if (i + 1 < nodes.size() && nodes[i + 1].position == (node.position | 1)) {
                parent = key_node(node.hash, nodes[++i].hash);
            } else {
                const Hash32 partner = sibling(level, node.position ^ 1);
                parent = node.position % 2 == 0 ? key_node(node.hash, partner) : key_node(partner, node.hash);
            }
            nodes[written++] = {node.position / 2, parent};
        }
        nodes.resize(written);
    }
    return nodes[0].hash;
}

Hash32 hash_of_set(const Hash32& root, const bn254::G1& sum) {
    return crypto::keccak256(concat({root, bn254::encode_g1(sum)}));
}

std::vector<Hash32> leaves_of_keys(const std::vector<Validator>& validators) {
    std::vector<Hash32> leaves;
    for (const Validator& validator : validators) leaves.push_back(key_leaf(validator.g1_key));
    return leaves;
}

bn254::G1 sum_of_keys(const std::vector<Validator>& validators) {
    bn254::G1 sum;
    for (const Validator& validator : validators) sum = bn254::add(sum, validator.g1_key);
    return sum;
}

std::vector<PlacedNode> absent_nodes(const ProofSeal& seal) {
    std::vector<PlacedNode> nodes;
    for (const AbsentKey& entry : seal.absent) nodes.push_back({entry.index, key_leaf(entry.key)});
    return nodes;
}

// ---- writing
// -----------------------------------------------------------------------------------------------------

void append_header(Bytes& out, BytesView header) {
    BUTTER_ASSERT(header.size() <= kHeaderBytesMax);
    proof::append_number(out, header.size(), kHeaderLengthBytes);
    append(out, header);
}

void append_seal(Bytes& out, const ProofSeal& seal) {
    BUTTER_ASSERT(seal.round <= kRoundMax);
    BUTTER_ASSERT(seal.absent.size() <= kPackedListMax);
    proof::append_number(out, seal.round, 3);
    append(out, bn254::encode_g1(seal.signature));
    append(out, bn254::encode_g2(seal.aggregate_key));
    for (const Hint& hint : seal.hints) {
        BUTTER_ASSERT(hint.roots.size() <= kPackedListMax);
        append(out, to_big_endian(hint.inverse));
        proof::append_number(out, hint.roots.size(), 1);
        for (const Uint256& root : hint.roots) append(out, to_big_endian(root));
    }
    append(out, bn254::encode_g1(seal.key_sum));
    proof::append_number(out, seal.absent.size(), 1);
    for (const AbsentKey& entry : seal.absent) {
        out.push_back(entry.index);
        append(out, bn254::encode_g1(entry.key));
    }
}

/// The header must have passed `verify_header`, so the points and the hash exist.
ProofSeal make_seal(const TrustedState& state, const Header& header) {
    const AggregatedSeal& from = header.extra.aggregated_seal;
    const BytesView signature(from.signature);
    ProofSeal seal;
    seal.round = static_cast<std::uint32_t>(from.round.limbs[0]);
    seal.signature = {*from_big_endian(signature.first(32)), *from_big_endian(signature.subspan(32))};
    seal.key_sum = sum_of_keys(state.validators);
    for (unsigned i = 0; i < state.validators.size(); ++i) {
        const Validator& validator = state.validators[i];
        if (from.bitmap.bit(i)) {
            seal.aggregate_key = bn254::add(seal.aggregate_key, validator.g2_key);
        } else {
            seal.absent.push_back({static_cast<std::uint8_t>(i), validator.g1_key});
        }
    }
    const auto hash = bn254::hash_to_g1(seal_message(block_hash(header), from.round));
    for (std::size_t i = 0; i < seal.hints.size(); ++i) {
        const bn254::BasePoint& base = hash->bases[i];
        seal.hints[i] = {base.inverse, {base.roots.begin(), base.roots.end()}};
    }
    return seal;
}

// ---- reading
// -----------------------------------------------------------------------------------------------------

bn254::G1 read_g1(PackedReader& reader) {
    const Uint256 x = from_big_endian(reader.take(32)).value_or(Uint256{});
    const Uint256 y = from_big_endian(reader.take(32)).value_or(Uint256{});
    return {x, y};
}

Uint256 read_word(PackedReader& reader) { return from_big_endian(reader.take(32)).value_or(Uint256{}); }

std::vector<Hash32> read_hashes(PackedReader& reader, std::size_t count) {
    std::vector<Hash32> out;
    for (; count > 0 && !reader.has_failed(); --count) {
        const BytesView hash = reader.take(Hash32::kSize);
        if (!reader.has_failed()) out.push_back(to_fixed<Hash32::kSize>(hash));
    }
    return out;
}

Bytes read_header_bytes(PackedReader& reader) {
    return to_bytes(reader.take(static_cast<std::size_t>(reader.number(kHeaderLengthBytes))));
}

ProofSeal read_seal(PackedReader& reader) {
    ProofSeal seal;
    seal.round = static_cast<std::uint32_t>(reader.number(3));
    seal.signature = read_g1(reader);
    seal.aggregate_key.x_im = read_word(reader);
    seal.aggregate_key.x_re = read_word(reader);
    seal.aggregate_key.y_im = read_word(reader);
    seal.aggregate_key.y_re = read_word(reader);
    for (Hint& hint : seal.hints) {
        hint.inverse = read_word(reader);
        for (std::uint64_t left = reader.number(1); left > 0; --left) hint.roots.push_back(read_word(reader));
    }
    seal.key_sum = read_g1(reader);
    for (std::uint64_t left = reader.number(1); left > 0; --left) {
        const auto index = static_cast<std::uint8_t>(reader.number(1));
        seal.absent.push_back({index, read_g1(reader)});
    }
    return seal;
}

bool is_ascending_below(const std::vector<AbsentKey>& absent, std::size_t count) {
    for (std::size_t i = 0; i < absent.size(); ++i) {
        if (absent[i].index >= count || (i > 0 && absent[i].index <= absent[i - 1].index)) return false;
    }
    return true;
}

std::size_t count_siblings(const ProofSeal& seal, std::size_t validators) {
    std::size_t count = 0;
    fold_tree(validators, absent_nodes(seal), [&](std::size_t, std::size_t) {
        ++count;
        return Hash32{};
    });
    return count;
}

// ---- verification
// ------------------------------------------------------------------------------------------------

/// Hints are taken as the contract takes them: any root that satisfies the check will do.
bool is_hint_valid(const Hint& hint, const bn254::BasePoint& base) {
    // The contract reduces modulo the field; so an unreduced hint stands for its residue.
    if (divide(hint.inverse, bn254::field_modulus()).remainder != base.inverse) return false;
    if (hint.roots.size() != base.roots.size()) return false;
    for (std::size_t i = 0; i < hint.roots.size(); ++i) {
        const Uint256 root = divide(hint.roots[i], bn254::field_modulus()).remainder;
        if (root != base.roots[i] && root != bn254::field_modulus() - base.roots[i]) return false;
    }
    return true;
}

/// The seal of a block with the hash `hash`, whose claims about the set hold.
Result<void, ProofError> verify_seal(const ProofSeal& seal, const Hash32& hash) {
    bn254::G1 signers = seal.key_sum;
    for (const AbsentKey& entry : seal.absent) {
        if (!bn254::validate(entry.key) || entry.key.is_infinity())
            return std::unexpected(ProofError::kPoint);
        signers = bn254::add(signers, bn254::negate(entry.key));
    }
    if (!bn254::validate(seal.signature) || !bn254::validate(seal.aggregate_key) ||
        seal.signature.is_infinity() || seal.aggregate_key.is_infinity() || signers.is_infinity()) {
        return std::unexpected(ProofError::kPoint);
    }
    const auto point = bn254::hash_to_g1(seal_message(hash, Uint256{seal.round}));
    if (!point || !is_hint_valid(seal.hints[0], point->bases[0]) ||
        !is_hint_valid(seal.hints[1], point->bases[1])) {
        return std::unexpected(ProofError::kHint);
    }
    // The key is the signers' sum, and the signature the key's: the contract folds both into one equation.
    if (!bn254::verify_signature(signers, bn254::g1_generator(), seal.aggregate_key) ||
        !bn254::verify_signature(seal.signature, point->point, seal.aggregate_key)) {
        return std::unexpected(ProofError::kSeal);
    }
    return {};
}

Result<void, ProofError> check_quorum(const ClientState& state, const ProofSeal& seal) {
    if (seal.absent.size() + quorum(state.validators) > state.validators)
        return std::unexpected(ProofError::kQuorum);
    return {};
}

/// The header of a proof or update, its proposer's seal checked.
Result<Header, ProofError> read_header(BytesView bytes) {
    auto header = decode_header(bytes);
    if (!header || header->extra.aggregated_seal != AggregatedSeal{})
        return std::unexpected(ProofError::kHeader);
    if (find_proposer(*header) != header->coinbase) return std::unexpected(ProofError::kProposerSeal);
    return *std::move(header);
}

/// The number where every header has it, behind a list prefix of three bytes and fields of fixed size.
std::optional<std::uint64_t> peek_number(BytesView header) {
    constexpr std::size_t kNumberAt = 3 + 33 + 21 + 3 * 33 + 259;
    constexpr std::uint8_t kStringPrefix = 0x80;
    if (header.size() <= kNumberAt) return std::nullopt;
    const std::uint8_t first = header[kNumberAt];
    if (first == 0) return std::nullopt;
    if (first < kStringPrefix) return first;
    const std::size_t size = first - kStringPrefix;
    const BytesView rest = header.subspan(kNumberAt + 1);
    if (size > 8 || size > rest.size()) return std::nullopt;
    if (size > 0 && rest[0] == 0) return std::nullopt;
    if (size == 1 && rest[0] < kStringPrefix) return std::nullopt;
    return load_u64(rest.first(size));
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

/// The set that follows: leaves and sum.
struct NextSet {
    std::vector<Hash32> leaves;
    bn254::G1 sum;
};
Result<NextSet, ProofError> next_set(const Update& update, const Extra& extra) {
    if (extra.removed.bit_length() > update.leaves.size())
        return std::unexpected(ProofError::kRemovedOutOfRange);
    if (extra.added_g1_keys.size() != extra.added_g2_keys.size() ||
        extra.added_g1_keys.size() != extra.added_addresses.size()) {
        return std::unexpected(ProofError::kValidatorLists);
    }
    NextSet next{{}, update.seal.key_sum};
    std::size_t used = 0;
    for (unsigned i = 0; i < update.leaves.size(); ++i) {
        if (!extra.removed.bit(i)) {
            next.leaves.push_back(update.leaves[i]);
            continue;
        }
        if (used == update.removed.size()) return std::unexpected(ProofError::kEncoding);
        const bn254::G1& key = update.removed[used++];
        if (key_leaf(key) != update.leaves[i]) return std::unexpected(ProofError::kRemovedKey);
        next.sum = bn254::add(next.sum, bn254::negate(key));
    }
    if (used != update.removed.size()) return std::unexpected(ProofError::kEncoding);
    for (const FixedBytes<64>& added : extra.added_g1_keys) {
        const auto key = bn254::decode_g1(added);
        if (!key || key->is_infinity()) return std::unexpected(ProofError::kValidatorKey);
        next.leaves.push_back(key_leaf(*key));
        next.sum = bn254::add(next.sum, *key);
    }
    if (next.leaves.empty() || next.leaves.size() > kValidatorsMax)
        return std::unexpected(ProofError::kValidatorCount);
    return next;
}

}  // namespace

std::string_view to_string(ProofError error) noexcept {
    switch (error) {
        case ProofError::kEncoding:
            return "bytes end early or late";
        case ProofError::kHeader:
            return "header of the proof is malformed";
        case ProofError::kOutsideEpoch:
            return "block outside the client's epoch";
        case ProofError::kProposerSeal:
            return "proposer seal is not the coinbase's";
        case ProofError::kRemovedOutOfRange:
            return "removes validators beyond the set";
        case ProofError::kQuorum:
            return "too few validators signed";
        case ProofError::kAbsentKeys:
            return "absent validators out of order or beyond the set";
        case ProofError::kSetNotProven:
            return "keys are not those of the active validators";
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
        case ProofError::kRemovedKey:
            return "key of a removed validator is not the one in the set";
        case ProofError::kValidatorLists:
            return "lists of added validators differ in length";
        case ProofError::kValidatorKey:
            return "key of an added validator is no point";
        case ProofError::kValidatorCount:
            return "validator set out of bounds";
    }
    return "unknown proof error";
}

Hash32 set_hash(const std::vector<Validator>& validators) {
    return hash_of_set(tree_of(leaves_of_keys(validators)).back()[0], sum_of_keys(validators));
}

ClientState make_client_state(const TrustedState& state) {
    return {state.epoch_length, state.last_epoch_block, static_cast<std::uint32_t>(state.validators.size()),
            set_hash(state.validators), state.last_epoch_block.value};
}

Bytes encode_proof(const Proof& proof) {
    Bytes out;
    append_header(out, proof.header);
    append_seal(out, proof.seal);
    for (const Hash32& sibling : proof.siblings) append(out, sibling);
    append(out, proof::encode_packed(proof.receipts));
    return out;
}

Bytes encode_update(const Update& update) {
    Bytes out;
    append_header(out, update.header);
    append_seal(out, update.seal);
    for (const Hash32& leaf : update.leaves) append(out, leaf);
    for (const bn254::G1& key : update.removed) append(out, bn254::encode_g1(key));
    return out;
}

Bytes encode_proof(const TrustedState& state, const Header& header,
                   const std::vector<ReceiptProof>& receipts) {
    Proof proof{encode_header(header, Seals::kProposer), make_seal(state, header), {}, receipts};
    const auto tree = tree_of(leaves_of_keys(state.validators));
    fold_tree(state.validators.size(), absent_nodes(proof.seal),
              [&](std::size_t level, std::size_t position) {
                  proof.siblings.push_back(tree[level][position]);
                  return proof.siblings.back();
              });
    return encode_proof(proof);
}

Bytes encode_update(const TrustedState& state, const Header& header) {
    Update update{encode_header(header, Seals::kProposer),
                  make_seal(state, header),
                  leaves_of_keys(state.validators),
                  {}};
    for (unsigned i = 0; i < state.validators.size(); ++i) {
        if (header.extra.removed.bit(i)) update.removed.push_back(state.validators[i].g1_key);
    }
    return encode_update(update);
}

Bytes encode_state(const ClientState& state) {
    return codec::encode_abi(
        {AbiValue::number(state.epoch_length), AbiValue::number(state.last_epoch_block.value),
         AbiValue::number(state.validators), AbiValue::word(state.set_hash), AbiValue::number(state.height)});
}

Result<ClientState, ProofError> decode_state(BytesView bytes) {
    static const std::vector<codec::AbiType> types =
        codec::parse_abi_types("uint64,uint64,uint32,bytes32,uint64").value();
    const auto values = codec::decode_abi(types, bytes);
    if (!values) return std::unexpected(ProofError::kEncoding);
    const auto& fields = *values;
    const ClientState state{fields[0].as_u64(), BlockNumber{fields[1].as_u64()},
                            static_cast<std::uint32_t>(fields[2].as_u64()), fields[3].as_word(),
                            fields[4].as_u64()};
    if (state.epoch_length == 0 || state.validators == 0 || state.validators > kValidatorsMax) {
        return std::unexpected(ProofError::kEncoding);
    }
    return state;
}

Result<Proof, ProofError> decode_proof(BytesView bytes, std::size_t validators) {
    PackedReader reader(bytes);
    Proof proof;
    proof.header = read_header_bytes(reader);
    proof.seal = read_seal(reader);
    if (reader.has_failed()) return std::unexpected(ProofError::kEncoding);
    if (!is_ascending_below(proof.seal.absent, validators)) return std::unexpected(ProofError::kAbsentKeys);
    proof.siblings = read_hashes(reader, count_siblings(proof.seal, validators));
    auto receipts = proof::decode_packed(reader.rest());
    if (reader.has_failed() || !receipts) return std::unexpected(ProofError::kEncoding);
    proof.receipts = *std::move(receipts);
    return proof;
}

Result<Update, ProofError> decode_update(BytesView bytes, std::size_t validators) {
    PackedReader reader(bytes);
    Update update;
    update.header = read_header_bytes(reader);
    update.seal = read_seal(reader);
    update.leaves = read_hashes(reader, validators);
    while (!reader.is_done() && !reader.has_failed()) update.removed.push_back(read_g1(reader));
    if (reader.has_failed()) return std::unexpected(ProofError::kEncoding);
    if (!is_ascending_below(update.seal.absent, validators)) return std::unexpected(ProofError::kAbsentKeys);
    return update;
}

bool is_canonical_proof(BytesView bytes) {
    PackedReader reader(bytes);
    const auto header = read_header(read_header_bytes(reader));
    const ProofSeal seal = read_seal(reader);
    if (!header || reader.has_failed()) return false;
    const auto point = bn254::hash_to_g1(seal_message(block_hash(*header), Uint256{seal.round}));
    if (!point) return false;
    for (std::size_t i = 0; i < seal.hints.size(); ++i) {
        const bn254::BasePoint& base = point->bases[i];
        if (seal.hints[i] != Hint{base.inverse, {base.roots.begin(), base.roots.end()}}) return false;
    }
    return true;
}

Result<VerifiedProof, ProofError> verify_proof(const ClientState& state, BytesView bytes) {
    TRY(const Proof proof, decode_proof(bytes, state.validators));
    TRY(const Header header, read_header(proof.header));
    if (header.number <= state.last_epoch_block ||
        header.number.value - state.last_epoch_block.value > state.epoch_length) {
        return std::unexpected(ProofError::kOutsideEpoch);
    }
    TRY_VOID(check_quorum(state, proof.seal));
    auto sibling = proof.siblings.begin();
    const Hash32 root = fold_tree(state.validators, absent_nodes(proof.seal),
                                  [&](std::size_t, std::size_t) { return *sibling++; });
    if (hash_of_set(root, proof.seal.key_sum) != state.set_hash)
        return std::unexpected(ProofError::kSetNotProven);
    TRY_VOID(verify_seal(proof.seal, block_hash(header)));
    auto logs = proof::verify_receipts(header.receipts_root, proof.receipts);
    if (!logs) return std::unexpected(to_proof_error(logs.error()));
    return VerifiedProof{*std::move(logs), header.number, state.validators - proof.seal.absent.size()};
}

Result<ClientState, ProofError> apply_update(const ClientState& state, BytesView bytes) {
    PackedReader reader(bytes);
    const auto number = peek_number(read_header_bytes(reader));
    if (reader.has_failed()) return std::unexpected(ProofError::kEncoding);
    if (!number) return std::unexpected(ProofError::kHeader);
    if (*number <= state.last_epoch_block.value) return state;

    TRY(const Update update, decode_update(bytes, state.validators));
    TRY(const Header header, read_header(update.header));
    if (header.number.value - state.last_epoch_block.value != state.epoch_length) {
        return std::unexpected(ProofError::kEpochSkipped);
    }
    TRY_VOID(check_quorum(state, update.seal));
    if (hash_of_set(tree_of(update.leaves).back()[0], update.seal.key_sum) != state.set_hash)
        return std::unexpected(ProofError::kSetNotProven);
    for (const AbsentKey& entry : update.seal.absent) {
        if (key_leaf(entry.key) != update.leaves[entry.index])
            return std::unexpected(ProofError::kSetNotProven);
    }
    TRY_VOID(verify_seal(update.seal, block_hash(header)));
    TRY(NextSet next, next_set(update, header.extra));
    const auto count = static_cast<std::uint32_t>(next.leaves.size());
    return ClientState{state.epoch_length, header.number, count,
                       hash_of_set(tree_of(std::move(next.leaves)).back()[0], next.sum), header.number.value};
}

}  // namespace butter::mapo
