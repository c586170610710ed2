// SPDX-License-Identifier: Apache-2.0
#include "butter/messenger/hop_store.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace butter::messenger {
namespace {

constexpr ChainId kRelay{212};
constexpr ChainId kOuter{1};

Hop make_hop(ChainId from, ChainId to, std::uint8_t id, BlockNumber block, std::uint64_t log_index) {
    Hop hop;
    hop.key = {from, to, Hash32{{id}}};
    hop.position.block = block;
    hop.position.log_index = log_index;
    return hop;
}

HopStore open_in_memory(const std::vector<Hop>& hops) {
    HopStore store = HopStore::open(":memory:").value();
    EXPECT_TRUE(store.save_scan(kOuter, BlockNumber{100}, hops, {}).has_value());
    return store;
}

TEST(hop_store, restart_begins_again_what_was_under_way) {
    std::vector<Hop> hops;
    for (const HopState state : {HopState::kFinal, HopState::kProved, HopState::kSubmitted,
                                 HopState::kDelivered, HopState::kFailed, HopState::kParked}) {
        Hop hop = make_hop(kOuter, kRelay, static_cast<std::uint8_t>(state), BlockNumber{1}, hops.size());
        hop.progress.state = state;
        hop.progress.attempts = 3;
        hops.push_back(hop);
    }
    HopStore store = open_in_memory(hops);
    ASSERT_TRUE(store.restart().has_value());
    for (const Hop& hop : hops) {
        const HopProgress after = store.find_hop(hop.key).value().value().progress;
        EXPECT_EQ(after.state, next(hop.progress, Restarted{}).value().state)
            << to_string(hop.progress.state);
        EXPECT_EQ(after.attempts, 3u);
    }
}

TEST(hop_store, counts_every_hop_once) {
    std::vector<Hop> hops;
    for (const HopState state : {HopState::kFinal, HopState::kParked, HopState::kProved, HopState::kDelivered,
                                 HopState::kDelivered, HopState::kFailed}) {
        hops.push_back(make_hop(kOuter, kRelay, static_cast<std::uint8_t>(hops.size()), BlockNumber{1}, 0));
        hops.back().progress.state = state;
    }
    const auto counts = open_in_memory(hops).load_counts().value();
    EXPECT_EQ(counts.open, 3);
    EXPECT_EQ(counts.delivered, 2);
    EXPECT_EQ(counts.failed, 1);
    const auto none = open_in_memory({}).load_counts().value();
    EXPECT_EQ(none.open + none.delivered + none.failed, 0);
}

TEST(hop_store, the_last_hop_has_the_newest_log_of_its_chain) {
    HopStore store = open_in_memory(
        {make_hop(kOuter, kRelay, 1, BlockNumber{7}, 9), make_hop(kOuter, kRelay, 2, BlockNumber{8}, 3),
         make_hop(kOuter, ChainId{5}, 3, BlockNumber{8}, 4), make_hop(kRelay, kOuter, 4, BlockNumber{9}, 0)});
    EXPECT_EQ(store.find_last_hop(kOuter).value().value().key.order_id, Hash32{{3}});
    EXPECT_EQ(store.find_last_hop(kRelay).value().value().key.order_id, Hash32{{4}});
    EXPECT_FALSE(store.find_last_hop(ChainId{6}).value().has_value());
}

TEST(hop_store, opens_what_the_first_version_wrote) {
    const std::filesystem::path folder =
        std::filesystem::path(testing::TempDir()) / ("butter_store_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    const std::filesystem::path file = folder / "butter.sqlite";
    const Hop hop = make_hop(kOuter, kRelay, 1, BlockNumber{7}, 0);
    {
        auto store = HopStore::open(file);
        ASSERT_TRUE(store.has_value());
        ASSERT_TRUE(store->save_scan(kOuter, BlockNumber{8}, {hop}, {}).has_value());
    }
    {
        auto database = *store::Database::open(file);
        ASSERT_TRUE(database
                        .execute("DROP TABLE proven_roots; DROP INDEX hops_state; DROP INDEX hops_place; "
                                 "PRAGMA user_version = 1")
                        .has_value());
    }
    {
        auto store = HopStore::open(file);
        ASSERT_TRUE(store.has_value()) << store.error().text;
        EXPECT_EQ(store->load_counts().value().open, 1);
        EXPECT_EQ(store->find_last_hop(kOuter).value().value().key.order_id, hop.key.order_id);
        EXPECT_TRUE(store->save_proven_root(kOuter, 3, BlockNumber{7}).has_value());
        EXPECT_TRUE(store->forget_unproven(kRelay, BlockNumber{}).has_value());
    }
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace butter::messenger
