// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace butter {

/// A number whose unit is its type: no implicit conversion from or to other numbers.
template <class T, class Tag>
struct Named {
    T value{};

    constexpr Named() = default;
    constexpr explicit Named(T v) noexcept : value(v) {}

    friend constexpr bool operator==(const Named&, const Named&) = default;
    friend constexpr auto operator<=>(const Named&, const Named&) = default;
};

using ChainId = Named<std::uint64_t, struct ChainIdTag>;
using BlockNumber = Named<std::uint64_t, struct BlockNumberTag>;
using Slot = Named<std::uint64_t, struct SlotTag>;
using Epoch = Named<std::uint64_t, struct EpochTag>;
using UnixSeconds = Named<std::uint64_t, struct UnixSecondsTag>;
using Gas = Named<std::uint64_t, struct GasTag>;

}  // namespace butter

template <class T, class Tag>
struct std::hash<butter::Named<T, Tag>> {
    std::size_t operator()(const butter::Named<T, Tag>& named) const noexcept {
        return std::hash<T>{}(named.value);
    }
};
