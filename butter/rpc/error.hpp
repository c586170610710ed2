// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "butter/base/bytes.hpp"

namespace butter::rpc {

/// Why a request to a node has no usable answer.
struct RpcError {
    enum class Kind {
        kTransport = 1,  ///< not reachable, connection lost
        kTimeout = 2,
        kHttpStatus = 3,
        kMalformed = 4,  ///< the answer is not what the method returns
        kNode = 5,       ///< the node answered with a JSON-RPC error
        kTooLarge = 6,
    };
    Kind kind{};
    int code = 0;      ///< HTTP status or JSON-RPC error code
    std::string text;  ///< what was found, for people; names the endpoint
    Bytes data;        ///< revert data of a failed call, where the node gave it
};

/// Whether it says that a call reverts, which is an answer, rather than that the node cannot answer.
inline bool is_revert(const RpcError& error) noexcept {
    return error.kind == RpcError::Kind::kNode &&
           (!error.data.empty() || error.code == 3 || error.text.find("revert") != std::string::npos);
}

}  // namespace butter::rpc
