// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <iosfwd>

/// Holds the libraries of this build against data that others made: public chains and official test suites.
/// README.md lists the sets and the shapes of their files.
namespace butter::selftest {

struct SelftestOptions {
    std::filesystem::path vectors;  ///< a folder with one folder for each set
    bool json = false;              ///< one JSON value instead of lines
};

/// Runs every case of every set in `options.vectors` and writes a line for each set, one for each failure and
/// each reason to skip, and at the end "N passed, N failed, N skipped". Files and folders that it does not
/// know are skipped by name; a file that does not parse fails. Returns the program's exit status: 0, or 1
/// when anything failed or the folder holds no set.
int run(const SelftestOptions& options, std::ostream& out);

}  // namespace butter::selftest
