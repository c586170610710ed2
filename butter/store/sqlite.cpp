// SPDX-License-Identifier: Apache-2.0
#include "butter/store/sqlite.hpp"

#include <sqlite3.h>

#include <limits>

#include "butter/base/assert.hpp"

namespace butter::store {
namespace {

/// How long a statement waits for another process that holds the database.
constexpr int kBusyTimeoutMs = 5'000;

StoreError fail(sqlite3* connection, std::string_view doing) {
    const char* reason = connection == nullptr ? "out of memory" : sqlite3_errmsg(connection);
    return {std::string(doing) + ": " + reason};
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
void Database::Close::operator()(sqlite3* connection) const noexcept { sqlite3_close_v2(connection); }

Statement& Statement::bind(int parameter, std::int64_t value) {
    BUTTER_ASSERT(sqlite3_bind_int64(statement_.get(), parameter, value) == SQLITE_OK);
    return *this;
}

Statement& Statement::bind(int parameter, std::string_view value) {
    BUTTER_ASSERT(value.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()));
    BUTTER_ASSERT(sqlite3_bind_text(statement_.get(), parameter, value.data(), static_cast<int>(value.size()),
                                    SQLITE_TRANSIENT) == SQLITE_OK);
    return *this;
}

Statement& Statement::bind(int parameter, BytesView value) {
    BUTTER_ASSERT(value.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()));
    // A null pointer would bind NULL instead of an empty blob.
    const void* const data = value.empty() ? static_cast<const void*>("") : value.data();
    BUTTER_ASSERT(sqlite3_bind_blob(statement_.get(), parameter, data, static_cast<int>(value.size()),
                                    SQLITE_TRANSIENT) == SQLITE_OK);
    return *this;
}

Result<bool, StoreError> Statement::step() {
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) {
        sqlite3_reset(statement_.get());
        return false;
    }
    StoreError error = fail(sqlite3_db_handle(statement_.get()), sqlite3_sql(statement_.get()));
    sqlite3_reset(statement_.get());
    return std::unexpected(std::move(error));
}

Result<void, StoreError> Statement::run() {
    for (;;) {
        TRY(const bool has_row, step());
        if (!has_row) return {};
    }
}

std::int64_t Statement::column_int(int column) const noexcept {
    return sqlite3_column_int64(statement_.get(), column);
}

std::string Statement::column_text(int column) const {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
    if (text == nullptr) return {};
    return {text, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

Bytes Statement::column_bytes(int column) const {
    const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_.get(), column));
    if (data == nullptr) return {};
    return {data, data + sqlite3_column_bytes(statement_.get(), column)};
}

Result<Database, StoreError> Database::open(const std::filesystem::path& file) {
    sqlite3* connection = nullptr;
    const int code =
        sqlite3_open_v2(file.c_str(), &connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
    Database database(connection);
    if (code != SQLITE_OK) return std::unexpected(fail(connection, "cannot open " + file.string()));
    sqlite3_busy_timeout(connection, kBusyTimeoutMs);
    TRY_VOID(
        database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"));
    return database;
}

Result<Statement, StoreError> Database::prepare(std::string_view sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(connection_.get(), sql.data(), static_cast<int>(sql.size()), &statement,
                           nullptr) != SQLITE_OK) {
        return std::unexpected(fail(connection_.get(), sql));
    }
    return Statement(statement);
}

Result<void, StoreError> Database::execute(const std::string& sql) {
    if (sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
        return std::unexpected(fail(connection_.get(), sql));
    }
    return {};
}

Result<std::int64_t, StoreError> Database::load_schema_version() {
    TRY(Statement statement, prepare("PRAGMA user_version"));
    TRY(const bool has_row, statement.step());
    return has_row ? statement.column_int(0) : 0;
}

Result<Transaction, StoreError> Transaction::begin(Database& database) {
    TRY_VOID(database.execute("BEGIN IMMEDIATE"));
    return Transaction(database);
}

Result<void, StoreError> Transaction::commit() {
    BUTTER_ASSERT(database_ != nullptr);
    TRY_VOID(database_->execute("COMMIT"));
    database_ = nullptr;
    return {};
}

Transaction::~Transaction() {
    // Fails only when SQLite rolled back by itself already.
    if (database_ != nullptr) static_cast<void>(database_->execute("ROLLBACK"));
}

}  // namespace butter::store
