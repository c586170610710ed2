// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>
#include <blst.h>

#include <vector>

#include "butter/base/assert.hpp"
#include "butter/crypto/bls12_381.hpp"

namespace butter::crypto::bls {
namespace {

constexpr std::size_t kKeys = 512;
constexpr std::string_view kDomain = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

struct Committee {
    std::vector<PublicKey> compressed;
    std::vector<AffinePublicKey> keys;
    std::vector<std::array<std::uint8_t, 96>> serialized;
    Hash32 message;
    Signature signature;
};

const Committee& committee() {
    static const Committee value = [] {
        Committee out;
        std::vector<SecretKey> secrets;
        for (std::size_t i = 0; i < kKeys; ++i) {
            Bytes seed(32);
            seed[0] = static_cast<std::uint8_t>(i);
            seed[1] = static_cast<std::uint8_t>(i >> 8);
            secrets.push_back(derive_secret_key(seed));
            out.compressed.push_back(public_key_of(secrets.back()).value());
            out.keys.push_back(decode_public_key(out.compressed.back()).value());
            blst_p1_affine point;
            BUTTER_ASSERT(blst_p1_uncompress(&point, out.compressed.back().data()) == BLST_SUCCESS);
            blst_p1_affine_serialize(out.serialized.emplace_back().data(), &point);
        }
        out.signature = sign(add_secret_keys(secrets).value(), out.message).value();
        return out;
    }();
    return value;
}

void bls_verify_512_keys(benchmark::State& state) {
    const Committee& all = committee();
    for (auto _ : state)
        BUTTER_ASSERT(fast_aggregate_verify(all.keys, all.message, all.signature).has_value());
}
BENCHMARK(bls_verify_512_keys)->Unit(benchmark::kMicrosecond);

/// The same steps by blst's own functions: 96-byte keys loaded and added, the signature read and checked, two
/// Miller loops and one final exponentiation.
void bls_verify_512_keys_by_blst(benchmark::State& state) {
    const Committee& all = committee();
    for (auto _ : state) {
        blst_p1 sum{};
        for (const auto& bytes : all.serialized) {
            blst_p1_affine point;
            blst_p1_deserialize(&point, bytes.data());
            blst_p1_add_or_double_affine(&sum, &sum, &point);
        }
        blst_p1_affine key;
        blst_p1_to_affine(&key, &sum);
        blst_p2_affine signature;
        blst_p2_uncompress(&signature, all.signature.data());
        BUTTER_ASSERT(blst_p2_affine_in_g2(&signature));
        const BLST_ERROR error = blst_core_verify_pk_in_g1(
            &key, &signature, true, all.message.data(), all.message.size(),
            reinterpret_cast<const byte*>(kDomain.data()), kDomain.size(), nullptr, 0);
        BUTTER_ASSERT(error == BLST_SUCCESS);
    }
}
BENCHMARK(bls_verify_512_keys_by_blst)->Unit(benchmark::kMicrosecond);

void bls_load_512_keys(benchmark::State& state) {
    for (auto _ : state) {
        for (const PublicKey& key : committee().compressed) benchmark::DoNotOptimize(decode_public_key(key));
    }
}
BENCHMARK(bls_load_512_keys)->Unit(benchmark::kMicrosecond);

/// Keys that were checked when they first came: taken again and added.
void bls_reload_512_keys(benchmark::State& state) {
    const std::vector<AffinePublicKey>& keys = committee().keys;
    for (auto _ : state) benchmark::DoNotOptimize(aggregate(keys));
}
BENCHMARK(bls_reload_512_keys)->Unit(benchmark::kMicrosecond);

/// The same from its uncompressed form, with its sum of many.
void bls_reload_512_keys_by_blst(benchmark::State& state) {
    const Committee& all = committee();
    for (auto _ : state) {
        std::vector<blst_p1_affine> points(kKeys);
        for (std::size_t i = 0; i < kKeys; ++i) blst_p1_deserialize(&points[i], all.serialized[i].data());
        const blst_p1_affine* const list[] = {points.data(), nullptr};
        blst_p1 sum;
        blst_p1s_add(&sum, list, kKeys);
        benchmark::DoNotOptimize(sum);
    }
}
BENCHMARK(bls_reload_512_keys_by_blst)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace butter::crypto::bls
