// SPDX-License-Identifier: Apache-2.0
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <vector>

#include "butter/app/trace.hpp"
#include "butter/base/hex.hpp"

namespace butter::app {
namespace {

std::string_view type_name(message::MessageType type) {
    return type == message::MessageType::kMessage ? "MESSAGE" : "CALLDATA";
}

std::string time_text(UnixSeconds time) {
    return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::gmtime(static_cast<std::time_t>(time.value)));
}

std::string final_text(const TracedTransaction& transaction) {
    if (!transaction.is_final) return "final unknown";
    return *transaction.is_final ? "final" : "not final";
}

rpc::JsonObject to_json(const TracedTransaction& transaction) {
    rpc::JsonObject out{{"chain", transaction.chain},
                        {"chain_id", transaction.chain_id.value},
                        {"block", transaction.block.value},
                        {"block_hash", encode_hex(transaction.log.block_hash)},
                        {"time", transaction.time.value},
                        {"transaction", encode_hex(transaction.hash)},
                        {"log_index", transaction.log.log_index},
                        {"gas_used", transaction.gas_used},
                        {"final", nullptr}};
    if (transaction.is_final) out["final"] = *transaction.is_final;
    return out;
}

rpc::JsonObject to_json(const ExecutionStep& step) {
    rpc::JsonObject out = to_json(step.transaction);
    out["order_id"] = encode_hex(step.order_id);
    out["success"] = step.is_success;
    out["retry"] = step.is_retry;
    if (!step.is_success) {
        out["reason"] = step.reason;
        out["from_chain"] = step.from_chain.value;
        out["from_address"] = encode_hex(step.from_address);
        out["message_data"] = encode_hex(step.message_data);
    }
    return out;
}

rpc::Json to_json(const std::optional<std::string>& text) {
    return text ? rpc::Json(boost::json::string(*text)) : rpc::Json(nullptr);
}

/// One line of the table.
struct Row {
    std::string step;
    const TracedTransaction* transaction;
    std::string note;
};

std::string execution_name(const ExecutionStep& step, bool is_executor) {
    const std::string name = is_executor ? "relay executor" : (step.is_retry ? "retry" : "execution");
    return name + (step.is_success ? "" : " failed");
}

std::vector<Row> rows_of(const MessageTrace& trace) {
    std::vector<Row> rows;
    std::string fee;
    if (trace.sent.fee) fee = ", fee " + to_decimal(*trace.sent.fee) + " wei";
    rows.push_back({"sent", &trace.sent.transaction, final_text(trace.sent.transaction) + fee});
    const bool ends_on_relay = !trace.message.relay && !trace.relayed;
    const std::string verified = trace.verified.accepted_by_relay.value_or("");
    for (std::size_t i = 0; i < trace.relay_executions.size(); ++i) {
        const ExecutionStep& step = trace.relay_executions[i];
        std::string note = i == 0 ? verified : "";
        if (!step.is_success) note += (note.empty() ? "" : ", ") + step.reason;
        rows.push_back({execution_name(step, !ends_on_relay), &step.transaction, std::move(note)});
    }
    if (trace.relayed) {
        std::string note = trace.relay_executions.empty() ? verified : "";
        note += fmt::format("{}outbox number {}", note.empty() ? "" : ", ", trace.relayed->index);
        if (trace.relayed->order_id != trace.order_id)
            note += ", goes on as " + encode_hex(trace.relayed->order_id);
        rows.push_back({"relayed", &trace.relayed->transaction, std::move(note)});
    }
    if (trace.root) {
        rows.push_back(
            {"root published", &trace.root->transaction,
             fmt::format("over {} messages, {}", trace.root->count, final_text(trace.root->transaction))});
    }
    for (std::size_t i = 0; i < trace.executions.size(); ++i) {
        const ExecutionStep& step = trace.executions[i];
        std::string note = i == 0 ? trace.verified.root_by_destination.value_or("") : "";
        if (!step.is_success) note += (note.empty() ? "" : ", ") + step.reason;
        rows.push_back({execution_name(step, false), &step.transaction, std::move(note)});
    }
    return rows;
}

}  // namespace

