// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "butter/base/bytes.hpp"
#include "butter/base/result.hpp"

/// The relay chain's outbox of one destination: an append-only Merkle mountain range over order ids
/// (docs/message-format.md).
namespace butter::message {

enum class OutboxError {
    kNoLeaves = 1,             ///< nothing to prove
    kIndexesNotAscending = 2,  ///< indexes not strictly ascending
    kIndexOutOfRange = 3,      ///< an index not below the count
    kMissingSibling = 4,       ///< the proof ends early
    kUnusedSibling = 5,        ///< the proof goes on after the root is known
    kRootMismatch = 6,         ///< another root than the trusted one
};
std::string_view to_string(OutboxError error) noexcept;

/// One message of an outbox.
struct OutboxLeaf {
    std::uint64_t index = 0;
    Hash32 order_id;

    friend bool operator==(const OutboxLeaf&, const OutboxLeaf&) = default;
};

/// Everything an outbox ever held, so that any message can be proven under any of its roots. Takes 64 bytes a
/// message.
class Outbox {
  public:
    /// The next message; its index is the count before.
    void append(const Hash32& order_id);
    std::uint64_t count() const noexcept { return levels_[0].size(); }
    /// Whether this message is in it, at this index.
    bool holds(const OutboxLeaf& leaf) const noexcept;

    /// Root when the outbox held `count` messages; `count` is at most `count()`. Zero for none.
    Hash32 root(std::uint64_t count) const noexcept;
    Hash32 root() const noexcept { return root(count()); }
    /// Siblings that prove the messages `indexes` under `root(count)`: at least one index, strictly
    /// ascending, below `count`.
    std::vector<Hash32> siblings(std::uint64_t count, std::span<const std::uint64_t> indexes) const;

  private:
    /// `levels_[h][i]` is the root of the perfect tree over the leaves from `i << h` to the next `1 << h`.
    /// Such a node never changes once it is complete, so every count shares them.
    std::vector<std::vector<Hash32>> levels_ = std::vector<std::vector<Hash32>>(1);
};

/// The root that `siblings` and `leaves` make for `count`.
Result<Hash32, OutboxError> compute_outbox_root(std::uint64_t count, std::span<const OutboxLeaf> leaves,
                                                std::span<const Hash32> siblings);
/// Whether `leaves` are in the outbox that had the trusted `root` at the trusted `count`.
Result<void, OutboxError> verify_outbox_proof(const Hash32& root, std::uint64_t count,
                                              std::span<const OutboxLeaf> leaves,
                                              std::span<const Hash32> siblings);

}  // namespace butter::message
