// SPDX-License-Identifier: Apache-2.0
#include "chains/ethereum/objects.hpp"

#include <algorithm>
#include <bit>

#include "butter/base/assert.hpp"
#include "butter/crypto/sha256.hpp"
#include "chains/ethereum/object_layout.hpp"

namespace butter::ethereum {
namespace {

/// Of block_hash among the fields of ExecutionPayloadHeader.
constexpr std::size_t kBlockHashField = 12;

Hash32 little_endian(const Uint256& value) noexcept {
    Hash32 out = to_big_endian(value);
    std::reverse(out.begin(), out.end());
    return out;
}

Hash32 key_root(const bls::PublicKey& key) {
    const std::vector<Hash32> chunks = codec::pack_chunks(key);
    return crypto::sha256_pair(chunks[0], chunks[1]);
}

std::vector<Hash32> field_roots(const PayloadHeader& header, ExecutionLayout form) {
    BUTTER_ASSERT(form != ExecutionLayout::kNone);
    BUTTER_ASSERT(header.extra_data.size() <= layout::kExtraDataBytesMax);
    std::vector<Hash32> roots{
        header.parent_hash,
        codec::pack_chunks(header.fee_recipient)[0],
        header.state_root,
        header.receipts_root,
        codec::merkleize(codec::pack_chunks(header.logs_bloom)),
        header.prev_randao,
        codec::chunk_of(header.block_number.value),
        codec::chunk_of(header.gas_limit),
        codec::chunk_of(header.gas_used),
        codec::chunk_of(header.timestamp.value),
        codec::mix_in_length(codec::merkleize(codec::pack_chunks(header.extra_data), 1),
                             header.extra_data.size()),
        little_endian(header.base_fee_per_gas),
        header.block_hash,
        header.transactions_root,
        header.withdrawals_root,
    };
    if (form == ExecutionLayout::kDeneb) {
        roots.push_back(codec::chunk_of(header.blob_gas_used));
        roots.push_back(codec::chunk_of(header.excess_blob_gas));
    }
    return roots;
}

}  // namespace

std::string_view to_string(ObjectError error) noexcept {
    switch (error) {
        case ObjectError::kSsz:
            return "not the ssz of a light-client object";
        case ObjectError::kJson:
            return "not the json of a light-client object";
        case ObjectError::kCommitteeSize:
            return "sync committee of another size than the network's";
        case ObjectError::kBranchLength:
            return "branch of another depth than the fork's";
        case ObjectError::kExtraData:
            return "extra data above 32 bytes";
    }
    return "unknown object error";
}

Hash32 root_of(const BeaconHeader& header) noexcept {
    const auto pair = crypto::sha256_pair;
    const Hash32 left = pair(pair(codec::chunk_of(header.slot.value), codec::chunk_of(header.proposer_index)),
                             pair(header.parent_root, header.state_root));
    return pair(left, pair(pair(header.body_root, Hash32{}), codec::zero_hash(1)));
}

Hash32 root_of(const PayloadHeader& header, ExecutionLayout layout) {
    return codec::merkleize(field_roots(header, layout));
}

std::vector<Hash32> block_hash_branch(const PayloadHeader& header, ExecutionLayout layout) {
    const std::vector<Hash32> roots = field_roots(header, layout);
    return codec::compute_branch(roots, roots.size(), kBlockHashField);
}

bool is_empty(const LightClientHeader& header) noexcept {
    return header.beacon == BeaconHeader{} && (!header.execution || *header.execution == PayloadHeader{}) &&
           std::all_of(header.execution_branch.begin(), header.execution_branch.end(),
                       [](const Hash32& node) { return node.is_zero(); });
}

std::size_t branch_depth(std::uint64_t gindex) noexcept {
    return gindex == 0 ? 0 : static_cast<std::size_t>(std::bit_width(gindex)) - 1;
}

std::vector<Hash32> key_roots(const SyncCommittee& committee) {
    std::vector<Hash32> roots;
    roots.reserve(committee.keys.size());
    for (const bls::PublicKey& key : committee.keys) roots.push_back(key_root(key));
    return roots;
}

Hash32 pubkeys_root(const SyncCommittee& committee) { return codec::merkleize(key_roots(committee)); }

Hash32 root_of(const SyncCommittee& committee) {
    return crypto::sha256_pair(pubkeys_root(committee), key_root(committee.aggregate_key));
}

}  // namespace butter::ethereum
