// SPDX-License-Identifier: Apache-2.0
#include "butter/codec/ssz.hpp"

#include <bit>

#include "butter/base/assert.hpp"
#include "butter/crypto/sha256.hpp"

namespace butter::codec {
namespace {

constexpr std::size_t kOffsetSize = 4;

using ZeroHashes = std::array<Hash32, kSszDepthMax + 1>;

ZeroHashes make_zero_hashes() noexcept {
    ZeroHashes out{};
    for (std::size_t i = 1; i < out.size(); ++i) out[i] = crypto::sha256_pair(out[i - 1], out[i - 1]);
    return out;
}

std::uint64_t load_little_endian(BytesView bytes) noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | bytes[i];
    return value;
}

/// The slices that `offsets` cut `data` into, when they begin at `begin` and never go back.
Result<std::vector<BytesView>, SszError> slice(BytesView data, const std::vector<std::uint64_t>& offsets,
                                               std::size_t begin) {
    std::vector<BytesView> out;
    out.reserve(offsets.size());
    for (std::size_t i = 0; i < offsets.size(); ++i) {
        if (i == 0 && offsets[0] != begin) return std::unexpected(SszError::kBadOffset);
        const std::uint64_t end = i + 1 < offsets.size() ? offsets[i + 1] : data.size();
        if (end < offsets[i]) return std::unexpected(SszError::kBadOffset);
        if (end > data.size()) return std::unexpected(SszError::kTooShort);
        out.push_back(data.subspan(offsets[i], end - offsets[i]));
    }
    return out;
}

}  // namespace

std::string_view to_string(SszError error) noexcept {
    switch (error) {
        case SszError::kTooShort:
            return "ssz value ends early";
        case SszError::kTrailingBytes:
            return "bytes after the ssz value";
        case SszError::kBadBool:
            return "ssz bool that is neither 0 nor 1";
        case SszError::kBadOffset:
            return "ssz offset out of place";
        case SszError::kTooLong:
            return "ssz list above its limit";
        case SszError::kBadBits:
            return "ssz bits without or behind their end";
        case SszError::kBadIndex:
            return "generalized index does not fit";
        case SszError::kRootMismatch:
            return "ssz branch leads to another root";
        case SszError::kIllegalType:
            return "ssz type without values";
    }
    return "unknown ssz error";
}

const Hash32& zero_hash(unsigned depth) noexcept {
    static const ZeroHashes hashes = make_zero_hashes();
    BUTTER_ASSERT(depth <= kSszDepthMax);
    return hashes[depth];
}

unsigned tree_depth(std::uint64_t leaves) noexcept {
    return leaves <= 1 ? 0 : static_cast<unsigned>(std::bit_width(leaves - 1));
}

Hash32 merkleize(std::span<const Hash32> chunks, std::uint64_t limit) {
    BUTTER_ASSERT(chunks.size() <= std::max<std::uint64_t>(limit, 1));
    const unsigned depth = tree_depth(limit);
    if (chunks.empty()) return zero_hash(depth);
    std::vector<Hash32> level(chunks.begin(), chunks.end());
    for (unsigned height = 0; height < depth; ++height) {
        if (level.size() % 2 != 0) level.push_back(zero_hash(height));
        for (std::size_t i = 0; i < level.size() / 2; ++i) {
            level[i] = crypto::sha256_pair(level[2 * i], level[2 * i + 1]);
        }
        level.resize(level.size() / 2);
    }
    return level[0];
}

Hash32 merkleize(std::span<const Hash32> chunks) { return merkleize(chunks, chunks.size()); }

Hash32 mix_in_length(const Hash32& root, std::uint64_t length) noexcept {
    return crypto::sha256_pair(root, chunk_of(length));
}

std::vector<Hash32> pack_chunks(BytesView bytes) {
    std::vector<Hash32> out((bytes.size() + Hash32::kSize - 1) / Hash32::kSize);
    for (std::size_t i = 0; i < bytes.size(); ++i) out[i / Hash32::kSize][i % Hash32::kSize] = bytes[i];
    return out;
}

Hash32 chunk_of(std::uint64_t value) noexcept {
    Hash32 out;
    for (unsigned i = 0; i < 8; ++i) out[i] = static_cast<std::uint8_t>(value >> (8 * i));
    return out;
}

std::vector<Hash32> compute_branch(std::span<const Hash32> chunks, std::uint64_t limit, std::uint64_t index) {
    BUTTER_ASSERT(chunks.size() <= limit);
    BUTTER_ASSERT(index < limit);
    std::vector<Hash32> out;
    std::vector<Hash32> level(chunks.begin(), chunks.end());
    for (unsigned height = 0; height < tree_depth(limit); ++height, index /= 2) {
        const std::uint64_t sibling = index ^ 1;
        out.push_back(sibling < level.size() ? level[sibling] : zero_hash(height));
        if (level.size() % 2 != 0) level.push_back(zero_hash(height));
        for (std::size_t i = 0; i < level.size() / 2; ++i) {
            level[i] = crypto::sha256_pair(level[2 * i], level[2 * i + 1]);
        }
        level.resize(level.size() / 2);
    }
    return out;
}

Result<Hash32, SszError> compute_branch_root(const Hash32& leaf, std::span<const Hash32> branch,
                                             std::uint64_t gindex) {
    if (gindex == 0 || static_cast<std::size_t>(std::bit_width(gindex)) - 1 != branch.size()) {
        return std::unexpected(SszError::kBadIndex);
    }
    Hash32 node = leaf;
    for (const Hash32& sibling : branch) {
        node = gindex % 2 == 0 ? crypto::sha256_pair(node, sibling) : crypto::sha256_pair(sibling, node);
        gindex /= 2;
    }
    return node;
}

