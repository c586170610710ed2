// SPDX-License-Identifier: Apache-2.0
#include "butter/app/keys.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "butter/base/hex.hpp"
#include "butter/evm/keystore.hpp"

namespace butter::app {
namespace {

Result<std::string, std::string> read_text(const std::filesystem::path& file, const char* what) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return std::unexpected(std::string(what) + " " + file.string() + " cannot be read");
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

}  // namespace

Result<std::string, std::string> load_password(const KeySettings& settings) {
    if (!settings.password_env.empty()) {
        const char* value = std::getenv(settings.password_env.c_str());
        if (value == nullptr) {
            return std::unexpected("environment variable " + settings.password_env +
                                   " is not set; it must hold the password of " + settings.keystore.string());
        }
        return std::string(value);
    }
    TRY(const std::string text, read_text(settings.password_file, "password file"));
    return text.substr(0, text.find_first_of("\r\n"));
}

Result<crypto::PrivateKey, std::string> load_key_from_env(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr)
        return std::unexpected("environment variable " + name +
                               " is not set; it must hold a private key as 64 hex digits");
    const auto key = decode_hex_fixed<32>(value);
    if (!key || !crypto::address_of(*key))
        return std::unexpected(
            "environment variable " + name +
            " holds no private key; expected 64 hex digits of a number below the group's order");
    return *key;
}

Result<crypto::PrivateKey, std::string> load_key(const KeySettings& settings) {
    if (!settings.private_key_env.empty()) return load_key_from_env(settings.private_key_env);
    TRY(const std::string json, read_text(settings.keystore, "keystore"));
    TRY(const std::string password, load_password(settings));
    const auto key = evm::decode_keystore(json, password);
    if (!key)
        return std::unexpected("keystore " + settings.keystore.string() + ": " +
                               std::string(evm::to_string(key.error())));
    return *key;
}

}  // namespace butter::app
