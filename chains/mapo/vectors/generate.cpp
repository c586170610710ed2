// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "butter/base/assert.hpp"
#include "butter/base/hex.hpp"
#include "butter/crypto/bn254.hpp"
#include "butter/crypto/keccak.hpp"
#include "butter/message/delivery.hpp"
#include "butter/message/message.hpp"
#include "butter/message/outbox.hpp"
#include "butter/trie/trie.hpp"
#include "chains/mapo/proof.hpp"
#include "chains/mapo/sealer.hpp"
#include "test/json/vectors.hpp"

/// Prints what the Solidity tests of this family read: proofs and updates made by this family's own encoder,
/// from headers sealed with test keys and from real ones (README.md says how to run it).
namespace butter::mapo {
namespace {

namespace bn254 = crypto::bn254;

constexpr std::uint64_t kEpochLength = 1000;
constexpr BlockNumber kLastEpochBlock{5000};
constexpr std::size_t kSetSize = 30;
constexpr ChainId kOrigin{1001};
constexpr ChainId kDestination{1002};
// What the tests deploy or pretend at these addresses.
constexpr std::string_view kRelayService = "0x00000000000000000000000000000004e1a00000";
constexpr std::string_view kOriginService = "0x00000000000000000000000000000005e47ce000";
constexpr std::string_view kSender = "0x00000000000000000000000000000005e4de4000";
constexpr std::string_view kReceiver = "0x00000000000000000000000000000004ece14e40";

using Set = std::vector<DevnetValidator>;

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

Set make_set(std::uint64_t first, std::size_t size) {
    Set set;
    for (std::uint64_t i = 0; i < size; ++i) set.push_back(make_devnet_validator(first + i));
    return set;
}

TrustedState state_of(const Set& set, BlockNumber last_epoch_block) {
    TrustedState state{kEpochLength, last_epoch_block, {}};
    for (const DevnetValidator& validator : set) state.validators.push_back(validator.validator);
    return state;
}

std::vector<std::size_t> all_but(std::size_t size, const std::vector<std::size_t>& absent) {
    std::vector<std::size_t> signers;
    for (std::size_t i = 0; i < size; ++i) {
        if (std::find(absent.begin(), absent.end(), i) == absent.end()) signers.push_back(i);
    }
    return signers;
}

std::vector<std::size_t> first(std::size_t count) {
    std::vector<std::size_t> indexes(count);
    std::iota(indexes.begin(), indexes.end(), 0);
    return indexes;
}

Bytes keys_of(const std::vector<Validator>& validators) {
    Bytes out;
    for (const Validator& validator : validators) out = concat({out, bn254::encode_g1(validator.g1_key)});
    return out;
}

Header make_header(std::uint64_t number) {
    Header header;
    header.parent_hash = crypto::keccak256(as_bytes("parent"));
    header.state_root = crypto::keccak256(as_bytes("state"));
    header.transactions_root = crypto::keccak256(as_bytes("transactions"));
    header.receipts_root = trie::kEmptyRoot;
    header.number = BlockNumber{number};
    header.gas_limit = 30'000'000;
    header.gas_used = 1'234'567;
    header.timestamp = UnixSeconds{1'700'000'000 + 5 * number};
    header.base_fee = 1'000'000'000;
    return header;
}

/// A block of `transactions` receipts, all but one of them large, and the proof of the small one's only log.
std::vector<ReceiptProof> put_log(Header& header, const eth::Log& log, std::size_t transactions) {
    const std::uint64_t chosen = transactions / 2;
    std::vector<Bytes> receipts;
    for (std::uint64_t i = 0; i < transactions; ++i) {
        eth::Receipt receipt{eth::EnvelopeType::kDynamicFee, true, {}, 60'000 * (i + 1), {}, {}};
        if (i == chosen) {
            receipt.logs = {log};
        } else {
            for (std::uint64_t k = 0; k < 4; ++k) {
                receipt.logs.push_back({log.address, {crypto::keccak256(as_bytes("other"))}, Bytes(200)});
            }
        }
        receipt.bloom = eth::bloom_of(receipt.logs);
        receipts.push_back(eth::encode_receipt(receipt));
    }
    const trie::Trie trie = trie::make_list_trie(receipts);
    header.receipts_root = trie.root();
    return {{chosen, trie.proof(trie::list_key(chosen)), {0}}};
}

eth::Log root_log(std::uint64_t count, const Hash32& root) {
    eth::Log log;
    log.address = hex_fixed<20>(kRelayService);
    log.topics = {crypto::keccak256(as_bytes("OutboxRoot(uint64,uint64,bytes32)")),
                  to_big_endian(Uint256{kDestination.value})};
    log.data = concat({to_big_endian(Uint256{count}), root});
    return log;
}

Object sealed(const Set& set, Header header, const std::vector<std::size_t>& signers, std::uint64_t round,
              BlockNumber last_epoch_block, const std::vector<ReceiptProof>& receipts) {
    seal_header(header, set, signers.front(), signers, round);
    Object out;
    out.add("proof", encode_proof(state_of(set, last_epoch_block), header, receipts));
    out.add("blockHash", BytesView(block_hash(header)));
    return out;
}

Object proof_object(const Set& set, const std::vector<std::size_t>& absent, std::uint64_t round,
                    BlockNumber last_epoch_block = kLastEpochBlock, std::uint64_t offset = 17,
                    std::size_t transactions = 20) {
    Header header = make_header(last_epoch_block.value + offset);
    const auto receipts = put_log(header, root_log(9, crypto::keccak256(as_bytes("outbox"))), transactions);
    return sealed(set, header, all_but(set.size(), absent), round, last_epoch_block, receipts);
}

/// The last block of the epoch, which changes the set; `after` is the set that follows.
Object update_object(const Set& set, const std::vector<std::size_t>& absent, const Set& added,
                     Uint256 removed, Set& after, BlockNumber last_epoch_block = kLastEpochBlock) {
    Header header = make_header(last_epoch_block.value + kEpochLength);
    for (const DevnetValidator& validator : added) {
        header.extra.added_addresses.push_back(validator.validator.address);
        header.extra.added_g2_keys.push_back(bn254::encode_g2(validator.validator.g2_key));
        header.extra.added_g1_keys.push_back(bn254::encode_g1(validator.validator.g1_key));
    }
    header.extra.removed = removed;
    seal_header(header, set, 0, all_but(set.size(), absent), 0);
    const TrustedState state = state_of(set, last_epoch_block);
    const auto verified = verify_header(state, header);
    BUTTER_ASSERT(verified.has_value());
    const auto next = apply_rotation(state, *verified);
    BUTTER_ASSERT(next.has_value());
    after.clear();
    for (std::size_t i = 0; i < set.size(); ++i) {
        if (!removed.bit(static_cast<unsigned>(i))) after.push_back(set[i]);
    }
    after.insert(after.end(), added.begin(), added.end());
    BUTTER_ASSERT(state_of(after, BlockNumber{last_epoch_block.value + kEpochLength}).validators ==
                  next->validators);
    Object out;
    out.add("update", encode_update(state, header));
    out.add("keysAfter", keys_of(next->validators));
    out.add("state", encode_state(make_client_state(*next)));
    return out;
}

/// A last block of the epoch whose changes of the set are wrong, sealed all the same.
Object bad_update(const Set& set, const Extra& changes) {
    Header header = make_header(kLastEpochBlock.value + kEpochLength);
    header.extra = changes;
    seal_header(header, set, 0, all_but(set.size(), {}), 0);
    Object out;
    out.add("update", encode_update(state_of(set, kLastEpochBlock), header));
    return out;
}

Object bad_updates(const Set& set, const Set& most) {
    const Validator added = make_devnet_validator(60).validator;
    Extra good;
    good.added_addresses = {added.address};
    good.added_g2_keys = {bn254::encode_g2(added.g2_key)};
    good.added_g1_keys = {bn254::encode_g1(added.g1_key)};
    Object out;
    Extra changes = good;
    changes.added_addresses.push_back(added.address);
    out.add("moreAddresses", bad_update(set, changes));
    changes = good;
    changes.added_g2_keys.clear();
    out.add("fewerG2Keys", bad_update(set, changes));
    changes = good;
    changes.added_g1_keys.clear();
    out.add("fewerG1Keys", bad_update(set, changes));
    changes = good;
    changes.added_g1_keys[0].bytes[63] ^= 1;
    out.add("keyOffTheCurve", bad_update(set, changes));
    changes.added_g1_keys[0] = {};
    out.add("keyAtInfinity", bad_update(set, changes));
    changes = {};
    changes.removed = Uint256{1} << static_cast<unsigned>(set.size());
    out.add("removedBeyondTheSet", bad_update(set, changes));
    changes.removed = (Uint256{1} << static_cast<unsigned>(set.size())) - Uint256{1};
    out.add("allRemoved", bad_update(set, changes));
    out.add("tooMany", bad_update(most, good));
    return out;
}

/// Messages for the destination, the proof of their outbox's root, and deliveries of them.
Object delivery_object(const Set& set, std::size_t payload_bytes) {
    constexpr std::uint64_t kCount = 300;
    message::Outbox outbox;
    std::vector<Bytes> messages;
    for (std::uint64_t i = 0; i < kCount; ++i) {
        message::Message message;
        message.type = message::MessageType::kMessage;
        message.from_chain = kOrigin;
        message.to_chain = kDestination;
        message.nonce = i;
        message.gas_limit = 100'000;
        message.service = hex_fixed<20>(kOriginService);
        message.sender = hex_bytes(kSender);
        message.target = hex_bytes(kReceiver);
        for (std::size_t k = 0; k < payload_bytes; ++k) {
            message.payload.push_back(static_cast<std::uint8_t>((i + k) % 255 + 1));
        }
        messages.push_back(message::encode_message(message));
        outbox.append(message::order_id(messages.back()));
    }
    Header header = make_header(kLastEpochBlock.value + 20);
    const auto receipts = put_log(header, root_log(kCount, outbox.root()), 20);
    Object out = sealed(set, header, all_but(set.size(), {4, 11, 26}), 0, kLastEpochBlock, receipts);
    out.add("root", BytesView(outbox.root()));
    out.add("count", kCount);
    // The newest are delivered: the first of each batch opens no new word of the bitmap once one before is
    // there.
    for (const std::uint64_t size : {1U, 10U, 50U}) {
        std::vector<message::DeliveredMessage> items;
        std::vector<std::uint64_t> indexes;
        for (std::uint64_t i = kCount - size; i < kCount; ++i) indexes.push_back(i);
        for (const std::uint64_t index : indexes) items.push_back({index, messages[index]});
        const message::Delivery delivery{kCount, items, outbox.siblings(kCount, indexes)};
        out.add("delivery" + std::to_string(size), message::encode_delivery(delivery));
    }
    // Opens the bitmap's words, as the messages before have on a living chain.
    const std::vector<std::uint64_t> opening{249, 256};
    const message::Delivery delivery{
        kCount, {{249, messages[249]}, {256, messages[256]}}, outbox.siblings(kCount, opening)};
    out.add("opening", message::encode_delivery(delivery));
    return out;
}

Uint256 number_of(const boost::json::value& value) { return *from_big_endian(test::bytes_of(value)); }

/// The set as the vectors know it, G1 keys only: the sum of the signers' G2 keys stands at the first signer.
TrustedState real_state(const boost::json::value& entry, const Header& header) {
    TrustedState state{
        kEpochLength, BlockNumber{(header.number.value - 1) / kEpochLength * kEpochLength}, {}};
    const auto& aggregate = entry.at("aggPkG2_xr_xi_yr_yi").as_array();
    bool is_placed = false;
    unsigned index = 0;
    for (const auto& key : entry.at("signerSetG1").as_array()) {
        Validator validator;
        validator.g1_key = {number_of(key.as_array()[0]), number_of(key.as_array()[1])};
        if (!is_placed && header.extra.aggregated_seal.bitmap.bit(index++)) {
            validator.g2_key = {number_of(aggregate[1]), number_of(aggregate[0]), number_of(aggregate[3]),
                                number_of(aggregate[2])};
            is_placed = true;
        }
        state.validators.push_back(validator);
    }
    return state;
}

std::vector<Object> real_objects(std::string_view file, bool with_label) {
    std::vector<Object> out;
    for (const auto& entry : test::read_vectors(file).as_array()) {
        if (entry.at("headerRlp").is_null()) continue;
        const Header header = decode_header(test::bytes_of(entry.at("headerRlp"))).value();
        const TrustedState state = real_state(entry, header);
        std::vector<ReceiptProof> receipts;
        if (const auto* proof = entry.as_object().if_contains("receiptProof")) {
            std::vector<Bytes> nodes;
            for (const auto& node : proof->at("proof").as_array()) nodes.push_back(test::bytes_of(node));
            receipts.push_back({0, nodes, {0}});
        }
        Object object;
        if (with_label) object.add("label", std::string(test::text_of(entry.at("label"))));
        object.add("lastEpochBlock", state.last_epoch_block.value);
        object.add("keys", keys_of(state.validators));
        object.add("proof", encode_proof(state, header, receipts));
        object.add("blockHash", BytesView(block_hash(header)));
        out.push_back(object);
    }
    return out;
}

std::vector<Object> hash_objects() {
    std::vector<Object> out;
    for (const auto& entry : test::read_vectors("map/hash_to_g1.json").at("cases").as_array()) {
        const Bytes message = test::bytes_of(entry.at("msg"));
        const auto hash = bn254::hash_to_g1(message).value();
        Object object;
        object.add("message", message);
        for (std::size_t i = 0; i < 2; ++i) {
            Bytes roots;
            for (const Uint256& root : hash.bases[i].roots) roots = concat({roots, to_big_endian(root)});
            object.add("inverse" + std::to_string(i), BytesView(to_big_endian(hash.bases[i].inverse)));
            object.add("roots" + std::to_string(i), roots);
        }
        out.push_back(object);
    }
    return out;
}

void print() {
    const Set set = make_set(0, kSetSize);
    const Set others = make_set(100, kSetSize);
    Object out;
    out.add("epochLength", kEpochLength);
    out.add("lastEpochBlock", kLastEpochBlock.value);
    out.add("keys", keys_of(state_of(set, kLastEpochBlock).validators));
    out.add("state", encode_state(make_client_state(state_of(set, kLastEpochBlock))));
    out.add("full", proof_object(set, {}, 0));
    out.add("absent3", proof_object(set, {4, 11, 26}, 0));
    out.add("absentEnds", proof_object(set, {0, 29}, 0));
    out.add("quorum", proof_object(set, first(10), 0));
    out.add("oneShort", proof_object(set, first(11), 0));
    out.add("round1", proof_object(set, {}, 1));
    out.add("round255", proof_object(set, {}, 255));
    out.add("round256", proof_object(set, {}, 256));
    out.add("round65536", proof_object(set, {}, 65'536));
    out.add("roundMax", proof_object(set, {}, kRoundMax));
    // Another block of the same number; and the same block, sealed by others.
    out.add("twin", proof_object(set, {2}, 1, kLastEpochBlock, 17, 3));
    out.add("fullAgain", proof_object(set, {29}, 0));
    out.add("firstBlock", proof_object(set, {}, 0, kLastEpochBlock, 1));
    out.add("lastBlock", proof_object(set, {}, 0, kLastEpochBlock, kEpochLength));
    out.add("blockBefore", proof_object(set, {}, 0, kLastEpochBlock, 0));
    out.add("blockAfter", proof_object(set, {}, 0, kLastEpochBlock, kEpochLength + 1));
    out.add("otherSet", proof_object(others, {}, 0));
    const Set lone = make_set(200, 1);
    out.add("loneKeys", keys_of(state_of(lone, kLastEpochBlock).validators));
    out.add("lone", proof_object(lone, {}, 0));
    const Set most = make_set(300, kValidatorsMax);
    out.add("mostKeys", keys_of(state_of(most, kLastEpochBlock).validators));
    out.add("most", proof_object(most, {0, 128, 255}, 0));

    constexpr BlockNumber kNextEpochBlock{kLastEpochBlock.value + kEpochLength};
    Set rotated;
    Object rotation = update_object(set, {7, 21}, make_set(60, 2), Uint256{1} << 3, rotated);
    rotation.add("proofAfter", proof_object(rotated, {1}, 0, kNextEpochBlock));
    rotation.add("proofOfOldSet", proof_object(set, {}, 0, kNextEpochBlock));
    Set shrunk;
    rotation.add("next", update_object(rotated, {}, {}, (Uint256{1} << 0) | (Uint256{1} << 30), shrunk,
                                       kNextEpochBlock));
    out.add("rotation", rotation);
    Set after;
    out.add("unchanged", update_object(set, {}, {}, 0, after));
    out.add("updateOfOthers", update_object(others, {}, make_set(60, 1), 0, after));
    Set emptied;
    out.add("secondEpochSkipped", update_object(set, {}, {}, 0, emptied, kNextEpochBlock));
    out.add("bad", bad_updates(set, most));
    out.add("messages32", delivery_object(set, 32));
    out.add("messages256", delivery_object(set, 256));
    out.add("real", real_objects("map/headers.json", false));
    out.add("realReceipts", real_objects("map/receipt_proofs.json", false));
    out.add("realTampered", real_objects("map/must_fail_headers.json", true));
    out.add("hashes", hash_objects());
    std::printf("%s\n", out.text().c_str());
}

}  // namespace
}  // namespace butter::mapo

int main() {
    butter::mapo::print();
    return 0;
}
