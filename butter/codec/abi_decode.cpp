// SPDX-License-Identifier: Apache-2.0
#include "butter/codec/abi.hpp"

namespace butter::codec {
namespace {

constexpr std::size_t kWord = 32;

bool is_zero(BytesView bytes) noexcept {
    return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

/// Whether `word` is a value of the elementary `type`.
bool in_range(const AbiType& type, const Hash32& word) noexcept {
    const BytesView bytes(word);
    switch (type.kind) {
        case AbiType::Kind::kUint:
            return is_zero(bytes.first(kWord - type.size / 8));
        case AbiType::Kind::kInt: {
            const std::size_t filler = kWord - type.size / 8;
            const std::uint8_t sign = (word[filler] & 0x80) != 0 ? 0xff : 0;
            return std::all_of(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(filler),
                               [sign](std::uint8_t byte) { return byte == sign; });
        }
        case AbiType::Kind::kAddress:
            return is_zero(bytes.first(kWord - Address::kSize));
        case AbiType::Kind::kBool:
            return is_zero(bytes.first(kWord - 1)) && word[kWord - 1] <= 1;
        case AbiType::Kind::kFixedBytes:
            return is_zero(bytes.subspan(type.size));
        default:
            return false;
    }
}

/// The word at `position` as an offset or length within `data`; `too_large` when it is above any size.
Result<std::size_t, AbiError> size_at(BytesView data, std::size_t position, AbiError too_large) noexcept {
    if (data.size() - position < kWord) return std::unexpected(AbiError::kInputTooShort);
    const BytesView word = data.subspan(position, kWord);
    if (!is_zero(word.first(kWord - 8))) return std::unexpected(too_large);
    return load_u64(word.last(8));
}

/// Length and content at the start of `data`; also checks that the padding is there and zero.
Result<BytesView, AbiError> bytes_at(BytesView data) noexcept {
    TRY(const std::size_t size, size_at(data, 0, AbiError::kLengthOutOfRange));
    const BytesView rest = data.subspan(kWord);
    if (size > rest.size()) return std::unexpected(AbiError::kLengthOutOfRange);
    const std::size_t padding = (kWord - size % kWord) % kWord;
    if (padding > rest.size() - size) return std::unexpected(AbiError::kInputTooShort);
    if (!is_zero(rest.subspan(size, padding))) return std::unexpected(AbiError::kDirtyPadding);
    return rest.first(size);
}

Result<std::size_t, AbiError> count_at(BytesView data, std::size_t element_words) noexcept {
    TRY(const std::size_t count, size_at(data, 0, AbiError::kLengthOutOfRange));
    if (count > (data.size() - kWord) / (element_words * kWord)) {
        return std::unexpected(AbiError::kLengthOutOfRange);
    }
    return count;
}

/// Decodes canonical encodings; each function moves `position_` past what it read of a head, or returns the
/// size of a tail.
class CanonicalDecoder {
  public:
    struct Tail {
        AbiValue value;
        std::size_t size = 0;
    };
    struct Items {
        std::vector<AbiValue> values;
        std::size_t size = 0;
    };

    /// `type_at(i)` is the type of item `i`. `data` starts with the first head.
    template <class TypeAt>
    static Result<Items, AbiError> items(std::size_t count, TypeAt type_at, BytesView data) {
        std::size_t head_bytes = 0;
        for (std::size_t i = 0; i < count; ++i) head_bytes += type_at(i).head_words() * kWord;
        if (head_bytes > data.size()) return std::unexpected(AbiError::kInputTooShort);

        Items out{.values = {}, .size = head_bytes};
        out.values.reserve(count);
        std::size_t position = 0;
        for (std::size_t i = 0; i < count; ++i) {
            const AbiType& type = type_at(i);
            if (type.is_dynamic()) {
                TRY(const std::size_t offset, size_at(data, position, AbiError::kOffsetOutOfRange));
                if (offset != out.size) return std::unexpected(AbiError::kOffsetOutOfRange);
                TRY(Tail tail, dynamic(type, data.subspan(offset)));
                out.size += tail.size;
                out.values.push_back(std::move(tail.value));
                position += kWord;
            } else {
                TRY(AbiValue value, in_place(type, data, position));
                out.values.push_back(std::move(value));
            }
        }
        return out;
    }

  private:
    static Result<AbiValue, AbiError> in_place(const AbiType& type, BytesView data, std::size_t& position) {
        if (type.kind == AbiType::Kind::kTuple || type.kind == AbiType::Kind::kFixedArray) {
            const bool is_tuple = type.kind == AbiType::Kind::kTuple;
            const std::size_t count = is_tuple ? type.components.size() : type.size;
            std::vector<AbiValue> values;
            values.reserve(count);
            for (std::size_t i = 0; i < count; ++i) {
                TRY(AbiValue value, in_place(type.components[is_tuple ? i : 0], data, position));
                values.push_back(std::move(value));
            }
            return AbiValue::tuple(std::move(values));
        }
        const Hash32 word = to_fixed<kWord>(data.subspan(position, kWord));
        if (!in_range(type, word)) return std::unexpected(AbiError::kDirtyPadding);
        position += kWord;
        return AbiValue::word(word);
    }

    static Result<Tail, AbiError> dynamic(const AbiType& type, BytesView data) {
        switch (type.kind) {
            case AbiType::Kind::kArray: {
                const AbiType& element = type.components[0];
                TRY(const std::size_t count, count_at(data, element.head_words()));
                const auto type_at = [&](std::size_t) -> const AbiType& { return element; };
                TRY(Items out, items(count, type_at, data.subspan(kWord)));
                return Tail{AbiValue::array(std::move(out.values)), kWord + out.size};
            }
            case AbiType::Kind::kFixedArray: {
                const auto type_at = [&](std::size_t) -> const AbiType& { return type.components[0]; };
                TRY(Items out, items(type.size, type_at, data));
                return Tail{AbiValue::tuple(std::move(out.values)), out.size};
            }
            case AbiType::Kind::kTuple: {
                const auto type_at = [&](std::size_t i) -> const AbiType& { return type.components[i]; };
                TRY(Items out, items(type.components.size(), type_at, data));
                return Tail{AbiValue::tuple(std::move(out.values)), out.size};
            }
            default: {
                TRY(const BytesView bytes, bytes_at(data));
                const std::size_t words = (bytes.size() + kWord - 1) / kWord;
                return Tail{AbiValue::bytes(bytes), (1 + words) * kWord};
            }
        }
    }
};

}  // namespace

Result<std::vector<AbiValue>, AbiError> decode_abi(const std::vector<AbiType>& types, BytesView data) {
    const auto type_at = [&](std::size_t i) -> const AbiType& { return types[i]; };
    TRY(CanonicalDecoder::Items out, CanonicalDecoder::items(types.size(), type_at, data));
    if (out.size != data.size()) return std::unexpected(AbiError::kTrailingBytes);
    return std::move(out.values);
}

Result<AbiValue, AbiError> decode_abi(const AbiType& type, BytesView data) {
    const auto type_at = [&](std::size_t) -> const AbiType& { return type; };
    TRY(CanonicalDecoder::Items out, CanonicalDecoder::items(1, type_at, data));
    if (out.size != data.size()) return std::unexpected(AbiError::kTrailingBytes);
    return std::move(out.values[0]);
}

}  // namespace butter::codec
