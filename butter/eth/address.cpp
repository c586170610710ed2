// SPDX-License-Identifier: Apache-2.0
#include "butter/eth/address.hpp"

#include "butter/base/hex.hpp"
#include "butter/codec/rlp.hpp"
#include "butter/crypto/keccak.hpp"

namespace butter::eth {
namespace {

constexpr std::uint8_t kCreate2Prefix[] = {0xff};
constexpr std::size_t kTextSize = 2 + 2 * Address::kSize;

Address last_20_bytes(const Hash32& hash) noexcept {
    return to_fixed<Address::kSize>(BytesView(hash).last(Address::kSize));
}

bool is_between(char c, char first, char last) noexcept { return c >= first && c <= last; }

}  // namespace

Address create_address(const Address& sender, std::uint64_t nonce) {
    Bytes fields;
    codec::append_rlp_bytes(fields, sender);
    codec::append_rlp_uint(fields, nonce);
    return last_20_bytes(crypto::keccak256(codec::encode_rlp_list(fields)));
}

Address create2_address(const Address& sender, const Hash32& salt, const Hash32& init_code_hash) {
    return last_20_bytes(crypto::keccak256(concat({kCreate2Prefix, sender, salt, init_code_hash})));
}

std::string_view to_string(AddressError error) noexcept {
    switch (error) {
        case AddressError::kMalformed:
            return "address is not 0x and 40 hex digits";
        case AddressError::kChecksum:
            return "address with a wrong checksum";
    }
    return "unknown address error";
}

std::string to_checksum_text(const Address& address) {
    std::string digits = encode_hex_bare(address);
    const Hash32 hash = crypto::keccak256(as_bytes(digits));
    for (std::size_t i = 0; i < digits.size(); ++i) {
        const unsigned nibble = i % 2 == 0 ? hash[i / 2] >> 4 : hash[i / 2] & 15;
        if (nibble >= 8 && is_between(digits[i], 'a', 'f'))
            digits[i] = static_cast<char>(digits[i] - 'a' + 'A');
    }
    return "0x" + digits;
}

Result<Address, AddressError> parse_address(std::string_view text) {
    if (text.size() != kTextSize || !text.starts_with("0x")) return std::unexpected(AddressError::kMalformed);
    const auto address = decode_hex_fixed<Address::kSize>(text);
    if (!address) return std::unexpected(AddressError::kMalformed);
    const std::string_view digits = text.substr(2);
    const bool has_lower =
        std::any_of(digits.begin(), digits.end(), [](char c) { return is_between(c, 'a', 'f'); });
    const bool has_upper =
        std::any_of(digits.begin(), digits.end(), [](char c) { return is_between(c, 'A', 'F'); });
    if (has_lower && has_upper && to_checksum_text(*address) != text) {
        return std::unexpected(AddressError::kChecksum);
    }
    return *address;
}

}  // namespace butter::eth
