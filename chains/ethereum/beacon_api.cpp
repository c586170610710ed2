// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <limits>

#include "butter/base/hex.hpp"
#include "chains/ethereum/sealer.hpp"

/// The devnet's beacon API (ethereum/beacon-APIs v3): the routes that light clients use, and those that tell
/// how the chain stands.
namespace butter::ethereum {
namespace {

/// MAX_REQUEST_LIGHT_CLIENT_UPDATES
constexpr std::uint64_t kUpdatesMax = 128;
constexpr std::uint8_t kDomainProposer = 0x00;
constexpr std::string_view kReleasedForks[] = {"altair", "bellatrix", "capella", "deneb", "electra", "fulu"};

rpc::HttpResponse document(const rpc::Json& body) { return {.body = rpc::to_text(body)}; }

rpc::HttpResponse failure(unsigned status, std::string_view message) {
    return {.status = status, .body = rpc::to_text(rpc::JsonObject{{"code", status}, {"message", message}})};
}

std::optional<std::uint64_t> decimal_of(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
    return value;
}

std::optional<std::uint64_t> find_in_query(std::string_view query, std::string_view key) {
    while (!query.empty()) {
        const std::string_view pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), pair.size() + 1));
        if (pair.starts_with(key) && pair.substr(key.size()).starts_with('='))
            return decimal_of(pair.substr(key.size() + 1));
    }
    return std::nullopt;
}

/// What `pattern`, which has one '*', leaves for it in `path`.
std::optional<std::string_view> match(std::string_view path, std::string_view pattern) {
    const std::size_t star = pattern.find('*');
    const std::string_view before = pattern.substr(0, star);
    const std::string_view after = pattern.substr(star + 1);
    if (path.size() <= before.size() + after.size() || !path.starts_with(before) || !path.ends_with(after))
        return std::nullopt;
    const std::string_view out = path.substr(before.size(), path.size() - before.size() - after.size());
    if (out.contains('/')) return std::nullopt;
    return out;
}

rpc::Json to_json(const Checkpoint& checkpoint) {
    return rpc::JsonObject{{"epoch", std::to_string(checkpoint.epoch.value)},
                           {"root", encode_hex(checkpoint.root)}};
}

std::string upper(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    return out;
}

constexpr std::uint64_t kFarFutureEpoch = std::numeric_limits<std::uint64_t>::max();

/// Number of a released fork, which is the first byte of its version: 1 for Altair.
std::uint8_t number_of(std::string_view name) {
    return static_cast<std::uint8_t>(std::find(std::begin(kReleasedForks), std::end(kReleasedForks), name) -
                                     std::begin(kReleasedForks) + 1);
}

}  // namespace

async::Task<rpc::HttpResponse> Sealer::handle(rpc::HttpRequest request) { co_return answer(request); }

rpc::HttpResponse Sealer::answer(const rpc::HttpRequest& request) {
    if (request.method != "GET") return failure(405, "only GET");
    if (blocks_.empty()) return failure(503, "no genesis yet");
    const std::string_view target = request.path;
    const std::string_view path = target.substr(0, target.find('?'));
    const std::string_view query =
        path.size() == target.size() ? std::string_view() : target.substr(path.size() + 1);

    if (path == "/eth/v1/node/health") return {.body = ""};
    if (path == "/eth/v1/node/version")
        return document(rpc::JsonObject{{"data", rpc::JsonObject{{"version", "butter-devnet/0.1.0"}}}});
    if (path == "/eth/v1/node/syncing")
        return document(
            rpc::JsonObject{{"data", rpc::JsonObject{{"head_slot", std::to_string(head().header.slot.value)},
                                                     {"sync_distance", "0"},
                                                     {"is_syncing", false},
                                                     {"is_optimistic", false},
                                                     {"el_offline", false}}}});
    if (path == "/eth/v1/config/spec") return document(rpc::JsonObject{{"data", spec()}});
    if (path == "/eth/v1/config/fork_schedule") return document(rpc::JsonObject{{"data", fork_schedule()}});
    if (path == "/eth/v1/beacon/genesis")
        return document(rpc::JsonObject{
            {"data",
             rpc::JsonObject{{"genesis_time", std::to_string(network_.genesis_time.value)},
                             {"genesis_validators_root", encode_hex(network_.genesis_validators_root)},
                             {"genesis_fork_version", encode_hex(network_.forks.front().version)}}}});

    if (const auto id = match(path, "/eth/v1/beacon/light_client/bootstrap/*")) {
        const DevnetBlock* block = id->starts_with("0x") ? find_block(*id) : nullptr;
        if (block == nullptr) return failure(404, "LC bootstrap unavailable");
        return document(rpc::JsonObject{{"version", network_.fork_at(block->header.slot).name},
                                        {"data", ethereum::to_json(network_, make_bootstrap(*block))}});
    }
    if (path == "/eth/v1/beacon/light_client/updates") return answer_updates(query);
    if (path == "/eth/v1/beacon/light_client/finality_update") {
        if (!last_update_ || !last_update_->finalized) return failure(404, "No finality update available");
        return document(
            rpc::JsonObject{{"version", network_.fork_at(last_update_->attested.beacon.slot).name},
                            {"data", ethereum::to_json(network_, *last_update_, UpdateKind::kFinality)}});
    }
    if (path == "/eth/v1/beacon/light_client/optimistic_update") {
        if (!last_update_) return failure(404, "No optimistic update available");
        return document(
            rpc::JsonObject{{"version", network_.fork_at(last_update_->attested.beacon.slot).name},
                            {"data", ethereum::to_json(network_, *last_update_, UpdateKind::kOptimistic)}});
    }

    if (const auto id = match(path, "/eth/v1/beacon/headers/*")) {
        const DevnetBlock* block = find_block(*id);
        if (block == nullptr) return failure(404, "Block not found");
        return answer_header(*block);
    }
    if (const auto id = match(path, "/eth/v1/beacon/blocks/*/root")) {
        const DevnetBlock* block = find_block(*id);
        if (block == nullptr) return failure(404, "Block not found");
        return document(rpc::JsonObject{{"execution_optimistic", false},
                                        {"finalized", is_final(*block)},
                                        {"data", rpc::JsonObject{{"root", encode_hex(block->root)}}}});
    }
    if (const auto id = match(path, "/eth/v1/beacon/states/*/finality_checkpoints")) {
        const DevnetBlock* block = find_block(*id);
        if (block == nullptr) return failure(404, "State not found");
        return document(rpc::JsonObject{
            {"execution_optimistic", false},
            {"finalized", is_final(*block)},
            {"data", rpc::JsonObject{{"previous_justified", to_json(block->previous_justified)},
                                     {"current_justified", to_json(block->current_justified)},
                                     {"finalized", to_json(block->finalized)}}}});
    }
    return failure(404, "Not Found: no route " + std::string(path));
}

