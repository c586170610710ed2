// SPDX-License-Identifier: Apache-2.0
#include "butter/rpc/json.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace butter::rpc {

namespace {
/// Deeper than any answer of a node; call traces, which we do not ask for, nest further.
constexpr std::size_t kJsonDepthMax = 64;
}  // namespace

std::optional<Json> parse_json(std::string_view text) {
    boost::json::parse_options options;
    options.max_depth = kJsonDepthMax;
    boost::system::error_code error;
    Json value = boost::json::parse(boost::json::string_view(text.data(), text.size()), error, {}, options);
    if (error) return std::nullopt;
    return value;
}

std::string to_text(const Json& value) { return boost::json::serialize(value); }

const Json* ObjectView::find(std::string_view key) const noexcept {
    return members_ == nullptr ? nullptr
                               : members_->if_contains(boost::json::string_view(key.data(), key.size()));
}

const Json* find_member(ObjectView object, std::string_view key) noexcept { return object.find(key); }

std::optional<std::string_view> find_text(ObjectView object, std::string_view key) noexcept {
    const Json* member = find_member(object, key);
    if (member == nullptr || !member->is_string()) return std::nullopt;
    const auto& text = member->get_string();
    return std::string_view(text.data(), text.size());
}

std::optional<std::uint64_t> find_quantity(ObjectView object, std::string_view key) noexcept {
    const auto text = find_text(object, key);
    if (!text) return std::nullopt;
    const auto value = decode_quantity(*text);
    if (!value) return std::nullopt;
    return *value;
}

std::optional<Uint256> find_big_quantity(ObjectView object, std::string_view key) noexcept {
    const auto text = find_text(object, key);
    if (!text) return std::nullopt;
    return from_quantity(*text);
}

std::optional<std::uint64_t> find_decimal(ObjectView object, std::string_view key) noexcept {
    const auto text = find_text(object, key);
    if (!text) return std::nullopt;
    const auto value = from_decimal(*text);
    if (!value || !value->fits_u64()) return std::nullopt;
    return value->limbs[0];
}

std::optional<Bytes> find_bytes(ObjectView object, std::string_view key) {
    const auto text = find_text(object, key);
    if (!text || !text->starts_with("0x")) return std::nullopt;
    auto bytes = decode_hex(*text);
    if (!bytes) return std::nullopt;
    return *std::move(bytes);
}

const JsonArray* find_array(ObjectView object, std::string_view key) noexcept {
    const Json* member = find_member(object, key);
    return member == nullptr ? nullptr : member->if_array();
}

}  // namespace butter::rpc
