// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// Where this chain has the operations of EIP-2537. Final: 0x0b, 0x0d, 0x0f, 0x11; the older draft of the relay chain:
/// 0x0a, 0x0d, 0x10, 0x12.
struct BlsPrecompiles {
    address g1Add;
    address g2Add;
    address pairing;
    address mapFp2ToG2;
}

/// @title BLS signatures of the beacon chain, by the precompiles of EIP-2537
/// @notice Points are in that EIP's encoding: field elements of 64 bytes, the upper 16 zero. The precompiles check
/// canonical coordinates and the curve, the pairing also the subgroups.
library Bls12381 {
    uint256 internal constant G1_BYTES = 128;
    uint256 internal constant G2_BYTES = 256;
    uint256 private constant FP_BYTES = 64;

    // The modulus, and half of it, in two words.
    uint256 private constant P_HIGH = 0x000000000000000000000000000000001a0111ea397fe69a4b1ba7b6434bacd7;
    uint256 private constant P_LOW = 0x64774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab;
    uint256 private constant HALF_P_HIGH = 0x000000000000000000000000000000000d0088f51cbff34d258dd3db21a5d66b;
    uint256 private constant HALF_P_LOW = 0xb23ba5c279c2895fb39869507b587b120f55ffff58a9ffffdcff7fffffffd555;

    bytes internal constant NEGATIVE_G1 =
        hex"0000000000000000000000000000000017f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb00000000000000000000000000000000114d1d6855d545a8aa7d76c8cf2e21f267816aef1db507c96655b9d5caac42364e6f38ba0ecb751bad54dcd6b939c2ca";

    /// BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_ and its length
    bytes private constant DOMAIN = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_\x2b";

    /// A precompile burns all gas it is given when it fails: each gets several times its price, of either draft.
    uint256 private constant ADD_GAS = 20_000;
    uint256 private constant MAP_GAS = 200_000;
    uint256 private constant PAIRING_GAS = 400_000;
    uint256 private constant MODEXP_GAS = 50_000;

    error BlsWrongSize(uint256 size, uint256 expected);
    error BlsPrecompileFailed(address precompile);
    error BlsInfinity();

    function addG1(BlsPrecompiles memory at, bytes memory a, bytes memory b) internal view returns (bytes memory) {
        return _call(at.g1Add, ADD_GAS, bytes.concat(a, b), G1_BYTES);
    }

    /// @notice The point with the same x and the other y. Infinity is refused: it is nobody's key.
    function negateG1(bytes memory point) internal pure returns (bytes memory negative) {
        (uint256 high, uint256 low) = _fp(point, FP_BYTES);
        if (high | low == 0) revert BlsInfinity();
        negative = bytes.concat(point);
        uint256 borrow = low > P_LOW ? 1 : 0;
        unchecked {
            uint256 negativeHigh = P_HIGH - high - borrow;
            uint256 negativeLow = P_LOW - low;
            assembly ("memory-safe") {
                mstore(add(negative, 0x60), negativeHigh)
                mstore(add(negative, 0x80), negativeLow)
            }
        }
    }

    /// @notice hash_tree_root of a compressed key (48 bytes in two chunks), computed from the uncompressed one. That the
    /// point is on the curve is left to the precompile that uses it.
    function keyRoot(bytes calldata point) internal view returns (bytes32) {
        if (point.length != G1_BYTES) revert BlsWrongSize(point.length, G1_BYTES);
        bytes memory copy = point;
        (uint256 high, uint256 low) = _fp(copy, 0);
        (uint256 yHigh, uint256 yLow) = _fp(copy, FP_BYTES);
        if (high >> 128 != 0 || yHigh >> 128 != 0) revert BlsWrongSize(point.length, G1_BYTES);
        if (high | low | yHigh | yLow == 0) revert BlsInfinity();
        bool isLarger = yHigh > HALF_P_HIGH || (yHigh == HALF_P_HIGH && yLow > HALF_P_LOW);
        // Flags in the top bits of the 48 bytes: compressed, and y is the larger root.
        high |= isLarger ? 0xa0 << 120 : 0x80 << 120;
        return sha256(abi.encodePacked(uint128(high), low, uint128(0)));
    }

    /// @notice Whether `signature` on `message` is that of `key`: e(key, H(message)) * e(-g1, signature) == 1.
    function verify(BlsPrecompiles memory at, bytes memory key, bytes32 message, bytes calldata signature)
        internal
        view
        returns (bool)
    {
        if (signature.length != G2_BYTES) revert BlsWrongSize(signature.length, G2_BYTES);
        // The pairing skips pairs with infinity, which would make a signature of nothing hold.
        if (_isZero(key) || _isZero(signature)) revert BlsInfinity();
        bytes memory input = bytes.concat(key, hashToG2(at, message), NEGATIVE_G1, signature);
        return uint256(bytes32(_call(at.pairing, PAIRING_GAS, input, 32))) == 1;
    }

    /// @notice Whether e(key, H(a)) * e(-g1, H(b)) == 1: with `key` the generator, whether H(a) equals H(b).
    function pairingIsOne(BlsPrecompiles memory at, bytes memory key, bytes32 a, bytes32 b)
        internal
        view
        returns (bool)
    {
        bytes memory input = bytes.concat(key, hashToG2(at, a), NEGATIVE_G1, hashToG2(at, b));
        return uint256(bytes32(_call(at.pairing, PAIRING_GAS, input, 32))) == 1;
    }

    /// @notice hash_to_curve of RFC 9380 with the suite of the beacon chain.
    function hashToG2(BlsPrecompiles memory at, bytes32 message) internal view returns (bytes memory) {
        (bytes memory u0, bytes memory u1) = _hashToField(message);
        return _call(
            at.g2Add,
            ADD_GAS,
            bytes.concat(
                _call(at.mapFp2ToG2, MAP_GAS, u0, G2_BYTES), _call(at.mapFp2ToG2, MAP_GAS, u1, G2_BYTES)
            ),
            G2_BYTES
        );
    }

    /// @dev expand_message_xmd to 256 bytes, then four field elements.
    function _hashToField(bytes32 message) private view returns (bytes memory u0, bytes memory u1) {
        bytes32 first = sha256(bytes.concat(new bytes(64), message, hex"010000", DOMAIN));
        bytes32[8] memory blocks;
        blocks[0] = sha256(bytes.concat(first, hex"01", DOMAIN));
        for (uint256 i = 1; i < 8; ++i) {
            blocks[i] = sha256(bytes.concat(first ^ blocks[i - 1], bytes1(uint8(i + 1)), DOMAIN));
        }
        u0 = bytes.concat(_reduce(blocks[0], blocks[1]), _reduce(blocks[2], blocks[3]));
        u1 = bytes.concat(_reduce(blocks[4], blocks[5]), _reduce(blocks[6], blocks[7]));
    }

    /// @dev A 512-bit number modulo P, by the modular exponentiation precompile with exponent 1.
    function _reduce(bytes32 high, bytes32 low) private view returns (bytes memory) {
        return _call(
            address(5),
            MODEXP_GAS,
            abi.encodePacked(uint256(64), uint256(1), uint256(64), high, low, uint8(1), P_HIGH, P_LOW),
            FP_BYTES
        );
    }

    function _call(address precompile, uint256 gasLimit, bytes memory input, uint256 size)
        private
        view
        returns (bytes memory output)
    {
        output = new bytes(size);
        bool ok;
        assembly ("memory-safe") {
            ok := staticcall(gasLimit, precompile, add(input, 0x20), mload(input), add(output, 0x20), size)
            ok := and(ok, eq(returndatasize(), size))
        }
        if (!ok) revert BlsPrecompileFailed(precompile);
    }

    function _fp(bytes memory point, uint256 offset) private pure returns (uint256 high, uint256 low) {
        assembly ("memory-safe") {
            high := mload(add(add(point, 0x20), offset))
            low := mload(add(add(point, 0x40), offset))
        }
    }

    function _isZero(bytes memory point) private pure returns (bool) {
        uint256 all = 0;
        for (uint256 i = 0; i < point.length; i += 32) {
            assembly ("memory-safe") {
                all := or(all, mload(add(add(point, 0x20), i)))
            }
        }
        return all == 0;
    }
}
