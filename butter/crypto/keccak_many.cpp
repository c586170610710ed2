// SPDX-License-Identifier: Apache-2.0
#include "butter/base/assert.hpp"
#include "butter/crypto/keccak.hpp"
#include "butter/crypto/keccak_round.hpp"

namespace butter::crypto {
namespace {

#if defined(__x86_64__)

using keccak::kRateBytes;

/// Hashes `inputs` in `kWays` states side by side. A state whose input has ended takes the next one at once,
/// so that inputs of different sizes leave no state idle before the last ones.
template <std::size_t kWays>
class Hasher {
  public:
    using Vector [[gnu::vector_size(8 * kWays)]] = std::uint64_t;

    Hasher(std::span<const BytesView> inputs, std::span<Hash32> outputs) noexcept
        : inputs_(inputs), outputs_(outputs) {
        for (std::size_t way = 0; way < kWays; ++way) start(way);
    }

    bool is_done() const noexcept { return active_ == 0; }

    void absorb() noexcept {
        for (std::size_t way = 0; way < kWays; ++way) {
            Way& at = ways_[way];
            if (!at.is_active) continue;
            if (at.rest.size() >= kRateBytes) {
                absorb_block(way, at.rest.data());
                at.rest = at.rest.subspan(kRateBytes);
                continue;
            }
            std::uint8_t last[kRateBytes] = {};
            std::copy(at.rest.begin(), at.rest.end(), last);
            last[at.rest.size()] = 0x01;
            last[kRateBytes - 1] |= 0x80;
            absorb_block(way, last);
            at.is_last = true;
        }
    }

    /// After the permutation: outputs of the inputs that have ended.
    void collect() noexcept {
        for (std::size_t way = 0; way < kWays; ++way) {
            Way& at = ways_[way];
            if (!at.is_active || !at.is_last) continue;
            for (std::size_t i = 0; i < 4; ++i)
                std::memcpy(outputs_[at.index].data() + 8 * i, &words_[i][way], 8);
            --active_;
            start(way);
        }
    }

    [[gnu::always_inline]] void permute() noexcept {
        Vector state[keccak::kLanes];
        std::memcpy(state, words_, sizeof words_);
        keccak::permute(state);
        std::memcpy(words_, state, sizeof words_);
    }

  private:
    struct Way {
        BytesView rest;
        std::size_t index = 0;
        bool is_active = false;
        bool is_last = false;
    };

    void start(std::size_t way) noexcept {
        ways_[way] = {};
        if (next_ == inputs_.size()) return;
        for (auto& lane : words_) lane[way] = 0;
        ways_[way] = {.rest = inputs_[next_], .index = next_, .is_active = true, .is_last = false};
        ++next_;
        ++active_;
    }

    void absorb_block(std::size_t way, const std::uint8_t* block) noexcept {
        for (std::size_t i = 0; i < keccak::kRateLanes; ++i) {
            std::uint64_t word = 0;
            std::memcpy(&word, block + 8 * i, 8);
            words_[i][way] ^= word;
        }
    }

    alignas(64) std::uint64_t words_[keccak::kLanes][kWays] = {};
    Way ways_[kWays];
    std::span<const BytesView> inputs_;
    std::span<Hash32> outputs_;
    std::size_t next_ = 0;
    std::size_t active_ = 0;
};

[[gnu::target("avx512f,avx512vl")]] void hash_8_ways(std::span<const BytesView> inputs,
                                                     std::span<Hash32> outputs) noexcept {
    for (Hasher<8> hasher(inputs, outputs); !hasher.is_done();) {
        hasher.absorb();
        hasher.permute();
        hasher.collect();
    }
}

[[gnu::target("avx2")]] void hash_4_ways(std::span<const BytesView> inputs,
                                         std::span<Hash32> outputs) noexcept {
    for (Hasher<4> hasher(inputs, outputs); !hasher.is_done();) {
        hasher.absorb();
        hasher.permute();
        hasher.collect();
    }
}

#endif

void hash_one_by_one(std::span<const BytesView> inputs, std::span<Hash32> outputs) noexcept {
    for (std::size_t i = 0; i < inputs.size(); ++i) outputs[i] = keccak256(inputs[i]);
}

// Asks the processor once; the order is the choice.
const keccak::ManyHasher kHashers[] = {
#if defined(__x86_64__)
    {"8 ways", __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl"), hash_8_ways},
    {"4 ways", __builtin_cpu_supports("avx2") != 0, hash_4_ways},
#endif
    {"one by one", true, hash_one_by_one},
};

/// Below that one state after the other is as fast.
constexpr std::size_t kInputsMin = 3;

}  // namespace

void keccak256_many(std::span<const BytesView> inputs, std::span<Hash32> outputs) noexcept {
    BUTTER_ASSERT(inputs.size() == outputs.size());
    if (inputs.size() < kInputsMin) {
        hash_one_by_one(inputs, outputs);
    } else {
        const auto* best = std::find_if(std::begin(kHashers), std::end(kHashers),
                                        [](const keccak::ManyHasher& hasher) { return hasher.is_available; });
        best->hash(inputs, outputs);
    }
}

std::span<const keccak::ManyHasher> keccak::many_hashers() noexcept { return kHashers; }

}  // namespace butter::crypto
