// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";

import {Test} from "../../../contracts/test/Test.sol";
import {Vectors} from "../../../contracts/test/Vectors.sol";
import {AtlasPacking, AtlasProof, AtlasUpdate} from "./AtlasPacking.sol";
import {MapLightClient} from "./MapLightClient.sol";

/// What the tests of this folder share: the family's vectors, and clients deployed as they are in use.
abstract contract MapTest is Test {
    string internal constant VECTORS = "chains/mapo/vectors/proofs.json";
    uint64 internal constant CHAIN_R = 22_776;
    uint64 internal constant EPOCH_LENGTH = 1_000;
    uint64 internal constant LAST_EPOCH_BLOCK = 5_000;
    uint256 internal constant SET_SIZE = 30;
    uint64 internal constant CHECKPOINT_TIME = 1_700_000_000;
    uint64 internal constant TRUSTING_PERIOD = 14 days;
    address internal constant OWNER = address(0xa11ce0000);

    function bytesAt(string memory path) internal view returns (bytes memory) {
        return Vectors.bytesAt(VECTORS, path);
    }

    function keysAt(string memory path) internal view returns (uint256[2][] memory keys) {
        bytes memory packed = bytesAt(path);
        keys = new uint256[2][](packed.length / 64);
        for (uint256 i = 0; i < keys.length; ++i) {
            uint256 x;
            uint256 y;
            assembly ("memory-safe") {
                x := mload(add(add(packed, 0x20), mul(i, 0x40)))
                y := mload(add(add(packed, 0x40), mul(i, 0x40)))
            }
            keys[i] = [x, y];
        }
    }

    function proofAt(string memory path) internal view returns (AtlasProof memory) {
        return AtlasPacking.readProof(bytesAt(path), SET_SIZE);
    }

    function updateAt(string memory path) internal view returns (AtlasUpdate memory) {
        return AtlasPacking.readUpdate(bytesAt(path), SET_SIZE);
    }

    function deployClient(uint256[2][] memory keys, uint64 lastEpochBlock) internal returns (MapLightClient) {
        return deployClient(keys, lastEpochBlock, EPOCH_LENGTH, 0);
    }

    function deployClient(uint256[2][] memory keys, uint64 lastEpochBlock, uint64 epochLength, uint64 hashFork)
        internal
        returns (MapLightClient)
    {
        return deployClient(keys, lastEpochBlock, epochLength, hashFork, TRUSTING_PERIOD);
    }

    function deployClient(
        uint256[2][] memory keys,
        uint64 lastEpochBlock,
        uint64 epochLength,
        uint64 hashFork,
        uint64 trustingPeriod
    ) internal returns (MapLightClient) {
        bytes memory initializer = abi.encodeCall(
            MapLightClient.initialize,
            (OWNER, CHAIN_R, epochLength, hashFork, lastEpochBlock, CHECKPOINT_TIME, trustingPeriod, keys)
        );
        return MapLightClient(address(new ERC1967Proxy(deployCode("MapLightClient.sol"), initializer)));
    }

    /// Makes the call, whose one argument is bytes, with a length that leaves their last byte out but not away.
    function refuseOneShorter(address target, bytes memory input, bytes4 reason) internal {
        assembly ("memory-safe") {
            let length := add(input, 0x44) // behind selector and offset
            mstore(length, sub(mload(length), 1))
        }
        (bool success, bytes memory answer) = target.call(input);
        assertTrue(!success, "refused");
        assertEq(answer, abi.encodePacked(reason));
    }
}
