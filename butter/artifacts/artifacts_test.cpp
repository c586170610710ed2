// SPDX-License-Identifier: Apache-2.0
#include "butter/artifacts/artifacts.hpp"

#include <gtest/gtest.h>

namespace butter::artifacts {
namespace {

TEST(artifacts, holds_what_is_deployed) {
    for (const char* name : {"FeeService", "LightClientManager", "OmniService", "OmniServiceRelay",
                             "MapLightClient", "EthereumLightClient", "TimelockController", "ERC1967Proxy",
                             "RemoteCounter", "MirroredValue", "RelayRouter", "FaultyReceiver", "Sender"}) {
        const auto code = find_creation_code(name);
        ASSERT_TRUE(code.has_value()) << name;
        // Solidity's prologue: it sets the free memory pointer.
        ASSERT_GT(code->size(), 100u) << name;
        EXPECT_EQ((*code)[0], 0x60) << name;
    }
}

TEST(artifacts, lists_the_errors_of_services_clients_and_libraries) {
    const std::string all = ";" + std::string(error_signatures()) + ";";
    for (const char* error :
         {";FeeTooLow(uint256,uint256);", ";UnknownRoot(uint64,bytes32);", ";SignatureInvalid();",
          ";OwnableUnauthorizedAccount(address);", ";TransactionFailed(uint64);"}) {
        EXPECT_NE(all.find(error), std::string::npos) << error;
    }
}

TEST(artifacts, knows_nothing_else) {
    EXPECT_FALSE(find_creation_code("*errors").has_value());
    EXPECT_FALSE(find_creation_code("Nothing").has_value());
    EXPECT_FALSE(find_creation_code("").has_value());
    // Not by a part of a name.
    EXPECT_FALSE(find_creation_code("Service").has_value());
}

}  // namespace
}  // namespace butter::artifacts
