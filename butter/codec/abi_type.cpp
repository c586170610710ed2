// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <optional>

#include "butter/codec/abi.hpp"

namespace butter::codec {
namespace {

/// A decimal number without leading zeros, 1 to `max`.
std::optional<std::size_t> parse_size(std::string_view text, std::size_t max) noexcept {
    std::size_t value = 0;
    if (text.empty() || text[0] == '0') return std::nullopt;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value > max) return std::nullopt;
    return value;
}

Result<AbiType, AbiError> parse_bits(AbiType::Kind kind, std::string_view bits) noexcept {
    if (bits.empty()) return AbiType{kind, 256, {}};
    const auto size = parse_size(bits, 256);
    if (!size || *size % 8 != 0) return std::unexpected(AbiError::kBadType);
    return AbiType{kind, *size, {}};
}

Result<AbiType, AbiError> parse_elementary(std::string_view name) noexcept {
    if (name == "address") return AbiType{AbiType::Kind::kAddress, 0, {}};
    if (name == "bool") return AbiType{AbiType::Kind::kBool, 0, {}};
    if (name == "bytes") return AbiType{AbiType::Kind::kBytes, 0, {}};
    if (name == "string") return AbiType{AbiType::Kind::kString, 0, {}};
    if (name.starts_with("uint")) return parse_bits(AbiType::Kind::kUint, name.substr(4));
    if (name.starts_with("int")) return parse_bits(AbiType::Kind::kInt, name.substr(3));
    if (name.starts_with("bytes")) {
        const auto size = parse_size(name.substr(5), Hash32::kSize);
        if (size) return AbiType{AbiType::Kind::kFixedBytes, *size, {}};
    }
    return std::unexpected(AbiError::kBadType);
}

Result<AbiType, AbiError> parse_type(std::string_view text, unsigned depth);

/// Types with commas between them, at least one. Commas inside parentheses belong to a component.
Result<std::vector<AbiType>, AbiError> parse_list(std::string_view text, unsigned depth) {
    std::vector<AbiType> out;
    std::size_t start = 0;
    std::size_t open = 0;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        if (i == text.size() || (text[i] == ',' && open == 0)) {
            TRY(AbiType type, parse_type(text.substr(start, i - start), depth));
            out.push_back(std::move(type));
            start = i + 1;
        } else if (text[i] == '(') {
            ++open;
        } else if (text[i] == ')') {
            if (open == 0) return std::unexpected(AbiError::kBadType);
            --open;
        }
    }
    return out;
}

Result<AbiType, AbiError> check_size(AbiType type) {
    if (type.head_words() > kAbiHeadWordsMax) return std::unexpected(AbiError::kTooDeep);
    return type;
}

Result<AbiType, AbiError> parse_type(std::string_view text, unsigned depth) {
    if (depth > kAbiDepthMax) return std::unexpected(AbiError::kTooDeep);
    if (text.ends_with(']')) {
        const std::size_t open = text.rfind('[');
        if (open == std::string_view::npos) return std::unexpected(AbiError::kBadType);
        TRY(AbiType element, parse_type(text.substr(0, open), depth + 1));
        const std::string_view length = text.substr(open + 1, text.size() - open - 2);
        if (length.empty()) return AbiType{AbiType::Kind::kArray, 0, {std::move(element)}};
        const auto size = parse_size(length, kAbiHeadWordsMax);
        if (!size) return std::unexpected(AbiError::kBadType);
        return check_size(AbiType{AbiType::Kind::kFixedArray, *size, {std::move(element)}});
    }
    if (text.ends_with(')')) {
        if (text.starts_with("tuple(")) text.remove_prefix(5);
        if (!text.starts_with('(')) return std::unexpected(AbiError::kBadType);
        TRY(std::vector<AbiType> components, parse_list(text.substr(1, text.size() - 2), depth + 1));
        return check_size(AbiType{AbiType::Kind::kTuple, 0, std::move(components)});
    }
    return parse_elementary(text);
}

bool is_identifier(std::string_view text) noexcept {
    if (text.empty() || (text[0] >= '0' && text[0] <= '9')) return false;
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '$';
    });
}

std::string join(const std::vector<AbiType>& types) {
    std::string out = "(";
    for (std::size_t i = 0; i < types.size(); ++i) {
        if (i > 0) out += ',';
        out += to_string(types[i]);
    }
    return out + ')';
}

}  // namespace

bool AbiType::is_dynamic() const noexcept {
    switch (kind) {
        case Kind::kBytes:
        case Kind::kString:
        case Kind::kArray:
            return true;
        case Kind::kFixedArray:
        case Kind::kTuple:
            return std::any_of(components.begin(), components.end(),
                               [](const AbiType& component) { return component.is_dynamic(); });
        default:
            return false;
    }
}

std::size_t AbiType::head_words() const noexcept {
    if (is_dynamic()) return 1;
    if (kind == Kind::kFixedArray) return size * components[0].head_words();
    if (kind != Kind::kTuple) return 1;
    std::size_t words = 0;
    for (const AbiType& component : components) words += component.head_words();
    return words;
}

Result<AbiType, AbiError> parse_abi_type(std::string_view text) { return parse_type(text, 1); }

Result<std::vector<AbiType>, AbiError> parse_abi_types(std::string_view text) {
    if (text.empty()) return std::vector<AbiType>{};
    return parse_list(text, 1);
}

Result<AbiSignature, AbiError> parse_abi_signature(std::string_view text) {
    const std::size_t open = text.find('(');
    if (open == std::string_view::npos || !text.ends_with(')')) return std::unexpected(AbiError::kBadType);
    if (!is_identifier(text.substr(0, open))) return std::unexpected(AbiError::kBadType);
    TRY(std::vector<AbiType> types, parse_abi_types(text.substr(open + 1, text.size() - open - 2)));
    return AbiSignature{std::string(text.substr(0, open)), std::move(types)};
}

std::string to_string(const AbiType& type) {
    switch (type.kind) {
        case AbiType::Kind::kUint:
            return "uint" + std::to_string(type.size);
        case AbiType::Kind::kInt:
            return "int" + std::to_string(type.size);
        case AbiType::Kind::kAddress:
            return "address";
        case AbiType::Kind::kBool:
            return "bool";
        case AbiType::Kind::kFixedBytes:
            return "bytes" + std::to_string(type.size);
        case AbiType::Kind::kBytes:
            return "bytes";
        case AbiType::Kind::kString:
            return "string";
        case AbiType::Kind::kArray:
            return to_string(type.components[0]) + "[]";
        case AbiType::Kind::kFixedArray:
            return to_string(type.components[0]) + "[" + std::to_string(type.size) + "]";
        case AbiType::Kind::kTuple:
            return join(type.components);
    }
    return {};
}

std::string to_string(const AbiSignature& signature) { return signature.name + join(signature.parameters); }

}  // namespace butter::codec
