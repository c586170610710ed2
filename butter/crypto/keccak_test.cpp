// SPDX-License-Identifier: Apache-2.0
#include "butter/crypto/keccak.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <random>
#include <string>

#include "butter/base/hex.hpp"
#include "butter/crypto/keccak_round.hpp"

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

TEST(keccak, all_permutations_agree) {
    keccak::State expected{};
    keccak::State start{};
    std::mt19937_64 random(3);  // NOLINT: the same inputs every time
    for (int round = 0; round < 1000; ++round) {
        // The first one is of zeros, whose outcome the known answers check too.
        std::copy(std::begin(start), std::end(start), expected);
        keccak::permutations().back().permute(expected);
        for (const keccak::Permutation& one : keccak::permutations()) {
            if (!one.is_available) continue;
            keccak::State state;
            std::copy(std::begin(start), std::end(start), state);
            one.permute(state);
            ASSERT_TRUE(std::equal(std::begin(state), std::end(state), expected)) << one.name;
        }
        for (std::uint64_t& lane : start) lane = random();
    }
}

}  // namespace
}  // namespace butter::crypto
