// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "butter/async/task.hpp"
#include "butter/base/result.hpp"
#include "butter/rpc/error.hpp"
#include "butter/rpc/http.hpp"
#include "butter/rpc/json.hpp"

/// JSON-RPC 2.0 over HTTP, and plain JSON over GET, against several endpoints that should answer alike.
namespace butter::rpc {

/// Endpoints of one service, best first. A request goes to the first healthy one; what fails to answer is set
/// aside for a while, longer each time, and the next one is asked. An error that the node itself reports is
/// an answer and goes to the caller.
class Endpoints {
  public:
    Endpoints(boost::asio::any_io_executor executor, std::vector<Url> urls);
    ~Endpoints();
    Endpoints(Endpoints&&) noexcept;
    Endpoints& operator=(Endpoints&&) noexcept;

    async::Task<Result<Json, RpcError>> call(std::string method, JsonArray params);
    /// The same, and what a node itself reports, unless it is a revert, goes to the caller only when no
    /// endpoint does better: one may lack a method, its history or its state.
    async::Task<Result<Json, RpcError>> call_any(std::string method, JsonArray params);
    /// The whole answer as text, for large ones with a decoder of their own. It may be an error, or no JSON.
    async::Task<Result<std::string, RpcError>> call_text(std::string method, JsonArray params);
    /// What `call` makes of such a text. Errors name the endpoint that answered last.
    Result<Json, RpcError> decode_answer(std::string_view text) const;
    struct Call {
        std::string method;
        JsonArray params;
    };
    /// One batch request, all calls to the same endpoint; results in the order of `calls`.
    async::Task<Result<std::vector<Result<Json, RpcError>>, RpcError>> call_batch(std::vector<Call> calls);
    /// GET of a JSON document. An HTTP error is `kHttpStatus` with the status as code.
    async::Task<Result<Json, RpcError>> get(std::string path);

    /// Asks every endpoint, one after the other; the answers in the order of the endpoints.
    async::Task<std::vector<Result<Json, RpcError>>> call_each(std::string method, JsonArray params);
    /// Never asks the endpoint at `index` again: it does not serve what the others do.
    void exclude(std::size_t index) noexcept;

    /// The endpoint that answered last gave something that does not verify: sets it aside for minutes, longer
    /// each time, whatever else it answers meanwhile.
    void distrust_last() noexcept;
    /// The endpoint that answered last cannot serve what was asked, for example because it is behind: sets it
    /// aside for a moment.
    void set_aside_last() noexcept;
    /// The same for at least `duration`, when there is another one.
    void set_aside_last(std::chrono::milliseconds duration) noexcept;
    std::size_t size() const noexcept;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// What a server answers instead of a result.
struct RpcFault {
    int code = -32603;
    std::string message;
    Json data;
};
using MethodHandler = std::function<async::Task<Result<Json, RpcFault>>(std::string method, Json params)>;
/// Serves JSON-RPC, single and batch (at most `kBatchMax` calls), on POST.
HttpServer::Handler json_rpc_handler(MethodHandler handler);

inline constexpr std::size_t kBatchMax = 1'000;

}  // namespace butter::rpc
