// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "butter/base/bytes.hpp"

/// The Keccak-f[1600] permutation over any kind of lane: one 64-bit word, or a vector of words of states that
/// are permuted side by side. Internal to butter/crypto.
namespace butter::crypto::keccak {

inline constexpr std::size_t kLanes = 25;
inline constexpr std::size_t kRateBytes = 136;
inline constexpr std::size_t kRateLanes = kRateBytes / 8;
inline constexpr std::size_t kRounds = 24;

inline constexpr std::uint64_t kRoundConstants[kRounds] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000, 0x000000000000808b,
    0x0000000080000001, 0x8000000080008081, 0x8000000000008009, 0x000000000000008a, 0x0000000000000088,
    0x0000000080008009, 0x000000008000000a, 0x000000008000808b, 0x800000000000008b, 0x8000000000008089,
    0x8000000000008003, 0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

template <unsigned kCount, class Lane>
[[gnu::always_inline]] inline void rotate(Lane& lane) noexcept {
    lane = (lane << kCount) | (lane >> (64 - kCount));
}

/// One row of chi.
template <class Lane>
[[gnu::always_inline]] inline void chi(Lane* row, const Lane& b0, const Lane& b1, const Lane& b2,
                                       const Lane& b3, const Lane& b4) noexcept {
    row[0] = b0 ^ (~b1 & b2);
    row[1] = b1 ^ (~b2 & b3);
    row[2] = b2 ^ (~b3 & b4);
    row[3] = b3 ^ (~b4 & b0);
    row[4] = b4 ^ (~b0 & b1);
}

/// One round from `in` to `out`. Theta, rho and pi are folded into the five groups of lanes that each become
/// a row, so that no intermediate state is stored.
template <class Lane>
[[gnu::always_inline]] inline void round(const Lane (&in)[kLanes], Lane (&out)[kLanes],
                                         std::uint64_t constant) noexcept {
    const Lane c0 = in[0] ^ in[5] ^ in[10] ^ in[15] ^ in[20];
    const Lane c1 = in[1] ^ in[6] ^ in[11] ^ in[16] ^ in[21];
    const Lane c2 = in[2] ^ in[7] ^ in[12] ^ in[17] ^ in[22];
    const Lane c3 = in[3] ^ in[8] ^ in[13] ^ in[18] ^ in[23];
    const Lane c4 = in[4] ^ in[9] ^ in[14] ^ in[19] ^ in[24];
    const Lane d0 = c4 ^ ((c1 << 1) | (c1 >> 63));
    const Lane d1 = c0 ^ ((c2 << 1) | (c2 >> 63));
    const Lane d2 = c1 ^ ((c3 << 1) | (c3 >> 63));
    const Lane d3 = c2 ^ ((c4 << 1) | (c4 >> 63));
    const Lane d4 = c3 ^ ((c0 << 1) | (c0 >> 63));

    Lane b0, b1, b2, b3, b4;
    b0 = in[0] ^ d0;
    b1 = in[6] ^ d1;
    b2 = in[12] ^ d2;
    b3 = in[18] ^ d3;
    b4 = in[24] ^ d4;
    rotate<44>(b1);
    rotate<43>(b2);
    rotate<21>(b3);
    rotate<14>(b4);
    chi(out, b0, b1, b2, b3, b4);
    out[0] = out[0] ^ constant;

    b0 = in[3] ^ d3;
    b1 = in[9] ^ d4;
    b2 = in[10] ^ d0;
    b3 = in[16] ^ d1;
    b4 = in[22] ^ d2;
    rotate<28>(b0);
    rotate<20>(b1);
    rotate<3>(b2);
    rotate<45>(b3);
    rotate<61>(b4);
    chi(out + 5, b0, b1, b2, b3, b4);

    b0 = in[1] ^ d1;
    b1 = in[7] ^ d2;
    b2 = in[13] ^ d3;
    b3 = in[19] ^ d4;
    b4 = in[20] ^ d0;
    rotate<1>(b0);
    rotate<6>(b1);
    rotate<25>(b2);
    rotate<8>(b3);
    rotate<18>(b4);
    chi(out + 10, b0, b1, b2, b3, b4);

    b0 = in[4] ^ d4;
    b1 = in[5] ^ d0;
    b2 = in[11] ^ d1;
    b3 = in[17] ^ d2;
    b4 = in[23] ^ d3;
    rotate<27>(b0);
    rotate<36>(b1);
    rotate<10>(b2);
    rotate<15>(b3);
    rotate<56>(b4);
    chi(out + 15, b0, b1, b2, b3, b4);

    b0 = in[2] ^ d2;
    b1 = in[8] ^ d3;
    b2 = in[14] ^ d4;
    b3 = in[15] ^ d0;
    b4 = in[21] ^ d1;
    rotate<62>(b0);
    rotate<55>(b1);
    rotate<39>(b2);
    rotate<41>(b3);
    rotate<2>(b4);
    chi(out + 20, b0, b1, b2, b3, b4);
}

template <class Lane>
[[gnu::always_inline]] inline void permute(Lane (&state)[kLanes]) noexcept {
    // A copy of its own need not be written back every round.
    Lane even[kLanes];
    Lane odd[kLanes];
    std::memcpy(even, state, sizeof even);
    for (std::size_t i = 0; i < kRounds; i += 2) {
        round(even, odd, kRoundConstants[i]);
        round(odd, even, kRoundConstants[i + 1]);
    }
    std::memcpy(state, even, sizeof even);
}

using State = std::uint64_t[kLanes];

/// One way of permuting a single state.
struct Permutation {
    const char* name = nullptr;
    bool is_available = false;
    void (*permute)(State& state) noexcept = nullptr;
};
/// What `keccak256` chooses from by what the processor has: best first, the last one always available.
std::span<const Permutation> permutations() noexcept;

/// One way of hashing many inputs: what `keccak256_many` chooses from by what the processor has.
struct ManyHasher {
    const char* name = nullptr;
    bool is_available = false;
    void (*hash)(std::span<const BytesView> inputs, std::span<Hash32> outputs) noexcept = nullptr;
};
/// Best first; the last one is always available.
std::span<const ManyHasher> many_hashers() noexcept;

}  // namespace butter::crypto::keccak
