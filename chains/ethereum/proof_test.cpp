// SPDX-License-Identifier: Apache-2.0
#include "chains/ethereum/proof.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <map>

#include "butter/base/assert.hpp"
#include "butter/base/hex.hpp"
#include "butter/codec/abi.hpp"
#include "butter/codec/rlp.hpp"
#include "butter/crypto/keccak.hpp"
#include "butter/eth/header.hpp"
#include "butter/trie/trie.hpp"
#include "chains/ethereum/light_client.hpp"
#include "chains/ethereum/sample_chain_test.hpp"
#include "chains/ethereum/vectors_test.hpp"
#include "test/json/vectors.hpp"

namespace butter::ethereum {
namespace {

using codec::AbiValue;
using test::bytes_of;
using test::hash_of;
using test::read_vectors;
using test::text_of;
using test::u64_of;
using namespace test_vectors;

// ---- real updates
// ------------------------------------------------------------------------------------------------

struct RealUpdate {
    std::string path;
    BeaconNetwork network;
    Update update;
    SyncCommittee committee;
};

/// The updates with execution whose committee the set has.
std::vector<RealUpdate> real_updates(std::string_view set) {
    const BeaconNetwork network = read_network(set);
    const rpc::Json expected = read_vectors(std::string(set) + "/expected.json");
    std::vector<RealUpdate> out;
    for (const std::string& path : object_paths(set)) {
        const rpc::Json& facts = expected.at(path);
        if (facts.at("signedBy").is_null()) continue;
        const UpdateKind kind = kind_of(text_of(facts.at("kind")));
        const auto update = decode_update_json(network, read_part(set, path + "#/data"), kind);
        if (!update->finalized || !update->finalized->execution) continue;
        out.push_back(
            {path, network, *update, read_committee(network, read_part(set, text_of(facts.at("signedBy"))))});
    }
    return out;
}

/// A client in the period of the signature's committee, which has seen nothing of it.
Client client_before(const BeaconNetwork& network, const Update& update, const Hash32& committee_root) {
    const std::uint64_t period = network.period_of(update.signature_slot);
    BUTTER_ASSERT(period > 0);
    return make_client({.finalized_slot = Slot{(period - 1) * network.slots_per_period()},
                        .finalized_block_hash = Hash32{{1}},
                        .period = period - 1,
                        .committee_root = Hash32{{2}},
                        .next_committee_root = committee_root},
                       network.slots_per_period());
}

void expect_accepted(const RealUpdate& real) {
    SCOPED_TRACE(real.path);
    const BeaconNetwork& network = real.network;
    const Client client = client_before(network, real.update, root_of(real.committee));
    const Bytes encoded = encode_sync_update(network, real.update, real.committee);
    const auto applied = apply_sync_update(network, client, encoded);
    ASSERT_TRUE(applied.has_value()) << to_string(applied.error());
    EXPECT_EQ(applied->participants, real.update.aggregate.bits.count());
    const ClientState& state = applied->client.state;
    const LightClientHeader& finalized = *real.update.finalized;
    EXPECT_EQ(state.finalized_slot, finalized.beacon.slot);
    EXPECT_EQ(state.finalized_block_hash, finalized.execution->block_hash);
    EXPECT_EQ(state.period, network.period_of(finalized.beacon.slot));
    if (state.period == network.period_of(real.update.signature_slot)) {
        EXPECT_EQ(state.committee_root, root_of(real.committee));
        EXPECT_EQ(state.next_committee_root,
                  real.update.next_committee ? root_of(*real.update.next_committee) : Hash32{});
    } else {
        // Final in the period before: the signers are its next committee, and theirs is not final.
        EXPECT_EQ(state.committee_root, client.state.committee_root);
        EXPECT_EQ(state.next_committee_root, root_of(real.committee));
    }
    EXPECT_EQ(applied->client.finalized_blocks.at(finalized.beacon.slot), finalized.execution->block_hash);
    // A second time it is known, whatever else it says.
    const auto again = apply_sync_update(network, applied->client, encoded);
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->client, applied->client);
    EXPECT_EQ(again->participants, 0u);
    // Its state is what a client that knows nothing older shows.
    EXPECT_EQ(decode_state(encode_state(state)), state);
    EXPECT_EQ(make_client(state, network.slots_per_period()).state, state);
}

TEST(ethereum_proof, real_updates_are_accepted) {
    std::size_t count = 0;
    for (const char* set : {"lc_mainnet", "lc_sepolia"}) {
        for (const RealUpdate& real : real_updates(set)) {
            expect_accepted(real);
            ++count;
        }
    }
    EXPECT_EQ(count, 23u);
}

// ---- mutations of the encoding
// -------------------------------------------------------------------------------------

constexpr std::size_t kSignatureSlot = 0;
constexpr std::size_t kAttestedSlot = 8;
constexpr std::size_t kAttestedProposer = 16;
constexpr std::size_t kFinalizedSlot = 24;
constexpr std::size_t kFinalizedProposer = 32;
constexpr std::size_t kAttestedParent = 40;
constexpr std::size_t kAttestedBody = 72;
constexpr std::size_t kFinalizedParent = 104;
constexpr std::size_t kFinalizedState = 136;
constexpr std::size_t kBlockHash = 168;
constexpr std::size_t kNextCommittee = 200;
constexpr std::size_t kParticipation = 232;
constexpr std::size_t kSignature = 296;
constexpr std::size_t kSignatureBytes = 192;
constexpr std::size_t kAggregateKey = 488;
constexpr std::size_t kHeadBytes = 584;
constexpr std::size_t kKeyBytes = 96;

/// An encoded update with the places of its parts, to be changed.
struct Parts {
    Bytes bytes;
    std::size_t execution_branch = kHeadBytes;
    std::size_t finality_branch = 0;
    std::size_t next_branch = 0;
    std::size_t absent_keys = 0;
    std::size_t key_nodes = 0;

