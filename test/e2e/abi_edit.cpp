// SPDX-License-Identifier: Apache-2.0
#include "test/e2e/abi_edit.hpp"

#include <stdexcept>
#include <string>

#include "butter/base/assert.hpp"

namespace butter::e2e {

using codec::AbiValue;

namespace {

std::vector<AbiValue> members_of(const AbiValue& value) {
    std::vector<AbiValue> out;
    for (std::size_t i = 0; i < value.size(); ++i) out.push_back(value[i]);
    return out;
}

AbiValue with_members(const AbiValue& like, std::vector<AbiValue> members) {
    return like.kind() == AbiValue::Kind::kArray ? AbiValue::array(std::move(members))
                                                 : AbiValue::tuple(std::move(members));
}

AbiValue edited_from(const AbiValue& value, const Path& path, std::size_t depth, const Edit& edit) {
    if (depth == path.size()) return edit(value);
    BUTTER_ASSERT(path[depth] < value.size());
    std::vector<AbiValue> members = members_of(value);
    members[path[depth]] = edited_from(value[path[depth]], path, depth + 1, edit);
    return with_members(value, std::move(members));
}

}  // namespace

AbiValue decode_as(std::string_view type, BytesView data) {
    const auto parsed = codec::parse_abi_type(type);
    BUTTER_ASSERT(parsed.has_value());
    auto value = codec::decode_abi(*parsed, data);
    if (!value)
        throw std::runtime_error("not " + std::string(type) + ": " +
                                 std::string(codec::to_string(value.error())));
    return *std::move(value);
}

const AbiValue& at(const AbiValue& value, const Path& path) {
    const AbiValue* out = &value;
    for (const std::size_t index : path) out = &(*out)[index];
    return *out;
}

AbiValue edited(const AbiValue& value, const Path& path, const Edit& edit) {
    return edited_from(value, path, 0, edit);
}

AbiValue flipped(const AbiValue& value) {
    if (value.kind() == AbiValue::Kind::kWord) {
        Hash32 word = value.as_word();
        word[31] ^= 1;
        return AbiValue::word(word);
    }
    Bytes bytes = value.as_bytes();
    BUTTER_ASSERT(!bytes.empty());
    bytes[bytes.size() / 2] ^= 1;
    return AbiValue::bytes(bytes);
}

Edit to(AbiValue value) {
    return [value = std::move(value)](const AbiValue&) { return value; };
}

AbiValue shortened(const AbiValue& value) {
    std::vector<AbiValue> members = members_of(value);
    BUTTER_ASSERT(!members.empty());
    members.pop_back();
    return with_members(value, std::move(members));
}

AbiValue lengthened(const AbiValue& value) {
    std::vector<AbiValue> members = members_of(value);
    BUTTER_ASSERT(!members.empty());
    members.push_back(members.back());
    return with_members(value, std::move(members));
}

}  // namespace butter::e2e
