// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Bn254} from "./Bn254.sol";

/// Hints for one base point of the hash (docs/proof-formats.md): what would be costly to compute and is cheap to check.
/// @param inverse 1 / (t^2 (t^2 + 4))
/// @param roots for each rejected candidate x_j: w with w^2 = -(x_j^3 + 3), which shows that x_j^3 + 3 is no square;
/// last, for the accepted candidate: w with w^4 = x^3 + 3
struct MapToCurveHint {
    uint256 inverse;
    uint256[] roots;
}

/// @title Atlas's hash to G1 of BN254 (Fouque-Tibouchi), with hints
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

    error HintMismatch(uint256 base);
    error HashDegenerate();

    /// @notice The point of `message`. Reverts with `HintMismatch` when a hint does not hold.
    function hash(bytes memory message, MapToCurveHint[2] calldata hints) internal view returns (Bn254.G1 memory point) {
        Bn254.G1 memory first = _base(_field(message, 0), hints[0], 0);
        Bn254.G1 memory second = _base(_field(message, 2), hints[1], 1);
        point = Bn254.add(first, second);
        // Infinity has x = 0, the generator and its negative x = 1; their discrete logarithms are known.
        if (point.x < 2) revert HashDegenerate();
    }

    function _field(bytes memory message, uint8 tag) private pure returns (uint256) {
        uint256 high = uint256(keccak256(abi.encodePacked(tag, message)));
        uint256 low = uint256(keccak256(abi.encodePacked(tag + 1, message)));
        return addmod(mulmod(high, TWO_256_MOD_P, P), low, P);
    }

    function _base(uint256 t, MapToCurveHint calldata hint, uint256 base) private pure returns (Bn254.G1 memory) {
        uint256[] calldata roots = hint.roots;
        uint256 t2 = mulmod(t, t, P);
        uint256 s = addmod(t2, 4, P);
        // Fails for t = 0 and t^2 = -4, which no message will ever hash to.
        if (mulmod(hint.inverse, mulmod(t2, s, P), P) != 1) revert HintMismatch(base);
        if (roots.length == 0 || roots.length > 3) revert HintMismatch(base);

        uint256 x1 = addmod(H1, P - mulmod(H2, mulmod(mulmod(t2, t2, P), hint.inverse, P), P), P);
        uint256 x = x1;
        if (roots.length > 1) {
            if (!_isNonResidue(x1, roots[0])) revert HintMismatch(base);
            x = P - 1 - x1;
        }
        if (roots.length > 2) {
            if (!_isNonResidue(x, roots[1])) revert HintMismatch(base);
            uint256 s3 = mulmod(mulmod(s, s, P), s, P);
            x = addmod(1, P - mulmod(H3, mulmod(s3, hint.inverse, P), P), P);
        }
        uint256 w = roots[roots.length - 1];
        uint256 y = mulmod(w, w, P);
        if (mulmod(y, y, P) != _curve(x)) revert HintMismatch(base);
        if (t > (P - 1) / 2) y = P - y;
        return Bn254.G1({x: x, y: y});
    }

    function _curve(uint256 x) private pure returns (uint256) {
        return addmod(mulmod(mulmod(x, x, P), x, P), 3, P);
    }

    /// @dev Zero counts as a square and has no such root but zero itself, which is refused.
    function _isNonResidue(uint256 x, uint256 root) private pure returns (bool) {
        uint256 value = _curve(x);
        return value != 0 && mulmod(root, root, P) == P - value;
    }
}