    Parts(const RealUpdate& real, BytesView encoded) : bytes(to_bytes(encoded)) {
        const auto depth = [](std::uint64_t gindex) {
            return static_cast<std::size_t>(std::bit_width(gindex)) - 1;
        };
        const Fork& attested = real.network.fork_at(real.update.attested.beacon.slot);
        const Fork& finalized = real.network.fork_at(real.update.finalized->beacon.slot);
        const bool has_next = real.update.next_committee.has_value();
        finality_branch = execution_branch + 32 * depth(block_hash_gindex(finalized));
        next_branch = finality_branch + 32 * depth(attested.finalized_root_gindex);
        absent_keys = next_branch + (has_next ? 32 * depth(attested.next_committee_gindex) : 0);
        key_nodes =
            absent_keys + kKeyBytes * (real.network.committee_size - real.update.aggregate.bits.count());
    }

    void flip(std::size_t at) { bytes.at(at) ^= 1; }
    void set_u64(std::size_t at, std::uint64_t value) {
        for (std::size_t i = 0; i < 8; ++i)
            bytes.at(at + i) = static_cast<std::uint8_t>(value >> (56 - 8 * i));
    }
    void fill(std::size_t at, std::size_t size) { put(at, Bytes(size)); }
    void put(std::size_t at, BytesView value) {
        BUTTER_ASSERT(at + value.size() <= bytes.size());
        std::copy(value.begin(), value.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
    }
    void flip_bit(std::size_t member) {
        bytes.at(kParticipation + member / 256 * 32 + 31 - member % 256 / 8) ^=
            static_cast<std::uint8_t>(1u << (member % 8));
    }
    void insert(std::size_t at, std::size_t size) {
        bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), size, std::uint8_t{0});
    }
    void remove(std::size_t at, std::size_t size) {
        const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(at);
        bytes.erase(begin, begin + static_cast<std::ptrdiff_t>(size));
    }
    Bytes key(std::size_t at) const { return to_bytes(BytesView(bytes).subspan(at, kKeyBytes)); }
};

/// With the other y, so with another root.
Bytes negated(const Bytes& key) {
    FixedBytes<128> padded;
    std::copy_n(key.begin(), 48, padded.begin() + 16);
    std::copy_n(key.begin() + 48, 48, padded.begin() + 80);
    auto compressed = bls::encode_public_key(bls::decode_eip2537_key(padded).value());
    compressed[0] ^= 0x20;
    const auto other = bls::encode_eip2537(bls::decode_public_key(compressed).value());
    Bytes out = to_bytes(BytesView(other).subspan(16, 48));
    append(out, BytesView(other).subspan(80, 48));
    return out;
}

struct Mutation {
    const char* name;
    ProofError error;
    std::function<void(Parts&)> change;
};

/// Every part changed on its own. `absent` is the number of absent members, at least one.
std::vector<Mutation> mutations(const RealUpdate& real, std::size_t absent) {
    const std::uint64_t attested = real.update.attested.beacon.slot.value;
    const std::uint64_t period = real.network.slots_per_period();
    const bool has_next = real.update.next_committee.has_value();
    // What leads to another state than the next committee's branch is seen at once, else by the signature.
    const ProofError state_error = has_next ? ProofError::kNextCommittee : ProofError::kSignature;
    const std::size_t last_key = kKeyBytes * (absent - 1);
    const auto flip = [](std::size_t at) { return [=](Parts& p) { p.flip(at); }; };
    std::vector<Mutation> out{
        {"attested slot at the signature's", ProofError::kSlotOrder,
         [=](Parts& p) { p.set_u64(kAttestedSlot, attested + 1); }},
        {"attested slot below the finalised", ProofError::kSlotOrder,
         [=](Parts& p) { p.set_u64(kAttestedSlot, attested - 1000); }},
        {"attested slot", ProofError::kSignature, [=](Parts& p) { p.set_u64(kAttestedSlot, attested - 1); }},
        {"attested proposer", ProofError::kSignature, flip(kAttestedProposer + 7)},
        {"attested parent", ProofError::kSignature, flip(kAttestedParent)},
        {"attested body", ProofError::kSignature, flip(kAttestedBody)},
        {"finalised slot", state_error, flip(kFinalizedSlot + 7)},
        {"finalised proposer", state_error, flip(kFinalizedProposer + 7)},
        {"finalised parent", state_error, flip(kFinalizedParent)},
        {"finalised state", state_error, flip(kFinalizedState)},
        {"block hash", state_error, flip(kBlockHash)},
        {"execution branch", state_error, [](Parts& p) { p.flip(p.execution_branch + 96); }},
        {"finality branch", state_error, [](Parts& p) { p.flip(p.finality_branch); }},
        {"signature slot at the attested", ProofError::kSlotOrder,
         [=](Parts& p) { p.set_u64(kSignatureSlot, attested); }},
        {"signature slot of an unknown committee", ProofError::kCommitteeUnknown,
         [=](Parts& p) { p.set_u64(kSignatureSlot, attested + period + 1); }},
        {"signature at infinity", ProofError::kPoint, [](Parts& p) { p.fill(kSignature, kSignatureBytes); }},
        {"signature off the curve", ProofError::kPoint, flip(kSignature + kSignatureBytes - 1)},
        {"signature of something else", ProofError::kSignature,
         [](Parts& p) {
             const auto other = bls::sign(bls::derive_secret_key(Bytes(32, 7)), Hash32{});
             const auto padded = bls::encode_eip2537(*other).value();
             for (std::size_t i = 0; i < 4; ++i) {
                 p.put(kSignature + 48 * i, BytesView(padded).subspan(64 * i + 16, 48));
             }
         }},
        {"aggregate key at infinity", ProofError::kPoint, [](Parts& p) { p.fill(kAggregateKey, kKeyBytes); }},
        {"aggregate key negated", ProofError::kCommittee,
         [](Parts& p) { p.put(kAggregateKey, negated(p.key(kAggregateKey))); }},
        {"aggregate key off the curve", ProofError::kPoint, flip(kAggregateKey + kKeyBytes - 1)},
        {"aggregate key with a flag", ProofError::kPoint, [](Parts& p) { p.bytes[kAggregateKey] ^= 0x80; }},
        {"absent key negated", ProofError::kCommittee,
         [=](Parts& p) { p.put(p.absent_keys + last_key, negated(p.key(p.absent_keys + last_key))); }},
        {"absent key off the curve", ProofError::kPoint,
         [=](Parts& p) { p.flip(p.absent_keys + last_key + kKeyBytes - 1); }},
        {"absent key at infinity", ProofError::kPoint, [](Parts& p) { p.fill(p.absent_keys, kKeyBytes); }},
        {"absent key that is the sum", ProofError::kCommittee,
         [](Parts& p) { p.put(p.absent_keys, p.key(kAggregateKey)); }},
        {"first key node", ProofError::kCommittee, [](Parts& p) { p.flip(p.key_nodes); }},
        {"last key node", ProofError::kCommittee, [](Parts& p) { p.flip(p.bytes.size() - 1); }},
        {"key node left out", ProofError::kUpdateLength, [](Parts& p) { p.remove(p.key_nodes, 32); }},
        {"key node too many", ProofError::kUpdateLength, [](Parts& p) { p.insert(p.key_nodes, 32); }},
        {"a byte too many", ProofError::kUpdateLength, [](Parts& p) { p.insert(p.bytes.size(), 1); }},
    };
    if (!has_next) return out;
    out.push_back({"execution branch too short", ProofError::kNextCommittee,
                   [](Parts& p) { p.remove(p.execution_branch, 32); }});
    out.push_back({"finality branch too long", ProofError::kNextCommittee,
                   [](Parts& p) { p.insert(p.finality_branch, 32); }});
    out.push_back({"next committee", ProofError::kNextCommittee, flip(kNextCommittee)});
    out.push_back(
        {"next committee branch", ProofError::kNextCommittee, [](Parts& p) { p.flip(p.next_branch + 32); }});
    return out;
}

