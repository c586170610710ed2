// SPDX-License-Identifier: Apache-2.0
// What the light client of the relay chain refuses, each for its own reason.
#include <algorithm>

#include "chains/mapo/proof.hpp"
#include "chains/mapo/sealer.hpp"
#include "test/e2e/attack.hpp"

namespace butter::e2e {
namespace {

using mapo::Proof;
using mapo::Update;

/// The lowest bit of a number.
void flip(Uint256& value) { value.limbs[0] ^= 1; }

/// The set that signs block `number`, as the signed headers have it.
mapo::TrustedState state_at(BlockNumber number) {
    return world().with_devnet([number](devnet::Devnet& devnet) {
        const mapo::Sealer& sealer = devnet.sealer_r();
        mapo::TrustedState state{
            .epoch_length = sealer.options().epoch_length, .last_epoch_block = {}, .validators = {}};
        for (std::size_t i = 0; i < sealer.options().validators; ++i)
            state.validators.push_back(mapo::make_devnet_validator(i).validator);
        while (state.epoch_end() < number) {
            const auto verified = mapo::verify_header(state, sealer.blocks()[state.epoch_end().value].header);
            if (!verified) throw std::runtime_error(to_string(verified.error()));
            const auto next = mapo::apply_rotation(state, *verified);
            if (!next) throw std::runtime_error(to_string(next.error()));
            state = *next;
        }
        return state;
    });
}

std::vector<mapo::DevnetValidator> with_secrets(const mapo::TrustedState& state) {
    std::vector<mapo::DevnetValidator> out;
    for (std::uint64_t i = 0; out.size() < state.validators.size(); ++i) {
        const mapo::DevnetValidator validator = mapo::make_devnet_validator(i);
        if (std::find(state.validators.begin(), state.validators.end(), validator.validator) !=
            state.validators.end())
            out.push_back(validator);
    }
    return out;
}

mapo::Header header_at(BlockNumber number) {
    return world().with_devnet(
        [number](devnet::Devnet& devnet) { return devnet.sealer_r().blocks()[number.value].header; });
}

std::vector<std::size_t> first(std::size_t count) {
    std::vector<std::size_t> out(count);
    for (std::size_t i = 0; i < count; ++i) out[i] = i;
    return out;
}

/// A root proof for B as the honest program makes it.
struct RootProof {
    chain::LogPosition position;
    Proof proof;
};
RootProof make_root_proof() {
    const chain::LogPosition position = publish_root("B");
    const chain::Proof proof = prove_outbound("B", position);
    auto decoded = mapo::decode_proof(proof.bytes, state_at(position.block).validators.size());
    if (!decoded) throw std::runtime_error(std::string(mapo::to_string(decoded.error())));
    return {position, *std::move(decoded)};
}

/// Changes the header of a proof or update, without another signature.
void change_header(Bytes& bytes, const std::function<void(mapo::Header&)>& change) {
    auto header = mapo::decode_header(bytes);
    if (!header) throw std::runtime_error(std::string(mapo::to_string(header.error())));
    change(*header);
    bytes = mapo::encode_header(*header, mapo::Seals::kProposer);
}

struct ProofAttack {
    std::string_view name;
    std::function<void(Proof&)> change;
    std::string_view error;
};

TEST(attack_mapo, every_alteration_of_a_root_proof_has_its_error) {
    const RootProof good = make_root_proof();
    ASSERT_FALSE(offer_root("B", mapo::encode_proof(good.proof)).is_refused);

    ASSERT_GE(good.proof.seal.absent.size(), kAbsentValidators);
    const mapo::TrustedState state = state_at(good.position.block);
    const std::size_t count = state.validators.size();
    const auto is_absent = [&](std::size_t index) {
        return std::any_of(good.proof.seal.absent.begin(), good.proof.seal.absent.end(),
                           [&](const mapo::AbsentKey& entry) { return entry.index == index; });
    };
    std::size_t present = 0;
    while (is_absent(present)) ++present;
    const crypto::bn254::G1 other_key = state.validators[present].g1_key;
    const crypto::bn254::G2 other_g2_key = state.validators[present].g2_key;
    const auto header = [](std::function<void(mapo::Header&)> change) {
        return [change](Proof& it) { change_header(it.header, change); };
    };

    constexpr std::string_view kProposer = "ProposerMismatch(address,address)";
    constexpr std::string_view kSet = "SetNotProven()";
    const std::vector<ProofAttack> attacks{
        {"state root", header([](mapo::Header& it) { it.state_root[0] ^= 1; }), kProposer},
        {"receipts root", header([](mapo::Header& it) { it.receipts_root[0] ^= 1; }), kProposer},
        {"coinbase", header([](mapo::Header& it) { it.coinbase[0] ^= 1; }), kProposer},
        {"removed validators", header([](mapo::Header& it) { it.extra.removed = 1; }), kProposer},
        {"proposer seal", header([](mapo::Header& it) { it.extra.seal[40] ^= 1; }), kProposer},
        {"proposer seal's v", header([](mapo::Header& it) { it.extra.seal[64] = 27; }),
         "HeaderSealMalformed(uint8)"},
        {"header with bytes after it", [](Proof& it) { it.header.push_back(0); },
         "RlpTrailingBytes(uint256)"},
        {"another signature", [&](Proof& it) { it.seal.signature = other_key; }, "SealInvalid()"},
        {"signature that is no point", [](Proof& it) { flip(it.seal.signature.y); }, "Bn254AddFailed()"},
        {"no signature", [](Proof& it) { it.seal.signature = {}; }, "InfinityRefused()"},
        {"round", [](Proof& it) { it.seal.round ^= 1; }, "HintMismatch(uint256)"},
        {"another aggregate key", [&](Proof& it) { it.seal.aggregate_key = other_g2_key; }, "SealInvalid()"},
        {"aggregate key that is no point", [](Proof& it) { flip(it.seal.aggregate_key.y_re); },
         "Bn254PairingFailed()"},
        {"another sum of keys", [&](Proof& it) { it.seal.key_sum = other_key; }, kSet},
        {"absent one beyond the set",
         [&](Proof& it) { it.seal.absent.back().index = static_cast<std::uint8_t>(count); },
         "AbsentIndexWrong(uint256)"},
        {"absent one with the highest index", [](Proof& it) { it.seal.absent.back().index = 255; },
         "AbsentIndexWrong(uint256)"},
        {"absent ones in another order",
         [](Proof& it) { std::reverse(it.seal.absent.begin(), it.seal.absent.end()); },
         good.proof.seal.absent.size() > 1 ? "AbsentIndexWrong(uint256)" : ""},
        {"absent one's key of another", [&](Proof& it) { it.seal.absent[0].key = other_key; }, kSet},
        {"sibling", [](Proof& it) { it.siblings[0][0] ^= 1; }, kSet},
        {"hint", [](Proof& it) { flip(it.seal.hints[0].inverse); }, "HintMismatch(uint256)"},
        {"trie node", [](Proof& it) { it.receipts[0].nodes[0][10] ^= 1; }, "TrieHashMismatch(uint256)"},
        {"missing trie nodes", [](Proof& it) { it.receipts[0].nodes.clear(); }, "TrieMissingNode()"},
        {"trie node twice", [](Proof& it) { it.receipts[0].nodes.push_back(it.receipts[0].nodes.back()); },
         "TrieUnusedNodes(uint256,uint256)"},
        {"transaction index", [](Proof& it) { it.receipts[0].transaction_index = 99; }, "TrieKeyMismatch()"},
        {"log index", [](Proof& it) { it.receipts[0].log_indexes[0] ^= 1; },
         "LogIndexOutOfRange(uint16,uint256)"},
        {"no log index", [](Proof& it) { it.receipts[0].log_indexes.clear(); }, "NoLogIndexes()"},
        {"log index twice",
         [](Proof& it) { it.receipts[0].log_indexes.push_back(it.receipts[0].log_indexes.back()); },
         "LogIndexesNotAscending(uint16)"},
        {"no receipt", [](Proof& it) { it.receipts.clear(); }, "NoReceipts()"},
    };
    for (const ProofAttack& attack : attacks) {
        if (attack.error.empty()) continue;  // there is nothing to change
        SCOPED_TRACE(attack.name);
        Proof altered = good.proof;
        attack.change(altered);
        ASSERT_NE(altered, good.proof);
        EXPECT_TRUE(is_error(offer_root("B", mapo::encode_proof(altered)), attack.error));
    }
    // Without all hashes that the proof names, and with bytes after it.
    Bytes bytes = mapo::encode_proof(good.proof);
    bytes.push_back(0);
    EXPECT_TRUE(is_error(offer_root("B", bytes), "PackedProofMalformed()"));
    Proof cut = good.proof;
    cut.receipts.clear();
    cut.siblings.pop_back();
    EXPECT_TRUE(is_error(offer_root("B", mapo::encode_proof(cut)), "ProofTooShort()"));

    // Nobody is said to be absent, with the right root for that: the sum of keys does not fit.
    mapo::Header full = header_at(good.position.block);
    mapo::seal_header(full, with_secrets(state), 0, first(count), 0);
    const Proof all = mapo::decode_proof(mapo::encode_proof(state, full, {}), count).value();
    ASSERT_TRUE(all.seal.absent.empty());
    Proof altered = good.proof;
    altered.seal.absent.clear();
    altered.siblings = all.siblings;
    EXPECT_TRUE(is_error(offer_root("B", mapo::encode_proof(altered)), "SealInvalid()"));
}

/// With all hints and branches as they should be: only the signatures are missing.
TEST(attack_mapo, a_header_that_its_proposer_forged_is_refused) {
    const RootProof good = make_root_proof();
    const mapo::TrustedState state = state_at(good.position.block);
    const auto validators = with_secrets(state);
    const mapo::Header honest = header_at(good.position.block);
    mapo::Header forged = honest;
    forged.receipts_root[0] ^= 1;
    mapo::seal_header(forged, validators, 0, first(validators.size()), 0);
    forged.extra.aggregated_seal = honest.extra.aggregated_seal;
    EXPECT_TRUE(
        is_error(offer_root("B", mapo::encode_proof(state, forged, good.proof.receipts)), "SealInvalid()"));
}

TEST(attack_mapo, a_quorum_one_short_is_refused) {
    const RootProof good = make_root_proof();
    const mapo::TrustedState state = state_at(good.position.block);
    const auto validators = with_secrets(state);
    const std::size_t quorum = mapo::quorum(validators.size());
    mapo::Header header = header_at(good.position.block);
    mapo::seal_header(header, validators, 0, first(quorum - 1), 0);
    EXPECT_TRUE(is_error(offer_root("B", mapo::encode_proof(state, header, good.proof.receipts)),
                         "QuorumNotReached(uint256,uint256)"));
    mapo::seal_header(header, validators, 0, first(quorum), 0);
    EXPECT_FALSE(offer_root("B", mapo::encode_proof(state, header, good.proof.receipts)).is_refused);
}

TEST(attack_mapo, an_old_validator_set_is_refused) {
    const RootProof old = make_root_proof();
    const mapo::TrustedState old_state = state_at(old.position.block);
    const auto old_validators = with_secrets(old_state);

    // Two epochs later one validator is new and one is gone.
    const BlockNumber later{old_state.epoch_end().value + old_state.epoch_length + 1};
    world().await_final("R", later);
    catch_up("R", "B");
    EXPECT_TRUE(
        is_error(offer_root("B", mapo::encode_proof(old.proof)), "BlockNotInEpoch(uint64,uint64,uint64)"));

    // The old set signs a block of the new epoch, all of it.
    const RootProof fresh = make_root_proof();
    const mapo::TrustedState state = state_at(fresh.position.block);
    ASSERT_NE(state.validators, old_state.validators);
    mapo::Header header = header_at(fresh.position.block);
    mapo::seal_header(header, old_validators, 0, first(old_validators.size()), 0);
    const Refusal refusal = offer_root("B", mapo::encode_proof(old_state, header, fresh.proof.receipts));
    ASSERT_TRUE(refusal.is_refused);
    EXPECT_TRUE(is_error(refusal, "SetNotProven()") || is_error(refusal, "ProofTooShort()") ||
                is_error(refusal, "QuorumNotReached(uint256,uint256)"))
        << service::describe_revert(refusal.data);
    EXPECT_FALSE(offer_root("B", mapo::encode_proof(fresh.proof)).is_refused);
}

TEST(attack_mapo, a_rotation_that_is_not_the_signed_one_is_refused) {
    catch_up("R", "A");
    std::vector<chain::Update> updates;
    world().await("two epochs that the client lacks", [&] {
        updates = must(world().run(world().chain("R").source->fetch_updates(client_state("R", "A"))));
        return updates.size() >= 2;
    });
    const auto offer = [](const Bytes& update) {
        return world().try_call("A", world().client("R", "A"), service::encode_client_update(update));
    };
    EXPECT_FALSE(offer(updates[0].bytes).is_refused);
    EXPECT_TRUE(is_error(offer(updates[1].bytes), "EpochSkipped(uint64,uint64)"));

    const auto client = mapo::decode_state(client_state("R", "A"));
    ASSERT_TRUE(client.has_value());
    const Update next = mapo::decode_update(updates[0].bytes, client->validators).value();
    const auto offer_altered = [&](const std::function<void(Update&)>& change) {
        Update altered = next;
        change(altered);
        return offer(mapo::encode_update(altered));
    };
    EXPECT_TRUE(is_error(offer_altered([](Update& it) { it.leaves[0][0] ^= 1; }), "SetNotProven()"));
    EXPECT_TRUE(is_error(offer_altered([](Update& it) { flip(it.seal.key_sum.x); }), "SetNotProven()") ||
                is_error(offer_altered([](Update& it) { flip(it.seal.key_sum.x); }), "Bn254AddFailed()"));
    EXPECT_TRUE(
        is_error(offer_altered([](Update& it) { it.removed.emplace_back(); }), "ProofTooLong(uint256)"));
    EXPECT_TRUE(is_error(offer_altered([](Update& it) {
                             change_header(it.header, [](mapo::Header& header) {
                                 header.extra.removed = header.extra.removed + 2;
                             });
                         }),
                         "ProposerMismatch(address,address)"));
    EXPECT_TRUE(is_error(offer_altered([](Update& it) { it.seal.round ^= 1; }), "HintMismatch(uint256)"));
}

}  // namespace
}  // namespace butter::e2e
