// SPDX-License-Identifier: Apache-2.0
// Endpoints that are down, behind, of another chain, or lie; an operator without coins.
#include <gtest/gtest.h>

#include <fstream>
#include <iostream>
#include <memory>

#include "test/e2e/program.hpp"
#include "test/e2e/proxy.hpp"
#include "test/e2e/world.hpp"

namespace butter::e2e {
namespace {

using codec::AbiValue;

class Endpoint : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        // No epoch ends here: a delivery that is mined after its epoch's end reverts and is proven again,
        // which is none of an endpoint's doing.
        world_ = std::make_unique<World>(World::Options{.name = "endpoint", .validator_epoch_blocks = 4000});
        const Address user = devnet::make_test_account(devnet::kUserAccount).address;
        counter_ = world_->create("B", "RemoteCounter",
                                  {AbiValue::address(world_->service("B")), AbiValue::address(user)});
        world_->transact("B", counter_,
                         codec::encode_call("addRemoteCaller(uint256,bytes,bool)",
                                            {AbiValue::number(world_->id("A").value), AbiValue::bytes(user),
                                             AbiValue::boolean(true)}));
    }
    static void TearDownTestSuite() { world_.reset(); }

    static World& world() { return *world_; }
    static std::filesystem::path log() { return world().folder() / "run.log"; }

    /// A configuration whose endpoints of `chain` are `urls`. All share the store, as one operator's would.
    static std::filesystem::path config_with(std::string_view chain, const std::vector<std::string>& urls) {
        std::string text = read_text(world().config());
        const std::string honest = "[\"" + world().endpoint(chain).rpc_url + "\"]";
        const std::size_t place = text.find(honest);
        if (place == std::string::npos) throw std::logic_error("no such endpoint in the configuration");
        std::string list;
        for (const std::string& url : urls) list += (list.empty() ? "\"" : ", \"") + url + "\"";
        text.replace(place, honest.size(), "[" + list + "]");
        const std::filesystem::path file = world().folder() / "test.toml";
        std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
        return file;
    }

    static Uint256 count() { return world().read_number("B", counter_, "count()"); }
    static SentMessage send() { return world().send("A", "B", calldata(counter_, encode_increment())); }
    static std::size_t relayed() {
        return world().logs("R", world().service("R"), service::message_relay_topic()).size();
    }
    static BlockNumber head(std::string_view chain) {
        return must(world().run(world().chain(chain).api.fetch_block_number()));
    }

    /// Every transaction since `first` on the chains that the program writes to was a good one.
    static void expect_nothing_wrong(std::string_view chain, BlockNumber first) {
        const BlockNumber last = head(chain);
        for (BlockNumber block = first; block <= last; block = BlockNumber{block.value + 1}) {
            const auto receipts = must(world().run(world().chain(chain).api.fetch_block_receipts(block)));
            for (const rpc::PlacedReceipt& receipt : receipts)
                EXPECT_TRUE(receipt.receipt.is_success)
                    << encode_hex(receipt.transaction_hash) << " on " << chain
                    << " reverted: " << world().describe_failure(chain, receipt.transaction_hash);
        }
        for (const rpc::PlacedLog& placed :
             world().logs(chain, world().service(chain), service::already_delivered_topic()))
            EXPECT_LT(placed.block, first) << "a message was delivered twice on " << chain;
    }

    /// One message arrives while the program runs with this configuration.
    static void expect_delivery(const std::filesystem::path& config) {
        const BlockNumber first_r = head("R");
        const BlockNumber first_b = head("B");
        const Uint256 before = count();
        Program program(config, log());
        send();
        world().await("the message's effect", [&] {
            if (const auto status = program.find_exit_status())
                throw std::runtime_error("butter run ended with status " + std::to_string(*status));
            return count() != before;
        });
        EXPECT_EQ(count(), before + 1);
        EXPECT_EQ(program.stop(), 0);
        expect_nothing_wrong("R", first_r);
        expect_nothing_wrong("B", first_b);
    }

    inline static std::unique_ptr<World> world_;
    inline static Address counter_;
};

