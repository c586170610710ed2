// SPDX-License-Identifier: Apache-2.0
#include "chains/ethereum/execution_header.hpp"

#include "butter/base/assert.hpp"
#include "butter/crypto/keccak.hpp"
#include "butter/eth/header.hpp"

/// Takes every header that the strict decoder of known forks takes, and reads the same of it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace butter;
    const BytesView input(data, size);
    const auto header = ethereum::decode_execution_header(input);
    const auto strict = eth::decode_header(input);
    if (strict) {
        BUTTER_ASSERT(header.has_value());
        BUTTER_ASSERT(header->number == strict->number.value);
        BUTTER_ASSERT(header->parent_hash == strict->parent_hash);
        BUTTER_ASSERT(header->state_root == strict->state_root);
        BUTTER_ASSERT(header->receipts_root == strict->receipts_root);
    }
    if (header) BUTTER_ASSERT(header->hash == crypto::keccak256(input));
    return 0;
}
