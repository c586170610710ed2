// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "butter/base/bytes.hpp"
#include "butter/base/hex.hpp"
#include "butter/base/uint256.hpp"

namespace butter::rpc {

using Json = boost::json::value;
using JsonObject = boost::json::object;
using JsonArray = boost::json::array;

/// Strict JSON (RFC 8259), nothing after it, depth bounded. Absent when malformed.
std::optional<Json> parse_json(std::string_view text);
std::string to_text(const Json& value);

/// An object to look members up in, without a copy of it. Anything else has no members. What is found is part
/// of the object and lives as long.
class ObjectView {
  public:
    ObjectView(const Json& value) noexcept : members_(value.if_object()) {}
    ObjectView(const JsonObject& object) noexcept : members_(&object) {}
    const Json* find(std::string_view key) const noexcept;

  private:
    const JsonObject* members_;
};

// Members of an object, of one expected form; absent when missing or of another form.
const Json* find_member(ObjectView object, std::string_view key) noexcept;
std::optional<std::string_view> find_text(ObjectView object, std::string_view key) noexcept;
/// `"0x.."` minimal, at most 64 bits.
std::optional<std::uint64_t> find_quantity(ObjectView object, std::string_view key) noexcept;
std::optional<Uint256> find_big_quantity(ObjectView object, std::string_view key) noexcept;
/// A decimal number as a text, as the beacon API has them.
std::optional<std::uint64_t> find_decimal(ObjectView object, std::string_view key) noexcept;
std::optional<Bytes> find_bytes(ObjectView object, std::string_view key);
template <std::size_t N>
std::optional<FixedBytes<N>> find_fixed(ObjectView object, std::string_view key) {
    const auto text = find_text(object, key);
    if (!text || !text->starts_with("0x")) return std::nullopt;
    const auto bytes = decode_hex_fixed<N>(*text);
    if (!bytes) return std::nullopt;
    return *bytes;
}
const JsonArray* find_array(ObjectView object, std::string_view key) noexcept;

}  // namespace butter::rpc
