// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "butter/app/commands.hpp"
#include "butter/app/keys.hpp"
#include "butter/app/terminal.hpp"
#include "butter/base/hex.hpp"
#include "butter/eth/address.hpp"
#include "butter/evm/keystore.hpp"

namespace butter::app {
namespace {

template <std::size_t N>
Result<FixedBytes<N>, CommandError> draw_random() {
    FixedBytes<N> out;
    // Requests of up to 256 bytes are never cut short (getrandom(2)).
    static_assert(N <= 256);
    if (::getrandom(out.data(), N, 0) != static_cast<ssize_t>(N)) {
        return std::unexpected(
            CommandError{ExitCode::kFailed, fmt::format("no random numbers: {}", std::strerror(errno))});
    }
    return out;
}

Result<crypto::PrivateKey, CommandError> make_key(const KeyOptions& options) {
    if (!options.private_key_env.empty()) {
        auto key = load_key_from_env(options.private_key_env);
        if (!key) return std::unexpected(CommandError{ExitCode::kConfig, key.error()});
        return *key;
    }
    for (;;) {
        TRY(const crypto::PrivateKey key, draw_random<32>());
        // All but about one in 2^128 numbers are keys.
        if (crypto::address_of(key)) return key;
    }
}

/// Makes the file, readable by its owner alone; never writes over one.
Result<void, CommandError> save_new(const std::filesystem::path& file, const std::string& text) {
    const auto error = [&](const char* doing) {
        return std::unexpected(
            CommandError{ExitCode::kConfig,
                         fmt::format("keystore {} {}: {}", file.string(), doing, std::strerror(errno))});
    };
    const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0 && errno == EEXIST) {
        return std::unexpected(
            CommandError{ExitCode::kConfig,
                         fmt::format("keystore {} exists already and is not written over; name another file",
                                     file.string())});
    }
    if (descriptor < 0) return error("cannot be made");
    std::size_t written = 0;
    while (written < text.size()) {
        const ssize_t size = ::write(descriptor, text.data() + written, text.size() - written);
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) break;
        written += static_cast<std::size_t>(size);
    }
    const bool is_saved = written == text.size() && ::fsync(descriptor) == 0;
    const int saved_errno = errno;
    ::close(descriptor);
    if (is_saved) return {};
    ::unlink(file.c_str());
    errno = saved_errno;
    return error("cannot be written");
}

Result<Address, CommandError> create(const KeyOptions& options) {
    if (options.password_file.empty() == options.password_env.empty()) {
        return std::unexpected(
            CommandError{ExitCode::kUsage, "either --password-file or --password-env is needed"});
    }
    const auto password = load_password({.keystore = options.keystore,
                                         .password_file = options.password_file,
                                         .password_env = options.password_env,
                                         .private_key_env = {}});
    if (!password) return std::unexpected(CommandError{ExitCode::kConfig, password.error()});
    if (password->empty()) {
        return std::unexpected(
            CommandError{ExitCode::kConfig, "the password is empty; it is what protects the key"});
    }
    TRY(const crypto::PrivateKey key, make_key(options));
    TRY(const FixedBytes<64> entropy, draw_random<64>());
    const auto keystore = evm::encode_keystore(key, *password, entropy);
    if (!keystore) {
        return std::unexpected(CommandError{ExitCode::kFailed, std::string(to_string(keystore.error()))});
    }
    TRY_VOID(save_new(options.keystore, *keystore + "\n"));
    return *crypto::address_of(key);
}

}  // namespace

ExitCode create_key(const KeyOptions& options) {
    const auto address = create(options);
    if (!address) return fail(address.error());
    print_line(eth::to_checksum_text(*address));
    return ExitCode::kOk;
}

ExitCode print_key_address(const KeyOptions& options) {
    const auto text = load_keystore(options.keystore);
    if (!text) return fail(ExitCode::kConfig, text.error());
    const auto address = evm::decode_keystore_address(*text);
    if (!address) {
        return fail(ExitCode::kConfig,
                    fmt::format("keystore {}: {}", options.keystore.string(), to_string(address.error())));
    }
    print_line(eth::to_checksum_text(*address));
    return ExitCode::kOk;
}

}  // namespace butter::app
