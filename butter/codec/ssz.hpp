// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "butter/base/bytes.hpp"
#include "butter/base/result.hpp"
#include "butter/base/uint256.hpp"

/// Simple Serialize and its Merkle trees (consensus-specs v1.5, ssz/simple-serialize.md and
/// ssz/merkle-proofs.md). Three layers: trees of chunks; readers for hand-written decoders; and types as
/// data, from which roots and branches of any object are computed.
namespace butter::codec {

enum class SszError {
    kTooShort = 1,       ///< ends before the value does
    kTrailingBytes = 2,  ///< bytes after the value, or a list's size no multiple of its element's
    kBadBool = 3,        ///< neither 0 nor 1
    kBadOffset = 4,      ///< the first not where the variable part begins, or one below the one before
    kTooLong = 5,        ///< a list or bitlist above its limit
    kBadBits = 6,        ///< bits set behind the end of a bitvector, or a bitlist without its end bit
    kBadIndex = 7,  ///< a generalized index that is no node of the type, or of another depth than the branch
    kRootMismatch = 8,  ///< a branch that leads to another root
    kIllegalType = 9,   ///< a vector of length 0 or a container without fields: there are no values
};
std::string_view to_string(SszError error) noexcept;

// --- Trees of chunks
// -------------------------------------------------------------------------------------------

/// Deepest tree: generalized indexes are 64 bits.
inline constexpr unsigned kSszDepthMax = 63;

/// Root of a tree of `depth` (at most kSszDepthMax) whose leaves are all zero.
const Hash32& zero_hash(unsigned depth) noexcept;
/// Levels above the leaves of a tree with room for `leaves`: 0 for up to one.
unsigned tree_depth(std::uint64_t leaves) noexcept;

/// Root of `chunks`, filled up with zeros to the next power of two at or above `limit` leaves, which is not
/// below their number. Without a limit, to that of their number.
Hash32 merkleize(std::span<const Hash32> chunks, std::uint64_t limit);
Hash32 merkleize(std::span<const Hash32> chunks);
/// Root of a list: its tree and its length.
Hash32 mix_in_length(const Hash32& root, std::uint64_t length) noexcept;
/// `bytes` in chunks of 32, the last one filled up with zeros.
std::vector<Hash32> pack_chunks(BytesView bytes);
/// A chunk with one number, least significant byte first.
Hash32 chunk_of(std::uint64_t value) noexcept;

/// Siblings of leaf `index` in the tree of `merkleize(chunks, limit)`, from the leaf up.
std::vector<Hash32> compute_branch(std::span<const Hash32> chunks, std::uint64_t limit, std::uint64_t index);
/// Root that `leaf` at the generalized `gindex` and its `branch`, from the leaf up, make.
Result<Hash32, SszError> compute_branch_root(const Hash32& leaf, std::span<const Hash32> branch,
                                             std::uint64_t gindex);
/// Whether `leaf` is the node `gindex` of the tree with the trusted `root`.
Result<void, SszError> verify_branch(const Hash32& leaf, std::span<const Hash32> branch, std::uint64_t gindex,
                                     const Hash32& root);

/// Index of the node `inner` of the subtree at `outer`: concat_generalized_indices.
std::uint64_t concat_gindex(std::uint64_t outer, std::uint64_t inner) noexcept;

// --- Readers
// ---------------------------------------------------------------------------------------------------

/// Reads the fields of a container, or any fixed-size values that stand one after another.
class SszReader {
  public:
    explicit SszReader(BytesView data) noexcept : data_(data) {}

