// SPDX-License-Identifier: Apache-2.0
#include "butter/app/files.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace butter::app {
namespace {

TEST(files, replaces_a_file_as_a_whole) {
    const std::filesystem::path file = std::filesystem::path(testing::TempDir()) / "butter_save_file";
    for (const std::string text : {"a long first text", "second"}) {
        const auto saved = save_file(file, text);
        ASSERT_TRUE(saved.has_value()) << saved.error();
        std::ifstream in(file, std::ios::binary);
        std::ostringstream found;
        found << in.rdbuf();
        EXPECT_EQ(found.str(), text);
        EXPECT_FALSE(std::filesystem::exists(file.string() + ".tmp"));
    }
    std::filesystem::remove(file);
    const auto refused = save_file("/nowhere/file", "text");
    ASSERT_FALSE(refused.has_value());
    EXPECT_NE(refused.error().find("/nowhere/file"), std::string::npos) << refused.error();
}

TEST(files, says_why_a_file_cannot_be_read) {
    const std::filesystem::path folder = testing::TempDir();
    const auto missing = load_file(folder / "butter_nothing", 10);
    ASSERT_FALSE(missing.has_value());
    EXPECT_NE(missing.error().find("butter_nothing cannot be read: No such file"), std::string::npos);
    const auto directory = load_file(folder, 10);
    ASSERT_FALSE(directory.has_value());
    EXPECT_NE(directory.error().find("Is a directory"), std::string::npos) << directory.error();
    // It never ends.
    const auto endless = load_file("/dev/zero", 10);
    ASSERT_FALSE(endless.has_value());
    EXPECT_NE(endless.error().find("is larger than 10 bytes"), std::string::npos) << endless.error();
}

}  // namespace
}  // namespace butter::app
