// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "butter/app/config.hpp"
#include "butter/base/result.hpp"
#include "butter/crypto/secp256k1.hpp"

namespace butter::app {

/// Whether `text` can be the name of an environment variable, and is no private key as hex.
bool is_variable_name(std::string_view text) noexcept;
/// The key that `settings` name: decrypts the keystore, or reads the environment. The error is a text for
/// people; it never holds a secret.
Result<crypto::PrivateKey, std::string> load_key(const KeySettings& settings);
/// The password of `settings`' keystore, from its file's first line or the environment.
Result<std::string, std::string> load_password(const KeySettings& settings);
/// The text of a keystore file.
Result<std::string, std::string> load_keystore(const std::filesystem::path& file);
/// `load_key` for a variable that holds a key as hex.
Result<crypto::PrivateKey, std::string> load_key_from_env(const std::string& name);

}  // namespace butter::app
