// SPDX-License-Identifier: Apache-2.0
#include "butter/app/deployer.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "butter/app/files.hpp"
#include "butter/async/process.hpp"
#include "butter/async/sleep.hpp"
#include "butter/base/hex.hpp"
#include "butter/codec/abi.hpp"

/// Against real anvils, one per chain. The families are the test's own: their checkpoints are made up, as no
/// proof is verified here.
namespace butter::app {
namespace {

using codec::AbiValue;
using codec::encode_call;

constexpr const char* kKeyVariable = "BUTTER_DEPLOYER_TEST_KEY";
/// anvil's first account.
constexpr const char* kKey = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
constexpr const char* kOtherAddress = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
constexpr int kStartReadsMax = 1'000;

/// Any time that is not long ago will do: 2026 and 136 years.
constexpr std::uint64_t kCheckpointTime = 1'767'225'600;
constexpr std::uint64_t kTrustingPeriod = 0xffffffff;

/// Gives a checkpoint with one key, the generator of G1, after `not_ready_count` refusals.
class TestSource final : public chain::Source {
  public:
    TestSource(ChainId chain_id, int& not_ready_count) : chain_id_(chain_id), left_(not_ready_count) {}

    async::Task<Result<Bytes, chain::SourceError>> fetch_client_initializer(Address owner) override {
        if (left_ > 0) {
            --left_;
            co_return std::unexpected(error());
        }
        co_return encode_call(
            "initialize(address,uint64,uint64,uint64,uint64,uint64,uint64,uint256[2][])",
            {AbiValue::address(owner), AbiValue::number(chain_id_.value), AbiValue::number(10),
             AbiValue::number(0), AbiValue::number(0), AbiValue::number(kCheckpointTime),
             AbiValue::number(kTrustingPeriod),
             AbiValue::array({AbiValue::tuple({AbiValue::number(1), AbiValue::number(2)})})});
    }
    async::Task<Result<BlockNumber, chain::SourceError>> fetch_final_block() override {
        co_return std::unexpected(error());
    }
    async::Task<Result<chain::Proof, chain::SourceError>> fetch_proof(std::vector<chain::LogPosition>,
                                                                      Bytes) override {
        co_return std::unexpected(error());
    }
    async::Task<Result<chain::Proof, chain::SourceError>> fetch_past_proof(std::vector<chain::LogPosition>,
                                                                           std::vector<Bytes>) override {
        co_return std::unexpected(error());
    }
    async::Task<Result<std::vector<chain::Update>, chain::SourceError>> fetch_updates(Bytes) override {
        co_return std::unexpected(error());
    }
    Result<chain::Proof, chain::SourceError> verify_proof(BytesView, BytesView) const override {
        return std::unexpected(error());
    }
    async::Task<Result<chain::CheckpointProof, chain::SourceError>> fetch_checkpoint_proof(
        std::vector<chain::LogPosition>) override {
        co_return std::unexpected(error());
    }
    Result<chain::Proof, chain::SourceError> verify_checkpoint_proof(
        const chain::CheckpointProof&) const override {
        return std::unexpected(error());
    }

  private:
    static chain::SourceError error() { return {chain::SourceError::Kind::kNotReady, "not final yet"}; }

    ChainId chain_id_;
    int& left_;
};

class TestFamily final : public chain::Family {
  public:
    explicit TestFamily(int& not_ready_count) : not_ready_count_(not_ready_count) {}
    std::string_view name() const noexcept override { return "test"; }
    std::string_view client_contract() const noexcept override { return "MapLightClient"; }
    Result<std::unique_ptr<chain::Source>, chain::SettingsError> make_source(
        chain::NetworkSettings settings, boost::asio::any_io_executor) const override {
        return std::make_unique<TestSource>(settings.chain_id, not_ready_count_);
    }

