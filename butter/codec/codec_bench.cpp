// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include "butter/codec/abi.hpp"
#include "butter/codec/rlp.hpp"
#include "butter/codec/ssz.hpp"

namespace butter::codec {
namespace {

void validate_rlp_100_kb(benchmark::State& state) {
    Bytes items;
    while (items.size() < 100'000) append_rlp_bytes(items, Bytes(32, 7));
    const Bytes list = encode_rlp_list(items);
    for (auto _ : state) benchmark::DoNotOptimize(validate_rlp(list));
    state.SetBytesProcessed(static_cast<std::int64_t>(list.size()) * state.iterations());
}
BENCHMARK(validate_rlp_100_kb)->Unit(benchmark::kMicrosecond);

void decode_abi_receipt_proofs(benchmark::State& state) {
    const AbiType type = parse_abi_type("(bytes,(uint64,bytes[],uint16[])[])").value();
    std::vector<AbiValue> proofs;
    for (unsigned i = 0; i < 20; ++i) {
        std::vector<AbiValue> nodes(4, AbiValue::bytes(Bytes(532)));
        proofs.push_back(AbiValue::tuple(
            {AbiValue::number(i), AbiValue::array(nodes), AbiValue::array({AbiValue::number(0)})}));
    }
    const Bytes data = encode_abi({AbiValue::tuple({AbiValue::bytes(Bytes(600)), AbiValue::array(proofs)})});
    for (auto _ : state) benchmark::DoNotOptimize(decode_abi(type, data));
    state.SetBytesProcessed(static_cast<std::int64_t>(data.size()) * state.iterations());
}
BENCHMARK(decode_abi_receipt_proofs)->Unit(benchmark::kMicrosecond);

void root_of_sync_committee(benchmark::State& state) {
    const SszType type = ssz_container({ssz_vector(ssz_bytes(48), 512), ssz_bytes(48)});
    const Bytes data(513 * 48, 3);
    for (auto _ : state) benchmark::DoNotOptimize(hash_tree_root(type, data));
}
BENCHMARK(root_of_sync_committee)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace butter::codec