Result<void, SszError> verify_branch(const Hash32& leaf, std::span<const Hash32> branch, std::uint64_t gindex,
                                     const Hash32& root) {
    TRY(const Hash32 computed, compute_branch_root(leaf, branch, gindex));
    if (computed != root) return std::unexpected(SszError::kRootMismatch);
    return {};
}

std::uint64_t concat_gindex(std::uint64_t outer, std::uint64_t inner) noexcept {
    BUTTER_ASSERT(outer > 0);
    BUTTER_ASSERT(inner > 0);
    const auto depth = static_cast<unsigned>(std::bit_width(inner)) - 1;
    BUTTER_ASSERT(static_cast<unsigned>(std::bit_width(outer)) + depth <= 64);
    return (outer << depth) | (inner ^ std::uint64_t{1} << depth);
}

Result<std::uint64_t, SszError> SszReader::next_uint(std::size_t size) noexcept {
    BUTTER_ASSERT(size <= 8);
    TRY(const BytesView bytes, next_bytes(size));
    return load_little_endian(bytes);
}

Result<Uint256, SszError> SszReader::next_uint256() noexcept {
    TRY(Hash32 bytes, next_fixed<32>());
    std::reverse(bytes.begin(), bytes.end());
    return *from_big_endian(bytes);
}

Result<bool, SszError> SszReader::next_bool() noexcept {
    TRY(const std::uint64_t value, next_uint(1));
    if (value > 1) return std::unexpected(SszError::kBadBool);
    return value == 1;
}

Result<BytesView, SszError> SszReader::next_bytes(std::size_t size) noexcept {
    if (size > data_.size() - position_) return std::unexpected(SszError::kTooShort);
    const BytesView out = data_.subspan(position_, size);
    position_ += size;
    return out;
}

Result<void, SszError> SszReader::next_offset() {
    TRY(const std::uint64_t offset, next_uint(kOffsetSize));
    offsets_.push_back(offset);
    return {};
}

Result<void, SszError> SszReader::finish() const noexcept {
    BUTTER_ASSERT(offsets_.empty());
    if (position_ != data_.size()) return std::unexpected(SszError::kTrailingBytes);
    return {};
}

Result<std::vector<BytesView>, SszError> SszReader::finish_variable() const {
    BUTTER_ASSERT(!offsets_.empty());
    return slice(data_, offsets_, position_);
}

Result<std::size_t, SszError> count_elements(BytesView list, std::size_t element_size,
                                             std::uint64_t limit) noexcept {
    BUTTER_ASSERT(element_size > 0);
    if (list.size() % element_size != 0) return std::unexpected(SszError::kTrailingBytes);
    if (list.size() / element_size > limit) return std::unexpected(SszError::kTooLong);
    return list.size() / element_size;
}

Result<std::vector<BytesView>, SszError> split_elements(BytesView list, std::uint64_t limit) {
    if (list.empty()) return std::vector<BytesView>{};
    SszReader reader(list);
    TRY(const std::uint64_t begin, reader.next_uint(kOffsetSize));
    // The first offset tells how many there are: it must be checked before anything is sized by it.
    if (begin == 0 || begin % kOffsetSize != 0) return std::unexpected(SszError::kBadOffset);
    if (begin > list.size()) return std::unexpected(SszError::kTooShort);
    if (begin / kOffsetSize > limit) return std::unexpected(SszError::kTooLong);
    std::vector<std::uint64_t> offsets{begin};
    while (offsets.size() < begin / kOffsetSize) {
        TRY(const std::uint64_t offset, reader.next_uint(kOffsetSize));
        offsets.push_back(offset);
    }
    return slice(list, offsets, begin);
}

std::size_t SszBits::count() const noexcept {
    std::size_t out = 0;
    for (std::uint8_t byte : bytes) out += static_cast<std::size_t>(std::popcount(byte));
    return out;
}

Result<SszBits, SszError> decode_bitvector(BytesView data, std::size_t size) {
    if (data.size() < (size + 7) / 8) return std::unexpected(SszError::kTooShort);
    if (data.size() > (size + 7) / 8) return std::unexpected(SszError::kTrailingBytes);
    if (size % 8 != 0 && data.back() >> (size % 8) != 0) return std::unexpected(SszError::kBadBits);
    return SszBits{to_bytes(data), size};
}

Result<SszBits, SszError> decode_bitlist(BytesView data, std::uint64_t limit) {
    // The highest bit set in the last byte ends the list.
    if (data.empty() || data.back() == 0) return std::unexpected(SszError::kBadBits);
    const auto end_bit = static_cast<std::size_t>(std::bit_width(data.back())) - 1;
    SszBits out{to_bytes(data), 8 * (data.size() - 1) + end_bit};
    if (out.size > limit) return std::unexpected(SszError::kTooLong);
    out.bytes.back() = static_cast<std::uint8_t>(out.bytes.back() ^ 1u << end_bit);
    if (end_bit == 0) out.bytes.pop_back();
    return out;
}

Bytes encode_bitlist(const SszBits& bits) {
    Bytes out = bits.bytes;
    out.resize(bits.size / 8 + 1);
    out.back() = static_cast<std::uint8_t>(out.back() | 1u << (bits.size % 8));
    return out;
}

void append_ssz_uint(Bytes& out, std::uint64_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
        out.push_back(static_cast<std::uint8_t>(i < 8 ? value >> (8 * i) : 0));
}

}  // namespace butter::codec
