// SPDX-License-Identifier: Apache-2.0
#include "chains/ethereum/vectors_test.hpp"

#include <fstream>
#include <iterator>

#include "butter/base/assert.hpp"
#include "test/json/vectors.hpp"

namespace butter::ethereum::test_vectors {
namespace {

using test::fixed_of;
using test::hash_of;
using test::read_vectors;
using test::text_of;
using test::u64_of;

constexpr std::string_view kForkNames[] = {"phase0", "altair",  "bellatrix", "capella",
                                           "deneb",  "electra", "fulu"};

Fork fork_of(std::string_view name, std::uint64_t epoch, const FixedBytes<4>& version) {
    const Fork* released = find_released_fork(name);
    BUTTER_ASSERT(released != nullptr);
    Fork fork = *released;
    fork.epoch = Epoch{epoch};
    fork.version = version;
    return fork;
}

/// Forks by keys such as "ALTAIR_FORK_EPOCH".
std::vector<Fork> forks_of_config(const rpc::Json& config) {
    const auto& object = config.as_object();
    std::vector<Fork> forks{fork_of("phase0", 0, fixed_of<4>(object.at("GENESIS_FORK_VERSION")))};
    for (std::string_view name : kForkNames) {
        std::string upper(name);
        for (char& letter : upper) letter = static_cast<char>(std::toupper(letter));
        const auto* epoch = object.if_contains(upper + "_FORK_EPOCH");
        if (epoch == nullptr || text_of(*epoch) == "18446744073709551615") continue;
        forks.push_back(fork_of(name, u64_of(*epoch), fixed_of<4>(object.at(upper + "_FORK_VERSION"))));
    }
    return forks;
}

}  // namespace

BeaconNetwork read_network(std::string_view set) {
    const rpc::Json json = read_vectors(std::string(set) + "/network.json");
    BeaconNetwork network;
    network.genesis_validators_root = hash_of(json.at("genesis_validators_root"));
    network.genesis_time = UnixSeconds{u64_of(json.at("genesis_time"))};
    for (std::string_view name : kForkNames) {
        const auto& fork = json.at("forks").at(name);
        network.forks.push_back(fork_of(name, u64_of(fork.at("epoch")), fixed_of<4>(fork.at("version"))));
    }
    return network;
}

BeaconNetwork read_capture_network(std::string_view directory) {
    const std::string path = "devnet_captures/" + std::string(directory);
    const rpc::Json genesis = read_vectors(path + "/genesis.json");
    const rpc::Json spec = read_vectors(path + "/spec.json");
    BeaconNetwork network;
    network.genesis_validators_root = hash_of(genesis.at("genesis_validators_root"));
    network.genesis_time = UnixSeconds{u64_of(genesis.at("genesis_time"))};
    network.seconds_per_slot = u64_of(spec.at("SECONDS_PER_SLOT"));
    network.slots_per_epoch = u64_of(spec.at("SLOTS_PER_EPOCH"));
    network.epochs_per_period = u64_of(spec.at("EPOCHS_PER_SYNC_COMMITTEE_PERIOD"));
    network.committee_size = u64_of(spec.at("SYNC_COMMITTEE_SIZE"));
    network.forks = forks_of_config(spec);
    return network;
}

BeaconNetwork network_of_config(const rpc::Json& config, const Hash32& genesis_validators_root) {
    BUTTER_ASSERT(text_of(config.at("PRESET_BASE")) == "minimal");
    BeaconNetwork network;
    network.genesis_validators_root = genesis_validators_root;
    network.seconds_per_slot = u64_of(config.at("SECONDS_PER_SLOT"));
    network.slots_per_epoch = 8;
    network.epochs_per_period = 8;
    network.committee_size = 32;
    network.forks = forks_of_config(config);
    return network;
}

BeaconNetwork network_of_client_state(const rpc::Json& state) {
    BeaconNetwork network;
    network.genesis_validators_root = hash_of(state.at("genesis_validators_root"));
    network.genesis_time = UnixSeconds{u64_of(state.at("genesis_time"))};
    network.seconds_per_slot = u64_of(state.at("seconds_per_slot"));
    network.slots_per_epoch = u64_of(state.at("slots_per_epoch"));
    network.epochs_per_period = u64_of(state.at("epochs_per_sync_committee_period"));
    network.committee_size = 32;
    const auto& parameters = state.at("fork_parameters").as_object();
    network.forks.push_back(fork_of("phase0", 0, fixed_of<4>(parameters.at("genesis_fork_version"))));
    for (std::string_view name : kForkNames) {
        const auto* fork = parameters.if_contains(name);
        if (fork == nullptr) continue;
        network.forks.push_back(fork_of(name, u64_of(fork->at("epoch")), fixed_of<4>(fork->at("version"))));
    }
    return network;
}

rpc::Json read_part(std::string_view set, std::string_view part) {
    const std::size_t hash = part.find('#');
    const rpc::Json file = read_vectors(std::string(set) + "/" + std::string(part.substr(0, hash)));
    return hash == std::string_view::npos ? file : file.at_pointer(part.substr(hash + 1));
}

std::vector<std::string> object_paths(std::string_view set) {
    std::vector<std::string> paths;
    for (const auto& entry : read_vectors(std::string(set) + "/expected.json").as_object()) {
        paths.emplace_back(entry.key());
    }
    return paths;
}

std::optional<Bytes> find_file(std::string_view path) {
    std::ifstream file(std::string(BUTTER_VECTORS "/").append(path), std::ios::binary);
    if (!file.good()) return std::nullopt;
    return Bytes(std::istreambuf_iterator<char>(file), {});
}

UpdateKind kind_of(std::string_view name) {
    if (name == "LightClientUpdate") return UpdateKind::kFull;
    if (name == "LightClientFinalityUpdate") return UpdateKind::kFinality;
    BUTTER_ASSERT(name == "LightClientOptimisticUpdate");
    return UpdateKind::kOptimistic;
}

SyncCommittee read_committee(const BeaconNetwork& network, const rpc::Json& json) {
    SyncCommittee committee;
    for (const auto& key : json.at("pubkeys").as_array()) committee.keys.push_back(fixed_of<48>(key));
    committee.aggregate_key = fixed_of<48>(json.at("aggregate_pubkey"));
    BUTTER_ASSERT(committee.keys.size() == network.committee_size);
    return committee;
}

void mutate(rpc::Json& object, std::string_view pointer, const rpc::Json& value) {
    const std::size_t slash = pointer.rfind('/');
    BUTTER_ASSERT(slash != std::string_view::npos);
    rpc::Json& parent = object.at_pointer(pointer.substr(0, slash));
    const std::string key(pointer.substr(slash + 1));
    if (!parent.is_array()) {
        BUTTER_ASSERT(parent.as_object().contains(key));
        if (value.is_null()) {
            parent.as_object().erase(key);
        } else {
            parent.as_object()[key] = value;
        }
    } else if (key == "-") {
        parent.as_array().push_back(value);
    } else if (value.is_null()) {
        parent.as_array().erase(parent.as_array().begin() + std::stol(key));
    } else {
        parent.as_array().at(std::stoul(key)) = value;
    }
}

}  // namespace butter::ethereum::test_vectors
