// SPDX-License-Identifier: Apache-2.0
#include "butter/evm/sender.hpp"

#include <algorithm>
#include <array>

#include "butter/async/sleep.hpp"
#include "butter/base/assert.hpp"
#include "butter/base/hex.hpp"
#include "butter/eth/transaction.hpp"

namespace butter::evm {
namespace {

/// The estimate may run in a smaller block than the transaction will.
constexpr std::uint64_t kGasMarginPercent = 20;
/// EIP-7825.
constexpr std::uint64_t kTransactionGasMax = 16'777'216;
/// No block has room for as much, and it may still be doubled a few times.
constexpr std::uint64_t kEstimateMax = std::uint64_t{1} << 40;
/// A replacement must raise both fees by at least 10 %; nodes differ in rounding.
constexpr std::uint64_t kReplacementPercent = 125;
constexpr std::uint64_t kDefaultPriorityFee = 1'000'000'000;
/// A transfer to an account without code.
constexpr std::uint64_t kTransferGas = 21'000;
/// How long a receipt may stay away after the account's nonce has passed the transaction's.
constexpr std::chrono::seconds kReceiptPatience{5};

SendError from_rpc(const rpc::RpcError& error) {
    const std::string& text = error.text;
    if (error.kind != rpc::RpcError::Kind::kNode) return {SendError::Kind::kRpc, text, {}};
    // -32003 is used for this, but not by every node; the words are.
    if (text.find("nsufficient funds") != std::string::npos ||
        text.find("nsufficient balance") != std::string::npos) {
        return {SendError::Kind::kInsufficientFunds, text, {}};
    }
    return {SendError::Kind::kRejected, text, error.data};
}

bool says(const rpc::RpcError& error, std::string_view words) {
    return error.text.find(words) != std::string::npos;
}

/// Of a transaction that was only tried. What the node cannot do now is told from what it refuses by the
/// words in use: a transaction that is wrongly held for refused is tried in smaller parts, which costs more.
SendError from_trial(const rpc::RpcError& error) {
    SendError out = from_rpc(error);
    if (out.kind != SendError::Kind::kRejected) return out;
    out.kind = SendError::Kind::kWouldRevert;
    if (rpc::is_revert(error)) return out;
    constexpr int kLimitExceeded = -32005;  // EIP-1474
    constexpr std::array<std::string_view, 7> kWords = {
        "rate limit",        "too many requests", "request limit", "header not found",
        "missing trie node", "timed out",         "timeout"};
    const bool is_passing = error.code == kLimitExceeded ||
                            std::any_of(kWords.begin(), kWords.end(), [&](std::string_view words) {
                                return error.text.find(words) != std::string::npos;
                            });
    if (is_passing) out.kind = SendError::Kind::kRpc;
    return out;
}

Uint256 percent(const Uint256& value, std::uint64_t percent) {
    return divide(value * percent, 100).quotient + 1;
}

/// A number that is in a set for as long as this lives.
class Entry {
  public:
    Entry(std::set<std::uint64_t>& set, std::uint64_t value) : set_(set), value_(value) {
        set_.insert(value_);
    }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    ~Entry() { set_.erase(value_); }

