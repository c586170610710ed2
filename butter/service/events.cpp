// SPDX-License-Identifier: Apache-2.0
#include "butter/service/events.hpp"

#include "butter/codec/abi.hpp"
#include "butter/crypto/keccak.hpp"

namespace butter::service {
namespace {

/// Topics and data of one log, read in order; remembers the first thing that was wrong.
class LogReader {
  public:
    LogReader(const eth::Log& log, const Hash32& topic, std::size_t indexed_count)
        : topics_(log.topics), data_(log.data) {
        if (log.topics.size() != indexed_count + 1 || log.topics[0] != topic)
            error_ = EventError::kWrongTopic;
    }

    Hash32 topic() { return error_ ? Hash32{} : topics_[next_topic_++]; }
    std::uint64_t topic_u64() {
        const Uint256 value = *from_big_endian(topic());
        if (!value.fits_u64()) fail();
        return value.limbs[0];
    }
    ChainId topic_chain() { return ChainId{topic_u64()}; }
    template <class T>
    T data(Result<T, codec::AbiError> (codec::AbiReader::*read)() noexcept) {
        if (error_) return T{};
        auto value = (data_.*read)();
        if (!value) {
            fail();
            return T{};
        }
        return *std::move(value);
    }
    std::uint64_t data_u64() {
        const Uint256 value = data(&codec::AbiReader::next_uint256);
        if (!value.fits_u64()) fail();
        return value.limbs[0];
    }
    Bytes data_bytes() { return to_bytes(data(&codec::AbiReader::next_bytes)); }

    void require_id(const Hash32& order_id, const Bytes& message) {
        if (!error_ && crypto::keccak256(message) != order_id) error_ = EventError::kWrongOrderId;
    }
    template <class T>
    Result<T, EventError> finish(T value) const {
        if (error_) return std::unexpected(*error_);
        return value;
    }

  private:
    void fail() {
        if (!error_) error_ = EventError::kMalformed;
    }

    const std::vector<Hash32>& topics_;
    codec::AbiReader data_;
    std::size_t next_topic_ = 1;
    std::optional<EventError> error_;
};

}  // namespace

std::string_view to_string(EventError error) noexcept {
    switch (error) {
        case EventError::kWrongTopic:
            return "log of another event";
        case EventError::kMalformed:
            return "malformed event data";
        case EventError::kWrongOrderId:
            return "order id is not the hash of the message";
    }
    return "unknown event error";
}

const Hash32& message_out_topic() noexcept {
    static const Hash32 topic = codec::event_topic("MessageOut(bytes32,uint64,bytes)");
    return topic;
}
const Hash32& message_relay_topic() noexcept {
    static const Hash32 topic = codec::event_topic("MessageRelay(bytes32,uint64,bytes32,uint64,bytes)");
    return topic;
}
const Hash32& outbox_root_topic() noexcept {
    static const Hash32 topic = codec::event_topic("OutboxRoot(uint64,uint64,bytes32)");
    return topic;
}
const Hash32& message_in_topic() noexcept {
    static const Hash32 topic =
        codec::event_topic("MessageIn(bytes32,uint256,uint256,bytes,bytes,bool,bytes)");
    return topic;
}
const Hash32& message_executed_topic() noexcept {
    static const Hash32 topic = codec::event_topic("MessageExecuted(bytes32)");
    return topic;
}
const Hash32& delivered_before_topic() noexcept {
    static const Hash32 topic = codec::event_topic("DeliveredBefore(uint64)");
    return topic;
}
const Hash32& already_delivered_topic() noexcept {
    static const Hash32 topic = codec::event_topic("AlreadyDelivered(bytes32)");
    return topic;
}
const Hash32& client_updated_topic() noexcept {
    static const Hash32 topic = codec::event_topic("ClientUpdated(uint64,bytes)");
    return topic;
}

Result<MessageOut, EventError> decode_message_out(const eth::Log& log) {
    LogReader reader(log, message_out_topic(), 2);
    MessageOut event;
    event.order_id = reader.topic();
    event.to_chain = reader.topic_chain();
    event.message = reader.data_bytes();
    reader.require_id(event.order_id, event.message);
    return reader.finish(std::move(event));
}

Result<MessageRelay, EventError> decode_message_relay(const eth::Log& log) {
    LogReader reader(log, message_relay_topic(), 3);
    MessageRelay event;
    event.order_id = reader.topic();
    event.to_chain = reader.topic_chain();
    event.origin_order_id = reader.topic();
    event.index = reader.data_u64();
    event.message = reader.data_bytes();
    reader.require_id(event.order_id, event.message);
    return reader.finish(std::move(event));
}

Result<OutboxRoot, EventError> decode_outbox_root(const eth::Log& log) {
    LogReader reader(log, outbox_root_topic(), 1);
    OutboxRoot event;
    event.to_chain = reader.topic_chain();
    event.count = reader.data_u64();
    event.root = reader.data(&codec::AbiReader::next_word);
    return reader.finish(std::move(event));
}

Result<MessageIn, EventError> decode_message_in(const eth::Log& log) {
    MessageIn event;
    if (!log.topics.empty() && log.topics[0] == message_executed_topic()) {
        LogReader reader(log, message_executed_topic(), 1);
        event.order_id = reader.topic();
        event.is_success = true;
        return reader.finish(std::move(event));
    }
    LogReader reader(log, message_in_topic(), 3);
    event.order_id = reader.topic();
    MessageIn::Parties parties;
    parties.from_chain = reader.topic_chain();
    parties.to_chain = reader.topic_chain();
    parties.from_address = reader.data_bytes();
    event.parties = std::move(parties);
    event.message_data = reader.data_bytes();
    event.is_success = reader.data(&codec::AbiReader::next_bool);
    event.reason = reader.data_bytes();
    return reader.finish(std::move(event));
}

Result<DeliveredBefore, EventError> decode_delivered_before(const eth::Log& log) {
    LogReader reader(log, delivered_before_topic(), 0);
    DeliveredBefore event;
    event.index = reader.data_u64();
    return reader.finish(std::move(event));
}

Result<AlreadyDelivered, EventError> decode_already_delivered(const eth::Log& log) {
    LogReader reader(log, already_delivered_topic(), 1);
    AlreadyDelivered event;
    event.order_id = reader.topic();
    return reader.finish(std::move(event));
}

Result<ClientUpdated, EventError> decode_client_updated(const eth::Log& log) {
    LogReader reader(log, client_updated_topic(), 1);
    ClientUpdated event;
    event.height = reader.topic_u64();
    event.state = reader.data_bytes();
    return reader.finish(std::move(event));
}

}  // namespace butter::service
