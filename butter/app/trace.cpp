// SPDX-License-Identifier: Apache-2.0
#include "butter/app/trace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "butter/app/log_search.hpp"
#include "butter/base/assert.hpp"
#include "butter/base/hex.hpp"
#include "butter/message/delivery.hpp"
#include "butter/service/calls.hpp"
#include "butter/service/events.hpp"

namespace butter::app {
namespace {

/// What happened to a message is looked for from this long before it was sent, by the chains' own clocks:
/// they may have differed more then than they do now.
constexpr std::uint64_t kClockSlackSeconds = 3'600;

CommandError unavailable(const OpenChain& chain, const std::string& text) {
    return {ExitCode::kUnavailable, fmt::format("chain {}: {}", chain.name(), text)};
}

Hash32 topic_of(ChainId id) { return to_big_endian(Uint256{id.value}); }

/// How far a chain is.
struct ChainProgress {
    BlockNumber head;
    std::optional<BlockNumber> final_block;
    std::string final_error;  ///< why it is not known
    std::string hold_up;      ///< why no newer block is final, when that is unusual
};

std::string describe(const ChainProgress& progress) {
    if (!progress.final_block)
        return fmt::format("head {}, final unknown: {}", progress.head.value, progress.final_error);
    return fmt::format("head {}, final {}{}{}", progress.head.value, progress.final_block->value,
                       progress.hold_up.empty() ? "" : "; ", progress.hold_up);
}

/// Follows one message through the chains.
class Tracer {
  public:
    explicit Tracer(Chains& chains) : chains_(chains) {}

    async::Task<Result<MessageTrace, CommandError>> run(Hash32 order);

  private:
    struct Origin {
        OpenChain* chain = nullptr;
        rpc::PlacedLog log;
    };
    async::Task<Result<std::optional<Origin>, CommandError>> find_by_transaction(Hash32 hash);
    async::Task<Result<std::optional<Origin>, CommandError>> find_by_order_id(Hash32 order_id);

    async::Task<Result<TracedTransaction, CommandError>> trace_transaction(OpenChain& chain,
                                                                           rpc::PlacedLog log);
    async::Task<Result<ChainProgress, CommandError>> fetch_progress(OpenChain& chain);
    async::Task<Result<UnixSeconds, CommandError>> fetch_head_time(OpenChain& chain);
    async::Task<Result<BlockNumber, CommandError>> find_start(OpenChain& chain,
                                                              const TracedTransaction& after);

    async::Task<Result<void, CommandError>> follow_relay();
    async::Task<Result<void, CommandError>> follow_root();
    async::Task<Result<void, CommandError>> follow_destination();
    async::Task<Result<ExecutionStep, CommandError>> trace_execution(OpenChain& chain, rpc::PlacedLog log,
                                                                     bool is_retry);
    async::Task<std::optional<std::string>> describe_inbound(OpenChain& origin);
    async::Task<std::optional<std::string>> describe_outbound(OpenChain& destination);
    async::Task<Result<void, CommandError>> conclude();

    void wait(WaitKind kind, std::string text);
    OpenChain& origin() const { return *chains_.find(trace_.sent.transaction.chain_id); }
    bool ends_on_relay() const {
        return trace_.message.to_chain == chains_.relay().id() && !trace_.message.relay;
    }

