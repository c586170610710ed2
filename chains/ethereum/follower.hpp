// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "butter/async/mutex.hpp"
#include "butter/async/task.hpp"
#include "butter/base/result.hpp"
#include "butter/chain/family.hpp"
#include "butter/rpc/json_rpc.hpp"
#include "chains/ethereum/light_client.hpp"
#include "chains/ethereum/objects.hpp"

namespace butter::ethereum {

/// Follows a beacon chain's finality through the light client's routes of the beacon API
/// (ethereum/beacon-APIs v3), from a trusted block root. An endpoint whose answers do not verify, or that
/// lacks the routes, is set aside and the next one asked.
class Follower {
  public:
    Follower(boost::asio::any_io_executor executor, rpc::Endpoints beacon, BeaconNetwork network,
             Hash32 checkpoint);

    /// Takes in what is new. Fails when nothing could be had that verifies; a chain that only does not become
    /// final is no error: `obstacle` tells.
    async::Task<Result<void, chain::SourceError>> follow();

    /// Absent until the first `follow` that succeeded.
    const std::optional<Store>& store() const noexcept { return store_; }
    /// SSZ of the verified bootstrap of the checkpoint; empty until the first `follow` that succeeded.
    const Bytes& opening() const noexcept { return opening_; }
    /// A verified update with the store's finalised header; absent while none was seen.
    const std::optional<Update>& finality() const noexcept { return finality_; }
    /// Why the last `follow` came no further, for people: what finality waits for.
    const std::string& obstacle() const noexcept { return obstacle_; }

    /// The obstacle, when it is none of the usual waiting for the next epochs; else empty.
    std::string hold_up() const { return is_held_up_ ? obstacle_ : std::string(); }

    /// The update of `period` that an endpoint serves, not verified. `kNotReady` when there is none with
    /// finality yet.
    async::Task<Result<Update, chain::SourceError>> fetch_period_update(std::uint64_t period);
    /// The committee of `period`, whose root is known to be `root`.
    async::Task<Result<SyncCommittee, chain::SourceError>> fetch_committee(std::uint64_t period, Hash32 root);
    /// What was given last does not verify.
    void distrust_last() noexcept { beacon_.distrust_last(); }

  private:
    template <class T>
    using Answer = Result<T, chain::SourceError>;

    async::Task<Result<rpc::Json, rpc::RpcError>> get(std::string path);
    async::Task<Answer<void>> try_follow();
    async::Task<Answer<void>> bootstrap();
    async::Task<Answer<void>> follow_periods(std::uint64_t signature_period);
    async::Task<Answer<void>> learn_next_committee();
    async::Task<Answer<std::vector<Update>>> fetch_updates(std::uint64_t first_period, std::uint64_t count);
    Result<void, LightClientError> apply(const Update& update);
    void remember_committees();
    chain::SourceError distrusted(std::string text);
    std::uint64_t store_period() const noexcept;
    void remember_finality_of_checkpoint(const Update& update);
    void explain_finality(const Update& newest);
    void watch_head(const Update& newest);

    rpc::Endpoints beacon_;
    BeaconNetwork network_;
    Hash32 checkpoint_;
    async::Mutex following_;
    std::optional<Store> store_;
    Bytes opening_;
    std::optional<Update> finality_;
    std::string obstacle_;
    bool is_held_up_ = false;
    Slot newest_signature_;
    std::chrono::steady_clock::time_point head_moved_at_ = std::chrono::steady_clock::now();
    /// Final ones, by period, from the checkpoint's on.
    std::map<std::uint64_t, SyncCommittee> committees_;
    /// Final slot at which the next committee was last asked for.
    std::optional<Slot> asked_for_next_at_;
};

}  // namespace butter::ethereum
