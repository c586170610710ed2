// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OwnableUpgradeable} from "@openzeppelin/contracts-upgradeable/access/OwnableUpgradeable.sol";

import {ILightClient} from "../interfaces/ILightClient.sol";
import {ILightClientManager} from "../interfaces/ILightClientManager.sol";
import {BelievingClient, ServiceTest} from "../test/ServiceTest.sol";
import {LightClientManager} from "./LightClientManager.sol";

contract LightClientManagerTest is ServiceTest {
    LightClientManager private clients;

    function setUp() public {
        clients = LightClientManager(
            deployProxy(deployCode("LightClientManager.sol"), abi.encodeCall(LightClientManager.initialize, (OWNER)))
        );
    }

    function test_clientsByChain() public {
        ILightClient a = new BelievingClient();
        ILightClient b = new BelievingClient();
        vm.expectEmit(address(clients));
        emit ILightClientManager.ClientSet(CHAIN_A, address(a));
        vm.startPrank(OWNER);
        clients.setClient(CHAIN_A, a);
        clients.setClient(CHAIN_B, b);
        vm.stopPrank();
        assertEq(address(clients.clientOf(CHAIN_A)), address(a));
        assertEq(address(clients.clientOf(CHAIN_B)), address(b));
        vm.prank(OWNER);
        clients.setClient(CHAIN_A, b);
        assertEq(address(clients.clientOf(CHAIN_A)), address(b));
    }

    function test_unknownChain() public {
        vm.expectRevert(abi.encodeWithSelector(ILightClientManager.UnknownChain.selector, CHAIN_A));
        clients.clientOf(CHAIN_A);
    }

    /// T-14: a call of an address without code succeeds, so none may stand for a client.
    function test_clientWithoutCode() public {
        vm.expectRevert(abi.encodeWithSelector(LightClientManager.ClientHasNoCode.selector, address(0xdead0000)));
        vm.prank(OWNER);
        clients.setClient(CHAIN_A, ILightClient(address(0xdead0000)));
    }

    function testFuzz_onlyTheOwnerSetsClients(address caller) public {
        vm.assume(caller != OWNER);
        ILightClient client = new BelievingClient();
        vm.expectRevert(abi.encodeWithSelector(OwnableUpgradeable.OwnableUnauthorizedAccount.selector, caller));
        vm.prank(caller);
        clients.setClient(CHAIN_A, client);
    }
}
