// SPDX-License-Identifier: Apache-2.0
// What the light client of the relay chain refuses, each for its own reason.
#include <algorithm>

#include "chains/mapo/proof.hpp"
#include "chains/mapo/sealer.hpp"
#include "test/e2e/attack.hpp"

namespace butter::e2e {
namespace {

using codec::AbiValue;

constexpr std::string_view kProofType =
    "(bytes,(uint256,uint256[2],uint256,uint256[4],(uint256,uint256[])[2],(uint256[2],bytes32[])[]),"
    "(uint64,bytes[],uint16[])[])";
constexpr std::string_view kUpdateType =
    "(bytes,(uint256,uint256[2],uint256,uint256[4],(uint256,uint256[])[2],(uint256[2],bytes32[])[]),"
    "uint256[2][])";

// Places in AtlasProof and AtlasUpdate (docs/proof-formats.md).
const Path kHeader{0};
const Path kBitmap{1, 0};
const Path kSignature{1, 1};
const Path kRound{1, 2};
const Path kAggregateKey{1, 3};
const Path kInverse{1, 4, 0, 0};
const Path kRoots{1, 4, 1, 1};
const Path kAbsent{1, 5};
const Path kAbsentKey{1, 5, 0, 0};
const Path kAbsentBranch{1, 5, 0, 1};
const Path kReceipts{2};
const Path kTransactionIndex{2, 0, 0};
const Path kNodes{2, 0, 1};
const Path kLogIndexes{2, 0, 2};
const Path kKeys{2};

AbiValue g1(const crypto::bn254::G1& point) {
    return AbiValue::tuple({AbiValue::number(point.x), AbiValue::number(point.y)});
}

Edit with_bit(unsigned bit) {
    return
        [bit](const AbiValue& value) { return AbiValue::number(value.as_uint256() | (Uint256{1} << bit)); };
}
Edit without_bit(unsigned bit) {
    return [bit](const AbiValue& value) {
        const Uint256 mask = Uint256{1} << bit;
        return AbiValue::number((value.as_uint256() & mask).is_zero() ? value.as_uint256()
                                                                      : value.as_uint256() - mask);
    };
}
bool has_bit(const Uint256& bits, unsigned bit) { return !(bits & (Uint256{1} << bit)).is_zero(); }

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

std::vector<mapo::ReceiptProof> receipts_of(const AbiValue& proof) {
    std::vector<mapo::ReceiptProof> out;
    for (std::size_t i = 0; i < at(proof, kReceipts).size(); ++i)
        out.push_back(proof::from_abi(at(proof, kReceipts)[i]));
    return out;
}

std::vector<std::size_t> first(std::size_t count) {
    std::vector<std::size_t> out(count);
    for (std::size_t i = 0; i < count; ++i) out[i] = i;
    return out;
}

/// A root proof for B as the honest program makes it.
struct RootProof {
    chain::LogPosition position;
    AbiValue proof;
};
RootProof make_root_proof() {
    const chain::LogPosition position = publish_root("B");
    const chain::Proof proof = prove_outbound("B", position);
    return {position, decode_as(kProofType, proof.bytes)};
}

/// The header of a proof, changed, without another signature.
Edit header_with(const std::function<void(mapo::Header&)>& change) {
    return [change](const AbiValue& value) {
        auto header = mapo::decode_header(value.as_bytes());
        if (!header) throw std::runtime_error(std::string(mapo::to_string(header.error())));
        change(*header);
        return AbiValue::bytes(mapo::encode_header(*header, mapo::Seals::kProposer));
    };
}

TEST(attack_mapo, every_alteration_of_a_root_proof_has_its_error) {
    const RootProof good = make_root_proof();
    ASSERT_FALSE(offer_root("B", codec::encode_abi({good.proof})).is_refused);

    const Uint256 bitmap = at(good.proof, kBitmap).as_uint256();
    ASSERT_GE(at(good.proof, kAbsent).size(), kAbsentValidators);
    unsigned absent = 0;
    while (has_bit(bitmap, absent)) ++absent;
    unsigned present = 0;
    while (!has_bit(bitmap, present)) ++present;
    const mapo::TrustedState state = state_at(good.position.block);
    const auto count = static_cast<unsigned>(state.validators.size());
    // Who is said to be absent takes the next absent one's key, or there is none left for it.
    bool has_later_absent = false;
    for (unsigned i = present; i < count; ++i) has_later_absent |= !has_bit(bitmap, i);
    const auto other_key = to(g1(state.validators[present].g1_key));
    const crypto::bn254::G2 g2 = state.validators[0].g2_key;
    const auto g2_words = crypto::bn254::encode_g2(g2);
    std::vector<AbiValue> g2_value;
    for (std::size_t i = 0; i < 4; ++i)
        g2_value.push_back(AbiValue::word(to_fixed<32>(BytesView(g2_words).subspan(32 * i, 32))));
    const AbiValue zero_point = AbiValue::tuple({AbiValue::number(0), AbiValue::number(0)});

    const std::vector<Attack> attacks{
        {"state root", kHeader, header_with([](mapo::Header& header) { header.state_root[0] ^= 1; }),
         "ProposerMismatch(address,address)"},
        {"receipts root", kHeader, header_with([](mapo::Header& header) { header.receipts_root[0] ^= 1; }),
         "ProposerMismatch(address,address)"},
        {"coinbase", kHeader, header_with([](mapo::Header& header) { header.coinbase[0] ^= 1; }),
         "ProposerMismatch(address,address)"},
        {"removed validators", kHeader, header_with([](mapo::Header& header) { header.extra.removed = 1; }),
         "ProposerMismatch(address,address)"},
        {"proposer seal", kHeader, header_with([](mapo::Header& header) { header.extra.seal[40] ^= 1; }),
         "ProposerMismatch(address,address)"},
        {"proposer seal's v", kHeader, header_with([](mapo::Header& header) { header.extra.seal[64] = 27; }),
         "HeaderSealMalformed(uint8)"},
        {"header with bytes after it", kHeader,
         [](const AbiValue& value) { return AbiValue::bytes(concat({value.as_bytes(), as_bytes("x")})); },
         "RlpTrailingBytes(uint256)"},
        {"another signature", kSignature, other_key, "SealInvalid()"},
        {"signature that is no point", kSignature,
         [](const AbiValue& value) { return edited(value, {1}, flipped); }, "Bn254AddFailed()"},
        {"no signature", kSignature, to(zero_point), "InfinityRefused()"},
        {"round", kRound, flipped, "HintMismatch(uint256)"},
        {"round too large", kRound, to(AbiValue::number(1u << 24)), "RoundTooLarge(uint256)"},
        {"another aggregate key", kAggregateKey, to(AbiValue::tuple(g2_value)), "SealInvalid()"},
        {"aggregate key that is no point", kAggregateKey,
         [](const AbiValue& value) { return edited(value, {3}, flipped); }, "Bn254PairingFailed()"},
        {"bit beyond the set", kBitmap, with_bit(count), "BitmapOutOfRange(uint256,uint256)"},
        {"highest bit", kBitmap, with_bit(255), "BitmapOutOfRange(uint256,uint256)"},
        {"absent one said to have signed", kBitmap, with_bit(absent), "AbsentKeyNotProven(uint256)"},
        {"signer said to be absent", kBitmap, without_bit(present),
         has_later_absent ? "AbsentKeyNotProven(uint256)" : "AbsentKeysWrong(uint256,uint256)"},
        {"no absent keys", kAbsent, to(AbiValue::array({})), "AbsentKeysWrong(uint256,uint256)"},
        {"an absent key too few", kAbsent, shortened, "AbsentKeysWrong(uint256,uint256)"},
        {"an absent key too many", kAbsent, lengthened, "AbsentKeysWrong(uint256,uint256)"},
        {"absent key of another", kAbsentKey, other_key, "AbsentKeyNotProven(uint256)"},
        {"absent key's branch", {1, 5, 0, 1, 0}, flipped, "AbsentKeyNotProven(uint256)"},
        {"absent key's branch too short", kAbsentBranch, shortened, "AbsentKeyNotProven(uint256)"},
        {"hint", kInverse, flipped, "HintMismatch(uint256)"},
        {"no hint", kRoots, to(AbiValue::array({})), "HintMismatch(uint256)"},
        {"trie node", {2, 0, 1, 0}, flipped, "TrieHashMismatch(uint256)"},
        {"missing trie nodes", kNodes, to(AbiValue::array({})), "TrieMissingNode()"},
        {"trie node twice", kNodes, lengthened, "TrieUnusedNodes(uint256,uint256)"},
        {"transaction index", kTransactionIndex, to(AbiValue::number(99)), "TrieKeyMismatch()"},
        {"log index", {2, 0, 2, 0}, flipped, "LogIndexOutOfRange(uint16,uint256)"},
        {"no log index", kLogIndexes, to(AbiValue::array({})), "NoLogIndexes()"},
        {"log index twice", kLogIndexes, lengthened, "LogIndexesNotAscending(uint16)"},
        {"no receipt", kReceipts, to(AbiValue::array({})), "NoReceipts()"},
    };
    for (const Attack& attack : attacks) {
        SCOPED_TRACE(attack.name);
        const AbiValue altered = edited(good.proof, attack.path, attack.edit);
        ASSERT_NE(altered, good.proof);
        EXPECT_TRUE(is_error(offer_root("B", codec::encode_abi({altered})), attack.error));
    }
    // With the entry of the absent one taken out as well, the count fits and the sum of keys does not.
    AbiValue altered = edited(good.proof, kBitmap, with_bit(absent));
    altered = edited(altered, kAbsent, [](const AbiValue& value) {
        std::vector<AbiValue> rest;
        for (std::size_t i = 1; i < value.size(); ++i) rest.push_back(value[i]);
        return AbiValue::array(std::move(rest));
    });
    EXPECT_TRUE(is_error(offer_root("B", codec::encode_abi({altered})), "SealInvalid()"));
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
    EXPECT_TRUE(is_error(offer_root("B", mapo::encode_proof(state, forged, receipts_of(good.proof))),
                         "SealInvalid()"));
}

TEST(attack_mapo, a_quorum_one_short_is_refused) {
    const RootProof good = make_root_proof();
    const mapo::TrustedState state = state_at(good.position.block);
    const auto validators = with_secrets(state);
    const std::size_t quorum = mapo::quorum(validators.size());
    mapo::Header header = header_at(good.position.block);
    mapo::seal_header(header, validators, 0, first(quorum - 1), 0);
    EXPECT_TRUE(is_error(offer_root("B", mapo::encode_proof(state, header, receipts_of(good.proof))),
                         "QuorumNotReached(uint256,uint256)"));
    mapo::seal_header(header, validators, 0, first(quorum), 0);
    EXPECT_FALSE(offer_root("B", mapo::encode_proof(state, header, receipts_of(good.proof))).is_refused);
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
        is_error(offer_root("B", codec::encode_abi({old.proof})), "BlockNotInEpoch(uint64,uint64,uint64)"));

