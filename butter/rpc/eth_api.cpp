// SPDX-License-Identifier: Apache-2.0
#include "butter/rpc/eth_api.hpp"

#include <algorithm>
#include <utility>

#include "butter/rpc/receipts_json.hpp"

namespace butter::rpc {
namespace {

/// JSON-RPC 2.0, "method not found".
constexpr int kMethodNotFound = -32601;
/// Receipts asked for in one request; what nodes take of calls and give of bytes in one is bounded.
constexpr std::size_t kReceiptsPerBatch = 500;

RpcError malformed(std::string_view what) {
    return {RpcError::Kind::kMalformed, 0, "answer is not " + std::string(what), {}};
}

/// Copies a required member into `to`; false when it is missing or malformed.
template <class T>
bool take(T& to, std::optional<T> value) {
    if (!value) return false;
    to = *std::move(value);
    return true;
}

/// An optional member: absent or null is fine, malformed is not.
template <class T>
bool take_optional(std::optional<T>& to, const Json& object, std::string_view key, std::optional<T> value) {
    const Json* member = find_member(object, key);
    if (member == nullptr || member->is_null()) return true;
    to = std::move(value);
    return to.has_value();
}

JsonObject to_json(const CallRequest& request) {
    JsonObject out;
    if (request.from) out["from"] = encode_hex(*request.from);
    if (request.to) out["to"] = encode_hex(*request.to);
    out["data"] = encode_hex(request.data);
    if (!request.value.is_zero()) out["value"] = to_quantity(request.value);
    if (request.gas != 0) out["gas"] = encode_quantity(request.gas);
    return out;
}

std::optional<std::vector<Bytes>> find_nodes(const Json& object, std::string_view key) {
    const JsonArray* nodes = find_array(object, key);
    if (nodes == nullptr) return std::nullopt;
    std::vector<Bytes> out;
    for (const Json& node : *nodes) {
        if (!node.is_string()) return std::nullopt;
        auto bytes = decode_hex(std::string_view(node.get_string().data(), node.get_string().size()));
        if (!bytes) return std::nullopt;
        out.push_back(*std::move(bytes));
    }
    return out;
}

std::optional<std::uint64_t> text_quantity(const Json& value) {
    if (!value.is_string()) return std::nullopt;
    const auto decoded =
        decode_quantity(std::string_view(value.get_string().data(), value.get_string().size()));
    if (!decoded) return std::nullopt;
    return *decoded;
}

std::optional<Bytes> text_bytes(const Json& value) {
    if (!value.is_string()) return std::nullopt;
    auto decoded = decode_hex(std::string_view(value.get_string().data(), value.get_string().size()));
    if (!decoded) return std::nullopt;
    return *std::move(decoded);
}

}  // namespace

std::optional<PlacedLog> decode_placed_log(const Json& json) {
    PlacedLog out;
    std::uint64_t block = 0;
    const JsonArray* topics = find_array(json, "topics");
    if (!take(out.log.address, find_fixed<20>(json, "address")) ||
        !take(out.log.data, find_bytes(json, "data")) || !take(block, find_quantity(json, "blockNumber")) ||
        !take(out.block_hash, find_fixed<32>(json, "blockHash")) ||
        !take(out.transaction_hash, find_fixed<32>(json, "transactionHash")) ||
        !take(out.transaction_index, find_quantity(json, "transactionIndex")) ||
        !take(out.log_index, find_quantity(json, "logIndex")) || topics == nullptr ||
        topics->size() > eth::kTopicsMax) {
        return std::nullopt;
    }
    out.block = BlockNumber{block};
    for (const Json& topic : *topics) {
        const auto bytes = text_bytes(topic);
        if (!bytes || bytes->size() != Hash32::kSize) return std::nullopt;
        out.log.topics.push_back(to_fixed<32>(*bytes));
    }
    return out;
}

std::optional<PlacedReceipt> decode_placed_receipt(const Json& json) {
    PlacedReceipt out;
    std::uint64_t block = 0;
    const JsonArray* logs = find_array(json, "logs");
    if (!take(out.transaction_hash, find_fixed<32>(json, "transactionHash")) ||
        !take(out.transaction_index, find_quantity(json, "transactionIndex")) ||
        !take(block, find_quantity(json, "blockNumber")) ||
        !take(out.block_hash, find_fixed<32>(json, "blockHash")) ||
        !take(out.gas_used, find_quantity(json, "gasUsed")) ||
        !take(out.receipt.cumulative_gas_used, find_quantity(json, "cumulativeGasUsed")) ||
        !take(out.receipt.bloom, find_fixed<256>(json, "logsBloom")) ||
        !take_optional(out.contract_address, json, "contractAddress",
                       find_fixed<20>(json, "contractAddress")) ||
        logs == nullptr) {
        return std::nullopt;
    }
    out.block = BlockNumber{block};
    std::optional<std::uint64_t> type;
    if (!take_optional(type, json, "type", find_quantity(json, "type"))) return std::nullopt;
    if (type.value_or(0) > static_cast<std::uint64_t>(eth::EnvelopeType::kSetCode)) return std::nullopt;
    out.receipt.type = static_cast<eth::EnvelopeType>(type.value_or(0));
    if (const auto status = find_quantity(json, "status"); status && *status <= 1) {
        out.receipt.is_success = *status == 1;
    } else if (const auto root = find_fixed<32>(json, "root")) {
        out.receipt.post_state = *root;
    } else {
        return std::nullopt;
    }
    for (const Json& log : *logs) {
        auto placed = decode_placed_log(log);
        if (!placed) return std::nullopt;
        out.receipt.logs.push_back(placed->log);
        out.logs.push_back(*std::move(placed));
    }
    return out;
}

std::optional<BlockHeader> decode_block_header(const Json& json) {
    BlockHeader out;
    eth::Header& header = out.header;
    std::uint64_t number = 0;
    std::uint64_t timestamp = 0;
    const bool complete =
        take(out.hash, find_fixed<32>(json, "hash")) &&
        take(header.parent_hash, find_fixed<32>(json, "parentHash")) &&
        take(header.ommers_hash, find_fixed<32>(json, "sha3Uncles")) &&
        take(header.beneficiary, find_fixed<20>(json, "miner")) &&
        take(header.state_root, find_fixed<32>(json, "stateRoot")) &&
        take(header.transactions_root, find_fixed<32>(json, "transactionsRoot")) &&
        take(header.receipts_root, find_fixed<32>(json, "receiptsRoot")) &&
        take(header.bloom, find_fixed<256>(json, "logsBloom")) &&
        take(header.difficulty, find_big_quantity(json, "difficulty")) &&
        take(number, find_quantity(json, "number")) &&
        take(header.gas_limit, find_quantity(json, "gasLimit")) &&
        take(header.gas_used, find_quantity(json, "gasUsed")) &&
        take(timestamp, find_quantity(json, "timestamp")) &&
        take(header.extra_data, find_bytes(json, "extraData")) &&
        take(header.mix_hash, find_fixed<32>(json, "mixHash")) &&
        take(header.nonce, find_fixed<8>(json, "nonce")) &&
        take_optional(header.base_fee, json, "baseFeePerGas", find_big_quantity(json, "baseFeePerGas")) &&
        take_optional(header.withdrawals_root, json, "withdrawalsRoot",
                      find_fixed<32>(json, "withdrawalsRoot")) &&
        take_optional(header.blob_gas_used, json, "blobGasUsed", find_quantity(json, "blobGasUsed")) &&
        take_optional(header.excess_blob_gas, json, "excessBlobGas", find_quantity(json, "excessBlobGas")) &&
        take_optional(header.parent_beacon_block_root, json, "parentBeaconBlockRoot",
                      find_fixed<32>(json, "parentBeaconBlockRoot")) &&
        take_optional(header.requests_hash, json, "requestsHash", find_fixed<32>(json, "requestsHash"));
    if (!complete || !eth::has_no_gaps(header)) return std::nullopt;
    header.number = BlockNumber{number};
    header.timestamp = UnixSeconds{timestamp};
    return out;
}

template <class T>
Result<T, RpcError> EthApi::require(std::optional<T> value, std::string_view what) const {
    if (!value) return std::unexpected(malformed(what));
    return *std::move(value);
}

async::Task<Result<ChainId, RpcError>> EthApi::fetch_chain_id() {
    CO_TRY(const Json result, co_await endpoints_.call("eth_chainId", {}));
    CO_TRY(const std::uint64_t id, require(text_quantity(result), "a chain id"));
    co_return ChainId{id};
}

async::Task<std::vector<Result<ChainId, RpcError>>> EthApi::fetch_chain_ids() {
    const auto answers = co_await endpoints_.call_each("eth_chainId", {});
    std::vector<Result<ChainId, RpcError>> out;
    for (const auto& answer : answers) {
        if (!answer) {
            out.push_back(std::unexpected(answer.error()));
            continue;
        }
        const auto id = require(text_quantity(*answer), "a chain id");
        if (id) {
            out.push_back(ChainId{*id});
        } else {
            out.push_back(std::unexpected(id.error()));
        }
    }
    co_return out;
}

async::Task<Result<BlockNumber, RpcError>> EthApi::fetch_block_number() {
    CO_TRY(const Json result, co_await endpoints_.call("eth_blockNumber", {}));
    CO_TRY(const std::uint64_t number, require(text_quantity(result), "a block number"));
    co_return BlockNumber{number};
}

async::Task<Result<std::optional<BlockHeader>, RpcError>> EthApi::fetch_header(BlockId id) {
    CO_TRY(const Json result, co_await fetch_block_json(std::move(id)));
    if (result.is_null()) co_return std::optional<BlockHeader>();
    co_return require(decode_block_header(result), "a block header");
}

async::Task<Result<std::optional<BlockHeader>, RpcError>> EthApi::fetch_header_by_hash(Hash32 hash) {
    CO_TRY(const Json result, co_await endpoints_.call("eth_getBlockByHash", {encode_hex(hash), false}));
    if (result.is_null()) co_return std::optional<BlockHeader>();
    co_return require(decode_block_header(result), "a block header");
}

async::Task<Result<Json, RpcError>> EthApi::fetch_block_json(BlockId id) {
    co_return co_await endpoints_.call("eth_getBlockByNumber", {id.text(), false});
}

std::optional<std::vector<Hash32>> find_transaction_hashes(const Json& block) {
    const JsonArray* transactions = find_array(block, "transactions");
    if (transactions == nullptr) return std::nullopt;
    std::vector<Hash32> out;
    for (const Json& transaction : *transactions) {
        const auto hash = text_bytes(transaction);
        if (!hash || hash->size() != Hash32::kSize) return std::nullopt;
        out.push_back(to_fixed<32>(*hash));
    }
    return out;
}

async::Task<Result<std::vector<PlacedReceipt>, RpcError>> EthApi::fetch_block_receipts(
    BlockNumber number, std::optional<std::vector<Hash32>> transactions) {
    std::optional<std::vector<PlacedReceipt>> receipts;
    if (!lacks_block_receipts_) {
        CO_TRY(const std::string text,
               co_await endpoints_.call_text("eth_getBlockReceipts", {encode_quantity(number.value)}));
        receipts = decode_receipts_answer(text);
        if (!receipts) {
            const auto result = endpoints_.decode_answer(text);
            if (!result && result.error().kind != RpcError::Kind::kNode)
                co_return std::unexpected(result.error());
            if (result && result->is_array()) co_return std::unexpected(malformed("a list of receipts"));
            lacks_block_receipts_ = !result && result.error().code == kMethodNotFound;
        }
    }
    if (!receipts) {
        if (!transactions) {
            CO_TRY(transactions, co_await fetch_transaction_hashes(number));
        }
        CO_TRY(receipts, co_await fetch_receipts_of(*std::move(transactions)));
    }
    for (std::size_t i = 0; i < receipts->size(); ++i) {
        if ((*receipts)[i].transaction_index != i || (*receipts)[i].block != number) {
            co_return std::unexpected(malformed("the receipts of the block in order"));
        }
    }
    co_return *std::move(receipts);
}

async::Task<Result<std::vector<Hash32>, RpcError>> EthApi::fetch_transaction_hashes(BlockNumber number) {
    CO_TRY(const Json block, co_await fetch_block_json(BlockId::number(number)));
    co_return require(find_transaction_hashes(block), "a block with transactions");
}

async::Task<Result<std::vector<PlacedReceipt>, RpcError>> EthApi::fetch_receipts_of(
    std::vector<Hash32> transactions) {
    std::vector<PlacedReceipt> out;
    for (std::size_t done = 0; done < transactions.size(); done += kReceiptsPerBatch) {
        std::vector<Endpoints::Call> calls;
        for (std::size_t i = done; i < std::min(done + kReceiptsPerBatch, transactions.size()); ++i)
            calls.push_back({"eth_getTransactionReceipt", {encode_hex(transactions[i])}});
        CO_TRY(auto answers, co_await endpoints_.call_batch(std::move(calls)));
        for (auto& answer : answers) {
            if (!answer) co_return std::unexpected(std::move(answer).error());
            CO_TRY(PlacedReceipt receipt, require(decode_placed_receipt(*answer), "a receipt"));
            out.push_back(std::move(receipt));
        }
    }
    co_return out;
}

namespace {

JsonObject to_json(const LogFilter& filter) {
    JsonObject request{{"fromBlock", encode_quantity(filter.from.value)},
                       {"toBlock", encode_quantity(filter.to.value)}};
    JsonArray addresses;
    for (const Address& address : filter.addresses) addresses.push_back(Json(encode_hex(address)));
    request["address"] = std::move(addresses);
    JsonArray first;
    for (const Hash32& topic : filter.topics) first.push_back(Json(encode_hex(topic)));
    JsonArray topics;
    topics.push_back(std::move(first));
    if (filter.second_topic) topics.push_back(Json(encode_hex(*filter.second_topic)));
    if (filter.third_topic) {
        if (!filter.second_topic) topics.push_back(nullptr);  // any
        topics.push_back(Json(encode_hex(*filter.third_topic)));
    }
    request["topics"] = std::move(topics);
    return request;
}

}  // namespace

Result<std::vector<PlacedLog>, RpcError> EthApi::decode_logs(const Json& answer) const {
    const JsonArray* logs = answer.if_array();
    if (logs == nullptr) return std::unexpected(malformed("a list of logs"));
    std::vector<PlacedLog> out;
    for (const Json& json : *logs) {
        TRY(PlacedLog log, require(decode_placed_log(json), "a list of logs"));
        out.push_back(std::move(log));
    }
    return out;
}

async::Task<std::vector<Result<std::vector<PlacedLog>, RpcError>>> EthApi::fetch_logs_each(LogFilter filter) {
    const auto answers = co_await endpoints_.call_each("eth_getLogs", {to_json(filter)});
    std::vector<Result<std::vector<PlacedLog>, RpcError>> out;
    for (const auto& answer : answers) {
        if (answer) {
            out.push_back(decode_logs(*answer));
        } else {
            out.push_back(std::unexpected(answer.error()));
        }
    }
    co_return out;
}

async::Task<Result<std::vector<PlacedLog>, RpcError>> EthApi::fetch_logs(LogFilter filter) {
    const JsonObject request = to_json(filter);
    RpcError error{RpcError::Kind::kMalformed, 0, "no endpoint configured", {}};
    for (std::size_t attempt = 0; attempt < endpoints_.size(); ++attempt) {
        std::vector<Endpoints::Call> calls;
        calls.push_back({"eth_getLogs", {request}});
        calls.push_back({"eth_getBlockByNumber", {encode_quantity(filter.to.value), false}});
        CO_TRY(auto answers, co_await endpoints_.call_batch(std::move(calls)));
        if (!answers[0] || !answers[1]) {
            error = std::move(answers[0] ? answers[1] : answers[0]).error();
            endpoints_.set_aside_last();
            continue;
        }
        if (answers[1]->is_null()) {
            error = malformed("logs up to block " + std::to_string(filter.to.value) +
                              ", which the endpoint does not have yet");
            endpoints_.set_aside_last();
            continue;
        }
        co_return decode_logs(*answers[0]);
    }
    co_return std::unexpected(std::move(error));
}

async::Task<Result<std::optional<PlacedReceipt>, RpcError>> EthApi::fetch_receipt(Hash32 transaction) {
    CO_TRY(const Json result,
           co_await endpoints_.call("eth_getTransactionReceipt", {encode_hex(transaction)}));
    if (result.is_null()) co_return std::optional<PlacedReceipt>();
    co_return require(decode_placed_receipt(result), "a receipt");
}

async::Task<Result<std::optional<TransactionCall>, RpcError>> EthApi::fetch_transaction(Hash32 transaction) {
    CO_TRY(const Json result,
           co_await endpoints_.call("eth_getTransactionByHash", {encode_hex(transaction)}));
    if (result.is_null()) co_return std::optional<TransactionCall>();
    TransactionCall out;
    if (!take(out.from, find_fixed<20>(result, "from")) ||
        !take_optional(out.to, result, "to", find_fixed<20>(result, "to")) ||
        !take(out.data, find_bytes(result, "input")) ||
        !take(out.value, find_big_quantity(result, "value"))) {
        co_return std::unexpected(malformed("a transaction"));
    }
    co_return std::optional(std::move(out));
}

async::Task<Result<std::optional<UnixSeconds>, RpcError>> EthApi::fetch_block_time(BlockNumber number) {
    CO_TRY(const Json block, co_await fetch_block_json(BlockId::number(number)));
    if (block.is_null()) co_return std::optional<UnixSeconds>();
    CO_TRY(const std::uint64_t seconds,
           require(find_quantity(block, "timestamp"), "a block with its timestamp"));
    co_return std::optional(UnixSeconds{seconds});
}

async::Task<Result<AccountProof, RpcError>> EthApi::fetch_proof(Address account, Hash32 slot,
                                                                BlockNumber number) {
    JsonArray params{encode_hex(account), JsonArray{encode_hex(slot)}, encode_quantity(number.value)};
    CO_TRY(const Json result, co_await endpoints_.call_any("eth_getProof", std::move(params)));
    AccountProof proof;
    CO_TRY(proof.account_nodes, require(find_nodes(result, "accountProof"), "an account proof"));
    const JsonArray* storage = find_array(result, "storageProof");
    if (storage == nullptr || storage->size() != 1) co_return std::unexpected(malformed("a storage proof"));
    CO_TRY(proof.storage_nodes, require(find_nodes((*storage)[0], "proof"), "a storage proof"));
    co_return proof;
}

async::Task<Result<Bytes, RpcError>> EthApi::call(CallRequest request, BlockId id) {
    CO_TRY(const Json result, co_await endpoints_.call_any("eth_call", {to_json(request), id.text()}));
    co_return require(text_bytes(result), "the bytes of a call");
}

async::Task<Result<std::vector<Result<Bytes, RpcError>>, RpcError>> EthApi::call_all(
    std::vector<CallRequest> requests, BlockId id) {
    for (std::size_t attempt = 1;; ++attempt) {
        std::vector<Endpoints::Call> calls;
        for (const CallRequest& request : requests)
            calls.push_back({"eth_call", {to_json(request), id.text()}});
        CO_TRY(const auto answers, co_await endpoints_.call_batch(std::move(calls)));
        std::vector<Result<Bytes, RpcError>> out;
        bool is_answered = true;
        for (const auto& answer : answers) {
            is_answered = is_answered && (answer || is_revert(answer.error()));
            if (!answer) {
                out.push_back(std::unexpected(answer.error()));
            } else {
                out.push_back(require(text_bytes(*answer), "the bytes of a call"));
            }
        }
        if (is_answered || attempt >= endpoints_.size()) co_return out;
        endpoints_.set_aside_last();
    }
}

async::Task<Result<std::uint64_t, RpcError>> EthApi::estimate_gas(CallRequest request) {
    CO_TRY(const Json result, co_await endpoints_.call_any("eth_estimateGas", {to_json(request)}));
    co_return require(text_quantity(result), "an amount of gas");
}

async::Task<Result<Bytes, RpcError>> EthApi::fetch_code(Address account) {
    CO_TRY(const Json result, co_await endpoints_.call("eth_getCode", {encode_hex(account), "latest"}));
    co_return require(text_bytes(result), "code");
}

async::Task<Result<Uint256, RpcError>> EthApi::fetch_balance(Address account) {
    CO_TRY(const Json result, co_await endpoints_.call("eth_getBalance", {encode_hex(account), "latest"}));
    std::optional<Uint256> balance;
    if (result.is_string())
        balance = from_quantity(std::string_view(result.get_string().data(), result.get_string().size()));
    co_return require(balance, "a balance");
}

async::Task<Result<std::uint64_t, RpcError>> EthApi::fetch_nonce(Address account, BlockId id) {
    CO_TRY(const Json result,
           co_await endpoints_.call("eth_getTransactionCount", {encode_hex(account), id.text()}));
    co_return require(text_quantity(result), "a nonce");
}

async::Task<Result<Uint256, RpcError>> EthApi::fetch_base_fee() {
    CO_TRY(const Json block, co_await fetch_block_json(BlockId::latest()));
    co_return find_big_quantity(block, "baseFeePerGas").value_or(Uint256{});
}

async::Task<Result<Hash32, RpcError>> EthApi::send_raw_transaction(Bytes encoded) {
    CO_TRY(const Json result, co_await endpoints_.call("eth_sendRawTransaction", {encode_hex(encoded)}));
    const auto hash = text_bytes(result);
    if (!hash || hash->size() != Hash32::kSize) co_return std::unexpected(malformed("a transaction hash"));
    co_return to_fixed<32>(*hash);
}

}  // namespace butter::rpc
