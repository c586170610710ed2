// SPDX-License-Identifier: Apache-2.0
#include "chains/ethereum/proof.hpp"

#include <algorithm>
#include <bit>
#include <optional>

#include "butter/crypto/sha256.hpp"
#include "chains/ethereum/execution_header.hpp"
#include "chains/ethereum/proof_encoding.hpp"

namespace butter::ethereum {
namespace {

using encoding::SyncUpdate;

constexpr std::size_t kKeyBytes = 128;
constexpr std::size_t kSignatureBytes = 256;
constexpr std::size_t kBitsMax = 512;

// ---- SSZ
// ---------------------------------------------------------------------------------------------------------

/// Whether `leaf` is the node `gindex` under `root`; `error` when it is another.
Result<void, ProofError> check_branch(const Hash32& leaf, const std::vector<Hash32>& branch,
                                      std::uint64_t gindex, const Hash32& root, ProofError error) {
    const auto computed = codec::compute_branch_root(leaf, branch, gindex);
    if (!computed) return std::unexpected(ProofError::kBranchLength);
    if (*computed != root) return std::unexpected(error);
    return {};
}

/// (p - 1) / 2 for the field of BLS12-381.
constexpr FixedBytes<48> kHalfModulus{
    {0x0d, 0x00, 0x88, 0xf5, 0x1c, 0xbf, 0xf3, 0x4d, 0x25, 0x8d, 0xd3, 0xdb, 0x21, 0xa5, 0xd6, 0x6b,
     0xb2, 0x3b, 0xa5, 0xc2, 0x79, 0xc2, 0x89, 0x5f, 0xb3, 0x98, 0x69, 0x50, 0x7b, 0x58, 0x7b, 0x12,
     0x0f, 0x55, 0xff, 0xff, 0x58, 0xa9, 0xff, 0xff, 0xdc, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xd5, 0x55}};

/// hash_tree_root of the compressed key. Does not check that it is a point: whoever uses it does.
Result<Hash32, ProofError> key_root(BytesView key) {
    constexpr std::size_t kFieldBytes = 64;
    constexpr std::size_t kPadding = 16;
    const auto is_zero = [](std::uint8_t byte) { return byte == 0; };
    if (key.size() != kKeyBytes || std::all_of(key.begin(), key.end(), is_zero)) {
        return std::unexpected(ProofError::kPoint);
    }
    for (const BytesView padding : {key.first(kPadding), key.subspan(kFieldBytes, kPadding)}) {
        if (!std::all_of(padding.begin(), padding.end(), is_zero)) return std::unexpected(ProofError::kPoint);
    }
    auto compressed = to_fixed<48>(key.subspan(kPadding, 48));
    const bool is_larger = to_fixed<48>(key.subspan(kFieldBytes + kPadding, 48)) > kHalfModulus;
    compressed[0] |= is_larger ? 0xa0 : 0x80;
    const std::vector<Hash32> chunks = codec::pack_chunks(compressed);
    return crypto::sha256_pair(chunks[0], chunks[1]);
}

Result<bls::AffinePublicKey, ProofError> decode_key(BytesView key) {
    if (key.size() != kKeyBytes) return std::unexpected(ProofError::kPoint);
    const auto point = bls::decode_eip2537_key(to_fixed<kKeyBytes>(key));
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

Result<Signers, ProofError> sum_of_signers(const BeaconNetwork& network, const SyncUpdate& update) {
    const std::size_t size = network.committee_size;
    // The keys belong to the committee by their roots, which an off-curve point can share.
    std::optional<bls::AffinePublicKey> aggregate_key;
    std::vector<bls::AffinePublicKey> absent;
    for (std::size_t index = 0; index < kBitsMax; ++index) {
        const bool is_set = (update.bits[index / 256][index % 256 / 8] >> (index % 8) & 1) != 0;
        if (index >= size) {
            if (is_set) return std::unexpected(ProofError::kBits);
        } else if (!is_set) {
            if (absent.size() == update.absent.size()) return std::unexpected(ProofError::kAbsentMembers);
            const encoding::AbsentMember& member = update.absent[absent.size()];
            TRY(const Hash32 leaf, key_root(member.key));
            TRY_VOID(check_branch(leaf, member.branch, size + index, update.pubkeys_root,
                                  ProofError::kAbsentMembers));
            if (!aggregate_key) {
                TRY(aggregate_key, decode_key(update.aggregate_key));
            }
            TRY(const bls::AffinePublicKey key, decode_key(member.key));
            absent.push_back(key);
        }
    }
    if (absent.size() != update.absent.size()) return std::unexpected(ProofError::kAbsentMembers);
    const std::size_t count = size - absent.size();
    if (count == 0 || count * 3 < size * 2) return std::unexpected(ProofError::kParticipation);
    if (!aggregate_key) {
        TRY(aggregate_key, decode_key(update.aggregate_key));
    }
    const auto sum = bls::subtract(*aggregate_key, absent);
    if (!sum) return std::unexpected(ProofError::kPoint);
    return Signers{*sum, count};
}

/// How many signed.
Result<std::size_t, ProofError> verify_signature(const BeaconNetwork& network, const SyncUpdate& update,
                                                 const Hash32& committee) {
    TRY(const Hash32 aggregate_root, key_root(update.aggregate_key));
    if (crypto::sha256_pair(update.pubkeys_root, aggregate_root) != committee) {
        return std::unexpected(ProofError::kCommittee);
    }
    TRY(const Signers signers, sum_of_signers(network, update));
    if (update.signature.size() != kSignatureBytes) return std::unexpected(ProofError::kPoint);
    const auto signature = bls::decode_eip2537_signature(to_fixed<kSignatureBytes>(update.signature));
    if (!signature) return std::unexpected(ProofError::kPoint);
    const Hash32 signing_root =
        sync_committee_signing_root(network, root_of(update.attested), update.signature_slot);
    if (!bls::verify(signers.key, signing_root, *signature)) return std::unexpected(ProofError::kSignature);
    return signers.count;
}

Result<void, ProofError> verify_branches(const BeaconNetwork& network, const SyncUpdate& update) {
    const Fork& attested_fork = network.fork_at(update.attested.slot);
    TRY_VOID(check_branch(root_of(update.finalized), update.finality_branch,
                          attested_fork.finalized_root_gindex, update.attested.state_root,
                          ProofError::kFinality));
    const std::uint64_t hash_gindex = block_hash_gindex(network.fork_at(update.finalized.slot));
    if (hash_gindex == 0) return std::unexpected(ProofError::kExecution);
    return check_branch(update.execution_block_hash, update.execution_branch, hash_gindex,
                        update.finalized.body_root, ProofError::kExecution);
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
    if (std::find(client.finalized_blocks.begin(), client.finalized_blocks.end(), header.hash) ==
        client.finalized_blocks.end()) {
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
        case ProofError::kSlotOrder:
            return "slots of the update are not in order";
        case ProofError::kCommitteeUnknown:
            return "update signed in a period whose committee is not known";
        case ProofError::kFinality:
            return "finalised header is not in the attested state";
        case ProofError::kExecution:
            return "execution block is not in the finalised block";
        case ProofError::kNextCommittee:
            return "next committee is not in the attested state or not the known one";
        case ProofError::kCommittee:
            return "keys are not the committee's";
        case ProofError::kBits:
            return "participation bit beyond the committee";
        case ProofError::kAbsentMembers:
            return "absent members are not proven";
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
        case ProofError::kBranchLength:
            return "branch of another depth than its index";
    }
    return "unknown proof error";
}

Client make_client(const ClientState& state, std::uint64_t slots_per_period) {
    Client client{state, {}, {state.finalized_block_hash}};
    client.state.period = state.finalized_slot.value / slots_per_period;
    client.committees[client.state.period] = state.committee_root;
    if (!state.next_committee_root.is_zero()) {
        client.committees[client.state.period + 1] = state.next_committee_root;
    }
    return client;
}

Result<AppliedUpdate, ProofError> apply_sync_update(const BeaconNetwork& network, const Client& client,
                                                    BytesView bytes) {
    const auto read = encoding::read_sync_update(bytes);
    if (!read) return std::unexpected(ProofError::kAbi);
    const SyncUpdate& update = *read;
    const Slot known_slot = client.state.finalized_slot;
    const std::uint64_t attested_period = network.period_of(update.attested.slot);
    const std::uint64_t finalized_period = network.period_of(update.finalized.slot);
    const std::uint64_t store_period = network.period_of(known_slot);
    // The next committee is learned only when the finalised header is in the attesting state's period:
    // otherwise the committee is not final.
    const bool has_next = !update.next_committee_root.is_zero() || !update.next_committee_branch.empty();
    const bool learns_next = has_next && attested_period == finalized_period &&
                             committee_root(client, finalized_period + 1).is_zero();
    const bool is_newer = update.finalized.slot > known_slot;
    AppliedUpdate applied{client, 0};
    if ((!is_newer && !learns_next) || finalized_period < store_period) return applied;

    if (update.signature_slot <= update.attested.slot || update.attested.slot < update.finalized.slot) {
        return std::unexpected(ProofError::kSlotOrder);
    }
    const std::uint64_t signature_period = network.period_of(update.signature_slot);
    const Hash32 committee = committee_root(client, signature_period);
    // Only the current committee or, once known, the next: older ones may have sold their keys.
    if (signature_period < store_period || signature_period > store_period + 1 || committee.is_zero()) {
        return std::unexpected(ProofError::kCommitteeUnknown);
    }
    TRY_VOID(verify_branches(network, update));
    if (has_next) {
        TRY_VOID(check_branch(update.next_committee_root, update.next_committee_branch,
                              network.fork_at(update.attested.slot).next_committee_gindex,
                              update.attested.state_root, ProofError::kNextCommittee));
        const Hash32 known = committee_root(client, attested_period + 1);
        if (!known.is_zero() && known != update.next_committee_root) {
            return std::unexpected(ProofError::kNextCommittee);
        }
    }
    TRY(applied.participants, verify_signature(network, update, committee));

    if (learns_next && !update.next_committee_root.is_zero()) {
        applied.client.committees[finalized_period + 1] = update.next_committee_root;
    }
    if (is_newer) {
        applied.client.state.finalized_slot = update.finalized.slot;
        applied.client.state.finalized_block_hash = update.execution_block_hash;
        applied.client.finalized_blocks.push_back(update.execution_block_hash);
    }
    show_state(network, applied.client);
    return applied;
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
