// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.0;

import {IMOSV3, IMapoExecutor} from "./IMOSV3.sol";

/// @title A dApp as one would have written it with the published documentation alone
/// @notice Adds numbers that its twin on another chain sends, by either type of message. It knows the service by
/// `IMOSV3` only, asks for the fee and pays exactly that, and has no way to take coins back.
contract OmniAdder is IMapoExecutor {
    uint256 private constant GAS_LIMIT = 500_000;

    IMOSV3 public immutable mos;
    address public immutable owner;

    uint256 public total;
    uint256 public trustedChain;
    bytes public trustedSender;
    bytes32 public lastOrder;

    event Added(uint256 number, uint256 total);

    constructor(address mos_) {
        mos = IMOSV3(mos_);
        owner = msg.sender;
    }

    modifier onlyMos() {
        require(msg.sender == address(mos), "only MOS");
        _;
    }

    function setTrustedSource(uint256 chain, bytes memory sender) external {
        require(msg.sender == owner, "only owner");
        (trustedChain, trustedSender) = (chain, sender);
        mos.addRemoteCaller(chain, sender, true);
    }

    function sendCall(uint256 toChain, bytes memory target, uint256 number) external payable {
        bytes memory payload = abi.encodeWithSelector(OmniAdder.add.selector, number);
        _send(toChain, IMOSV3.MessageType.CALLDATA, target, payload);
    }

    function sendMessage(uint256 toChain, bytes memory target, uint256 number) external payable {
        _send(toChain, IMOSV3.MessageType.MESSAGE, target, abi.encode(number));
    }

    /// @notice `sendMessage` by `messageOut`, for `initiator`.
    function sendMessageFor(bytes32 transferId, address initiator, uint256 toChain, bytes memory target, uint256 number)
        external
        payable
    {
        bytes memory data = _encode(IMOSV3.MessageType.MESSAGE, target, abi.encode(number));
        lastOrder = mos.messageOut{value: _fee(toChain)}(transferId, initiator, address(0), toChain, data, address(0));
    }

    function add(uint256 number) external onlyMos {
        _add(number);
    }

    /// @inheritdoc IMapoExecutor
    function mapoExecute(uint256 fromChain, uint256, bytes calldata fromAddress, bytes32, bytes calldata message)
        external
        onlyMos
        returns (bytes memory)
    {
        require(fromChain == trustedChain && keccak256(fromAddress) == keccak256(trustedSender), "not trusted");
        _add(abi.decode(message, (uint256)));
        return message;
    }

    function _send(uint256 toChain, IMOSV3.MessageType msgType, bytes memory target, bytes memory payload) private {
        lastOrder = mos.transferOut{value: _fee(toChain)}(toChain, _encode(msgType, target, payload), address(0));
    }

    function _fee(uint256 toChain) private view returns (uint256 fee) {
        (fee,) = mos.getMessageFee(toChain, address(0), GAS_LIMIT);
        require(msg.value == fee, "not the fee");
    }

    function _encode(IMOSV3.MessageType msgType, bytes memory target, bytes memory payload)
        private
        pure
        returns (bytes memory)
    {
        return abi.encode(
            IMOSV3.MessageData({
                relay: false, msgType: msgType, target: target, payload: payload, gasLimit: GAS_LIMIT, value: 0
            })
        );
    }

    function _add(uint256 number) private {
        total += number;
        emit Added(number, total);
    }
}
