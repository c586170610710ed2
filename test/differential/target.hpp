// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "butter/base/bytes.hpp"
#include "butter/codec/abi.hpp"
#include "test/differential/random.hpp"

namespace butter::differential {

using codec::AbiValue;
using Values = std::vector<AbiValue>;

/// What one side made of an input: rejected, or a hash over a description of the decoded value.
using Outcome = std::optional<Hash32>;

/// One function of Harness.sol and its C++ twin.
struct Target {
    /// Of the harness's function.
    std::string signature;
    /// Share of the inputs.
    unsigned weight = 1;
    /// Arguments of the function: a valid object with faults, sometimes with none.
    std::function<Values(Random&)> generate;
    /// What C++ makes of them. It may fill in `claims`, further arguments that come after them in the call:
    /// what C++ decoded, where the harness can only check a claim.
    std::function<Outcome(const Values& arguments, Values& claims)> evaluate;
    /// How many of the function's last parameters are claims.
    std::size_t claims = 0;

    std::string name() const { return signature.substr(0, signature.find('(')); }
    /// Types of the arguments without the claims.
    std::vector<codec::AbiType> argument_types() const;
};

/// What must be called once before the targets' inputs make sense, as call data of the harness.
struct Setup {
    std::vector<Bytes> calls;
};

void add_codec_targets(std::vector<Target>& targets);
void add_message_targets(std::vector<Target>& targets, std::uint64_t chain_id);
void add_mapo_targets(std::vector<Target>& targets, Setup& setup);
void add_ethereum_targets(std::vector<Target>& targets, Setup& setup);

/// keccak256 of `abi.encode(values...)`.
Hash32 hash_of_values(const Values& values);

}  // namespace butter::differential
