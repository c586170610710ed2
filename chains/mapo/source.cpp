// SPDX-License-Identifier: Apache-2.0
#include "chains/mapo/source.hpp"

#include <algorithm>
#include <chrono>
#include <deque>

#include "butter/base/hex.hpp"
#include "butter/chain/checkpoint_age.hpp"
#include "butter/chain/prove_logs.hpp"
#include "butter/codec/abi.hpp"
#include "butter/trie/trie.hpp"
#include "chains/mapo/proof.hpp"

namespace butter::mapo {
namespace {

using chain::SourceError;
using codec::AbiValue;

/// Newest block whose seal was checked is asked for again only when the chain moved.
constexpr std::uint64_t kUpdatesMax = 16;
/// A chain makes a block every few seconds: an endpoint whose head stays for so long is perhaps cut off, and
/// another one is asked.
constexpr std::chrono::seconds kHeadStaysMax{60};

SourceError invalid(std::string text) { return {SourceError::Kind::kInvalid, std::move(text)}; }

/// A header as a node shows it, with the hashes of its block's transactions, which nothing vouches for.
struct FetchedHeader {
    Header header;
    std::optional<std::vector<Hash32>> transactions;
};
struct FetchedBlock {
    VerifiedHeader header;
    std::optional<std::vector<Hash32>> transactions;
};

class MapoSource final : public chain::Source {
  public:
    MapoSource(SourceSettings settings, rpc::EthApi api)
        : settings_(std::move(settings)), api_(std::move(api)) {
        states_.push_back(settings_.checkpoint);
    }

    async::Task<Result<BlockNumber, SourceError>> fetch_final_block() override;
    async::Task<Result<chain::Proof, SourceError>> fetch_proof(std::vector<chain::LogPosition> positions,
                                                               Bytes client_state) override;
    async::Task<Result<chain::Proof, SourceError>> fetch_past_proof(std::vector<chain::LogPosition> positions,
                                                                    std::vector<Bytes> past_states) override;
    async::Task<Result<std::vector<chain::Update>, SourceError>> fetch_updates(Bytes client_state) override;
    async::Task<Result<Bytes, SourceError>> fetch_client_initializer(Address owner) override;
    Result<chain::Proof, SourceError> verify_proof(BytesView proof, BytesView client_state) const override;
    async::Task<Result<chain::CheckpointProof, SourceError>> fetch_checkpoint_proof(
        std::vector<chain::LogPosition> positions) override;
    Result<chain::Proof, SourceError> verify_checkpoint_proof(
        const chain::CheckpointProof& proof) const override;

  private:
    /// Of the RPC. What has another form than the method's answer is as bad as a lie.
    SourceError unavailable(const rpc::RpcError& error) noexcept {
        if (error.kind == rpc::RpcError::Kind::kMalformed) api_.endpoints().distrust_last();
        return {SourceError::Kind::kUnavailable, error.text};
    }
    async::Task<Result<BlockNumber, SourceError>> fetch_final_block_once();
    async::Task<Result<FetchedHeader, SourceError>> fetch_header(BlockNumber number);
    async::Task<Result<FetchedBlock, SourceError>> fetch_block(BlockNumber number);
    async::Task<Result<VerifiedHeader, SourceError>> fetch_verified(BlockNumber number);
    async::Task<Result<void, SourceError>> follow_to(BlockNumber number);
    async::Task<Result<std::vector<ReceiptProof>, SourceError>> prove_receipts(
        FetchedBlock block, std::vector<chain::LogPosition> positions);
    const TrustedState* find_state(BlockNumber number) const noexcept;
    std::uint64_t epoch_of(const TrustedState& state) const noexcept {
        return state.last_epoch_block.value / state.epoch_length + 1;
    }

