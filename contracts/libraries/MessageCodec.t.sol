// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "../test/Test.sol";
import {Message, MessageData, MessageType} from "../types/MessageTypes.sol";
import {MessageCodec} from "./MessageCodec.sol";

contract CodecHarness {
    function decode(bytes calldata encoded) external pure returns (Message memory) {
        return MessageCodec.decode(encoded);
    }

    function encode(Message calldata message) external pure returns (bytes memory) {
        return MessageCodec.encode(message);
    }

    /// Which of the two accept it, and what they find.
    function bothWays(bytes calldata encoded)
        external
        view
        returns (bool isUsual, bytes memory glanced, bool isSplit, bytes memory parts)
    {
        uint256 head;
        bytes calldata sender;
        bytes calldata payload;
        address target;
        (isUsual, head, sender, target, payload) = MessageCodec.glance(encoded);
        if (isUsual) glanced = abi.encode(head, sender, abi.encodePacked(target), payload);
        try this.split(encoded) returns (bytes memory found) {
            (isSplit, parts) = (true, found);
        } catch {}
    }

    function split(bytes calldata encoded) external pure returns (bytes memory) {
        (uint256 head, bytes calldata sender, bytes calldata target, bytes calldata payload) =
            MessageCodec.split(encoded);
        return abi.encode(head, sender, target, payload);
    }

    function dataIn(bytes calldata messageData) external pure returns (bytes memory) {
        (MessageData calldata data, bytes calldata target, bytes calldata payload) = MessageCodec.dataIn(messageData);
        return abi.encode(MessageData(data.relay, data.msgType, target, payload, data.gasLimit, data.value));
    }

    function decodeData(bytes calldata messageData) external pure returns (bytes memory) {
        return abi.encode(abi.decode(messageData, (MessageData)));
    }

    /// isEvent: whether it stands in memory as the data of an event
    function encodeSent(bytes calldata messageData, uint64 toChain, uint64 nonce)
        external
        view
        returns (bytes memory message, bool isEvent)
    {
        (MessageData calldata data, bytes calldata target, bytes calldata payload) = MessageCodec.dataIn(messageData);
        // Memory that was used before.
        assembly ("memory-safe") {
            let free := mload(0x40)
            for { let i := 0 } lt(i, 0x400) { i := add(i, 0x20) } { mstore(add(free, i), not(0)) }
        }
        message = MessageCodec.encodeSent(data, target, payload, toChain, nonce);
        bytes32 found;
        assembly ("memory-safe") {
            found := keccak256(sub(message, 0x20), add(0x40, and(add(mload(message), 0x1f), not(0x1f))))
        }
        isEvent = found == keccak256(abi.encode(message));
    }
}

