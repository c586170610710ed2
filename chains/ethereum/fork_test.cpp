// SPDX-License-Identifier: Apache-2.0
#include "chains/ethereum/fork.hpp"

#include <gtest/gtest.h>

#include "butter/base/hex.hpp"

namespace butter::ethereum {
namespace {

Fork fork_from(std::string_view name, std::uint64_t epoch) {
    Fork fork = *find_released_fork(name);
    fork.epoch = Epoch{epoch};
    return fork;
}

TEST(ethereum_fork, released_forks_have_the_specified_indices) {
    struct Row {
        const char* name;
        std::uint64_t finalized, current, next, block_hash;
    };
    for (const Row& row :
         {Row{"phase0", 0, 0, 0, 0}, Row{"altair", 105, 54, 55, 0}, Row{"bellatrix", 105, 54, 55, 0},
          Row{"capella", 105, 54, 55, 25 * 16 + 12}, Row{"deneb", 105, 54, 55, 25 * 32 + 12},
          Row{"electra", 169, 86, 87, 25 * 32 + 12}, Row{"fulu", 169, 86, 87, 25 * 32 + 12}}) {
        const Fork* fork = find_released_fork(row.name);
        ASSERT_NE(fork, nullptr) << row.name;
        EXPECT_EQ(fork->name, row.name);
        EXPECT_EQ(fork->finalized_root_gindex, row.finalized) << row.name;
        EXPECT_EQ(fork->current_committee_gindex, row.current) << row.name;
        EXPECT_EQ(fork->next_committee_gindex, row.next) << row.name;
        EXPECT_EQ(block_hash_gindex(*fork), row.block_hash) << row.name;
    }
    EXPECT_EQ(find_released_fork("Altair"), nullptr);
    EXPECT_EQ(find_released_fork(""), nullptr);
}

TEST(ethereum_fork, the_last_fork_that_began_rules) {
    BeaconNetwork network;
    network.forks = {fork_from("phase0", 0), fork_from("altair", 0), fork_from("capella", 5),
                     fork_from("deneb", 5), fork_from("electra", 9)};
    EXPECT_EQ(network.fork_at(Epoch{0}).name, "altair");
    EXPECT_EQ(network.fork_at(Epoch{4}).name, "altair");
    EXPECT_EQ(network.fork_at(Epoch{5}).name, "deneb");
    EXPECT_EQ(network.fork_at(Epoch{8}).name, "deneb");
    EXPECT_EQ(network.fork_at(Epoch{9}).name, "electra");
    EXPECT_EQ(network.fork_at(Epoch{~std::uint64_t{0}}).name, "electra");
    EXPECT_EQ(network.fork_at(Slot{5 * 32 - 1}).name, "altair");
    EXPECT_EQ(network.fork_at(Slot{5 * 32}).name, "deneb");
}

TEST(ethereum_fork, slots_divide_into_epochs_and_periods) {
    const BeaconNetwork network;
    EXPECT_EQ(network.slots_per_period(), 8192u);
    EXPECT_EQ(network.epoch_of(Slot{63}), Epoch{1});
    EXPECT_EQ(network.period_of(Slot{8191}), 0u);
    EXPECT_EQ(network.period_of(Slot{8192}), 1u);
}

TEST(ethereum_fork, signatures_are_under_the_fork_of_the_slot_before) {
    BeaconNetwork network;
    network.forks = {fork_from("altair", 0), fork_from("capella", 2)};
    network.forks[0].version = {{1, 0, 0, 0}};
    network.forks[1].version = {{3, 0, 0, 0}};
    const Hash32 attested{{7}};
    const Hash32 before = sync_committee_signing_root(network, attested, Slot{0});
    EXPECT_EQ(sync_committee_signing_root(network, attested, Slot{64}), before);
    EXPECT_NE(sync_committee_signing_root(network, attested, Slot{65}), before);
    network.genesis_validators_root = {{1}};
    EXPECT_NE(sync_committee_signing_root(network, attested, Slot{0}), before);
    EXPECT_EQ(encode_hex(sync_committee_domain(network.forks[0].version, {})).substr(0, 10), "0x07000000");
}

}  // namespace
}  // namespace butter::ethereum
