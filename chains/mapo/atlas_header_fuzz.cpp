// SPDX-License-Identifier: Apache-2.0
#include <string_view>

#include "butter/base/assert.hpp"
#include "chains/mapo/header.hpp"
#include "chains/mapo/light_client.hpp"

namespace {

using namespace butter;
using namespace butter::mapo;

/// A set of one validator, or as many as the header adds keys, made of the header itself: the checks behind
/// the proposer's seal are reached with any header that has one.
TrustedState make_state(const Header& header) {
    TrustedState state{.epoch_length = 10, .last_epoch_block = header.number, .validators = {}};
    if (header.number.value > 0) --state.last_epoch_block.value;
    const Address proposer = find_proposer(header).value_or(header.coinbase);
    state.validators.push_back({proposer, crypto::bn254::g2_generator(), crypto::bn254::g1_generator()});
    for (std::size_t i = 0; i < header.extra.added_addresses.size() && i < 4; ++i) {
        Validator validator = state.validators[0];
        validator.address = header.extra.added_addresses[i];
        state.validators.push_back(validator);
    }
    return state;
}

void check_header(const Header& header) {
    (void)seal_message(block_hash(header), header.extra.aggregated_seal.round);
    const TrustedState state = make_state(header);
    if (verify_header(state, header)) {
        BUTTER_ASSERT(find_proposer(header) == header.coinbase);
        BUTTER_ASSERT(header.number > state.last_epoch_block);
    }
    // The rotation is looked at by itself: nobody finds a seal by chance.
    TrustedState at_end = state;
    at_end.epoch_length = 1;
    const auto rotated = apply_rotation(at_end, {.header = header, .hash = block_hash(header), .signers = 1});
    if (!rotated) return;
    BUTTER_ASSERT(rotated->last_epoch_block == header.number);
    BUTTER_ASSERT(!rotated->validators.empty());
    BUTTER_ASSERT(rotated->validators.size() <= kValidatorsMax);
}

}  // namespace

/// The first byte says whether a header, its extra data or a block's JSON follows. What is accepted is
/// written back byte for byte.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const BytesView input(data + 1, size - 1);
    if (data[0] % 3 == 0) {
        const auto header = decode_header(input);
        if (!header) return 0;
        BUTTER_ASSERT(equal(encode_header(*header, Seals::kAll), input));
        check_header(*header);
    } else if (data[0] % 3 == 1) {
        const auto extra = decode_extra(input);
        if (extra) BUTTER_ASSERT(equal(encode_extra(*extra, Seals::kAll), input));
    } else {
        const auto json =
            rpc::parse_json(std::string_view(reinterpret_cast<const char*>(input.data()), input.size()));
        if (!json) return 0;
        const auto header = decode_header_json(*json);
        if (!header) return 0;
        const auto again = decode_header(encode_header(*header, Seals::kAll));
        BUTTER_ASSERT(again && *again == *header);
        check_header(*header);
    }
    return 0;
}
