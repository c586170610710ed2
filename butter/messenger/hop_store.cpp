// SPDX-License-Identifier: Apache-2.0
#include "butter/messenger/hop_store.hpp"

#include <algorithm>
#include <array>

#include "butter/base/assert.hpp"

namespace butter::messenger {
namespace {

using store::Database;
using store::Statement;
using store::StoreError;

constexpr std::int64_t kSchemaVersion = 3;

// 64-bit chain ids and block numbers are stored in SQLite's signed integers bit for bit; only equality and,
// for blocks and indexes, which stay far below 2^63, order are asked of them.
constexpr const char* kSchema = R"(
CREATE TABLE cursors (
    chain INTEGER PRIMARY KEY,
    next_block INTEGER NOT NULL
);
CREATE TABLE hops (
    from_chain INTEGER NOT NULL,
    to_chain INTEGER NOT NULL,
    order_id BLOB NOT NULL,
    origin_order_id BLOB NOT NULL,
    block INTEGER NOT NULL,
    block_hash BLOB NOT NULL,
    transaction_index INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    transaction_hash BLOB NOT NULL,
    emitter BLOB NOT NULL,
    topics BLOB NOT NULL,
    data BLOB NOT NULL,
    message BLOB NOT NULL,
    outbox_index INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    state INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    next_try INTEGER NOT NULL,
    reason TEXT NOT NULL,
    report TEXT NOT NULL,
    delivery_transaction BLOB NOT NULL,
    delivery_gas INTEGER NOT NULL,
    delivery_block INTEGER NOT NULL,
    is_confirmed INTEGER NOT NULL,
    PRIMARY KEY (from_chain, to_chain, order_id)
) WITHOUT ROWID;
CREATE INDEX hops_open ON hops (from_chain, to_chain, block, log_index) WHERE state NOT IN (4, 5);
CREATE INDEX hops_unconfirmed ON hops (to_chain, delivery_block) WHERE state IN (4, 5) AND NOT is_confirmed;
CREATE UNIQUE INDEX hops_outbox ON hops (from_chain, to_chain, outbox_index, order_id);
CREATE TABLE roots (
    to_chain INTEGER NOT NULL,
    count INTEGER NOT NULL,
    root BLOB NOT NULL,
    block INTEGER NOT NULL,
    block_hash BLOB NOT NULL,
    transaction_index INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    transaction_hash BLOB NOT NULL,
    emitter BLOB NOT NULL,
    topics BLOB NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (to_chain, count, block, log_index)
) WITHOUT ROWID;
PRAGMA user_version = 1;
)";
/// What each later version added, from version 1 on.
constexpr std::array<const char*, kSchemaVersion - 1> kSchemaUpgrades = {R"(
CREATE TABLE proven_roots (
    to_chain INTEGER PRIMARY KEY,
    count INTEGER NOT NULL,
    block INTEGER NOT NULL
);
PRAGMA user_version = 2;
)",
                                                                         R"(
CREATE INDEX hops_state ON hops (state);
CREATE INDEX hops_place ON hops (from_chain, block, log_index);
PRAGMA user_version = 3;
)"};

constexpr const char* kHopColumns =
    "from_chain, to_chain, order_id, origin_order_id, block, block_hash, transaction_index, log_index, "
    "transaction_hash, emitter, topics, data, message, outbox_index, seen_at, state, attempts, next_try, "
    "reason, "
    "report, delivery_transaction, delivery_gas, delivery_block, is_confirmed";

std::int64_t to_column(std::uint64_t value) noexcept { return static_cast<std::int64_t>(value); }
std::uint64_t from_column(std::int64_t value) noexcept { return static_cast<std::uint64_t>(value); }

Bytes join(const std::vector<Hash32>& topics) {
    Bytes out;
    for (const Hash32& topic : topics) append(out, topic);
    return out;
}

/// Eight columns of a log's place, from `column` on.
void bind_position(Statement& statement, int parameter, const chain::LogPosition& position) {
    statement.bind(parameter, to_column(position.block.value))
        .bind(parameter + 1, position.block_hash)
        .bind(parameter + 2, to_column(position.transaction_index))
        .bind(parameter + 3, to_column(position.log_index))
        .bind(parameter + 4, position.transaction_hash)
        .bind(parameter + 5, position.log.address)
        .bind(parameter + 6, BytesView(join(position.log.topics)))
        .bind(parameter + 7, BytesView(position.log.data));
}

