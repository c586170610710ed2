// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vm} from "./Vm.sol";

/// Base of the contract tests: the cheat codes, and assertions that say what they found.
abstract contract Test {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    error Unequal(bytes32 found, bytes32 expected);
    error UnequalBytes(bytes found, bytes expected);
    error NotTrue(string what);

    function assertEq(uint256 found, uint256 expected) internal pure {
        if (found != expected) revert Unequal(bytes32(found), bytes32(expected));
    }

    function assertEq(bytes32 found, bytes32 expected) internal pure {
        if (found != expected) revert Unequal(found, expected);
    }

    function assertEq(address found, address expected) internal pure {
        assertEq(uint256(uint160(found)), uint256(uint160(expected)));
    }

    function assertEq(bytes memory found, bytes memory expected) internal pure {
        if (keccak256(found) != keccak256(expected)) revert UnequalBytes(found, expected);
    }

    function assertTrue(bool condition, string memory what) internal pure {
        if (!condition) revert NotTrue(what);
    }

    /// Each error has a test that expects it; the arguments are looked at where they say more than the name.
    function assertSelector(bytes memory reason, bytes4 expected) internal pure {
        if (bytes4(reason) != expected) revert UnequalBytes(reason, abi.encodePacked(expected));
    }

    /// Deploys a contract by its artifact. `new` would have the compiler optimise it once more within each test.
    function deployCode(string memory artifact) internal returns (address) {
        return deployCode(artifact, "");
    }

    function deployCode(string memory artifact, bytes memory arguments) internal returns (address created) {
        bytes memory code = bytes.concat(vm.getCode(artifact), arguments);
        assembly ("memory-safe") {
            created := create(0, add(code, 0x20), mload(code))
            if iszero(created) {
                returndatacopy(code, 0, returndatasize())
                revert(code, returndatasize())
            }
        }
    }

    /// A number in [low, high] made from a fuzzed one.
    function bound(uint256 value, uint256 low, uint256 high) internal pure returns (uint256) {
        if (value >= low && value <= high) return value;
        uint256 size = high - low + 1;
        return size == 0 ? value : low + value % size;
    }
}
