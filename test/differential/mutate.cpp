// SPDX-License-Identifier: Apache-2.0
#include "test/differential/mutate.hpp"

#include <algorithm>

#include "butter/base/assert.hpp"
#include "butter/base/uint256.hpp"
#include "butter/codec/rlp.hpp"
#include "butter/crypto/keccak.hpp"

namespace butter::differential {
namespace {

using codec::AbiValue;

constexpr std::uint8_t kBoundaryBytes[] = {0x00, 0x01, 0x7f, 0x80, 0x81, 0xb7, 0xb8, 0xb9, 0xbf,
                                           0xc0, 0xc1, 0xf7, 0xf8, 0xf9, 0xfe, 0xff, 0x37, 0x38};
constexpr std::size_t kGrowthBytesMax = 40;

std::uint64_t boundary_number(Random& random) {
    const std::uint64_t power = std::uint64_t{1} << random.below(64);
    switch (random.below(5)) {
        case 0:
            return power - 1;
        case 1:
            return power;
        case 2:
            return ~std::uint64_t{0};
        case 3:
            return 0;
        default:
            return random.below(70);
    }
}

std::ptrdiff_t place(std::size_t bound, Random& random) {
    return static_cast<std::ptrdiff_t>(random.below(bound));
}

void mutate_bytes_once(Bytes& bytes, Random& random) {
    const std::uint64_t kind = random.below(9);
    if (bytes.empty() || kind == 0) {
        const Bytes more = random.one_in(2) ? Bytes(1 + random.below(kGrowthBytesMax))
                                            : random.bytes(1 + random.below(kGrowthBytesMax));
        bytes.insert(bytes.begin() + place(bytes.size() + 1, random), more.begin(), more.end());
        return;
    }
    const auto at = place(bytes.size(), random);
    std::uint8_t& byte = bytes[static_cast<std::size_t>(at)];
    switch (kind) {
        case 1:
            byte = static_cast<std::uint8_t>(byte ^ (1u << random.below(8)));
            break;
        case 2:
            byte = kBoundaryBytes[random.below(sizeof kBoundaryBytes)];
            break;
        case 3:
            byte = static_cast<std::uint8_t>(random.one_in(2) ? byte + 1 : byte - 1);
            break;
        case 4:
            bytes.erase(bytes.begin() + at);
            break;
        case 5: {
            // A part once more, right behind itself.
            const std::size_t size = 1 + random.below(bytes.size() - static_cast<std::size_t>(at));
            const Bytes part(bytes.begin() + at, bytes.begin() + at + static_cast<std::ptrdiff_t>(size));
            bytes.insert(bytes.begin() + at, part.begin(), part.end());
            break;
        }
        case 6:
            bytes.resize(static_cast<std::size_t>(at));
            break;
        case 7: {
            const std::size_t size =
                std::min<std::size_t>(bytes.size() - static_cast<std::size_t>(at), 1 + random.below(8));
            const std::uint64_t number = boundary_number(random);
            for (std::size_t i = 0; i < size; ++i) {
                bytes[static_cast<std::size_t>(at) + i] =
                    static_cast<std::uint8_t>(number >> (8 * (size - 1 - i)));
            }
            break;
        }
        default:
            bytes.resize(bytes.size() + 1 + random.below(3));
            break;
    }
}

std::size_t count_nodes(const RlpTree& tree) {
    std::size_t count = 1;
    for (const RlpTree& item : tree.items) count += count_nodes(item);
    return count;
}

RlpTree* find_node(RlpTree& tree, std::size_t& index) {
    if (index-- == 0) return &tree;
    for (RlpTree& item : tree.items) {
        if (RlpTree* found = find_node(item, index)) return found;
    }
    return nullptr;
}

Bytes content_of(const RlpTree& tree) {
    if (!tree.is_list) return tree.payload;
    Bytes out;
    for (const RlpTree& item : tree.items) append(out, write_rlp_tree(item));
    return out;
}

/// A prefix that is another one than the canonical, or sometimes not: what is wrong is for the readers to
/// say.
Bytes odd_prefix(const RlpTree& tree, Random& random) {
    const std::uint8_t base = tree.is_list ? 0xc0 : 0x80;
    std::uint64_t size = content_of(tree).size();
    switch (random.below(4)) {
        case 0:
            size += 1;
            break;
        case 1:
            size -= std::min<std::uint64_t>(size, 1);
            break;
        case 2:
            size = boundary_number(random);
            break;
        default:
            break;
    }
    if (size <= 55 && random.one_in(3)) return {static_cast<std::uint8_t>(base + size)};
    Bytes length = to_minimal_big_endian(size);
    if (random.one_in(3)) length.insert(length.begin(), 0);
    if (length.size() > 8) length.erase(length.begin());
    if (length.empty()) length.push_back(0);
    length.insert(length.begin(), static_cast<std::uint8_t>(base + 55 + length.size()));
    return length;
}

void mutate_payload(Bytes& payload, Random& random) {
    switch (random.below(6)) {
        case 0:
            payload = to_minimal_big_endian(boundary_number(random));
            break;
        case 1:
            payload.clear();
            break;
        case 2:
            payload.insert(payload.begin(), 0);
            break;
        case 3:
            payload = Bytes(random.below(70), random.byte());
            break;
        default:
            mutate_bytes_once(payload, random);
            break;
    }
}

void mutate_items(std::vector<RlpTree>& items, Random& random) {
    if (items.empty() || random.one_in(5)) {
        items.insert(items.begin() + place(items.size() + 1, random),
                     RlpTree::string(random.bytes(random.below(34))));
        return;
    }
    const auto at = place(items.size(), random);
    const auto other = place(items.size(), random);
    switch (random.below(4)) {
        case 0:
            items.erase(items.begin() + at);
            break;
        case 1: {
            const RlpTree copy = items[static_cast<std::size_t>(at)];
            items.insert(items.begin() + other, copy);
            break;
        }
        case 2:
            std::swap(items[static_cast<std::size_t>(at)], items[static_cast<std::size_t>(other)]);
            break;
        default: {
            const RlpTree copy = items[static_cast<std::size_t>(other)];
            items[static_cast<std::size_t>(at)] = copy;
            break;
        }
    }
}

std::size_t count_values(const AbiValue& value) {
    std::size_t count = 1;
    if (value.kind() == AbiValue::Kind::kTuple || value.kind() == AbiValue::Kind::kArray) {
        for (std::size_t i = 0; i < value.size(); ++i) count += count_values(value[i]);
    }
    return count;
}

std::vector<AbiValue> members_of(const AbiValue& value) {
    std::vector<AbiValue> out;
    for (std::size_t i = 0; i < value.size(); ++i) out.push_back(value[i]);
    return out;
}

AbiValue mutate_word(const AbiValue& value, Random& random) {
    Hash32 word = value.as_word();
    switch (random.below(5)) {
        case 0:
            word[31] = static_cast<std::uint8_t>(word[31] + 1);
            break;
        case 1:
            word[random.below(32)] ^= static_cast<std::uint8_t>(1u << random.below(8));
            break;
        case 2:
            return AbiValue::number(Uint256{boundary_number(random)});
        case 3:
            return AbiValue::word(Hash32{});
        default:
            word[31] ^= static_cast<std::uint8_t>(1u << random.below(8));
            break;
    }
    return AbiValue::word(word);
}

/// `index` counts down to the value to change.
AbiValue rewrite(const AbiValue& value, std::size_t& index, Random& random) {
    const bool is_target = index-- == 0;
    switch (value.kind()) {
        case AbiValue::Kind::kWord:
            return is_target ? mutate_word(value, random) : value;
        case AbiValue::Kind::kBytes: {
            if (!is_target) return value;
            Bytes bytes = value.as_bytes();
            mutate_bytes(bytes, random);
            return AbiValue::bytes(bytes);
        }
        case AbiValue::Kind::kTuple:
        case AbiValue::Kind::kArray:
            break;
    }
    std::vector<AbiValue> members = members_of(value);
    if (is_target && !members.empty()) {
        const auto at = place(members.size(), random);
        const auto other = place(members.size(), random);
        if (value.kind() == AbiValue::Kind::kTuple) {
            // Only members of one shape can change places.
            AbiValue& a = members[static_cast<std::size_t>(at)];
            AbiValue& b = members[static_cast<std::size_t>(other)];
            if (a.kind() == AbiValue::Kind::kWord && b.kind() == AbiValue::Kind::kWord) std::swap(a, b);
            return AbiValue::tuple(std::move(members));
        }
        switch (random.below(3)) {
            case 0:
                members.erase(members.begin() + at);
                break;
            case 1: {
                const AbiValue copy = members[static_cast<std::size_t>(at)];
                members.insert(members.begin() + other, copy);
                break;
            }
            default:
                std::swap(members[static_cast<std::size_t>(at)], members[static_cast<std::size_t>(other)]);
                break;
        }
        return AbiValue::array(std::move(members));
    }
    for (AbiValue& member : members) member = rewrite(member, index, random);
    return value.kind() == AbiValue::Kind::kTuple ? AbiValue::tuple(std::move(members))
                                                  : AbiValue::array(std::move(members));
}

void replace_all(Bytes& bytes, const Hash32& from, const Hash32& to) {
    for (auto at = bytes.begin();;) {
        at = std::search(at, bytes.end(), from.begin(), from.end());
        if (at == bytes.end()) return;
        std::copy(to.begin(), to.end(), at);
        at += Hash32::kSize;
    }
}

}  // namespace

void mutate_bytes(Bytes& bytes, Random& random) {
    do mutate_bytes_once(bytes, random);
    while (random.one_in(3));
}

RlpTree read_rlp_tree(BytesView encoded) {
    const auto item = codec::decode_rlp(encoded);
    BUTTER_ASSERT(item.has_value());
    if (!item->is_list) return RlpTree::string(item->payload);
    RlpTree tree = RlpTree::list({});
    codec::RlpReader reader(item->payload);
    while (!reader.is_done()) {
        const auto child = reader.next();
        BUTTER_ASSERT(child.has_value());
        tree.items.push_back(read_rlp_tree(child->encoded));
    }
    return tree;
}

Bytes write_rlp_tree(const RlpTree& tree) {
    const Bytes content = content_of(tree);
    if (tree.prefix) return concat({*tree.prefix, content});
    return tree.is_list ? codec::encode_rlp_list(content) : codec::encode_rlp_bytes(content);
}

void mutate_rlp(RlpTree& tree, Random& random) {
    do {
        std::size_t index = random.below(count_nodes(tree));
        RlpTree& node = *find_node(tree, index);
        if (random.one_in(4)) {
            node.prefix = odd_prefix(node, random);
        } else if (random.one_in(10)) {
            node = node.is_list ? RlpTree::string(content_of(node)) : RlpTree::list({node});
        } else if (node.is_list) {
            mutate_items(node.items, random);
        } else {
            mutate_payload(node.payload, random);
        }
    } while (random.one_in(4));
}

AbiValue mutate_abi(const AbiValue& value, Random& random) {
    std::size_t index = random.below(count_values(value));
    return rewrite(value, index, random);
}

Bytes mutated_encoding(const AbiValue& value, Random& random) {
    Bytes encoded = codec::encode_abi({value});
    const std::uint64_t kind = random.below(6);
    if (kind == 0) mutate_bytes(encoded, random);
    if (kind == 1) {
        const std::size_t at = random.below(encoded.size() / 32) * 32;
        Bytes word(encoded.begin() + static_cast<std::ptrdiff_t>(at),
                   encoded.begin() + static_cast<std::ptrdiff_t>(at + 32));
        const std::int64_t steps[] = {32, -32, 1, -1, 64, 31};
        const auto number = static_cast<std::uint64_t>(
            static_cast<std::int64_t>(load_u64(BytesView(word).last(8))) + random.pick(std::span(steps)));
        for (std::size_t i = 0; i < 8; ++i)
            encoded[at + 31 - i] = static_cast<std::uint8_t>(number >> (8 * i));
    }
    if (kind == 2) encoded.resize(encoded.size() + 32 * random.below(3));
    return encoded;
}

Hash32 mutate_trie_nodes(std::vector<Bytes>& nodes, Random& random) {
    const std::vector<Bytes> before = nodes;
    const std::size_t at = random.below(nodes.size());
    if (random.one_in(4)) {
        mutate_bytes(nodes[at], random);
    } else {
        RlpTree tree = read_rlp_tree(nodes[at]);
        mutate_rlp(tree, random);
        nodes[at] = write_rlp_tree(tree);
    }
    for (std::size_t i = at; i > 0; --i) {
        replace_all(nodes[i - 1], crypto::keccak256(before[i]), crypto::keccak256(nodes[i]));
    }
    return crypto::keccak256(nodes[0]);
}

}  // namespace butter::differential
