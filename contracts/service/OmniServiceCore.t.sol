// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OwnableUpgradeable} from "@openzeppelin/contracts-upgradeable/access/OwnableUpgradeable.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {FeeService} from "../fee/FeeService.sol";
import {IFeeService} from "../interfaces/IFeeService.sol";
import {IOmniService} from "../interfaces/IOmniService.sol";
import {MessageCodec} from "../libraries/MessageCodec.sol";
import {BelievingClient, ServiceTest} from "../test/ServiceTest.sol";
import {FalseToken, SilentToken, Token} from "../test/Tokens.sol";
import {Vm} from "../test/Vm.sol";
import {Message, MessageData, MessageType} from "../types/MessageTypes.sol";
import {OmniService} from "./OmniService.sol";
import {OmniServiceCore} from "./OmniServiceCore.sol";

/// Reads an encoding as the destination does.
contract Reader {
    function decode(bytes calldata encoded) external pure returns (Message memory) {
        return MessageCodec.decode(encoded);
    }
}

/// Sends, and does something when the refund arrives.
contract Sender {
    OmniService private immutable service;
    bytes private reaction;
    bool private isReactingOnce;
    bool public reacted;
    bytes public reason;

    constructor(OmniService service_) {
        service = service_;
    }

    function react(bytes calldata reaction_) external {
        reaction = reaction_;
        isReactingOnce = true;
    }

    function send(uint256 toChain, bytes calldata data) external payable returns (bytes32) {
        return service.transferOut{value: msg.value}(toChain, data, address(0));
    }

    receive() external payable {
        if (!isReactingOnce) return;
        isReactingOnce = false;
        // What the refund brought is spent again where the call takes value.
        (reacted, reason) = address(service)
        .call{value: bytes4(reaction) == IOmniService.transferOut.selector ? msg.value : 0}(
            reaction
        );
    }
}

/// Takes no refund.
contract Unrefundable {
    function send(OmniService service, uint256 toChain, bytes calldata data) external payable {
        service.transferOut{value: msg.value}(toChain, data, address(0));
    }
}

