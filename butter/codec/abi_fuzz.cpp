// SPDX-License-Identifier: Apache-2.0
#include "butter/base/assert.hpp"
#include "butter/codec/abi.hpp"

namespace butter::codec {
namespace {

/// Follows every offset of a struct of our proofs' shape without regard to order.
void walk(BytesView input) {
    AbiReader reader(input);
    auto fields = reader.next_tuple();
    if (!fields) return;
    (void)fields->next_uint(64);
    (void)fields->next_address();
    (void)fields->next_bytes();
    auto array = fields->next_array(32);
    if (!array) return;
    for (std::size_t i = 0; i < array->count; ++i) {
        auto element = array->elements.next_tuple();
        if (!element) return;
        (void)element->next_bool();
        (void)element->next_bytes();
    }
}

}  // namespace
}  // namespace butter::codec

/// The first byte says how long the type's text is, the rest is the data. What is accepted is written back.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace butter;
    if (size == 0) return 0;
    const BytesView input(data + 1, size - 1);
    const std::size_t text_size = std::min<std::size_t>(data[0], input.size());
    const std::string_view text(reinterpret_cast<const char*>(input.data()), text_size);
    const auto type = codec::parse_abi_type(text);
    if (type) {
        BUTTER_ASSERT(codec::parse_abi_type(codec::to_string(*type)).value() == *type);
        const auto value = codec::decode_abi(*type, input.subspan(text_size));
        if (value) BUTTER_ASSERT(equal(codec::encode_abi({*value}), input.subspan(text_size)));
    }
    codec::walk(input);
    return 0;
}