TEST(ethereum_proof, every_part_of_a_real_update_counts) {
    std::size_t updates = 0;
    for (const RealUpdate& real : real_updates("lc_mainnet")) {
        const std::size_t absent = 512 - real.update.aggregate.bits.count();
        if (absent == 0) continue;
        const Client client = client_before(real.network, real.update, root_of(real.committee));
        const Bytes encoded = encode_sync_update(real.network, real.update, real.committee);
        for (const Mutation& mutation : mutations(real, absent)) {
            Parts parts(real, encoded);
            mutation.change(parts);
            const auto applied = apply_sync_update(real.network, client, parts.bytes);
            ASSERT_FALSE(applied.has_value()) << real.path << ": " << mutation.name;
            EXPECT_EQ(applied.error(), mutation.error)
                << real.path << ": " << mutation.name << ": " << to_string(applied.error());
        }
        ++updates;
    }
    EXPECT_GE(updates, 8u);
}

TEST(ethereum_proof, networks_and_committees_count) {
    const RealUpdate real = real_updates("lc_mainnet").back();
    const Client client = client_before(real.network, real.update, root_of(real.committee));
    const Bytes encoded = encode_sync_update(real.network, real.update, real.committee);
    const auto error = [&](const BeaconNetwork& network, const Client& from) {
        const auto applied = apply_sync_update(network, from, encoded);
        BUTTER_ASSERT(!applied.has_value());
        return applied.error();
    };
    BeaconNetwork network = real.network;
    network.genesis_validators_root = {};
    EXPECT_EQ(error(network, client), ProofError::kSignature);
    network = real.network;
    for (Fork& fork : network.forks) fork.version[3] ^= 1;
    EXPECT_EQ(error(network, client), ProofError::kSignature);
    network = real.network;
    for (Fork& fork : network.forks) fork.execution_layout = ExecutionLayout::kNone;
    EXPECT_EQ(error(network, client), ProofError::kExecution);
    network = real.network;
    for (Fork& fork : network.forks) ++fork.finalized_root_gindex;
    EXPECT_EQ(error(network, client), ProofError::kNextCommittee);
    network = real.network;
    for (Fork& fork : network.forks) fork.finalized_root_gindex = 0;
    EXPECT_EQ(error(network, client), ProofError::kExecution);
    Client other = client_before(real.network, real.update, Hash32{{3}});
    EXPECT_EQ(error(real.network, other), ProofError::kCommittee);
    other = client;
    other.committees.erase(real.network.period_of(real.update.signature_slot));
    EXPECT_EQ(error(real.network, other), ProofError::kCommitteeUnknown);
    // Far behind, and far ahead.
    other = client;
    other.state.finalized_slot.value -= real.network.slots_per_period();
    EXPECT_EQ(error(real.network, other), ProofError::kCommitteeUnknown);
    other.state.finalized_slot.value += 5 * real.network.slots_per_period();
    EXPECT_EQ(apply_sync_update(real.network, other, encoded)->participants, 0u);
}

TEST(ethereum_proof, updates_of_another_length_are_refused) {
    const RealUpdate real = real_updates("lc_mainnet").back();
    const Client client = client_before(real.network, real.update, root_of(real.committee));
    const Bytes encoded = encode_sync_update(real.network, real.update, real.committee);
    for (std::size_t size = 0; size < encoded.size(); size += 8) {
        const auto applied = apply_sync_update(real.network, client, BytesView(encoded).first(size));
        ASSERT_FALSE(applied.has_value());
        EXPECT_EQ(applied.error(), ProofError::kUpdateLength) << size;
    }
}

TEST(ethereum_proof, bits_say_whose_keys_follow) {
    const std::vector<RealUpdate> all = real_updates("lc_mainnet");
    const auto partial = std::find_if(all.begin(), all.end(), [](const RealUpdate& one) {
        const codec::SszBits& bits = one.update.aggregate.bits;
        return bits.count() < one.network.committee_size;
    });
    ASSERT_NE(partial, all.end());
    const RealUpdate& real = *partial;
    const Client client = client_before(real.network, real.update, root_of(real.committee));
    const Bytes encoded = encode_sync_update(real.network, real.update, real.committee);
    std::size_t present = 0;
    while (!real.update.aggregate.bits[present]) ++present;
    std::size_t absent = 0;
    while (real.update.aggregate.bits[absent]) ++absent;
    const auto flipped = [&](std::initializer_list<std::size_t> members) {
        Parts parts(real, encoded);
        for (const std::size_t member : members) parts.flip_bit(member);
        return apply_sync_update(real.network, client, parts.bytes).has_value();
    };
    EXPECT_TRUE(flipped({}));
    EXPECT_FALSE(flipped({present})) << "a key too few";
    EXPECT_FALSE(flipped({absent})) << "a key too many";
    EXPECT_FALSE(flipped({present, absent})) << "another's key";
}

