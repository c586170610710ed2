// SPDX-License-Identifier: Apache-2.0
#include "chains/ethereum/source.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "chains/ethereum/devnet_test.hpp"
#include "chains/ethereum/module.hpp"
#include "chains/ethereum/proof.hpp"

namespace butter::ethereum {
namespace {

using chain::SourceError;

constexpr SealerOptions kOptions{.slots_per_epoch = 4, .epochs_per_period = 4, .fulu_epoch = Epoch{6}};

/// A source as the program opens it, from the parameters that the devnet gives out.
std::unique_ptr<chain::Source> open_source(Devnet& devnet, std::vector<std::string> beacon_urls,
                                           rpc::JsonObject parameters) {
    return must(make_family()->make_source({.name = "devnet",
                                            .family = "ethereum",
                                            .chain_id = ChainId{31337},
                                            .rpc_urls = {devnet.rpc_url()},
                                            .consensus_urls = std::move(beacon_urls),
                                            .parameters = std::move(parameters)},
                                           devnet.io().get_executor()));
}
std::unique_ptr<chain::Source> open_source(Devnet& devnet) {
    return open_source(devnet, {devnet.beacon_url()}, devnet.sealer().parameters());
}

enum class Next { kKnown, kUnknown };
/// State of a client that was pinned at the final block of now.
ClientState pin_client(Devnet& devnet, Next next = Next::kKnown) {
    const DevnetBlock& block = devnet.sealer().finalized();
    const std::uint64_t period = devnet.sealer().network().period_of(block.header.slot);
    ClientState state{.finalized_slot = block.header.slot,
                      .finalized_block_hash = block.payload.block_hash,
                      .period = period,
                      .committee_root = devnet.sealer().committee(period).root,
                      .next_committee_root = {}};
    if (next == Next::kKnown) state.next_committee_root = devnet.sealer().committee(period + 1).root;
    return state;
}

/// Steps until the newest block is final.
void finalize(Devnet& devnet) {
    const Slot slot = devnet.sealer().head().header.slot;
    while (devnet.sealer().finalized().header.slot < slot) devnet.step(1);
    // The block that signs the one whose state says so.
    devnet.step(1);
}

TEST(ethereum_source, follows_finality_across_periods_and_the_fork) {
    Devnet devnet(kOptions);
    const auto source = open_source(devnet);
    for (int i = 0; i < 80; ++i) {
        devnet.step(1);
        const auto final_block = devnet.run(source->fetch_final_block());
        ASSERT_TRUE(final_block.has_value()) << final_block.error().text;
        const auto& update = devnet.sealer().last_update();
        const std::uint64_t expected = update->finalized ? update->finalized->beacon.slot.value : 0;
        EXPECT_EQ(final_block->value, expected) << "at slot " << i + 1;
    }
    EXPECT_EQ(devnet.sealer().network().period_of(devnet.sealer().head().header.slot), 5u);
}

TEST(ethereum_source, catches_up_over_many_periods_from_an_old_checkpoint) {
    Devnet devnet(kOptions);
    const auto parameters = devnet.sealer().parameters();
    devnet.step(330);
    const auto source = open_source(devnet, {devnet.beacon_url()}, parameters);
    const auto final_block = devnet.run(source->fetch_final_block());
    ASSERT_TRUE(final_block.has_value()) << final_block.error().text;
    EXPECT_EQ(*final_block, devnet.sealer().finalized().payload.block_number);
}

TEST(ethereum_source, proves_logs_under_the_clients_final_block) {
    Devnet devnet(kOptions);
    devnet.deploy_logger();
    devnet.step(20);
    const auto near = devnet.log({"0x01", "0x0203"});
    finalize(devnet);
    const ClientState state = pin_client(devnet);
    const auto source = open_source(devnet);
    const auto proof = devnet.run(source->fetch_proof(near, encode_state(state)));
    ASSERT_TRUE(proof.has_value()) << proof.error().text;
    ASSERT_EQ(proof->logs.size(), 2u);
    EXPECT_EQ(proof->logs[0], near[0].log);
    EXPECT_EQ(proof->logs[1], near[1].log);
    EXPECT_TRUE(proof->report.summary.starts_with("finality=known period=")) << proof->report.summary;
    EXPECT_EQ(proof->report.height, near[0].block.value);
}

TEST(ethereum_source, proves_an_old_block_by_its_hash_in_the_state) {
    Devnet devnet(kOptions);
    devnet.deploy_logger();
    const auto old = devnet.log({"0x01"});
    devnet.step(300);
    const ClientState state = pin_client(devnet);
    const auto source = open_source(devnet);
    const auto proof = devnet.run(source->fetch_proof(old, encode_state(state)));
    ASSERT_TRUE(proof.has_value()) << proof.error().text;
    EXPECT_EQ(proof->logs.at(0), old[0].log);
    EXPECT_LT(proof->bytes.size(), 20'000u);
}

TEST(ethereum_source, carries_the_finality_that_the_client_lacks) {
    Devnet devnet(kOptions);
    devnet.deploy_logger();
    devnet.step(20);
    const ClientState state = pin_client(devnet);
    const auto logs = devnet.log({"0x01"});
    finalize(devnet);
    const auto source = open_source(devnet);
    const auto proof = devnet.run(source->fetch_proof(logs, encode_state(state)));
    ASSERT_TRUE(proof.has_value()) << proof.error().text;
    EXPECT_TRUE(proof->report.summary.starts_with("participation=512/512 ")) << proof->report.summary;
    // And the client of somebody else says the same.
    const auto again = source->verify_proof(proof->bytes, encode_state(state));
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->logs, proof->logs);
    Bytes bad = proof->bytes;
    bad[bad.size() / 2] ^= 1;
    EXPECT_FALSE(source->verify_proof(bad, encode_state(state)).has_value());
}

TEST(ethereum_source, carries_the_committees_that_the_client_lacks) {
    SealerOptions options = kOptions;
    options.absent = 100;
    Devnet devnet(options);
    devnet.deploy_logger();
    devnet.step(40);
    const ClientState state = pin_client(devnet, Next::kUnknown);
    devnet.step(30);
    const auto logs = devnet.log({"0x01"});
    finalize(devnet);
    // Its checkpoint is newer than the client: the committees in between come from the updates.
    const auto source = open_source(devnet);
    const auto proof = devnet.run(source->fetch_proof(logs, encode_state(state)));
    ASSERT_TRUE(proof.has_value()) << proof.error().text;
    EXPECT_TRUE(proof->report.summary.starts_with("participation=412/512 ")) << proof->report.summary;
}

TEST(ethereum_source, hands_over_committees_before_they_are_needed) {
    Devnet devnet(kOptions);
    devnet.step(20);
    const Bytes state = encode_state(pin_client(devnet, Next::kUnknown));
    const auto source = open_source(devnet);
    devnet.step(60);
    const auto updates = devnet.run(source->fetch_updates(state));
    ASSERT_TRUE(updates.has_value()) << updates.error().text;
    Client client = make_client(*decode_state(state), devnet.sealer().network().slots_per_period());
    for (const chain::Update& update : *updates) {
        const auto applied = apply_sync_update(devnet.sealer().network(), client, update.bytes);
        ASSERT_TRUE(applied.has_value()) << to_string(applied.error());
        EXPECT_EQ(applied->participants, 512u);
        client = applied->client;
    }
    const std::uint64_t period = devnet.sealer().network().period_of(devnet.sealer().finalized().header.slot);
    EXPECT_EQ(client.state.period, period);
    EXPECT_EQ(client.state.next_committee_root, devnet.sealer().committee(period + 1).root);
    const auto none = devnet.run(source->fetch_updates(encode_state(client.state)));
    ASSERT_TRUE(none.has_value());
    EXPECT_TRUE(none->empty());
}

}  // namespace
}  // namespace butter::ethereum
