// SPDX-License-Identifier: Apache-2.0
#include "butter/message/outbox.hpp"

#include "butter/base/assert.hpp"

namespace {

using namespace butter;
using namespace butter::message;

/// The input as numbers, zeros after its end.
class Source {
  public:
    explicit Source(BytesView input) noexcept : rest_(input) {}
    std::uint64_t next(std::size_t bytes) noexcept {
        std::uint64_t out = 0;
        for (; bytes > 0 && !rest_.empty(); --bytes, rest_ = rest_.subspan(1)) out = out << 8 | rest_[0];
        return out;
    }
    /// Ids differ only in a byte, so that equal ones come up.
    Hash32 next_hash() noexcept {
        Hash32 out;
        out.bytes[31] = static_cast<std::uint8_t>(next(1));
        return out;
    }

  private:
    BytesView rest_;
};

/// Any count, leaves and siblings: comes to an end, and the root it makes is the one it verifies under.
void check_hostile(Source source) {
    const std::uint64_t count = source.next(8);
    std::vector<OutboxLeaf> leaves(source.next(1) % 16);
    for (OutboxLeaf& leaf : leaves) {
        leaf.index = source.next(source.next(1) % 9);
        leaf.order_id = source.next_hash();
    }
    std::vector<Hash32> siblings(source.next(1) % 80);
    for (Hash32& sibling : siblings) sibling = source.next_hash();
    const auto root = compute_outbox_root(count, leaves, siblings);
    if (!root) return;
    BUTTER_ASSERT(verify_outbox_proof(*root, count, leaves, siblings).has_value());
    Hash32 other = *root;
    other.bytes[0] ^= 1;
    BUTTER_ASSERT(!verify_outbox_proof(other, count, leaves, siblings));
    siblings.push_back({});
    BUTTER_ASSERT(!verify_outbox_proof(*root, count, leaves, siblings));
}

/// An outbox proves what it holds, and nothing else under the same root.
void check_honest(Source source) {
    Outbox outbox;
    const std::uint64_t held = 1 + source.next(1) % 64;
    std::vector<Hash32> ids;
    for (std::uint64_t i = 0; i < held; ++i) {
        ids.push_back(source.next_hash());
        ids.back().bytes[0] = static_cast<std::uint8_t>(i);
        outbox.append(ids.back());
    }
    const std::uint64_t count = 1 + source.next(1) % held;
    std::vector<std::uint64_t> indexes;
    for (std::uint64_t i = 0; i < count; ++i)
        if (source.next(1) % 3 == 1) indexes.push_back(i);
    if (indexes.empty()) indexes.push_back(count - 1);
    std::vector<OutboxLeaf> leaves;
    for (const std::uint64_t index : indexes) leaves.push_back({index, ids[index]});
    const auto siblings = outbox.siblings(count, indexes);
    const Hash32 root = outbox.root(count);
    BUTTER_ASSERT(verify_outbox_proof(root, count, leaves, siblings).has_value());
    OutboxLeaf& changed = leaves[source.next(1) % leaves.size()];
    changed.order_id.bytes[1] ^= 1;
    BUTTER_ASSERT(!verify_outbox_proof(root, count, leaves, siblings));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const Source source(BytesView(data + 1, size - 1));
    if (data[0] % 2 == 0) {
        check_hostile(source);
    } else {
        check_honest(source);
    }
    return 0;
}
