// SPDX-License-Identifier: Apache-2.0
#include "devnet/devnet.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <fstream>

#include "butter/base/assert.hpp"
#include "butter/base/hex.hpp"
#include "butter/crypto/keccak.hpp"
#include "butter/evm/keystore.hpp"
#include "butter/rpc/json_rpc.hpp"

namespace butter::devnet {
namespace {

constexpr ChainId kChainA{31337};
constexpr ChainId kChainB{31338};
/// The relay chain's own devnet id.
constexpr ChainId kChainR{213};
/// As in a private chain of the relay chain's own node.
constexpr std::uint64_t kRelayBlockGas = 20'000'000;
/// Protects nothing: the keys are public.
constexpr std::string_view kPassword = "test";

/// The first accounts of the mnemonic "test test test test test test test test test test test junk".
constexpr std::string_view kTestKeys[] = {
    "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
};

std::uint16_t port_at(const Options& options, std::uint16_t offset) {
    return options.first_port == 0 ? std::uint16_t{0}
                                   : static_cast<std::uint16_t>(options.first_port + offset);
}

Result<void, std::string> write_file(const std::filesystem::path& file, std::string_view text) {
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    out << text;
    out.close();
    if (!out) return std::unexpected("cannot write " + file.string());
    return {};
}

std::string outer_chain_toml(const Endpoint& endpoint, const ethereum::Sealer& sealer) {
    const ethereum::BeaconNetwork& network = sealer.network();
    std::string out =
        fmt::format(R"([chains.{0}]
family = "ethereum"
chain_id = {1}
rpc = ["{2}"]
consensus = ["{3}"]

[chains.{0}.key]
keystore = "operator.json"
password_file = "password"

[chains.{0}.parameters]
genesis_validators_root = "{4}"
genesis_time = {5}
seconds_per_slot = {6}
slots_per_epoch = {7}
epochs_per_period = {8}
committee_size = {9}
bls_precompiles = "final"
checkpoint = "{10}"
)",
                    endpoint.name, endpoint.chain_id.value, endpoint.rpc_url, endpoint.beacon_url,
                    encode_hex(network.genesis_validators_root), network.genesis_time.value,
                    network.seconds_per_slot, network.slots_per_epoch, network.epochs_per_period,
                    network.committee_size, encode_hex(sealer.finalized().root));
    for (const ethereum::Fork& fork : network.forks) {
        out += fmt::format("\n[[chains.{}.parameters.forks]]\nname = \"{}\"\nepoch = {}\nversion = \"{}\"\n",
                           endpoint.name, fork.name, fork.epoch.value, encode_hex(fork.version));
    }
    return out + "\n";
}

/// First line of a devnet's topology, by which its folder is known again.
constexpr std::string_view kTopologyHead =
    "# The devnet's chains, for `butter deploy`. TEST KEYS everywhere: they are public.";

std::string relay_chain_toml(const Endpoint& endpoint, const mapo::Sealer& sealer) {
    std::string out =
        fmt::format(R"([chains.{0}]
family = "mapo"
chain_id = {1}
rpc = ["{2}"]

[chains.{0}.key]
keystore = "operator.json"
password_file = "password"

[chains.{0}.parameters]
epoch_length = {3}
hash_fork_block = 0
checkpoint_block = 0
)",
                    endpoint.name, endpoint.chain_id.value, endpoint.rpc_url, sealer.options().epoch_length);
    for (std::size_t index = 0; index < sealer.options().validators; ++index) {
        const mapo::Validator validator = mapo::make_devnet_validator(index).validator;
        out += fmt::format(
            "\n[[chains.{}.parameters.checkpoint_validators]]\naddress = \"{}\"\ng1 = \"{}\"\ng2 = \"{}\"\n",
            endpoint.name, encode_hex(validator.address),
            encode_hex(crypto::bn254::encode_g1(validator.g1_key)),
            encode_hex(crypto::bn254::encode_g2(validator.g2_key)));
    }
    return out + "\n";
}

}  // namespace

TestAccount make_test_account(std::size_t index) {
    BUTTER_ASSERT(index < std::size(kTestKeys));
    const crypto::PrivateKey key = hex_fixed<32>(kTestKeys[index]);
    const auto address = crypto::address_of(key);
    BUTTER_ASSERT(address.has_value());
    return {key, *address};
}

Result<void, std::string> prepare_directory(const std::filesystem::path& directory) {
    constexpr std::array kFiles = {"topology.toml",     "deployment.json",   "butter.toml", "butter.sqlite",
                                   "butter.sqlite-wal", "butter.sqlite-shm", "password",    "operator.json",
                                   "user.json",         "stranger.json",     "send.json"};
    constexpr std::array kLogs = {"run.log", "send.log", "A.anvil.log", "B.anvil.log", "R.anvil.log"};
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    if (error) return std::unexpected("folder " + directory.string() + " cannot be made: " + error.message());
    std::string first_line;
    std::ifstream topology(directory / kFiles.front());
    std::getline(topology, first_line);
    for (const char* name : kFiles) {
        if (first_line == kTopologyHead || !std::filesystem::exists(directory / name, error)) continue;
        return std::unexpected("folder " + directory.string() + " has a file " + name +
                               " that no devnet made; name another folder with --directory");
    }
    for (const char* name : kFiles) std::filesystem::remove(directory / name, error);
    for (const char* name : kLogs) std::filesystem::remove(directory / name, error);
    return {};
}

Devnet::~Devnet() = default;

