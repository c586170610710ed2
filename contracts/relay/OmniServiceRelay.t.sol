// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OwnableUpgradeable} from "@openzeppelin/contracts-upgradeable/access/OwnableUpgradeable.sol";

import {IFeeService} from "../interfaces/IFeeService.sol";
import {ILightClientManager} from "../interfaces/ILightClientManager.sol";
import {IOmniService} from "../interfaces/IOmniService.sol";
import {IOmniServiceRelay} from "../interfaces/IOmniServiceRelay.sol";
import {MessageCodec} from "../libraries/MessageCodec.sol";
import {OmniServiceCore} from "../service/OmniServiceCore.sol";
import {OutboxTree} from "../test/OutboxTree.sol";
import {RelayTest} from "../test/RelayTest.sol";
import {Vm} from "../test/Vm.sol";
import {Message, MessageData, MessageType} from "../types/MessageTypes.sol";
import {Log} from "../types/ProofTypes.sol";
import {OmniServiceRelay} from "./OmniServiceRelay.sol";

/// Messages in, outboxes, and the relay chain's own messages. Relay executors are in RelayExecution.t.sol.
contract OmniServiceRelayTest is RelayTest {
    // ---- messages in -----------------------------------------------------------------------------------------

    function test_forwardsAsIs() public {
        bytes memory sent = encode(message(CHAIN_B, address(receiver), MessageType.MESSAGE, "hello", false));
        bytes32 orderId = keccak256(sent);
        vm.expectEmit(address(service));
        emit IOmniServiceRelay.MessageRelay(orderId, CHAIN_B, orderId, 0, sent);
        takeIn(sent);
        assertTrue(service.seen(orderId), "seen");
        (uint64 count, bytes32 root) = service.outbox(CHAIN_B);
        assertEq(count, 1);
        assertEq(root, OutboxTree.rootOf(1, OutboxTree.leaf(0, orderId)));
        assertEq(receiver.executions(), 0);
    }

    /// Each destination has its own outbox, and the accumulator never forgets.
    function testFuzz_outboxes(uint32 destinations) public {
        bytes32[] memory toA = new bytes32[](32);
        bytes32[] memory toB = new bytes32[](32);
        uint256 countA = 0;
        uint256 countB = 0;
        for (uint256 i = 0; i < 32; ++i) {
            bool isA = destinations >> i & 1 != 0;
            bytes memory sent =
                encode(message(isA ? CHAIN_A : CHAIN_B, address(receiver), MessageType.MESSAGE, "", false));
            takeIn(sent);
            if (isA) {
                toA[countA] = OutboxTree.leaf(countA, keccak256(sent));
                ++countA;
            } else {
                toB[countB] = OutboxTree.leaf(countB, keccak256(sent));
                ++countB;
            }
        }
        (uint64 count, bytes32 root) = service.outbox(CHAIN_A);
        assertEq(count, countA);
        assertEq(root, OutboxTree.root(toA, countA));
        (count, root) = service.outbox(CHAIN_B);
        assertEq(count, countB);
        assertEq(root, OutboxTree.root(toB, countB));
    }

    function test_publishesTheRoot() public {
        takeIn(encode(message(CHAIN_B, address(receiver), MessageType.MESSAGE, "", false)));
        (uint64 count, bytes32 root) = service.outbox(CHAIN_B);
        vm.expectEmit(address(service));
        emit IOmniServiceRelay.OutboxRoot(CHAIN_B, count, root);
        service.publishRoot(CHAIN_B);
        vm.expectEmit(address(service));
        emit IOmniServiceRelay.OutboxRoot(CHAIN_A, 0, 0);
        service.publishRoot(CHAIN_A);
    }

    function test_executesWhatIsForThisChain() public {
        takeIn(encode(message(CHAIN_R, address(receiver), MessageType.MESSAGE, "hello", false)));
        assertEq(receiver.executions(), 1);
        (uint64 count,) = service.outbox(CHAIN_R);
        assertEq(count, 0);
    }

    function test_severalMessagesInOneProof() public {
        Log[] memory logs = new Log[](3);
        for (uint256 i = 0; i < 3; ++i) {
            logs[i] = logOf(encode(message(CHAIN_B, address(receiver), MessageType.MESSAGE, "", false)));
        }
        service.transferIn(CHAIN_A, abi.encode(logs));
        (uint64 count,) = service.outbox(CHAIN_B);
        assertEq(count, 3);
    }

    /// T-41: taken in twice, forwarded and executed once.
    function test_replay() public {
        bytes memory onward = encode(message(CHAIN_B, address(receiver), MessageType.MESSAGE, "", false));
        bytes memory here = encode(message(CHAIN_R, address(receiver), MessageType.MESSAGE, "", false));
        for (uint256 i = 0; i < 3; ++i) {
            if (i != 0) {
                vm.expectEmit(address(service));
                emit IOmniService.AlreadyDelivered(keccak256(onward));
            }
            takeIn(onward);
            takeIn(here);
        }
        (uint64 count,) = service.outbox(CHAIN_B);
        assertEq(count, 1);
        assertEq(receiver.executions(), 1);
    }

    function test_replayWithinOneProof() public {
        Log[] memory logs = new Log[](2);
        logs[0] = logOf(encode(message(CHAIN_B, address(receiver), MessageType.MESSAGE, "", false)));
        logs[1] = logs[0];
        service.transferIn(CHAIN_A, abi.encode(logs));
        (uint64 count,) = service.outbox(CHAIN_B);
        assertEq(count, 1);
    }

    // ---- what is refused -------------------------------------------------------------------------------------

    function refuse(Log memory log, bytes memory reason) private {
        vm.expectRevert(reason);
        service.transferIn(CHAIN_A, encodeLog(log));
    }

    function sample() private returns (Message memory) {
        return message(CHAIN_B, address(receiver), MessageType.MESSAGE, "hello", false);
    }

    /// T-11
    function test_anotherEmitter() public {
        Log memory log = logOf(encode(sample()));
        log.emitter = address(0xbad0000);
        refuse(log, abi.encodeWithSelector(IOmniService.WrongEmitter.selector, address(0xbad0000), SERVICE_A));
        // The service of another chain is another address there.
        log.emitter = SERVICE_B;
        refuse(log, abi.encodeWithSelector(IOmniService.WrongEmitter.selector, SERVICE_B, SERVICE_A));
    }

    function test_anotherTopic() public {
        Log memory log = logOf(encode(sample()));
        bytes32 expected = IOmniService.MessageOut.selector;
        log.topics[0] = IOmniService.MessageTransfer.selector;
        refuse(
            log,
            abi.encodeWithSelector(IOmniService.WrongTopic.selector, IOmniService.MessageTransfer.selector, expected)
        );
        log.topics = new bytes32[](0);
        refuse(log, abi.encodeWithSelector(IOmniService.WrongTopic.selector, bytes32(0), expected));
        log.topics = topicsOf(expected, keccak256("order"));
        refuse(log, abi.encodeWithSelector(IOmniService.WrongTopic.selector, expected, expected));
    }

    /// T-12: the id binds every byte of the message.
    function testFuzz_anotherOrderId(uint256 where) public {
        bytes memory sent = encode(sample());
        Log memory log = logOf(sent);
        sent[where % sent.length] ^= bytes1(uint8(1 << (where % 8)));
        log.data = abi.encode(sent);
        refuse(log, abi.encodeWithSelector(IOmniService.WrongOrderId.selector, log.topics[1], keccak256(sent)));
    }

    /// T-40
    function test_anotherOrigin() public {
        Message memory sent = sample();
        sent.fromChain = CHAIN_B;
        refuse(logOf(encode(sent)), abi.encodeWithSelector(IOmniService.WrongOrigin.selector, CHAIN_B, CHAIN_A));
    }

    function test_anotherServiceInTheMessage() public {
        Message memory sent = sample();
        sent.service = SERVICE_B;
        refuse(logOf(encode(sent)), abi.encodeWithSelector(IOmniService.WrongEmitter.selector, SERVICE_B, SERVICE_A));
    }

    function test_anotherDestinationInTheTopic() public {
        Log memory log = logOf(encode(sample()));
        log.topics[2] = bytes32(uint256(CHAIN_A));
        refuse(log, abi.encodeWithSelector(IOmniService.WrongDestination.selector, CHAIN_A, CHAIN_B));
    }

    function test_undecodableMessage() public {
        refuse(logOf(hex"03"), abi.encodeWithSelector(MessageCodec.MessageTooShort.selector, 1));
    }

    function test_unknownOrigin() public {
        bytes memory proof = encodeLog(logOf(encode(sample())));
        vm.expectRevert(abi.encodeWithSelector(IOmniServiceRelay.UnknownOrigin.selector, CHAIN_CLOSED));
        service.transferIn(CHAIN_CLOSED, proof);
        vm.prank(OWNER);
        service.setService(CHAIN_CLOSED, SERVICE_A);
        vm.expectRevert(abi.encodeWithSelector(ILightClientManager.UnknownChain.selector, CHAIN_CLOSED));
        service.transferIn(CHAIN_CLOSED, proof);
    }

    function test_closedChain() public {
        vm.prank(OWNER);
        service.setService(CHAIN_A, address(0));
        bytes memory proof = encodeLog(logOf(encode(sample())));
        vm.expectRevert(abi.encodeWithSelector(IOmniServiceRelay.UnknownOrigin.selector, CHAIN_A));
        service.transferIn(CHAIN_A, proof);
    }

    /// T-34: the steps behind the proof can be taken by the service alone.
    function testFuzz_acceptIsNotOpen(address caller) public {
        vm.assume(caller != address(service));
        bytes memory sent = encode(sample());
        bytes memory refused = abi.encodeWithSelector(IOmniService.TargetForbidden.selector, caller);
        vm.startPrank(caller);
        vm.expectRevert(refused);
        service.accept(CHAIN_A, SERVICE_A, keccak256(sent), bytes32(uint256(CHAIN_B)), sent);
        vm.stopPrank();
    }

    function test_pauseStopsMessagesInButNotRoots() public {
        bytes memory proof = encodeLog(logOf(encode(sample())));
        vm.prank(GUARDIAN);
        service.pause();
        vm.expectPartialRevert(IOmniService.Paused.selector);
        service.transferIn(CHAIN_A, proof);
        service.publishRoot(CHAIN_B);
    }

    // ---- the relay chain's own messages ----------------------------------------------------------------------

    function send(uint64 toChain, MessageData memory data) private returns (bytes32) {
        return service.transferOut{value: feeOf(data.gasLimit)}(toChain, abi.encode(data), address(0));
    }

    function test_ownMessagesGoIntoTheOutbox() public {
        vm.recordLogs();
        bytes32 orderId = send(CHAIN_B, messageTo(address(receiver), MessageType.MESSAGE, "hello", 100_000));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 2);
        assertEq(logs[0].topics[0], IOmniService.MessageOut.selector);
        assertEq(logs[1].topics[0], IOmniServiceRelay.MessageRelay.selector);
        assertEq(logs[1].topics[1], orderId);
        assertEq(logs[1].topics[3], orderId);
        (uint64 count, bytes32 root) = service.outbox(CHAIN_B);
        assertEq(count, 1);
        assertEq(root, OutboxTree.rootOf(1, OutboxTree.leaf(0, orderId)));
    }

    function test_ownMessagesToAClosedChain() public {
        openLane(CHAIN_CLOSED);
        vm.expectRevert(abi.encodeWithSelector(IOmniService.UnknownDestination.selector, CHAIN_CLOSED));
        send(CHAIN_CLOSED, messageTo(address(receiver), MessageType.MESSAGE, "", 100_000));
    }

    function test_ownMessagesNeedNoRelaying() public {
        MessageData memory data = messageTo(address(receiver), MessageType.MESSAGE, "", 100_000);
        data.relay = true;
        vm.expectRevert(OmniServiceCore.RelayNotAllowed.selector);
        send(CHAIN_B, data);
    }

    // ---- configuration ---------------------------------------------------------------------------------------

    function testFuzz_onlyTheOwnerRegistersServices(address caller) public {
        vm.assume(caller != OWNER);
        vm.expectRevert(abi.encodeWithSelector(OwnableUpgradeable.OwnableUnauthorizedAccount.selector, caller));
        vm.prank(caller);
        service.setService(CHAIN_A, caller);
    }

    function test_registeringIsAnEvent() public {
        vm.expectEmit(address(service));
        emit IOmniServiceRelay.ServiceSet(CHAIN_CLOSED, SERVICE_A, abi.encodePacked(SERVICE_A));
        vm.prank(OWNER);
        service.setService(CHAIN_CLOSED, SERVICE_A);
        assertEq(service.services(CHAIN_CLOSED), SERVICE_A);
    }

    function test_orderStatus() public {
        bytes memory sent = encode(sample());
        (bool exists, bool verifiable, uint256 nodeType) = service.getOrderStatus(CHAIN_A, 0, keccak256(sent));
        assertTrue(!exists && verifiable && nodeType == 1, "before");
        takeIn(sent);
        (exists,,) = service.getOrderStatus(CHAIN_A, 0, keccak256(sent));
        assertTrue(exists, "after");
        client.setFrozen(true);
        (, verifiable, nodeType) = service.getOrderStatus(CHAIN_A, 0, keccak256(sent));
        assertTrue(!verifiable && nodeType == 0, "frozen");
        client.setFrozen(false);
        client.setTrustedUntil(uint64(block.timestamp) - 1);
        (, verifiable,) = service.getOrderStatus(CHAIN_A, 0, keccak256(sent));
        assertTrue(!verifiable, "expired");
        client.setTrustedUntil(uint64(block.timestamp));
        (, verifiable,) = service.getOrderStatus(CHAIN_A, 0, keccak256(sent));
        assertTrue(verifiable, "its last second");
        (, verifiable,) = service.getOrderStatus(CHAIN_CLOSED, 0, 0);
        assertTrue(!verifiable, "unknown");
        (, verifiable,) = service.getOrderStatus(uint256(CHAIN_A) + (1 << 64), 0, 0);
        assertTrue(!verifiable, "beyond 64 bits");
    }
}
