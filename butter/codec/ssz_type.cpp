// SPDX-License-Identifier: Apache-2.0
#include <bit>

#include "butter/base/assert.hpp"
#include "butter/codec/ssz.hpp"

namespace butter::codec {
namespace {

using Kind = SszType::Kind;

bool is_basic(const SszType& type) noexcept { return type.kind == Kind::kUint || type.kind == Kind::kBool; }

bool has_length(const SszType& type) noexcept {
    return type.kind == Kind::kList || type.kind == Kind::kBitlist;
}

/// Leaves that the tree of `type` has room for.
std::uint64_t chunk_limit(const SszType& type) noexcept {
    switch (type.kind) {
        case Kind::kUint:
        case Kind::kBool:
            return 1;
        case Kind::kBitvector:
        case Kind::kBitlist:
            return (type.size + 255) / 256;
        case Kind::kVector:
        case Kind::kList: {
            if (!is_basic(type.elements[0])) return type.size;
            const std::uint64_t in_chunk = Hash32::kSize / *fixed_size(type.elements[0]);
            return (type.size + in_chunk - 1) / in_chunk;
        }
        case Kind::kContainer:
            return type.elements.size();
    }
    return 0;
}

/// A value taken apart for its tree: the chunks of basic values and bits, or the parts that have trees of
/// their own.
struct Parts {
    std::vector<Hash32> chunks;
    std::vector<BytesView> elements;  ///< of containers, and of vectors and lists of what is not basic
    std::uint64_t length = 0;         ///< of lists
};

Result<Parts, SszError> take_basic(const SszType& type, BytesView data) {
    SszReader reader(data);
    if (type.kind == Kind::kBool) {
        TRY([[maybe_unused]] const bool value, reader.next_bool());
    } else {
        TRY([[maybe_unused]] const BytesView value, reader.next_bytes(type.size));
    }
    TRY_VOID(reader.finish());
    return Parts{.chunks = pack_chunks(data), .elements = {}};
}

Result<Parts, SszError> take_bits(const SszType& type, BytesView data) {
    const auto bits = type.kind == Kind::kBitlist
                          ? decode_bitlist(data, type.size)
                          : decode_bitvector(data, static_cast<std::size_t>(type.size));
    if (!bits) return std::unexpected(bits.error());
    return Parts{.chunks = pack_chunks(bits->bytes), .elements = {}, .length = bits->size};
}

Result<Parts, SszError> take_elements(const SszType& type, BytesView data) {
    const SszType& element = type.elements[0];
    const auto element_size = fixed_size(element);
    Parts out;
    if (!element_size) {
        TRY(out.elements, split_elements(data, type.size));
        out.length = out.elements.size();
    } else {
        TRY(out.length, count_elements(data, *element_size, type.size));
    }
    if (type.kind == Kind::kVector && out.length < type.size) return std::unexpected(SszError::kTooShort);
    if (!element_size) return out;
    if (is_basic(element)) {
        if (element.kind == Kind::kBool &&
            std::any_of(data.begin(), data.end(), [](auto b) { return b > 1; })) {
            return std::unexpected(SszError::kBadBool);
        }
        out.chunks = pack_chunks(data);
    } else {
        for (; !data.empty(); data = data.subspan(*element_size)) {
            out.elements.push_back(data.first(*element_size));
        }
    }
    return out;
}

Result<Parts, SszError> take_fields(const SszType& type, BytesView data) {
    Parts out;
    SszReader reader(data);
    bool is_variable = false;
    for (const SszType& field : type.elements) {
        if (const auto size = fixed_size(field)) {
            TRY(const BytesView bytes, reader.next_bytes(*size));
            out.elements.push_back(bytes);
        } else {
            TRY_VOID(reader.next_offset());
            out.elements.emplace_back();
            is_variable = true;
        }
    }
    if (!is_variable) {
        TRY_VOID(reader.finish());
        return out;
    }
    TRY(const std::vector<BytesView> variable, reader.finish_variable());
    auto next = variable.begin();
    for (std::size_t i = 0; i < type.elements.size(); ++i) {
        if (!fixed_size(type.elements[i])) out.elements[i] = *next++;
    }
    return out;
}

/// simple-serialize.md, "Illegal types".
bool is_illegal(const SszType& type) noexcept {
    const bool is_vector = type.kind == Kind::kVector || type.kind == Kind::kBitvector;
    return (is_vector && type.size == 0) || (type.kind == Kind::kContainer && type.elements.empty());
}

Result<Parts, SszError> take_apart(const SszType& type, BytesView data) {
    if (is_illegal(type)) return std::unexpected(SszError::kIllegalType);
    switch (type.kind) {
        case Kind::kUint:
        case Kind::kBool:
            return take_basic(type, data);
        case Kind::kBitvector:
        case Kind::kBitlist:
            return take_bits(type, data);
        case Kind::kVector:
        case Kind::kList:
            return take_elements(type, data);
        case Kind::kContainer:
            break;
    }
    return take_fields(type, data);
}

const SszType& element_type(const SszType& type, std::uint64_t index) noexcept {
    return type.elements[type.kind == Kind::kContainer ? index : 0];
}

/// Leaves of the tree of the value, without the zeros behind them.
Result<std::vector<Hash32>, SszError> leaves_of(const SszType& type, Parts parts) {
    if (parts.elements.empty()) return std::move(parts.chunks);
    std::vector<Hash32> out;
    out.reserve(parts.elements.size());
    for (std::size_t i = 0; i < parts.elements.size(); ++i) {
        TRY(const Hash32 root, hash_tree_root(element_type(type, i), parts.elements[i]));
        out.push_back(root);
    }
    return out;
}

/// Root of the subtree `height` levels above the leaves, the `position`-th from the left.
Hash32 subtree_root(std::span<const Hash32> leaves, unsigned height, std::uint64_t position) {
    const std::uint64_t first = position << height;
    if (first >= leaves.size()) return zero_hash(height);
    const std::uint64_t size = std::uint64_t{1} << height;
    return merkleize(leaves.subspan(first, std::min<std::uint64_t>(size, leaves.size() - first)), size);
}

/// A way down a tree, the next turn in the highest bit.
struct TreePath {
    std::uint64_t bits = 0;
    unsigned size = 0;

