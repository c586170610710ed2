// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>
#include <cryptopp/keccak.h>

#include <vector>

#include "butter/crypto/keccak.hpp"
#include "butter/crypto/sha256.hpp"

namespace butter::crypto {
namespace {

void keccak_one(benchmark::State& state) {
    const Bytes input(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) benchmark::DoNotOptimize(keccak256(input));
}
BENCHMARK(keccak_one)->Arg(64)->Arg(532);

void keccak_one_by_cryptopp(benchmark::State& state) {
    const Bytes input(static_cast<std::size_t>(state.range(0)));
    CryptoPP::Keccak_256 hash;
    Hash32 output;
    for (auto _ : state) {
        hash.CalculateDigest(output.data(), input.data(), input.size());
        benchmark::DoNotOptimize(output);
    }
}
BENCHMARK(keccak_one_by_cryptopp)->Arg(64)->Arg(532);

/// Trie nodes: items are single ones of 64.
void keccak_many(benchmark::State& state) {
    const std::vector<Bytes> inputs(64, Bytes(static_cast<std::size_t>(state.range(0))));
    const std::vector<BytesView> views(inputs.begin(), inputs.end());
    std::vector<Hash32> outputs(inputs.size());
    for (auto _ : state) {
        keccak256_many(views, outputs);
        benchmark::DoNotOptimize(outputs.data());
    }
    state.SetItemsProcessed(state.iterations() * 64);
}
BENCHMARK(keccak_many)->Arg(64)->Arg(532);

void sha256_node(benchmark::State& state) {
    Hash32 left;
    const Hash32 right;
    for (auto _ : state) {
        left = sha256_pair(left, right);
        benchmark::DoNotOptimize(left);
    }
}
BENCHMARK(sha256_node);

}  // namespace
}  // namespace butter::crypto
