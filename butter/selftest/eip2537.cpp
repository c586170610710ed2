// SPDX-License-Identifier: Apache-2.0
#include "butter/crypto/eip2537.hpp"

#include "butter/selftest/precompile_files.hpp"
#include "butter/selftest/sets.hpp"

namespace butter::selftest {
namespace {

using crypto::eip2537::Eip2537Error;
using Answer = Result<Bytes, Eip2537Error>;
using Operation = Answer (*)(BytesView input);

/// The former multiplications took one pair where the sums of products take any number.
template <std::size_t kPairBytes, Operation kSum>
Answer multiply(BytesView input) {
    if (input.size() != kPairBytes) return std::unexpected(Eip2537Error::kInputLength);
    return kSum(input);
}

/// The contract that a file's or a vector's name tells, as go-ethereum and the EIP write it: "blsG1Add",
/// "add_G1", "blsG2MultiExp", "msm_G2", "blsMapG1", "map_fp_to_G1", "pairing_check".
Operation find_operation(std::string_view name) {
    namespace ops = crypto::eip2537;
    const std::string letters = plain_letters(name);
    const auto says = [&](std::string_view word) { return letters.find(word) != std::string::npos; };
    if (says("pairing")) return ops::pairing_check;
    if (!says("g1") && !says("g2")) return nullptr;
    const bool is_g1 = says("g1");
    if (says("map")) return is_g1 ? ops::map_fp_to_g1 : ops::map_fp2_to_g2;
    if (says("add")) return is_g1 ? ops::g1_add : ops::g2_add;
    if (says("multiexp") || says("msm")) return is_g1 ? ops::g1_msm : ops::g2_msm;
    if (says("mul")) return is_g1 ? multiply<160, ops::g1_msm> : multiply<288, ops::g2_msm>;
    return nullptr;
}

std::vector<Eip2537Error> expected_errors(std::string_view text) {
    const auto says = [&](std::string_view words) { return text.find(words) != std::string_view::npos; };
    if (says("input length")) return {Eip2537Error::kInputLength};
    if (says("top bytes")) return {Eip2537Error::kTopBytes};
    if (says("fp.Element")) return {Eip2537Error::kFieldElement};
    if (says("not on curve")) return {Eip2537Error::kNotOnCurve};
    if (says("subgroup")) return {Eip2537Error::kNotInSubgroup};
    return {};
}

}  // namespace

void run_eip2537(const std::filesystem::path& folder, Report& report) {
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
