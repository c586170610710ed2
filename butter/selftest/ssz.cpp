// SPDX-License-Identifier: Apache-2.0
#include "butter/codec/ssz.hpp"

#include <charconv>

#include "butter/selftest/files.hpp"
#include "butter/selftest/sets.hpp"

namespace butter::selftest {
namespace {

using namespace codec;

// The containers of consensus-spec-tests, tests/formats/ssz_generic.
SszType fixed_struct() { return ssz_container({ssz_uint(8), ssz_uint(64), ssz_uint(32)}); }
SszType variable_struct() { return ssz_container({ssz_uint(16), ssz_list(ssz_uint(16), 1024), ssz_uint(8)}); }
SszType complex_struct() {
    return ssz_container({ssz_uint(16), ssz_list(ssz_uint(16), 128), ssz_uint(8), ssz_byte_list(256),
                          variable_struct(), ssz_vector(fixed_struct(), 4),
                          ssz_vector(variable_struct(), 2)});
}
SszType bits_struct() {
    return ssz_container(
        {ssz_bitlist(5), ssz_bitvector(2), ssz_bitvector(1), ssz_bitlist(6), ssz_bitvector(8)});
}

std::vector<std::string_view> split(std::string_view name) {
    std::vector<std::string_view> out;
    for (;;) {
        const std::size_t end = name.find('_');
        out.push_back(name.substr(0, end));
        if (end == std::string_view::npos) return out;
        name.remove_prefix(end + 1);
    }
}

/// Lengths in names are small; the bound keeps a name from asking for much.
constexpr std::uint64_t kLengthMax = 1u << 20;

std::optional<std::uint64_t> number_of(std::string_view digits) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size() || value > kLengthMax)
        return std::nullopt;
    return value;
}

std::optional<SszType> uint_type(std::string_view bits) {
    for (const unsigned known : {8u, 16u, 32u, 64u, 128u, 256u}) {
        if (number_of(bits) == known) return ssz_uint(known);
    }
    return std::nullopt;
}

std::optional<SszType> basic_type(std::string_view name) {
    if (name == "bool") return ssz_bool();
    return name.starts_with("uint") ? uint_type(name.substr(4)) : std::nullopt;
}

std::optional<SszType> container_type(std::string_view name) {
    if (name == "SingleFieldTestStruct") return ssz_container({ssz_uint(8)});
    if (name == "SmallTestStruct") return ssz_container({ssz_uint(16), ssz_uint(16)});
    if (name == "FixedTestStruct") return fixed_struct();
    if (name == "VarTestStruct") return variable_struct();
    if (name == "ComplexTestStruct") return complex_struct();
    if (name == "BitsStruct") return bits_struct();
    return std::nullopt;
}

/// The type that a vector's handler and name tell: "uint_16_..", "bitvec_5_..", "bitlist_8_..",
/// "vec_bool_3_..", "VarTestStruct_..".
std::optional<SszType> find_type(std::string_view handler, std::string_view name) {
    const std::vector<std::string_view> words = split(name);
    if (handler == "boolean") return ssz_bool();
    if (handler == "containers") return container_type(words[0]);
    if (words.size() < 2) return std::nullopt;
    if (handler == "uints") return uint_type(words[1]);
    // One without its end bit is in no list of any length.
    if (handler == "bitlist" && words[1] == "no") return ssz_bitlist(8);
    if (handler == "bitvector" || handler == "bitlist") {
        const auto size = number_of(words[1]);
        if (!size) return std::nullopt;
        return handler == "bitlist" ? ssz_bitlist(*size) : ssz_bitvector(*size);
    }
    if (handler != "basic_vector" || words.size() < 3) return std::nullopt;
    const auto element = basic_type(words[1]);
    const auto size = number_of(words[2]);
    if (!element || !size) return std::nullopt;
    return ssz_vector(*element, *size);
}

/// "bitvec_5_max_8": eight bits as a vector of five.
std::vector<SszError> expected_bitvector_errors(std::string_view name) {
    const std::vector<std::string_view> words = split(name);
    const auto bits = words.size() < 2 ? std::nullopt : number_of(words[1]);
    const auto given = number_of(words.back());
    if (!bits || !given) return {};
    const std::uint64_t bytes = (*bits + 7) / 8;
    const std::uint64_t given_bytes = (*given + 7) / 8;
    if (given_bytes < bytes) return {SszError::kTooShort};
    return {given_bytes > bytes ? SszError::kTrailingBytes : SszError::kBadBits};
}

