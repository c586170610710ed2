// SPDX-License-Identifier: Apache-2.0
// What the store takes while 100,000 messages wait (T-56).
#include "butter/messenger/hop_store.hpp"

#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

#include "butter/base/uint256.hpp"

namespace butter::messenger {
namespace {

constexpr ChainId kRelay{212};
constexpr ChainId kOuter{1};
constexpr std::uint64_t kMessages = 100'000;
constexpr std::uint64_t kMessagesPerScan = 1'000;

Hop make_hop(std::uint64_t index) {
    Hop hop;
    hop.key = {kRelay, kOuter, to_big_endian(Uint256{index} * 0x9e3779b97f4a7c15u)};
    hop.origin_order_id = hop.key.order_id;
    hop.position.block = BlockNumber{index / 10};
    hop.position.log_index = index % 10;
    hop.position.log.topics.resize(4);
    hop.position.log.data.resize(512);
    hop.message.resize(256);
    hop.index = index;
    return hop;
}

/// A store on disk with that many messages, none of which was delivered; gone when the program ends.
struct Filled {
    Filled() {
        std::string name = (std::filesystem::temp_directory_path() / "butter-bench-XXXXXX").string();
        folder = mkdtemp(name.data());
        HopStore store = HopStore::open(file()).value();
        for (std::uint64_t next = 0; next < kMessages; next += kMessagesPerScan) {
            std::vector<Hop> hops;
            for (std::uint64_t i = 0; i < kMessagesPerScan; ++i) hops.push_back(make_hop(next + i));
            (void)store.save_scan(kRelay, BlockNumber{next / 10}, hops, {}).value();
        }
    }
    ~Filled() { std::filesystem::remove_all(folder); }
    std::filesystem::path file() const { return folder / "store.sqlite"; }
    std::filesystem::path folder;
};

const Filled& filled() {
    static const Filled value;
    return value;
}

HopStore open_filled() { return HopStore::open(filled().file()).value(); }

void waiting_next_batch(benchmark::State& state) {
    HopStore store = open_filled();
    for (auto _ : state) benchmark::DoNotOptimize(store.load_due(kRelay, kOuter, UnixMillis{0}, 50).value());
}
BENCHMARK(waiting_next_batch);

/// What `butter run` asks for when it starts, and after an endpoint was not believed.
void waiting_start(benchmark::State& state) {
    HopStore store = open_filled();
    for (auto _ : state) {
        store.restart().value();
        benchmark::DoNotOptimize(store.load_counts().value());
        benchmark::DoNotOptimize(store.find_last_hop(kRelay).value());
        benchmark::DoNotOptimize(store.load_outbox(kRelay, kOuter).value());
    }
}
BENCHMARK(waiting_start);

}  // namespace
}  // namespace butter::messenger
