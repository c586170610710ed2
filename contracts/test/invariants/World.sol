// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";

import {FeeService} from "../../fee/FeeService.sol";
import {IFeeService} from "../../interfaces/IFeeService.sol";
import {ILightClientManager} from "../../interfaces/ILightClientManager.sol";
import {IOmniService} from "../../interfaces/IOmniService.sol";
import {IOmniServiceInbox} from "../../interfaces/IOmniServiceInbox.sol";
import {IOmniServiceRelay} from "../../interfaces/IOmniServiceRelay.sol";
import {LightClientManager} from "../../relay/LightClientManager.sol";
import {OmniServiceRelay} from "../../relay/OmniServiceRelay.sol";
import {OmniService} from "../../service/OmniService.sol";
import {MessageData, MessageType} from "../../types/MessageTypes.sol";
import {Log} from "../../types/ProofTypes.sol";
import {OutboxTree} from "../OutboxTree.sol";
import {ServiceTest} from "../ServiceTest.sol";
import {Vm} from "../Vm.sol";
import {MoodyReceiver, Thief, TruthfulClient} from "./Actors.sol";

/// Three chains in one machine, and everybody who acts on them: forge calls the actions below in any order with any
/// arguments. What really happened is written down here, and compared with what the services say.
contract World is ServiceTest {
    struct Failure {
        bytes32 orderId;
        uint256 fromChain;
        bytes fromAddress;
        bytes messageData;
    }

    uint256 private constant MESSAGES_MAX = 40;
    uint256 private constant PLENTY = 20_000_000;
    uint256 private constant FUNDS = 1_000 ether;

    OmniService public serviceA;
    OmniService public serviceB;
    OmniServiceRelay public relay;
    TruthfulClient private client;
    Thief private thief;
    MoodyReceiver[3] private receivers;
    address[2] private senders = [address(0x5e4de41000), address(0x5e4de42000)];
    uint256 private time = 1_700_000_000;

    // What was sent, by id: what its execution must be called with.
    bytes32[] private orders;
    mapping(bytes32 orderId => bytes32) private contentOf;
    Log[] private sentLogs; // chain A's
    bytes[] private outbox; // messages in the order of the relay's own events
    Log[] private rootLogs;
    uint64[] private rootCounts;
    Failure[] private failed;
    uint256 public feesDue;
    bytes private lastDelivery;

    constructor() {
        deployFees();
        client = new TruthfulClient();
        thief = new Thief();
        serviceA = OmniService(deployService());
        serviceB = OmniService(deployService());
        LightClientManager clients = LightClientManager(
            deployProxy(deployCode("LightClientManager.sol"), abi.encodeCall(LightClientManager.initialize, (OWNER)))
        );
        relay = OmniServiceRelay(
            deployProxy(
                deployCode("OmniServiceRelay.sol"),
                abi.encodeCall(
                    OmniServiceRelay.initialize,
                    (OWNER, IFeeService(address(feeService)), GUARDIAN, ILightClientManager(address(clients)))
                )
            )
        );
        vm.startPrank(OWNER);
        clients.setClient(CHAIN_A, client);
        clients.setClient(CHAIN_B, client);
        relay.setService(CHAIN_A, address(serviceA));
        relay.setService(CHAIN_B, address(serviceB));
        serviceA.setRelay(CHAIN_R, address(relay), client);
        serviceB.setRelay(CHAIN_R, address(relay), client);
        vm.stopPrank();
        for (uint256 i = 0; i < receivers.length; ++i) receivers[i] = new MoodyReceiver(serviceB);
        for (uint256 i = 0; i < senders.length; ++i) vm.deal(senders[i], FUNDS);
    }

    function deployService() private returns (address) {
        return deployProxy(
            deployCode("OmniService.sol"),
            abi.encodeCall(OmniService.initialize, (OWNER, IFeeService(address(feeService)), GUARDIAN))
        );
    }

    modifier on(uint64 chain) {
        vm.chainId(chain);
        vm.warp(time);
        _;
    }

    // ---- senders ---------------------------------------------------------------------------------------------

    function send(uint256 who, uint256 to, uint256 gasLimit, uint256 over, bytes calldata payload) external on(CHAIN_A) {
        sendFrom(serviceA, who, to, gasLimit, over, payload);
    }

    function sendFromRelayChain(uint256 who, uint256 to, uint256 gasLimit, uint256 over, bytes calldata payload)
        external
        on(CHAIN_R)
    {
        sendFrom(relay, who, to, gasLimit, over, payload);
    }

    function sendFrom(IOmniService service, uint256 who, uint256 to, uint256 gasLimit, uint256 over, bytes memory payload)
        private
    {
        if (orders.length >= MESSAGES_MAX || payload.length > 500) return;
        address sender = senders[who % senders.length];
        MessageData memory data = messageTo(
            address(receivers[to % receivers.length]), MessageType.MESSAGE, payload, bound(gasLimit, 150_000, 400_000)
        );
        (uint256 fee,) = service.getMessageFee(CHAIN_B, address(0), data.gasLimit);
        vm.recordLogs();
        vm.prank(sender);
        try service.transferOut{value: fee + bound(over, 0, 1 ether)}(CHAIN_B, abi.encode(data), address(0)) returns (
            bytes32 orderId
        ) {
            assertTrue(contentOf[orderId] == 0, "an id is not used twice");
            orders.push(orderId);
            contentOf[orderId] =
                keccak256(abi.encode(block.chainid, uint256(CHAIN_B), abi.encodePacked(sender), payload));
            feesDue += fee;
            readLogs();
        } catch (bytes memory reason) {
            assertSelector(reason, IOmniService.Paused.selector);
        }
    }

    // ---- relayers --------------------------------------------------------------------------------------------

    /// Any messages of chain A, new or not, in any order, one of them twice perhaps.
    function takeIn(uint256 seed, uint256 count) external on(CHAIN_R) {
        if (sentLogs.length == 0) return;
        Log[] memory logs = new Log[](bound(count, 1, 3));
        for (uint256 i = 0; i < logs.length; ++i) logs[i] = sentLogs[pick(seed, i, sentLogs.length)];
        takeInLogs(logs);
    }

    function takeInLogs(Log[] memory logs) private {
        vm.recordLogs();
        try relay.transferIn(CHAIN_A, abi.encode(logs)) {
            readLogs();
        } catch (bytes memory reason) {
            assertSelector(reason, IOmniService.Paused.selector);
        }
    }

    function publish() external on(CHAIN_R) {
        publishRoot();
    }

    function publishRoot() private {
        if (rootLogs.length >= 100) return;
        vm.recordLogs();
        relay.publishRoot(CHAIN_B);
        readLogs();
    }

    /// Any messages under any root that was ever published, with its proof or without, with any gas.
    function deliver(uint256 which, uint256 mask, bool isWithProof, uint256 gasGiven) external on(CHAIN_B) {
        if (rootCounts.length == 0) return;
        uint256 published = which % rootCounts.length;
        uint64 count = rootCounts[published];
        if (count == 0) return;
        uint256[] memory indexes = chosen(mask, count, 5);
        bytes memory delivery = deliveryOf(count, indexes);
        bytes memory proof = isWithProof ? abi.encode(oneOf(rootLogs[published])) : bytes("");
        gasGiven = gasGiven % 2 == 0 ? PLENTY : bound(gasGiven, 50_000, 2_000_000);
        bool isKept = isWithProof || serviceB.rootOf(count) == rootAt(count);
        (bool success, bytes memory reason) = deliverWith(proof, delivery, gasGiven);
        if (success) return;
        bool isPaused = serviceB.pausedUntil() > time;
        // A delivery that nothing stands against.
        if (gasGiven == PLENTY && !isPaused && isKept) revert UnequalBytes(reason, "");
        if (isPaused && gasGiven == PLENTY) assertSelector(reason, IOmniService.Paused.selector);
    }

    function deliverWith(bytes memory proof, bytes memory delivery, uint256 gasGiven)
        private
        returns (bool success, bytes memory reason)
    {
        lastDelivery = delivery;
        for (uint256 i = 0; i < receivers.length; ++i) receivers[i].expect(delivery);
        vm.recordLogs();
        (success, reason) =
            address(serviceB).call{gas: gasGiven}(abi.encodeCall(IOmniServiceInbox.transferIn, (proof, delivery)));
        if (success) readLogs();
    }

    /// By anyone, whether it is still stored or not, with any gas; with another content nothing happens.
    function retry(uint256 which, uint256 gasGiven, uint256 tampering) external on(CHAIN_B) {
        if (failed.length == 0) return;
        Failure memory failure = failed[which % failed.length];
        bool isStored = serviceB.failures(failure.orderId) != 0;
        bool isAltered = tampering % 3 == 0;
        if (isAltered) {
            if (tampering % 2 == 0) failure.fromChain ^= 1;
            else failure.messageData[tampering % failure.messageData.length] ^= 0x01;
        }
        vm.recordLogs();
        (bool success,) = retryWith(failure, bound(gasGiven, 100_000, 3_000_000));
        readLogs();
        assertTrue(!success || (isStored && !isAltered), "only what is stored, as it is stored");
        assertTrue(success || (serviceB.failures(failure.orderId) != 0) == isStored, "kept until it succeeds");
    }

    function retryWith(Failure memory failure, uint256 gasGiven) private returns (bool success, bytes memory reason) {
        return address(serviceB).call{gas: gasGiven}(
            abi.encodeCall(
                IOmniService.retryMessageIn,
                (failure.fromChain, failure.orderId, failure.fromAddress, failure.messageData)
            )
        );
    }

    // ---- receivers, thieves, operators -----------------------------------------------------------------------

    function setMood(uint256 which, uint256 mood) external {
        receivers[which % receivers.length].setMood(MoodyReceiver.Mood(mood % 5));
    }

    /// Messages that nobody sent, under a root that is kept most likely: the last delivery with a byte changed. Where all of
    /// them are delivered already nothing is looked at, and nothing may happen.
    function forgeMessage(uint256 at, uint8 change) external on(CHAIN_B) {
        if (lastDelivery.length == 0 || change == 0) return;
        bytes memory forged = lastDelivery;
        forged[at % forged.length] ^= bytes1(change);
        (uint256 delivered, uint256 executed) = (deliveredBits(), totalExecutions());
        (bool success,) = address(serviceB).call(abi.encodeCall(IOmniServiceInbox.transferIn, ("", forged)));
        success; // nothing happens in either case
        assertEq(deliveredBits(), delivered);
        assertEq(totalExecutions(), executed);
    }

    function deliveredBits() private view returns (uint256 bits) {
        for (uint64 i = 0; i < MESSAGES_MAX; ++i) if (serviceB.isDelivered(i)) bits |= 1 << i;
    }

    function totalExecutions() private view returns (uint256 count) {
        for (uint256 i = 0; i < receivers.length; ++i) count += receivers[i].total();
    }

    /// Logs that never were, and true logs of a contract that is no service.
    function forgeLog(uint256 seed, bool isReal) external {
        bytes32 root = keccak256(abi.encode("forged", seed));
        bytes memory message = sentLogs.length == 0
            ? abi.encodePacked(root)
            : abi.decode(sentLogs[seed % sentLogs.length].data, (bytes));
        bytes32[] memory sent =
            topicsOf(IOmniService.MessageOut.selector, keccak256(message), bytes32(uint256(CHAIN_B)));
        bytes32[] memory published = topicsOf(IOmniServiceRelay.OutboxRoot.selector, bytes32(uint256(CHAIN_B)));
        Log memory out = Log({emitter: isReal ? address(thief) : address(serviceA), topics: sent, data: abi.encode(message, seed)});
        Log memory top = Log({
            emitter: isReal ? address(thief) : address(relay),
            topics: published,
            data: abi.encode(uint64(seed), root)
        });
        if (isReal) {
            client.record(out);
            client.record(top);
        }
        vm.warp(time);
        vm.chainId(CHAIN_R);
        (bool success,) =
            address(relay).call(abi.encodeCall(IOmniServiceRelay.transferIn, (CHAIN_A, abi.encode(oneOf(out)))));
        assertTrue(!success, "a log that the service did not emit");
        vm.chainId(CHAIN_B);
        (success,) = address(serviceB).call(abi.encodeCall(IOmniServiceInbox.transferIn, (abi.encode(oneOf(top)), "")));
        assertTrue(!success, "a root that the relay did not publish");
    }

    /// The steps behind the proof, called from outside.
    function callInside(uint256 seed) external on(CHAIN_R) {
        if (sentLogs.length == 0) return;
        Log memory log = sentLogs[seed % sentLogs.length];
        thief.tryAccept(relay, CHAIN_A, address(serviceA), log.topics[1], log.topics[2], abi.decode(log.data, (bytes)));
    }

    function collect(bool isRelay) external {
        (isRelay ? IOmniService(relay) : IOmniService(serviceA)).collectFees();
    }

    function reprice(uint256 price, uint256 base) external {
        vm.startPrank(PRICER);
        feeService.setGasPrice(CHAIN_B, address(0), bound(price, 1, GAS_PRICE_CEILING));
        feeService.setBaseGas(CHAIN_B, bound(base, 1, BASE_GAS_CEILING));
        vm.stopPrank();
    }

    function pause(uint256 which) external {
        if (which % 4 != 0) return; // else half of all runs would stand still
        vm.warp(time);
        address[3] memory services = [address(serviceA), address(serviceB), address(relay)];
        vm.prank(GUARDIAN);
        (bool success,) = services[which / 4 % 3].call(abi.encodeCall(serviceA.pause, ()));
        success; // too soon after the last one
    }

    function wait(uint256 duration) external {
        time += bound(duration, 1 hours, 2 days);
    }

    // ---- what must hold --------------------------------------------------------------------------------------

    function executionsOf(bytes32 orderId) private view returns (uint256 count) {
        for (uint256 i = 0; i < receivers.length; ++i) count += receivers[i].executions(orderId);
    }

    function checkExecutions() public view {
        uint256 total;
        for (uint256 i = 0; i < orders.length; ++i) {
            uint256 count = executionsOf(orders[i]);
            assertTrue(count <= 1, "executed at most once");
            total += count;
            assertTrue(count == 0 || serviceB.failures(orders[i]) == 0, "executed, or stored as failed, not both");
        }
        for (uint256 i = 0; i < receivers.length; ++i) {
            for (uint256 k = 0; k < orders.length; ++k) {
                if (receivers[i].executions(orders[k]) == 0) continue;
                assertEq(receivers[i].content(orders[k]), contentOf[orders[k]]);
            }
        }
        assertEq(totalExecutions(), total); // nothing was executed that was not sent
    }

    function checkFees() public view {
        uint256 held = address(serviceA).balance + address(relay).balance + FEES_TO.balance;
        assertEq(held, feesDue);
        assertEq(address(serviceB).balance, 0);
        assertEq(held + senders[0].balance + senders[1].balance, FUNDS * senders.length);
    }

    function checkOutbox() public view {
        (uint64 count, bytes32 root) = relay.outbox(CHAIN_B);
        assertEq(count, outbox.length);
        assertEq(root, rootAt(outbox.length));
    }

    /// Everything that is under way arrives, each message on its own, the last one first, whatever went before.
    function drain() external {
        time += 30 days; // pauses expire by themselves
        vm.warp(time);
        for (uint256 i = 0; i < receivers.length; ++i) receivers[i].setMood(MoodyReceiver.Mood.WORKS);
        vm.chainId(CHAIN_R);
        for (uint256 i = sentLogs.length; i > 0; --i) takeInLogs(oneOf(sentLogs[i - 1]));
        assertEq(outbox.length, orders.length);
        if (orders.length == 0) return;
        vm.recordLogs();
        relay.publishRoot(CHAIN_B);
        readLogs();
        vm.chainId(CHAIN_B);
        serviceB.transferIn(abi.encode(oneOf(rootLogs[rootLogs.length - 1])), "");
        for (uint256 i = outbox.length; i > 0; --i) {
            uint256[] memory indexes = new uint256[](1);
            indexes[0] = i - 1;
            (bool success,) = deliverWith("", deliveryOf(uint64(outbox.length), indexes), PLENTY);
            assertTrue(success && serviceB.isDelivered(uint64(i - 1)), "every leaf ever appended is provable");
        }
        for (uint256 i = 0; i < failed.length; ++i) {
            if (serviceB.failures(failed[i].orderId) == 0) continue;
            (bool success,) = retryWith(failed[i], PLENTY);
            assertTrue(success, "every stored failure can be retried");
        }
        for (uint256 i = 0; i < orders.length; ++i) {
            assertEq(executionsOf(orders[i]), 1);
            assertEq(serviceB.failures(orders[i]), 0);
        }
        serviceA.collectFees();
        relay.collectFees();
        assertEq(FEES_TO.balance, feesDue);
    }

    // ---- bookkeeping -----------------------------------------------------------------------------------------

    function readLogs() private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            bytes32 topic = logs[i].topics[0];
            Log memory log = Log({emitter: logs[i].emitter, topics: logs[i].topics, data: logs[i].data});
            if (topic == IOmniService.MessageOut.selector) {
                client.record(log);
                if (log.emitter == address(serviceA)) sentLogs.push(log);
            } else if (topic == IOmniServiceRelay.MessageRelay.selector) {
                (uint64 index, bytes memory message) = abi.decode(log.data, (uint64, bytes));
                assertEq(index, outbox.length);
                    outbox.push(message);
            } else if (topic == IOmniServiceRelay.OutboxRoot.selector) {
                client.record(log);
                (uint64 count,) = abi.decode(log.data, (uint64, bytes32));
                rootLogs.push(log);
                rootCounts.push(count);
            } else if (topic == IOmniService.MessageIn.selector) {
                readMessageIn(log);
            }
        }
    }

    function readMessageIn(Log memory log) private {
        (bytes memory fromAddress, bytes memory messageData, bool result,) =
            abi.decode(log.data, (bytes, bytes, bool, bytes));
        if (result || serviceB.failures(log.topics[1]) == 0) return;
        for (uint256 i = 0; i < failed.length; ++i) if (failed[i].orderId == log.topics[1]) return;
        failed.push(Failure(log.topics[1], uint256(log.topics[2]), fromAddress, messageData));
    }

    function leaves() private view returns (bytes32[] memory list) {
        list = new bytes32[](outbox.length);
        for (uint256 i = 0; i < list.length; ++i) list[i] = OutboxTree.leaf(i, keccak256(outbox[i]));
    }

    function rootAt(uint256 count) private view returns (bytes32) {
        return OutboxTree.root(leaves(), count);
    }

    function deliveryOf(uint64 count, uint256[] memory indexes) private view returns (bytes memory) {
        bytes memory items;
        for (uint256 i = 0; i < indexes.length; ++i) {
            bytes memory encoded = outbox[indexes[i]];
            items = bytes.concat(items, abi.encodePacked(uint64(indexes[i]), uint24(encoded.length), encoded));
        }
        return bytes.concat(
            abi.encodePacked(count, uint8(indexes.length)),
            items,
            OutboxTree.prove(leaves(), count, indexes)
        );
    }

    /// Up to `most` indexes below `count`, ascending.
    function chosen(uint256 mask, uint256 count, uint256 most) private pure returns (uint256[] memory indexes) {
        indexes = new uint256[](most);
        uint256 found = 0;
        for (uint256 i = 0; i < count && found < most; ++i) {
            if (mask >> (i % 256) & 1 != 0) indexes[found++] = i;
        }
        if (found == 0) indexes[found++] = mask % count;
        assembly ("memory-safe") {
            mstore(indexes, found)
        }
    }

    function oneOf(Log memory log) private pure returns (Log[] memory logs) {
        logs = new Log[](1);
        logs[0] = log;
    }

    function pick(uint256 seed, uint256 i, uint256 size) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, i))) % size;
    }
}
