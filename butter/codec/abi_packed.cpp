// SPDX-License-Identifier: Apache-2.0
#include "butter/codec/abi.hpp"

namespace butter::codec {
namespace {

using Kind = AbiType::Kind;

enum class Padding { kNone = 1, kWord = 2 };

Result<void, AbiError> append_word(Bytes& out, const AbiType& type, const AbiValue& value, Padding padding) {
    if (value.kind() != AbiValue::Kind::kWord) return std::unexpected(AbiError::kBadType);
    const BytesView word(value.as_word());
    TRY([[maybe_unused]] const AbiValue in_range, decode_abi(type, word));
    if (padding == Padding::kWord) {
        append(out, word);
        return {};
    }
    switch (type.kind) {
        case Kind::kUint:
        case Kind::kInt:
            append(out, word.last(type.size / 8));
            return {};
        case Kind::kAddress:
            append(out, word.last(Address::kSize));
            return {};
        case Kind::kBool:
            append(out, word.last(1));
            return {};
        case Kind::kFixedBytes:
            append(out, word.first(type.size));
            return {};
        case Kind::kBytes:
        case Kind::kString:
        case Kind::kArray:
        case Kind::kFixedArray:
        case Kind::kTuple:
            break;
    }
    return std::unexpected(AbiError::kBadType);
}

Result<void, AbiError> append_packed(Bytes& out, const AbiType& type, const AbiValue& value,
                                     Padding padding) {
    switch (type.kind) {
        case Kind::kBytes:
        case Kind::kString:
            // As an array's element its length would be lost.
            if (padding == Padding::kWord || value.kind() != AbiValue::Kind::kBytes) break;
            append(out, value.as_bytes());
            return {};
        case Kind::kArray:
        case Kind::kFixedArray: {
            const bool is_fixed = type.kind == Kind::kFixedArray;
            if (value.kind() != (is_fixed ? AbiValue::Kind::kTuple : AbiValue::Kind::kArray)) break;
            if (is_fixed && value.size() != type.size) break;
            for (std::size_t i = 0; i < value.size(); ++i) {
                TRY_VOID(append_packed(out, type.components[0], value[i], Padding::kWord));
            }
            return {};
        }
        case Kind::kTuple:
            break;
        case Kind::kUint:
        case Kind::kInt:
        case Kind::kAddress:
        case Kind::kBool:
        case Kind::kFixedBytes:
            return append_word(out, type, value, padding);
    }
    return std::unexpected(AbiError::kBadType);
}

}  // namespace

Result<Bytes, AbiError> encode_abi_packed(const std::vector<AbiType>& types,
                                          const std::vector<AbiValue>& values) {
    if (types.size() != values.size()) return std::unexpected(AbiError::kBadType);
    Bytes out;
    for (std::size_t i = 0; i < types.size(); ++i) {
        TRY_VOID(append_packed(out, types[i], values[i], Padding::kNone));
    }
    return out;
}

}  // namespace butter::codec
