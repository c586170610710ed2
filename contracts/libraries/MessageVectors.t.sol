// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "../test/Test.sol";
import {Message, MessageType} from "../types/MessageTypes.sol";
import {MerkleOutbox} from "./MerkleOutbox.sol";
import {MessageCodec} from "./MessageCodec.sol";

/// Decodes what a test hands over, in a call that can be tried.
contract MessageDecoder {
    function decode(bytes calldata encoded) external pure returns (Message memory) {
        return MessageCodec.decode(encoded);
    }

    function encode(Message calldata message) external pure returns (bytes memory) {
        return MessageCodec.encode(message);
    }

    function computeRoot(uint64 count, uint256[] memory positions, bytes32[] memory hashes, bytes calldata siblings)
        external
        pure
        returns (bytes32)
    {
        return MerkleOutbox.computeRoot(count, positions, hashes, siblings);
    }
}

/// The vectors that the C++ twins are tested against too (test/vectors/message).
contract MessageVectorsTest is Test {
    using MerkleOutbox for MerkleOutbox.Outbox;

    MessageDecoder private immutable decoder = new MessageDecoder();
    MerkleOutbox.Outbox private outbox;
    string private json;

    function setUp() public {
        json = vm.readFile("test/vectors/message/message_vectors.json");
    }

    function at(string memory list, uint256 index, string memory field) private pure returns (string memory) {
        return string.concat(".", list, "[", vm.toString(index), "].", field);
    }

    function messageAt(uint256 i) private view returns (Message memory) {
        return Message({
            relay: vm.parseJsonBool(json, at("messages", i, "relay")),
            msgType: vm.parseJsonBool(json, at("messages", i, "isMessage"))
                ? MessageType.MESSAGE
                : MessageType.CALLDATA,
            fromChain: uint64(vm.parseJsonUint(json, at("messages", i, "fromChain"))),
            toChain: uint64(vm.parseJsonUint(json, at("messages", i, "toChain"))),
            nonce: uint64(vm.parseJsonUint(json, at("messages", i, "nonce"))),
            gasLimit: uint32(vm.parseJsonUint(json, at("messages", i, "gasLimit"))),
            service: vm.parseJsonAddress(json, at("messages", i, "service")),
            sender: vm.parseJsonBytes(json, at("messages", i, "sender")),
            target: vm.parseJsonBytes(json, at("messages", i, "target")),
            payload: vm.parseJsonBytes(json, at("messages", i, "payload"))
        });
    }

    function test_messages() public view {
        uint256 count = 0;
        for (; vm.keyExistsJson(json, at("messages", count, "encoded")); ++count) {
            bytes memory encoded = vm.parseJsonBytes(json, at("messages", count, "encoded"));
            assertEq(decoder.encode(messageAt(count)), encoded);
            assertEq(abi.encode(decoder.decode(encoded)), abi.encode(messageAt(count)));
            assertEq(keccak256(encoded), vm.parseJsonBytes32(json, at("messages", count, "orderId")));
        }
        assertEq(count, 5);
    }

    function test_invalidMessages() public view {
        uint256 count = 0;
        for (; vm.keyExistsJson(json, at("invalidMessages", count, "encoded")); ++count) {
            string memory expected = vm.parseJsonString(json, at("invalidMessages", count, "error"));
            try decoder.decode(vm.parseJsonBytes(json, at("invalidMessages", count, "encoded"))) {
                revert NotTrue(vm.parseJsonString(json, at("invalidMessages", count, "name")));
            } catch (bytes memory reason) {
                assertEq(bytes32(bytes4(reason)), bytes32(selectorOf(expected)));
            }
        }
        assertEq(count, 14);
    }

    function selectorOf(string memory name) private pure returns (bytes4) {
        bytes32 hash = keccak256(bytes(name));
        if (hash == keccak256("TooShort")) return MessageCodec.MessageTooShort.selector;
        if (hash == keccak256("Version")) return MessageCodec.MessageVersion.selector;
        if (hash == keccak256("Flags")) return MessageCodec.MessageFlags.selector;
        if (hash == keccak256("PartyLength")) return MessageCodec.MessagePartyLength.selector;
        revert NotTrue(name);
    }

    function test_outboxRoots() public {
        bytes32[] memory ids = vm.parseJsonBytes32Array(json, ".outbox.orderIds");
        bytes32[] memory roots = vm.parseJsonBytes32Array(json, ".outbox.roots");
        assertEq(roots.length, ids.length + 1);
        for (uint256 i = 0; i < ids.length; ++i) {
            assertEq(outbox.root(), roots[i]);
            assertEq(outbox.append(ids[i]), i);
        }
        assertEq(outbox.root(), roots[ids.length]);
    }

    function test_outboxProofs() public view {
        bytes32[] memory ids = vm.parseJsonBytes32Array(json, ".outbox.orderIds");
        bytes32[] memory roots = vm.parseJsonBytes32Array(json, ".outbox.roots");
        uint256 i = 0;
        for (; vm.keyExistsJson(json, at("proofs", i, "count")); ++i) {
            uint64 count = uint64(vm.parseJsonUint(json, at("proofs", i, "count")));
            uint256[] memory positions = vm.parseJsonUintArray(json, at("proofs", i, "indexes"));
            bytes32[] memory leaves = new bytes32[](positions.length);
            for (uint256 k = 0; k < leaves.length; ++k) {
                leaves[k] = MerkleOutbox.leaf(uint64(positions[k]), ids[positions[k]]);
            }
            bytes memory siblings = vm.parseJsonBytes(json, at("proofs", i, "siblings"));
            assertEq(decoder.computeRoot(count, positions, leaves, siblings), roots[count]);
            leaves[0] ^= bytes32(uint256(1));
            assertTrue(decoder.computeRoot(count, positions, leaves, siblings) != roots[count], "another leaf");
        }
        assertEq(i, 19);
    }
}
