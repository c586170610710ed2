// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "butter/base/bytes.hpp"
#include "butter/base/result.hpp"
#include "butter/base/uint256.hpp"
#include "butter/codec/abi.hpp"

/// Hashes of typed structured data, which wallets show and sign (EIP-712).
namespace butter::eth {

enum class TypedDataError {
    kUnknownType = 1,    ///< a type that is neither of the ABI nor one of the structs
    kWrongValue = 2,     ///< a value of another shape than its type, or out of its range
    kTooDeep = 3,        ///< structs and arrays nested deeper than `kTypedDataDepthMax`
    kDuplicateName = 4,  ///< two fields of one name
};
std::string_view to_string(TypedDataError error) noexcept;

/// Values of wallets nest a few levels.
inline constexpr unsigned kTypedDataDepthMax = 32;

struct TypedField {
    std::string name;
    std::string type;  ///< of the ABI, or a struct's name, or an array of these such as "Person[2][]"

    friend bool operator==(const TypedField&, const TypedField&) = default;
};
/// Structs by name, their fields in order.
using TypedStructs = std::map<std::string, std::vector<TypedField>, std::less<>>;

/// "Mail(Person from,Person to)Person(string name)": the struct, then those it refers to in the order of
/// their names.
Result<std::string, TypedDataError> encode_type(const TypedStructs& structs, std::string_view primary);
/// typeHash ‖ the members' words. A struct's value is a tuple of its fields, an array's `AbiValue::array` or
/// `tuple`, whose length is checked where the type has one.
Result<Bytes, TypedDataError> encode_data(const TypedStructs& structs, std::string_view primary,
                                          const codec::AbiValue& value);
/// keccak256 of `encode_data`.
Result<Hash32, TypedDataError> hash_struct(const TypedStructs& structs, std::string_view primary,
                                           const codec::AbiValue& value);

/// EIP712Domain: the members that are absent are not part of its type.
struct TypedDomain {
    std::optional<std::string> name;
    std::optional<std::string> version;
    std::optional<Uint256> chain_id;
    std::optional<Address> verifying_contract;
    std::optional<Hash32> salt;
};
Hash32 domain_separator(const TypedDomain& domain);

/// What is signed: keccak256 of 0x1901 ‖ domain separator ‖ hash of the struct.
Hash32 typed_data_digest(const Hash32& separator, const Hash32& struct_hash) noexcept;

}  // namespace butter::eth
