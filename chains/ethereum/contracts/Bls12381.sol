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
/// @notice In proofs a field element has 48 bytes, so a key 96 (x, y) and a signature 192 (x.c0, x.c1, y.c0, y.c1). In
/// memory points are in that EIP's encoding: field elements of 64 bytes, the upper 16 zero. The precompiles check
/// canonical coordinates and the curve, the pairing also the subgroups.
/// @dev Works in one buffer, laid out as the input of the pairing that ends it:
/// key 128 ‖ hash 256 ‖ generator 128 ‖ signature 256.
/// The key in it is the negative of the signers': e(-key, hash) * e(g1, signature) is 1 for a valid signature. So keys of
/// absent members, which are to be subtracted from the committee's, are added as they are.
library Bls12381 {
    uint256 internal constant KEY_BYTES = 96;
    uint256 internal constant SIGNATURE_BYTES = 192;
    uint256 internal constant G1_BYTES = 128;
    uint256 internal constant G2_BYTES = 256;
    uint256 private constant FP_BYTES = 64;
    uint256 private constant BUFFER_BYTES = 768;
    uint256 private constant HASH_OFFSET = 128;
    uint256 private constant GENERATOR_OFFSET = 384;
    uint256 private constant SIGNATURE_OFFSET = 512;

    // The modulus, and half of it, in two words.
    uint256 private constant P_HIGH = 0x000000000000000000000000000000001a0111ea397fe69a4b1ba7b6434bacd7;
    uint256 private constant P_LOW = 0x64774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab;
    uint256 private constant HALF_P_HIGH = 0x000000000000000000000000000000000d0088f51cbff34d258dd3db21a5d66b;
    uint256 private constant HALF_P_LOW = 0xb23ba5c279c2895fb39869507b587b120f55ffff58a9ffffdcff7fffffffd555;

    // The generator of G1.
    uint256 private constant G1_X_HIGH = 0x0000000000000000000000000000000017f1d3a73197d7942695638c4fa9ac0f;
    uint256 private constant G1_X_LOW = 0xc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb;
    uint256 private constant G1_Y_HIGH = 0x0000000000000000000000000000000008b3f481e3aaa0f1a09e30ed741d8ae4;
    uint256 private constant G1_Y_LOW = 0xfcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1;

    // "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_" and its length.
    bytes32 private constant DOMAIN_START = "BLS_SIG_BLS12381G2_XMD:SHA-256_S";
    bytes32 private constant DOMAIN_END = "SWU_RO_POP_\x2b";

    /// keccak256 of hash_to_curve(32 zero bytes), in the encoding of EIP-2537.
    bytes32 private constant HASH_OF_ZERO = 0xe8ed1eeb1cb5050c1c752cd4f384e6f9cfd264c50584d22d6129f8b1a3683ee0;

    address private constant SHA256 = address(2);
    address private constant MODEXP = address(5);

    /// A precompile burns all gas it is given when it fails: each gets several times its price, of either draft.
    uint256 internal constant ADD_GAS = 20_000;
    uint256 private constant MAP_GAS = 200_000;
    uint256 private constant PAIRING_GAS = 400_000;
    uint256 private constant MODEXP_GAS = 50_000;
    uint256 private constant SHA256_GAS = 10_000;

    error BlsPrecompileFailed(address precompile);
    error BlsInfinity();

    /// @return buffer memory for one signature check
    function open() internal pure returns (uint256 buffer) {
        return _allocate(BUFFER_BYTES);
    }

    /// @notice hash_tree_root of the compressed key (48 bytes in two chunks) whose 96 bytes stand at `position` of the
    /// calldata; the point itself goes to the memory at `point`. That it is on the curve is left to the precompile that
    /// uses it.
    function loadKey(uint256 position, uint256 point) internal view returns (bytes32) {
        uint256 xHigh;
        uint256 xLow;
        uint256 yHigh;
        uint256 yLow;
        assembly ("memory-safe") {
            xHigh := shr(128, calldataload(position))
            xLow := calldataload(add(position, 16))
            yHigh := shr(128, calldataload(add(position, 48)))
            yLow := calldataload(add(position, 64))
            mstore(point, xHigh)
            mstore(add(point, 0x20), xLow)
            mstore(add(point, 0x40), yHigh)
            mstore(add(point, 0x60), yLow)
        }
        if (xHigh | xLow | yHigh | yLow == 0) revert BlsInfinity();
        bool isLarger = yHigh > HALF_P_HIGH || (yHigh == HALF_P_HIGH && yLow > HALF_P_LOW);
        // Flags in the top bits of the 48 bytes: compressed, and y is the larger root.
        assembly ("memory-safe") {
            mstore(0x00, or(calldataload(position), shl(248, or(0x80, shl(5, isLarger)))))
            mstore(0x20, shl(128, xLow))
        }
        _call(SHA256, SHA256_GAS, 0x00, 0x40, 0x00, 0x20);
        return _scratch();
    }

    /// @notice Replaces the point at `point` by the one with the other y. For infinity the result is no point.
    function negate(uint256 point) internal pure {
        assembly ("memory-safe") {
            let yLow := mload(add(point, 0x60))
            mstore(add(point, 0x40), sub(sub(P_HIGH, mload(add(point, 0x40))), gt(yLow, P_LOW)))
            mstore(add(point, 0x60), sub(P_LOW, yLow))
        }
    }

    /// @notice Replaces the point at `points` by its sum with the one right behind it.
    function add(address g1Add, uint256 points) internal view {
        _call(g1Add, ADD_GAS, points, 2 * G1_BYTES, points, G1_BYTES);
    }

    /// @notice Whether the signature whose 192 bytes stand at `position` of the calldata is on `message`, by the keys whose
    /// negative sum begins the buffer.
    function verify(BlsPrecompiles memory at, uint256 buffer, bytes32 message, uint256 position)
        internal
        view
        returns (bool)
    {
        uint256 signature = buffer + SIGNATURE_OFFSET;
        assembly ("memory-safe") {
            for { let i := 0 } lt(i, 4) { i := add(i, 1) } {
                mstore(add(signature, shl(6, i)), 0)
                calldatacopy(add(add(signature, shl(6, i)), 16), add(position, mul(48, i)), 48)
            }
        }
        // The pairing skips pairs with infinity, which would make a signature of nothing hold.
        if (_isZero(buffer, G1_BYTES) || _isZero(signature, G2_BYTES)) revert BlsInfinity();
        hashToG2(at, message, buffer + HASH_OFFSET);
        _storeGenerator(buffer + GENERATOR_OFFSET);
        return _pairingIsOne(at.pairing, buffer);
    }

    /// @notice hash_to_curve of RFC 9380 with the suite of the beacon chain, to the 256 bytes of memory at `output`.
    function hashToG2(BlsPrecompiles memory at, bytes32 message, uint256 output) internal view {
        // Four field elements, then the two points that are mapped to.
        uint256 elements = _allocate(4 * FP_BYTES + 2 * G2_BYTES);
        _hashToField(message, elements);
        uint256 points = elements + 4 * FP_BYTES;
        _call(at.mapFp2ToG2, MAP_GAS, elements, 2 * FP_BYTES, points, G2_BYTES);
        _call(at.mapFp2ToG2, MAP_GAS, elements + 2 * FP_BYTES, 2 * FP_BYTES, points + G2_BYTES, G2_BYTES);
        _call(at.g2Add, ADD_GAS, points, 2 * G2_BYTES, output, G2_BYTES);
    }

    /// @notice Known answers, right and wrong.
    /// @return wrong the precompile that answers otherwise, or 0
    function findWrongPrecompile(BlsPrecompiles memory at) internal view returns (address wrong) {
        uint256 buffer = open();
        uint256 hash = buffer + HASH_OFFSET;
        // g - g is infinity, g + infinity is g.
        _storeGenerator(buffer);
        _storeGenerator(buffer + G1_BYTES);
        negate(buffer + G1_BYTES);
        add(at.g1Add, buffer);
        if (!_isZero(buffer, G1_BYTES)) return at.g1Add;
        _storeGenerator(buffer + G1_BYTES);
        add(at.g1Add, buffer);
        if (_hash(buffer, G1_BYTES) != _hash(buffer + G1_BYTES, G1_BYTES)) return at.g1Add;
        hashToG2(at, 0, hash);
        if (_hash(hash, G2_BYTES) != HASH_OF_ZERO) return at.mapFp2ToG2;
        // e(g, h) * e(g, h) is not 1, e(-g, h) * e(g, h) is.
        uint256 signature = buffer + SIGNATURE_OFFSET;
        assembly ("memory-safe") {
            for { let i := 0 } lt(i, 256) { i := add(i, 32) } { mstore(add(signature, i), mload(add(hash, i))) }
        }
        _storeGenerator(buffer);
        _storeGenerator(buffer + GENERATOR_OFFSET);
        if (_pairingIsOne(at.pairing, buffer)) return at.pairing;
        negate(buffer);
        if (!_pairingIsOne(at.pairing, buffer)) return at.pairing;
    }

    /// @dev expand_message_xmd to 256 bytes, then four field elements: 512-bit numbers modulo P, by the modular
    /// exponentiation precompile with exponent 1.
    function _hashToField(bytes32 message, uint256 elements) private view {
        uint256 input = _allocate(256);
        // Z_pad (64 zeros) ‖ message ‖ length 256 in two bytes ‖ 0 ‖ domain
        assembly ("memory-safe") {
            mstore(input, 0)
            mstore(add(input, 32), 0)
            mstore(add(input, 64), message)
            mstore(add(input, 96), shl(232, 0x010000))
            mstore(add(input, 99), DOMAIN_START)
            mstore(add(input, 131), DOMAIN_END)
        }
        bool hashed;
        bool reduced;
        assembly ("memory-safe") {
            hashed := staticcall(gas(), 2, input, 143, 0x00, 0x20)
            let first := mload(0x00)
            // (first ^ the block before) ‖ the block's number, from 1 ‖ domain
            mstore(input, first)
            mstore(add(input, 33), DOMAIN_START)
            mstore(add(input, 65), DOMAIN_END)
            for { let i := 0 } lt(i, 8) { i := add(i, 1) } {
                mstore8(add(input, 32), add(i, 1))
                let output := add(elements, shl(5, i))
                hashed := and(hashed, staticcall(gas(), 2, input, 77, output, 0x20))
                hashed := and(hashed, eq(returndatasize(), 0x20))
                mstore(input, xor(first, mload(output)))
            }
            // length of base 64 ‖ of exponent 1 ‖ of modulus 64 ‖ base ‖ exponent ‖ modulus
            mstore(input, 64)
            mstore(add(input, 32), 1)
            mstore(add(input, 64), 64)
            mstore8(add(input, 160), 1)
            mstore(add(input, 161), P_HIGH)
            mstore(add(input, 193), P_LOW)
            reduced := 1
            for { let end := add(elements, 256) } lt(elements, end) { elements := add(elements, 64) } {
                mstore(add(input, 96), mload(elements))
                mstore(add(input, 128), mload(add(elements, 32)))
                reduced := and(reduced, staticcall(MODEXP_GAS, 5, input, 225, elements, 64))
                reduced := and(reduced, eq(returndatasize(), 64))
            }
        }
        if (!hashed || !reduced) revert BlsPrecompileFailed(hashed ? MODEXP : SHA256);
    }

    function _pairingIsOne(address pairing, uint256 buffer) private view returns (bool) {
        _call(pairing, PAIRING_GAS, buffer, BUFFER_BYTES, 0x00, 0x20);
        return uint256(_scratch()) == 1;
    }

    function _storeGenerator(uint256 point) private pure {
        assembly ("memory-safe") {
            mstore(point, G1_X_HIGH)
            mstore(add(point, 0x20), G1_X_LOW)
            mstore(add(point, 0x40), G1_Y_HIGH)
            mstore(add(point, 0x60), G1_Y_LOW)
        }
    }

    function _call(
        address precompile,
        uint256 gasLimit,
        uint256 input,
        uint256 inputSize,
        uint256 output,
        uint256 outputSize
    ) private view {
        bool ok;
        assembly ("memory-safe") {
            ok := staticcall(gasLimit, precompile, input, inputSize, output, outputSize)
            ok := and(ok, eq(returndatasize(), outputSize))
        }
        if (!ok) revert BlsPrecompileFailed(precompile);
    }

    /// @dev `size` is a multiple of 32. What is allocated is not cleared.
    function _allocate(uint256 size) private pure returns (uint256 pointer) {
        assembly ("memory-safe") {
            pointer := mload(0x40)
            mstore(0x40, add(pointer, size))
        }
    }

    function _scratch() private pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := mload(0x00)
        }
    }

    function _hash(uint256 pointer, uint256 size) private pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            hash := keccak256(pointer, size)
        }
    }

    function _isZero(uint256 pointer, uint256 size) private pure returns (bool) {
        uint256 all = 0;
        assembly ("memory-safe") {
            for { let end := add(pointer, size) } lt(pointer, end) { pointer := add(pointer, 32) } {
                all := or(all, mload(pointer))
            }
        }
        return all == 0;
    }
}
