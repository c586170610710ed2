// SPDX-License-Identifier: Apache-2.0
#include "butter/store/sqlite.hpp"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace butter::store
