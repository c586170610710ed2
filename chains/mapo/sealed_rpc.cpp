// SPDX-License-Identifier: Apache-2.0
#include "chains/mapo/sealed_rpc.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "butter/base/hex.hpp"
#include "butter/codec/abi.hpp"
#include "butter/crypto/keccak.hpp"

namespace butter::mapo {
namespace {

namespace bn254 = crypto::bn254;
using rpc::Json;
using rpc::JsonArray;
using rpc::JsonObject;
using rpc::RpcFault;

constexpr int kMethodNotFound = -32601;
constexpr int kInvalidParams = -32602;
constexpr int kServerError = -32000;
constexpr int kReverted = 3;

/// The oldest gives way to one more.
constexpr std::size_t kFiltersMax = 1'000;
constexpr std::uint64_t kTipWei = 1'000'000'000;
/// keccak256 of the RLP of an empty list.
constexpr std::string_view kNoUncles = "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347";
constexpr std::uint64_t kInt64Max = 0x7fff'ffff'ffff'ffff;

constexpr std::size_t kNoBlock = 9;

struct Method {
    std::string_view name;
    std::size_t required = 0;
    std::size_t maximum = 0;
    std::size_t state_block = kNoBlock;  ///< index of the argument that says at which block's state
};
constexpr Method kMethods[] = {
    {"debug_getHeaderRlp", 1, 1},
    {"debug_traceTransaction", 1, 2},
    {"eth_accounts"},
    {"eth_blockNumber"},
    {"eth_call", 2, 3, 1},
    {"eth_chainId"},
    {"eth_coinbase"},
    {"eth_createAccessList", 1, 2, 1},
    {"eth_estimateGas", 1, 2, 1},
    {"eth_feeHistory", 3, 3},
    {"eth_gasPrice"},
    {"eth_getBalance", 2, 2, 1},
    {"eth_getBlockByHash", 2, 2},
    {"eth_getBlockByNumber", 2, 2},
    {"eth_getBlockTransactionCountByHash", 1, 1},
    {"eth_getBlockTransactionCountByNumber", 1, 1},
    {"eth_getCode", 2, 2, 1},
    {"eth_getFilterChanges", 1, 1},
    {"eth_getFilterLogs", 1, 1},
    {"eth_getLogs", 1, 1},
    {"eth_getProof", 3, 3, 2},
    {"eth_getStorageAt", 3, 3, 2},
    {"eth_getTransactionByBlockHashAndIndex", 2, 2},
    {"eth_getTransactionByBlockNumberAndIndex", 2, 2},
    {"eth_getTransactionByHash", 1, 1},
    {"eth_getTransactionCount", 2, 2, 1},
    {"eth_getTransactionReceipt", 1, 1},
    {"eth_maxPriorityFeePerGas"},
    {"eth_mining"},
    {"eth_newBlockFilter"},
    {"eth_newFilter", 1, 1},
    {"eth_sendRawTransaction", 1, 1},
    {"eth_sendTransaction", 1, 1},
    {"eth_subscribe", 1, 2},
    {"eth_syncing"},
    {"eth_uninstallFilter", 1, 1},
    {"istanbul_getSnapshot", 0, 1},
    {"net_listening"},
    {"net_peerCount"},
    {"net_version"},
    {"rpc_modules"},
    {"txpool_content"},
    {"txpool_status"},
    {"web3_clientVersion"},
};

constexpr std::string_view kLogMembers[] = {
    "address",          "topics",    "data",     "blockNumber", "transactionHash",
    "transactionIndex", "blockHash", "logIndex", "removed",
};
constexpr std::string_view kReceiptMembers[] = {
    "blockHash",
    "blockNumber",
    "contractAddress",
    "cumulativeGasUsed",
    "effectiveGasPrice",
    "from",
    "gasUsed",
    "logs",
    "logsBloom",
    "status",
    "to",
    "type",
    "transactionHash",
    "transactionIndex",
};
constexpr std::string_view kTransactionMembers[] = {
    "blockHash", "blockNumber", "from",  "gas", "gasPrice", "maxFeePerGas", "maxPriorityFeePerGas",
    "hash",      "input",       "nonce", "to",  "value",    "accessList",   "transactionIndex",
    "chainId",   "type",        "v",     "r",   "s",
};
constexpr std::string_view kBlockMembers[] = {
    "baseFeePerGas", "extraData",        "gasLimit",     "gasUsed",    "hash",         "logsBloom",
    "miner",         "mixHash",          "nonce",        "number",     "size",         "stateRoot",
    "timestamp",     "transactionsRoot", "transactions", "parentHash", "receiptsRoot",
};

RpcFault fault(int code, std::string message) { return {code, std::move(message), {}}; }
RpcFault invalid_argument(std::size_t index, std::string_view text) {
    return fault(kInvalidParams, "invalid argument " + std::to_string(index) + ": " + std::string(text));
}

std::string_view text_of(const Json& value) {
    return value.is_string() ? std::string_view(value.get_string()) : std::string_view();
}

/// The words of the node's decoder of quantities.
Result<std::uint64_t, std::string> decode_number(std::string_view text) {
    const auto number = decode_quantity(text);
    if (number && *number > kInt64Max) return std::unexpected("block number larger than int64");
    if (number) return *number;
    if (text.empty()) return std::unexpected("empty hex string");
    if (text == "0x") return std::unexpected("hex string \"0x\"");
    switch (number.error()) {
        case HexError::kMissingPrefix:
            return std::unexpected("hex string without 0x prefix");
        case HexError::kNotMinimal:
            return std::unexpected("hex number with leading zero digits");
        case HexError::kTooLarge:
            return std::unexpected("hex number > 64 bits");
        default:
            return std::unexpected("invalid hex string");
    }
}

void keep_members(JsonObject& object, std::span<const std::string_view> members) {
    std::vector<std::string> others;
    for (const auto& [key, value] : object) {
        if (std::find(members.begin(), members.end(), std::string_view(key)) == members.end())
            others.emplace_back(key);
    }
    for (const std::string& key : others) object.erase(key);
}

std::string encode_base64(BytesView bytes) {
    static constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t group = 0;
        for (std::size_t j = 0; j < 3; ++j)
            group = group << 8 | (i + j < bytes.size() ? bytes[i + j] : std::uint8_t{0});
        for (std::size_t j = 0; j < 4; ++j)
            out += i + j <= bytes.size() ? kDigits[group >> (18 - 6 * j) & 63] : '=';
    }
    return out;
}

/// Preimage of what the block before committed to.
Hash32 randomness_of(std::uint64_t number) {
    return crypto::keccak256(concat({as_bytes("devnet randomness"), as_bytes(std::to_string(number))}));
}

Json randomness_json(std::uint64_t number) {
    const Hash32 revealed = number == 0 ? Hash32{} : randomness_of(number);
    return JsonObject{{"committed", encode_hex(crypto::keccak256(randomness_of(number + 1)))},
                      {"revealed", encode_hex(revealed)}};
}

/// Of an account without storage anvil shows the empty trie's root node, the node shows none.
void drop_empty_proofs(Json& account) {
    JsonObject* object = account.if_object();
    Json* slots = object == nullptr ? nullptr : object->if_contains("storageProof");
    if (slots == nullptr || !slots->is_array()) return;
    for (Json& slot : slots->get_array()) {
        if (slot.is_object() && slot.get_object()["proof"] == JsonArray{"0x80"})
            slot.get_object()["proof"] = JsonArray();
    }
}

/// What the node says to errors of anvil's pool, by a part of anvil's text.
constexpr std::pair<std::string_view, std::string_view> kPoolErrors[] = {
    {"nonce too low", "nonce too low"},
    {"already imported", "already known"},
    {"underpriced", "replacement transaction underpriced"},
    {"nsufficient funds", "insufficient funds for gas * price + value + gatewayFee"},
    {"intrinsic gas too low", "intrinsic gas too low"},
    {"gas too high", "exceeds block gas limit"},
    {"exceeds block gas limit", "exceeds block gas limit"},
    {"chain id", "invalid sender"},
};

/// What a revert says, the way the node shows it: with the text of `Error(string)` only.
RpcFault to_revert(const Bytes& data) {
    if (data.empty()) return fault(kServerError, "execution reverted");
    RpcFault out = fault(kReverted, "execution reverted");
    if (data.size() >= 4 && equal(BytesView(data).first(4), codec::selector("Error(string)"))) {
        const auto text = codec::AbiReader(BytesView(data).subspan(4)).next_bytes();
        if (text) out.message += ": " + std::string(text->begin(), text->end());
    }
    out.data = encode_hex(data);
    return out;
}

bool is_match(const Json* wanted, std::string_view found) {
    if (wanted == nullptr || wanted->is_null()) return true;
    const auto is_same = [found](const Json& one) {
        const std::string_view text = text_of(one);
        return std::equal(text.begin(), text.end(), found.begin(), found.end(),
                          [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
    };
    const JsonArray* several = wanted->if_array();
    if (several == nullptr) return is_same(*wanted);
    return several->empty() || std::any_of(several->begin(), several->end(), is_same);
}

}  // namespace

SealedRpc::SealedRpc(boost::asio::any_io_executor executor, rpc::Url anvil, const Sealer& sealer)
    : sealer_(sealer), anvil_(std::move(executor), {std::move(anvil)}) {}

// ---- what an argument means
// -------------------------------------------------------------------------------

Result<std::optional<std::uint64_t>, RpcFault> SealedRpc::block_argument(const JsonArray& arguments,
                                                                         std::size_t index) const {
    // Blocks are final when they are sealed; this node's release has no `finalized` or `safe` to say so.
    const std::string_view text = text_of(arguments[index]);
    if (text == "latest") return head();
    if (text == "pending") return std::nullopt;
    if (text == "earliest") return 0;
    const auto number = decode_number(arguments[index].is_string() ? text : "none");
    if (!number) return std::unexpected(invalid_argument(index, number.error()));
    return *number;
}

Result<std::optional<std::uint64_t>, RpcFault> SealedRpc::state_argument(const JsonArray& arguments,
                                                                         std::size_t index) const {
    std::optional<Hash32> hash;
    if (arguments[index].is_object()) {
        hash = rpc::find_fixed<32>(arguments[index], "blockHash");
        if (!hash) {
            const Json* number = rpc::find_member(arguments[index], "blockNumber");
            if (number == nullptr)
                return std::unexpected(invalid_argument(index, "neither a block's number nor its hash"));
            JsonArray only(index + 1);
            only[index] = *number;
            return state_argument(only, index);
        }
    } else if (text_of(arguments[index]).size() == 2 + 2 * Hash32::kSize) {
        const auto decoded = decode_hex_fixed<32>(text_of(arguments[index]));
        if (decoded) hash = *decoded;
    }
    if (hash) {
        const auto number = sealer_.find_number(*hash);
        if (!number) return std::unexpected(fault(kServerError, "header for hash not found"));
        return *number;
    }
    TRY(const auto number, block_argument(arguments, index));
    if (number && *number > head()) return std::unexpected(fault(kServerError, "header not found"));
    return number;
}

std::optional<std::uint64_t> SealedRpc::find_block(const JsonArray& arguments) const {
    const auto hash = decode_hex_fixed<32>(text_of(arguments[0]));
    return hash ? sealer_.find_number(*hash) : std::nullopt;
}

// ---- what anvil says, as this chain
// -----------------------------------------------------------------------

void SealedRpc::rewrite(Json& value) const {
    if (JsonArray* array = value.if_array()) {
        for (Json& entry : *array) rewrite(entry);
        return;
    }
    JsonObject* object = value.if_object();
    if (object == nullptr) return;
    for (auto& [key, member] : *object) {
        if (member.is_object() || member.is_array()) rewrite(member);
    }
    if (object->contains("cumulativeGasUsed")) {
        keep_members(*object, kReceiptMembers);
    } else if (object->contains("input") && object->contains("nonce")) {
        keep_members(*object, kTransactionMembers);
        const auto type = rpc::find_quantity(value, "type");
        if (type.value_or(0) < 2) {
            object->erase("maxFeePerGas");
            object->erase("maxPriorityFeePerGas");
        }
        if (type.value_or(0) == 0) {
            object->erase("accessList");
            object->erase("chainId");
        }
    } else if (object->contains("topics") && object->contains("logIndex")) {
        keep_members(*object, kLogMembers);
    }
    const auto number = rpc::find_quantity(value, "blockNumber");
    if (!number || !object->contains("blockHash")) return;
    if (*number <= head()) {
        (*object)["blockHash"] = encode_hex(sealer_.blocks()[*number].hash);
        return;
    }
    // A block that anvil has mined but the validators have not sealed yet does not exist.
    for (const char* key : {"blockHash", "blockNumber", "transactionIndex"}) (*object)[key] = nullptr;
}

Json SealedRpc::to_block_json(Json block) const {
    const auto number = rpc::find_quantity(block, "number");
    if (!number || *number > head()) return nullptr;
    rewrite(block);
    const SealedBlock& sealed = sealer_.blocks()[*number];
    const Header& header = sealed.header;
    JsonObject& object = block.get_object();
    keep_members(object, kBlockMembers);
    object["hash"] = encode_hex(sealed.hash);
    object["parentHash"] = encode_hex(header.parent_hash);
    object["miner"] = encode_hex(header.coinbase);
    object["receiptsRoot"] = encode_hex(header.receipts_root);
    object["logsBloom"] = encode_hex(header.bloom);
    object["extraData"] = encode_hex(encode_extra(header.extra, Seals::kAll));
    object["mixHash"] = encode_hex(header.mix_digest);
    object["nonce"] = encode_hex(header.nonce);
    object["sha3Uncles"] = kNoUncles;
    object["uncles"] = JsonArray();
    object["difficulty"] = "0x0";
    object["totalDifficulty"] = encode_quantity(*number + 1);
    object["randomness"] = randomness_json(*number);
    object["epochSnarkData"] = nullptr;
    if (sealer_.is_epoch_end(*number)) {
        const AggregatedSeal& seal = header.extra.aggregated_seal;
        object["epochSnarkData"] = JsonObject{{"bitmap", encode_hex(to_minimal_big_endian(seal.bitmap))},
                                              {"signature", encode_hex(seal.signature)}};
    }
    return block;
}

Json SealedRpc::to_pending_json(Json block) const {
    rewrite(block);
    if (!block.is_object()) return nullptr;
    JsonObject& object = block.get_object();
    keep_members(object, kBlockMembers);
    const SealedBlock& parent = sealer_.blocks().back();
    object["number"] = encode_quantity(head() + 1);
    object["parentHash"] = encode_hex(parent.hash);
    object["baseFeePerGas"] = to_quantity(next_base_fee(parent.header));
    object["extraData"] = encode_hex(encode_extra(Extra{}, Seals::kAll));
    object["mixHash"] = encode_hex(Hash32{});
    object["sha3Uncles"] = kNoUncles;
    object["uncles"] = JsonArray();
    object["difficulty"] = "0x0";
    object["randomness"] = randomness_json(head() + 1);
    for (const char* key : {"hash", "miner", "nonce", "totalDifficulty", "epochSnarkData"})
        object[key] = nullptr;
    return block;
}

async::Task<SealedRpc::Answer> SealedRpc::ask_anvil(std::string method, JsonArray arguments) {
    auto result = co_await anvil_.call(method, std::move(arguments));
    if (result) co_return *std::move(result);
    const rpc::RpcError& error = result.error();
    // Before it stands which endpoint it was.
    const std::size_t at = error.text.find(method + ": ");
    std::string text = at == std::string::npos ? error.text : error.text.substr(at + method.size() + 2);
    if (error.kind == rpc::RpcError::Kind::kNode && error.code == kReverted)
        co_return std::unexpected(to_revert(error.data));
    co_return std::unexpected(
        fault(error.code == kInvalidParams ? kInvalidParams : kServerError, std::move(text)));
}

// ---- methods
// ----------------------------------------------------------------------------------------------

async::Task<SealedRpc::Answer> SealedRpc::block(std::optional<std::uint64_t> number, Json is_full) {
    if (number && *number > head()) co_return Json(nullptr);
    const std::string asked = number ? encode_quantity(*number) : "pending";
    CO_TRY(Json block, co_await ask_anvil("eth_getBlockByNumber", {asked, std::move(is_full)}));
    co_return number ? to_block_json(std::move(block)) : to_pending_json(std::move(block));
}

async::Task<SealedRpc::Answer> SealedRpc::transaction_at(std::optional<std::uint64_t> number, Json index) {
    if (number && *number > head()) co_return Json(nullptr);
    const std::string asked = number ? encode_quantity(*number) : "pending";
    CO_TRY(Json transaction,
           co_await ask_anvil("eth_getTransactionByBlockNumberAndIndex", {asked, std::move(index)}));
    rewrite(transaction);
    co_return transaction;
}

async::Task<SealedRpc::Answer> SealedRpc::transaction_count(std::optional<std::uint64_t> number) {
    CO_TRY(const Json found, co_await block(number, false));
    const JsonArray* transactions = rpc::find_array(found, "transactions");
    if (transactions == nullptr) co_return Json(nullptr);
    co_return encode_quantity(transactions->size());
}

void SealedRpc::append_system_logs(JsonArray& out, std::uint64_t number, const JsonObject& filter) const {
    const SealedBlock& block = sealer_.blocks()[number];
    const Json* topics = filter.if_contains("topics");
    const JsonArray* wanted = topics == nullptr ? nullptr : topics->if_array();
    for (std::size_t i = 0; i < block.system_logs.size(); ++i) {
        const eth::Log& log = block.system_logs[i];
        if (!is_match(filter.if_contains("address"), encode_hex(log.address))) continue;
        bool matches = wanted == nullptr || wanted->size() <= log.topics.size();
        for (std::size_t t = 0; matches && wanted != nullptr && t < wanted->size(); ++t)
            matches = is_match(&(*wanted)[t], encode_hex(log.topics[t]));
        if (!matches) continue;
        JsonArray log_topics;
        for (const Hash32& topic : log.topics) log_topics.push_back(Json(encode_hex(topic)));
        out.push_back(JsonObject{{"address", encode_hex(log.address)},
                                 {"topics", std::move(log_topics)},
                                 {"data", encode_hex(log.data)},
                                 {"blockNumber", encode_quantity(number)},
                                 {"transactionHash", encode_hex(block.hash)},
                                 {"transactionIndex", encode_quantity(block.transaction_count)},
                                 {"blockHash", encode_hex(block.hash)},
                                 {"logIndex", encode_quantity(block.transaction_log_count + i)},
                                 {"removed", false}});
    }
}

async::Task<SealedRpc::Answer> SealedRpc::logs(JsonObject filter) {
    std::uint64_t from = head();
    std::uint64_t to = head();
    const auto is_set = [&filter](std::string_view key) {
        const Json* member = filter.if_contains(key);
        return member != nullptr && !member->is_null();
    };
    if (is_set("blockHash")) {
        if (is_set("fromBlock") || is_set("toBlock")) {
            co_return std::unexpected(invalid_argument(
                0, "cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other"));
        }
        const auto hash = rpc::find_fixed<32>(filter, "blockHash");
        const auto number = hash ? sealer_.find_number(*hash) : std::nullopt;
        if (!number) co_return std::unexpected(fault(kServerError, "unknown block"));
        from = to = *number;
        filter.erase("blockHash");
    } else {
        for (auto [key, end] : {std::pair("fromBlock", &from), std::pair("toBlock", &to)}) {
            if (!is_set(key)) continue;
            CO_TRY(const auto number, block_argument({filter[key]}, 0));
            *end = number.value_or(head());
        }
    }
    to = std::min(to, head());
    if (from > to) co_return JsonArray();
    filter["fromBlock"] = encode_quantity(from);
    filter["toBlock"] = encode_quantity(to);
    CO_TRY(Json found, co_await ask_anvil("eth_getLogs", {filter}));
    if (!found.is_array()) co_return std::unexpected(fault(kServerError, "logs are malformed"));
    rewrite(found);
    JsonArray out;
    auto next = found.get_array().begin();
    const auto end = found.get_array().end();
    const std::uint64_t epoch_length = sealer_.options().epoch_length;
    for (std::uint64_t epoch_end = (from + epoch_length - 1) / epoch_length * epoch_length; epoch_end <= to;
         epoch_end += epoch_length) {
        for (; next != end && rpc::find_quantity(*next, "blockNumber").value_or(0) <= epoch_end; ++next)
            out.push_back(std::move(*next));
        append_system_logs(out, epoch_end, filter);
    }
    for (; next != end; ++next) out.push_back(std::move(*next));
    co_return out;
}

async::Task<SealedRpc::Answer> SealedRpc::fee_history(JsonArray arguments) {
    CO_TRY(const auto newest, block_argument(arguments, 1));
    const std::uint64_t last = newest.value_or(head());
    if (last > head()) {
        co_return std::unexpected(fault(kServerError, "request beyond head block: requested " +
                                                          std::to_string(last) + ", head " +
                                                          std::to_string(head())));
    }
    arguments[1] = encode_quantity(last);
    const bool has_rewards = arguments[2].is_array() && !arguments[2].get_array().empty();
    if (!arguments[2].is_array()) arguments[2] = JsonArray();
    CO_TRY(const Json history, co_await ask_anvil("eth_feeHistory", std::move(arguments)));
    const auto oldest = rpc::find_quantity(history, "oldestBlock");
    if (!oldest || *oldest > last) co_return std::unexpected(fault(kServerError, "no fee history"));
    JsonArray fees;
    JsonArray ratios;
    for (std::uint64_t number = *oldest; number <= last; ++number) {
        const Header& header = sealer_.blocks()[number].header;
        fees.push_back(Json(to_quantity(header.base_fee)));
        ratios.push_back(static_cast<double>(header.gas_used) / static_cast<double>(header.gas_limit));
    }
    fees.push_back(Json(to_quantity(next_base_fee(sealer_.blocks()[last].header))));
    JsonObject out{{"oldestBlock", encode_quantity(*oldest)},
                   {"baseFeePerGas", std::move(fees)},
                   {"gasUsedRatio", std::move(ratios)}};
    if (const JsonArray* reward = rpc::find_array(history, "reward"); has_rewards && reward != nullptr)
        out["reward"] = *reward;
    co_return out;
}

async::Task<SealedRpc::Answer> SealedRpc::send(JsonArray arguments) {
    const auto bytes = decode_hex(text_of(arguments[0]));
    if (!bytes) co_return std::unexpected(invalid_argument(0, "invalid hex string"));
    if (bytes->empty()) co_return std::unexpected(fault(kServerError, "empty typed transaction bytes"));
    // Legacy transactions begin as lists do, at 0xc0.
    if ((*bytes)[0] < 0x80 && (*bytes)[0] != 1 && (*bytes)[0] != 2)
        co_return std::unexpected(fault(kServerError, "transaction type not supported"));
    auto sent = co_await ask_anvil("eth_sendRawTransaction", std::move(arguments));
    if (sent) co_return *std::move(sent);
    for (const auto& [part, text] : kPoolErrors) {
        if (sent.error().message.find(part) != std::string::npos)
            co_return std::unexpected(fault(kServerError, std::string(text)));
    }
    co_return std::unexpected(fault(kServerError, sent.error().message));
}

SealedRpc::Answer SealedRpc::add_filter(std::optional<JsonObject> logs) {
    const std::string number = std::to_string(filters_made_++);
    const Hash32 hash = crypto::keccak256(concat({as_bytes("filter"), as_bytes(number)}));
    const std::string id = encode_hex(BytesView(hash).first(16));
    if (filters_.size() == kFiltersMax) filters_.erase(filters_.begin());
    filters_[id] = {std::move(logs), head() + 1};
    return Json(id);
}

async::Task<SealedRpc::Answer> SealedRpc::filter_changes(std::string id) {
    const auto it = filters_.find(id);
    if (it == filters_.end()) co_return std::unexpected(fault(kServerError, "filter not found"));
    const std::uint64_t first = std::exchange(it->second.next_block, head() + 1);
    if (!it->second.logs) {
        JsonArray hashes;
        for (std::uint64_t number = first; number <= head(); ++number)
            hashes.push_back(Json(encode_hex(sealer_.blocks()[number].hash)));
        co_return hashes;
    }
    if (first > head()) co_return JsonArray();
    JsonObject filter = *it->second.logs;
    filter["fromBlock"] = encode_quantity(first);
    filter["toBlock"] = encode_quantity(head());
    co_return co_await logs(std::move(filter));
}

SealedRpc::Answer SealedRpc::snapshot(const JsonArray& arguments) const {
    std::uint64_t number = head();
    if (!arguments.empty() && !arguments[0].is_null()) {
        TRY(const auto asked, block_argument(arguments, 0));
        number = asked.value_or(head());
    }
    if (number > head()) return std::unexpected(fault(kServerError, "unknown block"));
    JsonArray list;
    for (const DevnetValidator& each : sealer_.validators_after(number)) {
        const auto g2 = bn254::encode_g2(each.validator.g2_key);
        list.push_back(JsonObject{{"Address", encode_hex(each.validator.address)},
                                  {"BLSPublicKey", encode_hex(g2)},
                                  {"BLSG1PublicKey", encode_hex(bn254::encode_g1(each.validator.g1_key))},
                                  {"UncompressedBLSPublicKey", encode_base64(g2)}});
    }
    return JsonObject{{"epoch", sealer_.options().epoch_length},
                      {"number", number},
                      {"hash", encode_hex(sealer_.blocks()[number].hash)},
                      {"validators", std::move(list)}};
}

std::optional<Json> SealedRpc::constant(std::string_view method) const {
    const Header& header = sealer_.blocks().back().header;
    if (method == "eth_blockNumber") return Json(encode_quantity(head()));
    if (method == "eth_gasPrice") return Json(to_quantity(header.base_fee + Uint256{kTipWei}));
    if (method == "eth_maxPriorityFeePerGas") return Json(encode_quantity(kTipWei));
    if (method == "eth_coinbase") return Json(encode_hex(header.coinbase));
    if (method == "eth_accounts") return JsonArray();
    if (method == "eth_syncing") return false;
    if (method == "eth_mining" || method == "net_listening") return true;
    if (method == "net_peerCount") return "0x0";
    if (method == "web3_clientVersion") return "atlas-devnet-sealer/anvil";
    if (method == "rpc_modules") {
        JsonObject modules;
        for (const char* module : {"debug", "eth", "istanbul", "net", "rpc", "txpool", "web3"})
            modules[module] = "1.0";
        return modules;
    }
    return std::nullopt;
}

async::Task<SealedRpc::Answer> SealedRpc::handle(std::string method, Json params) {
    const auto* known = std::find_if(std::begin(kMethods), std::end(kMethods),
                                     [&method](const Method& one) { return one.name == method; });
    if (known == std::end(kMethods)) {
        co_return std::unexpected(
            fault(kMethodNotFound, "the method " + method + " does not exist/is not available"));
    }
    JsonArray arguments = params.is_array() ? params.get_array() : JsonArray();
    if (arguments.size() > known->maximum) {
        co_return std::unexpected(
            fault(kInvalidParams, "too many arguments, want at most " + std::to_string(known->maximum)));
    }
    for (std::size_t i = 0; i < known->required; ++i) {
        // The node takes null for a list that is not there, in eth_feeHistory.
        if (i < arguments.size() && (!arguments[i].is_null() || i == 2)) continue;
        co_return std::unexpected(
            fault(kInvalidParams, "missing value for required argument " + std::to_string(i)));
    }
    if (auto answer = constant(method)) co_return *std::move(answer);

    if (method == "eth_getBlockByNumber") {
        CO_TRY(const auto number, block_argument(arguments, 0));
        co_return co_await block(number, arguments[1]);
    }
    if (method == "eth_getBlockTransactionCountByNumber") {
        CO_TRY(const auto number, block_argument(arguments, 0));
        co_return co_await transaction_count(number);
    }
    if (method == "eth_getTransactionByBlockNumberAndIndex") {
        CO_TRY(const auto number, block_argument(arguments, 0));
        co_return co_await transaction_at(number, arguments[1]);
    }
    if (method == "eth_getBlockByHash" || method == "eth_getBlockTransactionCountByHash" ||
        method == "eth_getTransactionByBlockHashAndIndex") {
        const auto number = find_block(arguments);
        if (!number) co_return Json(nullptr);
        if (method == "eth_getBlockByHash") co_return co_await block(number, arguments[1]);
        if (method == "eth_getBlockTransactionCountByHash") co_return co_await transaction_count(number);
        co_return co_await transaction_at(number, arguments[1]);
    }
    if (method == "eth_getLogs" || method == "eth_newFilter") {
        if (!arguments[0].is_object())
            co_return std::unexpected(invalid_argument(0, "a filter is an object"));
        JsonObject filter = arguments[0].get_object();
        if (method == "eth_newFilter") co_return add_filter(std::move(filter));
        co_return co_await logs(std::move(filter));
    }
    if (method == "eth_newBlockFilter") co_return add_filter(std::nullopt);
    if (method == "eth_getFilterChanges")
        co_return co_await filter_changes(std::string(text_of(arguments[0])));
    if (method == "eth_getFilterLogs") {
        const auto it = filters_.find(std::string(text_of(arguments[0])));
        if (it == filters_.end() || !it->second.logs)
            co_return std::unexpected(fault(kServerError, "filter not found"));
        JsonObject filter = *it->second.logs;
        co_return co_await logs(std::move(filter));
    }
    if (method == "eth_uninstallFilter") {
        co_return Json(filters_.erase(std::string(text_of(arguments[0]))) == 1);
    }
    if (method == "eth_feeHistory") co_return co_await fee_history(std::move(arguments));
    if (method == "eth_sendRawTransaction") co_return co_await send(std::move(arguments));
    // Its keys are the validators'.
    if (method == "eth_sendTransaction") co_return std::unexpected(fault(kServerError, "unknown account"));
    if (method == "eth_subscribe")
        co_return std::unexpected(fault(kServerError, "notifications not supported"));
    if (method == "istanbul_getSnapshot") co_return snapshot(arguments);
    if (method == "debug_getHeaderRlp") {
        const Json& number = arguments[0];
        if (!number.is_int64() || number.get_int64() < 0)
            co_return std::unexpected(invalid_argument(0, "not a number"));
        if (static_cast<std::uint64_t>(number.get_int64()) > head()) {
            co_return std::unexpected(
                fault(kServerError, "block #" + std::to_string(number.get_int64()) + " not found"));
        }
        const auto& sealed = sealer_.blocks()[static_cast<std::size_t>(number.get_int64())];
        co_return Json(encode_hex(encode_header(sealed.header, Seals::kAll)));
    }
    if (known->state_block != kNoBlock) {
        const std::size_t index = known->state_block;
        if (arguments.size() == index) arguments.push_back("pending");
        CO_TRY(const auto number, state_argument(arguments, index));
        arguments[index] = number ? encode_quantity(*number) : "pending";
    }
    CO_TRY(Json answer, co_await ask_anvil(method, std::move(arguments)));
    if (method == "eth_getProof") drop_empty_proofs(answer);
    rewrite(answer);
    // A receipt whose block is not sealed yet.
    const Json* place = rpc::find_member(answer, "blockNumber");
    if (method == "eth_getTransactionReceipt" && place != nullptr && place->is_null())
        co_return Json(nullptr);
    co_return answer;
}

}  // namespace butter::mapo
