// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "butter/async/task.hpp"
#include "butter/base/named.hpp"
#include "butter/base/uint256.hpp"
#include "butter/eth/header.hpp"
#include "butter/eth/receipt.hpp"
#include "butter/rpc/json_rpc.hpp"

/// The Ethereum JSON-RPC methods that the program uses, with every answer checked for form. What they say is
/// still the node's word.
namespace butter::rpc {

/// A block by number, hash or tag ("latest", "finalized", "pending").
class BlockId {
  public:
    static BlockId number(BlockNumber number) { return BlockId(encode_quantity(number.value)); }
    static BlockId latest() { return BlockId("latest"); }
    static BlockId pending() { return BlockId("pending"); }
    const std::string& text() const noexcept { return text_; }

  private:
    explicit BlockId(std::string text) : text_(std::move(text)) {}
    std::string text_;
};

struct BlockHeader {
    eth::Header header;
    Hash32 hash;  ///< as the node says; `eth::hash_of(header)` must equal it
};

/// A log with its place, from eth_getLogs or a receipt.
struct PlacedLog {
    eth::Log log;
    BlockNumber block;
    Hash32 block_hash;
    Hash32 transaction_hash;
    std::uint64_t transaction_index = 0;
    std::uint64_t log_index = 0;  ///< within the block

    friend bool operator==(const PlacedLog&, const PlacedLog&) = default;
};

struct PlacedReceipt {
    eth::Receipt receipt;
    Hash32 transaction_hash;
    std::uint64_t transaction_index = 0;
    BlockNumber block;
    Hash32 block_hash;
    std::uint64_t gas_used = 0;
    std::optional<Address> contract_address;
    std::vector<PlacedLog> logs;  ///< the same logs as in `receipt`, placed

    friend bool operator==(const PlacedReceipt&, const PlacedReceipt&) = default;
};

struct LogFilter {
    BlockNumber from;
    BlockNumber to;
    std::vector<Address> addresses;
    /// First topics, any of which may match.
    std::vector<Hash32> topics;
    /// Second and third topic, when set.
    std::optional<Hash32> second_topic;
    std::optional<Hash32> third_topic;
};

/// What a transaction asked for.
struct TransactionCall {
    Address from;
    std::optional<Address> to;  ///< absent for a creation
    Bytes data;
    Uint256 value;
};

/// eth_getProof.
struct AccountProof {
    std::vector<Bytes> account_nodes;
    std::vector<Bytes> storage_nodes;
};

struct CallRequest {
    std::optional<Address> from;
    std::optional<Address> to;
    Bytes data;
    Uint256 value;
    std::uint64_t gas = 0;  ///< what the call may use, 0: as much as the node gives
};

class EthApi {
  public:
    explicit EthApi(Endpoints endpoints) : endpoints_(std::move(endpoints)) {}

    Endpoints& endpoints() noexcept { return endpoints_; }

    async::Task<Result<ChainId, RpcError>> fetch_chain_id();
    /// What each endpoint says, in their order.
    async::Task<std::vector<Result<ChainId, RpcError>>> fetch_chain_ids();
    async::Task<Result<BlockNumber, RpcError>> fetch_block_number();
    /// Absent when the node has no such block.
    async::Task<Result<std::optional<BlockHeader>, RpcError>> fetch_header(BlockId id);
    async::Task<Result<std::optional<BlockHeader>, RpcError>> fetch_header_by_hash(Hash32 hash);
    /// The block's object as the node gives it (transactions as hashes); null when there is none.
    async::Task<Result<Json, RpcError>> fetch_block_json(BlockId id);
    /// All receipts of a block in order: by eth_getBlockReceipts, or each transaction's, many in one request,
    /// where a node lacks it. `transactions` are the block's where they are known: they spare such a node one
    /// request for them.
    async::Task<Result<std::vector<PlacedReceipt>, RpcError>> fetch_block_receipts(
        BlockNumber number, std::optional<std::vector<Hash32>> transactions = std::nullopt);
    /// From an endpoint that has the range's last block: one that is behind leaves out logs without saying
    /// so.
    async::Task<Result<std::vector<PlacedLog>, RpcError>> fetch_logs(LogFilter filter);
    /// What each endpoint says, in their order; one that is behind leaves out logs without saying so.
    async::Task<std::vector<Result<std::vector<PlacedLog>, RpcError>>> fetch_logs_each(LogFilter filter);
    async::Task<Result<std::optional<PlacedReceipt>, RpcError>> fetch_receipt(Hash32 transaction);
    /// Absent when the node has no such transaction.
    async::Task<Result<std::optional<TransactionCall>, RpcError>> fetch_transaction(Hash32 transaction);
    /// Time of a block; absent when the node has no such block.
    async::Task<Result<std::optional<UnixSeconds>, RpcError>> fetch_block_time(BlockNumber number);
    async::Task<Result<AccountProof, RpcError>> fetch_proof(Address account, Hash32 slot, BlockNumber number);

    async::Task<Result<Bytes, RpcError>> call(CallRequest request, BlockId id = BlockId::latest());
    /// The same at once, in one round trip and from one endpoint; one result each, in order.
    async::Task<Result<std::vector<Result<Bytes, RpcError>>, RpcError>> call_all(
        std::vector<CallRequest> requests, BlockId id = BlockId::latest());
    async::Task<Result<std::uint64_t, RpcError>> estimate_gas(CallRequest request);
    async::Task<Result<Bytes, RpcError>> fetch_code(Address account);
    async::Task<Result<Uint256, RpcError>> fetch_balance(Address account);
    async::Task<Result<std::uint64_t, RpcError>> fetch_nonce(Address account, BlockId id);
    /// Base fee of the latest block; 0 where the chain has none.
    async::Task<Result<Uint256, RpcError>> fetch_base_fee();
    async::Task<Result<Hash32, RpcError>> send_raw_transaction(Bytes encoded);

  private:
    Result<std::vector<PlacedLog>, RpcError> decode_logs(const Json& answer) const;
    async::Task<Result<std::vector<Hash32>, RpcError>> fetch_transaction_hashes(BlockNumber number);
    async::Task<Result<std::vector<PlacedReceipt>, RpcError>> fetch_receipts_of(
        std::vector<Hash32> transactions);
    template <class T>
    Result<T, RpcError> require(std::optional<T> value, std::string_view what) const;

    Endpoints endpoints_;
    /// An endpoint said that it has no eth_getBlockReceipts: it is not asked for it again.
    bool lacks_block_receipts_ = false;
};

/// Hashes of the transactions of a block's object that was asked for without their bodies; absent when they
/// are malformed.
std::optional<std::vector<Hash32>> find_transaction_hashes(const Json& block);

/// The form-checked decoders behind it, for other users of such JSON. A header has the fields of one fork.
std::optional<BlockHeader> decode_block_header(const Json& block);
std::optional<PlacedReceipt> decode_placed_receipt(const Json& receipt);
std::optional<PlacedLog> decode_placed_log(const Json& log);

}  // namespace butter::rpc
