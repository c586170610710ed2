// SPDX-License-Identifier: Apache-2.0
#include "butter/codec/ssz.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>

#include "butter/base/hex.hpp"
#include "butter/crypto/sha256.hpp"
#include "test/json/vectors.hpp"

namespace butter::codec {
namespace {

// The containers of consensus-spec-tests, ssz_generic.
SszType fixed_struct() { return ssz_container({ssz_uint(8), ssz_uint(64), ssz_uint(32)}); }
SszType variable_struct() { return ssz_container({ssz_uint(16), ssz_list(ssz_uint(16), 1024), ssz_uint(8)}); }
SszType complex_struct() {
    return ssz_container({ssz_uint(16), ssz_list(ssz_uint(16), 128), ssz_uint(8), ssz_byte_list(256),
                          variable_struct(), ssz_vector(fixed_struct(), 4),
                          ssz_vector(variable_struct(), 2)});
}
SszType bits_struct() {
    return ssz_container(
        {ssz_bitlist(5), ssz_bitvector(2), ssz_bitvector(1), ssz_bitlist(6), ssz_bitvector(8)});
}

std::vector<std::string> split(const std::string& name) {
    std::vector<std::string> out(1);
    for (char c : name) {
        if (c == '_') {
            out.emplace_back();
        } else {
            out.back().push_back(c);
        }
    }
    return out;
}

SszType basic_type(const std::string& name) {
    return name == "bool" ? ssz_bool() : ssz_uint(static_cast<unsigned>(std::stoul(name.substr(4))));
}

/// The type that a vector's handler and name tell.
SszType type_of(std::string_view handler, const std::string& name) {
    const std::vector<std::string> words = split(name);
    if (handler == "boolean") return ssz_bool();
    if (handler == "uints") return ssz_uint(static_cast<unsigned>(std::stoul(words[1])));
    if (handler == "bitvector") return ssz_bitvector(std::stoul(words[1]));
    if (handler == "bitlist") return ssz_bitlist(words[1] == "no" ? 8 : std::stoul(words[1]));
    if (handler == "basic_vector") return ssz_vector(basic_type(words[1]), std::stoul(words[2]));
    const std::map<std::string, SszType> containers = {
        {"SingleFieldTestStruct", ssz_container({ssz_uint(8)})},
        {"SmallTestStruct", ssz_container({ssz_uint(16), ssz_uint(16)})},
        {"FixedTestStruct", fixed_struct()},
        {"VarTestStruct", variable_struct()},
        {"ComplexTestStruct", complex_struct()},
        {"BitsStruct", bits_struct()},
    };
    return containers.at(words[0]);
}

TEST(ssz, judges_the_published_vectors) {
    const auto vectors = test::read_vectors("ssz/ssz_generic.json");
    std::map<SszError, unsigned> errors;
    unsigned good = 0;
    for (const auto& vector : vectors.as_array()) {
        const std::string name(test::text_of(vector.at("name")));
        const std::string_view handler = test::text_of(vector.at("handler"));
        const auto root = hash_tree_root(type_of(handler, name), test::bytes_of(vector.at("serialized")));
        if (vector.at("valid").as_bool()) {
            ASSERT_TRUE(root.has_value()) << handler << " " << name << ": " << to_string(root.error());
            EXPECT_EQ(*root, test::hash_of(vector.at("root"))) << handler << " " << name;
            ++good;
        } else {
            ASSERT_FALSE(root.has_value()) << handler << " " << name;
            ++errors[root.error()];
        }
    }
    EXPECT_EQ(good, 387u);
    EXPECT_GT(errors[SszError::kTooShort], 0u);
    EXPECT_GT(errors[SszError::kTrailingBytes], 0u);
    EXPECT_GT(errors[SszError::kBadBool], 0u);
    EXPECT_GT(errors[SszError::kBadOffset], 0u);
    EXPECT_GT(errors[SszError::kTooLong], 0u);
    EXPECT_GT(errors[SszError::kBadBits], 0u);
}

TEST(ssz, refuses_types_without_values) {
    for (const SszType& type : {ssz_vector(ssz_uint(8), 0), ssz_bitvector(0), ssz_container({})}) {
        EXPECT_EQ(hash_tree_root(type, {}).error(), SszError::kIllegalType);
        EXPECT_EQ(hash_tree_root(ssz_container({type}), {}).error(), SszError::kIllegalType);
        EXPECT_EQ(ssz_node(type, {}, 1).error(), SszError::kIllegalType);
    }
}

SszType beacon_header() {
    return ssz_container({ssz_uint(64), ssz_uint(64), ssz_bytes(32), ssz_bytes(32), ssz_bytes(32)});
}

Bytes serialize_header(const boost::json::value& header) {
    Bytes out;
    append_ssz_uint(out, test::u64_of(header.at("slot")), 8);
    append_ssz_uint(out, test::u64_of(header.at("proposer_index")), 8);
    for (const char* field : {"parent_root", "state_root", "body_root"})
        append(out, test::bytes_of(header.at(field)));
    return out;
}

TEST(ssz, hashes_a_chain_of_beacon_headers) {
    const auto chain = test::read_vectors("ssz/beacon_header_chain_6632737_6632790.json");
    std::optional<Hash32> previous;
    for (const auto& header : chain.as_array()) {
        const Bytes data = serialize_header(header);
        const Hash32 root = hash_tree_root(beacon_header(), data).value();
        EXPECT_EQ(root, test::hash_of(header.at("root")));
        if (previous) EXPECT_EQ(test::hash_of(header.at("parent_root")), *previous);
        previous = root;
        for (std::size_t field = 0; field < 5; ++field) {
            const std::uint64_t gindex = field_gindex(beacon_header(), field);
            const Hash32 leaf = ssz_node(beacon_header(), data, gindex).value();
            const auto branch = ssz_branch(beacon_header(), data, gindex).value();
            EXPECT_TRUE(verify_branch(leaf, branch, gindex, root).has_value());
        }
    }
    EXPECT_EQ(chain.as_array().size(), 51u);
}

std::vector<Hash32> hashes_of(const boost::json::value& list) {
    std::vector<Hash32> out;
    for (const auto& hash : list.as_array()) out.push_back(test::hash_of(hash));
    return out;
}

TEST(ssz, follows_long_branches) {
    const auto vectors = test::read_vectors("ssz/receipts_root_historical_proofs.json");
    for (const auto& vector : vectors.as_array()) {
        const auto branch = hashes_of(vector.at("receiptsRootProof"));
        const Hash32 leaf = test::hash_of(vector.at("receiptsRoot"));
        const Hash32 root = test::hash_of(vector.at("headerRoot"));
        const std::uint64_t gindex = test::u64_of(vector.at("gindex"));
        EXPECT_TRUE(verify_branch(leaf, branch, gindex, root).has_value());
        EXPECT_EQ(verify_branch(leaf, branch, gindex ^ 1, root).error(), SszError::kRootMismatch);
        EXPECT_EQ(verify_branch(leaf, branch, gindex / 2, root).error(), SszError::kBadIndex);
        EXPECT_EQ(verify_branch(leaf, std::span(branch).subspan(1), gindex, root).error(),
                  SszError::kBadIndex);
    }
    EXPECT_EQ(vectors.as_array().size(), 10u);
}

TEST(ssz, proves_a_sync_committee_in_a_state) {
    constexpr std::uint64_t kCurrentSyncCommitteeGindexElectra = 86;
    const auto bootstrap = test::read_vectors("lc_mainnet/electra/bootstrap_slot12890400.json");
    const auto& data = bootstrap.as_object().contains("data") ? bootstrap.at("data") : bootstrap;
    Bytes committee;
    for (const auto& key : data.at("current_sync_committee").at("pubkeys").as_array()) {
        append(committee, test::bytes_of(key));
    }
    append(committee, test::bytes_of(data.at("current_sync_committee").at("aggregate_pubkey")));
    const SszType type = ssz_container({ssz_vector(ssz_bytes(48), 512), ssz_bytes(48)});
    const Hash32 root = hash_tree_root(type, committee).value();
    EXPECT_TRUE(verify_branch(root, hashes_of(data.at("current_sync_committee_branch")),
                              kCurrentSyncCommitteeGindexElectra,
                              test::hash_of(data.at("header").at("beacon").at("state_root")))
                    .has_value());
    // A member's key within the committee: container of 2, vector of 512.
    const std::uint64_t member = concat_gindex(field_gindex(type, 0), 512 + 77);
    EXPECT_TRUE(verify_branch(ssz_node(type, committee, member).value(),
                              ssz_branch(type, committee, member).value(), member, root)
                    .has_value());
}

TEST(ssz, trees_of_chunks_agree_with_their_branches) {
    EXPECT_TRUE(rc::check([] {
        const auto count = *rc::gen::inRange<std::size_t>(0, 20);
        std::vector<Hash32> chunks;
        for (std::size_t i = 0; i < count; ++i) chunks.push_back(chunk_of(i + 1));
        const auto limit = *rc::gen::inRange<std::uint64_t>(std::max<std::size_t>(count, 1), 70);
        const Hash32 root = merkleize(chunks, limit);
        std::vector<Hash32> padded = chunks;
        padded.resize(std::uint64_t{1} << tree_depth(limit));
        RC_ASSERT(merkleize(padded) == root);
        const auto index = *rc::gen::inRange<std::uint64_t>(0, limit);
        const std::uint64_t gindex = (std::uint64_t{1} << tree_depth(limit)) + index;
        const Hash32 leaf = index < count ? chunks[index] : Hash32{};
        RC_ASSERT(verify_branch(leaf, compute_branch(chunks, limit, index), gindex, root).has_value());
    }));
}

TEST(ssz, zero_trees_are_hashed_zeros) {
    EXPECT_TRUE(zero_hash(0).is_zero());
    EXPECT_EQ(zero_hash(3), merkleize(std::vector<Hash32>(8)));
    EXPECT_EQ(merkleize({}, std::uint64_t{1} << 40), zero_hash(40));
    EXPECT_EQ(mix_in_length({}, 5), crypto::sha256_pair({}, chunk_of(5)));
}

TEST(ssz, proves_every_node_of_a_nested_value) {
    const SszType type = complex_struct();
    const auto vectors = test::read_vectors("ssz/ssz_generic.json");
    unsigned proven = 0;
    for (const auto& vector : vectors.as_array()) {
        if (!vector.at("valid").as_bool()) continue;
        if (!test::text_of(vector.at("name")).starts_with("ComplexTestStruct_l")) continue;
        const Bytes data = test::bytes_of(vector.at("serialized"));
        const Hash32 root = test::hash_of(vector.at("root"));
        for (std::uint64_t gindex = 1; gindex < 256; ++gindex) {
            const auto node = ssz_node(type, data, gindex);
            if (!node) {
                EXPECT_EQ(node.error(), SszError::kBadIndex);
                continue;
            }
            const auto branch = ssz_branch(type, data, gindex);
            // A list's zeros stand where no element has a tree; its siblings may be nodes all the same.
            if (!branch) continue;
            EXPECT_TRUE(verify_branch(*node, *branch, gindex, root).has_value()) << gindex;
            ++proven;
        }
    }
    EXPECT_GT(proven, 100u);
}

TEST(ssz, refuses_indexes_that_are_no_nodes) {
    const Bytes data(8 + 8 + 96);
    EXPECT_EQ(ssz_node(beacon_header(), data, 0).error(), SszError::kBadIndex);
    EXPECT_EQ(ssz_branch(beacon_header(), data, 0).error(), SszError::kBadIndex);
    EXPECT_TRUE(ssz_node(beacon_header(), data, 15).has_value());
    EXPECT_EQ(ssz_node(beacon_header(), data, 16).error(), SszError::kBadIndex);
    EXPECT_EQ(ssz_node(beacon_header(), data, 30).error(), SszError::kBadIndex);
    const SszType list = ssz_byte_list(64);
    EXPECT_EQ(ssz_node(list, Bytes{7}, 3).value(), chunk_of(1));
    EXPECT_EQ(ssz_node(list, Bytes{7}, 4).value(), chunk_of(7));
    EXPECT_EQ(ssz_node(list, Bytes{7}, 6).error(), SszError::kBadIndex);
    EXPECT_EQ(compute_branch_root({}, {}, 0).error(), SszError::kBadIndex);
}

TEST(ssz, readers_check_bounds) {
    const Bytes one{2};
    EXPECT_EQ(SszReader(one).next_u64().error(), SszError::kTooShort);
    EXPECT_EQ(SszReader(one).next_bool().error(), SszError::kBadBool);
    EXPECT_EQ(SszReader(one).next_fixed<2>().error(), SszError::kTooShort);
    EXPECT_EQ(SszReader(one).finish().error(), SszError::kTrailingBytes);
    const Bytes number = concat({Bytes{0x01, 0x02}, Bytes(30)});
    EXPECT_EQ(SszReader(number).next_uint256().value(), Uint256{0x0201});
    EXPECT_EQ(SszReader(number).next_uint(2).value(), 0x0201u);

    EXPECT_EQ(count_elements(Bytes(9), 4, 8).error(), SszError::kTrailingBytes);
    EXPECT_EQ(count_elements(Bytes(8), 4, 2).value(), 2u);
    EXPECT_EQ(count_elements(Bytes(12), 4, 2).error(), SszError::kTooLong);
    EXPECT_EQ(split_elements(Bytes{}, 2).value().size(), 0u);
    EXPECT_EQ(split_elements(Bytes{8, 0, 0, 0, 9, 0, 0, 0, 1, 2}, 2).value()[1].size(), 1u);
    EXPECT_EQ(split_elements(Bytes{8, 0, 0}, 2).error(), SszError::kTooShort);
    EXPECT_EQ(split_elements(Bytes{8, 0, 0, 0}, 2).error(), SszError::kTooShort);
    EXPECT_EQ(split_elements(Bytes{0, 0, 0, 0}, 2).error(), SszError::kBadOffset);
    EXPECT_EQ(split_elements(Bytes{5, 0, 0, 0, 1}, 2).error(), SszError::kBadOffset);
    EXPECT_EQ(split_elements(Bytes{8, 0, 0, 0, 7, 0, 0, 0}, 2).error(), SszError::kBadOffset);
    EXPECT_EQ(split_elements(Bytes{8, 0, 0, 0, 9, 0, 0, 0}, 2).error(), SszError::kTooShort);
    EXPECT_EQ(split_elements(Bytes{8, 0, 0, 0, 8, 0, 0, 0}, 1).error(), SszError::kTooLong);
}

TEST(ssz, reads_bits) {
    EXPECT_EQ(decode_bitvector(Bytes{0xff, 0x02}, 10).value().count(), 9u);
    EXPECT_EQ(decode_bitvector(Bytes{0xff, 0x04}, 10).error(), SszError::kBadBits);
    EXPECT_EQ(decode_bitvector(Bytes{0xff}, 10).error(), SszError::kTooShort);
    EXPECT_EQ(decode_bitvector(Bytes{1, 0, 0}, 10).error(), SszError::kTrailingBytes);
    EXPECT_EQ(decode_bitlist(Bytes{}, 8).error(), SszError::kBadBits);
    EXPECT_EQ(decode_bitlist(Bytes{0xff, 0x00}, 8).error(), SszError::kBadBits);
    EXPECT_EQ(decode_bitlist(Bytes{0xff, 0x01}, 8).value().size, 8u);
    EXPECT_EQ(decode_bitlist(Bytes{0xff, 0x02}, 8).error(), SszError::kTooLong);
    EXPECT_TRUE(rc::check([](const std::vector<bool>& bits) {
        SszBits in{Bytes((bits.size() + 7) / 8), bits.size()};
        for (std::size_t i = 0; i < bits.size(); ++i) {
            if (bits[i]) in.bytes[i / 8] = static_cast<std::uint8_t>(in.bytes[i / 8] | 1u << (i % 8));
        }
        const SszBits out = decode_bitlist(encode_bitlist(in), bits.size()).value();
        RC_ASSERT(out == in);
        for (std::size_t i = 0; i < bits.size(); ++i) RC_ASSERT(out[i] == bits[i]);
    }));
}

TEST(ssz, every_error_has_a_text) {
    for (int i = 1; i <= 9; ++i) EXPECT_NE(to_string(static_cast<SszError>(i)), "unknown ssz error");
}

}  // namespace
}  // namespace butter::codec
