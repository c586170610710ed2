// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IOmniService} from "../interfaces/IOmniService.sol";
import {InboxTest} from "../test/InboxTest.sol";
import {Vm} from "../test/Vm.sol";
import {MessageData, MessageType} from "../types/MessageTypes.sol";
import {MessageBatch} from "./MessageBatch.sol";

contract MessageBatchTest is InboxTest {
    MessageBatch private batch;
    MessageData[] private sent;

    function deployBatch() private {
        batch = MessageBatch(deployCode("MessageBatch.sol", abi.encode(address(service))));
        vm.deal(address(this), 1 ether);
        for (uint256 i = 0; i < 3; ++i) {
            sent.push(messageTo(address(0xbeef), MessageType.MESSAGE, abi.encode(i), GAS_LIMIT + i));
        }
    }

    function fees() private pure returns (uint256) {
        return feeOf(GAS_LIMIT) + feeOf(GAS_LIMIT + 1) + feeOf(GAS_LIMIT + 2);
    }

    function test_sends_all_in_their_order() public {
        deployBatch();
        vm.recordLogs();
        bytes32[] memory orderIds = batch.send{value: fees()}(CHAIN_A, sent);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256 found;
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != IOmniService.MessageOut.selector) continue;
            assertEq(logs[i].topics[1], orderIds[found++]);
        }
        assertEq(found, 3);
        assertEq(address(service).balance, fees());
        assertEq(address(batch).balance, 0);
    }

    function test_takes_exactly_the_fees() public {
        deployBatch();
        vm.expectRevert(abi.encodeWithSelector(MessageBatch.FeesUnequal.selector, fees() + 1, fees()));
        batch.send{value: fees() + 1}(CHAIN_A, sent);
        vm.expectRevert();
        batch.send{value: fees() - 1}(CHAIN_A, sent);
        assertEq(address(service).balance, 0);
    }
}
