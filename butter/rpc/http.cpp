// SPDX-License-Identifier: Apache-2.0
#include "butter/rpc/http.hpp"

#include <openssl/ssl.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "butter/base/printable.hpp"

namespace butter::rpc {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using boost::system::error_code;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
/// Idle connections kept to one host.
constexpr std::size_t kIdleConnectionsMax = 16;
constexpr std::chrono::seconds kServerIdleTimeout{120};

/// One connection to a server, plain or TLS: the only place where both are instantiated.
class Connection {
  public:
    Connection(const asio::any_io_executor& executor, asio::ssl::context* tls) {
        if (tls == nullptr) {
            plain_.emplace(executor);
        } else {
            tls_.emplace(executor, *tls);
        }
    }

    beast::tcp_stream& lowest() { return plain_ ? *plain_ : beast::get_lowest_layer(*tls_); }

    async::Task<error_code> connect(const Url& url) {
        tcp::resolver resolver(lowest().get_executor());
        auto [resolve_error, endpoints] = co_await resolver.async_resolve(url.host, url.port, kAwait);
        if (resolve_error) co_return resolve_error;
        auto [connect_error, endpoint] = co_await lowest().async_connect(endpoints, kAwait);
        if (connect_error) co_return connect_error;
        lowest().socket().set_option(tcp::no_delay(true));
        if (tls_) {
            if (SSL_set_tlsext_host_name(tls_->native_handle(), url.host.c_str()) != 1) {
                co_return error_code(asio::error::invalid_argument);
            }
            tls_->set_verify_callback(asio::ssl::host_name_verification(url.host));
            auto [handshake_error] = co_await tls_->async_handshake(asio::ssl::stream_base::client, kAwait);
            co_return handshake_error;
        }
        co_return error_code{};
    }

    async::Task<error_code> write(http::request<http::string_body>& request) {
        if (plain_) {
            auto [error, size] = co_await http::async_write(*plain_, request, kAwait);
            co_return error;
        }
        auto [error, size] = co_await http::async_write(*tls_, request, kAwait);
        co_return error;
    }

    async::Task<error_code> read(http::response_parser<http::string_body>& parser) {
        if (plain_) {
            auto [error, size] = co_await http::async_read(*plain_, buffer_, parser, kAwait);
            co_return error;
        }
        auto [error, size] = co_await http::async_read(*tls_, buffer_, parser, kAwait);
        co_return error;
    }

  private:
    std::optional<beast::tcp_stream> plain_;
    std::optional<beast::ssl_stream<beast::tcp_stream>> tls_;
    beast::flat_buffer buffer_;
};

}  // namespace

Result<Url, std::string> decode_url(std::string_view text) {
    Url url;
    std::string_view rest = text;
    if (rest.starts_with("https://")) {
        url.is_tls = true;
        rest.remove_prefix(8);
    } else if (rest.starts_with("http://")) {
        rest.remove_prefix(7);
    } else {
        return std::unexpected("a URL does not begin with http:// or https://");
    }
    std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
    url.path = authority.size() == rest.size() ? "/" : std::string(rest.substr(authority.size()));
    // Never the whole text in what is said of it: providers put keys into user, path and query.
    const auto refused = [&](std::string_view why) {
        const std::string_view shown = authority.substr(authority.rfind('@') + 1);
        return std::unexpected((url.is_tls ? "https://" : "http://") + printable(shown) + " " +
                               std::string(why));
    };
    if (authority.find('@') != std::string_view::npos || url.path.find_first_of("?#") != std::string::npos)
        return refused("has a user, query or fragment, which are not supported");
    const auto is_bad = [](char c) { return c <= 0x20 || c >= 0x7f; };
    if (std::any_of(rest.begin(), rest.end(), is_bad))
        return refused("has a blank or a character that is none of a URL");
    std::string_view host = authority;
    url.port = url.is_tls ? "443" : "80";
    const std::size_t colon = host.rfind(':');
    if (colon != std::string_view::npos && host.back() != ']') {
        url.port = host.substr(colon + 1);
        host = host.substr(0, colon);
        const bool is_number = !url.port.empty() && url.port.size() <= 5 &&
                               url.port.find_first_not_of("0123456789") == std::string::npos;
        if (!is_number || std::stoul(url.port) == 0 || std::stoul(url.port) > 65535)
            return refused("has no valid port");
    }
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    url.host = host;
    if (url.host.empty()) return refused("has no host");
    return url;
}

