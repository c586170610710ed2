// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FeeService} from "../fee/FeeService.sol";
import {ERC1967Proxy} from "../governance/ERC1967Proxy.sol";
import {IOmniService} from "../interfaces/IOmniService.sol";
import {IOmniServiceRelay} from "../interfaces/IOmniServiceRelay.sol";
import {OmniService} from "../service/OmniService.sol";
import {Test} from "../test/Test.sol";
import {MessageData, MessageType} from "../types/MessageTypes.sol";
import {FaultyReceiver} from "./FaultyReceiver.sol";
import {MessageSender} from "./MessageSender.sol";
import {MirroredValue} from "./MirroredValue.sol";
import {RelayRouter, Route, Routed} from "./RelayRouter.sol";
import {RemoteCounter} from "./RemoteCounter.sol";
import {Sender} from "./Sender.sol";

/// The examples against a real service, which they send with; what it would deliver comes from its address.
contract ExamplesTest is Test {
    uint256 private constant TO_CHAIN = 56;
    uint256 private constant GAS_LIMIT = 200_000;
    uint256 private constant FEE = (500_000 + GAS_LIMIT) * 3;

    OmniService private service;
    address private twin = address(0xbeef);

    receive() external payable {}

    function setUp() public {
        FeeService fees = new FeeService(address(this), address(this), address(this));
        fees.setBaseGasCeiling(TO_CHAIN, 500_000);
        fees.setGasPriceCeiling(TO_CHAIN, address(0), 3);
        fees.setBaseGas(TO_CHAIN, 500_000);
        fees.setGasPrice(TO_CHAIN, address(0), 3);
        service = OmniService(
            address(
                new ERC1967Proxy(
                    address(new OmniService()),
                    abi.encodeCall(OmniService.initialize, (address(this), fees, address(this)))
                )
            )
        );
        vm.deal(address(this), 1 ether);
    }

    function test_sender_passes_the_refund_on_and_holds_nothing() public {
        Sender sender = new Sender(service);
        MessageData memory data = MessageData({
            relay: false,
            msgType: MessageType.CALLDATA,
            target: abi.encodePacked(twin),
            payload: hex"01",
            gasLimit: GAS_LIMIT,
            value: 0
        });
        bytes32 first = sender.send{value: FEE + 7}(TO_CHAIN, data);
        assertEq(address(this).balance, 1 ether - FEE);
        assertEq(address(sender).balance, 0);
        assertEq(address(service).balance, FEE);
        assertTrue(first != sender.send{value: FEE}(TO_CHAIN, data), "two messages have two ids");

        vm.expectRevert(abi.encodeWithSelector(IOmniService.FeeTooLow.selector, FEE - 1, FEE));
        sender.send{value: FEE - 1}(TO_CHAIN, data);
        (bool success,) = address(sender).call{value: 1}("");
        assertTrue(!success, "only the service may pay in");
    }

    function test_counter_is_called_by_the_service_only() public {
        RemoteCounter counter = new RemoteCounter(service, address(this));
        counter.addRemoteCaller(TO_CHAIN, abi.encodePacked(twin), true);
        assertTrue(service.getExecutePermission(address(counter), TO_CHAIN, abi.encodePacked(twin)), "is allowed");
        vm.prank(address(service));
        counter.increment(twin);
        assertEq(counter.count(), 1);
        assertEq(counter.countOf(twin), 1);
        assertEq(counter.lastCaller(), twin);

        vm.expectRevert(abi.encodeWithSelector(RemoteCounter.NotService.selector, address(this)));
        counter.increment(twin);
        vm.prank(twin);
        vm.expectRevert(abi.encodeWithSelector(RemoteCounter.NotOwner.selector, twin));
        counter.addRemoteCaller(TO_CHAIN, abi.encodePacked(twin), true);
    }

    function test_mirrored_value_takes_only_newer_ones_of_its_twin() public {
        MirroredValue mirrored = new MirroredValue(service, address(this));
        mirrored.setTwin(TO_CHAIN, twin);
        mirrored.set{value: FEE + 1}(11, GAS_LIMIT);
        assertEq(address(this).balance, 1 ether - FEE);
        assertEq(mirrored.version(), 1);

        vm.prank(address(service));
        mirrored.mapoExecute(TO_CHAIN, block.chainid, abi.encodePacked(twin), 0, abi.encode(uint256(33), uint64(3)));
        vm.prank(address(service));
        mirrored.mapoExecute(TO_CHAIN, block.chainid, abi.encodePacked(twin), 0, abi.encode(uint256(22), uint64(2)));
        assertEq(mirrored.value(), 33);
        assertEq(mirrored.version(), 3);

        vm.expectRevert(abi.encodeWithSelector(MessageSender.NotService.selector, address(this)));
        mirrored.mapoExecute(TO_CHAIN, block.chainid, abi.encodePacked(twin), 0, "");
        bytes memory other = abi.encodePacked(address(1));
        vm.prank(address(service));
        vm.expectRevert(abi.encodeWithSelector(MirroredValue.NotTwin.selector, TO_CHAIN, other));
        mirrored.mapoExecute(TO_CHAIN, block.chainid, other, 0, "");
        vm.prank(address(service));
        vm.expectRevert(abi.encodeWithSelector(MirroredValue.NotTwin.selector, TO_CHAIN + 1, abi.encodePacked(twin)));
        mirrored.mapoExecute(TO_CHAIN + 1, block.chainid, abi.encodePacked(twin), 0, "");
        vm.prank(twin);
        vm.expectRevert(abi.encodeWithSelector(MirroredValue.NotOwner.selector, twin));
        mirrored.setTwin(1, twin);
    }

    function test_router_wraps_and_numbers() public {
        RelayRouter router = new RelayRouter(IOmniServiceRelay(address(service)));
        bytes memory message = abi.encode(Route({target: twin, gasLimit: GAS_LIMIT, payload: hex"cafe"}));
        for (uint256 i = 1; i <= 2; ++i) {
            vm.prank(address(service));
            MessageData memory onward =
                abi.decode(router.mapoExecute(7, TO_CHAIN, hex"aabb", bytes32(i), message), (MessageData));
            assertEq(onward.target, abi.encodePacked(twin));
            assertEq(onward.gasLimit, GAS_LIMIT);
            assertTrue(!onward.relay && onward.msgType == MessageType.MESSAGE && onward.value == 0, "is plain");
            Routed memory routed = abi.decode(onward.payload, (Routed));
            assertEq(routed.fromChain, 7);
            assertEq(routed.fromAddress, hex"aabb");
            assertEq(routed.number, i);
            assertEq(routed.payload, hex"cafe");
        }
        vm.expectRevert(abi.encodeWithSelector(RelayRouter.NotService.selector, address(this)));
        router.mapoExecute(7, TO_CHAIN, hex"aabb", 0, message);
    }

    function test_faulty_receiver_fails_in_every_way_until_it_works() public {
        FaultyReceiver receiver = new FaultyReceiver(service);
        bytes memory call = abi.encodeCall(receiver.mapoExecute, (7, 8, hex"aabb", bytes32(uint256(9)), hex"cafe"));

        (bool success, bytes memory result) = deliver(receiver, call);
        assertTrue(!success, "reverts at first");
        assertEq(result, abi.encodeWithSelector(FaultyReceiver.SwitchedOff.selector));
        receiver.setMode(FaultyReceiver.Mode.BURNS_GAS);
        (success, result) = deliver(receiver, call);
        assertTrue(!success && result.length == 0, "burns its gas");
        receiver.setMode(FaultyReceiver.Mode.REVERTS_WITH_BOMB);
        (success, result) = deliver(receiver, call);
        assertTrue(!success, "reverts with a bomb");
        assertEq(result.length, receiver.BOMB_BYTES());
        assertEq(receiver.received(), 0);
        receiver.setMode(FaultyReceiver.Mode.RETURNS_BOMB);
        (success, result) = deliver(receiver, call);
        assertTrue(success, "returns a bomb");
        assertEq(result.length, receiver.BOMB_BYTES());
        assertEq(receiver.received(), 1);
        receiver.setMode(FaultyReceiver.Mode.WORKS);
        (success,) = deliver(receiver, call);
        assertTrue(success, "works");
        assertEq(receiver.received(), 2);
        assertEq(receiver.lastFromChain(), 7);
        assertEq(receiver.lastFromAddress(), hex"aabb");
        assertEq(receiver.lastMessage(), hex"cafe");
        (success,) = deliver(receiver, abi.encodeCall(receiver.receiveCall, (hex"beef")));
        assertTrue(success, "takes calls");
        assertEq(receiver.lastMessage(), hex"beef");

        vm.expectRevert(abi.encodeWithSelector(FaultyReceiver.NotService.selector, address(this)));
        receiver.receiveCall("");
        receiver.addRemoteCaller(7, hex"aabb", true);
        assertTrue(service.getExecutePermission(address(receiver), 7, hex"aabb"), "is allowed");
    }

    function deliver(FaultyReceiver receiver, bytes memory call) private returns (bool, bytes memory) {
        vm.prank(address(service));
        return address(receiver).call{gas: 1_000_000}(call);
    }
}
