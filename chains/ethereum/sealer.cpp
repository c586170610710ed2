// SPDX-License-Identifier: Apache-2.0
#include "chains/ethereum/sealer.hpp"

#include <algorithm>

#include "butter/async/sleep.hpp"
#include "butter/base/assert.hpp"
#include "butter/base/hex.hpp"
#include "butter/codec/ssz.hpp"
#include "butter/crypto/sha256.hpp"
#include "butter/rpc/eth_api.hpp"
#include "butter/trie/trie.hpp"
#include "chains/ethereum/light_client.hpp"

namespace butter::ethereum {
namespace {

constexpr std::string_view kCommitteeSeed = "butter devnet sync committee";
constexpr std::string_view kGraffiti = "butter devnet";
constexpr std::uint64_t kCommitteeSize = 512;
constexpr FixedBytes<4> kElectraVersion{{0x05, 0x00, 0xb0, 0x77}};
constexpr FixedBytes<4> kFuluVersion{{0x06, 0x00, 0xb0, 0x77}};

// First bytes of the domain types; the others are 0.
constexpr std::uint8_t kDomainRandao = 0x02;

Fork make_fork(std::string_view name, Epoch epoch, const FixedBytes<4>& version) {
    const Fork* released = find_released_fork(name);
    BUTTER_ASSERT(released != nullptr);
    Fork fork = *released;
    fork.epoch = epoch;
    fork.version = version;
    return fork;
}

std::vector<Hash32> branch_of(const std::vector<Hash32>& fields, std::size_t field) {
    return codec::compute_branch(fields, fields.size(), field);
}

std::optional<Bytes> bytes_of(const rpc::Json& value) {
    if (!value.is_string()) return std::nullopt;
    auto bytes = decode_hex(std::string_view(value.get_string()));
    if (!bytes) return std::nullopt;
    return *std::move(bytes);
}

}  // namespace

DevnetCommittee make_devnet_committee(const std::vector<DevnetKey>& validators, std::uint64_t period,
                                      std::size_t size) {
    DevnetCommittee out;
    std::vector<bls::SecretKey> secrets;
    for (std::size_t i = 0; i < size; ++i) {
        Bytes input = to_bytes(as_bytes(kCommitteeSeed));
        append_u64(input, period);
        append_u64(input, i);
        const Hash32 draw = crypto::sha256(input);
        const std::size_t member = load_u64(BytesView(draw).first(8)) % validators.size();
        out.members.push_back(member);
        out.committee.keys.push_back(validators[member].key);
        secrets.push_back(validators[member].secret);
    }
    // The key of the summed secrets is the sum of the keys.
    const auto sum = bls::add_secret_keys(secrets);
    BUTTER_ASSERT(sum.has_value());
    const auto aggregate = bls::public_key_of(*sum);
    BUTTER_ASSERT(aggregate.has_value());
    out.committee.aggregate_key = *aggregate;
    out.root = root_of(out.committee);
    return out;
}

Sealer::Sealer(boost::asio::any_io_executor executor, rpc::Url anvil, SealerOptions options)
    : anvil_(executor, {std::move(anvil)}), options_(options), stepping_(executor) {
    BUTTER_ASSERT(options_.validators > 0);
    BUTTER_ASSERT(options_.slots_per_epoch >= 2);
    BUTTER_ASSERT((options_.slots_per_epoch & (options_.slots_per_epoch - 1)) == 0);
    BUTTER_ASSERT(options_.epochs_per_period >= 4);
    set_absent(options_.absent);
    for (std::size_t i = 0; i < options_.validators; ++i)
        keys_.push_back(make_devnet_key(options_.first_key + i));
    network_.genesis_validators_root = DevnetState::registry_root(keys_);
    network_.seconds_per_slot = std::max<std::uint64_t>(
        1,
        static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::seconds>(options_.block_interval).count()));
    network_.slots_per_epoch = options_.slots_per_epoch;
    network_.epochs_per_period = options_.epochs_per_period;
    network_.committee_size = kCommitteeSize;
    network_.forks.push_back(make_fork("electra", Epoch{0}, kElectraVersion));
    if (options_.fulu_epoch) {
        BUTTER_ASSERT(options_.fulu_epoch->value > 0);
        network_.forks.push_back(make_fork("fulu", *options_.fulu_epoch, kFuluVersion));
    }
}

