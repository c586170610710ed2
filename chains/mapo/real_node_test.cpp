// SPDX-License-Identifier: Apache-2.0
// What the relay chain's own node made (test/vectors/atlas_node): every header of its first epochs, with
// one validator added and one removed, verified from the first set on; receipts proved from its answers.
#include <gtest/gtest.h>

#include "butter/base/hex.hpp"
#include "butter/rpc/eth_api.hpp"
#include "butter/trie/trie.hpp"
#include "chains/mapo/light_client.hpp"
#include "chains/mapo/proof.hpp"
#include "chains/mapo/recorded_test.hpp"
#include "chains/mapo/sealer.hpp"

namespace butter::mapo {
namespace {

using test::bytes_of;
using test::hash_of;
using test::u64_of;
using Kind = LightClientError::Kind;

Header header_at(std::uint64_t number) {
    return decode_header_json(recorded().at("blocks").as_array().at(number - 1)).value();
}

/// The state whose set signs block `number`, reached by following the chain.
TrustedState state_for(std::uint64_t number) {
    TrustedState state = first_state();
    while (number > state.epoch_end().value) {
        const auto verified = verify_header(state, header_at(state.epoch_end().value));
        state = apply_rotation(state, verified.value()).value();
    }
    return state;
}

/// The receipts trie of block `number`: the transactions' receipts, then the system calls' where there
/// were any, which the node shows as logs only.
trie::Trie receipts_trie(std::uint64_t number) {
    std::vector<Bytes> values;
    const std::string key = std::to_string(number);
    if (const auto* receipts = recorded().at("receipts").as_object().if_contains(key)) {
        for (const auto& receipt : receipts->as_array())
            values.push_back(eth::encode_receipt(rpc::decode_placed_receipt(receipt).value().receipt));
    }
    if (const auto* logs = recorded().at("system_logs").as_object().if_contains(key)) {
        eth::Receipt system;
        system.is_success = true;
        const Hash32 hash = block_hash(header_at(number));
        for (const auto& log : logs->as_array()) {
            const auto placed = rpc::decode_placed_log(log).value();
            if (placed.transaction_hash == hash) system.logs.push_back(placed.log);
        }
        system.bloom = eth::bloom_of(system.logs);
        values.push_back(eth::encode_receipt(system));
    }
    return trie::make_list_trie(values);
}

TEST(mapo_real_node, headers_have_the_hashes_the_node_says) {
    Hash32 parent;
    for (std::uint64_t number = 1; number <= last_block(); ++number) {
        const auto& json = recorded().at("blocks").as_array().at(number - 1);
        const Header header = header_at(number);
        EXPECT_EQ(header.number.value, number);
        EXPECT_EQ(block_hash(header), hash_of(json.at("hash")));
        EXPECT_EQ(find_proposer(header), header.coinbase);
        if (number > 1) EXPECT_EQ(header.parent_hash, parent);
        parent = hash_of(json.at("hash"));
    }
    ASSERT_GT(last_block(), 2 * epoch_length());
}

TEST(mapo_real_node, headers_encode_as_the_node_encodes_them) {
    const auto& encoded = recorded().at("header_rlp").as_object();
    ASSERT_EQ(encoded.size(), 3u);
    for (const auto& [number, rlp] : encoded) {
        const Header header = header_at(std::stoull(std::string(number)));
        EXPECT_EQ(encode_header(header, Seals::kAll), bytes_of(rlp));
        EXPECT_EQ(decode_header(bytes_of(rlp)), header);
    }
}

TEST(mapo_real_node, base_fees_follow_the_rule) {
    for (std::uint64_t number = 1; number < last_block(); ++number)
        EXPECT_EQ(next_base_fee(header_at(number)), header_at(number + 1).base_fee) << number;
    const auto after = [](std::uint64_t gwei, std::uint64_t gas_used) {
        Header header;
        header.base_fee = Uint256{gwei * 1'000'000'000};
        header.gas_limit = 20'000'000;
        header.gas_used = gas_used;
        return next_base_fee(header);
    };
    EXPECT_EQ(after(800, 10'000'000), Uint256{800'000'000'000});
    EXPECT_EQ(after(800, 20'000'000), Uint256{900'000'000'000});
    EXPECT_EQ(after(800, 15'000'000), Uint256{850'000'000'000});
    EXPECT_EQ(after(800, 0), Uint256{700'000'000'000});
    // Never below 100 gwei or above 5,000.
    EXPECT_EQ(after(1, 20'000'000), Uint256{100'000'000'000});
    EXPECT_EQ(after(100, 0), Uint256{100'000'000'000});
    EXPECT_EQ(after(4'999, 20'000'000), Uint256{5'000'000'000'000});
}

TEST(mapo_real_node, every_seal_verifies_across_an_addition_and_a_removal) {
    TrustedState state = first_state();
    std::vector<std::size_t> sizes = {state.validators.size()};
    for (std::uint64_t number = 1; number <= last_block(); ++number) {
        const auto verified = verify_header(state, header_at(number));
        ASSERT_TRUE(verified.has_value()) << number << ": " << to_string(verified.error());
        EXPECT_GE(verified->signers, quorum(state.validators.size()));
        if (number != state.epoch_end().value) continue;
        state = apply_rotation(state, *verified).value();
        EXPECT_EQ(state.validators, snapshot(sizes.size())) << number;
        sizes.push_back(state.validators.size());
    }
    EXPECT_EQ(sizes, (std::vector<std::size_t>{3, 4, 3, 3}));
}

TEST(mapo_real_node, the_old_set_does_not_pass_for_the_new_one) {
    const std::uint64_t first_of_next = epoch_length() + 1;
    EXPECT_EQ(verify_header(first_state(), header_at(first_of_next)).error().kind, Kind::kOutsideEpoch);
    // The same set with the epoch moved on by hand, as if none had been added: the addition shows.
    TrustedState stale = first_state();
    stale.last_epoch_block = stale.epoch_end();
    const unsigned added = static_cast<unsigned>(stale.validators.size());
    std::size_t proposed = 0;
    std::size_t signed_only = 0;
    for (std::uint64_t number = first_of_next; number <= stale.epoch_end().value; ++number) {
        const Header header = header_at(number);
        const auto verified = verify_header(stale, header);
        if (header.coinbase == snapshot(1).at(added).address) {
            EXPECT_EQ(verified.error().kind, Kind::kProposerUnknown);
            ++proposed;
        } else if (header.extra.aggregated_seal.bitmap.bit(added)) {
            EXPECT_EQ(verified.error().kind, Kind::kBitmapOutOfRange);
            ++signed_only;
        }
    }
    EXPECT_GT(proposed, 0u);
    EXPECT_GT(signed_only, 0u);
}

TEST(mapo_real_node, receipts_have_the_sealed_root) {
    std::size_t count = 0;
    for (std::uint64_t number = 1; number <= last_block(); ++number) {
        const std::string key = std::to_string(number);
        if (!recorded().at("receipts").as_object().contains(key) &&
            !recorded().at("system_logs").as_object().contains(key))
            continue;
        EXPECT_EQ(receipts_trie(number).root(), header_at(number).receipts_root) << number;
        ++count;
    }
    EXPECT_GE(count, 6u);
}

TEST(mapo_real_node, logs_are_proved_from_its_receipts) {
    std::size_t proved = 0;
    for (const auto& [key, receipts] : recorded().at("receipts").as_object()) {
        const std::uint64_t number = std::stoull(std::string(key));
        const TrustedState state = state_for(number);
        const trie::Trie trie = receipts_trie(number);
        std::vector<ReceiptProof> proofs;
        std::vector<eth::Log> expected;
        for (const auto& json : receipts.as_array()) {
            const auto placed = rpc::decode_placed_receipt(json).value();
            if (placed.receipt.logs.empty()) continue;
            ReceiptProof proof{
                placed.transaction_index, trie.proof(trie::list_key(placed.transaction_index)), {}};
            for (const eth::Log& log : placed.receipt.logs) {
                proof.log_indexes.push_back(static_cast<std::uint16_t>(proof.log_indexes.size()));
                expected.push_back(log);
            }
            proofs.push_back(std::move(proof));
        }
        if (proofs.empty()) continue;
        const Bytes bytes = encode_proof(state, header_at(number), proofs);
        const auto verified = verify_proof(make_client_state(state), bytes);
        ASSERT_TRUE(verified.has_value()) << key << ": " << to_string(verified.error());
        EXPECT_EQ(verified->logs, expected);
        EXPECT_EQ(verified->number.value, number);
        proved += expected.size();
    }
    // Three calls with two logs each in one block, one in the last block of an epoch, one of the owner's.
    EXPECT_EQ(proved, 9u);
}

TEST(mapo_real_node, a_reverted_transaction_proves_nothing) {
    std::size_t reverted = 0;
    for (const auto& [key, receipts] : recorded().at("receipts").as_object()) {
        const std::uint64_t number = std::stoull(std::string(key));
        for (const auto& json : receipts.as_array()) {
            const auto placed = rpc::decode_placed_receipt(json).value();
            if (placed.receipt.is_success) continue;
            const TrustedState state = state_for(number);
            const Bytes bytes =
                encode_proof(state, header_at(number),
                             {{placed.transaction_index,
                               receipts_trie(number).proof(trie::list_key(placed.transaction_index)),
                               {0}}});
            EXPECT_EQ(verify_proof(make_client_state(state), bytes).error(), ProofError::kReceipt);
            ++reverted;
        }
    }
    EXPECT_EQ(reverted, 1u);
}

}  // namespace
}  // namespace butter::mapo
