// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC1967Proxy as OpenZeppelinProxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";

/// @title What stands in front of everything that can be upgraded
/// @notice OpenZeppelin's, unchanged; named here because what stands in node_modules is not part of the build's output.
contract ERC1967Proxy is OpenZeppelinProxy {
    constructor(address implementation, bytes memory data) payable OpenZeppelinProxy(implementation, data) {}
}
