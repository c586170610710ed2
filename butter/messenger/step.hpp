// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "butter/async/task.hpp"
#include "butter/base/result.hpp"
#include "butter/chain/family.hpp"
#include "butter/message/delivery.hpp"
#include "butter/message/outbox.hpp"
#include "butter/rpc/eth_api.hpp"

/// The transactions that bring a message one hop further: what to call with which data, proven and checked,
/// for whoever sends it. The messenger sends them; `butter prove` prints them.
namespace butter::messenger {

/// A call that delivers, and what was verified for it.
struct Step {
    Bytes call_data;
    std::string report;
    bool has_root_proof = false;  ///< a root's proof was made and passed, rather than the root found known
};

/// Why there is no such call.
struct StepError {
    enum class Kind {
        kWaiting = 1,   ///< a chain or client is not there yet; nobody's fault
        kOutdated = 2,  ///< the client has moved past the root's block; a newer root proves the same messages
        kObstructed = 3,  ///< an endpoint is down, or what it says does not hold
        kRefuted = 4,     ///< an announced log is proven not to be there: who announced it was wrong
    };
    Kind kind{};
    std::string text;
};

/// Where a message goes into the relay chain.
struct InboundLane {
    ChainId origin;
    chain::Source& source;  ///< of the origin
    rpc::EthApi& relay;
    Address client;            ///< on the relay chain, of the origin
    BlockNumber client_since;  ///< of the relay chain: the client is no older
};
/// `transferIn` of the relay service for the `MessageOut` logs at `positions`, all in one final block. The
/// references in `lane` outlive the task.
async::Task<Result<Step, StepError>> build_inbound(InboundLane lane,
                                                   std::vector<chain::LogPosition> positions);

/// A published outbox root and where its log is.
struct PublishedRoot {
    std::uint64_t count = 0;
    Hash32 root;
    chain::LogPosition position;
};
/// Where messages leave the relay chain.
struct OutboundLane {
    chain::Source& source;  ///< of the relay chain
    rpc::EthApi& destination;
    Address service;  ///< on the destination
    Address client;   ///< on the destination, of the relay chain
};
/// `messages` (ascending indexes below the root's count) with their proof under the root. `outbox` is the
/// destination's as the relay chain's logs have it; it must lead to the root. The error is a text for people.
Result<message::Delivery, std::string> make_outbound_delivery(
    const message::Outbox& outbox, const PublishedRoot& root,
    std::vector<message::DeliveredMessage> messages);
/// `transferIn` of the destination's service for `delivery`, with the root's proof unless the destination
/// keeps that root already. The references in `lane` outlive the task.
async::Task<Result<Step, StepError>> build_outbound(OutboundLane lane, PublishedRoot root,
                                                    message::Delivery delivery);

/// `ILightClient.clientState` of `client`. The error is a text for people.
async::Task<Result<Bytes, std::string>> fetch_client_state(rpc::EthApi& api, Address client);

}  // namespace butter::messenger
