// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";

import {BlsPrecompiles} from "../../chains/ethereum/contracts/Bls12381.sol";
import {
    EthereumCheckpoint,
    EthereumLightClient,
    EthereumNetwork
} from "../../chains/ethereum/contracts/EthereumLightClient.sol";
import {ExecutionHeader, ExecutionHeaderFields} from "../../chains/ethereum/contracts/ExecutionHeader.sol";
import {HistoryProof} from "../../chains/ethereum/contracts/HistoryProof.sol";
import {BeaconHeader, Ssz} from "../../chains/ethereum/contracts/Ssz.sol";
import {AtlasHeader, AtlasHeaderFields} from "../../chains/mapo/contracts/AtlasHeader.sol";
import {MapLightClient} from "../../chains/mapo/contracts/MapLightClient.sol";
import {IFeeService} from "../../contracts/interfaces/IFeeService.sol";
import {ILightClient, Passport} from "../../contracts/interfaces/ILightClient.sol";
import {IOmniServiceRelay} from "../../contracts/interfaces/IOmniServiceRelay.sol";
import {MessageCodec} from "../../contracts/libraries/MessageCodec.sol";
import {ReceiptProofs} from "../../contracts/libraries/ReceiptProofs.sol";
import {RlpReader} from "../../contracts/libraries/RlpReader.sol";
import {TrieProof} from "../../contracts/libraries/TrieProof.sol";
import {OmniService} from "../../contracts/service/OmniService.sol";
import {Log, ReceiptProof} from "../../contracts/types/ProofTypes.sol";

/// Hands the service any root: in production a light client verifies it.
contract RootSource is ILightClient {
    address public immutable relayService;

    constructor(address relayService_) {
        relayService = relayService_;
    }

    /// @param proof abi.encode(uint64 count, bytes32 root)
    function verifyLogs(bytes calldata proof) external view returns (Log[] memory logs) {
        logs = new Log[](1);
        logs[0].emitter = relayService;
        logs[0].topics = new bytes32[](2);
        logs[0].topics[0] = IOmniServiceRelay.OutboxRoot.selector;
        logs[0].topics[1] = bytes32(block.chainid);
        logs[0].data = proof;
    }

    function update(bytes calldata) external {}

    function clientState() external pure returns (bytes memory) {
        return "";
    }

    function passport() external pure returns (Passport memory passport_) {}

    function trustedUntil() external pure returns (uint64) {
        return type(uint64).max;
    }
}

