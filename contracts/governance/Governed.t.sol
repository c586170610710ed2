// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Initializable} from "@openzeppelin/contracts-upgradeable/proxy/utils/Initializable.sol";
import {OwnableUpgradeable} from "@openzeppelin/contracts-upgradeable/access/OwnableUpgradeable.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";

import {IFeeService} from "../interfaces/IFeeService.sol";
import {ILightClient} from "../interfaces/ILightClient.sol";
import {ILightClientManager} from "../interfaces/ILightClientManager.sol";
import {LightClientManager} from "../relay/LightClientManager.sol";
import {OmniServiceRelay} from "../relay/OmniServiceRelay.sol";
import {OmniService} from "../service/OmniService.sol";
import {BelievingClient, ServiceTest} from "../test/ServiceTest.sol";
import {MessageType} from "../types/MessageTypes.sol";

/// Initialisers, upgrades and the timelock, the same for everything that derives from Governed.
contract GovernedTest is ServiceTest {
    uint256 private constant DELAY = 7 days;
    uint256 private constant START = 1_700_000_000;
    address private constant PROPOSER = address(0x940905e40000);

    TimelockController private timelock;
    OmniService private service;
    address private implementation;

    function setUp() public {
        vm.chainId(CHAIN_A);
        vm.warp(START);
        deployFees();
        address[] memory proposers = new address[](1);
        proposers[0] = PROPOSER;
        address[] memory executors = new address[](1); // the zero address: everyone
        timelock = new TimelockController(DELAY, proposers, executors, address(0));
        implementation = deployCode("OmniService.sol");
        service = OmniService(
            deployProxy(
                implementation,
                abi.encodeCall(OmniService.initialize, (address(timelock), IFeeService(address(feeService)), GUARDIAN))
            )
        );
    }

    /// T-35: neither an implementation nor a proxy can be initialised by whoever comes along.
    function test_initialisersAreSealed() public {
        IFeeService fees = IFeeService(address(feeService));
        bytes4 sealed_ = Initializable.InvalidInitialization.selector;
        OmniService omni = OmniService(implementation);
        vm.expectRevert(sealed_);
        omni.initialize(address(this), fees, address(this));
        vm.expectRevert(sealed_);
        service.initialize(address(this), fees, address(this));
        OmniServiceRelay relay = OmniServiceRelay(deployCode("OmniServiceRelay.sol"));
        vm.expectRevert(sealed_);
        relay.initialize(address(this), fees, address(this), ILightClientManager(address(this)));
        LightClientManager manager = LightClientManager(deployCode("LightClientManager.sol"));
        vm.expectRevert(sealed_);
        manager.initialize(address(this));
        assertEq(service.owner(), address(timelock));
        assertEq(omni.owner(), address(0));
    }

    function testFuzz_nobodyElseUpgrades(address caller) public {
        vm.assume(caller != address(timelock));
        address next = deployCode("OmniService.sol");
        vm.expectRevert(abi.encodeWithSelector(OwnableUpgradeable.OwnableUnauthorizedAccount.selector, caller));
        vm.prank(caller);
        service.upgradeToAndCall(next, "");
    }

    /// An implementation is no proxy: it cannot be upgraded into something that destroys it.
    function test_implementationIsNotUpgraded() public {
        address next = deployCode("OmniService.sol");
        vm.expectRevert(UUPSUpgradeable.UUPSUnauthorizedCallContext.selector);
        OmniService(implementation).upgradeToAndCall(next, "");
    }

    function schedule(bytes memory call) private {
        vm.prank(PROPOSER);
        timelock.schedule(address(service), 0, call, 0, 0, DELAY);
    }

    /// T-36: what the owner does is public for its delay first.
    function test_changesWaitForTheTimelock() public {
        BelievingClient client = new BelievingClient();
        bytes memory call = abi.encodeCall(OmniService.setRelay, (CHAIN_R, address(1), ILightClient(client)));
        schedule(call);
        vm.warp(START + DELAY - 1);
        vm.expectPartialRevert(TimelockController.TimelockUnexpectedOperationState.selector);
        timelock.execute(address(service), 0, call, 0, 0);
        vm.warp(START + DELAY);
        timelock.execute(address(service), 0, call, 0, 0);
        assertEq(address(service.relayClient()), address(client));
    }

    function test_delayCannotBeShortened() public {
        vm.prank(PROPOSER);
        vm.expectRevert(abi.encodeWithSelector(TimelockController.TimelockInsufficientDelay.selector, DELAY - 1, DELAY));
        timelock.schedule(address(service), 0, "", 0, 0, DELAY - 1);
        vm.prank(PROPOSER);
        vm.expectRevert(abi.encodeWithSelector(TimelockController.TimelockUnauthorizedCaller.selector, PROPOSER));
        timelock.updateDelay(0);
    }

    /// The state lives on through an upgrade, and the new code cannot be initialised again.
    function test_upgradeThroughTheTimelock() public {
        vm.deal(address(this), 1 ether);
        service.transferOut{value: 1 ether / 2}(
            CHAIN_B, abi.encode(messageTo(address(0xbeef0), MessageType.MESSAGE, "", 100_000)), address(0)
        );
        bytes memory call = abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (deployCode("OmniService.sol"), bytes("")));
        schedule(call);
        vm.warp(START + DELAY);
        timelock.execute(address(service), 0, call, 0, 0);
        assertEq(service.nonce(), 1);
        assertEq(service.owner(), address(timelock));
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        service.initialize(address(this), IFeeService(address(feeService)), address(this));
    }

    /// The refund of the sending above.
    receive() external payable {}
}
