// SPDX-License-Identifier: Apache-2.0
#include "butter/store/sqlite.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>

namespace butter::store {
namespace {

Database open_with_table() {
    auto database = Database::open(":memory:");
    EXPECT_TRUE(database.has_value());
    EXPECT_TRUE(database->execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT, c BLOB)").has_value());
    return *std::move(database);
}

std::int64_t count(Database& database) {
    auto statement = database.prepare("SELECT count(*) FROM t").value();
    EXPECT_TRUE(statement.step().value());
    return statement.column_int(0);
}

TEST(sqlite, values_come_back_as_they_were) {
    Database database = open_with_table();
    auto insert = database.prepare("INSERT INTO t VALUES (?, ?, ?)").value();
    const Bytes blob{0, 1, 255};
    ASSERT_TRUE(insert.bind(1, 7).bind(2, "text").bind(3, BytesView(blob)).run().has_value());
    ASSERT_TRUE(insert.bind(1, 8).bind(2, "").bind(3, BytesView()).run().has_value());
    auto select = database.prepare("SELECT a, b, c FROM t ORDER BY a").value();
    ASSERT_TRUE(select.step().value());
    EXPECT_EQ(select.column_int(0), 7);
    EXPECT_EQ(select.column_text(1), "text");
    EXPECT_EQ(select.column_bytes(2), blob);
    ASSERT_TRUE(select.step().value());
    EXPECT_TRUE(select.column_bytes(2).empty());
    EXPECT_FALSE(select.step().value());
}

TEST(sqlite, errors_name_the_statement) {
    Database database = open_with_table();
    const auto bad = database.prepare("SELECT nothing FROM nowhere");
    ASSERT_FALSE(bad.has_value());
    EXPECT_NE(bad.error().text.find("nowhere"), std::string::npos);
    auto insert = database.prepare("INSERT INTO t VALUES (1, '', '')").value();
    ASSERT_TRUE(insert.run().has_value());
    EXPECT_FALSE(insert.run().has_value());  // the same primary key
    EXPECT_FALSE(Database::open("/nonexistent/folder/x.sqlite").has_value());
}

TEST(sqlite, uncommitted_transactions_leave_nothing) {
    Database database = open_with_table();
    {
        auto transaction = Transaction::begin(database).value();
        ASSERT_TRUE(database.execute("INSERT INTO t VALUES (1, '', '')").has_value());
    }
    EXPECT_EQ(count(database), 0);
    {
        auto transaction = Transaction::begin(database).value();
        ASSERT_TRUE(database.execute("INSERT INTO t VALUES (1, '', '')").has_value());
        ASSERT_TRUE(transaction.commit().has_value());
    }
    EXPECT_EQ(count(database), 1);
}

/// As long as it lives no file of this process grows beyond `bytes`: a write fails as on a full disk.
class FileSizeLimit {
  public:
    explicit FileSizeLimit(rlim_t bytes) : old_handler_(signal(SIGXFSZ, SIG_IGN)) {
        getrlimit(RLIMIT_FSIZE, &old_limit_);
        const rlimit limit{bytes, old_limit_.rlim_max};
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FileSizeLimit() {
        setrlimit(RLIMIT_FSIZE, &old_limit_);
        signal(SIGXFSZ, old_handler_);
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;

  private:
    sighandler_t old_handler_;
    rlimit old_limit_{};
};

TEST(sqlite, a_full_disk_loses_nothing_that_was_committed) {
    const std::filesystem::path folder =
        std::filesystem::path(testing::TempDir()) / ("butter_full_disk_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    const Bytes blob(10'000, 7);
    std::int64_t committed = 0;
    {
        Database database = Database::open(folder / "db").value();
        ASSERT_TRUE(database.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT, c BLOB)").has_value());
        const FileSizeLimit full(300'000);
        for (;; ++committed) {
            ASSERT_LT(committed, 1'000) << "the disk never filled";
            auto insert = database.prepare("INSERT INTO t VALUES (?, '', ?)").value();
            const auto done = insert.bind(1, committed).bind(2, BytesView(blob)).run();
            if (done) continue;
            EXPECT_NE(done.error().text.find("INSERT INTO t"), std::string::npos) << done.error().text;
            break;
        }
    }
    EXPECT_GT(committed, 0);
    {
        // There is room again.
        Database database = Database::open(folder / "db").value();
        EXPECT_EQ(count(database), committed);
        EXPECT_TRUE(database.execute("INSERT INTO t VALUES (-1, '', '')").has_value());
    }
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace butter::store