void Sealer::set_attesting(Attesting attesting) noexcept {
    BUTTER_ASSERT(state_.has_value());
    state_->set_attesting(attesting);
}

void Sealer::set_absent(std::size_t absent) noexcept {
    options_.absent = std::min<std::size_t>(absent, kCommitteeSize - 1);
}

const DevnetCommittee& Sealer::committee(std::uint64_t period) {
    while (committees_.size() <= period)
        committees_.push_back(make_devnet_committee(keys_, committees_.size(), kCommitteeSize));
    return committees_[period];
}

const DevnetBlock& Sealer::finalized() const noexcept {
    const auto it = slot_by_root_.find(head().finalized.root);
    return it == slot_by_root_.end() ? blocks_.front() : blocks_[it->second];
}

// ---- from anvil
// -------------------------------------------------------------------------------------------------------

async::Task<Result<Sealer::ExecutionBlock, std::string>> Sealer::fetch_execution_block(std::uint64_t number) {
    const std::string name = "anvil's block " + std::to_string(number);
    auto json = co_await anvil_.call("eth_getBlockByNumber", {encode_quantity(number), false});
    if (!json) co_return std::unexpected(json.error().text);
    const auto block = rpc::decode_block_header(*json);
    const rpc::JsonArray* hashes = rpc::find_array(*json, "transactions");
    if (!block || hashes == nullptr) co_return std::unexpected(name + " is malformed");
    const eth::Header& header = block->header;
    if (eth::hash_of(header) != block->hash)
        co_return std::unexpected(name + " has another hash than it says");
    if (!header.requests_hash)
        co_return std::unexpected(name + " is of a fork before Prague; start anvil with --hardfork prague");
    if (header.withdrawals_root != trie::kEmptyRoot)
        co_return std::unexpected(name + " has withdrawals, which a devnet's validators do not make");

    std::vector<rpc::Endpoints::Call> calls;
    for (const rpc::Json& hash : *hashes) calls.push_back({"eth_getRawTransactionByHash", {hash}});
    std::vector<Bytes> transactions;
    for (std::size_t from = 0; from < calls.size(); from += rpc::kBatchMax) {
        const std::size_t count = std::min(rpc::kBatchMax, calls.size() - from);
        const auto begin = calls.begin() + static_cast<std::ptrdiff_t>(from);
        auto answers = co_await anvil_.call_batch({begin, begin + static_cast<std::ptrdiff_t>(count)});
        if (!answers) co_return std::unexpected(answers.error().text);
        for (const auto& answer : *answers) {
            auto bytes = answer ? bytes_of(*answer) : std::nullopt;
            if (!bytes) co_return std::unexpected(name + " has a transaction that anvil does not give");
            transactions.push_back(*std::move(bytes));
        }
    }
    ExecutionBlock out;
    out.timestamp = header.timestamp;
    out.payload = {.parent_hash = header.parent_hash,
                   .fee_recipient = header.beneficiary,
                   .state_root = header.state_root,
                   .receipts_root = header.receipts_root,
                   .logs_bloom = header.bloom,
                   .prev_randao = header.mix_hash,
                   .block_number = header.number,
                   .gas_limit = header.gas_limit,
                   .gas_used = header.gas_used,
                   .timestamp = header.timestamp,
                   .extra_data = header.extra_data,
                   .base_fee_per_gas = header.base_fee.value_or(Uint256{}),
                   .block_hash = block->hash,
                   .transactions_root = transactions_root(transactions),
                   .withdrawals_root = make_empty_payload().withdrawals_root,
                   .blob_gas_used = header.blob_gas_used.value_or(0),
                   .excess_blob_gas = header.excess_blob_gas.value_or(0)};
    co_return out;
}

async::Task<Result<std::uint64_t, std::string>> Sealer::fetch_head_number() {
    auto number = co_await anvil_.call("eth_blockNumber", {});
    if (!number) co_return std::unexpected(number.error().text);
    const auto head = number->is_string() ? decode_quantity(std::string_view(number->get_string()))
                                          : std::unexpected(HexError::kBadDigit);
    if (!head) co_return std::unexpected("anvil's block number is malformed");
    co_return *head;
}