std::string display_name(const Url& url) {
    return (url.is_tls ? "https://" : "http://") + url.host + ":" + url.port;
}

struct HttpClient::Impl {
    Impl(asio::any_io_executor e, Url u) : executor(std::move(e)), url(std::move(u)) {
        if (url.is_tls) {
            tls.emplace(asio::ssl::context::tls_client);
            tls->set_default_verify_paths();
            tls->set_verify_mode(asio::ssl::verify_peer);
        }
        name = rpc::display_name(url);
    }

    RpcError fail(const error_code& error, std::string_view doing) const {
        const bool timed_out = error == beast::error::timeout;
        const bool too_large = error == http::error::body_limit;
        return {timed_out   ? RpcError::Kind::kTimeout
                : too_large ? RpcError::Kind::kTooLarge
                            : RpcError::Kind::kTransport,
                0,
                name + ": " + std::string(doing) + ": " + error.message(),
                {}};
    }

    /// One exchange over `connection`.
    async::Task<Result<HttpResponse, std::pair<error_code, const char*>>> exchange(
        Connection& connection, const HttpRequest& request) {
        const std::string target =
            url.path == "/" && !request.path.empty() ? request.path : url.path + request.path;
        http::request<http::string_body> message(http::string_to_verb(request.method), target, 11);
        message.set(http::field::host, url.host + ":" + url.port);
        message.set(http::field::user_agent, "butter");
        message.set(http::field::accept, "application/json");
        if (!request.body.empty()) message.set(http::field::content_type, "application/json");
        message.keep_alive(true);
        message.body() = request.body;
        message.prepare_payload();
        if (const error_code error = co_await connection.write(message)) {
            co_return std::unexpected(std::pair(error, "sending"));
        }
        http::response_parser<http::string_body> parser;
        parser.body_limit(kResponseBytesMax);
        if (const error_code error = co_await connection.read(parser)) {
            co_return std::unexpected(std::pair(error, "reading the answer"));
        }
        auto response = parser.release();
        last_keep_alive = response.keep_alive();
        co_return HttpResponse{response.result_int(), std::string(response[http::field::content_type]),
                               std::move(response.body())};
    }

    asio::any_io_executor executor;
    Url url;
    std::string name;
    std::optional<asio::ssl::context> tls;
    std::vector<std::unique_ptr<Connection>> idle;
    bool last_keep_alive = false;
};

HttpClient::HttpClient(asio::any_io_executor executor, Url url)
    : impl_(std::make_unique<Impl>(std::move(executor), std::move(url))) {}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

const std::string& HttpClient::display_name() const noexcept { return impl_->name; }

async::Task<Result<HttpResponse, RpcError>> HttpClient::request(HttpRequest request,
                                                                std::chrono::milliseconds timeout) {
    Impl& impl = *impl_;
    // A kept connection may have been closed by the server meanwhile: then once more over a new one.
    if (!impl.idle.empty()) {
        std::unique_ptr<Connection> connection = std::move(impl.idle.back());
        impl.idle.pop_back();
        connection->lowest().expires_after(timeout);
        auto response = co_await impl.exchange(*connection, request);
        if (response) {
            if (impl.last_keep_alive && impl.idle.size() < kIdleConnectionsMax)
                impl.idle.push_back(std::move(connection));
            co_return *std::move(response);
        }
        if (response.error().first == beast::error::timeout ||
            response.error().first == http::error::body_limit) {
            co_return std::unexpected(impl.fail(response.error().first, response.error().second));
        }
    }
    auto connection = std::make_unique<Connection>(impl.executor, impl.tls ? &*impl.tls : nullptr);
    connection->lowest().expires_after(timeout);
    if (const error_code error = co_await connection->connect(impl.url)) {
        co_return std::unexpected(impl.fail(error, "connecting"));
    }
    auto response = co_await impl.exchange(*connection, request);
    if (!response) co_return std::unexpected(impl.fail(response.error().first, response.error().second));
    if (impl.last_keep_alive && impl.idle.size() < kIdleConnectionsMax)
        impl.idle.push_back(std::move(connection));
    co_return *std::move(response);
}

