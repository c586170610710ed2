// SPDX-License-Identifier: Apache-2.0
#include "butter/app/keys.hpp"

#include <algorithm>
#include <cstdlib>

#include "butter/app/files.hpp"
#include "butter/base/hex.hpp"
#include "butter/evm/keystore.hpp"

namespace butter::app {
namespace {

/// A keystore has about 500 bytes, a password far fewer.
constexpr std::size_t kFileBytesMax = 1 << 16;

}  // namespace

bool is_variable_name(std::string_view text) noexcept {
    constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    constexpr std::string_view kDigits = "0123456789";
    if (text.empty() || kLetters.find(text.front()) == std::string_view::npos) return false;
    // 64 letters and digits that are hex are a key.
    if (decode_hex_fixed<32>(text)) return false;
    return std::all_of(text.begin(), text.end(), [&](char c) {
        return kLetters.find(c) != std::string_view::npos || kDigits.find(c) != std::string_view::npos;
    });
}

Result<std::string, std::string> load_password(const KeySettings& settings) {
    if (!settings.password_env.empty()) {
        const char* value = std::getenv(settings.password_env.c_str());
        if (value == nullptr) {
            return std::unexpected("the environment variable that is named for the password of " +
                                   settings.keystore.string() +
                                   " is not set; give the variable's name, not the password");
        }
        return std::string(value);
    }
    const auto text = load_file(settings.password_file, kFileBytesMax);
    if (!text) return std::unexpected("password file " + text.error());
    return text->substr(0, text->find_first_of("\r\n"));
}

Result<crypto::PrivateKey, std::string> load_key_from_env(const std::string& name) {
    const char* value = is_variable_name(name) ? std::getenv(name.c_str()) : nullptr;
    if (value == nullptr)
        return std::unexpected(
            "the environment variable that is named for the private key is not set; give the variable's "
            "name, not the key");
    const auto key = decode_hex_fixed<32>(value);
    if (!key || !crypto::address_of(*key))
        return std::unexpected(
            "environment variable " + name +
            " holds no private key; expected 64 hex digits of a number below the group's order");
    return *key;
}

Result<std::string, std::string> load_keystore(const std::filesystem::path& file) {
    auto text = load_file(file, kFileBytesMax);
    if (!text) return std::unexpected("keystore " + text.error());
    return *std::move(text);
}

Result<crypto::PrivateKey, std::string> load_key(const KeySettings& settings) {
    if (!settings.private_key_env.empty()) return load_key_from_env(settings.private_key_env);
    TRY(const std::string json, load_keystore(settings.keystore));
    TRY(const std::string password, load_password(settings));
    const auto key = evm::decode_keystore(json, password);
    if (!key)
        return std::unexpected("keystore " + settings.keystore.string() + ": " +
                               std::string(evm::to_string(key.error())));
    return *key;
}

}  // namespace butter::app
