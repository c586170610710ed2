// SPDX-License-Identifier: Apache-2.0
#include "butter/selftest/selftest.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include "butter/rpc/json.hpp"

namespace butter::selftest {
namespace {

namespace fs = std::filesystem;

/// A folder of its own for each test, gone afterwards.
class SelftestTest : public testing::Test {
  protected:
    SelftestTest() {
        std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
        // Those of tests with parameters have a slash.
        std::replace(name.begin(), name.end(), '/', '_');
        folder_ = fs::temp_directory_path() / ("butter_selftest_" + std::to_string(getpid()) + "_" + name);
        fs::remove_all(folder_);
        fs::create_directories(folder_);
    }
    ~SelftestTest() override { fs::remove_all(folder_); }

    void copy_set(const std::string& set) {
        fs::remove_all(folder_ / set);
        fs::copy(fs::path(BUTTER_VECTORS) / set, folder_ / set, fs::copy_options::recursive);
    }
    void write(const std::string& file, std::string_view text) {
        fs::create_directories((folder_ / file).parent_path());
        std::ofstream(folder_ / file, std::ios::binary) << text;
    }
    std::string read(const std::string& file) {
        std::ifstream stream(folder_ / file, std::ios::binary);
        EXPECT_TRUE(stream.good()) << file;
        return {std::istreambuf_iterator<char>(stream), {}};
    }
    /// Changes the first place where `from` stands. Not all files have spaces after their colons.
    void change(const std::string& file, std::string from, std::string_view to) {
        std::string text = read(file);
        std::size_t at = text.find(from);
        if (at == std::string::npos) {
            if (const std::size_t colon = from.find(": "); colon != std::string::npos)
                from.erase(colon + 1, 1);
            at = text.find(from);
        }
        ASSERT_NE(at, std::string::npos) << file << ": " << from;
        write(file, text.replace(at, from.size(), to));
    }

