// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMapoExecutor} from "../../interfaces/IMapoExecutor.sol";
import {IOmniService} from "../../interfaces/IOmniService.sol";
import {MessageCodec} from "../../libraries/MessageCodec.sol";
import {InboxTest} from "../../test/InboxTest.sol";
import {Vm} from "../../test/Vm.sol";
import {Message, MessageType} from "../../types/MessageTypes.sol";
import {IMapoExecutor as IPublishedExecutor, IMOSV3} from "./IMOSV3.sol";
import {OmniAdder} from "./OmniAdder.sol";

/// A dApp of the published interface on our service, which is not changed for it; test/tools has it on a devnet.
contract OmniAdderTest is InboxTest {
    uint256 private constant ADDER_GAS_LIMIT = 500_000;
    bytes private twin = abi.encodePacked(address(0xbeef));

    OmniAdder private adder;

    function deployAdder() private {
        adder = OmniAdder(deployCode("OmniAdder.sol", abi.encode(address(service))));
        adder.setTrustedSource(CHAIN_A, twin);
        vm.deal(address(this), 1 ether);
    }

    function sent() private returns (bytes32 orderId, Message memory out) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != IOmniService.MessageOut.selector) continue;
            return (logs[i].topics[1], this.decode(abi.decode(logs[i].data, (bytes))));
        }
        revert NotTrue("a message was sent");
    }

    function decode(bytes calldata encoded) external pure returns (Message memory) {
        return MessageCodec.decode(encoded);
    }

    function test_sends_both_types_for_exactly_the_fee() public {
        deployAdder();
        vm.recordLogs();
        adder.sendCall{value: feeOf(ADDER_GAS_LIMIT)}(CHAIN_A, twin, 7);
        (bytes32 orderId, Message memory out) = sent();
        assertEq(adder.lastOrder(), orderId);
        assertTrue(out.msgType == MessageType.CALLDATA, "type");
        assertEq(out.sender, abi.encodePacked(adder));
        assertEq(out.target, twin);
        assertEq(out.payload, abi.encodeCall(OmniAdder.add, (7)));
        assertEq(out.gasLimit, ADDER_GAS_LIMIT);

        adder.sendMessage{value: feeOf(ADDER_GAS_LIMIT)}(CHAIN_A, twin, 8);
        (orderId, out) = sent();
        assertEq(adder.lastOrder(), orderId);
        assertTrue(out.msgType == MessageType.MESSAGE, "type");
        assertEq(out.payload, abi.encode(8));

        adder.sendMessageFor{value: feeOf(ADDER_GAS_LIMIT)}(bytes32(uint256(1)), address(this), CHAIN_A, twin, 9);
        (orderId, out) = sent();
        assertEq(adder.lastOrder(), orderId);
        assertEq(out.payload, abi.encode(9));
        assertEq(address(service).balance, 3 * feeOf(ADDER_GAS_LIMIT));
    }

    function test_permission_is_as_set() public {
        deployAdder();
        assertTrue(IMOSV3(address(service)).getExecutePermission(address(adder), CHAIN_A, twin), "is allowed");
        assertTrue(!IMOSV3(address(service)).getExecutePermission(address(adder), CHAIN_B, twin), "is not");
    }

    function test_receives_both_types_from_the_service_only() public {
        deployAdder();
        vm.prank(address(service));
        adder.add(5);
        vm.prank(address(service));
        assertEq(adder.mapoExecute(CHAIN_A, CHAIN_B, twin, 0, abi.encode(6)), abi.encode(6));
        assertEq(adder.total(), 11);
        vm.expectRevert(bytes("only MOS"));
        adder.add(1);
        vm.expectRevert(bytes("not trusted"));
        vm.prank(address(service));
        adder.mapoExecute(CHAIN_B, CHAIN_A, twin, 0, abi.encode(6));
    }

    /// What is published and what we have are one: names and arguments.
    function test_the_interfaces_agree() public pure {
        assertEq(IMOSV3.transferOut.selector, IOmniService.transferOut.selector);
        assertEq(IMOSV3.messageOut.selector, IOmniService.messageOut.selector);
        assertEq(IMOSV3.getMessageFee.selector, IOmniService.getMessageFee.selector);
        assertEq(IMOSV3.addRemoteCaller.selector, IOmniService.addRemoteCaller.selector);
        assertEq(IMOSV3.getExecutePermission.selector, IOmniService.getExecutePermission.selector);
        assertEq(IMOSV3.getOrderStatus.selector, IOmniService.getOrderStatus.selector);
        assertEq(IMOSV3.retryMessageIn.selector, IOmniService.retryMessageIn.selector);
        assertEq(IPublishedExecutor.mapoExecute.selector, IMapoExecutor.mapoExecute.selector);
    }
}
