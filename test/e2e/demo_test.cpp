// SPDX-License-Identifier: Apache-2.0
// `butter devnet --demo`, as `make demo` runs it.
#include <gtest/gtest.h>

#include <regex>

#include "test/e2e/program.hpp"
#include "test/e2e/world.hpp"

namespace butter::e2e {
namespace {

TEST(demo, delivers_every_message) {
    const std::filesystem::path folder = make_folder("demo");
    const Finished demo =
        run_butter(folder, {"devnet", "--demo", "--directory", (folder / "devnet").string()});
    EXPECT_EQ(demo.status, 0) << demo.output << demo.errors << "\nlogs are in " << folder;
    std::smatch match;
    ASSERT_TRUE(std::regex_search(demo.output, match, std::regex("(\\d+) of (\\d+) messages delivered")))
        << demo.output;
    EXPECT_EQ(match[1], match[2]);
    EXPECT_GE(std::stoi(match[2]), 6);
}

}  // namespace
}  // namespace butter::e2e
