// SPDX-License-Identifier: Apache-2.0
#include "chains/ethereum/source.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "butter/base/hex.hpp"
#include "butter/chain/checkpoint_age.hpp"
#include "butter/chain/prove_logs.hpp"
#include "butter/codec/abi.hpp"
#include "butter/trie/trie.hpp"
#include "chains/ethereum/checkpoint.hpp"
#include "chains/ethereum/follower.hpp"
#include "chains/ethereum/proof.hpp"

namespace butter::ethereum {
namespace {

using chain::SourceError;
using codec::AbiValue;

/// EIP-2935: where the hashes of the last blocks are kept, block n in slot n % 8191.
constexpr Address kHistoryContract{{0x00, 0x00, 0xf9, 0x08, 0x27, 0xf1, 0xc5, 0x3a, 0x10, 0xcb,
                                    0x7a, 0x02, 0x33, 0x5b, 0x17, 0x53, 0x20, 0x00, 0x29, 0x35}};
constexpr std::uint64_t kHistoryWindow = 8'191;
/// A client is brought forward after so many slots at the latest; half the window, so that an update may be
/// late by as much.
constexpr std::uint64_t kAnchorSlotsMax = 4'096;
/// Up to here a chain of headers costs less than a history proof: a header has some 600 bytes, a history
/// proof of a large state some ten times that.
constexpr std::uint64_t kWalkMax = 12;
/// One update costs a quarter of a million gas, and up to a million when a third of a committee is absent: as
/// many as a transaction can carry beside a proof. A client that lags further is brought forward by updates
/// of their own.
constexpr std::size_t kUpdatesPerProof = 4;
constexpr std::size_t kUpdatesMax = 16;
/// One a period of 27 hours: more than four years from a checkpoint.
constexpr std::size_t kUpdatesFromCheckpointMax = 1'500;

SourceError invalid(std::string text) { return {SourceError::Kind::kInvalid, std::move(text)}; }
SourceError not_ready(std::string text) { return {SourceError::Kind::kNotReady, std::move(text)}; }
SourceError outdated(std::string text) { return {SourceError::Kind::kOutdated, std::move(text)}; }
SourceError unsupported(std::string text) { return {SourceError::Kind::kUnsupported, std::move(text)}; }

std::string block_text(BlockNumber number) { return "block " + std::to_string(number.value); }

/// A final block that a client knows, or will after the updates that a proof carries.
struct Anchor {
    Slot slot;
    Hash32 hash;
    BlockNumber number;
};

/// How a block is shown to be an ancestor of an anchor.
enum class Ancestry {
    kHeaders = 1,  ///< by all headers between them
    kHistory = 2,  ///< by the hash that the anchor's state keeps (EIP-2935)
};

/// A block's place in a proof, without updates and receipts.
struct ProvenBlock {
    ProofParts parts;
    Hash32 receipts_root;
};

/// What updates are carried for.
struct Carriage {
    std::size_t updates_max;
    /// Name the earliest slot that says the same as the signature's, as evidence must.
    bool earliest_signature_slot;
};
constexpr Carriage kForContract{kUpdatesPerProof, false};
constexpr Carriage kForEvidence{kUpdatesFromCheckpointMax, true};

struct CarriedUpdates {
    std::vector<Bytes> updates;
    Client client;  ///< after them
    Anchor anchor;
};

/// How `target` may be proven under `anchor`, the cheaper way first.
std::vector<Ancestry> ways_to(const Anchor& anchor, BlockNumber target) {
    const std::uint64_t distance = anchor.number.value - target.value;
    std::vector<Ancestry> ways;
    if (distance > kWalkMax) ways.push_back(Ancestry::kHistory);
    // Also where the node or the chain has no history.
    if (distance < kHeadersMax) ways.push_back(Ancestry::kHeaders);
    return ways;
}

/// Committee root that `client` holds for `period`.
std::optional<Hash32> find_root(const Client& client, std::uint64_t period) {
    const auto it = client.committees.find(period);
    if (it == client.committees.end() || it->second.is_zero()) return std::nullopt;
    return it->second;
}

/// Only the final one of the period after the finalised header's.
bool learns_next_committee(const BeaconNetwork& network, const Client& client, const Update& update) {
    const std::uint64_t period = network.period_of(update.finalized->beacon.slot);
    return update.next_committee && period == network.period_of(update.attested.beacon.slot) &&
           !find_root(client, period + 1);
}

class EthereumSource final : public chain::Source {
  public:
    EthereumSource(boost::asio::any_io_executor executor, SourceSettings settings, rpc::EthApi api,
                   rpc::Endpoints beacon)
        : settings_(std::move(settings)),
          api_(std::move(api)),
          follower_(executor, std::move(beacon), settings_.network, settings_.checkpoint) {}