/// @title The Solidity side of the differential fuzzing (test/differential/README.md)
/// @dev `run` takes many calls of the functions below it. Each of those reverts: with `Outcome` and a hash over what it
/// decoded, else the input was rejected. So nothing that an input does lasts until the next one.
contract Harness {
    using RlpReader for RlpReader.Cursor;

    uint256 private constant RLP_DEPTH_MAX = 64;

    MapLightClient[] public mapoClients;
    EthereumLightClient[] public ethereumClients;
    OmniService public service;

    error Outcome(bytes32 value);
    /// An input must be rejected for what it is, not for the gas that it got.
    error GasTooLow(uint256 call);

    constructor() {
        RootSource source = new RootSource(address(1));
        service = OmniService(
            address(
                new ERC1967Proxy(
                    address(new OmniService()),
                    abi.encodeCall(OmniService.initialize, (address(this), IFeeService(address(source)), address(1)))
                )
            )
        );
        service.setRelay({chainId: 1, service: address(1), client: source});
    }

    /// @return outcomes zero for a rejected input, else the hash of what `Outcome` said, which is never zero
    function run(bytes[] calldata calls, uint256 gasEach) external returns (bytes32[] memory outcomes) {
        outcomes = new bytes32[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            uint256 before = gasleft();
            (, bytes memory result) = address(this).call{gas: gasEach}(calls[i]);
            if (before < gasEach + gasEach / 32 || before - gasleft() > gasEach / 2) revert GasTooLow(i);
            if (result.length == 36 && bytes4(result) == Outcome.selector) {
                bytes32 value;
                assembly ("memory-safe") {
                    value := mload(add(result, 0x24))
                }
                outcomes[i] = keccak256(abi.encode(value));
            }
        }
    }

    // ---- set-up ------------------------------------------------------------------------------------------------

    function addMapoClient(uint64 epochLength, uint64 checkpoint, uint256[2][] calldata keys) external {
        mapoClients.push(
            MapLightClient(
                address(
                    new ERC1967Proxy(
                        address(new MapLightClient()),
                        // Trusted for longer than any run takes: the twin has no clock.
                        abi.encodeCall(
                            MapLightClient.initialize,
                            (address(this), 1, epochLength, 0, checkpoint, uint64(block.timestamp), 1 << 31, keys)
                        )
                    )
                )
            )
        );
    }

    function addEthereumClient(EthereumNetwork calldata network, EthereumCheckpoint calldata checkpoint) external {
        BlsPrecompiles memory precompiles = BlsPrecompiles({
            g1Add: address(0x0b), g2Add: address(0x0d), pairing: address(0x0f), mapFp2ToG2: address(0x11)
        });
        ethereumClients.push(
            EthereumLightClient(
                address(
                    new ERC1967Proxy(
                        address(new EthereumLightClient()),
                        abi.encodeCall(
                            EthereumLightClient.initialize, (address(this), network, precompiles, checkpoint)
                        )
                    )
                )
            )
        );
    }

    // ---- targets -----------------------------------------------------------------------------------------------

    /// The whole tree of items.
    function rlpTree(bytes calldata encoded) external pure {
        RlpReader.Cursor memory outer = RlpReader.over(encoded);
        bytes32 value = _item(outer, 0, 0);
        outer.finish();
        revert Outcome(value);
    }

    /// Every kind of read, one after another: `reads` says which.
    function rlpFields(bytes calldata reads, bytes calldata encoded) external pure {
        RlpReader.Cursor memory cursor = RlpReader.over(encoded);
        bytes32 value = 0;
        for (uint256 i = 0; i < reads.length; ++i) {
            value = keccak256(abi.encode(value, _read(cursor, uint8(reads[i]) % 8)));
        }
        cursor.finish();
        revert Outcome(value);
    }

    function trie(bytes32 root, bytes calldata key, bytes[] calldata nodes) external pure {
        revert Outcome(keccak256(TrieProof.verify(root, key, nodes)));
    }

    function receipts(bytes32 root, ReceiptProof[] calldata proofs) external pure {
        revert Outcome(keccak256(abi.encode(ReceiptProofs.verifyAll(root, proofs))));
    }

    function message(bytes calldata encoded) external pure {
        revert Outcome(keccak256(abi.encode(MessageCodec.decode(encoded))));
    }

    /// @param indexes and `orderIds` of the messages as the other side decoded them
    function delivery(
        uint64 count,
        bytes32 root,
        bytes calldata encoded,
        uint64[] calldata indexes,
        bytes32[] calldata orderIds
    ) external {
        // Roots that are not in order of their counts replace each other, so that any can be set here.
        service.transferIn(abi.encode(count, root), encoded);
        bytes32 value = 0;
        for (uint256 i = 0; i < indexes.length; ++i) {
            // Nobody is called: no target has code. What the service keeps for a retry binds all of the message.
            value = keccak256(abi.encode(value, service.isDelivered(indexes[i]), service.failures(orderIds[i])));
        }
        revert Outcome(value);
    }

    function sszBranch(bytes32 leaf, bytes32[] calldata branch, uint64 gindex) external view {
        revert Outcome(Ssz.computeRoot(leaf, branch, gindex));
    }

    function beaconHeader(BeaconHeader calldata header) external view {
        revert Outcome(Ssz.headerRoot(header));
    }

    function atlasHeader(bytes calldata header) external pure {
        AtlasHeaderFields memory fields = AtlasHeader.decode(header);
        revert Outcome(
            keccak256(
                abi.encode(
                    fields.blockHash,
                    fields.coinbase,
                    fields.receiptsRoot,
                    fields.number,
                    fields.removed,
                    _content(fields.addedAddresses),
                    _content(fields.addedG2Keys),
                    _content(fields.addedG1Keys)
                )
            )
        );
    }

    function mapoProof(uint256 client, bytes calldata proof) external view {
        revert Outcome(keccak256(abi.encode(mapoClients[client].verifyLogs(proof))));
    }

    function mapoUpdate(uint256 client, bytes calldata data) external {
        mapoClients[client].update(data);
        revert Outcome(keccak256(mapoClients[client].clientState()));
    }

    function executionHeader(bytes calldata header) external pure {
        ExecutionHeaderFields memory fields = ExecutionHeader.decode(header);
        revert Outcome(keccak256(abi.encode(fields)));
    }

    function historyProof(
        bytes32 stateRoot,
        uint64 anchor,
        uint64 number,
        bytes[] calldata accountNodes,
        bytes[] calldata storageNodes
    ) external pure {
        revert Outcome(HistoryProof.blockHash(stateRoot, anchor, number, accountNodes, storageNodes));
    }

    function ethereumUpdate(uint256 client, bytes calldata data) external {
        ethereumClients[client].update(data);
        revert Outcome(keccak256(ethereumClients[client].clientState()));
    }

    function ethereumMisbehaviour(uint256 client, bytes calldata first, bytes calldata second) external {
        ethereumClients[client].submitMisbehaviour(first, second);
        revert Outcome(keccak256(abi.encode(ethereumClients[client].passport().frozen)));
    }

    function ethereumProof(uint256 client, bytes calldata proof) external {
        Log[] memory logs = ethereumClients[client].verifyLogs(proof);
        revert Outcome(keccak256(abi.encode(logs, ethereumClients[client].clientState())));
    }

    // ---- values ------------------------------------------------------------------------------------------------

    function _item(RlpReader.Cursor memory cursor, uint256 depth, bytes32 before) private pure returns (bytes32) {
        (bool isList, uint256 payload, uint256 size) = cursor.next();
        if (!isList) return keccak256(abi.encode(before, false, keccak256(RlpReader.slice(payload, size))));
        if (depth == RLP_DEPTH_MAX) revert();
        bytes32 value = keccak256(abi.encode(before, true));
        RlpReader.Cursor memory items = RlpReader.Cursor({position: payload, end: payload + size});
        while (!items.isDone()) value = _item(items, depth + 1, value);
        return keccak256(abi.encode(value));
    }

    function _read(RlpReader.Cursor memory cursor, uint8 kind) private pure returns (bytes32) {
        if (kind == 0) {
            (bool isList, uint256 payload, uint256 size) = cursor.next();
            return keccak256(abi.encode(isList, keccak256(RlpReader.slice(payload, size))));
        }
        if (kind == 1) {
            (bool isList, uint256 start, uint256 size) = cursor.nextRaw();
            return keccak256(abi.encode(isList, keccak256(RlpReader.slice(start, size))));
        }
        if (kind == 2) {
            (uint256 payload, uint256 size) = cursor.nextBytes();
            return keccak256(RlpReader.slice(payload, size));
        }
        if (kind == 3) {
            // Into the list, which must be the last item.
            RlpReader.Cursor memory items = cursor.nextList();
            cursor.finish();
            (cursor.position, cursor.end) = (items.position, items.end);
            return 0;
        }
        if (kind == 4) return bytes32(cursor.nextUint(8));
        if (kind == 5) return bytes32(cursor.nextUint(32));
        if (kind == 6) return cursor.nextBytes32();
        return bytes32(uint256(uint160(cursor.nextAddress())));
    }

    /// The hash over a list's strings, put together.
    function _content(RlpReader.Cursor memory list) private pure returns (bytes32) {
        bytes memory all;
        while (!list.isDone()) {
            (uint256 payload, uint256 size) = list.nextBytes();
            all = bytes.concat(all, RlpReader.slice(payload, size));
        }
        return keccak256(all);
    }
}
