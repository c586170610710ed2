// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "../test/Test.sol";
import {BoundedCall} from "./BoundedCall.sol";

/// Answers with as many bytes as it is asked for, or reverts with them.
contract Bomb {
    fallback(bytes calldata data) external returns (bytes memory) {
        (uint256 size, bool isRevert) = abi.decode(data, (uint256, bool));
        assembly {
            // Memory expands in the callee, at its own cost.
            mstore(0x00, "first bytes")
            if isRevert { revert(0x00, size) }
            return(0x00, size)
        }
    }
}

contract BoundedCallHarness {
    function call(address target, uint256 gasLimit, bytes memory data, uint256 returnBytesMax)
        external
        returns (bool success, bytes memory returned, uint256 cost)
    {
        uint256 before = gasleft();
        (success, returned) = BoundedCall.call(target, gasLimit, data, returnBytesMax);
        cost = before - gasleft();
    }

    /// The plain twin, which copies all of it.
    function plainCall(address target, uint256 gasLimit, bytes memory data)
        external
        returns (bool success, bytes memory returned, uint256 cost)
    {
        uint256 before = gasleft();
        (success, returned) = target.call{gas: gasLimit}(data);
        cost = before - gasleft();
    }
}

contract BoundedCallTest is Test {
    uint256 private constant RETURN_BYTES_MAX = 256;

    BoundedCallHarness private immutable caller = new BoundedCallHarness();
    address private immutable bomb = address(new Bomb());

    function testFuzz_sameAsThePlainCallUpToTheBound(uint16 size, bool isRevert) public {
        bytes memory data = abi.encode(bound(size, 0, 1_000), isRevert);
        (bool success, bytes memory returned,) = caller.call(bomb, 100_000, data, RETURN_BYTES_MAX);
        (bool plainSuccess, bytes memory plain,) = caller.plainCall(bomb, 100_000, data);
        if (plain.length > RETURN_BYTES_MAX) {
            assembly ("memory-safe") {
                mstore(plain, RETURN_BYTES_MAX)
            }
        }
        assertTrue(success == plainSuccess && success != isRevert, "success");
        assertEq(returned, plain);
    }

    /// T-43: a megabyte of answer costs the caller what 256 bytes cost; copied whole, it costs millions.
    function test_returnBomb() public {
        for (uint256 i = 0; i < 2; ++i) {
            bool isRevert = i == 1;
            bytes memory large = abi.encode(1 << 20, isRevert);
            (, bytes memory returned, uint256 cost) = caller.call(bomb, 10_000_000, large, RETURN_BYTES_MAX);
            (, bytes memory whole, uint256 plainCost) = caller.plainCall(bomb, 10_000_000, large);
            assertEq(returned.length, RETURN_BYTES_MAX);
            assertEq(whole.length, 1 << 20);
            // Both pay the callee's own expansion; only the plain caller pays for its copy.
            assertTrue(plainCost > cost + 2_000_000, "the plain call is bombed");
            uint256 callee = 3 * ((1 << 20) / 32) + ((1 << 20) / 32) ** 2 / 512;
            assertTrue(cost < callee + 10_000, "bounded");
        }
    }

    /// All that the callee may burn is its limit.
    function test_gasIsBounded() public {
        (bool success,, uint256 cost) = caller.call(bomb, 30_000, abi.encode(1 << 20, false), RETURN_BYTES_MAX);
        assertTrue(!success, "out of gas");
        assertTrue(cost < 40_000, "bounded");
    }

    function test_memoryAfterTheAnswerIsFree() public {
        for (uint256 size = 0; size <= 65; ++size) {
            (bool success, bytes memory returned,) =
                caller.call(bomb, 100_000, abi.encode(size, false), RETURN_BYTES_MAX);
            assertTrue(success, "success");
            assertEq(returned.length, size);
        }
    }
}
