// SPDX-License-Identifier: Apache-2.0
#include "butter/crypto/bn254_limbs.hpp"

namespace butter::crypto::bn254::field {
namespace {

using Wide = unsigned __int128;

constexpr std::uint64_t low(Wide value) noexcept { return static_cast<std::uint64_t>(value); }
constexpr std::uint64_t high(Wide value) noexcept { return static_cast<std::uint64_t>(value >> 64); }

/// Below twice the modulus.
Limbs reduce_once(const Limbs& value) noexcept {
    Limbs out;
    unsigned long long borrow = 0;
    for (unsigned i = 0; i < 4; ++i) out[i] = __builtin_subcll(value[i], kModulus[i], borrow, &borrow);
    return borrow != 0 ? value : out;
}

/// Five limbs plus `factor` times four.
void add_row(std::array<std::uint64_t, 5>& t, std::uint64_t factor, const Limbs& limbs) noexcept {
    std::uint64_t carry = 0;
    for (unsigned i = 0; i < 4; ++i) {
        const Wide sum = Wide{factor} * limbs[i] + t[i] + carry;
        t[i] = low(sum);
        carry = high(sum);
    }
    t[4] += carry;
}

/// Drops the lowest limb.
void reduce(std::array<std::uint64_t, 5>& t) noexcept {
    add_row(t, t[0] * kInverse, kModulus);
    t = {t[1], t[2], t[3], t[4], 0};
}

}  // namespace

#ifdef BUTTER_BN254_X86
const bool kHasAdx = __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("adx");
#endif

namespace portable {

Limbs add(const Limbs& a, const Limbs& b) noexcept {
    Limbs sum;
    unsigned long long carry = 0;
    for (unsigned i = 0; i < 4; ++i) sum[i] = __builtin_addcll(a[i], b[i], carry, &carry);
    return reduce_once(sum);
}

Limbs subtract(const Limbs& a, const Limbs& b) noexcept {
    Limbs out;
    unsigned long long borrow = 0;
    for (unsigned i = 0; i < 4; ++i) out[i] = __builtin_subcll(a[i], b[i], borrow, &borrow);
    const std::uint64_t mask = 0 - std::uint64_t{borrow};
    unsigned long long carry = 0;
    for (unsigned i = 0; i < 4; ++i) out[i] = __builtin_addcll(out[i], kModulus[i] & mask, carry, &carry);
    return out;
}

Limbs multiply(const Limbs& a, const Limbs& b) noexcept {
    std::array<std::uint64_t, 5> t{};
    for (unsigned i = 0; i < 4; ++i) {
        add_row(t, b[i], a);
        reduce(t);
    }
    return reduce_once({t[0], t[1], t[2], t[3]});
}

Limbs multiply_add(const Limbs& a, const Limbs& b, const Limbs& c, const Limbs& d) noexcept {
    std::array<std::uint64_t, 5> t{};
    for (unsigned i = 0; i < 4; ++i) {
        add_row(t, b[i], a);
        add_row(t, d[i], c);
        reduce(t);
    }
    return reduce_once({t[0], t[1], t[2], t[3]});
}

}  // namespace portable
}  // namespace butter::crypto::bn254::field
