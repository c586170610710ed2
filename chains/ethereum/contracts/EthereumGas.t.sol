// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EthereumCheckpoint, EthereumLightClient} from "./EthereumLightClient.sol";
import {EthereumTest} from "./EthereumTest.sol";

interface GasSnapshots {
    function snapshotGasLastCall(string calldata group, string calldata name) external returns (uint256);
}

/// What an update costs with a committee of 512, whole transactions on cold state. Kept in snapshots/.
/// forge-config: default.evm_version = "prague"
/// forge-config: default.isolate = true
contract EthereumGasTest is EthereumTest {
    function measure(string memory participants, string memory name) private {
        string memory at = string.concat(".fullSize.of", participants);
        EthereumLightClient client = deployClient(
            networkAt(".fullSize.network"),
            EthereumCheckpoint({
                finalizedSlot: 5 * 8_192,
                finalizedBlockHash: keccak256("checkpoint"),
                committeeRoot: hashAt(string.concat(at, ".committeeRoot")),
                nextCommitteeRoot: 0
            })
        );
        bytes memory update = bytesAt(string.concat(at, ".update"));
        client.update(update);
        GasSnapshots(address(vm)).snapshotGasLastCall("sync-committee", name);
        assertEq(client.finalizedSlot(), 5 * 8_192 + 32);
        client.update(update);
        GasSnapshots(address(vm)).snapshotGasLastCall("sync-committee", string.concat("lost race, ", name));
    }

    function test_updates() public {
        measure("512", "512 of 512");
        measure("507", "507 of 512");
        measure("461", "461 of 512");
        measure("342", "342 of 512");
    }
}
