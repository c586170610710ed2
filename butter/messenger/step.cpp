// SPDX-License-Identifier: Apache-2.0
#include "butter/messenger/step.hpp"

#include <algorithm>
#include <utility>

#include "butter/base/hex.hpp"
#include "butter/service/calls.hpp"
#include "butter/service/events.hpp"

namespace butter::messenger {
namespace {

StepError obstructed(std::string text) { return {StepError::Kind::kObstructed, std::move(text)}; }

StepError from_source(chain::SourceError error) {
    using From = chain::SourceError::Kind;
    using To = StepError::Kind;
    switch (error.kind) {
        case From::kNotReady:
            return {To::kWaiting, std::move(error.text)};
        case From::kOutdated:
            return {To::kOutdated, std::move(error.text)};
        case From::kRefuted:
            return {To::kRefuted, std::move(error.text)};
        case From::kUnavailable:
        case From::kInvalid:
        case From::kUnsupported:
            break;
    }
    return obstructed(std::move(error.text));
}

/// Blocks of the relay chain looked through at once for what a client once was.
constexpr std::uint64_t kPastBlocksMax = 1'000;

/// A proof under one of the points that the client passed on its way, from the newest back; `outdated` when
/// there is none.
async::Task<Result<chain::Proof, chain::SourceError>> prove_in_past(InboundLane lane,
                                                                    std::vector<chain::LogPosition> positions,
                                                                    chain::SourceError outdated) {
    const auto unavailable = [](const rpc::RpcError& error) {
        return chain::SourceError{chain::SourceError::Kind::kUnavailable, error.text};
    };
    const auto head = co_await lane.relay.fetch_block_number();
    if (!head) co_return std::unexpected(unavailable(head.error()));
    for (std::uint64_t end = head->value + 1; end > lane.client_since.value;) {
        const std::uint64_t first = std::max(lane.client_since.value, end - std::min(end, kPastBlocksMax));
        rpc::LogFilter filter{.from = BlockNumber{first},
                              .to = BlockNumber{end - 1},
                              .addresses = {lane.client},
                              .topics = {service::client_updated_topic()},
                              .second_topic = {},
                              .third_topic = {}};
        end = first;
        const auto logs = co_await lane.relay.fetch_logs(std::move(filter));
        if (!logs) co_return std::unexpected(unavailable(logs.error()));
        std::vector<Bytes> states;
        for (const rpc::PlacedLog& placed : *logs) {
            if (auto event = service::decode_client_updated(placed.log);
                event && placed.log.address == lane.client)
                states.push_back(std::move(event->state));
        }
        if (states.empty()) continue;
        auto proof = co_await lane.source.fetch_past_proof(positions, std::move(states));
        if (proof) co_return std::move(proof);
        if (proof.error().kind == chain::SourceError::Kind::kNotReady) break;
        if (proof.error().kind != chain::SourceError::Kind::kOutdated)
            co_return std::unexpected(std::move(proof).error());
    }
    co_return std::unexpected(std::move(outdated));
}

}  // namespace

async::Task<Result<Bytes, std::string>> fetch_client_state(rpc::EthApi& api, Address client) {
    const auto result =
        co_await api.call({.from = {}, .to = client, .data = service::encode_client_state(), .value = {}});
    if (!result) co_return std::unexpected(result.error().text);
    auto state = service::decode_bytes(*result);
    if (!state) co_return std::unexpected("there is no light client at " + encode_hex(client));
    co_return *std::move(state);
}

async::Task<Result<Step, StepError>> build_inbound(InboundLane lane,
                                                   std::vector<chain::LogPosition> positions) {
    auto state = co_await fetch_client_state(lane.relay, lane.client);
    if (!state) co_return std::unexpected(obstructed(std::move(state).error()));
    auto proof = co_await lane.source.fetch_proof(positions, *std::move(state));
    if (!proof && proof.error().kind == chain::SourceError::Kind::kOutdated)
        proof = co_await prove_in_past(lane, std::move(positions), proof.error());
    if (!proof) co_return std::unexpected(from_source(std::move(proof).error()));
    co_return Step{.call_data = service::encode_relay_transfer_in(lane.origin, proof->bytes),
                   .report = std::move(proof->report.summary),
                   .has_root_proof = false};
}

Result<message::Delivery, std::string> make_outbound_delivery(
    const message::Outbox& outbox, const PublishedRoot& root,
    std::vector<message::DeliveredMessage> messages) {
    // The outbox as the chain's logs have it must lead to the published root, or one of the two is not true.
    if (outbox.count() < root.count || outbox.root(root.count) != root.root)
        return std::unexpected("the relay chain's logs do not lead to the published root over " +
                               std::to_string(root.count) + " messages");
    for (const message::DeliveredMessage& delivered : messages) {
        if (delivered.index >= root.count ||
            !outbox.holds({delivered.index, message::order_id(delivered.encoded)}))
            return std::unexpected("the relay chain's logs have another message at " +
                                   std::to_string(delivered.index) + " of the outbox");
    }
    message::Delivery delivery = message::make_delivery(outbox, root.count, std::move(messages));
    if (const auto verified = message::verify_delivery(delivery, root.root); !verified)
        return std::unexpected(std::string(message::to_string(verified.error())));
    return delivery;
}

async::Task<Result<Step, StepError>> build_outbound(OutboundLane lane, PublishedRoot root,
                                                    message::Delivery delivery) {
    const auto kept = co_await lane.destination.call(
        {.from = {}, .to = lane.service, .data = service::encode_root_of(root.count), .value = {}});
    if (!kept) co_return std::unexpected(obstructed(kept.error().text));
    Step step{.call_data = {}, .report = "root known", .has_root_proof = false};
    Bytes root_proof;
    if (service::decode_first_word(*kept) != from_big_endian(root.root)) {
        auto state = co_await fetch_client_state(lane.destination, lane.client);
        if (!state) co_return std::unexpected(obstructed(std::move(state).error()));
        std::vector<chain::LogPosition> positions;
        positions.push_back(std::move(root.position));
        auto proof = co_await lane.source.fetch_proof(std::move(positions), *std::move(state));
        if (!proof) co_return std::unexpected(from_source(std::move(proof).error()));
        root_proof = std::move(proof->bytes);
        step.report = std::move(proof->report.summary);
        step.has_root_proof = true;
    }
    step.call_data = service::encode_transfer_in(root_proof, message::encode_delivery(delivery));
    co_return step;
}

}  // namespace butter::messenger
