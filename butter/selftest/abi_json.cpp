// SPDX-License-Identifier: Apache-2.0
#include "butter/selftest/abi_json.hpp"

#include "butter/selftest/files.hpp"

namespace butter::selftest {
namespace {

using codec::AbiType;
using codec::AbiValue;

/// Some vectors give bytes as the text that they are.
Bytes bytes_or_text(Case& judged, const Json& json) {
    const std::string text = judged.text_of(json, "bytes value");
    if (!text.starts_with("0x")) return to_bytes(as_bytes(text));
    return judged.bytes_of(json, "bytes value");
}

}  // namespace

AbiValue abi_value_of(Case& judged, const AbiType& type, const Json& json) {
    if (has_members(json, {"type", "value"}))
        return abi_value_of(judged, type, *rpc::find_member(json, "value"));
    switch (type.kind) {
        case AbiType::Kind::kUint:
        case AbiType::Kind::kInt:
            return AbiValue::number(judged.number_of(json, "number"));
        case AbiType::Kind::kAddress:
            return AbiValue::address(judged.fixed_of<20>(json, "address"));
        case AbiType::Kind::kBool:
            judged.expect(json.is_bool(), "bool: not true or false");
            return AbiValue::boolean(json.is_bool() && json.get_bool());
        case AbiType::Kind::kFixedBytes: {
            const Bytes bytes = bytes_or_text(judged, json);
            if (bytes.size() == type.size) return AbiValue::fixed_bytes(bytes);
            judged.fail("bytesN: value of another size");
            return {};
        }
        case AbiType::Kind::kBytes:
            return AbiValue::bytes(bytes_or_text(judged, json));
        case AbiType::Kind::kString:
            return AbiValue::string(judged.text_of(json, "string value"));
        case AbiType::Kind::kArray:
        case AbiType::Kind::kFixedArray:
        case AbiType::Kind::kTuple:
            break;
    }
    const bool is_tuple = type.kind == AbiType::Kind::kTuple;
    const JsonArray& elements = judged.array_of(json, "sequence value");
    const std::size_t expected = is_tuple ? type.components.size() : type.size;
    if (type.kind != AbiType::Kind::kArray && elements.size() != expected) {
        judged.fail("sequence value of another length");
        return {};
    }
    std::vector<AbiValue> values;
    for (std::size_t i = 0; i < elements.size(); ++i) {
        values.push_back(abi_value_of(judged, type.components[is_tuple ? i : 0], elements[i]));
    }
    return type.kind == AbiType::Kind::kArray ? AbiValue::array(std::move(values))
                                              : AbiValue::tuple(std::move(values));
}

}  // namespace butter::selftest
