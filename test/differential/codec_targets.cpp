// SPDX-License-Identifier: Apache-2.0
#include "butter/base/assert.hpp"
#include "butter/codec/rlp.hpp"
#include "butter/codec/ssz.hpp"
#include "butter/crypto/keccak.hpp"
#include "butter/proof/receipt_proof.hpp"
#include "butter/trie/trie.hpp"
#include "test/differential/log_value.hpp"
#include "test/differential/mutate.hpp"
#include "test/differential/target.hpp"

namespace butter::differential {
namespace {

using codec::RlpError;
using codec::RlpItem;
using codec::RlpReader;

// ---- RLP
// ----------------------------------------------------------------------------------------------------

RlpTree random_tree(Random& random, unsigned depth) {
    if (depth == 0 || random.one_in(2)) {
        const std::size_t sizes[] = {0, 1, 1, 2, 8, 20, 32, 33, 54, 55, 56, 57, 255, 256, 300};
        return RlpTree::string(random.bytes(random.pick(std::span(sizes))));
    }
    RlpTree tree = RlpTree::list({});
    for (std::size_t i = random.below(6); i > 0; --i) tree.items.push_back(random_tree(random, depth - 1));
    return tree;
}

RlpTree nested_lists(unsigned depth) {
    RlpTree tree = RlpTree::list({});
    for (unsigned i = 1; i < depth; ++i) tree = RlpTree::list({std::move(tree)});
    return tree;
}

Bytes random_rlp(Random& random) {
    if (random.one_in(4)) return random.bytes(random.below(12));
    RlpTree tree = random.one_in(50)
                       ? nested_lists(static_cast<unsigned>(codec::kRlpDepthMax - 1 + random.below(3)))
                       : random_tree(random, 4);
    if (!random.one_in(5)) mutate_rlp(tree, random);
    Bytes out = write_rlp_tree(tree);
    if (random.one_in(4)) mutate_bytes(out, random);
    return out;
}

Result<Hash32, RlpError> value_of_item(RlpReader& reader, unsigned depth, const Hash32& before) {
    TRY(const RlpItem item, reader.next());
    if (!item.is_list) {
        return hash_of_values({AbiValue::word(before), AbiValue::boolean(false),
                               AbiValue::word(crypto::keccak256(item.payload))});
    }
    if (depth == codec::kRlpDepthMax) return std::unexpected(RlpError::kTooDeep);
    Hash32 value = hash_of_values({AbiValue::word(before), AbiValue::boolean(true)});
    RlpReader items(item.payload);
    while (!items.is_done()) {
        TRY(value, value_of_item(items, depth + 1, value));
    }
    return hash_of_values({AbiValue::word(value)});
}

Outcome evaluate_rlp_tree(BytesView encoded) {
    RlpReader reader(encoded);
    const auto value = value_of_item(reader, 0, Hash32{});
    const bool is_accepted = value.has_value() && reader.finish().has_value();
    BUTTER_ASSERT(codec::validate_rlp(encoded).has_value() == is_accepted);
    if (!is_accepted) return std::nullopt;
    return *value;
}

Result<Hash32, RlpError> read_field(RlpReader& reader, unsigned kind) {
    switch (kind) {
        case 0:
        case 1: {
            TRY(const RlpItem item, reader.next());
            return hash_of_values(
                {AbiValue::boolean(item.is_list),
                 AbiValue::word(crypto::keccak256(kind == 0 ? item.payload : item.encoded))});
        }
        case 2: {
            TRY(const BytesView bytes, reader.next_bytes());
            return crypto::keccak256(bytes);
        }
        case 3: {
            TRY(const RlpReader items, reader.next_list());
            TRY_VOID(reader.finish());
            reader = items;
            return Hash32{};
        }
        case 4: {
            TRY(const std::uint64_t value, reader.next_u64());
            return AbiValue::number(value).as_word();
        }
        case 5: {
            TRY(const Uint256 value, reader.next_uint256());
            return AbiValue::number(value).as_word();
        }
        case 6:
            return reader.next_fixed<32>();
        default: {
            TRY(const Address address, reader.next_fixed<20>());
            return AbiValue::address(address).as_word();
        }
    }
}

/// A list of fields that the reads fit, before faults.
Values generate_fields(Random& random) {
    Bytes reads{3};
    std::vector<RlpTree> items;
    for (std::size_t i = 1 + random.below(6); i > 0; --i) {
        const auto kind = static_cast<std::uint8_t>(random.below(8));
        if (kind == 3) continue;
        reads.push_back(kind);
        const std::size_t size = kind == 6 ? 32 : kind == 7 ? 20 : random.below(kind == 4 ? 10 : 34);
        items.push_back(RlpTree::string(random.bytes(size)));
        if (kind < 2 && random.one_in(3)) items.back() = random_tree(random, 2);
    }
    RlpTree tree = RlpTree::list(std::move(items));
    if (!random.one_in(4)) mutate_rlp(tree, random);
    if (random.one_in(10)) mutate_bytes(reads, random);
    return {AbiValue::bytes(reads), AbiValue::bytes(write_rlp_tree(tree))};
}

Outcome evaluate_fields(const Bytes& reads, const Bytes& encoded) {
    RlpReader reader(encoded);
    Hash32 value;
    for (std::uint8_t read : reads) {
        const auto field = read_field(reader, read % 8);
        if (!field) return std::nullopt;
        value = hash_of_values({AbiValue::word(value), AbiValue::word(*field)});
    }
    if (!reader.finish()) return std::nullopt;
    return value;
}

// ---- tries
// --------------------------------------------------------------------------------------------------

std::vector<Bytes> bytes_of_array(const AbiValue& array) {
    std::vector<Bytes> out;
    for (std::size_t i = 0; i < array.size(); ++i) out.push_back(array[i].as_bytes());
    return out;
}

AbiValue array_of_bytes(const std::vector<Bytes>& list) {
    std::vector<AbiValue> out;
    for (const Bytes& bytes : list) out.push_back(AbiValue::bytes(bytes));
    return AbiValue::array(std::move(out));
}

/// Short keys and values give inlined nodes, extensions and values in branches.
Values generate_trie(Random& random) {
    std::vector<trie::Entry> entries;
    const std::size_t key_size = 1 + random.below(3);
    const std::size_t value_size_max = random.one_in(2) ? 4 : 80;
    for (std::size_t i = 1 + random.below(20); i > 0; --i) {
        Bytes key = random.bytes(random.one_in(4) ? random.below(key_size + 1) : key_size);
        for (std::uint8_t& byte : key) byte &= random.one_in(3) ? 0xff : 0x11;
        const bool is_new = std::none_of(entries.begin(), entries.end(),
                                         [&](const trie::Entry& entry) { return entry.key == key; });
        if (is_new) entries.push_back({key, random.bytes(1 + random.below(value_size_max))});
    }
    const trie::Trie trie(entries);
    Bytes key = random.pick(entries).key;
    if (random.one_in(6)) mutate_bytes(key, random);
    key.resize(std::min(key.size(), trie::kKeyBytesMax));
    std::vector<Bytes> nodes = trie.proof(key);
    Hash32 root = trie.root();
    if (!nodes.empty() && !random.one_in(5)) root = mutate_trie_nodes(nodes, random);
    if (!nodes.empty() && random.one_in(10)) nodes.push_back(random.pick(nodes));
    if (!nodes.empty() && random.one_in(10)) nodes.pop_back();
    return {AbiValue::word(root), AbiValue::bytes(key), array_of_bytes(nodes)};
}

// ---- receipts
// -----------------------------------------------------------------------------------------------

eth::Receipt random_receipt(Random& random) {
    eth::Receipt receipt;
    receipt.type = static_cast<eth::EnvelopeType>(random.below(5));
    receipt.is_success = !random.one_in(8);
    if (random.one_in(20)) receipt.post_state = random.fixed<32>();
    receipt.cumulative_gas_used = random.next() >> random.below(64);
    for (std::size_t i = random.below(5); i > 0; --i) {
        eth::Log log{random.fixed<20>(), {}, random.bytes(random.below(70))};
        for (std::size_t j = random.below(5); j > 0; --j) log.topics.push_back(random.fixed<32>());
        receipt.logs.push_back(std::move(log));
    }
    return receipt;
}

Bytes mutated_receipt(Random& random) {
    const eth::Receipt receipt = random_receipt(random);
    Bytes encoded = eth::encode_receipt(receipt);
    if (random.one_in(4)) return encoded;
    if (random.one_in(4)) {
        mutate_bytes(encoded, random);
        return encoded.empty() ? Bytes{0x80} : encoded;
    }
    const std::size_t envelope = receipt.type == eth::EnvelopeType::kLegacy ? 0 : 1;
    RlpTree tree = read_rlp_tree(BytesView(encoded).subspan(envelope));
    mutate_rlp(tree, random);
    Bytes out(encoded.begin(), encoded.begin() + static_cast<std::ptrdiff_t>(envelope));
    append(out, write_rlp_tree(tree));
    if (random.one_in(20)) out.insert(out.begin(), static_cast<std::uint8_t>(random.below(6)));
    return out;
}

Values generate_receipts(Random& random) {
    std::vector<Bytes> values;
    for (std::size_t i = 1 + random.below(3); i > 0; --i) values.push_back(mutated_receipt(random));
    const trie::Trie trie = trie::make_list_trie(values);
    std::vector<AbiValue> proofs;
    for (std::size_t i = 1 + random.below(2); i > 0; --i) {
        proof::ReceiptProof proof{random.below(values.size()), {}, {}};
        proof.nodes = trie.proof(trie::list_key(proof.transaction_index));
        std::uint16_t index = 0;
        for (std::size_t j = 1 + random.below(2); j > 0; --j) {
            index = static_cast<std::uint16_t>(index + random.below(3));
            proof.log_indexes.push_back(index++);
        }
        proofs.push_back(proof::to_abi(proof));
    }
    AbiValue list = AbiValue::array(std::move(proofs));
    if (random.one_in(6)) list = mutate_abi(list, random);
    return {AbiValue::word(trie.root()), list};
}

Outcome evaluate_receipts(const Hash32& root, const AbiValue& list) {
    std::vector<proof::ReceiptProof> proofs;
    for (std::size_t i = 0; i < list.size(); ++i) proofs.push_back(proof::from_abi(list[i]));
    const auto logs = proof::verify_receipts(root, proofs);
    if (!logs) return std::nullopt;
    return hash_of_values({value_of_logs(*logs)});
}

// ---- SSZ
// ----------------------------------------------------------------------------------------------------

Values generate_branch(Random& random) {
    const std::uint64_t gindex = random.next() >> random.below(64);
    std::size_t depth = 0;
    while (depth < 63 && gindex >> (depth + 1) != 0) ++depth;
    if (random.one_in(4)) depth += 1;
    if (depth > 0 && random.one_in(4)) depth -= 1;
    std::vector<AbiValue> branch;
    for (std::size_t i = 0; i < depth; ++i) branch.push_back(AbiValue::word(random.fixed<32>()));
    return {AbiValue::word(random.fixed<32>()), AbiValue::array(std::move(branch)), AbiValue::number(gindex)};
}

Outcome evaluate_branch(const Hash32& leaf, const AbiValue& branch, std::uint64_t gindex) {
    std::vector<Hash32> siblings;
    for (std::size_t i = 0; i < branch.size(); ++i) siblings.push_back(branch[i].as_word());
    const auto root = codec::compute_branch_root(leaf, siblings, gindex);
    if (!root) return std::nullopt;
    return *root;
}

}  // namespace

Hash32 hash_of_values(const Values& values) { return crypto::keccak256(codec::encode_abi(values)); }

std::vector<codec::AbiType> Target::argument_types() const {
    auto parsed = codec::parse_abi_signature(signature);
    BUTTER_ASSERT(parsed.has_value());
    parsed->parameters.resize(parsed->parameters.size() - claims);
    return parsed->parameters;
}

AbiValue value_of_logs(const std::vector<eth::Log>& logs) {
    std::vector<AbiValue> out;
    for (const eth::Log& log : logs) {
        std::vector<AbiValue> topics;
        for (const Hash32& topic : log.topics) topics.push_back(AbiValue::word(topic));
        out.push_back(AbiValue::tuple(
            {AbiValue::address(log.address), AbiValue::array(std::move(topics)), AbiValue::bytes(log.data)}));
    }
    return AbiValue::array(std::move(out));
}

ProvenLogs random_receipts(Random& random) {
    std::vector<Bytes> values;
    for (std::size_t i = 1 + random.below(3); i > 0; --i) {
        eth::Receipt receipt;
        receipt.is_success = !random.one_in(20);
        receipt.logs.push_back({random.fixed<20>(), {random.fixed<32>()}, random.bytes(random.below(60))});
        values.push_back(eth::encode_receipt(receipt));
    }
    const trie::Trie trie = trie::make_list_trie(values);
    const std::uint64_t index = random.below(values.size());
    return {trie.root(), AbiValue::array({proof::to_abi({index, trie.proof(trie::list_key(index)), {0}})})};
}

void add_codec_targets(std::vector<Target>& targets) {
    targets.push_back(
        {.signature = "rlpTree(bytes)",
         .weight = 6,
         .generate = [](Random& random) { return Values{AbiValue::bytes(random_rlp(random))}; },
         .evaluate = [](const Values& in, Values&) { return evaluate_rlp_tree(in[0].as_bytes()); }});
    targets.push_back({.signature = "rlpFields(bytes,bytes)",
                       .weight = 6,
                       .generate = generate_fields,
                       .evaluate = [](const Values& in, Values&) {
                           return evaluate_fields(in[0].as_bytes(), in[1].as_bytes());
                       }});
    targets.push_back({.signature = "trie(bytes32,bytes,bytes[])",
                       .weight = 6,
                       .generate = generate_trie,
                       .evaluate = [](const Values& in, Values&) -> Outcome {
                           const auto value =
                               trie::verify_proof(in[0].as_word(), in[1].as_bytes(), bytes_of_array(in[2]));
                           if (!value) return std::nullopt;
                           return crypto::keccak256(*value);
                       }});
    targets.push_back(
        {.signature = "receipts(bytes32," + std::string(proof::kReceiptProofType) + "[])",
         .weight = 6,
         .generate = generate_receipts,
         .evaluate = [](const Values& in, Values&) { return evaluate_receipts(in[0].as_word(), in[1]); }});
    targets.push_back({.signature = "sszBranch(bytes32,bytes32[],uint64)",
                       .weight = 1,
                       .generate = generate_branch,
                       .evaluate = [](const Values& in, Values&) {
                           return evaluate_branch(in[0].as_word(), in[1], in[2].as_u64());
                       }});
}

}  // namespace butter::differential
