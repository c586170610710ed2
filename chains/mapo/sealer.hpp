// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "butter/async/task.hpp"
#include "butter/base/result.hpp"
#include "butter/eth/receipt.hpp"
#include "butter/rpc/http.hpp"
#include "butter/rpc/json_rpc.hpp"
#include "chains/mapo/light_client.hpp"

/// The relay chain's consensus for a devnet: validators with test keys that seal the blocks of an `anvil`
/// into real Atlas headers. `SealedRpc` shows the chain with those headers.
namespace butter::mapo {

/// A validator with its secrets. TEST KEYS: derived from a public seed, for devnets only.
struct DevnetValidator {
    crypto::PrivateKey ecdsa_key;
    Uint256 bls_secret;
    Validator validator;
};
DevnetValidator make_devnet_validator(std::uint64_t index);

/// Seals `header`: coinbase and proposer seal of validator `proposer`, aggregated seal of those in `signers`
/// (indexes into `validators`).
void seal_header(Header& header, const std::vector<DevnetValidator>& validators, std::size_t proposer,
                 const std::vector<std::size_t>& signers, std::uint64_t round);

/// The base fee of the block after `header`: EIP-1559's, held between 100 and 5,000 gwei (atlas,
/// consensus/misc `CalcBaseFee`).
Uint256 next_base_fee(const Header& header);

/// A block as the validators sealed it.
struct SealedBlock {
    Header header;
    Hash32 hash;
    /// Logs of the system calls in the last block of an epoch: their receipt comes after the transactions'.
    std::vector<eth::Log> system_logs;
    /// Of its transactions; counted in blocks with system calls only.
    std::uint64_t transaction_count = 0;
    std::uint64_t transaction_log_count = 0;
};

struct SealerOptions {
    std::size_t validators = 4;
    std::uint64_t epoch_length = 20;
    std::chrono::milliseconds block_interval{1'000};
    /// How many validators do not sign each block, at most a third.
    std::size_t absent = 0;
    /// Adds a validator at the end of odd epochs and removes the oldest at the end of even ones.
    bool rotate = true;
};

class Sealer {
  public:
    /// `anvil` is the execution node, started with `--no-mining`.
    Sealer(boost::asio::any_io_executor executor, rpc::Url anvil, SealerOptions options);

    /// Seals what anvil has already; must succeed before `run`. The error is a text for people.
    async::Task<Result<void, std::string>> start();
    /// Mines and seals a block each interval, until cancelled.
    async::Task<void> run();
    /// Mines and seals one block.
    async::Task<Result<void, std::string>> step();

    /// The set that signs the next block.
    const std::vector<DevnetValidator>& validators() const noexcept { return validators_; }
    /// The set that signs the block after `number`.
    const std::vector<DevnetValidator>& validators_after(std::uint64_t number) const {
        return sets_by_epoch_.at(number / options_.epoch_length);
    }
    /// All of them, by number; never empty after `start`.
    const std::vector<SealedBlock>& blocks() const noexcept { return blocks_; }
    std::optional<std::uint64_t> find_number(const Hash32& hash) const;
    const SealerOptions& options() const noexcept { return options_; }
    bool is_epoch_end(std::uint64_t number) const noexcept {
        return number != 0 && number % options_.epoch_length == 0;
    }

  private:
    async::Task<Result<void, std::string>> seal_block(std::uint64_t number);
    /// Adds the receipt of system calls to what anvil made.
    async::Task<Result<void, std::string>> add_system_calls(SealedBlock& block);
    void plan_rotation(Header& header);
    void apply_rotation_of(const Header& header);

    rpc::Endpoints anvil_;
    SealerOptions options_;
    std::vector<DevnetValidator> validators_;
    std::uint64_t next_validator_ = 0;
    std::vector<SealedBlock> blocks_;
    std::unordered_map<Hash32, std::uint64_t> number_by_hash_;
    /// The set of each epoch: entry e signs the blocks from e * epoch_length + 1 on.
    std::vector<std::vector<DevnetValidator>> sets_by_epoch_;
};

}  // namespace butter::mapo