  private:
    int& not_ready_count_;
};

std::string read(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

class DeployerTest : public testing::Test {
  protected:
    struct Chain {
        std::string name;
        ChainId id;
        std::uint16_t port = 0;
        std::unique_ptr<rpc::EthApi> api;
        std::optional<async::Process> anvil;
    };

    void SetUp() override {
        ::setenv(kKeyVariable, kKey, 1);
        std::string name = (std::filesystem::temp_directory_path() / "butter-deployer-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        folder_ = name;
        std::filesystem::create_directory(folder_ / "out");
        families_.push_back(std::make_unique<TestFamily>(not_ready_count_));
        chains_.push_back({.name = "A", .id = ChainId{101}, .port = 0, .api = nullptr, .anvil = {}});
        chains_.push_back({.name = "B", .id = ChainId{102}, .port = 0, .api = nullptr, .anvil = {}});
        chains_.push_back({.name = "R", .id = ChainId{103}, .port = 0, .api = nullptr, .anvil = {}});
        for (Chain& chain : chains_) start(chain);
    }
    void TearDown() override {
        chains_.clear();
        std::filesystem::remove_all(folder_);
    }

    void start(Chain& chain) {
        const auto port = async::find_free_port();
        ASSERT_TRUE(port.has_value()) << port.error();
        auto anvil = async::Process::start(
            {.program = std::filesystem::path(BUTTER_SOURCE_DIR) / "node_modules/.bin/anvil",
             .arguments = {"--port", std::to_string(*port), "--chain-id", std::to_string(chain.id.value),
                           "--silent"},
             .output = folder_ / (chain.name + ".log"),
             .environment = {}});
        ASSERT_TRUE(anvil.has_value()) << anvil.error();
        chain.anvil = *std::move(anvil);
        chain.port = *port;
        chain.api = std::make_unique<rpc::EthApi>(rpc::Endpoints(
            context_.get_executor(), {*rpc::decode_url("http://127.0.0.1:" + std::to_string(*port))}));
        ASSERT_TRUE(run(wait_for(*chain.api))) << read(folder_ / (chain.name + ".log"));
    }
    static async::Task<bool> wait_for(rpc::EthApi& api) {
        for (int i = 0; i < kStartReadsMax; ++i) {
            const auto id = co_await api.fetch_chain_id();
            if (id) co_return true;
            co_await async::sleep_for(std::chrono::milliseconds(20));
        }
        co_return false;
    }

    template <class T>
    T run(async::Task<T> task) {
        std::optional<T> result;
        boost::asio::co_spawn(context_, std::move(task), [&](std::exception_ptr exception, T value) {
            if (exception) std::rethrow_exception(exception);
            result.emplace(std::move(value));
        });
        context_.restart();
        context_.run();
        return *std::move(result);
    }

    std::string topology_text() const {
        std::string text = "relay = \"R\"\npoll_interval_ms = 10\n[governance]\ntimelock_delay_s = 60\n" +
                           governance_ + "\n";
        for (const Chain& chain : chains_) {
            text += "[chains." + chain.name +
                    "]\nfamily = \"test\"\nchain_id = " + std::to_string(chain.id.value) +
                    "\nrpc = [\"http://127.0.0.1:" + std::to_string(chain.port) +
                    "\"]\nkey = { private_key_env = \"" + kKeyVariable +
                    "\" }\nprices = { base_gas = " + std::to_string(base_gas_) + " }\n";
        }
        return text;
    }
    Result<DeployReport, CommandError> deploy() {
        auto topology = decode_topology(topology_text(), "topology.toml", folder_);
        EXPECT_TRUE(topology.has_value()) << to_string(topology.error());
        lines_.clear();
        return run(deploy_topology({.topology = *std::move(topology),
                                    .topology_folder = folder_,
                                    .out = folder_ / "out",
                                    .print = [this](const std::string& line) { lines_ += line + "\n"; },
                                    .finality_patience = std::chrono::milliseconds(200)},
                                   families_));
    }
    Bytes call(std::size_t chain, const Address& to, Bytes data) {
        auto result = run(chains_[chain].api->call(
            {.from = {}, .to = to, .data = std::move(data), .value = {}}, rpc::BlockId::latest()));
        EXPECT_TRUE(result.has_value()) << result.error().text;
        return result.value_or(Bytes{});
    }
    static Address contract(const Deployment& deployment, const std::string& chain, const std::string& role) {
        return deployment.chains.at(chain).contracts.at(role).address;
    }
    Deployment record() const {
        const auto deployment = load_deployment(folder_ / "out/deployment.json");
        EXPECT_TRUE(deployment.has_value() && deployment->has_value());
        return **deployment;
    }
    void save(const Deployment& deployment) const {
        ASSERT_TRUE(save_file(folder_ / "out/deployment.json", encode_deployment(deployment)).has_value());
    }

    std::filesystem::path folder_;
    boost::asio::io_context context_{1};
    int not_ready_count_ = 0;
    std::vector<std::unique_ptr<chain::Family>> families_;
    std::vector<Chain> chains_;
    std::string governance_;
    std::uint64_t base_gas_ = 70'000;
    std::string lines_;
};

Bytes word(const Address& address) { return codec::encode_abi({AbiValue::address(address)}); }
Bytes word(std::uint64_t number) { return codec::encode_abi({AbiValue::number(number)}); }

TEST_F(DeployerTest, connects_the_chains_and_finds_nothing_to_do_then) {
    not_ready_count_ = 3;
    governance_ = std::string("pricer = \"") + kOtherAddress + "\"\nguardian = \"" + kOtherAddress + "\"";
    const auto first = deploy();
    ASSERT_TRUE(first.has_value()) << first.error().text;
    EXPECT_TRUE(first->proposals.empty());
    EXPECT_NE(lines_.find("waiting for a checkpoint"), std::string::npos) << lines_;
    EXPECT_NE(lines_.find("governance.proposer is missing"), std::string::npos) << lines_;
    EXPECT_EQ(lines_.find("governance.pricer is missing"), std::string::npos) << lines_;
    EXPECT_EQ(record(), first->deployment);

    const Deployment& made = first->deployment;
    const Address relay = contract(made, "R", "service");
    for (std::size_t i = 0; i < 2; ++i) {
        const std::string& name = chains_[i].name;
        const Address service = contract(made, name, "service");
        const Address fees = contract(made, name, "fee_service");
        EXPECT_EQ(call(i, service, encode_call("relayService()", {})), word(relay));
        EXPECT_EQ(call(i, service, encode_call("relayClient()", {})), word(contract(made, name, "client.R")));
        EXPECT_EQ(call(i, service, encode_call("relayChainId()", {})), word(103));
        EXPECT_EQ(call(2, relay, encode_call("services(uint64)", {AbiValue::number(chains_[i].id.value)})),
                  word(service));
        EXPECT_EQ(call(2, contract(made, "R", "client_manager"),
                       encode_call("clientOf(uint64)", {AbiValue::number(chains_[i].id.value)})),
                  word(contract(made, "R", "client." + name)));
        EXPECT_EQ(call(i, fees, encode_call("baseGas(uint256)", {AbiValue::number(103)})), word(base_gas_));
        EXPECT_EQ(call(i, fees, encode_call("baseGasCeiling(uint256)", {AbiValue::number(103)})),
                  word(kBaseGasCeilingDefault));
        EXPECT_EQ(call(i, fees,
                       encode_call("gasPriceCeiling(uint256,address)",
                                   {AbiValue::number(103), AbiValue::address(Address{})})),
                  word(kGasPriceCeilingWeiDefault));
        EXPECT_EQ(call(i, fees, encode_call("pricer()", {})),
                  word(hex_fixed<20>("70997970C51812dc3A010C7d01b50e0d17dc79C8")));
    }
    for (std::size_t i = 0; i < 3; ++i) {
        const auto& contracts = made.chains.at(chains_[i].name).contracts;
        const Address timelock = contracts.at("timelock").address;
        EXPECT_EQ(call(i, timelock, encode_call("getMinDelay()", {})), word(60));
        for (const auto& [role, entry] : contracts) {
            if (entry.contract != "ERC1967Proxy") continue;
            EXPECT_EQ(call(i, entry.address, encode_call("owner()", {})), word(timelock)) << role;
        }
    }

    const auto config = load_config(folder_ / "out/butter.toml");
    ASSERT_TRUE(config.has_value()) << to_string(config.error());
    EXPECT_EQ(config->relay_chain().service, relay);
    EXPECT_EQ(config->lanes.size(), 4u);
    EXPECT_EQ(config->find_chain("A")->start_block, made.chains.at("A").contracts.at("service").block);

    const auto second = deploy();
    ASSERT_TRUE(second.has_value()) << second.error().text;
    EXPECT_EQ(second->transactions, 0u) << lines_;
    EXPECT_TRUE(second->proposals.empty());
    EXPECT_EQ(second->deployment, made);

    // The pricer is somebody else by now.
    base_gas_ += 1;
    const auto third = deploy();
    ASSERT_TRUE(third.has_value()) << third.error().text;
    EXPECT_EQ(third->transactions, 0u);
    EXPECT_NE(lines_.find("only the pricer can change it"), std::string::npos) << lines_;

    // What needs the owner is left to the timelock, with the call that it must make.
    governance_ += std::string("\nfee_receiver = \"") + kOtherAddress + "\"";
    const auto fourth = deploy();
    ASSERT_TRUE(fourth.has_value()) << fourth.error().text;
    EXPECT_EQ(fourth->transactions, 0u);
    ASSERT_EQ(fourth->proposals.size(), 3u);
    EXPECT_EQ(fourth->proposals[0].text, "fee receiver");
    EXPECT_EQ(fourth->proposals[0].data,
              encode_call("setReceiver(address)",
                          {AbiValue::address(hex_fixed<20>("70997970C51812dc3A010C7d01b50e0d17dc79C8"))}));
}

TEST_F(DeployerTest, goes_on_where_a_run_ended) {
    not_ready_count_ = 1'000'000;
    const auto stopped = deploy();
    ASSERT_FALSE(stopped.has_value());
    EXPECT_EQ(stopped.error().code, ExitCode::kUnavailable);
    EXPECT_NE(stopped.error().text.find("not final yet"), std::string::npos) << stopped.error().text;
    const Deployment half = record();
    EXPECT_TRUE(half.chains.at("A").contracts.contains("service"));
    EXPECT_FALSE(half.chains.at("A").contracts.contains("client.R"));
    EXPECT_FALSE(std::filesystem::exists(folder_ / "out/butter.toml"));

    not_ready_count_ = 0;
    const auto resumed = deploy();
    ASSERT_TRUE(resumed.has_value()) << resumed.error().text;
    for (const auto& [name, chain] : half.chains) {
        for (const auto& [role, entry] : chain.contracts) {
            EXPECT_EQ(resumed->deployment.chains.at(name).contracts.at(role), entry) << name << " " << role;
        }
    }
    EXPECT_TRUE(resumed->proposals.empty());
    EXPECT_GT(resumed->transactions, 0u);

    // The deployer is the pricer here, so prices follow the topology: two chains' base gas on each of three.
    base_gas_ += 1;
    const auto repriced = deploy();
    ASSERT_TRUE(repriced.has_value()) << repriced.error().text;
    EXPECT_EQ(repriced->transactions, 6u) << lines_;
    EXPECT_TRUE(repriced->proposals.empty());
}

TEST_F(DeployerTest, refuses_before_it_sends_anything) {
    // Another chain's id.
    chains_[0].id = ChainId{999};
    auto result = deploy();
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, ExitCode::kConfig);
    EXPECT_NE(result.error().text.find("chain A: endpoint 1 serves chain id 101"), std::string::npos)
        << result.error().text;
    chains_[0].id = ChainId{101};

    // A key without coins.
    ::setenv(kKeyVariable, "0x00000000000000000000000000000000000000000000000000000000000000aa", 1);
    result = deploy();
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, ExitCode::kFailed);
    EXPECT_NE(result.error().text.find("has no coins to deploy with"), std::string::npos)
        << result.error().text;
    ::setenv(kKeyVariable, kKey, 1);

    // A record of other chains.
    Deployment other;
    other.relay = "X";
    save(other);
    result = deploy();
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, ExitCode::kConfig);
    EXPECT_NE(result.error().text.find("its relay chain is X, not R"), std::string::npos);
    other.relay = "R";
    other.chains["A"].chain_id = ChainId{5};
    save(other);
    result = deploy();
    ASSERT_FALSE(result.has_value());
    EXPECT_NE(result.error().text.find("its chain A has chain id 5, not 101"), std::string::npos);
    std::filesystem::remove(folder_ / "out/deployment.json");

