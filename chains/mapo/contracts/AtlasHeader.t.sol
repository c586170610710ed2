// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RlpReader} from "../../../contracts/libraries/RlpReader.sol";
import {RlpWriter} from "../../../contracts/test/RlpWriter.sol";
import {Test} from "../../../contracts/test/Test.sol";
import {AtlasHeader, AtlasHeaderFields} from "./AtlasHeader.sol";

contract HeaderHarness {
    function decode(bytes calldata header) external pure returns (AtlasHeaderFields memory) {
        return AtlasHeader.decode(header);
    }

    /// What the two ways to read a header say of it, the plain one only if the other says anything.
    function bothWays(bytes calldata header) external pure returns (bytes32 usual, bytes32 plain) {
        AtlasHeader.Layout memory layout;
        AtlasHeaderFields memory fields;
        if (!AtlasHeader.parseUsual(header, layout, fields)) return (0, 0);
        usual = keccak256(abi.encode(layout, fields));
        AtlasHeader.Layout memory other;
        AtlasHeaderFields memory otherFields;
        AtlasHeader.parse(header, other, otherFields);
        plain = keccak256(abi.encode(other, otherFields));
    }
}

contract AtlasHeaderTest is Test {
    uint256 private constant PROPOSER_KEY = 0xb0b;
    uint256 private constant BLOOM_AT = 3 + 33 + 21 + 3 * 33 + 3;

    /// A header in parts, written the plain way and sealed by a test key.
    struct Parts {
        bytes before; // the items from parentHash to time
        bytes vanity;
        bytes changes; // lists of added, bitmap of removed
        bytes seal;
        bytes aggregatedSeal;
        bytes parentSeal;
        bytes afterParentSeal; // within the list after the vanity, and behind that list, where nothing is
        bytes afterList;
        bytes afterExtra; // the items from mixDigest on
        uint8 v; // replaces the proposer's when not 0
    }

    HeaderHarness private immutable harness = new HeaderHarness();

    function word(string memory name) private pure returns (bytes memory) {
        return RlpWriter.str(abi.encodePacked(keccak256(bytes(name))));
    }

    function parts() private pure returns (Parts memory) {
        return partsOf(5_017, vm.addr(PROPOSER_KEY));
    }

    function partsOf(uint256 number, address coinbase) private pure returns (Parts memory p) {
        p.before = bytes.concat(
            word("parent"),
            RlpWriter.str(abi.encodePacked(coinbase)),
            word("state"),
            word("transactions"),
            word("receipts")
        );
        p.before = bytes.concat(
            p.before,
            RlpWriter.str(new bytes(256)),
            RlpWriter.num(number),
            RlpWriter.num(30_000_000),
            RlpWriter.num(0),
            RlpWriter.num(1_700_000_000)
        );
        p.vanity = new bytes(32);
        p.changes = hex"c0c0c080";
        p.aggregatedSeal = hex"c3808080";
        p.parentSeal = bytes.concat(RlpWriter.num(7), RlpWriter.str(new bytes(64)), RlpWriter.num(1));
        p.afterExtra = bytes.concat(word("mix"), RlpWriter.str(new bytes(8)), RlpWriter.num(1 gwei));
    }

    function assemble(Parts memory p, bytes memory proposerSeal) private pure returns (bytes memory) {
        bytes memory istanbul = RlpWriter.list(
            bytes.concat(
                p.changes,
                RlpWriter.str(proposerSeal),
                p.aggregatedSeal,
                RlpWriter.list(p.parentSeal),
                p.afterParentSeal
            )
        );
        bytes memory extra = bytes.concat(p.vanity, istanbul, p.afterList);
        return RlpWriter.list(bytes.concat(p.before, RlpWriter.str(extra), p.afterExtra));
    }

    function seal(Parts memory p) private pure returns (bytes memory) {
        bytes32 digest = keccak256(abi.encodePacked(keccak256(assemble(p, ""))));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(PROPOSER_KEY, digest);
        return assemble(p, abi.encodePacked(r, s, p.v == 0 ? v - 27 : p.v));
    }

    // ---- what holds ------------------------------------------------------------------------------------------

    function test_fields() public view {
        bytes memory header = seal(parts());
        AtlasHeaderFields memory fields = harness.decode(header);
        assertEq(fields.blockHash, keccak256(header));
        assertEq(fields.coinbase, vm.addr(PROPOSER_KEY));
        assertEq(fields.receiptsRoot, keccak256("receipts"));
        assertEq(fields.number, 5_017);
        assertEq(fields.removed, 0);
    }

    /// T-10: fields are parsed, so lengths may vary: numbers, vanity's successors, lists of validators.
    function testFuzz_lengthsVary(uint64 number, uint8 added, uint256 removed, bool hasParentSeal) public view {
        Parts memory p = partsOf(number, vm.addr(PROPOSER_KEY));
        uint256 count = added % 40;
        bytes memory addresses;
        bytes memory g2Keys;
        bytes memory g1Keys;
        for (uint256 i = 0; i < count; ++i) {
            addresses = bytes.concat(addresses, RlpWriter.str(new bytes(20)));
            g2Keys = bytes.concat(g2Keys, RlpWriter.str(new bytes(128)));
            g1Keys = bytes.concat(g1Keys, RlpWriter.str(new bytes(64)));
        }
        p.changes = bytes.concat(
            RlpWriter.list(addresses), RlpWriter.list(g2Keys), RlpWriter.list(g1Keys), RlpWriter.num(removed)
        );
        if (!hasParentSeal) p.parentSeal = hex"808080";
        AtlasHeaderFields memory fields = harness.decode(seal(p));
        assertEq(fields.number, number);
        assertEq(fields.removed, removed);
        assertEq(fields.addedG1Keys.end - fields.addedG1Keys.position, g1Keys.length);
        assertEq(fields.addedAddresses.end - fields.addedAddresses.position, addresses.length);
    }

    /// The short way takes nothing that the plain one refuses, and finds the same.
    function testFuzz_theShortWayFindsTheSame(uint64 number, uint64 time, uint64 base, uint8 round, uint8 byte_)
        public
        view
    {
        Parts memory p = parts();
        p.before = bytes.concat(
            word("parent"),
            RlpWriter.str(abi.encodePacked(vm.addr(PROPOSER_KEY))),
            word("state"),
            word("transactions"),
            word("receipts"),
            RlpWriter.str(new bytes(256))
        );
        p.before = bytes.concat(
            p.before, RlpWriter.num(number), RlpWriter.num(30_000_000), RlpWriter.num(byte_), RlpWriter.num(time)
        );
        p.parentSeal =
            bytes.concat(RlpWriter.num(number), RlpWriter.str(new bytes(round % 2 * 64)), RlpWriter.num(round));
        p.afterExtra = bytes.concat(word("mix"), RlpWriter.str(new bytes(8)), RlpWriter.num(base));
        bytes memory header = assemble(p, new bytes(65));
        (bytes32 usual, bytes32 plain) = harness.bothWays(header);
        assertTrue(usual != 0, "usual");
        assertEq(usual, plain);
        for (uint256 i = 0; i < header.length; ++i) {
            if (i == BLOOM_AT) i += 256;
            bytes1 original = header[i];
            header[i] = bytes1(byte_);
            (usual, plain) = harness.bothWays(header);
            assertEq(usual, plain);
            header[i] = bytes1(uint8(original) ^ uint8(1 << (byte_ % 8)));
            (usual, plain) = harness.bothWays(header);
            assertEq(usual, plain);
            header[i] = original;
        }
    }

    function headerAt(string memory json, uint256 i, string memory field) private pure returns (bytes memory) {
        return vm.parseJsonBytes(json, string.concat("$[", vm.toString(i), "].", field));
    }

    /// Real headers, and what they are with the aggregated seal still in.
    function test_realHeaders() public {
        string memory json = vm.readFile("test/vectors/map/headers.json");
        for (uint256 i = 0; i < 13; ++i) {
            bytes memory header = headerAt(json, i, "rlpWithoutAggregatedSeal");
            string memory expected = string.concat("$[", vm.toString(i), "].expected.");
            AtlasHeaderFields memory fields = harness.decode(header);
            (bytes32 usual, bytes32 plain) = harness.bothWays(header);
            assertEq(usual, plain);
            assertEq(fields.blockHash, vm.parseJsonBytes32(json, string.concat(expected, "headerHash")));
            assertEq(
                fields.coinbase, vm.parseJsonAddress(json, string.concat("$[", vm.toString(i), "].header.coinbase"))
            );
            assertEq(fields.number, vm.parseJsonUint(json, string.concat(expected, "number")));
            bytes memory whole = headerAt(json, i, "headerRlp");
            vm.expectRevert(AtlasHeader.HeaderAggregatedSealNotEmpty.selector);
            harness.decode(whole);
        }
    }

    // ---- one test for each error -----------------------------------------------------------------------------

    function refuse(Parts memory p, bytes memory reason) private {
        bytes memory header = seal(p);
        vm.expectRevert(reason);
        harness.decode(header);
    }

    function refuse(Parts memory p, bytes4 selector) private {
        bytes memory header = seal(p);
        vm.expectPartialRevert(selector);
        harness.decode(header);
    }

    function test_proposerThatIsNotTheCoinbase() public {
        address other = address(0xc0ffee0000);
        refuse(
            partsOf(1, other),
            abi.encodeWithSelector(AtlasHeader.ProposerMismatch.selector, vm.addr(PROPOSER_KEY), other)
        );
    }

    /// A seal that recovers to nobody must not pass for a coinbase of nobody.
    function test_sealOfNobody() public {
        bytes memory header = assemble(partsOf(1, address(0)), new bytes(65));
        vm.expectRevert(abi.encodeWithSelector(AtlasHeader.ProposerMismatch.selector, address(0), address(0)));
        harness.decode(header);
    }

    function test_recoveryIdsOfOtherKinds() public {
        uint8[4] memory ids = [2, 27, 28, 255];
        for (uint256 i = 0; i < ids.length; ++i) {
            Parts memory p = parts();
            p.v = ids[i];
            refuse(p, abi.encodeWithSelector(AtlasHeader.HeaderSealMalformed.selector, ids[i]));
        }
    }

    function test_sealOfAnotherSize() public {
        bytes memory header = assemble(parts(), new bytes(64));
        vm.expectRevert(abi.encodeWithSelector(RlpReader.RlpWrongSize.selector, 64, 65));
        harness.decode(header);
        header = assemble(parts(), "");
        vm.expectRevert(abi.encodeWithSelector(RlpReader.RlpWrongSize.selector, 0, 65));
        harness.decode(header);
    }

    function test_extraOfTheVanityAlone() public {
        Parts memory p = parts();
        bytes memory header = RlpWriter.list(bytes.concat(p.before, RlpWriter.str(new bytes(32)), p.afterExtra));
        vm.expectRevert(abi.encodeWithSelector(AtlasHeader.HeaderExtraTooShort.selector, 32));
        harness.decode(header);
        header = RlpWriter.list(bytes.concat(p.before, hex"80", p.afterExtra));
        vm.expectRevert(abi.encodeWithSelector(AtlasHeader.HeaderExtraTooShort.selector, 0));
        harness.decode(header);
    }

    function test_aggregatedSealNotEmpty() public {
        bytes memory notEmpty = abi.encodePacked(AtlasHeader.HeaderAggregatedSealNotEmpty.selector);
        Parts memory p = parts();
        p.aggregatedSeal = hex"c3018080";
        refuse(p, notEmpty);
        p.aggregatedSeal = hex"c28080";
        refuse(p, notEmpty);
        p.aggregatedSeal = hex"83808080";
        refuse(p, notEmpty);
    }

    function test_parentSealMalformed() public {
        Parts memory p = parts();
        p.parentSeal = bytes.concat(RlpWriter.num(7), RlpWriter.str(new bytes(63)), RlpWriter.num(1));
        refuse(p, abi.encodePacked(AtlasHeader.HeaderParentSealMalformed.selector));
        p.parentSeal = hex"80808080";
        refuse(p, RlpReader.RlpTrailingBytes.selector);
        p.parentSeal = hex"8080";
        refuse(p, RlpReader.RlpTooShort.selector);
    }

    /// T-10: a field more, a field less.
    function test_anotherNumberOfFields() public {
        Parts memory p = parts();
        p.afterExtra = bytes.concat(p.afterExtra, word("withdrawals"));
        refuse(p, RlpReader.RlpTrailingBytes.selector);
        p.afterExtra = bytes.concat(word("mix"), RlpWriter.str(new bytes(8)));
        refuse(p, RlpReader.RlpTooShort.selector);
    }

    /// T-10: nor does anything stand behind what extra is parsed for.
    function test_extraThatGoesOn() public {
        Parts memory p = parts();
        p.afterList = hex"80";
        refuse(p, RlpReader.RlpTrailingBytes.selector);
        p = parts();
        p.afterParentSeal = hex"80";
        refuse(p, RlpReader.RlpTrailingBytes.selector);
        p = parts();
        p.parentSeal = bytes.concat(p.parentSeal, hex"80");
        refuse(p, RlpReader.RlpTrailingBytes.selector);
    }

    function test_nonceOfAnotherSize() public {
        Parts memory p = parts();
        p.afterExtra = bytes.concat(word("mix"), RlpWriter.str(new bytes(9)), RlpWriter.num(1));
        refuse(p, abi.encodeWithSelector(RlpReader.RlpWrongSize.selector, 9, 8));
    }

    function test_headerTooLarge() public {
        Parts memory p = parts();
        p.changes = bytes.concat(hex"c0", RlpWriter.list(new bytes(66_000)), hex"c080");
        refuse(p, AtlasHeader.HeaderTooLarge.selector);
    }
}
