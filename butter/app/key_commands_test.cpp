// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "butter/app/commands.hpp"
#include "butter/app/keys.hpp"
#include "butter/base/hex.hpp"
#include "butter/eth/address.hpp"

namespace butter::app {
namespace {

constexpr const char* kPasswordName = "BUTTER_TEST_PASSWORD";
constexpr const char* kKeyName = "BUTTER_TEST_KEY";
/// The first account of anvil's mnemonic.
constexpr const char* kKnownKey = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
constexpr const char* kKnownAddress = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";

struct Output {
    ExitCode code{};
    std::string out;
    std::string error;
};
template <class F>
Output capture(F command) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    Output output;
    output.code = command();
    std::fflush(stdout);
    output.out = testing::internal::GetCapturedStdout();
    output.error = testing::internal::GetCapturedStderr();
    return output;
}

class Keys : public testing::Test {
  protected:
    void SetUp() override {
        folder_ = std::filesystem::temp_directory_path() / ("butter_keys_" + std::to_string(::getpid()));
        std::filesystem::create_directory(folder_);
        ::setenv(kPasswordName, "correct horse", 1);
        ::setenv(kKeyName, kKnownKey, 1);
        options_.keystore = folder_ / "key.json";
        options_.password_env = kPasswordName;
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::filesystem::path folder_;
    KeyOptions options_;
};

TEST_F(Keys, creates_a_key_that_loads_with_its_password) {
    const Output made = capture([&] { return create_key(options_); });
    ASSERT_EQ(made.code, ExitCode::kOk) << made.error;
    const auto key = load_key({.keystore = options_.keystore,
                               .password_file = {},
                               .password_env = kPasswordName,
                               .private_key_env = {}});
    ASSERT_TRUE(key.has_value()) << key.error();
    EXPECT_EQ(eth::to_checksum_text(*crypto::address_of(*key)) + "\n", made.out);
    struct stat status{};
    ASSERT_EQ(::stat(options_.keystore.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777u, 0600u) << "readable by others";
    const Output shown = capture([&] { return print_key_address(options_); });
    EXPECT_EQ(shown.out, made.out);
}

TEST_F(Keys, imports_from_the_environment_and_never_writes_over_a_file) {
    options_.private_key_env = kKeyName;
    std::ofstream(folder_ / "password") << "another\nnot this line\n";
    options_.password_env.clear();
    options_.password_file = folder_ / "password";
    const Output imported = capture([&] { return create_key(options_); });
    ASSERT_EQ(imported.code, ExitCode::kOk) << imported.error;
    EXPECT_EQ(imported.out, std::string(kKnownAddress) + "\n");
    EXPECT_EQ(encode_hex_bare(load_key({.keystore = options_.keystore,
                                        .password_file = options_.password_file,
                                        .password_env = {},
                                        .private_key_env = {}})
                                  .value()),
              kKnownKey);

    const Output again = capture([&] { return create_key(options_); });
    EXPECT_EQ(again.code, ExitCode::kConfig);
    EXPECT_NE(again.error.find("exists already"), std::string::npos) << again.error;
    EXPECT_EQ(capture([&] { return print_key_address(options_); }).out, imported.out);
}

TEST_F(Keys, says_what_is_missing_or_wrong) {
    const auto expect = [&](const KeyOptions& options, ExitCode code, const std::string& fragment) {
        const Output output = capture([&] { return create_key(options); });
        EXPECT_EQ(output.code, code) << fragment;
        EXPECT_NE(output.error.find(fragment), std::string::npos) << output.error;
        EXPECT_TRUE(output.out.empty());
        EXPECT_FALSE(std::filesystem::exists(options_.keystore));
    };
    KeyOptions options = options_;
    options.password_env.clear();
    expect(options, ExitCode::kUsage, "either --password-file or --password-env");
    options.password_env = "BUTTER_TEST_UNSET";
    expect(options, ExitCode::kConfig, "is not set; give the variable's name, not the password");
    options = options_;
    options.password_env.clear();
    options.password_file = folder_ / "nothing";
    expect(options, ExitCode::kConfig, "nothing cannot be read: No such file or directory");
    options.password_file = folder_;
    expect(options, ExitCode::kConfig, "cannot be read: Is a directory");
    std::ofstream(folder_ / "empty") << "\n";
    options.password_file = folder_ / "empty";
    expect(options, ExitCode::kConfig, "password is empty");
    options = options_;
    options.private_key_env = kKeyName;
    ::setenv(kKeyName, "00", 1);
    expect(options, ExitCode::kConfig, "holds no private key");
    options = options_;
    options.keystore = folder_ / "no" / "folder.json";
    const Output output = capture([&] { return create_key(options); });
    EXPECT_EQ(output.code, ExitCode::kConfig);
    EXPECT_NE(output.error.find("cannot be made"), std::string::npos) << output.error;
}

TEST_F(Keys, refuses_what_is_no_keystore) {
    const Output missing = capture([&] { return print_key_address(options_); });
    EXPECT_EQ(missing.code, ExitCode::kConfig);
    std::ofstream(options_.keystore) << "{}";
    const Output malformed = capture([&] { return print_key_address(options_); });
    EXPECT_EQ(malformed.code, ExitCode::kConfig);
    EXPECT_FALSE(malformed.error.empty());
}

}  // namespace
}  // namespace butter::app
