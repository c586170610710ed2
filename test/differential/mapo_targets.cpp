// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>

#include "butter/base/assert.hpp"
#include "butter/crypto/bn254.hpp"
#include "butter/crypto/keccak.hpp"
#include "chains/mapo/header.hpp"
#include "chains/mapo/proof.hpp"
#include "chains/mapo/sealer.hpp"
#include "test/differential/log_value.hpp"
#include "test/differential/mutate.hpp"
#include "test/differential/target.hpp"

namespace butter::differential {
namespace {

namespace bn254 = crypto::bn254;

constexpr std::uint64_t kEpochLength = 20;
constexpr std::uint64_t kCheckpoint = 40;
/// Sets of one, of powers of two and of others.
constexpr std::size_t kSetSizes[] = {1, 4, 7, 16};
constexpr std::size_t kExtraItem = 10;
constexpr std::size_t kSealItem = 4;  // of the Istanbul extra

struct Client {
    std::vector<mapo::DevnetValidator> validators;
    mapo::TrustedState trusted;
    mapo::ClientState state;
};

Client make_client(std::size_t size, std::uint64_t first) {
    Client client{{}, {kEpochLength, BlockNumber{kCheckpoint}, {}}, {}};
    for (std::size_t i = 0; i < size; ++i) {
        client.validators.push_back(mapo::make_devnet_validator(first + i));
        client.trusted.validators.push_back(client.validators.back().validator);
    }
    client.state = mapo::make_client_state(client.trusted);
    return client;
}

const std::vector<Client>& clients() {
    static const std::vector<Client> all = [] {
        std::vector<Client> out;
        for (std::size_t size : kSetSizes) out.push_back(make_client(size, 100 * out.size()));
        return out;
    }();
    return all;
}

const Client* find_client(const AbiValue& number) {
    const Uint256 index = number.as_uint256();
    return index < Uint256{clients().size()} ? &clients()[index.limbs[0]] : nullptr;
}

/// Whether `header`'s bytes are those whose hash is the block's, with the seal of its coinbase: what
/// `AtlasHeader.decode` checks.
Outcome evaluate_header(BytesView bytes) {
    const auto header = mapo::decode_header(bytes);
    if (!header || header->extra.aggregated_seal != mapo::AggregatedSeal{} ||
        mapo::find_proposer(*header) != header->coinbase) {
        return std::nullopt;
    }
    const auto content = [](const auto& list) {
        Bytes all;
        for (const auto& entry : list) append(all, entry);
        return AbiValue::word(crypto::keccak256(all));
    };
    return hash_of_values({AbiValue::word(mapo::block_hash(*header)), AbiValue::address(header->coinbase),
                           AbiValue::word(header->receipts_root), AbiValue::number(header->number.value),
                           AbiValue::number(header->extra.removed), content(header->extra.added_addresses),
                           content(header->extra.added_g2_keys), content(header->extra.added_g1_keys)});
}

mapo::Header random_header(const Client& client, std::uint64_t number, const Hash32& receipts_root,
                           Random& random) {
    mapo::Header header;
    header.parent_hash = random.fixed<32>();
    header.coinbase = random.pick(client.validators).validator.address;
    header.state_root = random.fixed<32>();
    header.receipts_root = receipts_root;
    header.number = BlockNumber{number};
    header.gas_limit = random.next() >> random.below(64);
    header.gas_used = random.next() >> random.below(64);
    header.timestamp = UnixSeconds{random.next() >> random.below(64)};
    header.base_fee = Uint256{random.next() >> random.below(64)};
    header.extra.vanity = random.fixed<32>();
    if (random.one_in(2)) {
        header.extra.parent_aggregated_seal = {Uint256{random.next()}, random.bytes(64),
                                               Uint256{random.below(3)}};
    }
    if (random.one_in(3)) {
        for (std::uint64_t i = 1 + random.below(3); i > 0; --i) {
            const mapo::Validator added = mapo::make_devnet_validator(random.below(20)).validator;
            header.extra.added_addresses.push_back(added.address);
            header.extra.added_g1_keys.push_back(bn254::encode_g1(added.g1_key));
            header.extra.added_g2_keys.push_back(bn254::encode_g2(added.g2_key));
        }
        if (random.one_in(8)) header.extra.added_g1_keys.back() = random.fixed<64>();
        if (random.one_in(8)) header.extra.added_g1_keys.back() = {};
        if (random.one_in(8)) header.extra.added_addresses.pop_back();
    }
    if (random.one_in(3))
        header.extra.removed = Uint256{random.below(std::uint64_t{2} << client.validators.size())};
    return header;
}

/// The header's bytes after faults in its structure, sealed after them by its coinbase, so that it is the
/// faults that decide.
Bytes sealed_header(const Client& client, const mapo::Header& header, bool has_faults, Random& random) {
    RlpTree tree = read_rlp_tree(mapo::encode_header(header, mapo::Seals::kNone));
    const Bytes extra = tree.items[kExtraItem].payload;
    RlpTree istanbul = read_rlp_tree(BytesView(extra).subspan(mapo::kVanityBytes));
    Bytes vanity = to_bytes(BytesView(extra).first(mapo::kVanityBytes));
    if (has_faults) {
        if (random.one_in(2)) {
            mutate_rlp(istanbul, random);
        } else {
            mutate_rlp(tree, random);
        }
        if (random.one_in(20)) mutate_bytes(vanity, random);
    }
    const bool has_extra = tree.is_list && tree.items.size() > kExtraItem && !tree.items[kExtraItem].is_list;
    const bool has_seal = has_extra && istanbul.is_list && istanbul.items.size() > kSealItem;
    const auto write = [&](BytesView seal) {
        if (has_seal) istanbul.items[kSealItem].payload = to_bytes(seal);
        if (has_extra && tree.items[kExtraItem].payload == extra) {
            RlpTree whole = tree;
            whole.items[kExtraItem].payload = concat({vanity, write_rlp_tree(istanbul)});
            return write_rlp_tree(whole);
        }
        return write_rlp_tree(tree);
    };
    const Hash32 digest = crypto::keccak256(crypto::keccak256(write({})));
    const auto proposer = std::find_if(
        client.validators.begin(), client.validators.end(),
        [&](const mapo::DevnetValidator& entry) { return entry.validator.address == header.coinbase; });
    const auto seal = crypto::sign(digest, proposer->ecdsa_key);
    BUTTER_ASSERT(seal.has_value());
    Bytes bytes = concat({seal->r, seal->s, BytesView(&seal->recovery_id, 1)});
    if (random.one_in(30)) mutate_bytes(bytes, random);
    return write(bytes);
}

std::uint64_t random_number(Random& random) {
    if (random.one_in(10)) return random.next() >> random.below(64);
    return kCheckpoint + random.below(kEpochLength + 3);
}

/// The seal of a block with the hash `hash`, as proofs carry it, and the siblings of those that are absent.
mapo::Proof random_seal(const Client& client, const Hash32& hash, Random& random) {
    const std::size_t count = client.validators.size();
    std::vector<std::size_t> signers(count);
    std::iota(signers.begin(), signers.end(), 0);
    // One more than may be absent, at times.
    for (std::size_t absent = random.below(count / 3 + 2); absent > 0 && signers.size() > 1; --absent) {
        signers.erase(signers.begin() + static_cast<std::ptrdiff_t>(random.below(signers.size())));
    }
    const std::uint64_t rounds[] = {0, 0, 0, 1, 255, 256, 65535, 65536, mapo::kRoundMax};
    const std::uint64_t round = random.pick(std::span(rounds));

    // A block sealed as the devnet does it gives all but what depends on the hash.
    mapo::Header model;
    mapo::seal_header(model, client.validators, 0, signers, round);
    mapo::Proof proof = mapo::decode_proof(mapo::encode_proof(client.trusted, model, {}), count).value();

    const auto point = bn254::hash_to_g1(mapo::seal_message(hash, Uint256{round}));
    BUTTER_ASSERT(point.has_value());
    Uint256 secret;
    for (std::size_t signer : signers) {
        secret = divide(secret + client.validators[signer].bls_secret, bn254::group_order()).remainder;
    }
    proof.seal.signature = bn254::multiply(point->point, secret);
    for (std::size_t i = 0; i < proof.seal.hints.size(); ++i) {
        const bn254::BasePoint& base = point->bases[i];
        mapo::Hint& hint = proof.seal.hints[i];
        hint = {base.inverse, {base.roots.begin(), base.roots.end()}};
        for (Uint256& root : hint.roots) {
            // The other root of a pair serves as well, and so does an unreduced one.
            if (random.one_in(6)) root = bn254::field_modulus() - root;
            if (random.one_in(10)) root = root + bn254::field_modulus();
        }
    }
    return proof;
}

Uint256 mutated_word(const Uint256& word, Random& random) {
    Bytes bytes = to_bytes(to_big_endian(word));
    mutate_bytes(bytes, random);
    bytes.resize(32);
    return *from_big_endian(bytes);
}

void mutate_hash(Hash32& hash, Random& random) { hash[random.below(Hash32::kSize)] ^= 1U << random.below(8); }

/// A fault in one of the seal's fields.
void mutate_seal(mapo::ProofSeal& seal, Random& random) {
    mapo::Hint& hint = seal.hints[random.below(2)];
    switch (random.below(9)) {
        case 0:
            seal.round = static_cast<std::uint32_t>(random.below(mapo::kRoundMax + 1));
            break;
        case 1:
            seal.signature.y = mutated_word(seal.signature.y, random);
            break;
        case 2:
            seal.aggregate_key.x_re = mutated_word(seal.aggregate_key.x_re, random);
            break;
        case 3:
            hint.inverse = mutated_word(hint.inverse, random);
            break;
        case 4:
            if (random.one_in(2))
                hint.roots.push_back(hint.roots[0]);
            else
                hint.roots.pop_back();
            break;
        case 5:
            seal.key_sum = random.one_in(2) ? bn254::g1_generator() : bn254::negate(seal.key_sum);
            break;
        case 6:
            seal.absent.push_back({static_cast<std::uint8_t>(random.below(20)), bn254::g1_generator()});
            break;
        case 7:
            if (!seal.absent.empty()) seal.absent.pop_back();
            break;
        default:
            if (seal.absent.empty()) break;
            mapo::AbsentKey& entry = seal.absent[random.below(seal.absent.size())];
            if (random.one_in(2))
                entry.index = static_cast<std::uint8_t>(random.below(20));
            else
                entry.key.y = mutated_word(entry.key.y, random);
    }
}

Values generate_header(Random& random) {
    const Client& client = random.pick(clients());
    const mapo::Header header = random_header(client, random_number(random), random.fixed<32>(), random);
    Bytes encoded = sealed_header(client, header, !random.one_in(4), random);
    if (random.one_in(8)) mutate_bytes(encoded, random);
    return {AbiValue::bytes(encoded)};
}

Values generate_proof(Random& random) {
    const std::uint64_t index = random.below(clients().size());
    const Client& client = clients()[index];
    const ProvenLogs logs = random_receipts(random);
    const mapo::Header header = random_header(client, random_number(random), logs.root, random);
    const Bytes encoded = sealed_header(client, header, random.one_in(4), random);
    mapo::Proof proof = random_seal(client, crypto::keccak256(encoded), random);
    proof.header = encoded;
    for (std::size_t i = 0; i < logs.proofs.size(); ++i) {
        proof.receipts.push_back(proof::from_abi(logs.proofs[i]));
    }
    if (random.one_in(3)) {
        switch (random.below(3)) {
            case 0:
                mutate_hash(proof.siblings[random.below(proof.siblings.size())], random);
                break;
            case 1:
                proof.siblings.pop_back();
                break;
            default:
                mutate_seal(proof.seal, random);
        }
    }
    Bytes bytes = mapo::encode_proof(proof);
    if (random.one_in(3)) mutate_bytes(bytes, random);
    return {AbiValue::number(index), AbiValue::bytes(bytes)};
}

Values generate_update(Random& random) {
    const std::uint64_t index = random.below(clients().size());
    const Client& client = clients()[index];
    const std::uint64_t number = random.one_in(5) ? random_number(random) : kCheckpoint + kEpochLength;
    const mapo::Header header = random_header(client, number, random.fixed<32>(), random);
    const Bytes encoded = sealed_header(client, header, random.one_in(4), random);
    mapo::Update update{encoded, random_seal(client, crypto::keccak256(encoded), random).seal, {}, {}};
    for (unsigned i = 0; i < client.validators.size(); ++i) {
        const bn254::G1& key = client.validators[i].validator.g1_key;
        update.leaves.push_back(crypto::keccak256(bn254::encode_g1(key)));
        if (header.extra.removed.bit(i)) update.removed.push_back(key);
    }
    if (random.one_in(3)) {
        switch (random.below(4)) {
            case 0:
                mutate_hash(update.leaves[random.below(update.leaves.size())], random);
                break;
            case 1:
                update.leaves.pop_back();
                break;
            case 2:
                update.removed.push_back(bn254::g1_generator());
                break;
            default:
                mutate_seal(update.seal, random);
        }
    }
    Bytes bytes = mapo::encode_update(update);
    if (random.one_in(3)) mutate_bytes(bytes, random);
    return {AbiValue::number(index), AbiValue::bytes(bytes)};
}

}  // namespace

void add_mapo_targets(std::vector<Target>& targets, Setup& setup) {
    for (const Client& client : clients()) {
        std::vector<AbiValue> keys;
        for (const mapo::DevnetValidator& entry : client.validators) {
            const bn254::G1& key = entry.validator.g1_key;
            keys.push_back(AbiValue::tuple({AbiValue::number(key.x), AbiValue::number(key.y)}));
        }
        setup.calls.push_back(
            codec::encode_call("addMapoClient(uint64,uint64,uint256[2][])",
                               {AbiValue::number(kEpochLength), AbiValue::number(kCheckpoint),
                                AbiValue::array(std::move(keys))}));
    }
    targets.push_back(
        {.signature = "atlasHeader(bytes)",
         .weight = 6,
         .generate = generate_header,
         .evaluate = [](const Values& in, Values&) { return evaluate_header(in[0].as_bytes()); }});
    targets.push_back({.signature = "mapoProof(uint256,bytes)",
                       .weight = 2,
                       .generate = generate_proof,
                       .evaluate = [](const Values& in, Values&) -> Outcome {
                           const Client* client = find_client(in[0]);
                           if (client == nullptr) return std::nullopt;
                           const auto proof = mapo::verify_proof(client->state, in[1].as_bytes());
                           if (!proof) return std::nullopt;
                           return hash_of_values({value_of_logs(proof->logs)});
                       }});
    targets.push_back({.signature = "mapoUpdate(uint256,bytes)",
                       .weight = 1,
                       .generate = generate_update,
                       .evaluate = [](const Values& in, Values&) -> Outcome {
                           const Client* client = find_client(in[0]);
                           if (client == nullptr) return std::nullopt;
                           const auto state = mapo::apply_update(client->state, in[1].as_bytes());
                           if (!state) return std::nullopt;
                           return crypto::keccak256(mapo::encode_state(*state));
                       }});
}

}  // namespace butter::differential
