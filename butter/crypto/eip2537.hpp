// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "butter/base/bytes.hpp"
#include "butter/base/result.hpp"

/// What the BLS12-381 precompiled contracts of EIP-2537 answer (Prague; addresses 0x0b to 0x11), on blst: the
/// reference to hold a chain's precompiles against. Points and field elements are encoded as the EIP has
/// them: coordinates of 64 bytes, big endian, Fp2 with its real part first, infinity as zeros. Gas is not
/// counted. Not constant time, and not made for speed: sums of products are computed one product after the
/// other.
namespace butter::crypto::eip2537 {

enum class Eip2537Error {
    kInputLength = 1,
    kTopBytes = 2,      ///< one of the 16 bytes before a field element is not zero
    kFieldElement = 3,  ///< a field element that is not below the modulus
    kNotOnCurve = 4,
    kNotInSubgroup = 5,  ///< of multiplications and pairings; additions do not check it
};
std::string_view to_string(Eip2537Error error) noexcept;

/// Two points of 128 bytes.
Result<Bytes, Eip2537Error> g1_add(BytesView input);
/// One or more pairs of a point and a scalar of 32 bytes, any scalar; the sum of the products.
Result<Bytes, Eip2537Error> g1_msm(BytesView input);
/// Two points of 256 bytes.
Result<Bytes, Eip2537Error> g2_add(BytesView input);
Result<Bytes, Eip2537Error> g2_msm(BytesView input);
/// One or more pairs of points in G1 and G2; 31 zeros, then 1 when the product of the pairings is one.
Result<Bytes, Eip2537Error> pairing_check(BytesView input);
/// A field element to a point (RFC 9380, simplified SWU with isogeny and cofactor clearing).
Result<Bytes, Eip2537Error> map_fp_to_g1(BytesView input);
Result<Bytes, Eip2537Error> map_fp2_to_g2(BytesView input);

}  // namespace butter::crypto::eip2537
