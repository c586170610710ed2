// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "butter/async/mutex.hpp"
#include "butter/async/task.hpp"
#include "butter/base/uint256.hpp"
#include "butter/crypto/secp256k1.hpp"
#include "butter/rpc/eth_api.hpp"

/// The one owner of a key's nonces and fees on a chain.
namespace butter::evm {

struct FeeCaps {
    Uint256 max_fee_per_gas;
    Uint256 max_priority_fee_per_gas;
};

struct TransactionRequest {
    std::optional<Address> to;  ///< absent to create a contract
    Bytes data;
    Uint256 value;
};

struct TransactionOutcome {
    Hash32 hash;
    BlockNumber block;
    std::uint64_t gas_used = 0;
    bool is_success = false;
    std::vector<eth::Log> logs;
    std::optional<Address> created;  ///< address of the contract, for a creation
};

struct SendError {
    enum class Kind {
        kWouldRevert = 1,        ///< the estimate reverted; nothing was sent. `data` is the revert data
        kInsufficientFunds = 2,  ///< nothing was sent
        kFeeAboveCap = 3,        ///< the base fee is above the cap; nothing was sent
        kRejected = 4,           ///< the node refused the transaction
        kRpc = 5,                ///< no endpoint answered
        kReplaced = 6,           ///< another transaction took the nonce
    };
    Kind kind{};
    std::string text;
    Bytes data;
};

/// Sends EIP-1559 transactions. Several coroutines may send at once; nonces are given out in order and a
/// transaction that stays out of blocks is sent again with higher fees, up to the caps. A nonce before it
/// that nobody uses (a node counted one pending transaction too many, or dropped one of an earlier process)
/// is filled with a transfer of nothing to the sender itself, without which no later transaction is ever
/// included.
class Sender {
  public:
    struct Options {
        ChainId chain_id;
        crypto::PrivateKey key;
        FeeCaps caps;
        std::chrono::milliseconds poll_interval{1'000};
        /// Without a block that includes it after this long, a transaction's fees are raised.
        std::chrono::milliseconds replace_after{30'000};
        /// Told of each transaction that stays out of blocks for so long, and what is done about it.
        std::function<void(const std::string&)> on_delay{};
    };
    /// `api` outlives the sender. The key must be valid.
    Sender(boost::asio::any_io_executor executor, rpc::EthApi& api, Options options);

    const Address& address() const noexcept { return address_; }

    /// Estimates, sends and waits until a block includes it. A transaction that was included but reverted is
    /// an outcome with `is_success` false.
    async::Task<Result<TransactionOutcome, SendError>> send(TransactionRequest request);

  private:
    struct Fees {
        Uint256 max_fee;
        Uint256 priority_fee;
    };
    struct Sent {
        std::uint64_t nonce = 0;
        Fees fees;
        std::vector<Hash32> hashes;  ///< of all its replacements
    };

    /// A gas limit with which the transaction succeeds on the latest state.
    async::Task<Result<std::uint64_t, SendError>> find_gas_limit(const TransactionRequest& request);
    async::Task<Result<Fees, SendError>> choose_fees();
    async::Task<Result<Sent, SendError>> submit(const TransactionRequest& request, std::uint64_t gas_limit);
    async::Task<Result<Hash32, SendError>> submit_with(const TransactionRequest& request,
                                                       std::uint64_t gas_limit, std::uint64_t nonce,
                                                       Fees fees);
    async::Task<Result<TransactionOutcome, SendError>> wait(const TransactionRequest& request,
                                                            std::uint64_t gas_limit, Sent sent);
    /// Fills `nonce` if the node has nothing for it and `sent` waits for it.
    async::Task<void> fill_gap(std::uint64_t nonce, const Sent& sent);
    void tell(const std::string& what) const;

    rpc::EthApi& api_;
    Options options_;
    Address address_;
    async::Mutex nonce_mutex_;
    std::optional<std::uint64_t> next_nonce_;
    std::set<std::uint64_t> waiting_;  ///< nonces of what is sent and in no block yet
};

}  // namespace butter::evm
