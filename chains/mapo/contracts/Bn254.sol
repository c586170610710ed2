// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title BN254 by the precompiles of EIP-196 and EIP-197
/// @notice Points are (x, y) of G1 with (0, 0) for infinity; the precompiles check that coordinates are canonical and
/// points on the curve (and, in the pairing, in the subgroup). Every call's success and size of answer are checked.
library Bn254 {
    /// Field modulus.
    uint256 internal constant P = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47;
    /// Group order.
    uint256 internal constant N = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001;

    // Minus the generator of G2 (EIP-197): x.im, x.re, y.im, y.re.
    uint256 internal constant NEG_G2_X_IM = 0x198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2;
    uint256 internal constant NEG_G2_X_RE = 0x1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed;
    uint256 internal constant NEG_G2_Y_IM = 0x275dc4a288d1afb3cbb1ac09187524c7db36395df7be3b99e673b13a075a65ec;
    uint256 internal constant NEG_G2_Y_RE = 0x1d9befcd05a5323e6da4d435f3b617cdb3af83285c2df711ef39c01571827f9d;

    /// A precompile burns all gas it is given when it fails; these are well above what each costs.
    uint256 private constant ADD_GAS = 5_000;
    uint256 private constant MUL_GAS = 20_000;
    uint256 private constant PAIRING_2_GAS = 250_000;

    error Bn254AddFailed();
    error Bn254MulFailed();
    error Bn254PairingFailed();

    function add(uint256 ax, uint256 ay, uint256 bx, uint256 by) internal view returns (uint256 x, uint256 y) {
        bool ok;
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, ax)
            mstore(add(free, 0x20), ay)
            mstore(add(free, 0x40), bx)
            mstore(add(free, 0x60), by)
            ok := staticcall(ADD_GAS, 6, free, 0x80, free, 0x40)
            ok := and(ok, eq(returndatasize(), 0x40))
            x := mload(free)
            y := mload(add(free, 0x20))
        }
        if (!ok) revert Bn254AddFailed();
    }

    /// @notice a - b, where b is a point other than infinity. Fails for infinity and for a `by` that is not canonical.
    function subtract(uint256 ax, uint256 ay, uint256 bx, uint256 by) internal view returns (uint256 x, uint256 y) {
        unchecked {
            // No point has y = 0; that, and what is above P, makes a coordinate that the precompile refuses.
            return add(ax, ay, bx, P - by);
        }
    }

    function mul(uint256 ax, uint256 ay, uint256 scalar) internal view returns (uint256 x, uint256 y) {
        bool ok;
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, ax)
            mstore(add(free, 0x20), ay)
            mstore(add(free, 0x40), scalar)
            ok := staticcall(MUL_GAS, 7, free, 0x60, free, 0x40)
            ok := and(ok, eq(returndatasize(), 0x40))
            x := mload(free)
            y := mload(add(free, 0x20))
        }
        if (!ok) revert Bn254MulFailed();
    }

    /// @notice Whether e(a, key) == e(b, g2). Reverts when an input is no valid point.
    function pairingEquals(uint256 ax, uint256 ay, uint256[4] memory key, uint256 bx, uint256 by)
        internal
        view
        returns (bool)
    {
        uint256 answer;
        bool ok;
        assembly ("memory-safe") {
            let input := mload(0x40)
            mstore(input, ax)
            mstore(add(input, 0x20), ay)
            mstore(add(input, 0x40), mload(key))
            mstore(add(input, 0x60), mload(add(key, 0x20)))
            mstore(add(input, 0x80), mload(add(key, 0x40)))
            mstore(add(input, 0xa0), mload(add(key, 0x60)))
            mstore(add(input, 0xc0), bx)
            mstore(add(input, 0xe0), by)
            mstore(add(input, 0x100), NEG_G2_X_IM)
            mstore(add(input, 0x120), NEG_G2_X_RE)
            mstore(add(input, 0x140), NEG_G2_Y_IM)
            mstore(add(input, 0x160), NEG_G2_Y_RE)
            ok := staticcall(PAIRING_2_GAS, 8, input, 0x180, 0x00, 0x20)
            ok := and(ok, eq(returndatasize(), 0x20))
            answer := mload(0x00)
        }
        if (!ok) revert Bn254PairingFailed();
        return answer == 1;
    }
}
