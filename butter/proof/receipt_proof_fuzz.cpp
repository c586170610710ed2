// SPDX-License-Identifier: Apache-2.0
#include "butter/proof/receipt_proof.hpp"

#include "butter/base/assert.hpp"
#include "butter/crypto/keccak.hpp"

/// The ABI encoding of a list of receipt proofs, checked under the root that the first node of the first one
/// has: what is behind the trie is reached without finding hashes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace butter;
    static const codec::AbiType type =
        codec::parse_abi_type(std::string(proof::kReceiptProofType) + "[]").value();
    const BytesView input(data, size);
    const auto value = codec::decode_abi(type, input);
    if (!value) return 0;
    std::vector<proof::ReceiptProof> proofs;
    for (std::size_t i = 0; i < value->size(); ++i) proofs.push_back(proof::from_abi((*value)[i]));
    for (const proof::ReceiptProof& entry : proofs)
        BUTTER_ASSERT(proof::from_abi(proof::to_abi(entry)) == entry);
    Hash32 root;
    if (!proofs.empty() && !proofs[0].nodes.empty()) root = crypto::keccak256(proofs[0].nodes[0]);
    const auto logs = proof::verify_receipts(root, proofs);
    if (!logs) return 0;
    std::size_t wanted = 0;
    for (const proof::ReceiptProof& entry : proofs) wanted += entry.log_indexes.size();
    BUTTER_ASSERT(logs->size() == wanted);
    return 0;
}
