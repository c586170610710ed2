// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "butter/base/bytes.hpp"
#include "butter/base/result.hpp"

/// What a proof takes from execution blocks: the twins of contracts/ExecutionHeader.sol and
/// contracts/HistoryProof.sol.
namespace butter::ethereum {

enum class ExecutionError {
    kRlp = 1,          ///< not canonical RLP of a header's shape
    kOutOfWindow = 2,  ///< a block that the history contract of the anchor does not keep
    kAccount = 3,      ///< the history contract's account is not proven
    kStorage = 4,      ///< the block's slot is not proven
};
std::string_view to_string(ExecutionError error) noexcept;

struct ExecutionHeader {
    Hash32 hash;
    Hash32 parent_hash;
    Hash32 state_root;
    Hash32 receipts_root;
    std::uint64_t number = 0;

    friend bool operator==(const ExecutionHeader&, const ExecutionHeader&) = default;
};

/// Fifteen fields, and whatever strings later forks appended: a header is only believed because its hash is
/// known. (`eth::decode_header` refuses fields that it does not know.)
Result<ExecutionHeader, ExecutionError> decode_execution_header(BytesView bytes);

/// EIP-2935: the contract that keeps the hashes of the last 8191 blocks, block n in slot n % 8191.
inline constexpr Address kHistoryContract{{0x00, 0x00, 0xf9, 0x08, 0x27, 0xf1, 0xc5, 0x3a, 0x10, 0xcb,
                                           0x7a, 0x02, 0x33, 0x5b, 0x17, 0x53, 0x20, 0x00, 0x29, 0x35}};
inline constexpr std::uint64_t kHistoryServeWindow = 8191;

/// The hash of block `number` as the state of the trusted `anchor` has it, by the nodes of `eth_getProof`.
Result<Hash32, ExecutionError> verify_history(const ExecutionHeader& anchor, std::uint64_t number,
                                              std::span<const Bytes> account_nodes,
                                              std::span<const Bytes> storage_nodes);

}  // namespace butter::ethereum
