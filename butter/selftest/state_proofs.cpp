// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include "butter/codec/rlp.hpp"
#include "butter/crypto/keccak.hpp"
#include "butter/selftest/chain_json.hpp"
#include "butter/selftest/files.hpp"
#include "butter/selftest/sets.hpp"

namespace butter::selftest {
namespace {

void judge_get_proof(Case& judged, const Json& vector) {
    const Hash32 state_root = judged.hash(vector, "stateRoot");
    if (has_members(vector, {"headerRlp"})) {
        const auto header = judged.take("header", eth::decode_header(judged.bytes(vector, "headerRlp")));
        if (!header) return;
        judged.expect_equal("stateRoot", state_root, header->state_root);
        if (has_members(vector, {"blockHash"})) {
            judged.expect_equal("blockHash", eth::hash_of(*header), judged.bytes(vector, "blockHash"));
        }
    }
    expect_get_proof(judged, state_root, vector);
}

/// The step at which a proof of one slot stops, in the order of the steps.
enum class Step {
    kAccountProof = 1,  ///< the account's nodes do not hold
    kAccountState = 2,  ///< another account is there
    kSlotProof = 3,     ///< the slot's nodes do not hold
    kSlotValue = 4,     ///< another value is there
    kHeader = 5,        ///< all holds, but the header is not that of its block
};
std::string_view to_string(Step step) noexcept {
    switch (step) {
        case Step::kHeader:
            return "the header is not the block's";
        case Step::kAccountProof:
            return "the account's proof does not hold";
        case Step::kAccountState:
            return "the account has another state";
        case Step::kSlotProof:
            return "the slot's proof does not hold";
        case Step::kSlotValue:
            return "the slot has another value";
    }
    return "unknown step";
}

Result<void, Step> check_slot(Case& judged, const Json& vector, const eth::Header& header) {
    const Bytes account = judged.bytes(vector, "expected_account_state");
    const auto found =
        trie::verify_proof(header.state_root, crypto::keccak256(judged.bytes(vector, "contract_address")),
                           judged.bytes_list(vector, "account_proof"));
    if (!found) return std::unexpected(Step::kAccountProof);
    if (*found != account) return std::unexpected(Step::kAccountState);
    // nonce, balance, storage root
    auto fields = codec::decode_rlp_list(account);
    if (!fields || !fields->next() || !fields->next()) return std::unexpected(Step::kAccountState);
    const auto storage_root = fields->next_fixed<32>();
    if (!storage_root) return std::unexpected(Step::kAccountState);
    const auto value = trie::verify_proof_or_absence(*storage_root, judged.hash(vector, "storage_key_hash"),
                                                     judged.bytes_list(vector, "storage_proof"));
    if (!value) return std::unexpected(Step::kSlotProof);
    // What the vectors call false is the value that no slot has: absence.
    if (value->value_or(Bytes()) != judged.bytes(vector, "expected_storage_value")) {
        return std::unexpected(Step::kSlotValue);
    }
    return {};
}

/// The part that a name says is "Incorrect".
std::vector<Step> expected_steps(std::string_view name) {
    const auto says = [&](std::string_view words) { return name.find(words) != std::string_view::npos; };
    // A header with another state root does not get as far as its hash.
    if (says("IncorrectHeader")) return {Step::kHeader, Step::kAccountProof};
    if (says("IncorrectAccountProof")) return {Step::kAccountProof};
    if (says("IncorrectAccountState")) return {Step::kAccountState};
    if (says("IncorrectStateProof") || says("IncorrectStorageProof")) return {Step::kSlotProof};
    if (says("IncorrectValue")) return {Step::kSlotValue};
    return {};
}

bool is_incorrect(std::string_view name) { return name.find("Incorrect") != std::string_view::npos; }

using BlockHashes = std::multimap<std::uint64_t, Hash32>;

/// That a header is wrong only its hash can tell. The cases that are correct have the hashes of their blocks.
BlockHashes hashes_of_correct(const JsonObject& cases) {
    BlockHashes out;
    for (const auto& [name, vector] : cases) {
        const auto bytes = decode_hex(rpc::find_text(vector, "header_data").value_or(""));
        if (!bytes || is_incorrect(name)) continue;
        const auto header = eth::decode_header(*bytes);
        if (header) out.emplace(header->number.value, eth::hash_of(*header));
    }
    return out;
}

void judge_slot(Case& judged, const Json& vector, const BlockHashes& hashes) {
    const auto header = judged.take("header", eth::decode_header(judged.bytes(vector, "header_data")));
    if (!header) return;
    Result<void, Step> answer = check_slot(judged, vector, *header);
    if (!judged.is_ok()) return;
    if (!is_incorrect(judged.name())) {
        judged.expect_ok("proof", answer);
        return;
    }
    const auto [first, last] = hashes.equal_range(header->number.value);
    const Hash32 hash = eth::hash_of(*header);
    const bool is_known = std::any_of(first, last, [&](const auto& entry) { return entry.second == hash; });
    const std::vector<Step> expected = expected_steps(judged.name());
    if (answer && !is_known && first != last) answer = std::unexpected(Step::kHeader);
    if (answer && first == last &&
        std::find(expected.begin(), expected.end(), Step::kHeader) != expected.end()) {
        return judged.skip("no correct case of the same block to know the header's hash from");
    }
    judged.expect_error("proof", answer, expected);
}

/// {name: {header_data, account_proof, contract_address, expected_account_state, storage_key_hash,
/// storage_proof, expected_storage_value}}; names with "Incorrect" must fail.
void judge_slots(Report& report, const VectorFile& file) {
    const BlockHashes hashes = hashes_of_correct(file.json.get_object());
    for (const auto& [name, vector] : file.json.get_object()) {
        Case judged(report, file.name, std::string(name));
        judge_slot(judged, vector, hashes);
    }
}

}  // namespace

void run_state_proofs(const std::filesystem::path& folder, Report& report) {
    judge_files(folder, report, [&](const VectorFile& file) {
        if (is_list_of(file.json, {"stateRoot", "address", "accountProof"})) {
            for (const Json& vector : file.json.get_array()) {
                const auto address = rpc::find_text(vector, "address");
                Case judged(report, file.name, std::string(address.value_or("without address")));
                judge_get_proof(judged, vector);
            }
        } else if (is_map_of(file.json, {"header_data", "account_proof", "storage_proof"})) {
            judge_slots(report, file);
        } else {
            return false;
        }
        return true;
    });
}

}  // namespace butter::selftest
