// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RlpReader} from "../../../contracts/libraries/RlpReader.sol";

/// What a client needs of an Atlas header.
/// @param blockHash keccak256 of the header as given
/// @param coinbase the proposer
/// @param time of the block, seconds
/// @param addedAddresses list of added validators, each of `ADDRESS_ITEM_BYTES`; so with their G2 and G1 keys
/// @param removed bitmap over the signing set
struct AtlasHeaderFields {
    bytes32 blockHash;
    address coinbase;
    bytes32 receiptsRoot;
    uint64 number;
    uint64 time;
    RlpReader.Cursor addedAddresses;
    RlpReader.Cursor addedG2Keys;
    RlpReader.Cursor addedG1Keys;
    uint256 removed;
}

/// @title Headers of the MAP relay chain
/// @notice The header comes as the RLP whose hash is the block hash: its aggregated seal is empty, its proposer seal is
/// kept. All of it is parsed; nothing is read at an assumed offset.
library AtlasHeader {
    using RlpReader for RlpReader.Cursor;

    /// Where the number stands in every header: behind a list prefix of three bytes and fields of fixed size.
    uint256 private constant NUMBER_AT = 3 + 33 + 21 + 3 * 33 + 259;
    /// Bytes of an entry of the three lists, with its prefix.
    uint256 internal constant ADDRESS_ITEM_BYTES = 1 + 20;
    uint256 internal constant G2_ITEM_BYTES = 2 + 128;
    uint256 internal constant G1_ITEM_BYTES = 2 + 64;
    /// A header whose lists of validators are full stays below it; so lengths of two bytes do for any part.
    uint256 private constant HEADER_BYTES_MAX = type(uint16).max;

    uint256 private constant VANITY_BYTES = 32;
    uint256 private constant SEAL_BYTES = 65;
    uint256 private constant G2_BYTES = 128;
    uint256 private constant G1_BYTES = 64;
    uint256 private constant SIGNATURE_BYTES = 64;
    /// list [0, empty, 0]
    uint32 private constant EMPTY_AGGREGATED_SEAL = 0xc3808080;
    uint256 private constant EMPTY_AGGREGATED_SEAL_BYTES = 4;

    error HeaderExtraTooShort(uint256 size);
    error HeaderAggregatedSealNotEmpty();
    error HeaderParentSealMalformed();
    error HeaderSealMalformed(uint8 v);
    error HeaderTooLarge(uint256 size);
    error ProposerMismatch(address signer, address coinbase);

    /// @dev Positions of the parts that the proposer signs in another form.
    /// @param extraItem of the field, with its prefix; `extra` without it
    /// @param istanbul of the first item of the list after the vanity
    /// @param sealItem of the proposer's seal, with its prefix
    struct Layout {
        uint256 start;
        uint256 end;
        uint256 body;
        uint256 extraItem;
        uint256 extra;
        uint256 afterExtra;
        uint256 istanbul;
        uint256 sealItem;
        uint256 afterSeal;
    }

    /// @notice The number that a header says it has, without a look at anything else: only good to find out early that the
    /// header is of no interest.
    function peekNumber(bytes calldata header) internal pure returns (uint64 number) {
        uint256 start;
        assembly ("memory-safe") {
            start := header.offset
        }
        (uint256 value,) = RlpReader.uintAt(start + NUMBER_AT, start + header.length, 8);
        return uint64(value);
    }

    /// @notice Parses the header and checks the proposer's seal.
    function decode(bytes calldata header) internal pure returns (AtlasHeaderFields memory fields) {
        unchecked {
            if (header.length > HEADER_BYTES_MAX) revert HeaderTooLarge(header.length);
            Layout memory layout;
            (layout.body, layout.end) = RlpReader.listOf(header);
            layout.start = layout.end - header.length;
            fields.blockHash = _hash(layout.start, header.length);
            uint256 end = layout.end;
            uint256 at = RlpReader.fixedAt(layout.body, end, 32) + 32; // parentHash
            at = RlpReader.fixedAt(at, end, 20);
            fields.coinbase = address(bytes20(RlpReader.wordAt(at)));
            at = RlpReader.fixedAt(at + 20, end, 32) + 32; // stateRoot
            at = RlpReader.fixedAt(at, end, 32) + 32; // txRoot
            at = RlpReader.fixedAt(at, end, 32);
            fields.receiptsRoot = RlpReader.wordAt(at);
            at = RlpReader.fixedAt(at + 32, end, 256) + 256; // logsBloom
            uint256 value;
            (value, at) = RlpReader.uintAt(at, end, 8);
            fields.number = uint64(value);
            (, at) = RlpReader.uintAt(at, end, 8); // gasLimit
            (, at) = RlpReader.uintAt(at, end, 8); // gasUsed
            (value, at) = RlpReader.uintAt(at, end, 8);
            fields.time = uint64(value);
            layout.extraItem = at;
            (layout.extra, value) = RlpReader.bytesAt(at, end);
            if (value <= VANITY_BYTES) revert HeaderExtraTooShort(value);
            layout.afterExtra = layout.extra + value;
            at = RlpReader.fixedAt(layout.afterExtra, end, 32) + 32; // mixDigest
            at = RlpReader.fixedAt(at, end, 8) + 8; // nonce
            (, at) = RlpReader.uintAt(at, end, 32); // baseFee
            if (at != end) revert RlpReader.RlpTrailingBytes(at);
            _decodeExtra(layout, fields);
            _checkProposer(layout, fields.coinbase);
        }
    }

    function _decodeExtra(Layout memory layout, AtlasHeaderFields memory fields) private pure {
        unchecked {
            (uint256 at, uint256 end) = RlpReader.listAt(layout.extra + VANITY_BYTES, layout.afterExtra);
            if (end != layout.afterExtra) revert RlpReader.RlpTrailingBytes(end);
            layout.istanbul = at;
            (fields.addedAddresses, at) = _listOf(at, end, 20);
            (fields.addedG2Keys, at) = _listOf(at, end, G2_BYTES);
            (fields.addedG1Keys, at) = _listOf(at, end, G1_BYTES);
            (fields.removed, at) = RlpReader.uintAt(at, end, 32);
            layout.sealItem = at;
            at = RlpReader.fixedAt(at, end, SEAL_BYTES) + SEAL_BYTES;
            layout.afterSeal = at;
            (, uint256 payload, uint256 size) = RlpReader.itemAt(at, end);
            if (
                payload + size - at != EMPTY_AGGREGATED_SEAL_BYTES
                    || uint32(bytes4(RlpReader.wordAt(at))) != EMPTY_AGGREGATED_SEAL
            ) revert HeaderAggregatedSealNotEmpty();
            uint256 parentEnd;
            (at, parentEnd) = RlpReader.listAt(payload + size, end);
            (, at) = RlpReader.uintAt(at, parentEnd, 32);
            (payload, size) = RlpReader.bytesAt(at, parentEnd);
            if (size != 0 && size != SIGNATURE_BYTES) revert HeaderParentSealMalformed();
            (, at) = RlpReader.uintAt(payload + size, parentEnd, 32);
            if (at != parentEnd) revert RlpReader.RlpTrailingBytes(at);
            if (parentEnd != end) revert RlpReader.RlpTrailingBytes(parentEnd);
        }
    }

    /// @dev The list at `at`, whose entries must be strings of `size` bytes, and the position after it.
    function _listOf(uint256 at, uint256 end, uint256 size)
        private
        pure
        returns (RlpReader.Cursor memory list, uint256 next)
    {
        unchecked {
            (list.position, next) = RlpReader.listAt(at, end);
            list.end = next;
            for (at = list.position; at != next;) at = RlpReader.fixedAt(at, next, size) + size;
        }
    }

    /// @dev The proposer signs keccak256(keccak256(header with an empty proposer seal)). That header is put together from
    /// the pieces around the seal, with the three lengths that change written anew.
    function _checkProposer(Layout memory layout, address coinbase) private pure {
        bytes32 digest = _unsignedHash(layout);
        assembly ("memory-safe") {
            mstore(0x00, digest)
            digest := keccak256(0x00, 0x20)
        }
        uint256 seal = layout.sealItem + 2; // b8 41 ‖ r ‖ s ‖ v
        uint8 v = uint8(uint256(RlpReader.wordAt(seal + 64)) >> 248);
        if (v > 1) revert HeaderSealMalformed(v);
        // s in either half is accepted, as the chain does: the seal is part of the block hash that the validators sign, so
        // nobody can change it.
        address signer = ecrecover(digest, v + 27, RlpReader.wordAt(seal), RlpReader.wordAt(seal + 32));
        if (signer == address(0) || signer != coinbase) revert ProposerMismatch(signer, coinbase);
    }

    function _unsignedHash(Layout memory layout) private pure returns (bytes32) {
        unchecked {
            // The empty seal is one byte.
            uint256 listSize = layout.sealItem - layout.istanbul + 1 + layout.afterExtra - layout.afterSeal;
            uint256 extraSize = VANITY_BYTES + _prefixBytes(listSize) + listSize;
            uint256 size = layout.extraItem - layout.body + _prefixBytes(extraSize) + extraSize + layout.end
                - layout.afterExtra;
            uint256 start;
            assembly ("memory-safe") {
                start := mload(0x40)
            }
            uint256 to = _writePrefix(start, size, 0xc0);
            to = _copy(to, layout.body, layout.extraItem);
            to = _writePrefix(to, extraSize, 0x80);
            to = _copy(to, layout.extra, layout.extra + VANITY_BYTES);
            to = _writePrefix(to, listSize, 0xc0);
            to = _copy(to, layout.istanbul, layout.sealItem);
            assembly ("memory-safe") {
                mstore8(to, 0x80)
            }
            to = _copy(to + 1, layout.afterSeal, layout.end);
            bytes32 hash;
            assembly ("memory-safe") {
                hash := keccak256(start, sub(to, start))
            }
            return hash;
        }
    }

    /// @dev Copies calldata to memory beyond what is allocated. Returns where the copy ends.
    function _copy(uint256 to, uint256 from, uint256 end) private pure returns (uint256) {
        unchecked {
            uint256 size = end - from;
            assembly ("memory-safe") {
                calldatacopy(to, from, size)
            }
            return to + size;
        }
    }

    /// @dev Bytes of the prefix of a part of a header.
    function _prefixBytes(uint256 size) private pure returns (uint256) {
        return size <= 55 ? 1 : size < 0x100 ? 2 : 3;
    }

    /// @dev Writes it. Returns where it ends.
    function _writePrefix(uint256 to, uint256 size, uint256 base) private pure returns (uint256) {
        uint256 bytes_ = _prefixBytes(size);
        uint256 prefix = bytes_ == 1 ? base + size : bytes_ == 2 ? base + 56 << 8 | size : base + 57 << 16 | size;
        assembly ("memory-safe") {
            mstore(to, shl(sub(256, shl(3, bytes_)), prefix))
        }
        return to + bytes_;
    }

    function _hash(uint256 position, uint256 size) private pure returns (bytes32 value) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            calldatacopy(free, position, size)
            value := keccak256(free, size)
        }
    }
}
