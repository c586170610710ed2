// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>

#include "butter/base/bytes.hpp"

namespace butter::differential {

/// The same numbers for the same seed, with every standard library.
class Random {
  public:
    explicit Random(std::uint64_t seed) : engine_(seed) {}

    std::uint64_t next() { return engine_(); }
    /// Below `bound`, which is not zero. The bias is of no interest here.
    std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }
    bool one_in(std::uint64_t odds) { return below(odds) == 0; }
    std::uint8_t byte() { return static_cast<std::uint8_t>(engine_()); }
    Bytes bytes(std::size_t size) {
        Bytes out(size);
        for (std::uint8_t& value : out) value = byte();
        return out;
    }
    template <std::size_t N>
    FixedBytes<N> fixed() {
        return to_fixed<N>(bytes(N));
    }
    template <class List>
    const auto& pick(const List& list) {
        return list[below(list.size())];
    }

  private:
    std::mt19937_64 engine_;
};

}  // namespace butter::differential
