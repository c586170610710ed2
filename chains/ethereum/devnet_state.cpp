// SPDX-License-Identifier: Apache-2.0
#include "chains/ethereum/devnet_state.hpp"

#include <algorithm>

#include "butter/base/assert.hpp"
#include "butter/codec/ssz.hpp"
#include "butter/crypto/sha256.hpp"

namespace butter::ethereum {
namespace {

using codec::chunk_of;
using codec::merkleize;
using codec::pack_chunks;
using codec::zero_hash;

// Mainnet preset.
constexpr std::uint64_t kSlotsPerHistoricalRoot = 8'192;
constexpr std::uint64_t kEpochsPerHistoricalVector = 65'536;
constexpr std::uint64_t kSlashingsDepth = 11;  // 8192 numbers, four in a chunk
constexpr std::uint64_t kRegistryLimit = std::uint64_t{1} << 40;
constexpr std::uint64_t kHistoricalRootsLimit = std::uint64_t{1} << 24;
constexpr std::uint64_t kEth1VotesLimit = 2'048;
constexpr std::uint64_t kPendingDepositsLimit = std::uint64_t{1} << 27;
constexpr std::uint64_t kPendingWithdrawalsLimit = std::uint64_t{1} << 27;
constexpr std::uint64_t kPendingConsolidationsLimit = std::uint64_t{1} << 18;
constexpr std::uint64_t kTransactionsLimit = std::uint64_t{1} << 20;
constexpr std::uint64_t kTransactionBytesLimit = std::uint64_t{1} << 30;
constexpr std::uint64_t kWithdrawalsLimit = 16;
constexpr std::uint64_t kEpochsOfLookahead = 2;  // MIN_SEED_LOOKAHEAD + 1
constexpr std::uint64_t kEffectiveBalanceGwei = 32'000'000'000;
constexpr std::uint64_t kFarFutureEpoch = ~std::uint64_t{0};
/// UNSET_DEPOSIT_REQUESTS_START_INDEX
constexpr std::uint64_t kNoDepositRequests = ~std::uint64_t{0};
/// Timely source, target and head.
constexpr std::uint8_t kAllParticipationFlags = 7;

constexpr std::string_view kDevnetSeed = "butter devnet beacon validator, test key";

Hash32 empty_list_root(std::uint64_t limit) {
    return codec::mix_in_length(zero_hash(codec::tree_depth(limit)), 0);
}

/// Root of a list of `count` numbers of `size` bytes that are all `value`.
Hash32 uniform_list_root(std::uint64_t value, std::size_t size, std::size_t count) {
    Bytes packed;
    packed.reserve(size * count);
    for (std::size_t i = 0; i < count; ++i) codec::append_ssz_uint(packed, value, size);
    return codec::mix_in_length(merkleize(pack_chunks(packed), kRegistryLimit / (32 / size)), count);
}

Hash32 bytes_root(BytesView bytes) { return merkleize(pack_chunks(bytes)); }
Hash32 root_of(const Checkpoint& checkpoint) {
    return crypto::sha256_pair(chunk_of(checkpoint.epoch.value), checkpoint.root);
}

/// Eth1Data without deposits: all zero.
const Hash32& eth1_data_root() { return zero_hash(2); }

Hash32 version_chunk(const FixedBytes<4>& version) { return pack_chunks(version).front(); }

}  // namespace

DevnetKey make_devnet_key(std::uint64_t index) {
    Bytes input = to_bytes(as_bytes(kDevnetSeed));
    append_u64(input, index);
    DevnetKey out;
    out.secret = bls::derive_secret_key(crypto::sha256(input));
    const auto key = bls::public_key_of(out.secret);
    BUTTER_ASSERT(key.has_value());
    out.key = *key;
    return out;
}

std::vector<Hash32> body_fields(const DevnetBody& body) {
    const Hash32 requests[] = {empty_list_root(8'192), empty_list_root(16), empty_list_root(2)};
    return {
        bytes_root(body.randao_reveal),
        eth1_data_root(),
        body.graffiti,
        empty_list_root(16),  // proposer slashings
        empty_list_root(1),   // attester slashings
        empty_list_root(8),   // attestations
        empty_list_root(16),  // deposits
        empty_list_root(16),  // voluntary exits
        crypto::sha256_pair(bytes_root(body.aggregate.bits.bytes), bytes_root(body.aggregate.signature)),
        body.payload_root,
        empty_list_root(16),     // changes of withdrawal credentials
        empty_list_root(4'096),  // blob commitments
        merkleize(requests),
    };
}

Hash32 transactions_root(const std::vector<Bytes>& transactions) {
    std::vector<Hash32> roots;
    for (const Bytes& transaction : transactions)
        roots.push_back(codec::mix_in_length(
            merkleize(pack_chunks(transaction), kTransactionBytesLimit / Hash32::kSize), transaction.size()));
    return codec::mix_in_length(merkleize(roots, kTransactionsLimit), roots.size());
}

PayloadHeader make_empty_payload() {
    PayloadHeader payload;
    payload.transactions_root = transactions_root({});
    payload.withdrawals_root = empty_list_root(kWithdrawalsLimit);
    return payload;
}

std::vector<Hash32> empty_body_fields(const BeaconNetwork& network) {
    DevnetBody body;
    body.aggregate.bits = {Bytes((network.committee_size + 7) / 8), network.committee_size};
    body.payload_root = root_of(make_empty_payload(), ExecutionLayout::kDeneb);
    return body_fields(body);
}

Hash32 DevnetState::registry_root(const std::vector<DevnetKey>& validators) {
    std::vector<Hash32> roots;
    for (const DevnetKey& validator : validators) {
        const Hash32 fields[] = {
            bytes_root(validator.key),
            Hash32{},  // withdrawal credentials: nobody withdraws
            chunk_of(kEffectiveBalanceGwei),
            chunk_of(0),  // not slashed
            chunk_of(0),  // eligible for activation
            chunk_of(0),  // activated
            chunk_of(kFarFutureEpoch),
            chunk_of(kFarFutureEpoch),
        };
        roots.push_back(merkleize(fields));
    }
    return codec::mix_in_length(merkleize(roots, kRegistryLimit), roots.size());
}

DevnetState::DevnetState(const BeaconNetwork& network, const std::vector<DevnetKey>& validators,
                         const Hash32& payload_root)
    : registry_root_(network.genesis_validators_root),
      validators_(validators.size()),
      balances_root_(uniform_list_root(kEffectiveBalanceGwei, 8, validators.size())),
      randao_mixes_(1),
      payload_root_(payload_root) {
    latest_header_.body_root = merkleize(empty_body_fields(network));
}

const Hash32& DevnetState::block_root_at(Slot slot) const noexcept {
    return block_roots_[slot.value % kSlotsPerHistoricalRoot];
}

/// process_justification_and_finalization where either all or none vote. Begins with epoch 1, not 2, so that
/// a devnet is final an epoch sooner.
void DevnetState::justify(const BeaconNetwork& network) {
    const Epoch current = epoch(network);
    if (current.value == 0) return;
    const Epoch previous{current.value - 1};
    const Checkpoint old_previous = previous_justified_;
    const Checkpoint old_current = current_justified_;
    previous_justified_ = current_justified_;
    std::shift_right(is_justified_.begin(), is_justified_.end(), 1);
    is_justified_[0] = false;
    const auto target = [&](Epoch e) {
        return Checkpoint{e, block_root_at(Slot{e.value * network.slots_per_epoch})};
    };
    if (previous_votes_ == Attesting::kAll) {
        current_justified_ = target(previous);
        is_justified_[1] = true;
    }
    if (current_votes_ == Attesting::kAll) {
        current_justified_ = target(current);
        is_justified_[0] = true;
    }
    const auto all = [&](std::size_t from, std::size_t to) {
        for (std::size_t i = from; i < to; ++i) {
            if (!is_justified_[i]) return false;
        }
        return true;
    };
    if (all(1, 4) && old_previous.epoch.value + 3 == current.value) finalized_ = old_previous;
    if (all(1, 3) && old_previous.epoch.value + 2 == current.value) finalized_ = old_previous;
    if (all(0, 3) && old_current.epoch.value + 2 == current.value) finalized_ = old_current;
    if (all(0, 2) && old_current.epoch.value + 1 == current.value) finalized_ = old_current;
}

void DevnetState::advance(const BeaconNetwork& network, const Hash32& incoming) {
    const std::size_t place = slot_.value % kSlotsPerHistoricalRoot;
    const Hash32 state_root = merkleize(fields(network));
    if (latest_header_.state_root.is_zero()) latest_header_.state_root = state_root;
    if (place >= block_roots_.size()) {
        block_roots_.resize(place + 1);
        state_roots_.resize(place + 1);
    }
    block_roots_[place] = ethereum::root_of(latest_header_);
    state_roots_[place] = state_root;

    const Slot next{slot_.value + 1};
    if (next.value % network.slots_per_epoch == 0) {
        justify(network);
        if (next.value % kSlotsPerHistoricalRoot == 0)
            historical_summaries_.push_back(
                crypto::sha256_pair(merkleize(block_roots_), merkleize(state_roots_)));
        // process_randao_mixes_reset
        const std::size_t mix = network.epoch_of(next).value % kEpochsPerHistoricalVector;
        const Hash32 last_mix = randao_mixes_[epoch(network).value % kEpochsPerHistoricalVector];
        if (mix >= randao_mixes_.size()) randao_mixes_.resize(mix + 1);
        randao_mixes_[mix] = last_mix;
        previous_votes_ = current_votes_;
        current_votes_ = Attesting::kNone;
        if (next.value % network.slots_per_period() == 0) {
            current_committee_ = next_committee_;
            next_committee_ = incoming;
        }
    }
    slot_ = next;
}

void DevnetState::apply(const BeaconNetwork& network, const BeaconHeader& header,
                        const bls::Signature& randao_reveal, const Hash32& payload_root) {
    BUTTER_ASSERT(header.slot == slot_);
    latest_header_ = header;
    latest_header_.state_root = {};
    payload_root_ = payload_root;
    Hash32& mix = randao_mixes_[epoch(network).value % kEpochsPerHistoricalVector];
    const Hash32 reveal = crypto::sha256(randao_reveal);
    for (std::size_t i = 0; i < reveal.size(); ++i) mix[i] ^= reveal[i];
    if (attesting_ == Attesting::kAll) current_votes_ = Attesting::kAll;
}

std::vector<Hash32> DevnetState::fields(const BeaconNetwork& network) const {
    const Fork& fork = network.fork_at(slot_);
    const auto position = static_cast<std::size_t>(&fork - network.forks.data());
    const Fork& previous_fork = network.forks[position == 0 ? 0 : position - 1];
    const Hash32 fork_fields[] = {version_chunk(previous_fork.version), version_chunk(fork.version),
                                  chunk_of(fork.epoch.value)};
    std::uint64_t justification_bits = 0;
    for (std::size_t i = 0; i < is_justified_.size(); ++i)
        justification_bits |= std::uint64_t{is_justified_[i]} << i;
    const auto votes_root = [&](Attesting votes) {
        return uniform_list_root(votes == Attesting::kAll ? kAllParticipationFlags : 0, 1, validators_);
    };
    std::vector<Hash32> out{
        chunk_of(network.genesis_time.value),
        network.genesis_validators_root,
        chunk_of(slot_.value),
        merkleize(fork_fields),
        ethereum::root_of(latest_header_),
        merkleize(block_roots_, kSlotsPerHistoricalRoot),
        merkleize(state_roots_, kSlotsPerHistoricalRoot),
        empty_list_root(kHistoricalRootsLimit),
        eth1_data_root(),
        empty_list_root(kEth1VotesLimit),
        chunk_of(0),  // deposits processed
        registry_root_,
        balances_root_,
        merkleize(randao_mixes_, kEpochsPerHistoricalVector),
        zero_hash(kSlashingsDepth),
        votes_root(previous_votes_),
        votes_root(current_votes_),
        chunk_of(justification_bits),
        root_of(previous_justified_),
        root_of(current_justified_),
        root_of(finalized_),
        uniform_list_root(0, 8, validators_),  // inactivity scores
        current_committee_,
        next_committee_,
        payload_root_,
        chunk_of(0),  // next withdrawal
        chunk_of(0),  // next validator to withdraw
        codec::mix_in_length(merkleize(historical_summaries_, kHistoricalRootsLimit),
                             historical_summaries_.size()),
        chunk_of(kNoDepositRequests),
        chunk_of(0),  // deposit balance to consume
        chunk_of(0),  // exit balance to consume
        chunk_of(0),  // earliest exit epoch
        chunk_of(0),  // consolidation balance to consume
        chunk_of(0),  // earliest consolidation epoch
        empty_list_root(kPendingDepositsLimit),
        empty_list_root(kPendingWithdrawalsLimit),
        empty_list_root(kPendingConsolidationsLimit),
    };
    if (fork.name == "fulu") {
        // Proposers take turns.
        Bytes lookahead;
        const std::uint64_t first = epoch(network).value * network.slots_per_epoch;
        for (std::uint64_t i = 0; i < kEpochsOfLookahead * network.slots_per_epoch; ++i)
            codec::append_ssz_uint(lookahead, (first + i) % validators_, 8);
        out.push_back(bytes_root(lookahead));
    }
    return out;
}

}  // namespace butter::ethereum
