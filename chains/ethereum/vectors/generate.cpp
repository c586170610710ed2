// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "butter/base/assert.hpp"
#include "butter/base/hex.hpp"
#include "butter/codec/abi.hpp"
#include "butter/codec/rlp.hpp"
#include "butter/crypto/keccak.hpp"
#include "butter/eth/header.hpp"
#include "butter/trie/trie.hpp"
#include "chains/ethereum/light_client.hpp"
#include "chains/ethereum/proof.hpp"
#include "chains/ethereum/sample_chain_test.hpp"
#include "chains/ethereum/source.hpp"
#include "chains/ethereum/vectors_test.hpp"
#include "test/json/vectors.hpp"

/// Prints what the Solidity tests of this family read: networks, updates and proofs made by this family's own
/// encoder, of real chains and of one with test keys (README.md says how to run it).
namespace butter::ethereum {
namespace {

using codec::AbiValue;
using test::bytes_of;
using test::read_vectors;
using test::text_of;
using test::u64_of;
using namespace test_vectors;

constexpr std::uint64_t kChainId = 1001;
/// Where the tests' clients of the captured chains begin.
constexpr Slot kCheckpointSlot{1};

class Object {
  public:
    void add(const std::string& key, BytesView bytes) { add_raw(key, "\"" + encode_hex(bytes) + "\""); }
    void add(const std::string& key, std::uint64_t number) { add_raw(key, std::to_string(number)); }
    void add(const std::string& key, const std::string& text) { add_raw(key, "\"" + text + "\""); }
    void add(const std::string& key, const Object& object) { add_raw(key, object.text()); }
    void add(const std::string& key, const std::vector<Object>& list) {
        std::string out = "[";
        for (const Object& object : list) out += (out.size() > 1 ? ",\n" : "\n") + object.text();
        add_raw(key, out + "]");
    }
    std::string text() const { return "{" + text_ + "}"; }

