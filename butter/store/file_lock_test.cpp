// SPDX-License-Identifier: Apache-2.0
#include "butter/store/file_lock.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <optional>

namespace butter::store {
namespace {

TEST(file_lock, refuses_a_second_owner_and_names_the_first) {
    const auto file = std::filesystem::temp_directory_path() / ("butter_lock_" + std::to_string(::getpid()));
    {
        auto first = FileLock::take(file);
        ASSERT_TRUE(first.has_value()) << first.error().text;
        const auto second = FileLock::take(file);
        ASSERT_FALSE(second.has_value());
        EXPECT_TRUE(second.error().is_held);
        EXPECT_NE(second.error().text.find("held by process " + std::to_string(::getpid())),
                  std::string::npos)
            << second.error().text;
    }
    EXPECT_TRUE(FileLock::take(file).has_value()) << "released with its owner";
    std::filesystem::remove(file);
}

TEST(file_lock, says_why_it_cannot_open) {
    const auto lock = FileLock::take("/nonexistent/folder/lock");
    ASSERT_FALSE(lock.has_value());
    EXPECT_FALSE(lock.error().is_held);
    EXPECT_NE(lock.error().text.find("cannot be opened"), std::string::npos);
}

}  // namespace
}  // namespace butter::store
