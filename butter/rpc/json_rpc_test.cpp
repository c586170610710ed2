// SPDX-License-Identifier: Apache-2.0
#include "butter/rpc/json_rpc.hpp"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>

namespace butter::rpc {
namespace {

/// A server that gives the same answer to everything, and counts.
class Server {
  public:
    Server(boost::asio::io_context& context, HttpResponse response)
        : response_(std::move(response)),
          server_(*HttpServer::listen(context.get_executor(), 0,
                                      [this](HttpRequest) { return this->answer(); })) {
        boost::asio::co_spawn(context, server_.run(),
                              boost::asio::bind_cancellation_slot(stop_.slot(), [](std::exception_ptr) {}));
    }
    Url url() const { return *decode_url("http://127.0.0.1:" + std::to_string(server_.port())); }
    void stop() { stop_.emit(boost::asio::cancellation_type::terminal); }

    int asked = 0;

  private:
    async::Task<HttpResponse> answer() {
        ++asked;
        co_return response_;
    }

    HttpResponse response_;
    boost::asio::cancellation_signal stop_;
    HttpServer server_;
};

class EndpointsTest : public testing::Test {
  protected:
    Result<Json, RpcError> run(async::Task<Result<Json, RpcError>> task) {
        std::optional<Result<Json, RpcError>> out;
        boost::asio::co_spawn(context_, std::move(task),
                              [&](std::exception_ptr, Result<Json, RpcError> result) {
                                  out = std::move(result);
                                  refusing_.stop();
                                  answering_.stop();
                              });
        while (!out) context_.run_one();
        return *std::move(out);
    }

    boost::asio::io_context context_{1};
    Server refusing_{context_, {.status = 429, .body = "{}"}};
    Server answering_{context_, {.body = R"({"jsonrpc":"2.0","id":1,"result":"0x7"})"}};
    Endpoints endpoints_{context_.get_executor(), {refusing_.url(), answering_.url()}};
};

TEST_F(EndpointsTest, asks_the_next_one_when_a_call_is_refused) {
    const auto result = run(endpoints_.call("eth_blockNumber", {}));
    ASSERT_TRUE(result.has_value()) << result.error().text;
    EXPECT_EQ(*result, "0x7");
    EXPECT_EQ(refusing_.asked, 1);
}

TEST_F(EndpointsTest, takes_a_refusal_of_a_get_for_its_answer) {
    const auto result = run(endpoints_.get("/eth/v1/beacon/genesis"));
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().kind, RpcError::Kind::kHttpStatus);
    EXPECT_EQ(result.error().code, 429);
    EXPECT_EQ(answering_.asked, 0);
}

/// The first endpoint answers with an error of the node's own.
class NodeErrorTest : public testing::Test {
  protected:
    Result<Json, RpcError> ask(std::string_view error) {
        boost::asio::io_context context{1};
        Server first{context, {.body = R"({"jsonrpc":"2.0","id":1,"error":)" + std::string(error) + "}"}};
        Server second{context, {.body = R"({"jsonrpc":"2.0","id":1,"result":"0x7"})"}};
        Endpoints endpoints{context.get_executor(), {first.url(), second.url()}};
        std::optional<Result<Json, RpcError>> out;
        boost::asio::co_spawn(context, endpoints.call_any("eth_call", {}),
                              [&](std::exception_ptr, Result<Json, RpcError> result) {
                                  out = std::move(result);
                                  first.stop();
                                  second.stop();
                              });
        while (!out) context.run_one();
        asked_ = {first.asked, second.asked};
        return *std::move(out);
    }
    std::pair<int, int> asked_;
};

TEST_F(NodeErrorTest, asks_another_node_for_what_one_cannot_do) {
    for (const std::string_view error :
         {R"({"code":-32601,"message":"the method does not exist"})",
          R"({"code":-32000,"message":"missing trie node"})", R"({"code":-32005,"message":"rate limit"})"}) {
        const auto result = ask(error);
        ASSERT_TRUE(result.has_value()) << result.error().text;
        EXPECT_EQ(*result, "0x7");
    }
}

TEST_F(NodeErrorTest, takes_a_revert_for_the_answer) {
    for (const std::string_view error :
         {R"({"code":3,"message":"execution failed"})", R"({"code":-32000,"message":"execution reverted"})",
          R"({"code":-32000,"message":"VM error","data":"0x01"})"}) {
        const auto result = ask(error);
        ASSERT_FALSE(result.has_value());
        EXPECT_EQ(result.error().kind, RpcError::Kind::kNode);
        EXPECT_EQ(asked_, (std::pair{1, 0}));
    }
}

TEST_F(NodeErrorTest, repeats_nothing_that_ends_a_line_of_a_log) {
    const auto result = ask(R"({"code":3,"message":"no\n2026-01-01 info delivered"})");
    EXPECT_NE(result.error().text.find("no?2026-01-01 info delivered"), std::string::npos)
        << result.error().text;
}

TEST(url, repeats_no_secret_of_one_that_it_refuses) {
    for (const std::string_view text :
         {"https://user:S3CRET@node.example/", "https://node.example/?key=S3CRET",
          "https://node.example/#S3CRET", "https://node.example:99999/v3/S3CRET",
          "https://node.example:0/S3CRET", "https://node.example/S3CRET\n", "ws://node.example/S3CRET",
          "https://no de.example/S3CRET", "https:///S3CRET"}) {
        const auto url = decode_url(text);
        ASSERT_FALSE(url.has_value()) << text;
        EXPECT_EQ(url.error().find("S3CRET"), std::string::npos) << url.error();
    }
    EXPECT_EQ(display_name(*decode_url("https://node.example/v3/S3CRET")), "https://node.example:443");
}

}  // namespace
}  // namespace butter::rpc
