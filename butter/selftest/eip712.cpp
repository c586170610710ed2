// SPDX-License-Identifier: Apache-2.0
#include "butter/crypto/secp256k1.hpp"
#include "butter/eth/typed_data.hpp"
#include "butter/selftest/abi_json.hpp"
#include "butter/selftest/files.hpp"
#include "butter/selftest/sets.hpp"

namespace butter::selftest {
namespace {

using codec::AbiValue;

eth::TypedStructs structs_of(Case& judged, const Json& vector) {
    eth::TypedStructs out;
    for (const auto& [name, fields] : judged.object(vector, "types")) {
        std::vector<eth::TypedField>& added = out[std::string(name)];
        for (const Json& field : judged.array_of(fields, name)) {
            added.push_back({judged.text(field, "name"), judged.text(field, "type")});
        }
    }
    return out;
}

/// The depth is that of the JSON, which the parser bounds.
AbiValue value_of(Case& judged, const eth::TypedStructs& structs, std::string_view type, const Json& json) {
    if (type.ends_with(']')) {
        std::vector<AbiValue> elements;
        for (const Json& element : judged.array_of(json, "array")) {
            elements.push_back(value_of(judged, structs, type.substr(0, type.rfind('[')), element));
        }
        return AbiValue::array(std::move(elements));
    }
    if (const auto found = structs.find(type); found != structs.end()) {
        std::vector<AbiValue> members;
        if (!json.is_object()) {
            judged.fail("struct: not an object");
            return {};
        }
        for (const eth::TypedField& field : found->second) {
            members.push_back(value_of(judged, structs, field.type, judged.member(json, field.name)));
        }
        return AbiValue::tuple(std::move(members));
    }
    const auto elementary = judged.take("type", codec::parse_abi_type(type));
    return elementary ? abi_value_of(judged, *elementary, json) : AbiValue{};
}

eth::TypedDomain domain_of(Case& judged, const Json& vector) {
    eth::TypedDomain out;
    const Json& domain = judged.member(vector, "domain");
    for (const auto& [key, value] : judged.object(vector, "domain")) {
        if (key == "name") {
            out.name = judged.text_of(value, key);
        } else if (key == "version") {
            out.version = judged.text_of(value, key);
        } else if (key == "chainId") {
            out.chain_id = judged.number_of(value, key);
        } else if (key == "verifyingContract") {
            out.verifying_contract = judged.fixed<20>(domain, key);
        } else if (key == "salt") {
            out.salt = judged.hash(domain, key);
        } else {
            judged.fail("domain with an unknown member");
        }
    }
    return out;
}

void judge(Case& judged, const Json& vector) {
    const eth::TypedStructs structs = structs_of(judged, vector);
    const std::string primary = judged.text(vector, "primaryType");
    const AbiValue value = value_of(judged, structs, primary, judged.member(vector, "data"));
    const eth::TypedDomain domain = domain_of(judged, vector);
    if (!judged.is_ok()) return;
    const auto encoded = judged.take("encoding", eth::encode_data(structs, primary, value));
    const auto hash = judged.take("hash", eth::hash_struct(structs, primary, value));
    if (!encoded || !hash) return;
    if (has_members(vector, {"encoded"})) {
        judged.expect_equal("encoding", *encoded, judged.bytes(vector, "encoded"));
    }
    const Hash32 digest = eth::typed_data_digest(eth::domain_separator(domain), *hash);
    judged.expect_equal("digest", digest, judged.bytes(vector, "digest"));
    if (!has_members(vector, {"privateKey", "signature"})) return;
    const auto signature = judged.take("signature", crypto::sign(digest, judged.hash(vector, "privateKey")));
    if (!signature) return;
    const std::uint8_t v[] = {static_cast<std::uint8_t>(27 + signature->recovery_id)};
    judged.expect_equal("signature", concat({signature->r, signature->s, v}),
                        judged.bytes(vector, "signature"));
}

}  // namespace

void run_eip712(const std::filesystem::path& folder, Report& report) {
    judge_files(folder, report, [&](const VectorFile& file) {
        if (!is_list_of(file.json, {"domain", "types", "primaryType", "data", "digest"})) return false;
        for (std::size_t i = 0; i < file.json.get_array().size(); ++i) {
            Case judged(report, file.name, name_of(file.json.get_array()[i], i));
            judge(judged, file.json.get_array()[i]);
        }
        return true;
    });
}

}  // namespace butter::selftest
