// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include "butter/trie/trie.hpp"

namespace butter::trie {
namespace {

/// Receipts of about the size that a transfer leaves: a bloom and two logs.
std::vector<Bytes> receipts_of(std::size_t count) {
    std::vector<Bytes> out;
    for (std::size_t i = 0; i < count; ++i) {
        Bytes receipt(600);
        for (std::size_t j = 0; j < receipt.size(); ++j)
            receipt[j] = static_cast<std::uint8_t>(i * 31 + j * 7);
        out.push_back(std::move(receipt));
    }
    return out;
}

void build_with_all_proofs(benchmark::State& state) {
    const auto receipts = receipts_of(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) {
        const Trie trie = make_list_trie(receipts);
        for (std::size_t i = 0; i < receipts.size(); ++i) benchmark::DoNotOptimize(trie.proof(list_key(i)));
    }
}
BENCHMARK(build_with_all_proofs)->Arg(100)->Arg(400)->Unit(benchmark::kMicrosecond);

void build(benchmark::State& state) {
    const auto receipts = receipts_of(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) benchmark::DoNotOptimize(make_list_trie(receipts));
}
BENCHMARK(build)->Arg(400)->Unit(benchmark::kMicrosecond);

void verify(benchmark::State& state) {
    const Trie trie = make_list_trie(receipts_of(400));
    const Bytes key = list_key(200);
    const auto proof = trie.proof(key);
    for (auto _ : state) benchmark::DoNotOptimize(verify_proof(trie.root(), key, proof));
}
BENCHMARK(verify)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace butter::trie