// ---- a chain made for it
// ----------------------------------------------------------------------------------------------

/// Sixteen slots a period, eight members. The client is final at slot 65 (Fulu) in period 4.
class EthereumProofChain : public testing::Test {
  protected:
    BeaconNetwork network = test_chain::make_network();
    Client client = make_client({.finalized_slot = Slot{65},
                                 .finalized_block_hash = Hash32{{1}},
                                 .period = 4,
                                 .committee_root = committee_root(4),
                                 .next_committee_root = {}},
                                16);

    Hash32 committee_root(std::uint64_t period) const {
        return root_of(test_chain::make_committee(network, period));
    }
    Bytes encode(const Update& update) const {
        return encode_sync_update(
            network, update, test_chain::make_committee(network, network.period_of(update.signature_slot)));
    }
    Update make(std::uint64_t finalized, std::uint64_t attested, std::uint64_t signature) const {
        return test_chain::make_update(
            network,
            {.attested = Slot{attested}, .finalized = Slot{finalized}, .signature = Slot{signature}});
    }
    Result<AppliedUpdate, ProofError> apply(const Update& update) const {
        return apply_sync_update(network, client, encode(update));
    }
};

TEST_F(EthereumProofChain, two_thirds_sign) {
    Update update = make(68, 72, 73);
    for (std::size_t participants = 1; participants <= 8; ++participants) {
        test_chain::sign(network, update, participants);
        const auto applied = apply(update);
        if (participants < 6) {
            EXPECT_EQ(applied.error(), ProofError::kParticipation) << participants;
        } else {
            EXPECT_EQ(applied->participants, participants);
        }
    }
}

TEST_F(EthereumProofChain, bits_end_with_the_committee) {
    for (std::size_t bit : {8u, 9u, 255u, 256u, 511u}) {
        Bytes update = encode(make(68, 72, 73));
        update[kParticipation + bit / 256 * 32 + 31 - bit % 256 / 8] |=
            static_cast<std::uint8_t>(1u << (bit % 8));
        EXPECT_EQ(apply_sync_update(network, client, update).error(), ProofError::kBits) << bit;
    }
}

TEST_F(EthereumProofChain, aggregate_key_off_the_curve_with_everybody_there) {
    Bytes update = encode(make(68, 72, 73));
    update[kAggregateKey + kKeyBytes - 1] ^= 1;
    EXPECT_EQ(apply_sync_update(network, client, update).error(), ProofError::kPoint);
}

TEST_F(EthereumProofChain, only_contradictions_are_misbehaviour) {
    const auto made = [&](std::uint64_t finalized, bool is_finality_rival, bool is_next_rival,
                          std::size_t participants = 8) {
        return encode(test_chain::make_update(network, {.attested = Slot{72},
                                                        .finalized = Slot{finalized},
                                                        .signature = Slot{73},
                                                        .participants = participants,
                                                        .is_finality_rival = is_finality_rival,
                                                        .is_next_rival = is_next_rival}));
    };
    const auto judge = [&](const Bytes& first, const Bytes& second) {
        return verify_misbehaviour(network, client, first, second);
    };
    const Bytes honest = made(68, false, false);
    EXPECT_TRUE(judge(honest, made(68, true, false)).has_value());
    EXPECT_TRUE(judge(made(68, true, false), honest).has_value());
    EXPECT_TRUE(judge(honest, made(69, false, true)).has_value());
    EXPECT_EQ(judge(honest, honest).error(), ProofError::kNoMisbehaviour);
    EXPECT_EQ(judge(honest, made(69, false, false)).error(), ProofError::kNoMisbehaviour);
    EXPECT_EQ(judge(honest, made(68, true, false, 5)).error(), ProofError::kParticipation);
    EXPECT_EQ(judge(honest, Bytes(583)).error(), ProofError::kUpdateLength);
    EXPECT_EQ(judge({}, honest).error(), ProofError::kUpdateLength);
    Bytes unsigned_rival = made(68, true, false);
    unsigned_rival[kAttestedBody] ^= 1;
    EXPECT_EQ(judge(honest, unsigned_rival).error(), ProofError::kSignature);
    // By keys of before.
    client.state.finalized_slot = Slot{81};
    EXPECT_EQ(judge(honest, made(68, true, false)).error(), ProofError::kCommitteeUnknown);
}

TEST_F(EthereumProofChain, learns_the_next_committee_once_and_rotates) {
    const auto first = apply(make(68, 72, 73));
    ASSERT_TRUE(first.has_value());
    EXPECT_EQ(first->client.state.next_committee_root, committee_root(5));
    client = first->client;
    // Attested in the next period, final in this one: its committee after next is not final.
    const auto second = apply(make(76, 84, 85));
    ASSERT_TRUE(second.has_value()) << to_string(second.error());
    EXPECT_EQ(second->client.state.period, 4u);
    EXPECT_FALSE(second->client.committees.contains(6));
    client = second->client;
    const auto third = apply(make(84, 88, 89));
    ASSERT_TRUE(third.has_value());
    EXPECT_EQ(third->client.state,
              (ClientState{Slot{84}, test_chain::make_header(network, Slot{84}).execution->block_hash, 5,
                           committee_root(5), committee_root(6)}));
    client = third->client;
    EXPECT_EQ(client.finalized_blocks.size(), 4u);
    // Of the period before: known.
    EXPECT_EQ(apply(make(78, 79, 80))->participants, 0u);
    // Older committees stay in the client but sign no more.
    Update stale = make(85, 90, 91);
    stale.signature_slot = Slot{79};
    stale.attested.beacon.slot = Slot{78};
    stale.finalized->beacon.slot = Slot{85};
    EXPECT_EQ(apply(stale).error(), ProofError::kSlotOrder);
}

TEST_F(EthereumProofChain, learns_the_next_committee_without_newer_finality) {
    client.state.finalized_slot = Slot{68};
    const auto applied = apply(make(68, 72, 73));
    ASSERT_TRUE(applied.has_value());
    EXPECT_EQ(applied->participants, 8u);
    EXPECT_EQ(applied->client.state.finalized_block_hash, client.state.finalized_block_hash);
    EXPECT_EQ(applied->client.state.next_committee_root, committee_root(5));
    EXPECT_EQ(applied->client.finalized_blocks, client.finalized_blocks);
}

