// SPDX-License-Identifier: Apache-2.0
#include "butter/base/assert.hpp"
#include "butter/codec/ssz.hpp"

/// A value of a nested type: whatever is accepted has a root, and every node found is proven under it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace butter;
    using namespace butter::codec;
    static const SszType inner = ssz_container({ssz_uint(16), ssz_list(ssz_uint(16), 1024), ssz_uint(8)});
    static const SszType type = ssz_container({ssz_bool(), ssz_bitlist(20), ssz_bitvector(9),
                                               ssz_byte_list(64), ssz_vector(inner, 2), ssz_list(inner, 4)});
    if (size == 0) return 0;
    const BytesView input(data + 1, size - 1);
    const auto root = hash_tree_root(type, input);
    const std::uint64_t gindex = data[0];
    const auto node = ssz_node(type, input, gindex);
    if (!root) {
        BUTTER_ASSERT(!node || gindex > 1);
        return 0;
    }
    const auto branch = ssz_branch(type, input, gindex);
    if (node && branch) BUTTER_ASSERT(verify_branch(*node, *branch, gindex, *root).has_value());
    return 0;
}
