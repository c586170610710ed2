// SPDX-License-Identifier: Apache-2.0
#include "butter/message/delivery.hpp"

#include "butter/base/assert.hpp"

/// What is accepted is written back byte for byte, and verifying it comes to an end.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace butter;
    const BytesView input(data, size);
    const auto decoded = message::decode_delivery(input);
    if (!decoded) return 0;
    BUTTER_ASSERT(equal(message::encode_delivery(*decoded), input));
    (void)message::verify_delivery(*decoded, Hash32{});
    return 0;
}
