// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "butter/chain/family.hpp"
#include "butter/rpc/eth_api.hpp"
#include "chains/mapo/light_client.hpp"

namespace butter::mapo {

struct SourceSettings {
    ChainId chain_id;
    std::uint64_t hash_fork_block = 0;
    TrustedState checkpoint;
};

/// Reads a relay chain through its RPC and proves its logs. Follows the validator set from the checkpoint
/// itself; nothing a node says is believed that the validators did not sign.
std::unique_ptr<chain::Source> make_source(SourceSettings settings, rpc::EthApi api);

}  // namespace butter::mapo
