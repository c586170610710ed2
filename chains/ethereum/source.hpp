// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "butter/chain/family.hpp"
#include "butter/rpc/eth_api.hpp"
#include "butter/rpc/json_rpc.hpp"
#include "chains/ethereum/fork.hpp"

namespace butter::ethereum {

/// Where the chain that carries the client contract has the operations of EIP-2537.
enum class BlsPrecompiles {
    kFinal = 1,  ///< as the EIP was released: 0x0b, 0x0d, 0x0f, 0x11
    kDraft = 2,  ///< the older draft of the relay chain: 0x0a, 0x0d, 0x10, 0x12
};

/// Two weeks. Whoever leaves the validator set is free of its stake after 27 hours at the least, so that what
/// an old committee may still sign costs it nothing: shorter trusts fewer of them, longer survives a longer
/// outage of all relayers.
inline constexpr std::uint64_t kTrustingPeriodSeconds = 14 * 24 * 60 * 60;

struct SourceSettings {
    ChainId chain_id;
    BeaconNetwork network;
    /// Root of a beacon block that is final and trusted, from which everything is verified.
    Hash32 checkpoint;
    BlsPrecompiles precompiles = BlsPrecompiles::kFinal;
    /// Age of its newest finalised header above which a deployed client believes no update any more.
    std::uint64_t trusting_period_seconds = kTrustingPeriodSeconds;
};

/// Reads a chain of this family: finality through the light client's routes of the beacon API at `beacon`,
/// blocks through the execution RPC. Nothing a node says is believed that the sync committees did not sign,
/// beginning at the checkpoint. Not checked: the clock; what a committee signs ahead of time is taken.
std::unique_ptr<chain::Source> make_source(boost::asio::any_io_executor executor, SourceSettings settings,
                                           rpc::EthApi api, rpc::Endpoints beacon);

}  // namespace butter::ethereum
