// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFeeService} from "../interfaces/IFeeService.sol";
import {ILightClient} from "../interfaces/ILightClient.sol";
import {IOmniService} from "../interfaces/IOmniService.sol";
import {IOmniServiceInbox} from "../interfaces/IOmniServiceInbox.sol";
import {IOmniServiceRelay} from "../interfaces/IOmniServiceRelay.sol";
import {MerkleOutbox} from "../libraries/MerkleOutbox.sol";
import {MessageCodec} from "../libraries/MessageCodec.sol";
import {Message, MessageData} from "../types/MessageTypes.sol";
import {Log} from "../types/ProofTypes.sol";
import {OmniServiceCore} from "./OmniServiceCore.sol";

/// @title The service of a chain that is not the relay chain
/// @dev Trusts what the relay chain's light client verifies, and of that only logs of the relay service.
contract OmniService is IOmniServiceInbox, OmniServiceCore {
    /// Verified roots kept: of the newest count and so many before it.
    uint256 public constant ROOTS_KEPT = 64;

    // Layout of a delivery (docs/message-format.md).
    uint256 private constant DELIVERY_ROOT_AT = 8;
    uint256 private constant DELIVERY_N_AT = 40;
    uint256 private constant DELIVERY_MESSAGES_AT = 41;
    uint256 private constant ITEM_LENGTH_AT = 8;
    uint256 private constant ITEM_MESSAGE_AT = 11;

    ILightClient public relayClient;
    uint64 public relayChainId;
    address public relayService;
    /// The largest count that a root was verified for.
    uint64 public newestCount;
    mapping(uint256 slot => bytes32 root) private _roots;
    mapping(uint256 word => uint256 bits) private _delivered;

    event RelaySet(uint64 indexed chainId, address service, address client);

    error RelayFixed(uint64 chainId, address service);
    error RelayToRelayChain(uint256 toChain);

    function initialize(address owner_, IFeeService feeService_, address guardian_) external initializer {
        __OmniServiceCore_init(owner_, feeService_, guardian_);
    }

    /// @notice Sets the relay chain, its service and the light client that verifies it here. Once a root is verified only
    /// the client can change: what is delivered is recorded by index of that service's outbox, and another outbox would
    /// have other messages at the same indexes. The roots that a former client verified are forgotten.
    function setRelay(uint64 chainId, address service, ILightClient client) external onlyOwner {
        if (newestCount != 0 && (chainId != relayChainId || service != relayService)) {
            revert RelayFixed(relayChainId, relayService);
        }
        if (newestCount != 0) {
            newestCount = 1; // whatever was verified before; not 0, by which the relay stays fixed
            for (uint256 slot = 0; slot < ROOTS_KEPT; ++slot) delete _roots[slot];
        }
        relayChainId = chainId;
        relayService = service;
        relayClient = client;
        emit RelaySet(chainId, service, address(client));
    }

    /// @inheritdoc IOmniServiceInbox
    function transferIn(bytes calldata rootProof, bytes calldata delivery) external whenNotPaused {
        if (rootProof.length != 0) _keepRoots(rootProof);
        if (delivery.length != 0) _deliver(delivery);
    }

    /// @inheritdoc IOmniServiceInbox
    function isDelivered(uint64 index) external view returns (bool) {
        return _delivered[index >> 8] >> (index & 255) & 1 != 0;
    }

    /// @inheritdoc IOmniServiceInbox
    function rootOf(uint64 count) external view returns (bytes32) {
        return _roots[count % ROOTS_KEPT];
    }

    /// @inheritdoc IOmniService
    function getOrderStatus(uint256 chainId, uint256, bytes32 orderId)
        external
        view
        returns (bool exists, bool verifiable, uint256 nodeType)
    {
        exists = failures[orderId] != 0;
        verifiable = chainId == relayChainId && address(relayClient) != address(0) && !relayClient.passport().frozen;
        nodeType = verifiable ? 1 : 0;
    }

    function _isForbidden(address target) internal view override returns (bool) {
        return target == address(relayClient) || super._isForbidden(target);
    }

    /// @dev A relayed message goes on from the relay chain, which has no outbox towards itself.
    function _checkOutgoing(uint256 toChain, MessageData memory data) internal view override {
        if (data.relay && toChain == relayChainId) revert RelayToRelayChain(toChain);
        super._checkOutgoing(toChain, data);
    }

    function _keepRoots(bytes calldata rootProof) private {
        Log[] memory logs = relayClient.verifyLogs(rootProof);
        for (uint256 i = 0; i < logs.length; ++i) {
            Log memory log = logs[i];
            if (log.emitter != relayService) revert WrongEmitter(log.emitter, relayService);
            if (log.topics.length != 2 || log.topics[0] != IOmniServiceRelay.OutboxRoot.selector) {
                revert WrongTopic(
                    log.topics.length == 0 ? bytes32(0) : log.topics[0], IOmniServiceRelay.OutboxRoot.selector
                );
            }
            if (uint256(log.topics[1]) != block.chainid) revert WrongDestination(uint256(log.topics[1]), block.chainid);
            (uint64 count, bytes32 root) = abi.decode(log.data, (uint64, bytes32));
            uint64 newest = newestCount;
            // Its place is a newer one's: whoever submits it again must not take that away.
            if (count + ROOTS_KEPT <= newest) continue;
            if (count > newest) newestCount = count;
            _roots[count % ROOTS_KEPT] = root;
            emit RootVerified(count, root);
        }
    }

    function _deliver(bytes calldata delivery) private {
        if (delivery.length < DELIVERY_MESSAGES_AT) revert DeliveryMalformed();
        uint64 count = uint64(bytes8(delivery));
        bytes32 root = bytes32(delivery[DELIVERY_ROOT_AT:]);
        // An unset slot is 0, and so is the root of an empty outbox: neither proves anything.
        if (root == 0 || _roots[count % ROOTS_KEPT] != root) revert UnknownRoot(count, root);
        uint256 n = uint8(delivery[DELIVERY_N_AT]);
        bytes32[] memory orderIds = new bytes32[](n);
        uint256 end = _verifyMessages(delivery, count, root, orderIds);
        uint256 at = DELIVERY_MESSAGES_AT;
        for (uint256 i = 0; i < n; ++i) {
            uint64 index = uint64(bytes8(delivery[at:]));
            uint256 messageAt = at + ITEM_MESSAGE_AT;
            at = messageAt + uint24(bytes3(delivery[at + ITEM_LENGTH_AT:]));
            _take(index, orderIds[i], delivery[messageAt:at]);
        }
        assert(at == end);
    }

    /// @dev Checks the layout and the Merkle proof. Returns where the messages end.
    function _verifyMessages(bytes calldata delivery, uint64 count, bytes32 root, bytes32[] memory orderIds)
        private
        pure
        returns (uint256 at)
    {
        uint256 n = orderIds.length;
        uint256[] memory positions = new uint256[](n);
        bytes32[] memory leaves = new bytes32[](n);
        at = DELIVERY_MESSAGES_AT;
        for (uint256 i = 0; i < n; ++i) {
            if (delivery.length < at + ITEM_MESSAGE_AT) revert DeliveryMalformed();
            uint64 index = uint64(bytes8(delivery[at:]));
            if (index >= count) revert IndexOutOfRange(index, count);
            if (i != 0 && index <= positions[i - 1]) revert IndexNotAscending(index, uint64(positions[i - 1]));
            uint256 messageAt = at + ITEM_MESSAGE_AT;
            uint256 end = messageAt + uint24(bytes3(delivery[at + ITEM_LENGTH_AT:]));
            if (delivery.length < end) revert DeliveryMalformed();
            bytes32 orderId = keccak256(delivery[messageAt:end]);
            orderIds[i] = orderId;
            positions[i] = index;
            leaves[i] = MerkleOutbox.leaf(index, orderId);
            at = end;
        }
        bytes32 computed = MerkleOutbox.computeRoot(count, positions, leaves, delivery[at:]);
        if (computed != root) revert UnknownRoot(count, computed);
    }

    /// @dev Marks first, then executes: a message that calls back in finds itself delivered.
    function _take(uint64 index, bytes32 orderId, bytes calldata encoded) private {
        uint256 word = index >> 8;
        uint256 bit = 1 << (index & 255);
        uint256 bits = _delivered[word];
        if (bits & bit != 0) {
            emit AlreadyDelivered(orderId);
            return;
        }
        _delivered[word] = bits | bit;
        Message memory message = MessageCodec.decode(encoded);
        if (message.toChain != block.chainid) revert WrongDestination(message.toChain, block.chainid);
        if (message.fromChain == block.chainid) revert WrongOrigin(message.fromChain, relayChainId);
        _execute(orderId, message);
    }
}