  private:
    void add_raw(const std::string& key, const std::string& value) {
        text_ += (text_.empty() ? "\n\"" : ",\n\"") + key + "\": " + value;
    }
    std::string text_;
};

/// `EthereumNetwork` as the contract is initialised with it.
Bytes encode_network(const BeaconNetwork& network) {
    std::vector<AbiValue> forks;
    for (const Fork& fork : network.forks) {
        Hash32 version{};
        std::copy(fork.version.bytes.begin(), fork.version.bytes.end(), version.bytes.begin());
        forks.push_back(AbiValue::tuple({AbiValue::number(fork.epoch.value), AbiValue::word(version),
                                         AbiValue::number(fork.finalized_root_gindex),
                                         AbiValue::number(fork.next_committee_gindex),
                                         AbiValue::number(block_hash_gindex(fork))}));
    }
    return codec::encode_abi({AbiValue::tuple(
        {AbiValue::number(kChainId), AbiValue::word(network.genesis_validators_root),
         AbiValue::number(network.genesis_time.value), AbiValue::number(network.seconds_per_slot),
         AbiValue::number(network.slots_per_epoch), AbiValue::number(network.slots_per_period()),
         AbiValue::number(kTrustingPeriodSeconds), AbiValue::number(network.committee_size),
         AbiValue::array(std::move(forks))})});
}

Object update_object(const BeaconNetwork& network, const Update& update, const SyncCommittee& committee) {
    Object out;
    out.add("update", encode_sync_update(network, update, committee));
    out.add("committeeRoot", BytesView(root_of(committee)));
    out.add("signaturePeriod", network.period_of(update.signature_slot));
    out.add("finalizedSlot", update.finalized->beacon.slot.value);
    out.add("finalizedBlockHash", BytesView(update.finalized->execution->block_hash));
    out.add("participants", std::uint64_t{update.aggregate.bits.count()});
    return out;
}

/// Updates with execution whose committee the set has. Those of must_fail_mutations.json come with a variant
/// in which a member is counted, or not counted, against the signature, its absent members proven all the
/// same.
std::vector<Object> real_updates(std::string_view set) {
    const BeaconNetwork network = read_network(set);
    const rpc::Json expected = read_vectors(std::string(set) + "/expected.json");
    std::vector<Object> out;
    for (const std::string& path : object_paths(set)) {
        const rpc::Json& facts = expected.at(path);
        if (facts.at("signedBy").is_null()) continue;
        const UpdateKind kind = kind_of(text_of(facts.at("kind")));
        const auto update = decode_update_json(network, read_part(set, path + "#/data"), kind);
        if (!update->finalized || !update->finalized->execution) continue;
        const SyncCommittee committee =
            read_committee(network, read_part(set, text_of(facts.at("signedBy"))));
        Object object = update_object(network, *update, committee);
        object.add("path", path);
        out.push_back(object);
    }
    return out;
}

/// Mutations whose encoding needs the committee's keys: a bit changed, and the absent members proven
/// accordingly.
std::vector<Object> mutated_bits() {
    const std::string_view set = "lc_mainnet";
    const BeaconNetwork network = read_network(set);
    const rpc::Json expected = read_vectors("lc_mainnet/expected.json");
    std::vector<Object> out;
    for (const auto& entry : read_vectors("lc_mainnet/must_fail_mutations.json").as_array()) {
        const std::string base(text_of(entry.at("base")));
        const std::string name(text_of(entry.at("name")));
        if (!name.starts_with("participant-") || base.starts_with("altair")) continue;
        rpc::Json data = read_part(set, base + "#/data");
        for (const auto& op : entry.at("ops").as_array())
            mutate(data, text_of(op.at("path")), op.at("value"));
        const auto update = decode_update_json(network, data, UpdateKind::kFull);
        BUTTER_ASSERT(update.has_value());
        const std::string_view signers = text_of(expected.at(base).at("signedBy"));
        Object object = update_object(network, *update, read_committee(network, read_part(set, signers)));
        object.add("path", base);
        object.add("name", name);
        out.push_back(object);
    }
    return out;
}

/// A chain with eight members, four slots an epoch, four epochs a period.
Object small_chain() {
    const BeaconNetwork network = test_chain::make_network();
    const auto update = [&](std::uint64_t finalized, std::uint64_t attested, std::uint64_t signature,
                            std::size_t participants, bool has_next) {
        const Update made = test_chain::make_update(network, {.attested = Slot{attested},
                                                              .finalized = Slot{finalized},
                                                              .signature = Slot{signature},
                                                              .participants = participants,
                                                              .has_finality = true,
                                                              .has_next_committee = has_next});
        return update_object(network, made,
                             test_chain::make_committee(network, network.period_of(Slot{signature})));
    };
    Object out;
    out.add("network", encode_network(network));
    for (std::uint64_t period = 1; period <= 5; ++period) {
        out.add("committee" + std::to_string(period),
                BytesView(root_of(test_chain::make_committee(network, period))));
    }
    out.add("learn", update(24, 26, 27, 8, true));
    out.add("learnAgain", update(25, 28, 29, 8, true));
    out.add("sixOfEight", update(24, 26, 27, 6, true));
    out.add("fiveOfEight", update(24, 26, 27, 5, true));
    out.add("withoutNext", update(24, 26, 27, 8, false));
    out.add("overTheFork", update(28, 31, 32, 8, true));
    out.add("finalizedBeforePeriod", update(30, 34, 35, 8, true));
    out.add("rotate", update(40, 42, 43, 8, true));
    out.add("third", update(56, 58, 59, 8, true));
    out.add("fourth", update(72, 74, 75, 7, true));
    out.add("sameFinality", update(24, 30, 31, 8, true));
    const auto rival = [&](bool of_finality, std::size_t participants) {
        const Update made = test_chain::make_update(network, {.attested = Slot{26},
                                                              .finalized = Slot{24},
                                                              .signature = Slot{27},
                                                              .participants = participants,
                                                              .is_finality_rival = of_finality,
                                                              .is_next_rival = !of_finality});
        return update_object(network, made, test_chain::make_committee(network, 1));
    };
    out.add("rivalFinality", rival(true, 8));
    out.add("rivalFinalityOfFive", rival(true, 5));
    out.add("rivalNext", rival(false, 8));
    // Attested a period after the finalised header: what it says of the committee after is not final.
    const auto early = [&](bool is_rival) {
        const Update made = test_chain::make_update(network, {.attested = Slot{34},
                                                              .finalized = Slot{is_rival ? 29u : 30u},
                                                              .signature = Slot{35},
                                                              .is_next_rival = is_rival});
        return update_object(network, made, test_chain::make_committee(network, 2));
    };
    out.add("rivalNextNotFinal", early(true));
    return out;
}

/// All but some, who are spread as if by chance.
codec::SszBits scattered_signers(std::size_t size, std::size_t participants) {
    std::vector<std::pair<Hash32, std::size_t>> order;
    for (std::size_t i = 0; i < size; ++i) order.emplace_back(crypto::keccak256(codec::chunk_of(i)), i);
    std::sort(order.begin(), order.end());
    codec::SszBits bits{Bytes(size / 8), size};
    for (std::size_t i = 0; i < participants; ++i) {
        const std::size_t member = order[i].second;
        bits.bytes[member / 8] = static_cast<std::uint8_t>(bits.bytes[member / 8] | 1u << (member % 8));
    }
    return bits;
}

/// A committee of the real size, for the price of an update: with the next committee, and without it.
Object full_size() {
    BeaconNetwork network = test_chain::make_network();
    network.slots_per_epoch = 32;
    network.epochs_per_period = 256;
    network.committee_size = 512;
    const std::uint64_t period = 5 * network.slots_per_period();
    Object out;
    out.add("network", encode_network(network));
    for (const std::size_t participants :
         {std::size_t{512}, std::size_t{507}, std::size_t{461}, std::size_t{342}}) {
        for (const bool has_next : {true, false}) {
            Update update = test_chain::make_update(network, {.attested = Slot{period + 96},
                                                              .finalized = Slot{period + 32},
                                                              .signature = Slot{period + 97},
                                                              .participants = 512,
                                                              .has_finality = true,
                                                              .has_next_committee = has_next});
            test_chain::sign(network, update, scattered_signers(512, participants));
            out.add((has_next ? "nextOf" : "of") + std::to_string(participants),
                    update_object(network, update, test_chain::make_committee(network, 5)));
        }
    }
    return out;
}

// ---- receipts, headers and the history contract
// ----------------------------------------------------------------

struct Capture {
    BeaconNetwork network;
    Update update;
    SyncCommittee committee;
    Bytes raw_header;
    ReceiptProof receipt;
};

Capture read_capture(const std::string& directory) {
    const std::string path = "devnet_captures/" + directory;
    Capture capture;
    capture.network = read_capture_network(directory);
    capture.committee =
        decode_bootstrap_json(capture.network, read_part(path, "bootstrap.json#/data"))->current_committee;
    capture.update =
        decode_update_json(capture.network, read_vectors(path + "/updates.json").at(0).at("data"),
                           UpdateKind::kFull)
            .value();
    capture.raw_header = bytes_of(read_vectors(path + "/el_raw_header.json"));
    const rpc::Json proof = read_vectors(path + "/receipt_proof.json");
    capture.receipt.transaction_index = u64_of(proof.at("txIndex"));
    for (const auto& node : proof.at("proof").as_array()) capture.receipt.nodes.push_back(bytes_of(node));
    capture.receipt.log_indexes = {0};
    return capture;
}

/// Headers of our own on top of the capture's, newest first: the captures do not hold those up to the
/// finalised block.
std::vector<Bytes> headers_above(const Capture& capture, std::size_t count) {
    std::vector<Bytes> headers{capture.raw_header};
    for (std::size_t i = 0; i < count; ++i) {
        eth::Header header = eth::decode_header(headers.front()).value();
        header.parent_hash = crypto::keccak256(headers.front());
        ++header.number.value;
        header.receipts_root = trie::kEmptyRoot;
        headers.insert(headers.begin(), eth::encode_header(header));
    }
    return headers;
}

Object proof_object(const ProofParts& parts) {
    Object out;
    out.add("proof", encode_proof(parts));
    out.add("finalizedBlockHash", BytesView(crypto::keccak256(parts.headers.front())));
    return out;
}

/// A finalised block `distance` above the capture's, whose state has the history contract with `stored` for
/// its hash.
Object history_object(const Capture& capture, std::int64_t distance, const Hash32& stored) {
    const std::uint64_t target = eth::decode_header(capture.raw_header)->number.value;
    const Hash32 address_key = crypto::keccak256(hex_fixed<20>("0x0000F90827F1C53a10cb7A02335B175320002935"));
    const Hash32 slot_key = crypto::keccak256(to_big_endian(Uint256{target % 8191}));
    const Hash32 other_key = crypto::keccak256(to_big_endian(Uint256{9999}));
    Bytes value;
    codec::append_rlp_uint(value, *from_big_endian(stored));
    const trie::Trie storage({{to_bytes(slot_key), value}, {to_bytes(other_key), Bytes{0x05}}});
    Bytes fields;
    codec::append_rlp_uint(fields, std::uint64_t{1});
    codec::append_rlp_uint(fields, std::uint64_t{0});
    codec::append_rlp_bytes(fields, storage.root());
    codec::append_rlp_bytes(fields, crypto::keccak256(as_bytes("code")));
    const trie::Trie accounts({{to_bytes(address_key), codec::encode_rlp_list(fields)},
                               {to_bytes(other_key), codec::encode_rlp_list(fields)}});
    eth::Header header = eth::decode_header(capture.raw_header).value();
    header.number = BlockNumber{target + static_cast<std::uint64_t>(distance)};
    header.state_root = accounts.root();
    header.receipts_root = trie::kEmptyRoot;
    return proof_object({.updates = {},
                         .anchor_slot = kCheckpointSlot,
                         .headers = {eth::encode_header(header), capture.raw_header},
                         .history_account = accounts.proof(address_key),
                         .history_storage = storage.proof(slot_key),
                         .receipts = {capture.receipt}});
}

Object walk_object(const Capture& capture, const std::vector<Bytes>& updates, std::size_t depth) {
    ProofParts parts;
    parts.updates = updates;
    // Without updates the finalised header is the checkpoint of the tests.
    parts.anchor_slot = kCheckpointSlot;
    parts.headers = headers_above(capture, depth);
    parts.receipts = {capture.receipt};
    return proof_object(parts);
}

Object captures() {
    Object out;
    for (const std::string directory :
         {"mainnet-electra-n512", "minimal-electra-n64", "minimal-electra-to-fulu"}) {
        const Capture capture = read_capture(directory);
        Object object = update_object(capture.network, capture.update, capture.committee);
        object.add("network", encode_network(capture.network));
        for (const std::size_t depth : {std::size_t{0}, std::size_t{1}, std::size_t{8}}) {
            object.add("walk" + std::to_string(depth), walk_object(capture, {}, depth));
        }
        object.add("updatesFirst",
                   walk_object(capture,
                               {encode_sync_update(capture.network, capture.update, capture.committee)}, 2));
        const Hash32 hash = crypto::keccak256(capture.raw_header);
        for (const std::int64_t distance : {1, 256, 8190, 8191, 8192, 0, -1}) {
            object.add(
                "history" + std::string(distance < 0 ? "Minus" : "") + std::to_string(std::abs(distance)),
                history_object(capture, distance, hash));
        }
        Hash32 other = hash;
        other[31] ^= 1;
        object.add("historyOther", history_object(capture, 100, other));
        other = {};
        other[31] = 9;
        object.add("historyShort", history_object(capture, 100, other));
        out.add(directory, object);
    }
    return out;
}

void print() {
    Object out;
    out.add("mainnetNetwork", encode_network(read_network("lc_mainnet")));
    out.add("mainnet", real_updates("lc_mainnet"));
    out.add("sepoliaNetwork", encode_network(read_network("lc_sepolia")));
    out.add("sepolia", real_updates("lc_sepolia"));
    out.add("mutatedBits", mutated_bits());
    out.add("small", small_chain());
    out.add("fullSize", full_size());
    out.add("captures", captures());
    std::printf("%s\n", out.text().c_str());
}

}  // namespace
}  // namespace butter::ethereum

int main() {
    butter::ethereum::print();
    return 0;
}
