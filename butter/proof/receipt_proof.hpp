// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "butter/base/bytes.hpp"
#include "butter/base/result.hpp"
#include "butter/chain/family.hpp"
#include "butter/rpc/eth_api.hpp"
#include "butter/trie/trie.hpp"

namespace butter::proof {

/// One transaction's receipt in the receipts trie and which of its logs are wanted
/// (contracts/types/ProofTypes.sol).
struct ReceiptProof {
    std::uint64_t transaction_index = 0;
    std::vector<Bytes> nodes;
    std::vector<std::uint16_t> log_indexes;  ///< within the receipt, ascending
};

/// Values of a block's receipts trie, in order. Whether their root is the header's is the caller's to check.
std::vector<Bytes> encode_receipts(const std::vector<rpc::PlacedReceipt>& receipts);

/// Proofs of the logs at `positions`, which are all in this block and ascend, in `trie`, which holds
/// `receipts`. The error is a text for people: what was announced there and what is.
Result<std::vector<ReceiptProof>, std::string> prove_logs(const trie::Trie& trie,
                                                          const std::vector<rpc::PlacedReceipt>& receipts,
                                                          const std::vector<chain::LogPosition>& positions);

}  // namespace butter::proof
