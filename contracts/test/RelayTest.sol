// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFeeService} from "../interfaces/IFeeService.sol";
import {ILightClientManager} from "../interfaces/ILightClientManager.sol";
import {IOmniService} from "../interfaces/IOmniService.sol";
import {MessageCodec} from "../libraries/MessageCodec.sol";
import {LightClientManager} from "../relay/LightClientManager.sol";
import {OmniServiceRelay} from "../relay/OmniServiceRelay.sol";
import {Message, MessageType} from "../types/MessageTypes.sol";
import {Log} from "../types/ProofTypes.sol";
import {BelievingClient, Receiver, ServiceTest} from "./ServiceTest.sol";

/// The relay chain's service with two chains registered.
abstract contract RelayTest is ServiceTest {
    address internal constant SERVICE_A = address(0x5e47ce00a);
    address internal constant SERVICE_B = address(0x5e47ce00b);
    address internal constant SENDER = address(0x5e4de40000);

    OmniServiceRelay internal service;
    LightClientManager internal clients;
    BelievingClient internal client;
    Receiver internal receiver;
    uint64 private _nonce;

    function setUp() public virtual {
        vm.chainId(CHAIN_R);
        vm.warp(1_700_000_000);
        vm.deal(address(this), 100 ether);
        deployFees();
        client = new BelievingClient();
        receiver = new Receiver();
        clients = LightClientManager(
            deployProxy(deployCode("LightClientManager.sol"), abi.encodeCall(LightClientManager.initialize, (OWNER)))
        );
        service = OmniServiceRelay(
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
        service.setService(CHAIN_A, SERVICE_A);
        service.setService(CHAIN_B, SERVICE_B);
        vm.stopPrank();
    }

    /// A message from chain A.
    function message(uint64 toChain, address target, MessageType msgType, bytes memory payload, bool relay)
        internal
        returns (Message memory)
    {
        return Message({
            relay: relay,
            msgType: msgType,
            fromChain: CHAIN_A,
            toChain: toChain,
            nonce: _nonce++,
            gasLimit: 200_000,
            service: SERVICE_A,
            sender: abi.encodePacked(SENDER),
            target: abi.encodePacked(target),
            payload: payload
        });
    }

    function encode(Message memory sent) internal pure returns (bytes memory) {
        return MessageCodec.encode(sent);
    }

    /// The log that the service of chain A emits for it.
    function logOf(bytes memory encoded) internal pure returns (Log memory) {
        uint64 toChain = 0;
        for (uint256 i = 10; i < 18 && i < encoded.length; ++i) {
            toChain = toChain << 8 | uint8(encoded[i]);
        }
        return Log({
            emitter: SERVICE_A,
            topics: topicsOf(IOmniService.MessageOut.selector, keccak256(encoded), bytes32(uint256(toChain))),
            data: abi.encode(encoded)
        });
    }

    function encodeLog(Log memory log) internal pure returns (bytes memory) {
        Log[] memory logs = new Log[](1);
        logs[0] = log;
        return abi.encode(logs);
    }

    function takeIn(bytes memory encoded) internal {
        service.transferIn(CHAIN_A, encodeLog(logOf(encoded)));
    }
}
