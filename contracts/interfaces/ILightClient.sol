// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Log} from "../types/ProofTypes.sol";

/// What a lane says about the client that verifies it.
/// @param kind family of the verified chain's consensus, for example "ethereum" or "mapo"
/// @param chainId the verified chain
/// @param forgingKeys how many keys must collude to forge a header
/// @param totalKeys out of how many
/// @param lastUpdate time of this chain's block in which the trusted state last advanced, seconds
/// @param height newest verified point of the other chain, in the family's unit (slot or block number)
/// @param frozen true after proven equivocation: nothing verifies any more
struct Passport {
    string kind;
    uint64 chainId;
    uint32 forgingKeys;
    uint32 totalKeys;
    uint64 lastUpdate;
    uint64 height;
    bool frozen;
}

/// @title Verifies what happened on one other chain, by that chain's own consensus
/// @notice The seam between the services and the consensus families. The bytes of proofs, updates and
/// states are the family's own (docs/proof-formats.md); nobody else interprets them. A proof or update has one encoding,
/// the one that `abi.encode` makes.
interface ILightClient {
    /// The trusted state advanced; `state` is what `clientState` returns from now on.
    event ClientUpdated(uint64 indexed height, bytes state);

    /// @notice Verifies that the logs named by `proof` were emitted in a final block of the other chain.
    /// @dev Updates that the proof carries and that are news to this client are stored; ones that somebody
    /// else already submitted are skipped. Reverts with a named error when anything does not hold.
    /// Says nothing about who emitted a log or for whom it was meant: the caller checks that.
    /// @return logs the logs, in the order of the proof
    function verifyLogs(bytes calldata proof) external returns (Log[] memory logs);

    /// @notice Advances the trusted state (a sync-committee period, a validator set). Open to everyone.
    /// An update that is already known changes nothing and does not revert.
    function update(bytes calldata data) external;

    /// @notice The trusted state, for the program to know what the client still needs.
    function clientState() external view returns (bytes memory);

    /// @notice What verifies this lane, for people.
    function passport() external view returns (Passport memory);

    /// @notice The last second of this chain's time at which the client believes anything new, while it learns nothing.
    function trustedUntil() external view returns (uint64);
}
