// SPDX-License-Identifier: Apache-2.0
#include "butter/selftest/precompile_files.hpp"

#include <cctype>

namespace butter::selftest {

bool is_precompile_file(const VectorFile& file) {
    return is_list_of(file.json, {"Input", "Expected"}) || is_list_of(file.json, {"Input", "ExpectedError"});
}

void judge_precompile_file(
    Report& report, const VectorFile& file,
    const std::function<void(Case& judged, const Json& vector, const Bytes& input)>& judge) {
    for (std::size_t i = 0; i < file.json.get_array().size(); ++i) {
        const Json& vector = file.json.get_array()[i];
        Case judged(report, file.name, name_of(vector, i));
        const Bytes input = judged.bytes(vector, "Input");
        if (judged.is_ok()) judge(judged, vector, input);
    }
}

std::string plain_letters(std::string_view name) {
    std::string out;
    for (const char letter : name) {
        const auto byte = static_cast<unsigned char>(letter);
        if (std::isalnum(byte) != 0) out.push_back(static_cast<char>(std::tolower(byte)));
    }
    return out;
}

}  // namespace butter::selftest
