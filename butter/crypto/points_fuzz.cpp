// SPDX-License-Identifier: Apache-2.0
#include "butter/base/assert.hpp"
#include "butter/base/uint256.hpp"
#include "butter/crypto/bls12_381.hpp"
#include "butter/crypto/bn254.hpp"
#include "butter/crypto/eip2537.hpp"

namespace {

using namespace butter;
using namespace butter::crypto;

void check_bn254(BytesView input) {
    if (input.size() < 64) return;
    if (const auto point = bn254::decode_g1(to_fixed<64>(input.first(64)))) {
        BUTTER_ASSERT(bn254::encode_g1(*point) == to_fixed<64>(input.first(64)));
        BUTTER_ASSERT(bn254::multiply(*point, bn254::group_order()).is_infinity());
        BUTTER_ASSERT(bn254::add(*point, bn254::negate(*point)).is_infinity());
    }
    if (input.size() < 128) return;
    if (const auto point = bn254::decode_g2(to_fixed<128>(input.first(128)))) {
        BUTTER_ASSERT(bn254::encode_g2(*point) == to_fixed<128>(input.first(128)));
        BUTTER_ASSERT(bn254::multiply(*point, bn254::group_order()).is_infinity());
    }
}

void check_bls(BytesView input) {
    if (input.size() >= 48) {
        const auto bytes = to_fixed<48>(input.first(48));
        const auto key = bls::decode_public_key(bytes);
        if (key) {
            BUTTER_ASSERT(bls::encode_public_key(*key) == bytes);
            BUTTER_ASSERT(bls::decode_eip2537_key(bls::encode_eip2537(*key)) == *key);
        }
    }
    if (input.size() >= 128) (void)bls::decode_eip2537_key(to_fixed<128>(input.first(128)));
    if (input.size() >= 96) {
        const auto bytes = to_fixed<96>(input.first(96));
        const auto signature = bls::encode_eip2537(bytes);
        if (signature) BUTTER_ASSERT(bls::decode_eip2537_signature(*signature) == bytes);
    }
    if (input.size() >= 256) (void)bls::decode_eip2537_signature(to_fixed<256>(input.first(256)));
}

}  // namespace

/// The first byte says whose points follow.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const BytesView input(data + 1, size - 1);
    switch (data[0] % 9) {
        case 0:
            check_bn254(input);
            break;
        case 1:
            check_bls(input);
            break;
        case 2:
            (void)eip2537::g1_add(input);
            break;
        case 3:
            (void)eip2537::g2_add(input);
            break;
        case 4:
            (void)eip2537::g1_msm(input);
            break;
        case 5:
            (void)eip2537::g2_msm(input);
            break;
        case 6:
            (void)eip2537::pairing_check(input);
            break;
        case 7:
            (void)eip2537::map_fp_to_g1(input);
            break;
        default:
            (void)eip2537::map_fp2_to_g2(input);
    }
    return 0;
}
