// SPDX-License-Identifier: Apache-2.0
#include "butter/crypto/bn254.hpp"

#include "butter/selftest/precompile_files.hpp"
#include "butter/selftest/sets.hpp"

namespace butter::selftest {
namespace {

using namespace crypto::bn254;

/// What EIP-196 and EIP-197 add to the library's errors.
enum class PrecompileError {
    kNotCanonical = 1,
    kNotOnCurve = 2,
    kNotInSubgroup = 3,
    kInputLength = 4,
};
std::string_view to_string(PrecompileError error) noexcept {
    if (error == PrecompileError::kInputLength) return "bn254 pairing input of no whole number of pairs";
    return to_string(static_cast<Bn254Error>(error));
}

using Answer = Result<Bytes, PrecompileError>;
using Operation = Answer (*)(BytesView input);

template <class T>
Result<T, PrecompileError> from_library(Result<T, Bn254Error> result) {
    if (!result) return std::unexpected(static_cast<PrecompileError>(result.error()));
    return *std::move(result);
}

/// Input that is too short reads as if zeros followed; what is too long is cut.
template <std::size_t N>
FixedBytes<N> pad(BytesView input) {
    FixedBytes<N> out;
    std::copy_n(input.begin(), std::min(N, input.size()), out.begin());
    return out;
}

Answer add_points(BytesView input) {
    const auto bytes = pad<128>(input);
    TRY(const G1 a, from_library(decode_g1(to_fixed<64>(BytesView(bytes).first(64)))));
    TRY(const G1 b, from_library(decode_g1(to_fixed<64>(BytesView(bytes).subspan(64)))));
    return to_bytes(encode_g1(add(a, b)));
}

Answer multiply_point(BytesView input) {
    const auto bytes = pad<96>(input);
    TRY(const G1 point, from_library(decode_g1(to_fixed<64>(BytesView(bytes).first(64)))));
    const auto scalar = from_big_endian(BytesView(bytes).subspan(64));
    return to_bytes(encode_g1(multiply(point, *scalar)));
}

Answer check_pairs(BytesView input) {
    constexpr std::size_t kPairBytes = 192;
    if (input.size() % kPairBytes != 0) return std::unexpected(PrecompileError::kInputLength);
    std::vector<Pair> pairs;
    for (; !input.empty(); input = input.subspan(kPairBytes)) {
        TRY(const G1 g1, from_library(decode_g1(to_fixed<64>(input.first(64)))));
        TRY(const G2 g2, from_library(decode_g2(to_fixed<128>(input.subspan(64, 128)))));
        pairs.push_back({g1, g2});
    }
    return to_bytes(to_big_endian(Uint256{pairing_check(pairs) ? 1u : 0u}));
}

/// The contract that a name tells: "bn256Add", "bn256ScalarMul", "bn256Pairing".
Operation find_operation(std::string_view name) {
    const std::string letters = plain_letters(name);
    const auto says = [&](std::string_view word) { return letters.find(word) != std::string::npos; };
    if (says("pairing")) return check_pairs;
    if (says("mul")) return multiply_point;
    if (says("add")) return add_points;
    return nullptr;
}

/// go-ethereum says "malformed point" for one that is not on its curve or not in the subgroup.
std::vector<PrecompileError> expected_errors(std::string_view text) {
    const auto says = [&](std::string_view words) { return text.find(words) != std::string_view::npos; };
    if (says("malformed")) return {PrecompileError::kNotOnCurve, PrecompileError::kNotInSubgroup};
    if (says("coordinate")) return {PrecompileError::kNotCanonical};
    if (says("size") || says("length")) return {PrecompileError::kInputLength};
    return {};
}

}  // namespace

void run_bn254(const std::filesystem::path& folder, Report& report) {
    judge_files(folder, report, [&](const VectorFile& file) {
        if (!is_precompile_file(file)) return false;
        const Operation of_file = find_operation(file.plain_name());
        judge_precompile_file(report, file, [&](Case& judged, const Json& vector, const Bytes& input) {
            const Operation operation = of_file != nullptr ? of_file : find_operation(judged.name());
            if (operation == nullptr)
                return judged.skip("no name of a precompile in the file's or the case's");
            const Answer answer = operation(input);
            if (has_members(vector, {"ExpectedError"})) {
                judged.expect_error("call", answer, expected_errors(judged.text(vector, "ExpectedError")));
            } else if (judged.expect_ok("call", answer)) {
                judged.expect_equal("output", *answer, judged.bytes(vector, "Expected"));
            }
        });
        return true;
    });
}

}  // namespace butter::selftest
