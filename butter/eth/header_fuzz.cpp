// SPDX-License-Identifier: Apache-2.0
#include "butter/base/assert.hpp"
#include "butter/eth/header.hpp"

/// What is accepted is written back byte for byte.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace butter;
    const BytesView input(data, size);
    const auto value = eth::decode_header(input);
    if (value) BUTTER_ASSERT(equal(eth::encode_header(*value), input));
    return 0;
}
