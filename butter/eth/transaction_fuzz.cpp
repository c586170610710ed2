// SPDX-License-Identifier: Apache-2.0
#include "butter/base/assert.hpp"
#include "butter/eth/transaction.hpp"

/// What is accepted is written back byte for byte.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace butter;
    const BytesView input(data, size);
    const auto decoded = eth::decode_transaction(input);
    if (decoded)
        BUTTER_ASSERT(equal(eth::encode_transaction(decoded->transaction, decoded->signature), input));
    return 0;
}
