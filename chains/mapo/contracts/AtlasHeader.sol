// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RlpReader} from "../../../contracts/libraries/RlpReader.sol";

/// What a client needs of an Atlas header.
/// @param blockHash keccak256 of the header as given
/// @param coinbase the proposer
/// @param addedAddresses list of added validators, each of `ADDRESS_ITEM_BYTES`; so with their G2 and G1 keys
/// @param removed bitmap over the signing set
struct AtlasHeaderFields {
    bytes32 blockHash;
    address coinbase;
    bytes32 receiptsRoot;
    uint64 number;
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

    /// @notice Parses the header and checks the proposer's seal.
    function decode(bytes calldata header) internal pure returns (AtlasHeaderFields memory fields) {
        if (header.length > HEADER_BYTES_MAX) revert HeaderTooLarge(header.length);
        fields.blockHash = keccak256(header);
        RlpReader.Cursor memory items = RlpReader.list(header);
        items.nextBytes32(); // parentHash
        fields.coinbase = items.nextAddress();
        items.nextBytes32(); // stateRoot
        items.nextBytes32(); // txRoot
        fields.receiptsRoot = items.nextBytes32();
        items.nextFixed(256); // logsBloom
        fields.number = uint64(items.nextUint(8));
        items.nextUint(8); // gasLimit
        items.nextUint(8); // gasUsed
        items.nextUint(8); // time
        uint256 extraItem = items.position;
        (uint256 extra, uint256 extraSize) = items.nextBytes();
        if (extraSize <= VANITY_BYTES) revert HeaderExtraTooShort(extraSize);
        uint256 afterExtra = items.position;
        items.nextBytes32(); // mixDigest
        items.nextFixed(8); // nonce
        items.nextUint(32); // baseFee
        items.finish();
        (uint256 sealItem, uint256 afterSeal) = _decodeExtra(RlpReader.slice(extra, extraSize), fields);
        _checkProposer(header, fields.coinbase, extraItem, extra, afterExtra, sealItem, afterSeal);
    }

    function _decodeExtra(bytes calldata extra, AtlasHeaderFields memory fields)
        private
        pure
        returns (uint256 sealItem, uint256 afterSeal)
    {
        RlpReader.Cursor memory items = RlpReader.list(extra[VANITY_BYTES:]);
        fields.addedAddresses = _listOf(items, 20);
        fields.addedG2Keys = _listOf(items, G2_BYTES);
        fields.addedG1Keys = _listOf(items, G1_BYTES);
        fields.removed = items.nextUint(32);
        sealItem = items.position;
        items.nextFixed(SEAL_BYTES);
        afterSeal = items.position;
        (, uint256 start, uint256 size) = items.nextRaw();
        if (
            size != EMPTY_AGGREGATED_SEAL_BYTES
                || uint32(bytes4(RlpReader.slice(start, size))) != EMPTY_AGGREGATED_SEAL
        ) revert HeaderAggregatedSealNotEmpty();
        RlpReader.Cursor memory parentSeal = items.nextList();
        parentSeal.nextUint(32);
        (, uint256 signatureSize) = parentSeal.nextBytes();
        if (signatureSize != 0 && signatureSize != SIGNATURE_BYTES) revert HeaderParentSealMalformed();
        parentSeal.nextUint(32);
        parentSeal.finish();
        items.finish();
    }

    /// @dev The next list, whose entries must be strings of `size` bytes.
    function _listOf(RlpReader.Cursor memory items, uint256 size) private pure returns (RlpReader.Cursor memory list) {
        list = items.nextList();
        RlpReader.Cursor memory entries = RlpReader.Cursor({position: list.position, end: list.end});
        while (!entries.isDone()) entries.nextFixed(size);
    }

    /// @dev The proposer signs keccak256(keccak256(header with an empty proposer seal)). That header is put together from
    /// the pieces around the seal, with the three lengths that change written anew.
    function _checkProposer(
        bytes calldata header,
        address coinbase,
        uint256 extraItem,
        uint256 extra,
        uint256 afterExtra,
        uint256 sealItem,
        uint256 afterSeal
    ) private pure {
        bytes memory unsigned;
        {
            bytes calldata vanity = RlpReader.slice(extra, VANITY_BYTES);
            uint256 istanbul = extra + VANITY_BYTES;
            istanbul += _prefixBytes(istanbul);
            bytes memory content = bytes.concat(
                RlpReader.slice(istanbul, sealItem - istanbul),
                hex"80",
                RlpReader.slice(afterSeal, afterExtra - afterSeal)
            );
            content = bytes.concat(vanity, _prefix(content.length, 0xc0), content);
            content = bytes.concat(_prefix(content.length, 0x80), content);
            uint256 start;
            assembly ("memory-safe") {
                start := header.offset
            }
            uint256 body = start + _prefixBytes(start);
            content = bytes.concat(
                RlpReader.slice(body, extraItem - body),
                content,
                RlpReader.slice(afterExtra, start + header.length - afterExtra)
            );
            unsigned = bytes.concat(_prefix(content.length, 0xc0), content);
        }
        bytes32 digest = keccak256(abi.encodePacked(keccak256(unsigned)));
        bytes calldata seal = RlpReader.slice(sealItem + 2, SEAL_BYTES); // b8 41 ‖ r ‖ s ‖ v
        uint8 v = uint8(seal[64]);
        if (v > 1) revert HeaderSealMalformed(v);
        // s in either half is accepted, as the chain does: the seal is part of the block hash that the validators sign, so
        // nobody can change it.
        address signer = ecrecover(digest, v + 27, bytes32(seal), bytes32(seal[32:]));
        if (signer == address(0) || signer != coinbase) revert ProposerMismatch(signer, coinbase);
    }

    /// @dev Bytes of the prefix of the list at `position`, which was parsed before.
    function _prefixBytes(uint256 position) private pure returns (uint256) {
        uint8 first = uint8(RlpReader.slice(position, 1)[0]);
        return first > 0xf7 ? 1 + first - 0xf7 : 1;
    }

    /// @dev `size` is that of a part of a header.
    function _prefix(uint256 size, uint8 base) private pure returns (bytes memory) {
        if (size <= 55) return abi.encodePacked(uint8(base + size));
        if (size < 0x100) return abi.encodePacked(base + 56, uint8(size));
        return abi.encodePacked(base + 57, uint16(size));
    }
}
