// SPDX-License-Identifier: Apache-2.0
#include "butter/evm/keystore.hpp"

#include "butter/eth/address.hpp"
#include "butter/selftest/files.hpp"
#include "butter/selftest/sets.hpp"

namespace butter::selftest {
namespace {

using evm::KeystoreError;

/// The password opens it, another one does not.
void judge_keystore(Case& judged, std::string_view keystore, const std::string& password, BytesView key) {
    if (!judged.is_ok()) return;
    if (const auto found = judged.take("decryption", evm::decode_keystore(keystore, password))) {
        judged.expect_equal("private key", *found, key);
    }
    judged.expect_error("decryption with another password", evm::decode_keystore(keystore, password + "x"),
                        {KeystoreError::kWrongPassword});
}

/// {name: {json, password, priv}}
void judge_basic(Report& report, const VectorFile& file) {
    for (const auto& [name, vector] : file.json.get_object()) {
        Case judged(report, file.name, std::string(name));
        const std::string keystore = rpc::to_text(judged.member(vector, "json"));
        const std::string password = judged.text(vector, "password");
        judge_keystore(judged, keystore, password, judged.bytes(vector, "priv"));
    }
}

/// [{type, content, password (hex of its bytes), privateKey, address}]: only "keystore" is of version 3.
void judge_wallet(Case& judged, const Json& vector) {
    const std::string type = judged.text(vector, "type");
    const std::string content = judged.text(vector, "content");
    const Bytes password_bytes = judged.bytes(vector, "password");
    const std::string password(password_bytes.begin(), password_bytes.end());
    if (!judged.is_ok()) return;
    if (type != "keystore") {
        judged.expect_error("decryption", evm::decode_keystore(content, password),
                            {KeystoreError::kMalformed});
        return;
    }
    const auto address = judged.take("address", eth::parse_address(judged.text(vector, "address")));
    if (!address) return;
    if (has_members(vector, {"privateKey"})) {
        judge_keystore(judged, content, password, judged.bytes(vector, "privateKey"));
        return;
    }
    // Without the key at hand, the address is what its key must have.
    const auto key = judged.take("decryption", evm::decode_keystore(content, password));
    if (!key) return;
    if (const auto found = judged.take("key", crypto::address_of(*key))) {
        judged.expect_equal("address", *found, *address);
    }
    judged.expect_error("decryption with another password", evm::decode_keystore(content, password + "x"),
                        {KeystoreError::kWrongPassword});
}

}  // namespace

void run_keystore_v3(const std::filesystem::path& folder, Report& report) {
    judge_files(folder, report, [&](const VectorFile& file) {
        if (is_map_of(file.json, {"json", "password", "priv"})) {
            judge_basic(report, file);
        } else if (is_list_of(file.json, {"type", "content", "password"})) {
            for (std::size_t i = 0; i < file.json.get_array().size(); ++i) {
                Case judged(report, file.name, name_of(file.json.get_array()[i], i));
                judge_wallet(judged, file.json.get_array()[i]);
            }
        } else {
            return false;
        }
        return true;
    });
}

}  // namespace butter::selftest
