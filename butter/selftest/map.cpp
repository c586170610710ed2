// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include "butter/codec/rlp.hpp"
#include "butter/crypto/bn254.hpp"
#include "butter/selftest/chain_json.hpp"
#include "butter/selftest/files.hpp"
#include "butter/selftest/sets.hpp"
#include "chains/mapo/light_client.hpp"
#include "chains/mapo/proof.hpp"

namespace butter::selftest {
namespace {

using namespace mapo;
using crypto::bn254::G1;
using crypto::bn254::G2;
using Kind = LightClientError::Kind;

/// The chain's epochs, unless a file of the set says otherwise.
constexpr std::uint64_t kEpochLength = 1000;

G1 g1_of(Case& judged, const Json& pair, std::string_view what) {
    const JsonArray& parts = judged.array_of(pair, what);
    judged.expect(parts.size() == 2, std::string(what) + ": not two coordinates");
    if (parts.size() != 2) return {};
    return {judged.number_of(parts[0], what), judged.number_of(parts[1], what)};
}

std::vector<G1> g1_list(Case& judged, const Json& object, std::string_view key) {
    std::vector<G1> out;
    for (const Json& pair : judged.array(object, key)) out.push_back(g1_of(judged, pair, key));
    return out;
}

/// aggPkG2_xr_xi_yr_yi: real parts first.
G2 aggregate_key_of(Case& judged, const Json& vector) {
    const JsonArray& parts = judged.array(vector, "aggPkG2_xr_xi_yr_yi");
    judged.expect(parts.size() == 4, "aggPkG2_xr_xi_yr_yi: not four coordinates");
    if (parts.size() != 4) return {};
    const auto part = [&](std::size_t index) {
        return judged.number_of(parts[index], "aggPkG2_xr_xi_yr_yi");
    };
    return {part(1), part(0), part(3), part(2)};
}

/// Why a header is refused: the light client's reasons, and that it does not decode.
struct Refusal {
    enum class Reason {
        kLightClient = 1,
        kHeader = 2,        ///< malformed
        kAggregateKey = 3,  ///< the given sum of G2 keys is not that of the signers
    };
    Reason reason{};
    Kind kind{};

