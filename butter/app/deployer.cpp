// SPDX-License-Identifier: Apache-2.0
#include "butter/app/deployer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "butter/app/files.hpp"
#include "butter/artifacts/artifacts.hpp"
#include "butter/async/mutex.hpp"
#include "butter/async/sleep.hpp"
#include "butter/base/assert.hpp"
#include "butter/base/hex.hpp"
#include "butter/codec/abi.hpp"
#include "butter/crypto/keccak.hpp"
#include "butter/eth/address.hpp"
#include "butter/service/calls.hpp"

namespace butter::app {
namespace {

namespace asio = boost::asio;
using async::Task;
using codec::AbiValue;
using codec::encode_abi;
using codec::encode_call;
using Status = Result<void, CommandError>;

constexpr std::string_view kRecordFile = "deployment.json";
constexpr std::string_view kConfigFile = "butter.toml";
/// A node behind a balancer may not know yet what another one has included: so often it is asked again.
constexpr int kSettleReadsMax = 30;
/// An endpoint that fails this often in a row is down.
constexpr int kUnavailableMax = 10;
constexpr std::chrono::seconds kProgressInterval{15};

constexpr std::string_view kTimelock = "timelock";
constexpr std::string_view kFeeService = "fee_service";
constexpr std::string_view kService = "service";
constexpr std::string_view kClientManager = "client_manager";
constexpr std::string_view kProxyContract = "ERC1967Proxy";

/// Who may make a setting.
enum class Authority {
    kOwner,     ///< owner() of the contract
    kPricer,    ///< pricer() of the FeeService
    kTimelock,  ///< the contract is the timelock, which changes itself
};

/// A view and what it must return.
struct Read {
    Bytes call;
    Bytes expected;
};

struct Setting {
    std::string text;  ///< for people: "price towards B"
    Address target;
    std::vector<Read> reads;
    Bytes write;
    Authority authority = Authority::kOwner;
};

std::string text_of(const Address& address) { return eth::to_checksum_text(address); }
Bytes word(const Address& address) { return encode_abi({AbiValue::address(address)}); }
Bytes word(std::uint64_t number) { return encode_abi({AbiValue::number(number)}); }
AbiValue number(ChainId id) { return AbiValue::number(id.value); }

CommandError failed(const OpenChain& chain, std::string text) {
    return {ExitCode::kFailed, fmt::format("chain {}: {}", chain.name(), text)};
}
CommandError unavailable(const OpenChain& chain, const rpc::RpcError& error) {
    return {ExitCode::kUnavailable, fmt::format("chain {}: {}", chain.name(), error.text)};
}

class Deployer {
  public:
    Deployer(DeployRequest request, const std::vector<std::unique_ptr<chain::Family>>& families,
             asio::any_io_executor executor)
        : request_(std::move(request)), families_(families), executor_(std::move(executor)) {}

    Task<Result<DeployReport, CommandError>> run();

  private:
    using Stage = Task<Status> (Deployer::*)(OpenChain&);

    // Before anything is sent.
    Status load_record();
    Status open_chains();
    Status check_artifacts() const;
    void warn_of_defaults() const;
    Task<Status> check(OpenChain& chain);

    // The stages, on all chains side by side.
    Task<Status> on_all_chains(Stage stage);
    Task<Status> create_services(OpenChain& chain);
    Task<Status> create_clients(OpenChain& chain);
    Task<Status> register_contracts(OpenChain& chain);
    Task<Status> hand_over(OpenChain& chain);

    Task<Status> create_client(OpenChain& chain, OpenChain& verified);
    Task<Status> check_client(OpenChain& chain, const OpenChain& verified);
    Task<Result<Bytes, CommandError>> fetch_initializer(OpenChain& chain, OpenChain& verified);
    Task<Status> set_prices(OpenChain& chain);

