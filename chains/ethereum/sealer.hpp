// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "butter/async/mutex.hpp"
#include "butter/async/task.hpp"
#include "butter/base/result.hpp"
#include "butter/rpc/http.hpp"
#include "butter/rpc/json_rpc.hpp"
#include "chains/ethereum/devnet_state.hpp"
#include "chains/ethereum/objects.hpp"

/// The consensus of a devnet chain of this family: a beacon node that wraps each block of an `anvil` into a
/// beacon block, and serves the light client's routes of the beacon API. Headers, bodies, states, committees
/// and signatures are real in everything a light client can check; README.md says what is missing beside a
/// real node.
namespace butter::ethereum {

struct SealerOptions {
    /// Registry; the committees are drawn from it.
    std::size_t validators = 512;
    /// Index of its first test key. Chains with the same registry have the same genesis validators root and
    /// committees, so the light client of one would take the other's updates.
    std::uint64_t first_key = 0;
    /// A power of two of at least 2.
    std::uint64_t slots_per_epoch = 4;
    /// At least 4: fewer would leave no finality within a period.
    std::uint64_t epochs_per_period = 8;
    /// Time between blocks of `run`. `seconds_per_slot` is this in whole seconds, at least 1; a block's
    /// timestamp is that of its slot, so with shorter intervals the chain's time runs ahead of the clock.
    std::chrono::milliseconds block_interval{1'000};
    /// How many members of the committee do not sign each block. At least one signs.
    std::size_t absent = 0;
    /// Epoch at which Fulu follows Electra; never when absent. Not 0.
    std::optional<Epoch> fulu_epoch = std::nullopt;
};

/// A sync committee with its members' places in the registry.
struct DevnetCommittee {
    std::vector<std::size_t> members;
    SyncCommittee committee;
    Hash32 root;
};
/// Drawn for `period` from `validators` by a public hash, with replacement as real committees are.
DevnetCommittee make_devnet_committee(const std::vector<DevnetKey>& validators, std::uint64_t period,
                                      std::size_t size);

/// A block with what the light client's objects take from it and its state.
struct DevnetBlock {
    BeaconHeader header;
    Hash32 root;
    PayloadHeader payload;
    std::vector<Hash32> execution_branch;
    // Branches in its state.
    std::vector<Hash32> current_committee_branch;
    std::vector<Hash32> next_committee_branch;
    std::vector<Hash32> finality_branch;
    Checkpoint previous_justified;
    Checkpoint current_justified;
    Checkpoint finalized;
};

class Sealer {
  public:
    /// `anvil` is the execution node, started with `--no-mining --hardfork prague` or `osaka`.
    Sealer(boost::asio::any_io_executor executor, rpc::Url anvil, SealerOptions options);

    /// Wraps what anvil has already: its block 0 is in the genesis state, block n in slot n. Must succeed
    /// before `run` and `handle`. The error is a text for people.
    async::Task<Result<void, std::string>> start();
    /// Makes a block each interval, until cancelled.
    async::Task<void> run();
    /// Makes `count` blocks at once.
    async::Task<Result<void, std::string>> step(std::uint64_t count = 1);
    /// The beacon API, on GET.
    async::Task<rpc::HttpResponse> handle(rpc::HttpRequest request);

    /// From the next block on; after `start`.
    void set_attesting(Attesting attesting) noexcept;
    /// From the next block on; at least one member signs.
    void set_absent(std::size_t absent) noexcept;

    const BeaconNetwork& network() const noexcept { return network_; }
    const SealerOptions& options() const noexcept { return options_; }
    const DevnetBlock& head() const noexcept { return blocks_.back(); }
    /// By slot: every slot has its block.
    const std::vector<DevnetBlock>& blocks() const noexcept { return blocks_; }
    /// Newest that the head's state says is final: the genesis block until there is another.
    const DevnetBlock& finalized() const noexcept;
    const DevnetCommittee& committee(std::uint64_t period);
    /// The family's parameters for this chain, with the newest final block as checkpoint.
    rpc::JsonObject parameters() const;

    Bootstrap make_bootstrap(const DevnetBlock& block);
    /// The best update of each period, as real nodes choose it; by period.
    const std::vector<std::optional<Update>>& updates() const noexcept { return updates_; }
    /// Of the head; the finality update is this one if it has a finalised header.
    const std::optional<Update>& last_update() const noexcept { return last_update_; }

  private:
    struct ExecutionBlock {
        PayloadHeader payload;
        UnixSeconds timestamp;
    };
    async::Task<Result<ExecutionBlock, std::string>> fetch_execution_block(std::uint64_t number);
    async::Task<Result<std::uint64_t, std::string>> fetch_head_number();
    async::Task<Result<void, std::string>> follow_anvil();
    void make_genesis(const ExecutionBlock& block);
    void make_block(const PayloadHeader& payload);
    void finish_block(const BeaconHeader& header, const PayloadHeader& payload,
                      const std::vector<Hash32>& body);
    SyncAggregate sign(const DevnetBlock& attested, Slot signature_slot);
    void make_update(const SyncAggregate& aggregate, Slot signature_slot);
    const DevnetKey& proposer_of(Slot slot) const noexcept { return keys_[slot.value % keys_.size()]; }
    bls::Signature sign_as_proposer(Slot slot, std::uint8_t domain_type, const Hash32& object_root) const;
    LightClientHeader to_light_client_header(const DevnetBlock& block) const;

    // beacon_api.cpp
    rpc::HttpResponse answer(const rpc::HttpRequest& request);
    const DevnetBlock* find_block(std::string_view id) const;
    bool is_final(const DevnetBlock& block) const noexcept;
    rpc::HttpResponse answer_updates(std::string_view query);
    rpc::HttpResponse answer_header(const DevnetBlock& block);
    rpc::Json spec() const;
    rpc::Json fork_schedule() const;

    rpc::Endpoints anvil_;
    SealerOptions options_;
    BeaconNetwork network_;
    std::vector<DevnetKey> keys_;
    /// By period. A deque: one committee is still looked at when the next is made.
    std::deque<DevnetCommittee> committees_;
    async::Mutex stepping_;
    std::optional<DevnetState> state_;  ///< of the newest block; absent before `start`
    std::vector<DevnetBlock> blocks_;
    std::unordered_map<Hash32, std::size_t> slot_by_root_;
    std::vector<std::optional<Update>> updates_;
    std::optional<Update> last_update_;
    UnixSeconds last_timestamp_;
};

}  // namespace butter::ethereum
