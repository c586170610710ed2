// SPDX-License-Identifier: Apache-2.0
#include "butter/trie/trie.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>

#include "butter/base/hex.hpp"
#include "butter/codec/rlp.hpp"
#include "butter/crypto/keccak.hpp"
#include "butter/trie/nibbles.hpp"
#include "test/json/vectors.hpp"

namespace butter::trie {
namespace {

using Entries = std::map<Bytes, Bytes>;

/// Text, or hex when it starts with 0x.
Bytes text_or_hex(const boost::json::value& value) {
    const std::string_view text = test::text_of(value);
    return text.starts_with("0x") ? hex_bytes(text) : to_bytes(as_bytes(text));
}

/// The entries left after a vector's insertions and deletions (null).
Entries entries_of(const boost::json::value& in) {
    Entries out;
    const auto put = [&](const boost::json::value& key, const boost::json::value& value) {
        if (value.is_null()) {
            out.erase(text_or_hex(key));
        } else {
            out[text_or_hex(key)] = text_or_hex(value);
        }
    };
    if (in.is_array()) {
        for (const auto& pair : in.get_array()) put(pair.at(0), pair.at(1));
    } else {
        for (const auto& [key, value] : in.as_object()) put(boost::json::value(key), value);
    }
    return out;
}

Trie trie_of(const Entries& entries) {
    std::vector<Entry> out;
    for (const auto& [key, value] : entries) out.push_back({key, value});
    return Trie(std::move(out));
}

std::vector<Bytes> nodes_of(const boost::json::value& proof) {
    std::vector<Bytes> out;
    for (const auto& node : proof.as_array()) out.push_back(test::bytes_of(node));
    return out;
}

TrieError error_of(const Result<Bytes, TrieError>& result) { return result ? TrieError{} : result.error(); }

TEST(trie, has_the_published_roots) {
    unsigned count = 0;
    for (const auto* file : {"trie/trietest.json", "trie/trieanyorder.json"}) {
        const auto vectors = test::read_vectors(file);
        for (const auto& [name, vector] : vectors.as_object()) {
            const Trie trie = trie_of(entries_of(vector.at("in")));
            EXPECT_EQ(trie.root(), test::hash_of(vector.at("root"))) << name;
            ++count;
        }
    }
    const auto vectors = test::read_vectors("trie/hex_encoded_securetrie_test.json");
    for (const auto& [name, vector] : vectors.as_object()) {
        Entries hashed;
        for (const auto& [key, value] : entries_of(vector.at("in"))) {
            hashed[to_bytes(crypto::keccak256(key))] = value;
        }
        EXPECT_EQ(trie_of(hashed).root(), test::hash_of(vector.at("root"))) << name;
        ++count;
    }
    EXPECT_EQ(count, 15u);
}

TEST(trie, proves_every_entry_of_the_published_tries) {
    for (const auto* file : {"trie/trietest.json", "trie/trieanyorder.json"}) {
        const auto vectors = test::read_vectors(file);
        for (const auto& [name, vector] : vectors.as_object()) {
            const Entries entries = entries_of(vector.at("in"));
            const Trie trie = trie_of(entries);
            for (const auto& [key, value] : entries) {
                EXPECT_EQ(verify_proof(trie.root(), key, trie.proof(key)).value(), value) << name;
            }
        }
    }
}

/// Published proofs list inlined nodes once more on their own; ours do not. A root is never inlined.
std::vector<Bytes> without_inlined(std::vector<Bytes> nodes) {
    const auto is_inlined = [](const Bytes& node) { return node.size() < Hash32::kSize; };
    nodes.erase(std::remove_if(nodes.begin() + 1, nodes.end(), is_inlined), nodes.end());
    return nodes;
}

TEST(trie, judges_the_published_proofs) {
    struct Rejected {
        TrieError as_given;
        TrieError without_inlined;  ///< none where only what was repeated is wrong
    };
    const std::map<std::string_view, Rejected> rejected = {
        {"nonexistentKey1_reverts", {TrieError::kUnusedNodes, TrieError::kKeyMismatch}},
        {"wrongKeyProof_reverts", {TrieError::kInlineNodeRepeated, TrieError::kMissingNode}},
        {"invalidDataRemainder_reverts", {TrieError::kUnusedNodes, TrieError{}}},
        {"zeroBranchValueLength_reverts", {TrieError::kUnusedNodes, TrieError::kNoValue}},
        {"smallerPathThanKey1_reverts", {TrieError::kUnusedNodes, TrieError::kKeyMismatch}},
        {"extraProofElements_reverts", {TrieError::kUnusedNodes, TrieError{}}},
    };
    std::size_t refused = 0;
    const auto vectors = test::read_vectors("trie/optimism_MerkleTrie_vectors.json");
    for (const auto& vector : vectors.as_array()) {
        const std::string_view name = test::text_of(vector.at("name"));
        const Hash32 root = test::hash_of(vector.at("root"));
        const Bytes key = test::bytes_of(vector.at("key"));
        const std::vector<Bytes> given = nodes_of(vector.at("proof"));
        const std::vector<Bytes> nodes = without_inlined(given);
        const auto result = verify_proof(root, key, nodes);
        if (test::text_of(vector.at("expect")) != "reject") {
            ASSERT_TRUE(result.has_value()) << name << ": " << to_string(result.error());
            EXPECT_EQ(*result, test::bytes_of(vector.at("expect"))) << name;
            if (nodes.size() < given.size()) {
                EXPECT_EQ(error_of(verify_proof(root, key, given)), TrieError::kUnusedNodes) << name;
            }
        } else {
            ASSERT_TRUE(rejected.contains(name)) << name;
            EXPECT_EQ(error_of(verify_proof(root, key, given)), rejected.at(name).as_given) << name;
            EXPECT_EQ(error_of(result), rejected.at(name).without_inlined) << name;
            ++refused;
        }
    }
    EXPECT_EQ(refused, rejected.size());
}

Bytes account_field(const Bytes& account, unsigned field) {
    auto reader = codec::decode_rlp_list(account).value();
    for (unsigned i = 0; i < field; ++i) EXPECT_TRUE(reader.next().has_value());
    return to_bytes(reader.next_bytes().value());
}

TEST(trie, verifies_accounts_and_slots_of_nodes) {
    unsigned slots = 0;
    const auto check = [&](const Hash32& state_root, const boost::json::value& proof) {
        const Bytes address = test::bytes_of(proof.at("address"));
        const auto account =
            verify_proof(state_root, crypto::keccak256(address), nodes_of(proof.at("accountProof"))).value();
        const Hash32 storage_root = to_fixed<32>(account_field(account, 2));
        for (const auto& slot : proof.at("storageProof").as_array()) {
            const Bytes given = hex_bytes(
                std::string(test::text_of(slot.at("key"))) == "0x0" ? "0x00" : test::text_of(slot.at("key")));
            Hash32 key;
            std::copy(given.begin(), given.end(),
                      key.bytes.end() - static_cast<std::ptrdiff_t>(given.size()));
            const auto value =
                verify_proof_or_absence(storage_root, crypto::keccak256(key), nodes_of(slot.at("proof")));
            ASSERT_TRUE(value.has_value()) << to_string(value.error());
            ASSERT_TRUE(value->has_value());
            const Bytes number = to_bytes(codec::RlpReader(**value).next_bytes().value());
            const std::string expected(test::text_of(slot.at("value")));
            const std::string digits = expected.substr(2);
            EXPECT_EQ(from_big_endian(number),
                      from_big_endian(hex_bytes(digits.size() % 2 ? "0" + digits : digits)));
            ++slots;
        }
    };
    for (const std::string directory :
         {"mainnet-electra-n512", "minimal-electra-n64", "minimal-electra-to-fulu"}) {
        const auto block = test::read_vectors("devnet_captures/" + directory + "/el_block.json");
        check(test::hash_of(block.at("stateRoot")),
              test::read_vectors("devnet_captures/" + directory + "/eth_getProof.json"));
    }
    EXPECT_EQ(slots, 3u);
}

TEST(trie, verifies_account_proofs_of_public_chains) {
    const auto vectors = test::read_vectors("state_proofs/eth_getProof.json");
    unsigned count = 0;
    for (const auto& vector : vectors.as_array()) {
        const Hash32 key = crypto::keccak256(test::bytes_of(vector.at("address")));
        const auto nodes = nodes_of(vector.at("accountProof"));
        const Hash32 root = test::hash_of(vector.at("stateRoot"));
        EXPECT_TRUE(verify_proof(root, key, nodes).has_value());
        // The same nodes say nothing about another account.
        Hash32 other = key;
        other[0] ^= 0x10;
        EXPECT_FALSE(verify_proof(root, other, nodes).has_value());
        EXPECT_FALSE(verify_proof_or_absence(root, other, nodes).has_value());
        ++count;
    }
    EXPECT_EQ(count, 2u);
}

TEST(trie, has_the_roots_of_real_receipts_and_transactions) {
    const auto blocks = test::read_vectors("blocks/mainnet_blocks_full.json");
    for (const auto& block : blocks.as_array()) {
        const auto receipts = nodes_of(block.at("receipts"));
        const Trie trie = make_list_trie(receipts);
        EXPECT_EQ(trie.root(), test::hash_of(block.at("header").at("receiptsRoot")));
        EXPECT_EQ(make_list_trie(nodes_of(block.at("transactions"))).root(),
                  test::hash_of(block.at("header").at("transactionsRoot")));
        for (const auto& proof : block.at("receiptProofs").as_array()) {
            const Bytes key = test::bytes_of(proof.at("key"));
            EXPECT_EQ(key, list_key(test::u64_of(proof.at("index"))));
            EXPECT_EQ(trie.proof(key), nodes_of(proof.at("proof")));
            EXPECT_EQ(verify_proof(trie.root(), key, trie.proof(key)).value(),
                      test::bytes_of(proof.at("value")));
        }
        const auto& absence = block.at("receiptAbsenceProof");
        const Bytes key = test::bytes_of(absence.at("key"));
        EXPECT_EQ(trie.proof(key), nodes_of(absence.at("proof")));
        EXPECT_EQ(verify_proof_or_absence(trie.root(), key, trie.proof(key)).value(), std::nullopt);
        EXPECT_EQ(error_of(verify_proof(trie.root(), key, trie.proof(key))), TrieError::kKeyMismatch);
    }
}

TEST(trie, verifies_receipt_proofs_of_other_programs) {
    unsigned count = 0;
    const auto check = [&](const boost::json::value& root, const boost::json::value& vector,
                           const char* value) {
        const auto result =
            verify_proof(test::hash_of(root), test::bytes_of(vector.at("key")), nodes_of(vector.at("proof")));
        ASSERT_TRUE(result.has_value()) << to_string(result.error());
        EXPECT_EQ(*result, test::bytes_of(vector.at(value)));
        ++count;
    };
    const auto goerli = test::read_vectors("blocks/goerli_receipt_event_proofs.json");
    for (const auto& vector : goerli.as_array()) check(vector.at("receiptsRoot"), vector, "receipt");
    const auto map = test::read_vectors("map/receipt_proofs.json");
    for (const auto& vector : map.as_array()) {
        check(vector.at("header").at("receiptHash"), vector.at("receiptProof"), "receipt");
    }
    const auto mainnet = test::read_vectors("e2e/mainnet_deneb_receipts_11069311/receipt_proofs.json");
    const auto expected = test::read_vectors("e2e/mainnet_deneb_receipts_11069311/expected.json");
    for (const auto& vector : mainnet.as_array()) check(expected.at("receiptsRoot"), vector, "receipt");
    for (const std::string directory :
         {"mainnet-electra-n512", "minimal-electra-n64", "minimal-electra-to-fulu"}) {
        const auto vector = test::read_vectors("devnet_captures/" + directory + "/receipt_proof.json");
        check(vector.at("receiptsRoot"), vector, "value");
    }
    const auto lodestar =
        test::read_vectors("devnet_captures/lodestar-1.5.1-minimal-capella/receipt_proof.json");
    EXPECT_TRUE(verify_proof(test::hash_of(lodestar.at("root")),
                             list_key(test::u64_of(lodestar.at("txIndex"))), nodes_of(lodestar.at("proof")))
                    .has_value());
    EXPECT_EQ(count, 3u + 2u + 5u + 3u);
}

TEST(trie, makes_the_proofs_that_a_node_makes) {
    const auto raw = test::read_vectors("devnet_captures/mainnet-electra-n512/el_raw_receipts.json");
    const auto vector = test::read_vectors("devnet_captures/mainnet-electra-n512/receipt_proof.json");
    const Trie trie = make_list_trie(nodes_of(raw));
    EXPECT_EQ(trie.root(), test::hash_of(vector.at("receiptsRoot")));
    EXPECT_EQ(trie.proof(test::bytes_of(vector.at("key"))), nodes_of(vector.at("proof")));
}

/// How the proof of one slot ends: what was wrong first.
std::string judge_storage_proof(const boost::json::value& vector) {
    const Bytes header = test::bytes_of(vector.at("header_data"));
    auto fields = codec::decode_rlp_list(header).value();
    for (unsigned i = 0; i < 3; ++i) EXPECT_TRUE(fields.next().has_value());
    const Hash32 state_root = fields.next_fixed<32>().value();
    const auto account =
        verify_proof(state_root, crypto::keccak256(test::bytes_of(vector.at("contract_address"))),
                     nodes_of(vector.at("account_proof")));
    if (!account) return "account: " + std::string(to_string(account.error()));
    if (*account != test::bytes_of(vector.at("expected_account_state"))) return "account: another state";
    const auto value = verify_proof_or_absence(to_fixed<32>(account_field(*account, 2)),
                                               test::hash_of(vector.at("storage_key_hash")),
                                               nodes_of(vector.at("storage_proof")));
    if (!value) return "slot: " + std::string(to_string(value.error()));
    if (value->value_or(Bytes()) != test::bytes_of(vector.at("expected_storage_value")))
        return "slot: another value";
    return *value ? "proven" : "proven absent";
}

TEST(trie, judges_storage_proofs_with_one_part_changed) {
    const std::map<std::string_view, std::string_view> expected = {
        {"storageProof", "proven"},
        {"storageProofWithFalseValue", "proven absent"},
        {"storageProofWithIncorrectAccountProof", "account: trie node is not the one its parent names"},
        {"storageProofWithIncorrectAccountState", "account: another state"},
        // Its state root is right; that its hash is no block's is for the light client to see.
        {"storageProofWithIncorrectHeaderExceptStateRoot", "proven"},
        {"storageProofWithIncorrectStateProof", "slot: trie node is not the one its parent names"},
        {"storageProofWithIncorrectValue", "slot: another value"},
    };
    const auto vectors = test::read_vectors("state_proofs/near_eth-prover_storage_proof_good_and_bad.json");
    EXPECT_EQ(vectors.as_object().size(), expected.size());
    for (const auto& [name, vector] : vectors.as_object()) {
        EXPECT_EQ(judge_storage_proof(vector), expected.at(std::string_view(name))) << name;
    }
}

TEST(trie, empty_trie_has_no_proof_but_absence) {
    const Trie empty({});
    EXPECT_EQ(empty.root(), kEmptyRoot);
    EXPECT_EQ(empty.root(), crypto::keccak256(Bytes{0x80}));
    EXPECT_TRUE(empty.proof(Bytes{1}).empty());
    EXPECT_EQ(verify_proof_or_absence(kEmptyRoot, Bytes{1}, {}).value(), std::nullopt);
    EXPECT_EQ(verify_proof_or_absence(kEmptyRoot, Bytes{1}, std::vector<Bytes>{{0x80}}).value(),
              std::nullopt);
    EXPECT_EQ(error_of(verify_proof(kEmptyRoot, Bytes{1}, std::vector<Bytes>{{0x80}})),
              TrieError::kKeyMismatch);
    EXPECT_EQ(error_of(verify_proof(kEmptyRoot, Bytes{1}, {})), TrieError::kMissingNode);
}

/// The error for a trie of the one node `items`, at `key`.
TrieError node_error(const Bytes& items, const Bytes& key) {
    const Bytes node = codec::encode_rlp_list(items);
    return error_of(verify_proof(crypto::keccak256(node), key, std::vector<Bytes>{node}));
}

Bytes strings(std::initializer_list<Bytes> items) {
    Bytes out;
    for (const Bytes& item : items) codec::append_rlp_bytes(out, item);
    return out;
}

TEST(trie, refuses_malformed_nodes) {
    const Bytes key{0x12};
    EXPECT_EQ(node_error(strings({{0x20, 0x12}, {7}}), key), TrieError{});
    EXPECT_EQ(node_error(strings({{0x20, 0x12}, {}}), key), TrieError::kNoValue);
    EXPECT_EQ(node_error(strings({{0x20, 0x12}, {7}, {8}}), key), TrieError::kMalformedNode);
    EXPECT_EQ(node_error(strings({{0x40, 0x12}, {7}}), key), TrieError::kMalformedNode);
    EXPECT_EQ(node_error(strings({{0x21, 0x12}, {7}}), key), TrieError::kMalformedNode);
    EXPECT_EQ(node_error(strings({{}, {7}}), key), TrieError::kMalformedNode);
    EXPECT_EQ(node_error(strings({{0x00}, Bytes(32)}), key), TrieError::kMalformedNode);
    EXPECT_EQ(node_error(strings({{0x11}, Bytes(31)}), key), TrieError::kMalformedNode);
    EXPECT_EQ(node_error(strings({{0x11}, Bytes(32)}), key), TrieError::kMissingNode);
    EXPECT_EQ(node_error(strings({{0x13}, Bytes(32)}), key), TrieError::kKeyMismatch);
    EXPECT_EQ(node_error(concat({codec::encode_rlp_list({}), strings({{7}})}), key),
              TrieError::kMalformedNode);
    EXPECT_EQ(node_error(concat({strings({{0x20, 0x12}}), codec::encode_rlp_list({})}), key),
              TrieError::kMalformedNode);
    // An inlined child of 32 bytes should have been hashed.
    const Bytes child = codec::encode_rlp_list(strings({{0x32}, Bytes(29)}));
    ASSERT_EQ(child.size(), Hash32::kSize);
    EXPECT_EQ(node_error(concat({strings({{0x11}}), child}), key), TrieError::kMalformedNode);
    EXPECT_EQ(node_error(Bytes(16, 0x80), key), TrieError::kMalformedNode);
    EXPECT_EQ(node_error(Bytes(18, 0x80), key), TrieError::kMalformedNode);
    EXPECT_EQ(node_error(Bytes(17, 0x80), key), TrieError::kKeyMismatch);
    EXPECT_EQ(node_error(Bytes(17, 0x80), {}), TrieError::kNoValue);
    EXPECT_EQ(node_error(concat({Bytes(16, 0x80), Bytes{0xc0}}), {}), TrieError::kMalformedNode);
    const Bytes text = codec::encode_rlp_bytes(Bytes(40));
    EXPECT_EQ(error_of(verify_proof(crypto::keccak256(text), key, std::vector<Bytes>{text})),
              TrieError::kMalformedNode);
}

TEST(trie, refuses_a_short_node_that_is_hashed) {
    const Bytes leaf = codec::encode_rlp_list(strings({{0x32}, {7}}));
    const Bytes parent = codec::encode_rlp_list(strings({{0x11}, to_bytes(crypto::keccak256(leaf))}));
    EXPECT_EQ(
        error_of(verify_proof(crypto::keccak256(parent), Bytes{0x12}, std::vector<Bytes>{parent, leaf})),
        TrieError::kInlineNodeRepeated);
}

TEST(trie, bounds_the_key) {
    const Bytes longest(kKeyBytesMax, 5);
    const Trie trie({{longest, {1}}, {Bytes(kKeyBytesMax - 1, 5), {2}}});
    EXPECT_EQ(verify_proof(trie.root(), longest, trie.proof(longest)).value(), Bytes{1});
    EXPECT_EQ(error_of(verify_proof(trie.root(), Bytes(kKeyBytesMax + 1, 5), trie.proof(longest))),
              TrieError::kKeyMismatch);
}

TEST(trie, every_error_has_a_text) {
    for (int i = 1; i <= 7; ++i) EXPECT_NE(to_string(static_cast<TrieError>(i)), "unknown trie error");
}

TEST(trie, paths_round_trip) {
    EXPECT_TRUE(rc::check([](const Bytes& bytes, bool is_leaf) {
        const Nibbles all(bytes);
        const Nibbles part = all.after(*rc::gen::inRange<std::size_t>(0, all.size() + 1));
        const Bytes encoded = encode_path(part, is_leaf);
        const Path decoded = decode_path(encoded).value();
        RC_ASSERT(decoded.is_leaf == is_leaf);
        RC_ASSERT(decoded.nibbles.size() == part.size());
        RC_ASSERT(decoded.nibbles.common_prefix(part) == part.size());
    }));
}

/// Short keys over few symbols: shared prefixes, keys that end inside others, inlined nodes.
Entries any_entries() {
    const auto symbol = rc::gen::element<std::uint8_t>(0x00, 0x01, 0x10, 0x11, 0xab);
    const auto key = rc::gen::container<Bytes>(symbol);
    Entries out;
    for (const Bytes& k : *rc::gen::container<std::vector<Bytes>>(key)) {
        if (k.size() > kKeyBytesMax) continue;
        const auto size = *rc::gen::element<std::size_t>(1, 2, 20, 31, 32, 60);
        out[k] = *rc::gen::container<Bytes>(size, rc::gen::arbitrary<std::uint8_t>());
    }
    return out;
}

TEST(trie, proves_what_is_in_it_and_what_is_not) {
    EXPECT_TRUE(rc::check([] {
        const Entries entries = any_entries();
        const Trie trie = trie_of(entries);
        for (const auto& [key, value] : entries) {
            RC_ASSERT(verify_proof(trie.root(), key, trie.proof(key)).value() == value);
            for (const std::uint8_t extra : Bytes{0x00, 0x0b, 0xab}) {
                Bytes other = key;
                other.push_back(extra);
                if (other.size() > kKeyBytesMax) continue;
                const auto found = entries.find(other);
                const auto proven = verify_proof_or_absence(trie.root(), other, trie.proof(other));
                RC_ASSERT(proven.has_value());
                RC_ASSERT(proven->has_value() == (found != entries.end()));
            }
        }
    }));
}

TEST(trie, refuses_any_changed_proof) {
    EXPECT_TRUE(rc::check([] {
        const Entries entries = any_entries();
        RC_PRE(!entries.empty());
        const Trie trie = trie_of(entries);
        const Bytes key =
            (*rc::gen::elementOf(std::vector<std::pair<Bytes, Bytes>>(entries.begin(), entries.end()))).first;
        std::vector<Bytes> nodes = trie.proof(key);
        const auto node = *rc::gen::inRange<std::size_t>(0, nodes.size());
        const auto byte = *rc::gen::inRange<std::size_t>(0, nodes[node].size());
        nodes[node][byte] ^= *rc::gen::inRange<std::uint8_t>(1, 255);
        const auto error = error_of(verify_proof(trie.root(), key, nodes));
        RC_ASSERT(error == TrieError::kHashMismatch);
        nodes = trie.proof(key);
        nodes.push_back(nodes.back());
        RC_ASSERT(error_of(verify_proof(trie.root(), key, nodes)) == TrieError::kUnusedNodes);
        nodes.resize(nodes.size() - 2);
        RC_ASSERT(error_of(verify_proof(trie.root(), key, nodes)) == TrieError::kMissingNode);
    }));
}

}  // namespace
}  // namespace butter::trie
