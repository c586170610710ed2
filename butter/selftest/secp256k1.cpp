// SPDX-License-Identifier: Apache-2.0
#include "butter/crypto/secp256k1.hpp"

#include <secp256k1.h>

#include "butter/crypto/sha256.hpp"
#include "butter/eth/address.hpp"
#include "butter/selftest/precompile_files.hpp"
#include "butter/selftest/sets.hpp"

namespace butter::selftest {
namespace {

using namespace crypto;

std::optional<RecoverableSignature> compact_signature(BytesView bytes) {
    if (bytes.size() != 64) return std::nullopt;
    return RecoverableSignature{to_fixed<32>(bytes.first(32)), to_fixed<32>(bytes.subspan(32)), 0};
}

/// Wycheproof, IEEE P1363 form: {testGroups: [{publicKey: {uncompressed}, tests: [{msg, sig, result}]}]}.
void judge_wycheproof(Report& report, const VectorFile& file) {
    for (const Json& group : rpc::find_member(file.json, "testGroups")->get_array()) {
        const JsonArray* tests = rpc::find_array(group, "tests");
        if (tests == nullptr) {
            report.fail(file.name, "", "group without tests");
            continue;
        }
        for (const Json& vector : *tests) {
            const Json* id = rpc::find_member(vector, "tcId");
            Case judged(report, file.name, "tcId " + (id != nullptr ? rpc::to_text(*id) : "without number"));
            if (rpc::find_text(group, "sha") != "SHA-256") {
                judged.skip("another hash than SHA-256");
                continue;
            }
            const Bytes key = judged.bytes(judged.member(group, "publicKey"), "uncompressed");
            const Hash32 digest = sha256(judged.bytes(vector, "msg"));
            const Bytes given = judged.bytes(vector, "sig");
            const std::string result = judged.text(vector, "result");
            judged.expect(key.size() == 65, "public key of another size");
            if (!judged.is_ok()) continue;
            // A signature of another size is none: the form has two numbers of 32 bytes.
            const auto signature = compact_signature(given);
            const Result<void, Secp256k1Error> answer =
                signature ? verify(digest, *signature, to_fixed<64>(BytesView(key).subspan(1)))
                          : std::unexpected(Secp256k1Error::kInvalidSignature);
            if (result == "valid") {
                judged.expect_ok("verification", answer);
            } else if (result == "invalid") {
                judged.expect_error("verification", answer, {Secp256k1Error::kInvalidSignature});
            } else {
                judged.skip("result neither valid nor invalid");
            }
        }
    }
}

Bytes signature_bytes(const RecoverableSignature& signature) { return concat({signature.r, signature.s}); }

/// {d, m, signature}: deterministic, with s in the lower half.
void judge_deterministic(Case& judged, const Json& vector) {
    const PrivateKey key = judged.hash(vector, "d");
    const Hash32 digest = judged.hash(vector, "m");
    if (!judged.is_ok()) return;
    const auto signature = judged.take("signing", sign(digest, key));
    if (!signature) return;
    judged.expect_equal("signature", signature_bytes(*signature), judged.bytes(vector, "signature"));
    const auto signer = judged.take("recovery", recover_address(digest, *signature));
    const auto address = judged.take("address", address_of(key));
    judged.expect(signer == address, "recovered another signer");
}

/// The same digest signed with additional entropy, which this program never adds: they are no less
/// signatures.
void judge_extra_entropy(Case& judged, const Json& vector) {
    judge_deterministic(judged, vector);
    if (!judged.is_ok()) return;
    const auto key = judged.take("key", public_key_of(judged.hash(vector, "d")));
    if (!key || !vector.is_object()) return;
    for (const auto& [name, value] : vector.get_object()) {
        if (!name.starts_with("extraEntropy")) continue;
        const auto signature = compact_signature(judged.bytes_of(value, name));
        judged.expect(signature.has_value(), std::string(name) + ": no signature");
        if (signature) judged.expect_ok(name, verify(judged.hash(vector, "m"), *signature, *key));
    }
}

void judge_refused_key(Case& judged, const Json& vector) {
    const PrivateKey key = judged.hash(vector, "d");
    const Hash32 digest = judged.hash(vector, "m");
    if (judged.is_ok())
        judged.expect_error("signing", sign(digest, key), {Secp256k1Error::kInvalidPrivateKey});
}

using Judge = void (*)(Case&, const Json&);

void judge_list(Report& report, const VectorFile& file, std::string_view part, const JsonArray& list,
                Judge judge) {
    for (std::size_t i = 0; i < list.size(); ++i) {
        const std::string place = part.empty() ? std::string() : std::string(part) + " ";
        Case judged(report, file.name, place + name_of(list[i], i));
        judge(judged, list[i]);
    }
}

/// {valid: [..], invalid: {sign: [..]}, extraEntropy: [..]}
void judge_noble(Report& report, const VectorFile& file) {
    for (const auto& [part, value] : file.json.get_object()) {
        if (part == "valid" && value.is_array()) {
            judge_list(report, file, part, value.get_array(), judge_deterministic);
        } else if (part == "extraEntropy" && value.is_array()) {
            judge_list(report, file, part, value.get_array(), judge_extra_entropy);
        } else if (part == "invalid" && value.is_object()) {
            for (const auto& [operation, list] : value.get_object()) {
                if (operation == "sign" && list.is_array()) {
                    judge_list(report, file, "invalid sign", list.get_array(), judge_refused_key);
                } else {
                    report.skip(file.name, std::string(operation), "must-fail cases of an unknown operation");
                }
            }
        } else {
            report.skip(file.name, std::string(part), "part of no known meaning");
        }
    }
}

/// {message, d, k0, k1, ..}: the candidates for the nonce that RFC 6979 makes of sha256(message), by number.
/// The first one below the group order is taken, so signing shows only k0; the library's function shows all.
void judge_nonces(Case& judged, const Json& vector) {
    const Hash32 digest = sha256(as_bytes(judged.text(vector, "message")));
    const PrivateKey key = judged.hash(vector, "d");
    if (!judged.is_ok()) return;
    for (const auto& [name, value] : vector.get_object()) {
        const auto number = from_decimal(std::string_view(name).substr(1));
        if (!name.starts_with('k') || !number || !number->fits_u64()) continue;
        Hash32 nonce;
        if (secp256k1_nonce_function_rfc6979(nonce.data(), digest.data(), key.data(), nullptr, nullptr,
                                             static_cast<unsigned>(number->limbs[0])) != 1) {
            judged.fail(std::string(name) + ": no nonce");
        }
        judged.expect_equal(name, nonce, judged.bytes_of(value, name));
    }
    // What the first nonce makes of the generator is the signature's r, modulo the group order.
    const auto signature = judged.take("signing", sign(digest, key));
    const auto point = judged.take("k0", public_key_of(judged.hash(vector, "k0")));
    if (!signature || !point) return;
    judged.expect_equal("r", to_fixed<32>(BytesView(*point).first(32)), signature->r);
}

/// The precompiled contract 0x01: an address in a word, or nothing.
Bytes recover(BytesView input) {
    FixedBytes<128> padded;
    std::copy_n(input.begin(), std::min(padded.size(), input.size()), padded.begin());
    const BytesView view(padded);
    const auto v = from_big_endian(view.subspan(32, 32));
    if (*v != Uint256{27} && *v != Uint256{28}) return {};
    const RecoverableSignature signature{to_fixed<32>(view.subspan(64, 32)), to_fixed<32>(view.subspan(96)),
                                         static_cast<std::uint8_t>(v->limbs[0] - 27)};
    const auto address = recover_address(to_fixed<32>(view.first(32)), signature);
    return address ? concat({Bytes(12), *address}) : Bytes();
}

/// "XE", two check digits (ISO 13616) and the address in base 36.
std::string icap_of(const Address& address) {
    constexpr std::string_view kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    constexpr std::size_t kDigitsMin = 30;
    std::string digits;
    for (Uint256 rest = *from_big_endian(address); !rest.is_zero();) {
        const auto [quotient, remainder] = divide(rest, Uint256{36});
        digits.insert(digits.begin(), kDigits[remainder.limbs[0]]);
        rest = quotient;
    }
    digits.insert(0, kDigitsMin - std::min(kDigitsMin, digits.size()), '0');
    unsigned remainder = 0;
    for (const char letter : digits + "XE00") {
        const auto value = static_cast<unsigned>(kDigits.find(letter));
        remainder = (remainder * (value < 10 ? 10u : 100u) + value) % 97;
    }
    const unsigned check = 98 - remainder;
    return std::string("XE") + (check < 10 ? "0" : "") + std::to_string(check) + digits;
}

/// {privateKey, address, icap}
void judge_account(Case& judged, const Json& vector) {
    const auto address = judged.take("address", address_of(judged.hash(vector, "privateKey")));
    if (!address) return;
    judged.expect_equal("address", eth::to_checksum_text(*address), judged.text(vector, "address"));
    if (has_members(vector, {"icap"})) {
        judged.expect_equal("icap", icap_of(*address), judged.text(vector, "icap"));
    }
}

}  // namespace

void run_secp256k1(const std::filesystem::path& folder, Report& report) {
    judge_files(folder, report, [&](const VectorFile& file) {
        const Json& json = file.json;
        if (rpc::find_array(json, "testGroups") != nullptr) {
            judge_wycheproof(report, file);
        } else if (has_members(json, {"valid"}) && is_list_of(*rpc::find_member(json, "valid"), {"d", "m"})) {
            judge_noble(report, file);
        } else if (is_list_of(json, {"message", "d", "k0"})) {
            judge_list(report, file, "", json.get_array(), judge_nonces);
        } else if (is_list_of(json, {"privateKey", "address"})) {
            judge_list(report, file, "", json.get_array(), judge_account);
        } else if (is_precompile_file(file)) {
            judge_precompile_file(report, file, [](Case& judged, const Json& vector, const Bytes& input) {
                judged.expect_equal("output", recover(input), judged.bytes(vector, "Expected"));
            });
        } else {
            return false;
        }
        return true;
    });
}

}  // namespace butter::selftest
