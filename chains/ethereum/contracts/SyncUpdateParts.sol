// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EthereumNetwork, Fork} from "./EthereumLightClient.sol";

/// A light-client update taken apart, for tests to change a part and put it together again.
struct SyncUpdateParts {
    uint64 signatureSlot;
    uint64 attestedSlot;
    uint64 attestedProposer;
    uint64 finalizedSlot;
    uint64 finalizedProposer;
    bytes32 attestedParent;
    bytes32 attestedBody;
    bytes32 finalizedParent;
    bytes32 finalizedState;
    bytes32 blockHash;
    bytes32 nextCommitteeRoot;
    uint256[2] participation;
    bytes signature; // 192
    bytes committeeSum; // 96
    bytes32[] executionBranch;
    bytes32[] finalityBranch;
    bytes32[] nextCommitteeBranch;
    bytes[] absentKeys; // 96 each
    bytes32[] keyNodes;
}

/// The plain twin of SyncUpdate, by docs/proof-formats.md.
library SyncUpdateCodec {
    function encode(SyncUpdateParts memory parts) internal pure returns (bytes memory) {
        bytes memory slots = abi.encodePacked(
            parts.signatureSlot,
            parts.attestedSlot,
            parts.attestedProposer,
            parts.finalizedSlot,
            parts.finalizedProposer
        );
        bytes memory roots = abi.encodePacked(
            parts.attestedParent,
            parts.attestedBody,
            parts.finalizedParent,
            parts.finalizedState,
            parts.blockHash,
            parts.nextCommitteeRoot
        );
        bytes memory head = bytes.concat(
            slots, roots, abi.encodePacked(parts.participation), parts.signature, parts.committeeSum
        );
        bytes memory keys;
        for (uint256 i = 0; i < parts.absentKeys.length; ++i) {
            keys = bytes.concat(keys, parts.absentKeys[i]);
        }
        return bytes.concat(
            head,
            abi.encodePacked(parts.executionBranch),
            abi.encodePacked(parts.finalityBranch),
            abi.encodePacked(parts.nextCommitteeBranch),
            keys,
            abi.encodePacked(parts.keyNodes)
        );
    }

    function decode(EthereumNetwork memory network, bytes memory data)
        internal
        pure
        returns (SyncUpdateParts memory parts)
    {
        parts.signatureSlot = uint64(uint256(word(data, 0)) >> 192);
        parts.attestedSlot = uint64(uint256(word(data, 8)) >> 192);
        parts.attestedProposer = uint64(uint256(word(data, 16)) >> 192);
        parts.finalizedSlot = uint64(uint256(word(data, 24)) >> 192);
        parts.finalizedProposer = uint64(uint256(word(data, 32)) >> 192);
        parts.attestedParent = word(data, 40);
        parts.attestedBody = word(data, 72);
        parts.finalizedParent = word(data, 104);
        parts.finalizedState = word(data, 136);
        parts.blockHash = word(data, 168);
        parts.nextCommitteeRoot = word(data, 200);
        parts.participation = [uint256(word(data, 232)), uint256(word(data, 264))];
        parts.signature = slice(data, 296, 192);
        parts.committeeSum = slice(data, 488, 96);
        Fork memory attested = forkAt(network, parts.attestedSlot);
        uint256 at = 584;
        parts.executionBranch = words(data, at, depth(forkAt(network, parts.finalizedSlot).blockHashGindex));
        at += 32 * parts.executionBranch.length;
        parts.finalityBranch = words(data, at, depth(attested.finalityGindex));
        at += 32 * parts.finalityBranch.length;
        if (parts.nextCommitteeRoot != 0) {
            parts.nextCommitteeBranch = words(data, at, depth(attested.nextCommitteeGindex));
        }
        at += 32 * parts.nextCommitteeBranch.length;
        uint256 absent = 0;
        for (uint256 i = 0; i < network.committeeSize; ++i) {
            if ((parts.participation[i / 256] >> (i % 256)) & 1 == 0) ++absent;
        }
        parts.absentKeys = new bytes[](absent);
        for (uint256 i = 0; i < absent; ++i) {
            parts.absentKeys[i] = slice(data, at, 96);
            at += 96;
        }
        parts.keyNodes = words(data, at, (data.length - at) / 32);
    }

    function forkAt(EthereumNetwork memory network, uint64 slot) private pure returns (Fork memory fork) {
        for (uint256 i = 0; i < network.forks.length; ++i) {
            if (network.forks[i].epoch <= slot / network.slotsPerEpoch) fork = network.forks[i];
        }
    }

    function depth(uint256 gindex) private pure returns (uint256 result) {
        while (gindex >> (result + 1) != 0) ++result;
    }

    function word(bytes memory data, uint256 at) private pure returns (bytes32) {
        return abi.decode(slice(data, at, 32), (bytes32));
    }

    function words(bytes memory data, uint256 at, uint256 count) private pure returns (bytes32[] memory result) {
        result = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            result[i] = word(data, at + 32 * i);
        }
    }

    function slice(bytes memory data, uint256 at, uint256 size) private pure returns (bytes memory result) {
        result = new bytes(size);
        for (uint256 i = 0; i < size; ++i) {
            result[i] = data[at + i];
        }
    }
}
