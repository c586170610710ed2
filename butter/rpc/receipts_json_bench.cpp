// SPDX-License-Identifier: Apache-2.0
#include "butter/rpc/receipts_json.hpp"

#include <benchmark/benchmark.h>

#include <string>

#include "butter/base/assert.hpp"
#include "butter/base/hex.hpp"

namespace butter::rpc {
namespace {

/// A block's receipts with two logs each, as nodes write them, until the text has a megabyte.
const std::string& megabyte() {
    static const std::string text = [] {
        const std::string hash = encode_hex(Bytes(32, 0xab));
        const std::string place = R"("blockHash":")" + hash +
                                  R"(","blockNumber":"0x1312d00","transactionHash":")" + hash +
                                  R"(","transactionIndex":"0x1f")";
        const std::string log = R"({"address":")" + encode_hex(Bytes(20, 0x12)) + R"(","topics":[")" + hash +
                                R"(",")" + hash + R"(",")" + hash + R"("],"data":")" +
                                encode_hex(Bytes(32, 0x01)) + R"(",)" + place +
                                R"(,"logIndex":"0x2a","removed":false})";
        const std::string receipt =
            "{" + place + R"(,"from":")" + encode_hex(Bytes(20)) + R"(","to":")" + encode_hex(Bytes(20)) +
            R"(","cumulativeGasUsed":"0x98a3b","gasUsed":"0xb71b","effectiveGasPrice":"0x12a05f200",)" +
            R"("contractAddress":null,"type":"0x2","status":"0x1","logsBloom":")" +
            encode_hex(Bytes(256, 0x04)) + R"(","logs":[)" + log + "," + log + "]}";
        std::string out = R"({"jsonrpc":"2.0","id":1,"result":[)" + receipt;
        while (out.size() < 1'000'000) out += "," + receipt;
        return out + "]}";
    }();
    return text;
}

void receipts_of_a_megabyte(benchmark::State& state) {
    for (auto _ : state) {
        const auto receipts = decode_receipts_answer(megabyte());
        BUTTER_ASSERT(receipts.has_value());
    }
}
BENCHMARK(receipts_of_a_megabyte)->Unit(benchmark::kMicrosecond);

void receipts_of_a_megabyte_by_boost_json(benchmark::State& state) {
    for (auto _ : state) {
        const auto answer = parse_json(megabyte());
        const JsonArray* receipts = find_array(*answer, "result");
        BUTTER_ASSERT(receipts != nullptr);
        for (const Json& receipt : *receipts) BUTTER_ASSERT(decode_placed_receipt(receipt).has_value());
    }
}
BENCHMARK(receipts_of_a_megabyte_by_boost_json)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace butter::rpc
