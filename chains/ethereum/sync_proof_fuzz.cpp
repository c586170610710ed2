// SPDX-License-Identifier: Apache-2.0
#include "butter/base/assert.hpp"
#include "butter/base/hex.hpp"
#include "butter/crypto/sha256.hpp"
#include "chains/ethereum/proof.hpp"

namespace {

using namespace butter;
using namespace butter::ethereum;

/// The chain that the seeds are of: Fulu since epoch 16, four slots an epoch, four epochs a period.
BeaconNetwork make_network() {
    BeaconNetwork network{.genesis_validators_root = crypto::sha256(as_bytes("validators")),
                          .genesis_time = {},
                          .seconds_per_slot = 12,
                          .slots_per_epoch = 4,
                          .epochs_per_period = 4,
                          .committee_size = 8,
                          .forks = {}};
    std::uint8_t number = 0;
    std::uint64_t epoch = 0;
    for (const char* name : {"altair", "capella", "deneb", "electra", "fulu"}) {
        network.forks.push_back(*find_released_fork(name));
        network.forks.back().epoch = Epoch{epoch};
        network.forks.back().version = {{++number, 0, 0, 1}};
        epoch += 4;
    }
    return network;
}

Client make_seed_client() {
    return make_client(
        {.finalized_slot = Slot{65},
         .finalized_block_hash =
             hex_fixed<32>("0x3195dd397b21760e018c97c19c46300e57dc300ebc27b55193f21e27ac9518b7"),
         .period = 4,
         .committee_root =
             hex_fixed<32>("0x630d9e9039d865524c234e945ddd1428e5a98d7c2be99c27b1a6eb0fca03f8f6"),
         .next_committee_root = {}},
        16);
}

void check_after(const Client& before, const Client& after) {
    BUTTER_ASSERT(after.state.finalized_slot >= before.state.finalized_slot);
    BUTTER_ASSERT(after.finalized_blocks.size() >= before.finalized_blocks.size());
    BUTTER_ASSERT(decode_state(encode_state(after.state)) == after.state);
}

}  // namespace

/// The first byte says whether an update, a proof or a state follows.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const BeaconNetwork network = make_network();
    static const Client client = make_seed_client();
    if (size == 0) return 0;
    const BytesView input(data + 1, size - 1);
    if (data[0] % 3 == 0) {
        const auto applied = apply_sync_update(network, client, input);
        if (!applied) return 0;
        check_after(client, applied->client);
        // Nothing changes without two thirds of a committee.
        BUTTER_ASSERT(applied->participants >= 6 || applied->client == client);
    } else if (data[0] % 3 == 1) {
        const auto verified = verify_proof(network, client, input);
        if (!verified) return 0;
        check_after(client, verified->client);
        BUTTER_ASSERT(!verified->logs.empty());
    } else if (const auto state = decode_state(input)) {
        BUTTER_ASSERT(equal(encode_state(*state), input));
    }
    return 0;
}
