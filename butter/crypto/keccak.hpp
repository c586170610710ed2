// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "butter/base/bytes.hpp"

namespace butter::crypto {

/// Keccak-256 with the original padding 0x01, as Ethereum uses it (not FIPS-202 SHA3-256).
Hash32 keccak256(BytesView input) noexcept;

}  // namespace butter::crypto
