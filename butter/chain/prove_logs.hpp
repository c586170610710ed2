// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "butter/base/bytes.hpp"
#include "butter/base/result.hpp"
#include "butter/chain/family.hpp"
#include "butter/proof/receipt_proof.hpp"
#include "butter/rpc/eth_api.hpp"
#include "butter/trie/trie.hpp"

namespace butter::chain {

/// Values of a block's receipts trie, in order. Whether their root is the header's is the caller's to check.
std::vector<Bytes> encode_receipts(const std::vector<rpc::PlacedReceipt>& receipts);

/// Proofs of the logs at `positions`, which are all in this block and ascend, in `trie`, which holds
/// `receipts`. The error is a text for people: what was announced there and what is.
Result<std::vector<proof::ReceiptProof>, std::string> prove_logs(
    const trie::Trie& trie, const std::vector<rpc::PlacedReceipt>& receipts,
    const std::vector<LogPosition>& positions);

}  // namespace butter::chain
