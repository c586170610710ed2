// SPDX-License-Identifier: Apache-2.0
#include "butter/evm/keystore.hpp"

#include "butter/base/assert.hpp"
#include "butter/rpc/json.hpp"

namespace {

using namespace butter;

/// Whether deriving the key is cheap enough to be done thousands of times a second; what is dearer, up to the
/// limits, is left to the tests.
bool is_cheap(const rpc::Json& keystore) {
    for (const char* name : {"crypto", "Crypto"}) {
        const rpc::Json* const section = rpc::find_member(keystore, name);
        const rpc::Json* const parameters =
            section != nullptr ? rpc::find_member(*section, "kdfparams") : nullptr;
        if (parameters == nullptr) continue;
        std::int64_t cost = 1;
        for (const char* key : {"n", "r", "p", "c"}) {
            const rpc::Json* const number = rpc::find_member(*parameters, key);
            if (number == nullptr || !number->is_int64() || number->get_int64() <= 0) continue;
            if (number->get_int64() > 1024) return false;
            cost *= number->get_int64();
        }
        if (cost > 4096) return false;
    }
    return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    (void)evm::decode_keystore_address(text);
    const auto json = rpc::parse_json(text);
    if (json && !is_cheap(*json)) return 0;
    const auto key = evm::decode_keystore(text, "testpassword");
    BUTTER_ASSERT(json || key.error() == evm::KeystoreError::kMalformed);
    return 0;
}