chain::LogPosition read_position(const Statement& row, int column) {
    chain::LogPosition position;
    position.block = BlockNumber{from_column(row.column_int(column))};
    position.block_hash = row.column_fixed<32>(column + 1);
    position.transaction_index = from_column(row.column_int(column + 2));
    position.log_index = from_column(row.column_int(column + 3));
    position.transaction_hash = row.column_fixed<32>(column + 4);
    position.log.address = row.column_fixed<20>(column + 5);
    const Bytes topics = row.column_bytes(column + 6);
    for (std::size_t at = 0; at + 32 <= topics.size(); at += 32) {
        position.log.topics.push_back(to_fixed<32>(BytesView(topics).subspan(at, 32)));
    }
    position.log.data = row.column_bytes(column + 7);
    return position;
}

Hop read_hop(const Statement& row) {
    Hop hop;
    hop.key = {ChainId{from_column(row.column_int(0))}, ChainId{from_column(row.column_int(1))},
               row.column_fixed<32>(2)};
    hop.origin_order_id = row.column_fixed<32>(3);
    hop.position = read_position(row, 4);
    hop.message = row.column_bytes(12);
    hop.index = from_column(row.column_int(13));
    hop.seen_at = UnixMillis{row.column_int(14)};
    hop.progress.state = find_hop_state(row.column_int(15)).value_or(HopState::kFinal);
    hop.progress.attempts = static_cast<std::uint32_t>(row.column_int(16));
    hop.progress.next_try = UnixMillis{row.column_int(17)};
    hop.progress.reason = row.column_text(18);
    hop.progress.report = row.column_text(19);
    hop.progress.transaction = row.column_fixed<32>(20);
    hop.progress.gas_used = from_column(row.column_int(21));
    hop.progress.block = BlockNumber{from_column(row.column_int(22))};
    hop.progress.is_confirmed = row.column_int(23) != 0;
    return hop;
}

void bind_progress(Statement& statement, int parameter, const HopProgress& progress) {
    statement.bind(parameter, static_cast<std::int64_t>(progress.state))
        .bind(parameter + 1, std::int64_t{progress.attempts})
        .bind(parameter + 2, progress.next_try.value)
        .bind(parameter + 3, progress.reason)
        .bind(parameter + 4, progress.report)
        .bind(parameter + 5, progress.transaction)
        .bind(parameter + 6, to_column(progress.gas_used))
        .bind(parameter + 7, to_column(progress.block.value))
        .bind(parameter + 8, std::int64_t{progress.is_confirmed});
}

}  // namespace

Result<HopStore, StoreError> HopStore::open(const std::filesystem::path& file) {
    TRY(Database database, Database::open(file));
    TRY(const std::int64_t version, database.load_schema_version());
    if (version > kSchemaVersion) {
        return std::unexpected(StoreError{file.string() + " was written by a newer program (schema " +
                                          std::to_string(version) + ", this one knows " +
                                          std::to_string(kSchemaVersion) + ")"});
    }
    TRY(store::Transaction transaction, store::Transaction::begin(database));
    if (version == 0) TRY_VOID(database.execute(kSchema));
    for (std::int64_t from = std::max<std::int64_t>(version, 1); from < kSchemaVersion; ++from)
        TRY_VOID(database.execute(kSchemaUpgrades[static_cast<std::size_t>(from - 1)]));
    TRY_VOID(transaction.commit());
    return HopStore(std::move(database));
}

Result<std::optional<BlockNumber>, StoreError> HopStore::load_cursor(ChainId chain) {
    TRY(Statement select, database_.prepare("SELECT next_block FROM cursors WHERE chain = ?"));
    TRY(const bool has_row, select.bind(1, to_column(chain.value)).step());
    if (!has_row) return std::optional<BlockNumber>();
    return std::optional(BlockNumber{from_column(select.column_int(0))});
}

