// SPDX-License-Identifier: Apache-2.0
#include "butter/trie/trie.hpp"

#include <map>

#include "butter/codec/rlp.hpp"
#include "butter/crypto/keccak.hpp"
#include "butter/selftest/files.hpp"
#include "butter/selftest/sets.hpp"
#include "butter/trie/nibbles.hpp"

namespace butter::selftest {
namespace {

using trie::TrieError;

/// Text, or hex when it starts with 0x.
Bytes text_or_hex(Case& judged, const Json& value, std::string_view what) {
    const std::string text = judged.text_of(value, what);
    return text.starts_with("0x") ? judged.bytes_of(value, what) : to_bytes(as_bytes(text));
}

/// The entries left after a vector's insertions and deletions (null), in a list or an object.
std::map<Bytes, Bytes> entries_of(Case& judged, const Json& in) {
    std::map<Bytes, Bytes> out;
    const auto put = [&](const Json& key, const Json& value) {
        const Bytes key_bytes = text_or_hex(judged, key, "key");
        const Bytes value_bytes = value.is_null() ? Bytes() : text_or_hex(judged, value, "value");
        judged.expect(key_bytes.size() <= trie::kKeyBytesMax, "key: longer than a trie takes");
        if (value_bytes.empty()) {
            out.erase(key_bytes);
        } else {
            out[key_bytes] = value_bytes;
        }
    };
    if (const JsonObject* object = in.if_object()) {
        for (const auto& [key, value] : *object) put(Json(key), value);
        return out;
    }
    for (const Json& pair : judged.array_of(in, "in")) {
        const JsonArray& parts = judged.array_of(pair, "in");
        judged.expect(parts.size() == 2, "in: no pair of key and value");
        if (parts.size() == 2) put(parts[0], parts[1]);
    }
    return out;
}

/// {in, root}: the root of all entries, and a proof of each.
void judge_root(Case& judged, const Json& vector, bool is_secure) {
    std::map<Bytes, Bytes> entries = entries_of(judged, judged.member(vector, "in"));
    const Hash32 root = judged.hash(vector, "root");
    if (!judged.is_ok()) return;
    std::vector<trie::Entry> list;
    for (const auto& [key, value] : entries) {
        list.push_back({is_secure ? to_bytes(crypto::keccak256(key)) : key, value});
    }
    const trie::Trie built(list);
    judged.expect_equal("root", built.root(), root);
    for (const trie::Entry& entry : list) {
        const auto value = judged.take("proof", trie::verify_proof(root, entry.key, built.proof(entry.key)));
        if (value) judged.expect_equal("proven value", *value, entry.value);
    }
}

/// A node within its parent is shorter than the hash that would otherwise name it. A root is never within.
bool is_inlined(const Bytes& node) { return node.size() < Hash32::kSize; }

std::vector<Bytes> without_inlined(std::vector<Bytes> nodes) {
    if (!nodes.empty()) nodes.erase(std::remove_if(nodes.begin() + 1, nodes.end(), is_inlined), nodes.end());
    return nodes;
}

/// The reference of the node `encoded` to its child on the way to `key`, of which it takes what it consumes.
std::optional<codec::RlpItem> child_towards(BytesView encoded, trie::Nibbles& key) {
    auto reader = codec::decode_rlp_list(encoded);
    std::vector<codec::RlpItem> items;
    while (reader && !reader->is_done()) {
        const auto item = reader->next();
        if (!item) return std::nullopt;
        items.push_back(*item);
    }
    if (items.size() == 17 && !key.empty()) {
        const codec::RlpItem child = items[key[0]];
        key = key.after(1);
        return child;
    }
    const auto path = items.size() == 2 ? trie::decode_path(items[0].payload) : std::nullopt;
    if (!path || path->is_leaf || path->nibbles.common_prefix(key) != path->nibbles.size())
        return std::nullopt;
    key = key.after(path->nibbles.size());
    return items[1];
}

/// The proof as go-ethereum lists it: nodes that stand within their parents once more on their own.
std::vector<Bytes> with_inlined(const std::vector<Bytes>& nodes, BytesView key_bytes) {
    std::vector<Bytes> out;
    trie::Nibbles key(key_bytes);
    for (const Bytes& node : nodes) {
        out.push_back(node);
        auto child = child_towards(node, key);
        while (child && child->is_list) {
            out.push_back(to_bytes(child->encoded));
            child = child_towards(child->encoded, key);
        }
    }
    return out;
}

/// The verdict on a proof in go-ethereum's form.
Result<Bytes, TrieError> verify_listed(const Hash32& root, BytesView key, const std::vector<Bytes>& given) {
    const std::vector<Bytes> nodes = without_inlined(given);
    TRY(Bytes value, trie::verify_proof(root, key, nodes));
    const std::vector<Bytes> expected = with_inlined(nodes, key);
    if (given.size() > expected.size()) return std::unexpected(TrieError::kUnusedNodes);
    if (given.size() < expected.size()) return std::unexpected(TrieError::kMissingNode);
    if (given != expected) return std::unexpected(TrieError::kMalformedNode);
    return value;
}

/// What the revert of the contract that the vectors were made for says; none when it says nothing known.
std::vector<TrieError> expected_errors(std::string_view revert) {
    const auto says = [&](std::string_view words) { return revert.find(words) != std::string_view::npos; };
    if (says("share all nibbles")) return {TrieError::kKeyMismatch};
    // Where the wrong node is short, it is taken for one that repeats, and then one is missing.
    if (says("internal node hash")) return {TrieError::kHashMismatch, TrieError::kMissingNode};
    if (says("root hash")) return {TrieError::kHashMismatch};
    if (says("internal hash")) return {TrieError::kHashMismatch, TrieError::kMissingNode};
    if (says("DataRemainder") || says("data remainder")) return {TrieError::kMalformedNode};
    if (says("value length must be greater than zero")) return {TrieError::kNoValue};
    if (says("must be last node")) return {TrieError::kUnusedNodes};
    return {};
}

/// {root, key, proof, expect}: the value, or "reject".
void judge_proof(Case& judged, const Json& vector) {
    const Hash32 root = judged.hash(vector, "root");
    const Bytes key = judged.bytes(vector, "key");
    const std::vector<Bytes> nodes = judged.bytes_list(vector, "proof");
    const std::string expect = judged.text(vector, "expect");
    if (!judged.is_ok()) return;
    const auto answer = verify_listed(root, key, nodes);
    if (expect == "reject") {
        judged.expect_error("proof", answer,
                            expected_errors(rpc::find_text(vector, "upstreamRevert").value_or("")));
    } else if (judged.expect_ok("proof", answer)) {
        judged.expect_equal("value", *answer, judged.bytes(vector, "expect"));
    }
}

}  // namespace

void run_trie(const std::filesystem::path& folder, Report& report) {
    judge_files(folder, report, [&](const VectorFile& file) {
        if (is_map_of(file.json, {"in", "root"})) {
            const bool is_secure = file.plain_name().find("secure") != std::string::npos;
            for (const auto& [name, vector] : file.json.get_object()) {
                Case judged(report, file.name, std::string(name));
                judge_root(judged, vector, is_secure);
            }
        } else if (is_list_of(file.json, {"root", "key", "proof", "expect"})) {
            for (std::size_t i = 0; i < file.json.get_array().size(); ++i) {
                Case judged(report, file.name, name_of(file.json.get_array()[i], i));
                judge_proof(judged, file.json.get_array()[i]);
            }
        } else {
            return false;
        }
        return true;
    });
}

}  // namespace butter::selftest
