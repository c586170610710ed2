// SPDX-License-Identifier: Apache-2.0
#include "butter/rpc/json_rpc.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "butter/base/printable.hpp"

namespace butter::rpc {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kSetAsideMin{500};
constexpr std::chrono::milliseconds kSetAsideMax{60'000};
/// For answers that are not true: what an endpoint answers right in between does not shorten it.
constexpr std::chrono::minutes kDistrustMin{1};
constexpr std::chrono::minutes kDistrustMax{60};
/// One that hangs should not hold up the start for long.
constexpr std::chrono::seconds kEachTimeout{5};

struct Endpoint {
    HttpClient client;
    unsigned failures = 0;
    Clock::time_point set_aside_until{};
    unsigned lies = 0;
    Clock::time_point distrusted_until{};
    bool is_excluded = false;
};

JsonObject request_object(const std::string& method, JsonArray params, std::size_t id) {
    JsonObject request;
    request["jsonrpc"] = "2.0";
    request["id"] = id;
    request["method"] = method;
    request["params"] = std::move(params);
    return request;
}

RpcError malformed(const std::string& endpoint, std::string_view what) {
    return {RpcError::Kind::kMalformed, 0, endpoint + ": " + std::string(what), {}};
}

/// Nodes put revert data at `error.data`, or one level deeper.
Bytes revert_data(const Json& error) {
    if (auto data = find_bytes(error, "data")) return *std::move(data);
    if (const Json* nested = find_member(error, "data")) {
        if (auto data = find_bytes(*nested, "data")) return *std::move(data);
    }
    return {};
}

Result<Json, RpcError> decode_response(const Json& response, const std::string& endpoint) {
    if (const Json* error = find_member(response, "error"); error != nullptr && !error->is_null()) {
        RpcError out{RpcError::Kind::kNode, 0, {}, revert_data(*error)};
        if (const Json* code = find_member(*error, "code"); code != nullptr && code->is_int64()) {
            out.code = static_cast<int>(code->get_int64());
        }
        out.text =
            endpoint + ": " + printable(find_text(*error, "message").value_or("error without a message"));
        return std::unexpected(std::move(out));
    }
    const Json* result = find_member(response, "result");
    if (result == nullptr)
        return std::unexpected(malformed(endpoint, "answer with neither result nor error"));
    return *result;
}

bool is_response(const Json& document) {
    const Json* error = find_member(document, "error");
    return find_member(document, "result") != nullptr || (error != nullptr && !error->is_null());
}
bool is_batch_response(const Json& document) {
    const JsonArray* answers = document.if_array();
    return answers != nullptr && std::all_of(answers->begin(), answers->end(), is_response);
}
bool is_document(const Json&) { return true; }

}  // namespace

struct Endpoints::Impl {
    std::vector<Endpoint> endpoints;
    std::size_t last = 0;

    void fail(std::size_t index) noexcept {
        Endpoint& endpoint = endpoints[index];
        const auto wait = std::min(kSetAsideMin * (1u << std::min(endpoint.failures, 7u)), kSetAsideMax);
        ++endpoint.failures;
        endpoint.set_aside_until = Clock::now() + wait;
    }

    void distrust(std::size_t index) noexcept {
        Endpoint& endpoint = endpoints[index];
        const auto wait = std::min(kDistrustMin * (1u << std::min(endpoint.lies, 6u)), kDistrustMax);
        ++endpoint.lies;
        endpoint.distrusted_until = Clock::now() + wait;
    }

    /// Indexes to try, without those excluded: those not set aside, in order, then the rest, soonest back
    /// first.
    std::vector<std::size_t> order() const {
        std::vector<std::size_t> out;
        for (std::size_t i = 0; i < endpoints.size(); ++i) {
            if (!endpoints[i].is_excluded) out.push_back(i);
        }
        const auto now = Clock::now();
        const auto wait = [&](std::size_t i) {
            return std::max({endpoints[i].set_aside_until, endpoints[i].distrusted_until, now});
        };
        std::sort(out.begin(), out.end(), [&](std::size_t a, std::size_t b) {
            return std::pair(wait(a), a) < std::pair(wait(b), b);
        });
        return out;
    }

    /// What a body is, or why it is no answer.
    template <class T>
    using Reader = std::function<Result<T, std::string_view>(std::string)>;

    static Result<std::string, std::string_view> keep_body(std::string body) { return body; }