Result<void, StoreError> HopStore::save_scan(ChainId chain, BlockNumber next_block,
                                             const std::vector<Hop>& hops,
                                             const std::vector<RootRecord>& roots) {
    TRY(store::Transaction transaction, store::Transaction::begin(database_));
    TRY(Statement insert_hop,
        database_.prepare(
            std::string("INSERT INTO hops (") + kHopColumns +
            ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING"));
    for (const Hop& hop : hops) {
        insert_hop.bind(1, to_column(hop.key.from.value))
            .bind(2, to_column(hop.key.to.value))
            .bind(3, hop.key.order_id)
            .bind(4, hop.origin_order_id);
        bind_position(insert_hop, 5, hop.position);
        insert_hop.bind(13, BytesView(hop.message))
            .bind(14, to_column(hop.index))
            .bind(15, hop.seen_at.value);
        bind_progress(insert_hop, 16, hop.progress);
        TRY_VOID(insert_hop.run());
    }
    TRY(Statement insert_root,
        database_.prepare("INSERT INTO roots VALUES (?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING"));
    for (const RootRecord& root : roots) {
        insert_root.bind(1, to_column(root.to.value)).bind(2, to_column(root.count)).bind(3, root.root);
        bind_position(insert_root, 4, root.position);
        TRY_VOID(insert_root.run());
    }
    // Only the newest root of an outbox is ever used.
    if (!roots.empty())
        TRY_VOID(
            database_.execute("DELETE FROM roots WHERE EXISTS (SELECT 1 FROM roots AS newer WHERE "
                              "newer.to_chain = roots.to_chain AND (newer.count, newer.block, "
                              "newer.log_index) > (roots.count, roots.block, roots.log_index))"));
    TRY(Statement cursor, database_.prepare("INSERT INTO cursors VALUES (?,?) ON CONFLICT (chain) DO UPDATE "
                                            "SET next_block = excluded.next_block"));
    TRY_VOID(cursor.bind(1, to_column(chain.value)).bind(2, to_column(next_block.value)).run());
    return transaction.commit();
}

Result<std::vector<Hop>, StoreError> HopStore::load_due(ChainId from, ChainId to, UnixMillis now,
                                                        std::size_t limit) {
    TRY(Statement select,
        database_.prepare(std::string("SELECT ") + kHopColumns +
                          " FROM hops WHERE from_chain = ? AND to_chain = ? AND state NOT IN (4, 5) AND "
                          "(state != 6 OR next_try <= ?) ORDER BY block, log_index LIMIT ?"));
    select.bind(1, to_column(from.value))
        .bind(2, to_column(to.value))
        .bind(3, now.value)
        .bind(4, to_column(limit));
    std::vector<Hop> out;
    for (;;) {
        TRY(const bool has_row, select.step());
        if (!has_row) return out;
        out.push_back(read_hop(select));
    }
}

Result<std::vector<Hop>, StoreError> HopStore::load_unconfirmed(ChainId to, BlockNumber block,
                                                                std::size_t limit) {
    TRY(Statement select, database_.prepare(std::string("SELECT ") + kHopColumns +
                                            " FROM hops WHERE to_chain = ? AND state IN (4, 5) AND NOT "
                                            "is_confirmed AND delivery_block <= ? ORDER BY delivery_block "
                                            "LIMIT ?"));
    select.bind(1, to_column(to.value)).bind(2, to_column(block.value)).bind(3, to_column(limit));
    std::vector<Hop> out;
    for (;;) {
        TRY(const bool has_row, select.step());
        if (!has_row) return out;
        out.push_back(read_hop(select));
    }
}

Result<std::optional<Hop>, StoreError> HopStore::find_hop(const HopKey& key) {
    TRY(Statement select,
        database_.prepare(std::string("SELECT ") + kHopColumns +
                          " FROM hops WHERE from_chain = ? AND to_chain = ? AND order_id = ?"));
    select.bind(1, to_column(key.from.value)).bind(2, to_column(key.to.value)).bind(3, key.order_id);
    TRY(const bool has_row, select.step());
    if (!has_row) return std::optional<Hop>();
    return std::optional(read_hop(select));
}

Result<void, StoreError> HopStore::save_progress(const HopKey& key, const HopProgress& progress) {
    TRY(Statement update,
        database_.prepare("UPDATE hops SET state = ?, attempts = ?, next_try = ?, reason = ?, report = ?, "
                          "delivery_transaction = ?, delivery_gas = ?, delivery_block = ?, is_confirmed = ? "
                          "WHERE from_chain = ? AND to_chain = ? AND order_id = ?"));
    bind_progress(update, 1, progress);
    update.bind(10, to_column(key.from.value)).bind(11, to_column(key.to.value)).bind(12, key.order_id);
    return update.run();
}

Result<void, StoreError> HopStore::restart() {
    // Those that wait already stay untouched: there may be very many.
    TRY(Statement update, database_.prepare("UPDATE hops SET state = 1 WHERE state IN (2, 3, 6)"));
    return update.run();
}

Result<std::optional<Hop>, StoreError> HopStore::find_last_hop(ChainId from) {
    TRY(Statement select,
        database_.prepare(std::string("SELECT ") + kHopColumns +
                          " FROM hops WHERE from_chain = ? ORDER BY block DESC, log_index DESC LIMIT 1"));
    TRY(const bool has_row, select.bind(1, to_column(from.value)).step());
    if (!has_row) return std::optional<Hop>();
    return std::optional(read_hop(select));
}

Result<void, StoreError> HopStore::save_proven_root(ChainId to, std::uint64_t count, BlockNumber block) {
    TRY(Statement insert,
        database_.prepare("INSERT INTO proven_roots VALUES (?,?,?) ON CONFLICT (to_chain) DO UPDATE SET "
                          "count = excluded.count, block = excluded.block WHERE excluded.count > count"));
    return insert.bind(1, to_column(to.value))
        .bind(2, to_column(count))
        .bind(3, to_column(block.value))
        .run();
}

Result<void, StoreError> HopStore::forget_from(ChainId chain, BlockNumber block) {
    TRY(store::Transaction transaction, store::Transaction::begin(database_));
    TRY(Statement hops, database_.prepare("DELETE FROM hops WHERE from_chain = ? AND block >= ? AND "
                                          "state NOT IN (4, 5)"));
    TRY_VOID(hops.bind(1, to_column(chain.value)).bind(2, to_column(block.value)).run());
    TRY(Statement cursor, database_.prepare("UPDATE cursors SET next_block = min(next_block, ?) "
                                            "WHERE chain = ?"));
    TRY_VOID(cursor.bind(1, to_column(block.value)).bind(2, to_column(chain.value)).run());
    return transaction.commit();
}

Result<void, StoreError> HopStore::forget_unproven(ChainId relay, BlockNumber start) {
    TRY(store::Transaction transaction, store::Transaction::begin(database_));
    TRY(Statement cursor,
        database_.prepare(
            "UPDATE cursors SET next_block = min(next_block, (SELECT coalesce(min(coalesce(block, ?1)), ?1) "
            "FROM (SELECT to_chain FROM hops WHERE from_chain = ?2 UNION SELECT to_chain FROM roots) "
            "LEFT JOIN proven_roots USING (to_chain))) WHERE chain = ?2"));
    TRY_VOID(cursor.bind(1, to_column(start.value)).bind(2, to_column(relay.value)).run());
    TRY(Statement hops,
        database_.prepare("DELETE FROM hops WHERE from_chain = ? AND outbox_index >= coalesce((SELECT count "
                          "FROM proven_roots WHERE proven_roots.to_chain = hops.to_chain), 0)"));
    TRY_VOID(hops.bind(1, to_column(relay.value)).run());
    TRY_VOID(
        database_.execute("DELETE FROM roots WHERE count > coalesce((SELECT proven_roots.count FROM "
                          "proven_roots WHERE proven_roots.to_chain = roots.to_chain), 0)"));
    return transaction.commit();
}

Result<std::vector<Hash32>, StoreError> HopStore::load_outbox(ChainId relay, ChainId to) {
    TRY(Statement select,
        database_.prepare("SELECT outbox_index, order_id FROM hops WHERE from_chain = ? AND to_chain = ? "
                          "ORDER BY outbox_index"));
    select.bind(1, to_column(relay.value)).bind(2, to_column(to.value));
    std::vector<Hash32> out;
    for (;;) {
        TRY(const bool has_row, select.step());
        // A gap cannot be in one relay's outbox; what follows it could not be proven anyway.
        if (!has_row || from_column(select.column_int(0)) != out.size()) return out;
        out.push_back(select.column_fixed<32>(1));
    }
}

Result<std::optional<RootRecord>, StoreError> HopStore::find_newest_root(ChainId to) {
    TRY(Statement select,
        database_.prepare("SELECT to_chain, count, root, block, block_hash, transaction_index, log_index, "
                          "transaction_hash, emitter, topics, data FROM roots WHERE to_chain = ? "
                          "ORDER BY count DESC, block DESC LIMIT 1"));
    TRY(const bool has_row, select.bind(1, to_column(to.value)).step());
    if (!has_row) return std::optional<RootRecord>();
    RootRecord root;
    root.to = to;
    root.count = from_column(select.column_int(1));
    root.root = select.column_fixed<32>(2);
    root.position = read_position(select, 3);
    return std::optional(std::move(root));
}

Result<HopStore::Counts, StoreError> HopStore::load_counts() {
    TRY(Statement select, database_.prepare("SELECT state, count(*) FROM hops GROUP BY state"));
    Counts counts;
    for (;;) {
        TRY(const bool has_row, select.step());
        if (!has_row) return counts;
        const HopState state = find_hop_state(select.column_int(0)).value_or(HopState::kFinal);
        std::int64_t& count = state == HopState::kDelivered ? counts.delivered
                              : state == HopState::kFailed  ? counts.failed
                                                            : counts.open;
        count += select.column_int(1);
    }
}

}  // namespace butter::messenger
