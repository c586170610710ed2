// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "butter/base/bytes.hpp"
#include "butter/base/named.hpp"
#include "butter/base/result.hpp"
#include "butter/base/uint256.hpp"

/// Calls of the services and clients, as the interfaces in contracts/interfaces declare them: call data and
/// the decoding of what views return.
namespace butter::service {

/// What a dApp passes to `transferOut` (contracts/types/MessageTypes.sol).
struct MessageData {
    bool relay = false;
    bool is_message = false;  ///< MESSAGE; CALLDATA when false
    Bytes target;
    Bytes payload;
    std::uint64_t gas_limit = 0;
};
/// What a message's execution may ask for: GAS_LIMIT_MIN and GAS_LIMIT_MAX of OmniServiceCore.
inline constexpr std::uint64_t kGasLimitMin = 21'000;
inline constexpr std::uint64_t kGasLimitMax = 5'000'000;
Bytes encode_message_data(const MessageData& data);

Bytes encode_transfer_out(ChainId to_chain, const MessageData& data, const Address& fee_token);
Bytes encode_get_message_fee(ChainId to_chain, const Address& fee_token, std::uint64_t gas_limit);
Bytes encode_retry_message_in(ChainId from_chain, const Hash32& order_id, BytesView from_address,
                              BytesView message_data);

/// Relay chain: messages in.
Bytes encode_relay_transfer_in(ChainId from_chain, BytesView proof);
Bytes encode_publish_root(ChainId to_chain);
Bytes encode_outbox(ChainId to_chain);
/// Other chains: messages in.
Bytes encode_transfer_in(BytesView root_proof, BytesView delivery);
Bytes encode_is_delivered(std::uint64_t index);
Bytes encode_root_of(std::uint64_t count);
Bytes encode_get_order_status(ChainId chain, const Hash32& order_id);

/// Light clients.
Bytes encode_client_state();
Bytes encode_passport();
Bytes encode_trusted_until();
/// Which client a service believes: on the relay chain its manager, then that one's client of a chain; on the
/// others the client of the relay chain.
Bytes encode_clients();
Bytes encode_client_of(ChainId chain);
Bytes encode_relay_client();
/// Governance.
Bytes encode_owner();
Bytes encode_min_delay();
Bytes encode_paused_until();
Bytes encode_client_update(BytesView update);

/// The views' results; absent when the answer is not of that shape (a contract of another kind, or none).
std::optional<Uint256> decode_first_word(BytesView result) noexcept;
std::optional<Bytes> decode_bytes(BytesView result);

/// `ILightClient.passport`.
struct Passport {
    std::string kind;  ///< the family
    ChainId chain_id;  ///< the verified chain
    std::uint64_t forging_keys = 0;
    std::uint64_t total_keys = 0;
    UnixSeconds last_update;
    std::uint64_t height = 0;  ///< in the family's unit
    bool is_frozen = false;
};
std::optional<Passport> decode_passport(BytesView result);
/// A view's address; absent when the answer is none.
std::optional<Address> decode_address(BytesView result) noexcept;

/// What a transaction handed to `transferIn`; absent when the call data is of something else.
struct RelayTransferIn {
    ChainId from_chain;
    Bytes proof;
};
std::optional<RelayTransferIn> decode_relay_transfer_in(BytesView call_data);
struct TransferIn {
    Bytes root_proof;
    Bytes delivery;
};
std::optional<TransferIn> decode_transfer_in(BytesView call_data);

/// A revert or stored-failure reason for people: the text of `Error(string)`, the code of `Panic(uint256)`,
/// the name of one of our own errors with its arguments in hex, else the bytes as hex.
std::string describe_revert(BytesView data);

}  // namespace butter::service
