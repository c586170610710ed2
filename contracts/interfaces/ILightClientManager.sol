// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILightClient} from "./ILightClient.sol";

/// @title Which light client verifies which chain
interface ILightClientManager {
    /// There is no client for this chain.
    error UnknownChain(uint64 chainId);

    event ClientSet(uint64 indexed chainId, address indexed client);

    /// @notice The client of `chainId`; reverts with `UnknownChain` if there is none.
    function clientOf(uint64 chainId) external view returns (ILightClient);

    /// @notice Sets the client of a chain. Only the timelock.
    function setClient(uint64 chainId, ILightClient client) external;
}