    // An endpoint that is down.
    chains_[1].anvil->stop();
    result = deploy();
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, ExitCode::kUnavailable);
    EXPECT_NE(result.error().text.find("chain B"), std::string::npos) << result.error().text;
    EXPECT_FALSE(std::filesystem::exists(folder_ / "out/deployment.json"));
    for (const std::size_t i : {0u, 2u}) {
        const auto block = run(chains_[i].api->fetch_block_number());
        ASSERT_TRUE(block.has_value());
        EXPECT_EQ(*block, BlockNumber{0});
    }
}

TEST_F(DeployerTest, does_not_believe_a_record_that_the_chain_denies) {
    const auto first = deploy();
    ASSERT_TRUE(first.has_value()) << first.error().text;

    // Other code at the address.
    Deployment wrong = first->deployment;
    auto& contracts = wrong.chains.at("A").contracts;
    contracts.at("service").address = contracts.at("timelock").address;
    save(wrong);
    const auto refused = deploy();
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ExitCode::kConfig);
    EXPECT_NE(refused.error().text.find("other code stands there"), std::string::npos);

    // No code: chain A began anew. What stands on the others is the timelock's, so they need its consent.
    save(first->deployment);
    chains_[0].anvil->stop();
    start(chains_[0]);
    const auto again = deploy();
    ASSERT_TRUE(again.has_value()) << again.error().text;
    EXPECT_NE(lines_.find("where the chain has no code: making it again"), std::string::npos) << lines_;
    EXPECT_GT(again->transactions, 0u);
    EXPECT_EQ(again->deployment.chains.at("B"), first->deployment.chains.at("B"));
    for (const auto& [role, entry] : again->deployment.chains.at("A").contracts) {
        const auto code = run(chains_[0].api->fetch_code(entry.address));
        ASSERT_TRUE(code.has_value());
        EXPECT_FALSE(code->empty()) << role;
    }
}

}  // namespace
}  // namespace butter::app
