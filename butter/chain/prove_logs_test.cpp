// SPDX-License-Identifier: Apache-2.0
#include "butter/chain/prove_logs.hpp"

#include <gtest/gtest.h>

namespace butter::chain {
namespace {

eth::Log make_log(std::uint8_t mark) {
    eth::Log log;
    log.address.bytes.fill(mark);
    log.data = {mark};
    return log;
}

/// Three receipts with 2, 0 and 3 logs.
std::vector<rpc::PlacedReceipt> make_receipts() {
    std::vector<rpc::PlacedReceipt> receipts(3);
    std::uint8_t mark = 0;
    for (std::size_t count : {2u, 0u, 3u}) {
        rpc::PlacedReceipt& placed = receipts[mark == 0 ? 0 : count == 0 ? 1 : 2];
        placed.receipt.is_success = true;
        placed.receipt.cumulative_gas_used = 21'000u + mark;
        for (std::size_t i = 0; i < count; ++i) placed.receipt.logs.push_back(make_log(++mark));
        placed.receipt.bloom = eth::bloom_of(placed.receipt.logs);
    }
    return receipts;
}

LogPosition position(std::uint64_t transaction, std::uint64_t log, std::uint8_t mark) {
    LogPosition out;
    out.block = BlockNumber{9};
    out.transaction_index = transaction;
    out.log_index = log;
    out.log = make_log(mark);
    return out;
}

TEST(prove_logs, proves_logs_of_several_receipts_in_order) {
    const auto receipts = make_receipts();
    const auto values = encode_receipts(receipts);
    const trie::Trie trie = trie::make_list_trie(values);
    const auto proofs = prove_logs(trie, receipts, {position(0, 1, 2), position(2, 2, 3), position(2, 4, 5)});
    ASSERT_TRUE(proofs.has_value()) << proofs.error();
    ASSERT_EQ(proofs->size(), 2u);
    EXPECT_EQ((*proofs)[0].transaction_index, 0u);
    EXPECT_EQ((*proofs)[0].log_indexes, std::vector<std::uint16_t>{1});
    EXPECT_EQ((*proofs)[1].transaction_index, 2u);
    EXPECT_EQ((*proofs)[1].log_indexes, (std::vector<std::uint16_t>{0, 2}));
    for (const proof::ReceiptProof& receipt : *proofs) {
        const auto value =
            trie::verify_proof(trie.root(), trie::list_key(receipt.transaction_index), receipt.nodes);
        ASSERT_TRUE(value.has_value());
        EXPECT_EQ(*value, values[receipt.transaction_index]);
    }
}

TEST(prove_logs, refuses_what_is_not_there) {
    const auto receipts = make_receipts();
    const trie::Trie trie = trie::make_list_trie(encode_receipts(receipts));
    const auto is_refused = [&](const std::vector<LogPosition>& positions) {
        return !prove_logs(trie, receipts, positions).has_value();
    };
    EXPECT_TRUE(is_refused({position(3, 5, 6)}));                     // no such transaction
    EXPECT_TRUE(is_refused({position(2, 1, 2)}));                     // another transaction's log
    EXPECT_TRUE(is_refused({position(0, 2, 3)}));                     // beyond the receipt's logs
    EXPECT_TRUE(is_refused({position(0, 1, 1)}));                     // another log
    EXPECT_TRUE(is_refused({position(0, 1, 2), position(0, 0, 1)}));  // not ascending
    EXPECT_TRUE(is_refused({position(0, 1, 2), position(0, 1, 2)}));  // twice
    auto elsewhere = position(2, 2, 3);
    elsewhere.block = BlockNumber{10};
    EXPECT_TRUE(is_refused({position(0, 1, 2), elsewhere}));  // in another block
}

}  // namespace
}  // namespace butter::chain
