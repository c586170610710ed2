// SPDX-License-Identifier: Apache-2.0
#include "butter/message/message.hpp"

#include "butter/base/assert.hpp"

/// What is accepted is written back byte for byte.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace butter;
    const BytesView input(data, size);
    const auto decoded = message::decode_message(input);
    if (decoded) BUTTER_ASSERT(equal(message::encode_message(*decoded), input));
    return 0;
}
