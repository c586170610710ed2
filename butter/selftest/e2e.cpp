// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "butter/codec/rlp.hpp"
#include "butter/codec/ssz.hpp"
#include "butter/crypto/keccak.hpp"
#include "butter/selftest/beacon.hpp"
#include "butter/selftest/chain_json.hpp"
#include "butter/selftest/files.hpp"
#include "butter/selftest/sets.hpp"

namespace butter::selftest {
namespace {

using namespace beacon;

/// The files of one folder of the set.
using Folder = std::map<std::string, const VectorFile*>;

// --- From a committee's signature to receipts or state, in one block

bool is_update(const Json& json) {
    const Json* data = rpc::find_member(json, "data");
    return data != nullptr && has_members(*data, {"attested_header", "sync_aggregate"});
}

/// What the attested header of the folder says, once its signature holds.
std::optional<PayloadHeader> judge_attested(Case& judged, const Folder& folder, const Json& expected) {
    const auto update_file = std::find_if(folder.begin(), folder.end(),
                                          [](const auto& entry) { return is_update(entry.second->json); });
    const auto committee_file = std::find_if(folder.begin(), folder.end(), [](const auto& entry) {
        return has_members(entry.second->json, {"pubkeys", "aggregate_pubkey"});
    });
    if (update_file == folder.end() || committee_file == folder.end()) {
        judged.fail("no update or no committee beside expected.json");
        return std::nullopt;
    }
    const Json& data = judged.member(update_file->second->json, "data");
    const auto update = take_update(judged, mainnet(), data, UpdateKind::kOptimistic);
    const auto committee = take_committee(judged, mainnet(), committee_file->second->json);
    if (!update || !committee) return std::nullopt;
    expect_update_facts(judged, mainnet(), *update, expected);
    judged.expect_equal("committeeRoot", committee->root, judged.bytes(expected, "committeeRoot"));
    expect_verified(judged, mainnet(), *update, *committee);
    if (!update->attested.execution) judged.fail("attested header without execution");
    if (!judged.is_ok()) return std::nullopt;
    const PayloadHeader& payload = *update->attested.execution;
    if (has_members(expected, {"receiptsRoot"})) {
        judged.expect_equal("receiptsRoot", payload.receipts_root, judged.bytes(expected, "receiptsRoot"));
    }
    if (has_members(expected, {"stateRoot"})) {
        judged.expect_equal("stateRoot", payload.state_root, judged.bytes(expected, "stateRoot"));
    }
    if (has_members(expected, {"blockHash"})) {
        judged.expect_equal("blockHash", payload.block_hash, judged.bytes(expected, "blockHash"));
    }
    if (has_members(expected, {"executionBlock"})) {
        judged.expect_equal("executionBlock", Uint256{payload.block_number.value},
                            judged.number(expected, "executionBlock"));
    }
    return payload;
}

/// Receipts as eth_getBlockReceipts has them make up the root.
void judge_receipts(Report& report, const VectorFile& file, const Hash32& receipts_root,
                    const Json& expected) {
    Case judged(report, file.name, "all receipts");
    std::vector<Bytes> encoded;
    for (const Json& json : file.json.get_array()) {
        const eth::Receipt receipt = receipt_of(judged, json);
        if (!judged.is_ok()) return;
        encoded.push_back(eth::encode_receipt(receipt));
        expect_receipt(judged, encoded.back());
    }
    if (has_members(expected, {"receiptCount"})) {
        judged.expect_equal("receiptCount", Uint256{encoded.size()}, judged.number(expected, "receiptCount"));
    }
    expect_list_root(judged, "receiptsRoot", encoded, receipts_root);
}

/// {transactionIndex, key, proof, receipt, status, logCount}
void judge_receipt_proof(Case& judged, const Json& vector, const Hash32& receipts_root) {
    const Bytes key = judged.bytes(vector, "key");
    const Bytes encoded = judged.bytes(vector, "receipt");
    judged.expect_equal("key", trie::list_key(judged.u64(vector, "transactionIndex")), key);
    expect_proof(judged, "receipt proof", receipts_root, key, judged.bytes_list(vector, "proof"), encoded);
    const auto receipt = expect_receipt(judged, encoded);
    if (!receipt) return;
    if (has_members(vector, {"logCount"})) {
        judged.expect_equal("logCount", Uint256{receipt->logs.size()}, judged.number(vector, "logCount"));
    }
    if (has_members(vector, {"status"})) {
        judged.expect_equal("status", Uint256{receipt->is_success ? 1u : 0u},
                            judged.number(vector, "status"));
    }
}

void judge_flow(Report& report, const Folder& folder, const VectorFile& expected_file) {
    std::optional<PayloadHeader> payload;
    {
        Case judged(report, expected_file.name, "attested header");
        payload = judge_attested(judged, folder, expected_file.json);
        if (!judged.is_ok()) return;
    }
    for (const auto& [name, file] : folder) {
        if (is_list_of(file->json, {"cumulativeGasUsed", "logsBloom", "logs"})) {
            judge_receipts(report, *file, payload->receipts_root, expected_file.json);
        } else if (is_list_of(file->json, {"transactionIndex", "key", "proof", "receipt"})) {
            for (std::size_t i = 0; i < file->json.get_array().size(); ++i) {
                Case judged(report, file->name, "#" + std::to_string(i));
                judge_receipt_proof(judged, file->json.get_array()[i], payload->receipts_root);
            }
        } else if (is_list_of(file->json, {"address", "accountProof"})) {
            for (std::size_t i = 0; i < file->json.get_array().size(); ++i) {
                Case judged(report, file->name, "#" + std::to_string(i));
                expect_get_proof(judged, payload->state_root, file->json.get_array()[i]);
            }
        } else if (!is_update(file->json) && file != &expected_file &&
                   !has_members(file->json, {"pubkeys", "aggregate_pubkey"})) {
            report.skip(file->name, "", "file of no shape that this set knows");
        }
    }
}

// --- From a final header to blocks before it, by the roots in its state

std::vector<Hash32> branch_of(Case& judged, const Json& object, std::string_view key) {
    std::vector<Hash32> out;
    for (const Json& node : judged.array(object, key)) out.push_back(judged.fixed_of<32>(node, key));
    return out;
}

std::optional<BeaconHeader> beacon_header_of(Case& judged, const Json& json) {
    return judged.take("beacon header", decode_beacon_header_json(json));
}

/// A finality update whose headers have no execution, as relayers of Capella sent it: signature and branch
/// are checked here, by the rules that the light client has for whole updates.
std::optional<BeaconHeader> judge_finality(Case& judged, const Json& update,
                                           const CheckedCommittee& committee) {
    const auto attested =
        beacon_header_of(judged, judged.member(judged.member(update, "attested_header"), "beacon"));
    const auto finalized =
        beacon_header_of(judged, judged.member(judged.member(update, "finalized_header"), "beacon"));
    const Json& aggregate = judged.member(update, "sync_aggregate");
    const codec::SszBits bits{judged.bytes(aggregate, "sync_committee_bits"), committee.keys.size()};
    const auto signature = judged.fixed<96>(aggregate, "sync_committee_signature");
    const Slot signature_slot{judged.u64(update, "signature_slot")};
    const std::vector<Hash32> branch = branch_of(judged, update, "finality_branch");
    if (!judged.is_ok()) return std::nullopt;
    judged.expect(bits.bytes.size() * 8 == bits.size,
                  "sync_committee_bits: another number than the committee's");
    judged.expect(signature_slot > attested->slot && attested->slot >= finalized->slot, "slots out of order");
    if (!judged.is_ok()) return std::nullopt;
    std::vector<bls::AffinePublicKey> signers;
    for (std::size_t i = 0; i < bits.size; ++i) {
        if (bits[i]) signers.push_back(committee.keys[i]);
    }
    judged.expect(signers.size() >= quorum(bits.size), "fewer than two thirds signed");
    const Hash32 root = sync_committee_signing_root(mainnet(), root_of(*attested), signature_slot);
    judged.expect_ok("signature", bls::fast_aggregate_verify(signers, root, signature));
    judged.expect_ok(
        "finality branch",
        codec::verify_branch(root_of(*finalized), branch,
                             mainnet().fork_at(attested->slot).finalized_root_gindex, attested->state_root));
    return judged.is_ok() ? finalized : std::nullopt;
}

/// The target block's root under the state root of the final block: among the recent block roots, or in a
/// summary of older ones.
void expect_ancestry(Case& judged, const BeaconHeader& final_header, const BeaconHeader& target,
                     const Json& ancestry) {
    constexpr std::uint64_t kSlotsPerHistoricalRoot = 8192;
    if (const Json* recent = rpc::find_member(ancestry, "BlockRoots")) {
        const std::uint64_t gindex = judged.u64(*recent, "block_roots_index");
        const auto branch = branch_of(judged, *recent, "block_root_proof");
        // The place in the vector is the slot's.
        judged.expect(gindex % kSlotsPerHistoricalRoot == target.slot.value % kSlotsPerHistoricalRoot,
                      "block_roots_index: another slot's");
        judged.expect_ok("block root",
                         codec::verify_branch(root_of(target), branch, gindex, final_header.state_root));
    } else if (const Json* old = rpc::find_member(ancestry, "HistoricalRoots")) {
        const Hash32 summary = judged.hash(*old, "block_summary_root");
        judged.expect_ok("block root in its summary",
                         codec::verify_branch(
                             root_of(target), branch_of(judged, *old, "block_root_proof"),
                             kSlotsPerHistoricalRoot + target.slot.value % kSlotsPerHistoricalRoot, summary));
        judged.expect_ok(
            "summary",
            codec::verify_branch(summary, branch_of(judged, *old, "block_summary_root_proof"),
                                 judged.u64(*old, "block_summary_root_gindex"), final_header.state_root));
    } else {
        judged.skip("ancestry proof of an unknown form");
    }
}

/// MAX_BYTES_PER_TRANSACTION
constexpr std::uint64_t kTransactionBytesMax = 1u << 30;

/// "0xhash:index" names a log by its transaction.
void expect_content(Case& judged, const Json& content, const Hash32& hash, const eth::Receipt& receipt) {
    if (!content.is_object() || content.get_object().empty()) return judged.fail("content: not an object");
    const Json& message = content.get_object().begin()->value();
    const Json* cc_id = rpc::find_member(message, "cc_id");
    const std::string id = cc_id != nullptr ? judged.text(*cc_id, "id") : judged.text(message, "message_id");
    const std::size_t colon = id.find(':');
    if (colon == std::string::npos) return judged.fail("content: no log in \"" + id + "\"");
    judged.expect_equal("transaction of the content", encode_hex(hash), id.substr(0, colon));
    const auto index = from_decimal(id.substr(colon + 1));
    judged.expect(index && *index < Uint256{receipt.logs.size()}, "content: no such log");
}

/// A transaction and its receipt in the block: SSZ branches to the block's root, and the trie of receipts.
void expect_transaction(Case& judged, const Hash32& block_root, const Json& vector) {
    const Json& inclusion = judged.member(vector, "transaction_proof");
    const Bytes transaction = judged.bytes(inclusion, "transaction");
    const auto root = judged.take(
        "transaction", codec::hash_tree_root(codec::ssz_byte_list(kTransactionBytesMax), transaction));
    if (!root) return;
    judged.expect_ok("transaction proof",
                     codec::verify_branch(*root, branch_of(judged, inclusion, "transaction_proof"),
                                          judged.u64(inclusion, "transaction_gindex"), block_root));
    const Json& receipt_proof = judged.member(vector, "receipt_proof");
    const Hash32 receipts_root = judged.hash(receipt_proof, "receipts_root");
    judged.expect_ok(
        "receipts root",
        codec::verify_branch(receipts_root, branch_of(judged, receipt_proof, "receipts_root_proof"),
                             judged.u64(receipt_proof, "receipts_root_gindex"), block_root));
    if (!judged.is_ok()) return;
    const auto encoded = judged.take(
        "receipt proof",
        trie::verify_proof(receipts_root, trie::list_key(judged.u64(inclusion, "transaction_index")),
                           judged.bytes_list(receipt_proof, "receipt_proof")));
    if (!encoded) return;
    const auto receipt = expect_receipt(judged, *encoded);
    if (!receipt) return;
    for (const Json& content : judged.array(vector, "content")) {
        expect_content(judged, content, crypto::keccak256(transaction), *receipt);
    }
}

void judge_targets(Report& report, const VectorFile& file, const CheckedCommittee* committee) {
    std::optional<BeaconHeader> final_header;
    {
        Case judged(report, file.name, "update");
        if (committee == nullptr) return judged.fail("no bootstrap beside it");
        if (judged.text(file.json, "_network") != "mainnet")
            return judged.skip("network that is not known by name");
        final_header =
            judge_finality(judged, judged.member(judged.member(file.json, "update"), "Finality"), *committee);
        if (!final_header) return;
    }
    const JsonArray* targets = rpc::find_array(file.json, "target_blocks");
    for (std::size_t i = 0; targets != nullptr && i < targets->size(); ++i) {
        const Json& vector = (*targets)[i];
        Case judged(report, file.name, "target block " + std::to_string(i));
        const auto target = beacon_header_of(judged, judged.member(vector, "target_block"));
        if (!target) continue;
        expect_ancestry(judged, *final_header, *target, judged.member(vector, "ancestry_proof"));
        for (const Json& transaction : judged.array(vector, "transactions_proofs")) {
            expect_transaction(judged, root_of(*target), transaction);
        }
    }
}

/// The committee of a bootstrap whose header may lack fields that its fork has.
std::optional<CheckedCommittee> judge_bootstrap(Report& report, const VectorFile& file) {
    Case judged(report, file.name, "");
    const auto bootstrap = take_bootstrap(judged, mainnet(), file.json);
    if (!bootstrap) return std::nullopt;
    const auto store =
        judged.take("bootstrap", initialize_store(mainnet(), root_of(bootstrap->header.beacon), *bootstrap));
    if (!store) return std::nullopt;
    return store->current_committee;
}

void judge_ancestry(Report& report, const Folder& folder) {
    std::optional<CheckedCommittee> committee;
    for (const auto& [name, file] : folder) {
        if (has_members(file->json, {"header", "current_sync_committee"})) {
            committee = judge_bootstrap(report, *file);
        }
    }
    for (const auto& [name, file] : folder) {
        if (has_members(file->json, {"update", "target_blocks"})) {
            judge_targets(report, *file, committee ? &*committee : nullptr);
        } else if (!has_members(file->json, {"header", "current_sync_committee"})) {
            report.skip(file->name, "", "file of no shape that this set knows");
        }
    }
}

}  // namespace

void run_e2e(const std::filesystem::path& folder, Report& report) {
    std::vector<VectorFile> files;
    for (const std::string& name : list_files(folder)) {
        if (auto file = read_file(folder, name, report)) files.push_back(std::move(*file));
    }
    std::map<std::string, Folder> folders;
    for (const VectorFile& file : files) {
        const std::filesystem::path path(file.name);
        folders[path.parent_path().string()][path.filename().string()] = &file;
    }
    for (const auto& [name, contents] : folders) {
        const auto expected = std::find_if(contents.begin(), contents.end(), [](const auto& entry) {
            return has_members(entry.second->json, {"signingRoot", "committeeRoot"});
        });
        if (expected != contents.end()) {
            judge_flow(report, contents, *expected->second);
        } else {
            judge_ancestry(report, contents);
        }
    }
}

}  // namespace butter::selftest