    std::uint64_t take(unsigned count) noexcept {
        size -= count;
        const std::uint64_t out = bits >> size;
        bits &= (std::uint64_t{1} << size) - 1;
        return out;
    }
};

Result<Hash32, SszError> node_at(const SszType& type, BytesView data, TreePath path) {
    if (path.size == 0) return hash_tree_root(type, data);
    TRY(Parts parts, take_apart(type, data));
    if (has_length(type) && path.take(1) == 1) {
        if (path.size > 0) return std::unexpected(SszError::kBadIndex);
        return chunk_of(parts.length);
    }
    const unsigned depth = tree_depth(chunk_limit(type));
    if (path.size > depth) {
        const std::uint64_t index = path.take(depth);
        if (index >= parts.elements.size()) return std::unexpected(SszError::kBadIndex);
        return node_at(element_type(type, index), parts.elements[index], path);
    }
    TRY(const std::vector<Hash32> leaves, leaves_of(type, std::move(parts)));
    return subtree_root(leaves, depth - path.size, path.bits);
}

}  // namespace

SszType ssz_uint(unsigned bits) { return {Kind::kUint, bits / 8, {}}; }
SszType ssz_bool() { return {Kind::kBool, 1, {}}; }
SszType ssz_bitvector(std::uint64_t size) { return {Kind::kBitvector, size, {}}; }
SszType ssz_bitlist(std::uint64_t limit) { return {Kind::kBitlist, limit, {}}; }
SszType ssz_vector(SszType element, std::uint64_t size) {
    return {Kind::kVector, size, {std::move(element)}};
}
SszType ssz_list(SszType element, std::uint64_t limit) { return {Kind::kList, limit, {std::move(element)}}; }
SszType ssz_container(std::vector<SszType> fields) { return {Kind::kContainer, 0, std::move(fields)}; }
SszType ssz_bytes(std::uint64_t size) { return ssz_vector(ssz_uint(8), size); }
SszType ssz_byte_list(std::uint64_t limit) { return ssz_list(ssz_uint(8), limit); }

std::optional<std::size_t> fixed_size(const SszType& type) noexcept {
    switch (type.kind) {
        case Kind::kUint:
        case Kind::kBool:
            return type.size;
        case Kind::kBitvector:
            return (type.size + 7) / 8;
        case Kind::kVector: {
            const auto element = fixed_size(type.elements[0]);
            if (!element) return std::nullopt;
            return *element * type.size;
        }
        case Kind::kContainer: {
            std::size_t size = 0;
            for (const SszType& field : type.elements) {
                const auto field_size = fixed_size(field);
                if (!field_size) return std::nullopt;
                size += *field_size;
            }
            return size;
        }
        case Kind::kBitlist:
        case Kind::kList:
            break;
    }
    return std::nullopt;
}

Result<Hash32, SszError> hash_tree_root(const SszType& type, BytesView data) {
    TRY(Parts parts, take_apart(type, data));
    const std::uint64_t length = parts.length;
    TRY(const std::vector<Hash32> leaves, leaves_of(type, std::move(parts)));
    const Hash32 root = merkleize(leaves, chunk_limit(type));
    return has_length(type) ? mix_in_length(root, length) : root;
}

Result<Hash32, SszError> ssz_node(const SszType& type, BytesView data, std::uint64_t gindex) {
    if (gindex == 0) return std::unexpected(SszError::kBadIndex);
    const auto depth = static_cast<unsigned>(std::bit_width(gindex)) - 1;
    return node_at(type, data, {gindex ^ std::uint64_t{1} << depth, depth});
}

Result<std::vector<Hash32>, SszError> ssz_branch(const SszType& type, BytesView data, std::uint64_t gindex) {
    if (gindex == 0) return std::unexpected(SszError::kBadIndex);
    std::vector<Hash32> out;
    for (; gindex > 1; gindex /= 2) {
        TRY(const Hash32 sibling, ssz_node(type, data, gindex ^ 1));
        out.push_back(sibling);
    }
    return out;
}

std::uint64_t field_gindex(const SszType& container, std::size_t field) noexcept {
    BUTTER_ASSERT(container.kind == Kind::kContainer);
    BUTTER_ASSERT(field < container.elements.size());
    return (std::uint64_t{1} << tree_depth(container.elements.size())) + field;
}

}  // namespace butter::codec
