// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";

import {MapTest} from "../../chains/mapo/contracts/MapTest.sol";
import {MapLightClient} from "../../chains/mapo/contracts/MapLightClient.sol";
import {FeeService} from "../fee/FeeService.sol";
import {IFeeService} from "../interfaces/IFeeService.sol";
import {OmniService} from "../service/OmniService.sol";
import {MessageData, MessageType} from "../types/MessageTypes.sol";
import {GasSnapshots, intrinsicGas} from "./GasSnapshots.sol";

/// Takes a message and does nothing with it, not even read it: what a receiver does is its own cost.
contract IdleReceiver {
    fallback() external {}
}

/// What users and relayers pay: each figure is a whole transaction, 21,000 and calldata included, on cold state, with real
/// proofs of 30 validators of which three did not sign. The figures are kept in snapshots/; `FORGE_SNAPSHOT_CHECK=true`
/// makes a difference fail.
/// forge-config: default.isolate = true
contract GasTest is MapTest {
    uint64 private constant CHAIN_A = 1_001;
    uint64 private constant CHAIN_B = 1_002;
    address private constant RELAY_SERVICE = address(0x4e1a00000);
    address private constant RECEIVER = address(0x4ece14e40);
    address private constant SENDER = address(0x5e4de40000);
    uint256 private constant BASE_GAS = 60_000;
    uint256 private constant GAS_PRICE = 3 gwei;
    uint64 private constant COUNT = 300; // of the vectors' outbox
    uint256 private constant SLOTS = 400; // more than the service's storage layout has

    OmniService private service;
    MapLightClient private client;

    function setUp() public {
        vm.chainId(CHAIN_B);
        vm.warp(1_700_000_000);
        address fees = deployCode("FeeService.sol", abi.encode(OWNER, OWNER, OWNER));
        vm.startPrank(OWNER);
        FeeService(fees).setBaseGasCeiling(CHAIN_A, BASE_GAS);
        FeeService(fees).setGasPriceCeiling(CHAIN_A, address(0), GAS_PRICE);
        FeeService(fees).setBaseGas(CHAIN_A, BASE_GAS);
        FeeService(fees).setGasPrice(CHAIN_A, address(0), GAS_PRICE);
        vm.stopPrank();
        service = OmniService(
            address(
                new ERC1967Proxy(
                    deployCode("OmniService.sol"),
                    abi.encodeCall(OmniService.initialize, (OWNER, IFeeService(fees), OWNER))
                )
            )
        );
        client = deployClient(keysAt(".keys"), LAST_EPOCH_BLOCK);
        vm.prank(OWNER);
        service.setRelay(CHAIN_R, RELAY_SERVICE, client);
        vm.etch(RECEIVER, address(new IdleReceiver()).code);
    }

    string private constant GROUP = "transactions";

    /// Of the transaction that was just made, with `call` for its calldata.
    function record(string memory name, bytes memory call) private {
        GasSnapshots vms = GasSnapshots(address(vm));
        vms.snapshotGasLastCall(GROUP, name);
        vms.snapshotValue(GROUP, string.concat("before execution, ", name), intrinsicGas(call));
    }

    function transferIn(bytes memory proof, bytes memory messages, string memory name) private {
        service.transferIn(proof, messages);
        record(name, abi.encodeCall(service.transferIn, (proof, messages)));
    }

    function update(bytes memory data, string memory name) private {
        client.update(data);
        record(name, abi.encodeCall(client.update, (data)));
    }

    function send(bytes memory data, uint256 value, string memory name) private {
        vm.prank(SENDER);
        service.transferOut{value: value}(CHAIN_A, data, address(0));
        record(name, abi.encodeCall(service.transferOut, (CHAIN_A, data, address(0))));
    }

    function at(uint256 payload, string memory field) private view returns (bytes memory) {
        return bytesAt(string.concat(".messages", vm.toString(payload), ".", field));
    }

    /// The ring, the newest count and the bitmap as they are on a living chain: no slot that is written was zero, and the
    /// root to come is not known yet.
    function liveIn(uint256 payload) private {
        service.transferIn(at(payload, "proof"), at(payload, "opening"));
        bytes32 newest = bytes32(abi.encodePacked(uint32(0), COUNT, RELAY_SERVICE));
        replaceSlot(newest, bytes32(abi.encodePacked(uint32(0), COUNT - 1, RELAY_SERVICE)));
        for (uint256 p = 0; p < SLOTS; ++p) {
            bytes32 slot = keccak256(abi.encode(uint256(COUNT % 64), p));
            if (vm.load(address(service), slot) == bytes32(at(payload, "root"))) {
                vm.store(address(service), slot, keccak256("an older root"));
                return;
            }
        }
        revert NotTrue("the root's slot");
    }

    function replaceSlot(bytes32 value, bytes32 other) private {
        for (uint256 from = 0; from < SLOTS; ++from) {
            if (vm.load(address(service), bytes32(from)) != value) continue;
            vm.store(address(service), bytes32(from), other);
            assertEq(service.newestCount(), COUNT - 1);
            return;
        }
        revert NotTrue("the newest count's slot");
    }

    function sizes(uint256 i) private pure returns (uint256 payload, string memory suffix) {
        return i == 0 ? (32, ", 32 B") : (256, ", 256 B");
    }

    function test_root() public {
        liveIn(32);
        transferIn(at(32, "proof"), "", "relay header and outbox root");
    }

    function deliverTwice(string memory size, uint256 i) private {
        (uint256 payload, string memory suffix) = sizes(i);
        liveIn(payload);
        service.transferIn(at(payload, "proof"), "");
        bytes memory delivery = at(payload, string.concat("delivery", size));
        transferIn("", delivery, string.concat("deliver ", size, suffix));
        transferIn("", delivery, string.concat("lost race, deliver ", size, suffix));
    }

    function test_deliveries() public {
        string[3] memory counts = ["1", "10", "50"];
        for (uint256 i = 0; i < 2; ++i) {
            for (uint256 k = 0; k < 3; ++k) {
                uint256 state = vm.snapshotState();
                deliverTwice(counts[k], i);
                vm.revertToState(state);
            }
        }
    }

    function test_rootsWithDeliveries() public {
        string[3] memory counts = ["1", "10", "50"];
        for (uint256 i = 0; i < 2; ++i) {
            (uint256 payload, string memory suffix) = sizes(i);
            for (uint256 k = 0; k < 3; ++k) {
                uint256 state = vm.snapshotState();
                liveIn(payload);
                bytes memory delivery = at(payload, string.concat("delivery", counts[k]));
                transferIn(at(payload, "proof"), delivery, string.concat("root and deliver ", counts[k], suffix));
                vm.revertToState(state);
            }
        }
    }

    function test_rotation() public {
        bytes memory rotation = bytesAt(".rotation.update");
        update(rotation, "validator-set rotation, 30 validators");
        update(rotation, "lost race, rotation");
    }

    function test_send() public {
        vm.deal(SENDER, 100 ether);
        for (uint256 i = 0; i < 2; ++i) {
            (uint256 payload, string memory suffix) = sizes(i);
            bytes memory data = abi.encode(
                MessageData({
                    relay: false,
                    msgType: MessageType.MESSAGE,
                    target: abi.encodePacked(RECEIVER),
                    payload: new bytes(payload),
                    gasLimit: 100_000,
                    value: 0
                })
            );
            for (uint256 k = 0; k < payload; ++k) {
                data[data.length - payload + k] = bytes1(uint8(k % 255 + 1));
            }
            uint256 fee = (BASE_GAS + 100_000) * GAS_PRICE;
            vm.prank(SENDER);
            service.transferOut{value: fee}(CHAIN_A, data, address(0));
            send(data, fee, string.concat("send", suffix));
            send(data, fee + 1, string.concat("send with a refund", suffix));
        }
    }
}
