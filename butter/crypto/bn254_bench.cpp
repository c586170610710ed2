// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <vector>

#include "butter/base/assert.hpp"
#include "butter/crypto/bn254.hpp"

namespace butter::crypto::bn254 {
namespace {

/// As the precompile of EIP-197 has it: the points are validated too.
void bn254_check_of_two_pairs(benchmark::State& state) {
    const G1 point = multiply(g1_generator(), Uint256{12345});
    const std::vector<Pair> pairs{{point, g2_generator()},
                                  {negate(g1_generator()), multiply(g2_generator(), Uint256{12345})}};
    for (auto _ : state) {
        bool is_valid = true;
        for (const Pair& pair : pairs) is_valid &= validate(pair.g1) && validate(pair.g2);
        is_valid &= pairing_check(pairs);
        BUTTER_ASSERT(is_valid);
    }
}
BENCHMARK(bn254_check_of_two_pairs)->Unit(benchmark::kMicrosecond);

void bn254_hash_to_g1(benchmark::State& state) {
    Bytes message(33);
    for (auto _ : state) {
        ++message[0];
        benchmark::DoNotOptimize(hash_to_g1(message));
    }
}
BENCHMARK(bn254_hash_to_g1)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace butter::crypto::bn254
