// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "butter/app/chains.hpp"
#include "butter/app/terminal.hpp"
#include "butter/async/process.hpp"
#include "butter/base/hex.hpp"
#include "butter/chain/family.hpp"
#include "butter/codec/abi.hpp"
#include "butter/evm/sender.hpp"
#include "butter/service/calls.hpp"
#include "butter/service/events.hpp"
#include "devnet/devnet.hpp"

/// A devnet with the contracts deployed, for one test program.
namespace butter::e2e {

/// The value, or an exception with the error, which ends the test.
template <class T, class E>
T must(Result<T, E> result) {
    if (!result) {
        if constexpr (std::is_same_v<E, std::string>) {
            throw std::runtime_error(result.error());
        } else {
            throw std::runtime_error(result.error().text);
        }
    }
    if constexpr (!std::is_void_v<T>) return *std::move(result);
}

/// Nothing that is awaited takes as long, on however slow a machine.
inline constexpr std::chrono::minutes kPatience{8};

/// The program under test, built beside the tests.
std::filesystem::path butter_program();
/// An empty folder `name` in the build; what an earlier run left in it is gone.
std::filesystem::path make_folder(std::string_view name);

/// A message that was sent, and where its log is.
struct SentMessage {
    Hash32 order_id;
    Bytes encoded;
    chain::LogPosition position;
    evm::TransactionOutcome outcome;
};

/// What the contract answers when it refuses a call: its revert data.
struct Refusal {
    bool is_refused = false;
    Bytes data;
    std::string text;
};

class World {
  public:
    struct Options {
        std::string name;  ///< of its folder
        std::chrono::milliseconds block_interval{150};
        std::size_t validators = 4;
        std::size_t absent_validators = 0;
        std::uint64_t validator_epoch_blocks = 40;
    };
    /// Chains on a thread of their own; contracts deployed by `butter deploy`. Throws.
    explicit World(Options options);
    ~World();

    const std::filesystem::path& folder() const noexcept { return folder_; }
    std::filesystem::path config() const { return folder_ / "butter.toml"; }
    app::Chains& chains() noexcept { return *chains_; }
    app::OpenChain& chain(std::string_view name);
    ChainId id(std::string_view name) { return chain(name).id(); }
    Address service(std::string_view name) { return chain(name).settings.service; }
    /// The client contract on `to` that verifies `from`.
    Address client(std::string_view from, std::string_view to);
    const devnet::Endpoint& endpoint(std::string_view name) const;
    boost::asio::io_context& io() noexcept { return io_; }

    /// Runs `task` to its end on this thread; throws what it throws.
    template <class T>
    T run(async::Task<T> task) {
        io_.restart();
        return app::run_to_end(io_, std::move(task));
    }
    /// Calls `function` on the chains' thread, between their steps.
    template <class F>
    auto with_devnet(F function) -> decltype(function(std::declval<devnet::Devnet&>())) {
        std::packaged_task<decltype(function(std::declval<devnet::Devnet&>()))()> task(
            [&] { return function(*devnet_); });
        auto result = task.get_future();
        boost::asio::post(devnet_io_, [&] { task(); });
        return result.get();
    }

    /// Until `condition` holds, which is asked again and again; throws when it never does.
    void await(std::string_view what, const std::function<bool()>& condition,
               std::chrono::steady_clock::duration patience = kPatience);
    /// Until the program's own light client finds that block final.
    void await_final(std::string_view name, BlockNumber block);

    // Transactions of test accounts (devnet/devnet.hpp); they throw unless they succeed.
    evm::TransactionOutcome transact(std::string_view name, std::size_t account,
                                     evm::TransactionRequest request);
    evm::TransactionOutcome transact(std::string_view name, Address to, Bytes data) {
        return transact(name, devnet::kUserAccount, {.to = to, .data = std::move(data), .value = {}});
    }
    Address create(std::string_view name, std::string_view contract, std::vector<codec::AbiValue> arguments);
    Address create_from(std::string_view name, Bytes creation_code);

    Bytes call(std::string_view name, Address to, Bytes data);
    /// As of the newest block, read once another stands on it: of its newest block anvil can answer with the
    /// state of one that it is still making, and with the older one again at the next question
    /// (foundry-rs/foundry#16368).
    Uint256 read_number(std::string_view name, Address contract, std::string_view signature);
    /// A call that should be refused, made by a stranger.
    Refusal try_call(std::string_view name, Address to, Bytes data);
    /// Why a transaction that reverted did so, as its call says at the end of its block.
    std::string describe_failure(std::string_view name, const Hash32& transaction);
    /// All logs of `address` with this first topic, oldest first.
    std::vector<rpc::PlacedLog> logs(std::string_view name, Address address, const Hash32& topic);
    /// JSON-RPC method of a node.
    rpc::Json node_call(std::string_view name, std::string method, rpc::JsonArray params);

    /// The user sends through the service, with exactly the fee.
    SentMessage send(std::string_view from, std::string_view to, const service::MessageData& message);
    /// The logs of a transaction, placed.
    rpc::PlacedReceipt receipt(std::string_view name, const Hash32& transaction);
    /// Of the only log of `transaction` that `address` emitted with this first topic.
    chain::LogPosition position_of(std::string_view name, const Hash32& transaction, const Address& address,
                                   const Hash32& topic);

  private:
    evm::Sender& sender(std::string_view name, std::size_t account);
    void deploy();

    std::filesystem::path folder_;
    boost::asio::io_context devnet_io_{1};
    std::unique_ptr<devnet::Devnet> devnet_;
    std::thread thread_;
    std::vector<devnet::Endpoint> endpoints_;
    boost::asio::io_context io_{1};
    std::vector<std::unique_ptr<chain::Family>> families_;
    std::optional<app::Chains> chains_;
    std::map<std::pair<std::string, std::size_t>, std::unique_ptr<evm::Sender>> senders_;
};

/// `data` is the revert data of the error with this signature, such as "SealInvalid()".
testing::AssertionResult is_error(const Refusal& refusal, std::string_view signature);

/// A service's message of this kind.
service::MessageData calldata(const Address& target, Bytes payload, std::uint64_t gas_limit = 200'000);
service::MessageData message_to(const Address& target, Bytes payload, std::uint64_t gas_limit = 500'000);
Bytes encode_increment();

}  // namespace butter::e2e
