// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>

#include "butter/selftest/beacon.hpp"
#include "butter/selftest/files.hpp"
#include "butter/selftest/sets.hpp"

// The sets lc_mainnet and lc_sepolia, and any other "lc_<network>": objects of the light-client API of a
// public beacon chain.

namespace butter::selftest {
namespace {

using namespace beacon;

/// The files of the set, by what is in them.
struct Files {
    std::map<std::string, VectorFile> by_name;
    const Json* network = nullptr;  ///< {genesis_validators_root, forks}
    std::string network_name;
    const Json* expected = nullptr;  ///< {object's file: facts}
    std::string expected_name;
    std::vector<std::string> mutations;  ///< [{base, ops}]
};

Files read_files(const std::filesystem::path& folder, Report& report) {
    Files out;
    for (const std::string& name : list_files(folder)) {
        if (auto file = read_file(folder, name, report)) out.by_name.emplace(name, std::move(*file));
    }
    for (const auto& [name, file] : out.by_name) {
        if (has_members(file.json, {"genesis_validators_root", "forks"})) {
            out.network = &file.json;
            out.network_name = name;
        } else if (is_map_of(file.json, {"kind"})) {
            out.expected = &file.json;
            out.expected_name = name;
        } else if (is_list_of(file.json, {"base", "ops"})) {
            out.mutations.push_back(name);
        }
    }
    return out;
}

const Json* find_facts(const Files& files, std::string_view name) {
    return files.expected != nullptr ? rpc::find_member(*files.expected, name) : nullptr;
}

const Json* find_data(const Files& files, const std::string& name) {
    const auto file = files.by_name.find(name);
    return file != files.by_name.end() ? rpc::find_member(file->second.json, "data") : nullptr;
}

/// "file.json#/json/pointer", or a whole file; null when it is not there.
const Json* find_part(const Files& files, const std::string& part) {
    const std::size_t hash = part.find('#');
    const auto file = files.by_name.find(part.substr(0, hash));
    if (file == files.by_name.end() || !file->second.is_json) return nullptr;
    if (hash == std::string::npos) return &file->second.json;
    boost::system::error_code error;
    return file->second.json.find_pointer(part.substr(hash + 1), error);
}

/// Judges a set. Committees are checked once, however many objects they sign.
class ObjectJudge {
  public:
    ObjectJudge(Report& report, const Files& files, BeaconNetwork network)
        : report_(report), files_(files), network_(std::move(network)) {}

    void judge_all();

  private:
    const CheckedCommittee* find_committee_at(Case& judged, const std::string& part);
    void judge_object(const std::string& name, const Json& data);
    void judge_bootstrap(Case& judged, const Json& data, const Json& facts);
    void judge_update(Case& judged, const std::string& name, const Json& data, const Json& facts);
    void judge_ssz(const std::string& name, const VectorFile& file);
    void judge_mutation(Case& judged, const Json& vector);
    BeaconNetwork network_of_case(Case& judged, const Json& vector, std::string& signers);

