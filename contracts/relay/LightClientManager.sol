// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Governed} from "../governance/Governed.sol";
import {ILightClient} from "../interfaces/ILightClient.sol";
import {ILightClientManager} from "../interfaces/ILightClientManager.sol";

/// @title Which light client verifies which chain, on the relay chain
/// @dev Warning: the owner (timelock) decides which client is believed.
contract LightClientManager is ILightClientManager, Governed {
    mapping(uint64 chainId => ILightClient) private _clients;

    error ClientHasNoCode(address client);

    function initialize(address owner_) external initializer {
        __Ownable_init(owner_);
    }

    /// @inheritdoc ILightClientManager
    function setClient(uint64 chainId, ILightClient client) external onlyOwner {
        if (address(client).code.length == 0) revert ClientHasNoCode(address(client));
        _clients[chainId] = client;
        emit ClientSet(chainId, address(client));
    }

    /// @inheritdoc ILightClientManager
    function clientOf(uint64 chainId) external view returns (ILightClient client) {
        client = _clients[chainId];
        if (address(client) == address(0)) revert UnknownChain(chainId);
    }
}
