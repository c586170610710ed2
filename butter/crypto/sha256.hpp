// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "butter/base/bytes.hpp"

namespace butter::crypto {

/// SHA-256 (FIPS 180-4).
Hash32 sha256(BytesView input) noexcept;

/// SHA-256 of `left ‖ right`: a node of an SSZ tree.
Hash32 sha256_pair(const Hash32& left, const Hash32& right) noexcept;

}  // namespace butter::crypto
