// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "butter/base/bytes.hpp"
#include "butter/base/named.hpp"
#include "butter/base/result.hpp"
#include "butter/eth/receipt.hpp"

/// The logs of the services, as the interfaces in contracts/interfaces declare them.
namespace butter::service {

enum class EventError {
    kWrongTopic = 1,    ///< another event, or another number of topics
    kMalformed = 2,     ///< the data is not what the event encodes
    kWrongOrderId = 3,  ///< the id is not the hash of the message
};
std::string_view to_string(EventError error) noexcept;

/// `MessageOut`: a message left its origin.
struct MessageOut {
    Hash32 order_id;
    ChainId to_chain;
    Bytes message;
};
/// `MessageRelay`: a message was appended to an outbox.
struct MessageRelay {
    Hash32 order_id;
    ChainId to_chain;
    Hash32 origin_order_id;
    std::uint64_t index = 0;
    Bytes message;
};
/// `OutboxRoot`: a root was published.
struct OutboxRoot {
    ChainId to_chain;
    std::uint64_t count = 0;
    Hash32 root;
};
/// `MessageIn` or `MessageExecuted`: a message was executed, or its execution failed and is stored. A first
/// execution that succeeds outside the relay chain is told of by `MessageExecuted`, which has the id alone.
struct MessageIn {
    struct Parties {
        ChainId from_chain;
        ChainId to_chain;
        Bytes from_address;
    };
    Hash32 order_id;
    std::optional<Parties> parties;  ///< of `MessageIn`
    Bytes message_data;
    bool is_success = false;
    Bytes reason;
};
/// `AlreadyDelivered` of the relay chain: a proof named a message that was there before.
struct AlreadyDelivered {
    Hash32 order_id;
};
/// `DeliveredBefore` of the other chains: a delivery named an index of the outbox that was there before.
struct DeliveredBefore {
    std::uint64_t index = 0;
};

/// `ClientUpdated`: a light client's trusted state advanced.
struct ClientUpdated {
    std::uint64_t height = 0;  ///< in the family's unit
    Bytes state;               ///< what `clientState` returned from then on
};

/// First topics, to filter logs by.
const Hash32& message_out_topic() noexcept;
const Hash32& message_relay_topic() noexcept;
const Hash32& outbox_root_topic() noexcept;
const Hash32& message_in_topic() noexcept;
const Hash32& message_executed_topic() noexcept;
const Hash32& already_delivered_topic() noexcept;
const Hash32& client_updated_topic() noexcept;
const Hash32& delivered_before_topic() noexcept;

/// Each checks topics, data and, where the log carries the message, that the id is its hash. Who emitted the
/// log is not checked.
Result<MessageOut, EventError> decode_message_out(const eth::Log& log);
Result<MessageRelay, EventError> decode_message_relay(const eth::Log& log);
Result<OutboxRoot, EventError> decode_outbox_root(const eth::Log& log);
/// Either of the two.
Result<MessageIn, EventError> decode_message_in(const eth::Log& log);
Result<AlreadyDelivered, EventError> decode_already_delivered(const eth::Log& log);
Result<ClientUpdated, EventError> decode_client_updated(const eth::Log& log);
Result<DeliveredBefore, EventError> decode_delivered_before(const eth::Log& log);

}  // namespace butter::service
