// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "butter/base/bytes.hpp"
#include "butter/base/hex.hpp"

/// Test vectors as JSON. Everything aborts on a missing file or member: a vector that is not read must not
/// pass.
namespace butter::test {

/// The file at `path` below test/vectors.
boost::json::value read_vectors(std::string_view path);
/// The file at `path` below the source directory.
boost::json::value read_json_file(const std::string& path);

std::string_view text_of(const boost::json::value& value);
/// Hex with or without 0x.
Bytes bytes_of(const boost::json::value& value);
/// A number, decimal text or a 0x quantity.
std::uint64_t u64_of(const boost::json::value& value);

template <std::size_t N>
FixedBytes<N> fixed_of(const boost::json::value& value) {
    return hex_fixed<N>(text_of(value));
}
inline Hash32 hash_of(const boost::json::value& value) { return fixed_of<32>(value); }

}  // namespace butter::test
