// SPDX-License-Identifier: Apache-2.0
#include "butter/selftest/case.hpp"

namespace butter::selftest {
namespace {

const Json kNull;
const JsonArray kNoElements;
const JsonObject kNoMembers;

}  // namespace

Case::~Case() {
    if (complaint_) {
        report_.fail(std::move(file_), std::move(name_), std::move(*complaint_));
    } else if (skip_) {
        report_.skip(std::move(file_), std::move(name_), std::move(*skip_));
    } else {
        report_.pass();
    }
}

void Case::fail(std::string reason) {
    if (!complaint_) complaint_ = std::move(reason);
}

void Case::skip(std::string reason) {
    if (!skip_) skip_ = std::move(reason);
}

void Case::expect(bool condition, std::string_view reason) {
    if (!condition) fail(std::string(reason));
}

void Case::expect_equal(std::string_view what, BytesView found, BytesView expected) {
    if (!equal(found, expected)) expect_equal(what, encode_hex(found), encode_hex(expected));
}

void Case::expect_equal(std::string_view what, std::string_view found, std::string_view expected) {
    if (found == expected) return;
    // Long values differ somewhere; their beginnings tell which they are.
    constexpr std::size_t kShown = 80;
    const auto shown = [](std::string_view text) {
        return text.size() <= kShown ? std::string(text) : std::string(text.substr(0, kShown)) + "...";
    };
    fail(std::string(what) + ": found " + shown(found) + ", expected " + shown(expected));
}

void Case::expect_equal(std::string_view what, const Uint256& found, const Uint256& expected) {
    if (found != expected) expect_equal(what, to_decimal(found), to_decimal(expected));
}

const Json& Case::member(const Json& object, std::string_view key) {
    if (const Json* found = rpc::find_member(object, key)) return *found;
    fail("vector without \"" + std::string(key) + "\"");
    return kNull;
}

bool Case::boolean(const Json& object, std::string_view key) {
    const Json& value = member(object, key);
    if (value.is_bool()) return value.get_bool();
    fail(std::string(key) + ": not true or false");
    return false;
}

const JsonObject& Case::object(const Json& object, std::string_view key) {
    const Json& value = member(object, key);
    if (value.is_object()) return value.get_object();
    fail(std::string(key) + ": not an object");
    return kNoMembers;
}

std::vector<Bytes> Case::bytes_list(const Json& object, std::string_view key) {
    std::vector<Bytes> out;
    for (const Json& element : array(object, key)) out.push_back(bytes_of(element, key));
    return out;
}

std::string Case::text_of(const Json& value, std::string_view what) {
    if (value.is_string()) return std::string(value.get_string());
    fail(std::string(what) + ": not a text");
    return {};
}

Bytes Case::bytes_of(const Json& value, std::string_view what) {
    const std::string text = text_of(value, what);
    auto bytes = decode_hex(text);
    if (bytes) return *std::move(bytes);
    fail(std::string(what) + ": " + std::string(to_string(bytes.error())));
    return {};
}

Uint256 Case::number_of(const Json& value, std::string_view what) {
    if (value.is_uint64()) return Uint256{value.get_uint64()};
    if (value.is_int64()) {
        const std::int64_t number = value.get_int64();
        const auto magnitude = static_cast<std::uint64_t>(number < 0 ? -(number + 1) : number);
        return number < 0 ? Uint256{} - 1 - magnitude : Uint256{magnitude};
    }
    if (!value.is_string()) {
        fail(std::string(what) + ": not a whole number");
        return {};
    }
    std::string_view text = value.get_string();
    const bool is_negative = text.starts_with('-');
    text.remove_prefix(is_negative ? 1 : 0);
    std::optional<Uint256> number;
    if (text.starts_with("0x")) {
        std::string digits(text.substr(2));
        if (digits.size() % 2 != 0) digits.insert(digits.begin(), '0');
        if (const auto bytes = decode_hex(digits)) number = from_big_endian(*bytes);
    } else {
        number = from_decimal(text);
    }
    if (!number) {
        fail(std::string(what) + ": \"" + std::string(value.get_string()) + "\" is no number of 256 bits");
        return {};
    }
    return is_negative ? Uint256{} - *number : *number;
}

std::uint64_t Case::u64_of(const Json& value, std::string_view what) {
    const Uint256 number = number_of(value, what);
    expect(number.fits_u64(), std::string(what) + ": above 64 bits");
    return number.limbs[0];
}

const JsonArray& Case::array_of(const Json& value, std::string_view what) {
    if (value.is_array()) return value.get_array();
    fail(std::string(what) + ": not a list");
    return kNoElements;
}

}  // namespace butter::selftest
