// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReceiptProof} from "../../../contracts/types/ProofTypes.sol";

struct MapToCurveHint {
    uint256 inverse;
    uint256[] roots;
}

struct AbsentKey {
    uint8 index;
    uint256[2] key;
}

struct AtlasSealParts {
    uint24 round;
    uint256[2] signature;
    uint256[4] aggregateKey;
    MapToCurveHint[2] hints;
    uint256[2] keySum;
    AbsentKey[] absent;
}

struct AtlasProof {
    bytes header;
    AtlasSealParts seal;
    bytes32[] siblings;
    ReceiptProof[] receipts;
}

struct AtlasUpdate {
    bytes header;
    AtlasSealParts seal;
    bytes32[] leaves;
    uint256[2][] removed;
}

/// The packed proofs and updates of docs/proof-formats.md, read and written the plain way, for tests to change them.
library AtlasPacking {
    struct Reader {
        bytes data;
        uint256 at;
    }

    function readProof(bytes memory data, uint256 count) internal pure returns (AtlasProof memory proof) {
        Reader memory reader = Reader({data: data, at: 0});
        proof.header = take(reader, number(reader, 2));
        proof.seal = readSeal(reader);
        proof.siblings = words(reader, siblingCount(proof.seal.absent, count));
        ReceiptProof[] memory receipts = new ReceiptProof[](256);
        uint256 found = 0;
        for (; reader.at != data.length; ++found) {
            receipts[found].txIndex = uint64(number(reader, 8));
            receipts[found].nodes = new bytes[](number(reader, 1));
            for (uint256 i = 0; i < receipts[found].nodes.length; ++i) {
                receipts[found].nodes[i] = take(reader, number(reader, 3));
            }
            receipts[found].logIndexes = new uint16[](number(reader, 1));
            for (uint256 i = 0; i < receipts[found].logIndexes.length; ++i) {
                receipts[found].logIndexes[i] = uint16(number(reader, 2));
            }
        }
        assembly ("memory-safe") {
            mstore(receipts, found)
        }
        proof.receipts = receipts;
    }

    function readUpdate(bytes memory data, uint256 count) internal pure returns (AtlasUpdate memory update) {
        Reader memory reader = Reader({data: data, at: 0});
        update.header = take(reader, number(reader, 2));
        update.seal = readSeal(reader);
        update.leaves = words(reader, count);
        update.removed = new uint256[2][]((data.length - reader.at) / 64);
        for (uint256 i = 0; i < update.removed.length; ++i) {
            update.removed[i] = pair(reader);
        }
    }

    function pack(AtlasProof memory proof) internal pure returns (bytes memory data) {
        data = bytes.concat(packBlock(proof), packReceipts(proof.receipts));
    }

    /// A proof without its receipts.
    function packBlock(AtlasProof memory proof) internal pure returns (bytes memory) {
        return bytes.concat(
            bytes2(uint16(proof.header.length)), proof.header, packSeal(proof.seal), abi.encodePacked(proof.siblings)
        );
    }

    function packReceipts(ReceiptProof[] memory receipts) internal pure returns (bytes memory data) {
        for (uint256 i = 0; i < receipts.length; ++i) {
            data = abi.encodePacked(data, receipts[i].txIndex, uint8(receipts[i].nodes.length));
            for (uint256 k = 0; k < receipts[i].nodes.length; ++k) {
                data = abi.encodePacked(data, uint24(receipts[i].nodes[k].length), receipts[i].nodes[k]);
            }
            data = abi.encodePacked(data, uint8(receipts[i].logIndexes.length));
            for (uint256 k = 0; k < receipts[i].logIndexes.length; ++k) {
                data = abi.encodePacked(data, receipts[i].logIndexes[k]);
            }
        }
    }

    function pack(AtlasUpdate memory update) internal pure returns (bytes memory data) {
        data = bytes.concat(
            bytes2(uint16(update.header.length)), update.header, packSeal(update.seal), abi.encodePacked(update.leaves)
        );
        for (uint256 i = 0; i < update.removed.length; ++i) {
            data = abi.encodePacked(data, update.removed[i]);
        }
    }

    function packHints(MapToCurveHint[2] memory hints) internal pure returns (bytes memory data) {
        for (uint256 i = 0; i < 2; ++i) {
            data = abi.encodePacked(data, hints[i].inverse, uint8(hints[i].roots.length), hints[i].roots);
        }
    }

    function packSeal(AtlasSealParts memory seal) private pure returns (bytes memory data) {
        data = abi.encodePacked(
            seal.round,
            seal.signature,
            seal.aggregateKey,
            packHints(seal.hints),
            seal.keySum,
            uint8(seal.absent.length)
        );
        for (uint256 i = 0; i < seal.absent.length; ++i) {
            data = abi.encodePacked(data, seal.absent[i].index, seal.absent[i].key);
        }
    }

    function readSeal(Reader memory reader) private pure returns (AtlasSealParts memory seal) {
        seal.round = uint24(number(reader, 3));
        seal.signature = pair(reader);
        for (uint256 i = 0; i < 4; ++i) {
            seal.aggregateKey[i] = number(reader, 32);
        }
        for (uint256 i = 0; i < 2; ++i) {
            seal.hints[i].inverse = number(reader, 32);
            seal.hints[i].roots = new uint256[](number(reader, 1));
            for (uint256 k = 0; k < seal.hints[i].roots.length; ++k) {
                seal.hints[i].roots[k] = number(reader, 32);
            }
        }
        seal.keySum = pair(reader);
        seal.absent = new AbsentKey[](number(reader, 1));
        for (uint256 i = 0; i < seal.absent.length; ++i) {
            seal.absent[i].index = uint8(number(reader, 1));
            seal.absent[i].key = pair(reader);
        }
    }

    /// How many siblings lead from the absent to the root of the tree over `count` keys.
    function siblingCount(AbsentKey[] memory absent, uint256 count) internal pure returns (uint256 siblings) {
        if (absent.length == 0) return 1;
        uint256 size = 1;
        while (size < count) size *= 2;
        bool[] memory known = new bool[](size);
        for (uint256 i = 0; i < absent.length; ++i) {
            known[absent[i].index] = true;
        }
        for (; size > 1; size /= 2) {
            bool[] memory above = new bool[](size / 2);
            for (uint256 i = 0; i < size; i += 2) {
                if (known[i] != known[i + 1]) ++siblings;
                above[i / 2] = known[i] || known[i + 1];
            }
            known = above;
        }
    }

    function number(Reader memory reader, uint256 size) private pure returns (uint256 value) {
        for (uint256 i = 0; i < size; ++i) {
            value = value << 8 | uint8(reader.data[reader.at++]);
        }
    }

    function pair(Reader memory reader) private pure returns (uint256[2] memory) {
        uint256 x = number(reader, 32);
        return [x, number(reader, 32)];
    }

    function words(Reader memory reader, uint256 count) private pure returns (bytes32[] memory list) {
        list = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            list[i] = bytes32(number(reader, 32));
        }
    }

    function take(Reader memory reader, uint256 size) private pure returns (bytes memory data) {
        data = new bytes(size);
        for (uint256 i = 0; i < size; ++i) {
            data[i] = reader.data[reader.at++];
        }
    }
}