TEST_F(EthereumProofChain, a_known_next_committee_is_not_contradicted) {
    client.committees[5] = committee_root(9);
    EXPECT_EQ(apply(make(68, 72, 73)).error(), ProofError::kNextCommittee);
    client.committees[5] = committee_root(5);
    EXPECT_TRUE(apply(make(68, 72, 73)).has_value());
}

TEST_F(EthereumProofChain, updates_without_a_next_committee_finalise) {
    const Update update = test_chain::make_update(
        network,
        {.attested = Slot{72}, .finalized = Slot{68}, .signature = Slot{73}, .has_next_committee = false});
    const auto applied = apply(update);
    ASSERT_TRUE(applied.has_value());
    EXPECT_TRUE(applied->client.state.next_committee_root.is_zero());
    EXPECT_EQ(applied->client.state.finalized_slot, Slot{68});
}

TEST_F(EthereumProofChain, contract_and_light_client_agree_over_the_forks) {
    const Bootstrap bootstrap = test_chain::make_bootstrap(network, Slot{17});
    Store store = initialize_store(network, root_of(bootstrap.header.beacon), bootstrap).value();
    client = make_client({.finalized_slot = Slot{17},
                          .finalized_block_hash = bootstrap.header.execution->block_hash,
                          .period = 1,
                          .committee_root = store.current_committee.root,
                          .next_committee_root = {}},
                         16);
    for (const Update& update : {make(20, 24, 25), make(31, 34, 36), make(33, 40, 41), make(47, 49, 50),
                                 make(52, 56, 58), make(63, 65, 66), make(70, 73, 75)}) {
        const SyncCommittee signers =
            find_committee(network, store, network.period_of(update.signature_slot))->committee;
        const Bytes encoded = encode_sync_update(network, update, signers);
        const auto applied = apply_sync_update(network, client, encoded);
        ASSERT_TRUE(applied.has_value()) << to_string(applied.error());
        ASSERT_TRUE(apply_finalized_update(network, store, update, Slot{~std::uint64_t{0}}).has_value());
        client = applied->client;
        EXPECT_EQ(client.state.finalized_slot, store.finalized.beacon.slot);
        EXPECT_EQ(client.state.finalized_block_hash, store.finalized.execution->block_hash);
        EXPECT_EQ(client.state.committee_root, store.current_committee.root);
        EXPECT_EQ(client.state.next_committee_root,
                  store.next_committee ? store.next_committee->root : Hash32{});
    }
}

// ---- states
// ------------------------------------------------------------------------------------------------------

TEST(ethereum_proof, states_decode_strictly) {
    const ClientState state{Slot{8192}, Hash32{{1}}, 1, Hash32{{2}}, {}};
    const Bytes encoded = encode_state(state);
    EXPECT_EQ(encoded.size(), 160u);
    EXPECT_EQ(decode_state(encoded), state);
    Bytes longer = encoded;
    longer.resize(192);
    EXPECT_EQ(decode_state(longer).error(), ProofError::kAbi);
    EXPECT_EQ(decode_state(BytesView(encoded).first(159)).error(), ProofError::kAbi);
    Bytes wide = encoded;
    wide[0] = 1;
    EXPECT_EQ(decode_state(wide).error(), ProofError::kAbi);
    for (std::size_t word : {1u, 3u}) {
        Bytes zero = encoded;
        std::fill_n(zero.begin() + static_cast<std::ptrdiff_t>(32 * word), 32, std::uint8_t{0});
        EXPECT_EQ(decode_state(zero).error(), ProofError::kAbi);
    }
}

// ---- receipts
// ----------------------------------------------------------------------------------------------------

/// Of the block that the proofs below begin with.
constexpr Slot kAnchorSlot{1};

/// The end-to-end directories of devnet_captures: a finalised block, and receipts in an earlier one.
struct Capture {
    std::string path;
    BeaconNetwork network;
    Update update;
    SyncCommittee committee;
    Client client;  ///< knows the committee, not the update
    Bytes raw_header;
    ReceiptProof receipt;
    std::vector<eth::Log> logs;
};

Capture read_capture(std::string_view directory) {
    Capture capture;
    capture.path = "devnet_captures/" + std::string(directory);
    capture.network = read_capture_network(directory);
    const auto bootstrap =
        decode_bootstrap_json(capture.network, read_part(capture.path, "bootstrap.json#/data"));
    capture.update =
        decode_update_json(capture.network, read_vectors(capture.path + "/updates.json").at(0).at("data"),
                           UpdateKind::kFull)
            .value();
    capture.committee = bootstrap->current_committee;
    capture.client = make_client({.finalized_slot = Slot{1},
                                  .finalized_block_hash = Hash32{{1}},
                                  .period = 0,
                                  .committee_root = root_of(capture.committee),
                                  .next_committee_root = {}},
                                 capture.network.slots_per_period());
    capture.raw_header = bytes_of(read_vectors(capture.path + "/el_raw_header.json"));
    const rpc::Json proof = read_vectors(capture.path + "/receipt_proof.json");
    capture.receipt.transaction_index = u64_of(proof.at("txIndex"));
    for (const auto& node : proof.at("proof").as_array()) capture.receipt.nodes.push_back(bytes_of(node));
    const auto receipt = eth::decode_receipt(bytes_of(proof.at("value"))).value();
    capture.logs = receipt.logs;
    for (std::size_t i = 0; i < receipt.logs.size(); ++i) {
        capture.receipt.log_indexes.push_back(static_cast<std::uint16_t>(i));
    }
    return capture;
}

/// An execution header of our own on top of `parent`: the captures do not hold those between the receipts and
/// the finalised block.
eth::Header child_of(BytesView parent) {
    eth::Header header = eth::decode_header(parent).value();
    header.parent_hash = crypto::keccak256(parent);
    ++header.number.value;
    header.receipts_root = trie::kEmptyRoot;
    return header;
}

