// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";

import {Test} from "../../../contracts/test/Test.sol";
import {Vectors} from "../../../contracts/test/Vectors.sol";
import {BlsPrecompiles} from "./Bls12381.sol";
import {EthereumCheckpoint, EthereumLightClient, EthereumNetwork} from "./EthereumLightClient.sol";

/// What the tests of this folder share: the family's vectors, and clients deployed as they are in use. The contracts are
/// compiled for London, and these tests run where EIP-2537 has its final addresses.
abstract contract EthereumTest is Test {
    string internal constant VECTORS = "chains/ethereum/vectors/proofs.json";
    address internal constant OWNER = address(0xa11ce0000);

    function bytesAt(string memory path) internal view returns (bytes memory) {
        return Vectors.bytesAt(VECTORS, path);
    }

    function hashAt(string memory path) internal view returns (bytes32) {
        return Vectors.hashAt(VECTORS, path);
    }

    function uintAt(string memory path) internal view returns (uint256) {
        return Vectors.uintAt(VECTORS, path);
    }

    function networkAt(string memory path) internal view returns (EthereumNetwork memory) {
        return abi.decode(bytesAt(path), (EthereumNetwork));
    }

    function finalPrecompiles() internal pure returns (BlsPrecompiles memory) {
        return
            BlsPrecompiles({
                g1Add: address(0x0b), g2Add: address(0x0d), pairing: address(0x0f), mapFp2ToG2: address(0x11)
            });
    }

    function deployClient(EthereumNetwork memory network, EthereumCheckpoint memory checkpoint)
        internal
        returns (EthereumLightClient)
    {
        return deployClient(network, checkpoint, finalPrecompiles());
    }

    function deployClient(
        EthereumNetwork memory network,
        EthereumCheckpoint memory checkpoint,
        BlsPrecompiles memory precompiles
    ) internal returns (EthereumLightClient) {
        bytes memory initializer = abi.encodeCall(
            EthereumLightClient.initialize, (OWNER, network, precompiles, checkpoint)
        );
        return EthereumLightClient(address(new ERC1967Proxy(deployCode("EthereumLightClient.sol"), initializer)));
    }
}