contract MessageCodecTest is Test {
    uint256 private constant FIXED_BYTES = 50;

    CodecHarness private immutable codec = new CodecHarness();

    function party(bytes memory from, uint256 length) private pure returns (bytes memory result) {
        result = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            result[i] = from.length == 0 ? bytes1(uint8(i)) : from[i % from.length];
        }
    }

    function message(uint256 seed, uint256 senderBytes, uint256 targetBytes, uint256 payloadBytes)
        private
        pure
        returns (Message memory)
    {
        bytes memory random = abi.encode(keccak256(abi.encode(seed)), keccak256(abi.encode(seed, "more")));
        return Message({
            relay: uint8(random[0]) & 1 != 0,
            msgType: uint8(random[1]) & 1 != 0 ? MessageType.MESSAGE : MessageType.CALLDATA,
            fromChain: uint64(seed),
            toChain: uint64(seed >> 64),
            nonce: uint64(seed >> 128),
            gasLimit: uint32(seed >> 192),
            service: address(uint160(seed >> 32)),
            sender: party(random, senderBytes),
            target: party(random, targetBytes),
            payload: party(random, payloadBytes)
        });
    }

    function testFuzz_messagesComeBack(uint256 seed, uint8 senderBytes, uint8 targetBytes, uint16 payloadBytes)
        public
        view
    {
        Message memory sent =
            message(seed, bound(senderBytes, 1, 32), bound(targetBytes, 1, 32), bound(payloadBytes, 0, 500));
        assertEq(abi.encode(codec.decode(codec.encode(sent))), abi.encode(sent));
    }

    /// T-38: whatever is decoded encodes to the same bytes, so no two byte strings mean one message; and what is encoded
    /// decodes to the same message, so no two messages have one encoding.
    function testFuzz_acceptsOnlyWhatItWrites(bytes calldata rest, uint8 flags, uint8 senderBytes) public view {
        bytes memory encoded =
            abi.encodePacked(uint8(3), uint8(flags & 3), new bytes(FIXED_BYTES - 2), uint8(senderBytes % 34), rest);
        try codec.decode(encoded) returns (Message memory decoded) {
            assertEq(codec.encode(decoded), encoded);
        } catch {}
    }

    /// T-38: a byte that moves over the boundary of two neighbouring fields makes another message. With the packed
    /// encoding, whose twin stands here, it would not.
    function testFuzz_movedBoundariesMakeAnotherId(uint256 seed, uint8 senderBytes, uint8 targetBytes) public view {
        uint256 left = bound(senderBytes, 1, 31);
        uint256 right = bound(targetBytes, 2, 32);
        Message memory a = message(seed, left, right, 40);
        Message memory b = message(seed, left, right, 40);
        b.sender = bytes.concat(a.sender, a.target[0]);
        b.target = tail(a.target, 1);
        assertEq(keccak256(packed(a)), keccak256(packed(b)));
        assertTrue(keccak256(codec.encode(a)) != keccak256(codec.encode(b)), "sender and target");

        b = message(seed, left, right - 1, 40);
        b.sender = a.sender;
        for (uint256 i = 0; i + 1 < right; ++i) {
            b.target[i] = a.target[i];
        }
        b.payload = bytes.concat(a.target[right - 1], a.payload);
        assertEq(keccak256(packed(a)), keccak256(packed(b)));
        assertTrue(keccak256(codec.encode(a)) != keccak256(codec.encode(b)), "target and payload");
    }

    /// The buggy variant: several dynamic fields packed without their lengths.
    function packed(Message memory m) private pure returns (bytes memory) {
        return abi.encodePacked(m.fromChain, m.toChain, m.nonce, m.gasLimit, m.service, m.sender, m.target, m.payload);
    }

    function tail(bytes memory value, uint256 from) private pure returns (bytes memory result) {
        result = new bytes(value.length - from);
        for (uint256 i = from; i < value.length; ++i) {
            result[i - from] = value[i];
        }
    }

    /// T-12: each field is in the id.
    function testFuzz_everyFieldIsInTheId(uint256 seed, uint8 field) public view {
        Message memory a = message(seed, 20, 20, 64);
        Message memory b = message(seed, 20, 20, 64);
        uint256 which = field % 10;
        if (which == 0) b.relay = !b.relay;
        if (which == 1) b.msgType = b.msgType == MessageType.CALLDATA ? MessageType.MESSAGE : MessageType.CALLDATA;
        if (which == 2) b.fromChain ^= uint64(1) << uint64(seed % 64);
        if (which == 3) b.toChain ^= uint64(1) << uint64(seed % 64);
        if (which == 4) b.nonce ^= uint64(1) << uint64(seed % 64);
        if (which == 5) b.gasLimit ^= uint32(1) << uint32(seed % 32);
        if (which == 6) b.service = address(uint160(b.service) ^ uint160(1 << (seed % 160)));
        if (which == 7) b.sender[seed % 20] ^= 0x01;
        if (which == 8) b.target[seed % 20] ^= 0x01;
        if (which == 9) b.payload[seed % 64] ^= 0x01;
        assertTrue(keccak256(codec.encode(a)) != keccak256(codec.encode(b)), "field");
    }

    function test_shorterThanTheFixedFields() public {
        vm.expectRevert(abi.encodeWithSelector(MessageCodec.MessageTooShort.selector, FIXED_BYTES - 1));
        codec.decode(bytes.concat(hex"03", new bytes(FIXED_BYTES - 2)));
        vm.expectRevert(abi.encodeWithSelector(MessageCodec.MessageTooShort.selector, 0));
        codec.decode("");
    }

    function test_withoutParties() public {
        vm.expectRevert(abi.encodeWithSelector(MessageCodec.MessageTooShort.selector, FIXED_BYTES));
        codec.decode(bytes.concat(hex"03", new bytes(FIXED_BYTES - 1)));
        vm.expectRevert(abi.encodeWithSelector(MessageCodec.MessageTooShort.selector, FIXED_BYTES + 2));
        codec.decode(bytes.concat(hex"03", new bytes(FIXED_BYTES - 1), hex"01ff"));
    }

    function test_partyBeyondTheEnd() public {
        vm.expectRevert(abi.encodeWithSelector(MessageCodec.MessageTooShort.selector, FIXED_BYTES + 20));
        codec.decode(bytes.concat(hex"03", new bytes(FIXED_BYTES - 1), hex"14", new bytes(19)));
    }

    function test_otherVersions() public {
        bytes memory encoded = codec.encode(message(1, 20, 20, 0));
        for (uint256 version = 0; version < 256; ++version) {
            if (version == 3) continue;
            encoded[0] = bytes1(uint8(version));
            vm.expectRevert(abi.encodeWithSelector(MessageCodec.MessageVersion.selector, uint8(version)));
            codec.decode(encoded);
        }
    }

    function test_unknownFlags() public {
        bytes memory encoded = codec.encode(message(1, 20, 20, 0));
        for (uint256 flags = 4; flags < 256; ++flags) {
            encoded[1] = bytes1(uint8(flags));
            vm.expectRevert(abi.encodeWithSelector(MessageCodec.MessageFlags.selector, uint8(flags)));
            codec.decode(encoded);
        }
    }

    /// T-50: parties of 1 to 32 bytes.
    function test_partyLengths() public {
        assertEq(codec.decode(codec.encode(message(1, 32, 32, 0))).target.length, 32);
        assertEq(codec.decode(codec.encode(message(1, 1, 1, 0))).target.length, 1);
        for (uint256 i = 0; i < 2; ++i) {
            uint256 length = i == 0 ? 0 : 33;
            bytes memory asSender = codec.encode(message(1, length, 20, 0));
            vm.expectRevert(abi.encodeWithSelector(MessageCodec.MessagePartyLength.selector, length));
            codec.decode(asSender);
            bytes memory asTarget = codec.encode(message(1, 20, length, 0));
            vm.expectRevert(abi.encodeWithSelector(MessageCodec.MessagePartyLength.selector, length));
            codec.decode(asTarget);
        }
    }

    /// T-47: at the limit and one above.
    function test_payloadLimit() public {
        bytes memory encoded = bytes.concat(codec.encode(message(1, 20, 20, 0)), new bytes(16_384));
        assertEq(codec.decode(encoded).payload.length, 16_384);
        vm.expectRevert(abi.encodeWithSelector(MessageCodec.MessagePayloadTooLarge.selector, 16_385));
        codec.decode(bytes.concat(encoded, hex"00"));
    }

    // ---- the quick ways, against the plain ones --------------------------------------------------------------------

    function assertGlance(bytes memory encoded) private view returns (bool) {
        (bool isUsual, bytes memory glanced, bool isSplit, bytes memory parts) = codec.bothWays(encoded);
        if (!isSplit) {
            assertTrue(!isUsual, "what is refused is not usual");
            return false;
        }
        (,, bytes memory target,) = abi.decode(parts, (uint256, bytes, bytes, bytes));
        assertTrue(isUsual == (target.length == 20), "usual with an address of 20 bytes");
        if (isUsual) assertEq(glanced, parts);
        return isUsual;
    }

    function testFuzz_glanceSeesWhatSplitDoes(uint256 seed, uint8 senderBytes, uint8 targetBytes, uint16 payloadBytes)
        public
        view
    {
        uint256 target = seed & 1 == 0 ? 20 : bound(targetBytes, 1, 32);
        bytes memory encoded =
            codec.encode(message(seed, bound(senderBytes, 1, 32), target, bound(payloadBytes, 0, 500)));
        assertTrue(assertGlance(encoded) == (target == 20), "usual");
    }

    /// Any byte changed, and cut anywhere.
    function testFuzz_glanceOfWhatIsNoMessage(uint256 seed, uint8 at, uint8 value, uint8 size) public view {
        bytes memory encoded = codec.encode(message(seed, bound(seed >> 8, 1, 32), 20, seed & 63));
        encoded[at % encoded.length] = bytes1(value);
        assertGlance(encoded);
        uint256 cut = size % encoded.length;
        assembly ("memory-safe") {
            mstore(encoded, cut)
        }
        assertGlance(encoded);
    }

    function test_glanceAtTheBounds() public view {
        assertTrue(assertGlance(codec.encode(message(1, 32, 20, 16_384))), "largest");
        assertTrue(assertGlance(codec.encode(message(1, 1, 20, 0))), "smallest");
        assertTrue(!assertGlance(bytes.concat(codec.encode(message(1, 32, 20, 16_384)), hex"00")), "too large");
        bytes memory encoded = codec.encode(message(1, 20, 20, 0));
        for (uint256 version = 0; version < 256; ++version) {
            encoded[0] = bytes1(uint8(version));
            assertTrue(assertGlance(encoded) == (version == 3), "version");
        }
        encoded[0] = 0x03;
        for (uint256 flags = 0; flags < 256; ++flags) {
            encoded[1] = bytes1(uint8(flags));
            assertTrue(assertGlance(encoded) == (flags < 4), "flags");
        }
        encoded[1] = 0;
        for (uint256 length = 0; length < 256; ++length) {
            encoded[50] = bytes1(uint8(length));
            assertGlance(encoded);
        }
        encoded[50] = bytes1(uint8(20));
        for (uint256 length = 0; length < 256; ++length) {
            encoded[71] = bytes1(uint8(length));
            assertTrue(assertGlance(encoded) == (length == 20), "target");
        }
    }

    function assertData(bytes memory messageData) private view returns (bool) {
        (bool isRead, bytes memory read) = address(codec).staticcall(abi.encodeCall(codec.dataIn, (messageData)));
        (bool isDecoded, bytes memory decoded) =
            address(codec).staticcall(abi.encodeCall(codec.decodeData, (messageData)));
        assertTrue(isRead == isDecoded, "both or none");
        if (isRead) assertEq(read, decoded);
        return isRead;
    }

    function data(uint256 seed, uint256 targetBytes, uint256 payloadBytes) private pure returns (bytes memory) {
        Message memory like = message(seed, 1, targetBytes, payloadBytes);
        return abi.encode(MessageData(like.relay, like.msgType, like.target, like.payload, seed >> 7, seed >> 3));
    }

    function testFuzz_dataIsReadAsDecoded(uint256 seed, uint8 targetBytes, uint16 payloadBytes) public view {
        assertTrue(assertData(data(seed, targetBytes, bound(payloadBytes, 0, 500))), "is valid");
    }

    /// Words that are offsets and sizes, each out by a little, by much, and cut anywhere.
    function testFuzz_dataOfWhatIsNone(uint256 seed, uint8 word, uint256 value, uint16 size) public view {
        bytes memory encoded = data(seed, 20, seed & 63);
        uint256 words = encoded.length / 32;
        uint256 at = 32 * (uint256(word) % words) + 32;
        // Most of all what is near to something that is valid.
        uint256 kind = value & 3;
        uint256 small = (value >> 8) % (encoded.length + 64);
        uint256 other = kind == 0 ? value : kind == 1 ? small : kind == 2 ? 1 << (value >> 8 & 255) : (value >> 8) % 4;
        assembly ("memory-safe") {
            mstore(add(encoded, at), other)
        }
        assertData(encoded);
        uint256 cut = size % (encoded.length + 1);
        assembly ("memory-safe") {
            mstore(encoded, cut)
        }
        assertData(encoded);
    }

    function test_dataCutAnywhere() public view {
        bytes memory encoded = data(5, 20, 32);
        for (uint256 cut = encoded.length; cut > 0;) {
            --cut;
            assembly ("memory-safe") {
                mstore(encoded, cut)
            }
            assertData(encoded);
        }
    }

    function test_dataOffsetsAndSizesAtEachValue() public view {
        bytes memory encoded = data(5, 20, 32);
        for (uint256 at = 32; at <= 320; at += 32) {
            uint256 valid;
            assembly ("memory-safe") {
                valid := mload(add(encoded, at))
            }
            for (uint256 value = 0; value < 420; ++value) {
                assertDataWith(encoded, at, value);
            }
            for (uint256 bit = 9; bit < 256; ++bit) {
                assertDataWith(encoded, at, valid | 1 << bit);
            }
            assertDataWith(encoded, at, valid);
        }
    }

    /// Puts the word there. Gives back the memory that it takes.
    function assertDataWith(bytes memory encoded, uint256 at, uint256 word) private view {
        uint256 free;
        assembly ("memory-safe") {
            free := mload(0x40)
            mstore(add(encoded, at), word)
        }
        assertData(encoded);
        assembly ("memory-safe") {
            mstore(0x40, free)
        }
    }

    function testFuzz_sentIsEncoded(uint256 seed, uint64 toChain, uint64 nonce, uint16 payloadBytes) public view {
        Message memory sent = message(seed, 1, 20, bound(payloadBytes, 0, 500));
        sent.fromChain = uint64(block.chainid);
        sent.toChain = toChain;
        sent.nonce = nonce;
        sent.service = address(codec);
        sent.sender = abi.encodePacked(address(this));
        bytes memory messageData =
            abi.encode(MessageData(sent.relay, sent.msgType, sent.target, sent.payload, sent.gasLimit, 0));
        (bytes memory encoded, bool isEvent) = codec.encodeSent(messageData, toChain, nonce);
        assertEq(encoded, codec.encode(sent));
        assertTrue(isEvent, "the data of an event");
    }
}
