// SPDX-License-Identifier: Apache-2.0
#include "test/e2e/proxy.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "test/e2e/world.hpp"

namespace butter::e2e {
namespace {

using rpc::Json;
using rpc::JsonArray;
using rpc::JsonObject;

/// Changes the first byte of a log's data, if it has any.
bool alter(Json& log) {
    JsonObject* object = log.if_object();
    if (object == nullptr || !object->contains("data")) return false;
    std::string data((*object)["data"].get_string());
    // Behind the word of the offset and that of the length: the form stays what it was.
    const std::size_t place = 2 + 2 * 64;
    if (data.size() <= place + 1) return false;
    data[place + 1] = data[place + 1] == '0' ? '1' : '0';
    (*object)["data"] = data;
    return true;
}

}  // namespace

std::string_view to_string(Fault fault) noexcept {
    switch (fault) {
        case Fault::kNone:
            return "none";
        case Fault::kGarbage:
            return "garbage";
        case Fault::kServerError:
            return "server error";
        case Fault::kEmptyAnswer:
            return "empty answer";
        case Fault::kLagging:
            return "lagging";
        case Fault::kAlteredLog:
            return "altered log in receipts";
        case Fault::kDroppedLog:
            return "dropped log in receipts";
        case Fault::kAlteredEvents:
            return "altered events";
        case Fault::kHiddenEvents:
            return "hidden events";
    }
    return "unknown";
}

Proxy::Proxy(const std::string& node_url)
    : node_(io_.get_executor(), {must(rpc::decode_url(node_url))}),
      json_handler_(rpc::json_rpc_handler(
          [this](std::string method, Json params) { return answer(std::move(method), std::move(params)); })) {
    server_.emplace(must(rpc::HttpServer::listen(
        io_.get_executor(), 0, [this](rpc::HttpRequest request) { return handle(std::move(request)); })));
    boost::asio::co_spawn(io_, server_->run(), boost::asio::detached);
    thread_ = std::thread([this] { io_.run(); });
}

Proxy::~Proxy() {
    io_.stop();
    thread_.join();
}

async::Task<rpc::HttpResponse> Proxy::handle(rpc::HttpRequest request) {
    switch (fault_.load()) {
        case Fault::kGarbage:
            ++faulty_answers_;
            co_return rpc::HttpResponse{200, "text/html", "<html>welcome</html>"};
        case Fault::kServerError:
            ++faulty_answers_;
            co_return rpc::HttpResponse{500, "text/plain", "out of order"};
        case Fault::kEmptyAnswer:
            ++faulty_answers_;
            co_return rpc::HttpResponse{200, "application/json", R"({"jsonrpc":"2.0","id":1})"};
        default:
            break;
    }
    co_return co_await json_handler_(std::move(request));
}

async::Task<std::uint64_t> Proxy::fetch_head() {
    const auto head = co_await node_.call("eth_blockNumber", {});
    if (!head || !head->is_string()) co_return 0;
    co_return decode_quantity(std::string(head->get_string())).value_or(0);
}

async::Task<Result<Json, rpc::RpcFault>> Proxy::answer(std::string method, Json params) {
    const Fault fault = fault_;
    const JsonArray arguments = params.is_array() ? params.get_array() : JsonArray();
    if (fault == Fault::kLagging) {
        const std::uint64_t head = co_await fetch_head();
        const std::uint64_t known = head > kLag ? head - kLag : 0;
        if (method == "eth_blockNumber") {
            ++faulty_answers_;
            co_return Json(boost::json::string(encode_quantity(known)));
        }
        // A range beyond what it knows is cut, as many nodes do.
        if (method == "eth_getLogs" && !arguments.empty()) {
            JsonObject filter = arguments[0].get_object();
            const auto last = rpc::find_quantity(filter, "toBlock");
            const auto from = rpc::find_quantity(filter, "fromBlock");
            if (from && *from > known) {
                ++faulty_answers_;
                co_return JsonArray();
            }
            if (last && *last > known) {
                ++faulty_answers_;
                filter["toBlock"] = encode_quantity(known);
            }
            params = JsonArray{filter};
        } else if ((method == "eth_getBlockByNumber" || method == "eth_getBlockReceipts") &&
                   !arguments.empty() && arguments[0].is_string()) {
            const auto number = decode_quantity(std::string(arguments[0].get_string()));
            if (number && *number > known) {
                ++faulty_answers_;
                co_return Json(nullptr);
            }
        }
    }
    if (fault == Fault::kHiddenEvents && method == "eth_getLogs") {
        ++faulty_answers_;
        co_return JsonArray();
    }
    auto result = co_await node_.call(method, params.is_array() ? params.get_array() : JsonArray());
    if (!result) {
        rpc::RpcFault out{.message = result.error().text, .data = nullptr};
        if (result.error().code != 0) out.code = result.error().code;
        if (!result.error().data.empty()) out.data = boost::json::string(encode_hex(result.error().data));
        co_return std::unexpected(std::move(out));
    }
    if (fault == Fault::kAlteredEvents && method == "eth_getLogs") {
        if (JsonArray* logs = result->if_array()) {
            for (Json& log : *logs) faulty_answers_ += alter(log) ? 1 : 0;
        }
    }
    if ((fault == Fault::kAlteredLog || fault == Fault::kDroppedLog) && method == "eth_getBlockReceipts") {
        if (JsonArray* receipts = result->if_array()) {
            for (Json& receipt : *receipts) {
                JsonArray* logs = receipt.is_object() ? receipt.get_object()["logs"].if_array() : nullptr;
                if (logs == nullptr || logs->empty()) continue;
                ++faulty_answers_;
                if (fault == Fault::kDroppedLog) {
                    logs->clear();
                } else {
                    alter(logs->front());
                }
            }
        }
    }
    co_return result.value();
}

}  // namespace butter::e2e
