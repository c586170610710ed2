// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "butter/base/bytes.hpp"
#include "butter/base/result.hpp"
#include "butter/base/uint256.hpp"

/// Contract ABI encoding (Solidity ABI specification v2). The encoder takes a tree of values. Two ways to
/// read: `decode_abi` by type accepts only what the encoder would write; `AbiReader` follows offsets as the
/// EVM's decoders do, for answers of contracts that this project did not compile.
namespace butter::codec {

enum class AbiError {
    kInputTooShort = 1,  ///< a word, or the bytes of a dynamic value, reach past the end
    kOffsetOutOfRange = 2,
    kLengthOutOfRange = 3,  ///< an array of more elements than the input could hold
    kDirtyPadding = 4,      ///< bits set outside the type's width, or after the end of bytes
    kTooDeep = 5,           ///< deeper than `kAbiDepthMax`, or a type of more than `kAbiHeadWordsMax` words
    kTrailingBytes = 6,     ///< bytes after the last value
    kBadType = 7,           ///< text that is no type of the ABI
};
std::string_view to_string(AbiError error) noexcept;

/// Deepest nesting of offsets that a reader follows, and of tuples and arrays in a type. Our deepest struct
/// nests 5.
inline constexpr unsigned kAbiDepthMax = 16;
/// Words that one type may take in the head: fixed arrays of keys or bits take some hundred.
inline constexpr std::size_t kAbiHeadWordsMax = 4096;

/// A value as it is encoded: one static word, dynamic bytes, or a sequence (tuple, fixed or dynamic array).
class AbiValue {
  public:
    enum class Kind { kWord = 1, kBytes = 2, kTuple = 3, kArray = 4 };

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

    // Access to what `decode_abi` returned. Asking for another kind or a wider number than the decoded type
    // has is a bug and aborts.
    Kind kind() const noexcept { return kind_; }
    /// Number of members of a tuple or elements of an array.
    std::size_t size() const noexcept { return members_.size(); }
    const AbiValue& operator[](std::size_t index) const noexcept;
    const Hash32& as_word() const noexcept;
    Uint256 as_uint256() const noexcept;
    std::uint64_t as_u64() const noexcept;
    bool as_bool() const noexcept;
    Address as_address() const noexcept;
    /// bytesN
    template <std::size_t N>
    FixedBytes<N> as_fixed() const noexcept {
        return to_fixed<N>(BytesView(as_word()).first(N));
    }
    const Bytes& as_bytes() const noexcept;
    std::string as_string() const;

    friend bool operator==(const AbiValue&, const AbiValue&) = default;

  private:
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

/// A type of the ABI.
struct AbiType {
    enum class Kind {
        kUint = 1,
        kInt = 2,
        kAddress = 3,
        kBool = 4,
        kFixedBytes = 5,
        kBytes = 6,
        kString = 7,
        kArray = 8,
        kFixedArray = 9,
        kTuple = 10,
    };

    Kind kind = Kind::kUint;
    std::size_t size = 0;             ///< bits of kUint and kInt, bytes of kFixedBytes, length of kFixedArray
    std::vector<AbiType> components;  ///< of kTuple; the one element type of arrays

    bool is_dynamic() const noexcept;
    /// Words in the head: 1 when dynamic.
    std::size_t head_words() const noexcept;

    friend bool operator==(const AbiType&, const AbiType&) = default;
};

/// A type as Solidity's signatures write it; tuples as "(uint256,bytes[])" or "tuple(uint256,bytes[])",
/// `uint` and `int` mean 256 bits. No names, no spaces. `function` and `fixed` are not supported.
Result<AbiType, AbiError> parse_abi_type(std::string_view text);
/// Several types with commas between them; none in the empty text.
Result<std::vector<AbiType>, AbiError> parse_abi_types(std::string_view text);

struct AbiSignature {
    std::string name;
    std::vector<AbiType> parameters;
};
/// "name(types)". The name is checked to be an identifier.
Result<AbiSignature, AbiError> parse_abi_signature(std::string_view text);

/// The canonical text of a type, the one that selectors and topics are made of.
std::string to_string(const AbiType& type);
std::string to_string(const AbiSignature& signature);

/// The values of `types` in `data`, canonical only: tails in order without gaps or sharing, zero padding,
/// every word in its type's range, all input consumed. Strings are not checked to be UTF-8.
Result<std::vector<AbiValue>, AbiError> decode_abi(const std::vector<AbiType>& types, BytesView data);
/// The same for one parameter, as in `abi.encode(struct)`.
Result<AbiValue, AbiError> decode_abi(const AbiType& type, BytesView data);

/// `abi.encodePacked(values...)`, as the ABI specification's "Non-standard Packed Mode" has it: no lengths,
/// no padding but of array elements. Not injective, so nothing of this project hashes it; it reproduces what
/// other contracts do. `kBadType` for tuples and arrays of dynamic types, for which the mode is not defined,
/// and for values of other types than `types`.
Result<Bytes, AbiError> encode_abi_packed(const std::vector<AbiType>& types,
                                          const std::vector<AbiValue>& values);

/// Reads one sequence (arguments, tuple or array) head by head. Offsets are relative to the sequence's start.
/// Checks bounds, ranges and padding. Does not check that tails are in order, are not shared and leave no
/// gaps, nor that all input is consumed.
class AbiReader {
  public:
    explicit AbiReader(BytesView sequence) noexcept : sequence_(sequence), depth_(0) {}

    Result<Hash32, AbiError> next_word() noexcept;
    Result<Uint256, AbiError> next_uint256() noexcept;
    /// uintN: `bits` from 8 to 64.
    Result<std::uint64_t, AbiError> next_uint(unsigned bits) noexcept;
    Result<bool, AbiError> next_bool() noexcept;
    Result<Address, AbiError> next_address() noexcept;
    /// bytesN, the rest of the word zero.
    template <std::size_t N>
    Result<FixedBytes<N>, AbiError> next_fixed() noexcept {
        static_assert(N <= Hash32::kSize);
        TRY(const Hash32 word, next_word());
        for (std::size_t i = N; i < word.size(); ++i) {
            if (word[i] != 0) return std::unexpected(AbiError::kDirtyPadding);
        }
        return to_fixed<N>(BytesView(word).first(N));
    }
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

}  // namespace butter::codec
