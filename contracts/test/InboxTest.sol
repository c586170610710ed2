// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFeeService} from "../interfaces/IFeeService.sol";
import {IOmniServiceRelay} from "../interfaces/IOmniServiceRelay.sol";
import {MessageCodec} from "../libraries/MessageCodec.sol";
import {OmniService} from "../service/OmniService.sol";
import {Message, MessageType} from "../types/MessageTypes.sol";
import {Log} from "../types/ProofTypes.sol";
import {OutboxTree} from "./OutboxTree.sol";
import {BelievingClient, Receiver, ServiceTest} from "./ServiceTest.sol";

/// The service of chain B with the outbox that the relay chain would keep for it.
abstract contract InboxTest is ServiceTest {
    address internal constant RELAY_SERVICE = address(0x4e1a00000);
    address internal constant REMOTE_SERVICE = address(0x5e47ce000);
    address internal constant REMOTE_SENDER = address(0x5e4de4000);
    uint32 internal constant GAS_LIMIT = 100_000;

    OmniService internal service;
    BelievingClient internal client;
    Receiver internal receiver;
    bytes[] internal messages;
    uint64 private _nonce;

    function setUp() public virtual {
        vm.chainId(CHAIN_B);
        vm.warp(1_700_000_000);
        deployFees();
        client = new BelievingClient();
        receiver = new Receiver();
        service = OmniService(
            deployProxy(
                deployCode("OmniService.sol"),
                abi.encodeCall(OmniService.initialize, (OWNER, IFeeService(address(feeService)), GUARDIAN))
            )
        );
        vm.prank(OWNER);
        service.setRelay(CHAIN_R, RELAY_SERVICE, client);
        allow(address(receiver));
    }

    function allow(address target) internal {
        vm.prank(target);
        service.addRemoteCaller(CHAIN_A, abi.encodePacked(REMOTE_SENDER), true);
    }

    function message(address target, MessageType msgType, bytes memory payload, uint32 gasLimit)
        internal
        returns (Message memory)
    {
        return Message({
            relay: false,
            msgType: msgType,
            fromChain: CHAIN_A,
            toChain: CHAIN_B,
            nonce: _nonce++,
            gasLimit: gasLimit,
            service: REMOTE_SERVICE,
            sender: abi.encodePacked(REMOTE_SENDER),
            target: abi.encodePacked(target),
            payload: payload
        });
    }

    function ping(uint256 value) internal returns (bytes memory) {
        return pingFor(CHAIN_A, CHAIN_B, value);
    }

    function pingFor(uint64 fromChain, uint64 toChain, uint256 value) internal returns (bytes memory) {
        Message memory sent =
            message(address(receiver), MessageType.CALLDATA, abi.encodeCall(Receiver.ping, (value)), GAS_LIMIT);
        (sent.fromChain, sent.toChain) = (fromChain, toChain);
        return MessageCodec.encode(sent);
    }

    /// Appends to the relay chain's outbox for this chain.
    function append(bytes memory encoded) internal returns (uint256 index) {
        index = messages.length;
        messages.push(encoded);
    }

    function leaves() private view returns (bytes32[] memory list) {
        list = new bytes32[](messages.length);
        for (uint256 i = 0; i < list.length; ++i) {
            list[i] = OutboxTree.leaf(i, keccak256(messages[i]));
        }
    }

    function rootAt(uint256 count) internal view returns (bytes32) {
        return OutboxTree.root(leaves(), count);
    }

    function rootLog(uint256 count) internal view returns (Log memory) {
        return Log({
            emitter: RELAY_SERVICE,
            topics: topicsOf(IOmniServiceRelay.OutboxRoot.selector, bytes32(uint256(CHAIN_B))),
            data: abi.encode(uint64(count), rootAt(count))
        });
    }

    function encodeLog(Log memory log) internal pure returns (bytes memory) {
        Log[] memory logs = new Log[](1);
        logs[0] = log;
        return abi.encode(logs);
    }

    function rootProof(uint256 count) internal view returns (bytes memory) {
        return encodeLog(rootLog(count));
    }

    function delivery(uint256 count, uint256[] memory indexes) internal view returns (bytes memory) {
        bytes memory items;
        for (uint256 i = 0; i < indexes.length; ++i) {
            bytes memory encoded = messages[indexes[i]];
            items = bytes.concat(items, abi.encodePacked(uint64(indexes[i]), uint24(encoded.length), encoded));
        }
        return bytes.concat(
            abi.encodePacked(uint64(count), uint8(indexes.length)),
            items,
            OutboxTree.prove(leaves(), count, indexes)
        );
    }

    function single(uint256 index) internal pure returns (uint256[] memory indexes) {
        indexes = new uint256[](1);
        indexes[0] = index;
    }

    function pair(uint256 a, uint256 b) internal pure returns (uint256[] memory indexes) {
        indexes = new uint256[](2);
        (indexes[0], indexes[1]) = (a, b);
    }

    /// Delivers one message under a root that is verified with it.
    function deliverOne(bytes memory encoded) internal {
        uint256 index = append(encoded);
        service.transferIn(rootProof(index + 1), delivery(index + 1, single(index)));
    }
}
