// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>
#include <vector>

#include "butter/base/bytes.hpp"
#include "butter/codec/abi.hpp"

/// Changes single places of ABI-encoded structs, as an attacker would.
namespace butter::e2e {

/// Where in a tree of values: the index in each tuple or array, from the outside in.
using Path = std::vector<std::size_t>;

/// Decodes `data` as one value of `type`; the test ends when it is none.
codec::AbiValue decode_as(std::string_view type, BytesView data);

const codec::AbiValue& at(const codec::AbiValue& value, const Path& path);

using Edit = std::function<codec::AbiValue(const codec::AbiValue&)>;
/// `value` with what stands at `path` replaced by what `edit` makes of it.
codec::AbiValue edited(const codec::AbiValue& value, const Path& path, const Edit& edit);

// Edits.
/// Another value of the same type: the lowest bit of a word, or of the middle byte of bytes.
codec::AbiValue flipped(const codec::AbiValue& value);
Edit to(codec::AbiValue value);
/// Of an array: without its last element; with its last element twice.
codec::AbiValue shortened(const codec::AbiValue& value);
codec::AbiValue lengthened(const codec::AbiValue& value);

}  // namespace butter::e2e
