// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {GasSnapshots, intrinsicGas} from "../../../contracts/test/GasSnapshots.sol";
import {EthereumCheckpoint, EthereumLightClient} from "./EthereumLightClient.sol";
import {EthereumTest} from "./EthereumTest.sol";

/// Calls from within a transaction, so that neither its 21,000 nor its calldata count.
contract Updater {
    function update(EthereumLightClient client, bytes calldata data) external returns (uint256) {
        uint256 before = gasleft();
        client.update(data);
        return before - gasleft();
    }
}

/// What an update costs with a committee of 512, whole transactions on cold state. Kept in snapshots/. The absent members
/// are spread over the committee.
/// forge-config: default.evm_version = "prague"
/// forge-config: default.isolate = true
contract EthereumGasTest is EthereumTest {
    string private constant GROUP = "sync-committee";

    // What one check calls, and what that costs by the EIP as it was released and by the draft with the relay chain's
    // addresses (two maps to the curve, an addition in G2, a pairing of two; an addition in G1 for each absent member).
    uint256 private constant FINAL_PRICE = 2 * 23_800 + 600 + 37_700 + 2 * 32_600;
    uint256 private constant DRAFT_PRICE = 2 * 75_000 + 800 + 65_000 + 2 * 43_000;
    uint256 private constant EARLY_DRAFT_PRICE = 2 * 110_000 + 4_500 + 115_000 + 2 * 23_000;
    uint256 private constant FINAL_ADD = 375;
    uint256 private constant DRAFT_ADD = 600;

    /// A client in its second period or later: what is written of committees replaces what was there.
    function clientFor(string memory at) private returns (EthereumLightClient) {
        return deployClient(
            networkAt(".fullSize.network"),
            EthereumCheckpoint({
                finalizedSlot: 5 * 8_192 - 64,
                finalizedBlockHash: keccak256("checkpoint"),
                committeeRoot: keccak256("committee"),
                nextCommitteeRoot: hashAt(string.concat(at, ".committeeRoot"))
            })
        );
    }

    function measure(string memory kind, string memory participants, string memory name) private returns (uint256 gas) {
        string memory at = string.concat(".fullSize.", kind, participants);
        EthereumLightClient client = clientFor(at);
        bytes memory update = bytesAt(string.concat(at, ".update"));
        client.update(update);
        gas = GasSnapshots(address(vm)).snapshotGasLastCall(GROUP, name);
        assertEq(client.finalizedSlot(), 5 * 8_192 + 32);
        client.update(update);
        GasSnapshots(address(vm)).snapshotGasLastCall(GROUP, string.concat("lost race, ", name));
        // Prague asks a floor price for calldata (EIP-7623), which the relay chain does not: there it is the sum of these.
        uint256 execution = new Updater().update(client, update);
        bytes memory call = abi.encodeCall(client.update, (update));
        GasSnapshots(address(vm)).snapshotValue(GROUP, string.concat("lost race, execution, ", name), execution);
        GasSnapshots(address(vm)).snapshotValue(GROUP, string.concat("before execution, ", name), intrinsicGas(call));
    }

    function test_updates() public {
        uint256 all = measure("of", "512", "512 of 512");
        uint256 most = measure("of", "507", "507 of 512");
        measure("of", "461", "461 of 512");
        measure("of", "342", "342 of 512");
        // The same code, with the precompiles' prices of the drafts.
        GasSnapshots vms = GasSnapshots(address(vm));
        vms.snapshotValue(GROUP, "draft prices, 512 of 512", all - FINAL_PRICE + DRAFT_PRICE);
        uint256 more = 5 * (DRAFT_ADD - FINAL_ADD);
        vms.snapshotValue(GROUP, "draft prices, 507 of 512", most - FINAL_PRICE + DRAFT_PRICE + more);
        vms.snapshotValue(GROUP, "early draft prices, 512 of 512", all - FINAL_PRICE + EARLY_DRAFT_PRICE);
    }

    /// Once a period, with the committee of the next.
    function test_rotations() public {
        measure("nextOf", "512", "next committee, 512 of 512");
        measure("nextOf", "507", "next committee, 507 of 512");
    }
}
