// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "chains/mapo/light_client.hpp"
#include "test/json/vectors.hpp"

/// For tests: the chain that the relay chain's own node made (test/vectors/atlas_node).
namespace butter::mapo {

inline const boost::json::object& recorded() {
    static const boost::json::value value = test::read_vectors("atlas_node/chain.json");
    return value.as_object();
}

inline std::uint64_t epoch_length() { return test::u64_of(recorded().at("epoch_length")); }
inline std::uint64_t last_block() { return recorded().at("blocks").as_array().size(); }

/// The set of epoch `index`, counted from 0, as `istanbul_getSnapshot` shows it.
inline std::vector<Validator> snapshot(std::size_t index) {
    std::vector<Validator> out;
    for (const auto& entry : recorded().at("snapshots").as_array().at(index).at("validators").as_array()) {
        out.push_back({test::fixed_of<20>(entry.at("Address")),
                       crypto::bn254::decode_g2(test::fixed_of<128>(entry.at("BLSPublicKey"))).value(),
                       crypto::bn254::decode_g1(test::fixed_of<64>(entry.at("BLSG1PublicKey"))).value()});
    }
    return out;
}

inline TrustedState first_state() { return {epoch_length(), BlockNumber{0}, snapshot(0)}; }

}  // namespace butter::mapo
