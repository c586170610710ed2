// SPDX-License-Identifier: Apache-2.0
#include "butter/crypto/keccak.hpp"
#include "butter/eth/address.hpp"
#include "butter/selftest/files.hpp"
#include "butter/selftest/sets.hpp"

namespace butter::selftest {
namespace {

Address address_of(Case& judged, const Json& object, std::string_view key) {
    return judged.take("address", eth::parse_address(judged.text(object, key))).value_or(Address{});
}

/// {nonce, address}: CREATE.
void judge_create(Case& judged, const Address& sender, const Json& vector) {
    const Address created = eth::create_address(sender, judged.u64(vector, "nonce"));
    judged.expect_equal("address", created, address_of(judged, vector, "address"));
}

/// {salt, initCode or initCodeHash, address}: CREATE2.
void judge_create2(Case& judged, const Address& sender, const Json& vector) {
    Hash32 code_hash;
    if (has_members(vector, {"initCode"})) {
        code_hash = crypto::keccak256(judged.bytes(vector, "initCode"));
        if (has_members(vector, {"initCodeHash"})) {
            judged.expect_equal("initCodeHash", code_hash, judged.bytes(vector, "initCodeHash"));
        }
    } else {
        code_hash = judged.hash(vector, "initCodeHash");
    }
    const Address created = eth::create2_address(sender, judged.hash(vector, "salt"), code_hash);
    judged.expect_equal("address", created, address_of(judged, vector, "address"));
}

}  // namespace

void run_create_address(const std::filesystem::path& folder, Report& report) {
    judge_files(folder, report, [&](const VectorFile& file) {
        if (!is_list_of(file.json, {"sender", "creates"})) return false;
        for (const Json& group : file.json.get_array()) {
            const JsonArray* creates = rpc::find_array(group, "creates");
            if (creates == nullptr) {
                report.fail(file.name, "", "sender without creates");
                continue;
            }
            for (std::size_t i = 0; i < creates->size(); ++i) {
                const Json& vector = (*creates)[i];
                Case judged(report, file.name, name_of(vector, i));
                const Address sender = address_of(judged, group, "sender");
                (has_members(vector, {"salt"}) ? judge_create2 : judge_create)(judged, sender, vector);
            }
        }
        return true;
    });
}

}  // namespace butter::selftest