    async::Task<Result<BlockNumber, SourceError>> fetch_final_block() override;
    std::string hold_up() const override { return follower_.hold_up(); }
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
    template <class T>
    using Answer = Result<T, SourceError>;

    /// Of the RPC. What has another form than the method's answer is as bad as a lie.
    SourceError unusable(const rpc::RpcError& error) noexcept {
        if (error.kind == rpc::RpcError::Kind::kMalformed) api_.endpoints().distrust_last();
        return {SourceError::Kind::kUnavailable, error.text};
    }
    Answer<Client> read_client(BytesView client_state) const;
    std::uint64_t period_of(const Client& client) const noexcept {
        return settings_.network.period_of(client.state.finalized_slot);
    }
    BlockNumber final_block() const noexcept { return follower_.store()->finalized.execution->block_number; }

    /// `client` after `update`, which is added to `carried`.
    async::Task<Answer<AppliedUpdate>> carry(Client client, Update update, std::vector<Bytes>& carried);
    async::Task<Answer<Update>> fetch_next_period_update(Client client);
    async::Task<Answer<CarriedUpdates>> carry_to(Client client, BlockNumber target, Carriage carriage);
    async::Task<Answer<std::optional<Anchor>>> fetch_anchor(Client client);
    async::Task<Answer<CarriedUpdates>> find_anchor(Client client, BlockNumber target, Carriage carriage);

    /// A proof for `client_state` under what `carried` brings it to.
    async::Task<Answer<chain::Proof>> prove_under(CarriedUpdates carried,
                                                  std::vector<chain::LogPosition> positions,
                                                  Bytes client_state);
    async::Task<Answer<eth::Header>> fetch_header(Anchor anchor);
    async::Task<Answer<ProvenBlock>> prove_by_headers(Anchor anchor, BlockNumber target);
    async::Task<Answer<ProvenBlock>> prove_by_history(Anchor anchor, BlockNumber target);
    async::Task<Answer<ProofParts>> prove_logs(Anchor anchor, std::vector<chain::LogPosition> positions,
                                               Ancestry ancestry);
    async::Task<Answer<std::vector<proof::ReceiptProof>>> prove_receipts(
        BlockNumber number, Hash32 receipts_root, std::vector<chain::LogPosition> positions);
    std::string report_of(std::size_t participants, const ClientState& state) const;