/// A proof of the capture's receipt under `depth` headers of our own, and the client that knows their newest.
struct Chain {
    ProofParts parts;
    Client client;
};
Chain make_chain(const Capture& capture, std::size_t depth) {
    Chain chain{{}, capture.client};
    chain.parts.headers = {capture.raw_header};
    for (std::size_t i = 0; i < depth; ++i) {
        chain.parts.headers.insert(chain.parts.headers.begin(),
                                   eth::encode_header(child_of(chain.parts.headers.front())));
    }
    chain.client.finalized_blocks[kAnchorSlot] = crypto::keccak256(chain.parts.headers.front());
    chain.parts.anchor_slot = kAnchorSlot;
    chain.parts.receipts = {capture.receipt};
    return chain;
}

ProofError proof_error(const BeaconNetwork& network, const Client& client, const ProofParts& parts) {
    const auto verified = verify_proof(network, client, encode_proof(parts));
    BUTTER_ASSERT(!verified.has_value());
    return verified.error();
}

TEST(ethereum_proof, captured_receipts_are_proven_through_headers) {
    for (const char* directory : {"mainnet-electra-n512", "minimal-electra-n64", "minimal-electra-to-fulu"}) {
        const Capture capture = read_capture(directory);
        for (std::size_t depth : {0u, 1u, 20u, 255u}) {
            const Chain chain = make_chain(capture, depth);
            const auto verified = verify_proof(capture.network, chain.client, encode_proof(chain.parts));
            ASSERT_TRUE(verified.has_value()) << directory << to_string(verified.error());
            EXPECT_EQ(verified->logs, capture.logs);
            EXPECT_FALSE(verified->logs.empty());
            EXPECT_EQ(verified->number, eth::decode_header(capture.raw_header)->number);
            EXPECT_EQ(verified->client, chain.client);
            EXPECT_EQ(verified->participants, 0u);
        }
        EXPECT_EQ(
            proof_error(capture.network, make_chain(capture, 256).client, make_chain(capture, 256).parts),
            ProofError::kHeaders);
    }
}

TEST(ethereum_proof, the_block_with_the_receipts_is_an_ancestor_of_the_finalised_one) {
    // Receipts root by the beacon chain, as far as the captures have it: block, headers, finality, signature.
    for (const char* directory : {"mainnet-electra-n512", "minimal-electra-n64", "minimal-electra-to-fulu"}) {
        const Capture capture = read_capture(directory);
        const rpc::Json headers = read_vectors(capture.path + "/ancestry_headers.json");
        Hash32 expected = root_of(capture.update.finalized->beacon);
        for (const auto& json : headers.as_array()) {
            const auto header = decode_beacon_header_json(json);
            ASSERT_TRUE(header.has_value());
            EXPECT_EQ(root_of(*header), expected);
            expected = header->parent_root;
        }
        const rpc::Json block = read_vectors(capture.path + "/beacon_block.json");
        const auto& payload = block.at("data").at("message").at("body").at("execution_payload").as_object();
        EXPECT_EQ(hash_of(payload.at("block_hash")), crypto::keccak256(capture.raw_header));
        EXPECT_EQ(hash_of(payload.at("receipts_root")),
                  eth::decode_header(capture.raw_header)->receipts_root);
        EXPECT_EQ(u64_of(block.at("data").at("message").at("slot")),
                  decode_beacon_header_json(headers.as_array().back())->slot.value);
    }
}

TEST(ethereum_proof, updates_in_a_proof_are_applied_first) {
    const Capture capture = read_capture("minimal-electra-n64");
    Chain chain = make_chain(capture, 3);
    chain.parts.updates = {encode_sync_update(capture.network, capture.update, capture.committee)};
    const auto verified = verify_proof(capture.network, chain.client, encode_proof(chain.parts));
    ASSERT_TRUE(verified.has_value()) << to_string(verified.error());
    EXPECT_EQ(verified->participants, 32u);
    EXPECT_EQ(verified->client.state.finalized_slot, capture.update.finalized->beacon.slot);
    EXPECT_EQ(verified->client.state.next_committee_root, root_of(*capture.update.next_committee));
    EXPECT_TRUE(verified->logs == capture.logs);
    // Known ones are skipped: the last that was checked counts.
    chain.parts.updates.push_back(chain.parts.updates[0]);
    EXPECT_EQ(verify_proof(capture.network, chain.client, encode_proof(chain.parts))->participants, 32u);
    chain.parts.updates.push_back(Bytes(31));
    EXPECT_EQ(proof_error(capture.network, chain.client, chain.parts), ProofError::kUpdateLength);
}

TEST(ethereum_proof, the_anchor_is_the_finalised_block_of_its_slot) {
    const Capture capture = read_capture("minimal-electra-n64");
    Chain chain = make_chain(capture, 1);
    chain.client.finalized_blocks[Slot{2}] = Hash32{{7}};
    for (const Slot slot : {Slot{0}, Slot{2}, Slot{3}}) {
        chain.parts.anchor_slot = slot;
        EXPECT_EQ(proof_error(capture.network, chain.client, chain.parts), ProofError::kNotFinalized);
    }
    chain.parts.anchor_slot = kAnchorSlot;
    EXPECT_TRUE(verify_proof(capture.network, chain.client, encode_proof(chain.parts)).has_value());
}

TEST(ethereum_proof, headers_are_linked_from_a_finalised_one) {
    const Capture capture = read_capture("minimal-electra-n64");
    const Chain chain = make_chain(capture, 4);
    ProofParts parts = chain.parts;
    parts.headers.clear();
    EXPECT_EQ(proof_error(capture.network, chain.client, parts), ProofError::kHeaders);
    parts = chain.parts;
    parts.headers.erase(parts.headers.begin());
    EXPECT_EQ(proof_error(capture.network, chain.client, parts), ProofError::kNotFinalized);
    parts = chain.parts;
    parts.headers.erase(parts.headers.begin() + 2);
    EXPECT_EQ(proof_error(capture.network, chain.client, parts), ProofError::kHeaders);
    for (std::size_t i : {0u, 2u}) {
        parts = chain.parts;
        parts.headers[i].pop_back();
        EXPECT_EQ(proof_error(capture.network, chain.client, parts), ProofError::kHeaders);
    }
    // The receipts of another block.
    parts = chain.parts;
    parts.headers.pop_back();
    EXPECT_EQ(proof_error(capture.network, chain.client, parts), ProofError::kReceipt);
}

