// SPDX-License-Identifier: Apache-2.0
#include "butter/chain/prove_logs.hpp"

#include <limits>

namespace butter::chain {

std::vector<Bytes> encode_receipts(const std::vector<rpc::PlacedReceipt>& receipts) {
    std::vector<Bytes> values;
    for (const rpc::PlacedReceipt& placed : receipts) values.push_back(eth::encode_receipt(placed.receipt));
    return values;
}

Result<std::vector<proof::ReceiptProof>, std::string> prove_logs(
    const trie::Trie& trie, const std::vector<rpc::PlacedReceipt>& receipts,
    const std::vector<LogPosition>& positions) {
    // Index of each receipt's first log within the block.
    std::vector<std::uint64_t> first_log;
    std::uint64_t logs_before = 0;
    for (const rpc::PlacedReceipt& placed : receipts) {
        first_log.push_back(logs_before);
        logs_before += placed.receipt.logs.size();
    }
    std::vector<proof::ReceiptProof> out;
    const LogPosition* previous = nullptr;
    for (const LogPosition& position : positions) {
        const auto name = [&] {
            return "log " + std::to_string(position.log_index) + " of block " +
                   std::to_string(position.block.value);
        };
        if (previous != nullptr &&
            (position.block != previous->block || position.log_index <= previous->log_index))
            return std::unexpected(name() + " does not come after the one before it in the same block");
        previous = &position;
        const std::uint64_t index = position.transaction_index;
        if (index >= receipts.size() || position.log_index < first_log[index])
            return std::unexpected(name() + " is not the one that was announced");
        const std::vector<eth::Log>& logs = receipts[index].receipt.logs;
        const std::uint64_t within = position.log_index - first_log[index];
        if (within >= logs.size() || logs[within] != position.log)
            return std::unexpected(name() + " is not the one that was announced");
        if (within > std::numeric_limits<std::uint16_t>::max())
            return std::unexpected(name() + " is beyond the logs that a proof can name");
        if (out.empty() || out.back().transaction_index != index)
            out.push_back({index, trie.proof(trie::list_key(index)), {}});
        out.back().log_indexes.push_back(static_cast<std::uint16_t>(within));
    }
    return out;
}

}  // namespace butter::chain
