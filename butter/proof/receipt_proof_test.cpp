// SPDX-License-Identifier: Apache-2.0
#include "butter/proof/receipt_proof.hpp"

#include <gtest/gtest.h>

#include "butter/base/hex.hpp"
#include "butter/trie/trie.hpp"

namespace butter::proof {
namespace {

eth::Receipt receipt_of(std::size_t logs) {
    eth::Receipt receipt;
    receipt.is_success = true;
    for (std::size_t i = 0; i < logs; ++i) {
        eth::Log log;
        log.address[0] = static_cast<std::uint8_t>(i);
        log.topics.resize(i % 5);
        log.data.assign(i * 20, static_cast<std::uint8_t>(i));
        receipt.logs.push_back(log);
    }
    return receipt;
}

struct Block {
    std::vector<eth::Receipt> receipts;
    trie::Trie trie;

    explicit Block(std::vector<eth::Receipt> all) : receipts(std::move(all)), trie(encode(receipts)) {}
    static trie::Trie encode(const std::vector<eth::Receipt>& receipts) {
        std::vector<Bytes> values;
        for (const eth::Receipt& receipt : receipts) values.push_back(eth::encode_receipt(receipt));
        return trie::make_list_trie(values);
    }
    ReceiptProof proof(std::uint64_t index, std::vector<std::uint16_t> logs) const {
        return {index, trie.proof(trie::list_key(index)), std::move(logs)};
    }
    ReceiptProofError error_of(const ReceiptProof& proof) const {
        const auto logs = verify_receipts(trie.root(), {&proof, 1});
        EXPECT_FALSE(logs.has_value());
        return logs ? ReceiptProofError{} : logs.error();
    }
};

TEST(receipt_proof, takes_the_wanted_logs_in_order) {
    const Block block({receipt_of(4), receipt_of(1), receipt_of(9)});
    const std::vector<ReceiptProof> proofs{block.proof(2, {0, 3, 8}), block.proof(0, {1})};
    const auto logs = verify_receipts(block.trie.root(), proofs);
    ASSERT_TRUE(logs.has_value());
    const auto& third = block.receipts[2].logs;
    EXPECT_EQ(*logs, (std::vector<eth::Log>{third[0], third[3], third[8], block.receipts[0].logs[1]}));
}

TEST(receipt_proof, names_what_is_wrong) {
    eth::Receipt failed = receipt_of(1);
    failed.is_success = false;
    eth::Receipt old = receipt_of(1);
    old.is_success = false;
    old.post_state = Hash32{};
    const Block block({receipt_of(2), failed, old});
    EXPECT_EQ(verify_receipts(block.trie.root(), {}).error(), ReceiptProofError::kNoReceipts);
    EXPECT_EQ(block.error_of(block.proof(3, {0})), ReceiptProofError::kTrie);
    EXPECT_EQ(block.error_of(block.proof(1, {0})), ReceiptProofError::kFailed);
    EXPECT_EQ(block.error_of(block.proof(2, {0})), ReceiptProofError::kFailed);
    EXPECT_EQ(block.error_of(block.proof(0, {})), ReceiptProofError::kNoLogIndexes);
    EXPECT_EQ(block.error_of(block.proof(0, {1, 0})), ReceiptProofError::kNotAscending);
    EXPECT_EQ(block.error_of(block.proof(0, {1, 1})), ReceiptProofError::kNotAscending);
    EXPECT_EQ(block.error_of(block.proof(0, {2})), ReceiptProofError::kOutOfRange);

    const trie::Trie other = trie::make_list_trie(std::vector<Bytes>{Bytes(40, 0xff)});
    const ReceiptProof proof{0, other.proof(trie::list_key(0)), {0}};
    EXPECT_EQ(verify_receipts(other.root(), {&proof, 1}).error(), ReceiptProofError::kReceipt);
}

TEST(receipt_proof, survives_the_abi) {
    const Block block({receipt_of(2)});
    const ReceiptProof proof = block.proof(0, {0, 1});
    const auto type = codec::parse_abi_type(kReceiptProofType);
    ASSERT_TRUE(type.has_value());
    const auto value = codec::decode_abi(*type, codec::encode_abi({to_abi(proof)}));
    ASSERT_TRUE(value.has_value());
    EXPECT_EQ(from_abi(*value), proof);
}

TEST(receipt_proof, packed_form_round_trips) {
    const std::vector<ReceiptProof> proofs{
        {.transaction_index = 0x0102, .nodes = {Bytes(3, 7), Bytes(70'000, 8)}, .log_indexes = {1, 0x203}},
        {.transaction_index = ~std::uint64_t{0}, .nodes = {}, .log_indexes = {}}};
    const Bytes packed = encode_packed(proofs);
    EXPECT_EQ(decode_packed(packed), proofs);
    EXPECT_EQ(encode_hex(BytesView(packed).first(15)), "0x000000000000010202000003070707");
    EXPECT_EQ(decode_packed({}), std::vector<ReceiptProof>{});
}

TEST(receipt_proof, packed_form_is_refused_wherever_it_is_cut) {
    const std::vector<ReceiptProof> proofs{
        {.transaction_index = 5, .nodes = {Bytes(3, 7), Bytes(2, 8)}, .log_indexes = {1, 2}}};
    const Bytes packed = encode_packed(proofs);
    for (std::size_t size = 1; size < packed.size(); ++size) {
        EXPECT_EQ(decode_packed(BytesView(packed).first(size)), std::nullopt) << size;
    }
    EXPECT_EQ(decode_packed(concat({packed, as_bytes("x")})), std::nullopt);
}

}  // namespace
}  // namespace butter::proof
