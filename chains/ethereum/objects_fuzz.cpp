// SPDX-License-Identifier: Apache-2.0
#include <string_view>

#include "butter/base/assert.hpp"
#include "chains/ethereum/light_client.hpp"
#include "chains/ethereum/objects.hpp"

namespace {

using namespace butter;
using namespace butter::ethereum;

/// Five forks in 20 epochs of four slots, and one to come with deeper trees.
BeaconNetwork make_network() {
    BeaconNetwork network{.genesis_validators_root = {},
                          .genesis_time = {},
                          .seconds_per_slot = 12,
                          .slots_per_epoch = 4,
                          .epochs_per_period = 4,
                          .committee_size = 8,
                          .forks = {}};
    std::uint64_t epoch = 0;
    for (const char* name : {"altair", "capella", "deneb", "electra", "fulu", "fulu"}) {
        network.forks.push_back(*find_released_fork(name));
        network.forks.back().epoch = Epoch{epoch};
        epoch += 4;
    }
    network.forks.back().execution_gindex = 51;
    return network;
}

const BeaconNetwork& network() {
    static const BeaconNetwork made = make_network();
    return made;
}

void check_update(const Update& update, UpdateKind kind) {
    BUTTER_ASSERT(decode_update(network(), encode_update(network(), update, kind), kind) == update);
    BUTTER_ASSERT(decode_update_json(network(), to_json(network(), update, kind), kind) == update);
    (void)is_valid_header(network(), update.attested);
    if (update.finalized) (void)is_valid_header(network(), *update.finalized);
}

void check_bootstrap(const Bootstrap& bootstrap) {
    BUTTER_ASSERT(decode_bootstrap(network(), encode_bootstrap(network(), bootstrap)) == bootstrap);
    BUTTER_ASSERT(decode_bootstrap_json(network(), to_json(network(), bootstrap)) == bootstrap);
    (void)initialize_store(network(), root_of(bootstrap.header.beacon), bootstrap);
}

}  // namespace

/// The first byte says which object and whether it is SSZ or JSON. What is accepted is the one SSZ of its
/// value, and both forms have the same value.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const BytesView input(data + 1, size - 1);
    const auto kind = static_cast<UpdateKind>(data[0] % 4);
    const bool is_bootstrap = data[0] % 4 == 0;
    if (data[0] / 4 % 2 == 0) {
        if (is_bootstrap) {
            const auto bootstrap = decode_bootstrap(network(), input);
            if (!bootstrap) return 0;
            BUTTER_ASSERT(equal(encode_bootstrap(network(), *bootstrap), input));
            check_bootstrap(*bootstrap);
        } else {
            const auto update = decode_update(network(), input, kind);
            if (!update) return 0;
            BUTTER_ASSERT(equal(encode_update(network(), *update, kind), input));
            check_update(*update, kind);
        }
        return 0;
    }
    const auto json =
        rpc::parse_json(std::string_view(reinterpret_cast<const char*>(input.data()), input.size()));
    if (!json) return 0;
    if (is_bootstrap) {
        if (const auto bootstrap = decode_bootstrap_json(network(), *json)) check_bootstrap(*bootstrap);
    } else {
        if (const auto update = decode_update_json(network(), *json, kind)) check_update(*update, kind);
    }
    return 0;
}
