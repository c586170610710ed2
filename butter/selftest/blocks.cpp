// SPDX-License-Identifier: Apache-2.0
#include "butter/codec/rlp.hpp"
#include "butter/crypto/keccak.hpp"
#include "butter/eth/transaction.hpp"
#include "butter/selftest/chain_json.hpp"
#include "butter/selftest/files.hpp"
#include "butter/selftest/sets.hpp"

namespace butter::selftest {
namespace {

/// {header, headerRlp, hash}
std::optional<eth::Header> judge_header(Case& judged, const Json& vector) {
    const eth::Header header = header_of(judged, judged.member(vector, "header"));
    const Bytes encoded = judged.bytes(vector, "headerRlp");
    if (!judged.is_ok()) return std::nullopt;
    judged.expect_equal("header", eth::encode_header(header), encoded);
    judged.expect_equal("hash", eth::hash_of(header), judged.bytes(vector, "hash"));
    if (const auto decoded = judged.take("decoding", eth::decode_header(encoded))) {
        judged.expect(*decoded == header, "decoding: another header");
    }
    return header;
}

void judge_transactions(Case& judged, const std::vector<Bytes>& transactions) {
    for (const Bytes& encoded : transactions) {
        const auto decoded = judged.take("transaction", eth::decode_transaction(encoded));
        if (!decoded) return;
        judged.expect_equal("transaction written again",
                            eth::encode_transaction(decoded->transaction, decoded->signature), encoded);
    }
}

/// Ours is the proof that the vector has, and proves what it says.
void judge_receipt_proof(Case& judged, const trie::Trie& trie, const Json& proof) {
    const Bytes key = judged.bytes(proof, "key");
    const std::vector<Bytes> nodes = judged.bytes_list(proof, "proof");
    if (has_members(proof, {"index"})) {
        judged.expect_equal("key", trie::list_key(judged.u64(proof, "index")), key);
    }
    if (!judged.is_ok()) return;
    judged.expect(trie.proof(key) == nodes, "proof: other nodes");
    const Json& value = judged.member(proof, "value");
    if (value.is_null()) {
        const auto found = judged.take("absence", trie::verify_proof_or_absence(trie.root(), key, nodes));
        judged.expect(found && !*found, "absence: a value is there");
        judged.expect_error("proof of a value", trie::verify_proof(trie.root(), key, nodes),
                            {trie::TrieError::kKeyMismatch});
    } else {
        expect_proof(judged, "receipt proof", trie.root(), key, nodes, judged.bytes_of(value, "value"));
    }
}

/// A block with its transactions, receipts, uncles and withdrawals as they stand in its tries.
void judge_block(Case& judged, const Json& vector) {
    const auto header = judge_header(judged, vector);
    if (!header) return;
    const std::vector<Bytes> transactions = judged.bytes_list(vector, "transactions");
    judge_transactions(judged, transactions);
    expect_list_root(judged, "transactionsRoot", transactions, header->transactions_root);

    const std::vector<Bytes> receipts = judged.bytes_list(vector, "receipts");
    eth::Bloom bloom;
    std::uint64_t gas = 0;
    for (const Bytes& encoded : receipts) {
        const auto receipt = expect_receipt(judged, encoded);
        if (!receipt) return;
        for (std::size_t i = 0; i < bloom.size(); ++i) bloom[i] |= receipt->bloom[i];
        gas = receipt->cumulative_gas_used;
    }
    judged.expect_equal("bloom of all receipts", bloom, header->bloom);
    judged.expect_equal("gas of all receipts", Uint256{gas}, Uint256{header->gas_used});
    const auto trie = expect_list_root(judged, "receiptsRoot", receipts, header->receipts_root);
    if (!trie) return;
    if (has_members(vector, {"receiptProofs"})) {
        for (const Json& proof : judged.array(vector, "receiptProofs"))
            judge_receipt_proof(judged, *trie, proof);
    }
    if (const Json* absence = rpc::find_member(vector, "receiptAbsenceProof");
        absence && !absence->is_null()) {
        judge_receipt_proof(judged, *trie, *absence);
    }

    Bytes uncles;
    for (const Bytes& uncle : judged.bytes_list(vector, "uncles")) append(uncles, uncle);
    judged.expect_equal("sha3Uncles", crypto::keccak256(codec::encode_rlp_list(uncles)), header->ommers_hash);
    if (header->withdrawals_root) {
        const std::vector<Bytes> withdrawals = judged.bytes_list(vector, "withdrawals");
        expect_list_root(judged, "withdrawalsRoot", withdrawals, *header->withdrawals_root);
    }
}

Bytes encode_withdrawal(Case& judged, const Json& withdrawal) {
    Bytes fields;
    codec::append_rlp_uint(fields, judged.u64(withdrawal, "index"));
    codec::append_rlp_uint(fields, judged.u64(withdrawal, "validatorIndex"));
    codec::append_rlp_bytes(fields, judged.fixed<20>(withdrawal, "address"));
    codec::append_rlp_uint(fields, judged.u64(withdrawal, "amount"));
    return codec::encode_rlp_list(fields);
}

enum class AnswerError {
    kHash = 1,         ///< the fields do not hash to the answer's hash
    kWithdrawals = 2,  ///< the withdrawals do not have the header's root
};
std::string_view to_string(AnswerError error) noexcept {
    return error == AnswerError::kHash ? "the header has another hash" : "the withdrawals have another root";
}

Result<void, AnswerError> check_answer(Case& judged, const Json& block) {
    const eth::Header header = header_of(judged, block);
    if (eth::hash_of(header) != judged.hash(block, "hash")) return std::unexpected(AnswerError::kHash);
    if (!header.withdrawals_root) return {};
    std::vector<Bytes> withdrawals;
    for (const Json& withdrawal : judged.array(block, "withdrawals")) {
        withdrawals.push_back(encode_withdrawal(judged, withdrawal));
    }
    if (trie::make_list_trie(withdrawals).root() != *header.withdrawals_root) {
        return std::unexpected(AnswerError::kWithdrawals);
    }
    return {};
}

/// {data: block of a node, metadata: {fail}}: an answer that does not hold together must be noticed. A block
/// lists its transactions by hash here, so a changed transaction shows in nothing but the header's hash.
void judge_answer(Case& judged, const Json& vector) {
    const Json* fail = rpc::find_member(judged.member(vector, "metadata"), "fail");
    const Result<void, AnswerError> answer = check_answer(judged, judged.member(vector, "data"));
    if (!judged.is_ok()) return;
    if (fail == nullptr || *fail == Json(false)) {
        judged.expect_ok("block", answer);
    } else if (judged.name().find("withdrawals") != std::string::npos) {
        judged.expect_error("block", answer, {AnswerError::kHash, AnswerError::kWithdrawals});
    } else {
        judged.expect_error("block", answer, {AnswerError::kHash});
    }
}

/// {receiptsRoot, key, proof, receipt, logIndex, expectedEmitter, topics}: a log in a receipt in a trie.
void judge_event(Case& judged, const Json& vector) {
    const Bytes encoded = judged.bytes(vector, "receipt");
    expect_proof(judged, "receipt proof", judged.hash(vector, "receiptsRoot"), judged.bytes(vector, "key"),
                 judged.bytes_list(vector, "proof"), encoded);
    const auto receipt = expect_receipt(judged, encoded);
    if (!receipt) return;
    if (has_members(vector, {"receiptType"})) {
        judged.expect_equal("receiptType", Uint256{static_cast<std::uint64_t>(receipt->type)},
                            judged.number(vector, "receiptType"));
    }
    const std::uint64_t index = judged.u64(vector, "logIndex");
    if (index >= receipt->logs.size()) return judged.fail("logIndex: beyond the receipt's logs");
    const eth::Log& log = receipt->logs[index];
    const bool is_emitter = log.address == judged.fixed<20>(vector, "expectedEmitter");
    const bool expected = !has_members(vector, {"emitterOk"}) || judged.boolean(vector, "emitterOk");
    judged.expect(is_emitter == expected, "emitter: not as expected");
    const JsonArray& topics = judged.array(vector, "topics");
    judged.expect(topics.size() == log.topics.size(), "topics: another number");
    for (std::size_t i = 0; i < topics.size() && judged.is_ok(); ++i) {
        judged.expect_equal("topics", log.topics[i], judged.bytes_of(topics[i], "topics"));
    }
}

using Judge = void (*)(Case&, const Json&);

void judge_list(Report& report, const VectorFile& file, Judge judge) {
    for (std::size_t i = 0; i < file.json.get_array().size(); ++i) {
        const Json& vector = file.json.get_array()[i];
        const auto number = rpc::find_member(vector, "number");
        Case judged(report, file.name, number != nullptr ? rpc::to_text(*number) : name_of(vector, i));
        judge(judged, vector);
    }
}

}  // namespace

void run_blocks(const std::filesystem::path& folder, Report& report) {
    judge_files(folder, report, [&](const VectorFile& file) {
        const Json& json = file.json;
        if (is_list_of(json, {"headerRlp", "header", "transactions", "receipts"})) {
            judge_list(report, file, judge_block);
        } else if (is_list_of(json, {"headerRlp", "header", "hash"})) {
            judge_list(report, file, [](Case& judged, const Json& vector) { judge_header(judged, vector); });
        } else if (is_list_of(json, {"receiptsRoot", "key", "proof", "receipt", "logIndex"})) {
            judge_list(report, file, judge_event);
        } else if (is_map_of(json, {"data", "metadata"})) {
            for (const auto& [name, vector] : json.get_object()) {
                Case judged(report, file.name, std::string(name));
                judge_answer(judged, vector);
            }
        } else {
            return false;
        }
        return true;
    });
}

}  // namespace butter::selftest
