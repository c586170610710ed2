// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILightClient, Passport} from "../../interfaces/ILightClient.sol";
import {IMapoExecutor} from "../../interfaces/IMapoExecutor.sol";
import {IOmniServiceInbox} from "../../interfaces/IOmniServiceInbox.sol";
import {OmniServiceRelay} from "../../relay/OmniServiceRelay.sol";
import {OmniService} from "../../service/OmniService.sol";
import {Log} from "../../types/ProofTypes.sol";

/// A light client without a flaw: it verifies exactly the logs that were emitted, whoever emitted them. What the real ones
/// verify is held against their own chains' data elsewhere; here the services alone are in question.
contract TruthfulClient is ILightClient {
    mapping(bytes32 => bool) private happened;

    error NeverEmitted();

    function record(Log calldata log) external {
        happened[keccak256(abi.encode(log))] = true;
    }

    function verifyLogs(bytes calldata proof) external view returns (Log[] memory logs) {
        logs = abi.decode(proof, (Log[]));
        for (uint256 i = 0; i < logs.length; ++i) {
            if (!happened[keccak256(abi.encode(logs[i]))]) revert NeverEmitted();
        }
    }

    function update(bytes calldata) external {}

    function clientState() external pure returns (bytes memory) {
        return "";
    }

    function passport() external pure returns (Passport memory result) {
        return result;
    }

    function trustedUntil() external pure returns (uint64) {
        return type(uint64).max;
    }
}

/// A receiver in any mood. Counts what it executed, by id.
contract MoodyReceiver is IMapoExecutor {
    enum Mood {
        WORKS,
        REVERTS,
        BURNS_GAS,
        RETURNS_BOMB,
        REENTERS
    }

    OmniService private immutable service;
    Mood private mood;
    bytes private delivery;
    uint256 public total;
    mapping(bytes32 orderId => uint256) public executions;
    mapping(bytes32 orderId => bytes32) public content;

    error NotService(address caller);

    constructor(OmniService service_) {
        service = service_;
    }

    function setMood(Mood mood_) external {
        mood = mood_;
    }

    /// What is being delivered: it will try to have it delivered from within.
    function expect(bytes calldata delivery_) external {
        delivery = delivery_;
    }

    function mapoExecute(
        uint256 fromChain,
        uint256 toChain,
        bytes calldata fromAddress,
        bytes32 orderId,
        bytes calldata message
    ) external returns (bytes memory) {
        if (msg.sender != address(service)) revert NotService(msg.sender);
        if (mood == Mood.REVERTS) revert("not now");
        if (mood == Mood.BURNS_GAS) {
            while (true) {}
        }
        if (mood == Mood.RETURNS_BOMB) {
            assembly ("memory-safe") {
                revert(0, 20000)
            }
        }
        ++total;
        ++executions[orderId];
        content[orderId] = keccak256(abi.encode(fromChain, toChain, fromAddress, message));
        if (mood == Mood.REENTERS) {
            _try(abi.encodeCall(IOmniServiceInbox.transferIn, ("", delivery)));
            _try(abi.encodeCall(service.retryMessageIn, (fromChain, orderId, fromAddress, message)));
            _try(abi.encodeCall(service.collectFees, ()));
        }
        return "";
    }

    function _try(bytes memory call) private {
        (bool success,) = address(service).call(call);
        success; // whatever comes of it
    }
}

contract Thief {
    error Let();

    function tryAccept(
        OmniServiceRelay relay,
        uint64 fromChain,
        address service,
        bytes32 orderId,
        bytes32 toChain,
        bytes calldata encoded
    ) external {
        (bool success,) =
            address(relay).call(abi.encodeCall(relay.accept, (fromChain, service, orderId, toChain, encoded)));
        if (success) revert Let();
    }
}
