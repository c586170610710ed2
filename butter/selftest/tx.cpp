// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "butter/eth/transaction.hpp"
#include "butter/selftest/files.hpp"
#include "butter/selftest/sets.hpp"

namespace butter::selftest {
namespace {

using eth::EnvelopeType;
using eth::Transaction;
using eth::TransactionError;

// --- The published tests: what each fork says of a transaction

/// In order. The library knows what today's chains accept; what a fork adds to that or did not have yet is
/// said here, by these names.
constexpr std::string_view kForks[] = {
    "Frontier",       "Homestead",         "EIP150",   "EIP158", "Byzantium",
    "Constantinople", "ConstantinopleFix", "Istanbul", "Berlin", "London",
    "Paris",          "Shanghai",          "Cancun",   "Prague", "Osaka"};
constexpr std::size_t place_of(std::string_view fork) {
    return static_cast<std::size_t>(std::find(std::begin(kForks), std::end(kForks), fork) -
                                    std::begin(kForks));
}
constexpr std::size_t kHomestead = place_of("Homestead");
constexpr std::size_t kReplayProtection = place_of("EIP158");
constexpr std::size_t kIstanbul = place_of("Istanbul");
constexpr std::size_t kShanghai = place_of("Shanghai");
constexpr std::size_t kPrague = place_of("Prague");

/// The library's errors, and what forks add.
enum class Verdict {
    kRlp = 1,
    kUnknownType = 2,
    kBadSignature = 3,
    kNonceTooLarge = 4,
    kFeeOrder = 5,
    kNoRecipient = 6,
    kBadBlobHashes = 7,
    kNoAuthorizations = 8,
    kTypeTooEarly = 9,
    kProtectedTooEarly = 10,  ///< a chain id in a signature before EIP-155
    kOtherChain = 11,
    kIntrinsicGas = 12,
    kInitCodeSize = 13,
    kCostTooLarge = 14,  ///< gas times price above 256 bits
};
std::string_view to_string(Verdict verdict) noexcept {
    switch (verdict) {
        case Verdict::kTypeTooEarly:
            return "transaction of a type that the fork does not have";
        case Verdict::kProtectedTooEarly:
            return "transaction for one chain before EIP-155";
        case Verdict::kOtherChain:
            return "transaction for another chain";
        case Verdict::kIntrinsicGas:
            return "gas limit below the intrinsic gas";
        case Verdict::kInitCodeSize:
            return "init code too large";
        case Verdict::kCostTooLarge:
            return "gas and price multiply to more than 256 bits";
        case Verdict::kRlp:
        case Verdict::kUnknownType:
        case Verdict::kBadSignature:
        case Verdict::kNonceTooLarge:
        case Verdict::kFeeOrder:
        case Verdict::kNoRecipient:
        case Verdict::kBadBlobHashes:
        case Verdict::kNoAuthorizations:
            break;
    }
    return to_string(static_cast<TransactionError>(verdict));
}

std::size_t first_fork_of(std::uint8_t type) {
    switch (type) {
        case static_cast<std::uint8_t>(EnvelopeType::kAccessList):
            return place_of("Berlin");
        case static_cast<std::uint8_t>(EnvelopeType::kDynamicFee):
            return place_of("London");
        case static_cast<std::uint8_t>(EnvelopeType::kBlob):
            return place_of("Cancun");
        case static_cast<std::uint8_t>(EnvelopeType::kSetCode):
            return kPrague;
        default:
            return 0;
    }
}

/// Yellow paper, section 6.2, with EIP-2028, EIP-2930, EIP-3860, EIP-7623 and EIP-7702.
std::uint64_t intrinsic_gas(const Transaction& transaction, std::size_t fork) {
    const auto zeros =
        static_cast<std::uint64_t>(std::count(transaction.data.begin(), transaction.data.end(), 0));
    const std::uint64_t others = transaction.data.size() - zeros;
    std::uint64_t gas = 21000 + 4 * zeros + (fork >= kIstanbul ? 16 : 68) * others;
    if (!transaction.to && fork >= kHomestead) gas += 32000;
    if (!transaction.to && fork >= kShanghai) gas += 2 * ((transaction.data.size() + 31) / 32);
    for (const eth::AccessListEntry& entry : transaction.access_list) {
        gas += 2400 + 1900 * entry.storage_keys.size();
    }
    gas += 25000 * transaction.authorizations.size();
    return gas;
}

/// EIP-7623: the least that data costs.
std::uint64_t floor_gas(const Transaction& transaction, std::size_t fork) {
    if (fork < kPrague) return 0;
    const auto zeros =
        static_cast<std::uint64_t>(std::count(transaction.data.begin(), transaction.data.end(), 0));
    return 21000 + 10 * (zeros + 4 * (transaction.data.size() - zeros));
}

/// A transaction on chain 1 at `fork`.
Result<eth::DecodedTransaction, Verdict> judge_at(BytesView bytes, std::size_t fork) {
    constexpr std::size_t kInitCodeBytesMax = 2 * 24576;  // EIP-3860
    if (!bytes.empty() && fork < first_fork_of(bytes[0])) return std::unexpected(Verdict::kTypeTooEarly);
    auto decoded = eth::decode_transaction(bytes);
    if (!decoded) return std::unexpected(static_cast<Verdict>(decoded.error()));
    const Transaction& transaction = decoded->transaction;
    if (transaction.chain_id && fork < kReplayProtection) return std::unexpected(Verdict::kProtectedTooEarly);
    if (transaction.chain_id && *transaction.chain_id != ChainId{1})
        return std::unexpected(Verdict::kOtherChain);
    if (fork >= kShanghai && !transaction.to && transaction.data.size() > kInitCodeBytesMax) {
        return std::unexpected(Verdict::kInitCodeSize);
    }
    if (transaction.gas_limit < std::max(intrinsic_gas(transaction, fork), floor_gas(transaction, fork))) {
        return std::unexpected(Verdict::kIntrinsicGas);
    }
    const bool has_dynamic_fee = transaction.type >= EnvelopeType::kDynamicFee;
    const Uint256 price = has_dynamic_fee ? transaction.max_fee_per_gas : transaction.gas_price;
    if (!mul_checked(price, Uint256{transaction.gas_limit})) return std::unexpected(Verdict::kCostTooLarge);
    return *std::move(decoded);
}

/// The verdicts that one exception of the tests stands for; none for one that is not known.
std::vector<Verdict> verdicts_of(std::string_view exception) {
    const auto says = [&](std::string_view words) { return exception.find(words) != std::string_view::npos; };
    if (says("INTRINSIC_GAS") || says("FLOOR_GAS")) return {Verdict::kIntrinsicGas};
    if (says("INITCODE_SIZE")) return {Verdict::kInitCodeSize};
    if (says("PRICE_PRODUCT_OVERFLOW")) return {Verdict::kCostTooLarge, Verdict::kRlp};
    if (says("TYPE_NOT_SUPPORTED")) return {Verdict::kUnknownType, Verdict::kTypeTooEarly, Verdict::kRlp};
    if (says("NONCE_OVERFLOW") || says("NONCE_IS_MAX") || says("NONCE_TOO_BIG")) {
        return {Verdict::kNonceTooLarge, Verdict::kRlp};
    }
    // A v of no chain's is a bad signature, one above 64 bits no RLP of a transaction.
    if (says("INVALID_CHAINID")) return {Verdict::kOtherChain, Verdict::kBadSignature, Verdict::kRlp};
    if (says("INVALID_SIGNATURE_VRS")) {
        return {Verdict::kBadSignature, Verdict::kProtectedTooEarly, Verdict::kRlp};
    }
    if (says("EC_RECOVERY_FAIL")) return {Verdict::kBadSignature};
    if (says("RLP_ERROR_EOF")) return {Verdict::kUnknownType, Verdict::kRlp};
    if (says("PRIORITY_GREATER")) return {Verdict::kFeeOrder};
    if (says("TYPE_3_TX")) return {Verdict::kBadBlobHashes, Verdict::kNoRecipient};
    if (says("TYPE_4_TX") || says("TYPE_4_EMPTY")) return {Verdict::kNoAuthorizations, Verdict::kNoRecipient};
    if (says("RLP_") || says("ADDRESS_TOO") || says("GASLIMIT_OVERFLOW") || says("GASPRICE_OVERFLOW") ||
        says("PRIORITY_OVERFLOW") || says("VALUE_OVERFLOW")) {
        return {Verdict::kRlp};
    }
    return {};
}

/// Several exceptions, with bars between them, allow each of their verdicts.
std::vector<Verdict> allowed_verdicts(std::string_view exceptions) {
    std::vector<Verdict> out;
    for (;;) {
        const std::size_t end = exceptions.find('|');
        const std::vector<Verdict> verdicts = verdicts_of(exceptions.substr(0, end));
        if (verdicts.empty()) return {};
        out.insert(out.end(), verdicts.begin(), verdicts.end());
        if (end == std::string_view::npos) return out;
        exceptions.remove_prefix(end + 1);
    }
}

bool fails_for_signature(const Json& results, std::string_view fork) {
    const Json* result = rpc::find_member(results, fork);
    if (result == nullptr) return false;
    const auto exception = rpc::find_text(*result, "exception");
    return exception && exception->find("INVALID_SIGNATURE_VRS") != std::string_view::npos;
}

/// {txbytes, result: {fork: {hash, sender, intrinsicGas} or {exception}}}: each fork is a case.
void judge_fork(Case& judged, const Json& vector, std::string_view fork_name, const Json& result) {
    const std::size_t fork = place_of(fork_name);
    const Bytes bytes = judged.bytes(vector, "txbytes");
    if (!judged.is_ok()) return;
    if (fork == std::size(kForks)) return judged.skip("unknown fork");
    const auto answer = judge_at(bytes, fork);
    if (has_members(result, {"exception"})) {
        std::vector<Verdict> allowed = allowed_verdicts(judged.text(result, "exception"));
        // Whatever else is wrong with it: the fork does not know its type.
        if (!allowed.empty()) allowed.push_back(Verdict::kTypeTooEarly);
        return judged.expect_error("transaction", answer, allowed);
    }
    if (fork < kHomestead && !answer && answer.error() == Verdict::kBadSignature &&
        fails_for_signature(*rpc::find_member(vector, "result"), "Homestead")) {
        return judged.skip("before Homestead s could be in the upper half, which no chain takes today");
    }
    if (!judged.expect_ok("transaction", answer)) return;
    judged.expect_equal("hash", answer->hash, judged.bytes(result, "hash"));
    judged.expect_equal("sender", answer->sender, judged.bytes(result, "sender"));
    judged.expect_equal("written again", eth::encode_transaction(answer->transaction, answer->signature),
                        bytes);
    if (has_members(result, {"intrinsicGas"})) {
        judged.expect_equal("intrinsicGas", Uint256{intrinsic_gas(answer->transaction, fork)},
                            judged.number(result, "intrinsicGas"));
    }
}

/// {category: {name: test}}, or {name: test}
bool is_test_file(const Json& json) {
    if (is_map_of(json, {"txbytes", "result"})) return true;
    const JsonObject* categories = json.if_object();
    return categories != nullptr &&
           std::any_of(categories->begin(), categories->end(), [](const auto& category) {
               return is_map_of(category.value(), {"txbytes", "result"});
           });
}

void judge_test(Report& report, const VectorFile& file, const std::string& name, const Json& vector) {
    const Json* results = rpc::find_member(vector, "result");
    if (results == nullptr || !results->is_object()) {
        report.fail(file.name, name, "test without results");
        return;
    }
    for (const auto& [fork, result] : results->get_object()) {
        Case judged(report, file.name, name + " " + std::string(fork));
        judge_fork(judged, vector, fork, result);
    }
}

void judge_tests(Report& report, const VectorFile& file) {
    for (const auto& [name, member] : file.json.get_object()) {
        if (has_members(member, {"txbytes"}) || !member.is_object()) {
            judge_test(report, file, std::string(name), member);
            continue;
        }
        for (const auto& [test, vector] : member.get_object()) {
            judge_test(report, file, std::string(name) + " " + std::string(test), vector);
        }
    }
}

// --- Transactions made from fields

struct Kind {
    std::string_view name;
    EnvelopeType type;
    bool is_protected;
};
constexpr Kind kKinds[] = {{"Legacy", EnvelopeType::kLegacy, false},
                           {"Eip155", EnvelopeType::kLegacy, true},
                           {"Berlin", EnvelopeType::kAccessList, true},
                           {"London", EnvelopeType::kDynamicFee, true},
                           {"Cancun", EnvelopeType::kBlob, true}};

Uint256 number_or_zero(Case& judged, const Json& fields, std::string_view key) {
    return has_members(fields, {key}) ? judged.number(fields, key) : Uint256{};
}

/// A vector's fields as a transaction of `kind`; those that the kind does not have are left out.
Transaction transaction_of(Case& judged, const Json& fields, const Kind& kind) {
    Transaction out;
    out.type = kind.type;
    const Uint256 chain_id = number_or_zero(judged, fields, "chainId");
    judged.expect(chain_id.fits_u64(), "chainId: above 64 bits");
    // Chain 0 is no chain to protect for.
    if (kind.is_protected && (kind.type != EnvelopeType::kLegacy || !chain_id.is_zero())) {
        out.chain_id = ChainId{chain_id.limbs[0]};
    }
    out.nonce = has_members(fields, {"nonce"}) ? judged.u64(fields, "nonce") : 0;
    out.gas_limit = has_members(fields, {"gasLimit"}) ? judged.u64(fields, "gasLimit") : 0;
    const Json* to = rpc::find_member(fields, "to");
    if (to != nullptr && !to->is_null()) out.to = judged.fixed_of<20>(*to, "to");
    out.value = number_or_zero(judged, fields, "value");
    if (has_members(fields, {"data"})) out.data = judged.bytes(fields, "data");
    if (kind.type < EnvelopeType::kDynamicFee) {
        out.gas_price = number_or_zero(judged, fields, "gasPrice");
    } else {
        out.max_priority_fee_per_gas = number_or_zero(judged, fields, "maxPriorityFeePerGas");
        out.max_fee_per_gas = number_or_zero(judged, fields, "maxFeePerGas");
    }
    if (kind.type != EnvelopeType::kLegacy && has_members(fields, {"accessList"})) {
        for (const Json& entry : judged.array(fields, "accessList")) {
            eth::AccessListEntry& added = out.access_list.emplace_back();
            added.address = judged.fixed<20>(entry, "address");
            for (const Json& key : judged.array(entry, "storageKeys")) {
                added.storage_keys.push_back(judged.fixed_of<32>(key, "storageKeys"));
            }
        }
    }
    if (kind.type == EnvelopeType::kBlob) {
        out.max_fee_per_blob_gas = number_or_zero(judged, fields, "maxFeePerBlobGas");
        if (has_members(fields, {"blobVersionedHashes"})) {
            for (const Json& hash : judged.array(fields, "blobVersionedHashes")) {
                out.blob_versioned_hashes.push_back(judged.fixed_of<32>(hash, "blobVersionedHashes"));
            }
        }
    }
    return out;
}

/// What decoding must say: random fields may make what no chain takes.
std::optional<TransactionError> expected_error(const Transaction& transaction) {
    if (transaction.nonce == ~std::uint64_t{0}) return TransactionError::kNonceTooLarge;
    if (transaction.type >= EnvelopeType::kDynamicFee &&
        transaction.max_priority_fee_per_gas > transaction.max_fee_per_gas) {
        return TransactionError::kFeeOrder;
    }
    if (transaction.type != EnvelopeType::kBlob) return std::nullopt;
    if (!transaction.to) return TransactionError::kNoRecipient;
    const auto& hashes = transaction.blob_versioned_hashes;
    if (hashes.empty() ||
        std::any_of(hashes.begin(), hashes.end(), [](const Hash32& hash) { return hash[0] != 1; })) {
        return TransactionError::kBadBlobHashes;
    }
    return std::nullopt;
}

void expect_signature(Case& judged, const Json& expected, const Transaction& transaction,
                      const crypto::RecoverableSignature& signature) {
    judged.expect_equal("r", signature.r, judged.bytes(expected, "r"));
    judged.expect_equal("s", signature.s, judged.bytes(expected, "s"));
    Uint256 v{signature.recovery_id};
    if (transaction.type == EnvelopeType::kLegacy) {
        v = v + (transaction.chain_id
                     ? Uint256{transaction.chain_id->value} + transaction.chain_id->value + 35
                     : Uint256{27});
    }
    judged.expect_equal("v", v, judged.number(expected, "v"));
}

void judge_kind(Case& judged, const Json& vector, const Kind& kind) {
    const std::string suffix(kind.name);
    const Transaction transaction = transaction_of(judged, judged.member(vector, "transaction"), kind);
    const crypto::PrivateKey key = judged.hash(vector, "privateKey");
    const std::string unsigned_hex = judged.text(vector, "unsigned" + suffix);
    if (!judged.is_ok()) return;
    if (unsigned_hex.empty()) return judged.skip("the fields make no transaction of that type");
    judged.expect_equal("unsigned", eth::encode_unsigned(transaction),
                        judged.bytes(vector, "unsigned" + suffix));
    const Bytes expected = judged.bytes(vector, "signed" + suffix);
    const auto signature = judged.take("signing", crypto::sign(eth::signing_hash(transaction), key));
    const auto sender = judged.take("key", crypto::address_of(key));
    if (!signature || !sender) return;
    judged.expect_equal("signed", eth::encode_transaction(transaction, *signature), expected);
    if (const Json* given = rpc::find_member(vector, "signature" + suffix)) {
        expect_signature(judged, *given, transaction, *signature);
    }
    const auto decoded = eth::decode_transaction(expected);
    if (const auto error = expected_error(transaction)) {
        judged.expect_error("decoding", decoded, {*error});
    } else if (judged.expect_ok("decoding", decoded)) {
        judged.expect(decoded->transaction == transaction, "decoding: another transaction");
        judged.expect_equal("sender", decoded->sender, *sender);
    }
}

void judge_made(Report& report, const VectorFile& file) {
    for (std::size_t i = 0; i < file.json.get_array().size(); ++i) {
        const Json& vector = file.json.get_array()[i];
        for (const Kind& kind : kKinds) {
            if (!has_members(vector, {"unsigned" + std::string(kind.name)})) continue;
            Case judged(report, file.name, name_of(vector, i) + " " + std::string(kind.name));
            judge_kind(judged, vector, kind);
        }
    }
}

// --- Transactions of public chains

/// {raw, hash, from, signingHash, type, authorities}
void judge_real(Case& judged, const Json& vector) {
    const Bytes raw = judged.bytes(vector, "raw");
    const auto decoded = judged.take("decoding", eth::decode_transaction(raw));
    if (!decoded) return;
    judged.expect_equal("hash", decoded->hash, judged.bytes(vector, "hash"));
    judged.expect_equal("from", decoded->sender, judged.bytes(vector, "from"));
    judged.expect_equal("written again", eth::encode_transaction(decoded->transaction, decoded->signature),
                        raw);
    if (has_members(vector, {"signingHash"})) {
        judged.expect_equal("signingHash", eth::signing_hash(decoded->transaction),
                            judged.bytes(vector, "signingHash"));
    }
    if (has_members(vector, {"type"})) {
        judged.expect_equal("type", Uint256{static_cast<std::uint64_t>(decoded->transaction.type)},
                            judged.number(vector, "type"));
    }
    if (!has_members(vector, {"authorities"})) return;
    const auto authorities = judged.bytes_list(vector, "authorities");
    const auto& authorizations = decoded->transaction.authorizations;
    judged.expect(authorities.size() == authorizations.size(), "authorities: another number");
    for (std::size_t i = 0; i < authorities.size() && judged.is_ok(); ++i) {
        const auto authority = judged.take("authority", eth::recover_authority(authorizations[i]));
        if (authority) judged.expect_equal("authority", *authority, authorities[i]);
    }
}

}  // namespace

void run_tx(const std::filesystem::path& folder, Report& report) {
    judge_files(folder, report, [&](const VectorFile& file) {
        if (is_list_of(file.json, {"transaction", "privateKey"})) {
            judge_made(report, file);
        } else if (is_list_of(file.json, {"raw", "hash", "from"})) {
            for (const Json& vector : file.json.get_array()) {
                Case judged(report, file.name,
                            std::string(rpc::find_text(vector, "hash").value_or("without hash")));
                judge_real(judged, vector);
            }
        } else if (is_test_file(file.json)) {
            judge_tests(report, file);
        } else {
            return false;
        }
        return true;
    });
}

}  // namespace butter::selftest
