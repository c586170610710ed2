// SPDX-License-Identifier: Apache-2.0
// The program is killed again and again while it carries messages: none is lost, none is executed twice.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <set>

#include "chains/ethereum/proof.hpp"
#include "chains/mapo/proof.hpp"
#include "test/e2e/program.hpp"
#include "test/e2e/world.hpp"

namespace butter::e2e {
namespace {

using codec::AbiValue;

constexpr std::size_t kToB = 40;
constexpr std::size_t kToA = 10;
constexpr std::size_t kKills = 16;
/// Lines that the program logs before it is killed, at most: more than a message needs.
constexpr std::size_t kLinesMax = 40;
/// When nothing is logged any more.
constexpr std::chrono::milliseconds kTimeMax{5'000};

std::uint32_t choose_seed() {
    const char* given = std::getenv("BUTTER_E2E_SEED");
    return given != nullptr ? static_cast<std::uint32_t>(std::strtoul(given, nullptr, 10))
                            : std::random_device{}();
}

Address create_counter(World& world, std::string_view name, std::string_view from) {
    const Address user = devnet::make_test_account(devnet::kUserAccount).address;
    const Address counter = world.create(name, "RemoteCounter",
                                         {AbiValue::address(world.service(name)), AbiValue::address(user)});
    world.transact(name, counter,
                   codec::encode_call("addRemoteCaller(uint256,bytes,bool)",
                                      {AbiValue::number(world.id(from).value), AbiValue::bytes(user),
                                       AbiValue::boolean(true)}));
    return counter;
}

struct Executions {
    std::map<Hash32, std::size_t> successes;
    std::size_t failures = 0;
};
Executions executions_on(World& world, std::string_view name) {
    Executions out;
    std::vector<rpc::PlacedLog> logs = world.logs(name, world.service(name), service::message_in_topic());
    for (const rpc::PlacedLog& placed :
         world.logs(name, world.service(name), service::message_executed_topic())) {
        logs.push_back(placed);
    }
    for (const rpc::PlacedLog& placed : logs) {
        const auto event = service::decode_message_in(placed.log);
        if (!event) throw std::runtime_error("a MessageIn log is malformed");
        if (event->is_success) {
            ++out.successes[event->order_id];
        } else {
            ++out.failures;
        }
    }
    return out;
}

std::vector<Bytes> client_states(World& world, std::string_view from, std::string_view to) {
    std::vector<Bytes> out;
    for (const rpc::PlacedLog& placed :
         world.logs(to, world.client(from, to), codec::event_topic("ClientUpdated(uint64,bytes)"))) {
        const auto state = service::decode_bytes(placed.log.data);
        if (!state) throw std::runtime_error("a ClientUpdated log is malformed");
        out.push_back(*state);
    }
    return out;
}

/// Committees that the client on R has followed, by period.
std::map<std::uint64_t, Hash32> committees_of(World& world, std::string_view from) {
    std::map<std::uint64_t, Hash32> out;
    for (const Bytes& bytes : client_states(world, from, "R")) {
        const auto state = ethereum::decode_state(bytes);
        if (!state) throw std::runtime_error("not a client state");
        out[state->period] = state->committee_root;
    }
    return out;
}

/// Sizes and key roots of the validator sets that the client on `to` has followed, in order.
std::vector<std::pair<std::uint32_t, Hash32>> validators_of(World& world, std::string_view to) {
    std::vector<std::pair<std::uint32_t, Hash32>> out;
    for (const Bytes& bytes : client_states(world, "R", to)) {
        const auto state = mapo::decode_state(bytes);
        if (!state) throw std::runtime_error("not a client state");
        out.emplace_back(state->validators, state->set_hash);
    }
    return out;
}

bool has_change(const std::vector<std::pair<std::uint32_t, Hash32>>& sets, int difference) {
    for (std::size_t i = 1; i < sets.size(); ++i) {
        if (static_cast<int>(sets[i].first) - static_cast<int>(sets[i - 1].first) == difference &&
            sets[i].second != sets[i - 1].second)
            return true;
    }
    return false;
}

TEST(crash, kills_lose_and_double_nothing) {
    const std::uint32_t seed = choose_seed();
    std::cout << "seed " << seed << " (BUTTER_E2E_SEED repeats it)\n" << std::flush;
    std::mt19937 random(seed);
    const auto below = [&](std::size_t bound) {
        return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random);
    };

    World world({.name = "crash"});
    const Address counter_b = create_counter(world, "B", "A");
    const Address counter_a = create_counter(world, "A", "B");
    const std::filesystem::path log = world.folder() / "run.log";

    std::vector<bool> to_b(kToB + kToA, true);
    std::fill_n(to_b.begin(), kToA, false);
    std::shuffle(to_b.begin(), to_b.end(), random);
    std::set<Hash32> orders_to_b;
    std::set<Hash32> orders_to_a;
    const auto send_next = [&] {
        const std::size_t next = orders_to_a.size() + orders_to_b.size();
        if (to_b[next]) {
            orders_to_b.insert(world.send("A", "B", calldata(counter_b, encode_increment())).order_id);
        } else {
            orders_to_a.insert(world.send("B", "A", calldata(counter_a, encode_increment())).order_id);
        }
    };
    const auto sent = [&] { return orders_to_a.size() + orders_to_b.size(); };

    for (std::size_t kill = 0; kill < kKills; ++kill) {
        Program program(world.config(), log);
        // All are on their way when the last kill comes.
        const std::size_t target = kill + 1 == kKills ? to_b.size() : (kill + 1) * to_b.size() / kKills;
        while (sent() < target) send_next();
        // Mostly at work, at times while it starts.
        if (below(4) != 0)
            world.await("butter run at work", [&] { return program.has_logged("run: started"); });
        const std::string before = program.log();
        const std::size_t lines =
            static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')) + below(kLinesMax);
        const auto start = std::chrono::steady_clock::now();
        const std::chrono::milliseconds time{below(static_cast<std::size_t>(kTimeMax.count()))};
        world.await("the moment to kill", [&] {
            const std::string text = program.log();
            return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) > lines ||
                   std::chrono::steady_clock::now() - start > time;
        });
        ASSERT_FALSE(program.find_exit_status().has_value()) << "it ended by itself; see " << log;
        program.kill();
    }