TEST_F(Endpoint, a_bad_first_one_does_not_stop_messages) {
    Proxy proxy(world().endpoint("A").rpc_url);
    const auto config = config_with("A", {proxy.url(), world().endpoint("A").rpc_url});
    for (const Fault fault :
         {Fault::kGarbage, Fault::kServerError, Fault::kEmptyAnswer, Fault::kLagging, Fault::kAlteredLog,
          Fault::kDroppedLog, Fault::kAlteredEvents, Fault::kHiddenEvents}) {
        SCOPED_TRACE(to_string(fault));
        std::cout << to_string(fault) << "\n" << std::flush;
        proxy.set_fault(fault);
        proxy.reset_count();
        expect_delivery(config);
        EXPECT_GT(proxy.faulty_answers(), 0u) << "it was never asked";
    }
}

TEST_F(Endpoint, one_that_is_down_does_not_stop_messages) {
    const std::string nobody = "http://127.0.0.1:" + std::to_string(must(async::find_free_port()));
    expect_delivery(config_with("B", {nobody, world().endpoint("B").rpc_url}));
}

TEST_F(Endpoint, one_of_another_chain_is_not_used) {
    expect_delivery(config_with("A", {world().endpoint("B").rpc_url, world().endpoint("A").rpc_url}));
    EXPECT_NE(read_text(log()).find("serves chain id 31338, the configuration says 31337; it is not used"),
              std::string::npos);
}

TEST_F(Endpoint, with_only_a_liar_nothing_is_submitted) {
    for (const Fault fault : {Fault::kAlteredLog, Fault::kDroppedLog, Fault::kAlteredEvents}) {
        SCOPED_TRACE(to_string(fault));
        Proxy proxy(world().endpoint("A").rpc_url);
        proxy.set_fault(fault);
        const std::size_t relayed_before = relayed();
        const Uint256 before = count();
        {
            Program program(config_with("A", {proxy.url()}), log());
            send();
            const std::string_view reason =
                fault == Fault::kAlteredEvents ? "is not what the service emits" : "have root";
            // Twice, so that it was tried again as well.
            world().await("the reason in the log", [&] {
                const std::string text = program.log();
                const std::size_t first = text.find(reason);
                return first != std::string::npos && text.find(reason, first + 1) != std::string::npos;
            });
            EXPECT_EQ(program.stop(), 0);
        }
        EXPECT_EQ(relayed(), relayed_before);
        EXPECT_EQ(count(), before);
        // Nothing was lost meanwhile.
        Program program(world().config(), log());
        world().await("the message's effect", [&] { return count() == before + 1; });
        EXPECT_EQ(program.stop(), 0);
    }
}

TEST_F(Endpoint, of_another_chain_alone_ends_the_program) {
    const auto config = config_with("A", {world().endpoint("B").rpc_url});
    const Finished run = run_butter(world().folder(), {"run", "--config", config.string()});
    EXPECT_EQ(run.status, 3) << run.errors;
    EXPECT_NE(run.errors.find("serves chain id 31338, the configuration says 31337"), std::string::npos)
        << run.errors;
}

TEST_F(Endpoint, a_message_waits_for_the_operators_coins) {
    const std::string operator_address =
        encode_hex(devnet::make_test_account(devnet::kOperatorAccount).address);
    const auto set_balance = [&](const char* wei) {
        world().node_call("B", "anvil_setBalance", {boost::json::string(operator_address), wei});
    };
    const Uint256 before = count();
    set_balance("0x0");
    Program program(world().config(), log());
    const SentMessage message = send();
    // Whether the delivery or an update of the light client before it comes to it first.
    world().await("the reason in the log", [&] { return program.has_logged("nsufficient funds"); });
    const Finished trace = run_butter(world().folder(), {"trace", "--config", world().config().string(),
                                                         encode_hex(message.order_id), "--json"});
    EXPECT_EQ(trace.status, 0) << trace.errors;
    EXPECT_NE(trace.output.find("\"status\":\"waiting\""), std::string::npos) << trace.output;
    EXPECT_EQ(count(), before);
    set_balance("0x21e19e0c9bab2400000");
    world().await("the message's effect", [&] { return count() == before + 1; });
    EXPECT_EQ(program.stop(), 0);
}

}  // namespace
}  // namespace butter::e2e
