// SPDX-License-Identifier: Apache-2.0
#include "chains/ethereum/follower.hpp"

#include <algorithm>
#include <chrono>
#include <limits>

#include "butter/base/assert.hpp"
#include "butter/base/hex.hpp"
#include "butter/rpc/json.hpp"

namespace butter::ethereum {
namespace {

using chain::SourceError;

/// Asked for at once; each is some 60 kB of JSON.
constexpr std::uint64_t kUpdatesPerRequest = 16;
/// Epochs between the newest block and the final one, above which finality is called stalled: two are the
/// rule.
constexpr std::uint64_t kFinalityEpochsMax = 4;
/// Every epoch brings a newer update, and some nodes show it only when another block has become final.
constexpr std::uint64_t kStandingEpochsMax = 4;
/// The clock is not checked (source.hpp).
constexpr Slot kAnySlot{std::numeric_limits<std::uint64_t>::max()};

SourceError not_ready(std::string text) { return {SourceError::Kind::kNotReady, std::move(text)}; }
SourceError unavailable(const rpc::RpcError& error) { return {SourceError::Kind::kUnavailable, error.text}; }

std::string slot_text(Slot slot) { return "slot " + std::to_string(slot.value); }

}  // namespace

Follower::Follower(boost::asio::any_io_executor executor, rpc::Endpoints beacon, BeaconNetwork network,
                   Hash32 checkpoint)
    : beacon_(std::move(beacon)),
      network_(std::move(network)),
      checkpoint_(checkpoint),
      following_(executor) {}

SourceError Follower::distrusted(std::string text) {
    beacon_.distrust_last();
    return {SourceError::Kind::kInvalid, std::move(text)};
}

std::uint64_t Follower::store_period() const noexcept {
    return network_.period_of(store_->finalized.beacon.slot);
}

/// An answer of the 4xx kind counts only when all endpoints give it: some nodes serve no light clients.
async::Task<Result<rpc::Json, rpc::RpcError>> Follower::get(std::string path) {
    for (std::size_t attempt = 1;; ++attempt) {
        auto answer = co_await beacon_.get(path);
        if (answer || attempt >= beacon_.size()) co_return answer;
        beacon_.distrust_last();
    }
}

async::Task<Result<void, SourceError>> Follower::follow() {
    const async::Mutex::Lock lock = co_await following_.lock();
    for (std::size_t attempt = 1;; ++attempt) {
        auto result = co_await try_follow();
        if (result || result.error().kind != SourceError::Kind::kInvalid || attempt >= beacon_.size())
            co_return result;
    }
}

async::Task<Result<void, SourceError>> Follower::try_follow() {
    if (!store_) CO_TRY_VOID(co_await bootstrap());
    obstacle_.clear();
    is_held_up_ = false;
    const auto answer = co_await get("/eth/v1/beacon/light_client/finality_update");
    if (!answer) {
        if (answer.error().kind != rpc::RpcError::Kind::kHttpStatus || answer.error().code >= 500)
            co_return std::unexpected(unavailable(answer.error()));
        obstacle_ = "no block has become final since the checkpoint (" + answer.error().text + ")";
        co_return Result<void, SourceError>();
    }
    const rpc::Json* data = rpc::find_member(*answer, "data");
    const auto update = data == nullptr ? std::unexpected(ObjectError::kJson)
                                        : decode_update_json(network_, *data, UpdateKind::kFinality);
    if (!update)
        co_return std::unexpected(
            distrusted("the finality update is malformed: " + std::string(to_string(update.error()))));
    const std::uint64_t signature_period = network_.period_of(update->signature_slot);
    CO_TRY_VOID(co_await follow_periods(signature_period));
    const auto applied = apply(*update);
    if (!applied) {
        switch (applied.error().kind) {
            case LightClientError::Kind::kNotRelevant:
                remember_finality_of_checkpoint(*update);
                break;
            case LightClientError::Kind::kNoFinality:
            case LightClientError::Kind::kNoParticipants:
            case LightClientError::Kind::kQuorum:
                // Nothing is wrong with that, but another endpoint may have a better one.
                beacon_.distrust_last();
                obstacle_ = "the sync committee's participation at " + slot_text(update->signature_slot) +
                            " is " + std::to_string(update->aggregate.bits.count()) + " of " +
                            std::to_string(network_.committee_size) + ", two thirds are needed";
                is_held_up_ = true;
                break;
            case LightClientError::Kind::kPeriod:
                obstacle_ = "the sync committee of period " + std::to_string(signature_period) +
                            " is not known yet: no update with finality was seen in the period before";
                is_held_up_ = true;
                break;
            default:
                co_return std::unexpected(distrusted("the finality update signed at " +
                                                     slot_text(update->signature_slot) +
                                                     " does not verify: " + to_string(applied.error())));
        }
    }
    if (obstacle_.empty()) explain_finality(*update);
    watch_head(*update);
    co_return co_await learn_next_committee();
}

/// The checkpoint is final by our own word; clients want to see the committee's.
void Follower::remember_finality_of_checkpoint(const Update& update) {
    if (finality_ || !update.finalized || *update.finalized != store_->finalized ||
        update.aggregate.bits.count() < quorum(network_.committee_size))
        return;
    if (validate_update(network_, *store_, update, kAnySlot)) finality_ = update;
}

void Follower::explain_finality(const Update& newest) {
    const std::uint64_t final_epoch = network_.epoch_of(store_->finalized.beacon.slot).value;
    const std::uint64_t newest_epoch = network_.epoch_of(newest.attested.beacon.slot).value;
    obstacle_ = "the newest block signed by the sync committee is at " +
                slot_text(newest.attested.beacon.slot) + ", the newest final one at " +
                slot_text(store_->finalized.beacon.slot);
    if (newest_epoch > final_epoch + kFinalityEpochsMax) {
        obstacle_ +=
            ": the chain has not become final for " + std::to_string(newest_epoch - final_epoch) + " epochs";
        is_held_up_ = true;
    }
}

/// An endpoint that lost its peers goes on serving its last update, which verifies.
void Follower::watch_head(const Update& newest) {
    const auto now = std::chrono::steady_clock::now();
    if (newest.signature_slot > newest_signature_) {
        newest_signature_ = newest.signature_slot;
        head_moved_at_ = now;
        return;
    }
    const std::chrono::seconds allowed{kStandingEpochsMax * network_.slots_per_epoch *
                                       network_.seconds_per_slot};
    if (now - head_moved_at_ <= allowed) return;
    beacon_.set_aside_last(allowed);
    is_held_up_ = true;
    obstacle_ +=
        "; no endpoint has shown anything newer for more than " + std::to_string(allowed.count()) + " s";
}

async::Task<Result<void, SourceError>> Follower::bootstrap() {
    const auto genesis = co_await get("/eth/v1/beacon/genesis");
    if (!genesis) co_return std::unexpected(unavailable(genesis.error()));
    const rpc::Json* genesis_data = rpc::find_member(*genesis, "data");
    const auto root = genesis_data == nullptr ? std::nullopt
                                              : rpc::find_fixed<32>(*genesis_data, "genesis_validators_root");
    if (!root) co_return std::unexpected(distrusted("the beacon node's genesis is malformed"));
    if (*root != network_.genesis_validators_root)
        co_return std::unexpected(distrusted(
            "the beacon node is of another network: its genesis_validators_root is " + encode_hex(*root) +
            ", configured is " + encode_hex(network_.genesis_validators_root)));

    const auto answer = co_await get("/eth/v1/beacon/light_client/bootstrap/" + encode_hex(checkpoint_));
    if (!answer) {
        if (answer.error().kind != rpc::RpcError::Kind::kHttpStatus || answer.error().code >= 500)
            co_return std::unexpected(unavailable(answer.error()));
        co_return std::unexpected(SourceError{
            SourceError::Kind::kUnavailable,
            "no beacon node serves a light-client bootstrap for the checkpoint " + encode_hex(checkpoint_) +
                " (" + answer.error().text +
                "): either they serve no light clients, or the checkpoint is too old or no first block of "
                "an epoch; set `checkpoint` to the root of a newer finalised block, as "
                "/eth/v1/beacon/headers/finalized of a node that you trust gives it"});
    }
    const rpc::Json* data = rpc::find_member(*answer, "data");
    const auto decoded =
        data == nullptr ? std::unexpected(ObjectError::kJson) : decode_bootstrap_json(network_, *data);
    if (!decoded)
        co_return std::unexpected(
            distrusted("the bootstrap is malformed: " + std::string(to_string(decoded.error()))));
    auto store = initialize_store(network_, checkpoint_, *decoded);
    if (!store)
        co_return std::unexpected(distrusted("the bootstrap does not verify: " + to_string(store.error())));
    store_ = *std::move(store);
    opening_ = encode_bootstrap(network_, *decoded);
    remember_committees();
    co_return Result<void, SourceError>();
}

/// Brings the store to where it knows the committee of `signature_period`, if the updates for it are there.
async::Task<Result<void, SourceError>> Follower::follow_periods(std::uint64_t signature_period) {
    while (find_committee(network_, *store_, signature_period) == nullptr &&
           signature_period > store_period()) {
        const std::uint64_t first = store_period();
        const std::uint64_t count = std::min(signature_period - first, kUpdatesPerRequest);
        CO_TRY(const std::vector<Update> updates, co_await fetch_updates(first, count));
        bool has_progressed = false;
        for (const Update& update : updates) {
            const auto applied = apply(update);
            if (applied) {
                has_progressed = true;
                continue;
            }
            switch (applied.error().kind) {
                case LightClientError::Kind::kNotRelevant:
                case LightClientError::Kind::kNoFinality:
                case LightClientError::Kind::kQuorum:
                case LightClientError::Kind::kPeriod:
                    continue;
                default:
                    co_return std::unexpected(
                        distrusted("the update of period " +
                                   std::to_string(network_.period_of(update.attested.beacon.slot)) +
                                   " does not verify: " + to_string(applied.error())));
            }
        }
        // What stops here is told when the finality update cannot be verified.
        if (!has_progressed) break;
    }
    co_return Result<void, SourceError>();
}

/// The committee after the current one, as soon as it is final: the next period cannot begin without it.
async::Task<Result<void, SourceError>> Follower::learn_next_committee() {
    if (store_->next_committee || asked_for_next_at_ == store_->finalized.beacon.slot)
        co_return Result<void, SourceError>();
    CO_TRY(const std::vector<Update> updates, co_await fetch_updates(store_period(), 1));
    asked_for_next_at_ = store_->finalized.beacon.slot;
    for (const Update& update : updates) {
        const auto applied = apply(update);
        if (applied) continue;
        switch (applied.error().kind) {
            case LightClientError::Kind::kNotRelevant:
            case LightClientError::Kind::kNoFinality:
            case LightClientError::Kind::kQuorum:
            case LightClientError::Kind::kPeriod:
                continue;  // the period's best so far; a better one will come
            default:
                co_return std::unexpected(distrusted("the update of period " +
                                                     std::to_string(store_period()) +
                                                     " does not verify: " + to_string(applied.error())));
        }
    }
    co_return Result<void, SourceError>();
}

Result<void, LightClientError> Follower::apply(const Update& update) {
    const Slot before = store_->finalized.beacon.slot;
    TRY(const VerifiedUpdate verified, apply_finalized_update(network_, *store_, update, kAnySlot));
    if (verified.finalized().beacon.slot > before) finality_ = verified.update();
    remember_committees();
    return {};
}

void Follower::remember_committees() {
    committees_.try_emplace(store_period(), store_->current_committee.committee);
    if (store_->next_committee)
        committees_.try_emplace(store_period() + 1, store_->next_committee->committee);
}

async::Task<Result<std::vector<Update>, SourceError>> Follower::fetch_updates(std::uint64_t first_period,
                                                                              std::uint64_t count) {
    const auto answer =
        co_await get("/eth/v1/beacon/light_client/updates?start_period=" + std::to_string(first_period) +
                     "&count=" + std::to_string(count));
    if (!answer) co_return std::unexpected(unavailable(answer.error()));
    const rpc::JsonArray* list = answer->if_array();
    if (list == nullptr || list->size() > count)
        co_return std::unexpected(
            distrusted("the beacon node's updates are no list of at most " + std::to_string(count)));
    std::vector<Update> out;
    for (const rpc::Json& entry : *list) {
        const rpc::Json* data = rpc::find_member(entry, "data");
        auto update = data == nullptr ? std::unexpected(ObjectError::kJson)
                                      : decode_update_json(network_, *data, UpdateKind::kFull);
        if (!update)
            co_return std::unexpected(
                distrusted("an update from period " + std::to_string(first_period) +
                           " on is malformed: " + std::string(to_string(update.error()))));
        out.push_back(*std::move(update));
    }
    co_return out;
}

async::Task<Result<Update, SourceError>> Follower::fetch_period_update(std::uint64_t period) {
    CO_TRY(std::vector<Update> updates, co_await fetch_updates(period, 1));
    if (updates.empty() || !updates[0].finalized || !updates[0].finalized->execution)
        co_return std::unexpected(
            not_ready("period " + std::to_string(period) + " has no update with finality yet"));
    if (network_.period_of(updates[0].attested.beacon.slot) != period)
        co_return std::unexpected(
            distrusted("the update that was given for period " + std::to_string(period) + " is of period " +
                       std::to_string(network_.period_of(updates[0].attested.beacon.slot))));
    co_return std::move(updates[0]);
}

async::Task<Result<SyncCommittee, SourceError>> Follower::fetch_committee(std::uint64_t period, Hash32 root) {
    if (const auto known = committees_.find(period);
        known != committees_.end() && root_of(known->second) == root)
        co_return known->second;
    // One that the client knows from before our checkpoint: its root tells that it is the right one.
    if (period == 0)
        co_return std::unexpected(
            SourceError{SourceError::Kind::kUnsupported,
                        "the client is at period 0, whose sync committee cannot be had from the newer "
                        "checkpoint; set `checkpoint` to the root of a block of period 0"});
    CO_TRY(const std::vector<Update> updates, co_await fetch_updates(period - 1, 1));
    if (updates.empty() || !updates[0].next_committee || root_of(*updates[0].next_committee) != root)
        co_return std::unexpected(distrusted("the beacon node has no sync committee of period " +
                                             std::to_string(period) +
                                             " with the root that the client holds, " + encode_hex(root)));
    co_return *updates[0].next_committee;
}

}  // namespace butter::ethereum
