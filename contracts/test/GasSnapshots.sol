// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// What forge keeps in snapshots/GROUP.json.
interface GasSnapshots {
    function snapshotGasLastCall(string calldata group, string calldata name) external returns (uint256);
    function snapshotValue(string calldata group, string calldata name, uint256 value) external;
}

/// What a transaction costs before anything of it runs.
function intrinsicGas(bytes memory call) pure returns (uint256 gas) {
    gas = 21_000;
    for (uint256 i = 0; i < call.length; ++i) {
        gas += call[i] == 0 ? 4 : 16;
    }
}
