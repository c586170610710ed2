// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "butter/base/bytes.hpp"
#include "butter/base/hex.hpp"
#include "butter/base/result.hpp"
#include "butter/base/uint256.hpp"
#include "butter/rpc/json.hpp"
#include "butter/selftest/report.hpp"

namespace butter::selftest {

using rpc::Json;
using rpc::JsonArray;
using rpc::JsonObject;

/// One case under judgement. The first complaint is kept; without one it has passed. It is written to the
/// report when it goes.
///
/// It also reads the vector: what is missing or malformed is a complaint, and an empty value takes its place,
/// so that a judge reads what it needs and looks at `is_ok()` only where going on makes no sense.
class Case {
  public:
    Case(Report& report, std::string file, std::string name)
        : report_(report), file_(std::move(file)), name_(std::move(name)) {}
    ~Case();
    Case(const Case&) = delete;
    Case& operator=(const Case&) = delete;

    const std::string& name() const noexcept { return name_; }
    bool is_ok() const noexcept { return !complaint_; }
    void fail(std::string reason);
    /// Not judged, unless there is a complaint already.
    void skip(std::string reason);

    void expect(bool condition, std::string_view reason);
    void expect_equal(std::string_view what, BytesView found, BytesView expected);
    void expect_equal(std::string_view what, std::string_view found, std::string_view expected);
    void expect_equal(std::string_view what, const Uint256& found, const Uint256& expected);

    /// A complaint with the error's text, unless there is a value.
    template <class T, class E>
    bool expect_ok(std::string_view what, const Result<T, E>& result) {
        if (!result) fail(std::string(what) + ": " + std::string(to_string(result.error())));
        return result.has_value();
    }
    /// The value, or absent with a complaint.
    template <class T, class E>
    std::optional<T> take(std::string_view what, Result<T, E> result) {
        if (!expect_ok(what, result)) return std::nullopt;
        return std::move(*result);
    }
    /// The case must be refused, for one of the `allowed` errors if there are any.
    template <class T, class E>
    void expect_error(std::string_view what, const Result<T, E>& result, const std::vector<E>& allowed) {
        if (result) return fail(std::string(what) + ": accepted, must be rejected");
        const E& found = result.error();
        if (allowed.empty() || std::find(allowed.begin(), allowed.end(), found) != allowed.end()) return;
        std::string reason =
            std::string(what) + ": rejected because \"" + std::string(to_string(found)) + "\", not";
        for (const E& error : allowed) reason += " \"" + std::string(to_string(error)) + "\"";
        fail(std::move(reason));
    }

    // Members of a vector.
    const Json& member(const Json& object, std::string_view key);
    std::string text(const Json& object, std::string_view key) { return text_of(member(object, key), key); }
    /// Hex, with or without 0x.
    Bytes bytes(const Json& object, std::string_view key) { return bytes_of(member(object, key), key); }
    template <std::size_t N>
    FixedBytes<N> fixed(const Json& object, std::string_view key) {
        return fixed_of<N>(member(object, key), key);
    }
    Hash32 hash(const Json& object, std::string_view key) { return fixed<32>(object, key); }
    /// A JSON number, decimal text, or 0x and at most 64 digits; text may have a sign and then wraps.
    Uint256 number(const Json& object, std::string_view key) { return number_of(member(object, key), key); }
    std::uint64_t u64(const Json& object, std::string_view key) { return u64_of(member(object, key), key); }
    bool boolean(const Json& object, std::string_view key);
    const JsonArray& array(const Json& object, std::string_view key) {
        return array_of(member(object, key), key);
    }
    const JsonObject& object(const Json& object, std::string_view key);
    std::vector<Bytes> bytes_list(const Json& object, std::string_view key);

    // The same of values that are at hand; `what` names them in a complaint.
    std::string text_of(const Json& value, std::string_view what);
    Bytes bytes_of(const Json& value, std::string_view what);
    template <std::size_t N>
    FixedBytes<N> fixed_of(const Json& value, std::string_view what) {
        const Bytes bytes = bytes_of(value, what);
        if (bytes.size() == N) return to_fixed<N>(bytes);
        fail(std::string(what) + ": " + std::to_string(bytes.size()) + " bytes, expected " +
             std::to_string(N));
        return {};
    }
    Uint256 number_of(const Json& value, std::string_view what);
    std::uint64_t u64_of(const Json& value, std::string_view what);
    const JsonArray& array_of(const Json& value, std::string_view what);

  private:
    Report& report_;
    std::string file_;
    std::string name_;
    std::optional<std::string> complaint_;
    std::optional<std::string> skip_;
};

}  // namespace butter::selftest
