// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.0;

/// @title The service's interface as it was published for dApps before this project
/// @notice What the protocol's documentation gives to integrators under this name: the calls that their contracts
/// hold. `IOmniService` has all of them and more; nothing here comes from it, so that a mistake in one shows.
interface IMOSV3 {
    enum MessageType {
        CALLDATA,
        MESSAGE
    }

    struct MessageData {
        bool relay;
        MessageType msgType;
        bytes target;
        bytes payload;
        uint256 gasLimit;
        uint256 value;
    }

    function getMessageFee(uint256 toChain, address feeToken, uint256 gasLimit)
        external
        view
        returns (uint256 fee, address receiver);

    function transferOut(uint256 toChain, bytes memory messageData, address feeToken)
        external
        payable
        returns (bytes32 orderId);

    function messageOut(
        bytes32 transferId,
        address initiator,
        address referrer,
        uint256 toChain,
        bytes memory messageData,
        address feeToken
    ) external payable returns (bytes32 orderId);

    function addRemoteCaller(uint256 fromChain, bytes memory fromAddress, bool tag) external;

    function getExecutePermission(address target, uint256 fromChain, bytes memory fromAddress)
        external
        view
        returns (bool);

    function getOrderStatus(uint256 chainId, uint256 blockNumber, bytes32 orderId)
        external
        view
        returns (bool exists, bool verifiable, uint256 nodeType);

    function retryMessageIn(uint256 fromChain, bytes32 orderId, bytes calldata fromAddress, bytes calldata messageData)
        external;
}

/// @title What such a dApp implements to receive messages of type MESSAGE
interface IMapoExecutor {
    function mapoExecute(
        uint256 fromChain,
        uint256 toChain,
        bytes calldata fromAddress,
        bytes32 orderId,
        bytes calldata message
    ) external returns (bytes memory newMessage);
}
