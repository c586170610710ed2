// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "butter/codec/abi.hpp"
#include "butter/eth/receipt.hpp"
#include "test/differential/random.hpp"

namespace butter::differential {

/// `Log[]` of contracts/types/ProofTypes.sol.
codec::AbiValue value_of_logs(const std::vector<eth::Log>& logs);

/// The receipts trie of a small block and a proof of one log in it.
struct ProvenLogs {
    Hash32 root;
    codec::AbiValue proofs;  ///< `ReceiptProof[]`
};
ProvenLogs random_receipts(Random& random);

}  // namespace butter::differential
