// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title A call whose answer cannot cost the caller
library BoundedCall {
    /// @notice Calls `target` without value and copies at most `returnBytesMax` bytes of what it returns, so that a
    /// callee cannot make the caller pay for its size.
    function call(address target, uint256 gasLimit, bytes memory data, uint256 returnBytesMax)
        internal
        returns (bool success, bytes memory answer)
    {
        uint256 start;
        assembly ("memory-safe") {
            start := add(data, 0x20)
        }
        success = callWith(target, gasLimit, start, data.length);
        answer = returned(returnBytesMax);
    }

    /// @notice Calls `target` without value, with `size` bytes of memory from `start`, and copies nothing of what it
    /// returns.
    function callWith(address target, uint256 gasLimit, uint256 start, uint256 size) internal returns (bool success) {
        assembly ("memory-safe") {
            success := call(gasLimit, target, 0, start, size, 0, 0)
        }
    }

    /// @notice At most `bytesMax` bytes of what the last call returned.
    function returned(uint256 bytesMax) internal pure returns (bytes memory answer) {
        assembly ("memory-safe") {
            let size := returndatasize()
            if gt(size, bytesMax) { size := bytesMax }
            answer := mload(0x40)
            mstore(answer, size)
            returndatacopy(add(answer, 0x20), 0, size)
            mstore(0x40, and(add(add(answer, size), 0x3f), not(0x1f)))
        }
    }
}
