// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "butter/crypto/keccak.hpp"
#include "butter/selftest/beacon.hpp"
#include "butter/selftest/beacon_block.hpp"
#include "butter/selftest/chain_json.hpp"
#include "butter/selftest/files.hpp"
#include "butter/selftest/sets.hpp"

namespace butter::selftest {
namespace {

using namespace beacon;

/// Answers of a beacon node and its execution node about one chain, in one folder, by the names that
/// PROVENANCE.md lists.
class Capture {
  public:
    Capture(Report& report, const std::filesystem::path& folder, std::string name)
        : report_(report), name_(std::move(name)) {
        for (const std::string& file_name : list_files(folder)) {
            Report broken;
            broken.begin_set("");
            auto file = read_file(folder, file_name, broken);
            if (!file) {
                report_.fail(name_ + "/" + file_name, "", broken.sets()[0].failures[0].reason);
                continue;
            }
            files_.emplace(file_name, std::move(*file));
        }
    }

    void judge_all();

  private:
    /// Null when there is no such file, or a broken one, which has failed already.
    const Json* find(const std::string& file) const {
        const auto found = files_.find(file);
        return found != files_.end() ? &found->second.json : nullptr;
    }
    std::string path_of(std::string_view file) const { return name_ + "/" + std::string(file); }
    /// Judges the file, if it is there.
    template <class Judge>
    void judge_file(const std::string& file, Judge judge) {
        const auto found = files_.find(file);
        if (found == files_.end()) return;
        judged_.push_back(file);
        Case judged(report_, path_of(file), "");
        judge(judged, found->second.json);
    }

    bool judge_network();
    void judge_bootstrap();
    void judge_fork_schedule(Case& judged, const Json& schedule);
    void judge_update(Case& judged, const Json& data, UpdateKind kind);
    void judge_updates();
    void judge_finality_update(Case& judged, const Json& answer);
    std::optional<Hash32> judge_block(Case& judged, const Json& answer);
    void judge_blocks();
    void judge_ancestry(Case& judged, const Json& headers);
    void judge_execution_block(Case& judged, const Json& block);
    void judge_execution();
    void judge_receipt_proof(Case& judged, const Json& proof, const Json& block);

