// SPDX-License-Identifier: Apache-2.0
#include "butter/codec/rlp.hpp"

#include "butter/base/assert.hpp"

namespace butter::codec {
namespace {

Bytes reencode(const RlpItem& item) {
    if (!item.is_list) return encode_rlp_bytes(item.payload);
    Bytes items;
    for (RlpReader reader(item.payload); !reader.is_done();) append(items, reencode(reader.next().value()));
    return encode_rlp_list(items);
}

}  // namespace
}  // namespace butter::codec

/// What is accepted is written back byte for byte.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace butter;
    const BytesView input(data, size);
    if (codec::validate_rlp(input)) {
        BUTTER_ASSERT(equal(codec::reencode(codec::decode_rlp(input).value()), input));
    }
    return 0;
}