    Report& report_;
    const Files& files_;
    BeaconNetwork network_;
    std::map<std::string, CheckedCommittee> committees_;
};

const CheckedCommittee* ObjectJudge::find_committee_at(Case& judged, const std::string& part) {
    const auto known = committees_.find(part);
    if (known != committees_.end()) return &known->second;
    const Json* json = find_part(files_, part);
    if (json == nullptr) {
        judged.fail("no committee at " + part);
        return nullptr;
    }
    auto committee = take_committee(judged, network_, *json);
    if (!committee) return nullptr;
    return &committees_.emplace(part, std::move(*committee)).first->second;
}

void ObjectJudge::judge_bootstrap(Case& judged, const Json& data, const Json& facts) {
    const auto bootstrap = take_bootstrap(judged, network_, data);
    if (!bootstrap) return;
    expect_bootstrap_facts(judged, network_, *bootstrap, facts);
    const Hash32 root = has_members(facts, {"blockRoot"}) ? judged.hash(facts, "blockRoot")
                                                          : root_of(bootstrap->header.beacon);
    judged.expect_ok("bootstrap", initialize_store(network_, root, *bootstrap));
    Hash32 other = root;
    other[0] ^= 1;
    const auto untrusted = initialize_store(network_, other, *bootstrap);
    judged.expect(!untrusted && untrusted.error().kind == Kind::kTrustedRoot,
                  "bootstrap: accepted under another root");
}

void ObjectJudge::judge_update(Case& judged, const std::string& name, const Json& data, const Json& facts) {
    const auto kind_text = rpc::find_text(facts, "kind");
    const auto kind = kind_text ? kind_of(*kind_text) : kind_of_update(data);
    if (!kind) return judged.skip("object of an unknown kind");
    const auto update = take_update(judged, network_, data, *kind);
    if (!update) return;
    expect_update_facts(judged, network_, *update, facts);
    const auto signers = rpc::find_text(facts, "signedBy");
    if (signers) {
        const CheckedCommittee* committee = find_committee_at(judged, std::string(*signers));
        if (committee == nullptr) return;
        if (has_members(facts, {"committeeRoot"})) {
            judged.expect_equal("committeeRoot", committee->root, judged.bytes(facts, "committeeRoot"));
        }
        expect_verified(judged, network_, *update, *committee);
        return;
    }
    // The set does not have the committee that signed.
    const std::string own = name + "#/data/next_sync_committee";
    if (find_part(files_, own) == nullptr) return judged.skip("the set lacks the committee that signed");
    const CheckedCommittee* any = find_committee_at(judged, own);
    if (any != nullptr) expect_all_but_signature(judged, network_, *update, *any);
}

void ObjectJudge::judge_object(const std::string& name, const Json& data) {
    const Json* facts = find_facts(files_, name);
    const Json none = JsonObject{};
    Case judged(report_, name, "");
    if (has_members(data, {"current_sync_committee"})) {
        judge_bootstrap(judged, data, facts != nullptr ? *facts : none);
    } else {
        judge_update(judged, name, data, facts != nullptr ? *facts : none);
    }
}

/// The same object as the JSON of that name.
void ObjectJudge::judge_ssz(const std::string& name, const VectorFile& file) {
    const Json* data = find_data(files_, name.substr(0, name.size() - 4) + ".json");
    if (data == nullptr) return report_.skip(name, "", "SSZ of no object that the set has as JSON");
    Case judged(report_, name, "");
    const BytesView bytes = as_bytes(file.text);
    if (has_members(*data, {"current_sync_committee"})) {
        const auto bootstrap = judged.take("JSON", decode_bootstrap_json(network_, *data));
        if (!bootstrap) return;
        judged.expect_equal("SSZ", encode_bootstrap(network_, *bootstrap), bytes);
        judged.expect(judged.take("SSZ", decode_bootstrap(network_, bytes)) == bootstrap,
                      "SSZ: another object");
    } else {
        const UpdateKind kind = kind_of_update(*data);
        const auto update = judged.take("JSON", decode_update_json(network_, *data, kind));
        if (!update) return;
        judged.expect_equal("SSZ", encode_update(network_, *update, kind), bytes);
        judged.expect(judged.take("SSZ", decode_update(network_, bytes, kind)) == update,
                      "SSZ: another object");
    }
}

// --- What must fail

/// Why an object is refused: by the decoder or by the light client.
struct Refusal {
    std::optional<ObjectError> object;
    std::optional<LightClientError> client;

