// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace butter::app {

/// Exit status of the program; documented in docs/operations.md and by `butter --help`.
enum class ExitCode : int {
    kOk = 0,
    kFailed = 1,       ///< it ran, and the answer is no: does not verify, not delivered, transaction refused
    kUsage = 2,        ///< a flag is missing or malformed
    kConfig = 3,       ///< a configuration, topology or key file is missing or wrong
    kUnavailable = 4,  ///< no endpoint of a chain gave a usable answer
    kNotFound = 5,     ///< no such order or transaction
};

}  // namespace butter::app
