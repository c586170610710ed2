// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";

import {FeeService} from "../fee/FeeService.sol";
import {ILightClient, Passport} from "../interfaces/ILightClient.sol";
import {IMapoExecutor} from "../interfaces/IMapoExecutor.sol";
import {MessageData, MessageType} from "../types/MessageTypes.sol";
import {Log} from "../types/ProofTypes.sol";
import {Test} from "./Test.sol";

/// A light client that believes whatever it is told: `proof` is `abi.encode(Log[])`. Only for unit tests of the services;
/// the real clients have tests of their own, and end to end nothing is replaced.
contract BelievingClient is ILightClient {
    bool public frozen;
    uint64 public trustedUntil = type(uint64).max;

    error NothingProven();

    function setTrustedUntil(uint64 time) external {
        trustedUntil = time;
    }

    function setFrozen(bool isFrozen) external {
        frozen = isFrozen;
    }

    function verifyLogs(bytes calldata proof) external pure returns (Log[] memory logs) {
        if (proof.length == 0) revert NothingProven();
        return abi.decode(proof, (Log[]));
    }

    function update(bytes calldata) external {}

    function clientState() external pure returns (bytes memory) {
        return "";
    }

    function passport() external view returns (Passport memory result) {
        result.kind = "believing";
        result.frozen = frozen;
    }
}

/// Counts what it is called with. Anything else than `mapoExecute` is a call by its payload.
contract Receiver is IMapoExecutor {
    uint256 public executions;
    uint256 public gasSeen;
    bytes32 public lastHash;
    bytes public answer;

    error NotToday();

    bool public isReverting;
    uint256 public gasToBurn;

    function setReverting(bool value) external {
        isReverting = value;
    }

    function setGasToBurn(uint256 value) external {
        gasToBurn = value;
    }

    function setAnswer(bytes calldata value) external {
        answer = value;
    }

    function mapoExecute(
        uint256 fromChain,
        uint256 toChain,
        bytes calldata fromAddress,
        bytes32 orderId,
        bytes calldata message
    ) external returns (bytes memory) {
        _record(keccak256(abi.encode(fromChain, toChain, fromAddress, orderId, message)));
        return answer;
    }

    function ping(uint256 value) external returns (uint256) {
        _record(keccak256(abi.encode(value)));
        return value + 1;
    }

    function _record(bytes32 hash) private {
        gasSeen = gasleft();
        if (isReverting) revert NotToday();
        uint256 start = gasleft();
        while (start - gasleft() < gasToBurn) {}
        ++executions;
        lastHash = hash;
    }
}

/// What the services' tests share: the chains' ids, and contracts behind proxies as they are deployed.
abstract contract ServiceTest is Test {
    uint64 internal constant CHAIN_A = 1_001;
    uint64 internal constant CHAIN_B = 1_002;
    uint64 internal constant CHAIN_R = 22_776;
    uint64 internal constant CHAIN_CLOSED = 5_555;
    address internal constant OWNER = address(0xa11ce0000);
    address internal constant GUARDIAN = address(0x60a7d1a90000);
    address internal constant PRICER = address(0x97ce70000);
    address internal constant FEES_TO = address(0xfee50000);
    uint256 internal constant BASE_GAS = 60_000;
    uint256 internal constant BASE_GAS_CEILING = 2 * BASE_GAS;
    uint256 internal constant GAS_PRICE = 3 gwei;
    uint256 internal constant GAS_PRICE_CEILING = 4 * GAS_PRICE;

    FeeService internal feeService;

    function deployProxy(address implementation, bytes memory initializer) internal returns (address) {
        return address(new ERC1967Proxy(implementation, initializer));
    }

    function deployFees() internal {
        feeService = FeeService(deployCode("FeeService.sol", abi.encode(OWNER, PRICER, FEES_TO)));
        uint64[3] memory chains = [CHAIN_A, CHAIN_B, CHAIN_R];
        for (uint256 i = 0; i < chains.length; ++i) {
            openLane(chains[i]);
        }
    }

    function openLane(uint64 toChain) internal {
        vm.startPrank(OWNER);
        feeService.setBaseGasCeiling(toChain, BASE_GAS_CEILING);
        feeService.setGasPriceCeiling(toChain, address(0), GAS_PRICE_CEILING);
        vm.startPrank(PRICER);
        feeService.setBaseGas(toChain, BASE_GAS);
        feeService.setGasPrice(toChain, address(0), GAS_PRICE);
        vm.stopPrank();
    }

    /// Accepts a token towards chain B.
    function acceptToken(address token, uint256 price) internal {
        vm.prank(OWNER);
        feeService.setGasPriceCeiling(CHAIN_B, token, 2 * price);
        vm.prank(PRICER);
        feeService.setGasPrice(CHAIN_B, token, price);
    }

    function feeOf(uint256 gasLimit) internal pure returns (uint256) {
        return (BASE_GAS + gasLimit) * GAS_PRICE;
    }

    function messageTo(address target, MessageType msgType, bytes memory payload, uint256 gasLimit)
        internal
        pure
        returns (MessageData memory)
    {
        return MessageData({
            relay: false,
            msgType: msgType,
            target: abi.encodePacked(target),
            payload: payload,
            gasLimit: gasLimit,
            value: 0
        });
    }

    function oneLog(address emitter, bytes32[] memory topics, bytes memory data)
        internal
        pure
        returns (Log[] memory logs)
    {
        logs = new Log[](1);
        logs[0] = Log({emitter: emitter, topics: topics, data: data});
    }

    function topicsOf(bytes32 a, bytes32 b) internal pure returns (bytes32[] memory topics) {
        topics = new bytes32[](2);
        (topics[0], topics[1]) = (a, b);
    }

    function topicsOf(bytes32 a, bytes32 b, bytes32 c) internal pure returns (bytes32[] memory topics) {
        topics = new bytes32[](3);
        (topics[0], topics[1], topics[2]) = (a, b, c);
    }
}
