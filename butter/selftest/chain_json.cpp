// SPDX-License-Identifier: Apache-2.0
#include "butter/selftest/chain_json.hpp"

#include <algorithm>

#include "butter/codec/rlp.hpp"
#include "butter/crypto/keccak.hpp"
#include "butter/selftest/files.hpp"

namespace butter::selftest {

eth::Header header_of(Case& judged, const Json& block) {
    eth::Header out{.parent_hash = judged.hash(block, "parentHash"),
                    .ommers_hash = judged.hash(block, "sha3Uncles"),
                    .beneficiary = judged.fixed<20>(block, "miner"),
                    .state_root = judged.hash(block, "stateRoot"),
                    .transactions_root = judged.hash(block, "transactionsRoot"),
                    .receipts_root = judged.hash(block, "receiptsRoot"),
                    .bloom = judged.fixed<256>(block, "logsBloom"),
                    .difficulty = judged.number(block, "difficulty"),
                    .number = BlockNumber{judged.u64(block, "number")},
                    .gas_limit = judged.u64(block, "gasLimit"),
                    .gas_used = judged.u64(block, "gasUsed"),
                    .timestamp = UnixSeconds{judged.u64(block, "timestamp")},
                    .extra_data = judged.bytes(block, "extraData"),
                    .mix_hash = judged.hash(block, "mixHash"),
                    .nonce = judged.fixed<8>(block, "nonce")};
    // Each fork added to the fields of the one before.
    constexpr std::string_view kLaterFields[] = {"baseFeePerGas", "withdrawalsRoot",       "blobGasUsed",
                                                 "excessBlobGas", "parentBeaconBlockRoot", "requestsHash"};
    const auto has = [&](std::string_view key) { return rpc::find_member(block, key) != nullptr; };
    if (!std::is_partitioned(std::begin(kLaterFields), std::end(kLaterFields), has)) {
        judged.fail("header with a field of a fork but not of the one before");
        return out;
    }
    if (has("baseFeePerGas")) out.base_fee = judged.number(block, "baseFeePerGas");
    if (has("withdrawalsRoot")) out.withdrawals_root = judged.hash(block, "withdrawalsRoot");
    if (has("blobGasUsed")) out.blob_gas_used = judged.u64(block, "blobGasUsed");
    if (has("excessBlobGas")) out.excess_blob_gas = judged.u64(block, "excessBlobGas");
    if (has("parentBeaconBlockRoot")) {
        out.parent_beacon_block_root = judged.hash(block, "parentBeaconBlockRoot");
    }
    if (has("requestsHash")) out.requests_hash = judged.hash(block, "requestsHash");
    return out;
}

eth::Receipt receipt_of(Case& judged, const Json& receipt) {
    eth::Receipt out;
    if (has_members(receipt, {"type"})) {
        const std::uint64_t type = judged.u64(receipt, "type");
        judged.expect(type <= static_cast<std::uint64_t>(eth::EnvelopeType::kSetCode), "type: unknown");
        if (judged.is_ok()) out.type = static_cast<eth::EnvelopeType>(type);
    }
    if (has_members(receipt, {"status"})) {
        out.is_success = judged.u64(receipt, "status") == 1;
    } else {
        out.post_state = judged.hash(receipt, "root");
    }
    out.cumulative_gas_used = judged.u64(receipt, "cumulativeGasUsed");
    out.bloom = judged.fixed<256>(receipt, "logsBloom");
    for (const Json& log : judged.array(receipt, "logs")) {
        eth::Log& added = out.logs.emplace_back();
        added.address = judged.fixed<20>(log, "address");
        for (const Json& topic : judged.array(log, "topics")) {
            added.topics.push_back(judged.fixed_of<32>(topic, "topics"));
        }
        added.data = judged.bytes(log, "data");
    }
    return out;
}

std::optional<eth::Receipt> expect_receipt(Case& judged, BytesView encoded) {
    auto receipt = judged.take("receipt", eth::decode_receipt(encoded));
    if (!receipt) return std::nullopt;
    judged.expect_equal("receipt written again", eth::encode_receipt(*receipt), encoded);
    judged.expect_equal("bloom", eth::bloom_of(receipt->logs), receipt->bloom);
    return receipt;
}

void expect_proof(Case& judged, std::string_view what, const Hash32& root, BytesView key,
                  const std::vector<Bytes>& nodes, BytesView value) {
    if (!judged.is_ok()) return;
    if (const auto found = judged.take(what, trie::verify_proof(root, key, nodes))) {
        judged.expect_equal(what, *found, value);
    }
    if (key.empty()) return;
    Bytes other = to_bytes(key);
    other[0] ^= 0x10;
    judged.expect(!trie::verify_proof(root, other, nodes).has_value(),
                  std::string(what) + ": proves the value of another key");
}

std::optional<trie::Trie> expect_list_root(Case& judged, std::string_view what,
                                           const std::vector<Bytes>& values, BytesView root) {
    for (const Bytes& value : values) judged.expect(!value.empty(), std::string(what) + ": an empty value");
    if (!judged.is_ok()) return std::nullopt;
    auto trie = trie::make_list_trie(values);
    judged.expect_equal(what, trie.root(), root);
    return trie;
}

std::optional<Account> expect_account(Case& judged, const Hash32& state_root, BytesView address,
                                      const std::vector<Bytes>& nodes) {
    if (!judged.is_ok()) return std::nullopt;
    const auto bytes =
        judged.take("account proof", trie::verify_proof(state_root, crypto::keccak256(address), nodes));
    if (!bytes) return std::nullopt;
    const auto read = [&]() -> Result<Account, codec::RlpError> {
        TRY(codec::RlpReader fields, codec::decode_rlp_list(*bytes));
        Account out;
        TRY(out.nonce, fields.next_uint256());
        TRY(out.balance, fields.next_uint256());
        TRY(out.storage_root, fields.next_fixed<32>());
        TRY(out.code_hash, fields.next_fixed<32>());
        TRY_VOID(fields.finish());
        return out;
    };
    return judged.take("account", read());
}

void expect_account_fields(Case& judged, const Account& account, const Json& expected) {
    judged.expect_equal("nonce", account.nonce, judged.number(expected, "nonce"));
    judged.expect_equal("balance", account.balance, judged.number(expected, "balance"));
    judged.expect_equal("storageHash", account.storage_root, judged.bytes(expected, "storageHash"));
    judged.expect_equal("codeHash", account.code_hash, judged.bytes(expected, "codeHash"));
}

void expect_slot(Case& judged, const Hash32& storage_root, const Hash32& slot,
                 const std::vector<Bytes>& nodes, const Uint256& value) {
    if (!judged.is_ok()) return;
    const auto found = judged.take(
        "slot proof", trie::verify_proof_or_absence(storage_root, crypto::keccak256(slot), nodes));
    if (!found) return;
    if (!*found) {
        judged.expect(value.is_zero(), "slot: proven absent, expected " + to_quantity(value));
        return;
    }
    codec::RlpReader reader(**found);
    const auto number = judged.take("slot", reader.next_uint256());
    judged.expect_ok("slot", reader.finish());
    if (!number) return;
    // The trie holds no zeros.
    judged.expect(!number->is_zero(), "slot: zero in the trie");
    judged.expect_equal("slot", *number, value);
}

void expect_get_proof(Case& judged, const Hash32& state_root, const Json& answer) {
    const auto account = expect_account(judged, state_root, judged.fixed<20>(answer, "address"),
                                        judged.bytes_list(answer, "accountProof"));
    if (!account) return;
    // eth_getProof has the account's fields beside the proofs; the vectors put them together.
    const Json* fields = rpc::find_member(answer, "account");
    expect_account_fields(judged, *account, fields != nullptr ? *fields : answer);
    const bool is_answer = rpc::find_member(answer, "storageProof") != nullptr;
    for (const Json& slot : judged.array(answer, is_answer ? "storageProof" : "storage")) {
        const Json* exists = rpc::find_member(slot, "exists");
        const Json& value = judged.member(slot, "value");
        const Uint256 expected = value.is_null() ? Uint256{} : judged.number_of(value, "value");
        if (exists != nullptr) {
            judged.expect(judged.boolean(slot, "exists") != expected.is_zero(),
                          "value and exists do not agree");
        }
        expect_slot(judged, account->storage_root, to_big_endian(judged.number(slot, "key")),
                    judged.bytes_list(slot, "proof"), expected);
    }
}

}  // namespace butter::selftest
