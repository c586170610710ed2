// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <vector>

#include "butter/crypto/keccak.hpp"

namespace butter::crypto {
namespace {

void one_block(benchmark::State& state) {
    const Bytes input(64);
    for (auto _ : state) benchmark::DoNotOptimize(keccak256(input));
}
BENCHMARK(one_block);

/// Trie nodes: time for one of 64.
void many(benchmark::State& state) {
    const std::vector<Bytes> inputs(64, Bytes(static_cast<std::size_t>(state.range(0))));
    const std::vector<BytesView> views(inputs.begin(), inputs.end());
    std::vector<Hash32> outputs(inputs.size());
    for (auto _ : state) {
        keccak256_many(views, outputs);
        benchmark::DoNotOptimize(outputs.data());
    }
    state.SetItemsProcessed(state.iterations() * 64);
}
BENCHMARK(many)->Arg(64)->Arg(532)->Arg(600);

}  // namespace
}  // namespace butter::crypto
