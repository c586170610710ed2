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

}  // namespace
}  // namespace butter::rpc