async::Task<Result<std::unique_ptr<Devnet>, std::string>> Devnet::start(boost::asio::any_io_executor executor,
                                                                        Options options) {
    std::unique_ptr<Devnet> devnet(new Devnet(executor, std::move(options)));
    CO_TRY_VOID(co_await devnet->start_outer("A", kChainA, 0, devnet->a_));
    CO_TRY_VOID(co_await devnet->start_relay(2));
    CO_TRY_VOID(co_await devnet->start_outer("B", kChainB, 3, devnet->b_));
    CO_TRY_VOID(devnet->write_directory());
    co_return devnet;
}

async::Task<Result<void, std::string>> Devnet::start_outer(std::string name, ChainId chain_id,
                                                           std::uint16_t port_offset, OuterChain& chain) {
    CO_TRY(Anvil anvil, co_await start_anvil(executor_, {.chain_id = chain_id,
                                                         .port = port_at(options_, port_offset),
                                                         .log = options_.directory / (name + ".anvil.log")}));
    chain.anvil = std::make_unique<Anvil>(std::move(anvil));
    CO_TRY(rpc::Url url, rpc::decode_url(chain.anvil->url()));
    ethereum::SealerOptions sealer_options;
    sealer_options.block_interval = options_.block_interval;
    sealer_options.slots_per_epoch = options_.committee_epoch_slots;
    sealer_options.epochs_per_period = options_.committee_period_epochs;
    // No chain's signatures say anything about another.
    sealer_options.first_key = chain_id.value * sealer_options.validators;
    chain.sealer = std::make_unique<ethereum::Sealer>(executor_, std::move(url), sealer_options);
    CO_TRY_VOID(co_await chain.sealer->start());
    ethereum::Sealer& sealer = *chain.sealer;
    CO_TRY(rpc::HttpServer server,
           rpc::HttpServer::listen(
               executor_, port_at(options_, static_cast<std::uint16_t>(port_offset + 1)),
               [&sealer](rpc::HttpRequest request) { return sealer.handle(std::move(request)); }));
    chain.beacon = std::make_unique<rpc::HttpServer>(std::move(server));
    endpoints_.push_back({.name = std::move(name),
                          .chain_id = chain_id,
                          .rpc_url = chain.anvil->url(),
                          .beacon_url = fmt::format("http://127.0.0.1:{}", chain.beacon->port())});
    co_return Result<void, std::string>();
}

async::Task<Result<void, std::string>> Devnet::start_relay(std::uint16_t port_offset) {
    CO_TRY(Anvil anvil, co_await start_anvil(executor_, {.chain_id = kChainR,
                                                         .port = 0,
                                                         .gas_limit = kRelayBlockGas,
                                                         .log = options_.directory / "R.anvil.log"}));
    r_.anvil = std::make_unique<Anvil>(std::move(anvil));
    CO_TRY(rpc::Url url, rpc::decode_url(r_.anvil->url()));
    r_.sealer =
        std::make_unique<mapo::Sealer>(executor_, url,
                                       mapo::SealerOptions{.validators = options_.validators,
                                                           .epoch_length = options_.validator_epoch_blocks,
                                                           .block_interval = options_.block_interval,
                                                           .absent = options_.absent_validators});
    CO_TRY_VOID(co_await r_.sealer->start());
    r_.node = std::make_unique<mapo::SealedRpc>(executor_, std::move(url), *r_.sealer);
    mapo::SealedRpc& node = *r_.node;
    CO_TRY(rpc::HttpServer server,
           rpc::HttpServer::listen(executor_, port_at(options_, port_offset),
                                   rpc::json_rpc_handler([&node](std::string method, rpc::Json params) {
                                       return node.handle(std::move(method), std::move(params));
                                   })));
    r_.rpc = std::make_unique<rpc::HttpServer>(std::move(server));
    endpoints_.push_back({.name = "R",
                          .chain_id = kChainR,
                          .rpc_url = fmt::format("http://127.0.0.1:{}", r_.rpc->port()),
                          .beacon_url = {}});
    co_return Result<void, std::string>();
}

Result<void, std::string> Devnet::write_directory() const {
    std::string topology = std::string(kTopologyHead) + "\nrelay = \"R\"\n\n";
    for (const Endpoint& endpoint : endpoints_) {
        topology += endpoint.name == "R"   ? relay_chain_toml(endpoint, *r_.sealer)
                    : endpoint.name == "A" ? outer_chain_toml(endpoint, *a_.sealer)
                                           : outer_chain_toml(endpoint, *b_.sealer);
    }
    TRY_VOID(write_file(this->topology(), topology));
    TRY_VOID(write_file(options_.directory / "password", std::string(kPassword) + "\n"));
    const std::pair<const char*, std::size_t> accounts[] = {
        {"operator", kOperatorAccount}, {"user", kUserAccount}, {"stranger", kStrangerAccount}};
    for (const auto& [name, index] : accounts) {
        const TestAccount account = make_test_account(index);
        const Hash32 half = crypto::keccak256(concat({as_bytes("devnet keystore"), as_bytes(name)}));
        const auto keystore = evm::encode_keystore(account.key, kPassword,
                                                   to_fixed<64>(concat({half, crypto::keccak256(half)})));
        BUTTER_ASSERT(keystore.has_value());
        TRY_VOID(write_file(options_.directory / (std::string(name) + ".json"), *keystore));
    }
    return {};
}

async::Task<void> Devnet::run() {
    using namespace boost::asio::experimental::awaitable_operators;
    co_await (a_.sealer->run() && a_.beacon->run() && b_.sealer->run() && b_.beacon->run() &&
              r_.sealer->run() && r_.rpc->run());
}

}  // namespace butter::devnet
