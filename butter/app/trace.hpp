// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "butter/app/chains.hpp"
#include "butter/async/task.hpp"
#include "butter/base/result.hpp"
#include "butter/base/uint256.hpp"
#include "butter/chain/family.hpp"
#include "butter/message/message.hpp"
#include "butter/rpc/json.hpp"

/// The whole life of a message, as the chains tell it: read from their logs, never from the program's store.
/// It is the nodes' word, checked for form only; `butter verify` proves it.
namespace butter::app {

/// A transaction that moved a message.
struct TracedTransaction {
    std::string chain;
    ChainId chain_id;
    BlockNumber block;
    UnixSeconds time;  ///< of the block
    Hash32 hash;
    std::uint64_t gas_used = 0;  ///< of the whole transaction, other messages in it included
    chain::LogPosition log;      ///< the service's log that says so
    /// Whether the chain's consensus has finalised the block; absent when the source cannot say.
    std::optional<bool> is_final;
};

/// `MessageOut` on the origin.
struct SentStep {
    TracedTransaction transaction;
    /// What the service asks for at that block in the native coin, wei; absent when the node keeps no such
    /// old state.
    std::optional<Uint256> fee;
};

/// `MessageRelay`: the message, or the one that a relay executor made from it, has its place in the outbox.
struct RelayedStep {
    TracedTransaction transaction;
    Hash32 order_id;  ///< of what goes on: the sent one, or another when a relay executor made it
    Bytes message;    ///< the encoding whose hash it is
    std::uint64_t index = 0;
};

/// `OutboxRoot`: the first root that covers it.
struct RootStep {
    TracedTransaction transaction;
    std::uint64_t count = 0;
    Hash32 root;
};

/// `MessageIn`: one execution. The first one belongs to the delivery, later ones are retries.
struct ExecutionStep {
    TracedTransaction transaction;
    Hash32 order_id;
    bool is_success = false;
    bool is_retry = false;
    std::string reason = {};  ///< of a failure, for people
    ChainId from_chain = {};
    Bytes from_address = {};  ///< with `message_data`, what `retryMessageIn` takes; empty data on success
    Bytes message_data = {};
};

/// What the transaction that brought a hop over had verified on chain, as the family's C++ twin says it again
/// from the transaction's call data and the client's state before it. Absent when it cannot be said: another
/// contract made the call, or the node keeps no such old state.
struct VerifiedHop {
    std::optional<std::string> accepted_by_relay;
    std::optional<std::string> root_by_destination;
};

enum class TraceStatus {
    kWaiting = 1,
    kDelivered = 2,  ///< and executed
    kFailed = 3,     ///< accepted, but its execution failed and is stored; anyone can retry it
};
std::string_view to_string(TraceStatus status) noexcept;

/// What a message waits for. `kNone` once it is delivered.
enum class WaitKind {
    kNone = 0,
    kOriginFinality = 1,   ///< its block is not final yet
    kInboundProof = 2,     ///< final, and nobody has submitted the proof to the relay chain
    kRootPublication = 3,  ///< in the outbox, under no published root
    kRootFinality = 4,     ///< the root's block is not final yet
    kOutboundProof = 5,    ///< the root is final, and nobody has delivered
    kRetry = 6,            ///< failed on its destination
    kRelayRetry = 7,       ///< its relay executor, or its target on the relay chain, failed
};
std::string_view to_string(WaitKind kind) noexcept;

struct MessageTrace {
    Hash32 order_id;  ///< of what was sent
    message::Message message;
    Bytes encoded_message;
    SentStep sent;
    /// Executions on the relay chain: by a relay executor, or of a message whose destination it is.
    std::vector<ExecutionStep> relay_executions;
    std::optional<RelayedStep> relayed;
    std::optional<RootStep> root;
    std::vector<ExecutionStep> executions;  ///< on a destination other than the relay chain
    VerifiedHop verified;

    TraceStatus status = TraceStatus::kWaiting;
    WaitKind waits_for = WaitKind::kNone;
    std::string wait_text;  ///< why it waits and what would end that, with numbers; empty when it does not

    /// The execution that counts: the successful one, or the last failure; null while there is none.
    const ExecutionStep* find_outcome() const noexcept;
};

/// The life of the message that `order` names: an order id, as sent or as a relay executor made it, or the
/// hash of a transaction that sent exactly one message. `kNotFound` when no configured chain knows it,
/// `kUnavailable` when a chain that has to be asked does not answer.
async::Task<Result<MessageTrace, CommandError>> fetch_trace(Chains& chains, Hash32 order);

rpc::Json to_json(const MessageTrace& trace, const Chains& chains);
/// One step of it for people. `key` names the step, whatever else becomes known of it later.
struct TraceLine {
    std::string key;
    std::string text;
};
/// The steps so far, in order.
std::vector<TraceLine> lines_of(const MessageTrace& trace);
/// A table, one line a step, and why it waits.
std::string to_text(const MessageTrace& trace, const Chains& chains);

}  // namespace butter::app
