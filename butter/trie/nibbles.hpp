// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "butter/base/bytes.hpp"

/// Paths of half bytes, read where they stand in a key or in a node (yellow paper, appendix C).
namespace butter::trie {

/// A range of nibbles within bytes.
class Nibbles {
  public:
    Nibbles() = default;
    /// All of `bytes`, the high half first.
    explicit Nibbles(BytesView bytes) noexcept : bytes_(bytes), size_(2 * bytes.size()) {}

    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }
    std::uint8_t operator[](std::size_t index) const noexcept {
        const std::size_t place = first_ + index;
        return place % 2 == 0 ? bytes_[place / 2] >> 4 : bytes_[place / 2] & 15;
    }
    /// Without the first `count`, of which there must be as many.
    Nibbles after(std::size_t count) const noexcept {
        Nibbles out = *this;
        out.first_ += count;
        out.size_ -= count;
        return out;
    }
    Nibbles first(std::size_t count) const noexcept {
        Nibbles out = *this;
        out.size_ = count;
        return out;
    }
    std::size_t common_prefix(const Nibbles& other) const noexcept {
        std::size_t count = 0;
        while (count < size_ && count < other.size_ && (*this)[count] == other[count]) ++count;
        return count;
    }

  private:
    BytesView bytes_;
    std::size_t first_ = 0;
    std::size_t size_ = 0;
};

inline constexpr std::uint8_t kLeafFlag = 2;
inline constexpr std::uint8_t kOddFlag = 1;

/// What stands first in a leaf or an extension.
struct Path {
    bool is_leaf = false;
    Nibbles nibbles;
};

/// Hex-prefix decoding, canonical only: flags 0 to 3, a zero after the flag of an even path.
inline std::optional<Path> decode_path(BytesView encoded) noexcept {
    if (encoded.empty()) return std::nullopt;
    const unsigned flag = encoded[0] >> 4;
    if (flag > (kLeafFlag | kOddFlag)) return std::nullopt;
    const bool is_odd = (flag & kOddFlag) != 0;
    if (!is_odd && (encoded[0] & 15) != 0) return std::nullopt;
    return Path{(flag & kLeafFlag) != 0, Nibbles(encoded).after(is_odd ? 1 : 2)};
}

/// Hex-prefix encoding of a path.
inline Bytes encode_path(Nibbles nibbles, bool is_leaf) {
    const unsigned flag = is_leaf ? kLeafFlag : 0;
    Bytes out;
    out.reserve(nibbles.size() / 2 + 1);
    if (nibbles.size() % 2 != 0) {
        out.push_back(static_cast<std::uint8_t>((flag | kOddFlag) << 4 | nibbles[0]));
        nibbles = nibbles.after(1);
    } else {
        out.push_back(static_cast<std::uint8_t>(flag << 4));
    }
    for (std::size_t i = 0; i < nibbles.size(); i += 2) {
        out.push_back(static_cast<std::uint8_t>(nibbles[i] << 4 | nibbles[i + 1]));
    }
    return out;
}

}  // namespace butter::trie
