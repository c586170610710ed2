// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Where things stand in a light-client update (docs/proof-formats.md)
/// @notice An update is packed: a head of fixed size, then what the fork schedule and the participation bits give the
/// number of, and at last the nodes that fill it up. Nothing in it can be left out, added, or written in another way.
library SyncUpdate {
    uint256 internal constant SIGNATURE_SLOT = 0;
    uint256 internal constant ATTESTED_SLOT = 8;
    uint256 internal constant ATTESTED_PROPOSER = 16;
    uint256 internal constant FINALIZED_SLOT = 24;
    uint256 internal constant FINALIZED_PROPOSER = 32;
    uint256 internal constant ATTESTED_PARENT = 40;
    uint256 internal constant ATTESTED_BODY = 72;
    uint256 internal constant FINALIZED_PARENT = 104;
    uint256 internal constant FINALIZED_STATE = 136;
    uint256 internal constant BLOCK_HASH = 168;
    uint256 internal constant NEXT_COMMITTEE = 200;
    uint256 internal constant PARTICIPATION = 232;
    uint256 internal constant SIGNATURE = 296;
    uint256 internal constant COMMITTEE_SUM = 488;
    uint256 internal constant HEAD_BYTES = 584;

    error UpdateLength(uint256 given, uint256 expected);

    /// @dev Of the head: that it is there is checked before.
    function uint64At(bytes calldata data, uint256 offset) internal pure returns (uint64 value) {
        assembly ("memory-safe") {
            value := shr(192, calldataload(add(data.offset, offset)))
        }
    }

    /// @dev Of the head: that it is there is checked before.
    function wordAt(bytes calldata data, uint256 offset) internal pure returns (bytes32 value) {
        assembly ("memory-safe") {
            value := calldataload(add(data.offset, offset))
        }
    }

    function checkHead(bytes calldata data) internal pure {
        if (data.length < HEAD_BYTES) revert UpdateLength(data.length, HEAD_BYTES);
    }

    /// @notice Fails unless the last part ended where the update does.
    function checkEnd(bytes calldata data, uint256 end) internal pure {
        unchecked {
            uint256 expected = end - positionOf(data, 0);
            if (data.length != expected) revert UpdateLength(data.length, expected);
        }
    }

    /// @notice Where in the calldata `offset` of the update is.
    function positionOf(bytes calldata data, uint256 offset) internal pure returns (uint256 position) {
        assembly ("memory-safe") {
            position := add(data.offset, offset)
        }
    }
}
