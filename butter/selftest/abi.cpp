// SPDX-License-Identifier: Apache-2.0
#include "butter/codec/abi.hpp"

#include <openssl/evp.h>

#include "butter/crypto/keccak.hpp"
#include "butter/crypto/sha256.hpp"
#include "butter/selftest/abi_json.hpp"
#include "butter/selftest/files.hpp"
#include "butter/selftest/sets.hpp"

namespace butter::selftest {
namespace {

using codec::AbiType;
using codec::AbiValue;

void expect_encoding(Case& judged, const std::vector<AbiType>& types, const std::vector<AbiValue>& values,
                     BytesView expected) {
    if (!judged.is_ok()) return;
    judged.expect_equal("encoding", codec::encode_abi(values), expected);
    const auto decoded = judged.take("decoding", codec::decode_abi(types, expected));
    if (decoded) judged.expect(*decoded == values, "decoding: another value");
}

/// {type, verbose or value, encoded}: one parameter.
void judge_parameter(Case& judged, const Json& vector) {
    const auto type = judged.take("type", codec::parse_abi_type(judged.text(vector, "type")));
    if (!type) return;
    // The verbose form tells texts from bytes and has numbers as texts.
    const Json* verbose = rpc::find_member(vector, "verbose");
    const AbiValue value =
        abi_value_of(judged, *type, verbose != nullptr ? *verbose : judged.member(vector, "value"));
    expect_encoding(judged, {*type}, {value}, judged.bytes(vector, "encoded"));
}

struct Parameters {
    std::vector<AbiType> types;
    std::vector<AbiValue> values;
};
Parameters parameters_of(Case& judged, const JsonArray& types, const JsonArray& values) {
    Parameters out;
    judged.expect(types.size() == values.size(), "another number of types than of values");
    for (std::size_t i = 0; i < types.size() && judged.is_ok(); ++i) {
        const auto type = judged.take("type", codec::parse_abi_type(judged.text_of(types[i], "type")));
        if (!type) break;
        out.types.push_back(*type);
        out.values.push_back(abi_value_of(judged, *type, values[i]));
    }
    return out;
}

/// {types, args, result}: the parameters of a call.
void judge_arguments(Case& judged, const Json& vector) {
    const Parameters parameters =
        parameters_of(judged, judged.array(vector, "types"), judged.array(vector, "args"));
    expect_encoding(judged, parameters.types, parameters.values, judged.bytes(vector, "result"));
}

/// 20 bytes; in the vectors they stand in a word, from the left.
Bytes ripemd160_word(BytesView input) {
    Bytes out(32);
    unsigned size = 0;
    EVP_Digest(input.data(), input.size(), out.data(), &size, EVP_ripemd160(), nullptr);
    return out;
}

/// {types, values, keccak256, ...}: hashes of the packed encoding.
void judge_packed(Case& judged, const Json& vector) {
    const Parameters parameters =
        parameters_of(judged, judged.array(vector, "types"), judged.array(vector, "values"));
    if (!judged.is_ok()) return;
    const auto packed =
        judged.take("packed encoding", codec::encode_abi_packed(parameters.types, parameters.values));
    if (!packed) return;
    judged.expect_equal("keccak256", crypto::keccak256(*packed), judged.bytes(vector, "keccak256"));
    if (has_members(vector, {"sha256"})) {
        judged.expect_equal("sha256", crypto::sha256(*packed), judged.bytes(vector, "sha256"));
    }
    if (has_members(vector, {"ripemd160"})) {
        judged.expect_equal("ripemd160", ripemd160_word(*packed), judged.bytes(vector, "ripemd160"));
    }
}

using Judge = void (*)(Case&, const Json&);

void judge_list(Report& report, const VectorFile& file, Judge judge) {
    for (std::size_t i = 0; i < file.json.get_array().size(); ++i) {
        const Json& vector = file.json.get_array()[i];
        Case judged(report, file.name, name_of(vector, i));
        judge(judged, vector);
    }
}

}  // namespace

void run_abi(const std::filesystem::path& folder, Report& report) {
    judge_files(folder, report, [&](const VectorFile& file) {
        if (is_list_of(file.json, {"type", "encoded"})) {
            judge_list(report, file, judge_parameter);
        } else if (is_list_of(file.json, {"types", "values", "keccak256"})) {
            judge_list(report, file, judge_packed);
        } else if (is_map_of(file.json, {"types", "args", "result"})) {
            for (const auto& [name, vector] : file.json.get_object()) {
                Case judged(report, file.name, std::string(name));
                judge_arguments(judged, vector);
            }
        } else {
            return false;
        }
        return true;
    });
}

}  // namespace butter::selftest
