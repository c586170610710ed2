// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "butter/base/bytes.hpp"
#include "butter/base/result.hpp"
#include "butter/base/uint256.hpp"

/// Contract ABI encoding (Solidity ABI specification v2). The encoder takes a tree of values; the reader
/// follows offsets with bounds and canonical form checked. Types are the caller's knowledge: nothing here
/// parses signatures beyond hashing them.
namespace butter::codec {

enum class AbiError {
    kInputTooShort = 1,  ///< a word, or the bytes of a dynamic value, reach past the end
    kOffsetOutOfRange = 2,
    kLengthOutOfRange = 3,  ///< an array of more elements than the input could hold
    kDirtyPadding = 4,      ///< bits set outside the type's width, or after the end of bytes
    kTooDeep = 5,
};
std::string_view to_string(AbiError error) noexcept;

/// A value to encode: one static word, dynamic bytes, or a sequence (tuple, fixed or dynamic array).
class AbiValue {
  public:
    static AbiValue word(const Hash32& word);
    static AbiValue number(const Uint256& value);
    static AbiValue boolean(bool value);
    static AbiValue address(const Address& address);
    /// bytesN: left-aligned, at most 32 bytes.
    static AbiValue fixed_bytes(BytesView bytes);
    static AbiValue bytes(BytesView bytes);
    static AbiValue string(std::string_view text);
    static AbiValue tuple(std::vector<AbiValue> members);
    /// T[]: all elements of one type.
    static AbiValue array(std::vector<AbiValue> elements);

    bool is_dynamic() const noexcept;
    /// Size of the value's place in the head of what holds it, in bytes.
    std::size_t head_size() const noexcept;
    void append_to(Bytes& out) const;

  private:
    enum class Kind { kWord, kBytes, kTuple, kArray };
    Kind kind_ = Kind::kWord;
    Hash32 word_{};
    Bytes bytes_;
    std::vector<AbiValue> members_;
};

/// `abi.encode(values...)`.
Bytes encode_abi(const std::vector<AbiValue>& values);
/// First four bytes of the keccak256 of a signature such as "transfer(address,uint256)".
FixedBytes<4> selector(std::string_view signature) noexcept;
/// keccak256 of an event's signature.
Hash32 event_topic(std::string_view signature) noexcept;
/// Call data: selector and `encode_abi`.
Bytes encode_call(std::string_view signature, const std::vector<AbiValue>& arguments);

/// Reads one sequence (arguments, tuple or array) head by head. Offsets are relative to the sequence's start.
class AbiReader {
  public:
    explicit AbiReader(BytesView sequence) noexcept : sequence_(sequence), depth_(0) {}

    Result<Hash32, AbiError> next_word() noexcept;
    Result<Uint256, AbiError> next_uint256() noexcept;
    /// uintN: `bits` from 8 to 64.
    Result<std::uint64_t, AbiError> next_uint(unsigned bits) noexcept;
    Result<bool, AbiError> next_bool() noexcept;
    Result<Address, AbiError> next_address() noexcept;
    /// bytes or string; a view into the input.
    Result<BytesView, AbiError> next_bytes() noexcept;
    /// A dynamic tuple.
    Result<AbiReader, AbiError> next_tuple() noexcept;
    struct Array;
    /// T[]; `element_head_size` is 32 for dynamic elements, else the element's size.
    Result<Array, AbiError> next_array(std::size_t element_head_size) noexcept;

  private:
    AbiReader(BytesView sequence, unsigned depth) noexcept : sequence_(sequence), depth_(depth) {}
    Result<BytesView, AbiError> next_tail() noexcept;

    BytesView sequence_;
    std::size_t head_ = 0;
    unsigned depth_;
};

struct AbiReader::Array {
    std::size_t count = 0;
    AbiReader elements;
};

/// Deepest nesting of offsets that a reader follows.
inline constexpr unsigned kAbiDepthMax = 16;

}  // namespace butter::codec
