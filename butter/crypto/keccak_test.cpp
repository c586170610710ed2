// SPDX-License-Identifier: Apache-2.0
#include "butter/crypto/keccak.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "butter/base/hex.hpp"

namespace butter::crypto {
namespace {

/// The known answers of the Keccak submission: "Len", "Msg" and "MD" lines. Only whole bytes.
TEST(keccak, has_the_known_answers) {
    std::ifstream file(BUTTER_VECTORS "/keccak/ShortMsgKAT_256.txt");
    ASSERT_TRUE(file.good());
    std::string line;
    std::size_t bits = 0;
    Bytes message;
    unsigned checked = 0;
    while (std::getline(file, line)) {
        while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
        if (line.starts_with("Len = ")) bits = std::stoul(line.substr(6));
        if (line.starts_with("Msg = ")) message = hex_bytes(line.substr(6));
        if (!line.starts_with("MD = ") || bits % 8 != 0) continue;
        message.resize(bits / 8);
        EXPECT_EQ(encode_hex_bare(keccak256(message)), encode_hex_bare(hex_bytes(line.substr(5)))) << bits;
        ++checked;
    }
    EXPECT_EQ(checked, 256u);
}

}  // namespace
}  // namespace butter::crypto
