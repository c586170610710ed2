// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <numeric>

#include "butter/base/assert.hpp"
#include "chains/mapo/light_client.hpp"
#include "chains/mapo/proof.hpp"
#include "chains/mapo/sealer.hpp"

namespace butter::mapo {
namespace {

struct Sealed {
    TrustedState state{20, BlockNumber{40}, {}};
    Header header;
};

/// `count` validators, of which a tenth did not sign.
Sealed make_sealed(std::size_t count) {
    Sealed out;
    std::vector<DevnetValidator> validators;
    for (std::size_t i = 0; i < count; ++i) {
        validators.push_back(make_devnet_validator(i));
        out.state.validators.push_back(validators.back().validator);
    }
    std::vector<std::size_t> signers(count - count / 10);
    std::iota(signers.begin(), signers.end(), 0);
    out.header.number = BlockNumber{41};
    seal_header(out.header, validators, 0, signers, 0);
    return out;
}

/// From the bytes to a verified header.
void atlas_header(benchmark::State& state) {
    const Sealed sealed = make_sealed(static_cast<std::size_t>(state.range(0)));
    const Bytes encoded = encode_header(sealed.header, Seals::kAll);
    for (auto _ : state) {
        const auto header = decode_header(encoded);
        BUTTER_ASSERT(header.has_value());
        BUTTER_ASSERT(verify_header(sealed.state, *header).has_value());
    }
}
BENCHMARK(atlas_header)->Arg(30)->Arg(100)->Unit(benchmark::kMicrosecond);

/// What the contract is given: the proof made, and checked as the contract does, but for its receipts.
void atlas_proof_made(benchmark::State& state) {
    const Sealed sealed = make_sealed(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) benchmark::DoNotOptimize(encode_proof(sealed.state, sealed.header, {}));
}
BENCHMARK(atlas_proof_made)->Arg(30)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace butter::mapo
