// SPDX-License-Identifier: Apache-2.0
#include "butter/eth/typed_data.hpp"

#include <charconv>
#include <set>

#include "butter/base/assert.hpp"
#include "butter/crypto/keccak.hpp"

namespace butter::eth {
namespace {

using codec::AbiValue;

std::unexpected<TypedDataError> fail(TypedDataError error) { return std::unexpected(error); }

/// "T[2][]" as its elements' type "T[2]" and their number, absent for any. Not an array: no element.
struct ArrayType {
    std::string_view element;
    std::optional<std::size_t> count;
};
Result<std::optional<ArrayType>, TypedDataError> split_array(std::string_view type) {
    if (!type.ends_with(']')) return std::optional<ArrayType>{};
    const std::size_t open = type.rfind('[');
    if (open == std::string_view::npos || open == 0) return fail(TypedDataError::kUnknownType);
    ArrayType out{type.substr(0, open), std::nullopt};
    const std::string_view digits = type.substr(open + 1, type.size() - open - 2);
    if (digits.empty()) return out;
    std::size_t count = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
    if (error != std::errc{} || end != digits.data() + digits.size())
        return fail(TypedDataError::kUnknownType);
    out.count = count;
    return out;
}

std::string_view base_of(std::string_view type) { return type.substr(0, type.find('[')); }

void collect(const TypedStructs& structs, std::string_view name, std::set<std::string, std::less<>>& found) {
    const auto definition = structs.find(name);
    if (definition == structs.end() || !found.emplace(name).second) return;
    for (const TypedField& field : definition->second) collect(structs, base_of(field.type), found);
}

Result<std::string, TypedDataError> encode_one_type(const TypedStructs& structs, std::string_view name) {
    const auto definition = structs.find(name);
    if (definition == structs.end()) return fail(TypedDataError::kUnknownType);
    std::string out(name);
    out += '(';
    std::set<std::string_view> names;
    for (const TypedField& field : definition->second) {
        if (!names.insert(field.name).second) return fail(TypedDataError::kDuplicateName);
        if (names.size() > 1) out += ',';
        out += field.type + " " + field.name;
    }
    return out + ")";
}

Result<Bytes, TypedDataError> encode_struct(const TypedStructs& structs, std::string_view name,
                                            const AbiValue& value, unsigned depth);

/// The word that stands for a member.
Result<Hash32, TypedDataError> encode_value(const TypedStructs& structs, std::string_view type,
                                            const AbiValue& value, unsigned depth) {
    if (depth > kTypedDataDepthMax) return fail(TypedDataError::kTooDeep);
    const bool is_sequence = value.kind() == AbiValue::Kind::kArray || value.kind() == AbiValue::Kind::kTuple;
    TRY(const std::optional<ArrayType> array, split_array(type));
    if (array) {
        if (!is_sequence || (array->count && *array->count != value.size())) {
            return fail(TypedDataError::kWrongValue);
        }
        Bytes words;
        for (std::size_t i = 0; i < value.size(); ++i) {
            TRY(const Hash32 word, encode_value(structs, array->element, value[i], depth + 1));
            append(words, word);
        }
        return crypto::keccak256(words);
    }
    if (structs.contains(type)) {
        TRY(const Bytes data, encode_struct(structs, type, value, depth + 1));
        return crypto::keccak256(data);
    }
    const auto elementary = codec::parse_abi_type(type);
    if (!elementary || elementary->kind == codec::AbiType::Kind::kTuple) {
        return fail(TypedDataError::kUnknownType);
    }
    if (elementary->is_dynamic()) {
        if (value.kind() != AbiValue::Kind::kBytes) return fail(TypedDataError::kWrongValue);
        return crypto::keccak256(value.as_bytes());
    }
    if (value.kind() != AbiValue::Kind::kWord || !codec::decode_abi(*elementary, value.as_word())) {
        return fail(TypedDataError::kWrongValue);
    }
    return value.as_word();
}

Result<Bytes, TypedDataError> encode_struct(const TypedStructs& structs, std::string_view name,
                                            const AbiValue& value, unsigned depth) {
    if (depth > kTypedDataDepthMax) return fail(TypedDataError::kTooDeep);
    TRY(const std::string type, encode_type(structs, name));
    const auto& fields = structs.find(name)->second;
    if (value.kind() != AbiValue::Kind::kTuple || value.size() != fields.size()) {
        return fail(TypedDataError::kWrongValue);
    }
    Bytes out = to_bytes(crypto::keccak256(as_bytes(type)));
    for (std::size_t i = 0; i < fields.size(); ++i) {
        TRY(const Hash32 word, encode_value(structs, fields[i].type, value[i], depth));
        append(out, word);
    }
    return out;
}

}  // namespace

std::string_view to_string(TypedDataError error) noexcept {
    switch (error) {
        case TypedDataError::kUnknownType:
            return "typed data with an unknown type";
        case TypedDataError::kWrongValue:
            return "typed data with a value that its type does not have";
        case TypedDataError::kTooDeep:
            return "typed data nested too deep";
        case TypedDataError::kDuplicateName:
            return "typed data with two fields of one name";
    }
    return "unknown typed data error";
}

Result<std::string, TypedDataError> encode_type(const TypedStructs& structs, std::string_view primary) {
    std::set<std::string, std::less<>> referred;
    collect(structs, primary, referred);
    TRY(std::string out, encode_one_type(structs, primary));
    for (const std::string& name : referred) {
        if (name == primary) continue;
        TRY(const std::string type, encode_one_type(structs, name));
        out += type;
    }
    return out;
}

Result<Bytes, TypedDataError> encode_data(const TypedStructs& structs, std::string_view primary,
                                          const AbiValue& value) {
    return encode_struct(structs, primary, value, 0);
}

Result<Hash32, TypedDataError> hash_struct(const TypedStructs& structs, std::string_view primary,
                                           const AbiValue& value) {
    TRY(const Bytes data, encode_data(structs, primary, value));
    return crypto::keccak256(data);
}

Hash32 domain_separator(const TypedDomain& domain) {
    constexpr std::string_view kName = "EIP712Domain";
    std::vector<TypedField> fields;
    std::vector<AbiValue> values;
    const auto add = [&](const char* name, const char* type, AbiValue value) {
        fields.push_back({name, type});
        values.push_back(std::move(value));
    };
    if (domain.name) add("name", "string", AbiValue::string(*domain.name));
    if (domain.version) add("version", "string", AbiValue::string(*domain.version));
    if (domain.chain_id) add("chainId", "uint256", AbiValue::number(*domain.chain_id));
    if (domain.verifying_contract) {
        add("verifyingContract", "address", AbiValue::address(*domain.verifying_contract));
    }
    if (domain.salt) add("salt", "bytes32", AbiValue::word(*domain.salt));
    const TypedStructs structs{{std::string(kName), std::move(fields)}};
    const auto hash = hash_struct(structs, kName, AbiValue::tuple(std::move(values)));
    BUTTER_ASSERT(hash.has_value());
    return *hash;
}

Hash32 typed_data_digest(const Hash32& separator, const Hash32& struct_hash) noexcept {
    const std::uint8_t prefix[] = {0x19, 0x01};
    return crypto::keccak256(concat({prefix, separator, struct_hash}));
}

}  // namespace butter::eth
