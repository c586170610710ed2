// SPDX-License-Identifier: Apache-2.0
#include "butter/proof/receipt_proof.hpp"

#include "butter/base/assert.hpp"
#include "butter/proof/packed.hpp"
#include "butter/trie/trie.hpp"

namespace butter::proof {
namespace {

using codec::AbiValue;

Result<void, ReceiptProofError> take_logs(const Hash32& receipts_root, const ReceiptProof& proof,
                                          std::vector<eth::Log>& logs) {
    const auto value =
        trie::verify_proof(receipts_root, trie::list_key(proof.transaction_index), proof.nodes);
    if (!value) return std::unexpected(ReceiptProofError::kTrie);
    auto receipt = eth::decode_receipt(*value);
    if (!receipt) return std::unexpected(ReceiptProofError::kReceipt);
    if (!receipt->is_success) return std::unexpected(ReceiptProofError::kFailed);
    if (proof.log_indexes.empty()) return std::unexpected(ReceiptProofError::kNoLogIndexes);
    for (std::size_t i = 0; i < proof.log_indexes.size(); ++i) {
        const std::uint16_t index = proof.log_indexes[i];
        if (i != 0 && index <= proof.log_indexes[i - 1]) {
            return std::unexpected(ReceiptProofError::kNotAscending);
        }
        if (index >= receipt->logs.size()) return std::unexpected(ReceiptProofError::kOutOfRange);
        logs.push_back(std::move(receipt->logs[index]));
    }
    return {};
}

constexpr std::size_t kPackedNodeBytesMax = (std::size_t{1} << 24) - 1;

}  // namespace

Bytes encode_packed(std::span<const ReceiptProof> proofs) {
    Bytes out;
    for (const ReceiptProof& proof : proofs) {
        BUTTER_ASSERT(proof.nodes.size() <= kPackedCountMax);
        BUTTER_ASSERT(proof.log_indexes.size() <= kPackedCountMax);
        append_number(out, proof.transaction_index, 8);
        append_number(out, proof.nodes.size(), 1);
        for (const Bytes& node : proof.nodes) {
            BUTTER_ASSERT(node.size() <= kPackedNodeBytesMax);
            append_number(out, node.size(), 3);
            append(out, node);
        }
        append_number(out, proof.log_indexes.size(), 1);
        for (std::uint16_t index : proof.log_indexes) append_number(out, index, 2);
    }
    return out;
}

std::optional<std::vector<ReceiptProof>> decode_packed(BytesView bytes) {
    std::vector<ReceiptProof> proofs;
    PackedReader reader(bytes);
    while (!reader.is_done()) {
        ReceiptProof proof{.transaction_index = reader.number(8), .nodes = {}, .log_indexes = {}};
        for (std::uint64_t left = reader.number(1); left > 0 && !reader.has_failed(); --left) {
            proof.nodes.push_back(to_bytes(reader.take(reader.number(3))));
        }
        for (std::uint64_t left = reader.number(1); left > 0 && !reader.has_failed(); --left) {
            proof.log_indexes.push_back(static_cast<std::uint16_t>(reader.number(2)));
        }
        if (reader.has_failed()) return std::nullopt;
        proofs.push_back(std::move(proof));
    }
    return proofs;
}

codec::AbiValue to_abi(const ReceiptProof& proof) {
    std::vector<AbiValue> nodes;
    for (const Bytes& node : proof.nodes) nodes.push_back(AbiValue::bytes(node));
    std::vector<AbiValue> indexes;
    for (std::uint16_t index : proof.log_indexes) indexes.push_back(AbiValue::number(index));
    return AbiValue::tuple({AbiValue::number(proof.transaction_index), AbiValue::array(std::move(nodes)),
                            AbiValue::array(std::move(indexes))});
}

ReceiptProof from_abi(const codec::AbiValue& value) {
    ReceiptProof proof{.transaction_index = value[0].as_u64(), .nodes = {}, .log_indexes = {}};
    for (std::size_t i = 0; i < value[1].size(); ++i) proof.nodes.push_back(value[1][i].as_bytes());
    for (std::size_t i = 0; i < value[2].size(); ++i) {
        proof.log_indexes.push_back(static_cast<std::uint16_t>(value[2][i].as_u64()));
    }
    return proof;
}

std::string_view to_string(ReceiptProofError error) noexcept {
    switch (error) {
        case ReceiptProofError::kNoReceipts:
            return "proof without receipts";
        case ReceiptProofError::kTrie:
            return "receipt is not in the receipts trie at its index";
        case ReceiptProofError::kReceipt:
            return "proven entry is no receipt";
        case ReceiptProofError::kFailed:
            return "proven receipt is of a failed transaction";
        case ReceiptProofError::kNoLogIndexes:
            return "receipt of which no log is wanted";
        case ReceiptProofError::kNotAscending:
            return "log indexes not ascending";
        case ReceiptProofError::kOutOfRange:
            return "log index beyond the receipt's logs";
    }
    return "unknown receipt proof error";
}

Result<std::vector<eth::Log>, ReceiptProofError> verify_receipts(const Hash32& receipts_root,
                                                                 std::span<const ReceiptProof> proofs) {
    if (proofs.empty()) return std::unexpected(ReceiptProofError::kNoReceipts);
    std::vector<eth::Log> logs;
    for (const ReceiptProof& proof : proofs) TRY_VOID(take_logs(receipts_root, proof, logs));
    return logs;
}

}  // namespace butter::proof
