// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "butter/codec/ssz.hpp"
#include "butter/selftest/beacon.hpp"

/// Beacon blocks of Capella to Fulu (consensus-specs v1.5, beacon-chain.md of each), of which the light
/// client itself reads only headers: from the API's JSON to SSZ and roots.
namespace butter::selftest::beacon {

/// A type whose fields have names, so that JSON tells its values.
struct NamedType {
    enum class Form {
        kNumber = 1,  ///< a decimal text
        kBytes = 2,   ///< hex: vectors and lists of bytes, bitvectors; bitlists with their end bit
        kList = 3,
        kContainer = 4,
    };
    Form form = Form::kNumber;
    codec::SszType type;
    std::vector<std::string> names;   ///< of kContainer
    std::vector<NamedType> elements;  ///< fields of kContainer; the one element of kList
};

/// BeaconBlock at the fork that rules `slot`, with the limits of `spec` (an answer of config/spec).
NamedType block_type(Case& judged, const BeaconNetwork& network, Slot slot, const Json& spec);
/// The value as SSZ; what is malformed is a complaint.
Bytes encode_json(Case& judged, const NamedType& type, const Json& json);

}  // namespace butter::selftest::beacon