/// Why a serialization must be refused, as the names of the suite say; none when they do not.
std::vector<SszError> expected_errors(std::string_view handler, std::string_view name) {
    const auto says = [&](std::string_view words) { return name.find(words) != std::string_view::npos; };
    if (handler == "boolean") return {SszError::kBadBool};
    if (handler == "bitvector") return expected_bitvector_errors(name);
    if (handler == "bitlist") return {says("no_delimiter") ? SszError::kBadBits : SszError::kTooLong};
    if (handler == "containers") {
        if (says("wrong_byte_length")) return {SszError::kTrailingBytes, SszError::kTooLong};
        if (says("extra")) return {SszError::kTrailingBytes, SszError::kTooLong, SszError::kBadBits};
        // A moved offset is out of place itself, or it cuts the parts beside it in another way.
        if (says("offset")) {
            return {SszError::kBadOffset, SszError::kTrailingBytes, SszError::kTooLong, SszError::kBadBits};
        }
    }
    if (says("nil") || says("shorter")) return {SszError::kTooShort};
    // Of elements of several bytes, the last one is cut.
    if (says("byte_less")) return {SszError::kTooShort, SszError::kTrailingBytes};
    if (says("byte_more")) return {SszError::kTooLong, SszError::kTrailingBytes};
    if (says("one_less")) return {SszError::kTooShort};
    if (says("one_more")) return {SszError::kTooLong};
    if (says("longer") || says("too_high")) return {SszError::kTrailingBytes};
    return {};
}

/// {handler, name, valid, serialized, root}
void judge_generic(Case& judged, const Json& vector) {
    const std::string handler = judged.text(vector, "handler");
    const std::string name = judged.text(vector, "name");
    const bool is_valid = judged.boolean(vector, "valid");
    const Bytes serialized = judged.bytes(vector, "serialized");
    if (!judged.is_ok()) return;
    const auto type = find_type(handler, name);
    if (!type) return judged.skip("no known type in handler and name");
    const auto root = hash_tree_root(*type, serialized);
    if (!is_valid) {
        // There is no value of a type of length 0, whatever the name says is wrong with it.
        if (!root && root.error() == SszError::kIllegalType) return;
        judged.expect_error("decoding", root, expected_errors(handler, name));
    } else if (judged.expect_ok("decoding", root)) {
        judged.expect_equal("root", *root, judged.bytes(vector, "root"));
    }
}

SszType beacon_header() {
    return ssz_container({ssz_uint(64), ssz_uint(64), ssz_bytes(32), ssz_bytes(32), ssz_bytes(32)});
}

/// A chain of beacon headers, each with its root, which is the next one's parent_root.
void judge_header_chain(Report& report, const VectorFile& file) {
    std::optional<Hash32> parent;
    for (std::size_t i = 0; i < file.json.get_array().size(); ++i) {
        const Json& vector = file.json.get_array()[i];
        Case judged(report, file.name, "#" + std::to_string(i));
        Bytes data;
        append_ssz_uint(data, judged.u64(vector, "slot"), 8);
        append_ssz_uint(data, judged.u64(vector, "proposer_index"), 8);
        for (const char* field : {"parent_root", "state_root", "body_root"}) {
            append(data, judged.hash(vector, field));
        }
        const auto root = judged.take("header", hash_tree_root(beacon_header(), data));
        if (!root) continue;
        judged.expect_equal("root", *root, judged.bytes(vector, "root"));
        if (parent) judged.expect_equal("parent_root", judged.hash(vector, "parent_root"), *parent);
        parent = root;
    }
}

/// {receiptsRoot, receiptsRootProof, gindex, headerRoot}: a branch, from the leaf up.
void judge_branch(Case& judged, const Json& vector) {
    std::vector<Hash32> branch;
    for (const Json& node : judged.array(vector, "receiptsRootProof")) {
        branch.push_back(judged.fixed_of<32>(node, "receiptsRootProof"));
    }
    const Hash32 leaf = judged.hash(vector, "receiptsRoot");
    const Hash32 root = judged.hash(vector, "headerRoot");
    const std::uint64_t gindex = judged.u64(vector, "gindex");
    if (!judged.is_ok()) return;
    judged.expect_ok("branch", verify_branch(leaf, branch, gindex, root));
    judged.expect_error("branch at the sibling's place", verify_branch(leaf, branch, gindex ^ 1, root),
                        {SszError::kRootMismatch});
}

using Judge = void (*)(Case&, const Json&);

void judge_list(Report& report, const VectorFile& file, Judge judge) {
    for (std::size_t i = 0; i < file.json.get_array().size(); ++i) {
        const Json& vector = file.json.get_array()[i];
        const auto handler = rpc::find_text(vector, "handler");
        Case judged(report, file.name,
                    (handler ? std::string(*handler) + " " : std::string()) + name_of(vector, i));
        judge(judged, vector);
    }
}

}  // namespace

void run_ssz(const std::filesystem::path& folder, Report& report) {
    judge_files(folder, report, [&](const VectorFile& file) {
        if (is_list_of(file.json, {"handler", "name", "valid", "serialized"})) {
            judge_list(report, file, judge_generic);
        } else if (is_list_of(file.json, {"receiptsRoot", "receiptsRootProof", "gindex", "headerRoot"})) {
            judge_list(report, file, judge_branch);
        } else if (is_list_of(file.json,
                              {"slot", "proposer_index", "parent_root", "state_root", "body_root"})) {
            judge_header_chain(report, file);
        } else {
            return false;
        }
        return true;
    });
}

}  // namespace butter::selftest
