// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFeeService} from "../interfaces/IFeeService.sol";
import {IMapoExecutor} from "../interfaces/IMapoExecutor.sol";
import {IOmniService} from "../interfaces/IOmniService.sol";
import {IOmniServiceInbox} from "../interfaces/IOmniServiceInbox.sol";
import {MessageCodec} from "../libraries/MessageCodec.sol";
import {InboxTest} from "../test/InboxTest.sol";
import {Receiver} from "../test/ServiceTest.sol";
import {Token} from "../test/Tokens.sol";
import {Vm} from "../test/Vm.sol";
import {Message, MessageData, MessageType} from "../types/MessageTypes.sol";
import {OmniServiceCore} from "./OmniServiceCore.sol";

/// Calls back into the service while it is executed, with whatever it was told to.
contract Reentrant is IMapoExecutor {
    address private immutable service;
    bytes[] private calls;
    uint256 public executions;
    bool[] public succeeded;
    bytes[] public reasons;
    bool public isFailing;

    error Failing();

    constructor(address service_) {
        service = service_;
    }

    function plan(bytes calldata call) external {
        calls.push(call);
    }

    function setFailing(bool value) external {
        isFailing = value;
    }

    function mapoExecute(uint256, uint256, bytes calldata, bytes32, bytes calldata) external returns (bytes memory) {
        if (isFailing) revert Failing();
        ++executions;
        bytes[] memory planned = calls;
        for (uint256 i = 0; i < planned.length; ++i) {
            (bool success, bytes memory reason) = service.call(planned[i]);
            succeeded.push(success);
            reasons.push(reason);
        }
        return "";
    }
}

/// Answers, or reverts, with a megabyte.
contract LoudReceiver is IMapoExecutor {
    bool private immutable isReverting;

    constructor(bool isReverting_) {
        isReverting = isReverting_;
    }

    function mapoExecute(uint256, uint256, bytes calldata, bytes32, bytes calldata)
        external
        view
        returns (bytes memory)
    {
        bool reverts = isReverting;
        assembly {
            if reverts { revert(0, 0x100000) }
            return(0, 0x100000)
        }
    }
}

/// Passes over work that fails, so that its execution succeeds all the same. The work takes 1.3 million gas.
contract CopingReceiver is IMapoExecutor {
    bool public isReverting = true;
    bool public hasWorked;
    uint256[60] private _work;

    function mend() external {
        isReverting = false;
    }

    function work() external {
        for (uint256 i = 0; i < _work.length; ++i) {
            _work[i] = 1;
        }
    }

    function mapoExecute(uint256, uint256, bytes calldata, bytes32, bytes calldata)
        external
        returns (bytes memory)
    {
        require(!isReverting);
        try this.work() {
            hasWorked = true;
        } catch {}
        return "";
    }
}

