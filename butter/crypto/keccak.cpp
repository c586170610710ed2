// SPDX-License-Identifier: Apache-2.0
#include "butter/crypto/keccak.hpp"

#include <algorithm>
#include <bit>

#include "butter/crypto/keccak_round.hpp"

namespace butter::crypto {
namespace {

static_assert(std::endian::native == std::endian::little, "lanes are loaded as they stand in memory");

using keccak::kRateBytes;
using keccak::State;

void permute_portable(State& state) noexcept { keccak::permute(state); }

#if defined(__x86_64__)
// `andn` and three-operand rotates of BMI save a quarter of the instructions.
[[gnu::target("bmi,bmi2")]] void permute_bmi(State& state) noexcept { keccak::permute(state); }

// One lane a vector register: all 25 are held in registers, and three-operand logic does an `andn` and `xor`,
// or two `xor`, at once. The other half of each register goes along unused.
[[gnu::target("avx512f,avx512vl")]] void permute_avx512(State& state) noexcept {
    using Lane [[gnu::vector_size(16)]] = std::uint64_t;
    Lane lanes[keccak::kLanes];
    for (std::size_t i = 0; i < keccak::kLanes; ++i) lanes[i] = Lane{state[i], 0};
    keccak::permute(lanes);
    for (std::size_t i = 0; i < keccak::kLanes; ++i) state[i] = lanes[i][0];
}
#endif

// Asks the processor once; the order is the choice.
const keccak::Permutation kPermutations[] = {
#if defined(__x86_64__)
    {"avx512", __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl"), permute_avx512},
    {"bmi", __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2"), permute_bmi},
#endif
    {"portable", true, permute_portable},
};

const auto permute =
    std::find_if(std::begin(kPermutations), std::end(kPermutations), [](const keccak::Permutation& one) {
        return one.is_available;
    })->permute;

void absorb(State& state, const std::uint8_t* block, std::size_t lanes) noexcept {
    for (std::size_t i = 0; i < lanes; ++i) {
        std::uint64_t lane = 0;
        std::memcpy(&lane, block + 8 * i, 8);
        state[i] ^= lane;
    }
}

}  // namespace

Hash32 keccak256(BytesView input) noexcept {
    State state{};
    while (input.size() >= kRateBytes) {
        absorb(state, input.data(), keccak::kRateLanes);
        permute(state);
        input = input.subspan(kRateBytes);
    }
    // The last block, padded, without writing it out: what it has no bytes for stays as it is.
    const std::size_t lanes = input.size() / 8;
    absorb(state, input.data(), lanes);
    std::uint64_t rest = 0x01;
    for (std::size_t i = input.size(); i-- > 8 * lanes;) rest = rest << 8 | input[i];
    state[lanes] ^= rest;
    state[keccak::kRateLanes - 1] ^= std::uint64_t{0x80} << 56;
    permute(state);
    Hash32 out;
    std::memcpy(out.data(), state, out.size());
    return out;
}

std::span<const keccak::Permutation> keccak::permutations() noexcept { return kPermutations; }

}  // namespace butter::crypto
