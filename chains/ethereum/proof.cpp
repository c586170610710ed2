// SPDX-License-Identifier: Apache-2.0
#include "chains/ethereum/proof.hpp"

#include <algorithm>
#include <bit>
#include <optional>

#include "butter/base/assert.hpp"
#include "butter/crypto/sha256.hpp"
#include "chains/ethereum/execution_header.hpp"
#include "chains/ethereum/key_tree.hpp"
#include "chains/ethereum/proof_encoding.hpp"

namespace butter::ethereum {
namespace {

using encoding::SyncUpdateHead;
using encoding::SyncUpdateTail;

constexpr std::size_t kBitsMax = 512;

// ---- keys
// --------------------------------------------------------------------------------------------------------

/// (p - 1) / 2 for the field of BLS12-381.
constexpr FixedBytes<48> kHalfModulus{
    {0x0d, 0x00, 0x88, 0xf5, 0x1c, 0xbf, 0xf3, 0x4d, 0x25, 0x8d, 0xd3, 0xdb, 0x21, 0xa5, 0xd6, 0x6b,
     0xb2, 0x3b, 0xa5, 0xc2, 0x79, 0xc2, 0x89, 0x5f, 0xb3, 0x98, 0x69, 0x50, 0x7b, 0x58, 0x7b, 0x12,
     0x0f, 0x55, 0xff, 0xff, 0x58, 0xa9, 0xff, 0xff, 0xdc, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xd5, 0x55}};

using Key = FixedBytes<encoding::kKeyBytes>;
constexpr std::size_t kFieldBytes = 48;

/// hash_tree_root of the compressed key. Does not check that it is a point: whoever uses it does.
Result<Hash32, ProofError> key_root(const Key& key) {
    if (std::all_of(key.begin(), key.end(), [](std::uint8_t byte) { return byte == 0; })) {
        return std::unexpected(ProofError::kPoint);
    }
    auto compressed = to_fixed<kFieldBytes>(BytesView(key).first(kFieldBytes));
    const bool is_larger = to_fixed<kFieldBytes>(BytesView(key).subspan(kFieldBytes)) > kHalfModulus;
    compressed[0] |= is_larger ? 0xa0 : 0x80;
    const std::vector<Hash32> chunks = codec::pack_chunks(compressed);
    return crypto::sha256_pair(chunks[0], chunks[1]);
}

/// With the padding of EIP-2537.
template <std::size_t Fields>
FixedBytes<64 * Fields> padded(BytesView point) {
    BUTTER_ASSERT(point.size() == kFieldBytes * Fields);
    FixedBytes<64 * Fields> out;
    for (std::size_t i = 0; i < Fields; ++i) {
        const BytesView field = point.subspan(kFieldBytes * i, kFieldBytes);
        std::copy(field.begin(), field.end(), out.begin() + static_cast<std::ptrdiff_t>(64 * i + 16));
    }
    return out;
}

Result<bls::AffinePublicKey, ProofError> decode_key(const Key& key) {
    const auto point = bls::decode_eip2537_key(padded<2>(key));
    if (!point) return std::unexpected(ProofError::kPoint);
    return *point;
}

// ---- updates
// -----------------------------------------------------------------------------------------------------

Hash32 committee_root(const Client& client, std::uint64_t period) {
    const auto found = client.committees.find(period);
    return found == client.committees.end() ? Hash32{} : found->second;
}

struct Signers {
    bls::AffinePublicKey key;  ///< sum
    std::size_t count = 0;
};

/// Of the committee whose root is `committee`.
Result<Signers, ProofError> verify_signers(const BeaconNetwork& network, const Hash32& committee,
                                           const SyncUpdateHead& head, const SyncUpdateTail& tail) {
    const std::size_t size = network.committee_size;
    std::vector<std::size_t> absent;
    for (std::size_t index = 0; index < kBitsMax; ++index) {
        if (index >= size && head.has_signed(index)) return std::unexpected(ProofError::kBits);
        if (index < size && !head.has_signed(index)) absent.push_back(index);
    }
    BUTTER_ASSERT(absent.size() == tail.absent_keys.size());
    TRY(const Hash32 aggregate_root, key_root(head.aggregate_key));
    std::vector<std::pair<std::size_t, Hash32>> leaves;
    std::vector<bls::AffinePublicKey> keys;
    TRY(const bls::AffinePublicKey aggregate_key, decode_key(head.aggregate_key));
    for (std::size_t i = 0; i < absent.size(); ++i) {
        TRY(const Hash32 leaf, key_root(tail.absent_keys[i]));
        TRY(const bls::AffinePublicKey key, decode_key(tail.absent_keys[i]));
        leaves.emplace_back(absent[i], leaf);
        keys.push_back(key);
    }
    const std::size_t count = size - absent.size();
    if (count == 0 || count * 3 < size * 2) return std::unexpected(ProofError::kParticipation);
    const FoldedTree tree =
        fold_multiproof(std::move(leaves), static_cast<unsigned>(std::bit_width(size)) - 1, tail.key_nodes);
    if (tree.nodes_used != tail.key_nodes.size()) return std::unexpected(ProofError::kUpdateLength);
    if (crypto::sha256_pair(tree.root, aggregate_root) != committee) {
        return std::unexpected(ProofError::kCommittee);
    }
    const auto sum = bls::subtract(aggregate_key, keys);
    if (!sum) return std::unexpected(ProofError::kPoint);
    return Signers{*sum, count};
}

/// What an update proves (`EthereumLightClient.Finality`).
struct Finality {
    Slot slot;
    std::uint64_t attested_period = 0;
    Hash32 header_root;
    Hash32 next_committee_root;
    std::size_t participants = 0;
};

/// The twin of `EthereumLightClient._verify`.
Result<Finality, ProofError> verify_update(const BeaconNetwork& network, const Client& client,
                                           const SyncUpdateHead& head, BytesView bytes) {
    if (head.signature_slot <= head.attested.slot || head.attested.slot < head.finalized.slot) {
        return std::unexpected(ProofError::kSlotOrder);
    }
    const std::uint64_t store_period = network.period_of(client.state.finalized_slot);
    const std::uint64_t signature_period = network.period_of(head.signature_slot);
    const Hash32 committee = committee_root(client, signature_period);
    // Only the current committee or, once known, the next: older ones may have sold their keys.
    if (signature_period < store_period || signature_period > store_period + 1 || committee.is_zero()) {
        return std::unexpected(ProofError::kCommitteeUnknown);
    }
    const std::uint64_t hash_gindex = block_hash_gindex(network.fork_at(head.finalized.slot));
    if (hash_gindex == 0) return std::unexpected(ProofError::kExecution);
    const auto tail = encoding::read_sync_update_tail(network, head, bytes);
    if (!tail) return std::unexpected(ProofError::kUpdateLength);

    const Fork& fork = network.fork_at(head.attested.slot);
    // A fork without light clients has indices of zero, which are no nodes.
    const auto fold = [](const Hash32& leaf, const std::vector<Hash32>& branch, std::uint64_t gindex) {
        const auto root = codec::compute_branch_root(leaf, branch, gindex);
        return root ? Result<Hash32, ProofError>(*root) : std::unexpected(ProofError::kExecution);
    };
    BeaconHeader finalized = head.finalized;
    TRY(finalized.body_root, fold(head.execution_block_hash, tail->execution_branch, hash_gindex));
    BeaconHeader attested = head.attested;
    const Hash32 finalized_root = root_of(finalized);
    TRY(attested.state_root, fold(finalized_root, tail->finality_branch, fork.finalized_root_gindex));
    if (!head.next_committee_root.is_zero()) {
        TRY(const Hash32 root,
            fold(head.next_committee_root, tail->next_committee_branch, fork.next_committee_gindex));
        if (root != attested.state_root) return std::unexpected(ProofError::kNextCommittee);
    }

    TRY(const Signers signers, verify_signers(network, committee, head, *tail));
    const auto signature = bls::decode_eip2537_signature(padded<4>(head.signature));
    if (!signature) return std::unexpected(ProofError::kPoint);
    const Hash32 signing_root = sync_committee_signing_root(network, root_of(attested), head.signature_slot);
    if (!bls::verify(signers.key, signing_root, *signature)) return std::unexpected(ProofError::kSignature);
    return Finality{.slot = head.finalized.slot,
                    .attested_period = network.period_of(head.attested.slot),
                    .header_root = finalized_root,
                    .next_committee_root = head.next_committee_root,
                    .participants = signers.count};
}

void show_state(const BeaconNetwork& network, Client& client) {
    ClientState& state = client.state;
    state.period = network.period_of(state.finalized_slot);
    state.committee_root = committee_root(client, state.period);
    state.next_committee_root = committee_root(client, state.period + 1);
}

// ---- blocks
// ------------------------------------------------------------------------------------------------------

Result<ExecutionHeader, ProofError> read_header(BytesView bytes) {
    const auto header = decode_execution_header(bytes);
    if (!header) return std::unexpected(ProofError::kHeaders);
    return *header;
}

/// The header that holds the receipts.
Result<ExecutionHeader, ProofError> verify_headers(const Client& client, const ProofParts& parts) {
    const std::vector<Bytes>& headers = parts.headers;
    if (headers.empty() || headers.size() > kHeadersMax) return std::unexpected(ProofError::kHeaders);
    TRY(ExecutionHeader header, read_header(headers[0]));
    const auto anchor = client.finalized_blocks.find(parts.anchor_slot);
    if (anchor == client.finalized_blocks.end() || anchor->second != header.hash) {
        return std::unexpected(ProofError::kNotFinalized);
    }
    if (!parts.history_account.empty() || !parts.history_storage.empty()) {
        if (headers.size() != 2) return std::unexpected(ProofError::kHeaders);
        TRY(const ExecutionHeader target, read_header(headers[1]));
        const auto expected =
            verify_history(header, target.number, parts.history_account, parts.history_storage);
        if (!expected || target.hash != *expected) return std::unexpected(ProofError::kHistory);
        return target;
    }
    for (std::size_t i = 1; i < headers.size(); ++i) {
        TRY(const ExecutionHeader parent, read_header(headers[i]));
        if (parent.hash != header.parent_hash) return std::unexpected(ProofError::kHeaders);
        header = parent;
    }
    return header;
}

ProofError to_proof_error(proof::ReceiptProofError error) noexcept {
    switch (error) {
        case proof::ReceiptProofError::kNoLogIndexes:
        case proof::ReceiptProofError::kNotAscending:
        case proof::ReceiptProofError::kOutOfRange:
            return ProofError::kLogIndex;
        default:
            return ProofError::kReceipt;
    }
}

}  // namespace

std::string_view to_string(ProofError error) noexcept {
    switch (error) {
        case ProofError::kAbi:
            return "proof is not abi-encoded";
        case ProofError::kUpdateLength:
            return "update is not as long as its parts";
        case ProofError::kSlotOrder:
            return "slots of the update are not in order";
        case ProofError::kCommitteeUnknown:
            return "update signed in a period whose committee is not known";
        case ProofError::kExecution:
            return "finalised block is of a fork without execution";
        case ProofError::kNextCommittee:
            return "next committee is not in the attested state or not the known one";
        case ProofError::kCommittee:
            return "keys are not the committee's";
        case ProofError::kBits:
            return "participation bit beyond the committee";
        case ProofError::kParticipation:
            return "fewer than two thirds of the committee signed";
        case ProofError::kPoint:
            return "key or signature is no point";
        case ProofError::kSignature:
            return "signature of the committee does not verify";
        case ProofError::kHeaders:
            return "headers are malformed, not linked, none or too many";
        case ProofError::kNotFinalized:
            return "first header is no finalised block of the client";
        case ProofError::kHistory:
            return "history proof does not hold or is out of its window";
        case ProofError::kReceipt:
            return "receipt is not proven";
        case ProofError::kLogIndex:
            return "log indexes out of order or range";
        case ProofError::kNoMisbehaviour:
            return "updates do not contradict each other";
    }
    return "unknown proof error";
}

Client make_client(const ClientState& state, std::uint64_t slots_per_period) {
    Client client{state, {}, {{state.finalized_slot, state.finalized_block_hash}}};
    client.state.period = state.finalized_slot.value / slots_per_period;
    client.committees[client.state.period] = state.committee_root;
    if (!state.next_committee_root.is_zero()) {
        client.committees[client.state.period + 1] = state.next_committee_root;
    }
    return client;
}

Result<AppliedUpdate, ProofError> apply_sync_update(const BeaconNetwork& network, const Client& client,
                                                    BytesView bytes) {
    const auto head = encoding::read_sync_update_head(bytes);
    if (!head) return std::unexpected(ProofError::kUpdateLength);
    const std::uint64_t attested_period = network.period_of(head->attested.slot);
    const std::uint64_t finalized_period = network.period_of(head->finalized.slot);
    const std::uint64_t store_period = network.period_of(client.state.finalized_slot);
    // The next committee is learned only when the finalised header is in the attesting state's period:
    // otherwise the committee is not final.
    const bool learns_next = !head->next_committee_root.is_zero() && attested_period == finalized_period &&
                             committee_root(client, finalized_period + 1).is_zero();
    const bool is_newer = head->finalized.slot > client.state.finalized_slot;
    AppliedUpdate applied{client, 0};
    if ((!is_newer && !learns_next) || finalized_period < store_period) return applied;

    TRY(const Finality finality, verify_update(network, client, *head, bytes));
    applied.participants = finality.participants;
    const Hash32 known = committee_root(client, attested_period + 1);
    if (!finality.next_committee_root.is_zero() && !known.is_zero() &&
        known != finality.next_committee_root) {
        return std::unexpected(ProofError::kNextCommittee);
    }
    if (learns_next) applied.client.committees[finalized_period + 1] = finality.next_committee_root;
    if (is_newer) {
        applied.client.state.finalized_slot = finality.slot;
        applied.client.state.finalized_block_hash = head->execution_block_hash;
        applied.client.finalized_blocks[finality.slot] = head->execution_block_hash;
    }
    show_state(network, applied.client);
    return applied;
}

Result<void, ProofError> verify_misbehaviour(const BeaconNetwork& network, const Client& client,
                                             BytesView first, BytesView second) {
    const auto first_head = encoding::read_sync_update_head(first);
    const auto second_head = encoding::read_sync_update_head(second);
    if (!first_head || !second_head) return std::unexpected(ProofError::kUpdateLength);
    TRY(const Finality a, verify_update(network, client, *first_head, first));
    TRY(const Finality b, verify_update(network, client, *second_head, second));
    // Only that of the finalised header's own period is final.
    const auto is_next_final = [&](const Finality& finality) {
        return !finality.next_committee_root.is_zero() &&
               network.period_of(finality.slot) == finality.attested_period;
    };
    const bool is_forked = a.slot == b.slot && a.header_root != b.header_root;
    const bool is_succeeded_twice = a.attested_period == b.attested_period && is_next_final(a) &&
                                    is_next_final(b) && a.next_committee_root != b.next_committee_root;
    if (!is_forked && !is_succeeded_twice) return std::unexpected(ProofError::kNoMisbehaviour);
    return {};
}

Result<VerifiedProof, ProofError> verify_proof(const BeaconNetwork& network, const Client& client,
                                               BytesView bytes) {
    const auto parts = encoding::read_proof(bytes);
    if (!parts) return std::unexpected(ProofError::kAbi);
    VerifiedProof out;
    out.client = client;
    for (const Bytes& update : parts->updates) {
        TRY(AppliedUpdate applied, apply_sync_update(network, out.client, update));
        out.client = std::move(applied.client);
        if (applied.participants != 0) out.participants = applied.participants;
    }
    TRY(const ExecutionHeader header, verify_headers(out.client, *parts));
    out.number = BlockNumber{header.number};
    auto logs = proof::verify_receipts(header.receipts_root, parts->receipts);
    if (!logs) return std::unexpected(to_proof_error(logs.error()));
    out.logs = *std::move(logs);
    return out;
}

}  // namespace butter::ethereum
