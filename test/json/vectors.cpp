// SPDX-License-Identifier: Apache-2.0
#include "test/json/vectors.hpp"

#include <boost/json/parse.hpp>
#include <fstream>
#include <sstream>

#include "butter/base/assert.hpp"
#include "butter/base/uint256.hpp"

namespace butter::test {

boost::json::value read_json_file(const std::string& path) {
    std::ifstream file(path);
    BUTTER_ASSERT(file.good());
    std::stringstream text;
    text << file.rdbuf();
    boost::json::parse_options options;
    options.allow_invalid_utf8 = true;
    options.max_depth = 256;
    return boost::json::parse(text.str(), {}, options);
}

boost::json::value read_vectors(std::string_view path) {
    return read_json_file(std::string(BUTTER_VECTORS "/").append(path));
}

std::string_view text_of(const boost::json::value& value) {
    BUTTER_ASSERT(value.is_string());
    return value.get_string();
}

Bytes bytes_of(const boost::json::value& value) { return hex_bytes(text_of(value)); }

std::uint64_t u64_of(const boost::json::value& value) {
    if (!value.is_string()) return value.to_number<std::uint64_t>();
    const auto number =
        text_of(value).starts_with("0x") ? from_quantity(text_of(value)) : from_decimal(text_of(value));
    BUTTER_ASSERT(number.has_value() && number->fits_u64());
    return number->limbs[0];
}

}  // namespace butter::test