    fs::path folder_;
};

struct Output {
    int status = 0;
    std::string text;
};

Output run_text(const fs::path& vectors) {
    std::ostringstream out;
    const int status = run({.vectors = vectors, .json = false}, out);
    return {status, out.str()};
}

rpc::Json run_json(const fs::path& vectors, int expected_status) {
    std::ostringstream out;
    EXPECT_EQ(run({.vectors = vectors, .json = true}, out), expected_status);
    const auto json = rpc::parse_json(out.str());
    EXPECT_TRUE(json.has_value());
    return json.value_or(rpc::Json());
}

struct Counts {
    std::int64_t passed = 0;
    std::int64_t skipped = 0;
};

TEST_F(SelftestTest, passes_every_set_of_the_project) {
    const std::map<std::string, Counts> expected = {
        {"abi", {330, 0}},
        {"atlas_node", {0, 1}},
        {"blocks", {26, 0}},
        {"bls12_381", {53, 0}},
        {"bn254", {25, 0}},
        {"create_address", {84, 0}},
        {"devnet_captures", {73, 5}},
        {"e2e", {15, 0}},
        {"eip2537", {295, 0}},
        {"eip712", {65, 0}},
        {"keccak", {317, 0}},
        {"keystore_v3", {9, 0}},
        {"lc_devnet_minimal", {9, 0}},
        {"lc_mainnet", {159, 0}},
        {"lc_sepolia", {6, 0}},
        {"lc_spec_tests_minimal", {19, 0}},
        {"map", {69, 0}},
        {"message", {0, 1}},
        {"rlp", {41, 0}},
        {"secp256k1", {436, 0}},
        {"ssz", {656, 0}},
        {"state_proofs", {9, 0}},
        {"trie", {26, 0}},
        {"tx", {1755, 115}},
    };
    std::map<std::string, Counts> found;
    const rpc::Json report = run_json(BUTTER_VECTORS, 0);
    std::int64_t passed = 0;
    for (const auto& set : report.at("sets").as_array()) {
        const std::string name(set.at("set").as_string());
        found[name] = {set.at("passed").as_int64(), set.at("skipped").as_int64()};
        passed += set.at("passed").as_int64();
        EXPECT_EQ(set.at("failed").as_int64(), 0) << rpc::to_text(set.at("failures"));
    }
    EXPECT_EQ(found.size(), expected.size());
    for (const auto& [set, counts] : expected) {
        EXPECT_EQ(found[set].passed, counts.passed) << set;
        EXPECT_EQ(found[set].skipped, counts.skipped) << set;
    }
    EXPECT_EQ(report.at("passed").as_int64(), passed);
    EXPECT_EQ(report.at("failed").as_int64(), 0);
}

/// A value of a set that is changed, and what the failure says then.
struct Tampering {
    friend void PrintTo(const Tampering& tampering, std::ostream* out) {
        *out << tampering.file << ": " << tampering.from << " to " << tampering.to;
    }
    std::string set;
    std::string file;
    std::string_view from;
    std::string_view to;
    std::string_view complaint;
};

class Tampered : public SelftestTest, public testing::WithParamInterface<Tampering> {};

TEST_P(Tampered, copies_fail) {
    const Tampering& tampering = GetParam();
    copy_set(tampering.set);
    change(tampering.set + "/" + tampering.file, std::string(tampering.from), tampering.to);
    const Output output = run_text(folder_);
    EXPECT_EQ(output.status, 1);
    EXPECT_NE(output.text.find("failed " + tampering.file), std::string::npos) << output.text;
    EXPECT_NE(output.text.find(tampering.complaint), std::string::npos) << output.text;
}

const Tampering kTamperings[] = {
    {"keccak", "ethers_hashes.json", "0xc5d24601", "0xc5d24602", "keccak256: found 0xc5d24601"},
    {"keccak", "ShortMsgKAT_256.txt", "MD = C5D24601", "MD = C5D24602", "keccak256: found"},
    {"rlp", "rlptest.json", "\"0x80\"", "\"0x81\"", "encoding: found 0x80"},
    // A valid encoding where an invalid one must be.
    {"rlp", "invalidRLPTest.json", "0x8100", "0x00", "accepted, must be rejected"},
    // Invalid for another reason than its name says.
    {"rlp", "invalidRLPTest.json", "0x8100", "0xb800", "rejected because"},
    {"abi", "ethers_abi.json", "\"encoded\": \"0x00", "\"encoded\": \"0x01", "encoding: found"},
    {"abi", "basic_abi_tests.json", "291", "292", "encoding: found"},
    {"abi", "ethers_solidity_packed_hashes.json", "0x0e61e9d7", "0x0e61e9d8", "keccak256: found"},
    {"ssz", "ssz_generic.json", "\"valid\": true", "\"valid\": false", "accepted, must be rejected"},
    {"ssz", "beacon_header_chain_6632737_6632790.json", "\"614999\"", "\"615000\"", "root: found"},
    {"ssz", "receipts_root_historical_proofs.json", "\"0x38efdeae", "\"0x38efdeaf", "branch:"},
    {"trie", "trietest.json", "0x5991bb8c", "0x5991bb8d", "root: found"},
    {"trie", "optimism_MerkleTrie_vectors.json", "0x6176616c32", "0x6176616c33", "value: found"},
    {"trie", "optimism_MerkleTrie_vectors.json", "MerkleTrie: path remainder must share all nibbles",
     "MerkleTrie: value length must be greater than zero", "rejected because"},
    {"state_proofs", "eth_getProof.json", "0x545e7cf6", "0x545e7cf7", "account proof"},
    {"state_proofs", "near_eth-prover_storage_proof_good_and_bad.json", "storageProofWithIncorrectValue",
     "storageProofWithIncorrectAccountState", "rejected because"},
    {"tx", "ethers_transactions.json", "\"unsignedLegacy\": \"0xf8", "\"unsignedLegacy\": \"0xf9",
     "unsigned: found"},
    {"tx", "ethereum_tests_TransactionTests.json", "TransactionException.ADDRESS_TOO_SHORT",
     "TransactionException.INTRINSIC_GAS_TOO_LOW", "rejected because"},
    {"tx", "mainnet_real_transactions_types_0_to_4.json", "0x50d325ae", "0x50d325af", "hash: found"},
    {"create_address", "create.json", "\"nonce\": 193", "\"nonce\": 194", "address: found"},
    {"create_address", "create2.json", "0x8b0e2c2f", "0x8b0e2c2e", "address: found"},
    {"eip712", "ethers_typed_data.json", "\"28.44.13\"", "\"28.44.14\"", "digest: found"},
    {"secp256k1", "wycheproof_ecdsa_secp256k1_sha256_p1363_test.json", "\"valid\"", "\"invalid\"",
     "accepted, must be rejected"},
    {"secp256k1", "noble_ecdsa_deterministic.json", "33a69cd2", "33a69cd3", "signature: found"},
    {"secp256k1", "noble_rfc6979.json", "fcce1de7", "fcce1de8", "k0: found"},
    {"secp256k1", "ethers_accounts.json", "XE21ERF4", "XE22ERF4", "icap: found"},
    {"bls12_381", "eth_bls12-381-tests_v0.1.1.json", "\"output\": true", "\"output\": false",
     "accepted, must be rejected"},
    {"bls12_381", "rfc9380_BLS12381G2_XMD_SHA-256_SSWU_RO.json", "0x0141ebfb", "0x0141ebfc", "P: found"},
    {"bn254", "geth_bn256Add.json", "2243525c", "2243525d", "output: found"},
    {"eip2537", "geth_blsG1Add.json", "\"Expected\": \"0000000000000000000000000000000010",
     "\"Expected\": \"0000000000000000000000000000000011", "output: found"},
    {"eip2537", "geth_fail-blsG1Add.json", "invalid input length", "invalid point: not on curve",
     "rejected because"},
    {"keystore_v3", "ethereum_tests_basic_tests.json", "\"testpassword\"", "\"testpasswort\"",
     "wrong password"},
    {"blocks", "mainnet_headers_all_forks.json", "0x75d63660", "0x75d63661", "hash: found"},
    {"blocks", "optimism_op-service_headers_good_and_bad.json", "\"fail\": true", "\"fail\": false",
     "the header has another hash"},
    {"map", "headers.json", "\"round\": 1", "\"round\": 2", "round: found 1"},
    {"map", "must_fail_headers.json", "proposerSealOk+blsSigOk", "quorum", "rejected because"},
    {"map", "hash_to_g1.json", "0x1c5c092b", "0x1c5c092c", "H: another point"},
    {"lc_sepolia", "electra/update_period0926.json", "\"signature_slot\": \"", "\"signature_slot\": \"1",
     "update"},
    {"lc_spec_tests_minimal", "electra__light_client_sync.json", "0x811ca9d0", "0x811ca9d1",
     "finalized_header beacon_root: found"},
    {"lc_devnet_minimal", "Test_Electra_Fork.json", "\"60000038\"", "\"60000039\"",
     "signingForkVersion: found"},
    {"e2e", "mainnet_deneb_state_11412811/expected.json", "0x4ee45aca", "0x4ee45acb", "stateRoot: found"},
};
INSTANTIATE_TEST_SUITE_P(of_every_set, Tampered, testing::ValuesIn(kTamperings));

TEST_F(SelftestTest, names_what_it_does_not_know) {
    copy_set("rlp");
    write("rlp/notes.txt", "nothing");
    write("rlp/other.json", R"([{"a": 1}])");
    write("martian/vectors.json", "[]");
    write("qbft_ibft2/headers.json", "[]");
    write("stray.json", "[]");
    const Output output = run_text(folder_);
    EXPECT_EQ(output.status, 0);
    for (const std::string_view line :
         {"martian: 0 passed, 0 failed, 1 skipped\n  skipped: unknown set\n",
          "qbft_ibft2: 0 passed, 0 failed, 1 skipped\n  skipped: no consensus family of this program",
          "rlp: 41 passed, 0 failed, 2 skipped\n",
          "  skipped notes.txt: file of no shape that this set knows\n",
          "  skipped other.json: file of no shape that this set knows\n",
          "stray.json: 0 passed, 0 failed, 1 skipped\n", "\n41 passed, 0 failed, 5 skipped\n"}) {
        EXPECT_NE(output.text.find(line), std::string::npos) << line << "\n" << output.text;
    }
}

TEST_F(SelftestTest, fails_on_broken_files) {
    copy_set("rlp");
    const std::string text = read("rlp/rlptest.json");
    write("rlp/rlptest.json", std::string_view(text).substr(0, text.size() / 2));
    write("rlp/empty.json", "");
    const Output output = run_text(folder_);
    EXPECT_EQ(output.status, 1);
    EXPECT_NE(output.text.find("rlp: 13 passed, 2 failed, 0 skipped\n"), std::string::npos) << output.text;
    EXPECT_NE(output.text.find("  failed rlptest.json: not JSON\n"), std::string::npos) << output.text;
    EXPECT_NE(output.text.find("  failed empty.json: not JSON\n"), std::string::npos) << output.text;
}

TEST_F(SelftestTest, fails_on_vectors_that_lack_members) {
    write("rlp/some.json", R"({"good": {"in": "", "out": "0x80"}, "bad": {"in": ""}, "worse": 7})");
    write("keccak/kat.txt", "Len = 8\nMsg = 00\nLen = 16\nMsg = 00\nMD = 00\n");
    write("ssz/some.json", R"([{"handler": "uints", "name": "uint_8", "valid": 1, "serialized": "0xzz"}])");
    const Output output = run_text(folder_);
    EXPECT_EQ(output.status, 1);
    for (const std::string_view line :
         {"failed some.json: bad: vector without \"out\"\n",
          "failed some.json: worse: vector without \"in\"\n", "failed kat.txt: Len = 8: entry without MD\n",
          "failed kat.txt: Len = 16: Msg: shorter than Len\n",
          "failed some.json: uints uint_8: valid: not true or false\n",
          "\n1 passed, 5 failed, 0 skipped\n"}) {
        EXPECT_NE(output.text.find(line), std::string::npos) << line << "\n" << output.text;
    }
}

/// What the libraries take for granted of their callers is checked before they are called.
TEST_F(SelftestTest, malformed_values_reach_no_library) {
    copy_set("blocks");
    change("blocks/mainnet_blocks_full.json", "\"receipts\": [", "\"receipts\": [\"0x\",");
    change("blocks/mainnet_headers_all_forks.json", "\"withdrawalsRoot\": ", "\"otherRoot\": ");
    copy_set("devnet_captures");
    change("devnet_captures/minimal-electra-n64/spec.json", "\"MAX_COMMITTEES_PER_SLOT\": \"",
           "\"MAX_COMMITTEES_PER_SLOT\": \"1844674407370955161");
    const Output output = run_text(folder_);
    EXPECT_EQ(output.status, 1);
    EXPECT_NE(output.text.find("MAX_COMMITTEES_PER_SLOT: out of range"), std::string::npos) << output.text;
    EXPECT_NE(output.text.find("header with a field of a fork but not of the one before"), std::string::npos)
        << output.text;
    EXPECT_NE(output.text.find("failed mainnet_blocks_full.json"), std::string::npos) << output.text;
}

TEST_F(SelftestTest, reads_shapes_and_not_names) {
    copy_set("rlp");
    copy_set("blocks");
    fs::rename(folder_ / "rlp/rlptest.json", folder_ / "rlp/x1.json");
    fs::create_directories(folder_ / "rlp/deep/er");
    fs::rename(folder_ / "rlp/invalidRLPTest.json", folder_ / "rlp/deep/er/x2.json");
    fs::rename(folder_ / "blocks/mainnet_blocks_full.json", folder_ / "blocks/x3.json");
    const rpc::Json report = run_json(folder_, 0);
    EXPECT_EQ(report.at("sets").at(0).at("passed").as_int64(), 26);
    EXPECT_EQ(report.at("sets").at(1).at("passed").as_int64(), 41);
    EXPECT_EQ(report.at("skipped").as_int64(), 0);
}

TEST_F(SelftestTest, json_names_failures_and_skips) {
    write("rlp/some.json", R"({"good": {"in": "", "out": "0x81"}})");
    write("martian/vectors.json", "[]");
    const rpc::Json report = run_json(folder_, 1);
    EXPECT_EQ(report.at("failed").as_int64(), 1);
    const auto& skip = report.at("sets").at(0).at("skips").at(0);
    EXPECT_EQ(skip.at("reason").as_string(), "unknown set");
    const auto& failure = report.at("sets").at(1).at("failures").at(0);
    EXPECT_EQ(failure.at("file").as_string(), "some.json");
    EXPECT_EQ(failure.at("case").as_string(), "good");
    EXPECT_EQ(failure.at("reason").as_string(), "encoding: found 0x80, expected 0x81");
}

TEST_F(SelftestTest, a_folder_without_sets_does_not_pass) {
    EXPECT_EQ(run_text(folder_).status, 1);
    const Output output = run_text(folder_ / "missing");
    EXPECT_EQ(output.status, 1);
    EXPECT_NE(output.text.find("no case of any set was found"), std::string::npos);
    EXPECT_TRUE(output.text.ends_with("\n0 passed, 1 failed, 0 skipped\n")) << output.text;
}

}  // namespace
}  // namespace butter::selftest
