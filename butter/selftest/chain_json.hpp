// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "butter/eth/header.hpp"
#include "butter/eth/receipt.hpp"
#include "butter/selftest/case.hpp"
#include "butter/trie/trie.hpp"

/// What several sets have in common: objects of execution chains as JSON-RPC shows them, and proofs in their
/// tries.
namespace butter::selftest {

/// A header from the fields of a block.
eth::Header header_of(Case& judged, const Json& block);
/// A receipt: type, status or root, cumulativeGasUsed, logsBloom, logs.
eth::Receipt receipt_of(Case& judged, const Json& receipt);

/// Reads a receipt, writes it again and recomputes its bloom.
std::optional<eth::Receipt> expect_receipt(Case& judged, BytesView encoded);
/// `nodes` prove `value` at `key`; the same nodes prove nothing at another key.
void expect_proof(Case& judged, std::string_view what, const Hash32& root, BytesView key,
                  const std::vector<Bytes>& nodes, BytesView value);

/// The trie of a block's list, whose root must be `root`. Absent, with a complaint, when there can be none.
std::optional<trie::Trie> expect_list_root(Case& judged, std::string_view what,
                                           const std::vector<Bytes>& values, BytesView root);

struct Account {
    Uint256 nonce;
    Uint256 balance;
    Hash32 storage_root;
    Hash32 code_hash;
};
/// The account at `address`, proven under `state_root`; absent with a complaint.
std::optional<Account> expect_account(Case& judged, const Hash32& state_root, BytesView address,
                                      const std::vector<Bytes>& nodes);
/// Compares with {nonce, balance, storageHash, codeHash}.
void expect_account_fields(Case& judged, const Account& account, const Json& expected);
/// `nodes` prove that the slot has `value`; zero is proven by absence.
void expect_slot(Case& judged, const Hash32& storage_root, const Hash32& slot,
                 const std::vector<Bytes>& nodes, const Uint256& value);

/// An answer of eth_getProof, or the same with `storage` for `storageProof`, against the state.
void expect_get_proof(Case& judged, const Hash32& state_root, const Json& answer);

}  // namespace butter::selftest
