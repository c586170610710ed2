// SPDX-License-Identifier: Apache-2.0
// What the light client of an ethereum chain refuses, each for its own reason.
#include <algorithm>
#include <bit>
#include <functional>

#include "butter/chain/prove_logs.hpp"
#include "butter/eth/header.hpp"
#include "butter/trie/trie.hpp"
#include "chains/ethereum/proof.hpp"
#include "chains/ethereum/sealer.hpp"
#include "test/e2e/attack.hpp"

namespace butter::e2e {
namespace {

using codec::AbiValue;

constexpr std::string_view kProofType =
    "(bytes[],uint64,bytes[],bytes[],bytes[],(uint64,bytes[],uint16[])[])";

// Places in EthereumProof, and in an update (docs/proof-formats.md).
constexpr std::size_t kUpdates = 0;
constexpr std::size_t kAnchorSlot = 1;
constexpr std::size_t kHeaders = 2;
constexpr std::size_t kHistoryAccount = 3;
constexpr std::size_t kHistoryStorage = 4;
constexpr std::size_t kReceipts = 5;
constexpr std::size_t kSignatureSlot = 0;
constexpr std::size_t kAttestedSlot = 8;
constexpr std::size_t kAttestedProposer = 16;
constexpr std::size_t kFinalizedSlot = 24;
constexpr std::size_t kFinalizedProposer = 32;
constexpr std::size_t kAttestedParent = 40;
constexpr std::size_t kAttestedBody = 72;
constexpr std::size_t kFinalizedParent = 104;
constexpr std::size_t kFinalizedState = 136;
constexpr std::size_t kExecutionHash = 168;
constexpr std::size_t kNextCommittee = 200;
constexpr std::size_t kParticipation = 232;
constexpr std::size_t kSignature = 296;
constexpr std::size_t kAggregateKey = 488;
constexpr std::size_t kHeadBytes = 584;
constexpr std::size_t kSlotBytes = 8;
constexpr std::size_t kSignatureBytes = 192;
constexpr std::size_t kKeyBytes = 96;
constexpr std::size_t kNodeBytes = 32;

constexpr std::size_t kCommitteeSize = 512;

std::uint8_t& byte_of(Bytes& update, std::size_t member) {
    return update.at(kParticipation + member / 256 * 32 + 31 - member % 256 / 8);
}
bool has_signed(Bytes update, std::size_t member) {
    return (byte_of(update, member) >> (member % 8) & 1) != 0;
}
/// Lowest member that signed, or did not.
std::size_t find_member(const Bytes& update, bool is_present) {
    std::size_t member = 0;
    while (member < kCommitteeSize && has_signed(update, member) != is_present) ++member;
    return member;
}
std::uint64_t slot_at(const Bytes& update, std::size_t at) {
    std::uint64_t slot = 0;
    for (std::size_t i = 0; i < kSlotBytes; ++i) slot = slot << 8 | update.at(at + i);
    return slot;
}
/// Where the absent members' keys begin: behind the branches.
std::size_t keys_of(const Bytes& update, std::size_t absent) {
    const auto network =
        world().with_devnet([](devnet::Devnet& devnet) { return devnet.sealer_a().network(); });
    const auto depth = [](std::uint64_t gindex) {
        return static_cast<std::size_t>(std::bit_width(gindex)) - 1;
    };
    const ethereum::Fork& attested = network.fork_at(Slot{slot_at(update, kAttestedSlot)});
    const ethereum::Fork& finalized = network.fork_at(Slot{slot_at(update, kFinalizedSlot)});
    std::size_t nodes = depth(ethereum::block_hash_gindex(finalized)) + depth(attested.finalized_root_gindex);
    const auto next = BytesView(update).subspan(kNextCommittee, kNodeBytes);
    if (std::any_of(next.begin(), next.end(), [](std::uint8_t byte) { return byte != 0; })) {
        nodes += depth(attested.next_committee_gindex);
    }
    const std::size_t keys = kHeadBytes + kNodeBytes * nodes;
    if (update.size() < keys + kKeyBytes * absent) throw std::runtime_error("the update is too short");
    return keys;
}

using ByteEdit = std::function<void(Bytes&)>;
ByteEdit flip(std::size_t at) {
    return [=](Bytes& update) { update.at(at) ^= 1; };
}
ByteEdit put(std::size_t at, Bytes value) {
    return [=](Bytes& update) {
        std::copy(value.begin(), value.end(), update.begin() + static_cast<std::ptrdiff_t>(at));
    };
}
ByteEdit take_out(std::size_t at, std::size_t size) {
    return [=](Bytes& update) {
        const auto begin = update.begin() + static_cast<std::ptrdiff_t>(at);
        update.erase(begin, begin + static_cast<std::ptrdiff_t>(size));
    };
}
Bytes part(const Bytes& update, std::size_t at, std::size_t size) {
    return to_bytes(BytesView(update).subspan(at, size));
}

/// A block proven by an update that the client does not know yet.
struct FreshProof {
    SentMessage message;
    AbiValue proof;
    Bytes update;  ///< the newest one that it carries
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
        out.update = out.proof[kUpdates][updates - 1].as_bytes();
        return out;
    }
    throw std::runtime_error("proofs of new blocks carry no update");
}
Bytes with_update(const FreshProof& fresh, const Bytes& update) {
    const std::size_t last = fresh.proof[kUpdates].size() - 1;
    return codec::encode_abi({edited(fresh.proof, {kUpdates, last}, to(AbiValue::bytes(update)))});
}

TEST(attack_ethereum, every_alteration_of_an_update_has_its_error) {
    const Bytes other = make_fresh_proof().update;
    const FreshProof fresh = make_fresh_proof();
    ASSERT_FALSE(offer_inbound("A", codec::encode_abi({fresh.proof})).is_refused);
    const std::size_t present = find_member(fresh.update, true);
    const std::size_t absent = find_member(fresh.update, false);
    const std::size_t keys = keys_of(fresh.update, kAbsentMembers);
    const std::size_t key_nodes = keys + kKeyBytes * kAbsentMembers;
    const bool has_next = part(fresh.update, kNextCommittee, kNodeBytes) != Bytes(kNodeBytes);
    // Whatever is wrong in the finalised header or below leads to another state: the next committee's branch,
    // when there is one, still leads to the true one, and in any case nobody signed that.
    const std::string_view unproven = has_next ? "NextCommitteeNotProven()" : "SignatureInvalid()";
    constexpr std::string_view kSlots = "SlotsNotOrdered(uint64,uint64,uint64)";
    constexpr std::string_view kMismatch = "CommitteeMismatch(bytes32,bytes32)";
    constexpr std::string_view kLength = "UpdateLength(uint256,uint256)";

    struct UpdateAttack {
        const char* name;
        ByteEdit edit;
        std::string_view error;
    };
    const std::vector<UpdateAttack> attacks{
        {"attested proposer", flip(kAttestedProposer + 7), "SignatureInvalid()"},
        {"attested parent", flip(kAttestedParent), "SignatureInvalid()"},
        {"attested body", flip(kAttestedBody), "SignatureInvalid()"},
        {"attested after its signature", put(kAttestedSlot, part(fresh.update, kSignatureSlot, kSlotBytes)),
         kSlots},
        {"finalized after attested", put(kFinalizedSlot, part(fresh.update, kSignatureSlot, kSlotBytes)),
         kSlots},
        {"finalized proposer", flip(kFinalizedProposer + 7), unproven},
        {"finalized parent", flip(kFinalizedParent), unproven},
        {"finalized state", flip(kFinalizedState), unproven},
        {"execution hash", flip(kExecutionHash), unproven},
        {"execution branch", flip(kHeadBytes + 2 * kNodeBytes), unproven},
        {"another next committee, or one without a branch", flip(kNextCommittee),
         has_next ? "NextCommitteeNotProven()" : ""},
        {"signed no later than attested", put(kSignatureSlot, part(fresh.update, kAttestedSlot, kSlotBytes)),
         kSlots},
        {"signed in a far period", [](Bytes& update) { update.at(kSignatureSlot + 4) ^= 1; },
         "CommitteeUnknown(uint64)"},
        {"signer said to be absent", [=](Bytes& update) { byte_of(update, present) ^= 1u << (present % 8); },
         ""},
        {"absent member said to have signed",
         [=](Bytes& update) { byte_of(update, absent) ^= 1u << (absent % 8); }, ""},
        {"another signature", put(kSignature, part(other, kSignature, kSignatureBytes)),
         "SignatureInvalid()"},
        {"signature that is no point", flip(kSignature + kSignatureBytes - 1),
         "BlsPrecompileFailed(address)"},
        {"no signature", put(kSignature, Bytes(kSignatureBytes)), "BlsInfinity()"},
        {"another aggregate key", put(kAggregateKey, part(fresh.update, keys, kKeyBytes)), kMismatch},
        {"absent member of another key", put(keys, part(fresh.update, kAggregateKey, kKeyBytes)), kMismatch},
        {"absent member at infinity", put(keys, Bytes(kKeyBytes)), "BlsInfinity()"},
        {"absent member that is no point", flip(keys + kKeyBytes - 1), "BlsPrecompileFailed(address)"},
        {"a node of the keys' tree", flip(key_nodes), kMismatch},
        {"a node of the keys' tree too few", take_out(key_nodes, kNodeBytes), kLength},
        {"a node too many", [](Bytes& update) { update.resize(update.size() + kNodeBytes); }, kLength},
        {"a byte too many", [](Bytes& update) { update.push_back(0); }, kLength},
        {"a byte too few", [](Bytes& update) { update.pop_back(); }, kLength},
        {"shorter than its head", [](Bytes& update) { update.resize(kHeadBytes - 1); }, kLength},
    };
    for (const UpdateAttack& attack : attacks) {
        SCOPED_TRACE(attack.name);
        Bytes altered = fresh.update;
        attack.edit(altered);
        ASSERT_NE(altered, fresh.update);
        const Refusal in_proof = offer_inbound("A", with_update(fresh, altered));
        // The same as an update of its own.
        const Refusal alone =
            world().try_call("R", world().client("A", "R"), service::encode_client_update(altered));
        if (attack.error.empty()) {
            // Other parts are read in the place of those that are missing: which one is no point, or no
            // member's, is up to chance.
            EXPECT_TRUE(in_proof.is_refused);
            EXPECT_TRUE(alone.is_refused);
        } else {
            EXPECT_TRUE(is_error(in_proof, attack.error));
            EXPECT_TRUE(is_error(alone, attack.error));
        }
    }
}

/// What a committee says is not believed twice, even if it says both: the client of a chain whose committee
/// finalises two blocks of one slot is frozen by whoever shows them. Here nobody does, so no evidence holds.
TEST(attack_ethereum, honest_updates_are_no_misbehaviour) {
    const Bytes first = make_fresh_proof().update;
    const Bytes second = make_fresh_proof().update;
    const auto submit = [](const Bytes& a, const Bytes& b) {
        return world().try_call(
            "R", world().client("A", "R"),
            codec::encode_call("submitMisbehaviour(bytes,bytes)", {AbiValue::bytes(a), AbiValue::bytes(b)}));
    };
    EXPECT_TRUE(is_error(submit(second, second), "NoMisbehaviour()"));
    EXPECT_TRUE(is_error(submit(first, second), "NoMisbehaviour()"));
    Bytes rival = second;
    rival.at(kFinalizedProposer + 7) ^= 1;
    EXPECT_TRUE(submit(second, rival).is_refused);
}

TEST(attack_ethereum, another_next_committee_than_the_signed_one_is_refused) {
    catch_up("A", "R");
    std::vector<chain::Update> updates;
    world().await("a period that the client lacks", [&] {
        updates = must(world().run(world().chain("A").source->fetch_updates(client_state("A", "R"))));
        return !updates.empty();
    });
    const Bytes& update = updates.front().bytes;
    const auto offer = [](const Bytes& bytes) {
        return world().try_call("R", world().client("A", "R"), service::encode_client_update(bytes));
    };
    EXPECT_FALSE(offer(update).is_refused);
    Bytes altered = update;
    altered.at(kNextCommittee) ^= 1;
    EXPECT_TRUE(is_error(offer(altered), "NextCommitteeNotProven()"));
    altered = update;
    const std::size_t keys = keys_of(update, kAbsentMembers);
    altered.at(keys - kNodeBytes) ^= 1;  // the branch's last node
    EXPECT_TRUE(is_error(offer(altered), "NextCommitteeNotProven()"));
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
            const auto state = ethereum::decode_state(client_state("A", "R"));
            if (slot_at(update, kFinalizedSlot) <= state->finalized_slot.value) return false;
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
        {"another slot", {kAnchorSlot}, flipped, "BlockNotFinalized(bytes32)"},
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
