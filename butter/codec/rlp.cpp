// SPDX-License-Identifier: Apache-2.0
#include "butter/codec/rlp.hpp"

namespace butter::codec {
namespace {

constexpr std::uint8_t kShortString = 0x80;
constexpr std::uint8_t kLongString = 0xb7;
constexpr std::uint8_t kShortList = 0xc0;
constexpr std::uint8_t kLongList = 0xf7;
constexpr std::size_t kShortSizeMax = 55;

void append_prefix(Bytes& out, std::size_t size, std::uint8_t short_base, std::uint8_t long_base) {
    if (size <= kShortSizeMax) {
        out.push_back(static_cast<std::uint8_t>(short_base + size));
        return;
    }
    const Bytes length = to_minimal_big_endian(size);
    out.push_back(static_cast<std::uint8_t>(long_base + length.size()));
    append(out, length);
}

Result<void, RlpError> validate_items(BytesView items, unsigned depth) noexcept {
    if (depth > kRlpDepthMax) return std::unexpected(RlpError::kTooDeep);
    RlpReader reader(items);
    while (!reader.is_done()) {
        TRY(const RlpItem item, reader.next());
        if (item.is_list) TRY_VOID(validate_items(item.payload, depth + 1));
    }
    return {};
}

}  // namespace

std::string_view to_string(RlpError error) noexcept {
    switch (error) {
        case RlpError::kInputTooShort:
            return "rlp item reaches past the end";
        case RlpError::kTrailingBytes:
            return "bytes left after the rlp item";
        case RlpError::kNonCanonicalSize:
            return "rlp length in a longer form than needed";
        case RlpError::kNonCanonicalByte:
            return "single rlp byte with a prefix";
        case RlpError::kLengthTooLarge:
            return "rlp length above 64 bits";
        case RlpError::kUnexpectedList:
            return "rlp list where a string was expected";
        case RlpError::kUnexpectedString:
            return "rlp string where a list was expected";
        case RlpError::kLeadingZero:
            return "rlp integer with leading zeros";
        case RlpError::kIntegerTooLarge:
            return "rlp integer too large";
        case RlpError::kWrongSize:
            return "rlp string of the wrong size";
        case RlpError::kTooDeep:
            return "rlp lists nested too deep";
    }
    return "unknown rlp error";
}

Result<void, RlpError> RlpReader::finish() const noexcept {
    if (!rest_.empty()) return std::unexpected(RlpError::kTrailingBytes);
    return {};
}

Result<RlpItem, RlpError> RlpReader::next() noexcept {
    if (rest_.empty()) return std::unexpected(RlpError::kInputTooShort);
    const std::uint8_t prefix = rest_[0];
    const bool is_list = prefix >= kShortList;
    std::size_t header = 1;
    std::size_t size = 0;
    if (prefix < kShortString) {
        header = 0;
        size = 1;
    } else {
        const std::uint8_t short_base = is_list ? kShortList : kShortString;
        const std::uint8_t long_base = is_list ? kLongList : kLongString;
        if (prefix <= long_base) {
            size = static_cast<std::size_t>(prefix - short_base);
        } else {
            const std::size_t length_size = static_cast<std::size_t>(prefix - long_base);
            if (rest_.size() < 1 + length_size) return std::unexpected(RlpError::kInputTooShort);
            const BytesView length = rest_.subspan(1, length_size);
            if (length[0] == 0) return std::unexpected(RlpError::kNonCanonicalSize);
            // At most 8 bytes by construction of the prefix.
            const std::uint64_t value = load_u64(length);
            if (value <= kShortSizeMax) return std::unexpected(RlpError::kNonCanonicalSize);
            header += length_size;
            if (value > SIZE_MAX - header) return std::unexpected(RlpError::kLengthTooLarge);
            size = static_cast<std::size_t>(value);
        }
    }
    if (size > rest_.size() - header) return std::unexpected(RlpError::kInputTooShort);
    const RlpItem item{is_list, rest_.subspan(header, size), rest_.first(header + size)};
    if (prefix == kShortString + 1 && item.payload[0] < kShortString) {
        return std::unexpected(RlpError::kNonCanonicalByte);
    }
    rest_ = rest_.subspan(header + size);
    return item;
}

Result<BytesView, RlpError> RlpReader::next_bytes() noexcept {
    TRY(const RlpItem item, next());
    if (item.is_list) return std::unexpected(RlpError::kUnexpectedList);
    return item.payload;
}

Result<RlpReader, RlpError> RlpReader::next_list() noexcept {
    TRY(const RlpItem item, next());
    if (!item.is_list) return std::unexpected(RlpError::kUnexpectedString);
    return RlpReader(item.payload);
}

Result<std::uint64_t, RlpError> RlpReader::next_u64() noexcept {
    TRY(const Uint256 value, next_uint256());
    if (!value.fits_u64()) return std::unexpected(RlpError::kIntegerTooLarge);
    return value.limbs[0];
}

Result<Uint256, RlpError> RlpReader::next_uint256() noexcept {
    TRY(const BytesView bytes, next_bytes());
    if (!bytes.empty() && bytes[0] == 0) return std::unexpected(RlpError::kLeadingZero);
    const auto value = from_big_endian(bytes);
    if (!value) return std::unexpected(RlpError::kIntegerTooLarge);
    return *value;
}

Result<RlpItem, RlpError> decode_rlp(BytesView input) noexcept {
    RlpReader reader(input);
    TRY(const RlpItem item, reader.next());
    TRY_VOID(reader.finish());
    return item;
}

Result<RlpReader, RlpError> decode_rlp_list(BytesView input) noexcept {
    TRY(const RlpItem item, decode_rlp(input));
    if (!item.is_list) return std::unexpected(RlpError::kUnexpectedString);
    return RlpReader(item.payload);
}

Result<void, RlpError> validate_rlp(BytesView input) noexcept {
    TRY(const RlpItem item, decode_rlp(input));
    if (item.is_list) return validate_items(item.payload, 1);
    return {};
}

void append_rlp_bytes(Bytes& out, BytesView bytes) {
    if (bytes.size() == 1 && bytes[0] < kShortString) {
        out.push_back(bytes[0]);
        return;
    }
    append_prefix(out, bytes.size(), kShortString, kLongString);
    append(out, bytes);
}

void append_rlp_uint(Bytes& out, std::uint64_t value) { append_rlp_uint(out, Uint256{value}); }

void append_rlp_uint(Bytes& out, const Uint256& value) {
    append_rlp_bytes(out, to_minimal_big_endian(value));
}

void append_rlp_list(Bytes& out, BytesView items) {
    append_prefix(out, items.size(), kShortList, kLongList);
    append(out, items);
}

Bytes encode_rlp_bytes(BytesView bytes) {
    Bytes out;
    append_rlp_bytes(out, bytes);
    return out;
}

Bytes encode_rlp_uint(std::uint64_t value) {
    Bytes out;
    append_rlp_uint(out, value);
    return out;
}

Bytes encode_rlp_list(BytesView items) {
    Bytes out;
    append_rlp_list(out, items);
    return out;
}

}  // namespace butter::codec
