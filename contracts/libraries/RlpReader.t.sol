// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RlpWriter} from "../test/RlpWriter.sol";
import {Test} from "../test/Test.sol";
import {RlpReader} from "./RlpReader.sol";

/// Reads what a test hands over, in a call that can be tried.
contract RlpHarness {
    using RlpReader for RlpReader.Cursor;

    /// Reads one value, whole, and writes it again.
    function rewrite(bytes calldata encoded) external pure returns (bytes memory) {
        RlpReader.Cursor memory items = RlpReader.over(encoded);
        bytes memory written = rewriteNext(items);
        items.finish();
        return written;
    }

    function rewriteNext(RlpReader.Cursor memory items) private pure returns (bytes memory written) {
        RlpReader.Cursor memory peek = RlpReader.Cursor({position: items.position, end: items.end});
        (bool isList, uint256 payload, uint256 size) = peek.next();
        if (!isList) {
            (payload, size) = items.nextBytes();
            return RlpWriter.str(RlpReader.slice(payload, size));
        }
        RlpReader.Cursor memory inner = items.nextList();
        while (!inner.isDone()) written = bytes.concat(written, rewriteNext(inner));
        return RlpWriter.list(written);
    }

    function list(bytes calldata encoded) external pure {
        RlpReader.list(encoded);
    }

    function number(bytes calldata encoded, uint256 sizeMax) external pure returns (uint256) {
        return RlpReader.over(encoded).nextUint(sizeMax);
    }

    function word(bytes calldata encoded) external pure returns (bytes32) {
        return RlpReader.over(encoded).nextBytes32();
    }

    function account(bytes calldata encoded) external pure returns (address) {
        return RlpReader.over(encoded).nextAddress();
    }

    function fixedBytes(bytes calldata encoded, uint256 size) external pure {
        RlpReader.over(encoded).nextFixed(size);
    }

    function item(bytes calldata encoded) external pure returns (bool, uint256, uint256) {
        (uint256 at, uint256 end) = boundsOf(encoded);
        return RlpReader.itemAt(at, end);
    }

    /// `item` the plain way.
    function plainItem(bytes calldata encoded) external pure returns (bool isList, uint256 payload, uint256 size) {
        (uint256 at, uint256 end) = boundsOf(encoded);
        return plainItemAt(at, end);
    }

    function fixedAt(bytes calldata encoded, uint256 size) external pure returns (uint256) {
        (uint256 at, uint256 end) = boundsOf(encoded);
        return RlpReader.fixedAt(at, end, size);
    }

    /// `fixedAt` the plain way.
    function plainFixedAt(bytes calldata encoded, uint256 size) external pure returns (uint256) {
        (uint256 at, uint256 end) = boundsOf(encoded);
        (bool isList, uint256 payload, uint256 found) = plainItemAt(at, end);
        if (isList) revert RlpReader.RlpUnexpectedList(at);
        if (found != size) revert RlpReader.RlpWrongSize(found, size);
        return payload;
    }

    /// `number` the plain way.
    function plainNumber(bytes calldata encoded, uint256 sizeMax) external pure returns (uint256) {
        (uint256 at, uint256 end) = boundsOf(encoded);
        (bool isList, uint256 payload, uint256 size) = plainItemAt(at, end);
        if (isList) revert RlpReader.RlpUnexpectedList(at);
        if (size == 0) return 0;
        if (size > sizeMax) revert RlpReader.RlpIntegerTooLarge(size);
        if (uint8(bytes1(RlpReader.wordAt(payload))) == 0) revert RlpReader.RlpNonCanonical(at);
        return uint256(RlpReader.wordAt(payload)) >> (256 - 8 * size);
    }

    function boundsOf(bytes calldata encoded) private pure returns (uint256 at, uint256 end) {
        RlpReader.Cursor memory items = RlpReader.over(encoded);
        return (items.position, items.end);
    }

    function plainItemAt(uint256 at, uint256 end) private pure returns (bool isList, uint256 payload, uint256 size) {
        if (at >= end) revert RlpReader.RlpTooShort(at);
        uint256 prefix = uint8(bytes1(RlpReader.wordAt(at)));
        if (prefix < 0x80) return (false, at, 1);
        isList = prefix >= 0xc0;
        size = isList ? prefix - 0xc0 : prefix - 0x80;
        payload = at + 1;
        if (size > 55) {
            uint256 lengthSize = size - 55;
            payload += lengthSize;
            if (payload > end) revert RlpReader.RlpTooShort(at);
            size = uint256(RlpReader.wordAt(at + 1)) >> (256 - 8 * lengthSize);
            if (uint8(bytes1(RlpReader.wordAt(at + 1))) == 0 || size <= 55) revert RlpReader.RlpNonCanonical(at);
        } else if (size == 1 && !isList) {
            if (payload >= end) revert RlpReader.RlpTooShort(at);
            if (uint8(bytes1(RlpReader.wordAt(payload))) < 0x80) revert RlpReader.RlpNonCanonical(at);
        }
        if (payload + size > end) revert RlpReader.RlpTooShort(at);
    }

    function raw(bytes calldata encoded) external pure returns (bool isList, bytes memory item) {
        uint256 start;
        uint256 size;
        (isList, start, size) = RlpReader.over(encoded).nextRaw();
        item = RlpReader.slice(start, size);
    }
}