    friend bool operator==(const Refusal& a, const Refusal& b) {
        if (a.object || b.object) return a.object == b.object;
        return a.client->kind == b.client->kind;
    }
};
std::string to_string(const Refusal& refusal) {
    return refusal.object ? std::string(to_string(*refusal.object)) : to_string(*refusal.client);
}
Refusal refusal_of(ObjectError error) { return {error, std::nullopt}; }
Refusal refusal_of(Kind kind) { return {std::nullopt, LightClientError{.kind = kind}}; }

/// The program's reasons for what the checker of the vectors says. It looks at things in its own order; where
/// one change breaks several, either may come first.
std::vector<Refusal> expected_refusals(std::string_view reason) {
    if (reason.starts_with("decode")) {
        return {refusal_of(ObjectError::kBranchLength), refusal_of(ObjectError::kJson),
                refusal_of(ObjectError::kCommitteeSize), refusal_of(ObjectError::kExtraData)};
    }
    // Its cryptography throws where a point is none.
    if (reason.starts_with("exception")) {
        return {refusal_of(Kind::kSignaturePoint), refusal_of(Kind::kCommitteeKey),
                refusal_of(Kind::kAggregateKey)};
    }
    if (reason == "no participants") return {refusal_of(Kind::kNoParticipants)};
    if (reason == "signature") return {refusal_of(Kind::kSignature)};
    if (reason == "slot order") return {refusal_of(Kind::kSlotOrder)};
    if (reason == "finality branch") {
        return {refusal_of(Kind::kFinalityBranch), refusal_of(Kind::kFinalizedHeader)};
    }
    if (reason == "next sync committee branch") return {refusal_of(Kind::kNextCommitteeBranch)};
    if (reason == "execution branch") {
        return {refusal_of(Kind::kHeader), refusal_of(Kind::kFinalizedHeader)};
    }
    if (reason == "sync committee branch") {
        return {refusal_of(Kind::kCommitteeBranch), refusal_of(Kind::kTrustedRoot)};
    }
    return {};
}

/// The place in a list that a token names; absent when it is none of its places.
std::optional<std::size_t> index_in(const JsonArray& array, std::string_view token) {
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
    if (error != std::errc{} || end != token.data() + token.size() || index >= array.size())
        return std::nullopt;
    return index;
}

/// Replaces, removes (null) or appends ("-") what the pointer names.
bool mutate(Json& data, const std::string& pointer, const Json& value) {
    const std::size_t slash = pointer.rfind('/');
    if (slash == std::string::npos) return false;
    boost::system::error_code error;
    Json* parent = data.find_pointer(pointer.substr(0, slash), error);
    const std::string token = pointer.substr(slash + 1);
    if (parent == nullptr) return false;
    if (JsonArray* array = parent->if_array()) {
        if (token == "-") {
            array->push_back(value);
            return true;
        }
        const auto index = index_in(*array, token);
        if (!index) return false;
        if (value.is_null()) {
            array->erase(array->begin() + static_cast<std::ptrdiff_t>(*index));
        } else {
            (*array)[*index] = value;
        }
        return true;
    }
    JsonObject* object = parent->if_object();
    if (object == nullptr || !object->contains(token)) return false;
    if (value.is_null()) {
        object->erase(token);
    } else {
        (*object)[token] = value;
    }
    return true;
}

/// "0x11..11" stands for 32 bytes of 0x11.
std::optional<Hash32> hash_of_text(std::string_view text) {
    const std::size_t dots = text.find("..");
    if (dots == std::string_view::npos) {
        const auto hash = decode_hex_fixed<32>(text);
        return hash ? std::optional(*hash) : std::nullopt;
    }
    const auto byte = decode_hex_fixed<1>(text.substr(0, dots));
    if (!byte) return std::nullopt;
    Hash32 out;
    out.bytes.fill((*byte)[0]);
    return out;
}

/// The network as a case's `context` changes it: "network.json forks.NAME.version := 0x..",
/// "genesis_validators_root := 0x..", or "use update.MEMBER as signing committee", which changes `signers`.
BeaconNetwork ObjectJudge::network_of_case(Case& judged, const Json& vector, std::string& signers) {
    BeaconNetwork network = network_;
    if (!has_members(vector, {"context"})) return network;
    const std::string context = judged.text(vector, "context");
    const auto value_after = [&](std::string_view words) -> std::optional<std::string> {
        const std::size_t at = context.find(words);
        if (at == std::string::npos) return std::nullopt;
        const std::string rest = context.substr(at + words.size());
        return rest.substr(0, rest.find_first_of(". "));
    };
    const std::size_t assign = context.find(":= ");
    const std::string value = assign == std::string::npos ? std::string() : context.substr(assign + 3);
    if (const auto name = value_after("forks.")) {
        const auto fork = std::find_if(network.forks.begin(), network.forks.end(),
                                       [&](const Fork& candidate) { return candidate.name == *name; });
        const auto version = decode_hex_fixed<4>(value);
        if (fork == network.forks.end() || !version) judged.skip("context of an unknown meaning: " + context);
        if (fork != network.forks.end() && version) fork->version = *version;
    } else if (context.starts_with("genesis_validators_root")) {
        const auto root = hash_of_text(value);
        if (root) network.genesis_validators_root = *root;
        if (!root) judged.skip("context of an unknown meaning: " + context);
    } else if (const auto member = value_after("use update.");
               member && context.ends_with("signing committee")) {
        signers = judged.text(vector, "base") + "#/data/" + *member;
    } else {
        judged.skip("context of an unknown meaning: " + context);
    }
    return network;
}

void ObjectJudge::judge_mutation(Case& judged, const Json& vector) {
    const std::string base = judged.text(vector, "base");
    const Json* original = find_data(files_, base);
    if (original == nullptr) return judged.fail("no object at base");
    const Json* facts = find_facts(files_, base);
    if (facts == nullptr) return judged.fail("no facts about base");
    std::string signers(rpc::find_text(*facts, "signedBy").value_or(""));
    const BeaconNetwork network = network_of_case(judged, vector, signers);
    Json data = *original;
    for (const Json& op : judged.array(vector, "ops")) {
        const std::string path = judged.text(op, "path");
        judged.expect(mutate(data, path, judged.member(op, "value")), "nothing at " + path);
    }
    const std::vector<Refusal> expected =
        expected_refusals(rpc::find_text(vector, "independentRejectReason").value_or(""));
    if (!judged.is_ok()) return;
    const auto judge = [&]() -> Result<void, Refusal> {
        if (has_members(*original, {"current_sync_committee"})) {
            const auto bootstrap = decode_bootstrap_json(network, data);
            if (!bootstrap) return std::unexpected(refusal_of(bootstrap.error()));
            const auto store = initialize_store(network, judged.hash(*facts, "blockRoot"), *bootstrap);
            if (!store) return std::unexpected(Refusal{std::nullopt, store.error()});
            return {};
        }
        const auto update = decode_update_json(network, data, kind_of_update(*original));
        if (!update) return std::unexpected(refusal_of(update.error()));
        const CheckedCommittee* committee = find_committee_at(judged, signers);
        if (committee == nullptr) return {};
        // The committee is that of the object as it was, whatever its slots say now.
        Store store = store_before(network, Slot{judged.u64(*facts, "signatureSlot")}, *committee);
        const auto processed = process_update(network, store, *update, kFarFuture);
        if (!processed) return std::unexpected(Refusal{std::nullopt, processed.error()});
        return {};
    };
    const Result<void, Refusal> answer = judge();
    if (judged.is_ok()) judged.expect_error("object", answer, expected);
}

void ObjectJudge::judge_all() {
    for (const auto& [name, file] : files_.by_name) {
        if (!file.is_json && name.ends_with(".ssz")) {
            judge_ssz(name, file);
        } else if (name == files_.network_name || name == files_.expected_name) {
            continue;
        } else if (is_list_of(file.json, {"base", "ops"})) {
            for (std::size_t i = 0; i < file.json.get_array().size(); ++i) {
                const Json& vector = file.json.get_array()[i];
                Case judged(
                    report_, name,
                    std::string(rpc::find_text(vector, "base").value_or("")) + " " + name_of(vector, i));
                judge_mutation(judged, vector);
            }
        } else if (const Json* data = rpc::find_member(file.json, "data");
                   data != nullptr && (has_members(*data, {"header", "current_sync_committee"}) ||
                                       has_members(*data, {"attested_header", "sync_aggregate"}))) {
            judge_object(name, *data);
        } else if (has_members(file.json, {"pubkeys", "aggregate_pubkey"})) {
            Case judged(report_, name, "");
            find_committee_at(judged, name);
        } else {
            report_.skip(name, "", "file of no shape that this set knows");
        }
    }
    if (files_.expected == nullptr) return;
    for (const auto& [name, facts] : files_.expected->get_object()) {
        if (!files_.by_name.contains(std::string(name))) {
            report_.fail(files_.expected_name, std::string(name), "no such file");
        }
    }
}

}  // namespace

void run_lc_objects(const std::filesystem::path& folder, Report& report) {
    const Files files = read_files(folder, report);
    if (files.network == nullptr) {
        report.fail("", "", "no file with genesis_validators_root and forks");
        return;
    }
    BeaconNetwork network;
    {
        Case judged(report, files.network_name, "");
        network = network_of(judged, *files.network);
        if (!judged.is_ok()) return;
    }
    ObjectJudge(report, files, std::move(network)).judge_all();
}

}  // namespace butter::selftest
