// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "butter/async/task.hpp"
#include "butter/base/result.hpp"
#include "butter/rpc/error.hpp"

/// HTTP/1.1 in both directions. Everything of Boost.Beast is compiled in http.cpp alone.
namespace butter::rpc {

struct Url {
    bool is_tls = false;
    std::string host;
    std::string port;
    std::string path;  ///< begins with '/'
};
/// `http://` or `https://`, host, optional port and path; no user, query or fragment.
Result<Url, std::string> decode_url(std::string_view text);
/// The URL without what may be a key in its path.
std::string display_name(const Url& url);

struct HttpRequest {
    std::string method = "GET";
    std::string path;  ///< appended to the URL's
    std::string body;
};
struct HttpResponse {
    unsigned status = 200;
    std::string content_type = "application/json";
    std::string body;
};

/// Largest body read from a node or a client. A block's receipts stay far below it.
inline constexpr std::uint64_t kResponseBytesMax = 64u << 20;
inline constexpr std::uint64_t kRequestBytesMax = 16u << 20;
inline constexpr std::chrono::seconds kRequestTimeout{30};

/// Sends requests to one host over connections that are kept open. TLS certificates and host names are
/// checked.
class HttpClient {
  public:
    HttpClient(boost::asio::any_io_executor executor, Url url);
    ~HttpClient();
    HttpClient(HttpClient&&) noexcept;
    HttpClient& operator=(HttpClient&&) noexcept;

    /// Any status is a response; errors are those of getting one. Safe to call concurrently from one thread.
    async::Task<Result<HttpResponse, RpcError>> request(HttpRequest request,
                                                        std::chrono::milliseconds timeout = kRequestTimeout);
    /// The URL without what may be a key in its path.
    const std::string& display_name() const noexcept;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Serves on 127.0.0.1.
class HttpServer {
  public:
    using Handler = std::function<async::Task<HttpResponse>(HttpRequest)>;
    /// Binds `port` (0 for any free one); the error is a text for people. `handler` outlives the server.
    static Result<HttpServer, std::string> listen(boost::asio::any_io_executor executor, std::uint16_t port,
                                                  Handler handler);
    HttpServer(HttpServer&&) noexcept;
    HttpServer& operator=(HttpServer&&) noexcept;
    ~HttpServer();

    std::uint16_t port() const noexcept;
    /// Accepts until cancelled. Connections beyond `kConnectionsMax` are closed at once.
    async::Task<void> run();

    static constexpr std::size_t kConnectionsMax = 256;

  private:
    struct Impl;
    explicit HttpServer(std::unique_ptr<Impl> impl) noexcept;
    std::unique_ptr<Impl> impl_;
};

}  // namespace butter::rpc
