// SPDX-License-Identifier: Apache-2.0
#include "butter/base/assert.hpp"
#include "butter/crypto/keccak.hpp"
#include "butter/trie/trie.hpp"

/// Nodes cut from the input by length bytes, under the root that the first one has: malformed nodes of every
/// kind are reached without finding hashes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace butter;
    BytesView rest(data, size);
    const auto take = [&]() -> Bytes {
        if (rest.empty()) return {};
        const std::size_t length = std::min<std::size_t>(rest[0], rest.size() - 1);
        Bytes out = to_bytes(rest.subspan(1, length));
        rest = rest.subspan(1 + length);
        return out;
    };
    const Bytes key = take();
    std::vector<Bytes> nodes;
    while (!rest.empty()) nodes.push_back(take());
    const Hash32 root = nodes.empty() ? trie::kEmptyRoot : crypto::keccak256(nodes[0]);
    const auto value = trie::verify_proof(root, key, nodes);
    const auto found = trie::verify_proof_or_absence(root, key, nodes);
    if (value) BUTTER_ASSERT(found && *found == *value);
    if (!value && found) BUTTER_ASSERT(!found->has_value());
    return 0;
}