    friend bool operator==(const Refusal&, const Refusal&) = default;
};
std::string to_string(const Refusal& refusal) {
    if (refusal.reason == Refusal::Reason::kHeader) return "header is malformed";
    if (refusal.reason == Refusal::Reason::kAggregateKey) return "aggregate key is not that of the signers";
    return to_string(LightClientError{.kind = refusal.kind});
}
Refusal refusal_of(Kind kind) { return {Refusal::Reason::kLightClient, kind}; }

/// e(sum of the signers' G1 keys, g2) == e(g1, aggregate key)
bool is_aggregate_of_signers(const std::vector<G1>& keys, const Uint256& bitmap, const G2& aggregate) {
    G1 sum;
    for (unsigned i = 0; i < keys.size(); ++i) {
        if (bitmap.bit(i)) sum = crypto::bn254::add(sum, keys[i]);
    }
    return crypto::bn254::verify_signature(sum, crypto::bn254::g1_generator(), aggregate);
}

/// The set as the vectors know it: the G1 keys of all validators, and of the G2 keys only the sum over the
/// signers. The sum stands at the first signer and infinity at the others, which adds up to the same.
/// Addresses are not known either; the proposer's stands there.
TrustedState state_for(const std::vector<G1>& keys, const G2& aggregate, const Header& header,
                       std::uint64_t epoch_length) {
    const std::uint64_t past = header.number.value == 0 ? 0 : header.number.value - 1;
    TrustedState state{epoch_length, BlockNumber{past / epoch_length * epoch_length}, {}};
    bool is_placed = false;
    for (unsigned i = 0; i < keys.size(); ++i) {
        Validator& validator = state.validators.emplace_back();
        validator.g1_key = keys[i];
        if (is_placed || !header.extra.aggregated_seal.bitmap.bit(i)) continue;
        validator.g2_key = aggregate;
        validator.address = header.coinbase;
        is_placed = true;
    }
    if (!is_placed && !state.validators.empty()) state.validators[0].address = header.coinbase;
    return state;
}

Result<VerifiedHeader, Refusal> check_header(const TrustedState& state, const std::vector<G1>& keys,
                                             const G2& aggregate, const Header& header) {
    const auto verified = verify_header(state, header);
    if (!verified) return std::unexpected(refusal_of(verified.error().kind));
    if (!is_aggregate_of_signers(keys, header.extra.aggregated_seal.bitmap, aggregate)) {
        return std::unexpected(Refusal{Refusal::Reason::kAggregateKey, {}});
    }
    return *verified;
}

/// Keys that the light client computes with are points; vectors whose keys are none are malformed.
void expect_points(Case& judged, const std::vector<G1>& keys, const G2& aggregate) {
    for (const G1& key : keys) judged.expect_ok("signerSetG1", crypto::bn254::validate(key));
    judged.expect_ok("aggPkG2_xr_xi_yr_yi", crypto::bn254::validate(aggregate));
}

// --- Good headers

/// Validators' keys by epoch, as headers of the set show them.
using KeysByEpoch = std::map<std::uint64_t, std::vector<G1>>;

void expect_encodings(Case& judged, const Json& vector, const Header& header) {
    const Json& expected = judged.member(vector, "expected");
    judged.expect_equal("header", encode_header(header, Seals::kAll), judged.bytes(vector, "headerRlp"));
    judged.expect_equal("rlpWithoutAggregatedSeal", encode_header(header, Seals::kProposer),
                        judged.bytes(vector, "rlpWithoutAggregatedSeal"));
    judged.expect_equal("rlpWithoutSealAndAggregatedSeal", encode_header(header, Seals::kNone),
                        judged.bytes(vector, "rlpWithoutSealAndAggregatedSeal"));
    const AggregatedSeal& seal = header.extra.aggregated_seal;
    const Bytes message = seal_message(block_hash(header), seal.round);
    judged.expect_equal("headerHash", block_hash(header), judged.bytes(expected, "headerHash"));
    judged.expect_equal("message", message, judged.bytes(expected, "message"));
    judged.expect_equal("number", Uint256{header.number.value}, judged.number(expected, "number"));
    judged.expect_equal("bitmap", seal.bitmap, judged.number(expected, "bitmap"));
    judged.expect_equal("round", seal.round, judged.number(expected, "round"));
    judged.expect_equal("signature", seal.signature, judged.bytes(expected, "signature"));
    judged.expect_equal("removed", header.extra.removed, judged.number(expected, "removed"));
    const auto proposer = find_proposer(header);
    judged.expect(proposer.has_value(), "proposer: seal of nobody");
    if (proposer) judged.expect_equal("proposer", *proposer, judged.bytes(expected, "proposer"));
    const JsonArray& added = judged.array(expected, "added");
    judged.expect(added.size() == header.extra.added_addresses.size(), "added: another number");
    for (std::size_t i = 0; i < added.size() && judged.is_ok(); ++i) {
        judged.expect_equal("added", header.extra.added_addresses[i], judged.bytes_of(added[i], "added"));
    }
    if (!has_members(expected, {"hashToG1"})) return;
    const auto hash = judged.take("hashToG1", crypto::bn254::hash_to_g1(message));
    const G1 point = g1_of(judged, judged.member(expected, "hashToG1"), "hashToG1");
    if (hash) judged.expect(hash->point == point, "hashToG1: another point");
}

/// The set after the epoch's last block must be the one that the set of vectors has for the next epoch.
void expect_rotation(Case& judged, const TrustedState& state, const VerifiedHeader& verified,
                     const KeysByEpoch& keys_by_epoch) {
    if (verified.header.number != state.epoch_end()) return;
    const auto next = judged.take("rotation", apply_rotation(state, verified));
    if (!next) return;
    const auto known = keys_by_epoch.find(verified.header.number.value / state.epoch_length);
    if (known == keys_by_epoch.end()) return;
    std::vector<G1> keys;
    for (const Validator& validator : next->validators) keys.push_back(validator.g1_key);
    judged.expect(keys == known->second, "rotation: other validators than sign the next epoch");
}

std::optional<Header> judge_header(Case& judged, const Json& vector, std::uint64_t epoch_length,
                                   const KeysByEpoch& keys_by_epoch) {
    const auto header = judged.take("header", decode_header(judged.bytes(vector, "headerRlp")));
    const std::vector<G1> keys = g1_list(judged, vector, "signerSetG1");
    const G2 aggregate = aggregate_key_of(judged, vector);
    if (!judged.is_ok()) return std::nullopt;
    expect_points(judged, keys, aggregate);
    expect_encodings(judged, vector, *header);
    if (!judged.is_ok()) return std::nullopt;
    const TrustedState state = state_for(keys, aggregate, *header, epoch_length);
    const auto verified = judged.take("verification", check_header(state, keys, aggregate, *header));
    if (!verified) return std::nullopt;
    const Json& expected = judged.member(vector, "expected");
    judged.expect_equal("signers", Uint256{verified->signers}, judged.number(expected, "signers"));
    judged.expect_equal("validators", Uint256{keys.size()}, judged.number(expected, "validators"));
    expect_rotation(judged, state, *verified, keys_by_epoch);
    // The contract's twin agrees: of a proof without receipts only these are missing.
    judged.expect_error("proof without receipts",
                        verify_proof(make_client_state(state), encode_proof(state, *header, {})),
                        {ProofError::kReceipt});
    return header;
}

/// {header, headerRlp, receiptProof: {key, proof, receipt}}
void judge_receipt(Case& judged, const Json& vector, std::uint64_t epoch_length, const KeysByEpoch& keys) {
    const auto header = judge_header(judged, vector, epoch_length, keys);
    if (!header) return;
    const Json& proof = judged.member(vector, "receiptProof");
    const Bytes receipt = judged.bytes(proof, "receipt");
    expect_proof(judged, "receipt proof", header->receipts_root, judged.bytes(proof, "key"),
                 judged.bytes_list(proof, "proof"), receipt);
    expect_receipt(judged, receipt);
}

// --- Headers that must fail

/// A header from the fields of a vector, for one that its makers could not encode.
Result<Header, HeaderError> header_from_fields(Case& judged, const Json& fields) {
    Header out;
    out.parent_hash = judged.hash(fields, "parentHash");
    out.coinbase = judged.fixed<20>(fields, "coinbase");
    out.state_root = judged.hash(fields, "root");
    out.transactions_root = judged.hash(fields, "txHash");
    out.receipts_root = judged.hash(fields, "receiptHash");
    out.bloom = judged.fixed<256>(fields, "bloom");
    out.number = BlockNumber{judged.u64(fields, "number")};
    out.gas_limit = judged.u64(fields, "gasLimit");
    out.gas_used = judged.u64(fields, "gasUsed");
    out.timestamp = UnixSeconds{judged.u64(fields, "time")};
    out.mix_digest = judged.hash(fields, "mixDigest");
    out.nonce = judged.fixed<8>(fields, "nonce");
    out.base_fee = judged.number(fields, "baseFee");
    TRY(out.extra, decode_extra(judged.bytes(fields, "extra")));
    return out;
}

/// The checks of the program that stand for those that `rejectedBy` names; none when it names none.
std::vector<Refusal> expected_refusals(std::string_view rejected_by) {
    const auto says = [&](std::string_view words) {
        return rejected_by.find(words) != std::string_view::npos;
    };
    const Refusal malformed{Refusal::Reason::kHeader, {}};
    const Refusal other_key{Refusal::Reason::kAggregateKey, {}};
    std::vector<Refusal> out;
    if (says("proposerSealOk")) {
        out.insert(out.end(), {refusal_of(Kind::kProposerSeal), refusal_of(Kind::kProposerUnknown)});
    }
    if (says("blsSigOk")) out.insert(out.end(), {refusal_of(Kind::kSeal), refusal_of(Kind::kSignaturePoint)});
    // A changed bitmap may also have too few bits, or too high ones.
    if (says("aggPkMatchesBitmap")) {
        out.insert(out.end(), {other_key, refusal_of(Kind::kQuorum), refusal_of(Kind::kBitmapOutOfRange)});
    }
    if (says("quorum")) out.push_back(refusal_of(Kind::kQuorum));
    if (says("decode") || says("curve")) {
        out.insert(out.end(), {refusal_of(Kind::kSignaturePoint), malformed});
    }
    return out;
}

/// The program stops at the first check that fails; the seal's is not the first.
void judge_refusal(Case& judged, const Json& vector, std::uint64_t epoch_length) {
    const Json& encoded = judged.member(vector, "headerRlp");
    const auto header = encoded.is_null() ? header_from_fields(judged, judged.member(vector, "header"))
                                          : decode_header(judged.bytes_of(encoded, "headerRlp"));
    const std::vector<G1> keys = g1_list(judged, vector, "signerSetG1");
    const G2 aggregate = aggregate_key_of(judged, vector);
    const std::vector<Refusal> expected =
        expected_refusals(rpc::find_text(vector, "rejectedBy").value_or(""));
    if (!judged.is_ok()) return;
    expect_points(judged, keys, aggregate);
    if (!judged.is_ok()) return;
    if (!header) {
        const Result<VerifiedHeader, Refusal> refused =
            std::unexpected(Refusal{Refusal::Reason::kHeader, {}});
        return judged.expect_error("header", refused, expected);
    }
    const TrustedState state = state_for(keys, aggregate, *header, epoch_length);
    judged.expect_error("header", check_header(state, keys, aggregate, *header), expected);
}

// --- The other files

/// {msg, t0, t1, p0, p1, case0, case1, H}
void judge_hash(Case& judged, const Json& vector) {
    const auto hash = judged.take("hash", crypto::bn254::hash_to_g1(judged.bytes(vector, "msg")));
    if (!hash) return;
    judged.expect(hash->point == g1_of(judged, judged.member(vector, "H"), "H"), "H: another point");
    for (std::size_t i = 0; i < hash->bases.size(); ++i) {
        const std::string place = std::to_string(i);
        const crypto::bn254::BasePoint& base = hash->bases[i];
        if (!has_members(vector, {"t" + place, "p" + place, "case" + place})) continue;
        judged.expect_equal("t" + place, base.t, judged.number(vector, "t" + place));
        judged.expect_equal("case" + place, Uint256{base.candidate}, judged.number(vector, "case" + place));
        const G1 point = g1_of(judged, judged.member(vector, "p" + place), "p" + place);
        judged.expect(base.point == point, "p" + place + ": another point");
    }
}

/// {g1}: a set's keys are points, each of them once. Its `threshold` is what a former contract was told; the
/// light client computes its own.
void judge_keys(Case& judged, const Json& vector) {
    const std::vector<G1> keys = g1_list(judged, vector, "g1");
    judged.expect(!keys.empty(), "g1: no keys");
    for (auto key = keys.begin(); key != keys.end(); ++key) {
        judged.expect_ok("g1", crypto::bn254::validate(*key));
        judged.expect(std::find(keys.begin(), key, *key) == key, "g1: a key stands twice");
    }
}

/// {address, g1_pub_key, _BLSPublicKey, _BLSG1PublicKey}: one secret under both keys.
void judge_validator(Case& judged, const Json& vector) {
    const Json& point = judged.member(vector, "g1_pub_key");
    const G1 g1{judged.number(point, "x"), judged.number(point, "y")};
    judged.expect_equal("_BLSG1PublicKey", encode_g1(g1), judged.bytes(vector, "_BLSG1PublicKey"));
    const auto g2 =
        judged.take("_BLSPublicKey", crypto::bn254::decode_g2(judged.fixed<128>(vector, "_BLSPublicKey")));
    if (!g2 || !judged.expect_ok("g1_pub_key", crypto::bn254::validate(g1))) return;
    judged.expect(crypto::bn254::verify_signature(g1, crypto::bn254::g1_generator(), *g2),
                  "the keys do not belong together");
}

/// Reads a valid item all the way down and writes it again.
Bytes encode_again(const codec::RlpItem& item) {
    if (!item.is_list) return codec::encode_rlp_bytes(item.payload);
    Bytes items;
    for (codec::RlpReader reader(item.payload); !reader.is_done();) {
        const auto next = reader.next();
        if (!next) return {};
        append(items, encode_again(*next));
    }
    return codec::encode_rlp_list(items);
}

/// Logs of contracts as RLP, one in a list or one alone. They are of chains whose logs have other shapes, so
/// only that they are canonical is checked.
bool is_log_file(const Json& json) {
    const JsonObject* members = json.if_object();
    return members != nullptr && std::any_of(members->begin(), members->end(), [](const auto& member) {
               return member.value().is_string() && member.value().get_string().starts_with("0xf9");
           });
}

void judge_logs(Report& report, const VectorFile& file) {
    for (const auto& [name, value] : file.json.get_object()) {
        // Names of contracts stand among the logs.
        if (!value.is_string() || !value.get_string().starts_with("0xf9")) continue;
        Case judged(report, file.name, std::string(name));
        const Bytes bytes = judged.bytes_of(value, name);
        if (!judged.expect_ok("decoding", codec::validate_rlp(bytes))) continue;
        const auto item = judged.take("decoding", codec::decode_rlp(bytes));
        if (item) judged.expect_equal("written again", encode_again(*item), bytes);
    }
}

/// What the files say about each other.
struct Context {
    std::uint64_t epoch_length = kEpochLength;
    KeysByEpoch keys_by_epoch;
};

void learn(Context& context, const Json& json) {
    for (const std::string_view key : {"epochSize", "epoch_size"}) {
        const Json* size = rpc::find_member(json, key);
        if (size == nullptr) continue;
        const auto decimal = rpc::find_decimal(json, key);
        const std::int64_t number = size->is_int64() ? size->get_int64() : 0;
        const std::uint64_t length =
            decimal ? *decimal : static_cast<std::uint64_t>(std::max<std::int64_t>(number, 0));
        if (length != 0) context.epoch_length = length;
    }
}

void learn_keys(Context& context, const Json& json, Report& scratch) {
    if (!is_list_of(json, {"headerRlp", "signerSetG1", "expected"})) return;
    for (const Json& vector : json.get_array()) {
        // What is malformed here fails when the case is judged.
        Case reading(scratch, "", "");
        const std::uint64_t number = reading.u64(reading.member(vector, "header"), "number");
        const std::vector<G1> keys = g1_list(reading, vector, "signerSetG1");
        if (reading.is_ok() && number > 0) {
            context.keys_by_epoch.emplace((number - 1) / context.epoch_length, keys);
        }
    }
}

void judge_file(Report& report, const VectorFile& file, const Context& context) {
    for (std::size_t i = 0; i < file.json.get_array().size(); ++i) {
        const Json& vector = file.json.get_array()[i];
        const Json* expected = rpc::find_member(vector, "expected");
        const Json* number = expected != nullptr ? rpc::find_member(*expected, "number") : nullptr;
        Case judged(report, file.name, number != nullptr ? rpc::to_text(*number) : name_of(vector, i));
        if (has_members(vector, {"expect"}) && *rpc::find_member(vector, "expect") == Json("reject")) {
            judge_refusal(judged, vector, context.epoch_length);
        } else if (has_members(vector, {"receiptProof"})) {
            judge_receipt(judged, vector, context.epoch_length, context.keys_by_epoch);
        } else {
            judge_header(judged, vector, context.epoch_length, context.keys_by_epoch);
        }
    }
}

void judge_list(Report& report, const VectorFile& file, const Json& list, void (*judge)(Case&, const Json&)) {
    for (std::size_t i = 0; i < list.get_array().size(); ++i) {
        Case judged(report, file.name, name_of(list.get_array()[i], i));
        judge(judged, list.get_array()[i]);
    }
}

}  // namespace

void run_map(const std::filesystem::path& folder, Report& report) {
    Context context;
    Report scratch;
    scratch.begin_set("");
    const auto for_each = [&](auto learn_from) {
        for (const std::string& name : list_files(folder)) {
            if (const auto file = read_file(folder, name, scratch)) learn_from(file->json);
        }
    };
    for_each([&](const Json& json) { learn(context, json); });
    for_each([&](const Json& json) { learn_keys(context, json, scratch); });
    judge_files(folder, report, [&](const VectorFile& file) {
        const Json& json = file.json;
        const auto list_in = [&](std::string_view key,
                                 std::initializer_list<std::string_view> keys) -> const Json* {
            const Json* list = rpc::find_member(json, key);
            return list != nullptr && is_list_of(*list, keys) ? list : nullptr;
        };
        if (is_list_of(json, {"headerRlp", "signerSetG1"})) {
            judge_file(report, file, context);
        } else if (const Json* cases = list_in("cases", {"msg", "H"})) {
            judge_list(report, file, *cases, judge_hash);
        } else if (const Json* validators = list_in("validators", {"address", "g1_pub_key"})) {
            judge_list(report, file, *validators, judge_validator);
        } else if (rpc::find_array(json, "g1") != nullptr) {
            Case judged(report, file.name, "keys");
            judge_keys(judged, json);
        } else if (is_log_file(json)) {
            judge_logs(report, file);
        } else {
            return false;
        }
        return true;
    });
}

}  // namespace butter::selftest
