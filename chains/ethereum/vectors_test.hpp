// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chains/ethereum/objects.hpp"

/// The networks and objects of test/vectors, for the tests of this folder. Everything aborts on a vector that
/// is not there.
namespace butter::ethereum::test_vectors {

/// lc_mainnet/network.json and its like.
BeaconNetwork read_network(std::string_view set);
/// A directory of devnet_captures: its genesis.json and spec.json.
BeaconNetwork read_capture_network(std::string_view directory);
/// The `config` of a specification test, which is of the minimal preset.
BeaconNetwork network_of_config(const rpc::Json& config, const Hash32& genesis_validators_root);
/// The `client_state` of lc_devnet_minimal.
BeaconNetwork network_of_client_state(const rpc::Json& state);

/// The part "file.json#/json/pointer", or the whole file, of a set.
rpc::Json read_part(std::string_view set, std::string_view part);
/// Paths of the set's objects: the keys of its expected.json.
std::vector<std::string> object_paths(std::string_view set);
/// A file as it is; absent when it does not exist.
std::optional<Bytes> find_file(std::string_view path);

UpdateKind kind_of(std::string_view name);
SyncCommittee read_committee(const BeaconNetwork& network, const rpc::Json& json);
/// Replaces, removes or appends what the pointer names.
void mutate(rpc::Json& object, std::string_view pointer, const rpc::Json& value);

}  // namespace butter::ethereum::test_vectors
