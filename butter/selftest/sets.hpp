// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "butter/selftest/report.hpp"

namespace butter::selftest {

/// Judges the cases of a set that stand below `folder`.
using RunSet = void (*)(const std::filesystem::path& folder, Report& report);

void run_abi(const std::filesystem::path& folder, Report& report);
void run_blocks(const std::filesystem::path& folder, Report& report);
void run_bls12_381(const std::filesystem::path& folder, Report& report);
void run_bn254(const std::filesystem::path& folder, Report& report);
void run_create_address(const std::filesystem::path& folder, Report& report);
void run_devnet_captures(const std::filesystem::path& folder, Report& report);
void run_e2e(const std::filesystem::path& folder, Report& report);
void run_eip2537(const std::filesystem::path& folder, Report& report);
void run_eip712(const std::filesystem::path& folder, Report& report);
void run_keccak(const std::filesystem::path& folder, Report& report);
void run_keystore_v3(const std::filesystem::path& folder, Report& report);
/// lc_<network>: lc_mainnet, lc_sepolia, ...
void run_lc_objects(const std::filesystem::path& folder, Report& report);
/// lc_devnet_<preset>
void run_lc_devnet(const std::filesystem::path& folder, Report& report);
/// lc_spec_tests_<preset>
void run_lc_spec_tests(const std::filesystem::path& folder, Report& report);
void run_map(const std::filesystem::path& folder, Report& report);
void run_rlp(const std::filesystem::path& folder, Report& report);
void run_secp256k1(const std::filesystem::path& folder, Report& report);
void run_ssz(const std::filesystem::path& folder, Report& report);
void run_state_proofs(const std::filesystem::path& folder, Report& report);
void run_trie(const std::filesystem::path& folder, Report& report);
void run_tx(const std::filesystem::path& folder, Report& report);

/// The set of that folder name; null when it is none.
RunSet find_set(std::string_view name) noexcept;
/// Why there is no set of that name.
std::string_view skip_reason(std::string_view name) noexcept;

}  // namespace butter::selftest
