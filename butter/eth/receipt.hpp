// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "butter/base/bytes.hpp"
#include "butter/base/result.hpp"
#include "butter/codec/rlp.hpp"

namespace butter::eth {

using Bloom = FixedBytes<256>;

struct Log {
    Address address;
    std::vector<Hash32> topics;
    Bytes data;

    friend bool operator==(const Log&, const Log&) = default;
};

/// Types of transactions and receipts (EIP-2718). Numbers are the envelope's first byte.
enum class EnvelopeType : std::uint8_t {
    kLegacy = 0,
    kAccessList = 1,  ///< EIP-2930
    kDynamicFee = 2,  ///< EIP-1559
    kBlob = 3,        ///< EIP-4844
    kSetCode = 4,     ///< EIP-7702
};

/// A receipt as it stands in the receipts trie. Since Byzantium its first field is the status; before, it was
/// a state root (`post_state`).
struct Receipt {
    EnvelopeType type = EnvelopeType::kLegacy;
    bool is_success = false;
    std::optional<Hash32> post_state;  ///< only before Byzantium
    std::uint64_t cumulative_gas_used = 0;
    Bloom bloom;
    std::vector<Log> logs;

    friend bool operator==(const Receipt&, const Receipt&) = default;
};

enum class ReceiptError {
    kRlp = 1,          ///< not canonical RLP of that shape
    kUnknownType = 2,  ///< envelope byte above 4
    kBadStatus = 3,    ///< neither empty, 1 nor a root
    kTooManyTopics = 4,
    kEmpty = 5,
};
std::string_view to_string(ReceiptError error) noexcept;

/// A log has at most this many topics (LOG0 to LOG4).
inline constexpr std::size_t kTopicsMax = 4;

/// The bytes whose place in the trie is `rlp(index)`: the envelope byte, if typed, and the RLP list.
Bytes encode_receipt(const Receipt& receipt);
/// Does not check that `bloom` is the one of the logs.
Result<Receipt, ReceiptError> decode_receipt(BytesView bytes);

/// The 2048-bit filter over addresses and topics (yellow paper, section 4.3.1).
Bloom bloom_of(const std::vector<Log>& logs);

}  // namespace butter::eth
