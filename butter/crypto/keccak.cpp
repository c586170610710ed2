// SPDX-License-Identifier: Apache-2.0
#include "butter/crypto/keccak.hpp"

#include <bit>

#include "butter/crypto/keccak_round.hpp"

namespace butter::crypto {
namespace {

static_assert(std::endian::native == std::endian::little, "lanes are loaded as they stand in memory");

using keccak::kRateBytes;

using State = std::uint64_t[keccak::kLanes];

void permute_portable(State& state) noexcept { keccak::permute(state); }

#if defined(__x86_64__)
// `andn` and three-operand rotates of BMI save a quarter of the instructions.
[[gnu::target("bmi,bmi2")]] void permute_bmi(State& state) noexcept { keccak::permute(state); }
#endif

using Permutation = void (*)(State&) noexcept;

Permutation choose_permutation() noexcept {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2")) return permute_bmi;
#endif
    return permute_portable;
}

const Permutation permute = choose_permutation();

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
        absorb(state, input.data(), kRateBytes / 8);
        permute(state);
        input = input.subspan(kRateBytes);
    }
    std::uint8_t last[kRateBytes] = {};
    std::copy(input.begin(), input.end(), last);
    last[input.size()] = 0x01;
    last[kRateBytes - 1] |= 0x80;
    absorb(state, last, kRateBytes / 8);
    permute(state);
    Hash32 out;
    std::memcpy(out.data(), state, out.size());
    return out;
}

}  // namespace butter::crypto
