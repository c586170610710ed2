// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "butter/app/chains.hpp"
#include "butter/base/result.hpp"
#include "butter/chain/family.hpp"
#include "butter/message/message.hpp"
#include "butter/rpc/json.hpp"
#include "butter/service/events.hpp"

/// Why it is true that a message was sent, carried and executed: proofs that lead from the configured
/// checkpoints to each log, which can be kept in a file and checked by anybody, without the network.
///
/// The file is one JSON object. Bytes are lower-case hex with 0x.
///
///     evidence := { "format": "butter-evidence-1", "order_id": hex32, "message": hex,
///                   "sent": proven, "relayed": proven|null, "root": proven|null, "delivery": hex|null,
///                   "executed": proven }
///     proven   := { "chain_id": number, "opening": hex, "updates": [hex...], "proof": hex }
///
/// `proven` is a chain::CheckpointProof of exactly one log of the chain's service: `MessageOut`,
/// `MessageRelay`, `OutboxRoot`, `MessageIn`. `delivery` is the message that left the relay chain with its
/// Merkle proof (docs/message-format.md). The three in the middle are null when the relay chain is the
/// destination. Nothing else may stand in it.
namespace butter::app {

struct ProvenLog {
    ChainId chain_id;
    chain::CheckpointProof proof;
};

/// The way from the relay chain on.
struct OnwardEvidence {
    ProvenLog relayed;
    ProvenLog root;
    Bytes delivery;
};

struct Evidence {
    Hash32 order_id;
    Bytes message;
    ProvenLog sent;
    std::optional<OnwardEvidence> onward;  ///< absent when the relay chain is the destination
    ProvenLog executed;
};

rpc::Json to_json(const Evidence& evidence);
/// Takes the one encoding that `to_json` makes; the error says which key is missing, malformed or unknown.
Result<Evidence, std::string> decode_evidence(const rpc::Json& json);

/// Checks the steps of one message, in the order of the functions below; each may be called when those before
/// it held. The result says what was checked, or what does not hold. Trusts the chains' configured
/// checkpoints and service addresses.
class EvidenceChecker {
  public:
    using Step = Result<std::string, std::string>;

    /// `chains` outlive it.
    EvidenceChecker(const Chains& chains, Hash32 order_id) : chains_(chains), order_id_(order_id) {}

    /// `message` has the order's id and was emitted by the service of the chain it says it is from.
    Step check_sent(const Bytes& message, const ProvenLog& sent);
    /// The relay service gave it, or what a relay executor made of it, a place in the outbox of its
    /// destination.
    Step check_relayed(const ProvenLog& relayed);
    /// The relay service published a root over more messages than that place.
    Step check_root(const ProvenLog& root);
    /// The message is at its place under that root.
    Step check_delivery(const Bytes& delivery);
    /// The destination's service executed it with success.
    Step check_executed(const ProvenLog& executed);

    const message::Message& message() const noexcept { return message_; }
    /// Whether the relay chain is where the message is executed, so that there is nothing onward.
    bool ends_on_relay() const noexcept {
        return !message_.relay && message_.to_chain == chains_.relay().id();
    }

  private:
    /// The only log that `proven` proves, if the service of `chain` emitted it.
    Result<eth::Log, std::string> take_log(const ProvenLog& proven, const OpenChain& chain,
                                           std::string& report) const;

    const Chains& chains_;
    Hash32 order_id_;
    message::Message message_;
    Bytes encoded_;
    // What goes on from the relay chain: the same message, or the one that a relay executor made.
    service::MessageRelay relayed_;
    message::Message onward_;
    service::OutboxRoot root_;
};

/// One step of a verification, for people.
struct CheckedStep {
    std::string_view name;
    bool holds = false;
    std::string text;
};
/// All steps up to the first that does not hold.
std::vector<CheckedStep> verify_evidence(const Chains& chains, const Evidence& evidence);

}  // namespace butter::app
