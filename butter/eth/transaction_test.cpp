// SPDX-License-Identifier: Apache-2.0
#include "butter/eth/transaction.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>
#include <set>

#include "butter/base/hex.hpp"
#include "butter/codec/rlp.hpp"
#include "butter/crypto/keccak.hpp"
#include "test/json/vectors.hpp"

namespace butter::eth {
namespace {

Uint256 number_or_zero(const boost::json::object& fields, const char* name) {
    const auto* value = fields.if_contains(name);
    if (value == nullptr) return {};
    if (value->is_number()) return value->to_number<std::uint64_t>();
    return *from_big_endian(hex_bytes((test::text_of(*value).size() % 2 != 0 ? "0" : "") +
                                      std::string(test::text_of(*value).substr(2))));
}

/// A vector's fields as a transaction of `type`.
Transaction transaction_of(const boost::json::object& fields, EnvelopeType type) {
    Transaction out;
    out.type = type;
    out.chain_id = ChainId{number_or_zero(fields, "chainId").limbs[0]};
    out.nonce = number_or_zero(fields, "nonce").limbs[0];
    out.gas_limit = number_or_zero(fields, "gasLimit").limbs[0];
    if (const auto* to = fields.if_contains("to")) out.to = test::fixed_of<20>(*to);
    out.value = number_or_zero(fields, "value");
    if (const auto* data = fields.if_contains("data")) out.data = test::bytes_of(*data);
    if (type < EnvelopeType::kDynamicFee) {
        out.gas_price = number_or_zero(fields, "gasPrice");
    } else {
        out.max_priority_fee_per_gas = number_or_zero(fields, "maxPriorityFeePerGas");
        out.max_fee_per_gas = number_or_zero(fields, "maxFeePerGas");
    }
    if (type != EnvelopeType::kLegacy && fields.contains("accessList")) {
        for (const auto& entry : fields.at("accessList").as_array()) {
            AccessListEntry& added = out.access_list.emplace_back();
            added.address = test::fixed_of<20>(entry.at("address"));
            for (const auto& key : entry.at("storageKeys").as_array())
                added.storage_keys.push_back(test::hash_of(key));
        }
    }
    if (type == EnvelopeType::kBlob) {
        out.max_fee_per_blob_gas = number_or_zero(fields, "maxFeePerBlobGas");
        if (const auto* hashes = fields.if_contains("blobVersionedHashes")) {
            for (const auto& hash : hashes->as_array())
                out.blob_versioned_hashes.push_back(test::hash_of(hash));
        }
    }
    return out;
}

TEST(transaction, signs_the_published_vectors) {
    struct Kind {
        const char* name;
        EnvelopeType type;
        bool is_protected;
    };
    const Kind kinds[] = {{"Legacy", EnvelopeType::kLegacy, false},
                          {"Eip155", EnvelopeType::kLegacy, true},
                          {"Berlin", EnvelopeType::kAccessList, true},
                          {"London", EnvelopeType::kDynamicFee, true},
                          {"Cancun", EnvelopeType::kBlob, true}};
    unsigned signed_count = 0;
    unsigned decoded_count = 0;
    const auto vectors = test::read_vectors("tx/ethers_transactions.json");
    for (const auto& vector : vectors.as_array()) {
        const auto& fields = vector.at("transaction").as_object();
        const Hash32 key = test::hash_of(vector.at("privateKey"));
        for (const Kind& kind : kinds) {
            const std::string name = std::string(test::text_of(vector.at("name"))) + " " + kind.name;
            Transaction transaction = transaction_of(fields, kind.type);
            // Chain 0 is no chain to protect for.
            if (!kind.is_protected ||
                (kind.type == EnvelopeType::kLegacy && transaction.chain_id->value == 0)) {
                transaction.chain_id.reset();
            }
            const auto& unsigned_hex = vector.at(std::string("unsigned") + kind.name);
            // The fields do not make a transaction of this type.
            if (test::text_of(unsigned_hex).empty()) continue;
            EXPECT_EQ(encode_hex(encode_unsigned(transaction)), test::text_of(unsigned_hex)) << name;
            const SignedTransaction signed_transaction = sign_transaction(transaction, key).value();
            EXPECT_EQ(encode_hex(signed_transaction.encoded),
                      test::text_of(vector.at(std::string("signed") + kind.name)))
                << name;
            ++signed_count;
            const auto decoded = decode_transaction(signed_transaction.encoded);
            if (kind.type >= EnvelopeType::kDynamicFee &&
                transaction.max_priority_fee_per_gas > transaction.max_fee_per_gas) {
                EXPECT_EQ(decoded.error(), TransactionError::kFeeOrder) << name;
            } else if (kind.type == EnvelopeType::kBlob && !transaction.to) {
                EXPECT_EQ(decoded.error(), TransactionError::kNoRecipient) << name;
            } else if (kind.type == EnvelopeType::kBlob && transaction.blob_versioned_hashes.empty()) {
                EXPECT_EQ(decoded.error(), TransactionError::kBadBlobHashes) << name;
            } else {
                ASSERT_TRUE(decoded.has_value()) << name << ": " << to_string(decoded.error());
                EXPECT_EQ(decoded->transaction, transaction) << name;
                EXPECT_EQ(decoded->sender, crypto::address_of(key).value()) << name;
                EXPECT_EQ(decoded->hash, signed_transaction.hash) << name;
                ++decoded_count;
            }
        }
    }
    EXPECT_EQ(signed_count, 426u);
    EXPECT_GT(decoded_count, 3 * vectors.as_array().size());
}

TEST(transaction, reads_real_transactions_of_every_type) {
    std::set<EnvelopeType> types;
    const auto vectors = test::read_vectors("tx/mainnet_real_transactions_types_0_to_4.json");
    for (const auto& vector : vectors.as_array()) {
        const Bytes raw = test::bytes_of(vector.at("raw"));
        const auto decoded = decode_transaction(raw);
        ASSERT_TRUE(decoded.has_value()) << to_string(decoded.error());
        EXPECT_EQ(decoded->hash, test::hash_of(vector.at("hash")));
        EXPECT_EQ(to_checksum_text(decoded->sender), test::text_of(vector.at("from")));
        EXPECT_EQ(signing_hash(decoded->transaction), test::hash_of(vector.at("signingHash")));
        EXPECT_EQ(encode_transaction(decoded->transaction, decoded->signature), raw);
        types.insert(decoded->transaction.type);
        if (decoded->transaction.type != EnvelopeType::kSetCode) continue;
        const auto& authorities = vector.at("authorities").as_array();
        ASSERT_EQ(decoded->transaction.authorizations.size(), authorities.size());
        for (std::size_t i = 0; i < authorities.size(); ++i) {
            EXPECT_EQ(to_checksum_text(recover_authority(decoded->transaction.authorizations[i]).value()),
                      test::text_of(authorities[i]));
        }
    }
    EXPECT_EQ(types.size(), 5u);
}

TEST(transaction, reads_the_transactions_of_real_blocks) {
    const auto blocks = test::read_vectors("blocks/mainnet_blocks_full.json");
    for (const auto& block : blocks.as_array()) {
        for (const auto& raw : block.at("transactions").as_array()) {
            const Bytes bytes = test::bytes_of(raw);
            const auto decoded = decode_transaction(bytes);
            ASSERT_TRUE(decoded.has_value()) << to_string(decoded.error());
            EXPECT_EQ(encode_transaction(decoded->transaction, decoded->signature), bytes);
        }
    }
}

/// The outcome for a chain whose id is 1, as the published tests suppose.
std::string judge(const Bytes& bytes) {
    const auto decoded = decode_transaction(bytes);
    if (!decoded) return std::string(to_string(decoded.error()));
    const auto chain_id = decoded->transaction.chain_id;
    return chain_id && *chain_id != ChainId{1} ? "another chain" : "ok";
}

TEST(transaction, judges_the_published_tests) {
    // What these exceed is for the chain to see: gas and its price together, gas for data.
    const std::set<std::string_view> of_the_chain = {"TransactionException.INTRINSIC_GAS_TOO_LOW"};
    const std::map<std::string_view, std::string_view> expected = {
        {"TransactionException.NONCE_OVERFLOW",
         "transaction nonce too large|transaction is not canonical rlp of its type"},
        {"TransactionException.INVALID_CHAINID", "another chain|transaction with an invalid signature"},
        {"TransactionException.INVALID_SIGNATURE_VRS",
         "transaction with an invalid signature|transaction is not canonical rlp of its type"},
        {"TransactionException.RLP_ERROR_EOF", "transaction of an unknown type"},
        {"TransactionException.EC_RECOVERY_FAIL", "transaction with an invalid signature"},
        {"TransactionException.TYPE_NOT_SUPPORTED",
         "transaction of an unknown type|transaction is not canonical rlp of its type"},
    };
    unsigned good = 0;
    unsigned refused = 0;
    const auto vectors = test::read_vectors("tx/ethereum_tests_TransactionTests.json");
    for (const auto& [category, tests] : vectors.as_object()) {
        for (const auto& [name, vector] : tests.as_object()) {
            const auto& results = vector.at("result").as_object();
            const auto* newest = results.if_contains("Cancun");
            const auto& result = newest != nullptr ? *newest : std::prev(results.end())->value();
            const Bytes bytes = test::bytes_of(vector.at("txbytes"));
            const std::string outcome = judge(bytes);
            const auto* exception = result.as_object().if_contains("exception");
            if (exception == nullptr) {
                ASSERT_EQ(outcome, "ok") << category << " " << name;
                const DecodedTransaction decoded = decode_transaction(bytes).value();
                EXPECT_EQ(decoded.sender, test::fixed_of<20>(result.at("sender"))) << name;
                EXPECT_EQ(decoded.hash, test::hash_of(result.at("hash"))) << name;
                ++good;
            } else if (of_the_chain.contains(test::text_of(*exception))) {
                EXPECT_EQ(outcome, "ok") << category << " " << name;
            } else {
                const auto wanted = expected.find(test::text_of(*exception));
                const std::string_view texts = wanted != expected.end()
                                                   ? wanted->second
                                                   : "transaction is not canonical rlp of its type";
                EXPECT_NE(texts.find(outcome), std::string_view::npos)
                    << category << " " << name << " " << test::text_of(*exception) << ": " << outcome;
                EXPECT_NE(outcome, "ok") << category << " " << name;
                ++refused;
            }
        }
    }
    EXPECT_GT(good, 20u);
    EXPECT_GT(refused, 50u);
}

const crypto::PrivateKey kKey = {{1, 2, 3}};

Transaction example(EnvelopeType type) {
    Transaction out;
    out.type = type;
    out.chain_id = ChainId{97};
    out.to = Address{{9}};
    out.gas_limit = 21000;
    if (type == EnvelopeType::kBlob) out.blob_versioned_hashes = {Hash32{{1}}};
    if (type == EnvelopeType::kSetCode) out.authorizations.emplace_back();
    return out;
}

TransactionError error_of(const Transaction& transaction) {
    const auto result = decode_transaction(sign_transaction(transaction, kKey).value().encoded);
    return result ? TransactionError{} : result.error();
}

TEST(transaction, refuses_what_its_type_does_not_allow) {
    for (const auto type : {EnvelopeType::kLegacy, EnvelopeType::kAccessList, EnvelopeType::kDynamicFee,
                            EnvelopeType::kBlob, EnvelopeType::kSetCode}) {
        EXPECT_EQ(error_of(example(type)), TransactionError{});
        Transaction transaction = example(type);
        transaction.nonce = ~std::uint64_t{0} - 1;
        EXPECT_EQ(error_of(transaction), TransactionError{});
        ++transaction.nonce;
        EXPECT_EQ(error_of(transaction), TransactionError::kNonceTooLarge);
    }
    Transaction transaction = example(EnvelopeType::kDynamicFee);
    transaction.max_priority_fee_per_gas = 1;
    EXPECT_EQ(error_of(transaction), TransactionError::kFeeOrder);
    for (const auto type : {EnvelopeType::kBlob, EnvelopeType::kSetCode}) {
        transaction = example(type);
        transaction.to.reset();
        EXPECT_EQ(error_of(transaction), TransactionError::kNoRecipient);
    }
    transaction = example(EnvelopeType::kBlob);
    transaction.blob_versioned_hashes.push_back(Hash32{{2}});
    EXPECT_EQ(error_of(transaction), TransactionError::kBadBlobHashes);
    transaction.blob_versioned_hashes.clear();
    EXPECT_EQ(error_of(transaction), TransactionError::kBadBlobHashes);
    transaction = example(EnvelopeType::kSetCode);
    transaction.authorizations.clear();
    EXPECT_EQ(error_of(transaction), TransactionError::kNoAuthorizations);
    EXPECT_EQ(decode_transaction({}).error(), TransactionError::kUnknownType);
    EXPECT_EQ(decode_transaction(Bytes{5, 0xc0}).error(), TransactionError::kUnknownType);
    EXPECT_EQ(decode_transaction(Bytes{2, 0xc0}).error(), TransactionError::kRlp);
}

TEST(transaction, refuses_the_other_signature_of_the_pair) {
    // With s replaced by n - s and the parity flipped, the same key is recovered: EIP-2 allows only one.
    const Uint256 order =
        from_big_endian(hex_bytes("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"))
            .value();
    const Transaction transaction = example(EnvelopeType::kDynamicFee);
    crypto::RecoverableSignature signature = crypto::sign(signing_hash(transaction), kKey).value();
    EXPECT_TRUE(decode_transaction(encode_transaction(transaction, signature)).has_value());
    signature.s = to_big_endian(order - *from_big_endian(signature.s));
    signature.recovery_id ^= 1;
    EXPECT_EQ(crypto::recover_address(signing_hash(transaction), signature).value(),
              crypto::address_of(kKey).value());
    EXPECT_EQ(decode_transaction(encode_transaction(transaction, signature)).error(),
              TransactionError::kBadSignature);
    Authorization authorization;
    authorization.signature = signature;
    EXPECT_FALSE(recover_authority(authorization).has_value());
}

TEST(transaction, refuses_unknown_v) {
    Transaction transaction = example(EnvelopeType::kLegacy);
    transaction.chain_id.reset();
    const crypto::RecoverableSignature signature = crypto::sign(signing_hash(transaction), kKey).value();
    Bytes fields;
    const Bytes encoded = encode_unsigned(transaction);
    append(fields, codec::decode_rlp(encoded).value().payload);
    const auto judge_v = [&](const Uint256& v) {
        Bytes all = fields;
        codec::append_rlp_uint(all, v);
        codec::append_rlp_uint(all, *from_big_endian(signature.r));
        codec::append_rlp_uint(all, *from_big_endian(signature.s));
        const auto result = decode_transaction(codec::encode_rlp_list(all));
        return result ? TransactionError{} : result.error();
    };
    EXPECT_EQ(judge_v(27u + signature.recovery_id), TransactionError{});
    for (const std::uint64_t v : {0u, 1u, 26u, 29u, 34u, 35u, 36u})
        EXPECT_EQ(judge_v(v), TransactionError::kBadSignature) << v;
    // The largest chain id, and one above.
    EXPECT_EQ(judge_v((Uint256{1} << 65) + 34), TransactionError{});
    EXPECT_EQ(judge_v((Uint256{1} << 65) + 35), TransactionError::kBadSignature);
}

TEST(transaction, every_error_has_a_text) {
    for (int i = 1; i <= 8; ++i) {
        EXPECT_NE(to_string(static_cast<TransactionError>(i)), "unknown transaction error");
    }
}

TEST(transaction, accepts_only_what_it_would_write) {
    EXPECT_TRUE(rc::check([] {
        const auto type = static_cast<EnvelopeType>(*rc::gen::inRange(0, 5));
        Bytes bytes = sign_transaction(example(type), kKey).value().encoded;
        bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] = *rc::gen::arbitrary<std::uint8_t>();
        if (const auto decoded = decode_transaction(bytes)) {
            RC_ASSERT(encode_transaction(decoded->transaction, decoded->signature) == bytes);
        }
    }));
}

}  // namespace
}  // namespace butter::eth
