// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "butter/chain/family.hpp"
#include "butter/rpc/eth_api.hpp"
#include "chains/mapo/light_client.hpp"

namespace butter::mapo {

/// How long after the end of an epoch a deployed client believes the set that follows it. As for Ethereum
/// chains: shorter trusts fewer keys of the past, longer survives a longer outage of all relayers. An epoch
/// of the main network takes about three days.
inline constexpr std::uint64_t kTrustingPeriodSeconds = 14 * 24 * 60 * 60;

struct SourceSettings {
    ChainId chain_id;
    std::uint64_t hash_fork_block = 0;
    std::uint64_t trusting_period_seconds = kTrustingPeriodSeconds;
    TrustedState checkpoint;
};

/// Reads a relay chain through its RPC and proves its logs. Follows the validator set from the checkpoint
/// itself; nothing a node says is believed that the validators did not sign.
std::unique_ptr<chain::Source> make_source(SourceSettings settings, rpc::EthApi api);

}  // namespace butter::mapo
