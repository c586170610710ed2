// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "butter/base/bytes.hpp"

/// The project's compiled contracts, embedded in the program so that `butter deploy` needs no other file.
namespace butter::artifacts {

/// Creation code of the contract `name`, without constructor arguments; absent when there is none of that
/// name. The code is what forge compiled when the program was built.
std::optional<Bytes> find_creation_code(std::string_view name);

/// Signatures of the errors that these contracts revert with, libraries' and OpenZeppelin's included,
/// separated by ';': "FeeTooLow(uint256,uint256);...".
std::string_view error_signatures() noexcept;

}  // namespace butter::artifacts
