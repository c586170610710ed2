// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "butter/async/task.hpp"
#include "butter/rpc/http.hpp"
#include "butter/rpc/json_rpc.hpp"
#include "chains/mapo/sealer.hpp"

/// The JSON-RPC of a devnet's relay chain, as the chain's own node (atlas 1.1.5) speaks it: its methods and
/// no others, its members and no others, its errors. Held against that node's recorded answers by test/tools.
/// What differs from the node: the EVM is anvil's of Prague, with the final BLS12-381 precompiles instead of
/// the draft's; a replacement in the pool may pay any more; `randomness` and `epochSnarkData` have their form
/// only; system calls log and change nothing; the suggested tip is always 1 gwei.
namespace butter::mapo {

class SealedRpc {
  public:
    /// Shows what `sealer` sealed, and asks `anvil` for the rest. `sealer` outlives this object.
    SealedRpc(boost::asio::any_io_executor executor, rpc::Url anvil, const Sealer& sealer);

    using Answer = Result<rpc::Json, rpc::RpcFault>;
    async::Task<Answer> handle(std::string method, rpc::Json params);

  private:
    struct Filter {
        std::optional<rpc::JsonObject> logs;  ///< the filter of eth_newFilter; absent for blocks
        std::uint64_t next_block = 0;
    };

    std::uint64_t head() const { return sealer_.blocks().size() - 1; }
    /// A number, or nothing for the pending block, which may be above the head.
    Result<std::optional<std::uint64_t>, rpc::RpcFault> block_argument(const rpc::JsonArray& arguments,
                                                                       std::size_t index) const;
    /// The same where hashes are taken too (EIP-1898); only blocks whose state there is.
    Result<std::optional<std::uint64_t>, rpc::RpcFault> state_argument(const rpc::JsonArray& arguments,
                                                                       std::size_t index) const;
    std::optional<std::uint64_t> find_block(const rpc::JsonArray& arguments) const;

    async::Task<Answer> ask_anvil(std::string method, rpc::JsonArray arguments);
    async::Task<Answer> block(std::optional<std::uint64_t> number, rpc::Json is_full);
    async::Task<Answer> transaction_at(std::optional<std::uint64_t> number, rpc::Json index);
    async::Task<Answer> transaction_count(std::optional<std::uint64_t> number);
    async::Task<Answer> logs(rpc::JsonObject filter);
    async::Task<Answer> fee_history(rpc::JsonArray arguments);
    /// eth_sendRawTransaction.
    async::Task<Answer> send(rpc::JsonArray arguments);
    async::Task<Answer> filter_changes(std::string id);
    Answer add_filter(std::optional<rpc::JsonObject> logs);
    Answer snapshot(const rpc::JsonArray& arguments) const;
    std::optional<rpc::Json> constant(std::string_view method) const;

    /// Gives the members of blocks, transactions, receipts and logs the form and hashes of this chain.
    void rewrite(rpc::Json& value) const;
    rpc::Json to_block_json(rpc::Json anvil_block) const;
    rpc::Json to_pending_json(rpc::Json anvil_block) const;
    void append_system_logs(rpc::JsonArray& out, std::uint64_t number, const rpc::JsonObject& filter) const;

    const Sealer& sealer_;
    rpc::Endpoints anvil_;
    std::map<std::string, Filter> filters_;
    std::uint64_t filters_made_ = 0;
};

}  // namespace butter::mapo
