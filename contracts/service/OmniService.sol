// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFeeService} from "../interfaces/IFeeService.sol";
import {ILightClient} from "../interfaces/ILightClient.sol";
import {IOmniService} from "../interfaces/IOmniService.sol";
import {IOmniServiceInbox} from "../interfaces/IOmniServiceInbox.sol";
import {IOmniServiceRelay} from "../interfaces/IOmniServiceRelay.sol";
import {BoundedCall} from "../libraries/BoundedCall.sol";
import {ExecutorCall} from "../libraries/ExecutorCall.sol";
import {MerkleOutbox} from "../libraries/MerkleOutbox.sol";
import {MessageCodec} from "../libraries/MessageCodec.sol";
import {Message} from "../types/MessageTypes.sol";
import {Log} from "../types/ProofTypes.sol";
import {OmniServiceCore} from "./OmniServiceCore.sol";

/// @title The service of a chain that is not the relay chain
/// @dev Trusts what the relay chain's light client verifies, and of that only logs of the relay service.
contract OmniService is IOmniServiceInbox, OmniServiceCore {
    /// Verified roots kept: of the newest count and so many before it.
    uint256 public constant ROOTS_KEPT = 64;

    uint256 private constant NO_ADDRESS = type(uint256).max;
    uint32 private constant STOPPED = type(uint32).max;

    // Layout of a delivery (docs/message-format.md): where fields end in the word they are read with, in bits from its
    // right.
    uint256 private constant DELIVERY_COUNT_SHIFT = 8 * (32 - 8);
    uint256 private constant DELIVERY_N_SHIFT = 8 * (32 - 9);
    uint256 private constant DELIVERY_ITEMS_AT = 9;
    uint256 private constant ITEM_INDEX_SHIFT = 8 * (32 - 8);
    uint256 private constant ITEM_LENGTH_SHIFT = 8 * (32 - 11);
    uint256 private constant ITEM_LENGTH_MASK = type(uint24).max;
    uint256 private constant ITEM_MESSAGE_AT = 11;

    /// All that a delivery asks of the configuration, in one slot.
    /// @param pausedUntil the same as `OmniServiceCore.pausedUntil`, which stands in the slot that sending reads, or `STOPPED`
    /// @param feeServiceTag the low half of the fee service's address: no target with another one is the fee service
    struct Gate {
        ILightClient relayClient;
        uint32 pausedUntil;
        uint64 feeServiceTag;
    }

    /// A delivery while it is worked on; the lists have one entry for each message.
    /// @param isFresh whether any was not delivered before
    /// @param siblingsAt position in the calldata after the last message
    /// @param runs position in memory of two words for each message: where it stands in the calldata, its position in the
    /// high half and its size in the low, or 0 if it was delivered before; and its order id
    /// @param runsEnd position after the last of them
    struct Batch {
        uint64 count;
        bool isFresh;
        uint256 siblingsAt;
        uint256[] indexes;
        bytes32[] leaves;
        uint256 runs;
        uint256 runsEnd;
    }

    Gate private _gate;
    address public relayService;
    /// The largest count that a root was verified for.
    uint64 public newestCount;
    uint64 public relayChainId;
    mapping(uint256 slot => bytes32 root) private _roots;
    mapping(uint256 word => uint256 bits) private _delivered;

    event RelaySet(uint64 indexed chainId, address service, address client);

    /// Deliveries stop until the owner sets another client: this one is frozen.
    event DeliveriesStopped(address indexed client);

    error RelayFixed(uint64 chainId, address service);
    error RelayNotFrozen();
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
        _gate.relayClient = client;
        _gate.pausedUntil = pausedUntil;
        emit RelaySet(chainId, service, address(client));
    }

    /// @inheritdoc IOmniServiceInbox
    function transferIn(bytes calldata rootProof, bytes calldata delivery) external {
        if (delivery.length == 0) {
            _checkPause(_gate.pausedUntil);
            if (rootProof.length != 0) _keepRoots(_gate.relayClient, rootProof);
            return;
        }
        // What somebody else was faster with is found before anything costly is done.
        Batch memory batch = _mark(delivery);
        if (!batch.isFresh) return;
        Gate memory gate = _gate;
        _checkPause(gate.pausedUntil);
        bytes32 root = MerkleOutbox.computeRoot(
            batch.count, batch.indexes, batch.leaves, _siblings(delivery, batch.siblingsAt)
        );
        uint256 slot = batch.count % ROOTS_KEPT;
        if (_roots[slot] != root) {
            if (rootProof.length != 0) _keepRoots(gate.relayClient, rootProof);
            // An unset slot is 0, and so is the root of an empty outbox: no computed root is.
            if (_roots[slot] != root) revert UnknownRoot(batch.count, root);
        }
        uint256 callable = NO_ADDRESS;
        unchecked {
            for ((uint256 run, uint256 end) = (batch.runs, batch.runsEnd); run != end; run += 64) {
                uint256 span = _load(run);
                if (span != 0) callable = _run(gate, callable, bytes32(_load(run + 32)), _message(span));
            }
        }
    }

    /// @notice Stops deliveries when the light client is frozen, until the owner sets another one: where the relay chain's
    /// validators were proven to contradict themselves, roots that were verified before may be forged as well, and
    /// deliveries under those do not ask the client. Open to everyone.
    function stopDeliveries() external {
        ILightClient client = _gate.relayClient;
        if (address(client) == address(0) || !client.passport().frozen) revert RelayNotFrozen();
        _gate.pausedUntil = STOPPED;
        emit DeliveriesStopped(address(client));
    }

    /// @notice The light client that verifies the relay chain here.
    function relayClient() external view returns (ILightClient) {
        return _gate.relayClient;
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
        ILightClient client = _gate.relayClient;
        exists = failures[orderId] != 0;
        verifiable = chainId == relayChainId && address(client) != address(0) && _isLive(client);
        nodeType = verifiable ? 1 : 0;
    }

    function _isForbidden(address target) internal view override returns (bool) {
        return target == address(_gate.relayClient) || super._isForbidden(target);
    }

    /// @dev A relayed message goes on from the relay chain, which has no outbox towards itself.
    function _checkRelaying(uint256 toChain, bool relay) internal view override {
        if (relay && toChain == relayChainId) revert RelayToRelayChain(toChain);
    }

    function _setPause(uint32 until) internal override {
        super._setPause(until);
        // A pause, and its end, leave what is stopped.
        if (_gate.pausedUntil != STOPPED) _gate.pausedUntil = until;
    }

    function _setFeeService(IFeeService feeService_) internal override {
        super._setFeeService(feeService_);
        _gate.feeServiceTag = uint64(uint160(address(feeService_)));
    }

    function _keepRoots(ILightClient client, bytes calldata rootProof) private {
        Log[] memory logs = client.verifyLogs(rootProof);
        address service = relayService;
        for (uint256 i = 0; i < logs.length; ++i) {
            Log memory log = logs[i];
            if (log.emitter != service) revert WrongEmitter(log.emitter, service);
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

    /// @dev Reads the messages of a delivery and marks them as delivered, each word of the bitmap once. Nothing is proven
    /// yet: if that fails, the marks are undone with all the rest. They are there before any foreign code runs: a message
    /// that calls back in finds itself delivered.
    function _mark(bytes calldata delivery) private returns (Batch memory batch) {
        unchecked {
            (uint256 at, uint256 end) = _bounds(delivery);
            uint256 head = _word(at);
            uint256 count = head >> DELIVERY_COUNT_SHIFT;
            uint256 n = uint8(head >> DELIVERY_N_SHIFT);
            if (n == 0) revert DeliveryMalformed();
            at += DELIVERY_ITEMS_AT;
            (uint256 nextIndex, uint256 nextLeaf, uint256 nextRun) = _newLists(batch, n);
            uint256 place = type(uint256).max; // of the bitmap's word that `bits` are
            uint256 before = 0; // the bits as they are stored
            uint256 bits = 0;
            uint256 least = 0;
            do {
                uint256 item = _word(at);
                uint256 index = item >> ITEM_INDEX_SHIFT;
                uint256 size = item >> ITEM_LENGTH_SHIFT & ITEM_LENGTH_MASK;
                at += ITEM_MESSAGE_AT;
                if (at + size > end) revert DeliveryMalformed();
                if (index >= count) revert IndexOutOfRange(uint64(index), uint64(count));
                if (index < least) revert IndexNotAscending(uint64(index), uint64(least - 1));
                least = index + 1;
                if (index >> 8 != place) {
                    if (bits != before) (_delivered[place], batch.isFresh) = (bits, true);
                    place = index >> 8;
                    bits = before = _delivered[place];
                }
                uint256 bit = 1 << (index & 255);
                uint256 span = at << 128 | size;
                if (bits & bit != 0) {
                    emit DeliveredBefore(uint64(index));
                    span = 0;
                }
                bits |= bit;
                bytes32 orderId = _hash(at, size);
                at += size;
                _put(nextIndex, index);
                nextIndex += 32;
                _put(nextLeaf, uint256(MerkleOutbox.leaf(uint64(index), orderId)));
                nextLeaf += 32;
                _put(nextRun, span);
                _put(nextRun + 32, uint256(orderId));
                nextRun += 64;
            } while (nextRun != batch.runsEnd);
            if (bits != before) (_delivered[place], batch.isFresh) = (bits, true);
            batch.count = uint64(count);
            batch.siblingsAt = at;
        }
    }

    /// @dev Executes a proven message, with exactly its gas limit, and keeps it if that fails. What is not usual, is refused
    /// without a call, or failed, goes the long way of `OmniServiceCore`.
    /// @param callable a target that `_isCallable` said yes to for this delivery, or `NO_ADDRESS`: with the same gate it
    /// would say so again, as code stays until the transaction ends
    /// @return the one to say next time
    function _run(Gate memory gate, uint256 callable, bytes32 orderId, bytes calldata encoded)
        private
        returns (uint256)
    {
        (bool isUsual, uint256 head, bytes calldata sender, address target, bytes calldata payload) =
            MessageCodec.glance(encoded);
        uint256 fromChain = MessageCodec.fromChainOf(head);
        if (!isUsual || MessageCodec.toChainOf(head) != block.chainid || fromChain == block.chainid) {
            _runUnusual(orderId, encoded);
            return callable;
        }
        uint256 gasLimit = MessageCodec.gasLimitOf(head);
        _requireGas(gasLimit, payload.length, 0);
        if (uint160(target) != callable) {
            if (!_isCallable(gate, target)) {
                _runUnusual(orderId, encoded);
                return callable;
            }
            callable = uint160(target);
        }
        uint256 start;
        uint256 size;
        if (MessageCodec.isMessage(head)) {
            (start, size) = ExecutorCall.writeMapoExecute(fromChain, block.chainid, sender, orderId, payload);
        } else if (_isAllowed(target, fromChain, keccak256(sender))) {
            (start, size) = ExecutorCall.writePayload(payload);
        } else {
            _runUnusual(orderId, encoded);
            return callable;
        }
        if (BoundedCall.callWith(target, gasLimit, start, size)) {
            emit MessageExecuted(orderId);
        } else {
            bytes memory reason = BoundedCall.returned(REASON_BYTES_MAX);
            Message memory message = MessageCodec.decode(encoded);
            _storeFailure(orderId, message, _dataOf(message), reason);
        }
        return callable;
    }

    /// @dev The same of any message.
    function _runUnusual(bytes32 orderId, bytes calldata encoded) private {
        Message memory message = MessageCodec.decode(encoded);
        if (message.toChain != block.chainid) revert WrongDestination(message.toChain, block.chainid);
        if (message.fromChain == block.chainid) revert WrongOrigin(message.fromChain, relayChainId);
        _execute(orderId, message);
    }

    /// @dev Whether it has code, and is none of those that messages may never call. Exact: a target whose address shares
    /// its low half with the fee service's goes the long way, where the whole is compared.
    function _isCallable(Gate memory gate, address target) private view returns (bool) {
        return target != address(this) && target != address(gate.relayClient)
            && uint64(uint160(target)) != gate.feeServiceTag && uint160(target) > PRECOMPILE_MAX
            && target.code.length != 0;
    }

    // ---- calldata and memory by position ---------------------------------------------------------------------

    function _bounds(bytes calldata data) private pure returns (uint256 start, uint256 end) {
        assembly ("memory-safe") {
            start := data.offset
            end := add(data.offset, data.length)
        }
    }

    function _word(uint256 position) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := calldataload(position)
        }
    }

    /// @dev keccak256 of calldata.
    function _hash(uint256 position, uint256 size) private pure returns (bytes32 value) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            calldatacopy(free, position, size)
            value := keccak256(free, size)
        }
    }

    /// @dev What follows the messages.
    function _siblings(bytes calldata delivery, uint256 at) private pure returns (bytes calldata siblings) {
        assembly ("memory-safe") {
            siblings.offset := at
            siblings.length := sub(add(delivery.offset, delivery.length), at)
        }
    }

    function _message(uint256 span) private pure returns (bytes calldata encoded) {
        assembly ("memory-safe") {
            encoded.offset := shr(128, span)
            encoded.length := and(span, 0xffffffff)
        }
    }

    /// @dev Makes the lists of a batch of `n` and returns where the first entry of each stands.
    function _newLists(Batch memory batch, uint256 n)
        private
        pure
        returns (uint256 index, uint256 leaf, uint256 run)
    {
        uint256[] memory indexes = new uint256[](n);
        bytes32[] memory leaves = new bytes32[](n);
        (batch.indexes, batch.leaves) = (indexes, leaves);
        uint256[] memory runs = new uint256[](2 * n);
        assembly ("memory-safe") {
            index := add(indexes, 0x20)
            leaf := add(leaves, 0x20)
            run := add(runs, 0x20)
        }
        (batch.runs, batch.runsEnd) = (run, run + 64 * n);
    }

    function _load(uint256 position) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := mload(position)
        }
    }

    function _put(uint256 position, uint256 value) private pure {
        assembly ("memory-safe") {
            mstore(position, value)
        }
    }
}