TEST(ethereum_proof, headers_of_forks_to_come_are_read) {
    const Capture capture = read_capture("minimal-electra-n64");
    Chain chain = make_chain(capture, 1);
    codec::RlpReader fields = codec::decode_rlp_list(chain.parts.headers[0]).value();
    Bytes items;
    while (!fields.is_done()) append(items, fields.next()->encoded);
    const auto with = [&](BytesView more) {
        Bytes header;
        codec::append_rlp_list(header, concat({items, more}));
        chain.parts.headers[0] = header;
        chain.client.finalized_blocks[kAnchorSlot] = crypto::keccak256(header);
    };
    with(codec::encode_rlp_bytes(Bytes(32, 0xaa)));
    EXPECT_FALSE(eth::decode_header(chain.parts.headers[0]).has_value());
    EXPECT_TRUE(verify_proof(capture.network, chain.client, encode_proof(chain.parts)).has_value());
    with(Bytes{0xc0});
    EXPECT_EQ(proof_error(capture.network, chain.client, chain.parts), ProofError::kHeaders);
}

TEST(ethereum_proof, receipts_and_log_indexes_are_checked) {
    const Capture capture = read_capture("minimal-electra-n64");
    const Chain chain = make_chain(capture, 2);
    const auto error = [&](const std::function<void(std::vector<ReceiptProof>&)>& change) {
        ProofParts parts = chain.parts;
        change(parts.receipts);
        return proof_error(capture.network, chain.client, parts);
    };
    const auto count = static_cast<std::uint16_t>(capture.logs.size());
    ASSERT_GE(count, 2u);
    EXPECT_EQ(error([](auto& receipts) { receipts.clear(); }), ProofError::kReceipt);
    EXPECT_EQ(error([](auto& receipts) { ++receipts[0].transaction_index; }), ProofError::kReceipt);
    EXPECT_EQ(error([](auto& receipts) { receipts[0].nodes.pop_back(); }), ProofError::kReceipt);
    EXPECT_EQ(error([](auto& receipts) { receipts[0].nodes.back().back() ^= 1; }), ProofError::kReceipt);
    EXPECT_EQ(error([](auto& receipts) { receipts[0].log_indexes.clear(); }), ProofError::kLogIndex);
    EXPECT_EQ(error([](auto& receipts) { receipts[0].log_indexes = {1, 0}; }), ProofError::kLogIndex);
    EXPECT_EQ(error([](auto& receipts) { receipts[0].log_indexes = {1, 1}; }), ProofError::kLogIndex);
    EXPECT_EQ(error([&](auto& receipts) { receipts[0].log_indexes = {count}; }), ProofError::kLogIndex);
    // Some of the logs, and a receipt twice.
    ProofParts parts = chain.parts;
    parts.receipts[0].log_indexes = {1};
    parts.receipts.push_back(parts.receipts[0]);
    const auto verified = verify_proof(capture.network, chain.client, encode_proof(parts));
    ASSERT_TRUE(verified.has_value());
    EXPECT_EQ(verified->logs, (std::vector<eth::Log>{capture.logs[1], capture.logs[1]}));
}

TEST(ethereum_proof, receipts_of_failed_transactions_are_refused) {
    const Capture capture = read_capture("minimal-electra-n64");
    eth::Receipt receipt{.type = eth::EnvelopeType::kDynamicFee,
                         .is_success = false,
                         .post_state = {},
                         .cumulative_gas_used = 21000,
                         .bloom = eth::bloom_of(capture.logs),
                         .logs = capture.logs};
    for (bool is_success : {true, false}) {
        receipt.is_success = is_success;
        const trie::Trie receipts = trie::make_list_trie(std::vector<Bytes>{eth::encode_receipt(receipt)});
        eth::Header header = eth::decode_header(capture.raw_header).value();
        header.receipts_root = receipts.root();
        Client client = capture.client;
        client.finalized_blocks[kAnchorSlot] = eth::hash_of(header);
        const ProofParts parts{.updates = {},
                               .anchor_slot = kAnchorSlot,
                               .headers = {eth::encode_header(header)},
                               .history_account = {},
                               .history_storage = {},
                               .receipts = {{0, receipts.proof(trie::list_key(0)), {0}}}};
        const auto verified = verify_proof(capture.network, client, encode_proof(parts));
        ASSERT_EQ(verified.has_value(), is_success);
        if (!verified) EXPECT_EQ(verified.error(), ProofError::kReceipt);
    }
}

TEST(ethereum_proof, proofs_that_are_no_abi_are_refused) {
    const Capture capture = read_capture("minimal-electra-n64");
    const Chain chain = make_chain(capture, 2);
    const Bytes encoded = encode_proof(chain.parts);
    for (std::size_t size = 0; size < encoded.size(); size += 32) {
        const auto verified = verify_proof(capture.network, chain.client, BytesView(encoded).first(size));
        ASSERT_FALSE(verified.has_value()) << size;
        EXPECT_EQ(verified.error(), ProofError::kAbi);
    }
}

TEST(ethereum_proof, shared_tails_are_not_multiplied) {
    // One array whose elements all point to one long tail.
    constexpr std::size_t kElements = 200;
    constexpr std::size_t kTailBytes = 3200;
    Bytes data;
    const auto put = [&](std::uint64_t value) { append(data, to_big_endian(Uint256{value})); };
    put(32);
    for (std::uint64_t i = 0; i < 6; ++i) put(192);  // all five arrays are the same one
    put(kElements);
    for (std::size_t i = 0; i < kElements; ++i) put(32 * kElements);
    put(kTailBytes);
    data.resize(data.size() + kTailBytes);
    const auto verified = verify_proof(test_chain::make_network(), {}, data);
    ASSERT_FALSE(verified.has_value());
    EXPECT_EQ(verified.error(), ProofError::kAbi);
}

// ---- history
// -----------------------------------------------------------------------------------------------------