/// Wraps every block of anvil that is not yet in a beacon block.
async::Task<Result<void, std::string>> Sealer::follow_anvil() {
    CO_TRY(const std::uint64_t newest, co_await fetch_head_number());
    while (blocks_.size() <= newest) {
        CO_TRY(const ExecutionBlock block, co_await fetch_execution_block(blocks_.size()));
        last_timestamp_ = block.timestamp;
        if (blocks_.empty()) {
            make_genesis(block);
        } else {
            make_block(block.payload);
        }
    }
    co_return Result<void, std::string>();
}

async::Task<Result<void, std::string>> Sealer::start() {
    const async::Mutex::Lock lock = co_await stepping_.lock();
    co_return co_await follow_anvil();
}

async::Task<Result<void, std::string>> Sealer::step(std::uint64_t count) {
    BUTTER_ASSERT(state_.has_value());
    const async::Mutex::Lock lock = co_await stepping_.lock();
    for (std::uint64_t i = 0; i < count; ++i) {
        // A slot's time, unless anvil's clock is ahead already.
        const std::uint64_t slot_time =
            network_.genesis_time.value + blocks_.size() * network_.seconds_per_slot;
        const std::uint64_t timestamp = std::max(slot_time, last_timestamp_.value + 1);
        const auto mined = co_await anvil_.call("evm_mine", {timestamp});
        if (!mined) co_return std::unexpected(mined.error().text);
        CO_TRY_VOID(co_await follow_anvil());
    }
    co_return Result<void, std::string>();
}

async::Task<void> Sealer::run() {
    auto next = std::chrono::steady_clock::now();
    for (;;) {
        next = std::max(next + options_.block_interval, std::chrono::steady_clock::now());
        co_await async::sleep_for(next - std::chrono::steady_clock::now());
        // A node that does not answer now may the next time; the chain then simply pauses.
        static_cast<void>(co_await step());
    }
}

// ---- beacon blocks
// ----------------------------------------------------------------------------------------------------

void Sealer::make_genesis(const ExecutionBlock& block) {
    network_.genesis_time = block.timestamp;
    state_.emplace(network_, keys_, root_of(block.payload, ExecutionLayout::kDeneb));
    state_->set_committees(committee(0).root, committee(1).root);
    finish_block(state_->latest_header(), make_empty_payload(), empty_body_fields(network_));
}

void Sealer::make_block(const PayloadHeader& payload) {
    const std::uint64_t period = network_.period_of(state_->slot());
    state_->advance(network_, committee(period + 2).root);
    const Slot slot = state_->slot();
    DevnetBody body;
    body.randao_reveal =
        sign_as_proposer(slot, kDomainRandao, codec::chunk_of(network_.epoch_of(slot).value));
    std::copy(kGraffiti.begin(), kGraffiti.end(), body.graffiti.begin());
    body.aggregate = sign(blocks_.back(), slot);
    body.payload_root = root_of(payload, ExecutionLayout::kDeneb);
    const std::vector<Hash32> fields = body_fields(body);
    const BeaconHeader header{.slot = slot,
                              .proposer_index = slot.value % keys_.size(),
                              .parent_root = blocks_.back().root,
                              .state_root = {},
                              .body_root = codec::merkleize(fields)};
    state_->apply(network_, header, body.randao_reveal, body.payload_root);
    make_update(body.aggregate, slot);
    finish_block(header, payload, fields);
}

/// Puts the state's root into the header, and keeps the block with its branches.
void Sealer::finish_block(const BeaconHeader& header, const PayloadHeader& payload,
                          const std::vector<Hash32>& body) {
    const std::vector<Hash32> fields = state_->fields(network_);
    DevnetBlock block{.header = header,
                      .root = {},
                      .payload = payload,
                      .execution_branch = branch_of(body, kPayloadField),
                      .current_committee_branch = branch_of(fields, DevnetState::kCurrentCommitteeField),
                      .next_committee_branch = branch_of(fields, DevnetState::kNextCommitteeField),
                      .finality_branch = branch_of(fields, DevnetState::kFinalizedField),
                      .previous_justified = state_->previous_justified(),
                      .current_justified = state_->current_justified(),
                      .finalized = state_->finalized()};
    block.header.state_root = codec::merkleize(fields);
    block.root = root_of(block.header);
    // The root stands beside the epoch in the checkpoint.
    block.finality_branch.insert(block.finality_branch.begin(), codec::chunk_of(block.finalized.epoch.value));
    slot_by_root_.emplace(block.root, blocks_.size());
    blocks_.push_back(std::move(block));
}

