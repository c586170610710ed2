// SPDX-License-Identifier: Apache-2.0
#include "butter/codec/rlp.hpp"

#include <algorithm>

#include "butter/selftest/files.hpp"
#include "butter/selftest/sets.hpp"

namespace butter::selftest {
namespace {

using codec::RlpError;

/// Big endian without leading zeros, of decimal digits of any length; absent for other text.
std::optional<Bytes> from_decimal_digits(std::string_view digits) {
    if (digits.empty()) return std::nullopt;
    Bytes little_endian;
    for (const char digit : digits) {
        if (digit < '0' || digit > '9') return std::nullopt;
        unsigned carry = static_cast<unsigned>(digit - '0');
        for (std::uint8_t& byte : little_endian) {
            carry += byte * 10u;
            byte = static_cast<std::uint8_t>(carry);
            carry >>= 8;
        }
        if (carry != 0) little_endian.push_back(static_cast<std::uint8_t>(carry));
    }
    return Bytes(little_endian.rbegin(), little_endian.rend());
}

/// The encoding of a vector's `in`: text, "#" and a decimal number, a number, or a list of these.
Bytes encode_json(Case& judged, const Json& value) {
    if (value.is_array()) {
        Bytes items;
        for (const Json& item : value.get_array()) append(items, encode_json(judged, item));
        return codec::encode_rlp_list(items);
    }
    if (value.is_string() && !value.get_string().starts_with('#')) {
        return codec::encode_rlp_bytes(as_bytes(value.get_string()));
    }
    if (value.is_string()) {
        const auto number = from_decimal_digits(std::string_view(value.get_string()).substr(1));
        if (!number) judged.fail("in: no number after #");
        return codec::encode_rlp_bytes(number.value_or(Bytes()));
    }
    Bytes out;
    codec::append_rlp_uint(out, judged.number_of(value, "in"));
    return out;
}

/// Reads a valid item all the way down and writes it again.
Bytes encode_again(const codec::RlpItem& item) {
    if (!item.is_list) return codec::encode_rlp_bytes(item.payload);
    Bytes items;
    for (codec::RlpReader reader(item.payload); !reader.is_done();) {
        const auto next = reader.next();
        if (!next) return {};
        append(items, encode_again(*next));
    }
    return codec::encode_rlp_list(items);
}

void expect_canonical(Case& judged, BytesView bytes) {
    if (!judged.expect_ok("decoding", codec::validate_rlp(bytes))) return;
    if (const auto item = judged.take("decoding", codec::decode_rlp(bytes))) {
        judged.expect_equal("written again", encode_again(*item), bytes);
    }
}

/// What the names of the published suite say is wrong.
std::vector<RlpError> expected_errors(std::string_view name) {
    struct Reason {
        std::string_view prefix;
        std::vector<RlpError> errors;
    };
    static const Reason kReasons[] = {
        {"int32Overflow", {RlpError::kInputTooShort, RlpError::kLengthTooLarge}},
        {"wrongSize", {RlpError::kNonCanonicalSize}},
        {"incorrectLength", {RlpError::kNonCanonicalSize, RlpError::kInputTooShort}},
        {"bytesShouldBeSingleByte", {RlpError::kNonCanonicalByte}},
        {"leadingZeros", {RlpError::kNonCanonicalSize}},
        {"nonOptimal", {RlpError::kNonCanonicalSize}},
        {"lessThan", {RlpError::kInputTooShort}},
        {"emptyEncoding", {RlpError::kInputTooShort}},
    };
    for (const Reason& reason : kReasons) {
        if (name.starts_with(reason.prefix)) return reason.errors;
    }
    return {};
}

}  // namespace

void run_rlp(const std::filesystem::path& folder, Report& report) {
    judge_files(folder, report, [&](const VectorFile& file) {
        if (!is_map_of(file.json, {"in", "out"})) return false;
        for (const auto& [name, vector] : file.json.get_object()) {
            Case judged(report, file.name, std::string(name));
            const Json& in = judged.member(vector, "in");
            const Bytes out = judged.bytes(vector, "out");
            if (!judged.is_ok()) continue;
            if (in == Json("INVALID")) {
                judged.expect_error("decoding", codec::validate_rlp(out), expected_errors(name));
            } else {
                // "VALID" is no value but says that the bytes are an encoding of some value.
                if (in != Json("VALID")) judged.expect_equal("encoding", encode_json(judged, in), out);
                expect_canonical(judged, out);
            }
        }
        return true;
    });
}

}  // namespace butter::selftest
