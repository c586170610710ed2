// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IOmniService} from "../interfaces/IOmniService.sol";
import {IOmniServiceRelay} from "../interfaces/IOmniServiceRelay.sol";
import {MessageCodec} from "../libraries/MessageCodec.sol";
import {OmniServiceCore} from "../service/OmniServiceCore.sol";
import {OutboxTree} from "../test/OutboxTree.sol";
import {RelayTest} from "../test/RelayTest.sol";
import {Vm} from "../test/Vm.sol";
import {Message, MessageData, MessageType} from "../types/MessageTypes.sol";

/// Messages with `relay = true`: a contract of the relay chain makes the onward message.
contract RelayExecutionTest is RelayTest {
    address private constant FINAL_TARGET = address(0xf19a10000);
    address private constant STRANGER = address(0x57a49e40000);

    struct Executed {
        bool result;
        bytes messageData;
        bytes reason;
        uint256 relayed;
        bytes32 onwardId;
        bytes onward;
    }

    function onwardTo(uint256 gasLimit) private pure returns (MessageData memory) {
        return messageTo(FINAL_TARGET, MessageType.CALLDATA, "onward", gasLimit);
    }

    function relayed() private returns (bytes memory) {
        return encode(message(CHAIN_B, address(receiver), MessageType.MESSAGE, "hello", true));
    }

    function read() private returns (Executed memory executed) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] == IOmniService.MessageIn.selector) {
                (, executed.messageData, executed.result, executed.reason) =
                    abi.decode(logs[i].data, (bytes, bytes, bool, bytes));
            } else if (logs[i].topics[0] == IOmniServiceRelay.MessageRelay.selector) {
                ++executed.relayed;
                executed.onwardId = logs[i].topics[1];
                (, executed.onward) = abi.decode(logs[i].data, (uint64, bytes));
            }
        }
    }

    function takeInAndRead(bytes memory sent) private returns (Executed memory) {
        vm.recordLogs();
        takeIn(sent);
        return read();
    }

    function test_executorMakesTheOnwardMessage() public {
        receiver.setAnswer(abi.encode(onwardTo(150_000)));
        bytes memory sent = relayed();
        Executed memory executed = takeInAndRead(sent);
        assertTrue(executed.result, "executed");
        assertEq(executed.relayed, 1);
        // The executor was told the final chain.
        assertEq(
            receiver.lastHash(),
            keccak256(
                abi.encode(
                    uint256(CHAIN_A), uint256(CHAIN_B), abi.encodePacked(SENDER), keccak256(sent), bytes("hello")
                )
            )
        );
        bytes memory expected = encode(
            Message({
                relay: false,
                msgType: MessageType.CALLDATA,
                fromChain: CHAIN_R,
                toChain: CHAIN_B,
                nonce: 0,
                gasLimit: 150_000,
                service: address(service),
                sender: abi.encodePacked(address(receiver)),
                target: abi.encodePacked(FINAL_TARGET),
                payload: "onward"
            })
        );
        assertEq(executed.onward, expected);
        assertEq(executed.onwardId, keccak256(expected));
        (uint64 count, bytes32 root) = service.outbox(CHAIN_B);
        assertEq(count, 1);
        assertEq(root, OutboxTree.rootOf(1, OutboxTree.leaf(0, keccak256(expected))));
        assertEq(service.nonce(), 1);
    }

    /// The incoming id is in the event, so that a message can be followed.
    function test_onwardMessageNamesItsOrigin() public {
        receiver.setAnswer(abi.encode(onwardTo(150_000)));
        bytes memory sent = relayed();
        vm.recordLogs();
        takeIn(sent);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != IOmniServiceRelay.MessageRelay.selector) continue;
            assertEq(logs[i].topics[3], keccak256(sent));
            return;
        }
        revert NotTrue("no MessageRelay");
    }

    /// The largest onward message fits into what is kept of an answer and into the gas that is kept for it.
    function test_largestOnwardMessage() public {
        MessageData memory onward = onwardTo(200_000);
        onward.payload = new bytes(16_384);
        for (uint256 i = 0; i < 16_384; ++i) {
            onward.payload[i] = 0xff;
        }
        receiver.setAnswer(abi.encode(onward));
        Message memory sent = message(CHAIN_B, address(receiver), MessageType.MESSAGE, "", true);
        sent.gasLimit = 5_000_000;
        Executed memory executed = takeInAndRead(encode(sent));
        assertTrue(executed.result, "executed");
        assertEq(executed.relayed, 1);
    }

    /// T-42: with the least gas that the check lets through, the largest onward message is made, whatever the limit.
    function test_reserveSendsTheLargestOnwardMessage() public {
        MessageData memory onward = onwardTo(100_000);
        onward.payload = new bytes(16_384);
        for (uint256 i = 0; i < 16_384; ++i) {
            onward.payload[i] = 0xff;
        }
        receiver.setAnswer(abi.encode(onward));
        uint32[2] memory limits = [uint32(1_500_000), 5_000_000];
        for (uint256 i = 0; i < limits.length; ++i) {
            Message memory sent = message(CHAIN_B, address(receiver), MessageType.MESSAGE, new bytes(16_384), true);
            sent.gasLimit = limits[i];
            bytes memory proof = encodeLog(logOf(encode(sent)));
            uint256 state = vm.snapshotState();
            (uint256 low, uint256 high) = (100_000, 12_000_000);
            bytes memory lastReason;
            while (high - low > 1) {
                uint256 middle = (low + high) / 2;
                (bool success, bytes memory reason) =
                    address(service).call{gas: middle}(abi.encodeCall(IOmniServiceRelay.transferIn, (CHAIN_A, proof)));
                if (success) {
                    high = middle;
                    (uint64 count,) = service.outbox(CHAIN_B);
                    assertEq(count, 1);
                } else {
                    (low, lastReason) = (middle, reason);
                }
                vm.revertToState(state);
            }
            assertSelector(lastReason, IOmniService.NotEnoughGas.selector);
        }
    }

    // ---- executors that answer badly -------------------------------------------------------------------------

    function expectStored(bytes memory answer, bytes memory reason) private {
        receiver.setAnswer(answer);
        bytes memory sent = relayed();
        Executed memory executed = takeInAndRead(sent);
        assertTrue(!executed.result, "stored");
        assertEq(executed.relayed, 0);
        if (reason.length != 0) assertEq(executed.reason, reason);
        assertTrue(service.failures(keccak256(sent)) != 0, "stored");
        (uint64 count,) = service.outbox(CHAIN_B);
        assertEq(count, 0);
        // What did not go on did not happen, either.
        assertEq(receiver.executions(), 0);
        assertEq(service.nonce(), 0);
    }

    function test_answerThatIsNoMessage() public {
        expectStored("", "");
        expectStored(hex"deadbeef", "");
        expectStored(abi.encode(type(uint256).max, type(uint256).max), "");
    }

    function testFuzz_answerOfAnyBytes(bytes calldata answer) public {
        receiver.setAnswer(answer);
        bytes memory sent = relayed();
        takeIn(sent);
        assertTrue(service.seen(keccak256(sent)), "seen");
    }

    function test_onwardTargetMalformed() public {
        MessageData memory onward = onwardTo(100_000);
        onward.target = hex"1234";
        expectStored(abi.encode(onward), abi.encodeWithSelector(IOmniService.TargetMalformed.selector, 2, 20));
    }

    function test_onwardPayloadTooLarge() public {
        MessageData memory onward = onwardTo(100_000);
        onward.payload = new bytes(16_385);
        bytes memory answer = abi.encode(onward);
        receiver.setAnswer(answer);
        Message memory sent = message(CHAIN_B, address(receiver), MessageType.MESSAGE, "", true);
        sent.gasLimit = 5_000_000;
        Executed memory executed = takeInAndRead(encode(sent));
        assertTrue(!executed.result, "stored");
        assertEq(executed.reason, abi.encodeWithSelector(IOmniService.PayloadTooLarge.selector, 16_385, 16_384));
    }

    function test_onwardGasLimitAboveWhatWasPaid() public {
        expectStored(
            abi.encode(onwardTo(200_001)),
            abi.encodeWithSelector(IOmniServiceRelay.OnwardGasLimitTooHigh.selector, 200_001, 200_000)
        );
    }

    function test_onwardGasLimitTooLow() public {
        expectStored(
            abi.encode(onwardTo(20_999)),
            abi.encodeWithSelector(IOmniService.GasLimitOutOfRange.selector, 20_999, 21_000, 5_000_000)
        );
    }

    function test_onwardValue() public {
        MessageData memory onward = onwardTo(100_000);
        onward.value = 1;
        expectStored(abi.encode(onward), abi.encodeWithSelector(IOmniService.ValueNotSupported.selector, 1));
    }

    function test_onwardMessageThatWantsRelaying() public {
        MessageData memory onward = onwardTo(100_000);
        onward.relay = true;
        expectStored(abi.encode(onward), abi.encodeWithSelector(OmniServiceCore.RelayNotAllowed.selector));
    }

    function test_onwardToAClosedChain() public {
        receiver.setAnswer(abi.encode(onwardTo(100_000)));
        bytes memory sent = encode(message(CHAIN_CLOSED, address(receiver), MessageType.MESSAGE, "", true));
        Executed memory executed = takeInAndRead(sent);
        assertTrue(!executed.result, "stored");
        assertEq(executed.reason, abi.encodeWithSelector(IOmniService.UnknownDestination.selector, CHAIN_CLOSED));
        assertEq(receiver.executions(), 0);
        // Once the chain is open, a stranger's retry sends it on.
        vm.prank(OWNER);
        service.setService(CHAIN_CLOSED, SERVICE_B);
        vm.recordLogs();
        vm.prank(STRANGER);
        service.retryMessageIn(CHAIN_A, keccak256(sent), abi.encodePacked(SENDER), executed.messageData);
        executed = read();
        assertTrue(executed.result, "executed");
        assertEq(executed.relayed, 1);
        assertEq(receiver.executions(), 1);
        (uint64 count,) = service.outbox(CHAIN_CLOSED);
        assertEq(count, 1);
    }

    function test_executorThatReverts() public {
        receiver.setReverting(true);
        receiver.setAnswer(abi.encode(onwardTo(100_000)));
        bytes memory sent = relayed();
        Executed memory executed = takeInAndRead(sent);
        assertTrue(!executed.result, "stored");
        receiver.setReverting(false);
        vm.prank(STRANGER);
        service.retryMessageIn(CHAIN_A, keccak256(sent), abi.encodePacked(SENDER), executed.messageData);
        assertEq(receiver.executions(), 1);
        (uint64 count,) = service.outbox(CHAIN_B);
        assertEq(count, 1);
        vm.expectRevert(abi.encodeWithSelector(IOmniService.NothingToRetry.selector, keccak256(sent)));
        service.retryMessageIn(CHAIN_A, keccak256(sent), abi.encodePacked(SENDER), executed.messageData);
    }

    /// A retry whose answer is still bad fails as a whole: the executor's effects are taken back and the message stays.
    function test_retryWithABadAnswer() public {
        receiver.setAnswer(hex"deadbeef");
        bytes memory sent = relayed();
        Executed memory executed = takeInAndRead(sent);
        for (uint256 i = 0; i < 3; ++i) {
            vm.expectPartialRevert(OmniServiceCore.ExecutionFailed.selector);
            service.retryMessageIn(CHAIN_A, keccak256(sent), abi.encodePacked(SENDER), executed.messageData);
        }
        assertEq(receiver.executions(), 0);
        receiver.setAnswer(abi.encode(onwardTo(100_000)));
        service.retryMessageIn(CHAIN_A, keccak256(sent), abi.encodePacked(SENDER), executed.messageData);
        assertEq(receiver.executions(), 1);
    }

    /// T-42: whoever retries chooses the gas: the executor and its onward message happen together, or neither does.
    function testFuzz_retryWithAnyGas(uint256 gasGiven) public {
        receiver.setReverting(true);
        MessageData memory onward = onwardTo(100_000);
        onward.payload = new bytes(4_000);
        receiver.setAnswer(abi.encode(onward));
        bytes memory sent = relayed();
        Executed memory executed = takeInAndRead(sent);
        receiver.setReverting(false);
        gasGiven = bound(gasGiven, 50_000, 2_500_000);
        (bool success,) = address(service).call{gas: gasGiven}(
            abi.encodeCall(
                IOmniService.retryMessageIn,
                (uint256(CHAIN_A), keccak256(sent), abi.encodePacked(SENDER), executed.messageData)
            )
        );
        (uint64 count,) = service.outbox(CHAIN_B);
        assertEq(receiver.executions(), count);
        assertTrue(success == (count == 1), "together");
        assertTrue((service.failures(keccak256(sent)) == 0) == success, "stored until it succeeds");
    }

    /// T-42: the same for the relayer of the first delivery.
    function testFuzz_deliveryWithAnyGas(uint256 gasGiven) public {
        receiver.setAnswer(abi.encode(onwardTo(100_000)));
        bytes memory sent = relayed();
        bytes memory proof = encodeLog(logOf(sent));
        gasGiven = bound(gasGiven, 50_000, 3_000_000);
        (bool success,) =
            address(service).call{gas: gasGiven}(abi.encodeCall(IOmniServiceRelay.transferIn, (CHAIN_A, proof)));
        (uint64 count,) = service.outbox(CHAIN_B);
        assertEq(receiver.executions(), count);
        assertTrue(success == (count == 1), "executed with its full limit, or nothing");
        assertTrue(service.seen(keccak256(sent)) == success, "seen");
    }

    /// T-32
    function test_forbiddenTargets() public {
        address[4] memory targets = [address(service), address(feeService), address(clients), address(4)];
        for (uint256 i = 0; i < targets.length; ++i) {
            for (uint256 k = 0; k < 2; ++k) {
                bytes memory sent = encode(message(CHAIN_R, targets[i], MessageType.MESSAGE, "", k == 1));
                Executed memory executed = takeInAndRead(sent);
                assertTrue(!executed.result, "stored");
                assertEq(executed.reason, abi.encodeWithSelector(IOmniService.TargetForbidden.selector, targets[i]));
            }
        }
    }

    function test_stepsAreNotOpen() public {
        MessageData memory data = onwardTo(100_000);
        vm.expectRevert(abi.encodeWithSelector(IOmniService.TargetForbidden.selector, address(this)));
        service.executeOnward(keccak256("order"), CHAIN_A, abi.encodePacked(SENDER), data, 100_000);
    }
}
