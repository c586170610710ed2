// SPDX-License-Identifier: Apache-2.0
#include "butter/message/outbox.hpp"

#include <benchmark/benchmark.h>

namespace butter::message {
namespace {

Outbox outbox_of(std::uint64_t count) {
    Outbox outbox;
    Hash32 id;
    for (std::uint64_t i = 0; i < count; ++i) {
        for (unsigned j = 0; j < 8; ++j) id[j] = static_cast<std::uint8_t>(i >> (8 * j));
        outbox.append(id);
    }
    return outbox;
}

void append_one(benchmark::State& state) {
    Outbox outbox = outbox_of(1000);
    for (auto _ : state) outbox.append(Hash32{});
}
BENCHMARK(append_one);

/// A delivery of 50 new messages out of 100000.
void prove_50(benchmark::State& state) {
    const Outbox outbox = outbox_of(100'000);
    std::vector<std::uint64_t> indexes;
    for (std::uint64_t i = 0; i < 50; ++i) indexes.push_back(99'950 + i);
    for (auto _ : state) benchmark::DoNotOptimize(outbox.siblings(100'000, indexes));
}
BENCHMARK(prove_50)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace butter::message
