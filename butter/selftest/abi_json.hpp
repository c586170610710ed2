// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "butter/codec/abi.hpp"
#include "butter/selftest/case.hpp"

namespace butter::selftest {

/// The value of `type` that `json` tells: numbers as numbers or text, bytes as hex (or, without 0x, as text
/// where the type is bytes), sequences as lists. A value may be wrapped as {"type": .., "value": ..}.
codec::AbiValue abi_value_of(Case& judged, const codec::AbiType& type, const Json& json);

}  // namespace butter::selftest
