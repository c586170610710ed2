// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "butter/crypto/keccak.hpp"
#include "butter/crypto/keccak_round.hpp"

namespace butter::crypto {
namespace {

void check(const std::vector<Bytes>& inputs) {
    const std::vector<BytesView> views(inputs.begin(), inputs.end());
    std::vector<Hash32> outputs(inputs.size());
    keccak256_many(views, outputs);
    for (std::size_t i = 0; i < inputs.size(); ++i) ASSERT_EQ(outputs[i], keccak256(inputs[i])) << i;
    for (const keccak::ManyHasher& hasher : keccak::many_hashers()) {
        if (!hasher.is_available) continue;
        std::fill(outputs.begin(), outputs.end(), Hash32{});
        hasher.hash(views, outputs);
        for (std::size_t i = 0; i < inputs.size(); ++i) {
            ASSERT_EQ(outputs[i], keccak256(inputs[i])) << hasher.name << " " << i;
        }
    }
}

Bytes bytes_of(std::size_t size, std::uint64_t seed) {
    Bytes out(size);
    for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(seed * 31 + i * 7 + (i >> 8));
    return out;
}

TEST(keccak_many, agrees_with_one_by_one_for_every_size_about_the_rate) {
    std::vector<Bytes> inputs;
    for (std::size_t size = 0; size < 3 * 136 + 2; ++size) inputs.push_back(bytes_of(size, size));
    check(inputs);
}

TEST(keccak_many, agrees_for_every_number_of_inputs) {
    for (std::size_t count = 0; count < 40; ++count) {
        std::vector<Bytes> inputs;
        for (std::size_t i = 0; i < count; ++i) inputs.push_back(bytes_of(i * 61 % 700, count + i));
        check(inputs);
    }
}

TEST(keccak_many, agrees_where_one_input_outlasts_the_others) {
    std::mt19937_64 random(7);  // NOLINT: the same inputs every time
    for (int round = 0; round < 20; ++round) {
        std::vector<Bytes> inputs;
        for (int i = 0; i < 17; ++i) inputs.push_back(bytes_of(random() % 50, random()));
        inputs[random() % inputs.size()] = bytes_of(5000 + random() % 1000, 1);
        check(inputs);
    }
}

}  // namespace
}  // namespace butter::crypto
