// SPDX-License-Identifier: Apache-2.0
#include "test/e2e/world.hpp"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <fstream>
#include <iostream>
#include <iterator>

#include "butter/app/families.hpp"
#include "butter/artifacts/artifacts.hpp"
#include "butter/async/sleep.hpp"
#include "butter/base/assert.hpp"

namespace butter::e2e {
namespace {

using codec::AbiValue;

constexpr std::uint64_t kFeeCapWei = 1'000'000'000'000;
constexpr std::chrono::milliseconds kPollInterval{40};

async::Task<bool> wait(std::chrono::milliseconds time) {
    co_await async::sleep_for(time);
    co_return true;
}

std::string read_file(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

std::filesystem::path butter_program() { return BUTTER_PROGRAM; }

std::filesystem::path make_folder(std::string_view name) {
    const std::filesystem::path folder = std::filesystem::path(BUTTER_E2E_FOLDER) / name;
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    return folder;
}

World::World(Options options) : folder_(make_folder(options.name)) {
    fmt::print("logs are in {}\n", folder_.string());
    std::cout.flush();
    devnet_ = must(app::run_to_end(
        devnet_io_, devnet::Devnet::start(devnet_io_.get_executor(),
                                          {.directory = folder_,
                                           .first_port = 0,
                                           .block_interval = options.block_interval,
                                           .validators = options.validators,
                                           .absent_validators = options.absent_validators,
                                           .validator_epoch_blocks = options.validator_epoch_blocks})));
    endpoints_ = devnet_->endpoints();
    // It runs until the io_context is stopped.
    devnet_io_.restart();
    boost::asio::co_spawn(devnet_io_, devnet_->run(), boost::asio::detached);
    thread_ = std::thread([this] { devnet_io_.run(); });
    try {
        deploy();
    } catch (...) {
        devnet_io_.stop();
        thread_.join();
        throw;
    }
}

World::~World() {
    devnet_io_.stop();
    thread_.join();
    if (testing::Test::HasFailure()) fmt::print("the logs of this run are in {}\n", folder_.string());
}

void World::deploy() {
    // Transactions are looked after as often as blocks come.
    const std::filesystem::path topology = devnet_->topology();
    std::string text = read_file(topology);
    const std::string_view relay = "relay = \"R\"\n";
    const std::size_t place = text.find(relay);
    BUTTER_ASSERT(place != std::string::npos);
    text.insert(place + relay.size(), "poll_interval_ms = 100\n");
    std::ofstream(topology, std::ios::binary | std::ios::trunc) << text;

    const std::filesystem::path log = folder_ / "deploy.log";
    async::Process process = must(async::Process::start(
        {.program = butter_program(),
         .arguments = {"deploy", "--topology", topology.string(), "--out", folder_.string()},
         .output = log,
         .errors = {},
         .environment = {}}));
    await("deployment", [&] { return process.find_exit_status().has_value(); });
    if (*process.find_exit_status() != 0) throw std::runtime_error("butter deploy failed: " + read_file(log));

    auto config = app::load_config(this->config());
    if (!config) throw std::runtime_error(app::to_string(config.error()));
    families_ = app::make_families();
    chains_ = must(app::open_chains(*std::move(config), families_, io_.get_executor(), app::WithKey::kNo));
}

app::OpenChain& World::chain(std::string_view name) {
    app::OpenChain* found = chains_->find(name);
    BUTTER_ASSERT(found != nullptr);
    return *found;
}

Address World::client(std::string_view from, std::string_view to) {
    return must(chains_->client_of(chain(from), chain(to)));
}

const devnet::Endpoint& World::endpoint(std::string_view name) const {
    for (const devnet::Endpoint& endpoint : endpoints_) {
        if (endpoint.name == name) return endpoint;
    }
    throw std::logic_error("no such chain");
}

void World::await(std::string_view what, const std::function<bool()>& condition,
                  std::chrono::steady_clock::duration patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline)
            throw std::runtime_error(fmt::format("waited in vain for: {}", what));
        run(wait(kPollInterval));
    }
}

void World::await_final(std::string_view name, BlockNumber block) {
    await(fmt::format("block {} of {} final", block.value, name), [&] {
        const auto newest = run(chain(name).source->fetch_final_block());
        return newest && *newest >= block;
    });
}

// ---- transactions
// --------------------------------------------------------------------------------------------

evm::Sender& World::sender(std::string_view name, std::size_t account) {
    auto& sender = senders_[{std::string(name), account}];
    if (!sender) {
        sender =
            std::make_unique<evm::Sender>(io_.get_executor(), chain(name).api,
                                          evm::Sender::Options{.chain_id = id(name),
                                                               .key = devnet::make_test_account(account).key,
                                                               .caps = {kFeeCapWei, kFeeCapWei},
                                                               .poll_interval = kPollInterval});
    }
    return *sender;
}

evm::TransactionOutcome World::transact(std::string_view name, std::size_t account,
                                        evm::TransactionRequest request) {
    const auto outcome = run(sender(name, account).send(std::move(request)));
    if (!outcome) {
        throw std::runtime_error(fmt::format("transaction on {}: {} {}", name, outcome.error().text,
                                             service::describe_revert(outcome.error().data)));
    }
    if (!outcome->is_success)
        throw std::runtime_error(fmt::format("transaction {} on {} reverted: {}", encode_hex(outcome->hash),
                                             name, describe_failure(name, outcome->hash)));
    return *outcome;
}

Address World::create(std::string_view name, std::string_view contract, std::vector<AbiValue> arguments) {
    const auto code = artifacts::find_creation_code(contract);
    BUTTER_ASSERT(code.has_value());
    return create_from(name, concat({*code, codec::encode_abi(arguments)}));
}

Address World::create_from(std::string_view name, Bytes creation_code) {
    const auto outcome = transact(name, devnet::kUserAccount,
                                  {.to = std::nullopt, .data = std::move(creation_code), .value = {}});
    if (!outcome.created) throw std::runtime_error("no contract was created");
    return *outcome.created;
}

Bytes World::call(std::string_view name, Address to, Bytes data) {
    return must(run(chain(name).api.call({.from = {}, .to = to, .data = std::move(data), .value = {}})));
}

Uint256 World::read_number(std::string_view name, Address contract, std::string_view signature) {
    rpc::EthApi& api = chain(name).api;
    const BlockNumber newest = must(run(api.fetch_block_number()));
    await(fmt::format("a block on top of {} of {}", newest.value, name),
          [&] { return must(run(api.fetch_block_number())) > newest; });
    const Bytes answer = must(
        run(api.call({.from = {}, .to = contract, .data = codec::encode_call(signature, {}), .value = {}},
                     rpc::BlockId::number(newest))));
    const auto word = service::decode_first_word(answer);
    if (!word) throw std::runtime_error(std::string(signature) + " answers with no word");
    return *word;
}

Refusal World::try_call(std::string_view name, Address to, Bytes data) {
    const auto answer =
        run(chain(name).api.call({.from = devnet::make_test_account(devnet::kStrangerAccount).address,
                                  .to = to,
                                  .data = std::move(data),
                                  .value = {}}));
    if (answer) return {};
    if (answer.error().kind != rpc::RpcError::Kind::kNode) throw std::runtime_error(answer.error().text);
    return {true, answer.error().data, answer.error().text};
}

std::string World::describe_failure(std::string_view name, const Hash32& transaction) {
    const auto sent = must(run(chain(name).api.fetch_transaction(transaction)));
    if (!sent) return "the node does not know it any more";
    const auto answer = run(
        chain(name).api.call({.from = sent->from, .to = sent->to, .data = sent->data, .value = sent->value},
                             rpc::BlockId::number(receipt(name, transaction).block)));
    if (answer) return "its call succeeds at the end of its block, without its gas limit";
    return fmt::format("{} {}", answer.error().text, service::describe_revert(answer.error().data));
}

std::vector<rpc::PlacedLog> World::logs(std::string_view name, Address address, const Hash32& topic) {
    const BlockNumber head = must(run(chain(name).api.fetch_block_number()));
    return must(run(chain(name).api.fetch_logs({.from = BlockNumber{0},
                                                .to = head,
                                                .addresses = {address},
                                                .topics = {topic},
                                                .second_topic = {},
                                                .third_topic = {}})));
}

rpc::Json World::node_call(std::string_view name, std::string method, rpc::JsonArray params) {
    return must(run(chain(name).api.endpoints().call(std::move(method), std::move(params))));
}

// ---- messages
// ------------------------------------------------------------------------------------------------

SentMessage World::send(std::string_view from, std::string_view to, const service::MessageData& message) {
    const auto fee = service::decode_first_word(
        call(from, service(from), service::encode_get_message_fee(id(to), Address{}, message.gas_limit)));
    if (!fee) throw std::runtime_error("no fee");
    SentMessage out;
    out.outcome = transact(from, devnet::kUserAccount,
                           {.to = service(from),
                            .data = service::encode_transfer_out(id(to), message, Address{}),
                            .value = *fee});
    out.position = position_of(from, out.outcome.hash, service(from), service::message_out_topic());
    const auto event = service::decode_message_out(out.position.log);
    if (!event) throw std::runtime_error("no message was sent");
    out.order_id = event->order_id;
    out.encoded = event->message;
    return out;
}

rpc::PlacedReceipt World::receipt(std::string_view name, const Hash32& transaction) {
    const auto found = must(run(chain(name).api.fetch_receipt(transaction)));
    if (!found) throw std::runtime_error("no receipt of " + encode_hex(transaction));
    return *found;
}

chain::LogPosition World::position_of(std::string_view name, const Hash32& transaction,
                                      const Address& address, const Hash32& topic) {
    for (const rpc::PlacedLog& placed : receipt(name, transaction).logs) {
        if (placed.log.address != address || placed.log.topics.empty() || placed.log.topics[0] != topic)
            continue;
        return {.block = placed.block,
                .block_hash = placed.block_hash,
                .transaction_index = placed.transaction_index,
                .log_index = placed.log_index,
                .transaction_hash = placed.transaction_hash,
                .log = placed.log};
    }
    throw std::runtime_error("transaction " + encode_hex(transaction) + " has no such log");
}

testing::AssertionResult is_error(const Refusal& refusal, std::string_view signature) {
    if (!refusal.is_refused) return testing::AssertionFailure() << "it was taken, expected " << signature;
    const auto code = codec::selector(signature);
    if (refusal.data.size() >= 4 && equal(BytesView(refusal.data).first(4), code))
        return testing::AssertionSuccess();
    return testing::AssertionFailure() << "refused with " << service::describe_revert(refusal.data) << " ("
                                       << refusal.text << "), expected " << signature;
}

service::MessageData calldata(const Address& target, Bytes payload, std::uint64_t gas_limit) {
    return {.relay = false,
            .is_message = false,
            .target = to_bytes(target),
            .payload = std::move(payload),
            .gas_limit = gas_limit};
}

service::MessageData message_to(const Address& target, Bytes payload, std::uint64_t gas_limit) {
    return {.relay = false,
            .is_message = true,
            .target = to_bytes(target),
            .payload = std::move(payload),
            .gas_limit = gas_limit};
}

Bytes encode_increment() {
    return codec::encode_call("increment(address)",
                              {AbiValue::address(devnet::make_test_account(devnet::kUserAccount).address)});
}

}  // namespace butter::e2e
