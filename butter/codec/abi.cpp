// SPDX-License-Identifier: Apache-2.0
#include "butter/codec/abi.hpp"

#include "butter/base/assert.hpp"
#include "butter/crypto/keccak.hpp"

namespace butter::codec {
namespace {

constexpr std::size_t kWord = 32;

std::size_t padded(std::size_t size) noexcept { return (size + kWord - 1) / kWord * kWord; }

void append_number(Bytes& out, std::uint64_t value) { append(out, to_big_endian(value)); }

/// Heads, then tails; the encoding of a tuple and of an array's elements.
void append_sequence(Bytes& out, const std::vector<AbiValue>& values) {
    std::size_t tail_offset = 0;
    for (const AbiValue& value : values) tail_offset += value.head_size();
    Bytes tails;
    for (const AbiValue& value : values) {
        if (value.is_dynamic()) {
            append_number(out, tail_offset + tails.size());
            value.append_to(tails);
        } else {
            value.append_to(out);
        }
    }
    append(out, tails);
}

bool is_zero(BytesView bytes) noexcept {
    return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t b) { return b == 0; });
}

}  // namespace

std::string_view to_string(AbiError error) noexcept {
    switch (error) {
        case AbiError::kInputTooShort:
            return "abi value reaches past the end";
        case AbiError::kOffsetOutOfRange:
            return "abi offset out of range";
        case AbiError::kLengthOutOfRange:
            return "abi length out of range";
        case AbiError::kDirtyPadding:
            return "abi padding is not zero";
        case AbiError::kTooDeep:
            return "abi values nested too deep";
        case AbiError::kTrailingBytes:
            return "bytes after the last abi value";
        case AbiError::kBadType:
            return "text is no abi type";
    }
    return "unknown abi error";
}

AbiValue AbiValue::word(const Hash32& word) {
    AbiValue value;
    value.word_ = word;
    return value;
}

AbiValue AbiValue::number(const Uint256& number) { return word(to_big_endian(number)); }

AbiValue AbiValue::boolean(bool value) { return number(value ? 1 : 0); }

AbiValue AbiValue::address(const Address& address) {
    Hash32 word;
    std::copy(address.begin(), address.end(), word.begin() + 12);
    return AbiValue::word(word);
}

AbiValue AbiValue::fixed_bytes(BytesView bytes) {
    BUTTER_ASSERT(bytes.size() <= kWord);
    Hash32 word;
    std::copy(bytes.begin(), bytes.end(), word.begin());
    return AbiValue::word(word);
}

AbiValue AbiValue::bytes(BytesView bytes) {
    AbiValue value;
    value.kind_ = Kind::kBytes;
    value.bytes_ = to_bytes(bytes);
    return value;
}

AbiValue AbiValue::string(std::string_view text) { return bytes(butter::as_bytes(text)); }

AbiValue AbiValue::tuple(std::vector<AbiValue> members) {
    AbiValue value;
    value.kind_ = Kind::kTuple;
    value.members_ = std::move(members);
    return value;
}

AbiValue AbiValue::array(std::vector<AbiValue> elements) {
    AbiValue value;
    value.kind_ = Kind::kArray;
    value.members_ = std::move(elements);
    return value;
}

bool AbiValue::is_dynamic() const noexcept {
    if (kind_ != Kind::kTuple) return kind_ != Kind::kWord;
    return std::any_of(members_.begin(), members_.end(), [](const AbiValue& m) { return m.is_dynamic(); });
}

std::size_t AbiValue::head_size() const noexcept {
    if (kind_ != Kind::kTuple || is_dynamic()) return kWord;
    std::size_t size = 0;
    for (const AbiValue& member : members_) size += member.head_size();
    return size;
}

const AbiValue& AbiValue::operator[](std::size_t index) const noexcept {
    BUTTER_ASSERT(index < members_.size());
    return members_[index];
}

const Hash32& AbiValue::as_word() const noexcept {
    BUTTER_ASSERT(kind_ == Kind::kWord);
    return word_;
}

Uint256 AbiValue::as_uint256() const noexcept { return *from_big_endian(as_word()); }

std::uint64_t AbiValue::as_u64() const noexcept {
    const Uint256 number = as_uint256();
    BUTTER_ASSERT(number.fits_u64());
    return number.limbs[0];
}

bool AbiValue::as_bool() const noexcept {
    const std::uint64_t number = as_u64();
    BUTTER_ASSERT(number <= 1);
    return number == 1;
}

Address AbiValue::as_address() const noexcept {
    return to_fixed<Address::kSize>(BytesView(as_word()).last(Address::kSize));
}

