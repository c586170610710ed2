// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vm} from "./Vm.sol";

/// Values out of large JSON files. The file's text is in memory only while one value is read: kept, a few dozen of them
/// would use up a test's gas.
library Vectors {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    function bytesAt(string memory file, string memory path) internal view returns (bytes memory value) {
        uint256 free = _free();
        return _moveDown(vm.parseJsonBytes(vm.readFile(file), path), free);
    }

    function textAt(string memory file, string memory path) internal view returns (string memory value) {
        uint256 free = _free();
        return string(_moveDown(bytes(vm.parseJsonString(vm.readFile(file), path)), free));
    }

    function hashAt(string memory file, string memory path) internal view returns (bytes32 value) {
        uint256 free = _free();
        value = vm.parseJsonBytes32(vm.readFile(file), path);
        _release(free);
    }

    function uintAt(string memory file, string memory path) internal view returns (uint256 value) {
        uint256 free = _free();
        value = vm.parseJsonUint(vm.readFile(file), path);
        _release(free);
    }

    function exists(string memory file, string memory path) internal view returns (bool value) {
        uint256 free = _free();
        value = vm.keyExistsJson(vm.readFile(file), path);
        _release(free);
    }

    function textHashAt(string memory file, string memory path) internal view returns (bytes32 value) {
        uint256 free = _free();
        value = keccak256(bytes(vm.parseJsonString(vm.readFile(file), path)));
        _release(free);
    }

    /// To where the file's text was. Words are copied from the first on, so the overlap does not matter.
    function _moveDown(bytes memory found, uint256 free) private pure returns (bytes memory value) {
        assembly ("memory-safe") {
            value := free
            let size := and(add(mload(found), 0x3f), not(0x1f))
            for { let i := 0 } lt(i, size) { i := add(i, 0x20) } { mstore(add(value, i), mload(add(found, i))) }
            mstore(0x40, add(value, size))
        }
    }

    function _free() private pure returns (uint256 free) {
        assembly ("memory-safe") {
            free := mload(0x40)
        }
    }

    function _release(uint256 free) private pure {
        assembly ("memory-safe") {
            mstore(0x40, free)
        }
    }
}