  private:
    std::set<std::uint64_t>& set_;
    std::uint64_t value_;
};

crypto::PrivateKey valid(const crypto::PrivateKey& key) {
    BUTTER_ASSERT(crypto::address_of(key).has_value());
    return key;
}

}  // namespace

Sender::Sender(boost::asio::any_io_executor executor, rpc::EthApi& api, Options options)
    : api_(api),
      options_(options),
      address_(*crypto::address_of(valid(options.key))),
      nonce_mutex_(executor) {}

async::Task<Result<Sender::Fees, SendError>> Sender::choose_fees() {
    const auto base_fee = co_await api_.fetch_base_fee();
    if (!base_fee) co_return std::unexpected(from_rpc(base_fee.error()));
    if (*base_fee > options_.caps.max_fee_per_gas) {
        co_return std::unexpected(SendError{SendError::Kind::kFeeAboveCap,
                                            "base fee is " + to_decimal(*base_fee) + " wei, the cap is " +
                                                to_decimal(options_.caps.max_fee_per_gas),
                                            {}});
    }
    Fees fees;
    fees.priority_fee = std::min(Uint256{kDefaultPriorityFee}, options_.caps.max_priority_fee_per_gas);
    fees.max_fee = std::min(*base_fee * 2 + fees.priority_fee, options_.caps.max_fee_per_gas);
    fees.priority_fee = std::min(fees.priority_fee, fees.max_fee);
    co_return fees;
}

async::Task<Result<Hash32, SendError>> Sender::submit_with(const TransactionRequest& request,
                                                           std::uint64_t gas_limit, std::uint64_t nonce,
                                                           Fees fees) {
    const eth::DynamicFeeTransaction transaction{.chain_id = options_.chain_id,
                                                 .nonce = nonce,
                                                 .max_priority_fee_per_gas = fees.priority_fee,
                                                 .max_fee_per_gas = fees.max_fee,
                                                 .gas_limit = gas_limit,
                                                 .to = request.to,
                                                 .value = request.value,
                                                 .data = request.data};
    const auto signed_transaction = eth::sign_transaction(transaction, options_.key);
    BUTTER_ASSERT(signed_transaction.has_value());
    const auto hash = co_await api_.send_raw_transaction(signed_transaction->encoded);
    // A node that knows it already, perhaps from an answer that was lost, has it all the same.
    if (hash || says(hash.error(), "already known") || says(hash.error(), "already imported")) {
        co_return signed_transaction->hash;
    }
    SendError error = from_rpc(hash.error());
    if (says(hash.error(), "nonce too low")) error.kind = SendError::Kind::kReplaced;
    co_return std::unexpected(std::move(error));
}

async::Task<Result<Sender::Sent, SendError>> Sender::submit(const TransactionRequest& request,
                                                            std::uint64_t gas_limit) {
    const async::Mutex::Lock lock = co_await nonce_mutex_.lock();
    CO_TRY(const Fees fees, co_await choose_fees());
    for (int attempt = 0;; ++attempt) {
        if (!next_nonce_) {
            const auto nonce = co_await api_.fetch_nonce(address_, rpc::BlockId::pending());
            if (!nonce) co_return std::unexpected(from_rpc(nonce.error()));
            next_nonce_ = *nonce;
        }
        const std::uint64_t nonce = *next_nonce_;
        const auto hash = co_await submit_with(request, gas_limit, nonce, fees);
        if (hash) {
            next_nonce_ = nonce + 1;
            co_return Sent{nonce, fees, {*hash}};
        }
        // Whatever went wrong, the node's own count is the truth for the next one.
        next_nonce_.reset();
        if (hash.error().kind != SendError::Kind::kReplaced || attempt > 0)
            co_return std::unexpected(hash.error());
    }
}

async::Task<Result<std::uint64_t, SendError>> Sender::find_gas_limit(const TransactionRequest& request) {
    rpc::CallRequest call{.from = address_, .to = request.to, .data = request.data, .value = request.value};
    const auto gas = co_await api_.estimate_gas(call);
    if (!gas) co_return std::unexpected(from_trial(gas.error()));
    if (*gas > kEstimateMax) {
        co_return std::unexpected(SendError{
            SendError::Kind::kRpc, "an endpoint estimates " + std::to_string(*gas) + " of gas", {}});
    }
    const std::uint64_t gas_max = std::max(*gas, kTransactionGasMax);
    // The margin may not push a transaction above the cap that chains of Osaka refuse beyond.
    call.gas = std::min(*gas + *gas * kGasMarginPercent / 100, gas_max);
    // Nothing that is created here looks at the gas that is left.
    if (!request.to) co_return call.gas;
    // Some nodes (EthereumJS) report what was used, not what is needed: a contract that keeps gas back, as
    // the services do for a failing target, would revert with that much.
    for (;;) {
        const auto result = co_await api_.call(call, rpc::BlockId::latest());
        if (result) co_return call.gas;
        SendError error = from_trial(result.error());
        if (error.kind != SendError::Kind::kWouldRevert || call.gas == gas_max)
            co_return std::unexpected(std::move(error));
        call.gas = std::min(2 * call.gas, gas_max);
    }
}

async::Task<Result<TransactionOutcome, SendError>> Sender::send(TransactionRequest request) {
    CO_TRY(const std::uint64_t gas_limit, co_await find_gas_limit(request));
    CO_TRY(Sent sent, co_await submit(request, gas_limit));
    co_return co_await wait(request, gas_limit, std::move(sent));
}

async::Task<Result<TransactionOutcome, SendError>> Sender::wait(const TransactionRequest& request,
                                                                std::uint64_t gas_limit, Sent sent) {
    const Entry entry(waiting_, sent.nonce);
    auto last_sent = std::chrono::steady_clock::now();
    std::optional<std::chrono::steady_clock::time_point> passed_at;
    for (;;) {
        bool is_absent = true;
        for (const Hash32& hash : sent.hashes) {
            auto receipt = co_await api_.fetch_receipt(hash);
            // An endpoint that is down now may answer the next time; the transaction is out in any case.
            is_absent = is_absent && receipt.has_value();
            if (!receipt || !*receipt) continue;
            const rpc::PlacedReceipt& placed = **receipt;
            co_return TransactionOutcome{.hash = hash,
                                         .block = placed.block,
                                         .gas_used = placed.gas_used,
                                         .is_success = placed.receipt.is_success,
                                         .logs = placed.receipt.logs,
                                         .created = placed.contract_address};
        }
        const auto confirmed = co_await api_.fetch_nonce(address_, rpc::BlockId::latest());
        if (confirmed && *confirmed > sent.nonce) {
            // A node counts a transaction a moment before it shows the receipt, and one behind a balancer may
            // be behind: only a receipt that stays away means that another transaction took the nonce.
            const auto now = std::chrono::steady_clock::now();
            passed_at = passed_at.value_or(now);
            if (is_absent && now - *passed_at >= kReceiptPatience) {
                co_return std::unexpected(
                    SendError{SendError::Kind::kReplaced,
                              "another transaction took nonce " + std::to_string(sent.nonce),
                              {}});
            }
            co_await async::sleep_for(options_.poll_interval);
            continue;
        }
        if (std::chrono::steady_clock::now() - last_sent >= options_.replace_after) {
            last_sent = std::chrono::steady_clock::now();
            tell("transaction " + encode_hex(sent.hashes.back()) + " with nonce " +
                 std::to_string(sent.nonce) + " is in no block yet: it is sent again");
            // The endpoint may stand still, or pass nothing on.
            if (confirmed) api_.endpoints().set_aside_last(2 * options_.replace_after);
            if (confirmed && *confirmed < sent.nonce && !waiting_.contains(*confirmed))
                co_await fill_gap(*confirmed, sent);
            const Fees raised{
                std::min(percent(sent.fees.max_fee, kReplacementPercent), options_.caps.max_fee_per_gas),
                std::min(percent(sent.fees.priority_fee, kReplacementPercent),
                         options_.caps.max_priority_fee_per_gas)};
            // At the cap the same transaction goes out again, in case the node dropped it.
            const auto hash = co_await submit_with(request, gas_limit, sent.nonce, raised);
            if (hash) {
                sent.fees = raised;
                if (std::find(sent.hashes.begin(), sent.hashes.end(), *hash) == sent.hashes.end()) {
                    sent.hashes.push_back(*hash);
                }
            }
        }
        co_await async::sleep_for(options_.poll_interval);
    }
}

async::Task<void> Sender::fill_gap(std::uint64_t nonce, const Sent& sent) {
    const async::Mutex::Lock lock = co_await nonce_mutex_.lock();
    const auto pending = co_await api_.fetch_nonce(address_, rpc::BlockId::pending());
    if (!pending || waiting_.contains(nonce)) co_return;
    auto fees = co_await choose_fees();
    if (!fees) co_return;
    // A node that counts ours has a transaction with that nonce, of an earlier process or whose answer was
    // lost. Nobody else raises its fees: one that pays no less than ours takes its place, if the node finds
    // it better.
    const bool is_used = *pending > sent.nonce;
    if (is_used) {
        fees->max_fee = std::max(fees->max_fee, sent.fees.max_fee);
        fees->priority_fee = std::max(fees->priority_fee, sent.fees.priority_fee);
    }
    const auto hash =
        co_await submit_with({.to = address_, .data = {}, .value = {}}, kTransferGas, nonce, *fees);
    if (is_used && !hash) co_return;  // what is there pays as much, and is only slow
    tell((is_used ? "a transaction of before holds up nonce " : "nobody uses nonce ") +
         std::to_string(nonce) + " of " + encode_hex(address_) +
         (hash ? ": filled by transaction " + encode_hex(*hash)
               : ", and it cannot be filled: " + hash.error().text));
}

void Sender::tell(const std::string& what) const {
    if (options_.on_delay) options_.on_delay(what);
}

}  // namespace butter::evm