    Program program(world.config(), log);
    ASSERT_EQ(orders_to_b.size(), kToB);
    ASSERT_EQ(orders_to_a.size(), kToA);
    world.await("all messages executed", [&] {
        return world.read_number("B", counter_b, "count()") >= kToB &&
               world.read_number("A", counter_a, "count()") >= kToA;
    });
    // What would be delivered twice is delivered now: the program starts anew on all that it knows.
    EXPECT_EQ(program.stop(), 0);
    Program again(world.config(), log);

    world.await("butter run at work", [&] { return again.has_logged("run: started"); });

    // Long enough to see each light client follow two changes of its keys.
    world.await("two rotations of each client", [&] {
        const auto on_a = validators_of(world, "A");
        const auto on_b = validators_of(world, "B");
        return committees_of(world, "A").size() >= 3 && committees_of(world, "B").size() >= 3 &&
               has_change(on_a, 1) && has_change(on_a, -1) && has_change(on_b, 1) && has_change(on_b, -1);
    });
    for (const std::string_view name : {"A", "B"}) {
        const auto committees = committees_of(world, name);
        std::set<Hash32> roots;
        for (const auto& [period, root] : committees) roots.insert(root);
        EXPECT_EQ(roots.size(), committees.size()) << "each period has a committee of its own";
    }
    EXPECT_EQ(again.stop(), 0);

    EXPECT_EQ(world.read_number("B", counter_b, "count()"), kToB);
    EXPECT_EQ(world.read_number("A", counter_a, "count()"), kToA);
    const auto check = [&](std::string_view name, const std::set<Hash32>& orders) {
        const Executions executions = executions_on(world, name);
        EXPECT_EQ(executions.failures, 0u);
        EXPECT_EQ(executions.successes.size(), orders.size());
        for (const auto& [order, count] : executions.successes) {
            EXPECT_TRUE(orders.contains(order)) << encode_hex(order);
            EXPECT_EQ(count, 1u) << encode_hex(order);
        }
        std::cout << "on " << name << ": " << executions.successes.size() << " executed, "
                  << world.logs(name, world.service(name), service::already_delivered_topic()).size()
                  << " offered again and skipped\n";
    };
    check("B", orders_to_b);
    check("A", orders_to_a);
    std::cout << "on R: " << world.logs("R", world.service("R"), service::already_delivered_topic()).size()
              << " offered again and skipped\n";
    // Nothing has two places in an outbox.
    std::set<Hash32> relayed;
    for (const rpc::PlacedLog& placed : world.logs("R", world.service("R"), service::message_relay_topic()))
        EXPECT_TRUE(relayed.insert(service::decode_message_relay(placed.log)->order_id).second);
    EXPECT_EQ(relayed.size(), kToA + kToB);
}

}  // namespace
}  // namespace butter::e2e