    /// Sends `request` until an endpoint gives a JSON document of that form with status 200.
    async::Task<Result<Json, RpcError>> exchange(HttpRequest request, bool (*has_form)(const Json&)) {
        Reader<Json> read = [has_form](std::string body) -> Result<Json, std::string_view> {
            std::optional<Json> document = parse_json(body);
            if (!document) return std::unexpected("answer is not JSON");
            if (!has_form(*document)) return std::unexpected("answer is not one to this request");
            return *std::move(document);
        };
        co_return co_await exchange_as<Json>(std::move(request), std::move(read));
    }

    /// Sends `request` until an endpoint gives something with status 200 that `read` accepts.
    template <class T>
    async::Task<Result<T, RpcError>> exchange_as(HttpRequest request, Reader<T> read) {
        RpcError last_error{RpcError::Kind::kTransport, 0, "no endpoint configured", {}};
        for (const std::size_t index : order()) {
            const std::string& name = endpoints[index].client.display_name();
            auto response = co_await endpoints[index].client.request(request);
            last = index;
            if (!response) {
                last_error = std::move(response).error();
                fail(index);
                continue;
            }
            if (response->status != 200) {
                last_error = {RpcError::Kind::kHttpStatus,
                              static_cast<int>(response->status),
                              name + ": HTTP status " + std::to_string(response->status),
                              {}};
                if (const auto document = parse_json(response->body)) {
                    if (const auto text = find_text(*document, "message"))
                        last_error.text += ", " + printable(*text);
                }
                // To a GET, 4xx is the answer to this question (no such update). To a call it is the server's
                // refusal, of the key, the rate or the size: another endpoint may not refuse.
                if (response->status < 500 && request.method == "GET")
                    co_return std::unexpected(std::move(last_error));
                fail(index);
                continue;
            }
            Result<T, std::string_view> document = read(std::move(response->body));
            if (!document) {
                last_error = malformed(name, document.error());
                fail(index);
                continue;
            }
            endpoints[index].failures = 0;
            endpoints[index].set_aside_until = {};
            co_return *std::move(document);
        }
        co_return std::unexpected(std::move(last_error));
    }
};

Endpoints::Endpoints(boost::asio::any_io_executor executor, std::vector<Url> urls)
    : impl_(std::make_unique<Impl>()) {
    for (Url& url : urls) impl_->endpoints.push_back({HttpClient(executor, std::move(url))});
}
Endpoints::~Endpoints() = default;
Endpoints::Endpoints(Endpoints&&) noexcept = default;
Endpoints& Endpoints::operator=(Endpoints&&) noexcept = default;

std::size_t Endpoints::size() const noexcept { return impl_->endpoints.size(); }

void Endpoints::distrust_last() noexcept {
    if (impl_->last < impl_->endpoints.size()) impl_->distrust(impl_->last);
}

void Endpoints::set_aside_last() noexcept {
    if (impl_->last < impl_->endpoints.size()) impl_->fail(impl_->last);
}

void Endpoints::set_aside_last(std::chrono::milliseconds duration) noexcept {
    if (size() < 2 || impl_->last >= size()) return;
    impl_->fail(impl_->last);
    Clock::time_point& until = impl_->endpoints[impl_->last].set_aside_until;
    until = std::max(until, Clock::now() + duration);
}

async::Task<Result<Json, RpcError>> Endpoints::call(std::string method, JsonArray params) {
    HttpRequest request{"POST", "", to_text(request_object(method, std::move(params), 1))};
    CO_TRY(const Json response, co_await impl_->exchange(std::move(request), is_response));
    co_return decode_response(response, impl_->endpoints[impl_->last].client.display_name() + " " + method);
}

async::Task<Result<Json, RpcError>> Endpoints::call_any(std::string method, JsonArray params) {
    for (std::size_t attempt = 1;; ++attempt) {
        auto result = co_await call(method, params);
        if (result || result.error().kind != RpcError::Kind::kNode || is_revert(result.error()) ||
            attempt >= size())
            co_return result;
        set_aside_last();
    }
}

async::Task<Result<std::string, RpcError>> Endpoints::call_text(std::string method, JsonArray params) {
    HttpRequest request{"POST", "", to_text(request_object(method, std::move(params), 1))};
    co_return co_await impl_->exchange_as<std::string>(std::move(request), Impl::keep_body);
}

Result<Json, RpcError> Endpoints::decode_answer(std::string_view text) const {
    const std::string& name = impl_->endpoints[impl_->last].client.display_name();
    const auto document = parse_json(text);
    if (!document) return std::unexpected(malformed(name, "answer is not JSON"));
    return decode_response(*document, name);
}

async::Task<Result<std::vector<Result<Json, RpcError>>, RpcError>> Endpoints::call_batch(
    std::vector<Call> calls) {
    std::vector<Result<Json, RpcError>> out;
    if (calls.empty()) co_return out;
    JsonArray requests;
    for (std::size_t i = 0; i < calls.size(); ++i) {
        requests.push_back(request_object(calls[i].method, std::move(calls[i].params), i));
    }
    HttpRequest request{"POST", "", to_text(requests)};
    CO_TRY(const Json response, co_await impl_->exchange(std::move(request), is_batch_response));
    const std::string& name = impl_->endpoints[impl_->last].client.display_name();
    // Answers may come in any order; the id tells which call each belongs to.
    std::vector<const Json*> by_id(calls.size(), nullptr);
    for (const Json& answer : response.get_array()) {
        const Json* id = find_member(answer, "id");
        if (id == nullptr || !id->is_int64()) continue;
        const std::int64_t index = id->get_int64();
        if (index >= 0 && static_cast<std::size_t>(index) < by_id.size())
            by_id[static_cast<std::size_t>(index)] = &answer;
    }
    for (std::size_t i = 0; i < calls.size(); ++i) {
        if (by_id[i] == nullptr) co_return std::unexpected(malformed(name, "batch answer lacks a call"));
        out.push_back(decode_response(*by_id[i], name + " " + calls[i].method));
    }
    co_return out;
}

async::Task<std::vector<Result<Json, RpcError>>> Endpoints::call_each(std::string method, JsonArray params) {
    const std::string body = to_text(request_object(method, std::move(params), 1));
    std::vector<Result<Json, RpcError>> out;
    for (Endpoint& endpoint : impl_->endpoints) {
        const std::string& name = endpoint.client.display_name();
        const auto response = co_await endpoint.client.request({"POST", "", body}, kEachTimeout);
        if (!response) {
            out.push_back(std::unexpected(response.error()));
            continue;
        }
        const auto document = parse_json(response->body);
        out.push_back(document ? decode_response(*document, name + " " + method)
                               : std::unexpected(malformed(name, "answer is not JSON")));
    }
    co_return out;
}

void Endpoints::exclude(std::size_t index) noexcept { impl_->endpoints.at(index).is_excluded = true; }

async::Task<Result<Json, RpcError>> Endpoints::get(std::string path) {
    co_return co_await impl_->exchange({"GET", std::move(path), ""}, is_document);
}

namespace {

async::Task<Json> answer_one(const MethodHandler& handler, const Json& request) {
    JsonObject response;
    response["jsonrpc"] = "2.0";
    const Json* id = find_member(request, "id");
    response["id"] = id == nullptr ? Json(nullptr) : *id;
    const auto method = find_text(request, "method");
    if (!method) {
        response["error"] = JsonObject{{"code", -32600}, {"message", "request without a method"}};
        co_return response;
    }
    const Json* params = find_member(request, "params");
    auto result = co_await handler(std::string(*method), params == nullptr ? Json(JsonArray()) : *params);
    if (result) {
        response["result"] = *std::move(result);
    } else {
        JsonObject error{{"code", result.error().code}, {"message", result.error().message}};
        if (!result.error().data.is_null()) error["data"] = result.error().data;
        response["error"] = std::move(error);
    }
    co_return response;
}

}  // namespace

HttpServer::Handler json_rpc_handler(MethodHandler handler) {
    return [handler = std::move(handler)](HttpRequest request) -> async::Task<HttpResponse> {
        const auto document = parse_json(request.body);
        if (!document) {
            co_return HttpResponse{
                200, "application/json",
                R"({"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"not JSON"}})"};
        }
        if (const JsonArray* batch = document->if_array()) {
            if (batch->size() > kBatchMax) {
                co_return HttpResponse{
                    200, "application/json",
                    R"({"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"batch too large"}})"};
            }
            JsonArray answers;
            for (const Json& entry : *batch) answers.push_back(co_await answer_one(handler, entry));
            co_return HttpResponse{200, "application/json", to_text(answers)};
        }
        co_return HttpResponse{200, "application/json", to_text(co_await answer_one(handler, *document))};
    };
}

}  // namespace butter::rpc
