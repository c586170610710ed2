// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "butter/base/bytes.hpp"
#include "butter/base/result.hpp"
#include "butter/base/uint256.hpp"

/// Recursive length prefix (Ethereum yellow paper, appendix B). Reading accepts the one canonical encoding of
/// a value and nothing else.
namespace butter::codec {

enum class RlpError {
    kInputTooShort = 1,     ///< an item reaches past the end of the input
    kTrailingBytes = 2,     ///< something is left after the last expected item
    kNonCanonicalSize = 3,  ///< a long form where a shorter one exists, or a length with leading zeros
    kNonCanonicalByte = 4,  ///< one byte below 0x80 with a prefix
    kLengthTooLarge = 5,    ///< a length that does not fit 64 bits
    kUnexpectedList = 6,
    kUnexpectedString = 7,
    kLeadingZero = 8,  ///< an integer with leading zeros
    kIntegerTooLarge = 9,
    kWrongSize = 10,  ///< a fixed-size string of another size
    kTooDeep = 11,    ///< lists nested deeper than `kRlpDepthMax`
};
std::string_view to_string(RlpError error) noexcept;

/// Deepest nesting that `validate_rlp` follows; trie nodes and block bodies stay far below it.
inline constexpr unsigned kRlpDepthMax = 64;

struct RlpItem {
    bool is_list = false;
    BytesView payload;
    BytesView encoded;  ///< with its prefix
};

/// Walks the items that stand one after another in a list's payload, without copying.
class RlpReader {
  public:
    RlpReader() = default;
    explicit RlpReader(BytesView items) noexcept : rest_(items) {}

    bool is_done() const noexcept { return rest_.empty(); }
    /// `kTrailingBytes` when items are left.
    Result<void, RlpError> finish() const noexcept;

    Result<RlpItem, RlpError> next() noexcept;
    /// The next item as a string of any length.
    Result<BytesView, RlpError> next_bytes() noexcept;
    /// The next item as a list, to be read by a reader of its own.
    Result<RlpReader, RlpError> next_list() noexcept;
    Result<std::uint64_t, RlpError> next_u64() noexcept;
    Result<Uint256, RlpError> next_uint256() noexcept;
    template <std::size_t N>
    Result<FixedBytes<N>, RlpError> next_fixed() noexcept {
        TRY(const BytesView bytes, next_bytes());
        if (bytes.size() != N) return std::unexpected(RlpError::kWrongSize);
        return to_fixed<N>(bytes);
    }

  private:
    BytesView rest_;
};

/// `input` as exactly one item.
Result<RlpItem, RlpError> decode_rlp(BytesView input) noexcept;
/// `input` as exactly one list.
Result<RlpReader, RlpError> decode_rlp_list(BytesView input) noexcept;
/// Whether `input` is one canonical item all the way down.
Result<void, RlpError> validate_rlp(BytesView input) noexcept;

void append_rlp_bytes(Bytes& out, BytesView bytes);
void append_rlp_uint(Bytes& out, std::uint64_t value);
void append_rlp_uint(Bytes& out, const Uint256& value);
/// Wraps already encoded items into a list.
void append_rlp_list(Bytes& out, BytesView items);

Bytes encode_rlp_bytes(BytesView bytes);
Bytes encode_rlp_uint(std::uint64_t value);
Bytes encode_rlp_list(BytesView items);

}  // namespace butter::codec