/// A finalised block whose state has the history contract, with the hash of the capture's block in it.
struct History {
    Capture capture = read_capture("minimal-electra-n64");
    std::uint64_t target = eth::decode_header(capture.raw_header)->number.value;
    Hash32 target_hash = crypto::keccak256(capture.raw_header);
    std::uint64_t anchor = target + 8191;
    /// What the slot holds: the RLP of an integer.
    Bytes slot_value = stored(target_hash);
    Bytes account_suffix;

    static Bytes stored(const Hash32& hash) {
        Bytes out;
        codec::append_rlp_uint(out, *from_big_endian(hash));
        return out;
    }

    std::pair<Client, ProofParts> make() const {
        const Hash32 address_key =
            crypto::keccak256(hex_fixed<20>("0x0000F90827F1C53a10cb7A02335B175320002935"));
        const Hash32 slot_key = crypto::keccak256(to_big_endian(Uint256{target % 8191}));
        const Hash32 other_key = crypto::keccak256(to_big_endian(Uint256{9999}));
        const trie::Trie storage({{to_bytes(slot_key), slot_value}, {to_bytes(other_key), Bytes{0x05}}});
        Bytes fields;
        codec::append_rlp_uint(fields, std::uint64_t{1});
        codec::append_rlp_uint(fields, std::uint64_t{0});
        codec::append_rlp_bytes(fields, storage.root());
        codec::append_rlp_bytes(fields, crypto::keccak256(as_bytes("code")));
        append(fields, account_suffix);
        const trie::Trie accounts({{to_bytes(address_key), codec::encode_rlp_list(fields)},
                                   {to_bytes(other_key), codec::encode_rlp_list(fields)}});
        eth::Header header = eth::decode_header(capture.raw_header).value();
        header.number = BlockNumber{anchor};
        header.state_root = accounts.root();
        header.receipts_root = trie::kEmptyRoot;
        Client client = capture.client;
        client.finalized_blocks[kAnchorSlot] = eth::hash_of(header);
        return {client,
                {.updates = {},
                 .anchor_slot = kAnchorSlot,
                 .headers = {eth::encode_header(header), capture.raw_header},
                 .history_account = accounts.proof(address_key),
                 .history_storage = storage.proof(slot_key),
                 .receipts = {capture.receipt}}};
    }
    ProofError error() const {
        const auto [client, parts] = make();
        return proof_error(capture.network, client, parts);
    }
};

TEST(ethereum_proof, history_contract_proves_blocks_of_its_window) {
    History history;
    for (std::uint64_t distance : {1u, 2u, 256u, 8190u, 8191u}) {
        history.anchor = history.target + distance;
        const auto [client, parts] = history.make();
        const auto verified = verify_proof(history.capture.network, client, encode_proof(parts));
        ASSERT_TRUE(verified.has_value()) << distance << to_string(verified.error());
        EXPECT_EQ(verified->logs, history.capture.logs);
        EXPECT_EQ(verified->number.value, history.target);
    }
    history.anchor = history.target + 8192;
    EXPECT_EQ(history.error(), ProofError::kHistory);
    history.anchor = history.target;
    EXPECT_EQ(history.error(), ProofError::kHistory);
    history.anchor = history.target - 1;
    EXPECT_EQ(history.error(), ProofError::kHistory);
}

TEST(ethereum_proof, history_proofs_are_checked) {
    History history;
    history.slot_value = History::stored(Hash32{{9}});
    EXPECT_EQ(history.error(), ProofError::kHistory);
    history.slot_value = concat({History::stored(history.target_hash), Bytes{0x01}});
    EXPECT_EQ(history.error(), ProofError::kHistory);
    history.slot_value = Bytes{0xc0};
    EXPECT_EQ(history.error(), ProofError::kHistory);
    history = {};
    history.account_suffix = {0x80};
    EXPECT_EQ(history.error(), ProofError::kHistory);
    history = {};
    const auto [client, good] = history.make();
    const BeaconNetwork& network = history.capture.network;
    ProofParts parts = good;
    parts.history_account.clear();
    EXPECT_EQ(proof_error(network, client, parts), ProofError::kHistory);
    parts = good;
    parts.history_storage.clear();
    EXPECT_EQ(proof_error(network, client, parts), ProofError::kHistory);
    parts = good;
    parts.history_account.pop_back();
    EXPECT_EQ(proof_error(network, client, parts), ProofError::kHistory);
    parts = good;
    parts.history_storage.back().back() ^= 1;
    EXPECT_EQ(proof_error(network, client, parts), ProofError::kHistory);
    parts = good;
    parts.headers.pop_back();
    EXPECT_EQ(proof_error(network, client, parts), ProofError::kHeaders);
    parts = good;
    parts.headers.push_back(parts.headers.back());
    EXPECT_EQ(proof_error(network, client, parts), ProofError::kHeaders);
    parts = good;
    parts.headers[1].pop_back();
    EXPECT_EQ(proof_error(network, client, parts), ProofError::kHeaders);
    // Without the proof the two headers would have to be parent and child.
    parts = good;
    parts.history_account.clear();
    parts.history_storage.clear();
    EXPECT_EQ(proof_error(network, client, parts), ProofError::kHeaders);
}

TEST(ethereum_proof, history_hashes_with_leading_zeros_are_shorter) {
    // Block hashes that begin with zeros are rare: search one by the extra data.
    History history;
    eth::Header header = eth::decode_header(history.capture.raw_header).value();
    std::uint64_t nonce = 0;
    do {
        header.extra_data.clear();
        append_u64(header.extra_data, nonce++);
    } while (eth::hash_of(header)[0] != 0);
    history.capture.raw_header = eth::encode_header(header);
    history.target_hash = eth::hash_of(header);
    history.slot_value = History::stored(history.target_hash);
    EXPECT_LT(history.slot_value.size(), 33u);
    const auto [client, parts] = history.make();
    EXPECT_TRUE(verify_proof(history.capture.network, client, encode_proof(parts)).has_value());
}

TEST(ethereum_proof, every_error_has_a_text) {
    for (int error = 1; error <= static_cast<int>(ProofError::kNoMisbehaviour); ++error) {
        EXPECT_NE(to_string(static_cast<ProofError>(error)), "unknown proof error");
    }
}

}  // namespace
}  // namespace butter::ethereum
