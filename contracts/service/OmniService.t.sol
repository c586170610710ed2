// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFeeService} from "../interfaces/IFeeService.sol";
import {IOmniService} from "../interfaces/IOmniService.sol";
import {IOmniServiceInbox} from "../interfaces/IOmniServiceInbox.sol";
import {IOmniServiceRelay} from "../interfaces/IOmniServiceRelay.sol";
import {MessageCodec} from "../libraries/MessageCodec.sol";
import {InboxTest} from "../test/InboxTest.sol";
import {BelievingClient, Receiver} from "../test/ServiceTest.sol";
import {Message, MessageType} from "../types/MessageTypes.sol";
import {Log} from "../types/ProofTypes.sol";
import {OmniService} from "./OmniService.sol";

/// Roots, deliveries and replay. What executions do is in OmniServiceExecution.t.sol.
contract OmniServiceTest is InboxTest {
    // ---- roots -----------------------------------------------------------------------------------------------

    function test_rootIsKept() public {
        append(ping(1));
        vm.expectEmit(address(service));
        emit IOmniServiceInbox.RootVerified(1, rootAt(1));
        service.transferIn(rootProof(1), "");
        assertEq(service.rootOf(1), rootAt(1));
    }

    function test_severalRootsInOneProof() public {
        append(ping(1));
        append(ping(2));
        Log[] memory logs = new Log[](2);
        (logs[0], logs[1]) = (rootLog(1), rootLog(2));
        service.transferIn(abi.encode(logs), "");
        assertEq(service.rootOf(1), rootAt(1));
        assertEq(service.rootOf(2), rootAt(2));
    }

    /// T-11: the right topic from another contract.
    function test_rootOfAnotherEmitter() public {
        append(ping(1));
        Log memory log = rootLog(1);
        log.emitter = address(0xbad0000);
        vm.expectRevert(abi.encodeWithSelector(IOmniService.WrongEmitter.selector, address(0xbad0000), RELAY_SERVICE));
        service.transferIn(encodeLog(log), "");
    }

    function test_rootUnderAnotherTopic() public {
        append(ping(1));
        Log memory log = rootLog(1);
        bytes32 other = IOmniService.MessageOut.selector;
        log.topics[0] = other;
        vm.expectRevert(
            abi.encodeWithSelector(IOmniService.WrongTopic.selector, other, IOmniServiceRelay.OutboxRoot.selector)
        );
        service.transferIn(encodeLog(log), "");
    }

    function test_rootWithMoreOrFewerTopics() public {
        append(ping(1));
        bytes32 topic = IOmniServiceRelay.OutboxRoot.selector;
        Log memory log = rootLog(1);
        log.topics = new bytes32[](0);
        vm.expectRevert(abi.encodeWithSelector(IOmniService.WrongTopic.selector, bytes32(0), topic));
        service.transferIn(encodeLog(log), "");
        log.topics = topicsOf(topic, bytes32(uint256(CHAIN_B)), 0);
        vm.expectRevert(abi.encodeWithSelector(IOmniService.WrongTopic.selector, topic, topic));
        service.transferIn(encodeLog(log), "");
    }

    /// The root of another destination's outbox.
    function test_rootForAnotherChain() public {
        append(ping(1));
        Log memory log = rootLog(1);
        log.topics[1] = bytes32(uint256(CHAIN_A));
        vm.expectRevert(abi.encodeWithSelector(IOmniService.WrongDestination.selector, CHAIN_A, CHAIN_B));
        service.transferIn(encodeLog(log), "");
    }

    function test_ringForgetsTheOldest() public {
        for (uint256 i = 0; i < 65; ++i) {
            append(ping(i));
        }
        service.transferIn(rootProof(1), "");
        bytes memory first = delivery(1, single(0));
        service.transferIn(rootProof(65), "");
        vm.expectRevert(abi.encodeWithSelector(IOmniServiceInbox.UnknownRoot.selector, 1, rootAt(1)));
        service.transferIn("", first);
        // Under the newer root the old message is still there.
        service.transferIn("", delivery(65, single(0)));
        assertEq(receiver.executions(), 1);
    }

    /// T-54: an old proof, which anyone can submit again, takes no newer root's place; every root of the last 64 counts
    /// finds its own.
    function test_T54_olderRootLeavesTheNewerOne() public {
        for (uint256 i = 0; i < 130; ++i) {
            append(ping(i));
        }
        service.transferIn(rootProof(129), "");
        service.transferIn(rootProof(65), "");
        assertEq(service.rootOf(129), rootAt(129));
        service.transferIn(rootProof(1), "");
        assertEq(service.rootOf(129), rootAt(129));
        assertEq(service.newestCount(), 129);
        service.transferIn(rootProof(66), "");
        assertEq(service.rootOf(66), rootAt(66));
        assertEq(service.newestCount(), 129);
        service.transferIn(rootProof(130), "");
        assertEq(service.rootOf(130), rootAt(130));
        service.transferIn("", delivery(129, single(0)));
        assertEq(receiver.executions(), 1);
    }

    // ---- deliveries ------------------------------------------------------------------------------------------

    function test_rootAndDeliveryTogether() public {
        append(ping(7));
        service.transferIn(rootProof(1), delivery(1, single(0)));
        assertEq(receiver.executions(), 1);
        assertEq(receiver.lastHash(), keccak256(abi.encode(7)));
        assertTrue(service.isDelivered(0), "delivered");
        assertTrue(!service.isDelivered(1), "the next is not");
    }

    function testFuzz_anySubsetInAnyOrder(uint64 first, uint64 second) public {
        for (uint256 i = 0; i < 40; ++i) {
            append(ping(i));
        }
        service.transferIn(rootProof(40), "");
        uint64 mask = (1 << 40) - 1;
        first = first & mask | 1;
        second = second & mask | 2;
        service.transferIn("", delivery(40, chosen(first)));
        service.transferIn("", delivery(40, chosen(second)));
        uint64 delivered = first | second;
        uint256 count = 0;
        for (uint64 i = 0; i < 40; ++i) {
            bool isChosen = delivered >> i & 1 != 0;
            assertTrue(service.isDelivered(i) == isChosen, "bitmap");
            if (isChosen) ++count;
        }
        assertEq(receiver.executions(), count);
    }

    function chosen(uint256 bits) private pure returns (uint256[] memory indexes) {
        indexes = new uint256[](64);
        uint256 count = 0;
        for (uint256 i = 0; i < 64; ++i) {
            if (bits >> i & 1 != 0) indexes[count++] = i;
        }
        assembly ("memory-safe") {
            mstore(indexes, count)
        }
    }

    function test_bitmapOverWords() public {
        for (uint256 i = 0; i < 258; ++i) {
            append(ping(i));
        }
        service.transferIn(rootProof(258), delivery(258, pair(255, 256)));
        assertEq(receiver.executions(), 2);
        assertTrue(service.isDelivered(255) && service.isDelivered(256), "delivered");
        assertTrue(!service.isDelivered(254) && !service.isDelivered(257) && !service.isDelivered(0), "others");
    }

    /// T-41: a second delivery does nothing but say so, under the same root or a newer one, alone or among others.
    function test_replay() public {
        append(ping(1));
        append(ping(2));
        service.transferIn(rootProof(1), delivery(1, single(0)));
        vm.expectEmit(address(service));
        emit IOmniServiceInbox.DeliveredBefore(0);
        service.transferIn("", delivery(1, single(0)));
        assertEq(receiver.executions(), 1);
        service.transferIn(rootProof(2), delivery(2, pair(0, 1)));
        assertEq(receiver.executions(), 2);
    }

    /// T-54: who comes second pays little, and has no error for it. What would be costly is not even looked at.
    function test_lostRaceIsCheap() public {
        append(ping(1));
        append(ping(2));
        service.transferIn(rootProof(2), delivery(2, single(0)));
        bytes memory again = delivery(2, single(0));
        uint256 before = gasleft();
        service.transferIn(hex"00", again);
        assertTrue(before - gasleft() < 15_000, "gas");
        // With the root known, its proof is not needed for messages that are new.
        service.transferIn(hex"00", delivery(2, pair(0, 1)));
        assertEq(receiver.executions(), 2);
    }

    /// What was delivered before is not executed, paused or not; nothing else passes a pause.
    function test_lostRaceDuringAPause() public {
        append(ping(1));
        append(ping(2));
        service.transferIn(rootProof(2), delivery(2, single(0)));
        vm.prank(GUARDIAN);
        service.pause();
        service.transferIn("", delivery(2, single(0)));
        bytes memory data = delivery(2, pair(0, 1));
        vm.expectRevert(abi.encodeWithSelector(IOmniService.Paused.selector, block.timestamp + 3 days));
        service.transferIn("", data);
        vm.expectRevert(abi.encodeWithSelector(IOmniService.Paused.selector, block.timestamp + 3 days));
        service.transferIn("", "");
        assertTrue(!service.isDelivered(1), "undone");
        vm.prank(GUARDIAN);
        service.unpause();
        service.transferIn("", data);
        assertEq(receiver.executions(), 2);
    }

    /// T-37: roots that a client verified before it was frozen are worth nothing any more; anyone can say so.
    function test_T37_deliveriesStopWhenTheClientIsFrozen() public {
        append(ping(1));
        append(ping(2));
        service.transferIn(rootProof(2), delivery(2, single(0)));
        vm.expectRevert(OmniService.RelayNotFrozen.selector);
        service.stopDeliveries();
        client.setFrozen(true);
        vm.expectEmit(address(service));
        emit OmniService.DeliveriesStopped(address(client));
        service.stopDeliveries();

        bytes memory data = delivery(2, single(1));
        bytes memory stopped = abi.encodeWithSelector(IOmniService.Paused.selector, type(uint32).max);
        vm.expectRevert(stopped);
        service.transferIn("", data);
        vm.expectRevert(stopped);
        service.transferIn(rootProof(2), "");
        // No pause, and no end of one, lets them go on.
        vm.prank(GUARDIAN);
        service.pause();
        vm.prank(GUARDIAN);
        service.unpause();
        vm.warp(block.timestamp + 30 days);
        vm.expectRevert(stopped);
        service.transferIn("", data);
        assertEq(receiver.executions(), 1);

        // Another client, that is.
        BelievingClient next = new BelievingClient();
        vm.prank(OWNER);
        service.setRelay(CHAIN_R, RELAY_SERVICE, next);
        service.transferIn(rootProof(2), data);
        assertEq(receiver.executions(), 2);
        vm.expectRevert(OmniService.RelayNotFrozen.selector);
        service.stopDeliveries();
    }

    /// T-36: a pause that is under way outlives a change of the client.
    function test_pauseOutlivesAnotherClient() public {
        append(ping(1));
        vm.prank(GUARDIAN);
        service.pause();
        uint32 until = service.pausedUntil();
        BelievingClient next = new BelievingClient();
        vm.prank(OWNER);
        service.setRelay(CHAIN_R, RELAY_SERVICE, next);
        bytes memory proof = rootProof(1);
        vm.expectRevert(abi.encodeWithSelector(IOmniService.Paused.selector, until));
        service.transferIn(proof, "");
    }

    /// T-40: nothing comes over the relay chain that was sent here, whatever is appended there.
    function test_messageFromThisChain() public {
        Message memory sent = message(address(receiver), MessageType.MESSAGE, "", GAS_LIMIT);
        sent.fromChain = CHAIN_B;
        bytes[2] memory own = [MessageCodec.encode(sent), pingFor(CHAIN_B, CHAIN_B, 1)];
        for (uint256 i = 0; i < own.length; ++i) {
            uint256 index = append(own[i]);
            bytes memory proof = rootProof(index + 1);
            bytes memory data = delivery(index + 1, single(index));
            vm.expectRevert(abi.encodeWithSelector(IOmniService.WrongOrigin.selector, CHAIN_B, CHAIN_R));
            service.transferIn(proof, data);
        }
    }

    /// T-40, T-41: the same bytes on another chain.
    function test_messageForAnotherChain() public {
        append(pingFor(CHAIN_A, CHAIN_R, 1));
        service.transferIn(rootProof(1), "");
        bytes memory data = delivery(1, single(0));
        vm.expectRevert(abi.encodeWithSelector(IOmniService.WrongDestination.selector, CHAIN_R, CHAIN_B));
        service.transferIn("", data);
    }

    function test_messageThatSaysItComesFromHere() public {
        append(pingFor(CHAIN_B, CHAIN_B, 1));
        service.transferIn(rootProof(1), "");
        bytes memory data = delivery(1, single(0));
        vm.expectRevert(abi.encodeWithSelector(IOmniService.WrongOrigin.selector, CHAIN_B, CHAIN_R));
        service.transferIn("", data);
    }

    function test_undecodableMessageUnderARoot() public {
        append(hex"03");
        service.transferIn(rootProof(1), "");
        bytes memory data = delivery(1, single(0));
        vm.expectRevert(abi.encodeWithSelector(MessageCodec.MessageTooShort.selector, 1));
        service.transferIn("", data);
    }

    // ---- malformed deliveries --------------------------------------------------------------------------------

    /// T-01: before any root is known nothing can be delivered: an unset place of the ring is no root, nor is that of an
    /// empty outbox.
    function test_rootOfZero() public {
        append(ping(1));
        bytes memory data = delivery(1, single(0));
        service.transferIn(rootProof(0), "");
        for (uint8 count = 0; count < 2; ++count) {
            data[7] = bytes1(count);
            vm.expectRevert();
            service.transferIn("", data);
        }
        data[7] = 0x40; // the place of the empty outbox's root
        vm.expectRevert();
        service.transferIn("", data);
        assertEq(receiver.executions(), 0);
    }

    function test_rootThatIsNotKept() public {
        append(ping(1));
        bytes memory data = delivery(1, single(0));
        vm.expectRevert(abi.encodeWithSelector(IOmniServiceInbox.UnknownRoot.selector, 1, rootAt(1)));
        service.transferIn("", data);
    }

    /// T-03: a kept root with another count.
    function test_countOfAnotherRoot() public {
        for (uint256 i = 0; i < 65; ++i) {
            append(ping(i));
        }
        service.transferIn(rootProof(65), "");
        bytes memory data = delivery(65, single(0));
        data[7] = 0x01; // 1 and 65 have the same place in the ring
        vm.expectPartialRevert(IOmniServiceInbox.ProofTooLong.selector);
        service.transferIn("", data);
    }

    /// T-30
    function test_messageThatWasNotSent() public {
        append(ping(1));
        append(ping(2));
        service.transferIn(rootProof(2), "");
        bytes memory honest = rootProof(2);
        messages[0] = ping(3);
        bytes memory data = delivery(2, single(0));
        vm.expectPartialRevert(IOmniServiceInbox.UnknownRoot.selector);
        service.transferIn("", data);
        // Neither does the proof of the right root help.
        vm.expectPartialRevert(IOmniServiceInbox.UnknownRoot.selector);
        service.transferIn(honest, data);
    }

    /// T-12: every byte of a delivery is bound by the root: whatever is flipped, nothing is executed.
    function test_everyByteOfADeliveryCounts() public {
        for (uint256 i = 0; i < 5; ++i) {
            append(ping(i));
        }
        service.transferIn(rootProof(5), "");
        bytes memory data = delivery(5, pair(1, 3));
        for (uint256 i = 0; i < data.length; ++i) {
            data[i] ^= bytes1(uint8(1 << (i % 8)));
            (bool success, bytes memory reason) =
                address(service).call(abi.encodeCall(IOmniServiceInbox.transferIn, ("", data)));
            assertTrue(!success && reason.length >= 4, "refused by name");
            data[i] ^= bytes1(uint8(1 << (i % 8)));
        }
        assertEq(receiver.executions(), 0);
        service.transferIn("", data);
        assertEq(receiver.executions(), 2);
    }

    function test_everyPrefixOfADelivery() public {
        append(ping(1));
        append(ping(2));
        service.transferIn(rootProof(2), "");
        bytes memory data = delivery(2, single(1));
        for (uint256 length = data.length - 1; length > 0; --length) {
            assembly ("memory-safe") {
                mstore(data, length)
            }
            (bool success, bytes memory reason) =
                address(service).call(abi.encodeCall(IOmniServiceInbox.transferIn, ("", data)));
            assertTrue(!success, "refused");
            bytes4 error = bytes4(reason);
            assertTrue(
                error == IOmniServiceInbox.DeliveryMalformed.selector
                    || error == IOmniServiceInbox.ProofTooShort.selector,
                "by name"
            );
        }
    }

    function test_siblingsLeftOver() public {
        append(ping(1));
        service.transferIn(rootProof(1), "");
        bytes memory data = bytes.concat(delivery(1, single(0)), bytes32(0));
        vm.expectRevert(abi.encodeWithSelector(IOmniServiceInbox.ProofTooLong.selector, 32));
        service.transferIn("", data);
    }

    function test_noMessages() public {
        append(ping(1));
        service.transferIn(rootProof(1), "");
        bytes memory data = abi.encodePacked(uint64(1), uint8(0));
        vm.expectRevert(IOmniServiceInbox.DeliveryMalformed.selector);
        service.transferIn("", data);
        // Nor is what stands there looked at: two of them, the second of which would be refused for its index.
        bytes memory item = abi.encodePacked(uint64(0), uint24(messages[0].length), messages[0]);
        vm.expectRevert(IOmniServiceInbox.DeliveryMalformed.selector);
        service.transferIn("", bytes.concat(data, item, item));
    }

    /// T-03: an index at and beyond the count, up to the largest.
    function testFuzz_indexOutOfRange(uint64 index) public {
        append(ping(1));
        append(ping(2));
        service.transferIn(rootProof(2), "");
        index = uint64(bound(index, 2, type(uint64).max));
        bytes memory data = delivery(2, single(1));
        for (uint256 i = 0; i < 8; ++i) {
            data[9 + i] = bytes8(index)[i];
        }
        vm.expectRevert(abi.encodeWithSelector(IOmniServiceInbox.IndexOutOfRange.selector, index, 2));
        service.transferIn("", data);
    }

    function test_indexesNotAscending() public {
        for (uint256 i = 0; i < 4; ++i) {
            append(ping(i));
        }
        service.transferIn(rootProof(4), "");
        bytes memory data = delivery(4, pair(1, 1));
        vm.expectRevert(abi.encodeWithSelector(IOmniServiceInbox.IndexNotAscending.selector, 1, 1));
        service.transferIn("", data);
        data = delivery(4, pair(2, 1));
        vm.expectRevert(abi.encodeWithSelector(IOmniServiceInbox.IndexNotAscending.selector, 1, 2));
        service.transferIn("", data);
    }

    function test_mostMessagesInOneDelivery() public {
        uint256[] memory all = new uint256[](255);
        for (uint256 i = 0; i < 255; ++i) {
            append(ping(i));
            all[i] = i;
        }
        service.transferIn(rootProof(255), delivery(255, all));
        assertEq(receiver.executions(), 255);
    }

    /// T-05: one message has many proofs: under each later root, alone or among others. None is a second message.
    function test_T05_oneMessageInEveryEncodingOfItsProof() public {
        for (uint256 i = 0; i < 12; ++i) {
            append(ping(i));
            service.transferIn(rootProof(i + 1), "");
        }
        service.transferIn("", delivery(1, single(0)));
        for (uint256 count = 1; count <= 12; ++count) {
            service.transferIn("", delivery(count, single(0)));
            for (uint256 other = 1; other < count; ++other) {
                service.transferIn("", delivery(count, pair(0, other)));
            }
        }
        assertEq(receiver.executions(), 12);
    }

    // ---- configuration ---------------------------------------------------------------------------------------

    /// T-41: another relay service numbers its own messages from 0: those would count as delivered, and its roots would
    /// stand beside those of the one before.
    function test_T41_relayIsFixedOnceARootIsVerified() public {
        address other = address(0x074e40000);
        vm.startPrank(OWNER);
        service.setRelay(CHAIN_A, other, client);
        service.setRelay(CHAIN_R, RELAY_SERVICE, client);
        vm.stopPrank();
        append(ping(1));
        service.transferIn(rootProof(1), "");
        bytes memory fixed_ = abi.encodeWithSelector(OmniService.RelayFixed.selector, CHAIN_R, RELAY_SERVICE);
        vm.startPrank(OWNER);
        vm.expectRevert(fixed_);
        service.setRelay(CHAIN_R, other, client);
        vm.expectRevert(fixed_);
        service.setRelay(CHAIN_A, RELAY_SERVICE, client);
        service.setRelay(CHAIN_R, RELAY_SERVICE, new BelievingClient());
        // It stays so when the roots are forgotten.
        vm.expectRevert(fixed_);
        service.setRelay(CHAIN_R, other, client);
        vm.stopPrank();
    }

    /// T-24: what a client that is replaced has verified, perhaps wrongly, counts no longer, and how new it was neither.
    function test_T24_anotherClientStartsWithoutRoots() public {
        for (uint256 i = 0; i < 66; ++i) {
            append(ping(i));
        }
        service.transferIn(rootProof(66), delivery(66, single(0)));
        BelievingClient another = new BelievingClient();
        vm.prank(OWNER);
        service.setRelay(CHAIN_R, RELAY_SERVICE, another);
        for (uint64 slot = 0; slot < 64; ++slot) {
            assertEq(service.rootOf(slot), bytes32(0));
        }
        bytes memory data = delivery(66, single(1));
        vm.expectRevert(abi.encodeWithSelector(IOmniServiceInbox.UnknownRoot.selector, 66, rootAt(66)));
        service.transferIn("", data);
        service.transferIn(rootProof(2), delivery(2, pair(0, 1)));
        // The first was delivered before and is so still.
        assertEq(receiver.executions(), 2);
    }

    function test_withoutARelay() public {
        OmniService fresh = OmniService(
            deployProxy(
                deployCode("OmniService.sol"),
                abi.encodeCall(OmniService.initialize, (OWNER, IFeeService(address(feeService)), GUARDIAN))
            )
        );
        append(ping(1));
        vm.expectRevert();
        fresh.transferIn(rootProof(1), "");
        bytes memory data = delivery(1, single(0));
        vm.expectRevert(abi.encodeWithSelector(IOmniServiceInbox.UnknownRoot.selector, 1, rootAt(1)));
        fresh.transferIn("", data);
    }

    function test_whatTheClientRefusesIsRefused() public {
        vm.expectRevert();
        service.transferIn(hex"00", "");
    }

    /// T-37
    function test_orderStatus() public {
        receiver.setReverting(true);
        append(ping(1));
        service.transferIn(rootProof(1), delivery(1, single(0)));
        bytes32 orderId = keccak256(messages[0]);
        (bool exists, bool verifiable, uint256 nodeType) = service.getOrderStatus(CHAIN_R, 0, orderId);
        assertTrue(exists && verifiable, "stored, verifiable");
        assertEq(nodeType, 1);
        (exists, verifiable, nodeType) = service.getOrderStatus(CHAIN_A, 0, bytes32(0));
        assertTrue(!exists && !verifiable, "unknown");
        assertEq(nodeType, 0);
        client.setFrozen(true);
        (, verifiable, nodeType) = service.getOrderStatus(CHAIN_R, 0, orderId);
        assertTrue(!verifiable && nodeType == 0, "frozen");
        client.setFrozen(false);
        client.setTrustedUntil(uint64(block.timestamp) - 1);
        (, verifiable, nodeType) = service.getOrderStatus(CHAIN_R, 0, orderId);
        assertTrue(!verifiable && nodeType == 0, "expired");
    }
}
