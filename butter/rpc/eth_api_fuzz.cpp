// SPDX-License-Identifier: Apache-2.0
#include "butter/rpc/eth_api.hpp"

#include "butter/base/assert.hpp"
#include "butter/rpc/http.hpp"
#include "butter/rpc/json.hpp"

/// The first byte says whether a block, a receipt, a log or a URL follows.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace butter;
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
    if (data[0] % 4 == 3) {
        const auto url = rpc::decode_url(text);
        if (url) BUTTER_ASSERT(!url->host.empty() && !url->port.empty() && url->path.starts_with('/'));
        return 0;
    }
    const auto json = rpc::parse_json(text);
    if (!json) return 0;
    if (data[0] % 4 == 0) {
        const auto block = rpc::decode_block_header(*json);
        if (!block) return 0;
        const auto again = eth::decode_header(eth::encode_header(block->header));
        BUTTER_ASSERT(again && *again == block->header);
    } else if (data[0] % 4 == 1) {
        const auto placed = rpc::decode_placed_receipt(*json);
        if (!placed) return 0;
        const auto again = eth::decode_receipt(eth::encode_receipt(placed->receipt));
        BUTTER_ASSERT(again && *again == placed->receipt);
        BUTTER_ASSERT(placed->logs.size() == placed->receipt.logs.size());
    } else if (const auto log = rpc::decode_placed_log(*json)) {
        BUTTER_ASSERT(log->log.topics.size() <= eth::kTopicsMax);
    }
    return 0;
}
