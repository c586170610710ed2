// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>

#include "butter/rpc/http.hpp"
#include "butter/rpc/json_rpc.hpp"

/// A JSON-RPC endpoint that stands before a chain's node and is no good.
namespace butter::e2e {

enum class Fault {
    kNone = 0,
    kGarbage = 1,        ///< answers with no JSON
    kServerError = 2,    ///< HTTP status 500
    kEmptyAnswer = 3,    ///< JSON with neither result nor error
    kLagging = 4,        ///< is behind: knows no block of the last ones, and no log of them
    kAlteredLog = 5,     ///< receipts with the data of one log changed
    kDroppedLog = 6,     ///< receipts without their logs
    kAlteredEvents = 7,  ///< eth_getLogs with changed data
    kHiddenEvents = 8,   ///< eth_getLogs with no logs
};
std::string_view to_string(Fault fault) noexcept;

/// Serves on a thread of its own until destroyed.
class Proxy {
  public:
    /// `node_url` is the honest node's.
    explicit Proxy(const std::string& node_url);
    ~Proxy();

    std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()); }
    void set_fault(Fault fault) noexcept { fault_ = fault; }
    /// How many requests were answered with the fault since `set_fault` last.
    std::uint64_t faulty_answers() const noexcept { return faulty_answers_; }
    void reset_count() noexcept { faulty_answers_ = 0; }

    /// How many blocks a lagging endpoint is behind.
    static constexpr std::uint64_t kLag = 40;

  private:
    async::Task<rpc::HttpResponse> handle(rpc::HttpRequest request);
    async::Task<Result<rpc::Json, rpc::RpcFault>> answer(std::string method, rpc::Json params);
    async::Task<std::uint64_t> fetch_head();

    boost::asio::io_context io_{1};
    rpc::Endpoints node_;
    rpc::HttpServer::Handler json_handler_;
    std::optional<rpc::HttpServer> server_;
    std::atomic<Fault> fault_{Fault::kNone};
    std::atomic<std::uint64_t> faulty_answers_{0};
    std::thread thread_;
};

}  // namespace butter::e2e
