// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TimelockController as OpenZeppelinTimelock} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @title The owner of everything after deployment
/// @notice OpenZeppelin's, unchanged; named here because what stands in node_modules is not part of the build's output.
contract TimelockController is OpenZeppelinTimelock {
    constructor(uint256 minDelay, address[] memory proposers, address[] memory executors, address admin)
        OpenZeppelinTimelock(minDelay, proposers, executors, admin)
    {}
}
