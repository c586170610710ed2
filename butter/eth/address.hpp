// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "butter/base/bytes.hpp"
#include "butter/base/result.hpp"

namespace butter::eth {

/// Address of a contract that `sender` creates with its transaction number `nonce`.
Address create_address(const Address& sender, std::uint64_t nonce);
/// Address of a contract that `sender` creates with CREATE2 (EIP-1014) from code whose keccak256 is
/// `init_code_hash`.
Address create2_address(const Address& sender, const Hash32& salt, const Hash32& init_code_hash);

enum class AddressError {
    kMalformed = 1,  ///< not 0x and 40 hex digits
    kChecksum = 2,   ///< letters in both cases, but not the ones of EIP-55: probably mistyped
};
std::string_view to_string(AddressError error) noexcept;

/// With the upper and lower case letters of EIP-55.
std::string to_checksum_text(const Address& address);
/// `0x` and 40 digits: all letters of one case, or as EIP-55 has them.
Result<Address, AddressError> parse_address(std::string_view text);

}  // namespace butter::eth