    Report& report_;
    std::string name_;
    std::map<std::string, VectorFile> files_;
    std::vector<std::string> judged_;
    BeaconNetwork network_;
    Committees committees_;
    std::optional<Hash32> beacon_block_root_;
    std::optional<BeaconHeader> finalized_;
};

bool Capture::judge_network() {
    const Json* genesis = find("genesis.json");
    const Json* answer = find("spec.json");
    judged_.insert(judged_.end(), {"genesis.json", "spec.json"});
    Case judged(report_, path_of("spec.json"), "");
    if (genesis == nullptr || answer == nullptr) {
        judged.fail("no genesis.json and spec.json");
        return false;
    }
    network_ = network_of_config(judged, *answer, judged.hash(*genesis, "genesis_validators_root"));
    network_.genesis_time = UnixSeconds{judged.u64(*genesis, "genesis_time")};
    return judged.is_ok();
}

/// [{current_version, epoch}]: of several at one epoch the last one rules.
void Capture::judge_fork_schedule(Case& judged, const Json& schedule) {
    std::map<std::uint64_t, FixedBytes<4>> versions;
    for (const Json& fork : judged.array_of(schedule, "fork_schedule")) {
        versions[judged.u64(fork, "epoch")] = judged.fixed<4>(fork, "current_version");
    }
    versions.erase(~std::uint64_t{0});
    for (const auto& [epoch, version] : versions) {
        judged.expect_equal("version at epoch " + std::to_string(epoch),
                            network_.fork_at(Epoch{epoch}).version, version);
    }
}

void Capture::judge_bootstrap() {
    judge_file("bootstrap.json", [&](Case& judged, const Json& answer) {
        const auto bootstrap = take_bootstrap(judged, network_, judged.member(answer, "data"));
        if (!bootstrap) return;
        Hash32 root = root_of(bootstrap->header.beacon);
        if (const Json* trusted = find("trusted_block_root.json")) {
            root = judged.fixed_of<32>(*trusted, "trusted_block_root");
        }
        const auto store = judged.take("bootstrap", initialize_store(network_, root, *bootstrap));
        if (!store) return;
        committees_.emplace(network_.period_of(bootstrap->header.beacon.slot), store->current_committee);
    });
    if (find("trusted_block_root.json") != nullptr) judged_.push_back("trusted_block_root.json");
}

void Capture::judge_update(Case& judged, const Json& data, UpdateKind kind) {
    const auto update = take_update(judged, network_, data, kind);
    if (!update) return;
    const auto committee = committees_.find(network_.period_of(update->signature_slot));
    if (committee != committees_.end()) {
        expect_verified(judged, network_, *update, committee->second);
    } else if (!committees_.empty()) {
        // Signed by a committee of another period than the bootstrap's, which nothing here proves.
        expect_all_but_signature(judged, network_, *update, committees_.begin()->second);
    } else {
        judged.fail("no committee of a bootstrap");
    }
    if (!judged.is_ok() || !update->next_committee || committee == committees_.end()) return;
    const auto next = judged.take("next committee", check_committee(*update->next_committee));
    if (next) committees_.emplace(network_.period_of(update->attested.beacon.slot) + 1, *next);
}

void Capture::judge_updates() {
    const Json* updates = find("updates.json");
    judged_.push_back("updates.json");
    if (updates == nullptr) return;
    if (!updates->is_array()) return report_.fail(path_of("updates.json"), "", "not a list");
    for (std::size_t i = 0; i < updates->get_array().size(); ++i) {
        Case judged(report_, path_of("updates.json"), "#" + std::to_string(i));
        judge_update(judged, judged.member(updates->get_array()[i], "data"), UpdateKind::kFull);
    }
}

void Capture::judge_finality_update(Case& judged, const Json& answer) {
    // A node that has none answers with an error, which must not pass for an update.
    if (has_members(answer, {"code", "message"})) {
        return judged.expect_error("finality update",
                                   decode_update_json(network_, answer, UpdateKind::kFinality),
                                   {ObjectError::kJson});
    }
    const Json& data = judged.member(answer, "data");
    judge_update(judged, data, UpdateKind::kFinality);
    const auto update = decode_update_json(network_, data, UpdateKind::kFinality);
    if (update && update->finalized) finalized_ = update->finalized->beacon;
}

/// The block's root; the header that the API would show has the same.
std::optional<Hash32> Capture::judge_block(Case& judged, const Json& answer) {
    const Json& message = judged.member(judged.member(answer, "data"), "message");
    const Slot slot{judged.u64(message, "slot")};
    if (!judged.is_ok()) return std::nullopt;
    const NamedType type = block_type(judged, network_, slot, *find("spec.json"));
    const Bytes ssz = encode_json(judged, type, message);
    if (!judged.is_ok()) return std::nullopt;
    const auto root = judged.take("block", codec::hash_tree_root(type.type, ssz));
    const std::size_t body = type.elements.size() - 1;
    const auto body_root =
        judged.take("body", codec::ssz_node(type.type, ssz, codec::field_gindex(type.type, body)));
    if (!root || !body_root) return std::nullopt;
    const BeaconHeader header{.slot = slot,
                              .proposer_index = judged.u64(message, "proposer_index"),
                              .parent_root = judged.hash(message, "parent_root"),
                              .state_root = judged.hash(message, "state_root"),
                              .body_root = *body_root};
    judged.expect_equal("root of the block's header", root_of(header), *root);
    return root;
}

void Capture::judge_blocks() {
    judge_file("beacon_block.json",
               [&](Case& judged, const Json& answer) { beacon_block_root_ = judge_block(judged, answer); });
    const auto ssz = files_.find("beacon_block.ssz");
    if (ssz != files_.end() && find("beacon_block.json") != nullptr) {
        judged_.push_back("beacon_block.ssz");
        Case judged(report_, path_of("beacon_block.ssz"), "");
        const Json& block = judged.member(*find("beacon_block.json"), "data");
        const Json& message = judged.member(block, "message");
        const NamedType type =
            block_type(judged, network_, Slot{judged.u64(message, "slot")}, *find("spec.json"));
        const Bytes encoded = encode_json(judged, type, message);
        // SignedBeaconBlock: the offset of the message, the signature, the message.
        Bytes expected;
        codec::append_ssz_uint(expected, 100, 4);
        append(expected, judged.fixed<96>(block, "signature"));
        append(expected, encoded);
        judged.expect_equal("SSZ", as_bytes(ssz->second.text), expected);
    }
    judge_file("finalized_block.json", [&](Case& judged, const Json& answer) {
        const auto root = judge_block(judged, answer);
        if (root && finalized_)
            judged.expect_equal("root of the finalised block", *root, root_of(*finalized_));
    });
    judge_file("head_block.json", [&](Case& judged, const Json& answer) { judge_block(judged, answer); });
    judge_file("ancestry_headers.json",
               [&](Case& judged, const Json& headers) { judge_ancestry(judged, headers); });
}

/// From the finalised header to the block with the transactions, each the parent of the one before.
void Capture::judge_ancestry(Case& judged, const Json& headers) {
    std::optional<BeaconHeader> previous;
    for (const Json& json : judged.array_of(headers, "ancestry_headers")) {
        const auto header = judged.take("header", decode_beacon_header_json(json));
        if (!header) return;
        if (previous) judged.expect_equal("parent_root", root_of(*header), previous->parent_root);
        if (!previous && finalized_) {
            judged.expect_equal("first header", root_of(*header), root_of(*finalized_));
        }
        previous = header;
    }
    if (!previous) return judged.fail("no headers");
    if (beacon_block_root_) {
        judged.expect_equal("last header", root_of(*previous), *beacon_block_root_);
    } else {
        judged.fail("no beacon block at the end");
    }
}

void Capture::judge_execution_block(Case& judged, const Json& block) {
    const eth::Header header = header_of(judged, block);
    judged.expect_equal("hash", eth::hash_of(header), judged.bytes(block, "hash"));
    const Json* answer = find("beacon_block.json");
    if (answer == nullptr) return;
    const Json& message = judged.member(judged.member(*answer, "data"), "message");
    const Json& payload = judged.member(judged.member(message, "body"), "execution_payload");
    judged.expect_equal("payload's block_hash", judged.bytes(payload, "block_hash"), eth::hash_of(header));
    judged.expect_equal("payload's receipts_root", judged.bytes(payload, "receipts_root"),
                        header.receipts_root);
    expect_list_root(judged, "root of the payload's transactions", judged.bytes_list(payload, "transactions"),
                     header.transactions_root);
}

void Capture::judge_receipt_proof(Case& judged, const Json& proof, const Json& block) {
    const Hash32 root = judged.hash(block, "receiptsRoot");
    const bool has_value = has_members(proof, {"value"});
    judged.expect_equal("root", judged.bytes(proof, has_members(proof, {"root"}) ? "root" : "receiptsRoot"),
                        root);
    const Bytes key = trie::list_key(judged.u64(proof, "txIndex"));
    if (has_members(proof, {"key"})) judged.expect_equal("key", key, judged.bytes(proof, "key"));
    const std::vector<Bytes> nodes = judged.bytes_list(proof, "proof");
    if (!judged.is_ok()) return;
    const auto value = judged.take("receipt proof", trie::verify_proof(root, key, nodes));
    if (!value) return;
    if (has_value) expect_proof(judged, "receipt proof", root, key, nodes, judged.bytes(proof, "value"));
    expect_receipt(judged, *value);
}

void Capture::judge_execution() {
    const Json* block = find("el_block.json");
    if (block == nullptr) return;
    judge_file("el_block.json", [&](Case& judged, const Json& json) { judge_execution_block(judged, json); });
    judge_file("el_raw_header.json", [&](Case& judged, const Json& json) {
        const auto header = judged.take("header", eth::decode_header(judged.bytes_of(json, "header")));
        if (header) judged.expect_equal("hash", eth::hash_of(*header), judged.bytes(*block, "hash"));
    });
    std::vector<Bytes> raw;
    judge_file("el_raw_receipts.json", [&](Case& judged, const Json& json) {
        for (const Json& receipt : judged.array_of(json, "receipts")) {
            raw.push_back(judged.bytes_of(receipt, "receipt"));
            expect_receipt(judged, raw.back());
        }
        expect_list_root(judged, "receiptsRoot", raw, judged.bytes(*block, "receiptsRoot"));
    });
    judge_file("el_receipts.json", [&](Case& judged, const Json& json) {
        std::vector<Bytes> encoded;
        for (const Json& receipt : judged.array_of(json, "receipts")) {
            encoded.push_back(eth::encode_receipt(receipt_of(judged, receipt)));
        }
        expect_list_root(judged, "receiptsRoot", encoded, judged.bytes(*block, "receiptsRoot"));
        judged.expect(raw.empty() || raw == encoded, "receipts: others than the raw ones");
    });
    judge_file("receipt_proof.json",
               [&](Case& judged, const Json& json) { judge_receipt_proof(judged, json, *block); });
    judge_file("eth_getProof.json", [&](Case& judged, const Json& json) {
        expect_get_proof(judged, judged.hash(*block, "stateRoot"), json);
    });
}

void Capture::judge_all() {
    if (!judge_network()) return;
    judge_file("fork_schedule.json",
               [&](Case& judged, const Json& schedule) { judge_fork_schedule(judged, schedule); });
    judge_bootstrap();
    judge_updates();
    judge_file("finality_update.json",
               [&](Case& judged, const Json& answer) { judge_finality_update(judged, answer); });
    judge_file("optimistic_update.json", [&](Case& judged, const Json& answer) {
        judge_update(judged, judged.member(answer, "data"), UpdateKind::kOptimistic);
    });
    judge_blocks();
    judge_execution();
    for (const auto& [file, contents] : files_) {
        if (std::find(judged_.begin(), judged_.end(), file) != judged_.end()) continue;
        if (file.ends_with("_state.ssz")) {
            report_.skip(path_of(file), "", "a light client reads no beacon states");
        } else if (file == "finality_checkpoints.json") {
            report_.skip(path_of(file), "", "a node's own view of finality, which nothing proves");
        } else {
            report_.skip(path_of(file), "", "file of no name that this set knows");
        }
    }
}

}  // namespace

void run_devnet_captures(const std::filesystem::path& folder, Report& report) {
    std::vector<std::string> names;
    std::error_code error;
    for (auto entry = std::filesystem::directory_iterator(folder, error);
         !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (entry->is_directory(error)) {
            names.push_back(name);
        } else if (name != "PROVENANCE.md" && name != "README.md") {
            report.skip(name, "", "a file beside the captures");
        }
    }
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) Capture(report, folder / name, name).judge_all();
}

}  // namespace butter::selftest
