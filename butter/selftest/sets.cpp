// SPDX-License-Identifier: Apache-2.0
#include "butter/selftest/sets.hpp"

#include <utility>

namespace butter::selftest {
namespace {

constexpr std::pair<std::string_view, RunSet> kSets[] = {
    {"abi", run_abi},
    {"blocks", run_blocks},
    {"bls12_381", run_bls12_381},
    {"bn254", run_bn254},
    {"create_address", run_create_address},
    {"devnet_captures", run_devnet_captures},
    {"e2e", run_e2e},
    {"eip2537", run_eip2537},
    {"eip712", run_eip712},
    {"keccak", run_keccak},
    {"keystore_v3", run_keystore_v3},
    {"map", run_map},
    {"rlp", run_rlp},
    {"secp256k1", run_secp256k1},
    {"ssz", run_ssz},
    {"state_proofs", run_state_proofs},
    {"trie", run_trie},
    {"tx", run_tx},
};

constexpr std::string_view kNoFamily = "no consensus family of this program verifies this chain";

/// Sets that are known and left out by design; README.md says more.
constexpr std::pair<std::string_view, std::string_view> kOutOfScope[] = {
    {"arbitrum", kNoFamily},
    {"bsc_parlia", kNoFamily},
    {"optimism", kNoFamily},
    {"polygon_bor", kNoFamily},
    {"qbft_ibft2", kNoFamily},
    {"eip2333_2335",
     "this program holds no validator keys: it neither derives them nor reads their keystores"},
    {"message", "made by this project: its tests compare C++ and Solidity on it"},
};

}  // namespace

RunSet find_set(std::string_view name) noexcept {
    for (const auto& [set, function] : kSets) {
        if (set == name) return function;
    }
    if (name.starts_with("lc_spec_tests_")) return run_lc_spec_tests;
    if (name.starts_with("lc_devnet_")) return run_lc_devnet;
    if (name.starts_with("lc_")) return run_lc_objects;
    return nullptr;
}

std::string_view skip_reason(std::string_view name) noexcept {
    for (const auto& [set, reason] : kOutOfScope) {
        if (set == name) return reason;
    }
    return "unknown set";
}

}  // namespace butter::selftest
