// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "butter/base/bytes.hpp"
#include "butter/base/named.hpp"
#include "butter/base/result.hpp"
#include "butter/base/uint256.hpp"
#include "butter/crypto/secp256k1.hpp"
#include "butter/eth/receipt.hpp"
#include "butter/rpc/json.hpp"

/// Headers of the MAP relay chain ("Atlas"). The Solidity twin is contracts/AtlasHeader.sol.
namespace butter::mapo {

enum class HeaderError {
    kRlp = 1,            ///< not canonical RLP of a header's shape
    kExtraTooShort = 2,  ///< no more than the vanity
    kSealSize = 3,       ///< a proposer seal that is neither empty nor 65 bytes
    kSignatureSize = 4,  ///< an aggregated seal whose signature is neither empty nor 64 bytes
    kJson = 5,           ///< a field of a block's JSON is missing or malformed
    kTooLarge = 6,       ///< above `kHeaderBytesMax`
};
std::string_view to_string(HeaderError error) noexcept;

inline constexpr std::size_t kVanityBytes = 32;
inline constexpr std::size_t kSealBytes = 65;
/// As the contract has it, which writes lengths of at most two bytes. A header that adds a full set of
/// validators stays below it.
inline constexpr std::size_t kHeaderBytesMax = 0xffff;

/// The validators' seal: who signed, the sum of their signatures, in which round.
struct AggregatedSeal {
    Uint256 bitmap;
    Bytes signature;  ///< 64 bytes, or empty
    Uint256 round;

    friend bool operator==(const AggregatedSeal&, const AggregatedSeal&) = default;
};

struct Extra {
    FixedBytes<kVanityBytes> vanity;
    std::vector<Address> added_addresses;
    std::vector<FixedBytes<128>> added_g2_keys;
    std::vector<FixedBytes<64>> added_g1_keys;
    Uint256 removed;  ///< bitmap over the set that signs this block
    Bytes seal;       ///< the proposer's r ‖ s ‖ v with v 0 or 1, or empty
    AggregatedSeal aggregated_seal;
    AggregatedSeal parent_aggregated_seal;

    friend bool operator==(const Extra&, const Extra&) = default;
};

struct Header {
    Hash32 parent_hash;
    Address coinbase;
    Hash32 state_root;
    Hash32 transactions_root;
    Hash32 receipts_root;
    eth::Bloom bloom;
    BlockNumber number;
    std::uint64_t gas_limit = 0;
    std::uint64_t gas_used = 0;
    UnixSeconds timestamp;
    Extra extra;
    Hash32 mix_digest;
    FixedBytes<8> nonce;
    Uint256 base_fee;

    friend bool operator==(const Header&, const Header&) = default;
};

/// Which seals an encoding keeps.
enum class Seals {
    kAll = 1,
    kProposer = 2,  ///< the aggregated seal emptied: what the block hash is taken of
    kNone = 3,      ///< both emptied: what the proposer signs
};
Bytes encode_extra(const Extra& extra, Seals seals);
Bytes encode_header(const Header& header, Seals seals);
Result<Extra, HeaderError> decode_extra(BytesView bytes);
Result<Header, HeaderError> decode_header(BytesView bytes);

Hash32 block_hash(const Header& header);
/// What the proposer's ECDSA seal signs: keccak256 twice.
Hash32 proposer_digest(const Header& header);
/// What the validators sign: blockHash ‖ round without leading zeros ‖ 2.
Bytes seal_message(const Hash32& hash, const Uint256& round);
/// Who made the proposer's seal.
std::optional<Address> find_proposer(const Header& header);

/// A block as the chain's RPC shows it. The hash in it is not read: it is computed.
Result<Header, HeaderError> decode_header_json(const rpc::Json& block);

}  // namespace butter::mapo