    SourceSettings settings_;
    rpc::EthApi api_;
    Follower follower_;
};

Result<Client, SourceError> EthereumSource::read_client(BytesView client_state) const {
    const auto state = decode_state(client_state);
    if (!state) return std::unexpected(unsupported("the client's state is none of this family"));
    return make_client(*state, settings_.network.slots_per_period());
}

async::Task<Result<BlockNumber, SourceError>> EthereumSource::fetch_final_block() {
    CO_TRY_VOID(co_await follower_.follow());
    if (!follower_.store()->finalized.execution)
        co_return std::unexpected(
            not_ready("the checkpoint is from before Capella, and " + follower_.obstacle()));
    co_return final_block();
}

// ---- updates
// ----------------------------------------------------------------------------------------------------------

async::Task<Result<AppliedUpdate, SourceError>> EthereumSource::carry(Client client, Update update,
                                                                      std::vector<Bytes>& carried) {
    const std::uint64_t period = settings_.network.period_of(update.signature_slot);
    const auto root = find_root(client, period);
    if (!root)
        co_return std::unexpected(invalid("the update is signed in period " + std::to_string(period) +
                                          ", whose sync committee the client does not know"));
    CO_TRY(const SyncCommittee committee, co_await follower_.fetch_committee(period, *root));
    // What the client does not learn from it is not worth its gas.
    if (!learns_next_committee(settings_.network, client, update)) {
        update.next_committee.reset();
        update.next_committee_branch.clear();
    }
    Bytes bytes = encode_sync_update(settings_.network, update, committee);
    auto applied = apply_sync_update(settings_.network, client, bytes);
    if (!applied) {
        follower_.distrust_last();
        co_return std::unexpected(invalid("the update signed at slot " +
                                          std::to_string(update.signature_slot.value) +
                                          " does not verify: " + std::string(to_string(applied.error()))));
    }
    if (applied->participants == 0)
        co_return std::unexpected(
            not_ready("the newest update of period " +
                      std::to_string(settings_.network.period_of(update.attested.beacon.slot)) +
                      " tells the client nothing new"));
    carried.push_back(std::move(bytes));
    co_return *std::move(applied);
}

/// The update that teaches `client` the next committee that it does not know.
async::Task<Result<Update, SourceError>> EthereumSource::fetch_next_period_update(Client client) {
    const std::uint64_t period = period_of(client);
    co_return co_await follower_.fetch_period_update(find_root(client, period + 1) ? period + 1 : period);
}

/// Updates after which `client` knows a final block at or soon after `target`.
async::Task<Result<CarriedUpdates, SourceError>> EthereumSource::carry_to(Client client, BlockNumber target,
                                                                          Carriage carriage) {
    CarriedUpdates out;
    const std::uint64_t first_period = period_of(client);
    out.client = std::move(client);
    const auto reaches = [&](const Update& update) {
        const BlockNumber number = update.finalized->execution->block_number;
        return number >= target && number.value - target.value <= kHistoryWindow;
    };
    while (out.updates.size() < carriage.updates_max) {
        const std::optional<Update>& newest = follower_.finality();
        if (!newest)
            co_return std::unexpected(not_ready(block_text(target) +
                                                " is final since before the checkpoint, " + "and " +
                                                follower_.obstacle()));
        const std::uint64_t signed_in = settings_.network.period_of(newest->signature_slot);
        Update update;
        if (reaches(*newest) && find_root(out.client, signed_in) && signed_in >= period_of(out.client) &&
            signed_in <= period_of(out.client) + 1) {
            update = *newest;
        } else {
            CO_TRY(update, co_await fetch_next_period_update(out.client));
        }
        if (carriage.earliest_signature_slot) {
            update.signature_slot = earliest_signature_slot(settings_.network, update.attested.beacon.slot,
                                                            update.signature_slot);
        }
        CO_TRY(AppliedUpdate applied, co_await carry(std::move(out.client), update, out.updates));
        out.client = std::move(applied.client);
        if (reaches(update)) {
            const LightClientHeader& finalized = *update.finalized;
            out.anchor = {finalized.beacon.slot, finalized.execution->block_hash,
                          finalized.execution->block_number};
            co_return out;
        }
        if (update.finalized->execution->block_number > target)
            co_return std::unexpected(
                unsupported(block_text(target) + " is further than " + std::to_string(kHistoryWindow) +
                            " blocks before the first final one that the client can learn of, block " +
                            std::to_string(update.finalized->execution->block_number.value)));
    }
    co_return std::unexpected(not_ready("the client is at period " + std::to_string(first_period) +
                                        ", more than " + std::to_string(carriage.updates_max) +
                                        " updates behind; it needs them before a proof"));
}

/// The final block that `client` shows. A checkpoint from before the first execution block has none.
async::Task<Result<std::optional<Anchor>, SourceError>> EthereumSource::fetch_anchor(Client client) {
    const Hash32 known = client.state.finalized_block_hash;
    if (known.is_zero()) co_return std::optional<Anchor>();
    const auto header = co_await api_.fetch_header_by_hash(known);
    if (!header) co_return std::unexpected(unusable(header.error()));
    if (!*header || eth::hash_of((*header)->header) != known) {
        api_.endpoints().distrust_last();
        co_return std::unexpected(
            invalid("the node does not have block " + encode_hex(known) + ", which the client holds final"));
    }
    co_return Anchor{client.state.finalized_slot, known, (*header)->header.number};
}

async::Task<Result<CarriedUpdates, SourceError>> EthereumSource::find_anchor(Client client,
                                                                             BlockNumber target,
                                                                             Carriage carriage) {
    CO_TRY(const std::optional<Anchor> known, co_await fetch_anchor(client));
    if (known && known->number >= target) {
        if (known->number.value - target.value > kHistoryWindow)
            co_return std::unexpected(
                outdated(block_text(target) + " is further than " + std::to_string(kHistoryWindow) +
                         " blocks before the client's final block " + std::to_string(known->number.value)));
        co_return CarriedUpdates{{}, std::move(client), *known};
    }
    if (!follower_.store() || !follower_.store()->finalized.execution || final_block() < target) {
        CO_TRY(const BlockNumber newest, co_await fetch_final_block());
        if (newest < target)
            co_return std::unexpected(not_ready(block_text(target) + " is not final yet, block " +
                                                std::to_string(newest.value) + " is; " +
                                                follower_.obstacle()));
    }
    co_return co_await carry_to(std::move(client), target, carriage);
}

async::Task<Result<std::vector<chain::Update>, SourceError>> EthereumSource::fetch_updates(
    Bytes client_state) {
    CO_TRY(Client client, read_client(client_state));
    CO_TRY_VOID(co_await follower_.follow());
    std::vector<chain::Update> out;
    // Period by period until the client knows as many committees as we do.
    while (out.size() < kUpdatesMax) {
        const std::uint64_t newest = settings_.network.period_of(follower_.store()->finalized.beacon.slot) +
                                     (follower_.store()->next_committee ? 1 : 0);
        const std::uint64_t known = period_of(client) + (find_root(client, period_of(client) + 1) ? 1 : 0);
        if (known >= newest) break;
        const auto update = co_await fetch_next_period_update(client);
        if (!update) {
            if (update.error().kind == SourceError::Kind::kNotReady) break;
            co_return std::unexpected(update.error());
        }
        std::vector<Bytes> carried;
        auto applied = co_await carry(client, *update, carried);
        if (!applied) {
            if (applied.error().kind == SourceError::Kind::kNotReady && !out.empty()) break;
            co_return std::unexpected(std::move(applied).error());
        }
        client = std::move(applied->client);
        out.push_back({std::move(carried.front()),
                       {report_of(applied->participants, client.state), client.state.finalized_slot.value}});
    }
    // Between the messages of a quiet lane too, the client's final blocks stay so close to each other that
    // every block can be proven under one of them, also when messages were held up for days.
    const std::optional<Update>& newest = follower_.finality();
    if (out.empty() && newest && newest->finalized->beacon.slot.value > client.state.finalized_slot.value &&
        newest->finalized->beacon.slot.value - client.state.finalized_slot.value >= kAnchorSlotsMax &&
        find_root(client, settings_.network.period_of(newest->signature_slot))) {
        std::vector<Bytes> carried;
        CO_TRY(const AppliedUpdate applied, co_await carry(std::move(client), *newest, carried));
        out.push_back({std::move(carried.front()),
                       {report_of(applied.participants, applied.client.state),
                        applied.client.state.finalized_slot.value}});
    }
    co_return out;
}

// ---- blocks
// -----------------------------------------------------------------------------------------------------------

async::Task<Result<eth::Header, SourceError>> EthereumSource::fetch_header(Anchor anchor) {
    const auto block = co_await api_.fetch_header_by_hash(anchor.hash);
    if (!block) co_return std::unexpected(unusable(block.error()));
    if (!*block || eth::hash_of((*block)->header) != anchor.hash) {
        api_.endpoints().distrust_last();
        co_return std::unexpected(invalid("the node does not give the final " + block_text(anchor.number) +
                                          " with hash " + encode_hex(anchor.hash)));
    }
    co_return (*block)->header;
}

async::Task<Result<ProvenBlock, SourceError>> EthereumSource::prove_by_headers(Anchor anchor,
                                                                               BlockNumber target) {
    std::vector<rpc::Endpoints::Call> calls;
    for (std::uint64_t number = anchor.number.value + 1; number-- > target.value;)
        calls.push_back({"eth_getBlockByNumber", {encode_quantity(number), false}});
    const auto answers = co_await api_.endpoints().call_batch(std::move(calls));
    if (!answers) co_return std::unexpected(unusable(answers.error()));
    ProvenBlock out;
    Hash32 expected = anchor.hash;
    for (const auto& answer : *answers) {
        if (!answer) co_return std::unexpected(unusable(answer.error()));
        const auto block = rpc::decode_block_header(*answer);
        if (!block || eth::hash_of(block->header) != expected) {
            api_.endpoints().distrust_last();
            co_return std::unexpected(invalid(
                "the node's " + block_text(BlockNumber{anchor.number.value - out.parts.headers.size()}) +
                " is not the ancestor of the final " + block_text(anchor.number) + " with hash " +
                encode_hex(expected)));
        }
        expected = block->header.parent_hash;
        out.receipts_root = block->header.receipts_root;
        out.parts.headers.push_back(eth::encode_header(block->header));
    }
    co_return out;
}

/// Not checked: that the history is the anchor's. The whole proof's check does.
async::Task<Result<ProvenBlock, SourceError>> EthereumSource::prove_by_history(Anchor anchor,
                                                                               BlockNumber target) {
    CO_TRY(const eth::Header first, co_await fetch_header(anchor));
    const auto block = co_await api_.fetch_header(rpc::BlockId::number(target));
    if (!block) co_return std::unexpected(unusable(block.error()));
    if (!*block) co_return std::unexpected(invalid("the node does not have " + block_text(target)));
    const eth::Header& last = (*block)->header;

    Hash32 slot;
    const std::uint64_t index = target.value % kHistoryWindow;
    for (unsigned i = 0; i < 8; ++i) slot[31 - i] = static_cast<std::uint8_t>(index >> (8 * i));
    const auto proof = co_await api_.fetch_proof(kHistoryContract, slot, anchor.number);
    if (!proof)
        co_return std::unexpected(SourceError{
            SourceError::Kind::kUnavailable,
            "the node gives no eth_getProof at the final " + block_text(anchor.number) +
                ", which proves one that is " + std::to_string(anchor.number.value - target.value) +
                " blocks older; it must keep the states of the last hours: " + proof.error().text});
    ProvenBlock out;
    out.parts.headers = {eth::encode_header(first), eth::encode_header(last)};
    out.parts.history_account = proof->account_nodes;
    out.parts.history_storage = proof->storage_nodes;
    out.receipts_root = last.receipts_root;
    co_return out;
}

async::Task<Result<std::vector<proof::ReceiptProof>, SourceError>> EthereumSource::prove_receipts(
    BlockNumber number, Hash32 receipts_root, std::vector<chain::LogPosition> positions) {
    const auto receipts = co_await api_.fetch_block_receipts(number);
    if (!receipts) co_return std::unexpected(unusable(receipts.error()));
    const trie::Trie trie = trie::make_list_trie(chain::encode_receipts(*receipts));
    if (trie.root() != receipts_root) {
        api_.endpoints().distrust_last();
        co_return std::unexpected(invalid("receipts of " + block_text(number) + " have root " +
                                          encode_hex(trie.root()) + ", the header has " +
                                          encode_hex(receipts_root)));
    }
    auto proofs = chain::prove_logs(trie, *receipts, positions);
    if (!proofs)
        co_return std::unexpected(SourceError{SourceError::Kind::kRefuted, std::move(proofs).error()});
    co_return *std::move(proofs);
}

async::Task<Result<ProofParts, SourceError>> EthereumSource::prove_logs(
    Anchor anchor, std::vector<chain::LogPosition> positions, Ancestry ancestry) {
    const BlockNumber target = positions.front().block;
    ProvenBlock block;
    if (ancestry == Ancestry::kHeaders) {
        CO_TRY(block, co_await prove_by_headers(anchor, target));
    } else {
        CO_TRY(block, co_await prove_by_history(anchor, target));
    }
    block.parts.anchor_slot = anchor.slot;
    CO_TRY(block.parts.receipts, co_await prove_receipts(target, block.receipts_root, std::move(positions)));
    co_return std::move(block.parts);
}

async::Task<Result<chain::Proof, SourceError>> EthereumSource::fetch_proof(
    std::vector<chain::LogPosition> positions, Bytes client_state) {
    if (positions.empty()) co_return std::unexpected(unsupported("there is no log to prove"));
    CO_TRY(Client client, read_client(client_state));
    const BlockNumber target = positions.front().block;
    CO_TRY(CarriedUpdates carried, co_await find_anchor(std::move(client), target, kForContract));
    co_return co_await prove_under(std::move(carried), std::move(positions), std::move(client_state));
}

async::Task<Result<chain::Proof, SourceError>> EthereumSource::prove_under(
    CarriedUpdates carried, std::vector<chain::LogPosition> positions, Bytes client_state) {
    SourceError error;
    for (const Ancestry way : ways_to(carried.anchor, positions.front().block)) {
        auto parts = co_await prove_logs(carried.anchor, positions, way);
        if (!parts) {
            error = std::move(parts).error();
            if (error.kind == SourceError::Kind::kRefuted) break;
            continue;
        }
        parts->updates = carried.updates;
        auto proof = verify_proof(encode_proof(*parts), client_state);
        if (proof) co_return proof;
        error = std::move(proof).error();
        // The updates are checked already: what is wrong came from the RPC.
        api_.endpoints().distrust_last();
    }
    co_return std::unexpected(std::move(error));
}

/// The contract keeps every final block that it learned of, but shows only the newest.
async::Task<Result<chain::Proof, SourceError>> EthereumSource::fetch_past_proof(
    std::vector<chain::LogPosition> positions, std::vector<Bytes> past_states) {
    if (positions.empty()) co_return std::unexpected(unsupported("there is no log to prove"));
    const BlockNumber target = positions.front().block;
    SourceError error =
        outdated("the client's final blocks of that time are too far past " + block_text(target));
    // From the newest back: a node has the states of the last blocks rather than of older ones.
    for (auto state = past_states.rbegin(); state != past_states.rend(); ++state) {
        CO_TRY(Client client, read_client(*state));
        CO_TRY(const std::optional<Anchor> anchor, co_await fetch_anchor(client));
        if (!anchor || anchor->number < target) {
            // Those before are older still.
            if (error.kind == SourceError::Kind::kOutdated)
                error = not_ready("no final block of the client is close enough after " + block_text(target));
            break;
        }
        if (anchor->number.value - target.value > kHistoryWindow) continue;
        auto proof = co_await prove_under({{}, std::move(client), *anchor}, positions, *state);
        if (proof || proof.error().kind == SourceError::Kind::kRefuted) co_return std::move(proof);
        error = std::move(proof).error();
    }
    co_return std::unexpected(std::move(error));
}

std::string EthereumSource::report_of(std::size_t participants, const ClientState& state) const {
    const std::string signers = participants == 0 ? "finality=known"
                                                  : "participation=" + std::to_string(participants) + "/" +
                                                        std::to_string(settings_.network.committee_size);
    return signers + " period=" + std::to_string(settings_.network.period_of(state.finalized_slot)) +
           " finalized_slot=" + std::to_string(state.finalized_slot.value);
}

Result<chain::Proof, SourceError> EthereumSource::verify_proof(BytesView proof,
                                                               BytesView client_state) const {
    TRY(const Client client, read_client(client_state));
    auto verified = ethereum::verify_proof(settings_.network, client, proof);
    if (!verified) return std::unexpected(invalid(std::string(to_string(verified.error()))));
    chain::Proof out;
    out.bytes = to_bytes(proof);
    out.logs = std::move(verified->logs);
    out.report = {report_of(verified->participants, verified->client.state) +
                      " block=" + std::to_string(verified->number.value),
                  verified->number.value};
    return out;
}

async::Task<Result<chain::CheckpointProof, SourceError>> EthereumSource::fetch_checkpoint_proof(
    std::vector<chain::LogPosition> positions) {
    if (positions.empty()) co_return std::unexpected(unsupported("there is no log to prove"));
    CO_TRY_VOID(co_await follower_.follow());
    auto client = open_checkpoint(settings_.network, settings_.checkpoint, follower_.opening());
    if (!client) co_return std::unexpected(invalid(std::move(client).error()));
    const BlockNumber target = positions.front().block;
    CO_TRY(CarriedUpdates carried, co_await find_anchor(*std::move(client), target, kForEvidence));
    chain::CheckpointProof out{
        .opening = follower_.opening(), .updates = std::move(carried.updates), .proof = {}};
    SourceError error;
    for (const Ancestry way : ways_to(carried.anchor, target)) {
        auto parts = co_await prove_logs(carried.anchor, positions, way);
        if (!parts) {
            error = std::move(parts).error();
            continue;
        }
        out.proof = encode_proof(*parts);
        auto verified = verify_checkpoint_proof(out);
        if (verified) co_return out;
        error = std::move(verified).error();
        // Opening and updates are checked already: what is wrong came from the RPC.
        api_.endpoints().distrust_last();
    }
    co_return std::unexpected(std::move(error));
}

Result<chain::Proof, SourceError> EthereumSource::verify_checkpoint_proof(
    const chain::CheckpointProof& proof) const {
    auto verified = ethereum::verify_checkpoint_proof(settings_.network, settings_.checkpoint, proof);
    if (!verified) return std::unexpected(invalid(std::move(verified).error()));
    chain::Proof out;
    out.bytes = proof.proof;
    out.logs = std::move(verified->logs);
    out.report = {report_of(verified->participants, verified->client.state) +
                      " block=" + std::to_string(verified->number.value),
                  verified->number.value};
    return out;
}

// ---- the contract's deployment
// ----------------------------------------------------------------------------------------

async::Task<Result<Bytes, SourceError>> EthereumSource::fetch_client_initializer(Address owner) {
    CO_TRY_VOID(co_await follower_.follow());
    const auto opening = decode_bootstrap(settings_.network, follower_.opening());
    if (!opening) co_return std::unexpected(invalid("the checkpoint's bootstrap cannot be read again"));
    CO_TRY_VOID(chain::check_checkpoint_age(
        settings_.network.genesis_time.value +
            opening->header.beacon.slot.value * settings_.network.seconds_per_slot,
        settings_.trusting_period_seconds, chain::unix_now()));
    const Store& store = *follower_.store();
    if (!store.finalized.execution || store.finalized.execution->block_hash.is_zero())
        co_return std::unexpected(
            not_ready("there is no final execution block yet to pin the client at: " + follower_.obstacle()));
    const BeaconNetwork& network = settings_.network;
    const auto number = [](std::uint64_t value) { return AbiValue::number(value); };
    const auto precompile = [&](std::uint8_t released, std::uint8_t draft) {
        Address address;
        address[19] = settings_.precompiles == BlsPrecompiles::kFinal ? released : draft;
        return AbiValue::address(address);
    };
    std::vector<AbiValue> forks;
    for (const Fork& fork : network.forks)
        forks.push_back(
            AbiValue::tuple({number(fork.epoch.value), AbiValue::fixed_bytes(fork.version),
                             number(fork.finalized_root_gindex), number(fork.next_committee_gindex),
                             number(block_hash_gindex(fork))}));
    co_return codec::encode_call(
        "initialize(address,(uint64,bytes32,uint64,uint64,uint64,uint64,uint64,uint16,"
        "(uint64,bytes4,uint16,uint16,uint16)[]),"
        "(address,address,address,address),(uint64,bytes32,bytes32,bytes32))",
        {AbiValue::address(owner),
         AbiValue::tuple({number(settings_.chain_id.value), AbiValue::word(network.genesis_validators_root),
                          number(network.genesis_time.value), number(network.seconds_per_slot),
                          number(network.slots_per_epoch), number(network.slots_per_period()),
                          number(settings_.trusting_period_seconds), number(network.committee_size),
                          AbiValue::array(std::move(forks))}),
         AbiValue::tuple({precompile(0x0b, 0x0a), precompile(0x0d, 0x0d), precompile(0x0f, 0x10),
                          precompile(0x11, 0x12)}),
         AbiValue::tuple({number(store.finalized.beacon.slot.value),
                          AbiValue::word(store.finalized.execution->block_hash),
                          AbiValue::word(store.current_committee.root),
                          AbiValue::word(store.next_committee ? store.next_committee->root : Hash32{})})});
}

}  // namespace

std::unique_ptr<chain::Source> make_source(boost::asio::any_io_executor executor, SourceSettings settings,
                                           rpc::EthApi api, rpc::Endpoints beacon) {
    return std::make_unique<EthereumSource>(std::move(executor), std::move(settings), std::move(api),
                                            std::move(beacon));
}

}  // namespace butter::ethereum
