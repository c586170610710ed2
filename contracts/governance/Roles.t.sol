// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Initializable} from "@openzeppelin/contracts-upgradeable/proxy/utils/Initializable.sol";
import {OwnableUpgradeable} from "@openzeppelin/contracts-upgradeable/access/OwnableUpgradeable.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

import {FeeService} from "../fee/FeeService.sol";
import {IFeeService} from "../interfaces/IFeeService.sol";
import {ILightClientManager} from "../interfaces/ILightClientManager.sol";
import {IOmniService} from "../interfaces/IOmniService.sol";
import {LightClientManager} from "../relay/LightClientManager.sol";
import {OmniServiceRelay} from "../relay/OmniServiceRelay.sol";
import {OmniService} from "../service/OmniService.sol";
import {OmniServiceCore} from "../service/OmniServiceCore.sol";
import {ServiceTest} from "../test/ServiceTest.sol";

interface Environment {
    function envOr(string calldata name, string calldata defaultValue) external view returns (string memory);
}

/// Who can do what: every function of every deployed contract that may change something is called by each role, and by a
/// stranger, and what is not refused for who it is stands in docs/roles.md. A new function, a forgotten modifier or
/// another role makes a difference.
contract RolesTest is ServiceTest {
    uint256 private constant DELAY = 7 days;
    address private constant PROPOSER = address(0x940905e40000);
    address private constant STRANGER = address(0x57a49e40000);
    bytes32 private constant IMPLEMENTATION_SLOT = bytes32(uint256(keccak256("eip1967.proxy.implementation")) - 1);
    string private constant LIST = "docs/roles.md";

    TimelockController private timelock;

    error RolesDiffer(string computed);

    function setUp() public {
        vm.chainId(CHAIN_R);
        vm.warp(1_700_000_000);
        address[] memory proposers = new address[](1);
        proposers[0] = PROPOSER;
        // As butter deploy makes it: the zero address executes, which is everyone; nobody administers it but itself.
        timelock = TimelockController(
            payable(
                deployCode("TimelockController.sol:TimelockController", abi.encode(DELAY, proposers, new address[](1), 0))
            )
        );
        feeService = FeeService(deployCode("FeeService.sol", abi.encode(address(timelock), PRICER, FEES_TO)));
    }

    /// T-31, T-34: one list of every entrance and who may use it.
    function test_T31_T34_whoCanDoWhat() public {
        address clients = deployProxy(
            deployCode("LightClientManager.sol"), abi.encodeCall(LightClientManager.initialize, (address(timelock)))
        );
        IFeeService fees = IFeeService(address(feeService));
        string memory list = rolesOf("FeeService", address(feeService));
        list = string.concat(
            list,
            rolesOf(
                "OmniService",
                deployProxy(
                    deployCode("OmniService.sol"),
                    abi.encodeCall(OmniService.initialize, (address(timelock), fees, GUARDIAN))
                )
            )
        );
        list = string.concat(
            list,
            rolesOf(
                "OmniServiceRelay",
                deployProxy(
                    deployCode("OmniServiceRelay.sol"),
                    abi.encodeCall(
                        OmniServiceRelay.initialize, (address(timelock), fees, GUARDIAN, ILightClientManager(clients))
                    )
                )
            )
        );
        list = string.concat(list, rolesOf("LightClientManager", clients));
        list = string.concat(list, rolesOf("MapLightClient", withCode("MapLightClient.sol")));
        list = string.concat(list, rolesOf("EthereumLightClient", withCode("EthereumLightClient.sol")));
        list = string.concat(list, rolesOf("TimelockController", address(timelock)));
        bytes memory expected = bytes(vm.readFile(LIST));
        bytes memory computed = bytes(list);
        bool isThere =
            expected.length >= computed.length && isAt(expected, expected.length - computed.length, computed);
        if (!isThere) revert RolesDiffer(list);
    }

    /// T-36: the wait before an owner's change, and that nobody can shorten it but by waiting for it.
    function test_T36_ownerIsATimelock() public view {
        assertEq(timelock.getMinDelay(), DELAY);
        assertEq(feeService.owner(), address(timelock));
        assertTrue(!timelock.hasRole(timelock.DEFAULT_ADMIN_ROLE(), PROPOSER), "no administrator");
        assertTrue(!timelock.hasRole(timelock.DEFAULT_ADMIN_ROLE(), address(this)), "nor its maker");
        assertTrue(timelock.hasRole(timelock.DEFAULT_ADMIN_ROLE(), address(timelock)), "but itself");
        assertTrue(timelock.hasRole(timelock.EXECUTOR_ROLE(), address(0)), "anyone executes");
    }

    /// A client needs a chain's checkpoint to start. Who owns it does not depend on that: the place of the owner, and of
    /// whether it is initialised, is the same in all of them.
    function withCode(string memory artifact) private returns (address proxy) {
        proxy = deployProxy(
            deployCode("LightClientManager.sol"), abi.encodeCall(LightClientManager.initialize, (address(timelock)))
        );
        vm.store(proxy, IMPLEMENTATION_SLOT, bytes32(uint256(uint160(deployCode(artifact)))));
    }

    function rolesOf(string memory name, address target) private returns (string memory lines) {
        lines = string.concat("\n## ", name, "\n\n");
        (string memory json, string[] memory signatures) = this.readInterface(artifactOf(name));
        for (uint256 i = 0; vm.keyExistsJson(json, entryOf(i, "")); ++i) {
            lines = string.concat(lines, this.lineOf(json, i, signatures, target));
        }
    }

    /// The artifact's ABI alone, and the signatures of its functions. In a call of its own, whose memory is given back: the
    /// whole is large.
    function readInterface(string calldata artifact)
        external
        view
        returns (string memory json, string[] memory signatures)
    {
        bytes memory text = bytes(vm.readFile(artifact));
        signatures = vm.parseJsonKeys(string(text), ".methodIdentifiers");
        // The ABI comes first, so it ends where the next member begins.
        bytes memory next = ',"bytecode":';
        uint256 end = 0;
        while (!isAt(text, end, next)) ++end;
        assembly ("memory-safe") {
            mstore(text, end)
        }
        json = string.concat(string(text), "}");
    }

    function entryOf(uint256 i, string memory member) private pure returns (string memory) {
        return string.concat(".abi[", vm.toString(i), "]", member);
    }

    /// The line of an entry of the ABI; empty if it is not a function that may change something.
    function lineOf(string calldata json, uint256 i, string[] calldata signatures, address target)
        external
        returns (string memory)
    {
        if (keccak256(bytes(vm.parseJsonString(json, entryOf(i, ".type")))) != keccak256("function")) return "";
        bytes32 mutability = keccak256(bytes(vm.parseJsonString(json, entryOf(i, ".stateMutability"))));
        if (mutability == keccak256("view") || mutability == keccak256("pure")) return "";
        string memory name = vm.parseJsonString(json, entryOf(i, ".name"));
        // No contract here has two functions of one name that may change something.
        bytes memory start = bytes(string.concat(name, "("));
        for (uint256 k = 0; k < signatures.length; ++k) {
            if (!isAt(bytes(signatures[k]), 0, start)) continue;
            string memory roles = whoCalls(target, bytes4(keccak256(bytes(signatures[k]))));
            return string.concat("* `", name, "`: ", roles, "\n");
        }
        revert NotTrue(name);
    }

    function whoCalls(address target, bytes4 selector) private returns (string memory names) {
        if (isAllowed(STRANGER, target, selector)) return "anyone";
        address[5] memory actors = [address(timelock), GUARDIAN, PRICER, PROPOSER, target];
        string[5] memory roles = ["owner", "guardian", "pricer", "proposer", "itself"];
        for (uint256 i = 0; i < actors.length; ++i) {
            if (i == 0 && target == address(timelock)) continue; // "itself"
            if (!isAllowed(actors[i], target, selector)) continue;
            names = bytes(names).length == 0 ? roles[i] : string.concat(names, ", ", roles[i]);
        }
        if (bytes(names).length == 0) names = "nobody";
    }

    /// Not refused for who calls. The arguments are zeros, which decode as every type; what a function says to them does
    /// not matter.
    function isAllowed(address caller, address target, bytes4 selector) private returns (bool) {
        uint256 state = vm.snapshotState();
        vm.prank(caller);
        (bool success, bytes memory reason) = target.call(bytes.concat(selector, new bytes(32 * 24)));
        vm.revertToState(state);
        bytes4 error = bytes4(reason);
        bool isRefused = error == OwnableUpgradeable.OwnableUnauthorizedAccount.selector
            || error == OmniServiceCore.NotGuardian.selector || error == FeeService.NotPricer.selector
            || error == IOmniService.TargetForbidden.selector || error == Initializable.InvalidInitialization.selector
            || error == IAccessControl.AccessControlUnauthorizedAccount.selector
            || error == TimelockController.TimelockUnauthorizedCaller.selector;
        return success || !isRefused;
    }

    /// In the output folder of the profile in use.
    function artifactOf(string memory name) private view returns (string memory) {
        string memory folder = Environment(address(vm)).envOr("FOUNDRY_OUT", "out");
        return string.concat(folder, "/", name, ".sol/", name, ".json");
    }

    /// Whether `part` stands in `text` at `offset`.
    function isAt(bytes memory text, uint256 offset, bytes memory part) private pure returns (bool) {
        if (text.length < offset + part.length) return false;
        for (uint256 i = 0; i < part.length; ++i) if (text[offset + i] != part[i]) return false;
        return true;
    }
}