    /// An unsigned number of 1 to 8 bytes.
    Result<std::uint64_t, SszError> next_uint(std::size_t size) noexcept;
    Result<std::uint64_t, SszError> next_u64() noexcept { return next_uint(8); }
    Result<Uint256, SszError> next_uint256() noexcept;
    Result<bool, SszError> next_bool() noexcept;
    Result<BytesView, SszError> next_bytes(std::size_t size) noexcept;
    template <std::size_t N>
    Result<FixedBytes<N>, SszError> next_fixed() noexcept {
        TRY(const BytesView bytes, next_bytes(N));
        return to_fixed<N>(bytes);
    }
    /// Notes the offset of a field of variable size. Its bytes come from `finish_variable`, in order.
    Result<void, SszError> next_offset();

    /// After the last field, when all are of fixed size: `kTrailingBytes` when something is left.
    Result<void, SszError> finish() const noexcept;
    /// After the last field: the bytes of the fields of variable size, in order.
    Result<std::vector<BytesView>, SszError> finish_variable() const;

  private:
    BytesView data_;
    std::size_t position_ = 0;
    std::vector<std::uint64_t> offsets_;
};

/// Number of elements of `element_size` bytes in a list of at most `limit`.
Result<std::size_t, SszError> count_elements(BytesView list, std::size_t element_size,
                                             std::uint64_t limit) noexcept;
/// The elements of a list or vector of elements of variable size, at most `limit`.
Result<std::vector<BytesView>, SszError> split_elements(BytesView list, std::uint64_t limit);

/// Bits, the first one lowest in the first byte.
struct SszBits {
    Bytes bytes;
    std::size_t size = 0;

    bool operator[](std::size_t index) const noexcept { return (bytes[index / 8] >> (index % 8) & 1) != 0; }
    std::size_t count() const noexcept;

    friend bool operator==(const SszBits&, const SszBits&) = default;
};
Result<SszBits, SszError> decode_bitvector(BytesView data, std::size_t size);
Result<SszBits, SszError> decode_bitlist(BytesView data, std::uint64_t limit);
Bytes encode_bitlist(const SszBits& bits);

void append_ssz_uint(Bytes& out, std::uint64_t value, std::size_t size);

// --- Types as data
// ---------------------------------------------------------------------------------------------

struct SszType {
    enum class Kind {
        kUint = 1,
        kBool = 2,
        kBitvector = 3,
        kBitlist = 4,
        kVector = 5,
        kList = 6,
        kContainer = 7,
    };

    Kind kind = Kind::kUint;
    std::uint64_t size = 0;         ///< bytes of kUint; length of vectors, limit of lists
    std::vector<SszType> elements;  ///< fields of kContainer; the one element type of kVector and kList
};

/// Of 8, 16, 32, 64, 128 or 256 bits.
SszType ssz_uint(unsigned bits);
SszType ssz_bool();
SszType ssz_bitvector(std::uint64_t size);
SszType ssz_bitlist(std::uint64_t limit);
SszType ssz_vector(SszType element, std::uint64_t size);
SszType ssz_list(SszType element, std::uint64_t limit);
SszType ssz_container(std::vector<SszType> fields);
/// Vector of bytes: Bytes32, BLSPubkey, ...
SszType ssz_bytes(std::uint64_t size);
SszType ssz_byte_list(std::uint64_t limit);

/// Size of every value of `type`, when they have one.
std::optional<std::size_t> fixed_size(const SszType& type) noexcept;

/// Root of the value of `type` that `data` serializes; `data` is checked all the way down.
Result<Hash32, SszError> hash_tree_root(const SszType& type, BytesView data);
/// The node `gindex` of its tree: the root of a field, an inner node, a chunk, a list's length.
Result<Hash32, SszError> ssz_node(const SszType& type, BytesView data, std::uint64_t gindex);
/// Siblings of the node `gindex`, from it up. Computes every subtree beside the path anew: for test sealers
/// and tools, not for large states.
Result<std::vector<Hash32>, SszError> ssz_branch(const SszType& type, BytesView data, std::uint64_t gindex);
/// Index of field `field` of a container.
std::uint64_t field_gindex(const SszType& container, std::size_t field) noexcept;

}  // namespace butter::codec
