// SPDX-License-Identifier: Apache-2.0
#include "butter/app/evidence.hpp"

#include <fmt/format.h>

#include "butter/base/assert.hpp"
#include "butter/base/hex.hpp"
#include "butter/message/delivery.hpp"

namespace butter::app {
namespace {

constexpr std::string_view kFormat = "butter-evidence-1";

std::unexpected<std::string> no(std::string text) { return std::unexpected(std::move(text)); }

rpc::Json text(std::string_view value) { return boost::json::string(boost::json::string_view(value)); }

rpc::Json to_json(const ProvenLog& proven) {
    rpc::JsonArray updates;
    for (const Bytes& update : proven.proof.updates) updates.push_back(text(encode_hex(update)));
    return rpc::JsonObject{{"chain_id", proven.chain_id.value},
                           {"opening", encode_hex(proven.proof.opening)},
                           {"updates", std::move(updates)},
                           {"proof", encode_hex(proven.proof.proof)}};
}

Result<Bytes, std::string> read_bytes(const rpc::Json& object, std::string_view key) {
    auto bytes = rpc::find_bytes(object, key);
    if (!bytes) return no(fmt::format("{} is missing or no hex bytes", key));
    return *std::move(bytes);
}

Result<ProvenLog, std::string> read_proven(const rpc::Json& evidence, std::string_view key) {
    const rpc::Json* object = rpc::find_member(evidence, key);
    if (object == nullptr || !object->is_object()) return no(fmt::format("{} is missing or no object", key));
    const auto inside = [&](std::string error) { return no(fmt::format("{}.{}", key, error)); };
    ProvenLog out;
    const rpc::Json* chain_id = rpc::find_member(*object, "chain_id");
    boost::system::error_code error;
    const auto id = chain_id == nullptr ? 0 : chain_id->to_number<std::uint64_t>(error);
    if (chain_id == nullptr || error) return inside("chain_id is missing or no number");
    out.chain_id = ChainId{id};
    auto opening = read_bytes(*object, "opening");
    if (!opening) return inside(opening.error());
    out.proof.opening = *std::move(opening);
    const rpc::JsonArray* updates = rpc::find_array(*object, "updates");
    if (updates == nullptr) return inside("updates is missing or no list");
    for (const rpc::Json& entry : *updates) {
        const auto bytes = entry.is_string() ? decode_hex(std::string_view(entry.get_string()))
                                             : std::unexpected(HexError::kBadDigit);
        if (!bytes) return inside("updates must hold hex bytes");
        out.proof.updates.push_back(*bytes);
    }
    auto proof = read_bytes(*object, "proof");
    if (!proof) return inside(proof.error());
    out.proof.proof = *std::move(proof);
    return out;
}

/// First key of `found` that `expected` does not have, with the objects in it.
std::string find_unknown_key(const rpc::Json& found, const rpc::Json& expected) {
    if (!found.is_object() || !expected.is_object()) return {};
    for (const auto& [key, value] : found.get_object()) {
        const rpc::Json* other = expected.get_object().if_contains(key);
        if (other == nullptr) return std::string(std::string_view(key));
        const std::string inside = find_unknown_key(value, *other);
        if (!inside.empty()) return fmt::format("{}.{}", std::string_view(key), inside);
    }
    return {};
}

}  // namespace

rpc::Json to_json(const Evidence& evidence) {
    rpc::JsonObject out{{"format", text(kFormat)},
                        {"order_id", encode_hex(evidence.order_id)},
                        {"message", encode_hex(evidence.message)},
                        {"sent", to_json(evidence.sent)},
                        {"relayed", nullptr},
                        {"root", nullptr},
                        {"delivery", nullptr},
                        {"executed", to_json(evidence.executed)}};
    if (evidence.onward) {
        out["relayed"] = to_json(evidence.onward->relayed);
        out["root"] = to_json(evidence.onward->root);
        out["delivery"] = encode_hex(evidence.onward->delivery);
    }
    return out;
}

Result<Evidence, std::string> decode_evidence(const rpc::Json& json) {
    if (!json.is_object()) return no("is no JSON object");
    if (rpc::find_text(json, "format") != kFormat) return no(fmt::format("format is not \"{}\"", kFormat));
    Evidence out;
    const auto order_id = rpc::find_fixed<32>(json, "order_id");
    if (!order_id) return no("order_id is missing or not 32 hex bytes");
    out.order_id = *order_id;
    TRY(out.message, read_bytes(json, "message"));
    TRY(out.sent, read_proven(json, "sent"));
    const rpc::Json* relayed = rpc::find_member(json, "relayed");
    if (relayed != nullptr && !relayed->is_null()) {
        OnwardEvidence onward;
        TRY(onward.relayed, read_proven(json, "relayed"));
        TRY(onward.root, read_proven(json, "root"));
        TRY(onward.delivery, read_bytes(json, "delivery"));
        out.onward = std::move(onward);
    }
    TRY(out.executed, read_proven(json, "executed"));
    // One encoding for each evidence: what is written differently, or is not part of it, is refused.
    const rpc::Json again = to_json(out);
    const std::string unknown = find_unknown_key(json, again);
    if (!unknown.empty()) return no(fmt::format("unknown key {}", unknown));
    if (json != again) return no("is not written as `butter verify --save` writes it");
    return out;
}

Result<eth::Log, std::string> EvidenceChecker::take_log(const ProvenLog& proven, const OpenChain& chain,
                                                        std::string& report) const {
    if (proven.chain_id != chain.id())
        return no(fmt::format("is of chain id {}, expected {}", proven.chain_id.value, chain.id().value));
    const auto verified = chain.source->verify_checkpoint_proof(proven.proof);
    if (!verified) return no(verified.error().text);
    if (verified->logs.size() != 1)
        return no(fmt::format("proves {} logs, expected 1", verified->logs.size()));
    const eth::Log& log = verified->logs.front();
    if (log.address != chain.settings.service) {
        return no(fmt::format("emitter is {}, expected the service {} of {}", encode_hex(log.address),
                              encode_hex(chain.settings.service), chain.name()));
    }
    report = fmt::format("{}: {}", chain.name(), verified->report.summary);
    return log;
}

EvidenceChecker::Step EvidenceChecker::check_sent(const Bytes& encoded, const ProvenLog& sent) {
    const auto message = message::decode_message(encoded);
    if (!message) return no(std::string(to_string(message.error())));
    const Hash32 id = message::order_id(encoded);
    if (id != order_id_)
        return no(fmt::format("the message has id {}, expected {}", encode_hex(id), encode_hex(order_id_)));
    const OpenChain* origin = chains_.find(message->from_chain);
    if (origin == nullptr)
        return no(fmt::format("its origin, chain id {}, is not configured", message->from_chain.value));
    std::string report;
    TRY(const eth::Log log, take_log(sent, *origin, report));
    const auto event = service::decode_message_out(log);
    if (!event) return no(std::string(to_string(event.error())));
    if (event->message != encoded) return no("the proven log carries another message");
    if (event->to_chain != message->to_chain) return no("the log's destination is not the message's");
    if (message->service != log.address)
        return no("the message names another service than the one that emitted it");
    message_ = *message;
    encoded_ = encoded;
    return fmt::format("{}, MessageOut of its service, id is the message's hash", report);
}

EvidenceChecker::Step EvidenceChecker::check_relayed(const ProvenLog& relayed) {
    const OpenChain& relay = chains_.relay();
    std::string report;
    TRY(const eth::Log log, take_log(relayed, relay, report));
    const auto event = service::decode_message_relay(log);
    if (!event) return no(std::string(to_string(event.error())));
    if (event->origin_order_id != order_id_)
        return no(fmt::format("was made from message {}", encode_hex(event->origin_order_id)));
    if (event->to_chain != message_.to_chain)
        return no(
            fmt::format("goes to chain id {}, expected {}", event->to_chain.value, message_.to_chain.value));
    const auto onward = message::decode_message(event->message);
    if (!onward) return no(std::string(to_string(onward.error())));
    if (onward->to_chain != message_.to_chain) return no("the onward message names another destination");
    if (!message_.relay) {
        if (event->message != encoded_) return no("another message went on than the one that was sent");
    } else if (onward->from_chain != relay.id() || onward->service != relay.settings.service ||
               onward->sender != message_.target) {
        return no("the onward message is not the relay executor's");
    }
    relayed_ = *event;
    onward_ = *onward;
    return fmt::format(
        "{}, MessageRelay puts {} at {} of the outbox", report,
        message_.relay ? "what the executor made of it, " + encode_hex(event->order_id) + "," : "it",
        event->index);
}

EvidenceChecker::Step EvidenceChecker::check_root(const ProvenLog& root) {
    std::string report;
    TRY(const eth::Log log, take_log(root, chains_.relay(), report));
    const auto event = service::decode_outbox_root(log);
    if (!event) return no(std::string(to_string(event.error())));
    if (event->to_chain != message_.to_chain) return no("is the root of another destination's outbox");
    if (event->count <= relayed_.index)
        return no(fmt::format("is over {} messages, the message is at {}", event->count, relayed_.index));
    root_ = *event;
    return fmt::format("{}, OutboxRoot over {} messages is {}", report, root_.count, encode_hex(root_.root));
}

EvidenceChecker::Step EvidenceChecker::check_delivery(const Bytes& encoded) {
    const auto delivery = message::decode_delivery(encoded);
    if (!delivery) return no(std::string(to_string(delivery.error())));
    if (delivery->count != root_.count) return no("is under another root");
    const auto verified = message::verify_delivery(*delivery, root_.root);
    if (!verified) return no(std::string(to_string(verified.error())));
    if (verified->size() != 1) return no(fmt::format("is of {} messages, expected 1", verified->size()));
    if (verified->front().index != relayed_.index || verified->front().order_id != relayed_.order_id)
        return no("is of another message");
    return fmt::format("Merkle proof of {} siblings leads from the message at {} to that root",
                       delivery->siblings.size(), relayed_.index);
}

EvidenceChecker::Step EvidenceChecker::check_executed(const ProvenLog& executed) {
    const OpenChain* destination = chains_.find(message_.to_chain);
    if (destination == nullptr)
        return no(fmt::format("its destination, chain id {}, is not configured", message_.to_chain.value));
    const message::Message& message = ends_on_relay() ? message_ : onward_;
    const Hash32& id = ends_on_relay() ? order_id_ : relayed_.order_id;
    std::string report;
    TRY(const eth::Log log, take_log(executed, *destination, report));
    const auto event = service::decode_message_in(log);
    if (!event) return no(std::string(to_string(event.error())));
    if (event->order_id != id) return no(fmt::format("is of message {}", encode_hex(event->order_id)));
    // The id alone, which binds all of the message, or what `MessageIn` repeats of it.
    if (event->parties &&
        (event->parties->from_chain != message.from_chain || event->parties->to_chain != message.to_chain ||
         event->parties->from_address != message.sender)) {
        return no("names another origin, destination or sender than the message");
    }
    if (!event->is_success) return no("says that the execution failed");
    return fmt::format("{}, its service says that it was executed", report);
}

std::vector<CheckedStep> verify_evidence(const Chains& chains, const Evidence& evidence) {
    std::vector<CheckedStep> steps;
    EvidenceChecker checker(chains, evidence.order_id);
    const auto holds = [&](std::string_view name, EvidenceChecker::Step step) {
        steps.push_back({name, step.has_value(), step ? *std::move(step) : std::move(step).error()});
        return steps.back().holds;
    };
    if (!holds("sent", checker.check_sent(evidence.message, evidence.sent))) return steps;
    if (checker.ends_on_relay() != !evidence.onward) {
        holds("relayed", no(evidence.onward ? "the message ends on the relay chain, nothing goes on"
                                            : "the evidence ends on the relay chain, the message goes on"));
        return steps;
    }
    if (evidence.onward) {
        if (!holds("relayed", checker.check_relayed(evidence.onward->relayed))) return steps;
        if (!holds("outbox root", checker.check_root(evidence.onward->root))) return steps;
        if (!holds("in outbox", checker.check_delivery(evidence.onward->delivery))) return steps;
    }
    holds("executed", checker.check_executed(evidence.executed));
    return steps;
}

}  // namespace butter::app
