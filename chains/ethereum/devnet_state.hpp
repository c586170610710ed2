// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "butter/base/bytes.hpp"
#include "butter/base/named.hpp"
#include "chains/ethereum/objects.hpp"

/// The beacon state of a devnet in the layout of Electra and Fulu (consensus-specs v1.5 electra and v1.6
/// fulu, beacon-chain.md, mainnet preset), kept as what its hash_tree_root needs: the fields that never
/// change on a devnet are kept as their roots, the others as values.
namespace butter::ethereum {

struct Checkpoint {
    Epoch epoch;
    Hash32 root;

    friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

/// A validator of the registry, and its secret. TEST KEYS: derived from a public seed, for devnets only.
struct DevnetKey {
    bls::SecretKey secret;
    bls::PublicKey key;
};
DevnetKey make_devnet_key(std::uint64_t index);

/// Whether the validators attest, which is what justifies epochs and finalises them.
enum class Attesting { kNone = 0, kAll = 1 };

/// What a beacon block of a devnet carries; the lists that it always leaves empty have no member.
struct DevnetBody {
    bls::Signature randao_reveal;
    Hash32 graffiti;
    SyncAggregate aggregate;
    Hash32 payload_root;  ///< of the execution payload or, equally, its header
};
/// Chunks of the tree of the BeaconBlockBody (Electra, Fulu).
std::vector<Hash32> body_fields(const DevnetBody& body);
/// Place of the execution payload in it.
inline constexpr std::size_t kPayloadField = 9;
/// hash_tree_root of a payload's list of transactions, each in its canonical encoding (EIP-2718).
Hash32 transactions_root(const std::vector<Bytes>& transactions);
/// Header of the empty payload, with the roots of its empty lists.
PayloadHeader make_empty_payload();
/// Chunks of a genesis block's body: all fields empty, and the empty payload.
std::vector<Hash32> empty_body_fields(const BeaconNetwork& network);

class DevnetState {
  public:
    /// The genesis state, whose latest payload is `payload_root`. `network` must name its fork at epoch 0 and
    /// has `genesis_validators_root` set by `registry_root`.
    DevnetState(const BeaconNetwork& network, const std::vector<DevnetKey>& validators,
                const Hash32& payload_root);

    /// hash_tree_root of the list of validators, all active with 32 ETH from genesis on.
    static Hash32 registry_root(const std::vector<DevnetKey>& validators);

    /// process_slots to the next slot: the roots of this one, and at the end of an epoch justification,
    /// finality, the committees' rotation and the fork. `incoming` is the committee after next, taken when a
    /// period begins.
    void advance(const BeaconNetwork& network, const Hash32& incoming);
    /// process_block as far as it shows in the state.
    void apply(const BeaconNetwork& network, const BeaconHeader& header, const bls::Signature& randao_reveal,
               const Hash32& payload_root);
    void set_attesting(Attesting attesting) noexcept { attesting_ = attesting; }
    /// At genesis.
    void set_committees(const Hash32& current, const Hash32& next) noexcept {
        current_committee_ = current;
        next_committee_ = next;
    }

    Slot slot() const noexcept { return slot_; }
    const BeaconHeader& latest_header() const noexcept { return latest_header_; }
    const Checkpoint& previous_justified() const noexcept { return previous_justified_; }
    const Checkpoint& current_justified() const noexcept { return current_justified_; }
    const Checkpoint& finalized() const noexcept { return finalized_; }

    /// Chunks of the state's tree.
    std::vector<Hash32> fields(const BeaconNetwork& network) const;

    // Places of fields in it.
    static constexpr std::size_t kFinalizedField = 20;
    static constexpr std::size_t kCurrentCommitteeField = 22;
    static constexpr std::size_t kNextCommitteeField = 23;

  private:
    Epoch epoch(const BeaconNetwork& network) const noexcept { return network.epoch_of(slot_); }
    const Hash32& block_root_at(Slot slot) const noexcept;
    void justify(const BeaconNetwork& network);

    Slot slot_;
    Hash32 registry_root_;
    std::size_t validators_ = 0;
    Hash32 balances_root_;
    BeaconHeader latest_header_;
    std::vector<Hash32> block_roots_;
    std::vector<Hash32> state_roots_;
    std::vector<Hash32> historical_summaries_;
    std::vector<Hash32> randao_mixes_;
    /// Of the last four epochs, the newest first.
    std::array<bool, 4> is_justified_{};
    Attesting attesting_ = Attesting::kAll;
    /// Whether the validators' votes of the previous and the current epoch are in the state.
    Attesting previous_votes_ = Attesting::kNone;
    Attesting current_votes_ = Attesting::kNone;
    Checkpoint previous_justified_;
    Checkpoint current_justified_;
    Checkpoint finalized_;
    Hash32 current_committee_;
    Hash32 next_committee_;
    Hash32 payload_root_;
};

}  // namespace butter::ethereum