/// What the execution of delivered messages may do, may cost, and what is left when it fails.
contract OmniServiceExecutionTest is InboxTest {
    address private constant STRANGER = address(0x57a49e40000);

    struct Failure {
        bytes32 orderId;
        bytes messageData;
        bytes reason;
    }

    /// Delivers and returns what `MessageExecuted` or `MessageIn` said.
    function deliverAndRead(bytes memory sent) private returns (bool result, Failure memory failure) {
        vm.recordLogs();
        deliverOne(sent);
        return readMessageIn(vm.getRecordedLogs());
    }

    function readMessageIn(Vm.Log[] memory logs) private view returns (bool result, Failure memory failure) {
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter != address(service)) continue;
            if (logs[i].topics[0] == IOmniServiceInbox.MessageExecuted.selector) {
                failure.orderId = logs[i].topics[1];
                return (true, failure);
            }
            if (logs[i].topics[0] != IOmniService.MessageIn.selector) continue;
            assertEq(logs[i].topics[2], bytes32(uint256(CHAIN_A)));
            assertEq(logs[i].topics[3], bytes32(uint256(CHAIN_B)));
            bytes memory fromAddress;
            (fromAddress, failure.messageData, result, failure.reason) =
                abi.decode(logs[i].data, (bytes, bytes, bool, bytes));
            assertEq(fromAddress, abi.encodePacked(REMOTE_SENDER));
            failure.orderId = logs[i].topics[1];
            return (result, failure);
        }
        revert NotTrue("no execution");
    }

    function encoded(address target, MessageType msgType, bytes memory payload) private returns (bytes memory) {
        return MessageCodec.encode(message(target, msgType, payload, GAS_LIMIT));
    }

    function retry(Failure memory failure) private {
        service.retryMessageIn(CHAIN_A, failure.orderId, abi.encodePacked(REMOTE_SENDER), failure.messageData);
    }

    // ---- what is called --------------------------------------------------------------------------------------

    function test_messageReachesTheExecutor() public {
        bytes memory sent = encoded(address(receiver), MessageType.MESSAGE, "payload");
        (bool result, Failure memory failure) = deliverAndRead(sent);
        assertTrue(result, "executed");
        assertEq(failure.messageData.length + failure.reason.length, 0);
        bytes32 orderId = keccak256(sent);
        assertEq(
            receiver.lastHash(),
            keccak256(
                abi.encode(
                    uint256(CHAIN_A), uint256(CHAIN_B), abi.encodePacked(REMOTE_SENDER), orderId, bytes("payload")
                )
            )
        );
    }

    function test_calldataReachesTheTarget() public {
        (bool result,) =
            deliverAndRead(encoded(address(receiver), MessageType.CALLDATA, abi.encodeCall(Receiver.ping, (9))));
        assertTrue(result, "executed");
        assertEq(receiver.lastHash(), keccak256(abi.encode(9)));
    }

    function test_remoteCallers() public {
        bytes memory from = abi.encodePacked(REMOTE_SENDER);
        assertTrue(service.getExecutePermission(address(receiver), CHAIN_A, from), "allowed");
        assertTrue(!service.getExecutePermission(address(receiver), CHAIN_R, from), "another chain");
        assertTrue(!service.getExecutePermission(STRANGER, CHAIN_A, from), "another target");
        assertTrue(!service.getExecutePermission(address(receiver), CHAIN_A, abi.encodePacked(STRANGER)), "another");
        vm.expectEmit(address(service));
        emit IOmniService.RemoteCallerSet(address(receiver), CHAIN_A, from, false);
        vm.prank(address(receiver));
        service.addRemoteCaller(CHAIN_A, from, false);
        assertTrue(!service.getExecutePermission(address(receiver), CHAIN_A, from), "taken back");
    }

    /// A stranger's allowance is its own: nobody can allow a caller for another contract.
    function test_callerThatIsNotAllowed() public {
        vm.prank(address(receiver));
        service.addRemoteCaller(CHAIN_A, abi.encodePacked(REMOTE_SENDER), false);
        vm.prank(STRANGER);
        service.addRemoteCaller(CHAIN_A, abi.encodePacked(REMOTE_SENDER), true);
        (bool result, Failure memory failure) = deliverAndRead(ping(1));
        assertTrue(!result, "refused");
        assertEq(
            failure.reason,
            abi.encodeWithSelector(
                IOmniService.CallerNotAllowed.selector, uint256(CHAIN_A), abi.encodePacked(REMOTE_SENDER)
            )
        );
        assertEq(receiver.executions(), 0);
        // Once it is allowed, the stored message can be executed.
        allow(address(receiver));
        retry(failure);
        assertEq(receiver.executions(), 1);
    }

    function expectStored(address target, bytes4 reason) private {
        allow(target);
        (bool result, Failure memory failure) =
            deliverAndRead(encoded(target, MessageType.CALLDATA, abi.encodeCall(Receiver.ping, (1))));
        assertTrue(!result, "stored");
        assertEq(failure.reason, abi.encodeWithSelector(reason, target));
        (result, failure) = deliverAndRead(encoded(target, MessageType.MESSAGE, ""));
        assertTrue(!result, "stored");
        assertEq(failure.reason, abi.encodeWithSelector(reason, target));
    }

    /// T-32: what a message may never call, whoever allowed it.
    function test_forbiddenTargets() public {
        expectStored(address(service), IOmniService.TargetForbidden.selector);
        expectStored(address(client), IOmniService.TargetForbidden.selector);
        expectStored(address(feeService), IOmniService.TargetForbidden.selector);
        for (uint160 i = 0; i <= 0x12; ++i) {
            expectStored(address(i), IOmniService.TargetForbidden.selector);
        }
        expectStored(address(0xffff), IOmniService.TargetForbidden.selector);
        // A chain may keep a contract of its own there.
        vm.etch(address(0xfffe), address(receiver).code);
        expectStored(address(0xfffe), IOmniService.TargetForbidden.selector);
        expectStored(address(0x10000), IOmniService.TargetHasNoCode.selector);
    }

    /// T-32: a target that may be called says nothing about the next one of its delivery.
    function test_T32_everyTargetOfADelivery() public {
        address[6] memory targets =
            [address(receiver), address(feeService), address(0), address(receiver), STRANGER, address(receiver)];
        uint256[] memory indexes = new uint256[](targets.length);
        for (uint256 i = 0; i < targets.length; ++i) {
            indexes[i] = append(encoded(targets[i], MessageType.MESSAGE, ""));
        }
        uint256 count = indexes[targets.length - 1] + 1;
        service.transferIn(rootProof(count), delivery(count, indexes));
        assertEq(receiver.executions(), 3);
        for (uint256 i = 0; i < targets.length; ++i) {
            bool isStored = service.failures(keccak256(messages[indexes[i]])) != 0;
            assertTrue(isStored == (targets[i] != address(receiver)), vm.toString(i));
        }
    }

    function test_targetWithoutCode() public {
        expectStored(STRANGER, IOmniService.TargetHasNoCode.selector);
    }

    /// T-50: an address of another chain's kind is no address here, and is not cut to one.
    function test_targetThatIsNoAddressHere() public {
        Message memory sent = message(address(receiver), MessageType.MESSAGE, "", GAS_LIMIT);
        uint8[4] memory lengths = [1, 19, 21, 32];
        for (uint256 i = 0; i < lengths.length; ++i) {
            sent.target = bytes.concat(abi.encodePacked(address(receiver)), new bytes(12));
            bytes memory target = new bytes(lengths[i]);
            for (uint256 k = 0; k < lengths[i]; ++k) {
                target[k] = sent.target[k];
            }
            sent.target = target;
            (bool result, Failure memory failure) = deliverAndRead(MessageCodec.encode(sent));
            assertTrue(!result, "stored");
            assertEq(failure.reason, abi.encodeWithSelector(IOmniService.TargetNotEvmAddress.selector, target));
        }
        assertEq(receiver.executions(), 0);
    }

    /// T-32: users who pay fees in a token have approved the service; a message must not spend that.
    function test_tokenAllowancesCannotBeSpent() public {
        Token token = new Token(0);
        token.mint(STRANGER, 100);
        vm.prank(STRANGER);
        token.approve(address(service), 100);
        bytes memory theft = abi.encodeCall(Token.transferFrom, (STRANGER, REMOTE_SENDER, 100));
        (bool result, Failure memory failure) = deliverAndRead(encoded(address(token), MessageType.CALLDATA, theft));
        assertTrue(!result, "stored");
        assertSelector(failure.reason, IOmniService.CallerNotAllowed.selector);
        (result,) = deliverAndRead(encoded(address(token), MessageType.MESSAGE, theft));
        assertTrue(!result, "no executor");
        assertEq(token.balanceOf(STRANGER), 100);
    }

    // ---- failures and retries --------------------------------------------------------------------------------

    function failOnce() private returns (Failure memory failure) {
        bool result;
        receiver.setReverting(true);
        (result, failure) = deliverAndRead(ping(1));
        assertTrue(!result, "failed");
        assertEq(failure.reason, abi.encodeWithSelector(Receiver.NotToday.selector));
        assertTrue(service.failures(failure.orderId) != 0, "stored");
        receiver.setReverting(false);
    }

    function test_strangerRetries() public {
        Failure memory failure = failOnce();
        vm.prank(STRANGER);
        retry(failure);
        assertEq(receiver.executions(), 1);
        assertEq(service.failures(failure.orderId), 0);
        vm.expectRevert(abi.encodeWithSelector(IOmniService.NothingToRetry.selector, failure.orderId));
        retry(failure);
        assertEq(receiver.executions(), 1);
    }

    /// Neither a pause nor another delivery of it stands in the way of a retry.
    function test_retryDuringAPause() public {
        Failure memory failure = failOnce();
        service.transferIn("", delivery(1, single(0)));
        assertEq(receiver.executions(), 0);
        vm.prank(GUARDIAN);
        service.pause();
        retry(failure);
        assertEq(receiver.executions(), 1);
    }

    function test_retryThatFailsAgainKeepsTheMessage() public {
        Failure memory failure = failOnce();
        receiver.setReverting(true);
        vm.expectRevert(
            abi.encodeWithSelector(
                OmniServiceCore.ExecutionFailed.selector, abi.encodeWithSelector(Receiver.NotToday.selector)
            )
        );
        retry(failure);
        receiver.setReverting(false);
        retry(failure);
        assertEq(receiver.executions(), 1);
    }

    /// T-42: a stranger who retries with little gas cannot use the message up on a receiver that copes with that.
    function testFuzz_retryGivesTheFullGasLimit(uint256 gas) public {
        uint32 gasLimit = 2_000_000;
        CopingReceiver coping = new CopingReceiver();
        bytes memory sent =
            MessageCodec.encode(message(address(coping), MessageType.MESSAGE, "payload", gasLimit));
        (bool result, Failure memory failure) = deliverAndRead(sent);
        assertTrue(!result, "failed at first");
        coping.mend();
        gas = bound(gas, 100_000, 2 * gasLimit);
        bytes memory from = abi.encodePacked(REMOTE_SENDER);
        vm.prank(STRANGER);
        try service.retryMessageIn{gas: gas}(CHAIN_A, failure.orderId, from, failure.messageData) {
            assertTrue(coping.hasWorked(), "all the gas that it asked for");
        } catch {
            assertTrue(service.failures(failure.orderId) != 0, "still to be retried");
        }
    }

    /// T-38: whatever is altered, nothing is executed.
    function testFuzz_retryOfAlteredContent(uint256 what, uint256 change) public {
        Failure memory failure = failOnce();
        bytes memory from = abi.encodePacked(REMOTE_SENDER);
        uint256 chain = CHAIN_A;
        bytes32 orderId = failure.orderId;
        uint256 kind = what % 5;
        if (kind == 0) failure.messageData[change % failure.messageData.length] ^= bytes1(uint8(1 << (change % 8)));
        if (kind == 1) from[change % 20] ^= bytes1(uint8(1 << (change % 8)));
        if (kind == 2) chain ^= 1 << (change % 256);
        if (kind == 3) orderId ^= bytes32(1 << (change % 256));
        if (kind == 4) failure.messageData = bytes.concat(failure.messageData, new bytes(1 + change % 64));
        vm.expectRevert(abi.encodeWithSelector(IOmniService.NothingToRetry.selector, orderId));
        service.retryMessageIn(chain, orderId, from, failure.messageData);
        assertEq(receiver.executions(), 0);
    }

    /// T-38: the shape of a known theft: bytes move from one dynamic argument to the next. What was stored is hashed with
    /// the arguments' lengths; the packed hash, whose twin stands here, is the same for both.
    function test_retryWithMovedBoundary() public {
        Failure memory failure = failOnce();
        bytes memory from = abi.encodePacked(REMOTE_SENDER);
        bytes memory longer = bytes.concat(from, failure.messageData[0]);
        bytes memory shorter = new bytes(failure.messageData.length - 1);
        for (uint256 i = 0; i < shorter.length; ++i) {
            shorter[i] = failure.messageData[i + 1];
        }
        assertEq(keccak256(abi.encodePacked(from, failure.messageData)), keccak256(abi.encodePacked(longer, shorter)));
        vm.expectRevert(abi.encodeWithSelector(IOmniService.NothingToRetry.selector, failure.orderId));
        service.retryMessageIn(CHAIN_A, failure.orderId, longer, shorter);
    }

    /// T-49: a message that fails does not stand in the way of those delivered with it.
    function test_failureBlocksNobody() public {
        Reentrant failing = new Reentrant(address(service));
        failing.setFailing(true);
        append(ping(1));
        append(encoded(address(failing), MessageType.MESSAGE, ""));
        append(ping(2));
        uint256[] memory all = new uint256[](3);
        (all[0], all[1], all[2]) = (0, 1, 2);
        service.transferIn(rootProof(3), delivery(3, all));
        assertEq(receiver.executions(), 2);
        assertTrue(service.failures(keccak256(messages[1])) != 0, "stored");
    }

    // ---- gas -------------------------------------------------------------------------------------------------

    function tryDeliver(bytes memory data, uint256 gasGiven) private returns (bool success, bytes memory reason) {
        return address(service).call{gas: gasGiven}(abi.encodeCall(IOmniServiceInbox.transferIn, ("", data)));
    }

    /// T-42: whatever gas the relayer gives, the target sees its full limit or nothing happened.
    function testFuzz_fullGasLimitOrNothing(uint256 gasGiven, uint32 gasLimit, uint16 payloadBytes) public {
        gasLimit = uint32(bound(gasLimit, 21_000, 1_000_000));
        bytes memory payload = new bytes(bound(payloadBytes, 0, 16_384));
        append(MessageCodec.encode(message(address(receiver), MessageType.MESSAGE, payload, gasLimit)));
        service.transferIn(rootProof(1), "");
        bytes memory data = delivery(1, single(0));
        gasGiven = bound(gasGiven, 0, 3_000_000);
        (bool success,) = tryDeliver(data, gasGiven);
        if (success) {
            bool isExecuted = receiver.executions() == 1;
            bool isStored = service.failures(keccak256(messages[0])) != 0;
            assertTrue(isExecuted != isStored, "executed or stored");
            // What the receiver saw is its limit less the little it had used by then: entering, and copying its payload.
            if (isExecuted) {
                assertTrue(receiver.gasSeen() + 2_000 + 30 * payload.length / 16 >= gasLimit, "full limit");
                assertTrue(receiver.gasSeen() <= gasLimit, "no more");
            }
        } else {
            assertTrue(!service.isDelivered(0) && receiver.executions() == 0, "nothing happened");
        }
    }

    /// T-42: at every step, from too little to plenty. The target needs all of its limit, so a smaller one shows.
    function test_gasFromLowToHigh() public {
        receiver.setGasToBurn(60_000);
        append(MessageCodec.encode(message(address(receiver), MessageType.MESSAGE, "", 136_000)));
        service.transferIn(rootProof(1), "");
        bytes memory data = delivery(1, single(0));
        uint256 succeeded = 0;
        uint256 state = vm.snapshotState();
        for (uint256 gasGiven = 20_000; gasGiven < 340_000; gasGiven += 977) {
            (bool success, bytes memory reason) = tryDeliver(data, gasGiven);
            if (success) {
                assertEq(receiver.executions(), 1);
                ++succeeded;
            } else {
                assertTrue(succeeded == 0, "once it is enough it stays enough");
                assertTrue(
                    reason.length == 0 || bytes4(reason) == IOmniService.NotEnoughGas.selector, "out of gas, or named"
                );
            }
            vm.revertToState(state);
        }
        assertTrue(succeeded > 50, "succeeded");
    }

    /// The reserve is enough to store a failure of the largest message by a target that burns all of its limit and answers
    /// with the longest reason: with the least gas that the check lets through, it is stored.
    function test_reserveStoresTheLargestFailure() public {
        receiver.setGasToBurn(type(uint256).max);
        uint32[3] memory limits = [uint32(21_000), 300_000, 5_000_000];
        for (uint256 i = 0; i < limits.length; ++i) {
            bytes memory payload = new bytes(16_384);
            for (uint256 k = 0; k < payload.length; ++k) {
                payload[k] = 0xff;
            }
            for (uint256 k = 0; k < 2; ++k) {
                address target = k == 0 ? address(receiver) : address(new LoudReceiver(true));
                uint256 index = append(MessageCodec.encode(message(target, MessageType.MESSAGE, payload, limits[i])));
                service.transferIn(rootProof(index + 1), "");
                leastGas(delivery(index + 1, single(index)), index);
            }
        }
    }

    /// Searches for the least gas with which the delivery succeeds; just below it, it must fail by name, not for want of gas
    /// after the call.
    function leastGas(bytes memory data, uint256 index) private {
        uint256 state = vm.snapshotState();
        (uint256 low, uint256 high) = (100_000, 8_000_000);
        bytes memory lastReason;
        while (high - low > 1) {
            uint256 middle = (low + high) / 2;
            (bool success, bytes memory reason) = tryDeliver(data, middle);
            vm.revertToState(state);
            if (success) {
                high = middle;
            } else {
                (low, lastReason) = (middle, reason);
            }
        }
        assertSelector(lastReason, IOmniService.NotEnoughGas.selector);
        (bool stored,) = tryDeliver(data, high);
        assertTrue(stored, "stored");
        assertTrue(service.failures(keccak256(messages[index])) != 0, "as a failure");
    }

    /// T-43: a megabyte of answer costs the relayer no more than a short one.
    function test_returnBomb() public {
        for (uint256 i = 0; i < 2; ++i) {
            address loud = address(new LoudReceiver(i == 1));
            uint256 index = append(MessageCodec.encode(message(loud, MessageType.MESSAGE, "", 3_000_000)));
            service.transferIn(rootProof(index + 1), "");
            bytes memory data = delivery(index + 1, single(index));
            vm.recordLogs();
            uint256 before = gasleft();
            service.transferIn("", data);
            uint256 used = before - gasleft();
            // The receiver's own memory takes 2,195,456.
            assertTrue(used < 2_195_456 + 90_000, "bounded");
            (bool result, Failure memory failure) = readMessageIn(vm.getRecordedLogs());
            assertTrue(result == (i == 0), "result");
            assertTrue(failure.reason.length <= 256, "reason");
        }
    }

    // ---- reentrancy ------------------------------------------------------------------------------------------

    /// T-44: a receiver that calls every function while it is executed, its own delivery among them.
    function test_reentrancyFromTheReceiver() public {
        Reentrant receiver_ = new Reentrant(address(service));
        append(MessageCodec.encode(message(address(receiver_), MessageType.MESSAGE, "", 2_000_000)));
        append(ping(5));
        service.transferIn(rootProof(2), "");
        bytes memory from = abi.encodePacked(REMOTE_SENDER);
        MessageData memory data = messageTo(address(receiver_), MessageType.MESSAGE, "", 2_000_000);
        receiver_.plan(abi.encodeCall(IOmniServiceInbox.transferIn, ("", delivery(2, pair(0, 1)))));
        receiver_.plan(
            abi.encodeCall(
                IOmniService.retryMessageIn, (uint256(CHAIN_A), keccak256(messages[0]), from, abi.encode(data))
            )
        );
        receiver_.plan(abi.encodeCall(IOmniServiceInbox.transferIn, (rootProof(1), "")));
        receiver_.plan(abi.encodeCall(IOmniService.addRemoteCaller, (uint256(CHAIN_A), from, true)));
        receiver_.plan(abi.encodeCall(IOmniService.collectFees, ()));
        receiver_.plan(abi.encodeCall(OmniServiceCore.pause, ()));
        service.transferIn("", delivery(2, pair(0, 1)));
        assertEq(receiver_.executions(), 1);
        assertEq(receiver.executions(), 1);
        bool[6] memory expected = [true, false, true, true, true, false];
        for (uint256 i = 0; i < expected.length; ++i) {
            assertTrue(receiver_.succeeded(i) == expected[i], vm.toString(i));
        }
        assertSelector(receiver_.reasons(1), IOmniService.NothingToRetry.selector);
        assertSelector(receiver_.reasons(5), OmniServiceCore.NotGuardian.selector);
    }

    /// T-44: a retry that retries itself from within.
    function test_retryOfItselfFromTheReceiver() public {
        Reentrant receiver_ = new Reentrant(address(service));
        receiver_.setFailing(true);
        (, Failure memory failure) = deliverAndRead(encoded(address(receiver_), MessageType.MESSAGE, ""));
        receiver_.setFailing(false);
        receiver_.plan(
            abi.encodeCall(
                IOmniService.retryMessageIn,
                (uint256(CHAIN_A), failure.orderId, abi.encodePacked(REMOTE_SENDER), failure.messageData)
            )
        );
        retry(failure);
        assertEq(receiver_.executions(), 1);
        assertTrue(!receiver_.succeeded(0), "refused");
        assertSelector(receiver_.reasons(0), IOmniService.NothingToRetry.selector);
    }

    /// Executions carry no value: the fees collected so far cannot be spent by a message.
    function test_feesStayUntouched() public {
        vm.deal(address(service), 1 ether);
        deliverOne(ping(1));
        assertEq(address(service).balance, 1 ether);
        assertEq(address(receiver).balance, 0);
    }
}
