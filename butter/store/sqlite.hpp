// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "butter/base/bytes.hpp"
#include "butter/base/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

/// SQLite behind values that close themselves. One thread, one connection.
namespace butter::store {

struct StoreError {
    std::string text;  ///< what was attempted and what SQLite said
};

/// A prepared statement. Parameters count from 1, columns from 0.
class Statement {
  public:
    Statement& bind(int parameter, std::int64_t value);
    Statement& bind(int parameter, std::string_view value);
    Statement& bind(int parameter, BytesView value);
    Statement& bind(int parameter, const char* value) { return bind(parameter, std::string_view(value)); }
    Statement& bind(int parameter, const std::string& value) {
        return bind(parameter, std::string_view(value));
    }
    template <std::size_t N>
    Statement& bind(int parameter, const FixedBytes<N>& value) {
        return bind(parameter, BytesView(value));
    }

    /// True while there is a row; after false the statement is ready to be bound and run again.
    Result<bool, StoreError> step();
    /// Runs a statement that returns no rows.
    Result<void, StoreError> run();

    std::int64_t column_int(int column) const noexcept;
    std::string column_text(int column) const;
    Bytes column_bytes(int column) const;
    /// Zeros when the column has another size: a database that was written by something else.
    template <std::size_t N>
    FixedBytes<N> column_fixed(int column) const {
        const Bytes bytes = column_bytes(column);
        return bytes.size() == N ? to_fixed<N>(bytes) : FixedBytes<N>{};
    }

  private:
    friend class Database;
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const noexcept;
    };
    explicit Statement(sqlite3_stmt* statement) noexcept : statement_(statement) {}
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Database {
  public:
    /// Opens or creates; write-ahead log, full durability of committed transactions. ":memory:" for tests.
    static Result<Database, StoreError> open(const std::filesystem::path& file);

    Result<Statement, StoreError> prepare(std::string_view sql);
    /// One or more statements without parameters.
    Result<void, StoreError> execute(const std::string& sql);
    /// Version of the schema, 0 in a new database.
    Result<std::int64_t, StoreError> load_schema_version();

  private:
    struct Close {
        void operator()(sqlite3* connection) const noexcept;
    };
    explicit Database(sqlite3* connection) noexcept : connection_(connection) {}
    std::unique_ptr<sqlite3, Close> connection_;
};

/// Everything between its construction and `commit` happens, or, if it is destroyed before, nothing.
class Transaction {
  public:
    static Result<Transaction, StoreError> begin(Database& database);
    Result<void, StoreError> commit();
    Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();

  private:
    explicit Transaction(Database& database) noexcept : database_(&database) {}
    Database* database_;
};

}  // namespace butter::store
