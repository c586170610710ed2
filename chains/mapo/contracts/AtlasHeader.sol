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

    // Where members of Layout and of AtlasHeaderFields stand in memory.
    uint256 private constant LAYOUT_END = 0x20;
    uint256 private constant LAYOUT_BODY = 0x40;
    uint256 private constant LAYOUT_EXTRA_ITEM = 0x60;
    uint256 private constant LAYOUT_EXTRA = 0x80;
    uint256 private constant LAYOUT_AFTER_EXTRA = 0xa0;
    uint256 private constant LAYOUT_ISTANBUL = 0xc0;
    uint256 private constant LAYOUT_SEAL_ITEM = 0xe0;
    uint256 private constant LAYOUT_AFTER_SEAL = 0x100;
    uint256 private constant FIELDS_COINBASE = 0x20;
    uint256 private constant FIELDS_RECEIPTS_ROOT = 0x40;
    uint256 private constant FIELDS_NUMBER = 0x60;
    uint256 private constant FIELDS_TIME = 0x80;
    uint256 private constant FIELDS_LISTS = 0xa0; // references to three cursors
    uint256 private constant FIELDS_REMOVED = 0x100;

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
        if (header.length > HEADER_BYTES_MAX) revert HeaderTooLarge(header.length);
        Layout memory layout;
        if (!parseUsual(header, layout, fields)) parse(header, layout, fields);
        fields.blockHash = _hash(layout.start, header.length);
        _checkProposer(layout, fields.coinbase);
    }

    /// @dev `parse` in one pass, for headers that look as nearly all do: no change of validators and no number above 8
    /// bytes. Whether a header does is found out as it goes, and what it found does not count if not.
    ///
    /// Positions only grow and the last one must be the header's end, so nothing beyond that was read if all is as usual.
    function parseUsual(bytes calldata header, Layout memory layout, AtlasHeaderFields memory fields)
        internal
        pure
        returns (bool isUsual)
    {
        assembly ("memory-safe") {
            // `wrong` is 0 where a thing is as usual.
            function at24(position) -> value {
                value := shr(232, calldataload(position))
            }
            function integer(position) -> wrong, next, value {
                let word := calldataload(position)
                let size := byte(0, word)
                switch lt(size, 0x80)
                case 1 {
                    value := size
                    next := add(position, 1)
                    wrong := iszero(size)
                }
                default {
                    size := sub(size, 0x80)
                    next := add(add(position, 1), size)
                    value := shr(sub(256, shl(3, size)), shl(8, word))
                    // The least that takes so many bytes; one byte with a prefix is 0x80 or more.
                    let least := shl(mul(7, eq(size, 1)), iszero(iszero(size)))
                    wrong := or(gt(size, 8), lt(byte(1, word), least))
                }
            }
            // A string or a list (`base` 0x80 or 0xc0) of up to 2^16 bytes.
            function open(position, base) -> wrong, content, size {
                let word := calldataload(position)
                size := sub(byte(0, word), base)
                content := add(position, 1)
                switch size
                case 56 {
                    content := add(position, 2)
                    size := byte(1, word)
                    wrong := lt(size, 56)
                }
                case 57 {
                    content := add(position, 3)
                    size := and(shr(232, word), 0xffff)
                    wrong := lt(size, 0x100)
                }
                default { wrong := gt(size, 55) }
            }

            let at := header.offset
            let end := add(at, header.length)
            mstore(layout, at)
            mstore(add(layout, LAYOUT_END), end)
            let wrong, body, size := open(at, 0xc0)
            wrong := or(wrong, xor(add(body, size), end))
            mstore(add(layout, LAYOUT_BODY), body)

            // parentHash, coinbase, stateRoot, txRoot, receiptsRoot, logsBloom
            wrong := or(wrong, xor(byte(0, calldataload(body)), 0xa0))
            let word := calldataload(add(body, 33))
            wrong := or(wrong, xor(byte(0, word), 0x94))
            mstore(add(fields, FIELDS_COINBASE), shr(96, shl(8, word)))
            wrong := or(wrong, xor(byte(21, word), 0xa0))
            wrong := or(wrong, xor(byte(0, calldataload(add(body, 87))), 0xa0))
            wrong := or(wrong, xor(byte(0, calldataload(add(body, 120))), 0xa0))
            mstore(add(fields, FIELDS_RECEIPTS_ROOT), calldataload(add(body, 121)))
            wrong := or(wrong, xor(at24(add(body, 153)), 0xb90100))

            // number, gasLimit, gasUsed, time
            let off, value
            off, at, value := integer(add(body, 412))
            mstore(add(fields, FIELDS_NUMBER), value)
            wrong := or(wrong, off)
            off, at, value := integer(at)
            wrong := or(wrong, off)
            off, at, value := integer(at)
            wrong := or(wrong, off)
            off, at, value := integer(at)
            mstore(add(fields, FIELDS_TIME), value)
            wrong := or(wrong, off)

            // extra: vanity, then a list that takes up the rest
            mstore(add(layout, LAYOUT_EXTRA_ITEM), at)
            off, at, size := open(at, 0x80)
            wrong := or(wrong, off)
            mstore(add(layout, LAYOUT_EXTRA), at)
            let afterExtra := add(at, size)
            mstore(add(layout, LAYOUT_AFTER_EXTRA), afterExtra)
            off, at, size := open(add(at, VANITY_BYTES), 0xc0)
            wrong := or(wrong, or(off, xor(add(at, size), afterExtra)))
            mstore(add(layout, LAYOUT_ISTANBUL), at)
            // No added addresses and keys, no removed; the proposer's seal; the empty aggregated seal.
            word := calldataload(at)
            wrong := or(wrong, xor(shr(208, word), 0xc0c0c080b841))
            for { let list := add(fields, FIELDS_LISTS) } lt(list, add(fields, FIELDS_REMOVED)) {
                list := add(list, 0x20)
            } {
                at := add(at, 1)
                let cursor := mload(list)
                mstore(cursor, at)
                mstore(add(cursor, 0x20), at)
            }
            at := add(at, 1)
            mstore(add(layout, LAYOUT_SEAL_ITEM), at)
            at := add(at, add(2, SEAL_BYTES))
            mstore(add(layout, LAYOUT_AFTER_SEAL), at)
            wrong := or(wrong, xor(shr(224, calldataload(at)), EMPTY_AGGREGATED_SEAL))
            // The parent's seal, up to the end of extra: bitmap, signature or nothing, round.
            off, at, size := open(add(at, EMPTY_AGGREGATED_SEAL_BYTES), 0xc0)
            wrong := or(wrong, or(off, xor(add(at, size), afterExtra)))
            off, at, value := integer(at)
            wrong := or(wrong, off)
            switch byte(0, calldataload(at))
            case 0x80 { at := add(at, 1) }
            default {
                wrong := or(wrong, xor(shr(240, calldataload(at)), 0xb840))
                at := add(at, add(2, SIGNATURE_BYTES))
            }
            off, at, value := integer(at)
            wrong := or(wrong, or(off, xor(at, afterExtra)))

            // mixDigest, nonce, baseFee
            wrong := or(wrong, xor(byte(0, calldataload(at)), 0xa0))
            wrong := or(wrong, xor(byte(0, calldataload(add(at, 33))), 0x88))
            off, at, value := integer(add(at, 42))
            isUsual := iszero(or(wrong, or(off, xor(at, end))))
        }
    }

    /// @dev Any header: says what is wrong with those that are refused.
    function parse(bytes calldata header, Layout memory layout, AtlasHeaderFields memory fields) internal pure {
        unchecked {
            (layout.body, layout.end) = RlpReader.listOf(header);
            layout.start = layout.end - header.length;
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

    function _unsignedHash(Layout memory layout) private pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            // Bytes of the prefix of a part of a header.
            function prefixBytes(size) -> count {
                count := add(1, add(gt(size, 55), gt(size, 0xff)))
            }
            function writePrefix(to, size, base) -> next {
                let count := prefixBytes(size)
                let prefix := add(base, size)
                if sub(count, 1) { prefix := or(shl(shl(3, sub(count, 1)), add(base, add(54, count))), size) }
                mstore(to, shl(sub(256, shl(3, count)), prefix))
                next := add(to, count)
            }
            function copy(to, from, until) -> next {
                let size := sub(until, from)
                calldatacopy(to, from, size)
                next := add(to, size)
            }
            let body := mload(add(layout, LAYOUT_BODY))
            let extraItem := mload(add(layout, LAYOUT_EXTRA_ITEM))
            let afterExtra := mload(add(layout, LAYOUT_AFTER_EXTRA))
            let istanbul := mload(add(layout, LAYOUT_ISTANBUL))
            let sealItem := mload(add(layout, LAYOUT_SEAL_ITEM))
            let afterSeal := mload(add(layout, LAYOUT_AFTER_SEAL))
            let end := mload(add(layout, LAYOUT_END))
            // The empty seal is one byte.
            let listSize := sub(add(sub(sealItem, istanbul), add(1, afterExtra)), afterSeal)
            let extraSize := add(VANITY_BYTES, add(prefixBytes(listSize), listSize))
            let size := add(add(sub(extraItem, body), prefixBytes(extraSize)), add(extraSize, sub(end, afterExtra)))

            // Beyond what is allocated.
            let start := mload(0x40)
            let to := copy(writePrefix(start, size, 0xc0), body, extraItem)
            to := writePrefix(to, extraSize, 0x80)
            let extra := mload(add(layout, LAYOUT_EXTRA))
            to := copy(to, extra, add(extra, VANITY_BYTES))
            to := copy(writePrefix(to, listSize, 0xc0), istanbul, sealItem)
            mstore8(to, 0x80)
            to := copy(add(to, 1), afterSeal, end)
            hash := keccak256(start, sub(to, start))
        }
    }

    function _hash(uint256 position, uint256 size) private pure returns (bytes32 value) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            calldatacopy(free, position, size)
            value := keccak256(free, size)
        }
    }
}
