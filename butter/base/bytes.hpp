// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

namespace butter {

using Bytes = std::vector<std::uint8_t>;
using BytesView = std::span<const std::uint8_t>;

/// `N` bytes, most significant first where they stand for a number. An aggregate: value-initialise
/// it for all zeros.
template <std::size_t N>
struct FixedBytes {
    std::array<std::uint8_t, N> bytes{};

    static constexpr std::size_t kSize = N;

    constexpr std::uint8_t* data() noexcept { return bytes.data(); }
    constexpr const std::uint8_t* data() const noexcept { return bytes.data(); }
    static constexpr std::size_t size() noexcept { return N; }
    constexpr auto begin() const noexcept { return bytes.begin(); }
    constexpr auto end() const noexcept { return bytes.end(); }
    constexpr auto begin() noexcept { return bytes.begin(); }
    constexpr auto end() noexcept { return bytes.end(); }
    constexpr std::uint8_t operator[](std::size_t index) const noexcept { return bytes[index]; }
    constexpr std::uint8_t& operator[](std::size_t index) noexcept { return bytes[index]; }
    constexpr operator BytesView() const noexcept {
        return BytesView{bytes};
    }  // NOLINT: a view is what it is
    constexpr bool is_zero() const noexcept {
        return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t b) { return b == 0; });
    }

    friend constexpr bool operator==(const FixedBytes&, const FixedBytes&) = default;
    friend constexpr auto operator<=>(const FixedBytes&, const FixedBytes&) = default;
};

using Hash32 = FixedBytes<32>;
using Address = FixedBytes<20>;

/// The bytes of `text`, without a terminator.
inline BytesView as_bytes(std::string_view text) noexcept {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline bool equal(BytesView a, BytesView b) noexcept {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin());
}

inline void append(Bytes& to, BytesView from) { to.insert(to.end(), from.begin(), from.end()); }

/// One buffer holding all `parts` in order.
inline Bytes concat(std::initializer_list<BytesView> parts) {
    std::size_t size = 0;
    for (BytesView part : parts) size += part.size();
    Bytes out;
    out.reserve(size);
    for (BytesView part : parts) append(out, part);
    return out;
}

inline Bytes to_bytes(BytesView view) { return {view.begin(), view.end()}; }

/// Copies exactly `N` bytes. The caller has checked `view.size() == N`.
template <std::size_t N>
constexpr FixedBytes<N> to_fixed(BytesView view) noexcept {
    FixedBytes<N> out;
    std::copy_n(view.begin(), N, out.bytes.begin());
    return out;
}

/// Writes `value` as 8 bytes, most significant first.
inline void append_u64(Bytes& to, std::uint64_t value) {
    for (int shift = 56; shift >= 0; shift -= 8) to.push_back(static_cast<std::uint8_t>(value >> shift));
}

/// Reads 1 to 8 bytes, most significant first.
constexpr std::uint64_t load_u64(BytesView view) noexcept {
    std::uint64_t value = 0;
    for (std::uint8_t byte : view) value = value << 8 | byte;
    return value;
}

}  // namespace butter

template <std::size_t N>
struct std::hash<butter::FixedBytes<N>> {
    /// The first eight bytes: the keys of our maps are hashes and addresses, which are uniform already.
    std::size_t operator()(const butter::FixedBytes<N>& value) const noexcept {
        std::size_t out = 0;
        std::memcpy(&out, value.data(), std::min(N, sizeof out));
        return out;
    }
};
