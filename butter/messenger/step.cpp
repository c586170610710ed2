// SPDX-License-Identifier: Apache-2.0
#include "butter/messenger/step.hpp"

#include "butter/base/hex.hpp"
#include "butter/message/outbox.hpp"
#include "butter/service/calls.hpp"

namespace butter::messenger {
namespace {

StepError obstructed(std::string text) { return {StepError::Kind::kObstructed, std::move(text)}; }

StepError from_source(const chain::SourceError& error) {
    return {error.kind == chain::SourceError::Kind::kNotReady ? StepError::Kind::kWaiting
                                                              : StepError::Kind::kObstructed,
            error.text};
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
    const auto proof = co_await lane.source.fetch_proof(std::move(positions), *std::move(state));
    if (!proof) co_return std::unexpected(from_source(proof.error()));
    co_return Step{service::encode_relay_transfer_in(lane.origin, proof->bytes), proof->report.summary};
}

async::Task<Result<Step, StepError>> build_outbound(OutboundLane lane, std::vector<Hash32> order_ids,
                                                    PublishedRoot root,
                                                    std::vector<message::DeliveredMessage> messages) {
    // The outbox as the chain's logs have it must lead to the published root, or one of the two is not true.
    message::Outbox outbox;
    for (const Hash32& order_id : order_ids) outbox.append(order_id);
    if (outbox.count() < root.count || outbox.root(root.count) != root.root) {
        co_return std::unexpected(
            obstructed("the relay chain's logs do not lead to the published root over " +
                       std::to_string(root.count) + " messages"));
    }
    for (const message::DeliveredMessage& delivered : messages) {
        if (delivered.index >= root.count ||
            order_ids[delivered.index] != message::order_id(delivered.encoded)) {
            co_return std::unexpected(obstructed("the relay chain's logs have another message at " +
                                                 std::to_string(delivered.index) + " of the outbox"));
        }
    }
    const message::Delivery delivery = message::make_delivery(outbox, root.count, std::move(messages));
    if (const auto verified = message::verify_delivery(delivery, root.root); !verified)
        co_return std::unexpected(obstructed(std::string(message::to_string(verified.error()))));

    const auto kept = co_await lane.destination.call(
        {.from = {}, .to = lane.service, .data = service::encode_root_of(root.count), .value = {}});
    if (!kept) co_return std::unexpected(obstructed(kept.error().text));
    Bytes root_proof;
    std::string report = "root known";
    if (service::decode_first_word(*kept) != from_big_endian(root.root)) {
        auto state = co_await fetch_client_state(lane.destination, lane.client);
        if (!state) co_return std::unexpected(obstructed(std::move(state).error()));
        std::vector<chain::LogPosition> positions;
        positions.push_back(std::move(root.position));
        const auto proof = co_await lane.source.fetch_proof(std::move(positions), *std::move(state));
        if (!proof) {
            if (proof.error().kind == chain::SourceError::Kind::kUnsupported)
                co_return std::unexpected(StepError{StepError::Kind::kOutdated, proof.error().text});
            co_return std::unexpected(from_source(proof.error()));
        }
        root_proof = proof->bytes;
        report = proof->report.summary;
    }
    co_return Step{service::encode_transfer_in(root_proof, message::encode_delivery(delivery)),
                   std::move(report)};
}

}  // namespace butter::messenger
