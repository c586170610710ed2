// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "butter/base/named.hpp"
#include "butter/base/result.hpp"
#include "butter/chain/family.hpp"
#include "butter/messenger/hop.hpp"
#include "butter/store/sqlite.hpp"

/// The hops on disk. Every change is committed when a function returns.
namespace butter::messenger {

struct HopKey {
    ChainId from;
    ChainId to;
    Hash32 order_id;
};

struct Hop {
    HopKey key;
    Hash32 origin_order_id;       ///< what a relay executor made it from; else the order id itself
    chain::LogPosition position;  ///< of the log that is proven
    Bytes message;
    std::uint64_t index = 0;  ///< in the outbox, on the way out of the relay chain; else 0
    UnixMillis seen_at;
    HopProgress progress;
};

/// A published outbox root and where its log is.
struct RootRecord {
    ChainId to;
    std::uint64_t count = 0;
    Hash32 root;
    chain::LogPosition position;
};

class HopStore {
  public:
    /// Opens the database and brings its schema up to date; refuses one of a newer program.
    static Result<HopStore, store::StoreError> open(const std::filesystem::path& file);

    /// First block of `chain` that was not scanned yet; absent before the first scan.
    Result<std::optional<BlockNumber>, store::StoreError> load_cursor(ChainId chain);
    /// What a scan of `chain` up to `next_block` found, all or nothing. Hops and roots that are there already
    /// stay as they are.
    Result<void, store::StoreError> save_scan(ChainId chain, BlockNumber next_block,
                                              const std::vector<Hop>& hops,
                                              const std::vector<RootRecord>& roots);

    /// Hops of a lane that want work at `now`, oldest log first, at most `limit`.
    Result<std::vector<Hop>, store::StoreError> load_due(ChainId from, ChainId to, UnixMillis now,
                                                         std::size_t limit);
    /// Done hops towards `to` that are not confirmed and were brought in `block` or before, at most `limit`.
    Result<std::vector<Hop>, store::StoreError> load_unconfirmed(ChainId to, BlockNumber block,
                                                                 std::size_t limit);
    Result<std::optional<Hop>, store::StoreError> find_hop(const HopKey& key);
    Result<void, store::StoreError> save_progress(const HopKey& key, const HopProgress& progress);
    /// Applies `Restarted` to every hop that is not done.
    Result<void, store::StoreError> restart();

    /// The hop whose log comes last on `from`, towards any chain.
    Result<std::optional<Hop>, store::StoreError> find_last_hop(ChainId from);

    /// Order ids of the whole outbox of `relay` towards `to`, from index 0 without gaps.
    Result<std::vector<Hash32>, store::StoreError> load_outbox(ChainId relay, ChainId to);
    /// The published root over the most messages.
    Result<std::optional<RootRecord>, store::StoreError> find_newest_root(ChainId to);

    /// Consensus proved a root over `count` messages of the outbox towards `to`, whose log is in `block` of
    /// the relay chain: the messages below `count` are the true ones.
    Result<void, store::StoreError> save_proven_root(ChainId to, std::uint64_t count, BlockNumber block);

    /// Forgets what scans of `chain` found from `block` on and nobody has taken yet, and goes back to
    /// scan from there.
    Result<void, store::StoreError> forget_from(ChainId chain, BlockNumber block);
    /// Forgets every message and root of the outboxes of `relay` that no proven root binds, and goes back to
    /// where the earliest of those roots was, or to `start` where an outbox has none.
    Result<void, store::StoreError> forget_unproven(ChainId relay, BlockNumber start);

    /// How many hops are in each state.
    struct Counts {
        std::int64_t open = 0;
        std::int64_t delivered = 0;
        std::int64_t failed = 0;
    };
    Result<Counts, store::StoreError> load_counts();

  private:
    explicit HopStore(store::Database database) : database_(std::move(database)) {}
    store::Database database_;
};

}  // namespace butter::messenger
