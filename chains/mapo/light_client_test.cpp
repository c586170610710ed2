// SPDX-License-Identifier: Apache-2.0
#include "chains/mapo/light_client.hpp"

#include <gtest/gtest.h>

#include "butter/base/hex.hpp"
#include "chains/mapo/proof.hpp"
#include "test/json/vectors.hpp"

namespace butter::mapo {
namespace {

using test::bytes_of;
using test::read_vectors;
using test::text_of;

Uint256 number_of(const boost::json::value& value) { return *from_big_endian(bytes_of(value)); }

/// The set as the vectors know it: G1 keys only. The sum of the signers' G2 keys is given, so it is put at
/// the first signer and infinity at the others; the addition is the same.
TrustedState state_for(const boost::json::value& entry, const Header& header, std::uint64_t epoch_length) {
    TrustedState state{
        epoch_length, BlockNumber{(header.number.value - 1) / epoch_length * epoch_length}, {}};
    const auto& aggregate = entry.at("aggPkG2_xr_xi_yr_yi").as_array();
    bool is_placed = false;
    unsigned index = 0;
    for (const auto& key : entry.at("signerSetG1").as_array()) {
        Validator validator;
        validator.g1_key = {number_of(key.as_array()[0]), number_of(key.as_array()[1])};
        if (!is_placed && header.extra.aggregated_seal.bitmap.bit(index)) {
            validator.g2_key = {number_of(aggregate[1]), number_of(aggregate[0]), number_of(aggregate[3]),
                                number_of(aggregate[2])};
            validator.address = header.coinbase;
            is_placed = true;
        }
        ++index;
        state.validators.push_back(validator);
    }
    return state;
}

TEST(mapo_header, real_headers_decode_hash_and_encode_again) {
    for (const auto& entry : read_vectors("map/headers.json").as_array()) {
        const Bytes rlp = bytes_of(entry.at("headerRlp"));
        const auto header = decode_header(rlp);
        ASSERT_TRUE(header.has_value());
        EXPECT_EQ(encode_header(*header, Seals::kAll), rlp);
        EXPECT_EQ(encode_header(*header, Seals::kProposer), bytes_of(entry.at("rlpWithoutAggregatedSeal")));
        EXPECT_EQ(encode_header(*header, Seals::kNone),
                  bytes_of(entry.at("rlpWithoutSealAndAggregatedSeal")));
        EXPECT_EQ(encode_hex(block_hash(*header)), text_of(entry.at("expected").at("headerHash")));
        EXPECT_EQ(find_proposer(*header), header->coinbase);
        EXPECT_EQ(encode_hex(seal_message(block_hash(*header), header->extra.aggregated_seal.round)),
                  text_of(entry.at("expected").at("message")));
    }
}

TEST(mapo_light_client, real_headers_verify_and_their_proofs_too) {
    std::size_t count = 0;
    for (const auto& entry : read_vectors("map/headers.json").as_array()) {
        const Header header = decode_header(bytes_of(entry.at("headerRlp"))).value();
        const TrustedState state = state_for(entry, header, 1000);
        const auto verified = verify_header(state, header);
        ASSERT_TRUE(verified.has_value()) << to_string(verified.error());
        EXPECT_EQ(verified->signers, static_cast<std::size_t>(entry.at("expected").at("signers").as_int64()));
        // A proof without receipts fails only at that.
        const auto proof = verify_proof(make_client_state(state), encode_proof(state, header, {}));
        ASSERT_FALSE(proof.has_value());
        EXPECT_EQ(proof.error(), ProofError::kReceipt);
        ++count;
    }
    EXPECT_EQ(count, 13u);
}

TEST(mapo_light_client, tampered_headers_are_refused_for_the_right_reason) {
    const std::map<std::string, LightClientError::Kind> expected = {
        {"state-root-changed", LightClientError::Kind::kProposerSeal},
        {"receipt-root-changed", LightClientError::Kind::kProposerSeal},
        {"number-changed", LightClientError::Kind::kProposerSeal},
        {"proposer-seal-bit-flip", LightClientError::Kind::kProposerSeal},
        {"round-changed", LightClientError::Kind::kSeal},
        {"bitmap-changed", LightClientError::Kind::kQuorum},
        {"aggregated-signature-replaced-by-parent-seal", LightClientError::Kind::kSeal},
        {"wrong-aggregate-pk", LightClientError::Kind::kSeal},
    };
    for (const auto& entry : read_vectors("map/must_fail_headers.json").as_array()) {
        const std::string label(text_of(entry.at("label")));
        if (entry.at("headerRlp").is_null()) continue;  // a signature that is no point: proof_test
        const Header header = decode_header(bytes_of(entry.at("headerRlp"))).value();
        const auto verified = verify_header(state_for(entry, header, 1000), header);
        ASSERT_FALSE(verified.has_value()) << label;
        ASSERT_TRUE(expected.contains(label)) << label;
        EXPECT_EQ(verified.error().kind, expected.at(label)) << label;
    }
}

TEST(mapo_light_client, quorum_is_two_thirds_rounded_up) {
    EXPECT_EQ(quorum(1), 1u);
    EXPECT_EQ(quorum(3), 2u);
    EXPECT_EQ(quorum(4), 3u);
    EXPECT_EQ(quorum(5), 4u);
    EXPECT_EQ(quorum(30), 20u);
}

}  // namespace
}  // namespace butter::mapo
