// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "butter/base/bytes.hpp"
#include "butter/base/named.hpp"
#include "butter/base/result.hpp"
#include "butter/base/uint256.hpp"
#include "butter/codec/rlp.hpp"
#include "butter/eth/receipt.hpp"

namespace butter::eth {

/// An execution block header of any fork. The fields from `base_fee` on came one fork after the other
/// (London, Shanghai, Cancun, Cancun, Cancun, Prague); one that is present requires those before it.
struct Header {
    Hash32 parent_hash;
    Hash32 ommers_hash;
    Address beneficiary;
    Hash32 state_root;
    Hash32 transactions_root;
    Hash32 receipts_root;
    Bloom bloom;
    Uint256 difficulty;
    BlockNumber number;
    std::uint64_t gas_limit = 0;
    std::uint64_t gas_used = 0;
    UnixSeconds timestamp;
    Bytes extra_data;
    Hash32 mix_hash;
    FixedBytes<8> nonce;
    std::optional<Uint256> base_fee = std::nullopt;
    std::optional<Hash32> withdrawals_root = std::nullopt;
    std::optional<std::uint64_t> blob_gas_used = std::nullopt;
    std::optional<std::uint64_t> excess_blob_gas = std::nullopt;
    std::optional<Hash32> parent_beacon_block_root = std::nullopt;
    std::optional<Hash32> requests_hash = std::nullopt;

    friend bool operator==(const Header&, const Header&) = default;
};

/// Whether the optional fields are those of some fork: each that is present has all before it, and the three
/// of Cancun stand together.
bool has_no_gaps(const Header& header) noexcept;

/// `header` has no gaps.
Bytes encode_header(const Header& header);
/// All fields of one fork in order, nothing after them. Not checked: any rule of a chain, the extra data's
/// size.
Result<Header, codec::RlpError> decode_header(BytesView bytes);
/// keccak256 of the encoding; `header` has no gaps.
Hash32 hash_of(const Header& header);

}  // namespace butter::eth
