// SPDX-License-Identifier: Apache-2.0
#include "butter/crypto/bls12_381.hpp"

#include "butter/crypto/eip2537.hpp"
#include "butter/selftest/files.hpp"
#include "butter/selftest/sets.hpp"

namespace butter::selftest {
namespace {

using namespace crypto::bls;

Result<AffinePublicKey, BlsError> decode_key(BytesView bytes) {
    if (bytes.size() != PublicKey::kSize) return std::unexpected(BlsError::kBadEncoding);
    return decode_public_key(to_fixed<48>(bytes));
}

Result<std::vector<AffinePublicKey>, BlsError> decode_keys(const std::vector<Bytes>& keys) {
    std::vector<AffinePublicKey> out;
    for (const Bytes& key : keys) {
        TRY(const AffinePublicKey decoded, decode_key(key));
        out.push_back(decoded);
    }
    return out;
}

Result<Signature, BlsError> decode_signature(BytesView bytes) {
    if (bytes.size() != Signature::kSize) return std::unexpected(BlsError::kBadEncoding);
    return to_fixed<96>(bytes);
}

Hash32 message_of(Case& judged, const Json& value) { return judged.fixed_of<32>(value, "message"); }

std::vector<Hash32> messages_of(Case& judged, const Json& input) {
    std::vector<Hash32> out;
    for (const Json& message : judged.array(input, "messages")) out.push_back(message_of(judged, message));
    return out;
}

// What a case's handler does with its input. Answers that are true or false come as void or an error.

Result<void, BlsError> verify_one(Case& judged, const Json& input) {
    const Hash32 message = judged.hash(input, "message");
    TRY(const AffinePublicKey key, decode_key(judged.bytes(input, "pubkey")));
    TRY(const Signature signature, decode_signature(judged.bytes(input, "signature")));
    return verify(key, message, signature);
}

Result<void, BlsError> fast_verify(Case& judged, const Json& input) {
    const Hash32 message = judged.hash(input, "message");
    TRY(const std::vector<AffinePublicKey> keys, decode_keys(judged.bytes_list(input, "pubkeys")));
    TRY(const Signature signature, decode_signature(judged.bytes(input, "signature")));
    return fast_aggregate_verify(keys, message, signature);
}

Result<void, BlsError> verify_aggregate(Case& judged, const Json& input) {
    const std::vector<Hash32> messages = messages_of(judged, input);
    TRY(const std::vector<AffinePublicKey> keys, decode_keys(judged.bytes_list(input, "pubkeys")));
    TRY(const Signature signature, decode_signature(judged.bytes(input, "signature")));
    return aggregate_verify(keys, messages, signature);
}

/// The program has no batches: a batch verifies when each of its signatures does.
Result<void, BlsError> verify_batch(Case& judged, const Json& input) {
    const std::vector<Hash32> messages = messages_of(judged, input);
    const std::vector<Bytes> signatures = judged.bytes_list(input, "signatures");
    TRY(const std::vector<AffinePublicKey> keys, decode_keys(judged.bytes_list(input, "pubkeys")));
    if (keys.size() != messages.size() || keys.size() != signatures.size()) {
        return std::unexpected(BlsError::kCountMismatch);
    }
    for (std::size_t i = 0; i < keys.size(); ++i) {
        TRY(const Signature signature, decode_signature(signatures[i]));
        TRY_VOID(verify(keys[i], messages[i], signature));
    }
    return {};
}

/// Infinity is an encoding of a point, though neither a key nor a signature.
template <class T>
Result<void, BlsError> is_point(const Result<T, BlsError>& decoded) {
    if (decoded || decoded.error() == BlsError::kInfinity) return {};
    return std::unexpected(decoded.error());
}

Result<void, BlsError> deserialize_g1(Case& judged, const Json& input) {
    return is_point(decode_key(judged.bytes(input, "pubkey")));
}

Result<void, BlsError> deserialize_g2(Case& judged, const Json& input) {
    const Bytes bytes = judged.bytes(input, "signature");
    TRY(const Signature signature, decode_signature(bytes));
    return is_point(encode_eip2537(signature));
}

/// Why a case must fail, as the published suite's names say; none when they do not.
std::vector<BlsError> expected_errors(std::string_view name) {
    const auto says = [&](std::string_view words) { return name.find(words) != std::string_view::npos; };
    if (says("infinity_pubkey")) return {BlsError::kInfinity};
    if (says("na_pubkeys")) return {BlsError::kNoKeys};
    if (says("na_signatures")) return {BlsError::kNoSignatures};
    if (says("wrong_pubkey") || says("extra_pubkey")) return {BlsError::kWrongSignature};
    if (says("tampered_signature")) {
        return {BlsError::kBadEncoding, BlsError::kNotInSubgroup, BlsError::kWrongSignature};
    }
    if (says("zero_privkey")) return {BlsError::kBadSecretKey};
    if (says("not_in_G1") || says("not_in_G2")) return {BlsError::kNotInSubgroup};
    if (says("deserialization_fails")) return {BlsError::kBadEncoding};
    return {};
}

void judge_answer(Case& judged, const Json& vector, const Result<void, BlsError>& answer) {
    if (!judged.is_ok()) return;
    if (judged.boolean(vector, "output")) {
        judged.expect_ok("answer", answer);
    } else if (judged.is_ok()) {
        judged.expect_error("answer", answer, expected_errors(judged.name()));
    }
}

void judge_signature(Case& judged, const Json& vector, const Result<Signature, BlsError>& answer) {
    if (!judged.is_ok()) return;
    if (judged.member(vector, "output").is_null()) {
        judged.expect_error("answer", answer, expected_errors(judged.name()));
    } else if (judged.expect_ok("answer", answer)) {
        judged.expect_equal("signature", *answer, judged.bytes(vector, "output"));
    }
}

/// The coordinate of Fp2 that a vector writes as "0xreal,0ximaginary", encoded as EIP-2537 has it.
Bytes coordinate_of(Case& judged, const Json& point, std::string_view key) {
    constexpr std::size_t kPaddedFpBytes = 64;
    const std::string text = judged.text(point, key);
    const std::size_t comma = text.find(',');
    Bytes out;
    if (comma == std::string::npos) {
        judged.fail(std::string(key) + ": no element of Fp2");
        return out;
    }
    for (const std::string& part : {text.substr(0, comma), text.substr(comma + 1)}) {
        const auto bytes = judged.take(key, decode_hex(part));
        if (!bytes || bytes->size() > kPaddedFpBytes) {
            judged.fail(std::string(key) + ": no element of Fp2");
            return out;
        }
        out.insert(out.end(), kPaddedFpBytes - bytes->size(), 0);
        append(out, *bytes);
    }
    return out;
}

Bytes point_of(Case& judged, const Json& point) {
    return concat({coordinate_of(judged, point, "x"), coordinate_of(judged, point, "y")});
}

constexpr std::string_view kSuite = "BLS12381G2_XMD:SHA-256_SSWU_RO_";
/// The tag of the vectors of hash_to_G2.
constexpr std::string_view kTestTag = "QUUX-V01-CS02-with-BLS12381G2_XMD:SHA-256_SSWU_RO_";

void judge_hash(Case& judged, const Json& vector) {
    const std::string message = judged.text(judged.member(vector, "input"), "msg");
    const Bytes expected = point_of(judged, judged.member(vector, "output"));
    if (judged.is_ok()) judged.expect_equal("point", hash_to_g2(as_bytes(message), kTestTag), expected);
}

void judge_case(Case& judged, std::string_view handler, const Json& vector) {
    const Json& input = judged.member(vector, "input");
    if (handler == "verify") return judge_answer(judged, vector, verify_one(judged, input));
    if (handler == "fast_aggregate_verify") return judge_answer(judged, vector, fast_verify(judged, input));
    if (handler == "aggregate_verify") return judge_answer(judged, vector, verify_aggregate(judged, input));
    if (handler == "batch_verify") return judge_answer(judged, vector, verify_batch(judged, input));
    if (handler == "deserialization_G1") return judge_answer(judged, vector, deserialize_g1(judged, input));
    if (handler == "deserialization_G2") return judge_answer(judged, vector, deserialize_g2(judged, input));
    if (handler == "hash_to_G2") return judge_hash(judged, vector);
    if (handler == "sign") {
        const Hash32 message = judged.hash(input, "message");
        return judge_signature(judged, vector, sign(judged.hash(input, "privkey"), message));
    }
    if (handler == "aggregate") {
        std::vector<Signature> signatures;
        for (const Json& signature : judged.array_of(input, "input")) {
            signatures.push_back(judged.fixed_of<96>(signature, "signature"));
        }
        return judge_signature(judged, vector, aggregate_signatures(signatures));
    }
    judged.skip("unknown handler " + std::string(handler));
}

/// {handler: {case: {input, output}}}
bool is_handler_file(const Json& json) {
    const JsonObject* handlers = json.if_object();
    if (handlers == nullptr) return false;
    for (const auto& [handler, cases] : *handlers) {
        if (is_map_of(cases, {"input", "output"})) return true;
    }
    return false;
}

void judge_handlers(Report& report, const VectorFile& file) {
    for (const auto& [handler, cases] : file.json.get_object()) {
        if (!cases.is_object()) {
            report.fail(file.name, std::string(handler), "handler without cases");
            continue;
        }
        for (const auto& [name, vector] : cases.get_object()) {
            Case judged(report, file.name, std::string(name));
            judge_case(judged, handler, vector);
        }
    }
}

/// A suite of RFC 9380, appendix J: {ciphersuite, dst, vectors: [{msg, P, u}]}.
void judge_rfc9380(Report& report, const VectorFile& file) {
    const auto suite = rpc::find_text(file.json, "ciphersuite");
    const JsonArray& vectors = rpc::find_member(file.json, "vectors")->get_array();
    for (std::size_t i = 0; i < vectors.size(); ++i) {
        const Json& vector = vectors[i];
        Case judged(report, file.name, "#" + std::to_string(i));
        if (suite != kSuite) {
            judged.skip("another suite than " + std::string(kSuite) + ", which beacon chains use");
            continue;
        }
        const std::string tag = judged.text(file.json, "dst");
        const std::string message = judged.text(vector, "msg");
        const Bytes expected = point_of(judged, judged.member(vector, "P"));
        if (!judged.is_ok()) continue;
        judged.expect_equal("P", hash_to_g2(as_bytes(message), tag), expected);
        // The map of EIP-2537 clears the cofactor, so the maps of the two field elements add up to P.
        Bytes mapped;
        for (const Json& element : judged.array(vector, "u")) {
            const Json wrapped = JsonObject{{"u", element}};
            const auto point =
                judged.take("map", crypto::eip2537::map_fp2_to_g2(coordinate_of(judged, wrapped, "u")));
            if (point) append(mapped, *point);
        }
        if (const auto sum = judged.take("sum of maps", crypto::eip2537::g2_add(mapped))) {
            judged.expect_equal("sum of the mapped u", *sum, expected);
        }
    }
}

}  // namespace

void run_bls12_381(const std::filesystem::path& folder, Report& report) {
    judge_files(folder, report, [&](const VectorFile& file) {
        if (has_members(file.json, {"ciphersuite", "dst", "vectors"}) &&
            rpc::find_array(file.json, "vectors") != nullptr) {
            judge_rfc9380(report, file);
        } else if (is_handler_file(file.json)) {
            judge_handlers(report, file);
        } else {
            return false;
        }
        return true;
    });
}

}  // namespace butter::selftest