    // The old set signs a block of the new epoch, all of it.
    const RootProof fresh = make_root_proof();
    const mapo::TrustedState state = state_at(fresh.position.block);
    ASSERT_NE(state.validators, old_state.validators);
    mapo::Header header = header_at(fresh.position.block);
    mapo::seal_header(header, old_validators, 0, first(old_validators.size()), 0);
    const Refusal refusal = offer_root("B", mapo::encode_proof(old_state, header, receipts_of(fresh.proof)));
    ASSERT_TRUE(refusal.is_refused);
    if (old_validators.size() == state.validators.size()) {
        EXPECT_TRUE(is_error(refusal, "SealInvalid()"));
    } else if (old_validators.size() > state.validators.size()) {
        EXPECT_TRUE(is_error(refusal, "BitmapOutOfRange(uint256,uint256)"));
    } else {
        EXPECT_TRUE(is_error(refusal, "AbsentKeysWrong(uint256,uint256)"));
    }
    EXPECT_FALSE(offer_root("B", codec::encode_abi({fresh.proof})).is_refused);
}

TEST(attack_mapo, a_rotation_that_is_not_the_signed_one_is_refused) {
    catch_up("R", "A");
    std::vector<chain::Update> updates;
    world().await("two epochs that the client lacks", [&] {
        updates = must(world().run(world().chain("R").source->fetch_updates(client_state("R", "A"))));
        return updates.size() >= 2;
    });
    const auto offer = [](const AbiValue& update) {
        return world().try_call("A", world().client("R", "A"),
                                service::encode_client_update(codec::encode_abi({update})));
    };
    const AbiValue next = decode_as(kUpdateType, updates[0].bytes);
    EXPECT_FALSE(offer(next).is_refused);
    EXPECT_TRUE(is_error(offer(decode_as(kUpdateType, updates[1].bytes)), "EpochSkipped(uint64,uint64)"));
    EXPECT_TRUE(is_error(offer(edited(next, {2, 0, 1}, flipped)), "KeysWrong()"));
    EXPECT_TRUE(is_error(offer(edited(next, kKeys, shortened)), "KeysWrong()"));
    EXPECT_TRUE(is_error(offer(edited(next, kHeader, header_with([](mapo::Header& header) {
                                          header.extra.removed = header.extra.removed + 2;
                                      }))),
                         "ProposerMismatch(address,address)"));
    EXPECT_TRUE(is_error(offer(edited(next, kRound, flipped)), "HintMismatch(uint256)"));
}

}  // namespace
}  // namespace butter::e2e