    Chains& chains_;
    std::map<ChainId, ChainProgress> progress_;
    MessageTrace trace_;
};

async::Task<Result<std::optional<Tracer::Origin>, CommandError>> Tracer::find_by_transaction(Hash32 hash) {
    std::optional<CommandError> down;
    for (const auto& chain : chains_.all) {
        chains_.say("asking " + chain->name() + " for the transaction");
        const auto receipt = co_await chain->api.fetch_receipt(hash);
        if (!receipt) {
            down = unavailable(*chain, receipt.error().text);
            continue;
        }
        if (!*receipt) continue;
        std::vector<rpc::PlacedLog> sent;
        std::string ids;
        for (const rpc::PlacedLog& log : (*receipt)->logs) {
            if (log.log.address != chain->settings.service) continue;
            const auto event = service::decode_message_out(log.log);
            if (!event) continue;
            sent.push_back(log);
            ids += "\n  " + encode_hex(event->order_id);
        }
        if (sent.empty()) {
            co_return std::unexpected(CommandError{
                ExitCode::kNotFound,
                fmt::format("transaction {} of {} sent no message of service {}", encode_hex(hash),
                            chain->name(), encode_hex(chain->settings.service))});
        }
        if (sent.size() > 1) {
            co_return std::unexpected(CommandError{
                ExitCode::kUsage,
                fmt::format("transaction {} of {} sent {} messages; name one of their order ids:{}",
                            encode_hex(hash), chain->name(), sent.size(), ids)});
        }
        co_return Origin{chain.get(), std::move(sent.front())};
    }
    if (down) co_return std::unexpected(*down);
    co_return std::optional<Origin>();
}

async::Task<Result<std::optional<Tracer::Origin>, CommandError>> Tracer::find_by_order_id(Hash32 order_id) {
    std::optional<CommandError> down;
    for (const auto& chain : chains_.all) {
        chains_.say("looking for the message on " + chain->name());
        auto logs = co_await fetch_service_logs(
            *chain, {.topics = {service::message_out_topic()}, .second_topic = order_id},
            chain->settings.start_block,
            [](const std::vector<rpc::PlacedLog>& found) { return !found.empty(); });
        if (!logs) {
            down = logs.error();
            continue;
        }
        for (rpc::PlacedLog& log : *logs) {
            const auto event = service::decode_message_out(log.log);
            if (event && event->order_id == order_id) co_return Origin{chain.get(), std::move(log)};
        }
    }
    if (down) co_return std::unexpected(*down);
    co_return std::optional<Origin>();
}

async::Task<Result<ChainProgress, CommandError>> Tracer::fetch_progress(OpenChain& chain) {
    if (const auto known = progress_.find(chain.id()); known != progress_.end()) co_return known->second;
    const auto head = co_await chain.api.fetch_block_number();
    if (!head) co_return std::unexpected(unavailable(chain, head.error().text));
    ChainProgress progress{.head = *head, .final_block = {}, .final_error = {}, .hold_up = {}};
    chains_.say("asking what is final on " + chain.name());
    const auto final_block = co_await chain.source->fetch_final_block();
    if (final_block) {
        progress.final_block = *final_block;
        progress.hold_up = chain.source->hold_up();
    } else {
        progress.final_error = final_block.error().text;
    }
    progress_[chain.id()] = progress;
    co_return progress;
}

async::Task<Result<TracedTransaction, CommandError>> Tracer::trace_transaction(OpenChain& chain,
                                                                               rpc::PlacedLog log) {
    const auto receipt = co_await chain.api.fetch_receipt(log.transaction_hash);
    if (!receipt) co_return std::unexpected(unavailable(chain, receipt.error().text));
    const auto time = co_await chain.api.fetch_block_time(log.block);
    if (!time) co_return std::unexpected(unavailable(chain, time.error().text));
    if (!*receipt || !*time) {
        co_return std::unexpected(unavailable(
            chain, fmt::format("has a log of transaction {} in block {}, but not the transaction or block",
                               encode_hex(log.transaction_hash), log.block.value)));
    }
    CO_TRY(const ChainProgress progress, co_await fetch_progress(chain));
    TracedTransaction out{.chain = chain.name(),
                          .chain_id = chain.id(),
                          .block = log.block,
                          .time = **time,
                          .hash = log.transaction_hash,
                          .gas_used = (*receipt)->gas_used,
                          .log = {.block = log.block,
                                  .block_hash = log.block_hash,
                                  .transaction_index = log.transaction_index,
                                  .log_index = log.log_index,
                                  .transaction_hash = log.transaction_hash,
                                  .log = std::move(log.log)},
                          .is_final = {}};
    if (progress.final_block) out.is_final = out.block <= *progress.final_block;
    co_return out;
}

async::Task<Result<UnixSeconds, CommandError>> Tracer::fetch_head_time(OpenChain& chain) {
    CO_TRY(const ChainProgress progress, co_await fetch_progress(chain));
    const auto time = co_await chain.api.fetch_block_time(progress.head);
    if (!time) co_return std::unexpected(unavailable(chain, time.error().text));
    if (!*time) {
        co_return std::unexpected(
            unavailable(chain, fmt::format("its head, block {}, is missing", progress.head.value)));
    }
    co_return **time;
}

/// First block of `chain` in which something that followed from `after` can be.
async::Task<Result<BlockNumber, CommandError>> Tracer::find_start(OpenChain& chain,
                                                                  const TracedTransaction& after) {
    if (after.chain_id == chain.id()) co_return after.block;
    // Both heads are now: a chain whose clock is behind is searched from as much earlier.
    CO_TRY(const UnixSeconds there, co_await fetch_head_time(chain));
    CO_TRY(const UnixSeconds here, co_await fetch_head_time(*chains_.find(after.chain_id)));
    const std::uint64_t behind = here.value - std::min(here.value, there.value);
    const std::uint64_t slack = kClockSlackSeconds + behind;
    const std::uint64_t time = after.time.value - std::min(after.time.value, slack);
    co_return co_await find_block_at(chain, UnixSeconds{time});
}

async::Task<Result<ExecutionStep, CommandError>> Tracer::trace_execution(OpenChain& chain, rpc::PlacedLog log,
                                                                         bool is_retry) {
    const auto event = service::decode_message_in(log.log);
    BUTTER_ASSERT(event.has_value());  // the caller has looked
    CO_TRY(TracedTransaction transaction, co_await trace_transaction(chain, std::move(log)));
    ExecutionStep step;
    step.transaction = std::move(transaction);
    step.order_id = event->order_id;
    step.is_success = event->is_success;
    step.is_retry = is_retry;
    if (!event->is_success) step.reason = service::describe_revert(event->reason);
    if (event->parties) {
        step.from_chain = event->parties->from_chain;
        step.from_address = event->parties->from_address;
    }
    step.message_data = event->message_data;
    co_return step;
}

async::Task<Result<void, CommandError>> Tracer::follow_relay() {
    OpenChain& relay = chains_.relay();
    CO_TRY(const BlockNumber start, co_await find_start(relay, trace_.sent.transaction));
    chains_.say("looking for the message on " + relay.name());
    const Hash32 id = trace_.order_id;
    // Either it was forwarded, or it was executed, once or, after failures, more often.
    CO_TRY(const auto logs,
           co_await fetch_service_logs(
               relay,
               {.topics = {service::message_relay_topic(), service::message_in_topic()}, .second_topic = id},
               start, [](const std::vector<rpc::PlacedLog>& found) {
                   return std::any_of(found.begin(), found.end(), [](const rpc::PlacedLog& log) {
                       const auto in = service::decode_message_in(log.log);
                       return service::decode_message_relay(log.log) || (in && in->is_success);
                   });
               }));
    std::optional<rpc::PlacedLog> relayed_log;
    for (const rpc::PlacedLog& log : logs) {
        if (const auto event = service::decode_message_relay(log.log); event && event->order_id == id) {
            relayed_log = log;
            break;
        }
        const auto event = service::decode_message_in(log.log);
        if (!event || event->order_id != id) continue;
        CO_TRY(ExecutionStep step, co_await trace_execution(relay, log, !trace_.relay_executions.empty()));
        trace_.relay_executions.push_back(std::move(step));
        if (!event->is_success) continue;
        if (trace_.message.relay) {
            // The onward message is in the outbox by a log of the same transaction.
            const auto receipt = co_await relay.api.fetch_receipt(log.transaction_hash);
            if (!receipt) co_return std::unexpected(unavailable(relay, receipt.error().text));
            if (*receipt) {
                for (const rpc::PlacedLog& onward : (*receipt)->logs) {
                    if (onward.log.address != relay.settings.service) continue;
                    const auto made = service::decode_message_relay(onward.log);
                    if (made && made->origin_order_id == id) relayed_log = onward;
                }
            }
        }
        break;
    }
    if (relayed_log) {
        const auto event = service::decode_message_relay(relayed_log->log);
        CO_TRY(TracedTransaction transaction, co_await trace_transaction(relay, *std::move(relayed_log)));
        trace_.relayed = RelayedStep{.transaction = std::move(transaction),
                                     .order_id = event->order_id,
                                     .message = event->message,
                                     .index = event->index};
    }
    if (trace_.relayed || !trace_.relay_executions.empty()) {
        if (trace_.sent.transaction.chain_id != relay.id())
            trace_.verified.accepted_by_relay = co_await describe_inbound(origin());
    }
    co_return Result<void, CommandError>();
}

async::Task<Result<void, CommandError>> Tracer::follow_root() {
    OpenChain& relay = chains_.relay();
    const std::uint64_t index = trace_.relayed->index;
    chains_.say("looking for the outbox root on " + relay.name());
    CO_TRY(const auto logs,
           co_await fetch_service_logs(
               relay,
               {.topics = {service::outbox_root_topic()}, .second_topic = topic_of(trace_.message.to_chain)},
               trace_.relayed->transaction.block, [index](const std::vector<rpc::PlacedLog>& found) {
                   return std::any_of(found.begin(), found.end(), [&](const rpc::PlacedLog& log) {
                       const auto root = service::decode_outbox_root(log.log);
                       return root && root->count > index;
                   });
               }));
    for (const rpc::PlacedLog& log : logs) {
        const auto root = service::decode_outbox_root(log.log);
        if (!root || root->to_chain != trace_.message.to_chain || root->count <= index) continue;
        CO_TRY(TracedTransaction transaction, co_await trace_transaction(relay, log));
        trace_.root = RootStep{std::move(transaction), root->count, root->root};
        break;
    }
    co_return Result<void, CommandError>();
}

async::Task<Result<void, CommandError>> Tracer::follow_destination() {
    OpenChain* destination = chains_.find(trace_.message.to_chain);
    if (destination == nullptr) co_return Result<void, CommandError>();
    CO_TRY(const BlockNumber start, co_await find_start(*destination, trace_.relayed->transaction));
    chains_.say("looking for the delivery on " + destination->name());
    const Hash32 id = trace_.relayed->order_id;
    CO_TRY(
        const auto logs,
        co_await fetch_service_logs(
            *destination,
            {.topics = {service::message_executed_topic(), service::message_in_topic()}, .second_topic = id},
            start, [](const std::vector<rpc::PlacedLog>& found) {
                return std::any_of(found.begin(), found.end(), [](const rpc::PlacedLog& log) {
                    const auto in = service::decode_message_in(log.log);
                    return in && in->is_success;
                });
            }));
    for (const rpc::PlacedLog& log : logs) {
        const auto event = service::decode_message_in(log.log);
        if (!event || event->order_id != id) continue;
        CO_TRY(ExecutionStep step, co_await trace_execution(*destination, log, !trace_.executions.empty()));
        trace_.executions.push_back(std::move(step));
    }
    if (!trace_.executions.empty())
        trace_.verified.root_by_destination = co_await describe_outbound(*destination);
    co_return Result<void, CommandError>();
}

/// The state that `client` on `on` had before `transaction`.
async::Task<std::optional<Bytes>> fetch_state_before(OpenChain& on, Address client, BlockNumber block) {
    if (block.value == 0) co_return std::nullopt;
    const auto answer =
        co_await on.api.call({.from = {}, .to = client, .data = service::encode_client_state(), .value = {}},
                             rpc::BlockId::number(BlockNumber{block.value - 1}));
    if (!answer) co_return std::nullopt;
    co_return service::decode_bytes(*answer);
}

async::Task<std::optional<std::string>> Tracer::describe_inbound(OpenChain& origin) {
    OpenChain& relay = chains_.relay();
    const TracedTransaction& transaction = trace_.relay_executions.empty()
                                               ? trace_.relayed->transaction
                                               : trace_.relay_executions.front().transaction;
    const auto client = chains_.client_of(origin, relay);
    if (!client) co_return std::nullopt;
    const auto sent = co_await relay.api.fetch_transaction(transaction.hash);
    if (!sent || !*sent || (*sent)->to != relay.settings.service) co_return std::nullopt;
    const auto call = service::decode_relay_transfer_in((*sent)->data);
    if (!call || call->from_chain != origin.id()) co_return std::nullopt;
    const auto state = co_await fetch_state_before(relay, *client, transaction.block);
    if (!state) co_return std::nullopt;
    const auto proof = origin.source->verify_proof(call->proof, *state);
    if (!proof) co_return std::nullopt;
    co_return proof->report.summary;
}

async::Task<std::optional<std::string>> Tracer::describe_outbound(OpenChain& destination) {
    OpenChain& relay = chains_.relay();
    const TracedTransaction& transaction = trace_.executions.front().transaction;
    const auto client = chains_.client_of(relay, destination);
    if (!client) co_return std::nullopt;
    const auto sent = co_await destination.api.fetch_transaction(transaction.hash);
    if (!sent || !*sent || (*sent)->to != destination.settings.service) co_return std::nullopt;
    const auto call = service::decode_transfer_in((*sent)->data);
    if (!call) co_return std::nullopt;
    const auto delivery = message::decode_delivery(call->delivery);
    if (!delivery) co_return std::nullopt;
    if (call->root_proof.empty())
        co_return fmt::format("root over {} messages, proven before", delivery->count);
    const auto state = co_await fetch_state_before(destination, *client, transaction.block);
    if (!state) co_return std::nullopt;
    const auto proof = relay.source->verify_proof(call->root_proof, *state);
    if (!proof) co_return std::nullopt;
    co_return fmt::format("{} root over {} messages", proof->report.summary, delivery->count);
}

void Tracer::wait(WaitKind kind, std::string text) {
    trace_.waits_for = kind;
    trace_.wait_text = std::move(text);
}

async::Task<Result<void, CommandError>> Tracer::conclude() {
    OpenChain& relay = chains_.relay();
    const std::string id = encode_hex(trace_.order_id);
    const auto deliver = [&] {
        return fmt::format("start `butter run`, or deliver it yourself with what `butter prove {}` prints",
                           id);
    };
    if (const ExecutionStep* outcome = trace_.find_outcome()) {
        const bool is_end = outcome->transaction.chain_id == trace_.message.to_chain;
        if (outcome->is_success && is_end) {
            trace_.status = TraceStatus::kDelivered;
            co_return Result<void, CommandError>();
        }
        if (!outcome->is_success) {
            trace_.status = TraceStatus::kFailed;
            wait(is_end ? WaitKind::kRetry : WaitKind::kRelayRetry,
                 fmt::format(
                     "its execution on {} failed: {}; anyone can retry it, with more gas if need be, with "
                     "what `butter prove {}` prints",
                     outcome->transaction.chain, outcome->reason, id));
            co_return Result<void, CommandError>();
        }
    }
    if (trace_.root) {
        CO_TRY(const ChainProgress progress, co_await fetch_progress(relay));
        if (trace_.root->transaction.is_final == true) {
            const OpenChain* destination = chains_.find(trace_.message.to_chain);
            if (destination == nullptr) {
                wait(WaitKind::kOutboundProof,
                     fmt::format(
                         "its destination, chain id {}, is not in the configuration: what happened there is "
                         "not known; add a [chains.NAME] for it",
                         trace_.message.to_chain.value));
            } else {
                wait(WaitKind::kOutboundProof,
                     fmt::format("its outbox root is final on {} and nobody has delivered it to {}: {}",
                                 relay.name(), destination->name(), deliver()));
            }
        } else {
            wait(WaitKind::kRootFinality,
                 fmt::format("its outbox root is in block {} of {}, which is not final yet: {}",
                             trace_.root->transaction.block.value, relay.name(), describe(progress)));
        }
    } else if (trace_.relayed) {
        wait(WaitKind::kRootPublication,
             fmt::format("it is number {} in the outbox towards {}, under no published root yet: {}",
                         trace_.relayed->index, chains_.name_of(trace_.message.to_chain), deliver()));
    } else if (trace_.sent.transaction.is_final == true) {
        wait(WaitKind::kInboundProof,
             fmt::format("it is final on {} and nobody has brought its proof to {}: {}",
                         trace_.sent.transaction.chain, relay.name(), deliver()));
    } else {
        CO_TRY(const ChainProgress progress, co_await fetch_progress(origin()));
        wait(WaitKind::kOriginFinality,
             fmt::format("block {} of {} is not final yet: {}", trace_.sent.transaction.block.value,
                         trace_.sent.transaction.chain, describe(progress)));
    }
    co_return Result<void, CommandError>();
}

async::Task<Result<MessageTrace, CommandError>> Tracer::run(Hash32 order) {
    CO_TRY(std::optional<Origin> found, co_await find_by_transaction(order));
    if (!found) {
        CO_TRY(found, co_await find_by_order_id(order));
    }
    if (!found) {
        // Perhaps the id of a message that a relay executor made: then the one it was made from.
        OpenChain& relay = chains_.relay();
        CO_TRY(const auto logs,
               co_await fetch_service_logs(
                   relay, {.topics = {service::message_relay_topic()}, .second_topic = order},
                   relay.settings.start_block,
                   [](const std::vector<rpc::PlacedLog>& logs_found) { return !logs_found.empty(); }));
        for (const rpc::PlacedLog& log : logs) {
            const auto event = service::decode_message_relay(log.log);
            if (!event || event->order_id != order || event->origin_order_id == order) continue;
            CO_TRY(found, co_await find_by_order_id(event->origin_order_id));
            break;
        }
    }
    if (!found) {
        co_return std::unexpected(CommandError{
            ExitCode::kNotFound, fmt::format("no message {} was sent on {}, and no transaction of that hash",
                                             encode_hex(order), chains_.names())});
    }
    const auto event = service::decode_message_out(found->log.log);
    BUTTER_ASSERT(event.has_value());  // that is how it was found
    auto message = message::decode_message(event->message);
    if (!message) {
        co_return std::unexpected(
            CommandError{ExitCode::kFailed, fmt::format("message {} of {}: {}", encode_hex(event->order_id),
                                                        found->chain->name(), to_string(message.error()))});
    }
    trace_.order_id = event->order_id;
    trace_.message = *std::move(message);
    trace_.encoded_message = event->message;
    CO_TRY(trace_.sent.transaction, co_await trace_transaction(*found->chain, std::move(found->log)));
    const auto fee =
        co_await found->chain->api.call({.from = {},
                                         .to = found->chain->settings.service,
                                         .data = service::encode_get_message_fee(
                                             trace_.message.to_chain, Address{}, trace_.message.gas_limit),
                                         .value = {}},
                                        rpc::BlockId::number(trace_.sent.transaction.block));
    if (fee) trace_.sent.fee = service::decode_first_word(*fee);

    CO_TRY_VOID(co_await follow_relay());
    if (trace_.relayed) {
        CO_TRY_VOID(co_await follow_root());
        CO_TRY_VOID(co_await follow_destination());
    }
    CO_TRY_VOID(co_await conclude());
    co_return std::move(trace_);
}

}  // namespace

std::string_view to_string(TraceStatus status) noexcept {
    switch (status) {
        case TraceStatus::kWaiting:
            return "waiting";
        case TraceStatus::kDelivered:
            return "delivered";
        case TraceStatus::kFailed:
            return "failed";
    }
    return "unknown";
}

std::string_view to_string(WaitKind kind) noexcept {
    switch (kind) {
        case WaitKind::kNone:
            return "none";
        case WaitKind::kOriginFinality:
            return "origin_finality";
        case WaitKind::kInboundProof:
            return "inbound_proof";
        case WaitKind::kRootPublication:
            return "root_publication";
        case WaitKind::kRootFinality:
            return "root_finality";
        case WaitKind::kOutboundProof:
            return "outbound_proof";
        case WaitKind::kRetry:
            return "retry";
        case WaitKind::kRelayRetry:
            return "relay_retry";
    }
    return "unknown";
}

const ExecutionStep* MessageTrace::find_outcome() const noexcept {
    if (!executions.empty()) return &executions.back();
    if (relayed) return nullptr;  // what a relay executor did is done; the message is on its way
    return relay_executions.empty() ? nullptr : &relay_executions.back();
}

async::Task<Result<MessageTrace, CommandError>> fetch_trace(Chains& chains, Hash32 order) {
    Tracer tracer(chains);
    co_return co_await tracer.run(order);
}

}  // namespace butter::app
