// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMapoExecutor} from "../interfaces/IMapoExecutor.sol";

/// @title The call of a receiver, put together from where a message stands in the calldata
/// @notice What is written stands behind the allocated memory and is not allocated itself: it is for the next call only.
library ExecutorCall {
    /// @notice Writes `abi.encodeCall(IMapoExecutor.mapoExecute, (fromChain, toChain, sender, orderId, payload))`.
    /// @param sender 1 to 32 bytes
    /// @return start where it stands in memory
    /// @return size of it in bytes
    function writeMapoExecute(
        uint256 fromChain,
        uint256 toChain,
        bytes calldata sender,
        bytes32 orderId,
        bytes calldata payload
    ) internal pure returns (uint256 start, uint256 size) {
        bytes32 selector = bytes32(IMapoExecutor.mapoExecute.selector);
        assembly ("memory-safe") {
            start := mload(0x40)
            mstore(start, selector)
            // Five words of head; then the sender's length and its one word; then the payload.
            mstore(add(start, 0x04), fromChain)
            mstore(add(start, 0x24), toChain)
            mstore(add(start, 0x44), 0xa0)
            mstore(add(start, 0x64), orderId)
            mstore(add(start, 0x84), 0xe0)
            mstore(add(start, 0xa4), sender.length)
            mstore(add(start, 0xc4), 0)
            calldatacopy(add(start, 0xc4), sender.offset, sender.length)
            mstore(add(start, 0xe4), payload.length)
            // Zeros behind the payload, up to the next whole word.
            mstore(add(add(start, 0x104), payload.length), 0)
            calldatacopy(add(start, 0x104), payload.offset, payload.length)
            size := add(0x104, and(add(payload.length, 0x1f), not(0x1f)))
        }
    }

    /// @notice Writes the payload itself.
    function writePayload(bytes calldata payload) internal pure returns (uint256 start, uint256 size) {
        assembly ("memory-safe") {
            start := mload(0x40)
            size := payload.length
            calldatacopy(start, payload.offset, size)
        }
    }
}
