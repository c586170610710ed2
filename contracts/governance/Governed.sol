// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OwnableUpgradeable} from "@openzeppelin/contracts-upgradeable/access/OwnableUpgradeable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";

/// @title Base of everything that can be upgraded
/// @dev Warning: the owner decides what code runs. After deployment it is a timelock (OpenZeppelin
/// TimelockController), so every change is public for its delay before it takes effect.
abstract contract Governed is OwnableUpgradeable, UUPSUpgradeable {
    /// @dev The implementation itself can never be initialised: only proxies of it are used.
    constructor() {
        _disableInitializers();
    }

    function _authorizeUpgrade(address) internal view override onlyOwner {}
}
