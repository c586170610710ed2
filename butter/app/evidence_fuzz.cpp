// SPDX-License-Identifier: Apache-2.0
#include "butter/app/evidence.hpp"

#include "butter/base/assert.hpp"

/// A file from anybody: what is accepted is the one form of its value.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace butter;
    const auto json = rpc::parse_json(std::string_view(reinterpret_cast<const char*>(data), size));
    if (!json) return 0;
    const auto evidence = app::decode_evidence(*json);
    if (!evidence) return 0;
    BUTTER_ASSERT(app::to_json(*evidence) == *json);
    return 0;
}
