// SPDX-License-Identifier: Apache-2.0
#include "butter/crypto/keccak.hpp"

#include <openssl/evp.h>

#include <charconv>
#include <sstream>

#include "butter/crypto/sha256.hpp"
#include "butter/selftest/files.hpp"
#include "butter/selftest/sets.hpp"

namespace butter::selftest {
namespace {

/// The value after "Len = " and the like.
std::optional<std::string> value_after(std::string_view line, std::string_view key) {
    if (!line.starts_with(key)) return std::nullopt;
    line.remove_prefix(key.size());
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    return std::string(line);
}

void judge_known_answer(Report& report, const VectorFile& file, const std::string& length,
                        const std::optional<std::string>& message, const std::string& digest) {
    Case judged(report, file.name, "Len = " + length);
    std::size_t bits = 0;
    const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), bits);
    if (error != std::errc{} || end != length.data() + length.size()) return judged.fail("Len: not a number");
    if (!message) return judged.fail("entry without Msg");
    if (bits % 8 != 0) return judged.skip("message of no whole number of bytes");
    auto input = judged.take("Msg", decode_hex(*message));
    const auto expected = judged.take("MD", decode_hex(digest));
    if (!input || !expected) return;
    // The message of no bits is written as one byte.
    if (input->size() < bits / 8) return judged.fail("Msg: shorter than Len");
    input->resize(bits / 8);
    judged.expect_equal("keccak256", crypto::keccak256(*input), *expected);
}

/// The known answers of the Keccak submission: lines "Len = ", "Msg = " and "MD = ".
void judge_known_answers(Report& report, const VectorFile& file) {
    std::istringstream lines(file.text);
    std::optional<std::string> length;
    std::optional<std::string> message;
    for (std::string line; std::getline(lines, line);) {
        if (auto value = value_after(line, "Len = ")) {
            if (length) report.fail(file.name, "Len = " + *length, "entry without MD");
            length = std::move(value);
            message.reset();
        } else if ((value = value_after(line, "Msg = "))) {
            message = std::move(value);
        } else if ((value = value_after(line, "MD = ")) && length) {
            judge_known_answer(report, file, *length, message, *value);
            length.reset();
        }
    }
    if (length) report.fail(file.name, "Len = " + *length, "entry without MD");
}

/// By the library that the program links, which has the digests that the program itself does not compute.
Bytes openssl_digest(const EVP_MD* digest, BytesView input) {
    Bytes out(EVP_MAX_MD_SIZE);
    unsigned size = 0;
    if (EVP_Digest(input.data(), input.size(), out.data(), &size, digest, nullptr) != 1) size = 0;
    out.resize(size);
    return out;
}

void judge_digests(Report& report, const VectorFile& file) {
    std::vector<Bytes> inputs;
    std::vector<Hash32> one_by_one;
    for (std::size_t i = 0; i < file.json.get_array().size(); ++i) {
        const Json& vector = file.json.get_array()[i];
        Case judged(report, file.name, name_of(vector, i));
        const Bytes input = judged.bytes(vector, "data");
        judged.expect_equal("keccak256", crypto::keccak256(input), judged.bytes(vector, "keccak256"));
        if (has_members(vector, {"sha256"})) {
            judged.expect_equal("sha256", crypto::sha256(input), judged.bytes(vector, "sha256"));
        }
        if (has_members(vector, {"sha512"})) {
            judged.expect_equal("sha512", openssl_digest(EVP_sha512(), input),
                                judged.bytes(vector, "sha512"));
        }
        if (has_members(vector, {"ripemd160"})) {
            judged.expect_equal("ripemd160", openssl_digest(EVP_ripemd160(), input),
                                judged.bytes(vector, "ripemd160"));
        }
        one_by_one.push_back(crypto::keccak256(input));
        inputs.push_back(input);
    }
    // Side by side, as the nodes of a trie are hashed.
    Case judged(report, file.name, "all of them side by side");
    const std::vector<BytesView> views(inputs.begin(), inputs.end());
    std::vector<Hash32> side_by_side(views.size());
    crypto::keccak256_many(views, side_by_side);
    judged.expect(side_by_side == one_by_one, "keccak256_many differs from keccak256");
}

}  // namespace

void run_keccak(const std::filesystem::path& folder, Report& report) {
    judge_files(folder, report, [&](const VectorFile& file) {
        if (!file.is_json && file.text.find("Len = ") != std::string::npos) {
            judge_known_answers(report, file);
        } else if (is_list_of(file.json, {"data", "keccak256"})) {
            judge_digests(report, file);
        } else {
            return false;
        }
        return true;
    });
}

}  // namespace butter::selftest