struct HttpServer::Impl {
    Impl(asio::any_io_executor executor, Handler h) : acceptor(executor), handler(std::move(h)) {}

    tcp::acceptor acceptor;
    Handler handler;
    /// Shared with the connections, which may end after the server.
    std::shared_ptr<std::size_t> connections = std::make_shared<std::size_t>(0);
};

namespace {

async::Task<void> serve(tcp::socket socket, HttpServer::Handler handler,
                        std::shared_ptr<std::size_t> connections) {
    struct Count {
        std::shared_ptr<std::size_t> count;
        ~Count() { --*count; }
    } const counted{std::move(connections)};
    socket.set_option(tcp::no_delay(true));
    beast::tcp_stream stream(std::move(socket));
    beast::flat_buffer buffer;
    for (;;) {
        stream.expires_after(kServerIdleTimeout);
        http::request_parser<http::string_body> parser;
        parser.body_limit(kRequestBytesMax);
        auto [read_error, read_size] = co_await http::async_read(stream, buffer, parser, kAwait);
        if (read_error) co_return;
        auto message = parser.release();
        HttpRequest request{std::string(message.method_string()), std::string(message.target()),
                            std::move(message.body())};
        stream.expires_never();
        HttpResponse answer = co_await handler(std::move(request));
        http::response<http::string_body> response(static_cast<http::status>(answer.status), 11);
        response.set(http::field::content_type, answer.content_type);
        response.set(http::field::access_control_allow_origin, "*");
        response.set(http::field::access_control_allow_headers, "content-type");
        response.keep_alive(message.keep_alive());
        response.body() = std::move(answer.body);
        response.prepare_payload();
        stream.expires_after(kServerIdleTimeout);
        auto [write_error, write_size] = co_await http::async_write(stream, response, kAwait);
        if (write_error || !response.keep_alive()) co_return;
    }
}

}  // namespace

HttpServer::HttpServer(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
HttpServer::HttpServer(HttpServer&&) noexcept = default;
HttpServer& HttpServer::operator=(HttpServer&&) noexcept = default;
HttpServer::~HttpServer() = default;

Result<HttpServer, std::string> HttpServer::listen(asio::any_io_executor executor, std::uint16_t port,
                                                   Handler handler) {
    auto impl = std::make_unique<Impl>(std::move(executor), std::move(handler));
    error_code error;
    const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
    impl->acceptor.open(endpoint.protocol(), error);
    if (!error) impl->acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) impl->acceptor.bind(endpoint, error);
    if (!error) impl->acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error)
        return std::unexpected("cannot listen on 127.0.0.1:" + std::to_string(port) + ": " + error.message());
    return HttpServer(std::move(impl));
}

std::uint16_t HttpServer::port() const noexcept {
    error_code error;
    return impl_->acceptor.local_endpoint(error).port();
}

async::Task<void> HttpServer::run() {
    for (;;) {
        auto [error, socket] = co_await impl_->acceptor.async_accept(kAwait);
        if (error == asio::error::operation_aborted) co_return;
        if (error || *impl_->connections >= kConnectionsMax) continue;
        ++*impl_->connections;
        // Connections end by themselves: on error, on time-out, or with the io_context.
        asio::co_spawn(impl_->acceptor.get_executor(),
                       serve(std::move(socket), impl_->handler, impl_->connections), asio::detached);
    }
}

}  // namespace butter::rpc
