// SPDX-License-Identifier: Apache-2.0
#include "chains/ethereum/checkpoint.hpp"

#include <gtest/gtest.h>

#include "chains/ethereum/devnet_test.hpp"
#include "chains/ethereum/module.hpp"

namespace butter::ethereum {
namespace {

constexpr SealerOptions kOptions{.slots_per_epoch = 4, .epochs_per_period = 4, .fulu_epoch = Epoch{6}};
constexpr std::size_t kWordBytes = 32;
/// Place of the last byte of an encoded update's signature slot.
constexpr std::size_t kSignatureSlotEnd = 7;

std::unique_ptr<chain::Source> open_source(Devnet& devnet, rpc::JsonObject parameters) {
    return must(make_family()->make_source({.name = "devnet",
                                            .family = "ethereum",
                                            .chain_id = ChainId{31337},
                                            .rpc_urls = {devnet.rpc_url()},
                                            .consensus_urls = {devnet.beacon_url()},
                                            .parameters = std::move(parameters)},
                                           devnet.io().get_executor()));
}

/// A log some committees after the checkpoint, its proof, and a source that trusts the checkpoint.
class CheckpointProofs : public testing::Test {
  protected:
    void SetUp() override {
        const rpc::JsonObject parameters = devnet_.sealer().parameters();
        checkpoint_ = rpc::find_fixed<32>(parameters, "checkpoint").value();
        devnet_.deploy_logger();
        devnet_.step(40);
        logs_ = devnet_.log({"0x01"});
        const Slot slot = devnet_.sealer().head().header.slot;
        while (devnet_.sealer().finalized().header.slot < slot) devnet_.step(1);
        devnet_.step(1);
        source_ = open_source(devnet_, parameters);
        auto proof = devnet_.run(source_->fetch_checkpoint_proof(logs_));
        ASSERT_TRUE(proof.has_value()) << proof.error().text;
        proof_ = *std::move(proof);
    }

    void expect_refused(const chain::CheckpointProof& proof, const std::string& what) {
        EXPECT_FALSE(source_->verify_checkpoint_proof(proof).has_value()) << what;
    }
    /// Alters `bytes`, a part of `proof_`, word by word.
    void alter_each_word(Bytes& bytes, const std::string& what) {
        for (std::size_t at = kWordBytes - 1; at < bytes.size(); at += kWordBytes) {
            bytes[at] ^= 1;
            expect_refused(proof_, what + " at " + std::to_string(at));
            bytes[at] ^= 1;
        }
        bytes.push_back(0);
        expect_refused(proof_, what + " made longer");
        bytes.pop_back();
    }

    Devnet devnet_{kOptions};
    Hash32 checkpoint_;
    std::vector<chain::LogPosition> logs_;
    std::unique_ptr<chain::Source> source_;
    chain::CheckpointProof proof_;
};

TEST_F(CheckpointProofs, hold_without_the_network_and_refuse_any_other_word) {
    EXPECT_GE(proof_.updates.size(), 3u);
    const auto verified = source_->verify_checkpoint_proof(proof_);
    ASSERT_TRUE(verified.has_value()) << verified.error().text;
    ASSERT_EQ(verified->logs.size(), 1u);
    EXPECT_EQ(verified->logs[0], logs_[0].log);
    EXPECT_EQ(verified->report.height, logs_[0].block.value);
    EXPECT_TRUE(verified->report.summary.starts_with("participation=512/512 ")) << verified->report.summary;

    alter_each_word(proof_.opening, "opening");
    alter_each_word(proof_.updates.front(), "first update");
    alter_each_word(proof_.updates.back(), "last update");
    alter_each_word(proof_.proof, "proof");
    EXPECT_TRUE(source_->verify_checkpoint_proof(proof_).has_value()) << "everything was put back";
}

TEST_F(CheckpointProofs, need_each_update_once_and_in_order) {
    chain::CheckpointProof other = proof_;
    other.updates.pop_back();
    expect_refused(other, "without the last");
    other = proof_;
    other.updates.erase(other.updates.begin());
    expect_refused(other, "without the first");
    other = proof_;
    other.updates.push_back(other.updates.back());
    expect_refused(other, "the last twice");
    other = proof_;
    std::swap(other.updates[0], other.updates[1]);
    expect_refused(other, "in another order");
    other = proof_;
    other.opening.clear();
    expect_refused(other, "without opening");
}

TEST_F(CheckpointProofs, name_the_earliest_signature_slot_that_says_the_same) {
    const BeaconNetwork& network = devnet_.sealer().network();
    Bytes& update = proof_.updates.front();
    std::uint8_t& slot = update[kSignatureSlotEnd];
    slot += 1;
    const auto client = open_checkpoint(network, checkpoint_, proof_.opening);
    ASSERT_TRUE(client.has_value()) << client.error();
    // The signature is as good under that slot, so nothing but the rule tells the two apart.
    EXPECT_TRUE(apply_sync_update(network, *client, update).has_value());
    const auto verified = source_->verify_checkpoint_proof(proof_);
    ASSERT_FALSE(verified.has_value());
    EXPECT_NE(verified.error().text.find("says the same"), std::string::npos) << verified.error().text;
}

TEST_F(CheckpointProofs, trust_no_other_checkpoint) {
    const auto later = open_source(devnet_, devnet_.sealer().parameters());
    const auto verified = later->verify_checkpoint_proof(proof_);
    ASSERT_FALSE(verified.has_value());
    EXPECT_TRUE(verified.error().text.starts_with("opening")) << verified.error().text;
}

TEST(checkpoint, earliest_signature_slot_keeps_committee_and_fork) {
    BeaconNetwork network;
    network.slots_per_epoch = 4;
    network.epochs_per_period = 4;
    network.forks = {Fork{.name = "electra", .epoch = Epoch{0}, .version = {{5}}},
                     Fork{.name = "fulu", .epoch = Epoch{6}, .version = {{6}}}};
    const auto earliest = [&](std::uint64_t attested, std::uint64_t signature) {
        return earliest_signature_slot(network, Slot{attested}, Slot{signature}).value;
    };
    EXPECT_EQ(earliest(3, 4), 4u);
    EXPECT_EQ(earliest(3, 9), 4u);
    EXPECT_EQ(earliest(14, 15), 15u);
    EXPECT_EQ(earliest(14, 16), 16u) << "signed by the next period's committee";
    EXPECT_EQ(earliest(14, 18), 16u);
    EXPECT_EQ(earliest(22, 24), 23u) << "slot 23 is before the fork, and so is what signs in slot 24";
    EXPECT_EQ(earliest(22, 25), 25u) << "signed under the fork of slot 24";
    EXPECT_EQ(earliest(22, 27), 25u);
}

}  // namespace
}  // namespace butter::ethereum
