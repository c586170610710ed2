// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMapoExecutor} from "../interfaces/IMapoExecutor.sol";
import {Test} from "../test/Test.sol";
import {ExecutorCall} from "./ExecutorCall.sol";

contract ExecutorCallHarness {
    /// @param dirt fills the memory that is written to
    function mapoExecute(
        uint64 fromChain,
        uint64 toChain,
        bytes calldata sender,
        bytes32 orderId,
        bytes calldata payload,
        uint256 dirt
    ) external pure returns (bytes memory) {
        soil(payload.length + 512, dirt);
        (uint256 start, uint256 size) = ExecutorCall.writeMapoExecute(fromChain, toChain, sender, orderId, payload);
        return taken(start, size);
    }

    function plain(bytes calldata payload, uint256 dirt) external pure returns (bytes memory) {
        soil(payload.length + 512, dirt);
        (uint256 start, uint256 size) = ExecutorCall.writePayload(payload);
        return taken(start, size);
    }

    function soil(uint256 size, uint256 dirt) private pure {
        assembly ("memory-safe") {
            for { let at := mload(0x40) } lt(at, add(mload(0x40), size)) { at := add(at, 0x20) } { mstore(at, dirt) }
        }
    }

    function taken(uint256 start, uint256 size) private pure returns (bytes memory data) {
        assembly ("memory-safe") {
            data := add(start, and(add(size, 0x5f), not(0x1f)))
            mstore(data, size)
            for { let i := 0 } lt(i, size) { i := add(i, 0x20) } {
                mstore(add(add(data, 0x20), i), mload(add(start, i)))
            }
            mstore(0x40, and(add(add(data, size), 0x5f), not(0x1f)))
        }
    }
}

/// Against the compiler's own encoding.
contract ExecutorCallTest is Test {
    ExecutorCallHarness private immutable harness = new ExecutorCallHarness();

    function cut(bytes memory data, uint256 size) private pure {
        assembly ("memory-safe") {
            mstore(data, size)
        }
    }

    function testFuzz_sameAsTheCompilersEncoding(
        uint64 fromChain,
        uint64 toChain,
        bytes32 sender,
        uint8 senderSize,
        bytes32 orderId,
        bytes calldata payload,
        uint256 dirt
    ) public view {
        bytes memory from = abi.encodePacked(sender);
        cut(from, bound(senderSize, 1, 32));
        assertEq(
            harness.mapoExecute(fromChain, toChain, from, orderId, payload, dirt),
            abi.encodeCall(IMapoExecutor.mapoExecute, (fromChain, toChain, from, orderId, payload))
        );
        assertEq(harness.plain(payload, dirt), payload);
    }

    /// Payloads of every size around whole words.
    function test_sizes() public view {
        for (uint256 size = 0; size <= 70; ++size) {
            bytes memory payload = new bytes(size);
            for (uint256 i = 0; i < size; ++i) {
                payload[i] = 0xff;
            }
            assertEq(
                harness.mapoExecute(1, 2, hex"aa", 0, payload, type(uint256).max),
                abi.encodeCall(IMapoExecutor.mapoExecute, (1, 2, hex"aa", 0, payload))
            );
        }
    }
}
