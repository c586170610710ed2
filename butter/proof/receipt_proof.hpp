// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "butter/base/bytes.hpp"
#include "butter/base/result.hpp"
#include "butter/codec/abi.hpp"
#include "butter/eth/receipt.hpp"

/// Receipts in the receipts trie of a block: `ReceiptProof` of contracts/types/ProofTypes.sol.
namespace butter::proof {

/// One transaction's receipt in the receipts trie and which of its logs are wanted.
struct ReceiptProof {
    std::uint64_t transaction_index = 0;
    std::vector<Bytes> nodes;
    std::vector<std::uint16_t> log_indexes;

    friend bool operator==(const ReceiptProof&, const ReceiptProof&) = default;
};
/// Its type in the ABI.
inline constexpr std::string_view kReceiptProofType = "(uint64,bytes[],uint16[])";

/// The packed form (docs/proof-formats.md): for each
///
///     transactionIndex 8 ‖ nodes 1 ‖ nodes x ( size 3 ‖ node ) ‖ logs 1 ‖ logs x logIndex 2
///
/// At most kPackedCountMax nodes and log indexes each, nodes below 2^24 bytes.
inline constexpr std::size_t kPackedCountMax = 255;
Bytes encode_packed(std::span<const ReceiptProof> proofs);
/// All of `bytes`, which may be none: std::nullopt when they are not in that form.
std::optional<std::vector<ReceiptProof>> decode_packed(BytesView bytes);

codec::AbiValue to_abi(const ReceiptProof& proof);
/// `value` is of `kReceiptProofType`.
ReceiptProof from_abi(const codec::AbiValue& value);

enum class ReceiptProofError {
    kNoReceipts = 1,
    kTrie = 2,          ///< the nodes do not prove an entry at the transaction's index
    kReceipt = 3,       ///< the entry is no receipt
    kFailed = 4,        ///< the transaction failed, or is of before Byzantium, when receipts did not say
    kNoLogIndexes = 5,  ///< a receipt of which no log is wanted
    kNotAscending = 6,  ///< log indexes not strictly ascending
    kOutOfRange = 7,    ///< a log index beyond the receipt's logs
};
std::string_view to_string(ReceiptProofError error) noexcept;

/// The logs that `proofs` name, in their order, all under the trusted `receipts_root`: the twin of
/// `ReceiptProofs.verifyAll`.
Result<std::vector<eth::Log>, ReceiptProofError> verify_receipts(const Hash32& receipts_root,
                                                                 std::span<const ReceiptProof> proofs);

}  // namespace butter::proof
