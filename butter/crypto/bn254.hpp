// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "butter/base/bytes.hpp"
#include "butter/base/result.hpp"
#include "butter/base/uint256.hpp"

/// BN254 (alt_bn128, EIP-196 and EIP-197): groups, pairing, and the hash to G1 of the MAP relay chain. Not
/// constant time: it verifies public data, and signs only with the test keys of devnets.
namespace butter::crypto::bn254 {

enum class Bn254Error {
    kNotCanonical = 1,  ///< a coordinate that is not below the field modulus
    kNotOnCurve = 2,
    kNotInSubgroup = 3,   ///< a point of G2's curve outside the group of prime order
    kDegenerateHash = 4,  ///< a hash that is infinity or a generator, or for which the map is undefined
};
std::string_view to_string(Bn254Error error) noexcept;

/// Affine; infinity is (0, 0).
struct G1 {
    Uint256 x;
    Uint256 y;

    bool is_infinity() const noexcept { return x.is_zero() && y.is_zero(); }
    friend bool operator==(const G1&, const G1&) = default;
};

/// Affine over Fp2, each coordinate as imaginary and real part (the order of EIP-197); infinity is all zeros.
struct G2 {
    Uint256 x_im;
    Uint256 x_re;
    Uint256 y_im;
    Uint256 y_re;

    bool is_infinity() const noexcept {
        return x_im.is_zero() && x_re.is_zero() && y_im.is_zero() && y_re.is_zero();
    }
    friend bool operator==(const G2&, const G2&) = default;
};

const Uint256& field_modulus() noexcept;
const Uint256& group_order() noexcept;
G1 g1_generator() noexcept;
G2 g2_generator() noexcept;

/// Coordinates canonical, the point on the curve; of G2 also in the subgroup. Infinity is a point.
Result<void, Bn254Error> validate(const G1& point);
Result<void, Bn254Error> validate(const G2& point);

FixedBytes<64> encode_g1(const G1& point) noexcept;
FixedBytes<128> encode_g2(const G2& point) noexcept;
Result<G1, Bn254Error> decode_g1(const FixedBytes<64>& bytes);
Result<G2, Bn254Error> decode_g2(const FixedBytes<128>& bytes);

// All of these take valid points.
G1 add(const G1& a, const G1& b) noexcept;
G2 add(const G2& a, const G2& b) noexcept;
G1 negate(const G1& point) noexcept;
G1 multiply(const G1& point, const Uint256& scalar) noexcept;
G2 multiply(const G2& point, const Uint256& scalar) noexcept;

struct Pair {
    G1 g1;
    G2 g2;
};
/// Whether the product of the pairings is one.
bool pairing_check(std::span<const Pair> pairs);

/// How one base point of the hash came about, and what a contract needs to check it cheaply: `MapToCurveHint`
/// of docs/proof-formats.md.
struct BasePoint {
    Uint256 t;
    unsigned candidate = 0;      ///< 1, 2 or 3
    Uint256 inverse;             ///< 1 / (t^2 (t^2 + 4))
    std::vector<Uint256> roots;  ///< `candidate` of them
    G1 point;
};
struct HashToG1 {
    std::array<BasePoint, 2> bases;
    G1 point;
};
/// Fouque-Tibouchi as the MAP relay chain has it from its hash fork on.
Result<HashToG1, Bn254Error> hash_to_g1(BytesView message);
/// keccak256(message) times the generator: the rule before the fork, whose signatures anyone can forge.
G1 hash_to_g1_legacy(BytesView message) noexcept;

/// e(signature, g2) == e(hash, key). Infinity as signature or key does not verify.
bool verify_signature(const G1& signature, const G1& hash, const G2& key);

}  // namespace butter::crypto::bn254
