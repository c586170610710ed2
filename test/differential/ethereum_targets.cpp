// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>

#include "butter/base/assert.hpp"
#include "butter/codec/rlp.hpp"
#include "butter/crypto/keccak.hpp"
#include "butter/eth/header.hpp"
#include "butter/trie/trie.hpp"
#include "chains/ethereum/execution_header.hpp"
#include "chains/ethereum/light_client.hpp"
#include "chains/ethereum/proof.hpp"
#include "chains/ethereum/proof_encoding.hpp"
#include "chains/ethereum/sample_chain_test.hpp"
#include "test/differential/log_value.hpp"
#include "test/differential/mutate.hpp"
#include "test/differential/target.hpp"

namespace butter::differential {
namespace {

namespace bls = crypto::bls;
using namespace ethereum::test_chain;

/// Blocks of the execution chain that ends in a client's finalised block.
constexpr std::size_t kChainBlocks = 5;
constexpr std::uint64_t kAnchorNumber = 20'000;

const ethereum::BeaconNetwork& network() {
    static const ethereum::BeaconNetwork value = make_network();
    return value;
}

// ---- execution blocks
// ---------------------------------------------------------------------------------------

struct Block {
    Bytes header;
    Hash32 hash;
    ProvenLogs logs;
};

struct History {
    Hash32 state_root;
    std::vector<Bytes> account;
    std::vector<std::vector<Bytes>> storage;  ///< of each block below the anchor, newest first
};

/// The state of a chain whose history contract knows `hashes`, of the blocks below `anchor`, newest first.
History make_history(std::uint64_t anchor, const std::vector<Hash32>& hashes, Random& random) {
    const auto slot_of = [&](std::size_t i) {
        return crypto::keccak256(to_big_endian(Uint256{(anchor - 1 - i) % ethereum::kHistoryServeWindow}));
    };
    std::vector<trie::Entry> slots;
    for (std::size_t i = 0; i < hashes.size(); ++i) {
        slots.push_back({to_bytes(slot_of(i)), codec::encode_rlp_bytes(to_minimal_big_endian(
                                                   *from_big_endian(BytesView(hashes[i]))))});
    }
    for (int i = 0; i < 20; ++i) {
        slots.push_back({random.bytes(32), codec::encode_rlp_bytes(random.bytes(32))});
    }
    const trie::Trie storage(slots);
    Bytes account;
    codec::append_rlp_uint(account, std::uint64_t{1});
    codec::append_rlp_uint(account, Uint256{});
    codec::append_rlp_bytes(account, storage.root());
    codec::append_rlp_bytes(account, random.fixed<32>());
    const Bytes key = to_bytes(crypto::keccak256(ethereum::kHistoryContract));
    std::vector<trie::Entry> accounts{{key, codec::encode_rlp_list(account)}};
    for (int i = 0; i < 20; ++i) accounts.push_back({random.bytes(32), random.bytes(70)});
    const trie::Trie state(accounts);
    History history{state.root(), state.proof(key), {}};
    for (std::size_t i = 0; i < hashes.size(); ++i) history.storage.push_back(storage.proof(slot_of(i)));
    return history;
}

eth::Header random_header(Random& random) {
    eth::Header header;
    header.parent_hash = random.fixed<32>();
    header.state_root = random.fixed<32>();
    header.receipts_root = random.fixed<32>();
    header.number = BlockNumber{random.next() >> random.below(64)};
    header.gas_limit = random.next() >> random.below(64);
    header.extra_data = random.bytes(random.below(33));
    if (random.one_in(2)) header.base_fee = Uint256{random.next()};
    return header;
}

/// Newest first.
struct Chain {
    std::vector<Block> blocks;
    History history;
};

Chain make_chain(Random& random) {
    Chain chain;
    Hash32 parent = random.fixed<32>();
    std::vector<Hash32> hashes;
    for (std::size_t i = 0; i < kChainBlocks; ++i) {
        eth::Header header = random_header(random);
        Block block{{}, {}, random_receipts(random)};
        header.parent_hash = parent;
        header.number = BlockNumber{kAnchorNumber - kChainBlocks + 1 + i};
        header.receipts_root = block.logs.root;
        if (i + 1 == kChainBlocks) {
            std::reverse(hashes.begin(), hashes.end());
            chain.history = make_history(kAnchorNumber, hashes, random);
            header.state_root = chain.history.state_root;
        }
        block.header = eth::encode_header(header);
        block.hash = crypto::keccak256(block.header);
        parent = block.hash;
        hashes.push_back(block.hash);
        chain.blocks.push_back(std::move(block));
    }
    std::reverse(chain.blocks.begin(), chain.blocks.end());
    return chain;
}

// ---- clients
// ------------------------------------------------------------------------------------------------

struct Client {
    Slot slot;
    Chain chain;
    ethereum::Client client;
};

Client make_client(std::uint64_t slot, bool knows_next, Random& random) {
    const std::uint64_t period = network().period_of(Slot{slot});
    Chain chain = make_chain(random);
    const ethereum::ClientState state{
        .finalized_slot = Slot{slot},
        .finalized_block_hash = chain.blocks[0].hash,
        .period = period,
        .committee_root = root_of(make_committee(network(), period)),
        .next_committee_root = knows_next ? root_of(make_committee(network(), period + 1)) : Hash32{}};
    return {Slot{slot}, std::move(chain), ethereum::make_client(state, network().slots_per_period())};
}

/// In the first fork with execution, before one, and in the last; with and without the next committee.
const std::vector<Client>& clients() {
    static const std::vector<Client> all = [] {
        Random random(1);
        std::vector<Client> out;
        out.push_back(make_client(18, true, random));
        out.push_back(make_client(30, true, random));
        out.push_back(make_client(50, false, random));
        out.push_back(make_client(70, true, random));
        return out;
    }();
    return all;
}

const Client* find_client(const AbiValue& number) {
    const Uint256 index = number.as_uint256();
    return index < Uint256{clients().size()} ? &clients()[index.limbs[0]] : nullptr;
}

// ---- updates
// ------------------------------------------------------------------------------------------------

ethereum::BeaconHeader header_of(const AbiValue& value) {
    return {Slot{value[0].as_uint256().limbs[0]}, value[1].as_uint256().limbs[0], value[2].as_word(),
            value[3].as_word(), value[4].as_word()};
}

constexpr std::size_t kSignatureAt = 296;
constexpr std::size_t kHeadBytes = ethereum::encoding::kSyncUpdateHeadBytes;
/// Where the parts of an update's head begin.
constexpr std::size_t kHeadParts[] = {0,   8,   16,  24,  32,  40,  72,  104, 136, 168,
                                      200, 232, 264, 296, 344, 392, 440, 488, 536};

/// `update` with the signature of those whose bit is set, over what it has now become; as it is when it is
/// cut.
Bytes signed_again(Bytes update) {
    const auto head = ethereum::encoding::read_sync_update_head(update);
    if (!head) return update;
    const auto tail = ethereum::encoding::read_sync_update_tail(network(), *head, update);
    if (!tail) return update;
    const std::uint64_t period = std::min<std::uint64_t>(network().period_of(head->signature_slot), 20);
    std::vector<bls::SecretKey> keys;
    for (std::size_t i = 0; i < network().committee_size; ++i) {
        if (head->has_signed(i)) keys.push_back(secret_key(period, i));
    }
    const std::uint64_t hash_gindex = ethereum::block_hash_gindex(network().fork_at(head->finalized.slot));
    if (keys.empty() || hash_gindex == 0) return update;
    ethereum::BeaconHeader finalized = head->finalized;
    finalized.body_root =
        codec::compute_branch_root(head->execution_block_hash, tail->execution_branch, hash_gindex).value();
    ethereum::BeaconHeader attested = head->attested;
    attested.state_root = codec::compute_branch_root(root_of(finalized), tail->finality_branch,
                                                     network().fork_at(attested.slot).finalized_root_gindex)
                              .value();
    const Hash32 signing_root =
        ethereum::sync_committee_signing_root(network(), root_of(attested), head->signature_slot);
    const auto signature = bls::sign(bls::add_secret_keys(keys).value(), signing_root);
    const auto padded = bls::encode_eip2537(signature.value()).value();
    for (std::size_t i = 0; i < 4; ++i) {
        std::copy_n(padded.begin() + static_cast<std::ptrdiff_t>(64 * i + 16), 48,
                    update.begin() + static_cast<std::ptrdiff_t>(kSignatureAt + 48 * i));
    }
    return update;
}

/// A fault in one part: in its bytes, or a part too few or too many.
void mutate_update(Bytes& update, Random& random) {
    const std::size_t words = (update.size() - kHeadBytes) / 32;
    if (random.one_in(5) && words != 0) {
        const auto at = update.begin() + static_cast<std::ptrdiff_t>(kHeadBytes + 32 * random.below(words));
        if (random.one_in(2)) {
            update.erase(at, at + 32);
        } else {
            const Bytes word = random.bytes(32);
            update.insert(at, word.begin(), word.end());
        }
        return;
    }
    const std::size_t part = random.one_in(3) && words != 0 ? kHeadBytes + 32 * random.below(words)
                                                            : random.pick(std::span(kHeadParts));
    const std::size_t size = part < 40 ? 8 : 32;
    switch (random.below(4)) {
        case 0:
            std::fill_n(update.begin() + static_cast<std::ptrdiff_t>(part), size,
                        random.one_in(2) ? 0x00 : 0xff);
            return;
        case 1:
            update[part + size - 1] ^= static_cast<std::uint8_t>(1u << random.below(8));
            return;
        case 2:
            update[part] ^= static_cast<std::uint8_t>(1u << random.below(8));
            return;
        default:
            update[part + random.below(size)] = static_cast<std::uint8_t>(random.next());
    }
}

ethereum::Update make_random_update(const Client& client, Random& random) {
    const std::uint64_t first = std::max<std::uint64_t>(client.slot.value, 17) - 1;
    const std::uint64_t finalized = first + random.below(14);
    const std::uint64_t attested = finalized + random.below(12);
    const std::uint64_t signature = attested + (random.one_in(15) ? 0 : 1 + random.below(3));
    ethereum::Update update = make_update(network(), {.attested = Slot{attested},
                                                      .finalized = Slot{finalized},
                                                      .signature = Slot{signature},
                                                      .participants = 8,
                                                      .has_finality = true,
                                                      .has_next_committee = !random.one_in(3),
                                                      .is_finality_rival = random.one_in(4),
                                                      .is_next_rival = random.one_in(8)});
    // Any members may be absent, most often few enough.
    codec::SszBits bits{Bytes{0xff}, 8};
    for (std::size_t i = random.below(5); i > 0; --i) {
        bits.bytes[0] = static_cast<std::uint8_t>(bits.bytes[0] & ~(1u << random.below(8)));
    }
    sign(network(), update, bits);
    return update;
}

Bytes encode(const ethereum::Update& update) {
    return ethereum::encode_sync_update(
        network(), update, make_committee(network(), network().period_of(update.signature_slot)));
}

Bytes random_update(const Client& client, Random& random) {
    Bytes update = encode(make_random_update(client, random));
    if (random.one_in(2)) mutate_update(update, random);
    if (random.one_in(3)) update = signed_again(std::move(update));
    if (random.one_in(6)) mutate_bytes(update, random);
    return update;
}

Values generate_update(Random& random) {
    const std::uint64_t index = random.below(clients().size());
    return {AbiValue::number(index), AbiValue::bytes(random_update(clients()[index], random))};
}

/// Two updates, often of one slot.
Values generate_misbehaviour(Random& random) {
    const std::uint64_t index = random.below(clients().size());
    const std::uint64_t finalized =
        std::max<std::uint64_t>(clients()[index].slot.value, 17) + random.below(4);
    Values in{AbiValue::number(index)};
    for (int i = 0; i < 2; ++i) {
        const std::uint64_t slot = finalized + (random.one_in(4) ? 1 : 0);
        const ethereum::Update update = make_update(network(), {.attested = Slot{slot + random.below(6)},
                                                                .finalized = Slot{slot},
                                                                .signature = Slot{slot + 6},
                                                                .participants = 5 + random.below(4),
                                                                .has_finality = true,
                                                                .has_next_committee = !random.one_in(3),
                                                                .is_finality_rival = random.one_in(2),
                                                                .is_next_rival = random.one_in(3)});
        Bytes encoded = encode(update);
        if (random.one_in(8)) mutate_update(encoded, random);
        in.push_back(AbiValue::bytes(encoded));
    }
    return in;
}

AbiValue array_of_bytes(const std::vector<Bytes>& list) {
    std::vector<AbiValue> out;
    for (const Bytes& bytes : list) out.push_back(AbiValue::bytes(bytes));
    return AbiValue::array(std::move(out));
}

Values generate_proof(Random& random) {
    const std::uint64_t index = random.below(clients().size());
    const Client& client = clients()[index];
    const Chain& chain = client.chain;
    std::vector<Bytes> updates;
    for (std::size_t i = random.below(2); i > 0; --i) {
        updates.push_back(random_update(client, random));
    }
    const std::size_t target = random.below(kChainBlocks);
    std::vector<Bytes> headers;
    std::vector<Bytes> account;
    std::vector<Bytes> storage;
    if (target > 0 && random.one_in(2)) {
        headers = {chain.blocks[0].header, chain.blocks[target].header};
        account = chain.history.account;
        storage = chain.history.storage[target - 1];
    } else {
        for (std::size_t i = 0; i <= target; ++i) headers.push_back(chain.blocks[i].header);
    }
    const std::uint64_t anchor = client.slot.value + (random.one_in(10) ? 1 : 0);
    AbiValue proof =
        AbiValue::tuple({array_of_bytes(updates), AbiValue::number(anchor), array_of_bytes(headers),
                         array_of_bytes(account), array_of_bytes(storage), chain.blocks[target].logs.proofs});
    if (random.one_in(2)) proof = mutate_abi(proof, random);
    return {AbiValue::number(index), AbiValue::bytes(mutated_encoding(proof, random))};
}

// ---- parts
// --------------------------------------------------------------------------------------------------

Values generate_execution_header(Random& random) {
    RlpTree tree = read_rlp_tree(eth::encode_header(random_header(random)));
    while (random.one_in(3)) tree.items.push_back(RlpTree::string(random.bytes(random.below(40))));
    if (!random.one_in(5)) mutate_rlp(tree, random);
    Bytes encoded = write_rlp_tree(tree);
    if (random.one_in(5)) mutate_bytes(encoded, random);
    return {AbiValue::bytes(encoded)};
}

Values generate_history(Random& random) {
    const std::uint64_t anchor = 10 + (random.one_in(2) ? random.below(20'000) : random.next() >> 1);
    const std::uint64_t distances[] = {
        1, 1, 2, 3, 3, 0, ethereum::kHistoryServeWindow, ethereum::kHistoryServeWindow + 1};
    std::vector<Hash32> hashes{random.fixed<32>(), random.fixed<32>(), random.fixed<32>()};
    for (std::size_t i = random.below(4); i > 0; --i) hashes[0][i - 1] = 0;
    History history = make_history(anchor, hashes, random);
    const std::uint64_t distance = random.pick(std::span(distances));
    std::vector<Bytes> storage = history.storage[distance == 0 ? 0 : (distance - 1) % hashes.size()];
    Hash32 root = history.state_root;
    if (random.one_in(4)) root = mutate_trie_nodes(history.account, random);
    if (random.one_in(4)) static_cast<void>(mutate_trie_nodes(storage, random));
    return {AbiValue::word(root), AbiValue::number(anchor), AbiValue::number(anchor - distance),
            array_of_bytes(history.account), array_of_bytes(storage)};
}

std::vector<Bytes> bytes_of(const AbiValue& array) {
    std::vector<Bytes> out;
    for (std::size_t i = 0; i < array.size(); ++i) out.push_back(array[i].as_bytes());
    return out;
}

Outcome evaluate_execution_header(BytesView bytes) {
    const auto header = ethereum::decode_execution_header(bytes);
    if (!header) return std::nullopt;
    return hash_of_values({AbiValue::word(header->hash), AbiValue::word(header->parent_hash),
                           AbiValue::word(header->state_root), AbiValue::word(header->receipts_root),
                           AbiValue::number(header->number)});
}

Outcome evaluate_history(const Values& in) {
    ethereum::ExecutionHeader anchor;
    anchor.state_root = in[0].as_word();
    anchor.number = in[1].as_u64();
    const auto hash = ethereum::verify_history(anchor, in[2].as_u64(), bytes_of(in[3]), bytes_of(in[4]));
    if (!hash) return std::nullopt;
    return *hash;
}

AbiValue network_value() {
    std::vector<AbiValue> forks;
    for (const ethereum::Fork& fork : network().forks) {
        forks.push_back(AbiValue::tuple(
            {AbiValue::number(fork.epoch.value), AbiValue::fixed_bytes(fork.version),
             AbiValue::number(fork.finalized_root_gindex), AbiValue::number(fork.next_committee_gindex),
             AbiValue::number(ethereum::block_hash_gindex(fork))}));
    }
    return AbiValue::tuple(
        {AbiValue::number(1), AbiValue::word(network().genesis_validators_root),
         AbiValue::number(network().genesis_time.value), AbiValue::number(network().seconds_per_slot),
         AbiValue::number(network().slots_per_epoch), AbiValue::number(network().slots_per_period()),
         AbiValue::number(std::numeric_limits<std::uint32_t>::max()),
         AbiValue::number(network().committee_size), AbiValue::array(std::move(forks))});
}

}  // namespace

void add_ethereum_targets(std::vector<Target>& targets, Setup& setup) {
    for (const Client& client : clients()) {
        const ethereum::ClientState& state = client.client.state;
        setup.calls.push_back(codec::encode_call(
            "addEthereumClient((uint64,bytes32,uint64,uint64,uint64,uint64,uint64,uint16,"
            "(uint64,bytes4,uint16,uint16,uint16)[]),"
            "(uint64,bytes32,bytes32,bytes32))",
            {network_value(),
             AbiValue::tuple(
                 {AbiValue::number(state.finalized_slot.value), AbiValue::word(state.finalized_block_hash),
                  AbiValue::word(state.committee_root), AbiValue::word(state.next_committee_root)})}));
    }
    targets.push_back(
        {.signature = "executionHeader(bytes)",
         .weight = 3,
         .generate = generate_execution_header,
         .evaluate = [](const Values& in, Values&) { return evaluate_execution_header(in[0].as_bytes()); }});
    targets.push_back({.signature = "historyProof(bytes32,uint64,uint64,bytes[],bytes[])",
                       .weight = 2,
                       .generate = generate_history,
                       .evaluate = [](const Values& in, Values&) { return evaluate_history(in); }});
    targets.push_back(
        {.signature = "beaconHeader((uint64,uint64,bytes32,bytes32,bytes32))",
         .weight = 1,
         .generate =
             [](Random& random) {
                 return Values{AbiValue::tuple(
                     {AbiValue::number(random.next() >> random.below(64)),
                      AbiValue::number(random.next() >> random.below(64)), AbiValue::word(random.fixed<32>()),
                      AbiValue::word(random.fixed<32>()), AbiValue::word(random.fixed<32>())})};
             },
         .evaluate = [](const Values& in, Values&) -> Outcome { return root_of(header_of(in[0])); }});
    targets.push_back({.signature = "ethereumUpdate(uint256,bytes)",
                       .weight = 2,
                       .generate = generate_update,
                       .evaluate = [](const Values& in, Values&) -> Outcome {
                           const Client* client = find_client(in[0]);
                           if (client == nullptr) return std::nullopt;
                           const auto applied =
                               ethereum::apply_sync_update(network(), client->client, in[1].as_bytes());
                           if (!applied) return std::nullopt;
                           return crypto::keccak256(ethereum::encode_state(applied->client.state));
                       }});
    targets.push_back({.signature = "ethereumMisbehaviour(uint256,bytes,bytes)",
                       .weight = 1,
                       .generate = generate_misbehaviour,
                       .evaluate = [](const Values& in, Values&) -> Outcome {
                           const Client* client = find_client(in[0]);
                           if (client == nullptr) return std::nullopt;
                           const auto verdict = ethereum::verify_misbehaviour(
                               network(), client->client, in[1].as_bytes(), in[2].as_bytes());
                           if (!verdict) return std::nullopt;
                           return hash_of_values({AbiValue::number(1)});
                       }});
    targets.push_back(
        {.signature = "ethereumProof(uint256,bytes)",
         .weight = 2,
         .generate = generate_proof,
         .evaluate = [](const Values& in, Values&) -> Outcome {
             const Client* client = find_client(in[0]);
             if (client == nullptr) return std::nullopt;
             const auto proof = ethereum::verify_proof(network(), client->client, in[1].as_bytes());
             if (!proof) return std::nullopt;
             return hash_of_values(
                 {value_of_logs(proof->logs), AbiValue::bytes(ethereum::encode_state(proof->client.state))});
         }});
}

}  // namespace butter::differential
