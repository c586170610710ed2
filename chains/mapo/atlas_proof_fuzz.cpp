// SPDX-License-Identifier: Apache-2.0
#include "butter/base/assert.hpp"
#include "chains/mapo/proof.hpp"

namespace {

using namespace butter;
using namespace butter::mapo;

/// Of a client state in the ABI: seven words.
constexpr std::size_t kStateBytes = 7 * 32;

}  // namespace

/// The first byte says whether a proof or an update follows, after the client's state that it is checked
/// against.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1 + kStateBytes) return 0;
    const auto state = decode_state(BytesView(data + 1, kStateBytes));
    if (!state) return 0;
    BUTTER_ASSERT(equal(encode_state(*state), BytesView(data + 1, kStateBytes)));
    const BytesView input(data + 1 + kStateBytes, size - 1 - kStateBytes);
    if (data[0] % 2 == 0) {
        (void)is_canonical_proof(input);
        const auto verified = verify_proof(*state, input);
        if (!verified) return 0;
        BUTTER_ASSERT(!verified->logs.empty());
        BUTTER_ASSERT(verified->number > state->last_epoch_block);
        BUTTER_ASSERT(verified->signers >= quorum(state->validators));
        return 0;
    }
    const auto after = apply_update(*state, input);
    if (!after) return 0;
    if (equal(encode_state(*after), encode_state(*state))) return 0;
    // One epoch on, and a set that can sign.
    BUTTER_ASSERT(after->epoch_length == state->epoch_length);
    BUTTER_ASSERT(after->last_epoch_block.value == state->last_epoch_block.value + state->epoch_length);
    BUTTER_ASSERT(after->validators >= 1 && after->validators <= kValidatorsMax);
    return 0;
}
