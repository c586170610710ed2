// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// What every update of an Ethereum client reads and writes.
/// @param lastUpdate time of this chain's block in which finality last advanced, seconds
/// @param expiryBase genesis time of the verified chain plus the trusting period, seconds
/// @param committeeDepth the committee has 2^committeeDepth members
/// @param knowsNext the committee after the one of finalizedSlot's period is known
/// @param frozen after proven misbehaviour
/// @param g1Add and the others: addresses of precompiles
struct ClientHead {
    uint64 finalizedSlot;
    uint40 lastUpdate;
    uint40 expiryBase;
    uint8 secondsPerSlot;
    uint16 slotsPerEpoch;
    uint24 slotsPerPeriod;
    uint8 committeeDepth;
    uint8 forkCount;
    bool knowsNext;
    bool frozen;
    uint8 g1Add;
    uint8 g2Add;
    uint8 pairing;
    uint8 mapFp2ToG2;
}

/// @title The head in one storage slot
/// @notice Members in their order from the lowest bits up, as the compiler would pack them; by shifts alone, which takes a
/// third of the code and gas of the compiler's masks.
library ClientHeads {
    uint256 private constant LAST_UPDATE = 64;
    uint256 private constant EXPIRY_BASE = 104;
    uint256 private constant SECONDS_PER_SLOT = 144;
    uint256 private constant SLOTS_PER_EPOCH = 152;
    uint256 private constant SLOTS_PER_PERIOD = 168;
    uint256 private constant COMMITTEE_DEPTH = 192;
    uint256 private constant FORK_COUNT = 200;
    uint256 private constant KNOWS_NEXT = 208;
    uint256 private constant FROZEN = 216;
    uint256 private constant G1_ADD = 224;
    uint256 private constant G2_ADD = 232;
    uint256 private constant PAIRING = 240;
    uint256 private constant MAP_FP2_TO_G2 = 248;

    function pack(ClientHead memory head) internal pure returns (uint256 word) {
        word = uint256(head.finalizedSlot) | (uint256(head.lastUpdate) << LAST_UPDATE)
            | (uint256(head.expiryBase) << EXPIRY_BASE) | (uint256(head.secondsPerSlot) << SECONDS_PER_SLOT)
            | (uint256(head.slotsPerEpoch) << SLOTS_PER_EPOCH) | (uint256(head.slotsPerPeriod) << SLOTS_PER_PERIOD)
            | (uint256(head.committeeDepth) << COMMITTEE_DEPTH) | (uint256(head.forkCount) << FORK_COUNT)
            | (uint256(head.knowsNext ? 1 : 0) << KNOWS_NEXT) | (uint256(head.frozen ? 1 : 0) << FROZEN)
            | (uint256(head.g1Add) << G1_ADD) | (uint256(head.g2Add) << G2_ADD)
            | (uint256(head.pairing) << PAIRING) | (uint256(head.mapFp2ToG2) << MAP_FP2_TO_G2);
    }

    function unpack(uint256 word) internal pure returns (ClientHead memory head) {
        head.finalizedSlot = uint64(word);
        head.lastUpdate = uint40(word >> LAST_UPDATE);
        head.expiryBase = uint40(word >> EXPIRY_BASE);
        head.secondsPerSlot = uint8(word >> SECONDS_PER_SLOT);
        head.slotsPerEpoch = uint16(word >> SLOTS_PER_EPOCH);
        head.slotsPerPeriod = uint24(word >> SLOTS_PER_PERIOD);
        head.committeeDepth = uint8(word >> COMMITTEE_DEPTH);
        head.forkCount = uint8(word >> FORK_COUNT);
        head.knowsNext = uint8(word >> KNOWS_NEXT) != 0;
        head.frozen = uint8(word >> FROZEN) != 0;
        head.g1Add = uint8(word >> G1_ADD);
        head.g2Add = uint8(word >> G2_ADD);
        head.pairing = uint8(word >> PAIRING);
        head.mapFp2ToG2 = uint8(word >> MAP_FP2_TO_G2);
    }
}
