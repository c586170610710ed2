// SPDX-License-Identifier: Apache-2.0
#include "butter/base/printable.hpp"

#include <gtest/gtest.h>

namespace butter {
namespace {

TEST(printable, ends_no_line_and_steers_no_terminal) {
    EXPECT_EQ(printable("nonce too low"), "nonce too low");
    EXPECT_EQ(printable("no\n2026-01-01 info delivered\x1b[2J\xc3\xa4\x7f"),
              "no?2026-01-01 info delivered?[2J???");
    EXPECT_EQ(printable(std::string(5, 'x'), 5), "xxxxx");
    EXPECT_EQ(printable(std::string(6, 'x'), 5), "xxxxx...");
    EXPECT_EQ(printable(""), "");
}

}  // namespace
}  // namespace butter
