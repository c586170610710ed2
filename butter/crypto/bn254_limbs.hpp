// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

/// Arithmetic modulo the prime below BN254 on four limbs, operands and results below the modulus: in portable
/// C++, and for x86-64 processors with mulx, adcx and adox in assembly. Both give the same. For
/// bn254_field.hpp and the tests.
namespace butter::crypto::bn254::field {

using Limbs = std::array<std::uint64_t, 4>;

inline constexpr Limbs kModulus = {0x3c208c16d87cfd47, 0x97816a916871ca8d, 0xb85045b68181585d,
                                   0x30644e72e131a029};
/// -1 / modulus, modulo 2^64.
inline constexpr std::uint64_t kInverse = 0x87d20782e4866389;

// Montgomery products scan one operand limb by limb: every round adds the product with one limb, then the
// multiple of the modulus that makes the lowest limb zero, and drops that limb. The sum of two products takes
// one reduction (Longa, 2022, eprint 2022/367): the modulus leaves two bits of the top limb free, so what
// goes from round to round stays below three times the modulus, and the outcome below twice.

namespace portable {

Limbs add(const Limbs& a, const Limbs& b) noexcept;
Limbs subtract(const Limbs& a, const Limbs& b) noexcept;
/// a b / 2^256.
Limbs multiply(const Limbs& a, const Limbs& b) noexcept;
/// (a b + c d) / 2^256.
Limbs multiply_add(const Limbs& a, const Limbs& b, const Limbs& c, const Limbs& d) noexcept;

}  // namespace portable

// Without optimization the compiler does not find registers for all operands.
#if defined(__x86_64__) && defined(__OPTIMIZE__)
#define BUTTER_BN254_X86
#endif

#ifdef BUTTER_BN254_X86

/// Whether the processor has mulx, adcx and adox. False until the static objects of bn254_limbs.cpp are made.
extern const bool kHasAdx;

namespace x86 {

// Written in assembly because compilers keep a carry in the flags for a few instructions at most, and branch
// on a borrow that nothing predicts.

#define BUTTER_BN254_MODULUS \
    [p0] "m"(kModulus[0]), [p1] "m"(kModulus[1]), [p2] "m"(kModulus[2]), [p3] "m"(kModulus[3])

/// `value` less the modulus if it is not below it.
inline Limbs reduce_once(const Limbs& value) noexcept {
    auto [r0, r1, r2, r3] = value;
    asm("subq %[p0], %[r0]\n\tsbbq %[p1], %[r1]\n\tsbbq %[p2], %[r2]\n\tsbbq %[p3], %[r3]\n\t"
        "cmovcq %[v0], %[r0]\n\tcmovcq %[v1], %[r1]\n\tcmovcq %[v2], %[r2]\n\tcmovcq %[v3], %[r3]"
        : [r0] "+&r"(r0), [r1] "+&r"(r1), [r2] "+&r"(r2), [r3] "+&r"(r3)
        : [v0] "r"(value[0]), [v1] "r"(value[1]), [v2] "r"(value[2]), [v3] "r"(value[3]), BUTTER_BN254_MODULUS
        : "cc");
    return {r0, r1, r2, r3};
}

inline Limbs add(const Limbs& a, const Limbs& b) noexcept {
    auto [r0, r1, r2, r3] = a;
    asm("addq %[b0], %[r0]\n\tadcq %[b1], %[r1]\n\tadcq %[b2], %[r2]\n\tadcq %[b3], %[r3]"
        : [r0] "+&r"(r0), [r1] "+&r"(r1), [r2] "+&r"(r2), [r3] "+&r"(r3)
        : [b0] "m"(b[0]), [b1] "m"(b[1]), [b2] "m"(b[2]), [b3] "m"(b[3])
        : "cc");
    return reduce_once({r0, r1, r2, r3});
}

inline Limbs subtract(const Limbs& a, const Limbs& b) noexcept {
    auto [r0, r1, r2, r3] = a;
    std::uint64_t p0 = kModulus[0], p1 = kModulus[1], p2 = kModulus[2], p3 = kModulus[3];
    // The modulus is added after a borrow, zero else.
    asm("subq %[b0], %[r0]\n\tsbbq %[b1], %[r1]\n\tsbbq %[b2], %[r2]\n\tsbbq %[b3], %[r3]\n\t"
        "cmovncq %[zero], %[p0]\n\tcmovncq %[zero], %[p1]\n\t"
        "cmovncq %[zero], %[p2]\n\tcmovncq %[zero], %[p3]\n\t"
        "addq %[p0], %[r0]\n\tadcq %[p1], %[r1]\n\tadcq %[p2], %[r2]\n\tadcq %[p3], %[r3]"
        : [r0] "+&r"(r0), [r1] "+&r"(r1), [r2] "+&r"(r2), [r3] "+&r"(r3), [p0] "+&r"(p0), [p1] "+&r"(p1),
          [p2] "+&r"(p2), [p3] "+&r"(p3)
        : [b0] "m"(b[0]), [b1] "m"(b[1]), [b2] "m"(b[2]), [b3] "m"(b[3]), [zero] "r"(std::uint64_t{0})
        : "cc");
    return {r0, r1, r2, r3};
}

// clang-format off
// Limbs t0 to t4 become rdx times the limbs x0 to x3.
#define BUTTER_BN254_FIRST_ROW(x0, x1, x2, x3, t0, t1, t2, t3, t4) \
    "mulxq " x0 ", %[" t0 "], %[" t1 "]\n\t" \
    "mulxq " x1 ", %[low], %[" t2 "]\n\taddq %[low], %[" t1 "]\n\t" \
    "mulxq " x2 ", %[low], %[" t3 "]\n\tadcq %[low], %[" t2 "]\n\t" \
    "mulxq " x3 ", %[low], %[" t4 "]\n\tadcq %[low], %[" t3 "]\n\t" \
    "adcq $0, %[" t4 "]\n\t"
// That is added to them; low halves go along one chain of carries, high halves along the other (Intel, "New
// Instructions Supporting Large Integer Arithmetic", 2012).
#define BUTTER_BN254_ADD_ROW(x0, x1, x2, x3, t0, t1, t2, t3, t4) \
    "xorl %k[low], %k[low]\n\t" \
    "mulxq " x0 ", %[low], %[high]\n\tadcxq %[low], %[" t0 "]\n\tadoxq %[high], %[" t1 "]\n\t" \
    "mulxq " x1 ", %[low], %[high]\n\tadcxq %[low], %[" t1 "]\n\tadoxq %[high], %[" t2 "]\n\t" \
    "mulxq " x2 ", %[low], %[high]\n\tadcxq %[low], %[" t2 "]\n\tadoxq %[high], %[" t3 "]\n\t" \
    "mulxq " x3 ", %[low], %[high]\n\tadcxq %[low], %[" t3 "]\n\tadoxq %[high], %[" t4 "]\n\t" \
    "adcq $0, %[" t4 "]\n\t"
// A row of the product of `a` with the limb of `b` at `offset`.
#define BUTTER_BN254_PRODUCT(row, a, b, offset, ...) \
    "movq " offset "(%[" b "]), %%rdx\n\t" \
    row("0(%[" a "])", "8(%[" a "])", "16(%[" a "])", "24(%[" a "])", __VA_ARGS__)
// Makes t0 zero.
#define BUTTER_BN254_REDUCE(t0, ...) \
    "movq %[" t0 "], %%rdx\n\timulq %[inverse], %%rdx\n\t" \
    BUTTER_BN254_ADD_ROW("%[p0]", "%[p1]", "%[p2]", "%[p3]", t0, __VA_ARGS__)
// Each round starts a limb higher; the one that became zero is its top.
#define BUTTER_BN254_ROUNDS(round) \
    round(BUTTER_BN254_FIRST_ROW, "0", "t0", "t1", "t2", "t3", "t4") \
    round(BUTTER_BN254_ADD_ROW, "8", "t1", "t2", "t3", "t4", "t0") \
    round(BUTTER_BN254_ADD_ROW, "16", "t2", "t3", "t4", "t0", "t1") \
    round(BUTTER_BN254_ADD_ROW, "24", "t3", "t4", "t0", "t1", "t2")
#define BUTTER_BN254_LIMBS \
    [t0] "=&r"(t0), [t1] "=&r"(t1), [t2] "=&r"(t2), [t3] "=&r"(t3), [t4] "=&r"(t4), \
    [low] "=&r"(low), [high] "=&r"(high)
// clang-format on

/// Needs `kHasAdx`.
inline Limbs multiply(const Limbs& a, const Limbs& b) noexcept {
    std::uint64_t t0, t1, t2, t3, t4, low, high;
#define BUTTER_BN254_ROUND(row, offset, ...) \
    BUTTER_BN254_PRODUCT(row, "a", "b", offset, __VA_ARGS__) BUTTER_BN254_REDUCE(__VA_ARGS__)
    asm(BUTTER_BN254_ROUNDS(BUTTER_BN254_ROUND)
        : BUTTER_BN254_LIMBS
        : [a] "r"(&a), [b] "r"(&b), "m"(a), "m"(b), BUTTER_BN254_MODULUS, [inverse] "m"(kInverse)
        : "rdx", "cc");
#undef BUTTER_BN254_ROUND
    return reduce_once({t4, t0, t1, t2});
}

/// Needs `kHasAdx`.
inline Limbs multiply_add(const Limbs& a, const Limbs& b, const Limbs& c, const Limbs& d) noexcept {
    std::uint64_t t0, t1, t2, t3, t4, low, high;
#define BUTTER_BN254_ROUND(row, offset, ...)                 \
    BUTTER_BN254_PRODUCT(row, "a", "b", offset, __VA_ARGS__) \
    BUTTER_BN254_PRODUCT(BUTTER_BN254_ADD_ROW, "c", "d", offset, __VA_ARGS__) BUTTER_BN254_REDUCE(__VA_ARGS__)
    asm(BUTTER_BN254_ROUNDS(BUTTER_BN254_ROUND)
        : BUTTER_BN254_LIMBS
        : [a] "r"(&a), [b] "r"(&b), [c] "r"(&c), [d] "r"(&d), "m"(a), "m"(b), "m"(c), "m"(d),
          BUTTER_BN254_MODULUS, [inverse] "m"(kInverse)
        : "rdx", "cc");
#undef BUTTER_BN254_ROUND
    return reduce_once({t4, t0, t1, t2});
}

#undef BUTTER_BN254_MODULUS
#undef BUTTER_BN254_FIRST_ROW
#undef BUTTER_BN254_ADD_ROW
#undef BUTTER_BN254_PRODUCT
#undef BUTTER_BN254_REDUCE
#undef BUTTER_BN254_ROUNDS
#undef BUTTER_BN254_LIMBS

}  // namespace x86

using x86::add;
using x86::subtract;
inline Limbs multiply(const Limbs& a, const Limbs& b) noexcept {
    return kHasAdx ? x86::multiply(a, b) : portable::multiply(a, b);
}
inline Limbs multiply_add(const Limbs& a, const Limbs& b, const Limbs& c, const Limbs& d) noexcept {
    return kHasAdx ? x86::multiply_add(a, b, c, d) : portable::multiply_add(a, b, c, d);
}

#else

using portable::add;
using portable::multiply;
using portable::multiply_add;
using portable::subtract;

#endif

}  // namespace butter::crypto::bn254::field
