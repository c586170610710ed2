// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "butter/selftest/files.hpp"

namespace butter::selftest {

/// Whether `file` has go-ethereum's vectors of a precompiled contract: {Name, Input, Expected} where it
/// answers, {Name, Input, ExpectedError} where it fails.
bool is_precompile_file(const VectorFile& file);

/// Calls `judge(case, vector, input)` for each of its vectors.
void judge_precompile_file(
    Report& report, const VectorFile& file,
    const std::function<void(Case& judged, const Json& vector, const Bytes& input)>& judge);

/// `name` in lower case, letters and digits only: "geth_blsG1Add.json" becomes "gethblsg1addjson".
std::string plain_letters(std::string_view name);

}  // namespace butter::selftest