const Bytes& AbiValue::as_bytes() const noexcept {
    BUTTER_ASSERT(kind_ == Kind::kBytes);
    return bytes_;
}

std::string AbiValue::as_string() const { return {as_bytes().begin(), as_bytes().end()}; }

void AbiValue::append_to(Bytes& out) const {
    switch (kind_) {
        case Kind::kWord:
            append(out, word_);
            break;
        case Kind::kBytes:
            append_number(out, bytes_.size());
            append(out, bytes_);
            out.resize(out.size() + padded(bytes_.size()) - bytes_.size());
            break;
        case Kind::kArray:
            append_number(out, members_.size());
            append_sequence(out, members_);
            break;
        case Kind::kTuple:
            append_sequence(out, members_);
            break;
    }
}

Bytes encode_abi(const std::vector<AbiValue>& values) {
    Bytes out;
    append_sequence(out, values);
    return out;
}

FixedBytes<4> selector(std::string_view signature) noexcept {
    return to_fixed<4>(BytesView(crypto::keccak256(as_bytes(signature))).first(4));
}

Hash32 event_topic(std::string_view signature) noexcept { return crypto::keccak256(as_bytes(signature)); }

Bytes encode_call(std::string_view signature, const std::vector<AbiValue>& arguments) {
    return concat({selector(signature), encode_abi(arguments)});
}

Result<Hash32, AbiError> AbiReader::next_word() noexcept {
    if (sequence_.size() < kWord || head_ > sequence_.size() - kWord)
        return std::unexpected(AbiError::kInputTooShort);
    const Hash32 word = to_fixed<kWord>(sequence_.subspan(head_, kWord));
    head_ += kWord;
    return word;
}

Result<Uint256, AbiError> AbiReader::next_uint256() noexcept {
    TRY(const Hash32 word, next_word());
    return *from_big_endian(word);
}

Result<std::uint64_t, AbiError> AbiReader::next_uint(unsigned bits) noexcept {
    TRY(const Uint256 value, next_uint256());
    if (value.bit_length() > bits) return std::unexpected(AbiError::kDirtyPadding);
    return value.limbs[0];
}

Result<bool, AbiError> AbiReader::next_bool() noexcept {
    TRY(const std::uint64_t value, next_uint(1));
    return value != 0;
}

Result<Address, AbiError> AbiReader::next_address() noexcept {
    TRY(const Hash32 word, next_word());
    if (!is_zero(BytesView(word).first(12))) return std::unexpected(AbiError::kDirtyPadding);
    return to_fixed<20>(BytesView(word).subspan(12));
}

Result<BytesView, AbiError> AbiReader::next_tail() noexcept {
    if (depth_ >= kAbiDepthMax) return std::unexpected(AbiError::kTooDeep);
    TRY(const Uint256 offset, next_uint256());
    if (!offset.fits_u64() || offset.limbs[0] > sequence_.size()) {
        return std::unexpected(AbiError::kOffsetOutOfRange);
    }
    return sequence_.subspan(static_cast<std::size_t>(offset.limbs[0]));
}

Result<BytesView, AbiError> AbiReader::next_bytes() noexcept {
    TRY(const BytesView tail, next_tail());
    AbiReader reader(tail);
    TRY(const Uint256 length, reader.next_uint256());
    const BytesView rest = tail.subspan(kWord);
    if (!length.fits_u64() || length.limbs[0] > rest.size())
        return std::unexpected(AbiError::kLengthOutOfRange);
    const auto size = static_cast<std::size_t>(length.limbs[0]);
    if (padded(size) > rest.size()) return std::unexpected(AbiError::kInputTooShort);
    if (!is_zero(rest.subspan(size, padded(size) - size))) return std::unexpected(AbiError::kDirtyPadding);
    return rest.first(size);
}

Result<AbiReader, AbiError> AbiReader::next_tuple() noexcept {
    TRY(const BytesView tail, next_tail());
    return AbiReader(tail, depth_ + 1);
}

Result<AbiReader::Array, AbiError> AbiReader::next_array(std::size_t element_head_size) noexcept {
    TRY(const BytesView tail, next_tail());
    AbiReader reader(tail);
    TRY(const Uint256 count, reader.next_uint256());
    const BytesView rest = tail.subspan(kWord);
    if (!count.fits_u64() || count.limbs[0] > rest.size() / element_head_size) {
        return std::unexpected(AbiError::kLengthOutOfRange);
    }
    return Array{static_cast<std::size_t>(count.limbs[0]), AbiReader(rest, depth_ + 1)};
}

}  // namespace butter::codec