rpc::Json to_json(const MessageTrace& trace, const Chains& chains) {
    const message::Message& message = trace.message;
    rpc::JsonObject sent = to_json(trace.sent.transaction);
    sent["fee_wei"] =
        trace.sent.fee ? rpc::Json(boost::json::string(to_decimal(*trace.sent.fee))) : rpc::Json(nullptr);
    rpc::JsonObject out{{"order_id", encode_hex(trace.order_id)},
                        {"status", boost::json::string(to_string(trace.status))},
                        {"waits_for", boost::json::string(to_string(trace.waits_for))},
                        {"wait_text", boost::json::string(trace.wait_text)},
                        {"message",
                         {{"type", boost::json::string(type_name(message.type))},
                          {"relay", message.relay},
                          {"from", chains.name_of(message.from_chain)},
                          {"from_chain", message.from_chain.value},
                          {"to", chains.name_of(message.to_chain)},
                          {"to_chain", message.to_chain.value},
                          {"nonce", message.nonce},
                          {"gas_limit", message.gas_limit},
                          {"sender", encode_hex(message.sender)},
                          {"target", encode_hex(message.target)},
                          {"payload", encode_hex(message.payload)},
                          {"encoded", encode_hex(trace.encoded_message)}}},
                        {"sent", std::move(sent)},
                        {"accepted_by_relay_verified", to_json(trace.verified.accepted_by_relay)},
                        {"relayed", nullptr},
                        {"root", nullptr},
                        {"root_by_destination_verified", to_json(trace.verified.root_by_destination)}};
    rpc::JsonArray relay_executions;
    for (const ExecutionStep& step : trace.relay_executions) relay_executions.push_back(to_json(step));
    out["relay_executions"] = std::move(relay_executions);
    if (trace.relayed) {
        rpc::JsonObject relayed = to_json(trace.relayed->transaction);
        relayed["order_id"] = encode_hex(trace.relayed->order_id);
        relayed["message"] = encode_hex(trace.relayed->message);
        relayed["index"] = trace.relayed->index;
        out["relayed"] = std::move(relayed);
    }
    if (trace.root) {
        rpc::JsonObject root = to_json(trace.root->transaction);
        root["count"] = trace.root->count;
        root["root"] = encode_hex(trace.root->root);
        out["root"] = std::move(root);
    }
    rpc::JsonArray executions;
    for (const ExecutionStep& step : trace.executions) executions.push_back(to_json(step));
    out["executions"] = std::move(executions);
    return out;
}

std::vector<TraceLine> lines_of(const MessageTrace& trace) {
    std::vector<TraceLine> out;
    for (const Row& row : rows_of(trace)) {
        const TracedTransaction& transaction = *row.transaction;
        out.push_back({row.step + encode_hex(transaction.hash),
                       fmt::format("{} on {} block={} transaction={} gas={} {}", row.step, transaction.chain,
                                   transaction.block.value, encode_hex(transaction.hash),
                                   transaction.gas_used, row.note)});
    }
    return out;
}

std::string to_text(const MessageTrace& trace, const Chains& chains) {
    const message::Message& message = trace.message;
    std::string out = fmt::format(
        "message  {}\n"
        "from     {} by {}, nonce {}\n"
        "to       {} at {}\n"
        "what     {}{}, {} bytes of payload, gas limit {}\n\n",
        encode_hex(trace.order_id), chains.name_of(message.from_chain), encode_hex(message.sender),
        message.nonce, chains.name_of(message.to_chain), encode_hex(message.target), type_name(message.type),
        message.relay ? " through an executor on the relay chain" : "", message.payload.size(),
        message.gas_limit);
    const std::vector<Row> rows = rows_of(trace);
    std::size_t chain_width = 5;
    std::size_t step_width = 4;
    for (const Row& row : rows) {
        chain_width = std::max(chain_width, row.transaction->chain.size());
        step_width = std::max(step_width, row.step.size());
    }
    out += fmt::format("{:<{}}  {:<{}}  {:>10}  {:<19}  {:>9}  {:>9}  {:<66}  {}\n", "step", step_width,
                       "chain", chain_width, "block", "time (UTC)", "after", "gas", "transaction", "what");
    for (const Row& row : rows) {
        const TracedTransaction& transaction = *row.transaction;
        // Block times of two chains may be a little apart in either direction.
        const auto after = static_cast<std::int64_t>(transaction.time.value) -
                           static_cast<std::int64_t>(trace.sent.transaction.time.value);
        out +=
            fmt::format("{:<{}}  {:<{}}  {:>10}  {:<19}  {:>8}s  {:>9}  {:<66}  {}\n", row.step, step_width,
                        transaction.chain, chain_width, transaction.block.value, time_text(transaction.time),
                        after, transaction.gas_used, encode_hex(transaction.hash), row.note);
    }
    out += fmt::format("\nstatus   {}", to_string(trace.status));
    if (!trace.wait_text.empty()) out += fmt::format("\nwhy      {}", trace.wait_text);
    return out;
}

}  // namespace butter::app