contract RlpReaderTest is Test {
    RlpHarness private immutable reader = new RlpHarness();

    function path(string memory key) private pure returns (string memory) {
        return string.concat(".", key, ".out");
    }

    function bytesAt(string memory json, string memory key) private pure returns (bytes memory) {
        bytes memory text = bytes(vm.parseJsonString(json, path(key)));
        bool isPrefixed = text.length >= 2 && text[1] == "x";
        return vm.parseBytes(isPrefixed ? string(text) : string.concat("0x", string(text)));
    }

    function test_publishedVectorsReadAndWriteTheSame() public view {
        string memory json = vm.readFile("test/vectors/rlp/rlptest.json");
        string[] memory keys = vm.parseJsonKeys(json, "$");
        assertEq(keys.length, 28);
        for (uint256 i = 0; i < keys.length; ++i) {
            bytes memory encoded = bytesAt(json, keys[i]);
            assertEq(reader.rewrite(encoded), encoded);
        }
    }

    /// T-09
    function test_publishedInvalidVectorsAreRefused() public view {
        string memory json = vm.readFile("test/vectors/rlp/invalidRLPTest.json");
        string[] memory keys = vm.parseJsonKeys(json, "$");
        assertEq(keys.length, 13);
        for (uint256 i = 0; i < keys.length; ++i) {
            try reader.rewrite(bytesAt(json, keys[i])) {
                revert NotTrue(keys[i]);
            } catch (bytes memory reason) {
                bool isShort = contains(keys[i], "lessThan") || contains(keys[i], "int32Overflow");
                assertSelector(reason, isShort ? RlpReader.RlpTooShort.selector : RlpReader.RlpNonCanonical.selector);
            }
        }
    }

    function contains(string memory text, string memory start) private pure returns (bool) {
        for (uint256 i = 0; i < bytes(start).length; ++i) {
            if (i >= bytes(text).length || bytes(text)[i] != bytes(start)[i]) return false;
        }
        return true;
    }

    /// T-09: there is one encoding of a value; whatever else is accepted would come back different.
    function testFuzz_acceptsOnlyCanonicalEncodings(bytes calldata encoded) public view {
        try reader.rewrite(encoded) returns (bytes memory written) {
            assertEq(written, encoded);
        } catch {}
    }

    /// Random bytes seldom have a prefix that fits; here it does, and the rest varies.
    function testFuzz_acceptsOnlyCanonicalPrefixes(uint8 prefix, uint64 length, bytes calldata rest) public view {
        uint256 lengthSize = prefix >= 0xf8 ? prefix - 0xf7 : prefix >= 0xb8 && prefix < 0xc0 ? prefix - 0xb7 : 0;
        length = uint64(bound(length, 0, 600));
        bytes memory lengthBytes = new bytes(lengthSize);
        for (uint256 i = 0; i < lengthSize; ++i) {
            lengthBytes[lengthSize - 1 - i] = bytes1(uint8(length >> (8 * i)));
        }
        bytes memory encoded = abi.encodePacked(prefix, lengthBytes, rest);
        try reader.rewrite(encoded) returns (bytes memory written) {
            assertEq(written, encoded);
        } catch {}
    }

    function assertSameAnswer(bytes memory call, bytes memory plainCall) private view {
        (bool ok, bytes memory answer) = address(reader).staticcall(call);
        (bool plainOk, bytes memory plainAnswer) = address(reader).staticcall(plainCall);
        assertTrue(ok == plainOk, "same verdict");
        assertEq(answer, plainAnswer);
    }

    /// Items and numbers are read, or refused by name, as the plain way does.
    function testFuzz_theSameAsThePlainWay(uint8 second, uint8 cut, uint8 sizeMax, uint256 word) public view {
        bytes memory encoded = abi.encodePacked(uint8(0), second, word, new bytes(256));
        uint256 size = cut % 4 == 0 ? cut / 4 : encoded.length;
        assembly ("memory-safe") {
            mstore(encoded, size)
        }
        for (uint256 p = 0; p < 256; ++p) {
            if (size != 0) encoded[0] = bytes1(uint8(p));
            assertSameAnswer(abi.encodeCall(reader.item, (encoded)), abi.encodeCall(reader.plainItem, (encoded)));
            uint256 most = 1 + sizeMax % 32;
            assertSameAnswer(
                abi.encodeCall(reader.number, (encoded, most)), abi.encodeCall(reader.plainNumber, (encoded, most))
            );
        }
    }

    /// Every prefix, with the size that it would say if all were short strings, and others; whole and cut.
    function test_fixedSizesTheSameAsThePlainWay() public view {
        for (uint256 p = 0; p < 256; ++p) {
            uint256[3] memory sizes = [p < 0x80 ? 1 : p - 0x80, 1, 32];
            for (uint256 i = 0; i < sizes.length; ++i) {
                // The second byte decides whether a string of one byte may have a prefix.
                bytes memory encoded = abi.encodePacked(uint8(p), i == 1 ? hex"05" : hex"80", new bytes(256));
                for (uint256 k = 0; k < 3; ++k) {
                    uint256 length = sizes[i] + 2 - k;
                    assembly ("memory-safe") {
                        mstore(encoded, length)
                    }
                    assertSameAnswer(
                        abi.encodeCall(reader.fixedAt, (encoded, sizes[i])),
                        abi.encodeCall(reader.plainFixedAt, (encoded, sizes[i]))
                    );
                }
            }
        }
    }

    function testFuzz_stringsComeBack(bytes calldata value) public view {
        bytes memory encoded = RlpWriter.str(value);
        assertEq(reader.rewrite(encoded), encoded);
        bytes memory nested = RlpWriter.list(bytes.concat(encoded, RlpWriter.list(encoded), encoded));
        assertEq(reader.rewrite(nested), nested);
    }

    function test_stringsAtEveryChangeOfPrefix() public view {
        uint16[9] memory sizes = [0, 1, 2, 55, 56, 57, 255, 256, 1024];
        for (uint256 i = 0; i < sizes.length; ++i) {
            bytes memory encoded = RlpWriter.str(new bytes(sizes[i]));
            assertEq(reader.rewrite(encoded), encoded);
            assertEq(reader.rewrite(RlpWriter.list(encoded)), RlpWriter.list(encoded));
        }
    }

    function testFuzz_numbersComeBack(uint256 value) public view {
        bytes memory encoded = RlpWriter.num(value);
        assertEq(reader.number(encoded, 32), value);
    }

    function test_numberOfMaximalSize() public {
        assertEq(reader.number(hex"88ffffffffffffffff", 8), type(uint64).max);
        vm.expectRevert(abi.encodeWithSelector(RlpReader.RlpIntegerTooLarge.selector, 9));
        reader.number(hex"89010000000000000000", 8);
    }

    function test_numberWithLeadingZero() public {
        vm.expectPartialRevert(RlpReader.RlpNonCanonical.selector);
        reader.number(hex"820001", 8);
    }

    function test_numberZeroIsEmpty() public {
        assertEq(reader.number(hex"80", 8), 0);
        vm.expectPartialRevert(RlpReader.RlpNonCanonical.selector);
        reader.number(hex"00", 8);
    }

    function test_wordsAndAddresses() public view {
        bytes32 word = keccak256("word");
        assertEq(reader.word(abi.encodePacked(hex"a0", word)), word);
        assertEq(reader.account(abi.encodePacked(hex"94", address(this))), address(this));
    }

    function test_wrongSize() public {
        vm.expectRevert(abi.encodeWithSelector(RlpReader.RlpWrongSize.selector, 2, 3));
        reader.fixedBytes(hex"821234", 3);
    }

    function test_addressOfAnotherSize() public {
        vm.expectRevert(abi.encodeWithSelector(RlpReader.RlpWrongSize.selector, 21, 20));
        reader.account(abi.encodePacked(hex"95", new bytes(21)));
    }

    function test_rawKeepsThePrefix() public view {
        (bool isList, bytes memory item) = reader.raw(hex"c2010203");
        assertTrue(isList, "list");
        assertEq(item, hex"c20102");
    }

    function test_trailingBytes() public {
        vm.expectPartialRevert(RlpReader.RlpTrailingBytes.selector);
        reader.list(hex"c10100");
    }

    function test_listWhereStringIsExpected() public {
        vm.expectPartialRevert(RlpReader.RlpUnexpectedList.selector);
        reader.fixedBytes(hex"c0", 0);
    }

    function test_stringWhereListIsExpected() public {
        vm.expectPartialRevert(RlpReader.RlpUnexpectedString.selector);
        reader.list(hex"80");
    }

    function test_nothing() public {
        vm.expectPartialRevert(RlpReader.RlpTooShort.selector);
        reader.rewrite("");
    }

    /// T-09: the string ends inside the input but outside of its list.
    function test_itemBeyondItsList() public {
        // The third byte of the argument, which stands at 68 in the calldata: that very item, not one after it.
        vm.expectRevert(abi.encodeWithSelector(RlpReader.RlpTooShort.selector, 68 + 2));
        reader.rewrite(hex"c4c18201028080");
    }

    function test_lengthBytesBeyondTheEnd() public {
        vm.expectPartialRevert(RlpReader.RlpTooShort.selector);
        reader.rewrite(hex"b9ff");
    }

    /// The largest length there is must not wrap around.
    function test_lengthOf64Bits() public {
        vm.expectPartialRevert(RlpReader.RlpTooShort.selector);
        reader.rewrite(hex"bfffffffffffffffff00");
        vm.expectPartialRevert(RlpReader.RlpTooShort.selector);
        reader.rewrite(hex"ffffffffffffffffff00");
    }
}
