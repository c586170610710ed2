// SPDX-License-Identifier: Apache-2.0
// What the light client of an ethereum chain refuses, each for its own reason.
#include <algorithm>

#include "butter/chain/prove_logs.hpp"
#include "butter/eth/header.hpp"
#include "butter/trie/trie.hpp"
#include "chains/ethereum/proof.hpp"
#include "chains/ethereum/sealer.hpp"
#include "test/e2e/attack.hpp"

namespace butter::e2e {
namespace {

using codec::AbiValue;

constexpr std::string_view kProofType = "(bytes[],bytes[],bytes[],bytes[],(uint64,bytes[],uint16[])[])";
constexpr std::string_view kUpdateType =
    "((uint64,uint64,bytes32,bytes32,bytes32),(uint64,uint64,bytes32,bytes32,bytes32),bytes32[],bytes32,"
    "bytes32[],bytes32,bytes32[],uint64,bytes32[2],bytes,bytes,bytes32,(bytes,bytes32[])[])";

// Places in EthereumProof and SyncUpdate (docs/proof-formats.md).
constexpr std::size_t kUpdates = 0;
constexpr std::size_t kHeaders = 1;
constexpr std::size_t kHistoryAccount = 2;
constexpr std::size_t kHistoryStorage = 3;
constexpr std::size_t kReceipts = 4;
constexpr std::size_t kAttested = 0;
constexpr std::size_t kFinalized = 1;
constexpr std::size_t kFinalityBranch = 2;
constexpr std::size_t kExecutionHash = 3;
constexpr std::size_t kExecutionBranch = 4;
constexpr std::size_t kNextCommittee = 5;
constexpr std::size_t kNextCommitteeBranch = 6;
constexpr std::size_t kSignatureSlot = 7;
constexpr std::size_t kBits = 8;
constexpr std::size_t kSignature = 9;
constexpr std::size_t kAggregateKey = 10;
constexpr std::size_t kPubkeysRoot = 11;
constexpr std::size_t kAbsent = 12;

constexpr std::size_t kCommitteeSize = 512;

bool has_member(const AbiValue& bits, std::size_t member) {
    return (bits[member / 256].as_word()[member % 256 / 8] >> (member % 8) & 1) != 0;
}
Edit with_member(std::size_t member, bool is_present) {
    return [=](const AbiValue& bits) {
        return edited(bits, {member / 256}, [=](const AbiValue& word) {
            Hash32 changed = word.as_word();
            const auto bit = static_cast<std::uint8_t>(1u << (member % 8));
            std::uint8_t& byte = changed[member % 256 / 8];
            byte = static_cast<std::uint8_t>(is_present ? byte | bit : byte & ~bit);
            return AbiValue::word(changed);
        });
    };
}
/// Lowest member that signed, or did not.
std::size_t find_member(const AbiValue& bits, bool is_present) {
    std::size_t member = 0;
    while (member < kCommitteeSize && has_member(bits, member) != is_present) ++member;
    return member;
}

/// A block proven by an update that the client does not know yet.
struct FreshProof {
    SentMessage message;
    AbiValue proof;
    AbiValue update;  ///< the newest one that it carries
};
Address receiver() { return Address{{0x11, 0x22, 0x33}}; }
FreshProof make_fresh_proof() {
    // The update of a period that has just begun may already bring the block: then with another message.
    for (int attempt = 0; attempt < 10; ++attempt) {
        FreshProof out;
        out.message = world().send("A", "B", message_to(receiver(), {}));
        const chain::Proof proof = prove_inbound("A", out.message.position);
        out.proof = decode_as(kProofType, proof.bytes);
        const std::size_t updates = out.proof[kUpdates].size();
        if (updates == 0) continue;
        out.update = decode_as(kUpdateType, out.proof[kUpdates][updates - 1].as_bytes());
        return out;
    }
    throw std::runtime_error("proofs of new blocks carry no update");
}
Bytes with_update(const FreshProof& fresh, const AbiValue& update) {
    const std::size_t last = fresh.proof[kUpdates].size() - 1;
    return codec::encode_abi(
        {edited(fresh.proof, {kUpdates, last}, to(AbiValue::bytes(codec::encode_abi({update}))))});
}

TEST(attack_ethereum, every_alteration_of_an_update_has_its_error) {
    const Bytes other_signature = make_fresh_proof().update[kSignature].as_bytes();
    const FreshProof fresh = make_fresh_proof();
    ASSERT_FALSE(offer_inbound("A", codec::encode_abi({fresh.proof})).is_refused);
    ASSERT_NE(other_signature, fresh.update[kSignature].as_bytes());
    ASSERT_EQ(fresh.update[kAbsent].size(), kAbsentMembers);
    const AbiValue& bits = fresh.update[kBits];
    const std::size_t present = find_member(bits, true);
    const std::size_t absent = find_member(bits, false);
    const AbiValue attested_slot = fresh.update[kAttested][0];
    // Who is said to be absent takes the next absent member's entry, or there is none left for it.
    bool has_later_absent = false;
    for (std::size_t i = present; i < kCommitteeSize; ++i) has_later_absent |= !has_member(bits, i);
    const std::string_view wrong_absent =
        has_later_absent ? "AbsentMemberNotProven(uint256)" : "AbsentMembersWrong(uint256,uint256)";

    const std::vector<Attack> attacks{
        {"attested proposer", {kAttested, 1}, flipped, "SignatureInvalid()"},
        {"attested parent", {kAttested, 2}, flipped, "SignatureInvalid()"},
        {"attested state", {kAttested, 3}, flipped, "FinalityNotProven()"},
        {"attested body", {kAttested, 4}, flipped, "SignatureInvalid()"},
        {"attested after its signature",
         {kAttested, 0},
         to(fresh.update[kSignatureSlot]),
         "SlotsNotOrdered(uint64,uint64,uint64)"},
        {"finalized after attested",
         {kFinalized, 0},
         to(fresh.update[kSignatureSlot]),
         "SlotsNotOrdered(uint64,uint64,uint64)"},
        {"finalized proposer", {kFinalized, 1}, flipped, "FinalityNotProven()"},
        {"finalized parent", {kFinalized, 2}, flipped, "FinalityNotProven()"},
        {"finalized state", {kFinalized, 3}, flipped, "FinalityNotProven()"},
        {"finalized body", {kFinalized, 4}, flipped, "FinalityNotProven()"},
        {"finality branch", {kFinalityBranch, 0}, flipped, "FinalityNotProven()"},
        {"finality branch's last node",
         {kFinalityBranch, fresh.update[kFinalityBranch].size() - 1},
         flipped,
         "FinalityNotProven()"},
        {"finality branch too short", {kFinalityBranch}, shortened, "BranchLength(uint256,uint256)"},
        {"finality branch too long", {kFinalityBranch}, lengthened, "BranchLength(uint256,uint256)"},
        {"execution hash", {kExecutionHash}, flipped, "ExecutionNotProven()"},
        {"execution branch", {kExecutionBranch, 2}, flipped, "ExecutionNotProven()"},
        {"execution branch too short", {kExecutionBranch}, shortened, "BranchLength(uint256,uint256)"},
        {"a next committee without a branch",
         {kNextCommittee},
         flipped,
         fresh.update[kNextCommitteeBranch].size() == 0 ? "BranchLength(uint256,uint256)"
                                                        : "NextCommitteeNotProven()"},
        {"signed no later than attested",
         {kSignatureSlot},
         to(attested_slot),
         "SlotsNotOrdered(uint64,uint64,uint64)"},
        {"signed in a far period",
         {kSignatureSlot},
         [](const AbiValue& slot) { return AbiValue::number(slot.as_u64() + 100'000); },
         "CommitteeUnknown(uint64)"},
        {"signer said to be absent", {kBits}, with_member(present, false), wrong_absent},
        {"absent member said to have signed",
         {kBits},
         with_member(absent, true),
         "AbsentMemberNotProven(uint256)"},
        {"nobody signed",
         {kBits},
         to(AbiValue::tuple({AbiValue::word(Hash32{}), AbiValue::word(Hash32{})})),
         wrong_absent},
        {"another signature", {kSignature}, to(AbiValue::bytes(other_signature)), "SignatureInvalid()"},
        {"signature that is no point", {kSignature}, flipped, "BlsPrecompileFailed(address)"},
        {"no signature", {kSignature}, to(AbiValue::bytes(Bytes(256))), "BlsInfinity()"},
        {"signature too short",
         {kSignature},
         to(AbiValue::bytes(Bytes(255))),
         "BlsWrongSize(uint256,uint256)"},
        {"another aggregate key",
         {kAggregateKey},
         to(fresh.update[kAbsent][0][0]),
         "CommitteeMismatch(bytes32,bytes32)"},
        {"root of other keys", {kPubkeysRoot}, flipped, "CommitteeMismatch(bytes32,bytes32)"},
        {"absent member of another key",
         {kAbsent, 0, 0},
         to(fresh.update[kAggregateKey]),
         "AbsentMemberNotProven(uint256)"},
        {"absent member's branch", {kAbsent, 0, 1, 0}, flipped, "AbsentMemberNotProven(uint256)"},
        {"absent member's branch too short", {kAbsent, 0, 1}, shortened, "BranchLength(uint256,uint256)"},
        {"no absent members", {kAbsent}, to(AbiValue::array({})), "AbsentMembersWrong(uint256,uint256)"},
        {"an absent member too few", {kAbsent}, shortened, "AbsentMembersWrong(uint256,uint256)"},
        {"an absent member too many", {kAbsent}, lengthened, "AbsentMembersWrong(uint256,uint256)"},
    };
    for (const Attack& attack : attacks) {
        SCOPED_TRACE(attack.name);
        const AbiValue altered = edited(fresh.update, attack.path, attack.edit);
        ASSERT_NE(altered, fresh.update);
        EXPECT_TRUE(is_error(offer_inbound("A", with_update(fresh, altered)), attack.error));
        // The same as an update of its own.
        EXPECT_TRUE(is_error(world().try_call("R", world().client("A", "R"),
                                              service::encode_client_update(codec::encode_abi({altered}))),
                             attack.error));
    }
    // With the entry of the absent member taken out as well, the count fits and the sum of keys does not.
    AbiValue altered = edited(fresh.update, {kBits}, with_member(absent, true));
    altered = edited(altered, {kAbsent}, [](const AbiValue& value) {
        std::vector<AbiValue> rest;
        for (std::size_t i = 1; i < value.size(); ++i) rest.push_back(value[i]);
        return AbiValue::array(std::move(rest));
    });
    EXPECT_TRUE(is_error(offer_inbound("A", with_update(fresh, altered)), "SignatureInvalid()"));
}

TEST(attack_ethereum, another_next_committee_than_the_signed_one_is_refused) {
    catch_up("A", "R");
    std::vector<chain::Update> updates;
    world().await("a period that the client lacks", [&] {
        updates = must(world().run(world().chain("A").source->fetch_updates(client_state("A", "R"))));
        return !updates.empty();
    });
    const AbiValue update = decode_as(kUpdateType, updates.front().bytes);
    const auto offer = [](const AbiValue& value) {
        return world().try_call("R", world().client("A", "R"),
                                service::encode_client_update(codec::encode_abi({value})));
    };
    EXPECT_FALSE(offer(update).is_refused);
    EXPECT_TRUE(is_error(offer(edited(update, {kNextCommittee}, flipped)), "NextCommitteeNotProven()"));
    EXPECT_TRUE(
        is_error(offer(edited(update, {kNextCommitteeBranch, 0}, flipped)), "NextCommitteeNotProven()"));
}

/// The newest update of A's beacon chain that `participants` members signed, encoded for the client.
Bytes await_update_signed_by(std::size_t participants) {
    Bytes out;
    world().await("an update signed by " + std::to_string(participants), [&] {
        out = world().with_devnet([participants](devnet::Devnet& devnet) -> Bytes {
            ethereum::Sealer& sealer = devnet.sealer_a();
            const auto& update = sealer.last_update();
            if (!update || !update->finalized || !update->finalized->execution) return {};
            if (update->aggregate.bits.count() != participants) return {};
            const std::uint64_t period = sealer.network().period_of(update->signature_slot);
            return ethereum::encode_sync_update(sealer.network(), *update,
                                                sealer.committee(period).committee);
        });
        return !out.empty();
    });
    return out;
}

TEST(attack_ethereum, two_thirds_less_one_are_refused) {
    const auto set_absent = [](std::size_t count) {
        world().with_devnet([count](devnet::Devnet& devnet) { devnet.sealer_a().set_absent(count); });
    };
    // 342 of 512 are two thirds; 341 are not.
    for (const std::size_t participants : {341u, 342u}) {
        set_absent(kCommitteeSize - participants);
        bool was_news = false;
        // The client ignores what is no news to it, and wants the committee of the period before first.
        world().await("an update that is news", [&] {
            catch_up("A", "R");
            const Bytes update = await_update_signed_by(participants);
            const AbiValue value = decode_as(kUpdateType, update);
            const auto state = ethereum::decode_state(client_state("A", "R"));
            if (value[kFinalized][0].as_u64() <= state->finalized_slot.value) return false;
            const Refusal refusal =
                world().try_call("R", world().client("A", "R"), service::encode_client_update(update));
            if (participants == 341) {
                EXPECT_TRUE(is_error(refusal, "ParticipationTooLow(uint256,uint256)"));
            } else {
                EXPECT_FALSE(refusal.is_refused) << refusal.text;
            }
            was_news = true;
            return true;
        });
        EXPECT_TRUE(was_news);
    }
    set_absent(kAbsentMembers);
}

TEST(attack_ethereum, an_unfinalised_block_is_refused) {
    const FreshProof fresh = make_fresh_proof();
    // Final, but this client has not seen that.
    const AbiValue without_updates = edited(fresh.proof, {kUpdates}, to(AbiValue::array({})));
    EXPECT_TRUE(
        is_error(offer_inbound("A", codec::encode_abi({without_updates})), "BlockNotFinalized(bytes32)"));

    // The newest block, with true receipts, and an update that makes an older one final.
    const SentMessage message = world().send("A", "B", message_to(receiver(), {}));
    const auto header =
        must(world().run(world().chain("A").api.fetch_header(rpc::BlockId::number(message.position.block))));
    const auto receipts =
        must(world().run(world().chain("A").api.fetch_block_receipts(message.position.block)));
    const auto values = chain::encode_receipts(receipts);
    const trie::Trie trie = trie::make_list_trie(values);
    ASSERT_EQ(trie.root(), header->header.receipts_root);
    std::vector<AbiValue> proofs;
    for (const auto& proof : must(chain::prove_logs(trie, receipts, {message.position})))
        proofs.push_back(proof::to_abi(proof));
    AbiValue forged = edited(fresh.proof, {kHeaders},
                             to(AbiValue::array({AbiValue::bytes(eth::encode_header(header->header))})));
    forged = edited(forged, {kHistoryAccount}, to(AbiValue::array({})));
    forged = edited(forged, {kHistoryStorage}, to(AbiValue::array({})));
    forged = edited(forged, {kReceipts}, to(AbiValue::array(proofs)));
    EXPECT_TRUE(is_error(offer_inbound("A", codec::encode_abi({forged})), "BlockNotFinalized(bytes32)"));
}

/// Proofs without updates, under a final block that the client keeps.
struct AnchoredProofs {
    AbiValue by_headers;
    AbiValue by_history;
};
AnchoredProofs make_anchored_proofs() {
    std::vector<SentMessage> messages;
    const auto newest_final = [] {
        return must(world().run(world().chain("A").source->fetch_final_block()));
    };
    // Enough blocks with a message that some are near the client's final block and some far behind it.
    do {
        messages.push_back(world().send("A", "B", message_to(receiver(), {})));
        if (messages.size() > 400) throw std::runtime_error("finality does not come");
    } while (newest_final() < BlockNumber{messages.front().position.block.value + 24});
    const auto final_message =
        std::find_if(messages.rbegin(), messages.rend(),
                     [&](const SentMessage& message) { return message.position.block <= newest_final(); });
    const chain::Proof anchoring = prove_inbound("A", final_message->position);
    world().transact("R", world().service("R"),
                     service::encode_relay_transfer_in(world().id("A"), anchoring.bytes));
    std::optional<AnchoredProofs> out;
    std::optional<AbiValue> by_headers;
    std::optional<AbiValue> by_history;
    for (auto it = final_message; it != messages.rend() && !(by_headers && by_history); ++it) {
        const chain::Proof proof =
            must(world().run(world().chain("A").source->fetch_proof({it->position}, client_state("A", "R"))));
        AbiValue value = decode_as(kProofType, proof.bytes);
        if (value[kUpdates].size() != 0) continue;
        if (value[kHistoryAccount].size() != 0) {
            by_history = std::move(value);
        } else if (value[kHeaders].size() >= 2) {
            by_headers = std::move(value);
        }
    }
    if (!by_headers || !by_history) throw std::runtime_error("no proof of each kind");
    return {*std::move(by_headers), *std::move(by_history)};
}

TEST(attack_ethereum, every_alteration_of_an_older_blocks_proof_has_its_error) {
    const AnchoredProofs good = make_anchored_proofs();
    ASSERT_FALSE(offer_inbound("A", codec::encode_abi({good.by_headers})).is_refused);
    ASSERT_FALSE(offer_inbound("A", codec::encode_abi({good.by_history})).is_refused);
    const auto without_first = [](const AbiValue& value) {
        std::vector<AbiValue> rest;
        for (std::size_t i = 1; i < value.size(); ++i) rest.push_back(value[i]);
        return AbiValue::array(std::move(rest));
    };
    const std::vector<Attack> by_headers{
        {"final header", {kHeaders, 0}, flipped, "BlockNotFinalized(bytes32)"},
        {"its parent", {kHeaders, 1}, flipped, "ParentMismatch(uint256)"},
        {"without the final header", {kHeaders}, without_first, "BlockNotFinalized(bytes32)"},
        {"one header too few", {kHeaders}, shortened, "TrieHashMismatch(uint256)"},
        {"one header twice", {kHeaders}, lengthened, "ParentMismatch(uint256)"},
        {"no headers", {kHeaders}, to(AbiValue::array({})), "NoHeaders()"},
        {"a history where none is",
         {kHistoryAccount},
         to(AbiValue::array({AbiValue::bytes(as_bytes("x"))})),
         good.by_headers[kHeaders].size() == 2 ? "TrieHashMismatch(uint256)" : "TooManyHeaders(uint256)"},
        {"trie node", {kReceipts, 0, 1, 0}, flipped, "TrieHashMismatch(uint256)"},
        {"a trie node twice", {kReceipts, 0, 1}, lengthened, "TrieUnusedNodes(uint256,uint256)"},
        {"no trie nodes", {kReceipts, 0, 1}, to(AbiValue::array({})), "TrieMissingNode()"},
        {"transaction index", {kReceipts, 0, 0}, to(AbiValue::number(99)), "TrieKeyMismatch()"},
        {"log index", {kReceipts, 0, 2, 0}, flipped, "LogIndexOutOfRange(uint16,uint256)"},
        {"log index twice", {kReceipts, 0, 2}, lengthened, "LogIndexesNotAscending(uint16)"},
        {"no log index", {kReceipts, 0, 2}, to(AbiValue::array({})), "NoLogIndexes()"},
        {"no receipt", {kReceipts}, to(AbiValue::array({})), "NoReceipts()"},
    };
    for (const Attack& attack : by_headers) {
        SCOPED_TRACE(attack.name);
        EXPECT_TRUE(is_error(
            offer_inbound("A", codec::encode_abi({edited(good.by_headers, attack.path, attack.edit)})),
            attack.error));
    }
    const std::size_t last = good.by_history[kHistoryStorage].size() - 1;
    const std::vector<Attack> by_history{
        {"final header", {kHeaders, 0}, flipped, "BlockNotFinalized(bytes32)"},
        {"target header", {kHeaders, 1}, flipped, "HistoryMismatch(bytes32,bytes32)"},
        {"a third header", {kHeaders}, lengthened, "TooManyHeaders(uint256)"},
        {"no history", {kHistoryAccount}, to(AbiValue::array({})), "TrieMissingNode()"},
        {"account node", {kHistoryAccount, 0}, flipped, "TrieHashMismatch(uint256)"},
        {"storage node", {kHistoryStorage, last}, flipped, "TrieHashMismatch(uint256)"},
        {"no storage", {kHistoryStorage}, to(AbiValue::array({})), "TrieMissingNode()"},
        {"receipt", {kReceipts, 0, 1, 0}, flipped, "TrieHashMismatch(uint256)"},
    };
    for (const Attack& attack : by_history) {
        SCOPED_TRACE(attack.name);
        EXPECT_TRUE(is_error(
            offer_inbound("A", codec::encode_abi({edited(good.by_history, attack.path, attack.edit)})),
            attack.error));
    }
}

TEST(attack_ethereum, a_proof_of_another_chain_is_refused) {
    catch_up("B", "R");
    const FreshProof fresh = make_fresh_proof();
    // A's committees sign for A alone: their updates say nothing to the client of B.
    EXPECT_TRUE(
        is_error(offer_inbound("B", codec::encode_abi({fresh.proof})), "CommitteeMismatch(bytes32,bytes32)"));
    const AbiValue without_updates = edited(fresh.proof, {kUpdates}, to(AbiValue::array({})));
    EXPECT_TRUE(
        is_error(offer_inbound("B", codec::encode_abi({without_updates})), "BlockNotFinalized(bytes32)"));
    EXPECT_TRUE(is_error(
        world().try_call("R", world().service("R"),
                         service::encode_relay_transfer_in(ChainId{999}, codec::encode_abi({fresh.proof}))),
        "UnknownOrigin(uint64)"));
}

}  // namespace
}  // namespace butter::e2e
