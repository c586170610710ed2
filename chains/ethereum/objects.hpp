// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "butter/base/bytes.hpp"
#include "butter/base/named.hpp"
#include "butter/base/result.hpp"
#include "butter/base/uint256.hpp"
#include "butter/codec/ssz.hpp"
#include "butter/crypto/bls12_381.hpp"
#include "butter/rpc/json.hpp"
#include "chains/ethereum/fork.hpp"

/// The light-client objects of the beacon chain (consensus-specs v1.5, altair/light-client/sync-protocol.md
/// and its changes up to Electra), as values, SSZ and beacon-API JSON. One type serves all forks: what a fork
/// lacks is absent.
namespace butter::ethereum {

namespace bls = crypto::bls;

enum class ObjectError {
    kSsz = 1,            ///< not the canonical SSZ of the object in that fork
    kJson = 2,           ///< a field is missing or malformed
    kCommitteeSize = 3,  ///< another number of keys or bits than the network's
    kBranchLength = 4,   ///< a branch of another depth than the fork's index
    kExtraData = 5,      ///< more than 32 bytes
};
std::string_view to_string(ObjectError error) noexcept;

struct BeaconHeader {
    Slot slot;
    std::uint64_t proposer_index = 0;
    Hash32 parent_root;
    Hash32 state_root;
    Hash32 body_root;

    friend bool operator==(const BeaconHeader&, const BeaconHeader&) = default;
};
/// hash_tree_root.
Hash32 root_of(const BeaconHeader& header) noexcept;

/// ExecutionPayloadHeader. The last two are only part of `ExecutionLayout::kDeneb`.
struct PayloadHeader {
    Hash32 parent_hash;
    Address fee_recipient;
    Hash32 state_root;
    Hash32 receipts_root;
    FixedBytes<256> logs_bloom;
    Hash32 prev_randao;
    BlockNumber block_number;
    std::uint64_t gas_limit = 0;
    std::uint64_t gas_used = 0;
    UnixSeconds timestamp;
    Bytes extra_data;  ///< at most 32 bytes
    Uint256 base_fee_per_gas;
    Hash32 block_hash;
    Hash32 transactions_root;
    Hash32 withdrawals_root;
    std::uint64_t blob_gas_used = 0;
    std::uint64_t excess_blob_gas = 0;

    friend bool operator==(const PayloadHeader&, const PayloadHeader&) = default;
};
/// hash_tree_root in that layout, which is not `kNone`.
Hash32 root_of(const PayloadHeader& header, ExecutionLayout layout);
/// Siblings of block_hash in that tree, from the leaf up.
std::vector<Hash32> block_hash_branch(const PayloadHeader& header, ExecutionLayout layout);

struct LightClientHeader {
    BeaconHeader beacon;
    std::optional<PayloadHeader> execution;  ///< from Capella on
    std::vector<Hash32> execution_branch;    ///< from the payload header's root up; empty without it

    friend bool operator==(const LightClientHeader&, const LightClientHeader&) = default;
};
/// Whether it is `LightClientHeader()`: all zeros, as stands where there is none.
bool is_empty(const LightClientHeader& header) noexcept;
/// Siblings on the way from the node `gindex` to the root.
std::size_t branch_depth(std::uint64_t gindex) noexcept;

struct SyncCommittee {
    std::vector<bls::PublicKey> keys;
    bls::PublicKey aggregate_key;

    friend bool operator==(const SyncCommittee&, const SyncCommittee&) = default;
};
/// Chunks of the tree over `keys`: each key's root.
std::vector<Hash32> key_roots(const SyncCommittee& committee);
/// Root of the vector of keys.
Hash32 pubkeys_root(const SyncCommittee& committee);
/// hash_tree_root.
Hash32 root_of(const SyncCommittee& committee);

struct SyncAggregate {
    codec::SszBits bits;
    bls::Signature signature;

    friend bool operator==(const SyncAggregate&, const SyncAggregate&) = default;
};

struct Bootstrap {
    LightClientHeader header;
    SyncCommittee current_committee;
    std::vector<Hash32> current_committee_branch;

    friend bool operator==(const Bootstrap&, const Bootstrap&) = default;
};

/// LightClientUpdate, and the finality and optimistic updates as ones that lack parts.
struct Update {
    LightClientHeader attested;
    /// Absent, with an empty branch, when it and its branch are all zeros.
    std::optional<SyncCommittee> next_committee;
    std::vector<Hash32> next_committee_branch;
    /// The same. Before the chain's first finality it is all zeros with a branch that is not.
    std::optional<LightClientHeader> finalized;
    std::vector<Hash32> finality_branch;
    SyncAggregate aggregate;
    Slot signature_slot;

    friend bool operator==(const Update&, const Update&) = default;
};

/// Which object a decoder reads: the finality and optimistic ones have fewer fields.
enum class UpdateKind {
    kFull = 1,
    kFinality = 2,
    kOptimistic = 3,
};

// The fork of the (attested) header's slot lays the object out. A finalised header of an earlier fork stands
// in the same layout, with zeros for what its fork lacks and before a shorter execution branch
// (normalize_merkle_branch); as a value it is without them. Keys and signatures are not checked to be points.
// Encoders take objects whose branches have the depths of their forks.

// SSZ. The slot stands at a fixed place of the object and is read first.
Result<Bootstrap, ObjectError> decode_bootstrap(const BeaconNetwork& network, BytesView ssz);
Result<Update, ObjectError> decode_update(const BeaconNetwork& network, BytesView ssz, UpdateKind kind);
Bytes encode_bootstrap(const BeaconNetwork& network, const Bootstrap& bootstrap);
Bytes encode_update(const BeaconNetwork& network, const Update& update, UpdateKind kind);

// Beacon-API JSON: the `data` member of an answer. `version` beside it is not needed: the slot says the fork.
Result<BeaconHeader, ObjectError> decode_beacon_header_json(const rpc::Json& json);
Result<Bootstrap, ObjectError> decode_bootstrap_json(const BeaconNetwork& network, const rpc::Json& data);
Result<Update, ObjectError> decode_update_json(const BeaconNetwork& network, const rpc::Json& data,
                                               UpdateKind kind);
rpc::Json to_json(const BeaconHeader& header);
rpc::Json to_json(const BeaconNetwork& network, const Bootstrap& bootstrap);
rpc::Json to_json(const BeaconNetwork& network, const Update& update, UpdateKind kind);

}  // namespace butter::ethereum
