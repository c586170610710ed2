// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Bn254} from "./Bn254.sol";

/// @title Atlas's hash to G1 of BN254 (Fouque-Tibouchi), with hints
/// @notice A hint for each of the two base points of the hash says what would be costly to compute and is cheap to check
/// (docs/proof-formats.md):
///
///     inverse 32        1 / (t^2 (t^2 + 4))
///     candidate 1       1 to 3: which of the three candidates is the point's x
///     roots 32 each     for each rejected candidate x_j: w with w^2 = -(x_j^3 + 3), which shows that x_j^3 + 3 is no
///                       square; last, for the accepted one: w with w^4 = x^3 + 3
///
/// @dev -1 is no square modulo P, so exactly one of a and -a is; and of the two square roots of a square exactly one is
/// itself a square, which is the root a^((P+1)/4) that the hash is defined with. The C++ twin is
/// butter/crypto/bn254.hpp.
library HashToG1 {
    uint256 private constant P = Bn254.P;
    uint256 private constant TWO_256_MOD_P =
        6350874878119819312338956282401532409788428879151445726012394534686998597021;
    /// (-1 + sqrt(-3)) / 2, sqrt(-3) and 1 / 3
    uint256 private constant H1 = 2203960485148121921418603742825762020974279258880205651966;
    uint256 private constant H2 = 4407920970296243842837207485651524041948558517760411303933;
    uint256 private constant H3 = 14592161914559516814830937163504850059130874104865215775126025263096817472389;

    uint256 private constant HINT_HEAD_BYTES = 32 + 1;

    error HintMismatch(uint256 base);
    error HashDegenerate();

    /// @notice The position after two hints. Does not look at their content, nor at the end of the calldata.
    function skipHints(uint256 hints) internal pure returns (uint256) {
        unchecked {
            for (uint256 base = 0; base < 2; ++base) {
                hints += HINT_HEAD_BYTES + 32 * (_word(hints + 32) >> 248);
            }
        }
        return hints;
    }

    /// @notice The point of `message`. Reverts with `HintMismatch` when a hint does not hold.
    /// @param hints position of the two hints in the calldata
    function hash(bytes memory message, uint256 hints) internal view returns (uint256 x, uint256 y) {
        (uint256 firstX, uint256 firstY, uint256 next) = _base(_field(message, 0), hints, 0);
        (uint256 secondX, uint256 secondY,) = _base(_field(message, 2), next, 1);
        (x, y) = Bn254.add(firstX, firstY, secondX, secondY);
        // Infinity has x = 0, the generator and its negative x = 1; their discrete logarithms are known.
        if (x < 2) revert HashDegenerate();
    }

    /// @dev keccak256(tag ‖ message) and keccak256(tag + 1 ‖ message), as one number modulo P.
    function _field(bytes memory message, uint256 tag) private pure returns (uint256) {
        uint256 high;
        uint256 low;
        assembly ("memory-safe") {
            // The tag takes the place of the length's last byte for the time being.
            let size := mload(message)
            let start := add(message, 0x1f)
            mstore8(start, tag)
            high := keccak256(start, add(size, 1))
            mstore8(start, add(tag, 1))
            low := keccak256(start, add(size, 1))
            mstore(message, size)
        }
        return addmod(mulmod(high, TWO_256_MOD_P, P), low, P);
    }

    function _base(uint256 t, uint256 at, uint256 base) private pure returns (uint256 x, uint256 y, uint256 next) {
        unchecked {
            uint256 inverse = _word(at);
            uint256 candidate = _word(at + 32) >> 248;
            uint256 t2 = mulmod(t, t, P);
            uint256 s = addmod(t2, 4, P);
            // Fails for t = 0 and t^2 = -4, which no message will ever hash to.
            if (mulmod(inverse, mulmod(t2, s, P), P) != 1) revert HintMismatch(base);
            if (candidate == 0 || candidate > 3) revert HintMismatch(base);

            next = at + HINT_HEAD_BYTES;
            x = addmod(H1, P - mulmod(H2, mulmod(mulmod(t2, t2, P), inverse, P), P), P);
            if (candidate > 1) {
                if (!_isNonResidue(x, _word(next))) revert HintMismatch(base);
                next += 32;
                x = addmod(P - 1, P - x, P);
            }
            if (candidate > 2) {
                if (!_isNonResidue(x, _word(next))) revert HintMismatch(base);
                next += 32;
                x = addmod(1, P - mulmod(H3, mulmod(mulmod(mulmod(s, s, P), s, P), inverse, P), P), P);
            }
            uint256 root = _word(next);
            next += 32;
            y = mulmod(root, root, P);
            if (mulmod(y, y, P) != _curve(x)) revert HintMismatch(base);
            if (t > (P - 1) / 2) y = P - y;
        }
    }

    function _curve(uint256 x) private pure returns (uint256) {
        return addmod(mulmod(mulmod(x, x, P), x, P), 3, P);
    }

    /// @dev Zero counts as a square and has no such root but zero itself, which is refused.
    function _isNonResidue(uint256 x, uint256 root) private pure returns (bool) {
        uint256 value = _curve(x);
        unchecked {
            return value != 0 && mulmod(root, root, P) == P - value;
        }
    }

    function _word(uint256 position) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := calldataload(position)
        }
    }
}
