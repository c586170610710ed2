// SPDX-License-Identifier: Apache-2.0
#include "chains/mapo/sealer.hpp"

#include <boost/asio/steady_timer.hpp>

#include "butter/async/sleep.hpp"
#include "butter/base/assert.hpp"
#include "butter/base/hex.hpp"
#include "butter/crypto/keccak.hpp"

namespace butter::mapo {
namespace {

namespace bn254 = crypto::bn254;

constexpr std::string_view kDevnetSeed = "butter devnet validator, test key";

Hash32 derive(std::string_view purpose, std::uint64_t index) {
    Bytes input = concat({as_bytes(kDevnetSeed), as_bytes(purpose)});
    append_u64(input, index);
    return crypto::keccak256(input);
}

std::string text_of(const rpc::RpcError& error) { return error.text; }

}  // namespace

DevnetValidator make_devnet_validator(std::uint64_t index) {
    DevnetValidator out;
    out.ecdsa_key = derive("ecdsa", index);
    out.bls_secret = divide(*from_big_endian(derive("bls", index)), bn254::group_order()).remainder;
    const auto address = crypto::address_of(out.ecdsa_key);
    BUTTER_ASSERT(address.has_value());
    out.validator = {*address, bn254::multiply(bn254::g2_generator(), out.bls_secret),
                     bn254::multiply(bn254::g1_generator(), out.bls_secret)};
    return out;
}

void seal_header(Header& header, const std::vector<DevnetValidator>& validators, std::size_t proposer,
                 const std::vector<std::size_t>& signers, std::uint64_t round) {
    header.coinbase = validators[proposer].validator.address;
    header.extra.seal.clear();
    header.extra.aggregated_seal = {};
    const auto seal = crypto::sign(proposer_digest(header), validators[proposer].ecdsa_key);
    BUTTER_ASSERT(seal.has_value());
    header.extra.seal = concat({seal->r, seal->s, BytesView(&seal->recovery_id, 1)});
    const auto hash = bn254::hash_to_g1(seal_message(block_hash(header), round));
    BUTTER_ASSERT(hash.has_value());
    bn254::G1 signature;
    AggregatedSeal aggregated;
    for (std::size_t signer : signers) {
        signature = bn254::add(signature, bn254::multiply(hash->point, validators[signer].bls_secret));
        aggregated.bitmap = aggregated.bitmap | (Uint256{1} << static_cast<unsigned>(signer));
    }
    aggregated.signature = to_bytes(bn254::encode_g1(signature));
    aggregated.round = round;
    header.extra.aggregated_seal = aggregated;
}

Sealer::Sealer(boost::asio::any_io_executor executor, rpc::Url anvil, SealerOptions options)
    : anvil_(std::move(executor), {std::move(anvil)}), options_(options) {
    for (; next_validator_ < options_.validators; ++next_validator_) {
        validators_.push_back(make_devnet_validator(next_validator_));
    }
    sets_by_epoch_.push_back(validators_);
}

async::Task<Result<void, std::string>> Sealer::start() {
    auto number = co_await anvil_.call("eth_blockNumber", {});
    if (!number) co_return std::unexpected(text_of(number.error()));
    const auto head = number->is_string() ? decode_quantity(number->get_string().c_str())
                                          : std::unexpected(HexError::kBadDigit);
    if (!head) co_return std::unexpected("anvil's block number is malformed");
    for (std::uint64_t i = 0; i <= *head; ++i) CO_TRY_VOID(co_await seal_block(i));
    co_return Result<void, std::string>();
}

async::Task<void> Sealer::run() {
    for (;;) {
        co_await async::sleep_for(options_.block_interval);
        // A node that does not answer now may the next time; the chain then simply pauses.
        static_cast<void>(co_await step());
    }
}

async::Task<Result<void, std::string>> Sealer::step() {
    const auto mined = co_await anvil_.call("evm_mine", {});
    if (!mined) co_return std::unexpected(text_of(mined.error()));
    co_return co_await seal_block(headers_.size());
}

void Sealer::plan_rotation(Header& header) {
    if (!options_.rotate || header.number.value == 0 || header.number.value % options_.epoch_length != 0)
        return;
    const std::uint64_t epoch = header.number.value / options_.epoch_length;
    if (epoch % 2 == 1) {
        const DevnetValidator added = make_devnet_validator(next_validator_);
        header.extra.added_addresses = {added.validator.address};
        header.extra.added_g2_keys = {bn254::encode_g2(added.validator.g2_key)};
        header.extra.added_g1_keys = {bn254::encode_g1(added.validator.g1_key)};
    } else {
        header.extra.removed = 1;
    }
}

void Sealer::apply_rotation_of(const Header& header) {
    if (header.number.value == 0 || header.number.value % options_.epoch_length != 0) return;
    if (!header.extra.removed.is_zero()) validators_.erase(validators_.begin());
    if (!header.extra.added_addresses.empty())
        validators_.push_back(make_devnet_validator(next_validator_++));
    sets_by_epoch_.push_back(validators_);
}

async::Task<Result<void, std::string>> Sealer::seal_block(std::uint64_t number) {
    auto block = co_await anvil_.call("eth_getBlockByNumber", {encode_quantity(number), false});
    if (!block) co_return std::unexpected(text_of(block.error()));
    rpc::JsonObject fields = block->is_object() ? block->get_object() : rpc::JsonObject();
    // The execution fields are anvil's; the extra data gets the shape of this chain before it is decoded.
    fields["extraData"] = encode_hex(encode_extra(Extra{}, Seals::kAll));
    fields["mixHash"] = encode_hex(Hash32{});
    fields["nonce"] = encode_hex(FixedBytes<8>{});
    auto header = decode_header_json(fields);
    if (!header)
        co_return std::unexpected("anvil's block " + std::to_string(number) + ": " +
                                  std::string(to_string(header.error())));
    if (number > 0) {
        header->parent_hash = hashes_.back();
        header->extra.parent_aggregated_seal = headers_.back().extra.aggregated_seal;
        plan_rotation(*header);
        std::vector<std::size_t> signers;
        // A different third is absent each time.
        const std::size_t count = validators_.size();
        const std::size_t absent = std::min(options_.absent, count - quorum(count));
        for (std::size_t i = 0; i < count; ++i) {
            if ((i + number) % count >= absent) signers.push_back(i);
        }
        seal_header(*header, validators_, number % count, signers, 0);
    } else {
        header->parent_hash = {};
        header->coinbase = {};
    }
    const Hash32 hash = block_hash(*header);
    number_by_hash_.emplace(hash, number);
    hashes_.push_back(hash);
    headers_.push_back(*std::move(header));
    apply_rotation_of(headers_.back());
    co_return Result<void, std::string>();
}

// ---- RPC
// ---------------------------------------------------------------------------------------------------------

void Sealer::rewrite(rpc::Json& value) const {
    if (rpc::JsonArray* array = value.if_array()) {
        for (rpc::Json& entry : *array) rewrite(entry);
        return;
    }
    rpc::JsonObject* object = value.if_object();
    if (object == nullptr) return;
    for (auto& [key, member] : *object) {
        if (member.is_object() || member.is_array()) rewrite(member);
    }
    if (object->contains("blockHash")) {
        const auto number = rpc::find_quantity(value, "blockNumber");
        if (number && *number < hashes_.size()) (*object)["blockHash"] = encode_hex(hashes_[*number]);
    }
}

rpc::Json Sealer::to_block_json(rpc::Json block) const {
    const auto number = rpc::find_quantity(block, "number");
    if (!number || *number >= headers_.size()) return nullptr;
    rewrite(block);
    const Header& header = headers_[*number];
    rpc::JsonObject& object = block.get_object();
    // What this chain's headers do not have.
    for (const char* key : {"sha3Uncles", "difficulty", "uncles", "withdrawals", "withdrawalsRoot",
                            "blobGasUsed", "excessBlobGas", "parentBeaconBlockRoot", "requestsHash"}) {
        object.erase(key);
    }
    object["hash"] = encode_hex(hashes_[*number]);
    object["parentHash"] = encode_hex(header.parent_hash);
    object["miner"] = encode_hex(header.coinbase);
    object["extraData"] = encode_hex(encode_extra(header.extra, Seals::kAll));
    object["mixHash"] = encode_hex(header.mix_digest);
    object["nonce"] = encode_hex(header.nonce);
    object["totalDifficulty"] = encode_quantity(*number + 1);
    return block;
}

rpc::Json Sealer::snapshot(std::uint64_t number) const {
    rpc::JsonArray list;
    for (const DevnetValidator& validator : sets_by_epoch_[number / options_.epoch_length]) {
        list.push_back(
            rpc::JsonObject{{"Address", encode_hex(validator.validator.address)},
                            {"BLSPublicKey", encode_hex(bn254::encode_g2(validator.validator.g2_key))},
                            {"BLSG1PublicKey", encode_hex(bn254::encode_g1(validator.validator.g1_key))}});
    }
    return rpc::JsonObject{{"epoch", options_.epoch_length},
                           {"number", number},
                           {"hash", encode_hex(hashes_[number])},
                           {"validators", std::move(list)}};
}

async::Task<Result<rpc::Json, rpc::RpcFault>> Sealer::handle(std::string method, rpc::Json params) {
    rpc::JsonArray arguments = params.is_array() ? params.get_array() : rpc::JsonArray();
    if (method == "eth_blockNumber") co_return encode_quantity(headers_.size() - 1);
    if (method == "istanbul_getSnapshot") {
        std::uint64_t number = headers_.size() - 1;
        if (!arguments.empty() && arguments[0].is_string() && arguments[0].get_string().starts_with("0x")) {
            const auto asked = decode_quantity(arguments[0].get_string().c_str());
            if (!asked || *asked >= headers_.size())
                co_return std::unexpected(rpc::RpcFault{-32000, "unknown block", {}});
            number = *asked;
        }
        co_return snapshot(number);
    }
    if (method == "eth_getBlockByHash" && !arguments.empty() && arguments[0].is_string()) {
        const auto hash = decode_hex_fixed<32>(std::string_view(arguments[0].get_string()));
        const auto it = hash ? number_by_hash_.find(*hash) : number_by_hash_.end();
        if (it == number_by_hash_.end()) co_return rpc::Json(nullptr);
        method = "eth_getBlockByNumber";
        arguments[0] = encode_quantity(it->second);
    }
    if (method == "eth_getBlockByNumber" && !arguments.empty() && arguments[0].is_string() &&
        !arguments[0].get_string().starts_with("0x") && arguments[0].get_string() != "earliest") {
        // Blocks are final when they are sealed, so every tag means the newest.
        arguments[0] = encode_quantity(headers_.size() - 1);
    }
    if (method == "eth_getLogs" && !arguments.empty() && arguments[0].is_object()) {
        rpc::JsonObject& filter = arguments[0].get_object();
        if (const auto hash = rpc::find_fixed<32>(arguments[0], "blockHash")) {
            const auto it = number_by_hash_.find(*hash);
            if (it == number_by_hash_.end())
                co_return std::unexpected(rpc::RpcFault{-32000, "unknown block", {}});
            filter.erase("blockHash");
            filter["fromBlock"] = encode_quantity(it->second);
            filter["toBlock"] = encode_quantity(it->second);
        }
    }
    auto result = co_await anvil_.call(method, std::move(arguments));
    if (!result) {
        rpc::RpcFault fault{result.error().code, result.error().text, {}};
        if (!result.error().data.empty()) fault.data = encode_hex(result.error().data);
        co_return std::unexpected(std::move(fault));
    }
    if (method == "eth_getBlockByNumber")
        co_return result->is_null() ? rpc::Json(nullptr) : to_block_json(*std::move(result));
    if (method == "eth_getTransactionReceipt") {
        // A block that anvil has mined but the validators have not sealed yet does not exist.
        const auto number = rpc::find_quantity(*result, "blockNumber");
        if (number && *number >= headers_.size()) co_return rpc::Json(nullptr);
    }
    rewrite(*result);
    co_return *std::move(result);
}

}  // namespace butter::mapo