/// "head", "genesis", "finalized", "justified", a slot, or a root.
const DevnetBlock* Sealer::find_block(std::string_view id) const {
    if (id == "head") return &head();
    if (id == "genesis") return &blocks_.front();
    if (id == "finalized") return &finalized();
    std::optional<Hash32> root;
    if (id == "justified") {
        root = head().current_justified.root;
        if (root->is_zero()) return &blocks_.front();
    } else if (id.starts_with("0x")) {
        const auto bytes = decode_hex_fixed<32>(id);
        if (!bytes) return nullptr;
        root = *bytes;
    }
    if (root) {
        const auto it = slot_by_root_.find(*root);
        return it == slot_by_root_.end() ? nullptr : &blocks_[it->second];
    }
    const auto slot = decimal_of(id);
    return slot && *slot < blocks_.size() ? &blocks_[*slot] : nullptr;
}

bool Sealer::is_final(const DevnetBlock& block) const noexcept {
    return block.header.slot <= finalized().header.slot;
}

rpc::HttpResponse Sealer::answer_updates(std::string_view query) {
    const auto start = find_in_query(query, "start_period");
    const auto count = find_in_query(query, "count");
    if (!start || !count || *count == 0) return failure(400, "start_period and count must be numbers");
    rpc::JsonArray out;
    for (std::uint64_t period = *start;
         period < updates_.size() && out.size() < std::min(*count, kUpdatesMax); ++period) {
        const std::optional<Update>& update = updates_[period];
        if (!update) continue;
        out.push_back(rpc::JsonObject{{"version", network_.fork_at(update->attested.beacon.slot).name},
                                      {"data", ethereum::to_json(network_, *update, UpdateKind::kFull)}});
    }
    return document(out);
}

rpc::HttpResponse Sealer::answer_header(const DevnetBlock& block) {
    const bls::Signature signature = sign_as_proposer(block.header.slot, kDomainProposer, block.root);
    return document(rpc::JsonObject{
        {"execution_optimistic", false},
        {"finalized", is_final(block)},
        {"data", rpc::JsonObject{{"root", encode_hex(block.root)},
                                 {"canonical", true},
                                 {"header", rpc::JsonObject{{"message", ethereum::to_json(block.header)},
                                                            {"signature", encode_hex(signature)}}}}}});
}

rpc::Json Sealer::spec() const {
    rpc::JsonObject out{
        {"CONFIG_NAME", "butter-devnet"},
        {"PRESET_BASE", "mainnet"},
        {"SECONDS_PER_SLOT", std::to_string(network_.seconds_per_slot)},
        {"SLOTS_PER_EPOCH", std::to_string(network_.slots_per_epoch)},
        {"EPOCHS_PER_SYNC_COMMITTEE_PERIOD", std::to_string(network_.epochs_per_period)},
        {"SYNC_COMMITTEE_SIZE", std::to_string(network_.committee_size)},
        {"MIN_SYNC_COMMITTEE_PARTICIPANTS", "1"},
        {"GENESIS_FORK_VERSION", encode_hex(network_.forks.front().version)},
        {"DOMAIN_SYNC_COMMITTEE", "0x07000000"},
    };
    // The forks before the first one of this chain began with it; later ones never do.
    for (const std::string_view name : kReleasedForks) {
        const Fork& first = network_.forks.front();
        FixedBytes<4> version = first.version;
        version[0] = number_of(name);
        std::uint64_t epoch = number_of(name) < number_of(first.name) ? 0 : kFarFutureEpoch;
        for (const Fork& fork : network_.forks) {
            if (fork.name == name) {
                version = fork.version;
                epoch = fork.epoch.value;
            }
        }
        out[upper(name) + "_FORK_VERSION"] = encode_hex(version);
        out[upper(name) + "_FORK_EPOCH"] = std::to_string(epoch);
    }
    return out;
}

rpc::Json Sealer::fork_schedule() const {
    rpc::JsonArray out;
    FixedBytes<4> previous = network_.forks.front().version;
    for (const Fork& fork : network_.forks) {
        out.push_back(rpc::JsonObject{{"previous_version", encode_hex(previous)},
                                      {"current_version", encode_hex(fork.version)},
                                      {"epoch", std::to_string(fork.epoch.value)}});
        previous = fork.version;
    }
    return out;
}

}  // namespace butter::ethereum