/// Sending, prices and refunds, pausing and roles.
contract OmniServiceCoreTest is ServiceTest {
    address private constant SENDER = address(0x5e4de40000);
    address private constant TARGET = address(0x7a49e70000);
    uint256 private constant GAS_LIMIT = 200_000;
    /// Not read from the block: the optimizer takes its time for one value throughout a test.
    uint256 private constant START = 1_700_000_000;

    OmniService private service;
    Reader private immutable reader = new Reader();

    function setUp() public {
        vm.chainId(CHAIN_A);
        vm.warp(START);
        deployFees();
        service = OmniService(
            deployProxy(
                deployCode("OmniService.sol"),
                abi.encodeCall(OmniService.initialize, (OWNER, IFeeService(address(feeService)), GUARDIAN))
            )
        );
        vm.deal(SENDER, 100 ether);
    }

    function data() private pure returns (MessageData memory) {
        return messageTo(TARGET, MessageType.MESSAGE, hex"c0ffee", GAS_LIMIT);
    }

    function fee() private pure returns (uint256) {
        return feeOf(GAS_LIMIT);
    }

    function send(MessageData memory message, uint256 value) private returns (bytes32) {
        vm.prank(SENDER);
        return service.transferOut{value: value}(CHAIN_B, abi.encode(message), address(0));
    }

    // ---- what is sent ----------------------------------------------------------------------------------------

    function testFuzz_messageHoldsWhatWasSent(bytes calldata payload, uint256 gasLimit, bool relay, bool isMessage)
        public
    {
        vm.assume(payload.length <= 16_384);
        MessageData memory message = MessageData({
            relay: relay,
            msgType: isMessage ? MessageType.MESSAGE : MessageType.CALLDATA,
            target: abi.encodePacked(TARGET),
            payload: payload,
            gasLimit: bound(gasLimit, service.GAS_LIMIT_MIN(), service.GAS_LIMIT_MAX()),
            value: 0
        });
        vm.recordLogs();
        bytes32 orderId = send(message, feeOf(message.gasLimit));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 1);
        assertEq(logs[0].emitter, address(service));
        assertEq(logs[0].topics[0], IOmniService.MessageOut.selector);
        assertEq(logs[0].topics[1], orderId);
        assertEq(logs[0].topics[2], bytes32(uint256(CHAIN_B)));
        bytes memory encoded = abi.decode(logs[0].data, (bytes));
        assertEq(logs[0].data, abi.encode(encoded));
        assertEq(keccak256(encoded), orderId);
        Message memory expected = Message({
            relay: relay,
            msgType: message.msgType,
            fromChain: CHAIN_A,
            toChain: CHAIN_B,
            nonce: 0,
            gasLimit: uint32(message.gasLimit),
            service: address(service),
            sender: abi.encodePacked(SENDER),
            target: message.target,
            payload: payload
        });
        assertEq(abi.encode(reader.decode(encoded)), abi.encode(expected));
        assertEq(service.nonce(), 1);
    }

    function test_messageOutSaysWhoAndWhatWasPaid() public {
        vm.recordLogs();
        vm.prank(SENDER);
        bytes32 orderId = service.messageOut{value: 1 ether}(
            "transfer", address(1), address(2), CHAIN_B, abi.encode(data()), address(0)
        );
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 2);
        assertEq(logs[1].topics[0], IOmniService.MessageTransfer.selector);
        assertEq(logs[1].topics[1], orderId);
        assertEq(logs[1].topics[2], bytes32("transfer"));
        assertEq(logs[1].data, abi.encode(address(1), address(2), address(0), fee()));
        assertEq(SENDER.balance, 100 ether - fee());
    }

    /// T-40, T-41: the id binds nonce, chain, destination, sender and the service's address.
    function test_idsDiffer() public {
        uint256 state = vm.snapshotState();
        bytes32 first = send(data(), fee());
        assertTrue(send(data(), fee()) != first, "nonce");
        vm.revertToState(state);
        assertEq(send(data(), fee()), first);
        vm.revertToState(state);
        vm.chainId(CHAIN_R);
        assertTrue(send(data(), fee()) != first, "chain");
        vm.chainId(CHAIN_A);
        vm.revertToState(state);
        vm.prank(SENDER);
        assertTrue(service.transferOut{value: fee()}(CHAIN_R, abi.encode(data()), address(0)) != first, "destination");
        vm.revertToState(state);
        vm.deal(TARGET, 1 ether);
        vm.prank(TARGET);
        assertTrue(service.transferOut{value: fee()}(CHAIN_B, abi.encode(data()), address(0)) != first, "sender");
        vm.revertToState(state);
        OmniService another = OmniService(
            deployProxy(
                deployCode("OmniService.sol"),
                abi.encodeCall(OmniService.initialize, (OWNER, IFeeService(address(feeService)), GUARDIAN))
            )
        );
        vm.prank(SENDER);
        assertTrue(another.transferOut{value: fee()}(CHAIN_B, abi.encode(data()), address(0)) != first, "service");
    }

    // ---- fees ------------------------------------------------------------------------------------------------

    function test_quoteIsTheFee() public view {
        (uint256 quoted, address receiver) = service.getMessageFee(CHAIN_B, address(0), GAS_LIMIT);
        assertEq(quoted, fee());
        assertEq(receiver, FEES_TO);
    }

    /// T-48: what is overpaid comes back to the wei.
    function testFuzz_refundIsExact(uint256 over) public {
        over = bound(over, 0, 50 ether);
        send(data(), fee() + over);
        assertEq(SENDER.balance, 100 ether - fee());
        assertEq(address(service).balance, fee());
        service.collectFees();
        assertEq(FEES_TO.balance, fee());
        assertEq(address(service).balance, 0);
    }

    function test_oneWeiTooLittle() public {
        vm.expectRevert(abi.encodeWithSelector(IOmniService.FeeTooLow.selector, fee() - 1, fee()));
        send(data(), fee() - 1);
    }

    /// T-48: the price changed between quote and sending: refused, or refunded, by today's price.
    function test_priceChange() public {
        vm.prank(PRICER);
        feeService.setGasPrice(CHAIN_B, address(0), 2 * GAS_PRICE);
        vm.expectRevert(abi.encodeWithSelector(IOmniService.FeeTooLow.selector, fee(), 2 * fee()));
        send(data(), fee());
        vm.prank(PRICER);
        feeService.setGasPrice(CHAIN_B, address(0), GAS_PRICE / 2);
        send(data(), fee());
        assertEq(SENDER.balance, 100 ether - fee() / 2);
    }

    /// T-48: what an open approval, or native coin beyond the quote, can cost is what the owner allows, whatever the pricer
    /// does between quote and sending.
    function testFuzz_T48_pricerTakesNoMoreThanTheCeiling(uint256 price, uint256 base) public {
        Token token = new Token(0);
        acceptToken(address(token), 11);
        token.mint(SENDER, 1e40);
        approve(token, type(uint256).max);
        vm.startPrank(PRICER);
        if (price > 22) vm.expectRevert(abi.encodeWithSelector(FeeService.AboveCeiling.selector, price, 22));
        feeService.setGasPrice(CHAIN_B, address(token), price);
        if (base > BASE_GAS_CEILING) {
            vm.expectRevert(abi.encodeWithSelector(FeeService.AboveCeiling.selector, base, BASE_GAS_CEILING));
        }
        feeService.setBaseGas(CHAIN_B, base);
        vm.stopPrank();
        vm.prank(SENDER);
        try service.transferOut(CHAIN_B, abi.encode(data()), address(token)) {
            uint256 paid = 1e40 - token.balanceOf(SENDER);
            assertTrue(paid <= 22 * (BASE_GAS_CEILING + GAS_LIMIT), "within the ceiling");
        } catch {
            assertTrue(price == 0 || base == 0, "only a closed lane refuses");
        }
    }

    function test_refundThatIsNotTaken() public {
        Unrefundable sender = new Unrefundable();
        vm.expectRevert(abi.encodeWithSelector(IOmniService.RefundFailed.selector, address(sender), 1));
        sender.send{value: fee() + 1}(service, CHAIN_B, abi.encode(data()));
        sender.send{value: fee()}(service, CHAIN_B, abi.encode(data()));
        assertEq(service.nonce(), 1);
    }

    /// T-44: the refund's receiver sends again, collects, retries: nothing is lost or paid twice.
    function test_reentrancyFromTheRefund() public {
        Sender sender = new Sender(service);
        sender.react(abi.encodeCall(IOmniService.transferOut, (CHAIN_B, abi.encode(data()), address(0))));
        sender.send{value: 3 * fee()}(CHAIN_B, abi.encode(data()));
        assertTrue(sender.reacted(), "sent again");
        assertEq(service.nonce(), 2);
        assertEq(address(service).balance, 2 * fee());
        assertEq(address(sender).balance, fee());

        sender.react(abi.encodeCall(IOmniService.collectFees, ()));
        sender.send{value: 2 * fee()}(CHAIN_B, abi.encode(data()));
        assertTrue(sender.reacted(), "collected");
        assertEq(FEES_TO.balance, 3 * fee());
        assertEq(address(service).balance, 0);
        assertEq(address(sender).balance, 2 * fee());

        sender.react(abi.encodeCall(IOmniService.retryMessageIn, (CHAIN_B, bytes32(0), "", "")));
        sender.send{value: 2 * fee()}(CHAIN_B, abi.encode(data()));
        assertTrue(!sender.reacted(), "nothing to retry");
        assertSelector(sender.reason(), IOmniService.NothingToRetry.selector);
    }

    function test_collectingToAReceiverThatRefuses() public {
        send(data(), fee());
        Unrefundable receiver = new Unrefundable();
        vm.prank(OWNER);
        feeService.setReceiver(address(receiver));
        vm.expectRevert(abi.encodeWithSelector(OmniServiceCore.FeeTransferFailed.selector, address(receiver), fee()));
        service.collectFees();
        assertEq(address(service).balance, fee());
    }

    function payWith(address token) private returns (uint256 tokenFee) {
        acceptToken(token, 11);
        tokenFee = 11 * (BASE_GAS + GAS_LIMIT);
        Token(token).mint(SENDER, 10 * tokenFee);
    }

    function sendFor(address token, uint256 value) private returns (bytes32) {
        vm.prank(SENDER);
        return service.transferOut{value: value}(CHAIN_B, abi.encode(data()), token);
    }

    function approve(Token token, uint256 amount) private {
        vm.prank(SENDER);
        token.approve(address(service), amount);
    }

    function test_tokenFeeGoesToTheReceiver() public {
        Token token = new Token(0);
        uint256 tokenFee = payWith(address(token));
        approve(token, tokenFee);
        sendFor(address(token), 0);
        assertEq(token.balanceOf(SENDER), 9 * tokenFee);
        assertEq(token.balanceOf(FEES_TO), tokenFee);
        assertEq(token.balanceOf(address(service)), 0);
    }

    function test_tokenAllowanceOneTooLittle() public {
        Token token = new Token(0);
        approve(token, payWith(address(token)) - 1);
        vm.expectRevert(Token.TooLittle.selector);
        sendFor(address(token), 0);
    }

    /// T-33: the sender pays the fee exactly; what such a token keeps is the receiver's loss, who accepted it.
    function test_tokenThatKeepsAPart() public {
        Token token = new Token(10);
        uint256 tokenFee = payWith(address(token));
        approve(token, tokenFee);
        sendFor(address(token), 0);
        assertEq(token.balanceOf(SENDER), 9 * tokenFee);
        assertEq(token.balanceOf(FEES_TO), tokenFee - tokenFee / 10);
    }

    function test_tokenThatSaysFalse() public {
        FalseToken token = new FalseToken();
        payWith(address(token));
        vm.expectRevert(abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, address(token)));
        sendFor(address(token), 0);
    }

    function test_tokenThatSaysNothing() public {
        SilentToken token = new SilentToken();
        uint256 tokenFee = payWith(address(token));
        sendFor(address(token), 0);
        assertEq(token.balanceOf(FEES_TO), tokenFee);
    }

    /// T-33: a call of an address without code succeeds; it pays nothing all the same.
    function test_tokenWithoutCode() public {
        address token = address(0x70ce40000);
        acceptToken(token, 11);
        vm.expectRevert(abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, token));
        sendFor(token, 0);
    }

    function test_tokenThatIsNotPriced() public {
        Token token = new Token(0);
        vm.expectRevert(abi.encodeWithSelector(IFeeService.NotPriced.selector, CHAIN_B, address(token)));
        sendFor(address(token), 0);
    }

    function test_nativeCoinWithATokenFee() public {
        Token token = new Token(0);
        approve(token, payWith(address(token)));
        vm.expectRevert(abi.encodeWithSelector(IOmniService.NativeSentWithTokenFee.selector, 1));
        sendFor(address(token), 1);
    }

    // ---- what is not accepted (T-47) -------------------------------------------------------------------------

    function test_ownChain() public {
        vm.expectRevert(abi.encodeWithSelector(IOmniService.DestinationIsOwnChain.selector, CHAIN_A));
        vm.prank(SENDER);
        service.transferOut{value: fee()}(CHAIN_A, abi.encode(data()), address(0));
    }

    function test_chainThatIsNotPriced() public {
        vm.expectRevert(abi.encodeWithSelector(IFeeService.NotPriced.selector, CHAIN_CLOSED, address(0)));
        vm.prank(SENDER);
        service.transferOut{value: fee()}(CHAIN_CLOSED, abi.encode(data()), address(0));
    }

    /// T-47: the relay chain executes a relayed message and sends it on, and has no outbox towards itself.
    function test_T47_relayedToTheRelayChainItself() public {
        BelievingClient client = new BelievingClient();
        vm.prank(OWNER);
        service.setRelay(CHAIN_R, TARGET, client);
        MessageData memory message = data();
        message.relay = true;
        vm.expectRevert(abi.encodeWithSelector(OmniService.RelayToRelayChain.selector, CHAIN_R));
        vm.prank(SENDER);
        service.transferOut{value: fee()}(CHAIN_R, abi.encode(message), address(0));
        send(message, fee());
        message.relay = false;
        vm.prank(SENDER);
        service.transferOut{value: fee()}(CHAIN_R, abi.encode(message), address(0));
        assertEq(service.nonce(), 2);
    }

    /// An id above 64 bits must not be cut down to one that exists.
    function test_chainBeyond64Bits() public {
        uint256 chain = (1 << 64) + CHAIN_B;
        vm.expectRevert(abi.encodeWithSelector(IOmniService.UnknownDestination.selector, chain));
        vm.prank(SENDER);
        service.transferOut{value: fee()}(chain, abi.encode(data()), address(0));
    }

    /// T-50: too short, too long, nobody.
    function test_malformedTargets() public {
        MessageData memory message = data();
        uint8[5] memory lengths = [0, 19, 21, 32, 33];
        for (uint256 i = 0; i < lengths.length; ++i) {
            message.target = new bytes(lengths[i]);
            for (uint256 k = 0; k < lengths[i]; ++k) {
                message.target[k] = 0x11;
            }
            vm.expectRevert(abi.encodeWithSelector(IOmniService.TargetMalformed.selector, lengths[i], 20));
            send(message, fee());
        }
        message.target = new bytes(20);
        vm.expectRevert(abi.encodeWithSelector(IOmniService.TargetMalformed.selector, 20, 20));
        send(message, fee());
    }

    /// T-47
    function test_payloadSizes() public {
        MessageData memory message = data();
        uint16[6] memory sizes = [0, 1, 31, 32, 33, 16_384];
        for (uint256 i = 0; i < sizes.length; ++i) {
            message.payload = new bytes(sizes[i]);
            send(message, fee());
        }
        message.payload = new bytes(16_385);
        vm.expectRevert(abi.encodeWithSelector(IOmniService.PayloadTooLarge.selector, 16_385, 16_384));
        send(message, fee());
    }

    function test_gasLimits() public {
        MessageData memory message = data();
        uint256 low = service.GAS_LIMIT_MIN();
        uint256 high = service.GAS_LIMIT_MAX();
        message.gasLimit = low;
        send(message, feeOf(low));
        message.gasLimit = high;
        send(message, feeOf(high));
        uint256[4] memory outside = [0, low - 1, high + 1, type(uint256).max];
        for (uint256 i = 0; i < outside.length; ++i) {
            message.gasLimit = outside[i];
            vm.expectRevert(abi.encodeWithSelector(IOmniService.GasLimitOutOfRange.selector, outside[i], low, high));
            send(message, 1 ether);
        }
    }

    function test_value() public {
        MessageData memory message = data();
        message.value = 1;
        vm.expectRevert(abi.encodeWithSelector(IOmniService.ValueNotSupported.selector, 1));
        send(message, fee());
    }

    function test_dataThatIsNoMessage() public {
        vm.expectRevert();
        vm.prank(SENDER);
        service.transferOut{value: fee()}(CHAIN_B, hex"1234", address(0));
    }

    // ---- pausing ---------------------------------------------------------------------------------------------

    function pause() private {
        vm.prank(GUARDIAN);
        service.pause();
    }

    function test_pauseStopsSendingAndDeliveringUntilItExpires() public {
        pause();
        uint256 until = START + 3 days;
        bytes memory paused = abi.encodeWithSelector(IOmniService.Paused.selector, until);
        vm.expectRevert(paused);
        send(data(), fee());
        vm.expectRevert(paused);
        service.messageOut{value: fee()}(0, address(0), address(0), CHAIN_B, abi.encode(data()), address(0));
        vm.expectRevert(paused);
        service.transferIn("", "");
        vm.warp(until - 1);
        vm.expectRevert(paused);
        send(data(), fee());
        vm.warp(until);
        send(data(), fee());
        service.transferIn("", "");
    }

    /// T-36: a pause cannot be renewed at once, so half of the time at most is paused.
    function test_pauseCannotBePermanent() public {
        pause();
        uint256 allowedAt = START + 6 days;
        vm.expectRevert(abi.encodeWithSelector(OmniServiceCore.PauseTooSoon.selector, allowedAt));
        pause();
        vm.warp(allowedAt - 1);
        vm.expectRevert(abi.encodeWithSelector(OmniServiceCore.PauseTooSoon.selector, allowedAt));
        pause();
        send(data(), fee());
        vm.warp(allowedAt);
        pause();
        assertEq(service.pausedUntil(), allowedAt + 3 days);
    }

    /// Ending one early does not allow the next one to cover more than its share.
    function test_unpauseEndsEarly() public {
        pause();
        vm.warp(START + 1 hours);
        vm.prank(OWNER);
        service.unpause();
        send(data(), fee());
        uint256 allowedAt = START + 1 hours + 3 days;
        vm.expectRevert(abi.encodeWithSelector(OmniServiceCore.PauseTooSoon.selector, allowedAt));
        pause();
        vm.warp(allowedAt);
        pause();
        vm.prank(GUARDIAN);
        service.unpause();
        send(data(), fee());
    }

    function test_unpauseOfWhatIsNotPaused() public {
        vm.prank(GUARDIAN);
        service.unpause();
        assertEq(service.pausedUntil(), 0);
        pause();
    }

    /// T-36: neither collecting nor retrying is stopped.
    function test_pauseDoesNotStopCollecting() public {
        send(data(), fee());
        pause();
        service.collectFees();
        assertEq(FEES_TO.balance, fee());
        vm.expectRevert(abi.encodeWithSelector(IOmniService.NothingToRetry.selector, bytes32(0)));
        service.retryMessageIn(CHAIN_B, 0, "", "");
    }

    function testFuzz_onlyTheGuardianPauses(address caller) public {
        vm.assume(caller != GUARDIAN && caller != OWNER);
        vm.startPrank(caller);
        vm.expectRevert(abi.encodeWithSelector(OmniServiceCore.NotGuardian.selector, caller));
        service.pause();
        vm.expectRevert(abi.encodeWithSelector(OmniServiceCore.NotGuardian.selector, caller));
        service.unpause();
        vm.stopPrank();
        vm.prank(OWNER);
        vm.expectRevert(abi.encodeWithSelector(OmniServiceCore.NotGuardian.selector, OWNER));
        service.pause();
    }

    // ---- roles -----------------------------------------------------------------------------------------------

    /// T-31
    function testFuzz_onlyTheOwnerConfigures(address caller) public {
        vm.assume(caller != OWNER);
        BelievingClient client = new BelievingClient();
        bytes memory refused = abi.encodeWithSelector(OwnableUpgradeable.OwnableUnauthorizedAccount.selector, caller);
        vm.startPrank(caller);
        vm.expectRevert(refused);
        service.setGuardian(caller);
        vm.expectRevert(refused);
        service.setFeeService(IFeeService(address(feeService)));
        vm.expectRevert(refused);
        service.setRelay(CHAIN_R, caller, client);
        vm.stopPrank();
    }

    function test_ownerConfigures() public {
        BelievingClient client = new BelievingClient();
        vm.startPrank(OWNER);
        vm.expectEmit(address(service));
        emit OmniServiceCore.GuardianSet(TARGET);
        service.setGuardian(TARGET);
        vm.expectEmit(address(service));
        emit OmniServiceCore.FeeServiceSet(TARGET);
        service.setFeeService(IFeeService(TARGET));
        vm.expectEmit(address(service));
        emit OmniService.RelaySet(CHAIN_R, TARGET, address(client));
        service.setRelay(CHAIN_R, TARGET, client);
        vm.stopPrank();
        assertEq(service.guardian(), TARGET);
        assertEq(address(service.feeService()), TARGET);
        assertEq(service.relayService(), TARGET);
        assertEq(address(service.relayClient()), address(client));
        assertEq(service.relayChainId(), CHAIN_R);
    }
}
