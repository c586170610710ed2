// SPDX-License-Identifier: Apache-2.0
#include "butter/messenger/messenger.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>
#include <utility>

#include "butter/async/sleep.hpp"
#include "butter/base/assert.hpp"
#include "butter/base/hex.hpp"
#include "butter/message/delivery.hpp"
#include "butter/message/message.hpp"
#include "butter/service/calls.hpp"
#include "butter/service/events.hpp"

namespace butter::messenger {
namespace {

/// Blocks asked for in one eth_getLogs; common limits of providers are 1,000 to 10,000.
constexpr std::uint64_t kScanBlocksMax = 1'000;
/// Gas that the messages of one transaction may ask for together, below the cap of EIP-7825.
constexpr std::uint64_t kBatchGasMax = 12'000'000;
/// Message bytes of one transaction: nodes refuse transactions of more than 128 KiB, and a proof comes beside
/// them.
constexpr std::size_t kBatchBytesMax = 64 * 1024;
/// What was scanned since the last time is read from every endpoint after so many polls.
constexpr std::size_t kCrossReadPolls = 60;
/// Deliveries looked at again in one round; each costs a request or two.
constexpr std::size_t kConfirmedAtOnceMax = 100;
constexpr std::int64_t kHoldUpIntervalMs = 300'000;
/// An endpoint that is down for a moment, or a chain that only begins, is worth no warning.
constexpr std::int64_t kNoFinalBlockPatienceMs = 60'000;

/// A store that cannot write stops the program: a transition that is not written down may not be relied on.
template <class T>
T must(Result<T, store::StoreError> result) {
    if (!result) throw std::runtime_error("store: " + result.error().text);
    if constexpr (!std::is_void_v<T>) return *std::move(result);
}

std::string id_text(const Hash32& id) { return encode_hex(id); }

chain::LogPosition to_position(const rpc::PlacedLog& placed) {
    return {.block = placed.block,
            .block_hash = placed.block_hash,
            .transaction_index = placed.transaction_index,
            .log_index = placed.log_index,
            .transaction_hash = placed.transaction_hash,
            .log = placed.log};
}

/// Whether a log with the topic of one of our events is none.
bool is_spoilt(const eth::Log& log) {
    if (log.topics.empty()) return false;
    const Hash32& topic = log.topics[0];
    if (topic == service::message_out_topic()) {
        const auto event = service::decode_message_out(log);
        return !event || !message::decode_message(event->message);
    }
    if (topic == service::message_relay_topic()) {
        const auto event = service::decode_message_relay(log);
        return !event || !message::decode_message(event->message);
    }
    return topic == service::outbox_root_topic() && !service::decode_outbox_root(log);
}

/// The node or the contract would not have this transaction; a smaller one may pass.
bool may_split(evm::SendError::Kind kind) {
    return kind == evm::SendError::Kind::kWouldRevert || kind == evm::SendError::Kind::kRejected;
}

/// A node may answer with more than was asked for; what is not the service's is nobody's message.
void keep_asked(std::vector<rpc::PlacedLog>& logs, const Address& service, BlockNumber first,
                BlockNumber last) {
    std::erase_if(logs, [&](const rpc::PlacedLog& placed) {
        return placed.log.address != service || placed.block < first || placed.block > last;
    });
}

std::string describe(const evm::SendError& error) {
    if (error.kind == evm::SendError::Kind::kWouldRevert && !error.data.empty()) {
        return "would revert: " + service::describe_revert(error.data);
    }
    return error.text;
}

}  // namespace

Messenger::Messenger(HopStore& store, Chain relay, std::vector<Chain> outer, Options options)
    : store_(store), relay_(std::move(relay)), outer_(std::move(outer)), options_(std::move(options)) {}

const Chain* Messenger::find_outer(ChainId id) const noexcept {
    const auto it =
        std::find_if(outer_.begin(), outer_.end(), [&](const Chain& chain) { return chain.id == id; });
    return it == outer_.end() ? nullptr : &*it;
}

std::string Messenger::name_of(ChainId id) const {
    if (id == relay_.id) return relay_.name;
    const Chain* chain = find_outer(id);
    return chain == nullptr ? std::to_string(id.value) : chain->name;
}

async::Task<void> Messenger::run() {
    using namespace boost::asio::experimental::awaitable_operators;
    must(store_.restart());
    const auto executor = co_await boost::asio::this_coro::executor;
    // A fixed set of loops: all end together, and the first exception ends the others.
    async::Task<void> all = scan(relay_);
    for (const Chain& chain : outer_) {
        all = (std::move(all) && scan(chain) && deliver_inbound(chain) && deliver_outbound(chain));
    }
    co_await std::move(all);
}

async::Task<void> Messenger::scan(const Chain& chain) {
    cross_reads_[chain.id].next_block = must(store_.load_cursor(chain.id)).value_or(chain.start_block);
    for (;;) {
        co_await scan_once(chain);
        co_await cross_read(chain);
        co_await async::sleep_for(options_.poll_interval);
    }
}

async::Task<void> Messenger::deliver_inbound(const Chain& origin) {
    for (;;) {
        co_await inbound_once(origin);
        co_await async::sleep_for(options_.poll_interval);
    }
}

async::Task<void> Messenger::deliver_outbound(const Chain& destination) {
    for (;;) {
        co_await outbound_once(destination);
        co_await async::sleep_for(options_.poll_interval);
    }
}

void Messenger::advance(Hop& hop, const HopEvent& event) {
    const auto progress = next(hop.progress, event);
    BUTTER_ASSERT(progress.has_value());
    hop.progress = *progress;
    must(store_.save_progress(hop.key, hop.progress));
}

void Messenger::hold(Hop& hop, const std::string& where, const StepError& error) {
    if (error.kind != StepError::Kind::kObstructed) {
        advance(hop, Waiting{error.text, options_.now()});
        return;
    }
    advance(hop, Obstructed{error.text, options_.now()});
    spdlog::warn("messenger: held up message={} at {} attempt={}: {}", id_text(hop.key.order_id), where,
                 hop.progress.attempts, error.text);
}

// ---- detection
// ---------------------------------------------------------------------------------------------------

message::Outbox& Messenger::outbox_to(ChainId destination) {
    const auto [it, is_new] = outboxes_.try_emplace(destination);
    if (is_new) {
        for (const Hash32& order_id : must(store_.load_outbox(relay_.id, destination)))
            it->second.append(order_id);
    }
    return it->second;
}

Result<Messenger::Findings, std::string> Messenger::read_logs(const Chain& chain,
                                                              const std::vector<rpc::PlacedLog>& logs) {
    Findings out;
    const UnixMillis now = options_.now();
    if (chain.id != relay_.id && !next_nonces_.contains(chain.id)) {
        // Of a message that came first nobody can say whether one is missing before it.
        if (const auto last = must(store_.find_last_hop(chain.id))) {
            if (const auto message = message::decode_message(last->message))
                next_nonces_[chain.id] = message->nonce + 1;
        }
    }
    std::pair<std::uint64_t, std::uint64_t> previous;
    for (const rpc::PlacedLog& placed : logs) {
        const auto name = [&] {
            return "log " + std::to_string(placed.log_index) + " of block " +
                   std::to_string(placed.block.value);
        };
        const std::pair place(placed.block.value, placed.log_index);
        if (place < previous) return std::unexpected(name() + " comes after one of later");
        previous = place;
        if (is_spoilt(placed.log)) return std::unexpected(name() + " is not what the service emits");
        Hop hop{.key = {},
                .origin_order_id = {},
                .position = to_position(placed),
                .message = {},
                .index = 0,
                .seen_at = now,
                .progress = {}};
        if (service::decode_message_in(placed.log)) {
            out.executions.push_back(placed);
        } else if (const auto sent = service::decode_message_out(placed.log); sent && chain.id != relay_.id) {
            const auto message = message::decode_message(sent->message);
            BUTTER_ASSERT(message.has_value());  // or it would be spoilt
            auto next_nonce = next_nonces_.find(chain.id);
            if (next_nonce != next_nonces_.end() && message->nonce > next_nonce->second)
                return std::unexpected(name() + " has the message with nonce " +
                                       std::to_string(message->nonce) + ", and that with nonce " +
                                       std::to_string(next_nonce->second) + " was not shown");
            // One that is known already, or was hidden once, is taken: its proof decides.
            if (next_nonce == next_nonces_.end() || message->nonce == next_nonce->second)
                next_nonces_[chain.id] = message->nonce + 1;
            hop.key = {chain.id, relay_.id, sent->order_id};
            hop.origin_order_id = sent->order_id;
            hop.message = sent->message;
            out.hops.push_back(std::move(hop));
        } else if (const auto relayed = service::decode_message_relay(placed.log);
                   relayed && chain.id == relay_.id) {
            message::Outbox& outbox = outbox_to(relayed->to_chain);
            if (relayed->index > outbox.count())
                return std::unexpected(name() + " has message " + std::to_string(relayed->index) +
                                       " for chain " + std::to_string(relayed->to_chain.value) +
                                       ", and message " + std::to_string(outbox.count()) + " was not shown");
            if (relayed->index == outbox.count()) outbox.append(relayed->order_id);
            if (!outbox.holds({relayed->index, relayed->order_id}))
                return std::unexpected(name() + " has another message " + std::to_string(relayed->index) +
                                       " for chain " + std::to_string(relayed->to_chain.value) +
                                       " than was shown before");
            hop.key = {chain.id, relayed->to_chain, relayed->order_id};
            hop.origin_order_id = relayed->origin_order_id;
            hop.message = relayed->message;
            hop.index = relayed->index;
            out.hops.push_back(std::move(hop));
        } else if (const auto root = service::decode_outbox_root(placed.log); root && chain.id == relay_.id) {
            const message::Outbox& outbox = outbox_to(root->to_chain);
            if (root->count > outbox.count() || outbox.root(root->count) != root->root)
                return std::unexpected(name() + " has a root over " + std::to_string(root->count) +
                                       " messages for chain " + std::to_string(root->to_chain.value) +
                                       " to which the messages shown do not lead");
            out.roots.push_back({root->to_chain, root->count, root->root, std::move(hop.position)});
        }
    }
    return out;
}

void Messenger::forget_unproven(const Chain& chain) {
    outboxes_.clear();
    next_nonces_.erase(chain.id);
    if (chain.id == relay_.id) return must(store_.forget_unproven(relay_.id, relay_.start_block));
    const auto last = must(store_.find_last_hop(chain.id));
    if (last) must(store_.forget_from(chain.id, last->position.block));
}

void Messenger::doubt(const Chain& chain, const std::string& why) {
    spdlog::warn("messenger: an endpoint of {} is not believed: {}", chain.name, why);
    chain.api.endpoints().distrust_last();
    outboxes_.clear();
    next_nonces_.erase(chain.id);
    std::size_t& count = doubts_[chain.id];
    if (++count <= chain.api.endpoints().size()) return;
    count = 0;
    spdlog::warn(
        "messenger: all endpoints of {} contradict what one said before; what was not proven is "
        "forgotten and read again",
        chain.name);
    forget_unproven(chain);
}

void Messenger::refute(const Chain& chain, BlockNumber block, const std::string& why) {
    spdlog::warn(
        "messenger: an endpoint of {} announced what is not there, its logs are read again from "
        "block {}: {}",
        chain.name, block.value, why);
    chain.api.endpoints().distrust_last();
    if (chain.id == relay_.id) return forget_unproven(chain);
    next_nonces_.erase(chain.id);
    must(store_.forget_from(chain.id, block));
}

rpc::LogFilter Messenger::filter_of(const Chain& chain, BlockNumber first, BlockNumber last) const {
    rpc::LogFilter filter{.from = first,
                          .to = last,
                          .addresses = {chain.service},
                          .topics = {},
                          .second_topic = {},
                          .third_topic = {}};
    if (chain.id == relay_.id) {
        filter.topics = {service::message_relay_topic(), service::outbox_root_topic(),
                         service::message_in_topic()};
    } else {
        filter.topics = {service::message_out_topic(), service::message_in_topic()};
    }
    return filter;
}

async::Task<void> Messenger::cross_read(const Chain& chain) {
    if (chain.api.endpoints().size() < 2) co_return;
    const auto cursor = must(store_.load_cursor(chain.id));
    if (!cursor) co_return;
    CrossRead& state = cross_reads_[chain.id];
    if (*cursor <= state.next_block) co_return;
    const bool is_far_behind = cursor->value - state.next_block.value > kScanBlocksMax;
    if (++state.polls < kCrossReadPolls && !is_far_behind) co_return;
    state.polls = 0;
    const BlockNumber first = state.next_block;
    const BlockNumber last{std::min(cursor->value, first.value + kScanBlocksMax) - 1};
    auto answers = co_await chain.api.fetch_logs_each(filter_of(chain, first, last));
    if (must(store_.load_cursor(chain.id)) != cursor) co_return;  // those blocks are scanned again
    for (auto& logs : answers) {
        if (!logs) continue;
        keep_asked(*logs, chain.service, first, last);
        const auto findings = read_logs(chain, *logs);
        if (!findings) {
            outboxes_.clear();
            next_nonces_.erase(chain.id);
            spdlog::warn("messenger: an endpoint of {} is not believed: {}", chain.name, findings.error());
            continue;
        }
        for (const Hop& hop : findings->hops) {
            if (must(store_.find_hop(hop.key))) continue;
            spdlog::warn("messenger: an endpoint of {} did not show message={} in block {}, another one does",
                         chain.name, id_text(hop.key.order_id), hop.position.block.value);
            chain.api.endpoints().distrust_last();
        }
        must(store_.save_scan(chain.id, *cursor, findings->hops, findings->roots));
    }
    state.next_block = BlockNumber{last.value + 1};
}

void Messenger::warn_of_hold_up(const Chain& chain, const std::string& text, std::int64_t patience_ms) {
    HoldUp& last = hold_ups_[chain.id];
    if (text.empty()) {
        if (last.is_open) spdlog::info("messenger: blocks of {} become final again", chain.name);
        last.is_open = false;
        last.began_at.reset();
        return;
    }
    const UnixMillis now = options_.now();
    if (!last.began_at) last.began_at = now;
    if (now.value < last.began_at->value + patience_ms) return;
    if (last.said_at && now.value < last.said_at->value + kHoldUpIntervalMs) return;
    last.said_at = now;
    last.is_open = true;
    spdlog::warn("messenger: waiting for final blocks of {}: {}", chain.name, text);
}

async::Task<void> Messenger::scan_once(const Chain& chain) {
    const auto final_block = co_await chain.source.fetch_final_block();
    if (!final_block) {
        warn_of_hold_up(chain, final_block.error().text, kNoFinalBlockPatienceMs);
        co_return;
    }
    warn_of_hold_up(chain, chain.source.hold_up(), 0);
    co_await confirm(chain, *final_block);
    for (;;) {
        const BlockNumber first = must(store_.load_cursor(chain.id)).value_or(chain.start_block);
        if (first > *final_block) co_return;
        std::uint64_t& blocks = scan_blocks_.try_emplace(chain.id, kScanBlocksMax).first->second;
        const BlockNumber last{std::min(final_block->value, first.value + blocks - 1)};
        auto logs = co_await chain.api.fetch_logs(filter_of(chain, first, last));
        if (!logs) {
            spdlog::warn("messenger: cannot read logs of {} in {} blocks from {}: {}", chain.name,
                         last.value - first.value + 1, first.value, logs.error().text);
            // Providers limit the range, the number of logs or the time that a question may take.
            if (blocks == 1) chain.api.endpoints().set_aside_last();
            blocks = std::max<std::uint64_t>((last.value - first.value + 1) / 2, 1);
            co_return;
        }
        blocks = std::min(2 * blocks, kScanBlocksMax);
        // Meanwhile what was known may have been refuted.
        if (must(store_.load_cursor(chain.id)).value_or(chain.start_block) != first) continue;
        keep_asked(*logs, chain.service, first, last);
        const auto findings = read_logs(chain, *logs);
        // Passing over what is wrong would lose a message: another endpoint may tell the truth.
        if (!findings) {
            doubt(chain, findings.error());
            co_return;
        }
        if (!logs->empty()) doubts_.erase(chain.id);
        must(store_.save_scan(chain.id, BlockNumber{last.value + 1}, findings->hops, findings->roots));
        for (const rpc::PlacedLog& placed : findings->executions) note_execution(chain, placed);
        for (const Hop& hop : findings->hops) {
            spdlog::info("messenger: final message={} hop={}->{} block={} transaction={}",
                         id_text(hop.key.order_id), chain.name, name_of(hop.key.to), hop.position.block.value,
                         id_text(hop.position.transaction_hash));
        }
    }
}

void Messenger::note_execution(const Chain& chain, const rpc::PlacedLog& log) {
    const auto event = service::decode_message_in(log.log);
    if (!event || !event->is_success) return;
    // What arrives on the relay chain came from its origin, all else from the relay chain.
    const ChainId from = chain.id == relay_.id && event->parties ? event->parties->from_chain : relay_.id;
    auto hop = must(store_.find_hop({from, chain.id, event->order_id}));
    if (!hop || hop->progress.state != HopState::kFailed) return;
    advance(*hop, RetriedOnChain{{.transaction = log.transaction_hash, .block = log.block, .gas_used = 0}});
    spdlog::info("messenger: retried message={} hop={}->{} block={} transaction={}", id_text(event->order_id),
                 name_of(from), chain.name, log.block.value, id_text(log.transaction_hash));
}

async::Task<Result<std::vector<bool>, std::string>> Messenger::fetch_are_there(const Chain& chain,
                                                                               std::vector<Hop> hops,
                                                                               rpc::BlockId id) {
    std::vector<rpc::CallRequest> requests;
    for (const Hop& hop : hops) {
        // The relay chain remembers orders, the others places in the outbox.
        requests.push_back({.from = {},
                            .to = chain.service,
                            .data = chain.id == relay_.id
                                        ? service::encode_get_order_status(hop.key.from, hop.key.order_id)
                                        : service::encode_is_delivered(hop.index),
                            .value = {}});
    }
    const auto answers = co_await chain.api.call_all(std::move(requests), std::move(id));
    if (!answers) co_return std::unexpected(answers.error().text);
    std::vector<bool> out;
    for (const auto& answer : *answers) {
        if (!answer) co_return std::unexpected(answer.error().text);
        const auto word = service::decode_first_word(*answer);
        if (!word) co_return std::unexpected("there is no service at " + encode_hex(chain.service));
        out.push_back(*word == Uint256{1});
    }
    co_return out;
}

async::Task<void> Messenger::confirm(const Chain& chain, BlockNumber final_block) {
    std::vector<Hop> hops = must(store_.load_unconfirmed(chain.id, final_block, kConfirmedAtOnceMax));
    if (hops.empty()) co_return;
    const auto are_final = co_await fetch_are_there(chain, hops, rpc::BlockId::number(final_block));
    if (!are_final) {
        spdlog::debug("messenger: cannot confirm messages on {}: {}", chain.name, are_final.error());
        co_return;
    }
    std::vector<Hop> missing;
    for (std::size_t i = 0; i < hops.size(); ++i) {
        if ((*are_final)[i]) {
            advance(hops[i], Confirmed{});
        } else {
            missing.push_back(std::move(hops[i]));
        }
    }
    if (missing.empty()) co_return;
    const auto head = co_await chain.api.fetch_block_number();
    const auto are_there = co_await fetch_are_there(chain, missing, rpc::BlockId::latest());
    if (!head || !are_there) co_return;
    for (std::size_t i = 0; i < missing.size(); ++i) {
        if ((*are_there)[i]) {
            advance(missing[i], Moved{*head});
            continue;
        }
        advance(missing[i], Undone{});
        spdlog::warn("messenger: {} took back the block that brought message={}; it is brought again",
                     chain.name, id_text(missing[i].key.order_id));
    }
}

// ---- delivery
// ----------------------------------------------------------------------------------------------------

void Messenger::settle(std::vector<Hop>& hops, const evm::TransactionOutcome& outcome,
                       const Address& service_address) {
    const AcceptedOnChain accepted{outcome.hash, outcome.block,
                                   outcome.gas_used / std::max<std::size_t>(hops.size(), 1)};
    for (Hop& hop : hops) {
        for (const eth::Log& log : outcome.logs) {
            if (log.address != service_address) continue;
            if (const auto in = service::decode_message_in(log); in && in->order_id == hop.key.order_id) {
                if (in->is_success) {
                    advance(hop, accepted);
                } else {
                    advance(hop, ExecutionFailed{accepted, service::describe_revert(in->reason)});
                }
            } else if (const auto relayed = service::decode_message_relay(log);
                       relayed && relayed->origin_order_id == hop.key.order_id) {
                advance(hop, accepted);
            } else if (const auto known = service::decode_already_delivered(log);
                       known && known->order_id == hop.key.order_id) {
                advance(hop, FoundDelivered{outcome.block});
            } else if (const auto old = service::decode_delivered_before(log);
                       old && hop.key.from == relay_.id && old->index == hop.index) {
                advance(hop, FoundDelivered{outcome.block});
            } else {
                continue;
            }
            break;
        }
        if (!is_done(hop.progress.state)) {
            advance(hop,
                    Obstructed{"transaction " + id_text(outcome.hash) + " did not take it", options_.now()});
        }
        spdlog::info("messenger: {} message={} hop={}->{} block={} transaction={} gas={} elapsed_ms={}{}",
                     to_string(hop.progress.state), id_text(hop.key.order_id), name_of(hop.key.from),
                     name_of(hop.key.to), outcome.block.value, id_text(outcome.hash), hop.progress.gas_used,
                     options_.now().value - hop.seen_at.value,
                     hop.progress.reason.empty() ? "" : " reason=\"" + hop.progress.reason + "\"");
    }
}

async::Task<std::vector<Hop>> Messenger::drop_delivered(const Chain& chain, std::vector<Hop> hops) {
    std::vector<Hop> out;
    if (hops.empty()) co_return out;
    const auto head = co_await chain.api.fetch_block_number();
    const auto are_there = co_await fetch_are_there(chain, hops, rpc::BlockId::latest());
    for (std::size_t i = 0; i < hops.size(); ++i) {
        if (!head || !are_there) {
            hold(hops[i], chain.name,
                 {StepError::Kind::kObstructed, head ? are_there.error() : head.error().text});
        } else if ((*are_there)[i]) {
            advance(hops[i], FoundDelivered{*head});
            spdlog::info("messenger: delivered message={} hop={}->{} by somebody else",
                         id_text(hops[i].key.order_id), name_of(hops[i].key.from), chain.name);
        } else {
            out.push_back(std::move(hops[i]));
        }
    }
    co_return out;
}

async::Task<void> Messenger::inbound_once(const Chain& origin) {
    std::vector<Hop> due =
        must(store_.load_due(origin.id, relay_.id, options_.now(), options_.batch_messages_max));
    while (!due.empty()) {
        // One proof carries the logs of one block.
        const BlockNumber block = due.front().position.block;
        std::size_t bytes = 0;
        const auto end = std::find_if(due.begin(), due.end(), [&](const Hop& hop) {
            const bool is_first = bytes == 0;
            bytes += hop.message.size();
            return hop.position.block != block || (!is_first && bytes > kBatchBytesMax);
        });
        std::vector<Hop> group(std::make_move_iterator(due.begin()), std::make_move_iterator(end));
        due.erase(due.begin(), end);
        for (Hop& hop : group) {
            if (hop.progress.state == HopState::kParked) advance(hop, WaitOver{});
        }
        const bool is_settled = co_await prove_and_submit_inbound(origin, group);
        if (is_settled || group.size() == 1) continue;
        // A batch that will not do is split, so that one bad member holds up nobody else.
        for (Hop& hop : group) {
            auto current = must(store_.find_hop(hop.key));
            if (!current || is_done(current->progress.state)) continue;
            if (current->progress.state == HopState::kParked) advance(*current, WaitOver{});
            std::vector<Hop> single;
            single.push_back(*std::move(current));
            co_await prove_and_submit_inbound(origin, std::move(single));
        }
    }
}

/// False when smaller batches may do better.
async::Task<bool> Messenger::prove_and_submit_inbound(const Chain& origin, std::vector<Hop> hops) {
    // A proof of what somebody else brought is gas for nothing.
    hops = co_await drop_delivered(relay_, std::move(hops));
    if (hops.empty()) co_return true;
    std::vector<chain::LogPosition> positions;
    for (const Hop& hop : hops) positions.push_back(hop.position);
    const auto step = co_await build_inbound({.origin = origin.id,
                                              .source = origin.source,
                                              .relay = relay_.api,
                                              .client = origin.client_on_relay,
                                              .client_since = relay_.start_block},
                                             std::move(positions));
    if (!step && step.error().kind == StepError::Kind::kRefuted) {
        refute(origin, hops.front().position.block, step.error().text);
        co_return true;
    }
    if (!step) {
        // The client is past the block, and nothing that it knew before serves either: that does not change
        // soon.
        StepError error = step.error();
        if (error.kind == StepError::Kind::kOutdated) error.kind = StepError::Kind::kObstructed;
        for (Hop& hop : hops) hold(hop, origin.name, error);
        co_return true;
    }
    for (Hop& hop : hops) {
        advance(hop, ProofVerified{step->report});
        spdlog::info("messenger: proved message={} hop={}->{} {}", id_text(hop.key.order_id), origin.name,
                     relay_.name, step->report);
        advance(hop, TransactionWritten{});
    }
    const auto outcome =
        co_await relay_.sender.send({.to = relay_.service, .data = step->call_data, .value = {}});
    if (!outcome) {
        for (Hop& hop : hops)
            hold(hop, relay_.name, {StepError::Kind::kObstructed, describe(outcome.error())});
        co_return !may_split(outcome.error().kind);
    }
    settle(hops, *outcome, relay_.service);
    // It reverted although it did not when it was tried.
    co_return outcome->is_success;
}

async::Task<void> Messenger::publish_root(const Chain& destination) {
    // Its log is found once its block is final. A reorganisation may take the transaction back: then the scan
    // passes the block without finding the log, and there is reason to publish again.
    if (const auto last = published_in_.find(destination.id); last != published_in_.end()) {
        const auto next_block = must(store_.load_cursor(relay_.id));
        if (!next_block || *next_block <= last->second) co_return;
    }
    PublicationTry& tried = publication_tries_[destination.id];
    if (options_.now() < tried.next) co_return;
    const auto outcome = co_await relay_.sender.send(
        {.to = relay_.service, .data = service::encode_publish_root(destination.id), .value = {}});
    if (!outcome || !outcome->is_success) {
        tried.next = UnixMillis{options_.now().value + retry_delay_ms(++tried.count)};
        spdlog::warn(
            "messenger: cannot publish the root for {}: {}", destination.name,
            outcome ? "transaction " + id_text(outcome->hash) + " reverted" : describe(outcome.error()));
        co_return;
    }
    tried = {};
    published_in_[destination.id] = outcome->block;
    spdlog::info("messenger: published root for {} block={} transaction={} gas={}", destination.name,
                 outcome->block.value, id_text(outcome->hash), outcome->gas_used);
}

async::Task<void> Messenger::outbound_once(const Chain& destination) {
    std::vector<Hop> due =
        must(store_.load_due(relay_.id, destination.id, options_.now(), options_.batch_messages_max));
    if (due.empty()) co_return;
    const auto root = must(store_.find_newest_root(destination.id));
    const auto is_covered = [&](const Hop& hop) { return root && hop.index < root->count; };
    // The covered ones need not wait for the others' root.
    if (!std::all_of(due.begin(), due.end(), is_covered)) co_await publish_root(destination);
    std::erase_if(due, [&](const Hop& hop) { return !is_covered(hop); });
    for (Hop& hop : due) {
        if (hop.progress.state == HopState::kParked) advance(hop, WaitOver{});
    }
    due = co_await drop_delivered(destination, std::move(due));
    std::vector<Hop> batch;
    std::uint64_t gas = 0;
    std::size_t bytes = 0;
    for (Hop& hop : due) {
        const auto message = message::decode_message(hop.message);
        if (!message) {
            hold(hop, relay_.name, {StepError::Kind::kObstructed, "the relay chain's log holds no message"});
            continue;
        }
        if (!batch.empty() &&
            (gas + message->gas_limit > kBatchGasMax || bytes + hop.message.size() > kBatchBytesMax))
            continue;
        gas += message->gas_limit;
        bytes += hop.message.size();
        batch.push_back(std::move(hop));
    }
    if (!batch.empty() && root) co_await submit_outbound(destination, std::move(batch), *root);
}

async::Task<void> Messenger::submit_outbound(const Chain& destination, std::vector<Hop> hops,
                                             RootRecord root) {
    std::sort(hops.begin(), hops.end(), [](const Hop& a, const Hop& b) { return a.index < b.index; });

    std::vector<message::DeliveredMessage> messages;
    for (const Hop& hop : hops) messages.push_back({hop.index, hop.message});
    PublishedRoot published{root.count, root.root, root.position};
    auto delivery = make_outbound_delivery(outbox_to(destination.id), published, std::move(messages));
    // Scans check it: the logs were read again meanwhile.
    if (!delivery) {
        for (Hop& hop : hops) hold(hop, relay_.name, {StepError::Kind::kObstructed, delivery.error()});
        co_return;
    }
    const auto step = co_await build_outbound({.source = relay_.source,
                                               .destination = destination.api,
                                               .service = destination.service,
                                               .client = destination.relay_client},
                                              std::move(published), *std::move(delivery));
    if (!step && step.error().kind == StepError::Kind::kRefuted) {
        refute(relay_, root.position.block, step.error().text);
        co_return;
    }
    if (!step) {
        if (step.error().kind == StepError::Kind::kOutdated) co_await publish_root(destination);
        for (Hop& hop : hops) hold(hop, destination.name, step.error());
        co_return;
    }
    if (step->has_root_proof) must(store_.save_proven_root(destination.id, root.count, root.position.block));
    for (Hop& hop : hops) {
        advance(hop, ProofVerified{step->report});
        spdlog::info("messenger: proved message={} hop={}->{} index={} root_count={} {}",
                     id_text(hop.key.order_id), relay_.name, destination.name, hop.index, root.count,
                     step->report);
        advance(hop, TransactionWritten{});
    }
    const auto outcome =
        co_await destination.sender.send({.to = destination.service, .data = step->call_data, .value = {}});
    bool is_refused = false;
    if (outcome) {
        settle(hops, *outcome, destination.service);
        // It reverted although it did not when it was tried.
        is_refused = !outcome->is_success;
    } else {
        for (Hop& hop : hops)
            hold(hop, destination.name, {StepError::Kind::kObstructed, describe(outcome.error())});
        is_refused = may_split(outcome.error().kind);
    }
    if (!is_refused || hops.size() == 1) co_return;
    // Split, so that one bad member holds up nobody else.
    for (Hop& hop : hops) {
        advance(hop, WaitOver{});
        std::vector<Hop> single;
        single.push_back(hop);
        co_await submit_outbound(destination, std::move(single), root);
    }
}

}  // namespace butter::messenger