    SourceSettings settings_;
    rpc::EthApi api_;
    /// The trusted state of each epoch from the checkpoint's on. Several coroutines follow the chain at once:
    /// a deque keeps references to its elements valid while another one adds to it.
    std::deque<TrustedState> states_;
    BlockNumber verified_head_;
    std::chrono::steady_clock::time_point head_moved_at_ = std::chrono::steady_clock::now();
};

/// The state whose set signs block `number`.
const TrustedState* MapoSource::find_state(BlockNumber number) const noexcept {
    for (auto it = states_.rbegin(); it != states_.rend(); ++it) {
        if (number > it->last_epoch_block && number <= it->epoch_end()) return &*it;
    }
    return nullptr;
}

async::Task<Result<FetchedHeader, SourceError>> MapoSource::fetch_header(BlockNumber number) {
    const auto block = co_await api_.fetch_block_json(rpc::BlockId::number(number));
    if (!block) co_return std::unexpected(unavailable(block.error()));
    if (block->is_null()) {
        if (number <= verified_head_) api_.endpoints().set_aside_last();  // it is behind another one
        co_return std::unexpected(SourceError{SourceError::Kind::kNotReady,
                                              "block " + std::to_string(number.value) + " is not there yet"});
    }
    auto header = decode_header_json(*block);
    if (!header || header->number != number) {
        api_.endpoints().distrust_last();
        co_return std::unexpected(
            invalid("block " + std::to_string(number.value) + ": " +
                    (header ? "the node answered with block " + std::to_string(header->number.value)
                            : std::string(to_string(header.error())))));
    }
    co_return FetchedHeader{*std::move(header), rpc::find_transaction_hashes(*block)};
}

async::Task<Result<VerifiedHeader, SourceError>> MapoSource::fetch_verified(BlockNumber number) {
    CO_TRY(FetchedBlock block, co_await fetch_block(number));
    co_return std::move(block.header);
}

async::Task<Result<FetchedBlock, SourceError>> MapoSource::fetch_block(BlockNumber number) {
    CO_TRY_VOID(co_await follow_to(number));
    const TrustedState* state = find_state(number);
    if (state == nullptr) {
        co_return std::unexpected(
            SourceError{SourceError::Kind::kUnsupported,
                        "block " + std::to_string(number.value) + " is older than the checkpoint at " +
                            std::to_string(settings_.checkpoint.last_epoch_block.value)});
    }
    CO_TRY(FetchedHeader fetched, co_await fetch_header(number));
    auto verified = verify_header(*state, fetched.header);
    if (!verified) {
        api_.endpoints().distrust_last();
        co_return std::unexpected(
            invalid("block " + std::to_string(number.value) + ": " + to_string(verified.error())));
    }
    co_return FetchedBlock{*std::move(verified), std::move(fetched.transactions)};
}

/// Follows the validator set, epoch by epoch, until the one that signs `number` is known.
async::Task<Result<void, SourceError>> MapoSource::follow_to(BlockNumber number) {
    while (number > states_.back().epoch_end()) {
        const TrustedState& state = states_.back();
        CO_TRY(const FetchedHeader fetched, co_await fetch_header(state.epoch_end()));
        const Header& header = fetched.header;
        const auto verified = verify_header(state, header);
        if (!verified) {
            api_.endpoints().distrust_last();
            co_return std::unexpected(invalid("epoch block " + std::to_string(header.number.value) + ": " +
                                              to_string(verified.error())));
        }
        auto next = apply_rotation(state, *verified);
        if (!next)
            co_return std::unexpected(invalid("epoch block " + std::to_string(header.number.value) + ": " +
                                              to_string(next.error())));
        // Another coroutine may have come here first.
        if (next->last_epoch_block > states_.back().last_epoch_block) states_.push_back(*std::move(next));
    }
    co_return Result<void, SourceError>();
}

async::Task<Result<BlockNumber, SourceError>> MapoSource::fetch_final_block() {
    for (std::size_t attempt = 1;; ++attempt) {
        auto newest = co_await fetch_final_block_once();
        if (newest || newest.error().kind != SourceError::Kind::kNotReady ||
            attempt >= api_.endpoints().size())
            co_return newest;
        // It announced a block that it does not have.
        api_.endpoints().set_aside_last();
    }
}

async::Task<Result<BlockNumber, SourceError>> MapoSource::fetch_final_block_once() {
    const auto head = co_await api_.fetch_block_number();
    if (!head) co_return std::unexpected(unavailable(head.error()));
    // A sealed block is final. One round trip when nothing is new.
    if (*head > verified_head_ && head->value > settings_.checkpoint.last_epoch_block.value) {
        CO_TRY([[maybe_unused]] const VerifiedHeader verified, co_await fetch_verified(*head));
        verified_head_ = std::max(verified_head_, *head);
        head_moved_at_ = std::chrono::steady_clock::now();
    } else if (std::chrono::steady_clock::now() - head_moved_at_ > kHeadStaysMax) {
        api_.endpoints().set_aside_last();
    }
    co_return verified_head_;
}

async::Task<Result<std::vector<ReceiptProof>, SourceError>> MapoSource::prove_receipts(
    FetchedBlock block, std::vector<chain::LogPosition> positions) {
    const Header& header = block.header.header;
    const auto receipts = co_await api_.fetch_block_receipts(header.number, std::move(block.transactions));
    if (!receipts) co_return std::unexpected(unavailable(receipts.error()));
    std::vector<Bytes> values = chain::encode_receipts(*receipts);
    trie::Trie trie = trie::make_list_trie(values);
    if (trie.root() != header.receipts_root) {
        // Logs of system calls are in a receipt of their own, which RPCs do not list (docs of the chain:
        // block receipt).
        const auto logs = co_await api_.fetch_logs({.from = header.number,
                                                    .to = header.number,
                                                    .addresses = {},
                                                    .topics = {},
                                                    .second_topic = {},
                                                    .third_topic = {}});
        if (!logs) co_return std::unexpected(unavailable(logs.error()));
        eth::Receipt system;
        system.is_success = true;
        for (const rpc::PlacedLog& placed : *logs) {
            if (placed.transaction_hash == block.header.hash) system.logs.push_back(placed.log);
        }
        system.bloom = eth::bloom_of(system.logs);
        values.push_back(eth::encode_receipt(system));
        trie = trie::make_list_trie(values);
        if (trie.root() != header.receipts_root) {
            api_.endpoints().distrust_last();
            co_return std::unexpected(invalid("receipts of block " + std::to_string(header.number.value) +
                                              " have root " + encode_hex(trie.root()) +
                                              ", the sealed header has " + encode_hex(header.receipts_root)));
        }
    }
    auto proofs = chain::prove_logs(trie, *receipts, positions);
    if (!proofs)
        co_return std::unexpected(SourceError{SourceError::Kind::kRefuted, std::move(proofs).error()});
    co_return *std::move(proofs);
}

async::Task<Result<chain::Proof, SourceError>> MapoSource::fetch_proof(
    std::vector<chain::LogPosition> positions, Bytes client_state) {
    const auto client = decode_state(client_state);
    if (!client)
        co_return std::unexpected(
            SourceError{SourceError::Kind::kUnsupported, "the client's state is none of this family"});
    const BlockNumber number = positions.front().block;
    const std::uint64_t client_end = client->last_epoch_block.value + client->epoch_length;
    if (number.value > client_end) {
        co_return std::unexpected(SourceError{SourceError::Kind::kNotReady,
                                              "the client knows the validators up to block " +
                                                  std::to_string(client_end) + ", the log is in block " +
                                                  std::to_string(number.value)});
    }
    if (number <= client->last_epoch_block) {
        co_return std::unexpected(SourceError{
            SourceError::Kind::kOutdated, "the client has moved past block " + std::to_string(number.value)});
    }
    CO_TRY(const FetchedBlock block, co_await fetch_block(number));
    CO_TRY(const auto receipts, co_await prove_receipts(block, positions));
    const TrustedState& state = *find_state(number);
    const Bytes bytes = encode_proof(state, block.header.header, receipts);
    co_return verify_proof(bytes, client_state);
}

async::Task<Result<chain::Proof, SourceError>> MapoSource::fetch_past_proof(std::vector<chain::LogPosition>,
                                                                            std::vector<Bytes>) {
    co_return std::unexpected(SourceError{SourceError::Kind::kUnsupported,
                                          "the client forgets the validators of epochs that are over"});
}

Result<chain::Proof, SourceError> MapoSource::verify_proof(BytesView proof, BytesView client_state) const {
    const auto client = decode_state(client_state);
    if (!client)
        return std::unexpected(
            SourceError{SourceError::Kind::kUnsupported, "the client's state is none of this family"});
    auto verified = mapo::verify_proof(*client, proof);
    if (!verified) return std::unexpected(invalid(std::string(to_string(verified.error()))));
    chain::Proof out;
    out.bytes = to_bytes(proof);
    out.logs = std::move(verified->logs);
    out.report = {"signers=" + std::to_string(verified->signers) + "/" + std::to_string(client->validators) +
                      " epoch=" + std::to_string(client->last_epoch_block.value / client->epoch_length + 1) +
                      " block=" + std::to_string(verified->number.value),
                  verified->number.value};
    return out;
}

/// The updates are the epochs' last headers with all their seals: the validators' keys stand in them, so the
/// next set needs no other word.
async::Task<Result<chain::CheckpointProof, SourceError>> MapoSource::fetch_checkpoint_proof(
    std::vector<chain::LogPosition> positions) {
    const BlockNumber number = positions.front().block;
    CO_TRY(const FetchedBlock block, co_await fetch_block(number));
    CO_TRY(const auto receipts, co_await prove_receipts(block, positions));
    const TrustedState& state = *find_state(number);
    chain::CheckpointProof out;
    out.proof = encode_proof(state, block.header.header, receipts);
    for (BlockNumber end = settings_.checkpoint.epoch_end(); end <= state.last_epoch_block;
         end = BlockNumber{end.value + state.epoch_length}) {
        CO_TRY(const VerifiedHeader epoch, co_await fetch_verified(end));
        out.updates.push_back(encode_header(epoch.header, Seals::kAll));
    }
    const auto checked = verify_checkpoint_proof(out);
    if (!checked) co_return std::unexpected(checked.error());
    co_return out;
}

Result<chain::Proof, SourceError> MapoSource::verify_checkpoint_proof(
    const chain::CheckpointProof& proof) const {
    if (!proof.opening.empty())
        return std::unexpected(invalid("a checkpoint of validators needs no opening"));
    TrustedState state = settings_.checkpoint;
    for (std::size_t i = 0; i < proof.updates.size(); ++i) {
        const std::string name = "update " + std::to_string(i);
        const auto header = decode_header(proof.updates[i]);
        if (!header) return std::unexpected(invalid(name + ": " + std::string(to_string(header.error()))));
        const auto verified = verify_header(state, *header);
        if (!verified) return std::unexpected(invalid(name + ": " + to_string(verified.error())));
        auto next = apply_rotation(state, *verified);
        if (!next) return std::unexpected(invalid(name + ": " + to_string(next.error())));
        state = *std::move(next);
    }
    if (!is_canonical_proof(proof.proof)) return std::unexpected(invalid("proof is not canonical"));
    return verify_proof(proof.proof, encode_state(make_client_state(state)));
}

async::Task<Result<std::vector<chain::Update>, SourceError>> MapoSource::fetch_updates(Bytes client_state) {
    const auto client = decode_state(client_state);
    if (!client)
        co_return std::unexpected(
            SourceError{SourceError::Kind::kUnsupported, "the client's state is none of this family"});
    CO_TRY(const BlockNumber head, co_await fetch_final_block());
    std::vector<chain::Update> updates;
    for (BlockNumber end{client->last_epoch_block.value + client->epoch_length};
         end <= head && updates.size() < kUpdatesMax; end = BlockNumber{end.value + client->epoch_length}) {
        CO_TRY(const VerifiedHeader verified, co_await fetch_verified(end));
        const TrustedState& state = *find_state(end);
        updates.push_back(
            {encode_update(state, verified.header),
             {"signers=" + std::to_string(verified.signers) + "/" + std::to_string(state.validators.size()) +
                  " ended epoch=" + std::to_string(epoch_of(state)),
              end.value}});
    }
    co_return updates;
}

async::Task<Result<Bytes, SourceError>> MapoSource::fetch_client_initializer(Address owner) {
    CO_TRY(const BlockNumber head, co_await fetch_final_block());
    const BlockNumber opening{settings_.checkpoint.last_epoch_block.value + 1};
    if (head >= opening) {
        CO_TRY(const VerifiedHeader first, co_await fetch_verified(opening));
        CO_TRY_VOID(chain::check_checkpoint_age(first.header.timestamp.value,
                                                settings_.trusting_period_seconds, chain::unix_now()));
    }
    CO_TRY_VOID(co_await follow_to(BlockNumber{head.value + 1}));
    const TrustedState& state = states_.back();
    // Trust counts from a time that validators sealed. The checkpoint's own header was sealed by a set that
    // nobody here knows, so it is taken from the block after it: the set was in office then.
    const bool has_begun =
        head > state.last_epoch_block || state.last_epoch_block == settings_.checkpoint.last_epoch_block;
    const BlockNumber timed{state.last_epoch_block.value + (has_begun ? 1 : 0)};
    CO_TRY(const VerifiedHeader verified, co_await fetch_verified(timed));
    std::vector<AbiValue> keys;
    for (const Validator& validator : state.validators) {
        keys.push_back(
            AbiValue::tuple({AbiValue::number(validator.g1_key.x), AbiValue::number(validator.g1_key.y)}));
    }
    co_return codec::encode_call(
        "initialize(address,uint64,uint64,uint64,uint64,uint64,uint64,uint256[2][])",
        {AbiValue::address(owner), AbiValue::number(settings_.chain_id.value),
         AbiValue::number(state.epoch_length), AbiValue::number(settings_.hash_fork_block),
         AbiValue::number(state.last_epoch_block.value), AbiValue::number(verified.header.timestamp.value),
         AbiValue::number(settings_.trusting_period_seconds), AbiValue::array(std::move(keys))});
}

}  // namespace

std::unique_ptr<chain::Source> make_source(SourceSettings settings, rpc::EthApi api) {
    return std::make_unique<MapoSource>(std::move(settings), std::move(api));
}

}  // namespace butter::mapo
