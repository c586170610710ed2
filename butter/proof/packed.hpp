// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "butter/base/bytes.hpp"

/// Reading and writing what is packed: numbers of fixed size, big endian, and bytes, one after another.
namespace butter::proof {

/// Once something is asked for that is not there, it has failed, and reads nothing from then on.
class PackedReader {
  public:
    explicit PackedReader(BytesView rest) noexcept : rest_(rest) {}

    BytesView take(std::size_t size) noexcept {
        if (size > rest_.size()) has_failed_ = true;
        if (has_failed_) return {};
        const BytesView out = rest_.first(size);
        rest_ = rest_.subspan(size);
        return out;
    }
    /// Of 1 to 8 bytes; 0 when it has failed.
    std::uint64_t number(std::size_t size) noexcept { return load_u64(take(size)); }
    BytesView rest() const noexcept { return rest_; }
    bool is_done() const noexcept { return rest_.empty(); }
    bool has_failed() const noexcept { return has_failed_; }

  private:
    BytesView rest_;
    bool has_failed_ = false;
};

/// The low `size` bytes of `value`.
inline void append_number(Bytes& out, std::uint64_t value, std::size_t size) {
    for (std::size_t i = size; i-- > 0;) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

}  // namespace butter::proof