bls::Signature Sealer::sign_as_proposer(Slot slot, std::uint8_t domain_type,
                                        const Hash32& object_root) const {
    const Fork& fork = network_.fork_at(slot);
    // Domains of one fork differ in the type, which is their first byte.
    Hash32 domain = sync_committee_domain(fork.version, network_.genesis_validators_root);
    domain[0] = domain_type;
    const auto signature = bls::sign(proposer_of(slot).secret, crypto::sha256_pair(object_root, domain));
    BUTTER_ASSERT(signature.has_value());
    return *signature;
}

SyncAggregate Sealer::sign(const DevnetBlock& attested, Slot signature_slot) {
    const DevnetCommittee& signers = committee(network_.period_of(signature_slot));
    SyncAggregate out;
    out.bits = {Bytes(kCommitteeSize / 8), kCommitteeSize};
    std::vector<bls::SecretKey> secrets;
    for (std::size_t i = 0; i < kCommitteeSize; ++i) {
        // Others are absent each time.
        if ((i + signature_slot.value) % kCommitteeSize < options_.absent) continue;
        out.bits.bytes[i / 8] = static_cast<std::uint8_t>(out.bits.bytes[i / 8] | 1u << (i % 8));
        secrets.push_back(keys_[signers.members[i]].secret);
    }
    const auto sum = bls::add_secret_keys(secrets);
    BUTTER_ASSERT(sum.has_value());
    const auto signature =
        bls::sign(*sum, sync_committee_signing_root(network_, attested.root, signature_slot));
    BUTTER_ASSERT(signature.has_value());
    out.signature = *signature;
    return out;
}

// ---- light-client objects
// ---------------------------------------------------------------------------------------------

LightClientHeader Sealer::to_light_client_header(const DevnetBlock& block) const {
    return {block.header, block.payload, block.execution_branch};
}

Bootstrap Sealer::make_bootstrap(const DevnetBlock& block) {
    return {to_light_client_header(block), committee(network_.period_of(block.header.slot)).committee,
            block.current_committee_branch};
}

/// create_light_client_update of the newest block, which `aggregate` signs.
void Sealer::make_update(const SyncAggregate& aggregate, Slot signature_slot) {
    const DevnetBlock& attested = blocks_.back();
    const std::uint64_t period = network_.period_of(attested.header.slot);
    Update update;
    update.attested = to_light_client_header(attested);
    update.next_committee = committee(period + 1).committee;
    update.next_committee_branch = attested.next_committee_branch;
    const auto it = slot_by_root_.find(attested.finalized.root);
    if (it != slot_by_root_.end()) {
        update.finalized = to_light_client_header(blocks_[it->second]);
        update.finality_branch = attested.finality_branch;
    }
    update.aggregate = aggregate;
    update.signature_slot = signature_slot;
    if (updates_.size() <= period) updates_.resize(period + 1);
    std::optional<Update>& best = updates_[period];
    if (!best || is_better_update(network_, update, *best)) best = update;
    last_update_ = std::move(update);
}

rpc::JsonObject Sealer::parameters() const {
    rpc::JsonArray forks;
    for (const Fork& fork : network_.forks)
        forks.push_back(rpc::JsonObject{
            {"name", fork.name}, {"epoch", fork.epoch.value}, {"version", encode_hex(fork.version)}});
    return {{"genesis_validators_root", encode_hex(network_.genesis_validators_root)},
            {"genesis_time", network_.genesis_time.value},
            {"seconds_per_slot", network_.seconds_per_slot},
            {"slots_per_epoch", network_.slots_per_epoch},
            {"epochs_per_period", network_.epochs_per_period},
            {"committee_size", network_.committee_size},
            {"forks", std::move(forks)},
            {"checkpoint", encode_hex(finalized().root)},
            // What anvil has, on which the chains that verify this one run too.
            {"bls_precompiles", "final"}};
}

}  // namespace butter::ethereum
