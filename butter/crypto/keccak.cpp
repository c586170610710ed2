// SPDX-License-Identifier: Apache-2.0
#include "butter/crypto/keccak.hpp"

#include <bit>

namespace butter::crypto {
namespace {

static_assert(std::endian::native == std::endian::little, "lanes are loaded as they stand in memory");

constexpr std::size_t kRateBytes = 136;
constexpr std::size_t kRounds = 24;

constexpr std::uint64_t kRoundConstants[kRounds] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000, 0x000000000000808b,
    0x0000000080000001, 0x8000000080008081, 0x8000000000008009, 0x000000000000008a, 0x0000000000000088,
    0x0000000080008009, 0x000000008000000a, 0x000000008000808b, 0x800000000000008b, 0x8000000000008089,
    0x8000000000008003, 0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

using State = std::uint64_t[25];

/// One round from `in` to `out`: theta, rho and pi are folded into the five lines that read a diagonal each,
/// so that no intermediate array is stored.
[[gnu::always_inline]] inline void round(const State& in, State& out, std::uint64_t constant) noexcept {
    const std::uint64_t c0 = in[0] ^ in[5] ^ in[10] ^ in[15] ^ in[20];
    const std::uint64_t c1 = in[1] ^ in[6] ^ in[11] ^ in[16] ^ in[21];
    const std::uint64_t c2 = in[2] ^ in[7] ^ in[12] ^ in[17] ^ in[22];
    const std::uint64_t c3 = in[3] ^ in[8] ^ in[13] ^ in[18] ^ in[23];
    const std::uint64_t c4 = in[4] ^ in[9] ^ in[14] ^ in[19] ^ in[24];
    const std::uint64_t d0 = c4 ^ std::rotl(c1, 1);
    const std::uint64_t d1 = c0 ^ std::rotl(c2, 1);
    const std::uint64_t d2 = c1 ^ std::rotl(c3, 1);
    const std::uint64_t d3 = c2 ^ std::rotl(c4, 1);
    const std::uint64_t d4 = c3 ^ std::rotl(c0, 1);

    const auto chi = [&out](std::size_t row, std::uint64_t b0, std::uint64_t b1, std::uint64_t b2,
                            std::uint64_t b3, std::uint64_t b4) {
        out[row] = b0 ^ (~b1 & b2);
        out[row + 1] = b1 ^ (~b2 & b3);
        out[row + 2] = b2 ^ (~b3 & b4);
        out[row + 3] = b3 ^ (~b4 & b0);
        out[row + 4] = b4 ^ (~b0 & b1);
    };
    chi(0, in[0] ^ d0, std::rotl(in[6] ^ d1, 44), std::rotl(in[12] ^ d2, 43), std::rotl(in[18] ^ d3, 21),
        std::rotl(in[24] ^ d4, 14));
    out[0] ^= constant;
    chi(5, std::rotl(in[3] ^ d3, 28), std::rotl(in[9] ^ d4, 20), std::rotl(in[10] ^ d0, 3),
        std::rotl(in[16] ^ d1, 45), std::rotl(in[22] ^ d2, 61));
    chi(10, std::rotl(in[1] ^ d1, 1), std::rotl(in[7] ^ d2, 6), std::rotl(in[13] ^ d3, 25),
        std::rotl(in[19] ^ d4, 8), std::rotl(in[20] ^ d0, 18));
    chi(15, std::rotl(in[4] ^ d4, 27), std::rotl(in[5] ^ d0, 36), std::rotl(in[11] ^ d1, 10),
        std::rotl(in[17] ^ d2, 15), std::rotl(in[23] ^ d3, 56));
    chi(20, std::rotl(in[2] ^ d2, 62), std::rotl(in[8] ^ d3, 55), std::rotl(in[14] ^ d4, 39),
        std::rotl(in[15] ^ d0, 41), std::rotl(in[21] ^ d1, 2));
}

[[gnu::always_inline]] inline void permute_rounds(State& state) noexcept {
    State other;
    for (std::size_t i = 0; i < kRounds; i += 2) {
        round(state, other, kRoundConstants[i]);
        round(other, state, kRoundConstants[i + 1]);
    }
}

void permute_portable(State& state) noexcept { permute_rounds(state); }

#if defined(__x86_64__)
// `andn` and three-operand rotates of BMI save a quarter of the instructions.
[[gnu::target("bmi,bmi2")]] void permute_bmi(State& state) noexcept { permute_rounds(state); }
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