    // One step.
    Task<Result<bool, CommandError>> is_created(OpenChain& chain, std::string role);
    Task<Status> create(OpenChain& chain, std::string role, std::string contract, Bytes arguments);
    Task<Status> ensure(OpenChain& chain, std::string role, std::string contract, Bytes arguments);
    Task<Status> ensure_proxy(OpenChain& chain, std::string_view role, std::string contract,
                              Bytes initializer);
    Task<Result<Bytes, CommandError>> fetch_created_code(OpenChain& chain, Address address);
    Task<Result<bool, CommandError>> holds(OpenChain& chain, const Setting& setting);
    Task<Result<bool, CommandError>> is_authority(OpenChain& chain, const Setting& setting);
    Task<Status> apply(OpenChain& chain, Setting setting);
    Task<Result<evm::TransactionOutcome, CommandError>> transact(OpenChain& chain, std::string what,
                                                                 evm::TransactionRequest request);

    bool is_relay(const OpenChain& chain) const noexcept { return chain.name() == request_.topology.relay; }
    /// The chains that have a light client on `chain`.
    std::vector<OpenChain*> verified_on(const OpenChain& chain) const;
    OpenChain& relay_chain() const noexcept;
    ChainDeployment& record_of(const OpenChain& chain) { return record_.chains[chain.name()]; }
    Address address_of(const OpenChain& chain, std::string_view role) const;
    static Address or_deployer(const std::optional<Address>& address, const OpenChain& chain) {
        return address.value_or(chain.sender->address());
    }
    Status save_record() const;
    Status save_config() const;
    void print(const OpenChain& chain, const std::string& text) const {
        request_.print(fmt::format("{}: {}", chain.name(), text));
    }

    DeployRequest request_;
    const std::vector<std::unique_ptr<chain::Family>>& families_;
    asio::any_io_executor executor_;
    std::vector<std::unique_ptr<OpenChain>> chains_;
    /// A source serves one coroutine at a time.
    std::map<std::string, async::Mutex> source_mutexes_;
    Deployment record_;
    std::size_t transactions_ = 0;
    std::vector<Proposal> proposals_;
};

// ---- before anything is sent
// ---------------------------------------------------------------------------------

Status Deployer::load_record() {
    const std::filesystem::path file = request_.out / kRecordFile;
    auto record = load_deployment(file);
    if (!record) return std::unexpected(CommandError{ExitCode::kConfig, to_string(record.error())});
    if (!*record) {
        record_.relay = request_.topology.relay;
    } else {
        record_ = *std::move(*record);
    }
    const auto mismatch = [&](std::string text) {
        return std::unexpected(CommandError{
            ExitCode::kConfig,
            fmt::format("{} is of another topology: {}; use another folder", file.string(), text)});
    };
    if (record_.relay != request_.topology.relay) {
        return mismatch(fmt::format("its relay chain is {}, not {}", record_.relay, request_.topology.relay));
    }
    for (const TopologyChain& chain : request_.topology.chains) {
        const chain::NetworkSettings& network = chain.settings.network;
        const auto [entry, is_new] = record_.chains.try_emplace(network.name);
        if (is_new) entry->second.chain_id = network.chain_id;
        if (entry->second.chain_id != network.chain_id) {
            return mismatch(fmt::format("its chain {} has chain id {}, not {}", network.name,
                                        entry->second.chain_id.value, network.chain_id.value));
        }
    }
    return {};
}

Status Deployer::open_chains() {
    for (const TopologyChain& chain : request_.topology.chains) {
        TRY(auto opened,
            open_chain(chain.settings, families_, executor_, WithKey::kYes, request_.topology.poll_interval));
        source_mutexes_.try_emplace(opened->name(), executor_);
        chains_.push_back(std::move(opened));
    }
    return {};
}

Status Deployer::check_artifacts() const {
    std::vector<std::string_view> names = {"TimelockController", kProxyContract,     "FeeService",
                                           "OmniService",        "OmniServiceRelay", "LightClientManager"};
    for (const auto& chain : chains_) names.push_back(chain->client_contract);
    for (const std::string_view name : names) {
        if (!artifacts::find_creation_code(name)) {
            return std::unexpected(
                CommandError{ExitCode::kFailed, fmt::format("this program holds no contract {}", name)});
        }
    }
    return {};
}

void Deployer::warn_of_defaults() const {
    const GovernanceSettings& governance = request_.topology.governance;
    const auto warn = [&](const std::optional<Address>& address, const char* key, const char* power) {
        if (address) return;
        request_.print(fmt::format(
            "warning: governance.{} is missing: the deployer's own address {} on every chain", key, power));
    };
    warn(governance.proposer, "proposer", "may propose any change");
    warn(governance.guardian, "guardian", "may pause");
    warn(governance.pricer, "pricer", "sets the prices");
    warn(governance.fee_receiver, "fee_receiver", "receives the fees");
}

Task<Status> Deployer::check(OpenChain& chain) {
    CO_TRY_VOID(co_await check_chain(chain));
    const auto balance = co_await chain.api.fetch_balance(chain.sender->address());
    if (!balance) co_return std::unexpected(unavailable(chain, balance.error()));
    if (balance->is_zero() && record_of(chain).contracts.empty()) {
        co_return std::unexpected(
            failed(chain, fmt::format("{} has no coins to deploy with", text_of(chain.sender->address()))));
    }
    co_return Status();
}

// ---- stages
// --------------------------------------------------------------------------------------------------

Task<Status> Deployer::on_all_chains(Stage stage) {
    using Operation = decltype(asio::co_spawn(executor_, std::declval<Task<Status>>(), asio::deferred));
    std::vector<Operation> operations;
    for (const auto& chain : chains_) {
        operations.push_back(asio::co_spawn(executor_, (this->*stage)(*chain), asio::deferred));
    }
    // All of them end by themselves, so that what one has sent is recorded although another one failed.
    auto [order, exceptions, results] =
        co_await asio::experimental::make_parallel_group(std::move(operations))
            .async_wait(asio::experimental::wait_for_all(), asio::use_awaitable);
    for (const std::exception_ptr& exception : exceptions) {
        if (exception) std::rethrow_exception(exception);
    }
    for (Status& result : results) {
        if (!result) co_return std::unexpected(std::move(result).error());
    }
    co_return Status();
}

Task<Status> Deployer::create_services(OpenChain& chain) {
    const GovernanceSettings& governance = request_.topology.governance;
    const Address deployer = chain.sender->address();
    // Anyone may execute what has waited for its delay; nobody administers the timelock but itself.
    CO_TRY_VOID(co_await ensure(
        chain, std::string(kTimelock), "TimelockController",
        encode_abi({AbiValue::number(governance.timelock_delay_s),
                    AbiValue::array({AbiValue::address(or_deployer(governance.proposer, chain))}),
                    AbiValue::array({AbiValue::address(Address{})}), AbiValue::address(Address{})})));
    CO_TRY_VOID(
        co_await ensure(chain, std::string(kFeeService), "FeeService",
                        encode_abi({AbiValue::address(deployer), AbiValue::address(deployer),
                                    AbiValue::address(or_deployer(governance.fee_receiver, chain))})));
    std::vector<AbiValue> arguments = {AbiValue::address(deployer),
                                       AbiValue::address(address_of(chain, kFeeService)),
                                       AbiValue::address(or_deployer(governance.guardian, chain))};
    if (is_relay(chain)) {
        CO_TRY_VOID(co_await ensure_proxy(chain, kClientManager, "LightClientManager",
                                          encode_call("initialize(address)", {AbiValue::address(deployer)})));
        arguments.push_back(AbiValue::address(address_of(chain, kClientManager)));
        CO_TRY_VOID(
            co_await ensure_proxy(chain, kService, "OmniServiceRelay",
                                  encode_call("initialize(address,address,address,address)", arguments)));
    } else {
        CO_TRY_VOID(co_await ensure_proxy(chain, kService, "OmniService",
                                          encode_call("initialize(address,address,address)", arguments)));
    }
    for (const OpenChain* verified : verified_on(chain)) {
        const std::string contract(verified->client_contract);
        CO_TRY_VOID(co_await ensure(chain, implementation_role(contract), contract, {}));
    }
    co_return Status();
}

Task<Status> Deployer::create_clients(OpenChain& chain) {
    for (OpenChain* verified : verified_on(chain)) {
        CO_TRY_VOID(co_await create_client(chain, *verified));
        CO_TRY_VOID(co_await check_client(chain, *verified));
    }
    co_return Status();
}

Task<Status> Deployer::create_client(OpenChain& chain, OpenChain& verified) {
    const std::string role = client_role(verified.name());
    CO_TRY(const bool is_there, co_await is_created(chain, role));
    if (is_there) co_return Status();
    // Only now, so that the client begins with what is newest.
    CO_TRY(const Bytes initializer, co_await fetch_initializer(chain, verified));
    const Address implementation = address_of(chain, implementation_role(verified.client_contract));
    co_return co_await create(chain, role, std::string(kProxyContract),
                              encode_abi({AbiValue::address(implementation), AbiValue::bytes(initializer)}));
}

Task<Result<Bytes, CommandError>> Deployer::fetch_initializer(OpenChain& chain, OpenChain& verified) {
    const async::Mutex::Lock lock = co_await source_mutexes_.at(verified.name()).lock();
    const Address owner = address_of(chain, kTimelock);
    const auto start = std::chrono::steady_clock::now();
    std::optional<std::chrono::steady_clock::time_point> printed;
    for (int unavailable_count = 0;;) {
        auto initializer = co_await verified.source->fetch_client_initializer(owner);
        if (initializer) co_return *std::move(initializer);
        const chain::SourceError& error = initializer.error();
        const bool is_down = error.kind == chain::SourceError::Kind::kUnavailable;
        unavailable_count = is_down ? unavailable_count + 1 : 0;
        if (!is_down && error.kind != chain::SourceError::Kind::kNotReady) {
            co_return std::unexpected(failed(verified, "no checkpoint for its light client: " + error.text));
        }
        if (unavailable_count >= kUnavailableMax) {
            co_return std::unexpected(CommandError{ExitCode::kUnavailable,
                                                   fmt::format("chain {}: {}", verified.name(), error.text)});
        }
        const auto now = std::chrono::steady_clock::now();
        if (now - start >= request_.finality_patience) {
            co_return std::unexpected(CommandError{
                ExitCode::kUnavailable,
                fmt::format(
                    "chain {}: no checkpoint for its light client within {} s: {}", verified.name(),
                    std::chrono::duration_cast<std::chrono::seconds>(request_.finality_patience).count(),
                    error.text)});
        }
        if (!printed || now - *printed >= kProgressInterval) {
            printed = now;
            print(verified, fmt::format("waiting for a checkpoint for its light client on {}: {}",
                                        chain.name(), error.text));
        }
        co_await async::sleep_for(request_.topology.poll_interval);
    }
}

/// That the client verifies the chain it is registered for, and works.
Task<Status> Deployer::check_client(OpenChain& chain, const OpenChain& verified) {
    const Address client = address_of(chain, client_role(verified.name()));
    const auto passport = co_await chain.api.call(
        {.from = {}, .to = client, .data = encode_call("passport()", {}), .value = {}});
    if (!passport) co_return std::unexpected(unavailable(chain, passport.error()));
    auto tuple = codec::AbiReader(*passport).next_tuple();
    const bool has_kind = tuple && tuple->next_bytes().has_value();
    const auto chain_id = has_kind ? tuple->next_uint(64) : std::unexpected(codec::AbiError::kInputTooShort);
    if (!chain_id || ChainId{*chain_id} != verified.id()) {
        co_return std::unexpected(failed(
            chain,
            fmt::format("the light client {} says it verifies chain id {}, not {} ({})", text_of(client),
                        chain_id ? std::to_string(*chain_id) : "?", verified.id().value, verified.name())));
    }
    co_return Status();
}

Task<Status> Deployer::register_contracts(OpenChain& chain) {
    const GovernanceSettings& governance = request_.topology.governance;
    const Address service = address_of(chain, kService);
    const Address fee_service = address_of(chain, kFeeService);
    if (is_relay(chain)) {
        const Address manager = address_of(chain, kClientManager);
        for (const OpenChain* other : verified_on(chain)) {
            const Address client = address_of(chain, client_role(other->name()));
            const Address remote = address_of(*other, kService);
            CO_TRY_VOID(co_await apply(
                chain, {.text = fmt::format("light client of {}", other->name()),
                        .target = manager,
                        .reads = {{encode_call("clientOf(uint64)", {number(other->id())}), word(client)}},
                        .write = encode_call("setClient(uint64,address)",
                                             {number(other->id()), AbiValue::address(client)})}));
            CO_TRY_VOID(co_await apply(
                chain, {.text = fmt::format("service of {}", other->name()),
                        .target = service,
                        .reads = {{encode_call("services(uint64)", {number(other->id())}), word(remote)}},
                        .write = encode_call("setService(uint64,address)",
                                             {number(other->id()), AbiValue::address(remote)})}));
        }
    } else {
        const OpenChain& relay = relay_chain();
        const Address client = address_of(chain, client_role(relay.name()));
        const Address remote = address_of(relay, kService);
        CO_TRY_VOID(co_await apply(
            chain, {.text = fmt::format("relay chain {}", relay.name()),
                    .target = service,
                    .reads = {{encode_call("relayChainId()", {}), word(relay.id().value)},
                              {encode_call("relayService()", {}), word(remote)},
                              {encode_call("relayClient()", {}), word(client)}},
                    .write = encode_call(
                        "setRelay(uint64,address,address)",
                        {number(relay.id()), AbiValue::address(remote), AbiValue::address(client)})}));
    }
    const Address guardian = or_deployer(governance.guardian, chain);
    CO_TRY_VOID(
        co_await apply(chain, {.text = "guardian",
                               .target = service,
                               .reads = {{encode_call("guardian()", {}), word(guardian)}},
                               .write = encode_call("setGuardian(address)", {AbiValue::address(guardian)})}));
    CO_TRY_VOID(co_await apply(
        chain, {.text = "fee service",
                .target = service,
                .reads = {{encode_call("feeService()", {}), word(fee_service)}},
                .write = encode_call("setFeeService(address)", {AbiValue::address(fee_service)})}));
    const Address receiver = or_deployer(governance.fee_receiver, chain);
    CO_TRY_VOID(
        co_await apply(chain, {.text = "fee receiver",
                               .target = fee_service,
                               .reads = {{encode_call("receiver()", {}), word(receiver)}},
                               .write = encode_call("setReceiver(address)", {AbiValue::address(receiver)})}));
    co_return co_await set_prices(chain);
}

Task<Status> Deployer::set_prices(OpenChain& chain) {
    const Address fee_service = address_of(chain, kFeeService);
    for (const TopologyChain& other : request_.topology.chains) {
        const chain::NetworkSettings& network = other.settings.network;
        if (network.chain_id == chain.id()) continue;
        const AbiValue to = number(network.chain_id);
        const AbiValue native_coin = AbiValue::address(Address{});
        // The ceilings are the owner's, who is the deployer until the hand-over and the timelock afterwards.
        CO_TRY_VOID(co_await apply(
            chain,
            {.text = fmt::format("ceiling of the base gas towards {}", network.name),
             .target = fee_service,
             .reads = {{encode_call("baseGasCeiling(uint256)", {to}), word(other.prices.base_gas_ceiling)}},
             .write = encode_call("setBaseGasCeiling(uint256,uint256)",
                                  {to, AbiValue::number(other.prices.base_gas_ceiling)})}));
        CO_TRY_VOID(co_await apply(
            chain,
            {.text = fmt::format("ceiling of the gas price towards {}", network.name),
             .target = fee_service,
             .reads = {{encode_call("gasPriceCeiling(uint256,address)", {to, native_coin}),
                        word(other.prices.gas_price_ceiling_wei)}},
             .write = encode_call("setGasPriceCeiling(uint256,address,uint256)",
                                  {to, native_coin, AbiValue::number(other.prices.gas_price_ceiling_wei)})}));
        CO_TRY_VOID(co_await apply(
            chain, {.text = fmt::format("base gas towards {}", network.name),
                    .target = fee_service,
                    .reads = {{encode_call("baseGas(uint256)", {to}), word(other.prices.base_gas)}},
                    .write = encode_call("setBaseGas(uint256,uint256)",
                                         {to, AbiValue::number(other.prices.base_gas)}),
                    .authority = Authority::kPricer}));
        CO_TRY_VOID(co_await apply(
            chain, {.text = fmt::format("gas price towards {}", network.name),
                    .target = fee_service,
                    .reads = {{encode_call("gasPrice(uint256,address)", {to, native_coin}),
                               word(other.prices.gas_price_wei)}},
                    .write = encode_call("setGasPrice(uint256,address,uint256)",
                                         {to, native_coin, AbiValue::number(other.prices.gas_price_wei)}),
                    .authority = Authority::kPricer}));
    }
    co_return Status();
}

Task<Status> Deployer::hand_over(OpenChain& chain) {
    const GovernanceSettings& governance = request_.topology.governance;
    const Address timelock = address_of(chain, kTimelock);
    const Address pricer = or_deployer(governance.pricer, chain);
    CO_TRY_VOID(
        co_await apply(chain, {.text = "pricer",
                               .target = address_of(chain, kFeeService),
                               .reads = {{encode_call("pricer()", {}), word(pricer)}},
                               .write = encode_call("setPricer(address)", {AbiValue::address(pricer)})}));
    std::vector<std::string> owned = {std::string(kFeeService), std::string(kService)};
    if (is_relay(chain)) owned.emplace_back(kClientManager);
    for (const OpenChain* verified : verified_on(chain)) owned.push_back(client_role(verified->name()));
    for (const std::string& role : owned) {
        CO_TRY_VOID(co_await apply(
            chain, {.text = fmt::format("owner of {}", role),
                    .target = address_of(chain, role),
                    .reads = {{encode_call("owner()", {}), word(timelock)}},
                    .write = encode_call("transferOwnership(address)", {AbiValue::address(timelock)})}));
    }
    CO_TRY_VOID(co_await apply(
        chain, {.text = "delay of the timelock",
                .target = timelock,
                .reads = {{encode_call("getMinDelay()", {}), word(governance.timelock_delay_s)}},
                .write = encode_call("updateDelay(uint256)", {AbiValue::number(governance.timelock_delay_s)}),
                .authority = Authority::kTimelock}));
    const AbiValue role = AbiValue::word(crypto::keccak256(as_bytes("PROPOSER_ROLE")));
    const AbiValue proposer = AbiValue::address(or_deployer(governance.proposer, chain));
    co_return co_await apply(chain,
                             {.text = "proposer of the timelock",
                              .target = timelock,
                              .reads = {{encode_call("hasRole(bytes32,address)", {role, proposer}), word(1)}},
                              .write = encode_call("grantRole(bytes32,address)", {role, proposer}),
                              .authority = Authority::kTimelock});
}

// ---- one step
// ------------------------------------------------------------------------------------------------

Task<Result<bool, CommandError>> Deployer::is_created(OpenChain& chain, std::string role) {
    const DeployedContract* recorded = record_of(chain).find(role);
    if (recorded == nullptr) co_return false;
    const Address address = recorded->address;
    const Hash32 code_hash = recorded->code_hash;
    const auto code = co_await chain.api.fetch_code(address);
    if (!code) co_return std::unexpected(unavailable(chain, code.error()));
    if (code->empty()) {
        print(chain,
              fmt::format("warning: {} is recorded at {}, where the chain has no code: making it again", role,
                          text_of(address)));
        co_return false;
    }
    if (crypto::keccak256(*code) != code_hash) {
        co_return std::unexpected(CommandError{
            ExitCode::kConfig,
            fmt::format(
                "chain {}: {} is recorded at {}, but other code stands there: the record is of another "
                "chain; use another folder",
                chain.name(), role, text_of(address))});
    }
    co_return true;
}

Task<Result<Bytes, CommandError>> Deployer::fetch_created_code(OpenChain& chain, Address address) {
    for (int attempt = 0; attempt < kSettleReadsMax; ++attempt) {
        auto code = co_await chain.api.fetch_code(address);
        if (!code) co_return std::unexpected(unavailable(chain, code.error()));
        if (!code->empty()) co_return *std::move(code);
        co_await async::sleep_for(request_.topology.poll_interval);
    }
    co_return std::unexpected(
        failed(chain, fmt::format("{} was created, but the endpoint shows no code there", text_of(address))));
}

Task<Status> Deployer::create(OpenChain& chain, std::string role, std::string contract, Bytes arguments) {
    std::optional<Bytes> code = artifacts::find_creation_code(contract);
    BUTTER_ASSERT(code.has_value());
    code->insert(code->end(), arguments.begin(), arguments.end());
    CO_TRY(const evm::TransactionOutcome outcome,
           co_await transact(chain, "creation of " + role,
                             {.to = std::nullopt, .data = *std::move(code), .value = {}}));
    if (!outcome.created) {
        co_return std::unexpected(
            failed(chain, fmt::format("the receipt of {} names no contract", encode_hex(outcome.hash))));
    }
    CO_TRY(const Bytes runtime_code, co_await fetch_created_code(chain, *outcome.created));
    record_of(chain).contracts[role] = {.contract = contract,
                                        .address = *outcome.created,
                                        .code_hash = crypto::keccak256(runtime_code),
                                        .transaction = outcome.hash,
                                        .block = outcome.block,
                                        .gas_used = outcome.gas_used};
    print(chain, fmt::format("created {} {} tx={} gas={}", role, text_of(*outcome.created),
                             encode_hex(outcome.hash), outcome.gas_used));
    co_return save_record();
}

Task<Status> Deployer::ensure(OpenChain& chain, std::string role, std::string contract, Bytes arguments) {
    CO_TRY(const bool is_there, co_await is_created(chain, role));
    if (is_there) co_return Status();
    co_return co_await create(chain, role, contract, std::move(arguments));
}

Task<Status> Deployer::ensure_proxy(OpenChain& chain, std::string_view role, std::string contract,
                                    Bytes initializer) {
    const std::string implementation = implementation_role(contract);
    CO_TRY_VOID(co_await ensure(chain, implementation, contract, {}));
    co_return co_await ensure(
        chain, std::string(role), std::string(kProxyContract),
        encode_abi({AbiValue::address(address_of(chain, implementation)), AbiValue::bytes(initializer)}));
}

Task<Result<bool, CommandError>> Deployer::holds(OpenChain& chain, const Setting& setting) {
    for (const Read& read : setting.reads) {
        const auto result =
            co_await chain.api.call({.from = {}, .to = setting.target, .data = read.call, .value = {}});
        // A view reverts when nothing is set.
        if (!result && result.error().kind == rpc::RpcError::Kind::kNode) co_return false;
        if (!result) co_return std::unexpected(unavailable(chain, result.error()));
        if (*result != read.expected) co_return false;
    }
    co_return true;
}

Task<Result<bool, CommandError>> Deployer::is_authority(OpenChain& chain, const Setting& setting) {
    if (setting.authority == Authority::kTimelock) co_return false;
    const std::string_view view = setting.authority == Authority::kOwner ? "owner()" : "pricer()";
    const auto result = co_await chain.api.call(
        {.from = {}, .to = setting.target, .data = encode_call(view, {}), .value = {}});
    if (!result) co_return std::unexpected(unavailable(chain, result.error()));
    co_return *result == word(chain.sender->address());
}

Task<Status> Deployer::apply(OpenChain& chain, Setting setting) {
    CO_TRY(const bool is_set, co_await holds(chain, setting));
    if (is_set) co_return Status();
    CO_TRY(const bool is_allowed, co_await is_authority(chain, setting));
    if (!is_allowed) {
        if (setting.authority == Authority::kPricer) {
            print(chain,
                  fmt::format("warning: {} is not what the topology says; only the pricer can change it",
                              setting.text));
        } else {
            proposals_.push_back({chain.name(), setting.text, setting.target, setting.write});
        }
        co_return Status();
    }
    CO_TRY(const evm::TransactionOutcome outcome,
           co_await transact(chain, "setting of " + setting.text,
                             {.to = setting.target, .data = setting.write, .value = {}}));
    print(chain, fmt::format("set {} at {} tx={} gas={}", setting.text, text_of(setting.target),
                             encode_hex(outcome.hash), outcome.gas_used));
    for (int attempt = 0; attempt < kSettleReadsMax; ++attempt) {
        CO_TRY(const bool is_done, co_await holds(chain, setting));
        if (is_done) co_return Status();
        co_await async::sleep_for(request_.topology.poll_interval);
    }
    co_return std::unexpected(failed(
        chain, fmt::format("{} at {} was set, but does not read so", setting.text, text_of(setting.target))));
}

Task<Result<evm::TransactionOutcome, CommandError>> Deployer::transact(OpenChain& chain, std::string what,
                                                                       evm::TransactionRequest request) {
    using Kind = evm::SendError::Kind;
    auto outcome = co_await chain.sender->send(std::move(request));
    if (outcome) {
        ++transactions_;
        if (outcome->is_success) co_return *std::move(outcome);
        co_return std::unexpected(
            failed(chain, fmt::format("{}: transaction {} reverted", what, encode_hex(outcome->hash))));
    }
    const evm::SendError& error = outcome.error();
    switch (error.kind) {
        case Kind::kWouldRevert:
            co_return std::unexpected(failed(
                chain, fmt::format("{} would revert: {}", what,
                                   error.data.empty() ? error.text : service::describe_revert(error.data))));
        case Kind::kInsufficientFunds: {
            const auto balance = co_await chain.api.fetch_balance(chain.sender->address());
            co_return std::unexpected(failed(
                chain, fmt::format("{} has {} wei, too little for the {}: {}; send it coins and run again",
                                   text_of(chain.sender->address()), balance ? to_decimal(*balance) : "?",
                                   what, error.text)));
        }
        case Kind::kFeeAboveCap:
            co_return std::unexpected(failed(
                chain, fmt::format("{}: {}; wait, or raise chains.{}.fees", what, error.text, chain.name())));
        case Kind::kRpc:
            co_return std::unexpected(CommandError{
                ExitCode::kUnavailable, fmt::format("chain {}: {}: {}", chain.name(), what, error.text)});
        case Kind::kReplaced:
            co_return std::unexpected(
                failed(chain, fmt::format("{}: {}; is another program using this key?", what, error.text)));
        case Kind::kRejected:
            break;
    }
    co_return std::unexpected(failed(chain, fmt::format("{}: {}", what, error.text)));
}

// ---- the whole
// -----------------------------------------------------------------------------------------------

std::vector<OpenChain*> Deployer::verified_on(const OpenChain& chain) const {
    if (!is_relay(chain)) return {&relay_chain()};
    std::vector<OpenChain*> out;
    for (const auto& other : chains_) {
        if (!is_relay(*other)) out.push_back(other.get());
    }
    return out;
}

OpenChain& Deployer::relay_chain() const noexcept {
    const auto it =
        std::find_if(chains_.begin(), chains_.end(), [&](const auto& chain) { return is_relay(*chain); });
    BUTTER_ASSERT(it != chains_.end());
    return **it;
}

Address Deployer::address_of(const OpenChain& chain, std::string_view role) const {
    const DeployedContract* contract = record_.chains.find(chain.name())->second.find(role);
    BUTTER_ASSERT(contract != nullptr);
    return contract->address;
}

Status Deployer::save_record() const {
    auto saved = save_file(request_.out / kRecordFile, encode_deployment(record_));
    if (!saved) return std::unexpected(CommandError{ExitCode::kFailed, std::move(saved).error()});
    return {};
}

Status Deployer::save_config() const {
    const std::filesystem::path file = request_.out / kConfigFile;
    const std::string text =
        make_config_text(request_.topology, record_, request_.topology_folder, request_.out);
    // What the program would not read must not be left behind as a configuration.
    const auto config = decode_config(text, file.string(), request_.out);
    if (!config) return std::unexpected(CommandError{ExitCode::kFailed, to_string(config.error())});
    auto saved = save_file(file, text);
    if (!saved) return std::unexpected(CommandError{ExitCode::kFailed, std::move(saved).error()});
    return {};
}

Task<Result<DeployReport, CommandError>> Deployer::run() {
    CO_TRY_VOID(load_record());
    CO_TRY_VOID(open_chains());
    CO_TRY_VOID(check_artifacts());
    CO_TRY_VOID(co_await on_all_chains(&Deployer::check));
    // Also finds out, before money is spent, whether the folder can be written.
    CO_TRY_VOID(save_record());
    warn_of_defaults();
    for (const Stage stage : {&Deployer::create_services, &Deployer::create_clients,
                              &Deployer::register_contracts, &Deployer::hand_over}) {
        CO_TRY_VOID(co_await on_all_chains(stage));
    }
    CO_TRY_VOID(save_config());
    co_return DeployReport{std::move(record_), transactions_, std::move(proposals_)};
}

}  // namespace

Task<Result<DeployReport, CommandError>> deploy_topology(
    DeployRequest request, const std::vector<std::unique_ptr<chain::Family>>& families) {
    const auto executor = co_await asio::this_coro::executor;
    Deployer deployer(std::move(request), families, executor);
    co_return co_await deployer.run();
}

}  // namespace butter::app
